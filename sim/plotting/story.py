"""A result as pictures and tables use it: series and totals by name, reported figures, and texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from sim.arrays import Bools, Floats
from sim.engine.plan import Plan
from sim.measures.bounds import share_of_joined
from sim.measures.estimates import CHANCE_ONLY, Band, Estimate, Estimates
from sim.measures.names import ALL, LONGEST_QUOTE, OTHERS, VEHICLES, Key, by_way
from sim.measures.nights import Night, night_hour, nights_of
from sim.measures.reports import Observation, in_suitable_unit, short_amount
from sim.measures.servers import named
from sim.plotting.rail import Event, events, origins_of
from sim.scenario.model.mean_service import takes_exactly
from sim.scenario.model.network import Origin
from sim.scenario.model.reported import Reported
from sim.scenario.model.scenario import Clock, Crossing, Scenario
from sim.units import to_figures

LONGEST_SHORT = f"≥ {LONGEST_QUOTE // 24} d"
"""The longest wait that is quoted, as shown in a table."""
LOST = 1e-9
"""Share of an interval that is lost to rounding, not cut."""
LEAST_SAID = 1e-3
"""Numbers nearer to 0 are only said to be smaller than this."""
LEAST_BLOCKED = 0.01
"""Share of its time for which a station is blocked that is told."""
LEAST_RELIEF = 4.0
"""Hours of waiting below which nobody plans relief: nights at the border and drinking water are not shown."""
LEAST_LENGTH = 0.05
"""Kilometres of road below which the longest queue is not drawn."""
NOTHING = Estimate(**{field.name: float("nan") for field in fields(Estimate)})


@dataclass(frozen=True)
class Shown:
    """A reported figure with the modelled value."""

    row: Reported
    observation: Observation


@dataclass(frozen=True)
class Implied:
    """The outflow implied by a reported queue and a reported wait of the same classes and window."""

    queue: Shown
    wait: Shown

    @property
    def rate(self) -> float:
        """Parties per hour that leave the queue."""
        return self.queue.observation.reported / self.wait.observation.reported


@dataclass(frozen=True)
class Story:
    """One crossing of a result. Instants are days since 1970 in UTC, as matplotlib counts dates."""

    scenario: Scenario
    plan: Plan
    estimates: Estimates
    observations: tuple[Observation, ...]
    crossing: str
    posterior_note: str = ""
    other_events: tuple[Event, ...] | None = None

    @property
    def events(self) -> list[Event]:
        """The dated events of the rail: those of the scenario, or `other_events` if given."""
        if self.other_events is not None:
            return list(self.other_events)
        return events(self.scenario, self.crossing, bool(self.posterior_note))

    @property
    def place(self) -> Crossing:
        """The description of the crossing."""
        return self.scenario.crossings[self.crossing]

    @property
    def title(self) -> str:
        """The displayed name of the crossing."""
        return self.place.title or self.crossing.replace("_", " ")

    @cached_property
    def zone(self) -> ZoneInfo:
        """Time zone of the scenario's clock."""
        return ZoneInfo(self.scenario.clock.timezone)

    @cached_property
    def at(self) -> Floats:
        """Points of the series (T,), days."""
        return self.day(self.scenario.clock.t0) + self.estimates.at / 86_400_000

    @property
    def limits(self) -> tuple[float, float]:
        """Begin of the series and horizon, days."""
        return self.day(self.scenario.clock.counted_from), self.day(self.scenario.clock.horizon)

    def day(self, instant: datetime) -> float:
        """Return a local instant without offset as days since 1970 in UTC."""
        return instant.replace(tzinfo=self.zone).timestamp() / 86400

    def day_of(self, day: date) -> float:
        """Return the beginning of a local day as days since 1970 in UTC."""
        return self.day(datetime(day.year, day.month, day.day))

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that arrive at this crossing, in the usual order."""
        place = self.place
        coming = {*place.demand, *(name for name, waiting in place.initial_queue.items() if waiting.parties)}
        coming |= self.scenario.begin_at(self.crossing).keys()
        coming |= {place.destination.travels_as.get(cls, cls) for origin in self.origins for cls in origin.demand}
        for behaviour in place.behaviour.values():
            coming |= set(behaviour.change_mode.to) if behaviour.change_mode else set()
        return tuple(name for name in self.scenario.class_numbers if name in coming)

    @property
    def vehicles(self) -> tuple[str, ...]:
        """Classes of vehicles that arrive at this crossing."""
        return tuple(name for name in self.classes if name in self.scenario.vehicles)

    @property
    def origins(self) -> list[Origin]:
        """Origins from which people can reach this crossing."""
        return [origin for origin, _ in origins_of(self.scenario, self.crossing)]

    @property
    def by_road(self) -> bool:
        """Whether the queue has a length on a road: false if only walkers arrive in a network, as at an airport."""
        return self.scenario.network is None or self.scope == VEHICLES

    @property
    def scope(self) -> str:
        """Scope whose queue is shown: vehicles, or all parties if no vehicles arrive."""
        return VEHICLES if self.vehicles else ALL

    @property
    def stations(self) -> tuple[str, ...]:
        """Stations in order."""
        return tuple(self.place.stations)

    def number(self, station: str) -> int:
        """Return the number of a station in the plan; that of a pool is after all stations."""
        return named(self.plan).index((self.crossing, station))

    def ended(self, event: str, scope: str = ALL) -> float:
        """Return the share with an end ('unfinished', 'reneged') of the parties of a class that joined; NaN if none."""
        means = {key: total.mean for key, total in self.estimates.totals.items()}
        return share_of_joined(means, self.crossing, event, scope)

    def is_bound(self, quantity: str, scope: str = ALL) -> bool:
        """Return whether a total is only a lower bound, because the horizon cuts what it measures."""
        if quantity == "service_per_visit" and takes_exactly(self.place, scope.partition(":")[2]):
            return False
        return Key(self.crossing, quantity, scope) in self.estimates.lower_bounds

    @cached_property
    def nights(self) -> list[Night]:
        """The nights with who is stuck; none where the scenario has no night hour, or waits are short."""
        return nights_of(self.estimates, self.crossing) if self.needs_relief else []

    @property
    def needs_relief(self) -> bool:
        """Whether waits are long enough for relief: the longest of those who crossed, or the mean of all who came."""
        return needs_relief(lambda quantity: self.total(quantity).mean)

    @property
    def night_hour(self) -> str:
        """The local hour at which the nights are counted; '' if there is none."""
        return night_hour(self.scenario.relief) if self.scenario.relief else ""

    def band(self, quantity: str, scope: str = ALL) -> Band | None:
        """Return a series; None if there is none or it has no values."""
        band = self.estimates.series.get(Key(self.crossing, quantity, scope))
        return band if band is not None and bool(np.isfinite(band.mean).any()) else None

    def lower_bound(self, name: str) -> Floats:
        """The mean wait so far where some of those who joined still wait, (T,), h; NaN elsewhere.

        Also NaN where it falls: those who joined later have been seen for less time, which says nothing of their wait.
        It begins at the last point before, so that its line goes on from the one of those who all crossed.
        """
        virtual = self.band("virtual_wait", name)
        if virtual is None:
            return np.full(len(self.at), np.nan)
        return _bound(virtual, self.band("wait", name), self.censored(name))

    def censored(self, name: str) -> Bools:
        """Return the points (T,) at which some parties of a class joined that are still waiting at the horizon.

        The mean wait of the others is too short there.
        """
        band = self.estimates.series.get(Key(self.crossing, "virtual_wait_censored", name))
        return np.zeros(len(self.at), dtype=np.bool_) if band is None else np.nan_to_num(band.mean) > 0

    @property
    def has_length(self) -> bool:
        """Whether there is a queue with a length on the road, or one that is reported."""
        return self.by_road and (
            bool(self.shown("queue_length")) or self.total("max_queue_length").mean >= LEAST_LENGTH
        )

    def total(self, quantity: str, scope: str = ALL) -> Estimate:
        """Return a total, with NaN for all numbers if there is none."""
        return self.estimates.totals.get(Key(self.crossing, quantity, scope), NOTHING)

    def shown(self, *quantities: str, validation: bool = False) -> list[Shown]:
        """Return the reported figures used for `quantities` (default: all), ordered by window.

        With `validation` also those that are never fitted.
        """
        wanted = ("used", "validation") if validation else ("used",)
        observations = {observation.id: observation for observation in self.observations}
        rows = [
            Shown(row, observations[row.id])
            for row in self.scenario.reported
            if row.crossing == self.crossing
            and row.status in wanted
            and row.id in observations
            and (not quantities or row.quantity in quantities)
        ]
        return sorted(rows, key=lambda shown: (shown.row.from_, shown.row.until, shown.row.id))

    def shown_on(self, scope: str, quantity: str) -> list[Shown]:
        """Return the reported figures that a line of `scope` is about, ordered by window."""
        return [shown for shown in self.shown(quantity) if is_about(self, shown.row, scope)]

    def implied(self) -> list[Implied]:
        """Return the outflows from the queue implied by reported figures of the whole queue, ordered by window."""
        pairs = [(queue, wait) for queue in self.shown("queue") for wait in self.shown("quoted_wait")]
        return [
            Implied(queue, wait)
            for queue, wait in pairs
            if set(queue.row.classes) == set(wait.row.classes)
            and (queue.row.from_, queue.row.until) == (wait.row.from_, wait.row.until)
            and queue.row.within is None
            and wait.observation.reported > 0
        ]

    @property
    def how(self) -> str:
        """Text on the number of replications, what differs between them, and the end of a warm-up."""
        count = self.estimates.replications
        replications = "one replication" if count == 1 else f"mean and 5–95 % band of {count} replications"
        basis = self.posterior_note or (CHANCE_ONLY if count > 1 else "")
        clock = self.scenario.clock
        since = f"; counted after the warm-up, from {clock.counted_from:%H:%M} on {long_day(clock.counted_from)}"
        return (f"{replications}, {basis}" if basis else replications) + (since if clock.warm_up else "")

    @property
    def spread(self) -> str:
        """The text for the poster, where the band is also written in brackets."""
        return self.how.replace(" band of", " (shaded, in brackets) of")


def _bound(virtual: Band, lived: Band | None, censored: Bools) -> Floats:
    """Return the lower bound; it begins at the end of the line of those who all crossed, unless it is below that."""
    so_far = np.where(censored, virtual.mean, np.nan)
    bound = np.where(so_far >= np.fmax.accumulate(so_far), so_far, np.nan)
    if lived is None:
        return bound
    joins = np.append(np.isfinite(bound[1:]) & ~censored[:-1] & (bound[1:] >= lived.mean[:-1]), False)
    return np.where(joins, lived.mean, bound)


def window(row: Reported) -> str:
    """Return the window of a reported figure: '25 Sep', '19–25 Sep', '28 Sep–2 Oct'."""
    first, last = row.from_, max(row.from_, row.until - timedelta(minutes=1))
    if first.date() == last.date():
        return f"{first.day} {first:%b}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {last:%b}"
    return f"{first.day} {first:%b}–{last.day} {last:%b}"


def long_day(instant: datetime) -> str:
    """Return '2 June'."""
    return f"{instant.day} {instant:%B}"


def week(scope: str, clock: Clock) -> str:
    """Return '19–25 Sep' for the ISO week '2022-W38', '10–16 Oct (part)' if the run does not cover it."""
    first = date.fromisocalendar(int(scope[:4]), int(scope[-2:]), 1)
    last = first + timedelta(days=6)
    end = datetime(last.year, last.month, last.day) + timedelta(days=1)
    part = clock.counted_from.date() > first or clock.horizon < end
    begin = f"{first.day} {first:%b}" if first.month != last.month else f"{first.day}"
    return f"{begin}–{last.day} {last:%b}{' (part)' if part else ''}"


def source_line(shown: Shown) -> str:
    """Return the source of a figure: author, date and publication."""
    row = shown.row
    return f"{shown.observation.label}, {window(row)}: {row.who} ({row.source}, {row.date})"


def modelled(observation: Observation) -> str:
    """Return the value of the model for a figure, with its 5-95 % band: '12,200 [9,100–17,600]', '57 h'."""
    if observation.quantity == "quoted_wait" and observation.mean >= LONGEST_QUOTE:
        return LONGEST_SHORT
    factor, _ = in_suitable_unit(observation.mean, observation.unit)
    low, high = factor * observation.p05, factor * observation.p95
    band = f" [{rounded(low)}–{rounded(high)}]" if low < high else ""
    value = short_amount(to_figures(factor * observation.mean) / factor, observation.unit)
    return f"{at_least(value) if observation.at_least else value}{band}"


def outwards_per_day(shown: Shown) -> float:
    """Return a reported flow as its daily mean in the modelled direction."""
    row, reported = shown.row, shown.observation.reported * shown.row.outbound
    if row.statistic == "sum":
        return reported / ((row.until - row.from_).total_seconds() / 86400)
    return reported * (24 if shown.observation.unit.endswith("/h") else 1)


def others(story: Story) -> tuple[str, ...]:
    """Return the classes on foot and by bike that arrive at a crossing."""
    return tuple(name for name in story.classes if name not in story.vehicles)


def is_about(story: Story, row: Reported, scope: str) -> bool:
    """Return whether a line of `scope` shows what a figure counts: the same classes, of the whole queue."""
    ours, together = set(story.classes), {ALL: story.classes, VEHICLES: story.vehicles, OTHERS: others(story)}
    return row.within is None and set(row.classes) & ours == set(together.get(scope, (scope,))) & ours


def in_one_day(story: Story) -> str:
    """Return one sentence on the vehicles across on the day of the longest queue; '' if this is not known."""
    every, main, bypass = (
        story.total("crossed_parties_longest_day", scope).mean
        for scope in (VEHICLES, by_way("car", "main"), by_way("car", "bypass"))
    )
    if not (np.isfinite(every) and main > 0):
        return ""
    ways = f"{whole(main)} cars from the main queue" + (f" and {whole(bypass)} by the bypass" if bypass > 0 else "")
    return f"On the day of the longest queue, {whole(every)} vehicles per hour cross, including {ways}."


def at_least(text: str) -> str:
    """Return a value as a lower bound."""
    return text if text == "-" else f"≥ {text}"


def rounded(value: float) -> str:
    """Return a measured number, three figures from 10 and two below: '152,000', '3,420', '36.5', '8.7'."""
    if not np.isfinite(value):
        return "-"
    if 0 < abs(value) < LEAST_SAID:
        return f"<{LEAST_SAID:g}"
    return f"{to_figures(value):,.0f}" if abs(value) >= 100 else f"{to_figures(value):g}"


def plus_minus(half: float) -> str:
    """Return the half-width of an interval to two figures, as a suffix of a number: ' ± 120'; '' if unknown."""
    return f" ± {float(f'{half:.2g}'):,g}" if np.isfinite(half) else ""


def interval(estimate: Estimate, scale: float = 1.0, most: float = np.inf) -> str:
    """Return half the 95 % interval of a mean, '± 120', or both its ends if it is cut, '(0–18,000)'; '' if unknown.

    It is cut at 0 and at `most`, the largest possible value; all numbers are multiplied by `scale`.
    """
    low, high = estimate.low, min(estimate.high, most)
    if estimate.mean - low < (1 - LOST) * estimate.half_width or high < estimate.high:
        return f"({rounded(scale * low)}–{rounded(scale * high)})"
    return plus_minus(scale * estimate.half_width).lstrip()


def whole(value: float) -> str:
    """Return a number of people or vehicles to three figures, without decimals."""
    return rounded(value) if abs(value) >= 100 or not np.isfinite(value) else f"{value:.0f}"


def between(estimate: Estimate) -> str:
    """Return the 5-95 % band of a count; '' if all replications agree or there is only one."""
    low, high = whole(estimate.p05), whole(estimate.p95)
    return "" if low == high or not np.isfinite(estimate.low) else f"{low}–{high}"


def needs_relief(total: Callable[[str], float]) -> bool:
    """Return whether waits are long enough for relief, by the `total` of a quantity."""
    came = total("arrived_people") + total("initial_people")
    mean = total("person_hours_waited") / came if came > 0 else 0.0
    return total("wait_max") >= LEAST_RELIEF or mean >= LEAST_RELIEF
