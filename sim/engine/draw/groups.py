"""The groups of parties on a tape: parties of one class that arrive at a crossing, wait there at the start, or set out.

A party from an origin may go to any of several crossings but passes only one of them. Draws for stations of the same
name therefore come from one stream: a party is equally slow in the same lane of any crossing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.arrays import Bools, Floats, Ints
from sim.engine.draw.arrivals import ApartDraw, Parties, at_units, parties, together
from sim.engine.draw.carried import standing
from sim.engine.draw.streams import gumbels, men_of, people_of, stream, unit_poisson
from sim.engine.laws import draw_durations, draw_sums, scales_with_mean
from sim.engine.lower.apart import PartApart, parts_apart
from sim.engine.lower.arrivals import within
from sim.engine.lower.tape_rows import ON_FOOT, SCREENING, begins, comes_to, stops, walks_one_by_one, walks_there
from sim.engine.plan import BARRED, DRIVE_UNIT, HAZARD_UNIT, NEWS, NOWHERE, PAPERS, SENT_BELOW, TASTES, WAYS, Plan
from sim.engine.tape import Tape
from sim.scenario.model.aside import SentAside
from sim.scenario.model.class_names import ClassName
from sim.scenario.model.laws import Law
from sim.scenario.model.passages import passages_from_source
from sim.scenario.model.quantities import CLASSES
from sim.scenario.model.road import PartyClass
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Refusal, Station
from sim.scenario.model.traits import bit, is_condition, mask, traits_of
from sim.units import MS_PER_S

REFUSAL_RANGES = (0.0, 0.01, 0.1, 1.0)
"""Bounds of the ranges of `u`, the uniform that decides on a refusal. The staff time has one stream for each range.

