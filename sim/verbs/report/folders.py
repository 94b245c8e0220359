"""Reads result folders into reports: what kind of result it is, its sentences, charts, pictures and tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sim import store
from sim.errors import SimError
from sim.paths import is_folder
from sim.play import provenance
from sim.plotting.interactive import charts
from sim.plotting.interactive.blocks import Block, Chart, Picture, Report, Section, Table, Text
from sim.plotting.rail import words
from sim.scenario.text.load_scenario import Loaded, load
from sim.scenario.text.passports import PassportRow
from sim.scenario.text.tree import show
from sim.suggest import no_folder

MAIN = ("poster", "network", "queues", "differences", "diverted", "forecast", "parameters", "audit", "figures")
"""Pictures that come first, if there are any of these names."""
MOST_ROWS = 200
"""Rows of a CSV table that a report shows; the others are in the file."""
SCENARIO, SERIES = "scenario.yaml", "series.parquet"


class Kind(NamedTuple):
    """A kind of result: the key of its provenance, what it is called, its page of sentences, and its tables."""

    key: str
    words: str
    page: str
    tables: tuple[str, ...] = ()


KINDS = (
    Kind("seen", "Forecast", "", ("outlook.csv", "forecast.csv", "scores.csv", "differences.csv")),
    Kind("forecasts", "Validation", "summary.md"),
    Kind("windows", "Backtest", "sentences.md", ("scores.csv", "differences.csv")),
    Kind("method", "Calibration", "page.md"),
    Kind("scenarios", "Comparison", "summary.md"),
    Kind("points", "Sweep", "summary.md"),
    Kind("calibration", "Audit of reported figures", "sentences.md"),
    Kind("scenario_hash", "Run", "summary.md"),
)
"""The first kind decides whose key stands in the provenance."""

LIMITS = {
    "Run": """
- The bands hold what the notes above say, and nowhere more: not the error of the model itself, and not that of the
  numbers marked as assumptions below.
- The model plays rules that somebody wrote down. Rules that changed and were not written, and people who decide
  otherwise than described, are not in it.
- Means over replications are no day that happened; the bands say how far single courses lie apart.
""",
    "Comparison": """
- A difference is that between two plays of the same model; what the model leaves out, it leaves out in both.
- The intervals say how well the difference is known from so many replications. Where parameters are drawn, the table of
  directions says whether the reported figures decide the sign at all.
""",
    "Sweep": """
- The points share random numbers, so that differences between them are clearer than their bands.
- Sensitivities hold for the ranges that were swept: a lever with a wider range matters more.
""",
    "Calibration": """
- The posterior depends on the priors, the assumed errors of the figures and the model; where a parameter was not
  narrowed, it is the prior.
""",
    "Validation": """
- Figures of the same days move together; the intervals of coverage treat them as independent.
""",
    "Backtest": """
- The scores hold for the days that were scored; another season or another rule may differ.
""",
    "Forecast": """
- The forecast is made from the readings up to its time. A closure or a new rule that is not in them is not in it.
- The scores are those of past forecasts made in the same way.
""",
    "Audit of reported figures": """
