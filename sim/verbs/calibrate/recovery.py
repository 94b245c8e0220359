"""Simulation-based calibration: whether the intervals of a fit hold the truth as often as they say.

In each of many simulated worlds the parameters are drawn from the priors, the scenario is played with them and with
random numbers of its own, and the observation model makes the reports: thresholds of bounds are those of the file, and
only the side on which the report lies is up to the outcome. The posterior given these reports is sampled from an
emulator that is fitted to one bank of plays; some worlds are fitted again in full. If everything is right, the truth
lies at a uniformly distributed place of its posterior (Talts et al. 2018).

With interventions the worlds are played under them and fitted without them: the coverage under a wrong model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from sim import store
from sim.arrays import Floats, Ints
from sim.measures.likelihood import Target, common_errors_of, floored, predicted, total_log_likelihood
from sim.measures.quantiles import rows_at
from sim.play.request import Progress, Request, silent
from sim.play.workers import Crew, cores
from sim.scenario.model.calibration import ErrorModel
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.scenario.text.load_scenario import template_of
from sim.verbs.calibrate import emulator, sampling, study
from sim.verbs.calibrate.emulator import proposal_by_emulator
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.sampling import Draws, effective_sample_size, normalised

BANK = 2048
"""Plays of the bank, at space-filling points of the prior; a power of two."""
NOISE_POINTS, NOISE_REPLICATIONS = 128, 4
"""Chance is measured at the first points of the bank, with so many replications of each."""
POINTS, ESS = 4096, 600.0
"""Points of a batch that samples the posterior of an emulator, and the effective sample size it aims at."""
EFFORT = (225.0, 4096)
"""Effective sample size that each start of a full fit aims at, and most points for it: both together pass the gate."""
RESAMPLED = 1000
"""Equally weighted draws of a posterior from which held-out reports are predicted."""

Part = dict[str, list[float]]
"""What was found in one world, by name; see `WorldTask` and `_refitted`."""


@dataclass(frozen=True)
class World:
    """One simulated world: the true `scores` (D,), the model's own figures `happened` (J,), and what was reported.

    `said` (J,) are the reports before they are rounded, cut at a frame or compared with a threshold; `rows` are the
    reports as the fit sees them.
    """

    scores: Floats
    happened: Floats
    said: Floats
    rows: tuple[Target, ...]


@dataclass(frozen=True)
class Bank:
    """Plays that all worlds share: `logs` (N, J) of the figures at `scores` (N, D) of the prior.

    `noise` (M, J) is the standard deviation of the logarithm of one play at the first M points.
    """

    scores: Floats
    logs: Floats
    noise: Floats


@dataclass(frozen=True)
class Recovery:
    """What was found: `parts` by the emulator, one for each world, and `refits` by a full fit, by number of the world.

    `figures` are the fitted figures, one for each group; their positions among all rows are `columns`.
    """

    loaded: LoadedCalibration
    interventions: tuple[str, ...]
    seed: int
    parameters: tuple[str, ...]
    figures: tuple[str, ...]
    columns: tuple[int, ...]
    parts: tuple[Part, ...]
    refits: dict[int, Part]

    def places(self, kind: str) -> Floats:
        """Return where the truth lies in its posterior, 0 to 1: (worlds, names of this kind)."""
        return np.array([part[kind] for part in self.parts])


@dataclass(frozen=True)
class Design:
    """How many `worlds` are simulated, how many of them are fitted in full, and the interventions in force in them."""

    worlds: int
    refits: int = 0
    interventions: tuple[str, ...] = ()


def recover(
    loaded: LoadedCalibration,
    request: Request,
    design: Design,
    progress: Progress = silent,
    cache: Path | None = None,
) -> Recovery:
    """Simulate worlds, fit them by the emulator and the first of them in full, and return the places of the truth.

    `cache` is the folder of the plays; finished worlds are stored beside it. Raises SimError, also if an intervention
    is unknown.
    """
    variant = replace(loaded, template=template_of(loaded.template.root, (), design.interventions))
    with Evaluator(loaded, request, progress, cache) as evaluator:
        bank = _bank(evaluator)
        targets, error_model, seed = evaluator.targets, evaluator.error_model, evaluator.seed
    with Evaluator(variant, request, progress, cache) as evaluator:
        worlds = _worlds(evaluator, design.worlds)
    task = WorldTask(bank, targets, error_model, worlds, seed)
    folder = None if cache is None else cache.parent / "worlds" / _digest(task, loaded)
    parts = _parts(task, request, progress, folder)
    with Evaluator(loaded, request, progress, cache) as evaluator:
        if design.refits:
            evaluator.observed(bank.scores)
        refits = {n: _refitted(evaluator, task, n, folder) for n in range(min(design.refits, design.worlds))}
    columns = _counted(targets)
    return Recovery(
        loaded=loaded,
        interventions=design.interventions,
        seed=seed,
        parameters=evaluator.priors.names,
        figures=tuple(targets[j].row.id for j in columns),
        columns=tuple(columns),
        parts=parts,
        refits=refits,
    )


def _bank(evaluator: Evaluator) -> Bank:
    evaluator.stage("bank of plays", BANK)
    scores = evaluator.priors.spread_out(BANK, study.seed_for(evaluator.seed, "bank"))
    first = np.log(floored(evaluator.targets, evaluator.observed(scores)))
    points = scores[:NOISE_POINTS]
    evaluator.stage("noise of one play", len(points) * (NOISE_REPLICATIONS - 1))
    others = [evaluator.replication(points, number) for number in range(1, NOISE_REPLICATIONS)]
    logs = np.stack((first[: len(points)], *(np.log(floored(evaluator.targets, each)) for each in others)))
    return Bank(scores, first, logs.std(axis=0, ddof=1))


def _worlds(evaluator: Evaluator, number: int) -> tuple[World, ...]:
    """Simulate the worlds: the first are the same for any `number`."""
    evaluator.stage("simulated worlds", number)
    worlds = []
    for n in range(number):
        rng = np.random.default_rng(study.seed_for(evaluator.seed, "world", n))
        scores = rng.standard_normal((1, len(evaluator.priors.names)))
        happened = evaluator.replication(scores, NOISE_REPLICATIONS + n)
        said, rows = reports(evaluator.targets, evaluator.error_model, happened, rng)
        worlds.append(World(scores[0], floored(evaluator.targets, happened)[0], said, rows))
    return tuple(worlds)


def reports(
    targets: tuple[Target, ...], error_model: ErrorModel, happened: Floats, rng: np.random.Generator
) -> tuple[Floats, tuple[Target, ...]]:
    """Return what reporters say if the model's own figures are `happened` (1, J): numbers (J,), and rows to be fitted.

    The error that figures have in common is drawn once. Rows of a group say the same.
    """
    groups = [study.group_of(target) for target in targets]
    same = [groups.index(one) for one in groups]
    shape = (1, len(targets))
    off = np.exp(common_errors_of(targets, error_model, rng.standard_normal(shape)))[:, same]
    chances = rng.standard_normal(shape)[:, same], rng.random(shape)[:, same]
    own = error_model.model_copy(
        update={"discrepancy": error_model.discrepancy * np.sqrt(1 - error_model.shared), "shared": 0.0}
    )
    values = floored(targets, happened) * off
    exact = tuple(replace(target, rounding=0.0, frame=inf) for target in targets)
    none = np.zeros(len(targets))
    said, printed = (predicted(rows, own, values, none, chances)[0] for rows in (exact, targets))
    return said, tuple(map(_reported, targets, said.tolist(), printed.tolist()))


def _reported(target: Target, said: float, printed: float) -> Target:
    """Return a row with another report: a number, or the side of its threshold. The floor of its value stays."""
    if target.bound:
        threshold = target.low if target.bound > 0 else target.high
        above = said >= threshold
        return replace(
            target, low=threshold if above else 0.0, high=inf if above else threshold, bound=1 if above else -1
        )
    if printed >= target.frame:
        return replace(target, low=target.frame, high=inf, bound=1)
    half = target.rounding / 2
    return replace(target, low=max(0.0, printed - half), high=printed + half)


@dataclass(frozen=True)
class WorldTask:
    """Find the posterior of world n by the emulator; return the places of the truth, and how good the emulator is.

    `parameter` (D,), `figure` (figures,) and `held_out` (figures,) are places of the true parameters, of the model's
    own figures and of reports that were held out; `re_weighted` (D,) are places by weights of the bank, and `bank_ess`
    is what these are worth. `off` (figures,) is what happened minus the emulator's figure at the true parameters, in
    standard deviations of what it should be; `error` (figures,) is the error of the emulator in logarithms. `mean` and
    `sd` (D,) are those of the scores.
    """

    bank: Bank
    targets: tuple[Target, ...]
    error_model: ErrorModel
    worlds: tuple[World, ...]
    seed: int

    def __call__(self, n: int) -> Part:
        """Return what was found in world `n`."""
        world, columns = self.worlds[n], _counted(self.targets)
        noise = self.noise(world)
        by_bank = self.bank_draws(world, noise)
        seed = study.seed_for(self.seed, "emulated world", n)
        emulated = proposal_by_emulator(by_bank, self.bank.logs, self.likelihood(world.rows, noise), seed, POINTS, ESS)
        surface, found = emulated.surface, emulated.draws
        spread, logs = np.hypot(noise, surface.error), np.log(world.happened)
        places = _places(self, world, (found.scores, found.weights), surface(found.scores), spread)
        off = (logs - surface(world.scores[None])[0]) / spread
        return places | {
            "re_weighted": (by_bank.weights @ (by_bank.scores < world.scores)).tolist(),
            "bank_ess": [by_bank.ess],
            "ess": [found.ess],
            "off": off[columns].tolist(),
            "error": surface.error[columns].tolist(),
        }

    def noise(self, world: World) -> Floats:
        """Return the noise (J,) where the fit is good, as `sim calibrate` measures it."""
        points = np.exp(self.bank.logs[: len(self.bank.noise)])
        likelihood = total_log_likelihood(world.rows, self.error_model, points, np.zeros(len(self.targets)))
        best = np.argsort(-likelihood, kind="stable")[: study.NOISE_POINTS]
        return np.asarray(np.sqrt(2 * np.square(self.bank.noise[best]).mean(axis=0)))

    def bank_draws(self, world: World, noise: Floats) -> Draws:
        """Return the bank as draws from the posterior of a world."""
        likelihood = self.likelihood(world.rows, noise)(self.bank.logs, np.zeros(len(noise)))
        return Draws(self.bank.scores, likelihood, np.zeros(len(likelihood)), normalised(likelihood), 0)

    def likelihood(self, rows: tuple[Target, ...], noise: Floats) -> Callable[[Floats, Floats], Floats]:
        """Return the log likelihood of `rows` as a function of the logarithms of the figures and their errors."""
        return lambda logs, error: total_log_likelihood(rows, self.error_model, np.exp(logs), np.hypot(noise, error))


def _places(task: WorldTask, world: World, posterior: tuple[Floats, Floats], logs: Floats, spread: Floats) -> Part:
    """Return the places of the truth in a posterior, and mean and standard deviation of the scores.

    `posterior` are scores (N, D) and weights (N,), `logs` (N, J) are those of the figures there, and `spread` (J,) is
    the standard deviation of what happens around them.
    """
    (scores, weights), columns = posterior, _counted(task.targets)
    happened = weights @ ndtr((np.log(world.happened) - logs) / np.fmax(spread, 1e-9))
    rows = _equally(weights)
    logs, noise = logs[rows], np.zeros(len(spread))
    whole = task.likelihood(world.rows, noise)(logs, spread)
    held_out = []
    for j in columns:
        rest = task.likelihood(study.without(world.rows, [j]), noise)(logs, spread)
        held_out.append(float(normalised(rest - whole) @ _below(task, world, j, logs[:, j], spread[j])))
    mean = weights @ scores
    return {
        "parameter": (weights @ (scores < world.scores)).tolist(),
        "figure": happened[columns].tolist(),
        "held_out": held_out,
        "mean": mean.tolist(),
        "sd": np.sqrt(weights @ np.square(scores - mean)).tolist(),
    }


def _below(task: WorldTask, world: World, j: int, logs: Floats, spread: float) -> Floats:
    """Return the probability that report `j` is lower than it was, if the model's own figures are `logs` (N,)."""
    model, variance = task.error_model, spread**2
    variance += task.targets[j].spread ** 2 + model.discrepancy**2
    off = np.log(world.said[j]) - logs
    chance, wild = model.outlier.chance, np.sqrt(variance + model.outlier.spread**2)
    return np.asarray((1 - chance) * ndtr(off / np.sqrt(variance)) + chance * ndtr(off / wild))


