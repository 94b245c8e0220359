"""How long the parties that are there at the start have waited by then."""

from __future__ import annotations

import numpy as np

from sim.arrays import Ints
from sim.engine.plan import CARRIED
from sim.engine.tape import Tape
from sim.measures.count.counters import HERE, SINCE_JOINING

PARTY, WAITED_HERE, STAYED = (CARRIED.index(name) for name in ("party", "waited_here", "stayed"))


def waited_by_start(tape: Tape) -> Ints:
    """Return, by number of the party, its wait in all queues, its time since joining, and its wait here (ms).

    They are 0 where they are not known or the party came later. The last row is for all further numbers.
    """
    table = np.zeros((len(tape) + 1, 3), np.int64)
    table[:-1] = tape.waited[:, None]
    party = tape.carried[:, PARTY]
    table[party, SINCE_JOINING], table[party, HERE] = tape.carried[:, STAYED], tape.carried[:, WAITED_HERE]
    return table
