"""How a scenario is to be played: the choices common to all verbs, and how the caller follows the progress."""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import SimError
from sim.play import engines

FEW = 40
"""Replications of the compiled engine below which starting processes costs more than it saves."""


class Progress:
    """Follows the progress of a verb. This class ignores it; the console's subclasses show it."""

    def __call__(self, done: int, planned: int, stage: str = "") -> None:
        """Take note of the replications done and planned so far, in the stage of the work that `stage` names.

        Called once at the start, with what is known already, then after each replication.
        """

    def say(self, sentence: str) -> None:
        """Take note of a sentence that the user should read before the result."""


silent = Progress()


@dataclass(frozen=True)
class Request:
    """The choices common to all verbs. None means the default, usually the value in the scenario.

    With `precision` (0.05 is 5 %) replications are added until no headline interval is wider, to each side, than that
    share of its mean; `replications` is then the largest number. `workers` is the number of processes. Raises SimError
    for impossible values.
    """

    replications: int | None = None
    precision: float | None = None
    seed: int | None = None
    engine: str = engines.DEFAULT
    workers: int | None = None

    def __post_init__(self) -> None:
        engines.check(self.engine)
        for name, least in (("replications", 1), ("workers", 1), ("seed", 0)):
            number = getattr(self, name)
            if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < least):
                raise SimError(f"{name} must be a whole number of at least {least}; got {number!r}")
        if self.precision is not None and not 0 < self.precision < 1:
            raise SimError(f"precision must be a share above 0 and below 100 %, such as 5 %; got {self.precision!r}")

    def processes(self, plays: int, most: int) -> int:
        """Return the number of processes for this many plays, at most `most`.

        One process is faster than several where the compiled engine plays fewer than FEW times.
        """
        from sim.play.workers import cores  # not at the top: it loads numpy, which would slow down `sim --help`

        few = self.engine == engines.COMPILED and plays < FEW
        return min(self.workers or (1 if few else cores()), most)
