"""Number the rows of the tape, and say which parties need which row.

Two purposes share a row if no party needs both: for example the service of trucks in their lanes and that of cars in
theirs. A party from an origin passes only one of the crossings it may choose, so the same purpose at stations of the
same name shares a row as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.arrays import Bools, Ints
from sim.engine.plan import NOWHERE, WAYS
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.passages import passages_from_source
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Station
from sim.scenario.model.steps import is_repeated, rounds_of

SCREENING = ("checked", "found", "fate", "together")
"""Random decisions at draft screening; one row each, in this order. They also name the streams of random numbers."""

ON_FOOT: tuple[ClassName, ...] = ("foot", "bike")


def serves(station: Station, cls: ClassName) -> bool:
    """Return whether a station serves a class; an enlistment office serves any party sent there."""
    return cls in station.serves or station.only_sent_on


def stops(crossing: Crossing, station: Station, cls: ClassName) -> bool:
    """Return whether parties may be served at a station as the class in which they arrived."""
    if station.only_sent_on:
        return any(cls in other.serves for other in crossing.stations.values() if sends(crossing, other, station))
    return cls in station.serves


def begins(scenario: Scenario, x: int, station: str, cls: ClassName) -> bool:
    """Return whether parties of a class begin at a station, where they stood at the end of an earlier run."""
    return station in scenario.begin_at(list(scenario.crossings)[x]).get(cls, ())


def sends(crossing: Crossing, sender: Station, station: Station) -> bool:
    """Return whether some parties are sent from one station to another that is only for those sent on."""
    aside = sender.sent_aside is not None and crossing.stations[sender.sent_aside.to] is station
    return aside or sender.screening is not None


def may_walk(crossing: Crossing, cls: ClassName) -> bool:
    """Return whether parties that arrived as a class, or men they leave behind, may go on by bike or on foot."""
    behaviour = crossing.behaviour.get(cls)
    changes_mode = behaviour is not None and behaviour.change_mode is not None
    return changes_mode or any(
        station.screening and station.screening.stays_together < 1 and cls in station.serves
        for station in crossing.stations.values()
    )


def walks_there(crossing: Crossing, station: Station, cls: ClassName) -> bool:
    """Return whether a station may serve, by bike or on foot, parties that arrived as a class or men they leave."""
    return may_walk(crossing, cls) and any(serves(station, mode) for mode in ON_FOOT)


def comes_to(crossing: Crossing, station: Station, cls: ClassName) -> bool:
    """Return whether a station may serve parties that arrived as a class, in it or on foot, or men they leave."""
    return stops(crossing, station, cls) or walks_there(crossing, station, cls)


def same_on_foot(station: Station, cls: ClassName) -> bool:
    """Return whether the service of a class has the same law by bike and on foot, without the part for men."""
    laws = [station.law_of(mode) for mode in (cls, *ON_FOOT) if serves(station, mode)]
    return all((law.party, law.person) == (laws[0].party, laws[0].person) for law in laws)


def walks_one_by_one(crossing: Crossing, station: Station, cls: ClassName) -> bool:
    """Return whether a station may serve one by one, by bike or on foot, people who arrived as a class."""
    modes = [mode for mode in ON_FOOT if serves(station, mode)]
    return may_walk(crossing, cls) and any(station.law_of(mode).one_by_one is not None for mode in modes)


def number_rows(scenario: Scenario, uses_way: Bools) -> dict[str, Any]:
    """Return the `..._row` fields of the plan; `uses_way` (X, C, 3) tells which ways of leaving have a clock."""
    times, chances, people = _Rows(scenario), _Rows(scenario), _Rows(scenario)
    behaviours = [[crossing.behaviour.get(cls) for cls in scenario.streams] for crossing in scenario.crossings.values()]
    numbers: dict[str, list[int]] = {name: [] for name in (*_STATION_ROWS, *_PEOPLE_ROWS)}
    rounds = rounds_of(scenario)
    for x, crossing in enumerate(scenario.crossings.values()):
        for name in crossing.stations:
            for field, number in _rows_of_station(x, name, crossing, times, chances, rounds).items():
                numbers[field].append(number)
            for field, number in _rows_of_people(x, name, crossing, people, rounds).items():
                numbers[field].append(number)
    return {
        **{name: np.array(rows, dtype=np.int64) for name, rows in numbers.items()},
        "choice_row": _choice_rows(scenario, chances),
        "walk_row": times.take(uses_way[:, :, WAYS.index("change_mode")]),
        "clock_row": np.array([times.take(uses_way[:, :, w]) for w in range(len(WAYS))], dtype=np.int64),
        "balk_row": chances.take(np.array([[bool(b and b.balk) for b in row] for row in behaviours])),
        "bypass_row": chances.take(np.array([[bool(b and b.bypass) for b in row] for row in behaviours])),
        "drive_row": times.take_for_origins(),
    }


_STATION_ROWS = (
    "service_row",
    "foot_row",
    "patience_row",
    "refusal_row",
    "man_row",
    "again_row",
    "refused_row",
    "aside_row",
    "screening_row",
)
_PEOPLE_ROWS = ("person_row", "person_foot_row", "person_again_row")


def _rows_of_station(
    x: int, name: str, crossing: Crossing, times: _Rows, chances: _Rows, rounds: int
) -> dict[str, int]:
    station, again = crossing.stations[name], rounds if is_repeated(crossing, name) else 0

    def needed(by: list[bool]) -> Bools:
        cells = np.zeros((len(times.crossings), len(times.streams)), dtype=np.bool_)
        cells[x] = by
        return cells

    own = needed([stops(crossing, station, cls) or begins(times.scenario, x, name, cls) for cls in times.streams])
    foot = needed([walks_there(crossing, station, cls) for cls in times.streams])
    unlike = needed([not same_on_foot(station, cls) for cls in times.streams])
    shared = not times.expand(own & foot & unlike).any()
    law = (station.service_time, station.scale_service) if times.has_origins else None
    if crossing.destination.travels_as:
        name = f"{name}/{x}"  # parties have another class here, and are served by its law
    service = times.take(own | foot if shared else own, f"service/{name}/{law}")
    either = own | foot
    has_man = any(law.man for law in station.service_time.values())
    return {
        "service_row": service,
        "foot_row": times.take(foot, f"on foot/{name}/{law}") if not shared else service if foot.any() else NOWHERE,
        "patience_row": times.take(either, f"patience/{name}/{station.patience}") if station.patience else NOWHERE,
        "refusal_row": times.take(either, f"refusal/{name}/{station.refusal}") if station.refusal else NOWHERE,
        "man_row": times.take(either, f"man/{name}/{law}") if has_man else NOWHERE,
        "again_row": times.take(own, f"again/{name}/{law}", again) if again else NOWHERE,
        "refused_row": chances.take(either, f"refused/{name}") if station.refusal else NOWHERE,
        "aside_row": chances.take(either, f"aside/{name}/{station.sent_aside}", rounds + 1)
        if station.sent_aside
        else NOWHERE,
        "screening_row": chances.take(either, f"screening/{name}", len(SCREENING)) if station.screening else NOWHERE,
    }


def _rows_of_people(x: int, name: str, crossing: Crossing, people: _Rows, rounds: int) -> dict[str, int]:
    """Return the rows of `Tape.one_by_one` of a station."""
    station, again = crossing.stations[name], rounds if is_repeated(crossing, name) else 0
    own, foot = np.zeros((2, len(people.crossings), len(people.streams)), dtype=np.bool_)
    for c, cls in enumerate(people.streams):
        comes = stops(crossing, station, cls) or begins(people.scenario, x, name, cls)
        own[x, c] = comes and station.law_of(cls).one_by_one is not None
        foot[x, c] = walks_one_by_one(crossing, station, cls)
    rows = people.take(own), people.take(foot), people.take(own, rows=again) if again else NOWHERE
    return dict(zip(_PEOPLE_ROWS, rows, strict=True))


def _choice_rows(scenario: Scenario, chances: _Rows) -> Ints:
    """Return the row of the chance by which a party chooses at each station's step; NOWHERE without shares."""
    rows: dict[tuple[int, str], int] = {}
    for x, crossing in enumerate(scenario.crossings.values()):
        for name, choice in crossing.parallel.items():
            if choice.shares:
                stations = [crossing.stations[station] for station in choice.stations]
                needed = np.zeros((len(chances.crossings), len(scenario.streams)), dtype=np.bool_)
                needed[x] = [any(comes_to(crossing, station, cls) for station in stations) for cls in scenario.streams]
                row = chances.take(needed, f"choice/{name}")
                rows |= {(x, station): row for station in choice.stations}
    places = [(x, name) for x, crossing in enumerate(scenario.crossings.values()) for name in crossing.stations]
    return np.array([rows.get(place, NOWHERE) for place in places], dtype=np.int64)


