"""The smallest or largest setting of a lever that meets a constraint, by bisection on common tapes.

The measure is taken to change in one direction with the lever; what was played is told, so that anybody can see whether
it does. A setting meets the constraint if a one-sided test says so; where it says neither yes nor no, more replications
are played. The confidence is shared among all tests that the search can make, so the answer as a whole has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sim.errors import SimError
from sim.measures.estimates import CONFIDENCE, Estimate, totals_estimates
from sim.play.request import Progress, silent
from sim.scenario.text.levers import INTERVENE, present
from sim.verbs.sweep.constraints import Constraint, constraint
from sim.verbs.sweep.designs import Axis, Design, axis, numbers, unit_of
from sim.verbs.sweep.study import Base, PointTotals, Sweep, Swept

_QUESTION = re.compile(r"\s*(?:(smallest|largest)\s+)?(.+?)\s+such that\s+(.+)", re.DOTALL)
STEPS = 100
"""Parts into which a range without a step is divided."""
FAR = 8
"""Where no range is given: from an eighth of what the scenario has to eight times that."""
DOUBLINGS = 4
"""Times the replications are doubled where a test says neither yes nor no."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Question:
    """Which setting is looked for: the smallest (or largest) of `axis.values` that meets the constraint."""

    axis: Axis
    largest: bool
    constraint: str
    text: str = ""


@dataclass(frozen=True)
class Tried:
    """A setting that was played: whether it meets the constraint (None: not shown), and its estimate."""

    setting: str
    replications: int
    meets: bool | None
    estimate: Estimate


@dataclass(frozen=True)
class Answer:
    """What a search found: `setting` is None where no setting is shown to meet the constraint."""

    question: Question
    constraint: Constraint
    setting: str | None
    tried: tuple[Tried, ...]
    confidence: float
    swept: Swept

    @property
    def sentence(self) -> str:
        """The answer in words."""
        which = "largest" if self.question.largest else "smallest"
        lever = self.question.axis.lever
        sure = f"{100 * self.confidence:g} % confidence"
        if self.setting is None:
            first, last = self.question.axis.values[0], self.question.axis.values[-1]
            found = f"No {lever} between {first} and {last} is shown to meet {self.constraint.text} with {sure}."
            return f"{found}{self._doubt}"
        sentence = f"The {which} {lever} that meets {self.constraint.text} is {self.setting}, with {sure} that it does"
        values = self.question.axis.values
        at = values.index(self.setting) + (1 if self.question.largest else -1)
        if not 0 <= at < len(values):
            return f"{sentence}; it is the end of the range.{self._doubt}"
        beside = next(one for one in self.tried if one.setting == values[at])
        said = "it does not" if beside.meets is False else "whether it does is not shown"
        return f"{sentence}; of {beside.setting}, {said}.{self._doubt}"

    @property
    def _doubt(self) -> str:
        """What to say where the measure goes up and down along the lever, which halving cannot follow."""
        return (
            "" if self.monotone else " The measure goes up and down along the lever: other settings may meet it, too."
        )

    @property
    def monotone(self) -> bool:
        """Whether the means of what was played rise or fall along the lever throughout."""
        steps = np.diff([one.estimate.mean for one in self.tried])
        return bool((steps >= 0).all() or (steps <= 0).all())


def question(text: str, start: Base) -> Question:
    """Read '[smallest|largest] LEVER[=LOW:HIGH[:STEP]] such that MEASURE < BOUND'. Raises SimError."""
    match = _QUESTION.fullmatch(text)
    if match is None:
        raise SimError(f"--find {text}: expected 'stations.exit.staffing=4:40 such that wait.p90 < 6 h'")
    return Question(_axis(match[2].strip(), start), match[1] == "largest", match[3].strip(), text)


def _axis(text: str, start: Base) -> Axis:
    if "=" not in text:
        text = f"{text}={_around(text, start)}"
    given = axis(text, "--find")
    start.levers.check(given.lever)
    if given.values:
        found = given
    else:
        whole = not given.unit and float(given.low).is_integer() and float(given.high).is_integer()
        count = int(given.high - given.low) if whole else STEPS
        found = replace(given, values=tuple(given.at(n / count) for n in range(count + 1)))
    order = found.numbers
    if order is None or list(order) != sorted(order) or len(order) < 2:
        raise SimError(f"--find {text}: expected a range or rising numbers, such as 4:40 or 4,8,16")
    return found


