"""What a sweep was asked, from options or a file, and how it is carried out from the first point to the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim import store
from sim.errors import SimError
from sim.measures.names import HEADLINES, Key
from sim.play import engines
from sim.play.cache import nothing_lost
from sim.play.posterior import read_posterior
from sim.play.request import Progress, Request, silent
from sim.scenario.model.sweep import SweepFile
from sim.scenario.text.load_sweep import read_sweep
from sim.verbs.sweep import files as sweep_results
from sim.verbs.sweep.constraints import Constraint, constraint, measure_key
from sim.verbs.sweep.designs import GRID, Design, axis, crossed, design, from_posterior
from sim.verbs.sweep.precheck import check_settings
from sim.verbs.sweep.search import Answer, Question, question, search
from sim.verbs.sweep.sensitivity import Sensitivity, sensitivity
from sim.verbs.sweep.study import Base, Manner, Sweep, Swept, base

POINTS = 64


@dataclass(frozen=True)
class Asked:
    """A sweep that is ready to be carried out in `folder`: a `design`, or a question (`find`)."""

    base: Base
    design: Design | None
    find: Question | None
    request: Request
    manner: Manner
    folder: Path
    measures: tuple[str, ...]
    thresholds: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a sweep found: `keys` are the measures to be shown, `files` what was written."""

    swept: Swept
    keys: tuple[Key, ...]
    bounds: tuple[Constraint, ...]
    indices: tuple[Sensitivity, ...]
    answer: Answer | None
    files: tuple[str, ...]


@dataclass(frozen=True)
class SweepOptions:
    """The options of `sim sweep`; those of a sweep file count where one is None, and are added to where it is a tuple.

    See `sim.sweep` for each.
    """

    over: tuple[str, ...] = ()
    design: str | None = None
    points: int | None = None
    posterior: int | None = None
    find: str | None = None
    measure: tuple[str, ...] = ()
    threshold: tuple[str, ...] = ()
    out: Path | None = None
    sets: tuple[str, ...] = ()
    intervene: tuple[str, ...] = ()
    replications: int | None = None
    seed: int | None = None
    engine: str = engines.DEFAULT
    workers: int | None = None
    on: str | None = None
    fail_fast: bool = False
    retry_failed: bool = False


def asked(path: Path, options: SweepOptions) -> Asked:
    """Return what is asked by a scenario or a sweep file with `options`, which come first. Raises SimError."""
    spec = read_sweep(path) or SweepFile(scenario=str(path))
    find = options.find or spec.find or ""
    overs = (*spec.overs, *options.over)
    sets, intervene = (*spec.sets, *options.sets), (*spec.intervene, *options.intervene)
    if find and (overs or spec.posterior or options.posterior):
        raise SimError("--find names its lever itself: --over and --posterior have no place beside it")
    start = base(spec.scenario, sets, intervene)
    seed = options.seed if options.seed is not None else spec.seed
    request = Request(
        options.replications or spec.replications, seed=seed, engine=options.engine, workers=options.workers
    )
    manner = Manner(options.on, options.fail_fast, options.retry_failed)
    chosen = looked_for = None
    for text in overs:
        start.levers.check(axis(text).lever)
    if find:
        looked_for = question(find, start)
        ends = (looked_for.axis.values[0], looked_for.axis.values[-1])
        check_settings(start.levers, Design("find", (looked_for.axis.lever,), tuple((end,) for end in ends)), "--find")
    else:
        drawn = options.posterior or spec.posterior
        kind, points = options.design or spec.design, options.points or spec.points or POINTS
        chosen = _design(start, overs, kind, points, drawn, start.loaded.scenario.seed if seed is None else seed)
    folder = options.out or sweep_results.default_folder(start, chosen.levers if chosen else ("find",))
    measures, thresholds = (*spec.measure, *options.measure), (*spec.threshold, *options.threshold)
    return Asked(start, chosen, looked_for, request, manner, folder, measures, thresholds)


def _design(start: Base, overs: Sequence[str], kind: str, points: int, drawn: int | None, seed: int) -> Design:
    swept = design(kind, [axis(text) for text in overs], points, seed) if overs or not drawn else None
    if swept is not None:
        check_settings(start.levers, swept)
    if not drawn:
        if swept is None:
            raise AssertionError("without levers there is no design")
        return swept
    if swept is not None and kind != GRID:
        raise SimError(f"--posterior goes with a grid, not with --design {kind}")
    sample = read_posterior(Path(start.source), start.levers.sets, start.levers.intervene)
    vectors = from_posterior(sample.names, sample.values, sample.units, drawn)
    return vectors if swept is None else crossed(vectors, swept)


def carry_out(told: Asked, command_line: str | None, progress: Progress = silent) -> Found:
    """Play what is missing and write the tables, each point as soon as it is finished. Raises SimError."""

    def look(there: Sequence[Key]) -> None:
        _shown(told, there)

    with Sweep(told.base, told.request, told.folder / sweep_results.KEPT, told.manner, look) as sweep:
        sweep_results.write_manifest(told.folder, sweep, _planned(told), command_line)
        answer = search(sweep, told.find, progress) if told.find else None
        swept = answer.swept if answer else sweep.play(_planned(told), progress)
        for name in dict.fromkeys(sweep.cache.damaged):
            progress.say(f"{name} was damaged and removed; what it held was computed again")
    there = next((found.keys for found in swept.found if found is not None), ())
    keys, bounds = _shown(told, there, answer)
    indices = tuple(sensitivity(swept, key) for key in keys) if swept.design.size else ()
    more = {sweep_results.INDICES: _indices(indices)} if indices else {}
    with nothing_lost():
        sweep_results.write(told.folder, swept, more)
    files = (sweep_results.MANIFEST, sweep_results.TABLE, sweep_results.SUMMARY, sweep_results.FAILED, *more)
    return Found(swept, keys, bounds, indices, answer, files)


def _planned(told: Asked) -> Design:
    """Return what the manifest names; which points a search plays is known at its end."""
    if told.design is not None:
        return told.design
    return Design(told.find.text if told.find else "", (), ())


def _shown(
    told: Asked, there: Sequence[Key], answer: Answer | None = None
) -> tuple[tuple[Key, ...], tuple[Constraint, ...]]:
    """Return the measures that are shown, of those there are, and the bounds drawn with them. Raises SimError."""
    if not there:
        return (), ()
    bounds = tuple(constraint(text, there) for text in told.thresholds)
    bounds += (answer.constraint,) if answer else ()
    keys = [measure_key(text, there) for text in told.measures] + [bound.key for bound in bounds]
    headline = [key for quantity, scope in HEADLINES for key in there if key[1:] == (quantity, scope)]
    return tuple(dict.fromkeys(keys or headline)), bounds


def _indices(found: Sequence[Sensitivity]) -> store.Columns:
    rows = [
        (*one.key, lever, one.ranges[d], kind, index.value, index.low, index.high)
        for one in found
        for d, lever in enumerate(one.levers)
        for kind, index in (("first order", one.first[d]), ("total", one.total[d]))
    ]
    names = (*Key._fields, "lever", "range", "index", "value", "low", "high")
    return {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
