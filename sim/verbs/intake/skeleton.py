"""The text of a new scenario, into which the first import goes: one crossing with one station, and assumptions."""

from __future__ import annotations

import math

from sim.scenario.text.yaml_text import one_line
from sim.verbs.intake.finding import Finding, date_of, figures
from sim.verbs.intake.request import STATION, Target

UTILISED = 0.85
SECONDS = {"car": 60.0, "truck": 180.0, "bus": 600.0, "bike": 30.0, "foot": 45.0}
"""Assumed service times by kind, s: to be replaced by `sim import service`."""
DAYS = 7


def new_scenario(target: Target, finding: Finding, on_the_days: bool) -> str:
    """Return the text of a scenario that plays the week after the data, or `on_the_days` of the data."""
    first, last = finding.days
    start, end = (first, last + 1) if on_the_days else (last + 1, last + 1 + DAYS)
    service = max(SECONDS[kind] for kind in finding.classes.values())
    servers = max(1, math.ceil(finding.busiest * service / 3600 / UTILISED))
    name = target.crossing
    busiest = f"{figures(finding.busiest):g} parties in the busiest hour"
    classes = "\n".join(f"  {cls}: {{kind: {kind}}}" for cls, kind in finding.classes.items())
    staffing = {"value": servers, "source": "assumption", "reason": f"enough for {busiest}; see `sim import staffing`"}
    time = {"value": {"mean": f"{service:g} s"}, "source": "assumption", "reason": "usual; see `sim import service`"}
    quote = {
        "value": {"every": "15 min", "window": "1 h"},
        "source": "assumption",
        "reason": "the wait as a display would show it",
    }
    return f"""\
# Begun by `sim import`. Numbers that say "assumption" wait for data of yours, or for a better reason.
name: {name}
title: {one_line(target.path.stem.replace("_", " ").capitalize())}
description: Arrivals from data; booths and service times are assumptions until they are imported as well.

clock:
  timezone: {target.zone}
  t0: {date_of(start)}
  start: {date_of(start)}
  horizon: {date_of(end)}

replications: 20
seed: 1

classes:
{classes}

crossings:
  {name}:
    stations:
      {STATION}:
        staffing: {one_line(staffing)}
        service_time: {one_line(time)}
    quote: {one_line(quote)}
"""
