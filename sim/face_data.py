"""The Python interface to your own data: `import_data`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import SimError
from sim.verbs.intake.request import WHAT, Wanted, What
from sim.verbs.intake.result import ImportResult
from sim.verbs.intake.study import import_file

_OPTIONS = {name: field for name, field in Wanted.__dataclass_fields__.items() if name not in ("what", "file", "into")}


def import_data(
    what: What,
    file: str | Path,
    into: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    where: Mapping[str, str] | None = None,
    zone: str | None = None,
    **more: Any,
) -> ImportResult:
    """Find out what a file of data says about a scenario. Nothing is written; `write_scenario` of the result does.

    Parameters
    ----------
    what
        'arrivals', 'service', 'staffing', 'patience', 'timetable' or 'log'.
    file
        CSV (also .gz), Parquet or Excel.
    into
        The scenario file; arrivals, timetable and log begin a new one if there is none.
    columns
        Headings by role, such as {'time': 'Datum'}, where they are not found out.
    where
        Values by heading: only these rows are taken.
    zone
        Time zone of local times; that of the scenario if left out.
    more
        The other options of `sim import`: cls, part, station, crossing, day (the date of bare times of day), unit,
        day_first, since, until, gaps_are_zero, replay, queue.

    Returns
    -------
    ImportResult
        What was understood and found, the pictures, and the text of the scenario as it would be.

    Raises
    ------
    SimError
        If a file cannot be read, or it cannot be told what a column means.
    """
    if what not in WHAT:
        raise SimError(f"what: expected one of {', '.join(WHAT)}; got {what!r}")
    unknown = [name for name in more if name not in _OPTIONS]
    if unknown:
        raise SimError(f"{unknown[0]}: there is no such option; the options are {', '.join(_OPTIONS)}")
    wanted = Wanted(what, Path(file), Path(into), columns=columns or {}, where=where or {}, zone=zone, **more)
    return ImportResult(import_file(wanted))