def _equally(weights: Floats) -> Ints:
    """Return the rows of RESAMPLED equally weighted draws."""
    levels = (np.arange(RESAMPLED) + 0.5) / RESAMPLED * weights.sum()
    return np.minimum(rows_at(weights, levels), len(weights) - 1)


def _refitted(evaluator: Evaluator, task: WorldTask, n: int, folder: Path | None) -> Part:
    """Fit world `n` in full, from two starts that hold half of the bank each; see `WorldTask` for the names.

    `passed` is 1 if the posterior passes the gate of `sim calibrate`, `fit_ess` is its effective sample size.
    """
    path = None if folder is None else folder / f"refit_{n:04}.json"
    part = _stored(path, evaluator.warn)
    if part is not None:
        return part
    world = task.worlds[n]
    evaluator.noise = task.noise(world)
    draws = []
    for number, start in enumerate(np.split(task.bank.scores, study.STARTS), 1):
        evaluator.stage(f"world {n + 1} in full, start {number} of {study.STARTS}", 3 * study.START)
        sampler = study.sampler_of(evaluator, world.rows, start, f"world {n} {number}")
        draws.append(sampler.extend(*EFFORT))
    weights = study.weights_of(draws)
    scores = np.concatenate([each.scores for each in draws])
    logs = np.log(floored(evaluator.targets, evaluator.observed(scores)))
    part = _places(task, world, (scores, weights), logs, evaluator.noise) | {
        "passed": [float(study.gate_of(draws, 0).passed)],
        "fit_ess": [effective_sample_size(weights)],
    }
    _store(path, part)
    return part


