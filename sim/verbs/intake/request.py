"""What the user wants imported, and where it goes: options, the scenario file, its crossing, classes and stations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from sim.errors import SimError
from sim.scenario.model.quantities import Kind
from sim.scenario.model.scenario import Scenario
from sim.scenario.resolve import SCENARIOS, file_named, is_shipped
from sim.scenario.text.load_scenario import from_text, load
from sim.scenario.text.tree import plain
from sim.scenario.text.yaml_text import parse, read_text
from sim.suggest import did_you_mean
from sim.table.numbers import SECONDS, words_of

What = Literal["arrivals", "service", "staffing", "waits", "patience", "timetable", "log"]
WHAT: tuple[What, ...] = get_args(What)
"""What can be imported."""
TOTALS = ("total", "all", "sum", "gesamt", "summe", "итого", "всего")
"""Names of rows that add up the others."""
STATION = "booths"
"""The station of a new scenario."""
BEGINNERS = ("arrivals", "timetable", "log")
"""What a new scenario can be made from."""
UTC = "UTC"
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("truck", "trucks", "lorry", "lorries", "hgv", "freight", "lkw", "camion", "camions"), "truck"),
    **dict.fromkeys(("грузовик", "грузовики", "грузовых", "вантажівки", "вантажних"), "truck"),
    **dict.fromkeys(("bus", "buses", "coach", "coaches", "busse", "автобусы", "автобусов", "автобуси"), "bus"),
    **dict.fromkeys(("bike", "bikes", "bicycle", "bicycles", "cyclist", "cyclists"), "bike"),
    **dict.fromkeys(("foot", "people", "person", "persons", "pax", "passenger", "passengers", "pedestrian"), "foot"),
    **dict.fromkeys(("pedestrians", "walkers", "traveller", "travellers", "travelers", "visitors", "calls"), "foot"),
    **dict.fromkeys(("caller", "callers", "customer", "customers", "client", "clients", "traveler", "visitor"), "foot"),
    **dict.fromkeys(("car", "cars", "vehicle", "vehicles", "pkw", "auto", "autos", "fahrzeuge", "voitures"), "car"),
    **dict.fromkeys(("легковые", "легковых", "автомобили", "автомобілі", "легкові", "véhicules"), "car"),
}
"""The kind of a class by a word of its name or of a heading; all else are cars."""


@dataclass(frozen=True)
class Wanted:
    """What to import: the file, the options of reading, and where the result goes in the scenario.

    `text` is what stands in place of the content of `into`, as in an editor.
    """

    what: What
    file: Path
    into: Path
    cls: str | None = None
    part: str | None = None
    station: str | None = None
    crossing: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    day: date | None = None
    unit: str | None = None
    day_first: bool | None = None
    since: date | None = None
    until: date | None = None
    gaps_are_zero: bool = False
    all_parts: bool = False
    replay: bool = False
    partial: bool = False
    queue: Path | None = None
    quantity: str | None = None
    sheet: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Target:
    """The scenario that gets the result; `scenario` is None where the file is still to be made.

    `zone` is the time zone of the scenario, in which hours and instants are written; the data may have another.
    """

    path: Path
    text: str
    scenario: Scenario | None
    zone: str
    crossing: str

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the scenario, none if it is new."""
        return tuple(self.scenario.classes) if self.scenario else ()

    def class_called(self, heading: str) -> str | None:
        """Return the class that a heading or a name in the data means, None if it is none."""
        known = {_bare(cls): cls for cls in self.classes}
        if _bare(heading) in known:
            return known[_bare(heading)]
        kinds = [KINDS[word] for word in words_of(heading) if word in KINDS]
        alike = [cls for cls in self.classes if kinds and kind_by(cls) == kinds[0]]
        return alike[0] if len(alike) == 1 and len(words_of(heading)) == 1 else None

    def served(self, station: str) -> list[str]:
        """Return the classes that a station serves, of those of the scenario."""
        assert self.scenario is not None
        serves = self.scenario.crossings[self.crossing].stations[station].serves
        return [cls for cls in self.classes if cls in serves]

    def written(self, path: tuple[str, ...]) -> Any:
        """Return what stands in the file at a path, as plain values; None if it has nothing there."""
        tree: Any = plain(parse(self.text, str(self.path))) if self.text else None
        for key in path:
            tree = tree.get("value", tree) if isinstance(tree, dict) else None
            tree = tree.get(key) if isinstance(tree, dict) else None
        return tree

    def station(self, given: str | None, cls: str | None) -> str:
        """Return the station meant: the one given, or the one that serves the class. Raises SimError."""
        if self.scenario is None:
            if given not in (None, STATION):
                raise SimError(f"{self.path}: is new; its station is called {STATION!r}, rename it afterwards")
            return STATION
        stations = self.scenario.crossings[self.crossing].stations
        if given is not None:
            if given not in stations:
                near = did_you_mean(given, stations) or f"; the stations are {', '.join(stations)}"
                raise SimError(f"{self.path}: there is no station {given!r}{near}")
            return given
        serving = [
            name for name, station in stations.items() if cls is None or not station.serves or cls in station.serves
        ]
        if len(serving) > 1:
            raise SimError(f"{self.path}: has the stations {', '.join(serving)}; say which one with --station")
        return serving[0] if serving else next(iter(stations))


ROLES = (
    "time", "until", "count", "class", "start", "end", "duration", "cut off", "booths", "open", "queue", "wait",
    "arrival", "served", "left", "outcome", "gave up", "scheduled", "actual", "people", "parties",
    "service start", "service end", "service time", "groups", "server",
)  # fmt: skip
"""What --column may name."""