class _Rows:
    """Assigns the rows of one table. Need is an array by source and class, (X, C) or (X + O, C)."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.crossings, self.streams = list(scenario.crossings.values()), scenario.streams
        origins = scenario.network.origins.values() if scenario.network else ()
        self.comes = np.array(
            [
                [cls in c.demand or cls in c.initial_queue or cls in scenario.begin_at(name) for cls in self.streams]
                for name, c in scenario.crossings.items()
            ]
            + [[cls in origin.demand for cls in self.streams] for origin in origins]
        )
        self.ways = [
            [passages_from_source(scenario, len(self.crossings) + o, cls) for cls in self.streams]
            for o in range(len(origins))
        ]
        self.has_origins = self.comes[len(self.crossings) :].any()
        self.taken: list[Bools] = []
        self.of_purpose: dict[str, int] = {}

    def expand(self, needed: Bools) -> Bools:
        """Return which parties need a row (X + O, C), given the classes that need it at each crossing (X, C)."""
        from_origins = [
            [any(needed[x, self.streams.index(cls)] for x, _, cls in ways) for ways in of_origin]
            for of_origin in self.ways
        ]
        by_source = np.concatenate([needed, np.array(from_origins, dtype=np.bool_).reshape(-1, len(self.streams))])
        return np.asarray(by_source & self.comes)

    def take(self, needed: Bools, purpose: str = "", rows: int = 1) -> int:
        """Return the first of `rows` rows free for the classes (X, C) that need them; NOWHERE if none does."""
        wanted = self.expand(needed)
        if not wanted.any():
            return NOWHERE
        bound, origins = wanted.copy(), slice(len(self.crossings), None)
        bound[origins] = False
        number = self.of_purpose.get(purpose, NOWHERE)
        if number == NOWHERE or self._clash(bound, number, rows):
            if wanted[origins].any():
                wanted[origins] = self.comes[origins]
            number = 0
            while self._clash(wanted, number, rows):
                number += 1
            if purpose and wanted[origins].any():
                self.of_purpose[purpose] = number
        self._mark(wanted, number, rows)
        return number

    def take_for_origins(self) -> int:
        """Return a row that is free for all parties from origins; NOWHERE if there are none."""
        wanted = self.comes.copy()
        wanted[: len(self.crossings)] = False
        if not wanted.any():
            return NOWHERE
        number = 0
        while self._clash(wanted, number, 1):
            number += 1
        self._mark(wanted, number, 1)
        return number

    def _clash(self, wanted: Bools, number: int, rows: int) -> bool:
        return any((taken & wanted).any() for taken in self.taken[number : number + rows])

    def _mark(self, wanted: Bools, number: int, rows: int) -> None:
        self.taken += [np.zeros_like(wanted) for _ in range(number + rows - len(self.taken))]
        for taken in self.taken[number : number + rows]:
            taken |= wanted
