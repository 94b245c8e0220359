"""CPU time and plays of a fit of one parameter: few plays on common tapes against the sampler, in one run.

`python -m benchmarks.few_plays [CALIBRATION]`; each fits with empty caches, in one process, after a play.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from sim.play.request import Request, silent
from sim.scenario.text.load_calibration import LoadedCalibration, read_calibration
from sim.verbs.calibrate import study
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.fit import Fit

USUAL = "calibration/sample_port.yaml"


def timed(loaded: LoadedCalibration, most_parameters: int) -> tuple[Fit, float]:
    """Return a fit and its CPU time; few plays are used up to so many parameters."""
    study.MOST_PARAMETERS = most_parameters
    began = time.process_time()
    fit = study.calibrate(loaded, Request(workers=1))
    return fit, time.process_time() - began


def line(name: str, fit: Fit, seconds: float) -> str:
    """Return a fit in a line."""
    values, weights = fit.posterior.values, fit.posterior.weights
    mean = weights @ values
    sd = np.sqrt(weights @ np.square(values - mean))
    numbers = ", ".join(f"{m:.3g} ± {s:.2g}" for m, s in zip(mean, sd, strict=True))
    return f"{name}: {seconds:.1f} s of CPU, {fit.plays_made:,} plays, posterior {numbers}\n"


if __name__ == "__main__":
    loaded = read_calibration(sys.argv[1] if len(sys.argv) > 1 else USUAL)
    with Evaluator(loaded, Request(workers=1), silent) as evaluator:
        evaluator.replication(np.zeros((1, len(evaluator.priors.names))), 999)
    few, quick = timed(loaded, study.MOST_PARAMETERS)
    sys.stdout.write(line("few plays", few, quick))
    many, slow = timed(loaded, 0)
    sys.stdout.write(line("sampler", many, slow))
    sys.stdout.write(f"the sampler takes {slow / quick:.0f} times the CPU\n")