def _check_options(wanted: Wanted) -> None:
    """Raise SimError about an option that means nothing."""
    for role in wanted.columns:
        if role not in ROLES:
            near = did_you_mean(role, ROLES) or f"; expected one of {', '.join(ROLES)}"
            raise SimError(f"--column: there is no role {role!r}{near}")
    if wanted.unit is not None and wanted.unit not in SECONDS:
        raise SimError(f"--unit: expected s, min or h; got {wanted.unit!r}")
    if wanted.zone is not None:
        try:
            ZoneInfo(wanted.zone)
        except (KeyError, ValueError, OSError):
            near = did_you_mean(wanted.zone, available_timezones()) or "; expected a name such as Europe/Warsaw"
            raise SimError(f"--zone: unknown time zone {wanted.zone!r}{near}") from None


def target_of(wanted: Wanted) -> Target:
    """Read the scenario that gets the result. Raises SimError or ScenarioError."""
    _check_options(wanted)
    path = wanted.into
    if not path.exists() and wanted.what in BEGINNERS and path.suffix in (".yaml", ".yml"):
        return Target(path, "", None, wanted.zone or UTC, wanted.crossing or crossing_name(path))
    if not path.exists() and path.suffix in (".yaml", ".yml"):
        begin = "; begin it with `sim import arrivals`, or copy a template with `sim copy`"
        raise SimError(f"{path}: there is no such file{begin}")
    found = file_named(path, SCENARIOS)
    if is_shipped(found) and not path.exists():
        raise SimError(f"{path} is a shipped scenario; copy it first with `sim copy {path}`")
    loaded = load(found) if wanted.text is None else from_text(wanted.text, found)
    crossings = list(loaded.scenario.crossings)
    crossing = wanted.crossing or (crossings[0] if len(crossings) == 1 else None)
    if crossing is None:
        raise SimError(f"{found}: has the crossings {', '.join(crossings)}; say which one with --crossing")
    if crossing not in crossings:
        near = did_you_mean(crossing, crossings) or f"; the crossings are {', '.join(crossings)}"
        raise SimError(f"{found}: there is no crossing {crossing!r}{near}")
    text = read_text(found) if wanted.text is None else wanted.text
    return Target(found, text, loaded.scenario, loaded.scenario.clock.timezone, crossing)


def crossing_name(path: Path) -> str:
    """Return the name of a new scenario and its crossing, from the name of its file."""
    return clean_name(path.stem) or "port"


def clean_name(words: str) -> str:
    """Return words as a name that a scenario file allows: lower case, with underlines."""
    name = "_".join(words_of(words))
    name = "".join(letter for letter in name if letter.isascii())
    return (name if name[:1].isalpha() else f"c_{name}")[:40].strip("_") if name else ""


def kind_by(words: str) -> Kind:
    """Return the kind of a class by the words of its name, or of the heading of its numbers."""
    return next((KINDS[word] for word in words_of(words) if word in KINDS), "car")


def classes_of(
    target: Target, wanted: Wanted, names: Sequence[str | None] | None, heading: str
) -> tuple[dict[str, str], dict[str, int]]:
    """Return the class for each name in the data ('' where there are none), and how many rows have names left out.

    Raises SimError if the class cannot be told.
    """
    if wanted.cls is not None and (names is None or not target.scenario):
        names = None
    if names is None:
        return {"": _single(target, wanted.cls, heading)}, {}
    found = [name for name in dict.fromkeys(names) if name is not None and name.lower() not in TOTALS]
    if wanted.cls is not None:
        return dict.fromkeys(found, _single(target, wanted.cls, heading)), {}
    left = {name: sum(each == name for each in names) for name in dict.fromkeys(names) if name and name not in found}
    if not target.scenario:
        return {name: clean_name(name) or f"class_{n + 1}" for n, name in enumerate(found)}, left
    classes = {name: cls for name in found if (cls := target.class_called(name)) is not None}
    left |= {name: sum(each == name for each in names) for name in found if name not in classes}
    if not classes:
        raise SimError(
            f"{wanted.file}: its classes are {', '.join(found[:12])}; {target.path} has {', '.join(target.classes)}. "
            "Say with --class which of these all rows are, or name the column with --column class=HEADING"
        )
    return classes, left


def _bare(name: str) -> str:
    word = "_".join(words_of(name))
    return word.removesuffix("s") if len(word) > 3 else word


def _single(target: Target, given: str | None, heading: str) -> str:
    if not target.scenario:
        kind = kind_by(heading)
        return given or {"foot": "traveller"}.get(kind, kind)
    if given is not None:
        if given not in target.classes:
            near = did_you_mean(given, target.classes) or (
                f"; its classes are {', '.join(target.classes)}. Add `{given}: {{kind: {kind_by(given)}}}` under "
                "`classes` of the file, if it is a new one"
            )
            raise SimError(f"{target.path}: there is no class {given!r}{near}")
        return given
    if len(target.classes) == 1:
        return target.classes[0]
    served = list(target.scenario.crossings[target.crossing].demand)
    if len(served) == 1:
        return served[0]
    meant = {cls for word in heading.split() if (cls := target.class_called(word))}
    if len(meant) == 1:
        return meant.pop()
    raise SimError(
        f"{target.path}: has the classes {', '.join(target.classes)}; say with --class which one the rows are"
    )
