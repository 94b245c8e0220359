"""How often the 90 % intervals of a fit to a made-up week of waits and queues hold the truth.

`python -m benchmarks.series_coverage [WEEKS [DISCREPANCY [PARAMETERS]]]` plays the sample port with true values near
the middle of the priors, makes a series of waits and one of queues of each week, and fits one, two or three parameters
to them with few plays (default 2). The weeks have no error of the model, so a fit that assumes a small DISCREPANCY
(default 0.1) is the harder test.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sim.measures.quantiles import weighted_quantiles
from sim.measures.reported_series import observe_series
from sim.play import engines
from sim.play.one import play_once
from sim.play.request import Request, silent
from sim.scenario.text.load_calibration import LoadedCalibration, read_calibration
from sim.verbs.calibrate.evaluator import Evaluator
from sim.verbs.calibrate.weighted_sums import fit_by_sums

SCENARIO = """\
extends: sample_port
name: week
title: A made-up week
reported: week.yaml
calibrated: fitted.yaml
clock: {start: 2025-03-02, horizon: 2025-03-10, warm_up: 1 d}
crossings:
  port:
    stations: {booths: {service_time: {car: {party: {mean: {calibrated: car_service}}}}}}
    demand:
      car: {everyday: {constant: {rate: {calibrated: car_rate}}}}
      truck: {everyday: {constant: {rate: {calibrated: truck_rate}}}}
"""
CALIBRATION = """\
scenario: scenario.yaml
description: Two numbers from a week of waits and queues.
limits: The model is that which made the week.
observation:
  spread: {official_count: {value: 0.02, source: made up, reason: the board shows what the port counts}}
  discrepancy: {value: DISCREPANCY, source: made up, reason: how far a model of a real port might be off}
parameters:
reported:
"""
PARAMETERS = {"car_service": ("min", 4.0, 0.3), "car_rate": ("/h", 22.0, 0.2), "truck_rate": ("/h", 3.0, 0.3)}
"""Unit, median and spread of the log-normal prior; those that are not fitted have the median."""
PARAMETER = """\
  NAME: {unit: UNIT, label: NAME, prior: {family: lognormal, median: MEDIAN, spread: SPREAD}, reason: made up}
"""
ROW = """\
  - {id: ID, series: week.csv, column: ID, only: {}, crossing: port, quantity: QUANTITY, classes: [CLASSES], MORE
     trust: official_count, who: nobody, source: made up, date: 2025-03-10, reading: A play of the model.}
"""
ROWS = ROW.replace("ID", "wait_min").replace("QUANTITY", "quoted_wait").replace("CLASSES", "car").replace(
    "MORE", "rounding: 1 min,"
) + ROW.replace("ID", "queue").replace("QUANTITY", "queue").replace("CLASSES", "car, truck").replace("MORE", "")
STARTS = np.datetime64("2025-03-03T00:00") + np.arange(7 * 96) * np.timedelta64(15, "m")


def written(folder: Path, waits: np.ndarray, queues: np.ndarray, discrepancy: str, fitted: int) -> LoadedCalibration:
    """Write the scenario, the calibration and a week of figures (min, parties), and read them."""
    lines = [f"{at},{wait:.0f},{queue:.0f}" for at, wait, queue in zip(STARTS, waits, queues, strict=True)]
    scenario, parameters = SCENARIO, "parameters:\n"
    for number, (name, (unit, median, spread)) in enumerate(PARAMETERS.items()):
        if number >= fitted:
            scenario = scenario.replace(f"{{calibrated: {name}}}", f"{median:g} {unit}".replace(" /", "/"))
            continue
        row = PARAMETER.replace("NAME", name).replace("UNIT", unit)
        parameters += row.replace("MEDIAN", f"{median:g}").replace("SPREAD", f"{spread:g}")
    calibration = CALIBRATION.replace("DISCREPANCY", discrepancy).replace("parameters:\n", parameters)
    (folder / "week.csv").write_text("\n".join(["at,wait_min,queue", *lines]) + "\n", encoding="utf-8")
    (folder / "scenario.yaml").write_text(scenario, encoding="utf-8")
    (folder / "week.yaml").write_text(calibration + ROWS, encoding="utf-8")
    return read_calibration(folder / "week.yaml")


def week(folder: Path, number: int, discrepancy: str, fitted: int) -> tuple[LoadedCalibration, dict[str, float]]:
    """Return the calibration of a made-up week, and the true values."""
    loaded = written(folder, np.ones(len(STARTS)), np.ones(len(STARTS)), discrepancy, fitted)
    scores = 0.5 * np.random.default_rng(number).standard_normal(fitted)
    laws = list(PARAMETERS.items())[:fitted]
    true = {
        name: median * float(np.exp(spread * score))
        for (name, (_, median, spread)), score in zip(laws, scores, strict=True)
    }
    scenario = loaded.template.scenario(true, loaded.units)
    played = play_once(scenario, 1000 + number, 0, engines.ready("compiled"))
    waits, queues = (observe_series(series, scenario, played.measures) for series in scenario.reported_series)
    return written(folder, np.round(60 * waits), queues, discrepancy, fitted), true


def main(weeks: int, discrepancy: str, fitted: int) -> None:
    """Fit the weeks and print which intervals hold the truth."""
    inside = dict.fromkeys(list(PARAMETERS)[:fitted], 0)
    for number in range(weeks):
        with tempfile.TemporaryDirectory() as name:
            loaded, true = week(Path(name), number, discrepancy, fitted)
            began = time.process_time()
            with Evaluator(loaded, Request(workers=1), silent) as evaluator:
                found, plays = fit_by_sums(evaluator), evaluator.plays_made
                values = evaluator.priors.values(found.draws.scores)
            seconds = time.process_time() - began
        words = []
        for d, parameter in enumerate(loaded.calibration.parameters):
            ends = weighted_quantiles(values[:, d], found.draws.weights, [0.05, 0.95])
            inside[parameter] += int(ends[0] <= true[parameter] <= ends[1])
            words.append(f"{parameter} {true[parameter]:.3g} in {ends[0]:.3g} to {ends[1]:.3g}")
        sys.stdout.write(f"{number + 1}: {'; '.join(words)}; {found.rounds} rounds, {plays} plays, {seconds:.0f} s\n")
        sys.stdout.flush()
    sys.stdout.write(f"in the 90 % interval, of {weeks}: {inside}\n")


if __name__ == "__main__":
    given = [*sys.argv[1:], *["20", "0.1", "2"][len(sys.argv) - 1 :]]
    main(int(given[0]), given[1], int(given[2]))
