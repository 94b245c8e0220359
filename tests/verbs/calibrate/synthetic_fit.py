"""A calibration whose model is one line: logarithms of the figures are sums of the parameters. Its fit is exact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from sim.measures.likelihood import targets, total_log_likelihood
from sim.scenario.model.calibration import Calibration
from sim.verbs.calibrate.findings import predictive, tail
from sim.verbs.calibrate.fit import Fit, Gate, HeldOut, Sample, combined

ROW = {"crossing": "verkhny_lars", "who": "Russian state media", "source": "Sky News", "date": "2022-09-26",
       "reading": "read as the main queue."}  # fmt: skip
DAY = {"from": "2022-09-25", "until": "2022-09-26", "statistic": "max"}
WEEK = {"from": "2022-09-19", "until": "2022-09-26", "statistic": "sum", "directions": "both", "outbound_share": "57 %"}
EVERY = ["car", "truck", "bus", "bike", "foot"]
REPORTED: list[dict[str, Any]] = [
    {"id": "wait_48h", "quantity": "quoted_wait", "classes": ["car"], **DAY, "value": "48 h", "rounding": "12 h",
     "qualifier": "about"},
    {"id": "vehicles_3000", "quantity": "queue", "classes": ["car"], **DAY, "value": 3000, "qualifier": "more than"},
    {"id": "length_16km", "quantity": "queue_length", "classes": EVERY[:3], **DAY, "value": "16 km",
     "frame": "16 km", "qualifier": "well over", "trust": "official_count", "group": "picture"},
    {"id": "length_again", "quantity": "queue_length", "classes": EVERY[:3], **DAY, "value": "16 km",
     "frame": "16 km", "qualifier": "=", "group": "picture"},
    {"id": "hundreds", "quantity": "queue", "classes": ["car"], **DAY, "value": 500, "qualifier": "about",
     "trust": "eyewitness", "status": "rejected", "reading": "39 m a car over 12 miles. Rejected."},
    {"id": "customs_2500", "quantity": "queue", "classes": ["car"], "within": "8 km", **DAY, "value": 2500,
     "rounding": 500, "qualifier": "about", "trust": "official_count"},
    {"id": "most_9000", "quantity": "queue_people", "classes": EVERY, **DAY, "value": 4000, "qualifier": "at most"},
    {"id": "week_vehicles", "quantity": "crossed_parties", "classes": EVERY[:3], **WEEK, "value": 37000,
     "rounding": 1000, "qualifier": "about", "trust": "official_round"},
    {"id": "later", "quantity": "virtual_wait", "classes": ["car"], "from": "2022-10-02", "until": "2022-10-03",
     "statistic": "mean", "value": "20 h", "qualifier": "about"},
]  # fmt: skip
LOGNORMAL = {"family": "lognormal", "median": 155, "spread": 0.35}
PARAMETERS: dict[str, Any] = {
    "surge_rate": {"unit": "/h", "label": "cars an hour at the height of the surge", "prior": LOGNORMAL},
    "leaving": {"label": "factor on who leaves the queue", "prior": LOGNORMAL | {"median": 1, "spread": 0.5}},
    "outbound": {"unit": "%", "label": "outbound share of a count of both directions",
                 "prior": {"family": "uniform", "low": 50, "high": 64}},
    "person_time": {"unit": "s", "label": "time a passport takes at the Russian exit for cars",
                    "prior": {"family": "normal", "mean": 98, "sd": 20, "low": 40, "high": 160}},
}  # fmt: skip
MODEL = np.array([[0.6, -0.6, 0.0, 0.5], [1.0, -1.0, 0.0, 0.0], [0.7, -0.7, 0.0, 0.0], [0.7, -0.7, 0.0, 0.0],
                  [1.0, -1.0, 0.0, 0.0], [0.8, -0.8, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0], [0.2, 0.0, 0.0, -1.0],
                  [0.5, 0.0, 0.0, 0.0]])  # fmt: skip
"""How the logarithm of a figure moves with that of a parameter; nothing depends on the third."""
LEVELS = np.array([50.0, 3300.0, 18.0, 18.0, 3300.0, 2600.0, 9000.0, 36000.0, 30.0])


def calibration(**changes: Any) -> Calibration:
    """Return the calibration as it would be read from a file."""
    tree: dict[str, Any] = {
        "scenario": "../scenarios/verkhny_lars.yaml",
        "observation": {
            "spread": {"official_count": 0.1, "official_round": 0.2, "press": 0.35, "eyewitness": 0.5},
            "discrepancy": 0.15,
        },
        "parameters": {name: {"reason": "made up"} | described for name, described in PARAMETERS.items()},
        "reported": [ROW | row for row in REPORTED],
        "known_until": "2022-09-28",
    }
    return Calibration.model_validate(tree | changes)


def fit(count: int = 8000) -> Fit:
    """Return the fit: points of the prior, weighted by their likelihood."""
    described = calibration()
    rows = targets(described)
    prior, *starts = (_sample(seed, count) for seed in range(3))
    weighted = []
    for start in starts:
        logs = _log_likelihood(described, start)
        weights = np.exp(logs - logs.max())
        weighted.append(replace(start, weights=weights / weights.sum()))
    posterior = combined(tuple(weighted), np.array([0.5, 0.5]))
    best = int(np.argmax(_log_likelihood(described, posterior)))
    return Fit(
        loaded=_loaded(described),
        targets=rows,
        prior=prior,
        posterior=posterior,
        starts=tuple(weighted),
        point=dict(zip(posterior.parameters, posterior.values[best].tolist(), strict=True)),
        noise=np.full(len(rows), 0.03),
        replications=2,
        gate=Gate(posterior.ess, float(posterior.weights.max()), 0.07, 3 * count, 4, True, ()),
        seed=2022,
        method="importance sampling from the prior",
        wall_s=1.5,
        plays_made=3 * count,
    )


def _loaded(described: Calibration) -> Any:
    central = SimpleNamespace(scenario=SimpleNamespace(title="Verkhny Lars, autumn 2022", replications=20))
    path = Path("calibration/verkhny_lars.yaml")
    return SimpleNamespace(calibration=described, path=path, central=central, rows_at=lambda _: described.reported)


def _log_likelihood(described: Calibration, sample: Sample) -> np.ndarray:
    rows = targets(described)
    return total_log_likelihood(rows, described.observation, sample.observed, np.full(len(rows), 0.03))


def _sample(seed: int, count: int) -> Sample:
    luck = np.random.default_rng(seed)
    normal = luck.standard_normal((count, 2)) * [0.35, 0.5]
    outbound, passport = luck.uniform(50, 64, count), np.clip(98 + 20 * luck.standard_normal(count), 40, 160)
    values = np.column_stack([155 * np.exp(normal[:, 0]), np.exp(normal[:, 1]), outbound, passport])
    observed = LEVELS * np.exp(np.log(values / [155, 1, 57, 98]) @ MODEL.T)
    nothing = np.zeros(count)
    return Sample(tuple(PARAMETERS), values, np.full(count, 1 / count), observed, nothing, nothing)


def held_out(fit: Fit) -> tuple[HeldOut, ...]:
    """Return every fitted figure predicted by the others."""
    return tuple(_without(fit, n) for n, target in enumerate(fit.targets) if target.fitted)


def _without(fit: Fit, n: int) -> HeldOut:
    target, after = fit.targets[n], fit.posterior
    rest = tuple(replace(each, fitted=each.fitted and each != target) for each in fit.targets)
    observation = fit.loaded.calibration.observation
    before, without = (
        total_log_likelihood(rows, observation, after.observed, fit.noise) for rows in (fit.targets, rest)
    )
    weights = after.weights * np.exp(without - before)
    other = replace(after, weights=weights / weights.sum())
    return HeldOut(
        target=target,
        reports=predictive(target, other.observed[:, n], other.weights, 0.4),
        tail=tail(target, other.observed[:, n], other.weights, 0.4),
        ess=other.ess,
        how="re-weighted",
    )
