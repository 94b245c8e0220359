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
from sim.measures.estimates import Estimates, Estimator
from sim.measures.names import TOTALS, Key
from sim.measures.replication import Measures
from sim.measures.reports import Comparison, Observer
from sim.play import engines
from sim.play.one import Subject
from sim.play.posterior import Posterior, read_posterior
from sim.play.provenance import Source
from sim.play.request import Progress, Request, silent
from sim.play.workers import Crew
from sim.scenario.model.scenario import Scenario
from sim.scenario.text import load_scenario as read
from sim.scenario.text.load_scenario import Loaded
from sim.suggest import did_you_mean
from sim.verbs.compare.pairing import Kept, PlayAll, days_of, wait_steps
from sim.verbs.compare.statistics import Difference, Ranking, paired, rank
from sim.verbs.run.study import check

Look = Callable[[Sequence[Sequence[Key]]], None]
"""Called with the totals of every scenario after the first replication; raises SimError where it needs another."""

HIGHER_IS_BETTER = ("crossed_",)
"""How the quantities begin of which the highest total is the best; of the others it is the lowest."""


def content(keys: Sequence[Sequence[Key]]) -> None:
    """Need no total in particular."""


@dataclass(frozen=True)
class Contender:
    """A scenario that takes part: `label` tells it from the others, `source` is how it was asked for."""

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
class Compared:
    """What a comparison found; the first contender is the base.

    `totals` are (replications, keys of that contender); `groups` and `pairs` (replications, contenders, X, C, D + 1,
    columns), `waits` (replications, contenders, X, C + 1, steps) as in `pairing`, `moves` (replications, contenders,
    states, states) as in `moves`. `apart` has, for every contender but
    the base, the difference of its series from the base's as estimates. `request` is complete.
    """

    contenders: tuple[Contender, ...]
    request: Request
    estimates: tuple[Estimates, ...] = field(repr=False)
    apart: tuple[Estimates, ...] = field(repr=False)
    keys: tuple[tuple[Key, ...], ...] = field(repr=False)
    totals: tuple[Floats, ...] = field(repr=False)
    groups: Floats = field(repr=False)
    pairs: Floats = field(repr=False)
    waits: Floats = field(repr=False)
    moves: Floats = field(repr=False)
    reported: tuple[Comparison, ...] = field(repr=False)
    started_at: datetime
    wall_s: float

    @property
    def base(self) -> Contender:
        """The scenario that the others are held against."""
        return self.contenders[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """What the scenarios are called, the base first."""
        return tuple(contender.label for contender in self.contenders)

    @property
    def replications(self) -> int:
        """How many replications every scenario was played."""
        return len(self.groups)

    @property
    def days(self) -> list[datetime]:
        """Local midnights of the days on which people came; one more group holds those there at the start."""
        return days_of(self.base.scenario, self.base.plan)

    @property
    def wait_steps(self) -> Floats:
        """The waits (h) at which their distribution is known."""
        return wait_steps(self.base.plan) / 3_600_000

    @cached_property
    def differences(self) -> tuple[list[Difference], ...]:
        """The differences of every total that both have, for every contender but the base."""
        base = {key: k for k, key in enumerate(self.keys[0])}
        found = []
        for keys, totals in zip(self.keys[1:], self.totals[1:], strict=True):
            common = [(key, base[key], k) for k, key in enumerate(keys) if key in base]
            names, there, here = zip(*common, strict=True)
            found.append(paired(names, self.totals[0][:, there], totals[:, here], len(self.contenders) - 1))
        return tuple(found)

    def ranking(self, quantity: str, scope: str, highest: bool | None = None) -> list[Ranking]:
        """Rank the scenarios by a total, at every crossing that has it. Raises SimError if there is none.

        Left out, `highest` is what is better for those who want to cross.
        """
        if highest is None:
            highest = quantity.startswith(HIGHER_IS_BETTER)
        columns = [{key: k for k, key in enumerate(keys)} for keys in self.keys]
        named = in_all(self.keys, quantity, scope)
        values = {key: [t[:, c[key]] for t, c in zip(self.totals, columns, strict=True)] for key in named}
        return [rank(key, np.stack(found, axis=1), highest) for key, found in values.items()]


def in_all(keys: Sequence[Sequence[Key]], quantity: str, scope: str) -> list[Key]:
    """Return the totals of that name that all scenarios have, a crossing each. Raises SimError if there is none."""
    common = set.intersection(*map(set, keys))
    named = [key for key in keys[0] if key in common and key[1:] == (quantity, scope)]
    if not named:
        raise SimError(_no_total(quantity, scope, common))
    return named


def _no_total(quantity: str, scope: str, keys: set[Key]) -> str:
    quantities = sorted({key.quantity for key in keys})
    if quantity not in quantities:
        missing = " in every scenario" if quantity in TOTALS else ""
        return (
            f"there is no total {quantity!r}{missing}{did_you_mean(quantity, quantities)}; docs/measures.md lists them"
        )
    scopes = sorted({key.scope for key in keys if key.quantity == quantity})
    return f"{quantity} has no scope {scope!r}{did_you_mean(scope, scopes)}; its scopes are {', '.join(scopes)}"


def gather(base: str, others: Sequence[str], *, from_posterior: bool = False) -> tuple[Contender, ...]:
    """Read the scenarios of a comparison, the base first: `FILE` or `FILE+INTERVENTION+...`.

    `+INTERVENTION` alone stands for the base with it. Raises ScenarioError, or SimError if they cannot be compared.
    """
    file, names = _parts(base)
    if not file:
        raise SimError(
            f"{base}: the first scenario is the base, a file; +NAME stands for the base with an intervention"
        )
    found: list[Contender] = []
    for text in (base, *others):
        own, interventions = _parts(text)
        if not own:
            own, interventions = file, (*names, *interventions)
        loaded = read.load(own, (), interventions)
        posterior = read_posterior(Path(own), (), interventions) if from_posterior else None
        name = "" if found and own == file and interventions else loaded.scenario.name
        label = _label(name, interventions, [each.label for each in found])
        found.append(Contender(label, text, loaded, lower(loaded.scenario), posterior))
    return tuple(found)


def contender_of(loaded: Loaded, source: Source, posterior: Posterior | None, taken: Sequence[str]) -> Contender:
    """Return a scenario that was loaded before as one that takes part; its label is none of those `taken`."""
    label = _label(loaded.scenario.name, source.interventions, taken)
    return Contender(label, source.source, loaded, lower(loaded.scenario), posterior)


def _parts(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the file and the interventions of 'FILE+a+b'; a file whose own name has a plus is found first."""
    if Path(text).is_file():
        return text, ()
    file, *names = text.split("+")
    return file, tuple(name.strip() for name in names)


def _label(name: str, interventions: Sequence[str], taken: Sequence[str]) -> str:
    """Return a label that none has yet, made of the scenario's name (which may be '') and its interventions."""
    plain = "+".join(part for part in (name, *interventions) if part)
    numbered = [plain, *(f"{plain}_{n}" for n in range(2, len(taken) + 3))]
    return next(label for label in numbered if label not in taken)


def _comparable(base: Contender, other: Contender) -> None:
    """Raise SimError if two scenarios are not about the same time, place and classes."""
    a, b = base.scenario, other.scenario
    clocks = [(f"clock.{name}", getattr(a.clock, name), getattr(b.clock, name)) for name in type(a.clock).model_fields]
    sets = [(name, ", ".join(getattr(a, name)), ", ".join(getattr(b, name))) for name in ("crossings", "classes")]
    there, here = (", ".join(each.network.origins if each.network else ()) for each in (a, b))
    sets.append(("network.origins", there, here))
    differ = [f"{name} ({here} in place of {there})" for name, there, here in (*clocks, *sets) if there != here]
    if base.posterior and other.posterior and not _same_sample(base.posterior, other.posterior):
        differ.append("the posterior that their parameters come from")
    if differ:
        raise SimError(f"{other.label} cannot be compared with {base.label}: they differ in {'; '.join(differ)}")


def _same_sample(a: Posterior, b: Posterior) -> bool:
    if a.values.shape[0] != b.values.shape[0]:
        return False
    columns = dict(zip(a.names, a.values.T, strict=True))
    return all(np.array_equal(columns[n], v) for n, v in zip(b.names, b.values.T, strict=True) if n in columns)


def compare(
    contenders: Sequence[Contender], request: Request, progress: Progress = silent, look: Look = content
) -> Compared:
    """Play all scenarios on the same tapes, with the base's seed and replications unless `request` says others.

    Raises SimError if there are fewer than two, the engine or the workers fail, or `look` does so.
    """
    if len(contenders) < 2:
        raise SimError("a comparison needs a base and at least one other scenario")
    for other in contenders[1:]:
        _comparable(contenders[0], other)
    started_at, began = datetime.now(UTC), time.perf_counter()
    base = contenders[0].scenario
    for contender in contenders:
        check(contender.scenario)
    count = request.replications or base.replications
    request = replace(
        request,
        seed=base.seed if request.seed is None else request.seed,
        engine=engines.ready(request.engine),
        replications=count,
    )
    request = replace(request, workers=request.processes(count * len(contenders), count))
    subjects = tuple(Subject(each.scenario, each.plan, each.posterior) for each in contenders)
    gathered = _Gathered(contenders)
    progress(0, count)
    with Crew(PlayAll(subjects, request.engine, request.seed or 0), request.workers or 1) as crew:
        for done, kept in enumerate(crew.results(range(count)), 1):
            gathered.add(kept)
            if done == 1:
                look(gathered.keys)
            progress(done, count)
    return gathered.result(request, started_at, began)


class _Gathered:
    """Replications as they come, in their order."""

    def __init__(self, contenders: Sequence[Contender]) -> None:
        self.contenders = tuple(contenders)
        clock = contenders[0].scenario.clock
        self.own = [Estimator(clock) for _ in contenders]
        self.apart = [Estimator(clock) for _ in contenders[1:]]
        self.observer = Observer(contenders[0].scenario)
        self.kept: list[tuple[Kept, ...]] = []
        self.totals: list[list[list[float]]] = [[] for _ in contenders]
        self.keys: list[tuple[Key, ...]] = []

    def add(self, kept: tuple[Kept, ...]) -> None:
        """Take one replication of every scenario."""
        if not self.keys:
            self.keys = [tuple(each.measures.totals) for each in kept]
        base = kept[0].measures
        self.observer.add(kept[0].observed)
        for n, each in enumerate(kept):
            self.own[n].add(each.measures)
            self.totals[n].append(list(each.measures.totals.values()))
            if n:
                series = each.measures.series
                apart = {key: values - base.series[key] for key, values in series.items() if key in base.series}
                self.apart[n - 1].add(Measures(base.at, apart, {}))
        empty = Measures(base.at, {}, {})
        self.kept.append(tuple(each._replace(measures=empty) for each in kept))

    def result(self, request: Request, started_at: datetime, began: float) -> Compared:
        """Return what was found."""
        groups, pairs, waits, moves = (
            np.array([[getattr(each, name) for each in row] for row in self.kept])
            for name in ("groups", "pairs", "waits", "moves")
        )
        return Compared(
            self.contenders, request, tuple(each.result() for each in self.own),
            tuple(each.result() for each in self.apart), tuple(self.keys),
            tuple(np.array(rows) for rows in self.totals), groups, pairs, waits, moves, self.observer.result(),
            started_at, time.perf_counter() - began,
        )  # fmt: skip
