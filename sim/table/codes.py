"""Numbers that stand for no reading in some files, such as 999 while a sensor is off."""

from __future__ import annotations

import numpy as np

from sim.arrays import Bools, Floats

CODES = (99, 999, 9999, 99999, 999999)
FAR, LEAST = 3.0, 3
"""Times the largest other value from which a code is believed to be one, and how often it must stand there."""


def error_codes(values: Floats, unit: float = 1.0) -> Bools:
    """Return which values are codes: exactly the same number of nines several times, and far above all others.

    `unit` is that of the file in the unit of the values, such as 60 for minutes read as seconds.
    """
    coded = np.zeros(len(values), bool)
    bare = np.round(values / unit, 9)
    for code in CODES:
        same = bare == code
        others = values[np.isfinite(values) & (bare < code)]
        if same.sum() >= LEAST and len(others) >= same.sum() and code * unit > FAR * others.max():
            coded |= bare >= code
            break
    return coded
