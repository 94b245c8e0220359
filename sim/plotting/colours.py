"""Colours, and the words for classes, days and numbers: what pictures, tables and pages share, without matplotlib."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from sim.arrays import Floats
from sim.scenario.model.quantities import STREAMS
from sim.scenario.model.scenario import Scenario

INK = "#22262b"
MUTED = "#5f6770"
FAINT = "#d9dde1"
REPORTED = "#D55E00"
VALIDATION = "#6a3d9a"
CLASS_COLOURS = {
    "all": INK,
    "vehicles": INK,
    "car": "#0072B2",
    "truck": "#E69F00",
    "bus": "#009E73",
    "bike": "#CC79A7",
    "foot": "#56B4E9",
}
BYPASS_COLOUR = "#a6cbe6"
OWN_COLOURS = ("#332288", "#44AA99", "#CC6677", "#999933", "#AA4499", "#117733", "#88CCEE", "#DDCC77")
"""Colours of a scenario's own classes, in order (Tol's muted scheme)."""
TONES = ((0.0, 0.0), (0.0, 0.45), (1.0, 0.5), (0.0, 0.7))
"""What the colours are mixed with from the ninth own class on: a grey (0 to 1), and its share."""
TOGETHER_COLOUR = "#b8bec4"
"""The colour of small classes that are drawn as one."""
LONG_NAME, BEGIN, END = 28, 15, 11
"""Letters of the longest name that is written out, and of the ends of a longer one."""


TOGETHER_NAMES = {"all": "all", "vehicles": "all vehicles"}
"""Labels of all parties, and of all vehicles."""
OUTCOME_COLOURS = {
    "crossed": "#0072B2",
    "refused": "#000000",
    "summoned": "#CC79A7",
    "reneged": "#E69F00",
    "balked": "#8a9199",
    "barred": "#c3c8cd",
    "unfinished": "#56B4E9",
    "diverted": "#009E73",
    "on_the_way": "#F0E442",
    "stayed": "#e3e6e9",
}
SPAN_COLOURS = {"waiting": "#0072B2", "service": "#56B4E9", "blocked": "#E69F00"}


def colour_of(scenario: Scenario, scope: str) -> str:
    """Return the colour of a class, or of all classes or vehicles together."""
    if scope in CLASS_COLOURS:
        return CLASS_COLOURS[scope]
    tone, n = divmod(scenario.streams.index(scope) - len(STREAMS), len(OWN_COLOURS))
    grey, share = TONES[tone % len(TONES)]
    parts = (int(OWN_COLOURS[n][k : k + 2], 16) / 255 for k in (1, 3, 5))
    return "#" + "".join(f"{round(255 * ((1 - share) * part + share * grey)):02x}" for part in parts)


def class_name(scenario: Scenario, scope: str) -> str:
    """Return the words of a class, or of all classes or vehicles together."""
    return TOGETHER_NAMES.get(scope) or scenario.class_words[scope]


def class_label(scenario: Scenario, scope: str) -> str:
    """Return the words of a class, or of all together, for a legend; long ones with an ellipsis."""
    words = class_name(scenario, scope)
    return words if len(words) <= LONG_NAME else f"{words[:BEGIN].rstrip()}…{words[-END:].lstrip()}"


def day_name(instant: datetime) -> str:
    """Return '21 Sep'."""
    return f"{instant.day} {instant:%b}"


def number(value: float) -> str:
    """Return a count as text: '3,000', '12.5', '0.4', '-' where there is none."""
    if not np.isfinite(value):
        return "-"
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.3g}"


def with_gaps(hours: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return a line over time, in hours, that is broken where values are missing for long."""
    gaps = np.diff(hours)
    usual = float(np.median(gaps)) if len(gaps) else 1.0
    wide = np.flatnonzero(gaps > max(6 * usual, 12.0)) + 1
    return np.insert(hours, wide, (hours[wide - 1] + hours[wide]) / 2), np.insert(values, wide, np.nan)
