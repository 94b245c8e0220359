"""A comparison in tables and words: effects with their intervals, who gains and who loses, and which is best."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sim.measures.names import ALL, TOTALS
from sim.plotting.names import crossing_name
from sim.plotting.rail import CLASS_WORDS, words
from sim.plotting.sheet import NARROW, Sheet, as_html
from sim.plotting.story import whole
from sim.scenario.model.quantities import CLASSES
from sim.units import show_duration
from sim.verbs.compare.by_group import SCOPES, TIME, Gains, gains
from sim.verbs.compare.lines import NOT_KNOWN, Line, Shown, shown, signed
from sim.verbs.compare.network_words import moves_words
from sim.verbs.compare.statistics import Ranking
from sim.verbs.compare.study import Compared
from sim.verbs.compare.words import NO_TIME, gains_words, ranking_words, share

if TYPE_CHECKING:
    from rich.console import Console

HEADLINES = ("max_queue_people", "wait_mean", "crossed_people", "diverted_people")
"""What is printed of every crossing of a network; all the rest is in the files."""
NETWORK_WORDS = {"wait_mean": "mean wait", "crossed_people": "people across"}
STYLES = {"less": "", "more": "", "same": "dim", "unclear": "dim", "unknown": "dim"}


def show(compared: Compared, rankings: Sequence[Ranking]) -> None:
    """Print a comparison to standard output; 80 columns wide where that is not a terminal."""
    from rich.console import Console

    print_to(Console(highlight=False), compared, rankings)


def html(compared: Compared, rankings: Sequence[Ranking]) -> str:
    """Return a comparison as HTML for a notebook."""
    return as_html(lambda console: print_to(console, compared, rankings))


def print_to(console: Console, compared: Compared, rankings: Sequence[Ranking]) -> None:
    """Print a comparison to a rich console."""
    narrow = console.width < NARROW
    console.print(f"\n{title(compared)}", style="bold", markup=False)
    console.print(note(compared), markup=False)
    for part in parts(compared, rankings):
        console.print()
        if isinstance(part, str):
            console.print(part, markup=False)
        else:
            console.print(part.listed() if narrow else part.drawn())


def markdown(compared: Compared, rankings: Sequence[Ranking]) -> str:
    """Return the same as a page of Markdown."""
    from rich.text import Text

    lines = [f"# {title(compared)}", "", note(compared), ""]
    for part in parts(compared, rankings):
        if isinstance(part, str):
            lines += [part, ""]
            continue
        rows = [[Text.from_markup(cell).plain for cell in row] for row in part.rows]
        rule = ["---" if wrap else "--:" for wrap in part.wrap]
        table = ["| " + " | ".join(row) + " |" for row in (part.names, rule, *rows)]
        lines += [f"## {part.title}", "", *table, ""]
    return "\n".join(lines)


def title(compared: Compared) -> str:
    """Return what is compared with what."""
    others = [words(label) for label in compared.labels[1:]]
    listed = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} and {others[-1]}"
    return f"{words(compared.base.label)} compared with {listed}"


def note(compared: Compared) -> str:
    """Return how sure the differences are."""
    count, others = compared.replications, len(compared.contenders) - 1
    if count < 2:
        return "One replication: the differences are those of its tape, and how sure they are is not known."
    family = f"; all {others} intervals of a measure hold together (Bonferroni)" if others > 1 else ""
    said = [
        f"Every scenario is played on the same {count} tapes. Differences are paired, with 95 % confidence "
        f"intervals (Student's t{family}); 'not clear': 0 is in the interval."
    ]
    if compared.base.posterior:
        said.append("Each replication has parameters of its own from the posterior, the same ones in every scenario.")
    kept = sorted(row.found.saved for n in range(1, others + 1) for x in compared.base.plan.crossings
                  for row in shown(compared, n, x)
                  if math.isfinite(row.found.saved) and row.found.verdict != "same")  # fmt: skip
    if kept:
        said.append(
            f"Sharing the tapes takes away {_saved(kept[len(kept) // 2])} of their variance (median of what is shown)."
        )
    return " ".join(said)


def _saved(found: float) -> str:
    return "more than 99 %" if 0.99 < found < 1 else share(found)


def parts(compared: Compared, rankings: Sequence[Ranking]) -> Iterator[Sheet | str]:
    """Yield tables and paragraphs in the order they are read."""
    if compared.base.plan.origins:
        yield from _network_parts(compared)
    for crossing in () if compared.base.plan.origins else compared.base.plan.crossings:
        several = len(compared.base.plan.crossings) > 1
        place = f"{words(crossing)}: " if several else ""
        yield _effects(compared, crossing, place)
        for n, label in enumerate(compared.labels[1:], 1):
            x = compared.base.plan.crossings.index(crossing)
            yield _who(gains(compared, n, by_day=False), x, f"{place}Who gains, who loses with {words(label)}")
            yield gains_words(compared, n, crossing)
    for ranking in rankings:
        yield ranking_words(ranking, compared.labels)


def _network_parts(compared: Compared) -> Iterator[Sheet | str]:
    """Yield the main effects at every crossing, where people go, and who gains and loses at all crossings together."""
    yield _network_effects(compared)
    for n, label in enumerate(compared.labels[1:], 1):
        yield moves_words(compared, n)
        found = gains(compared, n, by_day=False, together=True)
        yield _who(found, 0, f"Who gains, who loses with {words(label)}")
        yield gains_words(compared, n, None)


def _network_effects(compared: Compared) -> Sheet:
    """Return the main effects at the crossings where there are any, those of a crossing together."""
    sheet = _blank(compared, "")
    for crossing in compared.base.plan.crossings:
        rows = [
            [row for row in shown(compared, n, crossing) if row.line.quantity in HEADLINES and row.line.scope == ALL]
            for n in range(1, len(compared.contenders))
        ]
        if any(row.found.verdict != "same" for each in rows for row in each):
            sheet.rows.append((f"[bold]{escaped(crossing_name(compared.base.scenario, crossing))}[/]", *[""] * 4))
            for line in dict.fromkeys(row.line for each in rows for row in each):
                sheet.rows.extend(_of_line(compared, rows, line, NETWORK_WORDS.get(line.quantity, line.name)))
    return sheet


def _effects(compared: Compared, crossing: str, place: str) -> Sheet:
    """Return the table of effects: a line a measure, or with several scenarios a line each below it."""
    rows = [shown(compared, n, crossing) for n in range(1, len(compared.contenders))]
    sheet = _blank(compared, place)
    group = ""
    for line in dict.fromkeys(row.line for each in rows for row in each):
        if line.group != group:
            sheet.rows.append((f"[bold]{line.group}[/]", *[""] * 4))
            group = line.group
        sheet.rows.extend(_of_line(compared, rows, line, line.name))
    return sheet


def _blank(compared: Compared, place: str) -> Sheet:
    """Return the table of effects without its rows."""
    sure = " ± 95 %" if compared.replications > 1 else ""
    columns = ("", "base", f"difference{sure}", "%", "")
    title = f"{place}What changes from {words(compared.base.label)}"
    return Sheet(title, columns, [], (True, False, False, False, False))


def _of_line(compared: Compared, rows: list[list[Shown]], line: Line, name: str) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a measure: one, or with several scenarios one each below that of the base."""
    others = compared.labels[1:]
    beside = [next((row for row in each if row.line == line), None) for each in rows]
    if len(others) > 1:
        first = next(row for row in beside if row is not None)
        yield (f"  {name}", first.amount(first.found.base), *[""] * 3)
    for label, row in zip(others, beside, strict=True):
        if row is not None:
            base_too = (f"  {name}", row.amount(row.found.base))
            yield _effect((f"    {words(label)}", "") if len(others) > 1 else base_too, row)


