"""A sweep in words: the names of measures and levers, the tables of the terminal, and a document for JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim import units
from sim.measures.bounds import FEW_LEFT
from sim.measures.estimates import Estimate
from sim.measures.headline import phrase
from sim.measures.names import OF_THOSE_ACROSS, TOTALS, Key
from sim.plotting.rail import words
from sim.plotting.sheet import Sheet, as_html, print_sheets
from sim.plotting.story import at_least, interval, rounded
from sim.scenario.model.class_words import STANDARD_WORDS, Words
from sim.units import counted
from sim.verbs.sweep.constraints import Constraint
from sim.verbs.sweep.designs import numbers, unit_of
from sim.verbs.sweep.files import bounds, estimates
from sim.verbs.sweep.request import SweepAnalysis
from sim.verbs.sweep.search import Answer
from sim.verbs.sweep.sensitivity import Index, Sensitivity
from sim.verbs.sweep.study import SweepData

if TYPE_CHECKING:
    from rich.console import Console

NAME_WIDTH, LEVER_WIDTH, LONG_SETTING = 12, 24, 8
"""Numbers of letters above which names of levers are broken into lines and long numbers are shortened."""
MOST_LEVERS = 4
"""Number of levers above which the terminal shows the number of a point instead of its settings."""
MOST_REASONS = 5
"""Number of different reasons of failures above which the terminal counts the others."""
MOST_ROWS = 40
"""Number of points above which the terminal shows no table of them."""


def lever_words(lever: str, classes: Words = STANDARD_WORDS) -> str:
    """Return a lever in words: 'exit cars: servers', 'demand, car, times' where it multiplies."""
    if lever.startswith("crossings."):
        lever = ".".join(lever.split(".")[2:])
    factor = ", times" if lever.endswith("*") else ""
    named = lever.removesuffix("*").removeprefix("calibrated.").split(".")
    parts = [words(part) for part in named]
    if parts[0] == "stations" and len(parts) > 2:
        _, station, *what = parts
        if what[0] == "staffing" and what[1:] in ([], ["servers"]):
            what = ["servers"]
        return f"{station}: {', '.join(what)}{factor}"
    if parts[0] == "demand" and len(parts) > 3:
        _, _, cause, _, *what = parts
        cls = named[1]
        return f"demand of {classes.get(cls, cls)} ({cause}): {', '.join(what)}{factor}"
    return f"{', '.join(parts)}{factor}"


def class_words(data: SweepData) -> Words:
    """Return what the scenario of a sweep calls the parties of each class."""
    return data.base.loaded.scenario.class_words


def unit_scale(data: SweepData, key: Key, bounds: Sequence[Constraint] = ()) -> tuple[str, float]:
    """Return the unit in which a measure is shown at all points, and the size of its own unit in that one.

    A wait is in the unit of the first of its `bounds`, if there is one.
    """
    unit = TOTALS[key.quantity].unit
    given = [bound.text.split()[-1].lstrip("<>=0123456789.") for bound in bounds if bound.key == key]
    if unit == "h" and given:
        return (given[0], 3600 / units.SCALES["time"][given[0]]) if given[0] in units.SCALES["time"] else (unit, 1.0)
    if unit != "h" or key.quantity not in OF_THOSE_ACROSS:
        return unit, 1.0
    means = [estimate.mean for estimate in estimates(data, key) if estimate is not None]
    unit = units.common_unit(3600 * mean for mean in means)
    return unit, 3600 / units.SCALES["time"][unit]


def broken(words: str, width: int) -> str:
    """Break words into lines of at most `width` letters, after dots, underscores and spaces."""
    lines = [""]
    for part in re.split(r"(?<=[._ ])", words):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.strip() for line in lines)


def replication_counts(data: SweepData) -> str:
    """Return the number of replications of the points: '1 replication', or '3 to 48 replications'."""
    counts = {len(totals.values) for totals in data.totals if totals is not None} or {data.replications}
    smallest = f"{min(counts):,} to " if len(counts) > 1 else ""
    return smallest + counted(max(counts), "replication")


def totals_sentence(data: SweepData) -> str:
    """Return a sentence with the numbers of points, of replications played and reused, and of failures."""
    points, failed = len(data.design.points), len(data.failed)
    each = f"{counted(points, 'point')} with {replication_counts(data)} each"
    sentence = f"{each}; {counted(data.played, 'replication')} played"
    if data.reused:
        sentence += f", {data.reused:,} reused"
    return f"{sentence}; {counted(failed, 'point')} failed (see failed.csv)." if failed else f"{sentence}."


def show(analysis: SweepAnalysis) -> None:
    """Print the results of a sweep to standard output."""
    from rich.console import Console

    print_to(Console(highlight=False), analysis)


def html(analysis: SweepAnalysis) -> str:
    """Return the results of a sweep as HTML for a notebook."""
    return as_html(lambda console: print_to(console, analysis))


def print_to(console: Console, analysis: SweepAnalysis) -> None:
    """Print the results of a sweep to a rich console."""
    print_sheets(console, _sheets(analysis))
    for line in _sentences(analysis):
        console.print(line, markup=False)


def markdown(analysis: SweepAnalysis) -> str:
    """Return the results of a sweep as a page of Markdown: what was found in sentences, then the tables."""
    lines = [f"# {analysis.sweep.base.loaded.scenario.title}: which setting?", ""]
    lines += [line for sentence in _sentences(analysis) for line in (sentence, "")]
    for sheet in _sheets(analysis):
        lines += [f"## {sheet.title}", "", *sheet.markdown(), ""]
    return "\n".join(lines)


def _sheets(analysis: SweepAnalysis) -> list[Sheet]:
    data, answer = analysis.sweep, analysis.answer
    sheets = [_sensitivity_sheet(one, class_words(data)) for one in analysis.sensitivities]
    if answer is not None:
        sheets.append(_tests_sheet(answer))
    elif analysis.keys and not analysis.sensitivities and len(data.design.points) <= MOST_ROWS:
        sheets.append(_points_sheet(data, analysis.keys, analysis.bounds))
    return sheets


def _sentences(analysis: SweepAnalysis) -> list[str]:
    data, answer = analysis.sweep, analysis.answer
    first = [answer.sentence] if answer is not None else []
    more = [*failure_lines(data), left_out_sentence(data, analysis.keys), deadlock_sentence(data)]
    return [*first, *filter(None, more), totals_sentence(data)]


def left_out_sentence(data: SweepData, keys: Sequence[Key]) -> str:
    """Return at how many points a wait of those who crossed leaves out many still inside; '' where there is none."""
    waits = {key for key in keys if key.quantity in OF_THOSE_ACROSS}
    number = sum(not waits.isdisjoint(cut) for cut in bounds(data))
    if not number:
        return ""
    return (
        f"Waits are of those who crossed: at {number} of {counted(len(data.design.points), 'point')} more than "
        f"{100 * FEW_LEFT:.0f} % of the parties are still inside at the end, and the waits are lower bounds (≥)."
    )


def deadlock_sentence(data: SweepData) -> str:
    """Return at how many points parties block each other for ever; '' where they do so at none."""
    stuck = 0
    for totals in data.totals:
        columns = [i for i, key in enumerate(totals.keys) if key.quantity == "deadlocked_parties"] if totals else []
        stuck += bool(totals and totals.values[:, columns].any())
    if not stuck:
        return ""
    return f"At {stuck} of {counted(len(data.design.points), 'point')} parties block each other for ever."


def failure_lines(data: SweepData) -> list[str]:
    """Return a line for each reason of failures, with a point and how many others failed for it."""
    by_reason: dict[str, list[int]] = {}
    for n, reason in data.failed.items():
        by_reason.setdefault(reason, []).append(n)
    lines = []
    for reason, places in list(by_reason.items())[:MOST_REASONS]:
        settings = zip(data.design.levers, data.design.points[places[0]], strict=True)
        at = ", ".join(f"{lever} = {text}" for lever, text in settings if text) or "the unchanged scenario"
        others = f" (and {counted(len(places) - 1, 'more point')})" if len(places) > 1 else ""
        lines.append(f"failed: {at}: {reason}{others}")
    if len(by_reason) > MOST_REASONS:
        lines.append(f"failed: {counted(len(by_reason) - MOST_REASONS, 'more reason')}, in failed.csv")
    return lines


def _points_sheet(data: SweepData, keys: Sequence[Key], limits: Sequence[Constraint]) -> Sheet:
    columns, cut = [estimates(data, key) for key in keys], bounds(data)
    named = [broken(lever_words(lever, class_words(data)), NAME_WIDTH) for lever in data.design.levers]
    settings = [tuple(_short(text) or "unchanged" for text in point) for point in data.design.points]
    title = f"Mean and half the 95 % interval, {data.interval_includes}"
    if len(named) > MOST_LEVERS:
        named, settings = ["point"], [(str(n),) for n in range(len(settings))]
        title += " (the settings of the points are in summary.csv)"
    scales = [unit_scale(data, key, limits)[1] for key in keys]
    rows = [
        (
            *setting,
            *(
                _cell(column[n], key, key in cut[n], scale)
                for key, column, scale in zip(keys, columns, scales, strict=True)
            ),
        )
        for n, setting in enumerate(settings)
    ]
    names = (*named, *(f"{phrase(key, class_words(data))}, {unit_scale(data, key, limits)[0]}" for key in keys))
    return Sheet(title, names, rows, (*[False] * len(named), *[True] * len(keys)))


def _short(text: str) -> str:
    """Return a setting, with a long number rounded to four digits."""
    values = numbers([text]) if len(text) > LONG_SETTING else None
    return f"{values[0]:.4g} {unit_of([text])}".rstrip() if values else text


def _cell(estimate: Estimate | None, key: Key, is_bound: bool, scale: float = 1.0) -> str:
    if estimate is None or not math.isfinite(estimate.mean):
        return "-"
    mean = rounded(scale * estimate.mean)
    most = 1.0 if TOTALS[key.quantity].unit == "share" else math.inf
    return f"{at_least(mean) if is_bound else mean} {interval(estimate, scale, most)}".rstrip()


def _sensitivity_sheet(sensitivity: Sensitivity, classes: Words) -> Sheet:
    order = sorted(range(len(sensitivity.levers)), key=lambda d: -sensitivity.total[d].value)
    rows: list[tuple[str, ...]] = [
        (
            broken(lever_words(sensitivity.levers[d], classes), LEVER_WIDTH),
            sensitivity.ranges[d],
            index_words(sensitivity.first[d]),
            index_words(sensitivity.total[d]),
        )
        for d in order
    ]
    mean, unit = rounded(sensitivity.mean), TOTALS[sensitivity.key.quantity].unit
    title = f"Sobol indices: {phrase(sensitivity.key, classes)} (mean {mean} {unit}, sd {rounded(sensitivity.spread)})"
    return Sheet(title, ("lever", "range", "alone", "with others"), rows, (True, True, False, False))


def index_words(index: Index) -> str:
    """Return an index with its interval in percent; negative estimates belong to a share near 0 and become 0."""
    value, low, high = (max(0.0, 100 * part) for part in (index.value, index.low, index.high))
    return f"{value:.0f} % [{low:.0f}–{high:.0f}]"


def _tests_sheet(answer: Answer) -> Sheet:
    verdicts = {True: "yes", False: "no", None: "not shown"}
    key, points = answer.constraint.key, answer.data.design.points
    cut = {point: key in keys for point, keys in zip(points, bounds(answer.data), strict=True)}
    unit, scale = unit_scale(answer.data, key, [answer.constraint])
    rows: list[tuple[str, ...]] = []
    for one in answer.tests:
        cell = _cell(one.estimate, key, cut.get((one.setting,), False), scale)
        rows.append((_short(one.setting), cell, f"{one.replications}", verdicts[one.meets]))
    name = f"{phrase(key, class_words(answer.data))}, {unit}"
    columns = (
        broken(lever_words(answer.question.axis.lever, class_words(answer.data)), NAME_WIDTH),
        name,
        "replications",
        answer.constraint.text,
    )
    return Sheet("Settings played", columns, rows, (False, True, True, True))


def document(analysis: SweepAnalysis) -> dict[str, Any]:
    """Return the results of a sweep as plain values for JSON."""
    data, answer = analysis.sweep, analysis.answer
    columns, cut = {key: estimates(data, key) for key in analysis.keys}, bounds(data)
    values: dict[str, Any] = {
        "scenario": data.base.loaded.scenario.name,
        "scenario_hash": data.base.loaded.scenario_hash,
        "design": data.design.kind,
        "levers": list(data.design.levers),
        "seed": data.seed,
        "replications": data.replications,
        "interval_includes": data.interval_includes,
        "reused": data.reused,
        "played": data.played,
        "points": [
            {
                "settings": list(point),
                "failed": data.failed.get(n),
                **{".".join(key): _plain(column[n], key in cut[n]) for key, column in columns.items()},
            }
            for n, point in enumerate(data.design.points)
        ],
    }
    if analysis.sensitivities:
        values["sensitivity"] = [
            {
                "measure": ".".join(one.key),
                "lever": lever,
                "range": one.ranges[d],
                "first": vars(one.first[d]),
                "total": vars(one.total[d]),
            }
            for one in analysis.sensitivities
            for d, lever in enumerate(one.levers)
        ]
    if answer is not None:
        values["find"] = {"setting": answer.setting, "confidence": answer.confidence, "sentence": answer.sentence}
    return values


def _plain(estimate: Estimate | None, is_bound: bool) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    numbers = {name: value if math.isfinite(value) else None for name, value in vars(estimate).items()}
    return {**numbers, "at_least": is_bound}
