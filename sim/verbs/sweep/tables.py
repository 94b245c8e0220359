"""A sweep in words: what measures and levers are called, the table of a terminal, and a document for JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.measures.estimates import Estimate
from sim.measures.names import ALL, TOTALS, VEHICLES, Key, by_way
from sim.plotting.sheet import NARROW, Sheet, as_html
from sim.plotting.story import rounded
from sim.verbs.sweep.designs import numbers, unit_of
from sim.verbs.sweep.files import estimates
from sim.verbs.sweep.search import Answer
from sim.verbs.sweep.sensitivity import Index, Sensitivity
from sim.verbs.sweep.study import Swept

if TYPE_CHECKING:
    from rich.console import Console

WORDS = {
    "wait_mean": "mean wait", "wait_p50": "median wait", "wait_p90": "90 % quantile of the wait",
    "wait_max": "longest wait", "sojourn_mean": "mean time to be across", "max_queue": "largest queue",
    "max_queue_people": "most people in queues", "max_queue_length": "farthest tail", "crossed_people": "people across",
    "crossed_parties": "parties across", "person_hours_waited": "person-hours in queues",
}  # fmt: skip
SCOPES = {ALL: "", by_way(ALL, "main"): "main queue", VEHICLES: "all vehicles"}
NAME_WIDTH, LEVER_WIDTH, LONG_SETTING = 12, 24, 8
"""Letters from which on the names of levers are broken and numbers are cut."""
MOST_LEVERS = 4
"""Levers above which the terminal shows the number of a point in place of its settings."""
WAYS = {"main": "main queue", "bypass": "by the bypass", "changed_mode": "left the vehicle"}
MOST_ROWS = 40
"""Points above which the terminal shows no table of them."""


def measure_words(key: Key) -> str:
    """Return what a measure is called: 'mean wait, main queue'."""
    cls, _, way = key.scope.partition("/")
    scope = SCOPES.get(key.scope, f"{cls}, {WAYS[way]}" if way else cls)
    return ", ".join(part for part in (WORDS.get(key.quantity, key.quantity.replace("_", " ")), scope) if part)


def lever_words(lever: str) -> str:
    """Return what a lever is called: its path without what goes without saying, and 'times' where it multiplies."""
    if lever.startswith("crossings."):
        lever = ".".join(lever.split(".")[2:])
    lever = lever.removeprefix("stations.").removeprefix("calibrated.")
    return f"{lever[:-1]}, times" if lever.endswith("*") else lever


def broken(words: str, width: int) -> str:
    """Return words on lines of at most `width` letters where they can be broken: after a dot, underscore or space."""
    lines = [""]
    for part in re.split(r"(?<=[._ ])", words):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.strip() for line in lines)


def several(number: int, thing: str) -> str:
    """Return '1 play' or '1,200 plays'."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def times(swept: Swept) -> str:
    """Return how often points were played: '1 replication', or '3 to 48 replications'."""
    counts = {len(found.values) for found in swept.found if found is not None} or {swept.replications}
    few = f"{min(counts):,} to " if len(counts) > 1 else ""
    return few + several(max(counts), "replication")


def counted(swept: Swept) -> str:
    """Return one sentence on what was played and what was known."""
    points, failed = len(swept.design.points), len(swept.failed)
    said = f"{several(points, 'point')}, {times(swept)} of each; {several(swept.played, 'play')}"
    if swept.reused:
        said += f", {swept.reused:,} known from before"
    return f"{said}; {several(failed, 'point')} failed (see failed.csv)." if failed else f"{said}."


def show(swept: Swept, keys: Sequence[Key], indices: Sequence[Sensitivity], answer: Answer | None) -> None:
    """Print what a sweep found to standard output."""
    from rich.console import Console

    print_to(Console(highlight=False), swept, keys, indices, answer)


def html(swept: Swept, keys: Sequence[Key], indices: Sequence[Sensitivity], answer: Answer | None) -> str:
    """Return the same as HTML for a notebook."""
    return as_html(lambda console: print_to(console, swept, keys, indices, answer))


def print_to(
    console: Console, swept: Swept, keys: Sequence[Key], indices: Sequence[Sensitivity], answer: Answer | None
) -> None:
    """Print what a sweep found to a rich console."""
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
    named = [broken(lever_words(lever), NAME_WIDTH) for lever in swept.design.levers]
    settings = [tuple(_short(text) or "as it is" for text in point) for point in swept.design.points]
    title = "Mean and half the 95 % interval"
    if len(named) > MOST_LEVERS:
        named, settings = ["point"], [(str(n),) for n in range(len(settings))]
        title += " (the settings of the points are in summary.csv)"
    rows = [(*setting, *(_cell(column[n]) for column in columns)) for n, setting in enumerate(settings)]
    names = (*named, *(f"{measure_words(key)}, {TOTALS[key.quantity].unit}" for key in keys))
    return Sheet(title, names, rows, (*[False] * len(named), *[True] * len(keys)))


def _short(text: str) -> str:
    """Return a setting with a long number cut to four digits."""
    values = numbers([text]) if len(text) > LONG_SETTING else None
    return f"{values[0]:.4g} {unit_of([text])}".rstrip() if values else text


def _cell(found: Estimate | None) -> str:
    if found is None or not math.isfinite(found.mean):
        return "-"
    half = (found.high - found.low) / 2
    return rounded(found.mean) + (f" ± {float(f'{half:.2g}'):,g}" if math.isfinite(half) else "")


def _indices(found: Sensitivity) -> Sheet:
    order = sorted(range(len(found.levers)), key=lambda d: -found.total[d].value)
    rows: list[tuple[str, ...]] = [
        (
            broken(lever_words(found.levers[d]), LEVER_WIDTH),
            found.ranges[d],
            *map(index_words, (found.first[d], found.total[d])),
        )
        for d in order
    ]
    unit = TOTALS[found.key.quantity].unit
    title = f"What moves the {measure_words(found.key)} (mean {rounded(found.mean)} {unit}, sd {rounded(found.spread)})"
    return Sheet(title, ("lever", "range", "alone", "with others"), rows, (True, True, False, False))


def index_words(found: Index) -> str:
    """Return an index with its interval in percent; estimates below 0 are those of a share near 0."""
    value, low, high = (max(0.0, 100 * part) for part in (found.value, found.low, found.high))
    return f"{value:.0f} % [{low:.0f}–{high:.0f}]"


def _tried(answer: Answer) -> Sheet:
    said = {True: "yes", False: "no", None: "not shown"}
    rows: list[tuple[str, ...]] = [
        (_short(one.setting), _cell(one.estimate), f"{one.replications}", said[one.meets]) for one in answer.tried
    ]
    key = answer.constraint.key
    name = f"{measure_words(key)}, {TOTALS[key.quantity].unit}"
    columns = (
        broken(lever_words(answer.question.axis.lever), NAME_WIDTH),
        name,
        "replications",
        answer.constraint.text,
    )
    return Sheet("What was played", columns, rows, (False, True, True, True))


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
            {
                "measure": ".".join(one.key),
                "lever": lever,
                "range": one.ranges[d],
                "first": vars(one.first[d]),
                "total": vars(one.total[d]),
            }
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
