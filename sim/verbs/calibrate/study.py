"""Fits the parameters of a scenario to reported figures, and says how far they are known.

In turn: what the priors alone predict, how much chance there is in one play, the most probable vector, and the
posterior from two starts that know nothing of each other. A gate decides whether it may be reported; if not, the
search goes on, and ends in a refusal. What comes out depends on the files and the seed alone; a run that was stopped
asks for the same trials again and finds them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from cmaes import CMA
from scipy.special import logsumexp

from sim.arrays import Floats
from sim.errors import SimError
from sim.measures.likelihood import Target, floored
from sim.play.request import Progress, Request, silent
from sim.scenario.model.calibration import Observation
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.units import show_duration
from sim.verbs.calibrate.findings import predictive, tail
from sim.verbs.calibrate.fit import Fit, Gate, HeldOut, Sample, joined
from sim.verbs.calibrate.sampling import Drawn, Sampler, effective, log_prior
from sim.verbs.calibrate.trials import Trials

STARTS = 2
START = 256
"""Trials of the prior that each start begins with; a power of two."""
CHANCE_AT, CHANCE_PLAYS, MOST_PLAYS = 16, 8, 8
"""Chance is measured at the best trials of the prior, by so many plays of each; at most so many plays are averaged."""
SMALL = 0.25
"""Chance is small when it is less than this share of the rest of the spread of every fitted figure."""
POPULATION, GENERATIONS, STILL = 16, 40, 0.05
"""The search for the most probable vector ends when a generation differs by less than STILL in log density."""
ESS, ESS_OF_START, LARGEST_WEIGHT, APART = 400.0, 200.0, 0.02, 0.3
"""What the gate asks for. Two fair starts differ by more than APART (see Gate) about once in a hundred times."""
EFFORTS = ((450.0, 4096), (900.0, 8192), (1800.0, 16384))
"""How much a start must be worth, for at most so many trials: first, and after each time the gate stays shut."""
USUAL, WORTH_TELLING = 3000, 60.0
"""Plays that most fits take, when one of each vector is enough; seconds from which on that is told beforehand."""
SURPRISING = 0.01
"""A figure that the priors predict with less than this chance is told about."""
WORTH_HELD_OUT = 100.0
"""A figure is predicted from re-weighted trials that are worth at least that; else the fit is made again without it."""
METHOD = "adaptive importance sampling with Student-t mixtures, two starts"


def calibrate(
    loaded: LoadedCalibration, request: Request, progress: Progress = silent, cache: Path | None = None
) -> Fit:
    """Return a fit that passed the gate. Raises SimError with the reasons if none was found within the last effort."""
    began = time.perf_counter()
    with Trials(loaded, request, progress, cache) as trials:
        starts = _starts(trials)
        _tell_time(trials, time.perf_counter() - began)
        _average(trials, starts)
        prior = trials.sample(_unweighted(trials, np.concatenate(starts)))
        _check(trials, prior)
        point = _point(trials, np.concatenate(starts))
        drawn, gate = _posterior(trials, starts)
        samples = tuple(trials.sample(part) for part in drawn)
        named = dict(zip(trials.priors.names, trials.priors.values(point[None])[0].tolist(), strict=True))
        return Fit(
            loaded, trials.targets, prior, _together(samples), samples, named, trials.noise, trials.replications,
            gate, trials.seed, METHOD, time.perf_counter() - began, trials.played,
        )  # fmt: skip


def held_out(fit: Fit, request: Request, progress: Progress = silent, cache: Path | None = None) -> tuple[HeldOut, ...]:
    """Return every fitted figure predicted without it and the others of its group.

    All trials are re-weighted to the likelihood of the rest; where they are then worth too little, the posterior is
    drawn anew. Raises SimError.
    """
    rows = [j for j, target in enumerate(fit.targets) if target.fitted]
    found = []
    with Trials(fit.loaded, replace(request, seed=fit.seed), progress, cache) as trials:
        trials.replications, trials.noise = fit.replications, fit.noise
        for j in rows:
            without = _without(fit.targets, j)
            weights = _reweighted(fit, without)
            how, observed = "re-weighted", fit.posterior.observed[:, j]
            if effective(weights) < WORTH_HELD_OUT:
                how = "fitted again"
                drawn = _again(trials, without, fit.targets[j].row.id)
                weights, observed = drawn.weights, trials.observed(drawn.scores)[:, j]
            found.append(_predicted(fit, j, observed, weights, how))
    return tuple(found)


def _starts(trials: Trials) -> list[Floats]:
    """Try space-filling points of the prior, one set for each start."""
    trials.stage("what the priors alone predict", STARTS * START)
    starts = [trials.priors.spread_out(START, _seed(trials.seed, "start", number)) for number in range(STARTS)]
    for start in starts:
        trials.observed(start)
    return starts


def _tell_time(trials: Trials, seconds: float) -> None:
    """Say how long the fit will take, judged by the `seconds` of the plays made so far."""
    left = seconds / trials.played * (USUAL - trials.tried) if trials.played else 0.0
    if left > WORTH_TELLING:
        trials.say(
            f"most fits take about {USUAL:,} plays, here {show_duration(left)} more; one that is hard to settle takes "
            "up to ten times that, and every figure that has to be fitted again for --held-out about as long"
        )


def _average(trials: Trials, starts: list[Floats]) -> None:
    """Measure chance where the fit is good, and average over as many plays as make it small."""
    scores = np.concatenate(starts)
    best = scores[np.argsort(-trials.log_likelihood(scores), kind="stable")[:CHANCE_AT]]
    trials.stage("how much chance there is in one play", CHANCE_AT * (CHANCE_PLAYS - 1))
    plays = np.array(
        [np.log(floored(trials.targets, trials.replication(best, number))) for number in range(CHANCE_PLAYS)]
    )
    one = np.sqrt(plays.var(axis=0, ddof=1).mean(axis=0))
    rest = np.array([np.hypot(target.spread, trials.observation.discrepancy) for target in trials.targets])
    fitted = np.array([target.fitted for target in trials.targets])
    while trials.replications < MOST_PLAYS and (one / np.sqrt(trials.replications) > SMALL * rest)[fitted].any():
        trials.replications *= 2
    trials.noise = one * np.sqrt(1 + 1 / trials.replications)  # what really happened is one play, too
    if trials.replications > 1:
        trials.stage("the same with more plays of each", len(scores) * (trials.replications - 1))
        trials.observed(scores)


def _check(trials: Trials, prior: Sample) -> None:
    """Say which fitted figures the priors hardly allow: the model, a prior or the reading of the figure is wrong."""
    for j, target in enumerate(trials.targets):
        chance = tail(target, prior.observed[:, j], prior.weights, _spread(trials.observation, target, trials.noise[j]))
        if target.fitted and chance < SURPRISING:
            trials.say(
                f"the priors alone hardly allow the figure {target.row.id!r} (a chance of {100 * chance:.2g} %): "
                "look at them, at the model and at how the figure is read"
            )


def _point(trials: Trials, scores: Floats) -> Floats:
    """Return the scores (D,) of the most probable vector, by covariance matrix adaptation (Hansen 2016)."""

    def loss(at: Floats) -> Floats:
        found: Floats = -(trials.log_likelihood(at) + log_prior(at))
        return found

    best: Floats = scores[np.argmin(loss(scores))]
    trials.stage("the most probable vector", POPULATION * GENERATIONS * trials.replications)
    if len(best) == 1:
        return best  # among so many points of one parameter, and the search needs two
    search = CMA(mean=best, sigma=0.5, population_size=POPULATION, seed=_seed(trials.seed, "point"))
    lowest = np.inf
    for _ in range(GENERATIONS):
        asked = np.array([search.ask() for _ in range(POPULATION)])
        losses = loss(asked)
        search.tell(list(zip(asked, losses.tolist(), strict=True)))
        if losses.min() < lowest:
            best, lowest = asked[losses.argmin()], losses.min()
        if np.ptp(losses) < STILL or search.should_stop():
            break
    return best


def _posterior(trials: Trials, starts: list[Floats]) -> tuple[list[Drawn], Gate]:
    """Draw from the posterior until the gate opens. Raises SimError with the reasons if it stays shut."""
    samplers = [
        Sampler(trials.log_likelihood, start, _seed(trials.seed, "posterior", number), START)
        for number, start in enumerate(starts)
    ]
    for worth, most in EFFORTS:
        drawn = []
        for number, sampler in enumerate(samplers, 1):
            trials.stage(f"the posterior, start {number} of {STARTS}", 4 * START * trials.replications)
            drawn.append(sampler.go_on(worth, most))
        gate = judged(drawn, trials.tried)
        if gate.passed:
            return drawn, gate
    raise SimError(
        f"the posterior cannot be reported after {gate.evaluations} plays: {'; '.join(gate.reasons)}. Narrower priors, "
        "fewer parameters or figures that agree better would help"
    )


def judged(drawn: Sequence[Drawn], evaluations: int) -> Gate:
    """Return whether the starts agree with each other, and are worth enough together and each."""
    shares = _shares([part.weights for part in drawn])
    weights = np.concatenate([share * part.weights for share, part in zip(shares, drawn, strict=True)])
    worth, each = effective(weights), [part.ess for part in drawn]
    apart, largest = disagreement(drawn), float(weights.max())
    reasons = []
    if worth < ESS:
        reasons.append(f"the sample is worth {worth:.0f} independent draws, {ESS:.0f} are needed")
    if min(each) < ESS_OF_START:
        reasons.append(f"one start is worth {min(each):.0f} independent draws, {ESS_OF_START:.0f} are needed")
    if largest > LARGEST_WEIGHT:
        reasons.append(f"one vector has {100 * largest:.1f} % of the weight, at most {100 * LARGEST_WEIGHT:g} % may be")
    if apart > APART:
        reasons.append(f"the starts differ by {apart:.2f} standard deviations, at most {APART:g} may be")
    rounds = max(part.rounds for part in drawn)
    return Gate(worth, largest, apart, evaluations, rounds, not reasons, tuple(reasons))


def disagreement(drawn: Sequence[Drawn]) -> float:
    """Return the largest distance between marginal medians of two starts, in posterior standard deviations."""
    medians = np.array([_medians(part) for part in drawn])
    means = [part.weights @ part.scores for part in drawn]
    variances = [part.weights @ np.square(part.scores - mean) for part, mean in zip(drawn, means, strict=True)]
    return float((np.ptp(medians, axis=0) / np.sqrt(np.mean(variances, axis=0))).max())


def _medians(drawn: Drawn) -> Floats:
    order = np.argsort(drawn.scores, axis=0)
    below = np.cumsum(drawn.weights[order], axis=0)
    at = (below < 0.5).sum(axis=0)
    return np.array([drawn.scores[order[row, d], d] for d, row in enumerate(np.minimum(at, len(order) - 1))])


def _shares(weights: Sequence[Floats]) -> Floats:
    """Return how much each start counts: as much as it is worth."""
    worth = np.array([effective(part) for part in weights])
    found: Floats = worth / worth.sum()
    return found


def _together(samples: tuple[Sample, ...]) -> Sample:
    return joined(samples, _shares([sample.weights for sample in samples]))


def _unweighted(trials: Trials, scores: Floats) -> Drawn:
    """Return draws of the prior as they are."""
    number = len(scores)
    return Drawn(scores, trials.log_likelihood(scores), np.zeros(number), np.full(number, 1 / number), 0)


def _without(targets: tuple[Target, ...], j: int) -> tuple[Target, ...]:
    """Return the targets with one, and the others of its group, taken out of the fit."""
    group = targets[j].row.group
    return tuple(
        replace(target, fitted=target.fitted and i != j and (group is None or target.row.group != group))
        for i, target in enumerate(targets)
    )


def _reweighted(fit: Fit, targets: tuple[Target, ...]) -> Floats:
    """Return the weights of the posterior's vectors if only these `targets` are fitted."""
    taken_out = np.array([
        target.weight * (target.fitted and not left.fitted) for target, left in zip(fit.targets, targets, strict=True)
    ])  # fmt: skip
    with np.errstate(divide="ignore"):
        log_weights = np.log(fit.posterior.weights) - fit.posterior.log_likelihood @ taken_out
    found: Floats = np.exp(log_weights - logsumexp(log_weights))
    return found