Few draws are then needed where few parties are refused, and another probability leaves the draws unchanged.
"""
STANDARD = Law.model_validate({"family": "exponential", "mean": "1 s"})
"""The law of the clocks of the ways of leaving; their unit is not the second."""
MAX_DRIVE_FACTOR = 100.0
"""Longest drive, in multiples of the mean."""


class DrawKey(NamedTuple):
    """Which random numbers to draw: seed, replication, and whether for parties that wait at the start."""

    seed: int
    replication: int
    initial: bool = False


def groups_on_tape(scenario: Scenario, plan: Plan, seed: int, replication: int) -> Iterator[Group]:
    """Yield the groups of a replication in the order of the tape, including empty ones."""
    for x, name in enumerate(scenario.crossings):
        for cls in scenario.present:
            for initial in (True, False):
                yield Group(scenario, plan, (x, name), cls, DrawKey(seed, replication, initial))
    for o, name in enumerate(scenario.network.origins if scenario.network else ()):
        for cls in scenario.present:
            yield Group(scenario, plan, (len(scenario.crossings) + o, f"from {name}"), cls, DrawKey(seed, replication))


class Group:
    """The parties of one class from one source (a crossing or an origin), in order of arrival."""

    def __init__(self, scenario: Scenario, plan: Plan, source: tuple[int, str], cls: ClassName, key: DrawKey) -> None:
        self.scenario, self.plan, self.cls, self.key = scenario, plan, cls, key
        self.number = scenario.streams.index(cls)
        self.source, self.name = source
        self.has_choice = self.source >= len(scenario.crossings)
        self.passages = passages_from_source(scenario, self.source, cls)
        self.apart: list[PartApart] = []
        self.standing = standing(scenario, plan, self.source, cls, key.replication) if key.initial else None
        self.arriving = self._arrivals()
        self.at = self.arriving.at
        self.size = len(self.at)

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of one column of this group."""
        seed, replication, initial = self.key
        group = "initial" if initial else "arriving"
        return stream(f"{seed}/{replication}/{self.name}/{self.cls}/{group}/{purpose}")

    def fill(self, tape: Tape, place: slice) -> None:
        """Draw all columns and write them at the group's positions on the tape."""
        self.tape, self.place = tape, place
        self.unwritten = {(table, row) for table in ("times", "chances") for row in range(len(getattr(tape, table)))}
        self.draws: dict[tuple[str, Law], Floats] = {}
        self.one_by_one: dict[int, Ints] = {}
        party_class = self.scenario.classes[self.cls]
        tape.source[place], tape.cls[place] = self.source, self.number
        tape.number[place], tape.initial[place] = np.arange(self.size), self.key.initial
        if initial_queue := self.passages[0].crossing.initial_queue.get(self.cls) if self.key.initial else None:
            tape.waited[place] = self._waited(initial_queue.waited)
        self._who(party_class)
        tape.traits[place] = self._traits(party_class.traits)
        self.by_bike = self._by_bike()
        modes = np.array([CLASSES.index("foot"), CLASSES.index("bike")], np.int8)
        tape.mode_to[place] = modes.take(self.by_bike.view(np.int8))
        for x, crossing, cls in self.passages:
            _Passage(self, x, crossing, cls).draw()
        if self.has_choice:
            self._choices()
        for table, row in self.unwritten:
            getattr(tape, table)[row, place] = 0

    def _who(self, party_class: PartyClass) -> None:
        """Write people, men, local plates and who is barred."""
        tape, place = self.tape, self.place
        if self.standing is not None:
            self.people = self.standing.people
            men, local, tape.waited[place] = self.standing.men, self.standing.local, self.standing.waited
        else:
            self.people = people_of(party_class.people, self.rng("people"), self.size)
            if self.apart:
                self.people = np.where(self.arriving.people, self.arriving.people, self.people)
            men = men_of(party_class.men_share, self.people, self.rng("men"))
            local = self._local(party_class.local_share)
        tape.people[place], tape.men[place], tape.local[place] = self.people, men, local
        tape.barred[place] = self._barred(local)

    def _waited(self, law: Law | None) -> Ints:
        """Return how long the parties of the initial queue have waited (ms), the longest first; 0 if nobody knows."""
        if law is None:
            return np.zeros(self.size, np.int64)
        waited = np.rint(self.durations("waited", law) * MS_PER_S).astype(np.int64)
        return np.sort(np.maximum(waited, 1))[::-1]

    def _arrivals(self) -> Parties:
        """Return the ordinary arrivals and those of the parts of demand that are drawn apart, in order."""
        seed, replication, initial = self.key
        if initial:
            waiting = self.passages[0].crossing.initial_queue.get(self.cls)
            number = len(self.standing.place) if self.standing else waiting.parties if waiting else 0
            return parties(np.full(number, self.plan.start, dtype=np.int64))
        expected = self.plan.expected[self.source, self.number]
        ordinary = parties(at_units(unit_poisson(self.rng("arrival"), float(expected[-1])), expected, self.plan))
        self.apart = [part for part in parts_apart(self.scenario) if (part.source, part.cls) == (self.source, self.cls)]
        if not self.apart:
            return ordinary
        shared, people = f"{seed}/{replication}/{self.name}", self.scenario.classes[self.cls].people
        drawn = (ApartDraw(part, self.plan, self.scenario.clock, self.rng, shared) for part in self.apart)
        return together([ordinary, *(part.draw(people) for part in drawn)]).sorted_within(self.plan)

    def logged(self, station: str, seconds: Floats) -> Floats:
        """Return service times (s) at a station, with those of parties in a log that has them."""
        for n, part in enumerate(self.apart, 1):
            log = part.described.log
            if log is not None and any(station in row.service_times for row in log.rows):
                known = np.array([row.service_times.get(station, np.nan) for row in log.rows])
                seen = np.where(self.arriving.part == n, known[self.arriving.logged], np.nan)
                seconds = np.where(np.isnan(seen), seconds, seen)
        return seconds

    def _local(self, share: float) -> Bools:
        share = 0.0 if self.has_choice else share
        return self.rng("local").random(self.size) < share if share else np.zeros(self.size, np.bool_)

    def _barred(self, local: Bools) -> Bools:
        """Whether each party is stopped on the approach; for parties with a choice, the engine decides that.

        Where the way of the class has closed for good, every party is.
        """
        if self.has_choice or self.key.initial:
            return np.zeros(self.size, dtype=np.bool_)
        turned_back: Bools = self.at >= self.plan.closes[self.source, self.number]
        turned_back |= self.arriving.turned_away
        share = np.zeros(self.size)
        for change in self.passages[0].crossing.changes:
            if change.bar_non_local is not None and (change.classes is None or self.cls in change.classes):
                share[within(self.scenario.clock, change)(self.at)] = change.bar_non_local
        if share.any():
            turned_back |= (self.rng("barred").random(self.size) < share) & ~local
        return turned_back

    def _traits(self, shares: Mapping[str, float]) -> Ints:
        """Return the bits of the traits that each party has, and of those it lacks."""
        names, bits = traits_of(self.scenario), np.zeros(self.size, np.int64)
        known = self.standing.traits if self.standing else {}
        for trait, share in shares.items():
            has = self.rng(f"trait/{trait}").random(self.size) < share
            if trait in known:
                has = np.where(known[trait] < 0, has, known[trait] > 0)
            bits |= np.where(has, bit(names, trait, True), bit(names, trait, False))
        return bits

    def _by_bike(self) -> Bools:
        """Whether each party would go on by bike rather than on foot."""
        behaviours = [crossing.behaviour.get(cls) for _, crossing, cls in self.passages]
        shares = [b.change_mode.to.get("bike", 0.0) for b in behaviours if b and b.change_mode]
        share = shares[0] if shares else 0.0
        return self.rng("mode").random(self.size) < share if share else np.zeros(self.size, np.bool_)

    def _choices(self) -> None:
        """Draw what the choice between crossings needs: papers, news, tastes, and the factor on drives."""
        plan, choice = self.plan, self.scenario.network.choice if self.scenario.network else None
        if choice is None:
            raise AssertionError("only a network has origins")
        tastes = self.tape.tastes[self.place]
        for column, purpose in ((PAPERS, "papers"), (NEWS, "news"), (BARRED, "barred")):
            tastes[:, column] = self.rng(purpose).random(self.size)
        for k, name in enumerate([*plan.crossings, "stay"], TASTES):
            tastes[:, k] = gumbels(self.rng(f"taste/{name}"), self.size)
        family = {"family": "gamma", "cv": choice.drive_cv} if choice.drive_cv else {"family": "deterministic"}
        drive = draw_durations(Law.model_validate({"mean": "1 s", **family}), self.rng("drive"), self.size)
        self.write(plan.drive_row, np.minimum(drive, MAX_DRIVE_FACTOR), DRIVE_UNIT)

    def durations(self, purpose: str, law: Law, counts: Ints | None = None) -> Floats:
        """Return seconds drawn from a law, once for each purpose; with `counts`, sums of `counts[i]` draws.

        For parties with a choice, laws that differ only in their mean use the same draws.
        """
        scale = law.mean_s if self.has_choice and scales_with_mean(law) else 1.0
        unit = law.model_copy(update={"mean": 1.0}) if scale != 1.0 and scale else law
        if (purpose, unit) not in self.draws:
            rng = self.rng(purpose)
            self.draws[purpose, unit] = (
                draw_durations(unit, rng, self.size) if counts is None else draw_sums(unit, rng, counts)
            )
        seconds = self.draws[purpose, unit]
        return seconds if unit is law else seconds * scale

    def chance(self, row: int, purpose: str) -> Floats:
        """Return a row of uniforms of the tape, drawing it if that is not done yet."""
        uniforms: Floats = self.tape.chances[row, self.place]
        if not self.has_choice or ("chances", row) in self.unwritten:
            self.rng(purpose).random(out=uniforms)
        self.unwritten.discard(("chances", row))
        return uniforms

    def write(self, row: int, spans: Floats, unit: int = MS_PER_S) -> None:
        """Write durations in seconds on the tape, rounded to integer milliseconds; other values in `unit`."""
        self.unwritten.discard(("times", row))
        scaled = spans * unit
        self.tape.times[row, self.place] = np.rint(scaled, out=scaled)

    def write_people(self, row: int, seconds: Floats) -> None:
        """Note the services of people who are served one by one, for a row of `Tape.one_by_one`."""
        self.one_by_one[int(row)] = np.rint(seconds * MS_PER_S).astype(np.int64)


