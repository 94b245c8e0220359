"""A comparison in tables and sentences: effects with intervals, who gains and who loses, and which is best."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sim.measures.headline import Headline, phrase
from sim.measures.names import ALL, TOTALS, VEHICLES
from sim.plotting.names import crossing_name
from sim.plotting.rail import words
from sim.plotting.sheet import NARROW, Sheet, as_html
from sim.plotting.story import whole
from sim.units import show_duration
from sim.verbs.compare.by_group import TIME, GroupChanges, group_changes
from sim.verbs.compare.drivers import TOLD, directions
from sim.verbs.compare.effects import NOT_KNOWN, Effect, effects_at, measures_of, signed
from sim.verbs.compare.network_words import transition_text
from sim.verbs.compare.statistics import Ranking
from sim.verbs.compare.study import ComparisonData
from sim.verbs.compare.words import NO_TIME, group_text, ranking_text, share, wait_text

if TYPE_CHECKING:
    from rich.console import Console

HEADLINES = ("max_queue_people", "wait_mean", "crossed_people", "diverted_people")
"""The measures printed for every crossing of a network; all others are in the files."""
NETWORK_WORDS = {"wait_mean": "mean wait", "crossed_people": "people across"}
BOUNDS = (
    "≥: a lower bound, since many are still inside at the end; so is a difference from a base that is none. "
    "≤: a difference from such a base; without a sign it is of two lower bounds, and may be more or less."
)
WIDE = 20
"""Characters of a difference beyond which its interval stands on a line of its own."""
STYLES = {"less": "", "more": "", "same": "dim", "unclear": "dim", "unknown": "dim"}


def show(comparison: ComparisonData, rankings: Sequence[Ranking]) -> None:
    """Print a comparison to standard output; 80 columns wide where that is not a terminal."""
    from rich.console import Console

    print_to(Console(highlight=False), comparison, rankings)


def html(comparison: ComparisonData, rankings: Sequence[Ranking]) -> str:
    """Return a comparison as HTML for a notebook."""
    return as_html(lambda console: print_to(console, comparison, rankings))


def print_to(console: Console, comparison: ComparisonData, rankings: Sequence[Ranking]) -> None:
    """Print a comparison to a rich console."""
    narrow = console.width < NARROW
    console.print(f"\n{title(comparison)}", style="bold", markup=False)
    console.print(note(comparison), markup=False)
    for part in parts(comparison, rankings):
        console.print()
        if isinstance(part, str):
            console.print(part, markup=False)
        else:
            console.print(part.listed() if narrow else part.rich_table())


def markdown(comparison: ComparisonData, rankings: Sequence[Ranking]) -> str:
    """Return a comparison as a page of Markdown."""
    told = [f"- {line[0].upper()}{line[1:]}." for line in headline_differences(comparison)]
    lines = [f"# {title(comparison)}", "", *told, "", note(comparison), ""]
    for part in parts(comparison, rankings):
        lines += [part, ""] if isinstance(part, str) else [f"## {part.title}", "", *part.markdown(), ""]
    return "\n".join(lines)


def title(comparison: ComparisonData) -> str:
    """Return the title: the scenarios that are compared."""
    others = [words(label) for label in comparison.labels[1:]]
    listed = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} and {others[-1]}"
    base = words(comparison.base.label)
    return f"{base[0].upper()}{base[1:]} compared with {listed}"


def headline_differences(comparison: ComparisonData) -> list[str]:
    """Return a line for each scenario and crossing: the base and the difference in the headline measures."""
    shown = {("max_queue", VEHICLES), ("crossed_people", ALL), ("wait_mean", ALL)}
    classes = comparison.base.scenario.class_words
    lines = []
    for n, label in enumerate(comparison.labels[1:], 1):
        for crossing in comparison.crossings:
            rows = [row for row in effects_at(comparison, n, crossing) if row.measure[2:4] in shown]
            place = f", {words(crossing)}" if len(comparison.crossings) > 1 else ""
            parts = [
                f"{phrase(row.difference.key, classes)} {row.base_amount}, {row.change} ({row.percent})" for row in rows
            ]
            lines.append(f"{words(label)}{place}: {'; '.join(parts)}")
    return lines


def note(comparison: ComparisonData) -> str:
    """Return a note on how the differences and their intervals were computed."""
    count, others = comparison.replications, len(comparison.variants) - 1
    if count < 2:
        return "One replication: the differences hold for its tape; their uncertainty is unknown."
    family = f"; all {others} intervals of a measure hold together (Bonferroni)" if others > 1 else ""
    sentences = [
        f"Every scenario is played on the same {count} tapes. Differences are paired, with 95 % confidence "
        f"intervals (Student's t{family}); 'not clear': 0 is in the interval."
    ]
    if any(row.difference.cut for row in _shown(comparison)):
        sentences.append("An interval written with both ends is cut at what is possible, such as −100 % of the base.")
    sentences.append(_parameters(comparison))
    if any(row.difference.base_at_least or row.difference.here_at_least for row in _shown(comparison)):
        sentences.append(BOUNDS)
    shares = sorted(
        row.difference.saved
        for row in _shown(comparison)
        if math.isfinite(row.difference.saved) and row.difference.verdict != "same"
    )
    if shares:
        median = _large_share(shares[len(shares) // 2])
        sentences.append(f"The shared tapes remove {median} of their variance (median of the measures shown).")
    return " ".join(sentences)


def _parameters(comparison: ComparisonData) -> str:
    """Return a sentence on what differs between replications besides chance."""
    sampled, fixed = comparison.sampled, [label for label in comparison.labels if label not in comparison.sampled]
    if not sampled:
        return "Intervals are chance only: every replication has the same parameters."
    if fixed:
        return f"Only {' and '.join(sampled)} has its own parameters from a posterior in each replication."
    return "Each replication has its own parameters from the posterior, the same in every scenario."


def _shown(comparison: ComparisonData) -> Iterator[Effect]:
    """Yield the effects of every scenario at every crossing."""
    for n in range(1, len(comparison.variants)):
        for crossing in comparison.crossings:
            yield from effects_at(comparison, n, crossing)


def _large_share(part: float) -> str:
    return "more than 99 %" if 0.99 < part < 1 else share(part)


def parts(comparison: ComparisonData, rankings: Sequence[Ranking]) -> Iterator[Sheet | str]:
    """Yield the tables and paragraphs in their order."""
    if comparison.has_network:
        yield from _network_parts(comparison)
    for crossing in () if comparison.has_network else comparison.crossings:
        several = len(comparison.crossings) > 1
        place = f"{words(crossing)}: " if several else ""
        yield _effects_of_crossing(comparison, crossing, place)
        yield from _wait_texts(comparison, crossing, place)
        for n, label in enumerate(comparison.labels[1:], 1):
            changes = group_changes(comparison, n, by_day=False)
            heading = f"{place}Who gains and who loses with {words(label)}"
            yield _group_sheet(changes, comparison, comparison.crossings.index(crossing), heading)
            yield group_text(comparison, n, crossing)
            yield from _directions(comparison, n, crossing, place)
    for ranking in rankings:
        yield _ranking_text(comparison, ranking)


def _directions(comparison: ComparisonData, variant: int, crossing: str, place: str) -> Iterator[Sheet | str]:
    """Yield how sure the direction of the main effects is, and what decides them; nothing without a posterior."""
    rows = [row for row in directions(comparison, variant, crossing) if row.key[1:] in TOLD]
    if not rows:
        return
    label = words(comparison.labels[variant])
    flips = [phrase(row.key, comparison.base.scenario.class_words) for row in rows if row.flips]
    if flips:
        yield f"{place}With {label}, what is not known decides even the direction of: {'; '.join(flips)}."
    heading = f"{place}How sure the effects of {label} are, and what decides them"
    cells: list[tuple[str, ...]] = [
        (phrase(row.key, comparison.base.scenario.class_words), row.text, row.decided_by) for row in rows
    ]
    yield Sheet(heading, ("", "in the draws", "decided by (share of variance)"), cells, (True, True, True))


def _ranking_text(comparison: ComparisonData, ranking: Ranking) -> str:
    """Return the sentences of a ranking, with the name of the crossing where there are several."""
    several = len(comparison.crossings) > 1
    place = crossing_name(comparison.base.scenario, ranking.key.crossing) if several else ""
    return ranking_text(ranking, comparison.labels, place, comparison.base.scenario.class_words)


def _wait_texts(comparison: ComparisonData, crossing: str, place: str) -> Iterator[str]:
    """Yield the sentences on mean waits that are shorter or longer for the wrong reason."""
    for n in range(1, len(comparison.variants)):
        if text := wait_text(comparison, n, crossing):
            yield f"{place}{text}"


def _network_parts(comparison: ComparisonData) -> Iterator[Sheet | str]:
    """Yield the main effects at every crossing, where people go, and who gains and loses over all crossings."""
    yield _network_effects(comparison)
    for crossing in comparison.crossings:
        yield from _wait_texts(comparison, crossing, f"{crossing_name(comparison.base.scenario, crossing)}: ")
    for n, label in enumerate(comparison.labels[1:], 1):
        yield transition_text(comparison, n)
        changes = group_changes(comparison, n, by_day=False, together=True)
        yield _group_sheet(changes, comparison, 0, f"Who gains and who loses with {words(label)}")
        yield group_text(comparison, n, None)


def _network_effects(comparison: ComparisonData) -> Sheet:
    """Return the main effects, crossing by crossing; crossings without any are omitted."""
    sheet = _effect_sheet(comparison, "")
    for crossing in comparison.crossings:
        rows = [
            [
                row
                for row in effects_at(comparison, n, crossing)
                if row.measure.quantity in HEADLINES and row.measure.scope == ALL
            ]
            for n in range(1, len(comparison.variants))
        ]
        if any(row.difference.verdict != "same" for each in rows for row in each):
            name = escaped(crossing_name(comparison.base.scenario, crossing))
            sheet.rows.append((f"[bold]{name}[/]", *[""] * (len(sheet.columns) - 1)))
            for measure in measures_of(rows):
                name = NETWORK_WORDS.get(measure.quantity, measure.name)
                sheet.rows.extend(_measure_rows(comparison, rows, measure, name))
    return sheet


def _effects_of_crossing(comparison: ComparisonData, crossing: str, place: str) -> Sheet:
    """Return the table of effects: a row per measure, or with several scenarios a row for each below it."""
    rows = [effects_at(comparison, n, crossing) for n in range(1, len(comparison.variants))]
    sheet = _effect_sheet(comparison, place)
    group = ""
    for measure in measures_of(rows):
        if measure.group != group:
            sheet.rows.append((f"[bold]{measure.group}[/]", *[""] * (len(sheet.columns) - 1)))
            group = measure.group
        sheet.rows.extend(_measure_rows(comparison, rows, measure, measure.name))
    return sheet


def _effect_sheet(comparison: ComparisonData, place: str) -> Sheet:
    """Return the table of effects, still without rows."""
    change = "difference ± 95 %" if comparison.replications > 1 else "difference"
    columns = ("base", change) if len(comparison.variants) == 2 else (f"base, and {change}",)
    title = f"{place}Differences from {words(comparison.base.label)}"
    return Sheet(title, ("", *columns, "%", ""), [], (True, *[False] * (len(columns) + 2)))


def _measure_rows(
    comparison: ComparisonData, rows: list[list[Effect]], measure: Headline, name: str
) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a measure: one, or with several scenarios one for each below that of the base."""
    others = comparison.labels[1:]
    effects = [next((row for row in each if row.measure == measure), None) for each in rows]
    if len(others) > 1:
        first = next(row for row in effects if row is not None)
        yield (f"  {name}", first.base_amount, "", "")
    for label, row in zip(others, effects, strict=True):
        if row is not None:
            yield _effect_row((f"    {words(label)}",) if len(others) > 1 else (f"  {name}", row.base_amount), row)


