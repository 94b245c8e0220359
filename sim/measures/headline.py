"""The headline measures: the rows that every table and picture of them has in common, and a name for any measure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sim.measures.names import ALL, OUTCOMES, VEHICLES, Key, by_trait, by_way
from sim.scenario.model.class_words import STANDARD_WORDS, Words, is_adjective
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.scenario import Scenario
from sim.scenario.model.traits import WHEN, conditions_of, is_condition, trait_of

COUNT, SPAN, AMOUNT = ("fewer", "more"), ("shorter", "longer"), ("less", "more")

QUEUE, WAITS, ACROSS, FATES, MEN, RELIEF = (
    "Queue",
    "Waits of those who crossed",
    "Across the border",
    "What became of people",
    "Men",
    "Relief",
)
"""The groups of headline measures, in order."""

PHRASES = {
    "arrived_people": "arrived",
    "changed_mode_people": "left their vehicle on the way",
    "deadlocked_parties": "parties that block each other for ever",
    "wait_mean": "mean wait",
    "wait_p50": "median wait",
    "wait_p90": "90 % quantile of the wait",
    "wait_p95": "95 % quantile of the wait",
    "wait_max": "longest wait",
    "sojourn_mean": "mean time until across",
    "max_queue": "most {who} waiting",
    "max_queue_people": "most people waiting",
    "max_queue_length": "longest queue on the road",
    "crossed_people": "people across",
    "crossed_parties": "{who} across",
    "men_checked": "men checked at draft screening",
    "men_stopped": "men stopped at draft screening",
    "men_summoned": "men given draft papers",
    "people_overnight_max": "people stuck, worst night",
    "person_nights": "person-nights at the border",
    "person_hours_waited": "person-hours in queues",
    "drinking_water": "drinking water needed",
}
"""Names of measures for people; `{who}` stands for the parties of the scope."""
PHRASES |= {f"{event}_people": f"people: {outcome.table}" for event, outcome in OUTCOMES.items() if event != "crossed"}
WAYS = {"main": "main queue", "bypass": "by the bypass", "changed_mode": "left the vehicle"}
IN_ALL_QUEUES = ("wait_mean", "wait_p50", "wait_p90", "wait_p95", "wait_max")
"""Waits in the queues of all stations; those of the way `main` leave out the bypass and changes of mode."""
PARTIES = {ALL: "parties", VEHICLES: "vehicles"}


class Headline(NamedTuple):
    """A headline measure: group, name, key without crossing, unit ("h": a suitable unit of time), scale, and words.

    `change` has the words for less and more.
    """

    group: str
    name: str
    quantity: str
    scope: str = ALL
    unit: str = ""
    scale: float = 1.0
    change: tuple[str, str] = COUNT


def phrase(key: Key, classes: Words = STANDARD_WORDS) -> str:
    """Return the name of a measure on its own: 'mean wait, all queues', 'most cars waiting'."""
    words = PHRASES.get(key.quantity, key.quantity.replace("_", " "))
    if "{who}" in words and key.scope.isidentifier():
        return words.format(who=PARTIES.get(key.scope) or classes[key.scope])
    scope = _scope_words(key.scope, classes)
    if key.quantity in IN_ALL_QUEUES:
        scope = scope.replace(WAYS["main"], "all queues")
    return ", ".join(part for part in (words.format(who="parties"), scope) if part)


def _scope_words(scope: str, classes: Words) -> str:
    cls, _, way = scope.partition("/")
    who = {ALL: "", VEHICLES: "all vehicles"}.get(cls, classes.get(cls, cls))
    if is_condition(way):
        return who + trait_words(way)
    return ", ".join(part for part in (who, WAYS.get(way, way)) if part)


def trait_words(condition: str) -> str:
    """Return what follows the words of a class: ', not registered' for `unless registered`, ' without chip'."""
    has, name = condition.startswith(WHEN), trait_of(condition).replace("_", " ")
    if is_adjective(name):
        return f", {name}" if has else f", not {name}"
    return f" {'with' if has else 'without'} {name}"


def headlines_of(scenario: Scenario) -> list[Headline]:
    """Return the headline measures of a scenario in order."""
    scopes = (by_trait(cls, condition) for cls in scenario.classes for condition in conditions_of(scenario, cls))
    return headlines(scenario.class_words, scopes)


def headlines(classes: Words, traits: Iterable[str] = ()) -> list[Headline]:
    """Return the headline measures in order; `classes` has the words of the scenario, `traits` the scopes by trait."""
    return [*_queue(), *_waits(classes, traits), *_across(), *_fates(), *_men(), *_relief()]


def in_order(measures: Iterable[Headline]) -> list[Headline]:
    """Return headline measures in their order, each once."""
    given = {each[2:4]: each for each in reversed(list(measures))}
    classes = [*CLASSES, *(scope.partition("/")[0] for _, scope in given)]
    traits = dict.fromkeys(scope for _, scope in given if " " in scope)
    ordered = headlines({name: name for name in classes}, traits)
    return [given[each[2:4]] for each in ordered if each[2:4] in given]


def _headline(group: str, quantity: str, scope: str = ALL, unit: str = "", scale: float = 1.0) -> Headline:
    return Headline(group, phrase(Key("", quantity, scope)), quantity, scope, unit, scale)


def _queue() -> Iterator[Headline]:
    yield _headline(QUEUE, "max_queue", VEHICLES)
    yield _headline(QUEUE, "max_queue_people")
    yield _headline(QUEUE, "max_queue_length", unit="km")._replace(change=SPAN)
    yield _headline(QUEUE, "person_hours_waited")


def _waits(classes: Words, traits: Iterable[str]) -> Iterator[Headline]:
    rows = [("everybody", ALL), *((f"{who}, all queues", by_way(cls, "main")) for cls, who in classes.items())]
    for who, scope in (*rows, ("by the bypass", by_way(ALL, "bypass"))):
        yield Headline(WAITS, f"{who}, mean", "wait_mean", scope, "h", change=SPAN)
        if scope in (ALL, by_way("car", "main"), by_way("truck", "main")):
            yield Headline(WAITS, f"{who}, 90 % quantile", "wait_p90", scope, "h", change=SPAN)
    for scope in traits:
        yield Headline(WAITS, f"{_scope_words(scope, classes)}, mean", "wait_mean", scope, "h", change=SPAN)


def _across() -> Iterator[Headline]:
    yield _headline(ACROSS, "crossed_people")
    yield _headline(ACROSS, "crossed_parties", VEHICLES)


def _fates() -> Iterator[Headline]:
    yield Headline(FATES, "already waiting at the start", "initial_people")
    yield _headline(FATES, "arrived_people")
    for event, outcome in OUTCOMES.items():
        if event != "crossed":
            yield Headline(FATES, outcome.table, f"{event}_people")
    yield _headline(FATES, "changed_mode_people")
    yield _headline(FATES, "deadlocked_parties")


def _men() -> Iterator[Headline]:
    yield Headline(MEN, "checked at draft screening", "men_checked")
    yield Headline(MEN, "stopped at draft screening", "men_stopped")
    yield Headline(MEN, "given draft papers", "men_summoned")


def _relief() -> Iterator[Headline]:
    yield _headline(RELIEF, "people_overnight_max")
    yield _headline(RELIEF, "person_nights")
    yield _headline(RELIEF, "drinking_water", unit="m³", scale=1e-3)._replace(change=AMOUNT)
