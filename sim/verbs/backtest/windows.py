"""The windows of a backtest: the one that is fitted to, the one that is predicted, and the origins of forecasts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sim import units
from sim.errors import SimError

_WINDOW = re.compile(r"(\S+?)\.\.(\S+)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Window:
    """A span of local time, its end not included."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """The length of the window."""
        return self.end - self.begin

    def __str__(self) -> str:
        last = self.end - timedelta(days=1)
        whole = self.begin.time() == self.end.time() == datetime.min.time()
        return (
            f"{self.begin:%Y-%m-%d} to {last:%Y-%m-%d}" if whole else f"{self.begin:%Y-%m-%dT%H:%M} to {self.end:%H:%M}"
        )


@dataclass(frozen=True)
class Windows:
    """What is fitted, what is predicted, and the distance of the origins if they roll; `lead_in` is played before."""

    fit: Window
    score: Window
    rolling: timedelta | None
    lead_in: timedelta

    def origins(self) -> list[tuple[Window, Window]]:
        """Return the windows to fit and to predict for every origin."""
        if self.rolling is None:
            return [(self.fit, self.score)]
        pairs, begin = [], self.score.begin
        while begin < self.score.end:
            end = min(begin + self.rolling, self.score.end)
            gap = begin - self.score.begin
            pairs.append((Window(self.fit.begin + gap, self.fit.end + gap), Window(begin, end)))
            begin = end
        return pairs


def window(option: str, text: str) -> Window:
    """Return a window such as `2019-05-20..2019-05-26`; a bare date at the end is its whole day. Raises SimError."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise SimError(f"{option}: expected two dates such as 2019-05-20..2019-05-26; got {text!r}")
    begin, end = (_instant(option, part) for part in match.groups())
    if _DAY.fullmatch(match[2]):
        end += timedelta(days=1)
    if end <= begin:
        raise SimError(f"{option}: the window must end after it begins; got {text!r}")
    return Window(begin, end)


def _instant(option: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SimError(f"{option}: expected a date or an instant such as 2019-05-20T08:00; got {text!r}") from None
    if found.tzinfo is not None:
        raise SimError(f"{option}: instants are local times of the scenario, without an offset; got {text!r}")
    return found


def windows_of(fit: str, score: str, rolling: str | None = None, lead_in: str = "1 d") -> Windows:
    """Return the windows of a backtest from its options. Raises SimError."""
    spans = {}
    for option, text in (("--rolling", rolling), ("--lead-in", lead_in)):
        if text is not None:
            try:
                spans[option] = timedelta(seconds=units.parse("time", text))
            except ValueError as error:
                raise SimError(f"{option}: {error}") from None
    found = Windows(window("--fit", fit), window("--score", score), spans.get("--rolling"), spans["--lead-in"])
    if found.score.begin < found.fit.end:
        raise SimError(
            f"--score begins on {found.score.begin:%Y-%m-%d}, before --fit ends; what was fitted is not unseen"
        )
    if found.rolling is not None and found.rolling < timedelta(minutes=15):
        raise SimError(f"--rolling: must be at least 15 min; got {rolling}")
    return found
