"""Fits the parameters of a scenario to reported figures, and says how far they are known.

The stages: predict the figures from the priors alone, measure the noise of one play, sample the posterior from two
independent starts, and find the most probable vector. A gate decides whether the posterior may be reported; if not,
sampling continues with more effort, and in the end fails with the reasons. The result depends on the files and the seed
alone. A run that was stopped asks for the same evaluations again and finds them in the cache.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from sim.arrays import Floats
from sim.errors import SimError
from sim.measures.likelihood import Target, total_log_likelihood
from sim.play.request import Progress, Request, silent
from sim.play.workers import cores
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.units import show_duration
from sim.verbs.calibrate.emulator import emulator_of, proposal_by_emulator
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.findings import predictive, report_spread, tail
from sim.verbs.calibrate.fit import MIN_ESS_HELD_OUT, Fit, Gate, HeldOut, Sample, combined
from sim.verbs.calibrate.sampling import Draws, Proposal, Sampler, effective_sample_size, log_prior, normalised
from sim.verbs.calibrate.surface_fit import Found, fit_by_surface
from sim.verbs.calibrate.weighted_sums import fit_by_sums

MOST_PARAMETERS = 3
"""Most parameters that are fitted with few plays."""
STARTS = 2
START = 256
"""Points of the prior that each start begins with, and size of a batch; a power of two."""
NOISE_POINTS, NOISE_REPLICATIONS = 16, 8
"""Noise is measured at the best points of the prior, with so many replications of each."""
MIN_ESS, MIN_ESS_OF_START, MAX_WEIGHT, MAX_DISAGREEMENT = 400.0, 200.0, 0.02, 0.3
"""Conditions of the gate. Two correct starts exceed MAX_DISAGREEMENT (see Gate) about once in a hundred times."""
MAX_HALVES = 0.6
"""Largest distance of the posteriors from two halves of the plays of a surface, in standard deviations: that from all
plays is then about 0.3 off, which would widen a band by 4 %."""
EFFORTS = ((450.0, 4096), (900.0, 8192), (1800.0, 16384))
"""Effective sample size that each start aims at, and most evaluations for it: one pair per attempt to pass the gate."""
USUAL_PLAYS, LONG = 3000, 60.0
"""Plays that most fits take with one replication per vector. An expected time above LONG seconds is announced."""
SURPRISING = 0.01
"""Tail probability under the priors below which a figure is reported to the user."""
METHOD = "adaptive importance sampling with proposals from an emulator, two starts"


def calibrate(
    loaded: LoadedCalibration, request: Request, progress: Progress = silent, cache: Path | None = None
) -> Fit:
    """Fit a calibration, and return the fit that passed the gate.

    Parameters
    ----------
    loaded
        The calibration file with its scenario.
    request
        Seed, engine and number of processes.
    progress
        Follows the stages.
    cache
        Folder of the evaluations, of this fit and of earlier ones; None keeps them in memory.

    Raises
    ------
    SimError
        If no posterior passes the gate within the last of EFFORTS, with the reasons.
    """
    began = time.perf_counter()
    with Evaluator(loaded, request, progress, cache) as evaluator:
        if found := _with_few_plays(evaluator):
            fit = _surface_fit(evaluator, found, time.perf_counter() - began)
            if fit.gate.passed:
                return fit
        evaluator.start_anew(request.workers or cores())
        starts = _starts(evaluator)
        _announce_time(evaluator, time.perf_counter() - began)
        _choose_replications(evaluator, starts)
        prior = evaluator.sample(_unweighted(evaluator, np.concatenate(starts)))
        _check_priors(evaluator, prior)
        draws, gate = _posterior(evaluator, starts)
        point = _most_probable(evaluator, draws)
        gate = replace(gate, evaluations=evaluator.evaluations)
        samples = tuple(evaluator.sample(part) for part in draws)
        values = evaluator.priors.values(point[None])[0].tolist()
        return Fit(
            loaded=loaded,
            targets=evaluator.targets,
            prior=prior,
            posterior=combined(samples, _shares([sample.weights for sample in samples])),
            starts=samples,
            point=dict(zip(evaluator.priors.names, values, strict=True)),
            noise=evaluator.noise,
            replications=evaluator.replications,
            gate=gate,
            seed=evaluator.seed,
            method=METHOD,
            wall_s=time.perf_counter() - began,
            plays_made=evaluator.plays_made,
            evidence=evaluator.evidence,
        )


UNMEASURED = (
    f"more than {MOST_PARAMETERS} parameters are fitted to a series: how often such intervals hold the truth was not "
    "measured; fix those that are known from elsewhere"
)


def _with_few_plays(evaluator: Evaluator) -> Found | None:
    """Return the posterior of up to MOST_PARAMETERS; None if there are more, or two or three do not settle."""
    number, series = len(evaluator.priors.names), evaluator.evidence.series
    if number > MOST_PARAMETERS:
        if series:
            evaluator.warn(UNMEASURED)
        return None
    return fit_by_sums(evaluator) if series or number == 1 else fit_by_surface(evaluator)


def _surface_fit(evaluator: Evaluator, found: Found, seconds: float) -> Fit:
    """Return the fit that was found with few plays, with its gate."""
    gate = gate_of(found.halves or (found.draws,), evaluator.evaluations, MAX_HALVES)
    prior = evaluator.sample(_unweighted(evaluator, found.prior))
    if found.prior.shape[1] == 1:  # at equal distances; two or three are spread as the prior is
        prior = replace(prior, weights=normalised(log_prior(found.prior)))
    posterior = evaluator.sample_of(found.draws, evaluator.evidence.values(found.logs))
    values = evaluator.priors.values(found.best[None])[0].tolist()
    return Fit(
        loaded=evaluator.loaded,
        targets=evaluator.targets,
        prior=prior,
        posterior=posterior,
        starts=(posterior,),
        point=dict(zip(evaluator.priors.names, values, strict=True)),
        noise=evaluator.noise,
        replications=evaluator.replications,
        gate=replace(gate, rounds=found.rounds),
        seed=evaluator.seed,
        method=found.method,
        wall_s=seconds,
        plays_made=evaluator.plays_made,
        evidence=evaluator.evidence,
    )


def held_out(fit: Fit, request: Request, progress: Progress = silent, cache: Path | None = None) -> tuple[HeldOut, ...]:
    """Predict every fitted figure without it and without the others of its group.

    The posterior is re-weighted to the likelihood of the remaining figures. Where its effective sample size is then too
    small, the posterior is sampled anew. Raises SimError.
    """
    rows = [j for j, target in enumerate(fit.targets) if target.fitted]
    with Evaluator(fit.loaded, replace(request, seed=fit.seed), progress, cache) as evaluator:
        evaluator.replications, evaluator.noise = fit.replications, fit.noise
        return tuple(_prediction(fit, j, evaluator) for j in rows)


def _prediction(fit: Fit, j: int, evaluator: Evaluator) -> HeldOut:
    """Predict figure `j` from the others."""
    target, remaining = fit.targets[j], without(fit.targets, [j])
    how, weights, observed = "re-weighted", _reweighted(fit, remaining), fit.posterior.observed[:, j]
    if effective_sample_size(weights) < MIN_ESS_HELD_OUT:
        draws = _refitted(evaluator, remaining, target.row.id)
        how, weights, observed = "fitted again", draws.weights, evaluator.observed(draws.scores)[:, j]
    spread = report_spread(target, fit.loaded.calibration.observation, fit.noise[j])
    return HeldOut(
        target=target,
        reports=predictive(target, observed, weights, spread),
        tail=tail(target, observed, weights, spread),
        ess=effective_sample_size(weights),
        how=how,
    )


def _starts(evaluator: Evaluator) -> list[Floats]:
    """Evaluate space-filling points of the prior, one set for each start."""
    evaluator.stage("prior predictions", STARTS * START)
    seeds = [seed_for(evaluator.seed, "start", number) for number in range(STARTS)]
    starts = [evaluator.priors.spread_out(START, seed) for seed in seeds]
    for start in starts:
        evaluator.observed(start)
    return starts


def _announce_time(evaluator: Evaluator, seconds: float) -> None:
    """Announce a long fit, judged by the `seconds` of the plays made so far."""
    if not evaluator.plays_made:
        return
    left = seconds / evaluator.plays_made * (USUAL_PLAYS - evaluator.evaluations)
    if left > LONG:
        evaluator.say(
            f"most fits take about {USUAL_PLAYS:,} plays, here {show_duration(left)} more; a difficult fit takes up to "
            "ten times as long, and each figure that --held-out has to fit again about as long as a fit"
        )


def _choose_replications(evaluator: Evaluator, starts: list[Floats]) -> None:
    """Measure the noise where the fit is good, and average over as many replications as make it small."""
    scores = np.concatenate(starts)
    best = scores[np.argsort(-evaluator.log_likelihood(scores), kind="stable")[:NOISE_POINTS]]
    evaluator.stage("noise of one play", NOISE_POINTS * (NOISE_REPLICATIONS - 1))
    replications = [evaluator.replication(best, number) for number in range(NOISE_REPLICATIONS)]
    evaluator.take_noise(np.array(replications))
    if evaluator.evidence.series:
        evaluator.drop_unlikely(best[:1])
    if evaluator.replications > 1:
        evaluator.stage("prior predictions with more replications", len(scores) * (evaluator.replications - 1))
        evaluator.observed(scores)


def _check_priors(evaluator: Evaluator, prior: Sample) -> None:
    """Report fitted figures that are improbable under the priors: model, prior or reading of the figure is wrong."""
    for j, target in enumerate(evaluator.targets):
        spread = report_spread(target, evaluator.error_model, evaluator.noise[j])
        chance = tail(target, prior.observed[:, j], prior.weights, spread)
        if target.fitted and chance < SURPRISING:
            evaluator.say(
                f"figure {target.row.id!r} is very improbable under the priors (tail {100 * chance:.2g} %); "
                "check the priors, the model and the reading of the figure"
            )


def _most_probable(evaluator: Evaluator, draws: Sequence[Draws]) -> Floats:
    """Return the scores (D,) of the most probable vector: the emulator's, or the best one played if that is better."""
    scores = np.concatenate([part.scores for part in draws])
    log_likelihood = np.concatenate([part.log_likelihood for part in draws])
    logs = evaluator.evidence.logs(evaluator.observed(scores))
    surface = emulator_of(scores, logs, log_likelihood)
    likelihood = evaluator.likelihood_of_logs(evaluator.targets)

    def loss(point: Floats) -> float:
        return -float(likelihood(surface(point[None]), np.zeros(logs.shape[1]))[0] + log_prior(point[None])[0])

    best: Floats = scores[np.argmax(log_likelihood + log_prior(scores))]
    found = np.asarray(minimize(loss, best, method="L-BFGS-B").x)
    evaluator.stage("most probable vector", 2 * evaluator.replications)
    both = np.stack((best, found))
    return np.asarray(both[np.argmax(evaluator.log_likelihood(both) + log_prior(both))])


