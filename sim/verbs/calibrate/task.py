"""The task that calibration repeats: what the model says for every reported figure at one vector of parameters."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from sim import store
from sim.arrays import Floats
from sim.errors import ScenarioError, SimError
from sim.measures.replication import measure_figures
from sim.measures.reported_series import points_in_run, series_values
from sim.measures.reports import observe
from sim.play import provenance
from sim.play.one import play_once
from sim.scenario.model.instants import counted_from, local, since_t0
from sim.scenario.model.scenario import Clock, Scenario
from sim.scenario.text.load_scenario import Template
from sim.scenario.text.passports import take_off
from sim.units import milliseconds

ROW_KEYS = (
    "id",
    "crossing",
    "quantity",
    "classes",
    "within",
    "from",
    "until",
    "statistic",
    "directions",
    "outbound_share",
    "covers",
    "way",
    "station",
)
"""Keys of a row that decide what the model says for it; the others concern the likelihood only."""
SERIES_KEYS = (*ROW_KEYS, "series", "every", "lag")


@dataclass(frozen=True)
class ObservationTask:
    """A function of the values of `names`, in `units`, followed by the number of a replication."""

    template: Template
    names: tuple[str, ...]
    units: dict[str, str]
    seed: int
    engine: str
    horizon: datetime | None

    def __call__(self, point: tuple[float, ...]) -> Floats:
        """Return what the model says for every row, (J,). Raises SimError where a value is invalid."""
        scenario = self.scenario(point[:-1])
        replication = play_once(scenario, self.seed, int(point[-1]), self.engine, measuring=measure_figures)
        measures = replication.measures
        single = [observe(row, scenario, measures) for row in scenario.reported]
        return np.append(single, series_values(scenario, measures)).astype(np.float64)

    def scenario(self, values: tuple[float, ...]) -> Scenario:
        """Return the scenario with these values, cut at the horizon. Raises SimError where a value is invalid."""
        named = dict(zip(self.names, values, strict=True))
        try:
            scenario = self.template.scenario(named, self.units)
        except ScenarioError as error:
            at = ", ".join(f"{name} {value:.4g}{self.units.get(name, '')}" for name, value in named.items())
            what = f"the priors allow values for which the scenario is invalid: {error.problems[0]} (at {at})"
            raise SimError(f"{what}; restrict a prior with 'low' or 'high'") from None
        if self.horizon is None:
            return scenario
        return scenario.model_copy(update={"clock": scenario.clock.model_copy(update={"horizon": self.horizon})})

    def digest(self) -> str:
        """Return a digest of everything the results depend on: scenario, keys of the rows, seed and program."""
        tree = take_off(self.template.root)[0]
        rows = [{key: row.get(key) for key in ROW_KEYS} for row in tree.pop("reported", ())]
        series = [{key: row.get(key) for key in SERIES_KEYS} for row in tree.pop("reported_series", ())]
        inputs = [tree, rows, series, self.template.sets, self.template.intervene, self.names, self.units, self.seed]
        program = [provenance.program(), store.digest(Path(__file__))]
        text = json.dumps([inputs, str(self.horizon), program], default=str)
        return "e" + hashlib.sha256(text.encode()).hexdigest()[:16]


def shortest_horizon(scenario: Scenario) -> datetime | None:
    """Return the earliest horizon that leaves all reported rows as they are; None for the scenario's own.

    It lies one point of the series after the end of the last row. Waits by the instant of joining need the whole run.
    """
    rows, clock = scenario.figures, scenario.clock
    if not rows or any(row.kind.by_joining for row in rows):
        return None
    begin, every = counted_from(clock), milliseconds(clock.report_every)
    ends = [since_t0(clock, row.until) for row in scenario.reported]
    ends += [int(points_in_run(series, clock).end.max(initial=0)) for series in scenario.reported_series]
    last = max(ends)
    horizon = begin + (-(-(last - begin) // every) + 1) * every
    if not begin < horizon < since_t0(clock, clock.horizon):
        return None
    return _as_written(clock, horizon)


def _as_written(clock: Clock, at: int) -> datetime | None:
    """Return an instant as a file writes it; None in the ambiguous hour at the end of summer time."""
    written = local(clock, at).replace(tzinfo=None)
    return written if since_t0(clock, written) == at else None
