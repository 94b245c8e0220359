"""Takes the rows of a period (`--since`, `--until`), by local dates of the column of times that an import reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.errors import SimError
from sim.table.columns import Role
from sim.table.reader import Reader, Understood
from sim.table.times import local_seconds
from sim.verbs.intake import patience, service, timetable
from sim.verbs.intake.arrivals import BEGIN
from sim.verbs.intake.finding import dated
from sim.verbs.intake.request import Wanted, What

TIMES: dict[What, tuple[tuple[str, Role], ...]] = {
    "arrivals": (("time", BEGIN),),
    "service": (("start", service.START), ("time", BEGIN)),
    "staffing": (("time", BEGIN),),
    "waits": (("time", BEGIN),),
    "patience": (("time", patience.ARRIVAL), ("arrival", patience.ARRIVAL)),
    "timetable": (("scheduled", timetable.SCHEDULED),),
    "log": (("arrival", timetable.ARRIVAL),),
}
"""Roles of the times by what is imported, the first that a file has."""


def take_period(reader: Reader, wanted: Wanted) -> None:
    """Leave out the rows before --since, and those from --until on. Raises SimError if none stay."""
    if wanted.since is None and wanted.until is None:
        return
    probe = replace(reader, understood=[], notes=[], rejected=[], used=set(reader.used), dates=set())
    role, by = next((each for each in TIMES[wanted.what] if probe.time_column(*each)[0]), TIMES[wanted.what][0])
    at = probe.instants(role, by)
    dated(probe)
    assert at is not None
    local = local_seconds(at, reader.zone)
    inside = np.ones(len(at), bool)
    for limit, outside in ((wanted.since, np.less), (wanted.until, np.greater_equal)):
        if limit is not None:
            inside &= ~outside(local, np.datetime64(limit, "s").astype(float))
    if not (inside & np.isfinite(at)).any():
        raise SimError(f"{reader.table.path}: has no rows between --since and --until")
    heading = probe.understood[0].column
    reader.understood.append(Understood("only", heading, f"rows of the period: {inside.sum():,} of {len(inside):,}"))
    reader.table = reader.table.taken(inside)