def _posterior(evaluator: Evaluator, starts: list[Floats]) -> tuple[list[Draws], Gate]:
    """Sample the posterior until it passes the gate. Raises SimError with the reasons if it never does."""
    samplers = [
        sampler_of(evaluator, evaluator.targets, start, f"posterior {number}") for number, start in enumerate(starts)
    ]
    for ess, most in EFFORTS:
        draws = []
        for number, sampler in enumerate(samplers, 1):
            evaluator.stage(f"posterior, start {number} of {STARTS}", 4 * START * evaluator.replications)
            draws.append(sampler.extend(ess, most))
        gate = gate_of(draws, evaluator.evaluations)
        if gate.passed:
            return draws, gate
    raise SimError(
        f"the posterior cannot be reported after {gate.evaluations} plays: {'; '.join(gate.reasons)}. Narrower priors, "
        "fewer parameters or more consistent figures would help"
    )


def sampler_of(evaluator: Evaluator, targets: tuple[Target, ...], start: Floats, purpose: str) -> Sampler:
    """Return a sampler of the posterior given `targets`, whose proposals come from an emulator."""
    seed = seed_for(evaluator.seed, purpose)

    def propose(draws: Draws) -> Proposal:
        logs = evaluator.evidence.logs(evaluator.observed(draws.scores))
        return proposal_by_emulator(draws, logs, evaluator.likelihood_of_logs(targets), seed + len(draws.scores))

    return Sampler(evaluator.likelihood_of(targets), start, seed, START, propose)


