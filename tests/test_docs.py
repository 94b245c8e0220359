"""What is written is executed: README's what-if, the page of measures, and every scenario of the catalogue.

`python tests/test_docs.py` writes docs/measures.md anew.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.measures.end_state import MOST_ROWS
from sim.measures.names import SERIES, TOTALS, Quantity
from sim.play.engines import ENGINES, player
from sim.scenario.model.end_state import COLUMNS, TRAIT
from sim.scenario.text.load_scenario import load

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "measures.md"
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))


def measures_page() -> str:
    def table(quantities: dict[str, Quantity]) -> str:
        rows = (f"| `{name}` | {quantity.unit} | {quantity.meaning} |" for name, quantity in quantities.items())
        return "\n".join(["| quantity | unit | meaning |", "|---|---|---|", *rows])

    named = {**COLUMNS, f"{TRAIT}NAME": "1: has the trait, 0: lacks it, -1: its class has none"}
    rows = (f"| `{name}` | {meaning} |" for name, meaning in named.items())
    columns = "\n".join(["| column | meaning |", "|---|---|", *rows])
    return f"""# Measures

Each row of `series.parquet` and `summary.csv` names a crossing, a quantity and a scope. A scope is `all`, `vehicles`
(cars, trucks, buses), a class, a class and its way across (`car/main`, `car/bypass`, `car/changed_mode`) or a trait
(`car/when registered`, `car/unless registered`), a station
(`station:NAME`), a day (`2022-09-25`) or an ISO week (`2022-W39`). `mean` is over replications, `p05`, `p50` and
`p95` are quantiles over replications, `low` and `high` the 95 % confidence interval of the mean (Student's t).

This page is made by `python tests/test_docs.py`.

## Series (`series.parquet`)

Stocks are read at the instant `at`; flows and waits belong to the interval that begins there.

{table(SERIES)}

## Totals (`summary.csv`)

Numbers of the whole run, of every instant of it whatever `report_every` is. Waits leave out who was waiting at the
start and who is unfinished.

{table(TOTALS)}

## Every replication (`sim run --replicates`)

- `replications.parquet`: one row per replication and total: `replication`, `crossing`, `quantity`, `scope`, `unit`,
  `value`.
- `series_replications.parquet`: one row per replication and instant: `replication`, `at`, and one column per series,
  named `crossing.quantity.scope`, in single precision.
- `reported_replications.parquet`: one row per replication: `replication`, and for each reported figure, by its `id`,
  the value of the model as its reporter would have seen it, in the unit of `reported.csv`.

Every other number of a run is a statistic of these: use them for scores and quantiles of your own. `sim rerun` compares
them too. From Python, `sim.run(..., replicates=True)` has them as the tables `replications`, `series_replications` and
`reported_replications`.

## Every visit (`sim run --records`)

Each folder has a file for every replication, `replication=0000.parquet` and so on; instants are in UTC.

- `records/`: one row per party and visit of a station: `replication`, `party`, `visit`, `crossing`, `station`, `class`,
  `stream`, `people`, `men`, `checked`, `arrived_at`, `started_at`, `ended_at`, `left_at`, `outcome`, `first`. An
  instant that did not happen is empty.
- `staffing/`: the `servers` at work at every station, and in every pool, at the start and after each change, whether by
  the plan, by a control or by an outage: `replication`, `crossing`, `station` (or pool), `at`, `servers`.
- `lightened/`, where a station has `lightened`: when its checks were lightened (`lightened` is true) and restored
  (false): `replication`, `crossing`, `station`, `at`, `lightened`.

## The end state (`end_state.parquet`)

One row per party that is inside at the horizon, by replication, those in service or blocked first, then by when they
joined their queue. Another run begins with them (`start_from`, see docs/mechanisms.md). The state of controls and
outages is part of the file's metadata. Of many replications, those after the first {MOST_ROWS:,} rows are left out.

{columns}
"""


def test_the_page_of_measures_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == measures_page(), "run: python tests/test_docs.py"


def test_the_readmes_what_if_is_a_valid_scenario(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n(extends: .*?)```", text, re.DOTALL)
    assert block is not None
    file = tmp_path / "question.yaml"
    file.write_text(block[1], encoding="utf-8")
    assert load(file).scenario.crossings["verkhny_lars"].stations["draft_screening"].staffing.servers == 20


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_every_scenario_plays(file: Path) -> None:
    found = load(file).scenario
    assert found.name == file.stem
    begin = found.clock.start + timedelta(days=13, hours=12)
    clock = found.clock.model_copy(update={"start": begin, "horizon": begin + timedelta(days=1)})
    scenario = found.model_copy(update={"clock": clock})
    plan = lower(scenario)
    records = player(next(iter(ENGINES)))(plan, draw(scenario, plan, scenario.seed, 0))
    assert len(records) > (
        200 if file.stem in ("mongolia", "sample_port", "sample_port_fit") else 1000
    )  # few cross there


def test_the_readme_names_every_scenario() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"`{file.stem}`" in text for file in SCENARIOS)


if __name__ == "__main__":
    PAGE.write_text(measures_page(), encoding="utf-8")
