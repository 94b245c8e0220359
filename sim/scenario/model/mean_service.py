"""The mean service of a party at a station, over people, men and traits."""

from __future__ import annotations

from math import prod

from sim.scenario.model.laws import ServiceTime, mean_people
from sim.scenario.model.road import PartyClass
from sim.scenario.model.scenario import Crossing
from sim.scenario.model.station import Station
from sim.scenario.model.traits import WHEN, trait_of


def mean_service_s(station: Station, law: ServiceTime, party: PartyClass) -> float:
    """Return the mean service (s) of a party of a class by one of the station's laws, if every man is checked."""
    mean = mean_people(party.people)
    per_person = law.each.mean_s if law.each else 0.0
    per_man = law.man.mean_s if law.man else 0.0
    return _mean_factor(station, party) * (law.party.mean_s + mean * (per_person + party.men_share * per_man))


def takes_exactly(crossing: Crossing, name: str) -> bool:
    """Return whether all services of a station take the same time during the whole run."""
    station = crossing.stations[name]
    laws = list(station.service_time.values())
    only = laws[0].party if laws else None
    same = all(law == laws[0] and not (law.each or law.man or law.one_by_one) for law in laws)
    varies = crossing.changes or station.scale_service or station.pace or station.lightened or station.refusal
    return same and not varies and only is not None and only.family == "deterministic"


def _mean_factor(station: Station, party: PartyClass) -> float:
    """Return the mean of the factors of `scale_service`; the traits of a party are independent of each other."""

    def factor(trait: str, has: bool) -> float:
        rows = station.scale_service.items()
        return prod(f for condition, f in rows if trait_of(condition) == trait and condition.startswith(WHEN) == has)

    return prod(
        share * factor(trait, True) + (1 - share) * factor(trait, False) for trait, share in party.traits.items()
    )
