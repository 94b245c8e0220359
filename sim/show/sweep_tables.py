"""A sweep in words: what measures and levers are called, the table of a terminal, and a document for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.measures.estimates import Estimate
from sim.measures.names import ALL, TOTALS, VEHICLES, Key, by_way
from sim.show.story import rounded
from sim.show.tables import NARROW, Sheet
from sim.study.search import Answer
from sim.study.sensitivity import Index, Sensitivity
from sim.study.sweep import Swept
from sim.study.sweep_results import estimates

if TYPE_CHECKING:
    from rich.console import Console

WORDS = {
    "wait_mean": "mean wait", "wait_p50": "median wait", "wait_p90": "90 % quantile of the wait",
    "wait_max": "longest wait", "sojourn_mean": "mean time to be across", "max_queue": "largest queue",
    "max_queue_people": "most people in queues", "max_queue_length": "farthest tail", "crossed_people": "people across",
    "crossed_parties": "parties across", "person_hours_waited": "person-hours in queues",
}  # fmt: skip
SCOPES = {ALL: "", by_way(ALL, "main"): "main queue", VEHICLES: "all vehicles"}
MOST_ROWS = 40
"""Points above which the terminal shows no table of them."""


def measure_words(key: Key) -> str:
    """Return what a measure is called: 'mean wait, main queue'."""
    scope = SCOPES.get(key.scope, key.scope)
    return ", ".join(part for part in (WORDS.get(key.quantity, key.quantity.replace("_", " ")), scope) if part)


def lever_words(lever: str) -> str:
    """Return what a lever is called: its path without what goes without saying, and 'times' where it multiplies."""
    if lever.startswith("crossings."):
        lever = ".".join(lever.split(".")[2:])
    lever = lever.removeprefix("stations.").removeprefix("calibrated.")
    return f"{lever[:-1]}, times" if lever.endswith("*") else lever


def times(replications: int) -> str:
    """Return '1 replication' or '10 replications'."""
    return f"{replications:,} replication{'' if replications == 1 else 's'}"


def counted(swept: Swept) -> str:
    """Return one sentence on what was played and what was known."""
    points, failed = len(swept.design.points), len(swept.failed)
    said = f"{points:,} points, {times(swept.replications)} of each; {swept.played:,} plays"
    if swept.reused:
        said += f", {swept.reused:,} known from before"
    return f"{said}; {failed} points failed (see failed.csv)." if failed else f"{said}."


def show(swept: Swept, keys: Sequence[Key], indices: Sequence[Sensitivity], answer: Answer | None) -> None:
    """Print what a sweep found to standard output."""
    from rich.console import Console

    console = Console(highlight=False)
    sheets = [_indices(one) for one in indices]
    if answer is not None:
        sheets.append(_tried(answer))
    elif not indices and len(swept.design.points) <= MOST_ROWS:
        sheets.append(_points(swept, keys))
    for sheet in sheets:
        console.print()
        console.print(sheet.listed() if console.width < NARROW else sheet.drawn())
    if answer is not None:
        console.print(answer.sentence, markup=False)
    _failures(console, swept)
    console.print(counted(swept), markup=False)


def _failures(console: Console, swept: Swept) -> None:
    for n, reason in list(swept.failed.items())[:3]:
        settings = zip(swept.design.levers, swept.design.points[n], strict=True)
        at = ", ".join(f"{lever} = {text}" for lever, text in settings if text)
        console.print(f"failed: {at}: {reason}", markup=False)


def _points(swept: Swept, keys: Sequence[Key]) -> Sheet:
    columns = [estimates(swept, key) for key in keys]
    rows = [
        (*(text or "as it is" for text in point), *(_cell(column[n]) for column in columns))
        for n, point in enumerate(swept.design.points)
    ]
    names = (
        *map(lever_words, swept.design.levers),
        *(f"{measure_words(key)}, {TOTALS[key.quantity].unit}" for key in keys),
    )
    return Sheet("Mean and half the 95 % interval", names, rows, (True,) * len(names))


def _cell(found: Estimate | None) -> str:
    if found is None or not math.isfinite(found.mean):
        return "-"
    half = (found.high - found.low) / 2
    return rounded(found.mean) + (f" ± {float(f'{half:.2g}'):,g}" if math.isfinite(half) else "")


def _indices(found: Sensitivity) -> Sheet:
    order = sorted(range(len(found.levers)), key=lambda d: -found.total[d].value)
    rows: list[tuple[str, ...]] = [
        (lever_words(found.levers[d]), _index(found.first[d]), _index(found.total[d])) for d in order
    ]
    unit = TOTALS[found.key.quantity].unit
    title = f"What moves the {measure_words(found.key)} (mean {rounded(found.mean)} {unit}, sd {rounded(found.spread)})"
    return Sheet(title, ("lever", "alone", "with others"), rows, (True, False, False))


def _index(found: Index) -> str:
    return f"{100 * found.value:.0f} % [{100 * found.low:.0f}–{100 * found.high:.0f}]"


def _tried(answer: Answer) -> Sheet:
    said = {True: "yes", False: "no", None: "not shown"}
    rows: list[tuple[str, ...]] = [
        (one.setting, _cell(one.estimate), f"{one.replications}", said[one.meets]) for one in answer.tried
    ]
    key = answer.constraint.key
    name = f"{measure_words(key)}, {TOTALS[key.quantity].unit}"
    columns = (lever_words(answer.question.axis.lever), name, "replications", answer.constraint.text)
    return Sheet("What was played", columns, rows, (True, False, False, False))


def document(
    swept: Swept, keys: Sequence[Key], indices: Sequence[Sensitivity], answer: Answer | None
) -> dict[str, Any]:
    """Return what a sweep found as plain values for JSON."""
    columns = {".".join(key): estimates(swept, key) for key in keys}
    found: dict[str, Any] = {
        "scenario": swept.base.loaded.scenario.name, "scenario_hash": swept.base.loaded.scenario_hash,
        "design": swept.design.kind, "levers": list(swept.design.levers), "seed": swept.seed,
        "replications": swept.replications, "reused": swept.reused, "played": swept.played,
        "points": [
            {"settings": list(point), "failed": swept.failed.get(n), **{k: _plain(c[n]) for k, c in columns.items()}}
            for n, point in enumerate(swept.design.points)
        ],
    }  # fmt: skip
    if indices:
        found["sensitivity"] = [
            {"measure": ".".join(one.key), "lever": lever, "first": vars(one.first[d]), "total": vars(one.total[d])}
            for one in indices
            for d, lever in enumerate(one.levers)
        ]
    if answer is not None:
        found["find"] = {"setting": answer.setting, "confidence": answer.confidence, "sentence": answer.sentence}
    return found


def _plain(found: Estimate | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {name: value if math.isfinite(value) else None for name, value in vars(found).items()}
