"""The kernel's controls, set to what they were at the end of an earlier run."""

from __future__ import annotations

from typing import Any

from sim.arrays import Ints
from sim.engine.plan import Plan
from sim.engine.tape import Tape


def set_controls(border: Any, turns: Ints, plan: Plan, tape: Tape) -> None:
    """Let controls begin with the servers they had added, and with checks lightened; `turns` is the table of turns."""
    for station, added, light_for in tape.controls.tolist():
        border["added"][station] = border["decided"][station] = added
        if light_for >= 0:
            border["lightened"][station], border["light_turned_at"][station] = 1, plan.start - light_for
            turns[border["turns"]] = plan.start, station, 1
            border["turns"] += 1