def _around(lever: str, start: Base) -> str:
    """Return the range around what the scenario has."""
    start.levers.check(lever)
    if lever == INTERVENE:
        raise SimError(f"--find {lever}: expected a lever that is a number")
    now = present(start.loaded, lever)
    at = numbers([now])
    if not now or at is None or at[0] <= 0:
        raise SimError(f"--find: the scenario has no single number at {lever}; give a range, such as {lever}=4:40")
    unit = f" {unit_of([now])}".rstrip()
    if at[0].is_integer() and not unit:
        return f"whole:{max(1, int(at[0] // FAR))}:{int(at[0] * FAR)}"
    return f"{at[0] / FAR:.12g}:{at[0] * FAR:.12g}{unit}"


def search(sweep: Sweep, question: Question, progress: Progress = silent) -> Answer:
    """Return the setting that is asked for. Raises SimError where a setting is impossible."""
    return _Search(sweep, question, progress).answer()


class _Search:
    def __init__(self, sweep: Sweep, question: Question, progress: Progress) -> None:
        self.sweep, self.question, self.progress = sweep, question, progress
        self.settings = question.axis.values
        looks = (2 + int(np.ceil(np.log2(len(self.settings))))) * (DOUBLINGS + 1)
        self.sure_of_one = 1 - (1 - CONFIDENCE) / looks
        self.tried: dict[int, Tried] = {}
        self.played: dict[int, list[Swept]] = {}
        self.constraint: Constraint | None = None

    def answer(self) -> Answer:
        good, bad = len(self.settings) - 1, 0
        if self.question.largest:
            good, bad = bad, good
        found: int | None = None
        if self.meets(bad):
            found = bad
        elif self.meets(good):
            while abs(good - bad) > 1:
                middle = (good + bad) // 2
                good, bad = (middle, bad) if self.meets(middle) else (good, middle)
            found = good
        tried = tuple(self.tried[at] for at in sorted(self.tried))
        swept = self._together()
        setting = None if found is None else self.settings[found]
        return Answer(self.question, self._bound(swept.found[0]), setting, tried, CONFIDENCE, swept)

    def _together(self) -> Swept:
        """Return everything that was played as one sweep; its points have as many replications as they needed."""
        order = sorted(self.tried)
        design = Design("find", (self.question.axis.lever,), tuple((self.settings[at],) for at in order))
        last = [self.played[at][-1] for at in order]
        played = sum(one.played for at in order for one in self.played[at])
        return replace(
            last[0], design=design, found=tuple(one.found[0] for one in last),
            replications=max(one.replications for one in last),
            reused=sum(one.replications for one in last) - played, played=played,
            started_at=min(self.played[at][0].started_at for at in order),
            wall_s=sum(one.wall_s for at in order for one in self.played[at]),
        )  # fmt: skip

    def meets(self, at: int) -> bool:
        """Return whether a setting is shown to meet the constraint, playing it for as long as that needs."""
        setting = self.settings[at]
        design = Design("find", (self.question.axis.lever,), ((setting,),))
        count = max(2, self.sweep.replications)
        for doubling in range(DOUBLINGS + 1):
            swept = self.sweep.play(design, self.progress, count << doubling)
            self.played.setdefault(at, []).append(swept)
            if swept.failed:
                raise SimError(f"{self.question.axis.lever} = {setting}: {swept.failed[0]}")
            bound, values = self._bound(swept.found[0]), self._values(swept.found[0])
            meets = bound.judged(values, self.sure_of_one)
            self.tried[at] = Tried(setting, len(values), meets, totals_estimates(values[:, None])[0])
            if meets is not None:
                break
        word = {True: "meets it", False: "does not meet it", None: "is not shown to meet it"}[meets]
        self.progress.say(f"{self.question.axis.lever} = {setting} {word} ({len(values)} replications)")
        return bool(meets)

    def _bound(self, found: PointTotals | None) -> Constraint:
        """Return the constraint; which measures there are is known once something was played."""
        if self.constraint is None and found is not None:
            self.constraint = constraint(self.question.constraint, found.keys)
        if self.constraint is None:
            raise AssertionError("a point that failed has been told")
        return self.constraint

    def _values(self, found: PointTotals | None) -> np.ndarray:
        if found is None:
            raise AssertionError("a point that failed has been told")
        return found.values[:, found.keys.index(self._bound(found).key)]
