"""A comparison: several scenarios played on the same tapes, and what differs from the first, the base.

What comes out depends on scenarios, seed and number of replications alone, as with a run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np

from sim.arrays import Floats
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.errors import SimError
from sim.measures.estimates import Estimates, Estimator, included
from sim.measures.names import ALL, LISTED, TOTALS, Key
from sim.measures.replication import Measures
from sim.measures.reports import Observation, Observer
from sim.paths import is_file
from sim.play import engines
from sim.play.memory import check_series
from sim.play.one import Subject
from sim.play.posterior import Posterior, posterior_of, untold
from sim.play.provenance import Source
from sim.play.request import Progress, Request, silent
from sim.play.workers import Crew
from sim.scenario.model.scenario import Scenario
from sim.scenario.text import load_scenario as read
from sim.scenario.text.load_scenario import Loaded
from sim.suggest import did_you_mean
from sim.verbs.compare.pairing import PlayAll, ReplicationData, Tables, days_of, wait_steps
from sim.verbs.compare.statistics import Difference, Ranking, paired, rank
from sim.verbs.run.study import check

KeyCheck = Callable[[Sequence[Sequence[Key]]], None]
"""Called after the first replication with the totals of every scenario; raises SimError if one is missing."""

HIGHER_IS_BETTER = ("crossed_",)
"""Beginnings of the quantities of which the highest total is best; for all others it is the lowest."""


def accept_all(keys: Sequence[Sequence[Key]]) -> None:
    """Accept any totals."""


@dataclass(frozen=True)
class Variant:
    """A scenario of a comparison: `label` is unique in the comparison, `source` is the argument it was read from."""

    label: str
    source: str
    loaded: Loaded = field(repr=False)
    plan: Plan = field(repr=False)
    posterior: Posterior | None = field(default=None, repr=False)

    @property
    def scenario(self) -> Scenario:
        """The scenario; with a `posterior`, the one with the fitted values."""
        return self.loaded.scenario


@dataclass(frozen=True)
class ComparisonData:
    """The results of a comparison; the first variant is the base.

    `totals` has an array (replications, keys) for each variant. `groups` and `pairs` (replications, variants, X, C,
    D + 1, columns) and `waits` (replications, variants, X, C + 1, steps) are as in `pairing`, `transitions`
    (replications, variants, states, states) as in `transitions`. `series_differences` has, for each variant but the
    base, estimates of the paired differences of its series from the base's. `request` has no defaults left.
    """

    variants: tuple[Variant, ...]
    request: Request
    estimates: tuple[Estimates, ...] = field(repr=False)
    series_differences: tuple[Estimates, ...] = field(repr=False)
    keys: tuple[tuple[Key, ...], ...] = field(repr=False)
    totals: tuple[Floats, ...] = field(repr=False)
    groups: Floats = field(repr=False)
    pairs: Floats = field(repr=False)
    waits: Floats = field(repr=False)
    transitions: Floats = field(repr=False)
    reported: tuple[Observation, ...] = field(repr=False)
    started_at: datetime
    wall_s: float

    @property
    def base(self) -> Variant:
        """The scenario that the others are compared with."""
        return self.variants[0]

    @property
    def sampled(self) -> tuple[str, ...]:
        """The labels of the scenarios whose parameters are drawn from a posterior in every replication."""
        return tuple(variant.label for variant in self.variants if variant.posterior)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the scenarios, the base first."""
        return tuple(variant.label for variant in self.variants)

    @property
    def crossings(self) -> tuple[str, ...]:
        """The names of the crossings, the same in all scenarios."""
        return self.base.plan.crossings

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of groups and waits: the streams by number, and `all`."""
        return (*self.base.scenario.streams, ALL)

    @property
    def interval_includes(self) -> str:
        """What intervals and bands include: 'chance only', or 'chance and parameters'."""
        return included(bool(self.sampled))

    @property
    def has_network(self) -> bool:
        """Whether the scenarios have origins, whose travellers choose between crossings."""
        return bool(self.base.plan.origins)

    @property
    def replications(self) -> int:
        """The number of replications of each scenario."""
        return len(self.groups)

    @property
    def days(self) -> list[datetime]:
        """Local midnights of the days of arrival; one more group holds those who are waiting at the start."""
        return days_of(self.base.scenario, self.base.plan)

    @property
    def wait_steps(self) -> Floats:
        """The waits (h) at which the distribution of waits is known."""
        return wait_steps(self.base.plan) / 3_600_000

    @cached_property
    def differences(self) -> tuple[list[Difference], ...]:
        """The paired differences of the totals that a variant and the base both have, for each variant but the base."""
        base = {key: k for k, key in enumerate(self.keys[0])}
        family = len(self.variants) - 1
        differences = []
        for keys, totals in zip(self.keys[1:], self.totals[1:], strict=True):
            common = [(key, base[key], k) for k, key in enumerate(keys) if key in base]
            names, there, here = zip(*common, strict=True)
            differences.append(paired(names, self.totals[0][:, there], totals[:, here], family))
        return tuple(differences)

    def ranking(self, quantity: str, scope: str, highest: bool | None = None) -> list[Ranking]:
        """Rank the scenarios by a total, at every crossing that has it. Raises SimError if there is none.

        `highest` says whether the highest total is the best; the default is what is better for those who cross.
        """
        if highest is None:
            highest = quantity.startswith(HIGHER_IS_BETTER)
        columns = [{key: k for k, key in enumerate(keys)} for keys in self.keys]
        rankings = []
        for key in common_totals(self.keys, quantity, scope):
            values = [totals[:, column[key]] for totals, column in zip(self.totals, columns, strict=True)]
            rankings.append(rank(key, np.stack(values, axis=1), highest))
        return rankings


def common_totals(keys: Sequence[Sequence[Key]], quantity: str, scope: str) -> list[Key]:
    """Return the totals of this name that all scenarios have, one per crossing. Raises SimError if there is none."""
    common = set.intersection(*map(set, keys))
    matching = [key for key in keys[0] if key in common and key[1:] == (quantity, scope)]
    if not matching:
        raise SimError(_no_total(quantity, scope, common))
    return matching


def _no_total(quantity: str, scope: str, keys: set[Key]) -> str:
    quantities = sorted({key.quantity for key in keys})
    if quantity not in quantities:
        where = " in every scenario" if quantity in TOTALS else ""
        suggestion = did_you_mean(quantity, quantities)
        return f"there is no measure {quantity!r}{where}{suggestion}; {LISTED}"
    scopes = sorted({key.scope for key in keys if key.quantity == quantity})
    return f"{quantity} has no scope {scope!r}{did_you_mean(scope, scopes)}; its scopes are {', '.join(scopes)}"


def read_variants(
    base: str, others: Sequence[str], *, posterior: bool | None = None, tell: Callable[[str], None] = untold
) -> tuple[Variant, ...]:
    """Read the scenarios of a comparison, the base first: `FILE` or `FILE+INTERVENTION+...`.

    `+INTERVENTION` alone is the base with this intervention; `posterior` is as in `sim.load`; `tell` is called with a
    sentence on each posterior whose file is missing. Raises ScenarioError, or SimError if the base is no file.
    """
    file, names = _parts(base)
    if not file:
        raise SimError(
            f"{base}: the first scenario is the base and must be a file; +NAME is the base with an intervention"
        )
    variants: list[Variant] = []
    lacks: set[str] = set()
    for text in (base, *others):
        own, interventions = _parts(text)
        if not own:
            own, interventions = file, (*names, *interventions)
        loaded = read.load(own, (), interventions)
        sample = posterior_of(own, (), interventions, posterior, lacks.add)
        name = "" if variants and own == file and interventions else loaded.scenario.name
        label = _label(name, interventions, [variant.label for variant in variants])
        variants.append(Variant(label, text, loaded, lower(loaded.scenario), sample))
    for sentence in sorted(lacks):
        tell(sentence)
    return tuple(variants)


def variant_of(loaded: Loaded, source: Source, posterior: Posterior | None, taken: Sequence[str]) -> Variant:
    """Return a variant of a scenario loaded before; its label is none of those `taken`."""
    label = _label(loaded.scenario.name, source.interventions, taken)
    return Variant(label, source.source, loaded, lower(loaded.scenario), posterior)


def _parts(text: str) -> tuple[str, tuple[str, ...]]:
    """Return file and interventions of 'FILE+a+b'. If a file of that very name exists, it has no interventions."""
    if is_file(Path(text)):
        return text, ()
    file, *names = text.split("+")
    return file, tuple(name.strip() for name in names)


def _label(name: str, interventions: Sequence[str], taken: Sequence[str]) -> str:
    """Return a label that is not taken, made of the scenario's name (which may be '') and its interventions."""
    plain = "+".join(part for part in (name, *interventions) if part)
    candidates = [plain, *(f"{plain}_{n}" for n in range(2, len(taken) + 3))]
    return next(label for label in candidates if label not in taken)