def _effect(first: tuple[str, str], row: Shown) -> tuple[str, ...]:
    style = STYLES[row.found.verdict]
    cells = (escaped(row.change), row.percent, f"{row.arrow} {row.word}".strip())
    return *first, *(f"[{style}]{cell}[/]" if style else cell for cell in cells)


def escaped(text: str) -> str:
    """Return text that rich does not take for markup."""
    from rich.markup import escape

    return escape(text)


def _who(found: Gains, x: int, title: str) -> Sheet:
    """Return the table of who gains and who loses at a crossing, by class."""
    columns = ("people", "came", "only\nhere", "only\nbase", "both", "sooner", "later", "on average")
    sheet = Sheet(f"{title}: people across here, in the base, in both", columns, [], (True, *[False] * 7))
    for scope in (*CLASSES, ALL):
        c = SCOPES.index(scope)
        came = max(found.of("came_people", side)[x, c, 0] for side in ("base", "here"))
        if came > 0:
            sheet.rows.append((CLASS_WORDS.get(scope, "all"), whole(came), *_changes(found, x, c)))
    return sheet


def _changes(found: Gains, x: int, c: int) -> tuple[str, ...]:
    number = {name: float(found.of(f"{name}_people")[x, c, 0])
              for name in ("only_here", "only_base", "sooner", "as_soon", "later")}  # fmt: skip
    both = number["sooner"] + number["as_soon"] + number["later"]
    parts = (share(number[name] / both) if both else NOT_KNOWN for name in ("sooner", "later"))
    change = float(found.of(TIME)[x, c, 0])
    told = duration(change) if math.isfinite(change) else NOT_KNOWN
    return whole(number["only_here"]), whole(number["only_base"]), whole(both), *parts, told


