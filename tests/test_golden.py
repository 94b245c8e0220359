"""The same file and seed give the same records as in the last version.

When they must move, `python tests/test_golden.py` writes tests/golden/records.json anew, and CHANGELOG.md gets a line
that begins with "Results change:".
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.records import Outcome, Records
from sim.play.engines import ENGINES, player
from sim.scenario.text.load_scenario import load

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).parent / "golden" / "records.json"
WINDOW = ["clock.start=2022-09-26T12:00", "clock.horizon=2022-09-28T06:00"]
GAMES: dict[str, tuple[Path, list[str]]] = {
    "small": (ROOT / "tests" / "scenario" / "small.yaml", ["clock.horizon=2022-09-22"]),
    "verkhny_lars, two days": (ROOT / "scenarios" / "verkhny_lars.yaml", WINDOW),
    "border_closed_28_september, two days": (ROOT / "scenarios" / "border_closed_28_september.yaml", WINDOW),
}


def played(game: str, engine: str) -> Records:
    file, sets = GAMES[game]
    scenario = load(file, sets=sets).scenario
    plan = lower(scenario)
    records: Records = player(engine)(plan, draw(scenario, plan, scenario.seed, 0))
    return records


NOT_EVERYWHERE = ("diverted", "stayed", "on_the_way", "sent_aside", "jockeyed")


def portrait(records: Records) -> dict[str, Any]:
    digest = hashlib.sha256()
    for column in records.columns().values():
        digest.update(np.ascontiguousarray(column).astype(np.int64).tobytes())
    counts = {o.name.lower(): int((records.outcome == int(o)).sum()) for o in Outcome}
    counts = {name: count for name, count in counts.items() if count or name not in NOT_EVERYWHERE}
    return {"rows": len(records), "outcomes": counts, "digest": "d" + digest.hexdigest()[:32]}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("game", GAMES)
def test_records_are_those_of_the_last_version(game: str, engine: str) -> None:
    assert portrait(played(game, engine)) == json.loads(FILE.read_text(encoding="utf-8"))[game]


def test_the_portrait_notices_a_millisecond() -> None:
    records = played("small", next(iter(ENGINES)))
    before = portrait(records)
    records.left_at[len(records) // 2] += 1
    assert portrait(records) != before


if __name__ == "__main__":
    portraits = {game: portrait(played(game, "reference")) for game in GAMES}
    FILE.write_text(json.dumps(portraits, indent=1) + "\n", encoding="utf-8")