def _check_comparable(base: Variant, other: Variant) -> None:
    """Raise SimError if two scenarios differ in clock, crossings, classes or origins."""
    a, b = base.scenario, other.scenario
    clocks = [(f"clock.{name}", getattr(a.clock, name), getattr(b.clock, name)) for name in type(a.clock).model_fields]
    sets = [(name, ", ".join(getattr(a, name)), ", ".join(getattr(b, name))) for name in ("crossings", "classes")]
    there, here = (", ".join(each.network.origins if each.network else ()) for each in (a, b))
    sets.append(("network.origins", there, here))
    mismatches = [f"{name} ({here} instead of {there})" for name, there, here in (*clocks, *sets) if there != here]
    if base.posterior and other.posterior and not _same_sample(base.posterior, other.posterior):
        mismatches.append("the posterior of their parameters (--point compares the fitted values)")
    if mismatches:
        raise SimError(f"{other.label} cannot be compared with {base.label}: they differ in {'; '.join(mismatches)}")


def _same_sample(a: Posterior, b: Posterior) -> bool:
    if a.values.shape[0] != b.values.shape[0]:
        return False
    columns = dict(zip(a.names, a.values.T, strict=True))
    return all(np.array_equal(columns[n], v) for n, v in zip(b.names, b.values.T, strict=True) if n in columns)