def duration(hours: float) -> str:
    """Return a change of a time: '−5.1 h', '+12 min', '0'."""
    text = show_duration(3600 * abs(hours))
    number, unit = text.split()
    return "0" if abs(hours) < NO_TIME else f"{signed(math.copysign(float(number), hours))} {unit}"


def document(compared: Compared, rankings: Sequence[Ranking]) -> dict[str, Any]:
    """Return the shown differences, who gains, and the ranking as one JSON document."""
    differences = [
        {
            "scenario": label, "crossing": crossing, "quantity": row.line.quantity, "scope": row.line.scope,
            "unit": TOTALS[row.line.quantity].unit, "words": f"{row.line.name}: {row.word}",
            **{name: _finite(getattr(row.found, name)) for name in _NUMBERS}, "verdict": row.found.verdict,
        }
        for n, label in enumerate(compared.labels[1:], 1)
        for crossing in compared.base.plan.crossings
        for row in shown(compared, n, crossing)
    ]  # fmt: skip
    labels = compared.labels
    return {
        "base": compared.base.label,
        "scenarios": list(compared.labels),
        "seed": compared.request.seed,
        "replications": compared.replications,
        "note": note(compared),
        "differences": differences,
        "who": [
            {"scenario": label, "crossing": crossing, "words": gains_words(compared, n, crossing)}
            for n, label in enumerate(compared.labels[1:], 1)
            for crossing in compared.base.plan.crossings
        ],
        **(_moves(compared) if compared.base.plan.origins else {}),
        "ranking": [
            {
                **found.key._asdict(), "best_is": "highest" if found.highest else "lowest",
                "order": [labels[s] for s in found.order],
                "may_be_best": [label for label, left in zip(labels, found.contend, strict=True) if left],
                "words": ranking_words(found, compared.labels),
            }
            for found in rankings
        ],
    }  # fmt: skip


def _moves(compared: Compared) -> dict[str, Any]:
    """Return where people go in words, one text a scenario."""
    found = enumerate(compared.labels[1:], 1)
    return {"moves": [{"scenario": label, "words": moves_words(compared, n)} for n, label in found]}


_NUMBERS = ("base", "here", "difference", "low", "high", "family_low", "family_high", "percent", "saved", "n")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
