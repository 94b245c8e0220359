"""The printed tables of a run: headline measures, stations, and reported figures with modelled values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim import units
from sim.measures.estimates import Estimate
from sim.measures.headline import ACROSS, FATES, QUEUE, RELIEF, WAITS, headlines_of
from sim.measures.names import ALL, LONGEST_QUOTE, VEHICLES, at_station, by_way
from sim.measures.nights import Night, worst_night
from sim.measures.reports import UNFITTED, Observation
from sim.measures.servers import pools_of
from sim.plotting.closures import closed
from sim.plotting.rail import words
from sim.plotting.sentences import gave_up_note, left_out_note, summary
from sim.plotting.sheet import NARROW, Sheet, as_html, borderless, print_sheets
from sim.plotting.story import (
    LONGEST_SHORT,
    NOTHING,
    Story,
    at_least,
    between,
    interval,
    modelled,
    rounded,
    week,
    whole,
    window,
)
from sim.scenario.model.reported import Reported
from sim.verbs.run.holdups import held_up

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sim.verbs.run.study import Run

VERDICT_STYLES = {"met": "green", "within 1.5x": "yellow", "off": "red", "open": "yellow", "rejected": "dim"}

ALWAYS = ("max_queue", "crossed_people", "crossed_parties", "unfinished_people", "people_overnight_max")
"""Headline measures that are shown even if they are 0."""
SMALLER = {"km": ("m", 1e3), "m³": ("L", 1e3)}
"""The unit, and how many of it, in which less than one of a larger unit is written."""
DISTURBED = (
    ("out_of_order_share", "time out of order", "%", 100.0),
    ("lightened_share", "time checks are lightened", "%", 100.0),
    ("lightened_people", "people checked lightly", "", 1.0),
    ("waved_through_parties", "waved past a full hall", "", 1.0),
)
"""Totals of stations with outages, lightened checks, or a full hall waved past: quantity, words, unit and scale."""
DAYS_OF_A_WEEK = 7
"""Days; only longer runs are also reported by the week."""
MOST_NIGHTS = 31
"""Most nights that the table shows; the others are in the file."""


class Row(NamedTuple):
    """One measure: its name, unit ("h": the unit of the run's waits) and estimate, and whether it is a lower bound.

    `instead` is a text that stands in the place of a number.
    """

    name: str
    unit: str
    estimate: Estimate
    quoted: bool = False
    bound: bool = False
    instead: str = ""


def show(run: Run) -> None:
    """Print the tables of a run to standard output, 80 columns wide if that is not a terminal."""
    from rich.console import Console

    print_to(Console(highlight=False), run)


def html(run: Run) -> str:
    """Return the tables of a run as HTML for a notebook."""
    return as_html(lambda console: print_to(console, run))


def markdown(run: Run) -> str:
    """Return a run as a page of Markdown: what happened in sentences, then the tables."""
    scenario, lines = run.loaded.scenario, []
    for story in stories_of(run):
        lines += [f"# {scenario.title}" + (f": {story.title}" if run.flows else ""), ""]
        told = [summary(story), *left_out_note(story), *gave_up_note(story), *held_up(story)]
        if worst := worst_night(story.nights):
            told.append(_worst(story, worst))
        lines += [line for sentence in told for line in (sentence, "")]
        tables = [_headline_sheet(story), _stations(story)] + ([_nights(story, worst)] if worst else [])
        if rows := [row for row in scenario.figures if row.crossing == story.crossing]:
            tables.append(_reported(rows, run.observations))
        for sheet in tables:
            lines += [f"## {sheet.title}", "", *sheet.markdown(), ""]
    if run.flows is not None:
        from sim.verbs.run.network_tables import sheets

        for sheet in sheets(stories_of(run), run.flows):
            lines += [f"## {sheet.title}", "", *sheet.markdown(), ""]
    return "\n".join([*lines, run.note, ""])


def stories_of(run: Run) -> list[Story]:
    """Return the story of each crossing."""
    known = run.loaded.scenario, run.plan, run.estimates, run.observations
    return [Story(*known, crossing, run.posterior_note) for crossing in run.loaded.scenario.crossings]


def _worst(story: Story, worst: Night) -> str:
    """Return a sentence on the worst night, for those who plan relief."""
    people = f"{whole(worst.people.mean)} people{f' ({spread})' if (spread := between(worst.people)) else ''}"
    water = rounded(worst.water.mean / 1000)
    return f"The worst night is that of {worst.name}: {people} at {story.night_hour}, who need {water} m³ of water."


def print_to(console: Console, run: Run) -> None:
    """Print the tables of a run to a rich console, one item per line if the console is narrow.

    Without a network these are the tables of every crossing. With a network, its tables replace all of them except
    those of reported figures.
    """
    narrow, scenario = console.width < NARROW, run.loaded.scenario
    stories = stories_of(run)
    if run.flows is not None:
        from sim.verbs.run.network_tables import sheets

        console.print()
        console.print(scenario.title, style="bold", markup=False)
        console.print(stories[0].how, markup=False)
        print_sheets(console, sheets(stories, run.flows))
    for story in stories:
        rows = [row for row in scenario.figures if row.crossing == story.crossing]
        tables = [_reported(rows, run.observations)] if rows and run.observations else []
        if run.flows is None or tables:
            console.print()
            console.print(f"{scenario.title}: {story.title}", style="bold", markup=False)
        if run.flows is None:
            console.print(story.how, markup=False)
            console.print(_headline(story, narrow))
            _print_notes(console, [f"≥: {note}" for note in left_out_note(story)] + gave_up_note(story))
            print_sheets(console, [_stations(story)])
            _print_notes(console, held_up(story))
            if worst := worst_night(story.nights):
                print_sheets(console, [_nights(story, worst)])
        print_sheets(console, tables)


def _print_notes(console: Console, notes: Iterable[str]) -> None:
    for note in notes:
        console.print(note, markup=False)


def _headline(story: Story, narrow: bool) -> Table:
    from rich.padding import Padding

    table = borderless("")
    table.add_column("", min_width=None if narrow else 36)
    for name in ("mean",) if narrow else ("mean", "± (95 %)", "5–95 %"):
        table.add_column(name, justify="right", no_wrap=True)
    for group, rows in defined_groups(story):
        table.add_row(f"[bold]{group}[/]")
        for row in rows:
            table.add_row(Padding(row.name, (0, 0, 0, 2)), *_numbers(row)[: 1 if narrow else 3])
    return table


def defined_groups(story: Story) -> Iterator[tuple[str, list[Row]]]:
    """Yield the groups of the headline table with the rows that have a value."""
    for group, rows in groups(story):
        if defined := [row for row in rows if row.instead or np.isfinite(row.estimate.mean)]:
            yield group, defined


def _headline_sheet(story: Story) -> Sheet:
    sheet = Sheet("In numbers", ("", "mean", "± (95 %)", "5–95 %"), [], (True, False, False, False))
    for group, rows in defined_groups(story):
        sheet.rows.append((f"[bold]{group}[/]", "", "", ""))
        sheet.rows.extend((f"\u2003{row.name}", *_numbers(row)) for row in rows)
    return sheet


def _numbers(row: Row) -> tuple[str, str, str]:
    estimate, unit = row.estimate, row.unit
    if row.instead:
        return row.instead, "-", "-"
    if unit == "h":
        unit = units.waits_unit([3600 * estimate.mean])
        estimate = _scaled(estimate, 3600 / units.SCALES["time"][unit])
    elif unit in SMALLER and 0 < estimate.mean < 1:
        unit, scale = SMALLER[unit]
        estimate = _scaled(estimate, scale)
    mean, alone = f"{rounded(estimate.mean)} {unit}".rstrip(), not np.isfinite(estimate.low)
    if row.quoted and row.estimate.mean >= LONGEST_QUOTE:
        mean = LONGEST_SHORT
    if row.bound:
        mean = at_least(mean)
    if alone:
        return mean, "-", "-"
    return (
        mean,
        interval(estimate, most=100 if unit == "%" else np.inf).removeprefix("± ").strip("()"),
        f"{rounded(estimate.p05)}–{rounded(estimate.p95)}",
    )


def groups(story: Story) -> Iterator[tuple[str, list[Row]]]:
    """Yield the groups of the headline table with their rows; `_headline` omits rows without a value."""
    more = {WAITS: _quoted, ACROSS: _across}
    lines = headlines_of(story.scenario)
    by_group: dict[str, list[Row]] = {line.group: [] for line in lines}
    for line in lines:
        total, worst = story.total(line.quantity, line.scope), worst_night(story.nights)
        if line.quantity == "people_overnight_max" and worst:
            line, total = line._replace(name=f"{line.name}, {worst.name}"), worst.people
        if line.quantity == "initial_people" and story.scenario.clock.warm_up:
            line = line._replace(name="already inside when the count begins")
        concerns = (story.vehicles or line.scope != VEHICLES) and (story.needs_relief or line.group != RELIEF)
        if concerns and (line.quantity in ALWAYS or total.mean > 0):
            row = Row(line.name, line.unit, _scaled(total, line.scale), bound=story.is_bound(line.quantity, line.scope))
            by_group[line.group].append(row)
    for group, rows in by_group.items():
        yield group, [*rows, *(more[group](story) if group in more else ())]
        if group == FATES:
            yield "Outages, and checks lightened or left out", list(_disturbed(story))
        if group == QUEUE:
            yield "On the day of the longest queue", list(_longest_day(story))


def _longest_day(story: Story) -> Iterator[Row]:
    """Yield the rows of the local day on which most vehicles waited; those of a way only if somebody takes it."""
    total, quantity = story.total, "crossed_parties_longest_day"
    yield Row("vehicles across per hour", "", total(quantity, VEHICLES))
    if (bypass := total(quantity, by_way("car", "bypass"))).mean > 0:
        yield Row("  cars from the main queue", "", total(quantity, by_way("car", "main")))
        yield Row("  cars by the bypass", "", bypass)
    if (outside := total("past_queue_share_longest_day", "car")).mean > 0:
        yield Row("cars outside the main queue", "%", _scaled(outside, 100))
        yield from _past_at_the_exit(story)


def _past_at_the_exit(story: Story) -> Iterator[Row]:
    """Yield the share of parties outside the main queue among services started at the busiest station for cars."""
    serving = [at_station(name) for name in story.stations if "car" in story.place.stations[name].serves]
    loads = [(story.total("utilisation", scope).mean, scope) for scope in serving]
    known = [(busy, scope) for busy, scope in loads if np.isfinite(busy)]
    if known:
        scope = max(known)[1]
        share = _scaled(story.total("past_queue_starts_longest_day", scope), 100)
        yield Row(f"services outside it, {words(scope.partition(':')[2])}", "%", share)


def _disturbed(story: Story) -> Iterator[Row]:
    """Yield how long servers of each station were out of order, and who was not checked, or lightly."""
    for name in story.stations:
        for quantity, what, unit, scale in DISTURBED:
            yield Row(f"{words(name)}, {what}", unit, _scaled(story.total(quantity, at_station(name)), scale))


def _quoted(story: Story) -> Iterator[Row]:
    """Yield the longest quoted waits. No wait is quoted while the way of a class is closed."""
    for name in story.classes:
        if name in ("car", "truck"):
            words, longest = f"{story.scenario.class_words[name]}, longest quoted", story.total("max_quoted_wait", name)
            if not closed(story, [name]):
                yield Row(words, "h", longest, quoted=True)
            elif np.isfinite(longest.mean):
                yield Row(f"{words} while open", "h", longest, quoted=True)
            else:
                yield Row(words, "h", NOTHING, instead="closed")


def _across(story: Story) -> Iterator[Row]:
    clock = story.scenario.clock
    length = (clock.horizon - clock.counted_from).total_seconds() / 86400
    for what, quantity, scope in (("people", "crossed_people", ALL), ("vehicles", "crossed_parties", VEHICLES)):
        if length >= 1 and (story.vehicles or scope != VEHICLES):
            yield Row(f"{what} per day", "", _scaled(story.total(quantity, scope), 1 / length))
    whats = ("people", "vehicles") if story.vehicles else ("people",)
    for what in whats if length > DAYS_OF_A_WEEK else ():
        for key, total in story.estimates.totals.items():
            if key.crossing == story.crossing and key.quantity == f"crossed_{what}_week":
                yield Row(f"{what}, {week(key.scope, clock)}", "", total)
    if (outside := story.total("past_queue_share")).mean > 0:
        yield Row("people outside the main queue", "%", _scaled(outside, 100))


def _scaled(estimate: Estimate, by: float) -> Estimate:
    spread = {name: getattr(estimate, name) * by for name in ("mean", "p05", "p50", "p95", "low", "high")}
    return replace(estimate, **spread)


def _stations(story: Story) -> Sheet:
    moved = {name: story.total("jockeyed_parties", at_station(name)).mean for name in story.stations}
    some_moved = any(number > 0 for number in moved.values())
    columns = (
        "station",
        "visits",
        *(["moved\non"] if some_moved else []),
        "waiting",
        "service",
        "blocked",
        "utilised",
        "worst\nday",
    )
    title = "Mean time per visit, and utilisation while staffed: of the run and of its worst day"
    if some_moved:
        title += "; visits without those who moved on to a shorter queue"
    sheet = Sheet(title, columns, [], (True, *[False] * (len(columns) - 1)))
    for name in story.stations:
        scope = at_station(name)
        here = [story.total("visits", scope).mean - np.nan_to_num(moved[name]), *([moved[name]] if some_moved else [])]
        spans = (_per_visit(story, f"{span}_per_visit", scope) for span in ("wait", "service", "blocked"))
        loads = (story.total(quantity, scope).mean for quantity in ("utilisation", "utilisation_worst_day"))
        sheet.rows.append((words(name), *map(rounded, here), *spans, *map(_percent, loads)))
    for name in pools_of(story.plan, story.crossing):
        loads = (story.total(quantity, at_station(name)).mean for quantity in ("utilisation", "utilisation_worst_day"))
        sheet.rows.append((f"pool: {words(name)}", *[""] * (len(columns) - 3), *map(_percent, loads)))
    return sheet


def _per_visit(story: Story, quantity: str, scope: str) -> str:
    """Return a mean time per visit, marked where visits that still go on at the horizon make it a lower bound."""
    text = units.show_wait(3600 * story.total(quantity, scope).mean)
    return at_least(text) if story.is_bound(quantity, scope) else text


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if np.isfinite(share) else "-"


def _nights(story: Story, worst: Night) -> Sheet:
    """Return the people stuck night by night, by class, with vehicles and the water needed; the worst in bold."""
    classes = [cls for cls in worst.by_class if any(night.by_class[cls].mean > 0 for night in story.nights)]
    columns = ("night", "people", *(story.scenario.class_words[cls] for cls in classes), "vehicles", "water\n(m³)")
    shown = sorted(sorted(story.nights, key=lambda night: -night.people.mean)[:MOST_NIGHTS])
    which = "" if len(shown) == len(story.nights) else f", the {MOST_NIGHTS} worst nights"
    title = f"Stuck at {story.night_hour}{which}: people, of them in or with each class; vehicles; their need of water"
    sheet = Sheet(title, columns, [], (True, *[False] * (len(columns) - 1)))
    for night in shown:
        people = (night.people, *(night.by_class[cls] for cls in classes), night.vehicles)
        cells = [night.name, *(whole(each.mean) for each in people), rounded(night.water.mean / 1000)]
        sheet.rows.append(tuple(f"[bold]{cell}[/]" if night is worst else cell for cell in cells))
    return sheet


def _reported(rows: Sequence[Reported], observations: Sequence[Observation]) -> Sheet:
    from rich.markup import escape

    columns = ("reported", "when and by whom", "model [5–95 %]", "verdict")
    sheet = Sheet("Reported and modelled", columns, [], (True, True, True, False))
    by_id = {observation.id: observation for observation in observations}
    for row in sorted(rows, key=lambda row: (row.from_, row.until, row.id)):
        observation = by_id.get(row.id)
        if observation is not None:
            style = VERDICT_STYLES[observation.verdict]
            source = escape(f"{window(row)}, {row.who} ({row.source})")
            verdict = f"[{style}]{observation.verdict}[/]"
            unfitted = f" ({UNFITTED})" if row.status == "validation" else ""
            sheet.rows.append((escape(observation.label + unfitted), source, escape(modelled(observation)), verdict))
    return sheet
