"""Imports waits with what became of them: the law of the wait after which a party gives up."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.text.edit import Edit
from sim.table.columns import Role
from sim.table.reader import Reader
from sim.verbs.intake.finding import Finding, figures, passport, period_of
from sim.verbs.intake.laws import Fitted, fit, observe
from sim.verbs.intake.request import Target, Wanted, classes_of
from sim.verbs.intake.service import CLASS, LEAST_ROWS, LEVEL, facts_of, law_text, method_of, told

WAIT = Role(("wait", "waited", "waiting", "queue", "delay", "time"), ("service", "end", "start", "arrival"), alone=True)
ARRIVAL = Role(("arrival", "arrived", "joined", "entry", "time", "at", "from", "start"), ("service", "end", "left"))
SERVED = Role(("served", "answered", "start", "called", "service"), ("end", "hung", "left"))
LEFT = Role(("left", "hung", "abandoned", "gave", "reneged", "lost", "abandon"), ("service", "end"))
OUTCOME = Role(("outcome", "status", "result", "reneged", "abandoned", "served", "left", "gave"), ("id",))
_GIVEN_UP = (
    "abandon",
    "hung",
    "hang",
    "renege",
    "lost",
    "left_queue",
    "gave",
    "given",
    "quit",
    "drop",
    "balk",
    "not_served",
)
SEEN_ENOUGH = 0.8
"""Share of the law within the longest wait below which its mean is doubted."""
_SERVED = ("serve", "agent", "answer", "cross", "done", "complete", "ok", "pass")


def read_patience(reader: Reader, target: Target, wanted: Wanted) -> Finding:
    """Return the law of patience at a station: a served party says only that its patience was longer than its wait."""
    waits, gave_up = _waits(reader)
    names = reader.names("class", CLASS) if wanted.cls else None
    classes, _ = classes_of(target, wanted, None, "") if wanted.cls else ({"": "*"}, {})
    mine = np.ones(len(waits), bool)
    if names is not None and any(target.class_called(name or "") == wanted.cls for name in names):
        mine = np.array([target.class_called(name or "") == wanted.cls for name in names])
    good = mine & np.isfinite(waits) & (waits >= 0) & np.isfinite(gave_up)
    for row in np.flatnonzero(waits < 0):
        reader.reject(int(row), f"a wait of {waits[row]:g} s")
    left = good & (gave_up == 1)
    if left.sum() < LEAST_ROWS:
        raise SimError(
            f"{reader.table.path}: {int(left.sum())} parties gave up; a law of patience needs at least {LEAST_ROWS}"
        )
    cls = next(iter(classes.values()))
    station = target.station(wanted.station, None if cls == "*" else cls)
    found = fit(observe(waits[good], gave_up[good] == 0))
    share = float(left.sum() / good.sum())
    finding = Finding(f"Patience in {reader.table.path.name}")
    at = reader.instants("time", ARRIVAL, needed=False)
    period = period_of(reader, at)[0] if at is not None else ""
    finding.sentences.append(f"{share:.1%} of {int(good.sum()):,} parties gave up, the others were served.")
    finding.sentences += [f"Patience: {line}" for line in told(found)]
    if found.chosen is not None and found.chosen.frozen is not None:
        seen = float(found.chosen.frozen.cdf(waits[good].max()))
        if seen < SEEN_ENOUGH:
            finding.sentences.append(
                f"Only {seen:.0%} of the law lies within the waits that were seen; its mean rests on what nobody saw."
            )
    finding.sentences.append(_early(waits[good], gave_up[good]))
    finding.facts = {"share_given_up": share, **facts_of(found)}
    law = passport(
        law_text(found), reader, period, f"{method_of(found)}, those served as lower bounds", int(good.sum())
    )
    finding.edits.append(Edit(("crossings", target.crossing, "stations", station, "patience"), law))
    finding.drawers["patience"] = partial(_draw, found)
    return finding


def _waits(reader: Reader) -> tuple[Floats, Floats]:
    """Return the wait of each party and 1 if it gave up, 0 if it was served, nan if the row does not say."""
    outcome = _outcomes(reader)
    waits = reader.durations("wait", WAIT, needed=False)
    if waits is not None and outcome is not None:
        return waits, outcome
    arrived = reader.instants("arrival", ARRIVAL)
    served = reader.instants("served", SERVED, needed=False)
    gone = reader.instants("left", LEFT, needed=False)
    if arrived is None or (served is None and gone is None):
        raise SimError(
            f"{reader.table.path}: needs a wait and an outcome in each row, or the instants of arrival, service and "
            "leaving"
        )
    nothing = np.full(len(arrived), np.nan)
    served, gone = (nothing if each is None else each for each in (served, gone))
    by_instants = np.where(np.isfinite(served), 0.0, np.where(np.isfinite(gone), 1.0, np.nan))
    flags = by_instants if outcome is None else outcome
    until = np.where(np.isfinite(served), served, gone) - arrived
    return (until if waits is None else waits), flags


def _outcomes(reader: Reader) -> Floats | None:
    flags = reader.flags("gave up", Role(("abandoned", "reneged", "lost", "left", "hung"), ("id", "at", "s")))
    if flags is not None:
        return flags
    served = reader.flags("served", Role(("served", "answered"), ("id", "at", "s")))
    if served is not None:
        return 1 - served
    words = reader.names("outcome", OUTCOME)
    if words is None:
        return None
    meaning = {word: _meaning(word) for word in dict.fromkeys(words) if word is not None}
    told_as = {1.0: "given up", 0.0: "served"}
    reader.notes.append("outcomes: " + ", ".join(f"{w!r} is {told_as.get(v, 'neither')}" for w, v in meaning.items()))
    for word, value in meaning.items():
        if np.isnan(value):
            reader.notes.append(f"outcome {word!r} is neither served nor given up; its rows are left out")
    return np.array([np.nan if word is None else meaning[word] for word in words])


def _meaning(word: str) -> float:
    lower = word.lower().replace(" ", "_")
    if lower == "left" or any(part in lower for part in _GIVEN_UP):
        return 1.0
    return 0.0 if any(part in lower for part in _SERVED) else float("nan")


def _early(waits: Floats, gave_up: Floats) -> str:
    """Say how the rate of giving up changes with the wait so far."""
    middle = float(np.median(waits))
    if middle <= 0:
        return "Half of the waits are 0 s, so how the rate of giving up changes with the wait is not told."
    events = [float(np.sum((waits <= middle) & (gave_up == 1))), float(np.sum((waits > middle) & (gave_up == 1)))]
    exposure = [float(np.minimum(waits, middle).sum()), float(np.maximum(waits - middle, 0).sum())]
    if min(exposure) <= 0 or min(events) < 5:
        return "Too few gave up late to say how the rate of giving up changes with the wait."
    rates = [event / time * 3600 for event, time in zip(events, exposure, strict=True)]
    p = float(stats.binomtest(int(events[0]), int(sum(events)), exposure[0] / sum(exposure)).pvalue)
    change = "changes" if p < LEVEL else "does not change by more than chance"
    return (
        f"The rate of giving up {change} with the wait: {figures(rates[0]):g} an hour of waiting up to {middle:.0f} s, "
        f"{figures(rates[1]):g} after."
    )


def _draw(fitted: Fitted) -> Any:
    from sim.verbs.intake.pictures import draw_law

    return draw_law(fitted, "Patience: the wait after which parties give up")
