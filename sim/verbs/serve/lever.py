"""A lever of the page: its range, what it does to the scenario, and the settings that the page sends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sim.errors import SimError
from sim.suggest import no_such

Kind = Literal["number", "switch", "instant"]
Value = float | bool | str | None
"""The value of a lever: a number, on or off, a local instant, or None where a rule or an event is off."""

SERVERS, CHECKS, DEMAND, WAYS, RULES, CLOSURE, TIMES, WHAT_IFS, FITTED = (
    "Booths and officers",
    "Checks",
    "Demand",
    "Ways past the queue",
    "Rules that react",
    "Closure",
    "Service times",
    "What-ifs of the file",
    "Fitted numbers",
)
GROUPS = (SERVERS, CHECKS, DEMAND, CLOSURE, RULES, WAYS, WHAT_IFS, TIMES, FITTED)
"""The groups of levers, in the order of the page."""


@dataclass(frozen=True)
class Parts:
    """What a setting does: values set, numbers scaled, dated changes, and named what-ifs put in force."""

    sets: Mapping[str, Any] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)
    changes: tuple[Mapping[str, Any], ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lever:
    """A lever: its name, where and under which heading it stands, its kind, range and present value.

    `value` is None where a rule or event is off in the scenario; such a lever can be `off`. `suffix` follows a number,
    which must be `whole` where parts of one make no sense. `note` says where the present value comes from. The handle
    moves from `low` to `high`; `band` is the 90 % interval of a fitted number. `parts` says what a setting does.
    Unless it `redraws`, the random numbers are the same at any value.
    """

    id: str
    group: str
    label: str
    kind: Kind
    value: Value
    parts: Callable[[Any], Parts] = field(repr=False)
    crossing: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 1.0
    whole: bool = False
    suffix: str = ""
    off: bool = False
    note: str = ""
    band: tuple[float, float] | None = None
    redraws: bool = True

    def read(self, given: Any) -> Value:
        """Return a value as the page sends it. Raises SimError with the range if it is not one of this lever."""
        if given is None and self.off:
            return None
        if self.kind == "switch":
            if isinstance(given, bool):
                return given
            raise SimError(f"{self.id}: expected true or false; got {_shown(given)}")
        if self.kind == "instant":
            return self._instant(given)
        number = isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
        if not number or not self.low - 1e-9 <= given <= self.high + 1e-9:
            raise SimError(f"{self.id}: expected a number from {self.low:g} to {self.high:g}; got {_shown(given)}")
        if self.whole and given != round(given):
            raise SimError(f"{self.id}: expected a whole number; got {_shown(given)}")
        return float(given)

    def _instant(self, given: Any) -> str:
        try:
            instant = datetime.fromisoformat(given)
        except (TypeError, ValueError):
            instant = None
        if instant is None or instant.tzinfo is not None:
            raise SimError(f"{self.id}: expected a local date and time such as 2022-09-28T00:00; got {_shown(given)}")
        return instant.isoformat(timespec="minutes")

    @property
    def shown(self) -> dict[str, Any]:
        """The lever as the page gets it."""
        names = ("id", "group", "label", "kind", "value", "crossing", "low", "high", "step", "suffix", "off", "note")
        return {**{name: getattr(self, name) for name in names}, "band": self.band}


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 40 else f"{text[:39]}…"


def read_settings(levers: Iterable[Lever], given: Any) -> dict[str, Value]:
    """Return the settings that differ from the scenario, by lever. Raises SimError for an unknown lever or value."""
    by_id = {lever.id: lever for lever in levers}
    if not isinstance(given, dict):
        raise SimError("settings: expected a mapping of levers to values")
    settings = {}
    for name, value in given.items():
        if name not in by_id:
            raise SimError(no_such("lever", str(name)[:80], list(by_id)[:12]))
        read = by_id[name].read(value)
        if read != by_id[name].value:
            settings[name] = read
    return settings


def parts_of(levers: Iterable[Lever], settings: Mapping[str, Value]) -> Parts:
    """Return what all settings together do, in the order of the levers."""
    done = [lever.parts(settings[lever.id]) for lever in levers if lever.id in settings]
    scales: dict[str, float] = {}
    for each in done:
        for path, factor in each.scales.items():
            scales[path] = scales.get(path, 1.0) * factor
    return Parts(
        {path: value for each in done for path, value in each.sets.items()},
        scales,
        tuple(change for each in done for change in each.changes),
        tuple(name for each in done for name in each.named),
    )
