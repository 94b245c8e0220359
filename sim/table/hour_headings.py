"""Headings that are hours of the day, as of a table of dates by hours."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

FEWEST = 8
"""Columns headed by times of day from which a table is one of dates by hours."""
_HOUR = re.compile(
    r"(?:h|hour|stunde|std\.?|heure|час|година)?\s*(\d{1,2})(?::(\d{2})(?::00)?|h(\d{2})?)?"
    r"(?:\s*[-–]\s*\d{1,2}(?::\d{2}|h\d{0,2})*)?\s*(?:uhr)?",
    re.IGNORECASE,
)


def hours_in(headings: Sequence[str]) -> dict[str, int]:
    """Return the minute of the day of each heading that is a time of day; nothing if they are few or do not rise.

    Hours numbered from 1 to 24 begin an hour earlier.
    """
    found = {}
    for heading in headings:
        if match := _HOUR.fullmatch(heading.strip()):
            found[heading] = 60 * int(match[1]) + int(match[2] or match[3] or 0)
    minutes = list(found.values())
    if len(minutes) < FEWEST or min(np.diff(minutes)) <= 0 or minutes[-1] > 24 * 60:
        return {}
    return {heading: minute - 60 for heading, minute in found.items()} if minutes[-1] == 24 * 60 else found
