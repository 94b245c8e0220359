"""Measures and constraints as users write them: `wait.p90`, `max_queue@car`, `wait.p90 < 6 h`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.errors import SimError
from sim.measures.estimates import CONFIDENCE
from sim.measures.names import ALL, TOTALS, VEHICLES, Key, by_way, check_total

_CONSTRAINT = re.compile(r"\s*([^<>=\s]+)\s*(<=|>=|<|>)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*([%a-zA-Z/]*)\s*")
PREFERRED = (by_way(ALL, "main"), ALL, VEHICLES)
"""Scopes in the order in which they are tried if none is given."""
UNITS = {
    ("h", "min"): 1 / 60,
    ("h", "d"): 24.0,
    ("h", "s"): 1 / 3600,
    ("share", "%"): 0.01,
    ("km", "m"): 0.001,
    ("parties/h", "/h"): 1.0,
    ("people/h", "/h"): 1.0,
}
"""Other units in which a bound may be given: (own unit, other unit) to the size of the other in the own."""


@dataclass(frozen=True)
class Constraint:
    """A bound on a measure, in its unit."""

    key: Key
    below: bool
    bound: float
    text: str

    def is_met(self, values: np.ndarray, confidence: float = CONFIDENCE, at_least: bool = False) -> bool | None:
        """Return whether the mean of these replications meets the bound; None if they are not conclusive.

        Each answer is wrong with a probability of at most 1 - `confidence` (one-sided Student t, 1908). If the values
        are lower bounds (`at_least`), they cannot show that the measure is below, nor that it is not above.
        """
        from scipy.special import stdtrit

        values = values if self.below else -values
        bound = self.bound if self.below else -self.bound
        mean, n = float(values.mean()), len(values)
        if not np.isfinite(mean):
            return None
        half = stdtrit(n - 1, confidence) * values.std(ddof=1) / np.sqrt(n) if n > 1 else np.inf
        if mean + half <= bound:
            return None if at_least and self.below else True
        if mean - half > bound:
            return None if at_least and not self.below else False
        return None


def read_constraint(text: str, keys: Sequence[Key]) -> Constraint:
    """Read 'MEASURE < BOUND UNIT'; the measure must be among `keys`. Raises SimError."""
    measure, below, bound = check_bound(text)
    return Constraint(measure_key(measure, keys), below, bound, text.strip())


def check_bound(text: str) -> tuple[str, bool, float]:
    """Return the measure of 'MEASURE < BOUND UNIT', whether it must be below, and the bound in the measure's unit.

    Raises SimError if there is no such measure or unit, or if no measure reaches the bound (below 0, a share above 1).
    """
    match = _CONSTRAINT.fullmatch(text)
    if match is None:
        raise SimError(f"{text!r}: expected a measure and a bound, such as 'wait.p90 < 6 h'")
    quantity = measure_parts(match[1])[1]
    check_total(quantity)
    own, unit, number = TOTALS[quantity].unit, match[4], _number(match[3])
    size = 1.0 if unit in ("", own) else UNITS.get((own, unit))
    if size is None:
        raise SimError(f"{text!r}: {quantity} is in {own}, not in {unit!r}")
    if number is None:
        raise SimError(f"{text!r}: the bound must be a finite number; got {match[3]}")
    below, bound = match[2].startswith("<"), number * size
    if bound < 0:
        raise SimError(f"{text!r}: {quantity} is never below 0; give a bound of at least 0")
    if TOTALS[quantity].unit == "share" and bound > 1:
        raise SimError(f"{text!r}: {quantity} is a share and never above 100 %")
    return match[1], below, bound


def _number(text: str) -> float | None:
    """Return a finite number; None if the text is not one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def measure_parts(text: str) -> tuple[str, str, str]:
    """Return crossing, quantity and scope of '[CROSSING:]QUANTITY[@SCOPE]'; '' for what is left out."""
    crossing, _, rest = text.rpartition(":")
    quantity, _, scope = rest.partition("@")
    return crossing, quantity.replace(".", "_").strip(), scope


def measure_key(text: str, keys: Sequence[Key]) -> Key:
    """Return the measure that '[CROSSING:]QUANTITY[@SCOPE]' names among `keys`; a dot may replace an underscore.

    Raises SimError with a suggestion.
    """
    crossing, quantity, scope = measure_parts(text)
    check_total(quantity)
    matching = [key for key in keys if key.quantity == quantity and (not crossing or key.crossing == crossing)]
    scopes = (scope,) if scope else (*PREFERRED, *(key.scope for key in matching))
    chosen = next((key for wanted in scopes for key in matching if key.scope == wanted), None)
    if chosen is None:
        known = ", ".join(dict.fromkeys(key.scope for key in matching)) or "none here"
        raise SimError(f"{text!r}: there is no such measure; the scopes of {quantity} are {known}")
    return chosen