def _again(trials: Trials, targets: tuple[Target, ...], name: str) -> Drawn:
    trials.stage(f"the fit without {name}", 4 * START * trials.replications)
    start = trials.priors.spread_out(START, _seed(trials.seed, "start", 0))
    worth, most = EFFORTS[0]
    return Sampler(trials.without(targets), start, _seed(trials.seed, f"without {name}"), START).go_on(worth, most)


def _predicted(fit: Fit, j: int, observed: Floats, weights: Floats, how: str) -> HeldOut:
    target = fit.targets[j]
    spread = _spread(fit.loaded.calibration.observation, target, fit.noise[j])
    said = predictive(target, observed, weights, spread)
    beyond = tail(target, observed, weights, spread)
    ess = effective(weights)
    return HeldOut(target.row.id, target.reported, said.median, said.low, said.high, beyond, ess, how)


def _spread(observation: Observation, target: Target, noise: float) -> float:
    """Return the standard deviation of the logarithm of a report around the model's figure."""
    return float(np.sqrt(target.spread**2 + observation.discrepancy**2 + noise**2))


def _seed(seed: int, purpose: str, number: int = 0) -> int:
    """Return a seed of its own for every purpose."""
    words = np.random.SeedSequence([seed, number, *purpose.encode()]).generate_state(1)
    return int(words[0])
