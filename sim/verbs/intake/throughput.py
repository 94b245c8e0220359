"""The service time where a file has no durations, but how many came and how many booths were open in each row.

In the busiest rows booths are seldom idle, so that the time of the open booths over the number of parties is about the
service time. It is too long where even these rows had idle booths, and a fit to waits puts it right.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.arrays import Floats
from sim.errors import SimError
from sim.scenario.text.edit import Edit
from sim.table.columns import Role
from sim.table.reader import Reader
from sim.verbs.intake.arrivals import BEGIN, COUNT
from sim.verbs.intake.finding import Finding, figures, passport, period_of, time_text
from sim.verbs.intake.request import Target, Wanted
from sim.verbs.intake.staffing import OPEN

BUSY = 0.9
"""Share of the rows with fewer parties for each open booth than those taken as busy."""
LEAST_ROWS = 100
PARTIES = Role(COUNT.words, (*COUNT.against, "service", "duration"))


class Rows(NamedTuple):
    """Parties counted, booths open and seconds of each row, and when it begins."""

    parties: Floats
    booths: Floats
    at: Floats


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
    return Rows(count, booths, at)


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
    law = passport({"mean": time_text(seconds)}, reader, period, method, int(good.sum()))
    finding.edits.append(Edit(("crossings", target.crossing, "stations", station, "service_time"), law))
    return finding
