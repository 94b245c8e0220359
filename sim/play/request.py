"""A request for replications: the options common to all verbs, and the progress."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.errors import SimError
from sim.play import engines

RANGES = {"replications": (1, 1_000_000), "workers": (1, 1024), "seed": (0, 2**63 - 1)}
"""The smallest and the largest value of the whole numbers of a request."""
MANY = 200
"""Replications of the compiled engine from which on processes, which take seconds to start, are faster than threads."""
MOST_THREADS = 4
"""Threads of one process; more would wait for each other where Python is at work."""


class Progress:
    """The progress of a verb. This class ignores it; the console's subclasses show it."""

    def __call__(self, done: int, planned: int, stage: str = "") -> None:
        """Receive the numbers of replications done and planned so far in the stage named `stage`.

        Called once at the start, with the number of stored replications, then after each replication.
        """

    def say(self, sentence: str) -> None:
        """Receive a sentence that the user should read before the result."""

    def warn(self, sentence: str) -> None:
        """Receive a sentence that the user should read even with --quiet, such as that a file was damaged."""
        self.say(sentence)


silent = Progress()


@dataclass(frozen=True)
class Request:
    """The options common to all verbs. None means the default, usually the value in the scenario.

    With `precision` (0.05 is 5 %) replications are added until the half-width of every headline interval is at most
    that share of its mean; `replications` is then the maximum number. `workers` is the number of processes, or of
    `threads`. Raises SimError for invalid values.
    """

    replications: int | None = None
    precision: float | None = None
    seed: int | None = None
    engine: str = engines.DEFAULT
    workers: int | None = None
    threads: bool = False

    def __post_init__(self) -> None:
        engines.check(self.engine)
        for name, (least, most) in RANGES.items():
            number = getattr(self, name)
            if number is not None and (type(number) is not int or not least <= number <= most):
                raise SimError(f"{name} must be a whole number from {least} to {most:,}; got {number!r}")
        if self.precision is not None and not (isinstance(self.precision, int | float) and 0 < self.precision < 1):
            raise SimError(f"precision must be a share above 0 and below 100 %, such as 5 %; got {self.precision!r}")

    def staffed(self, plays: int, most: int) -> Request:
        """Return the request with its number of workers for `plays` replications, at most `most`.

        Unless `workers` was given, they are threads for fewer than MANY replications of the compiled engine, which runs
        outside Python for most of the time.
        """
        from sim.play.workers import cores  # imported here because it loads numpy, which would slow down `sim --help`

        threads = self.workers is None and self.engine == engines.COMPILED and plays < MANY
        number = self.workers or (min(cores(), MOST_THREADS) if threads else cores())
        return replace(self, workers=min(number, most), threads=threads)
