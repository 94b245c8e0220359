"""Names of public holidays, where the package `holidays` is installed; the country is that of the time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from importlib import resources


def holidays_of(zone: str, days: Iterable[int]) -> dict[int, str]:
    """Return the names of those days (since 1970) that are public holidays; none without the package."""
    try:
        import holidays
    except ImportError:
        return {}
    dates = {int(day): date.fromordinal(date(1970, 1, 1).toordinal() + int(day)) for day in days}
    country = _country(zone)
    if country is None or not dates:
        return {}
    try:
        known = holidays.country_holidays(country, years=sorted({day.year for day in dates.values()}))
    except NotImplementedError:  # a country that the package does not have
        return {}
    return {number: str(known[day]) for number, day in dates.items() if day in known}


def _country(zone: str) -> str | None:
    """Return the code of the country in which a time zone lies, None for zones such as UTC."""
    table = resources.files("tzdata") / "zoneinfo" / "zone.tab"
    rows = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return next((row[0] for row in rows if len(row) > 2 and row[2] == zone), None)
