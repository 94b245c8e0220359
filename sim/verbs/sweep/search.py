"""The smallest or largest setting of a lever that meets a constraint, by bisection on common tapes.

The search assumes that the measure rises or falls along the lever; all settings played are reported, so that users can
see whether it does. A setting meets the constraint if a one-sided test shows it; if the test is not conclusive, more
replications are played. The probability of error is divided among all tests that the search can make, so that the
stated confidence holds for the answer as a whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from sim.errors import SimError
from sim.measures.bounds import lower_bounds
from sim.measures.estimates import CONFIDENCE, Estimate, totals_estimates
from sim.play.request import Progress, silent
from sim.scenario.text.levers import INTERVENE, present_setting
from sim.verbs.sweep.constraints import Constraint, check_bound, read_constraint
from sim.verbs.sweep.designs import Axis, Design, check_count, numbers, read_axis, unit_of
from sim.verbs.sweep.study import Base, PointTotals, Sweep, SweepData

_QUESTION = re.compile(r"\s*(?:(smallest|largest)\s+)?(.+?)\s+such that\s+(.+)", re.DOTALL)
STEPS = 100
"""Number of parts into which a range without a step is divided."""
FAR = 8
"""Without a range, the search goes from the value in the scenario divided by FAR to the value times FAR."""
DOUBLINGS = 4
"""Number of times the replications are doubled while a test is not conclusive."""


@dataclass(frozen=True)
class Question:
    """A search for the smallest (or largest) of `axis.values` that meets the constraint."""

    axis: Axis
    largest: bool
    constraint: str
    text: str = ""


@dataclass(frozen=True)
class SettingTest:
    """The test of one setting: whether it meets the constraint (None: not conclusive), and its estimate."""

    setting: str
    replications: int
    meets: bool | None
    estimate: Estimate


@dataclass(frozen=True)
class Answer:
    """The result of a search; `setting` is None if no setting is shown to meet the constraint."""

    question: Question
    constraint: Constraint
    setting: str | None
    tests: tuple[SettingTest, ...]
    confidence: float
    data: SweepData

    @property
    def sentence(self) -> str:
        """The answer in words."""
        which = "largest" if self.question.largest else "smallest"
        lever = self.question.axis.lever
        confidence = f"{100 * self.confidence:g} % confidence"
        if self.setting is None:
            first, last = self.question.axis.values[0], self.question.axis.values[-1]
            sentence = f"No {lever} between {first} and {last} is shown to meet {self.constraint.text}"
            return f"{sentence} with {confidence}.{self._warning}"
        sentence = f"The {which} {lever} that meets {self.constraint.text} is {self.setting} ({confidence})"
        values = self.question.axis.values
        at = values.index(self.setting) + (1 if self.question.largest else -1)
        if not 0 <= at < len(values):
            return f"{sentence}; it is the end of the range.{self._warning}"
        neighbour = next(test for test in self.tests if test.setting == values[at])
        verdict = "does not meet it" if neighbour.meets is False else "is not shown to meet it"
        return f"{sentence}; {neighbour.setting} {verdict}.{self._warning}"

    @property
    def _warning(self) -> str:
        """A warning if the measure is not monotone along the lever, as bisection assumes; else ''."""
        return (
            "" if self.monotone else " The measure is not monotone along the lever: other settings may meet it as well."
        )

    @property
    def monotone(self) -> bool:
        """Whether the means of the settings played only rise, or only fall, along the lever."""
        steps = np.diff([test.estimate.mean for test in self.tests])
        return bool((steps >= 0).all() or (steps <= 0).all())


def read_question(text: str, base: Base) -> Question:
    """Read '[smallest|largest] LEVER[=LOW:HIGH[:STEP]] such that MEASURE < BOUND'. Raises SimError."""
    match = _QUESTION.fullmatch(text)
    if match is None:
        raise SimError(f"--find {text}: expected 'stations.exit.staffing=4:40 such that wait.p90 < 6 h'")
    check_bound(match[3])
    return Question(_axis(match[2].strip(), base), match[1] == "largest", match[3].strip(), text)


def _axis(text: str, base: Base) -> Axis:
    if "=" not in text:
        text = f"{text}={_default_range(text, base)}"
    axis = read_axis(text, "--find")
    base.levers.check(axis.lever)
    if not axis.values:
        whole = not axis.unit and float(axis.low).is_integer() and float(axis.high).is_integer()
        try:
            count = check_count(axis.high - axis.low) if whole else STEPS
        except ValueError as error:
            raise SimError(f"--find {text}: {error}") from None
        axis = replace(axis, values=tuple(axis.at(n / count) for n in range(count + 1)))
    order = axis.numbers
    if order is None or list(order) != sorted(order) or len(order) < 2:
        raise SimError(f"--find {text}: expected a range or rising numbers, such as 4:40 or 4,8,16")
    return axis


def _default_range(lever: str, base: Base) -> str:
    """Return the range around the value in the scenario, as text."""
    base.levers.check(lever)
    if lever == INTERVENE:
        raise SimError(f"--find {lever}: expected a lever that is a number")
    text = present_setting(base.loaded, lever)
    values = numbers([text])
    if not text or values is None or values[0] <= 0:
        raise SimError(f"--find: the scenario has no single number at {lever}; give a range, such as {lever}=4:40")
    (value,), unit = values, f" {unit_of([text])}".rstrip()
    if value.is_integer() and not unit:
        return f"whole:{max(1, int(value // FAR))}:{int(value * FAR)}"
    return f"{value / FAR:.12g}:{value * FAR:.12g}{unit}"


def find_setting(sweep: Sweep, question: Question, progress: Progress = silent) -> Answer:
    """Search the setting that a question asks for. Raises SimError if a setting is invalid."""
    return _Search(sweep, question, progress).answer()


class _Search:
    """A bisection in progress; `tests` and `plays` are by the number of the setting."""

    def __init__(self, sweep: Sweep, question: Question, progress: Progress) -> None:
        self.sweep, self.question, self.progress = sweep, question, progress
        self.settings = question.axis.values
        most_tests = (2 + int(np.ceil(np.log2(len(self.settings))))) * (DOUBLINGS + 1)
        self.confidence_of_a_test = 1 - (1 - CONFIDENCE) / most_tests
        self.tests: dict[int, SettingTest] = {}
        self.plays: dict[int, list[SweepData]] = {}
        self.constraint: Constraint | None = None

    def answer(self) -> Answer:
        good, bad = len(self.settings) - 1, 0
        if self.question.largest:
            good, bad = bad, good
        best: int | None = None
        if self.meets(bad):
            best = bad
        elif self.meets(good):
            while abs(good - bad) > 1:
                middle = (good + bad) // 2
                good, bad = (middle, bad) if self.meets(middle) else (good, middle)
            best = good
        tests = tuple(self.tests[at] for at in sorted(self.tests))
        data = self._combined()
        setting = None if best is None else self.settings[best]
        return Answer(self.question, self._bound(data.totals[0]), setting, tests, CONFIDENCE, data)

    def _combined(self) -> SweepData:
        """Return all plays as one sweep, whose points have different numbers of replications."""
        order = sorted(self.tests)
        last = [self.plays[at][-1] for at in order]
        plays = [data for at in order for data in self.plays[at]]
        played = sum(data.played for data in plays)
        return replace(
            last[0],
            design=Design("find", (self.question.axis.lever,), tuple((self.settings[at],) for at in order)),
            totals=tuple(data.totals[0] for data in last),
            replications=max(data.replications for data in last),
            reused=sum(data.replications for data in last) - played,
            played=played,
            started_at=min(self.plays[at][0].started_at for at in order),
            wall_s=sum(data.wall_s for data in plays),
        )

    def meets(self, at: int) -> bool:
        """Return whether a setting is shown to meet the constraint; play until that is clear, within limits."""
        lever, setting = self.question.axis.lever, self.settings[at]
        design = Design("find", (lever,), ((setting,),))
        count = max(2, self.sweep.replications)
        for doubling in range(DOUBLINGS + 1):
            data = self.sweep.play(design, self.progress, count << doubling)
            self.plays.setdefault(at, []).append(data)
            if data.failed:
                raise SimError(f"{lever} = {setting}: {data.failed[0]}")
            bound, values = self._bound(data.totals[0]), self._values(data.totals[0])
            as_seen = bound.is_met(values, self.confidence_of_a_test)
            meets = bound.is_met(values, self.confidence_of_a_test, self._is_lower_bound(data.totals[0]))
            self.tests[at] = SettingTest(setting, len(values), meets, totals_estimates(values[:, None])[0])
            if as_seen is not None:  # if it is a lower bound and does not tell, more replications would not either
                break
        verdict = {True: "meets the bound", False: "does not meet the bound", None: "is not shown to meet the bound"}[
            meets
        ]
        self.progress.say(f"{lever} = {setting} {verdict} ({len(values)} replications)")
        return bool(meets)

    def _bound(self, totals: PointTotals | None) -> Constraint:
        """Return the constraint, which can be read only when the measures of a play are known."""
        if self.constraint is None and totals is not None:
            self.constraint = read_constraint(self.question.constraint, totals.keys)
        if self.constraint is None:
            raise AssertionError("a failed point has raised an error before")
        return self.constraint

    def _is_lower_bound(self, totals: PointTotals | None) -> bool:
        """Whether the horizon cuts what the constraint is about."""
        if totals is None:
            raise AssertionError("a failed point has raised an error before")
        means = dict(zip(totals.keys, totals.values.mean(axis=0).tolist(), strict=True))
        return self._bound(totals).key in lower_bounds(means)

    def _values(self, totals: PointTotals | None) -> np.ndarray:
        if totals is None:
            raise AssertionError("a failed point has raised an error before")
        return totals.values[:, totals.keys.index(self._bound(totals).key)]
