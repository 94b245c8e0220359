"""The Python interface: a function for every verb, each with a result that shows, tabulates, draws and saves itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.errors import SimError
from sim.experiment import FROM_DICT, as_texts, check_from_file, experiment_of
from sim.experiment import Experiment as Experiment
from sim.experiment import load as load
from sim.face_data import BacktestResult as BacktestResult
from sim.face_data import NowcastResult as NowcastResult
from sim.face_data import backtest as backtest
from sim.face_data import import_data as import_data
from sim.face_data import nowcast as nowcast
from sim.paths import possible
from sim.play import engines
from sim.play.request import Request
from sim.scenario.catalogue import list_scenarios
from sim.scenario.model.sweep import settings_text
from sim.scenario.resolve import SCENARIOS, file_named
from sim.scenario.text.load_calibration import known_until, read_calibration
from sim.verbs.audit.result import AuditResult
from sim.verbs.audit.study import audit as audit_figures
from sim.verbs.calibrate import files as calibration_files
from sim.verbs.calibrate.blocks import with_blocks
from sim.verbs.calibrate.findings import findings_of
from sim.verbs.calibrate.result import CalibrationResult
from sim.verbs.calibrate.study import calibrate as fit_parameters
from sim.verbs.calibrate.study import held_out as predict_held_out
from sim.verbs.catalogue.result import CatalogueResult
from sim.verbs.compare.result import Comparison
from sim.verbs.compare.study import Variant, read_variants, variant_of
from sim.verbs.compare.study import compare as compare_variants
from sim.verbs.intake.result import ImportResult as ImportResult
from sim.verbs.report.result import report as report
from sim.verbs.run.result import RunResult
from sim.verbs.serve.notebook import explore as explore
from sim.verbs.sweep.request import SweepOptions, carry_out, read_sweep_request
from sim.verbs.sweep.result import SweepResult
from sim.verbs.validate.result import ValidationResult
from sim.verbs.validate.study import validate as score_figures


def run(
    scenario: str | Path | Mapping[str, Any] | Experiment,
    *,
    sets: str | Sequence[str] = (),
    intervene: str | Sequence[str] = (),
    posterior: bool | None = None,
    replications: int | None = None,
    precision: float | None = None,
    seed: int | None = None,
    engine: str = engines.DEFAULT,
    workers: int | None = None,
    replicates: bool = False,
) -> RunResult:
    """Play a scenario many times and estimate its measures. Nothing is written.

    Parameters
    ----------
    scenario, sets, intervene, posterior
        See `load`. With what `load` returned, the other three must be left out.
    replications
        Number of replications; the scenario's own if left out.
    precision
        Share, such as 0.05: add replications until the 95 % intervals of the headline measures are within this share of
        their means.
    seed
        Random seed; the scenario's own if left out.
    engine
        'compiled' or 'reference'; both give identical results.
    workers
        Number of processes; it does not change the result.
    replicates
        Keep totals, series and reported figures of every replication, as tables of the result.

    Returns
    -------
    RunResult
        Estimates, reported figures beside them, tables and pictures.

    Raises
    ------
    SimError
        If a value is impossible or the scenario cannot be played.
    """
    experiment = experiment_of(scenario, sets, intervene, posterior)
    return experiment.run(
        replications, precision=precision, seed=seed, engine=engine, workers=workers, replicates=replicates
    )


def compare(
    base: str | Path | Mapping[str, Any] | Experiment,
    *others: str | Path | Mapping[str, Any] | Experiment,
    posterior: bool | None = None,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = engines.DEFAULT,
    workers: int | None = None,
) -> Comparison:
    """Play scenarios on the same random numbers and estimate their differences from the base. Nothing is written.

    Parameters
    ----------
    base, others
        Paths or catalogue names, each perhaps with interventions ('FILE+NAME'; '+NAME' is the base with NAME), dicts,
        or what `load` returned.
    posterior
        As in `load`; every scenario that draws from a posterior has the same parameters in a replication.
    replications, seed, engine, workers
        See `run`; the defaults are those of the base.

    Returns
    -------
    Comparison
        Paired differences with intervals, tables and pictures.

    Raises
    ------
    SimError
        If the scenarios cannot be compared or played.
    """
    request = Request(replications, None, seed, engine, workers)
    return Comparison(compare_variants(_variants(base, others, posterior), request))


def sweep(
    scenario: str | Path | Experiment,
    over: Mapping[str, Any] | Sequence[str] = (),
    *,
    out: str | Path | None = None,
    design: str | None = None,
    points: int | None = None,
    posterior: int | None = None,
    point: bool = False,
    find: str | None = None,
    measure: str | Sequence[str] = (),
    threshold: str | Sequence[str] = (),
    sets: str | Sequence[str] = (),
    intervene: str | Sequence[str] = (),
    replications: int | None = None,
    seed: int | None = None,
    engine: str = engines.DEFAULT,
    workers: int | None = None,
    on: str | None = None,
    fail_fast: bool = False,
    retry_failed: bool = False,
    pictures: bool = False,
) -> SweepResult:
    """Play a scenario at many points of its levers. Every finished point is stored in a folder and never played twice.

    Parameters
    ----------
    scenario
        A path, a catalogue name, a sweep file, or what `load` returned for a file.
    over
        Levers and their values: {path: values}, with an iterable (list, range, array) or a text such as '12:36:4' for
        the values, or a sequence of texts such as 'path=12:36:4'.
    out
        Folder of the sweep; `results/SCENARIO/sweep-LEVERS` if left out.
    design, points
        How points are chosen ('grid', 'one-at-a-time', 'lhs', 'sobol', 'sensitivity'), and how many.
    posterior
        Number of vectors of the fitted posterior that become points.
    point
        Play the fitted values alone; else each replication has its own parameters from the posterior, if there is one.
    find
        A question instead of a design: 'path=LOW:HIGH such that wait.p90 < 6 h'.
    measure, threshold
        Measures to show, and bounds such as 'wait.p90 < 6 h' to draw.
    sets, intervene, replications, seed, engine, workers
        See `run`.
    on
        Address of a running cluster, 'dask://HOST:PORT'.
    fail_fast, retry_failed
        Stop at the first point that fails; play points again that failed before.
    pictures
        Draw and store the pictures at once.

    Returns
    -------
    SweepResult
        The totals of every point, tables and pictures.

    Raises
    ------
    SimError
        If a lever or value is impossible, or the folder cannot be written.
    """
    sets, intervene = as_texts(sets), as_texts(intervene)
    if isinstance(scenario, Experiment):
        sets, intervene = (*scenario.source.sets, *sets), (*scenario.source.interventions, *intervene)
        point = point or (scenario.posterior is None and posterior is None)
        scenario = _file_to_sweep(scenario)
    if not isinstance(scenario, str | Path):
        raise SimError(
            f"a sweep needs a path, a catalogue name or what sim.load returned; got {type(scenario).__name__}"
        )
    options = SweepOptions(
        over=_overs(over),
        design=design,
        points=points,
        posterior=posterior,
        point=point,
        find=find,
        measure=as_texts(measure),
        threshold=as_texts(threshold),
        out=None if out is None else Path(out),
        sets=sets,
        intervene=intervene,
        replications=replications,
        seed=seed,
        engine=engine,
        workers=workers,
        on=on,
        fail_fast=fail_fast,
        retry_failed=retry_failed,
    )
    task = read_sweep_request(Path(scenario), options)
    result = SweepResult(carry_out(task, None), task.folder)
    result.finish(pictures=pictures)
    return result


def _overs(over: Mapping[str, Any] | Sequence[str]) -> tuple[str, ...]:
    """Return levers with their values as they are written after --over."""
    if isinstance(over, Mapping):
        return tuple(f"{path}={settings_text(values)}" for path, values in over.items())
    return as_texts(over)


def _file_to_sweep(experiment: Experiment) -> str:
    """Return the path or name from which a scenario was loaded. Raises SimError if a sweep would not be of the same."""
    check_from_file(experiment.source.source)
    return experiment.source.source


def calibrate(
    calibration: str | Path,
    *,
    held_out: bool = False,
    until: str | None = None,
    seed: int | None = None,
    engine: str = engines.DEFAULT,
    workers: int | None = None,
    cache: str | Path | None = None,
) -> CalibrationResult:
    """Fit the parameters of a calibration file to its reported figures.

    Parameters
    ----------
    calibration
        A path or a catalogue name.
    held_out
        Also predict every fitted figure from the others, and the figures of each day and kind.
    until
        A local date or instant such as '2022-09-25': figures whose window ends later are not fitted, only predicted.
    seed, engine, workers
        See `run`.
    cache
        Folder in which every play is stored and found again; `results/calibration/NAME/evaluations` if left out.

    Returns
    -------
    CalibrationResult
        The posterior, every figure beside what the model says for it, tables and pictures.

    Raises
    ------
    SimError
        If the file has problems, or the posterior does not pass the checks.
    """
    loaded = known_until(read_calibration(calibration), until)
    request = Request(seed=seed, engine=engine, workers=workers)
    folder = calibration_files.evaluation_folder(loaded.path) if cache is None else possible(Path(cache))
    fit = fit_parameters(loaded, request, cache=folder)
    predictions = predict_held_out(fit, request, cache=folder) if held_out else ()
    findings = findings_of(fit, predictions)
    return CalibrationResult(with_blocks(findings) if held_out else findings)


def validate(
    calibration: str | Path,
    *,
    everything: bool = False,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = engines.DEFAULT,
    workers: int | None = None,
) -> ValidationResult:
    """Score the model, and naive forecasts, on the figures of a calibration file that no fit has used.

    Parameters
    ----------
    calibration
        A path or a catalogue name.
    everything
        Also score the fitted figures; this is no test of the model.
    replications
        Number of replications, each with its own parameters from the posterior; 200 if left out.
    seed, engine, workers
        See `run`.

    Returns
    -------
    ValidationResult
        Scores by figure and over all figures, tables and a picture.

    Raises
    ------
    SimError
        If the file has problems, or there is no figure to score.
    """
    loaded = read_calibration(calibration, validation=True)
    request = Request(replications, seed=seed, engine=engine, workers=workers)
    return ValidationResult(score_figures(loaded, request, everything=everything))


def audit(calibration: str | Path) -> AuditResult:
    """Say which reported figures of a calibration file can hold at the same time, without running the model.

    Parameters
    ----------
    calibration
        A path or a catalogue name.

    Returns
    -------
    AuditResult
        The findings in sentences, a table and a picture.

    Raises
    ------
    SimError
        If the file has problems.
    """
    loaded = read_calibration(calibration)
    return AuditResult(audit_figures(loaded), loaded.path)


def catalogue(folder: str | Path | None = None) -> CatalogueResult:
    """List scenarios with their status, figures and interventions.

    Parameters
    ----------
    folder
        Folder of scenario files. If left out: the scenarios that come with the program, and those of the folder
        `scenarios` in the working directory, which take precedence.

    Returns
    -------
    CatalogueResult
        One entry per scenario, each what-if after the scenario that it extends.

    Raises
    ------
    SimError
        If there is no such folder, or no scenario in it.
    """
    return CatalogueResult(tuple(list_scenarios(folder)))


def _variants(
    base: str | Path | Mapping[str, Any] | Experiment,
    others: Iterable[str | Path | Mapping[str, Any] | Experiment],
    posterior: bool | None,
) -> tuple[Variant, ...]:
    """Return the scenarios of a comparison, the base first. Raises SimError."""
    given = [base, *others]
    if all(isinstance(each, str | Path) for each in given):
        first, *rest = map(str, given)
        return read_variants(first, rest, posterior=posterior)
    variants: list[Variant] = []
    start = experiment_of(base, posterior=posterior)
    for each in (start, *others):
        if isinstance(each, str) and each.startswith("+"):
            experiment = _with_interventions(start, base, each[1:].split("+"))
        else:
            experiment = each if each is start else experiment_of(each, posterior=posterior)
        taken = [variant.label for variant in variants]
        variants.append(variant_of(experiment.loaded, experiment.source, experiment.posterior, taken))
    return tuple(variants)


def _with_interventions(start: Experiment, given: Any, names: Sequence[str]) -> Experiment:
    """Return the base with interventions besides its own changes; `given` is what it was made from."""
    source, posterior = start.source, None if start.posterior is not None else False
    if source.source == FROM_DICT:
        if not isinstance(given, Mapping):
            raise SimError("'+NAME' needs a base that was read from a file, or the dict itself")
        return load(given, (), names, posterior=posterior)
    file = file_named(source.source, SCENARIOS)
    return load(file, source.sets, (*source.interventions, *names), posterior=posterior)