class _Passage:
    """Draws the columns that a group needs at one crossing, where its parties have class `cls`."""

    def __init__(self, group: Group, x: int, crossing: Crossing, cls: ClassName) -> None:
        self.group, self.plan = group, group.plan
        self.x, self.crossing, self.cls = x, crossing, cls

    def draw(self) -> None:
        """Write the rows of the stations and of the main queue."""
        for s in np.flatnonzero(self.plan.crossing == self.x).tolist():
            self._at_station(s, self.crossing.stations[self.plan.stations[s]])
        for name, choice in self.crossing.parallel.items():
            s = self.plan.stations.index(choice.stations[0], int(np.argmax(self.plan.crossing == self.x)))
            stations = [self.crossing.stations[station] for station in choice.stations]
            if choice.shares and any(comes_to(self.crossing, station, self.cls) for station in stations):
                self.group.chance(self.plan.choice_row[s], f"choice/{name}")
        self._leaving()

    def _at_station(self, s: int, station: Station) -> None:
        """Write the rows of one station."""
        plan, name, group = self.plan, self.plan.stations[s], self.group
        comes = stops(self.crossing, station, self.cls) or begins(group.scenario, self.x, name, self.cls)
        walks = walks_there(self.crossing, station, self.cls)
        if not (comes or walks):
            return
        self._services(s, station, comes, walks)
        self._aside(s, station.sent_aside, self.cls if comes else "foot")
        if station.patience is not None:
            group.write(plan.patience_row[s], group.durations(f"patience/{name}", station.patience))
        if station.refusal is not None:
            u = group.chance(plan.refused_row[s], f"refused/{name}")
            if station.refusal.service_time.mean_s:
                self._refusals(plan.refusal_row[s], name, station.refusal, u)
        man = station.law_of(self.cls if comes else "foot").man
        if man is not None:
            group.write(plan.man_row[s], self._scaled(station, group.durations(f"man/{name}", man)))
        if station.screening is not None:
            for k, decision in enumerate(SCREENING):
                group.chance(plan.screening_row[s] + k, f"{decision}/{name}")
        if not group.has_choice:
            group.draws.clear()

    def _services(self, s: int, station: Station, comes: bool, walks: bool) -> None:
        """Write the service times as the class of arrival, and by bike or on foot, without the part for men."""
        service_row, foot_row = self.plan.service_row[s], self.plan.foot_row[s]
        if comes:
            self.group.write(service_row, self.group.logged(self.plan.stations[s], self._service(s, station, self.cls)))
            for k in range(self.plan.rounds if self.plan.again_row[s] != NOWHERE else 0):
                self.group.write(self.plan.again_row[s] + k, self._service(s, station, self.cls, f"/again {k + 1}"))
        if walks and not (comes and foot_row == service_row):
            on_foot = self._service(s, station, "foot")
            if self.group.by_bike.any():
                on_foot = np.where(self.group.by_bike, self._service(s, station, "bike"), on_foot)
            self.group.write(foot_row, on_foot)
        self._people(s, station, comes and station.law_of(self.cls).one_by_one is not None)

    def _people(self, s: int, station: Station, as_they_came: bool) -> None:
        """Write the services of people who are served one by one, as the class of arrival, and by bike or on foot."""
        plan, group = self.plan, self.group
        if as_they_came:
            group.write_people(plan.person_row[s], self._of_each(s, station, self.cls))
            for k in range(plan.rounds if plan.person_again_row[s] != NOWHERE else 0):
                group.write_people(plan.person_again_row[s] + k, self._of_each(s, station, self.cls, f"/again {k + 1}"))
        if walks_one_by_one(self.crossing, station, self.cls):
            foot, bike = (self._of_each(s, station, mode) for mode in ON_FOOT)
            group.write_people(plan.person_foot_row[s], np.where(np.repeat(group.by_bike, group.people), bike, foot))

    def _of_each(self, s: int, station: Station, cls: ClassName, again: str = "") -> Floats:
        """Return the seconds of each person's service, those of a party one after the other."""
        law, group = station.law_of(cls).one_by_one, self.group
        number = int(group.people.sum())
        if law is None:
            return np.zeros(number)
        rng = group.rng(f"service/{self.plan.stations[s]}{again}/one_by_one")
        return self._scaled(station, draw_durations(law, rng, number), group.people)

    def _service(self, s: int, station: Station, cls: ClassName, again: str = "") -> Floats:
        """Return the seconds of each party's service as class `cls`; classes with the same law have the same draws."""
        law, purpose = station.law_of(cls), f"service/{self.plan.stations[s]}{again}"
        seconds = self.group.durations(purpose, law.party)
        if law.person is not None:
            seconds = seconds + self.group.durations(f"{purpose}/person", law.person, self.group.people)
        return self._scaled(station, seconds)

    def _scaled(self, station: Station, seconds: Floats, people: Ints | None = None) -> Floats:
        """Return services multiplied by the factors of all conditions that hold for each party.

        With `people`, they are those of each person.
        """
        names = traits_of(self.group.scenario)
        for condition, factor in station.scale_service.items():
            holds = self.group.tape.traits[self.group.place] & mask(names, [condition]) != 0
            holds = holds if people is None else np.repeat(holds, people)
            seconds = np.where(holds, seconds * factor, seconds)
        return seconds

    def _aside(self, s: int, aside: SentAside | None, cls: ClassName) -> None:
        """Write a chance below SENT_BELOW for each party that is sent aside, for every time it is at the station."""
        group, begin, rounds = self.group, self.plan.aside_row[s], self.plan.rounds
        if aside is None or (group.has_choice and ("chances", begin) not in group.unwritten):
            return  # nobody is, or it is written already, for another crossing
        names, share = traits_of(group.scenario), np.full(group.size, aside.share.get(cls, aside.share.get("any", 0.0)))
        for condition in filter(is_condition, reversed(aside.share)):
            holds = group.tape.traits[group.place] & mask(names, [condition]) != 0
            share = np.where(holds, aside.share[condition], share)
        for k in range(rounds + 1):
            chance = group.chance(begin + k, f"aside/{self.plan.stations[s]}/{k}")
            chance += 1.0 - share
            chance *= SENT_BELOW

    def _refusals(self, row: int, name: str, refusal: Refusal, u: Floats) -> None:
        """Write the staff time of refusals, for parties whose `u` is in a range in which some are refused."""
        seconds = np.zeros(self.group.size)
        changes = self.crossing.changes
        most = max((change.refusal or 0.0 for change in changes if name in (change.stations or ())), default=0.0)
        most = max(most, refusal.probability)
        for low, high in pairwise(REFUSAL_RANGES):
            if low < most:
                rows = np.flatnonzero((u >= low) & (u < high))
                rng = self.group.rng(f"refusal/{name}/{high}")
                seconds[rows] = draw_durations(refusal.service_time, rng, len(rows))
        self.group.write(row, seconds)

    def _leaving(self) -> None:
        """Write the rows of the main queue."""
        plan, group, behaviour = self.plan, self.group, self.crossing.behaviour.get(self.cls)
        if behaviour is None:
            return
        if behaviour.balk:
            group.chance(plan.balk_row, "balk")
        if behaviour.bypass:
            group.chance(plan.bypass_row, "bypass")
        for w, way in enumerate(WAYS):
            if plan.has_clock(self.x, group.scenario.streams.index(self.cls), w):
                group.write(plan.clock_row[w], group.durations(way, STANDARD), HAZARD_UNIT)
                if way == "change_mode" and behaviour.change_mode:
                    group.write(plan.walk_row, group.durations("walk", behaviour.change_mode.takes))