def gate_of(starts: Sequence[Draws], evaluations: int, most: float | None = None) -> Gate:
    """Return whether the starts agree with each other, and whether their sample sizes and weights suffice.

    `most` is their largest distance, by default MAX_DISAGREEMENT.
    """
    most = MAX_DISAGREEMENT if most is None else most
    weights = weights_of(starts)
    ess, least = effective_sample_size(weights), min(start.ess for start in starts)
    distance, largest = disagreement(starts), float(weights.max())
    reasons = []
    if ess < MIN_ESS:
        reasons.append(f"effective sample size is {ess:.0f}; at least {MIN_ESS:.0f} is required")
    if least < MIN_ESS_OF_START:
        reasons.append(
            f"effective sample size of one start is {least:.0f}; at least {MIN_ESS_OF_START:.0f} is required"
        )
    if largest > MAX_WEIGHT:
        reasons.append(f"largest weight is {100 * largest:.1f} %; at most {100 * MAX_WEIGHT:g} % is allowed")
    if distance > most:
        reasons.append(f"the starts differ by {distance:.2f} standard deviations; at most {most:g} is allowed")
    rounds = max(start.rounds for start in starts)
    return Gate(ess, largest, distance, evaluations, rounds, not reasons, tuple(reasons))


def disagreement(starts: Sequence[Draws]) -> float:
    """Return the largest distance between marginal medians of two starts, in posterior standard deviations."""
    medians = np.array([_medians(start) for start in starts])
    means = [start.weights @ start.scores for start in starts]
    variances = [start.weights @ np.square(start.scores - mean) for start, mean in zip(starts, means, strict=True)]
    return float((np.ptp(medians, axis=0) / np.sqrt(np.mean(variances, axis=0))).max())


