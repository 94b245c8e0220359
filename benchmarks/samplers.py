"""Compares ways to draw from a posterior on a calibration: python -m benchmarks.samplers [calibration.yaml].

Playing the model tens of thousands of times for every method would take hours, so its answers are emulated: a quadratic
of the scores for the logarithm of every figure, fitted to the plays of `sim calibrate` and tested on a quarter of them.
Every method gets the same emulated likelihood; what counts is how many plays it asks for. The reference is a weighted
sample of a million draws of the prior. nautilus-sampler and emcee are not needed by the project: see requirements.txt.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import wasserstein_distance

from sim.measures.likelihood import floored, total_log_likelihood
from sim.play.request import Request
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.calibrate.files import evaluation_folder
from sim.verbs.calibrate.fit import Fit
from sim.verbs.calibrate.priors import Priors, priors_of
from sim.verbs.calibrate.sampling import Sampler, effective_sample_size, log_prior, normalised
from sim.verbs.calibrate.study import START, calibrate

REFERENCE, WORTH = 1_000_000, 450


@dataclass
class Emulator:
    """The logarithm of the likelihood at scores (N, D), and how often it was asked for."""

    fit: Fit
    slopes: np.ndarray
    plays: int = 0

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        self.plays += len(scores)
        observed = np.exp(quadratic(scores) @ self.slopes)
        observation = self.fit.loaded.calibration.observation
        return total_log_likelihood(self.fit.targets, observation, observed, self.fit.noise)


def quadratic(scores: np.ndarray) -> np.ndarray:
    upper = np.triu_indices(scores.shape[1])
    products = (scores[:, :, None] * scores[:, None, :])[:, upper[0], upper[1]]
    return np.column_stack([np.ones(len(scores)), scores, products])


def emulated(fit: Fit, law: Priors) -> tuple[Emulator, float]:
    """Return the emulator, and its error in plays it was not fitted to: sd of the logarithm, median of the figures."""
    values, first = np.unique(np.concatenate([fit.prior.values, fit.posterior.values]), axis=0, return_index=True)
    observed = np.log(floored(fit.targets, np.concatenate([fit.prior.observed, fit.posterior.observed])[first]))
    grid = np.linspace(-8, 8, 20_001)
    known = law.values(np.repeat(grid[:, None], len(law.names), axis=1))
    scores = np.column_stack([np.interp(values[:, d], known[:, d], grid) for d in range(len(law.names))])
    test = np.random.default_rng(0).random(len(scores)) < 0.25
    slopes = np.linalg.lstsq(quadratic(scores[~test]), observed[~test])[0]
    off = observed[test] - quadratic(scores[test]) @ slopes
    return Emulator(fit, slopes), float(np.median(off.std(axis=0)))


def ours(likelihood: Emulator, dimension: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    start = np.random.default_rng(seed).standard_normal((START, dimension))
    draws = Sampler(likelihood, start, seed, START).extend(WORTH, 16_384)
    return draws.scores, draws.weights


def nautilus(likelihood: Emulator, dimension: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from nautilus import Sampler as Nautilus
    from scipy.special import ndtri

    def scores(cube: np.ndarray) -> np.ndarray:
        return ndtri(np.clip(cube, 1e-15, 1 - 1e-15))

    sampler = Nautilus(scores, likelihood, dimension, n_live=500, vectorized=True, pass_dict=False, seed=seed)
    sampler.run(n_eff=WORTH)
    points, log_weights, _ = sampler.posterior()
    return points, normalised(log_weights)


def emcee(likelihood: Emulator, dimension: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from emcee import EnsembleSampler

    def log_posterior(scores: np.ndarray) -> np.ndarray:
        return likelihood(scores) + log_prior(scores)

    walkers, steps = 4 * dimension, 400
    np.random.seed(seed)  # noqa: NPY002  (emcee draws from it)
    sampler = EnsembleSampler(walkers, dimension, log_posterior, vectorize=True)
    sampler.run_mcmc(np.random.default_rng(seed).standard_normal((walkers, dimension)), steps)
    chain = sampler.get_chain(discard=steps // 4, flat=True)
    worth = len(chain) / sampler.get_autocorr_time(discard=steps // 4, quiet=True).max()
    return chain, np.full(len(chain), 1 / worth)  # as many equal weights as it is worth, for the table


METHODS: dict[str, Callable[[Emulator, int, int], tuple[np.ndarray, np.ndarray]]] = {
    "ours": ours, "nautilus": nautilus, "emcee": emcee,
}  # fmt: skip


def main() -> None:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "calibration/verkhny_lars.yaml")
    loaded = read_calibration(path)
    law = priors_of(loaded.calibration)
    began = time.perf_counter()
    fit = calibrate(loaded, Request(), cache=evaluation_folder(path))
    print(f"{fit.gate.evaluations} plays in {time.perf_counter() - began:.0f} s (fewer if they were known before)")
    emulator, error = emulated(fit, law)
    print(f"the emulator is off by {100 * error:.1f} % (standard deviation)\n")
    everywhere = np.random.default_rng(1).standard_normal((REFERENCE, len(law.names)))
    weights = np.concatenate([emulator(part) for part in np.array_split(everywhere, 50)])
    weights = normalised(weights)
    spread = np.sqrt(weights @ np.square(everywhere - weights @ everywhere))
    print(f"reference: a sample of the prior that is worth {effective_sample_size(weights):.0f}\n")
    print("| method | seed | plays | worth | plays per draw | distance | own s |\n|---|--:|--:|--:|--:|--:|--:|")
    few = np.random.default_rng(2).choice(REFERENCE, 20_000, p=weights)
    for name, method in METHODS.items():
        for seed in (1, 2):
            emulator.plays, began = 0, time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                scores, found = method(emulator, len(law.names), seed)
            own = time.process_time() - began
            worth = effective_sample_size(found) if name != "emcee" else 1 / found[0]
            off = [
                wasserstein_distance(scores[:, d], everywhere[few, d], found / found.sum()) / spread[d]
                for d in range(len(law.names))
            ]
            each = emulator.plays / worth
            print(
                f"| {name} | {seed} | {emulator.plays} | {worth:.0f} | {each:.1f} | {np.mean(off):.3f} | {own:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
