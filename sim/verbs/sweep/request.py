"""The request for a sweep, from options or a file, and how it is carried out from the first point to the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sim.errors import SimError
from sim.measures.names import HEADLINES, Key, check_total
from sim.paths import possible
from sim.play import engines
from sim.play.cache import nothing_lost
from sim.play.posterior import read_posterior, untold
from sim.play.request import Progress, Request, silent
from sim.scenario.checks.warnings import warning_lines
from sim.scenario.model.sweep import SweepFile
from sim.scenario.text.load_sweep import read_sweep
from sim.verbs.sweep import files as sweep_results
from sim.verbs.sweep.constraints import Constraint, check_bound, measure_key, measure_parts, read_constraint
from sim.verbs.sweep.designs import GRID, Design, from_posterior, make_design, product_design, read_axis
from sim.verbs.sweep.precheck import check_settings
from sim.verbs.sweep.search import Answer, Question, find_setting, read_question
from sim.verbs.sweep.sensitivity import Sensitivity, sobol_sensitivity
from sim.verbs.sweep.study import Base, ExecutionOptions, Sweep, SweepData, read_base

DEFAULT_POINTS = 64
"""Points of a design that chooses its own."""


@dataclass(frozen=True)
class SweepRequest:
    """A sweep that is ready to be carried out in `folder`: a `design`, or a question (`find`)."""

    base: Base
    design: Design | None
    find: Question | None
    request: Request
    execution: ExecutionOptions
    folder: Path
    measures: tuple[str, ...]
    thresholds: tuple[str, ...]

    @property
    def manifest_design(self) -> Design:
        """The design that the manifest names. The points of a search are known only at its end."""
        if self.design is not None:
            return self.design
        return Design(self.find.text if self.find else "", (), ())

    def bounds(self, known: Sequence[Key]) -> tuple[Constraint, ...]:
        """Return the thresholds, whose measures must be among `known`. Raises SimError."""
        return tuple(read_constraint(text, known) for text in self.thresholds)

    def keys(self, known: Sequence[Key], bounds: Sequence[Constraint]) -> tuple[Key, ...]:
        """Return the measures to show: the requested ones and those of `bounds`, else the headlines. Raises SimError.

        `known` are the measures of a play.
        """
        requested = [measure_key(text, known) for text in self.measures] + [bound.key for bound in bounds]
        headlines = [key for quantity, scope in HEADLINES for key in known if key[1:] == (quantity, scope)]
        return tuple(dict.fromkeys(requested or headlines))

    def check_measures(self, known: Sequence[Key]) -> None:
        """Raise SimError if a requested measure or threshold is not among `known`."""
        self.keys(known, self.bounds(known))


@dataclass(frozen=True)
class SweepAnalysis:
    """The results of a sweep: `keys` are the measures to show, `files` the names of the tables written.

    `sensitivities` has one entry per measure of a sensitivity design, `answer` the result of a search. `warnings` are
    those of the points played that the base does not have, the first at each path.
    """

    sweep: SweepData
    keys: tuple[Key, ...] = ()
    bounds: tuple[Constraint, ...] = ()
    sensitivities: tuple[Sensitivity, ...] = ()
    answer: Answer | None = None
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SweepOptions:
    """The options of `sim sweep`; `sim.sweep` describes each.

    An option that is None has the value of the sweep file; one that is a tuple is added to that of the sweep file.
    """

    over: tuple[str, ...] = ()
    design: str | None = None
    points: int | None = None
    posterior: int | None = None
    point: bool = False
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


def read_sweep_request(path: Path, options: SweepOptions, tell: Callable[[str], None] = untold) -> SweepRequest:
    """Read a scenario or a sweep file; `options` take precedence over the file. Raises SimError.

    `tell` is called with a sentence if the file of a posterior is missing.
    """
    spec = read_sweep(path) or SweepFile(scenario=str(path))
    find = options.find or spec.find or ""
    overs = (*spec.overs, *options.over)
    vectors = options.posterior or spec.posterior
    if find and (overs or vectors):
        raise SimError("--find names its own lever; it excludes --over and --posterior")
    if vectors and (options.point or spec.point):
        raise SimError("--posterior and --point exclude each other")
    sampled = False if options.point or spec.point else None
    sets, intervene = (*spec.sets, *options.sets), (*spec.intervene, *options.intervene)
    base = read_base(spec.scenario, sets, intervene, sampled, tell)
    seed = options.seed if options.seed is not None else spec.seed
    for text in overs:
        base.levers.check(read_axis(text).lever)
    for text in (*spec.measure, *options.measure):
        check_total(measure_parts(text)[1])
    for text in (*spec.threshold, *options.threshold):
        check_bound(text)
    question = _question(find, base) if find else None
    design = None
    if question is None:
        kind, points = options.design or spec.design, options.points or spec.points or DEFAULT_POINTS
        axes = [read_axis(text) for text in overs]
        levers = None
        if axes or not vectors:
            levers = make_design(kind, axes, points, base.loaded.scenario.seed if seed is None else seed)
            check_settings(base.levers, levers)
        design = _with_posterior(base, levers, vectors) if vectors else levers
    return SweepRequest(
        base=base,
        design=design,
        find=question,
        request=Request(
            options.replications or spec.replications,
            seed=seed,
            engine=options.engine,
            workers=options.workers,
        ),
        execution=ExecutionOptions(options.on, options.fail_fast, options.retry_failed),
        folder=_folder(base, design, options.out),
        measures=(*spec.measure, *options.measure),
        thresholds=(*spec.threshold, *options.threshold),
    )


def _folder(base: Base, design: Design | None, out: Path | None) -> Path:
    """Return the folder of a sweep. Raises SimError if no folder can have the name."""
    if out is not None:
        return possible(out)
    return sweep_results.default_folder(base, design.levers if design else ("find",))


def _question(text: str, base: Base) -> Question:
    """Return the question of `--find`, having checked the ends of its range."""
    question = read_question(text, base)
    ends = tuple((question.axis.values[n],) for n in (0, -1))
    check_settings(base.levers, Design("find", (question.axis.lever,), ends), "--find")
    return question


def _with_posterior(base: Base, levers: Design | None, count: int) -> Design:
    """Return `count` vectors of the posterior as points, combined with a grid of `levers` if there is one."""
    if levers is not None and levers.kind != GRID:
        raise SimError(f"--posterior goes with a grid, not with --design {levers.kind}")
    sample = base.posterior or read_posterior(base.source, base.levers.sets, base.levers.intervene)
    vectors = from_posterior(sample.names, sample.values, sample.units, count)
    return vectors if levers is None else product_design(vectors, levers)


def carry_out(sweep_request: SweepRequest, command_line: str | None, progress: Progress = silent) -> SweepAnalysis:
    """Play what is missing and write the tables, each point as soon as it is finished. Raises SimError."""
    folder, design = sweep_request.folder, sweep_request.manifest_design
    cache = folder / sweep_results.CACHE
    with Sweep(
        sweep_request.base, sweep_request.request, cache, sweep_request.execution, sweep_request.check_measures
    ) as sweep:
        sweep_results.write_manifest(folder, sweep, design, command_line)
        answer = find_setting(sweep, sweep_request.find, progress) if sweep_request.find else None
        data = answer.data if answer else sweep.play(design, progress)
        for name in dict.fromkeys(sweep.cache.damaged):
            progress.warn(f"{name} was damaged and removed; its replications were played again")
    analysis = _analysis(sweep_request, data, answer)
    sensitivities = analysis.sensitivities
    more = {sweep_results.INDICES: sweep_results.sensitivity_table(sensitivities)} if sensitivities else {}
    with nothing_lost():
        sweep_results.write(folder, data, more)
    files = (sweep_results.MANIFEST, sweep_results.TABLE, sweep_results.SUMMARY, sweep_results.FAILED, *more)
    loaded = sweep_request.base.loaded
    known = {line.partition(": ")[0] for line in warning_lines(loaded.scenario, loaded.interventions, loaded.applied)}
    warnings = tuple(line for path, line in sweep.warnings.items() if path not in known)
    return replace(analysis, files=files, warnings=warnings)


def _analysis(sweep_request: SweepRequest, data: SweepData, answer: Answer | None) -> SweepAnalysis:
    known = next((totals.keys for totals in data.totals if totals is not None), ())
    if not known:
        return SweepAnalysis(data, answer=answer)
    bounds = (*sweep_request.bounds(known), *((answer.constraint,) if answer else ()))
    keys = sweep_request.keys(known, bounds)
    sensitivities = tuple(sobol_sensitivity(data, key) for key in keys) if data.design.size else ()
    return SweepAnalysis(data, keys, bounds, sensitivities, answer)
