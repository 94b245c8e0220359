"""How often parties have returned to stations where they had been."""

from __future__ import annotations

import numpy as np

from sim.arrays import Ints
from sim.engine.plan import CARRIED
from sim.engine.records import Outcome, Records
from sim.engine.tape import Tape

_PARTY, _RETURNS = CARRIED.index("party"), CARRIED.index("returns")
_MOVED = [int(Outcome.SERVED), int(Outcome.SENT_ASIDE)]


def returns_of(tape: Tape, records: Records) -> Ints:
    """Return, for each row (rows,), how often its party had returned by then; `records` hold whole parties."""
    is_later = np.append(False, records.party[1:] == records.party[:-1])[: len(records)]
    back = is_later & np.isin(np.roll(records.outcome, 1), _MOVED) & (records.station <= np.roll(records.station, 1))
    so_far = np.cumsum(back)
    first = np.maximum.accumulate(np.where(is_later, 0, np.arange(len(records))))
    carried = np.zeros(len(tape) + 1, np.int64)  # the last one is for those who parted from others
    carried[tape.carried[:, _PARTY]] = tape.carried[:, _RETURNS]
    return np.asarray(carried[np.minimum(records.party, len(tape))] + so_far - so_far[first])
