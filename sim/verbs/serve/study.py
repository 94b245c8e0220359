"""What the page plays: one replication at once, then more, of a scenario with its settings."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sim.arrays import Floats
from sim.engine.draw.tape_from import draw
from sim.engine.tape import Tape
from sim.errors import SimError
from sim.measures.estimates import Estimate, Estimates, Estimator, totals_estimates
from sim.measures.headline import Headline, headlines_of
from sim.measures.names import Key
from sim.measures.replication import Measures, measure, measure_queues
from sim.measures.reports import Observation, Observer, observed_values
from sim.play.engines import player
from sim.play.memory import enough_memory
from sim.play.one import Played, Subject
from sim.scenario.checks.limits import parties_by_class
from sim.verbs.serve.base import Base, Variant
from sim.verbs.serve.lever import Value

SHOWN = frozenset(
    (
        *("queue", "queue_people", "queue_length", "in_lots", "virtual_wait", "virtual_wait_censored"),
        *("crossed_people", "servers", "servers_in_service", "utilisation"),
    )
)
"""Series that the page shows; the others are not estimated."""
MOST_PARTIES = 1_000_000
"""Parties of a replication that the page plays; more take too long to wait for."""
MOST_REPLICATIONS = 200
MOST_TAPES = 2
MOST_KEPT = 64
"""Settings of which the totals of each replication are kept, to compare with."""
ENGINE = "compiled"


@dataclass
class Totals:
    """The headline measures of a setting by replication, and which they are."""

    of: tuple[Key, ...] = ()
    by_replication: dict[int, Floats] = field(default_factory=dict)


class Comparable:
    """The headline measures of each replication of the latest settings, so that two settings can be compared."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, Totals] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, base: Base, settings: Mapping[str, Value], *, sampled: bool) -> Totals:
        """Return the totals of a scenario with settings by replication; empty if it was not played."""
        key = (base.loaded.scenario_hash, tuple(sorted(settings.items())), sampled)
        with self._lock:
            totals = self._kept.setdefault(key, Totals())
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return totals


class FirstTapes:
    """The tapes of the first replication of the latest scenarios, for settings that leave all random numbers alone."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, Tape] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, base: Base, settings: Mapping[str, Value], variant: Variant) -> Tape:
        """Return the tape of the first replication of a scenario with settings."""
        drawn = {lever.id for lever in base.levers if lever.redraws}
        key = (base.loaded.scenario_hash, tuple(sorted(item for item in settings.items() if item[0] in drawn)))
        with self._lock:
            tape = self._kept.get(key)
        tape = tape or draw(variant.scenario, variant.plan, variant.scenario.seed, 0)
        with self._lock:
            self._kept[key] = tape
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_TAPES:
                self._kept.popitem(last=False)
        return tape


@dataclass(frozen=True)
class Kept:
    """What the page keeps of the settings that were played."""

    totals: Comparable = field(default_factory=Comparable)
    tapes: FirstTapes = field(default_factory=FirstTapes)


class Study:
    """The replications of one scenario with settings, as the page asks for them; they must be added in order."""

    def __init__(self, base: Base, settings: Mapping[str, Value], kept: Kept, *, sampled: bool = True) -> None:
        """Make the scenario ready. Raises ScenarioError, or SimError if it is too large to be played on a page."""
        self.variant: Variant = base.variant(settings)
        scenario = self.scenario = self.variant.scenario
        parties = sum(parties_by_class(scenario).values())
        if parties > MOST_PARTIES:
            much = f"about {parties:,.0f} parties a replication are too many for the page (limit {MOST_PARTIES:,})"
            raise SimError(f"{much}; download the scenario and use `sim run`")
        self.posterior = self.variant.posterior if sampled else None
        self.headlines: list[tuple[str, Headline]] = [
            (crossing, row) for crossing in scenario.crossings for row in headlines_of(scenario)
        ]
        self.totals = kept.totals.of(base, settings, sampled=sampled)
        self._tape = functools.partial(kept.tapes.of, base, settings, self.variant)
        self.totals.of = tuple(Key(crossing, row.quantity, row.scope) for crossing, row in self.headlines)
        self.restart()

    def restart(self) -> None:
        """Forget the replications that were added."""
        self._estimator = Estimator(self.scenario.clock)
        self._observer = Observer(self.scenario, self.posterior.discrepancy if self.posterior else 0.0)
        self.replications = 0

    def first(self) -> Played:
        """Play the first replication with the values of the file; only its queues are measured. Raises SimError."""
        scenario, plan = self.scenario, self.variant.plan
        with enough_memory(scenario):
            tape = self._tape()
            records = player(ENGINE)(plan, tape)
            return Played(scenario, plan, tape, records, measure_queues(scenario, plan, records, tape))

    def measured(self, played: Played) -> Played:
        """Return a replication with all its measures."""
        return played._replace(measures=measure(played.scenario, played.plan, played.records, played.tape))

    def play(self, replication: int) -> Played:
        """Play a replication, with its own parameters if there is a posterior. Raises SimError."""
        subject = Subject(self.scenario, self.variant.plan, self.posterior)
        return subject.play(self.scenario.seed, replication, ENGINE)

    def add(self, played: Played, *, compare: bool = True) -> None:
        """Add a replication to the estimates; `compare` keeps its headline measures to compare with."""
        measures = played.measures
        shown = {key: values for key, values in measures.series.items() if key.quantity in SHOWN}
        self._observer.add(observed_values(played.scenario, measures))
        self._estimator.add(Measures(measures.at, shown, measures.totals))
        if compare:
            values = [measures.totals.get(key, np.nan) for key in self.totals.of]
            self.totals.by_replication[self.replications] = np.array(values)
        self.replications += 1

    def result(self) -> tuple[Estimates, tuple[Observation, ...]]:
        """Return the estimates so far, and the reported figures as the model has them."""
        estimates = self._estimator.result()
        return estimates, self._observer.result(estimates)

    def differences(self, other: Totals) -> list[Estimate] | None:
        """Return the differences in the headline measures from other settings on the same random numbers.

        None with fewer than two replications of both, or if the scenarios have other measures.
        """
        mine, others = self.totals.by_replication, other.by_replication
        both = sorted(mine.keys() & others.keys())[: self.replications]
        if len(both) < 2 or self.totals.of != other.of:
            return None
        return totals_estimates(np.array([mine[n] - others[n] for n in both]))