def compare(
    variants: Sequence[Variant], request: Request, progress: Progress = silent, check_keys: KeyCheck = accept_all
) -> ComparisonData:
    """Play all scenarios on the same tapes, with the base's seed and replications unless `request` has others.

    Raises SimError if there are fewer than two variants, the engine or the workers fail, or `check_keys` does.
    """
    if len(variants) < 2:
        raise SimError("a comparison needs a base and at least one other scenario")
    for variant in variants[1:]:
        _check_comparable(variants[0], variant)
    started_at, began = datetime.now(UTC), time.perf_counter()
    base = variants[0].scenario
    for variant in variants:
        check(variant.scenario)
    count = request.replications or base.replications
    request = replace(
        request,
        seed=base.seed if request.seed is None else request.seed,
        engine=engines.ready(request.engine),
        replications=count,
    ).staffed(count * len(variants), count)
    subjects = tuple(Subject(each.scenario, each.plan, each.posterior) for each in variants)
    collector = _Collector(variants)
    progress(0, count)
    with Crew(
        PlayAll(subjects, request.engine, request.seed or 0), request.workers or 1, threads=request.threads
    ) as crew:
        for done, replication in enumerate(crew.results(range(count)), 1):
            collector.add(replication)
            if done == 1:
                check_keys(collector.keys)
                check_series(base.name, collector.memory(count))
            progress(done, count)
    return collector.result(request, started_at, began)


class _Collector:
    """Collects replications in their order."""

    def __init__(self, variants: Sequence[Variant]) -> None:
        self.variants = tuple(variants)
        clock = variants[0].scenario.clock
        self.estimators = [Estimator(clock) for _ in variants]
        self.difference_estimators = [Estimator(clock) for _ in variants[1:]]
        posterior = variants[0].posterior
        self.observer = Observer(variants[0].scenario, posterior.discrepancy if posterior else 0.0)
        self.tables: list[tuple[Tables, ...]] = []
        self.totals: list[list[list[float]]] = [[] for _ in variants]
        self.keys: list[tuple[Key, ...]] = []

    def add(self, replication: tuple[ReplicationData, ...]) -> None:
        """Add one replication of every scenario."""
        if not self.keys:
            self.keys = [tuple(each.measures.totals) for each in replication]
        base = replication[0].measures
        self.observer.add(replication[0].observed)
        for n, each in enumerate(replication):
            self.estimators[n].add(each.measures)
            self.totals[n].append(list(each.measures.totals.values()))
            if n:
                series = each.measures.series
                changes = {key: values - base.series[key] for key, values in series.items() if key in base.series}
                self.difference_estimators[n - 1].add(Measures(base.at, changes, {}))
        self.tables.append(tuple(each.tables for each in replication))

    def memory(self, replications: int) -> float:
        """Return about how many bytes the series of so many replications take."""
        return sum(each.memory(replications) for each in (*self.estimators, *self.difference_estimators))

    def result(self, request: Request, started_at: datetime, began: float) -> ComparisonData:
        """Return the data of the comparison; `began` is the reading of the performance counter at the start."""
        estimates = tuple(each.result() for each in self.estimators)
        return ComparisonData(
            variants=self.variants,
            request=request,
            estimates=estimates,
            series_differences=tuple(each.result() for each in self.difference_estimators),
            keys=tuple(self.keys),
            totals=tuple(np.array(rows) for rows in self.totals),
            **{
                name: np.array([[getattr(each, name) for each in row] for row in self.tables])
                for name in Tables._fields
            },
            reported=self.observer.result(estimates[0]),
            started_at=started_at,
            wall_s=time.perf_counter() - began,
        )