- Only arithmetic: it says which figures can hold together, not which is right.
""",
}
"""What a result cannot say, by kind."""


def read_report(folder: Path) -> Report:
    """Read a result folder. Raises SimError if it is none, or a file of it is missing or damaged."""
    facts = _facts(folder)
    kind = next((kind for kind in KINDS if kind.key in facts), None)
    if kind is None:
        raise SimError(f"{folder / provenance.FILE}: is damaged: it does not say what kind of result this is")
    try:
        return _report(folder, kind, facts)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise SimError(f"{folder}: is damaged: {what}") from None


def _report(folder: Path, kind: Kind, facts: Mapping[str, Any]) -> Report:
    text = _page(folder, kind)
    answer, _, detail = text.partition("\n## ")
    first = str(facts.get("first_sentence", "")) + answer
    pictures = _pictures(folder, text)
    parts = [Section("The answer", [Text(first, folder), *pictures[:1]])] if first.strip() or pictures else []
    parts += _charts(folder, kind, facts)
    parts += [Section("In detail", [Text(f"## {detail}", folder)])] if detail else []
    parts += [*([Section("More pictures", pictures[1:])] if pictures[1:] else []), *_tables(folder, kind)]
    parts += [*_assumptions(folder, kind, facts), Section("What this cannot say", [Text(LIMITS[kind.words])])]
    parts.append(Section("Where this comes from", [_origin(facts)]))
    title = _title(folder, kind, facts)
    return Report(kind.words, title[:1].upper() + title[1:], _question(folder, kind, facts), parts)


def _page(folder: Path, kind: Kind) -> str:
    """Return the page of sentences without its title; nothing if the result has none."""
    path = folder / kind.page
    if not kind.page or not path.is_file():
        return ""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("# "))


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / provenance.FILE
    if not is_folder(folder):
        raise SimError(no_folder(folder))
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(facts, dict):
            return facts
        raise ValueError("expected a mapping")
    except FileNotFoundError:
        raise SimError(f"{folder}: is not a result folder; it has no {provenance.FILE}") from None
    except OSError as error:
        raise SimError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise SimError(f"{path}: is damaged: {str(error).splitlines()[0]}") from None


def _title(folder: Path, kind: Kind, facts: Mapping[str, Any]) -> str:
    page = folder / kind.page
    if kind.page and page.is_file():
        first = next((line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("# ")), "")
        if first:
            return first.removeprefix("# ")
    named = facts.get("scenario") or facts.get("base") or facts.get("calibration") or facts.get("seen") or folder.name
    return words(Path(str(named)).stem)


def _question(folder: Path, kind: Kind, facts: Mapping[str, Any]) -> str:
    """Return what was asked: the description of the scenario, and of each intervention."""
    if kind.words == "Run" and (folder / SCENARIO).is_file():
        scenario = _scenario(folder / SCENARIO, facts).scenario
        applied = ", ".join(words(str(name)) for name in facts.get("interventions", []))
        return f"{scenario.description}{f' With {applied}.' if applied else ''}".strip()
    if kind.words == "Comparison":
        others = [str(each["label"]) for each in facts["scenarios"][1:]]
        return f"What changes with {' or with '.join(map(words, others))}?"
    return ""


def _scenario(path: Path, facts: Mapping[str, Any]) -> Loaded:
    if not facts.get("posterior"):
        return load(path)
    sets = tuple(text for text in facts.get("sets", []) if "start_from" not in text)
    return load(path, sets, tuple(facts.get("interventions", [])))


def _charts(folder: Path, kind: Kind, facts: Mapping[str, Any]) -> Iterator[Section]:
    drawn: list[Chart] = []
    if kind.words == "Run" and (folder / SERIES).is_file():
        scenario = _scenario(folder / SCENARIO, facts).scenario
        series = charts.TableSeries(store.table_of((folder / SERIES).read_bytes(), folder / SERIES))
        rows = _rows(folder / "reported.csv") if (folder / "reported.csv").is_file() else []
        labels = {row["id"]: row["label"] for row in rows}
        for crossing in scenario.crossings:
            drawn += charts.of_run(scenario, crossing, series, labels)
    elif kind.words == "Comparison" and (folder / SERIES).is_file():
        drawn += _of_scenarios(folder, facts)
    elif kind.words == "Forecast" and (folder / "forecast.csv").is_file():
        forecast, readings = _columns(folder / "forecast.csv"), folder / "readings.csv"
        known = _columns(readings) if readings.is_file() else {}
        drawn.append(charts.of_forecast(str(facts.get("column", "")), str(facts["time_zone"]), forecast, known))
    elif kind.words == "Backtest":
        drawn += _of_backtest(folder, facts.get("series", {}))
    if drawn:
        yield Section("Over time", drawn)


def _of_scenarios(folder: Path, facts: Mapping[str, Any]) -> Iterator[Chart]:
    labels = [str(each["label"]) for each in facts["scenarios"]]
    base = load(folder / "scenarios" / f"{labels[0]}.yaml").scenario
    table = store.table_of((folder / SERIES).read_bytes(), folder / SERIES)
    each = {}
    for label in labels:
        here = (table["scenario"] == label) & (table["of"] == "scenario")
        each[words(label)] = charts.TableSeries({name: column[here] for name, column in table.items()})
    for crossing in base.crossings:
        yield from charts.of_scenarios(base, crossing, each)


def _of_backtest(folder: Path, series: Mapping[str, Any]) -> Iterator[Chart]:
    for path in sorted(folder.glob("forecasts_*.parquet")):
        if (name := path.stem.removeprefix("forecasts_")) in series:
            columns = store.table_of(path.read_bytes(), path)
            yield charts.of_backtest(charts.Backtested(**series[name]), columns)


def _pictures(folder: Path, text: str) -> list[Picture]:
    """Return the pictures that the text does not show itself, the main one first."""
    found = sorted([*folder.glob("*.png"), *folder.glob("pictures/*.png")], key=_by_rank)
    return [Picture(path, words(path.stem).capitalize()) for path in found if path.name not in text]


def _by_rank(path: Path) -> tuple[int, str]:
    return (MAIN.index(path.stem) if path.stem in MAIN else len(MAIN), path.stem)


def _tables(folder: Path, kind: Kind) -> Iterator[Section]:
    tables: list[Block] = []
    for name in kind.tables:
        if (folder / name).is_file() and (rows := _rows(folder / name)):
            more = f" (the first {MOST_ROWS} of {len(rows)} rows; all are in {name})" if len(rows) > MOST_ROWS else ""
            cells = [[_cell(value) for value in row.values()] for row in rows[:MOST_ROWS]]
            heads = [words(head) for head in rows[0]]
            tables.append(Table(f"{words(Path(name).stem).capitalize()}{more}", heads, cells, folded=len(rows) > 30))
    if tables:
        yield Section("Tables", tables)


def _assumptions(folder: Path, kind: Kind, facts: Mapping[str, Any]) -> Iterator[Section]:
    """Yield the numbers of a run's scenario with their sources, assumptions first."""
    if kind.words == "Run" and (folder / SCENARIO).is_file():
        rows = sorted(_scenario(folder / SCENARIO, facts).passports, key=lambda row: row.source != "assumption")
        heads = ("value of the scenario", "is", "source", "reason")
        assumed = sum(row.source == "assumption" for row in rows)
        caption = f"{assumed} assumptions, then {len(rows) - assumed} values with a source"
        if rows:
            yield Section("Assumptions and sources", [Table(caption, heads, [_passport(row) for row in rows], True)])