def _effect_row(first: tuple[str, ...], row: Effect) -> tuple[str, ...]:
    style = STYLES[row.difference.verdict]
    change = row.change if len(row.change) <= WIDE else row.change.replace(" (", "\n(")
    cells = (escaped(change), row.percent, f"{row.arrow} {row.word}".strip())
    return *first, *(f"[{style}]{cell}[/]" if style else cell for cell in cells)


def escaped(text: str) -> str:
    """Return text in which rich finds no markup."""
    from rich.markup import escape

    return escape(text)


def _group_sheet(changes: GroupChanges, comparison: ComparisonData, x: int, title: str) -> Sheet:
    """Return the table of who gains and who loses at a crossing, by class."""
    columns = ("people", "came", "only\nhere", "only\nbase", "both", "sooner", "later", "on average")
    names = comparison.base.scenario.class_words
    sheet = Sheet(f"{title}: people across here, in the base, in both", columns, [], (True, *[False] * 7))
    for c, scope in enumerate(changes.scopes):
        came = max(changes.of("came_people", side)[x, c, 0] for side in ("base", "here"))
        if came > 0:
            sheet.rows.append((ALL if scope == ALL else names[scope], whole(came), *_group_cells(changes, x, c)))
    return sheet


def _group_cells(changes: GroupChanges, x: int, c: int) -> tuple[str, ...]:
    number = {
        name: float(changes.of(f"{name}_people")[x, c, 0])
        for name in ("only_here", "only_base", "sooner", "as_soon", "later")
    }
    both = number["sooner"] + number["as_soon"] + number["later"]
    shares = (share(number[name] / both) if both else NOT_KNOWN for name in ("sooner", "later"))
    change = float(changes.of(TIME)[x, c, 0])
    mean = duration(change) if math.isfinite(change) else NOT_KNOWN
    return whole(number["only_here"]), whole(number["only_base"]), whole(both), *shares, mean


