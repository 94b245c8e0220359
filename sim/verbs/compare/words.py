"""Sentences on a comparison: who gains and who loses, their day of arrival, and which scenario is best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np

from sim.measures.bounds import FEW_LEFT
from sim.measures.headline import phrase
from sim.measures.names import ALL, OF_THOSE_ACROSS, OUTCOMES, TOTALS
from sim.plotting.rail import words
from sim.plotting.story import rounded, whole
from sim.scenario.model.class_words import STANDARD_WORDS, Words
from sim.units import show_time
from sim.verbs.compare.by_group import AT_START, TIME, GroupChanges, group_changes
from sim.verbs.compare.pairing import ENDS
from sim.verbs.compare.statistics import Ranking
from sim.verbs.compare.study import ComparisonData

LEAST_PERCENT = 0.1
FEW = 0.005
"""Share of all people below which a group or a change is not mentioned."""
NO_TIME = 1 / 3600
_ALL = -1
"""Place of all classes together among the scopes."""


def share(part: float) -> str:
    """Return a share in percent: '38 %', '0.4 %', '−12 %'."""
    percent = 100 * part
    if 0 < abs(percent) < LEAST_PERCENT:
        return f"< {LEAST_PERCENT} %"
    digits = 0 if percent == 0 or abs(percent) >= 1 else 1
    return f"{percent:.{digits}f} %".replace("-", "−")


def group_text(comparison: ComparisonData, variant: int, crossing: str | None) -> str:
    """Return a paragraph on who gains and who loses with a variant (from 1), compared with the base.

    `crossing` None stands for all crossings together.
    """
    together = crossing is None
    x = 0 if crossing is None else comparison.crossings.index(crossing)
    whole_run, by_day = (
        group_changes(comparison, variant, by_day=by_day, together=together) for by_day in (False, True)
    )
    label, base = words(comparison.labels[variant]), words(comparison.base.label)

    def total(name: str) -> float:
        return float(whole_run.of(f"{name}_people")[x, _ALL, 0])

    both = total("sooner") + total("as_soon") + total("later")
    if total("only_here") == total("only_base") == total("new") == total("gone") == 0 and total("as_soon") == both:
        return f"With {label} the same people get across as in {base}, after the same time."
    sentences = [
        f"People across with {label} but not in {base}: {whole(total('only_here'))}; "
        f"in {base} only: {whole(total('only_base'))}."
    ]
    if total("new") or total("gone"):
        sentences.append(
            f"People who come only here: {whole(total('new'))}; only in {base}: {whole(total('gone'))}. "
            "Demand differs: parties are matched by their number within a class and may arrive at another time."
        )
    if both:
        change = float(whole_run.of(TIME)[x, _ALL, 0])
        sentences.append(
            f"Of the {whole(both)} who get across in both, {share(total('sooner') / both)} take less time and "
            f"{share(total('later') / both)} more; the mean change is {_time(change)}."
        )
    sentences += [
        each
        for each in (
            _outcome_sentence(whole_run, x),
            *_group_sentences(by_day, x, comparison.base.scenario.class_words),
        )
        if each
    ]
    return " ".join(sentences)


def wait_text(comparison: ComparisonData, variant: int, crossing: str) -> str:
    """Return a sentence on a mean wait that is shorter because fewer crossed, or more are still inside; '' if neither.

    The mean wait is of those who crossed. A wait that is longer because fewer are still inside gets the same sentence.
    If the wait of everybody needs none, each class that does has its own.
    """
    classes = comparison.base.scenario.classes
    texts = [_wait_sentence(comparison, variant, crossing, scope) for scope in (ALL, *classes)]
    return texts[0] or " ".join(text for text in texts[1:] if text)


def _wait_sentence(comparison: ComparisonData, variant: int, crossing: str, scope: str) -> str:
    """Return the sentence of `wait_text` for one class, or for all."""
    rows = comparison.differences[variant - 1]
    totals = {row.key.quantity: row for row in rows if row.key[::2] == (crossing, scope)}
    wait, crossed, inside = (totals[name] for name in ("wait_mean", "crossed_people", "unfinished_people"))
    came = totals["arrived_people"].base + totals["initial_people"].base
    enough = FEW_LEFT * came
    fewer = crossed.difference < -enough
    more_inside = abs(inside.difference) > enough and inside.difference * wait.difference < 0
    if not came or wait.verdict == "unclear" or not (more_inside or (wait.difference < 0 and fewer)):
        return ""
    outcomes = {f"{event}_people": outcome.table for event, outcome in OUTCOMES.items() if event != "crossed"}
    changed = {
        name: what for name, what in outcomes.items() if name in totals and abs(totals[name].difference) > enough
    }
    told = {"crossed_people": "people across", **changed, "person_hours_waited": "person-hours in queues"}
    parts = [
        f"{what} {whole(totals[name].here)} instead of {whole(totals[name].base)}"
        for name, what in told.items()
        if name in totals
    ]
    length = "shorter" if wait.difference < 0 else "longer"
    here, base = (show_time(3600 * value) for value in (wait.here, wait.base))
    who = "" if scope == ALL else f" of {comparison.base.scenario.class_words[scope]}"
    change = f"The mean wait{who} is {length} with {words(comparison.labels[variant])} ({here} instead of {base})"
    return f"{change}, but it is of those who crossed only: {'; '.join(parts)}."


def _time(hours: float) -> str:
    if abs(hours) < NO_TIME:
        return "under a second"
    return f"{show_time(3600 * abs(hours))} {'less' if hours < 0 else 'more'}"


def _outcome_sentence(changes: GroupChanges, x: int) -> str:
    """Return the changes of the other outcomes that are clear and not small, the largest first; '' if none."""
    came = float(changes.of("came_people", "base")[x, _ALL, 0])
    parts = []
    for end in ENDS[1:]:
        name = f"{end}_people"
        low, high, change = (float(changes.of(name, column)[x, _ALL, 0]) for column in ("low", "high", "difference"))
        clear = low > 0 or high < 0
        if clear and abs(change) >= FEW * came:
            direction = "more" if change > 0 else "fewer"
            parts.append((abs(change), f"{whole(abs(change))} {direction} {OUTCOMES[end].clause}"))
    listed = [text for _, text in sorted(parts, reverse=True)]
    return f"Other outcomes: {'; '.join(listed)}." if listed else ""


def _group_sentences(changes: GroupChanges, x: int, names: Words) -> list[str]:
    """Return sentences on the groups (class and day of arrival) that gain and lose most people, and most time."""
    classes = slice(0, _ALL)
    came = float(np.nansum(changes.of("came_people", "base")[x, classes]))
    net = (changes.of("only_here_people") - changes.of("only_base_people"))[x, classes]
    both = sum(changes.of(f"{name}_people")[x, classes] for name in ("sooner", "as_soon", "later"))
    clear = (changes.of(TIME, "low")[x, classes] > 0) | (changes.of(TIME, "high")[x, classes] < 0)
    hours = np.where(clear & (both >= FEW * came), changes.of(TIME)[x, classes], 0.0)
    sentences = []
    for table, verb in ((net, "get across only here"), (-net, "no longer get across")):
        place = np.unravel_index(np.argmax(table), table.shape)
        if table[place] >= FEW * came:
            people = whole(float(table[place]))
            sentences.append(f"Most who {verb}: {_group_name(changes, place, names)} ({people} people net).")
    for table, verb in ((-hours, "saved"), (hours, "lost")):
        place = np.unravel_index(np.argmax(table), table.shape)
        if table[place] > 0:
            change = _time(float(hours[place]))
            sentences.append(f"Most time {verb}: {_group_name(changes, place, names)} ({change} per person).")
    return sentences


def _group_name(changes: GroupChanges, place: Sequence[np.intp], names: Words) -> str:
    cls, day = names[changes.scopes[place[0]]], changes.days[place[1]]
    if day == AT_START:
        return f"{cls} waiting at the start"
    return f"{cls} that came on {short_date(day)}"


def short_date(text: str) -> str:
    """Return '21 Sep' for a local date such as '2022-09-21'."""
    day = date.fromisoformat(text)
    return f"{day.day} {day:%b}"


def ranking_text(ranking: Ranking, labels: Sequence[str], place: str = "", classes: Words = STANDARD_WORDS) -> str:
    """Return which scenario is best in a total, or which ones may be, with the means of all.

    `place` is the name of the crossing where there are several.
    """
    return (
        f"{place}: {_ranking_sentences(ranking, labels, classes)}"
        if place
        else _ranking_sentences(ranking, labels, classes)
    )


def _ranking_sentences(ranking: Ranking, labels: Sequence[str], classes: Words) -> str:
    unit = TOTALS[ranking.key.quantity].unit
    listed = ", ".join(f"{words(labels[s])} {rounded(float(ranking.means[s]))}" for s in ranking.order)
    what = f"{'highest' if ranking.highest else 'lowest'} {phrase(ranking.key, classes)} ({unit})"
    means = f"Means: {listed}."
    if ranking.key.quantity in OF_THOSE_ACROSS:
        means += " Only those who crossed count: the value may also be low because fewer crossed."
    candidates = [words(labels[s]) for s in ranking.order if ranking.may_be_best[s]]
    if not all(map(math.isfinite, ranking.means)):
        return f"The scenario with the {what} is unknown: a scenario has no value."
    if ranking.best is not None:
        return f"Best with 95 % confidence, by the {what}: {candidates[0]}. {means}"
    first, last = ", ".join(candidates[:-1]), candidates[-1]
    return f"By the {what}, {first} and {last} may be the best (95 % confidence). {means}"