def _passport(row: PassportRow) -> tuple[str, ...]:
    source = ", ".join(filter(None, (row.source, row.date)))
    return row.path, _short(show(row.value)), source, row.reason or ""


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _origin(facts: Mapping[str, Any]) -> Table:
    """Return who made this, when, how, and with what; and the command that makes it again."""
    git = facts.get("git") or {}
    commit = str(git.get("commit", ""))[:12] + (" with changes that are not committed" if git.get("dirty") else "")
    rows = {
        "command": facts.get("command_line") or "from Python",
        "scenario": facts.get("scenario_hash"),
        "seed": facts.get("seed"),
        "replications": facts.get("replications"),
        "made at": facts.get("started_at") or facts.get("made_at") or facts.get("now"),
        "version": facts.get("version"),
        "commit": commit or None,
        "data": facts.get("seen_sha256") or facts.get("calibration_sha256"),
    }
    cells = [(name, str(value)) for name, value in rows.items() if value not in (None, "")]
    return Table("How to make it again, and with what it was made", ("", ""), cells)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise SimError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _columns(path: Path) -> dict[str, list[Any]]:
    rows = _rows(path)
    text = ("time",)
    return {
        name: [row[name] if name in text else float(row[name] or "nan") for row in rows] for name in (rows or [{}])[0]
    }


def _cell(value: str) -> str | float:
    try:
        return float(value)
    except ValueError:
        return value
