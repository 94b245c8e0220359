"""Assumptions of the scenario of a calibration, as ranges over the priors, with which the audit compares figures.

Each parameter is varied alone between the ends of its prior, with the others at the centre. A range extends from the
smallest to the largest value obtained. The model is not run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import exp, inf, nan

import numpy as np

from sim.engine.lower.apart import all_expected
from sim.engine.lower.arrivals import grid
from sim.errors import SimError
from sim.measures.road import in_one_file
from sim.scenario.model.calibration import Prior
from sim.scenario.model.instants import since_t0
from sim.scenario.model.laws import Law, ServiceTime, mean_people
from sim.scenario.model.reported import Reported
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.station import Station
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.verbs.audit.arithmetic import Range

NINETY = 1.645
"""Standard deviations on either side of the mean that contain 90 % of a normal law."""


def ends(prior: Prior) -> Range:
    """Return the centre of a prior with its ends: of a uniform one its bounds, of a normal one its 5 % and 95 % points.

    The ends of a normal prior are cut at its bounds. `loguniform` and `lognormal` are uniform and normal in the
    logarithm.
    """
    low, high = -inf if prior.low is None else prior.low, inf if prior.high is None else prior.high
    if prior.family == "normal":
        reach = NINETY * (prior.sd or 0.0)
        low, high = max(low, prior.centre - reach), min(high, prior.centre + reach)
    elif prior.family == "lognormal":
        factor = exp(NINETY * (prior.spread or 0.0))
        low, high = max(low, prior.centre / factor), min(high, prior.centre * factor)
    return Range(low, prior.centre, high)


def over_priors(loaded: LoadedCalibration) -> Assumed:
    """Return the scenario with every parameter at the centre of its prior, and with each alone at either end."""
    priors = {name: ends(parameter.prior) for name, parameter in loaded.calibration.parameters.items()}
    centres = {name: prior.mid for name, prior in priors.items()}
    varied = [{**centres, name: value} for name, prior in priors.items() for value in (prior.low, prior.high)]
    return Assumed(tuple(loaded.template.scenario(values, loaded.units) for values in (centres, *varied)))


@dataclass(frozen=True)
class Assumed:
    """One scenario under several values of its parameters; the first has every parameter at its centre."""

    scenarios: tuple[Scenario, ...]

    @property
    def middle(self) -> Scenario:
        """The scenario with every parameter at the centre of its prior."""
        return self.scenarios[0]

    def over(self, read: Callable[[Scenario], float]) -> Range:
        """Return the range of a number read from the scenario."""
        return Range.around(read(scenario) for scenario in self.scenarios)

    def outbound(self, row: Reported) -> Range:
        """Return how many went out for each one that `row` counts. Raises SimError if its outbound share is missing."""
        if row.directions == "both" and not row.outbound_share:
            raise SimError(f"reported figure {row.id!r} counts both directions; it needs an outbound_share above 0")
        return self.over(lambda scenario: _same(scenario, row).outbound)

    def reach(self, row: Reported) -> Range | None:
        """Return the distance from the border (km) within which `row` counts; None for no limit."""
        if row.within is None:
            return None
        return self.over(lambda scenario: (_same(scenario, row).within or nan) / 1000)

    def spacing(self, classes: tuple[str, ...]) -> Range:
        """Return the metres of a single file per vehicle, from the shortest class to the longest."""
        ranges = [self.over(partial(_spacing, name=name)) for name in classes]
        middle = sum(one.mid for one in ranges) / len(ranges)
        return Range(min(one.low for one in ranges), middle, max(one.high for one in ranges))

    def files(self, crossing: str, kilometres: float) -> Range:
        """Return the mean files abreast over the first `kilometres` of the road."""
        end = np.array(1000 * kilometres)
        return self.over(lambda s: float(in_one_file(s.crossings[crossing].road.stretches, end) / end))

    def capacity(self, crossing: str, name: str) -> Range:
        """Return the parties of class `name` per hour that can pass if only they are served; infinite for no limit."""
        return self.over(lambda scenario: _capacity(scenario, scenario.crossings[crossing], name))

    def people_each(self, people: Reported, parties: Reported) -> Range:
        """Return the people counted by `people` per party counted by `parties`.

        The mix of classes is that of the expected arrivals in the window of `parties`. NaN if none are expected.
        """
        mix = self._mix(parties.crossing, parties.from_, parties.until)
        return self.over(lambda scenario: _people_each(scenario, mix, people.classes, parties.classes))

    def _mix(self, crossing: str, begin: datetime, end: datetime) -> dict[str, float]:
        """Return the expected arrivals of every class in a window, with every parameter at its centre."""
        scenario = self.middle
        edges = grid(scenario)
        place = list(scenario.crossings).index(crossing)
        window = [since_t0(scenario.clock, instant) for instant in (begin, end)]
        total = all_expected(scenario, edges)[place]
        return {
            name: float(np.diff(np.interp(window, edges, total[c]))[0]) for name, c in scenario.class_numbers.items()
        }


def _same(scenario: Scenario, row: Reported) -> Reported:
    return next((other for other in scenario.reported if other.id == row.id), row)


def _spacing(scenario: Scenario, name: str) -> float:
    return next(described.spacing for cls, described in scenario.classes.items() if cls == name)


def _people(scenario: Scenario, name: str) -> float:
    return mean_people(next(described.people for cls, described in scenario.classes.items() if cls == name))


def _people_each(
    scenario: Scenario, mix: dict[str, float], counted: tuple[str, ...], parties: tuple[str, ...]
) -> float:
    number = sum(mix[name] for name in parties)
    people = sum(mix[name] * _people(scenario, name) for name in counted if mix[name])
    return people / number if number else nan


def _capacity(scenario: Scenario, place: Crossing, name: str) -> float:
    described = next((described for cls, described in scenario.classes.items() if cls == name), None)
    if described is None:
        return inf
    people, men = _people(scenario, name), described.men_share
    through = (station for station in place.stations.values() if name in station.serves and not station.only_sent_on)
    return min((_throughput(station, name, people, men * people) for station in through), default=inf)


def _throughput(station: Station, name: str, people: float, men: float) -> float:
    """Return the parties per hour that a station passes with its initial staff when it is never idle."""
    service = station.service_time.get(name) or station.service_time.get("any")
    release = station.release
    batches = release.size * 3600 / release.every if release else inf
    seconds = _seconds(service, people, men * (station.screening.intensity if station.screening else 1.0))
    return min(batches, station.staffing.servers * 3600 / seconds if seconds else inf)


def _seconds(service: ServiceTime | None, people: float, men: float) -> float:
    def mean(law: Law | None) -> float:
        return law.mean_s if law else 0.0

    return mean(service.party) + people * mean(service.each) + men * mean(service.man) if service else 0.0