def duration(hours: float) -> str:
    """Return a change of time, given in hours, as text: '−5.1 h', '+12 min', '0'."""
    text = show_duration(3600 * abs(hours))
    number, unit = text.split()
    return "0" if abs(hours) < NO_TIME else f"{signed(math.copysign(float(number), hours))} {unit}"


def document(comparison: ComparisonData, rankings: Sequence[Ranking]) -> dict[str, Any]:
    """Return the differences shown, who gains, and the rankings as one JSON document."""
    differences = [
        {
            "scenario": label,
            "crossing": crossing,
            "quantity": row.measure.quantity,
            "scope": row.measure.scope,
            "unit": TOTALS[row.measure.quantity].unit,
            "words": f"{row.measure.name}: {row.word}",
            **{name: _finite(getattr(row.difference, name)) for name in _NUMBERS},
            "verdict": row.difference.verdict,
        }
        for n, label in enumerate(comparison.labels[1:], 1)
        for crossing in comparison.crossings
        for row in effects_at(comparison, n, crossing)
    ]
    labels = comparison.labels
    return {
        "base": comparison.base.label,
        "scenarios": list(labels),
        "seed": comparison.request.seed,
        "replications": comparison.replications,
        "note": note(comparison),
        "interval_includes": comparison.interval_includes,
        "differences": differences,
        "who": [
            {"scenario": label, "crossing": crossing, "words": group_text(comparison, n, crossing)}
            for n, label in enumerate(labels[1:], 1)
            for crossing in comparison.crossings
        ],
        "directions": [
            {"scenario": label, **row.key._asdict(), "less": row.less, "same": row.same, "more": row.more}
            | {"decided_by": [{"parameter": each.name, "share": each.share} for each in row.drivers]}
            for n, label in enumerate(labels[1:], 1)
            for crossing in comparison.crossings
            for row in directions(comparison, n, crossing)
        ],
        **({"moves": _network_texts(comparison)} if comparison.has_network else {}),
        "ranking": [
            {
                **ranking.key._asdict(),
                "best_is": "highest" if ranking.highest else "lowest",
                "order": [labels[s] for s in ranking.order],
                "may_be_best": [label for label, flag in zip(labels, ranking.may_be_best, strict=True) if flag],
                "words": _ranking_text(comparison, ranking),
            }
            for ranking in rankings
        ],
    }


def _network_texts(comparison: ComparisonData) -> list[dict[str, str]]:
    """Return for each scenario a text on where people go."""
    labels = enumerate(comparison.labels[1:], 1)
    return [{"scenario": label, "words": transition_text(comparison, n)} for n, label in labels]


_NUMBERS = (
    *("base", "here", "difference", "low", "high", "family_low", "family_high", "percent", "saved", "n", "cut"),
    *("base_at_least", "here_at_least"),
)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
