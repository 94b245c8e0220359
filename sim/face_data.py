"""The Python interface to your own data: `import_data` and `nowcast`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sim import units
from sim.errors import SimError
from sim.play.request import Request
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.backtest.result import BacktestResult as BacktestResult
from sim.verbs.backtest.study import run_backtest
from sim.verbs.backtest.windows import windows_of
from sim.verbs.intake.request import WHAT, Wanted, What
from sim.verbs.intake.result import ImportResult
from sim.verbs.intake.study import import_file
from sim.verbs.nowcast.evidence import with_what_if
from sim.verbs.nowcast.plays import simulator_of, zone_of
from sim.verbs.nowcast.result import NowcastResult as NowcastResult
from sim.verbs.nowcast.seen import FEWEST, Columns, read_seen
from sim.verbs.nowcast.study import nowcast as forecast_readings

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
        day_first, since, until, gaps_are_zero, all_parts, replay, queue,
        sheet.

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


def nowcast(
    seen: str | Path,
    scenario: str | Path | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    where: Mapping[str, str] | None = None,
    zone: str | None = None,
    ahead: str = "12h",
    now: datetime | None = None,
    quantity: str | None = None,
    crossing: str | None = None,
    joins: Sequence[str] = (),
    since: datetime | None = None,
    intervene: Sequence[str] = (),
    sheet: str | None = None,
) -> NowcastResult:
    """Forecast the next hours of a queue, a wait or a count from its own readings. Nothing is written.

    Parameters
    ----------
    seen
        Table with a row for each reading: CSV, Parquet or Excel.
    scenario
        A path or a catalogue name: plays of it are one more member.
    columns
        Headings of 'value', 'time' and 'booths' (open ones), where they are not found out.
    where
        Values by heading: only these rows are taken.
    zone
        Time zone of local times, and of the hours of the day; that of the scenario if left out, else UTC.
    ahead
        How far to look ahead, such as '6h'; at most a week.
    now
        Time of the forecast, local if it has no zone; later rows are left out. By default that of the last reading.
    quantity
        Series of the scenario that the column tells of, such as 'queue.truck'; by default by the heading.
    crossing
        The crossing that the readings are of, where the scenario has several.
    joins
        Times such as '18:00' for which the wait of who joins then is told; by default now, 18:00 and midnight.
    since
        Time before which history no longer holds; earlier rows are left out.
    intervene
        What-ifs: interventions of the scenario that begin now, or at their own later times.
    sheet
        The sheet of an Excel file; by default the longest.

    Returns
    -------
    NowcastResult
        The forecast with bands of 50 and 90 %, and how well such forecasts did on the last third of the readings.

    Raises
    ------
    SimError
        If the file cannot be read, or has too few readings.
    """
    given = dict(columns or {})
    unknown = next((role for role in given if role not in ("value", "time", "booths")), None)
    if unknown is not None:
        raise SimError(f"columns: there is no role {unknown!r}; the roles are value, time and booths")
    try:
        hours = units.parse("time", ahead) / 3600
    except ValueError as error:
        raise SimError(f"ahead: {error}") from None
    zone = zone or (None if scenario is None else zone_of(str(scenario)))
    wanted = Columns(
        given.get("value"), given.get("time"), tuple((where or {}).items()), zone, given.get("booths"), sheet
    )
    readings = read_seen(Path(seen), wanted, now, since, FEWEST if scenario is None else 1)
    simulator = None if scenario is None else simulator_of(str(scenario), (), readings.name, quantity, crossing)
    if simulator is not None and intervene:
        simulator = with_what_if(simulator, tuple(intervene), Path(seen), wanted)
    return NowcastResult(forecast_readings(readings, hours, simulator, joins))


def backtest(
    calibration: str | Path,
    *,
    fit: str,
    score: str,
    rolling: str | None = None,
    lead_in: str = "1 d",
    **request: Any,
) -> BacktestResult:
    """Fit a calibration to one window of its series, predict a later one, and score the forecast. Nothing is written.

    Parameters
    ----------
    calibration
        A calibration file (or catalogue name) with a series among its reported figures.
    fit, score
        Windows such as '2019-05-20..2019-05-26', in local time.
    rolling
        How far each forecast looks ahead before the next fit, such as '1 d'; all at once if left out.
    lead_in
        Time that is played before each window.
    request
        `replications`, `seed` and `workers`, as of `run`.

    Returns
    -------
    BacktestResult
        Forecasts of the model and of naive forecasts, with their scores.

    Raises
    ------
    SimError
        If a file has problems, there is no series, or it has no points in a window.
    """
    loaded = read_calibration(calibration)
    return BacktestResult(run_backtest(loaded, windows_of(fit, score, rolling, lead_in), Request(**request)))