def _medians(draws: Draws) -> Floats:
    order = np.argsort(draws.scores, axis=0)
    below = np.cumsum(draws.weights[order], axis=0)
    rows = np.minimum((below < 0.5).sum(axis=0), len(order) - 1)
    return np.array([draws.scores[order[row, d], d] for d, row in enumerate(rows)])


def _shares(weights: Sequence[Floats]) -> Floats:
    """Return the share of each start, in proportion to its effective sample size."""
    sizes = np.array([effective_sample_size(part) for part in weights])
    return np.asarray(sizes / sizes.sum())


def weights_of(starts: Sequence[Draws]) -> Floats:
    """Return the weights of the draws of all starts together, in their order."""
    shares = _shares([start.weights for start in starts])
    return np.concatenate([share * start.weights for share, start in zip(shares, starts, strict=True)])


def _unweighted(evaluator: Evaluator, scores: Floats) -> Draws:
    """Return points of the prior as equally weighted draws."""
    number = len(scores)
    return Draws(scores, evaluator.log_likelihood(scores), np.zeros(number), np.full(number, 1 / number), 0)


def without(targets: tuple[Target, ...], left_out: Iterable[int]) -> tuple[Target, ...]:
    """Return the targets with some, and the others of their groups, taken out of the fit."""
    repeated = {group_of(targets[j]) for j in left_out}
    return tuple(replace(target, fitted=target.fitted and group_of(target) not in repeated) for target in targets)


def group_of(target: Target) -> tuple[str, str]:
    """Return the group of a row; a row without one is a group of its own."""
    return (target.row.group, "") if target.row.group else ("", target.row.id)


def _reweighted(fit: Fit, targets: tuple[Target, ...]) -> Floats:
    """Return the weights of the posterior's vectors if only these `targets` are fitted."""
    error_model, observed = fit.loaded.calibration.observation, fit.posterior.observed
    before, after = (total_log_likelihood(rows, error_model, observed, fit.noise) for rows in (fit.targets, targets))
    with np.errstate(divide="ignore"):
        return normalised(np.log(fit.posterior.weights) + after - before)


def _refitted(evaluator: Evaluator, targets: tuple[Target, ...], name: str) -> Draws:
    """Sample the posterior given `targets`, which leave out figure `name`."""
    evaluator.stage(f"fit without {name}", 4 * START * evaluator.replications)
    start = evaluator.priors.spread_out(START, seed_for(evaluator.seed, "start", 0))
    ess, most = EFFORTS[0]
    return sampler_of(evaluator, targets, start, f"without {name}").extend(ess, most)


def seed_for(seed: int, purpose: str, number: int = 0) -> int:
    """Return an own seed for every purpose."""
    words = np.random.SeedSequence([seed, number, *purpose.encode()]).generate_state(1)
    return int(words[0])