def _parts(task: WorldTask, request: Request, progress: Progress, folder: Path | None) -> tuple[Part, ...]:
    """Return what was found in every world; finished worlds are read from `folder`."""
    paths = [None if folder is None else folder / f"world_{n:04}.json" for n in range(len(task.worlds))]
    parts = [_stored(path, progress.warn) for path in paths]
    missing = [n for n, part in enumerate(parts) if part is None]
    ready = len(parts) - len(missing)
    stage = "posteriors of the worlds"
    progress(ready, len(parts), stage)
    with Crew(task, request.workers or cores()) as crew:
        for n, part in zip(missing, crew.results(missing), strict=True):
            _store(paths[n], part)
            parts[n] = part
            ready += 1
            progress(ready, len(parts), stage)
    return tuple(part for part in parts if part is not None)


def _store(path: Path | None, part: Part) -> None:
    """Store a finished world after its digest, if there is a folder for it."""
    if path is not None:
        text = json.dumps(part)
        store.write(path, f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")


def _stored(path: Path | None, warn: Callable[[str], None]) -> Part | None:
    """Return a finished world; None if there is none, or if it is not as it was stored."""
    if path is None or not path.exists():
        return None
    digest, _, text = path.read_bytes().partition(b"\n")
    if hashlib.sha256(text).hexdigest().encode() != digest:
        warn(f"{path.name} was damaged; its results are computed again")
        return None
    part: Part = json.loads(text)
    return part


def _counted(targets: tuple[Target, ...]) -> list[int]:
    """Return the positions of the fitted rows, the first one of each group."""
    seen: dict[tuple[str, str], int] = {}
    for j, target in enumerate(targets):
        if target.fitted:
            seen.setdefault(study.group_of(target), j)
    return list(seen.values())


def _digest(task: WorldTask, loaded: LoadedCalibration) -> str:
    """Return a digest of everything that the results of the worlds depend on, except their number."""
    digest = hashlib.sha256(task.bank.logs.tobytes() + task.bank.noise.tobytes())
    digest.update(np.array([world.happened for world in task.worlds[:1]]).tobytes())
    digest.update(f"{loaded.calibration.model_dump_json()} {task.seed}".encode())
    for module in (__file__, emulator.__file__, sampling.__file__):
        digest.update(store.digest(Path(module)).encode())
    return f"w{digest.hexdigest()[:16]}"
