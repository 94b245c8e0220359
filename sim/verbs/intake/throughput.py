"""The service time where a file has no durations, but how many came and how many booths were open in each row.

In the busiest rows booths are seldom idle, so that the time of the open booths over the number of parties is about the
service time. It is too long where even these rows had idle booths, and a fit to waits puts it right.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.text.edit import Edit
from sim.table.columns import Role
from sim.table.counts import Bins
from sim.table.reader import Reader
from sim.table.times import local_seconds
from sim.verbs.intake.arrivals import BEGIN, COUNT
from sim.verbs.intake.finding import Finding, figures, passport, period_of, time_text
from sim.verbs.intake.fluid_pace import PACES, Intervals, Pace, pace_of
from sim.verbs.intake.replay import groups_in
from sim.verbs.intake.request import Target, Wanted
from sim.verbs.intake.staffing import OPEN
from sim.verbs.intake.waits import WAIT, base_of

BUSY = 0.9
"""Share of the rows with fewer parties for each open booth than those taken as busy."""
LEAST_ROWS = 100
PARTIES = Role(COUNT.words, (*COUNT.against, "service", "duration"))


class Rows(NamedTuple):
    """Parties counted and booths open in each row, when it begins, and the mean wait (s) if the file has it."""

    parties: Floats
    booths: Floats
    at: Floats
    wait: Floats | None


def counted_rows(reader: Reader) -> Rows | None:
    """Return the rows of a file of counts and open booths; None if it has durations, or not all of these columns."""
    if {"duration", "start", "end", "booths"} & set(reader.given):
        return None
    columns = [reader.find("count", PARTIES, "number"), reader.find("open", OPEN, "number")]
    if None in columns or columns[0] == columns[1] or reader.time_column("time", BEGIN)[0] is None:
        return None
    at = reader.instants("time", BEGIN)
    count, booths = reader.numbers("count", PARTIES), reader.numbers("open", OPEN)
    assert at is not None
    assert count is not None
    assert booths is not None
    return Rows(count, booths, at, reader.durations("wait", WAIT, needed=False))


def read_throughput(reader: Reader, target: Target, wanted: Wanted, rows: Rows) -> Finding:
    """Return a service time from the parties that each open booth served in the busiest rows. Raises SimError."""
    good = np.isfinite(rows.parties) & np.isfinite(rows.at) & (rows.booths >= 1) & (rows.parties >= 0)
    steps = np.diff(np.unique(rows.at[good]))
    if good.sum() < LEAST_ROWS or not len(steps):
        raise SimError(
            f"{reader.table.path}: has no durations, and only {int(good.sum())} rows with parties and open booths; "
            f"a service time needs at least {LEAST_ROWS}"
        )
    length = float(np.median(steps))
    station = target.station(wanted.station, wanted.cls)
    each = rows.parties[good] / rows.booths[good]
    seconds = length / float(np.quantile(each, BUSY))
    period, days = period_of(reader, rows.at[good])
    finding = Finding(f"Parties and open booths in {reader.table.path.name}", days=days)
    finding.sentences.append(
        f"{station}: the file has no durations. An open booth served {figures(3600 / seconds):g} parties an hour or "
        f"more in the busiest tenth of the rows, so a service takes about {time_text(seconds)}, or less; `sim import "
        "waits` and a fit put it right."
    )
    finding.facts[station] = {"mean_s": seconds, "rows": int(good.sum())}
    method = "time of open booths over parties, exceeded in a tenth of the rows"
    found = _pace(finding, reader, target, (rows, good, length, seconds))
    path = ("crossings", target.crossing, "stations", station)
    if found is not None and found.shows:
        seconds, method = found.seconds, "a fluid queue with a pace by the queue, fitted to the waits"
        pace = {"queue": {"0": 1, str(found.queue): figures(found.factor)}}
        finding.edits.append(Edit((*path, "pace"), passport(pace, reader, period, method)))
    law = passport({"mean": time_text(seconds)}, reader, period, method, int(good.sum()))
    finding.edits.append(Edit((*path, "service_time"), law))
    return finding


def _pace(
    finding: Finding, reader: Reader, target: Target, given: tuple[Rows, NDArray[np.bool_], float, float]
) -> Pace | None:
    """Look for a pace by the queue where the file has waits, and say what was found."""
    rows, good, length, seconds = given
    order = np.flatnonzero(good)[np.argsort(rows.at[good], kind="stable")]
    at = rows.at[order]
    if rows.wait is None or len(np.unique(at)) < len(at):
        return None
    groups = groups_in(reader, rows.at, Bins(at, np.full(len(at), length), rows.parties[order]))
    local = at + local_seconds(at[:1], target.zone)[0] - at[0]
    wait = rows.wait[order]
    base = base_of(wait[np.isfinite(wait)])
    found = pace_of(Intervals(local, rows.parties[order], rows.booths[order], wait, groups), length, seconds, base)
    if found is None:
        return None
    finding.facts["pace"] = found._asdict()
    if not found.shows:
        finding.sentences.append("The waits do not show that services get faster or slower as the queue grows.")
        return found
    what = "less" if found.factor < 1 else "more"
    limit = " (the limit of what is tried)" if found.factor in PACES[[0, -1]] else ""
    finding.sentences.append(
        f"Waits grow {what} with the load than with services of one length. A pace tells those of weeks that it was "
        f"not fitted to {found.gain:.0%} better: {time_text(found.seconds)} without a queue, {found.factor:g} times"
        f"{limit} as long from {found.queue} waiting on (`pace`). It is a description: booths that open within a row, "
        "or parties that come more evenly than is assumed, would look alike."
    )
    return found
