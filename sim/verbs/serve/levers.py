"""The levers of a scenario on the page: what can be changed, in which range, and what a setting does to the scenario.

They are made from the scenario itself: its stations, demand, rules, what-ifs and fitted numbers. A setting becomes an
intervention, so that the page, `sim run` and `sim compare` play the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sim import units
from sim.plotting.names import origin_name
from sim.plotting.rail import words
from sim.scenario.model.class_words import of_classes
from sim.scenario.model.controls import MOST_SERVERS
from sim.scenario.model.scenario import Crossing, Scenario
from sim.scenario.model.staffing import Pool, Staffing
from sim.scenario.model.station import Station
from sim.scenario.text.load_scenario import Loaded
from sim.scenario.text.passports import PassportRow
from sim.verbs.serve.lever import (
    CHECKS,
    CLOSURE,
    DEMAND,
    FITTED,
    GROUPS,
    RULES,
    SERVERS,
    TIMES,
    WAYS,
    WHAT_IFS,
    Kind,
    Lever,
    Parts,
    Value,
)

MOST_EXTRA = 5000
"""Parties that a rumour may bring."""
MOST_WAITING = 2000
"""Parties waiting at which a rule may act."""


def levers_of(loaded: Loaded) -> list[Lever]:
    """Return the levers of a scenario, but for those of its fitted numbers."""
    scenario, found = loaded.scenario, list[Lever]()
    for crossing in scenario.crossings:
        found += [*_Stations(loaded, crossing).levers(), *_Traffic(loaded, crossing).levers()]
    found += _of_origins(scenario)
    found += [
        Lever(
            f"what_if/{name}", WHAT_IFS, words(name).capitalize(), "switch", False, _named(name), note=each.description
        )
        for name, each in loaded.interventions.items()
        if name not in loaded.applied
    ]
    order = {group: n for n, group in enumerate(GROUPS)}
    return sorted(found, key=lambda lever: order[lever.group])


def _named(name: str) -> Callable[[bool], Parts]:
    return lambda on: Parts(named=(name,) if on else ())


def _of_origins(scenario: Scenario) -> Iterator[Lever]:
    origins = scenario.network.origins if scenario.network else {}
    if len(origins) > 1:
        yield _origin("all", "Travellers from all origins", [f"network.origins.{name}.demand" for name in origins])
    for name in origins:
        yield _origin(name, f"Travellers from {origin_name(scenario, name)}", [f"network.origins.{name}.demand"])


def _origin(name: str, label: str, paths: list[str]) -> Lever:
    def scaled(factor: float) -> Parts:
        return Parts(scales={path: factor for path in paths})

    return Lever(f"origins/{name}", DEMAND, label, "number", 1.0, scaled, high=2, step=0.05, suffix=" ×")


class _Here:
    """What the levers of one crossing have in common."""

    def __init__(self, loaded: Loaded, crossing: str) -> None:
        self.scenario, self.crossing, self.what_ifs = loaded.scenario, crossing, loaded.interventions
        self.notes = {row.path: _note(row) for row in loaded.passports}
        self.place: Crossing = self.scenario.crossings[crossing]
        self.written = _bare(_bare(loaded.tree["crossings"])[crossing])
        self.path = f"crossings.{crossing}"

    def _lever(self, name: str, group: str, label: str, kind: Kind, value: Value, parts: Any, **more: Any) -> Lever:
        more.setdefault("whole", kind == "number" and more.get("step", 1) >= 1)
        return Lever(f"{self.crossing}/{name}", group, label, kind, value, parts, crossing=self.crossing, **more)

    def _change(self, **change: Any) -> Parts:
        return Parts(changes=({"crossing": self.crossing, **change},))

    def _note(self, path: str) -> str:
        """Return the source of the value at a path, or of the nearest one above or below it."""
        path = f"{self.path}.{path}"
        below = (note for at, note in self.notes.items() if at.startswith(path))
        return next((self.notes[at] for at in _upwards(path) if at in self.notes), next(below, ""))


class _Stations(_Here):
    """The levers of the stations and pools of a crossing."""

    def levers(self) -> Iterator[Lever]:
        for name, pool in self.place.pools.items():
            yield from self._staff(f"pools.{name}", name, pool, f"{words(name).capitalize()}, shared by stations")
        for name, described in _bare(self.written["stations"]).items():
            if name in self.place.stations:
                yield from self._station(name, self.place.stations[name])
            elif isinstance(described, dict):
                yield from self._copies(name, _bare(described.get("copies")))

    def _copies(self, name: str, copies: Any) -> Iterator[Lever]:
        """Yield the number of copies of a station."""
        number = _bare(copies.get("number")) if isinstance(copies, dict) else copies
        if isinstance(number, int):
            path = f"{self.path}.stations.{name}.copies.number"
            yield self._lever(
                *(f"{name}/copies", SERVERS, f"{words(name).capitalize()} side by side", "number", float(number)),
                lambda number: Parts({path: round(number)}),
                low=2,
                high=min(2 * number + 2, 60),
                note=self._note(f"stations.{name}.copies"),
            )

    def _station(self, name: str, station: Station) -> Iterator[Lever]:
        path, title = f"stations.{name}", words(name)
        if isinstance(station.staffing, Staffing):
            yield from self._staff(f"{path}.staffing", name, station.staffing, f"Servers at {title}")
        if station.screening:
            yield from self._screening(name, station)
        if station.only_sent_on:
            yield self._lever(
                *(f"{name}/closed", CHECKS, f"{title.capitalize()} closed", "switch", False),
                lambda on: self._change(stations=[name], close=True) if on else Parts(),
            )
        if station.lightened and station.lightened.to != "quoted_wait":
            lightened = station.lightened
            yield self._lever(
                *(f"{name}/lightened", RULES, f"Checks at {title} are lightened above", "number", lightened.above),
                lambda level: Parts(
                    {
                        f"{self.path}.{path}.lightened.above": round(level),
                        f"{self.path}.{path}.lightened.below": round(min(lightened.below, level)),
                    }
                ),
                high=max(MOST_WAITING, 2 * lightened.above),
                suffix=" waiting",
                redraws=False,
                note=self._note(f"{path}.lightened"),
            )
        yield self._lever(
            *(f"{name}/service_time", TIMES, f"Service time at {title}", "number", 1.0),
            lambda factor: self._change(stations=[name], scale_service=factor),
            low=0.25,
            high=2,
            step=0.05,
            suffix=" ×",
            note=self._note(f"{path}.service_time"),
        )

    def _staff(self, path: str, name: str, staffing: Staffing, label: str) -> Iterator[Lever]:
        whole = f"{self.path}.{path}"
        planned = [staffing.servers]
        planned += [step.servers for step in staffing.steps] + [shift.servers for shift in staffing.shifts]
        most = max(planned)
        dated = [key for key in ("steps", "shifts") if getattr(staffing, key)]

        def servers(number: float) -> Parts:
            if dated and most:
                return Parts(scales={f"{whole}.{key}": number / most for key in ("servers", *dated)})
            plain = not staffing.reacts and not isinstance(staffing, Pool)
            return Parts({whole if plain else f"{whole}.servers": round(number)})

        label += ", before the rule adds more" if staffing.reacts else ""
        label += ", when most are open" if len(set(planned)) > 1 else ""
        yield self._lever(
            *(f"{name}/servers", SERVERS, label),
            *("number", float(most), servers),
            high=min(max(2 * most, most + 4), MOST_SERVERS),
            redraws=False,
            note=self._note(path),
        )
        yield from self._reaction(whole, name, staffing, most)

    def _reaction(self, whole: str, name: str, staffing: Staffing, most: int) -> Iterator[Lever]:
        """Yield the level above which staff open more booths: that of the rule, or of a new one, which is off."""
        rule, label = staffing.reacts, f"More servers at {words(name)} above"
        if rule is None and isinstance(staffing, Pool):
            return
        if rule is None:

            def reacts(level: float | None) -> Parts:
                if level is None:
                    return Parts()
                rule = {
                    "open_above": round(level),
                    "close_below": round(level / 4),
                    "at_most": min(max(2 * most, 1), MOST_SERVERS),
                }
                return Parts({f"{whole}.reacts": rule})

            yield self._lever(
                *(f"{name}/reacts", RULES, label, "number", None, reacts),
                high=MOST_WAITING,
                suffix=" waiting",
                redraws=False,
                off=True,
                note=f"not in the file: one more server at a time, up to twice as many ({2 * most})",
            )
        elif rule.to != "quoted_wait":
            yield self._lever(
                *(f"{name}/reacts", RULES, label, "number", rule.open_above),
                lambda level: Parts(
                    {
                        f"{whole}.reacts.open_above": round(level),
                        f"{whole}.reacts.close_below": round(min(rule.close_below, level)),
                    }
                ),
                high=max(MOST_WAITING, 2 * rule.open_above),
                suffix=" waiting",
                redraws=False,
            )

    def _screening(self, name: str, station: Station) -> Iterator[Lever]:
        path, title = f"stations.{name}", words(name)
        assert station.screening is not None
        yield self._lever(
            *(f"{name}/intensity", CHECKS, f"Men checked at {title}", "number"),
            round(100 * station.screening.intensity),
            lambda share: self._change(stations=[name], intensity=f"{share:g} %"),
            high=100,
            suffix=" %",
            redraws=False,
            note=f"for the whole run, whatever the file says of dates. {self._note(f'{path}.screening.intensity')}",
        )
        if station.lightened is None:

            def suspended(level: float | None) -> Parts:
                if level is None:
                    return Parts()
                rule = {"above": round(level), "below": round(level / 2), "scale_service": 0, "intensity": "0 %"}
                return Parts({f"{self.path}.{path}.lightened": rule})

            yield self._lever(
                *(f"{name}/suspended", CHECKS, f"Checks at {title} suspended above", "number", None, suspended),
                high=MOST_WAITING,
                suffix=" waiting",
                redraws=False,
                off=True,
                note="not in the file: everybody is waved through until only half as many wait",
            )


class _Traffic(_Here):
    """The levers of the demand of a crossing, of its bypass, and of its closure."""

    def levers(self) -> Iterator[Lever]:
        yield from self._demand()
        yield from self._bypass()
        yield self._closure()

    def _demand(self) -> Iterator[Lever]:
        classes = [cls for cls in self.scenario.class_numbers if cls in self.place.demand]
        come = "that come" if self.scenario.network is None else "that come besides those from the origins"
        for cls in classes:
            yield self._lever(
                *(f"demand/{cls}", DEMAND, f"{self._words(cls).capitalize()} {come}", "number", 1.0),
                lambda factor, cls=cls: self._change(classes=[cls], scale_demand=factor),
                high=3,
                step=0.05,
                suffix=" ×",
                note=self._note(f"demand.{cls}"),
            )
        if classes:
            yield from self._rumour(next((cls for cls in classes if cls in self.scenario.vehicles), classes[0]))

    def _rumour(self, cls: str) -> Iterator[Lever]:
        clock = self.scenario.clock
        run = clock.horizon - clock.counted_from
        at = clock.counted_from + timedelta(hours=round(run.total_seconds() / 3600 / 3))
        lag = units.show_duration(min(run.total_seconds() / 10, 86_400))
        path = f"{self.path}.demand.{cls}.rumour"

        def pulse(when: str, parties: float) -> Parts:
            part = {"at": when, "parties": round(parties), "lag": {"mean": lag, "family": "gamma", "cv": "60 %"}}
            return Parts({path: {"pulse": part}})

        yield self._lever(
            *(f"rumour/{cls}", DEMAND, f"A rumour: more {self._words(cls)} set out", "number", 0.0),
            lambda parties: pulse(at.isoformat(timespec="minutes"), parties) if parties else Parts(),
            high=MOST_EXTRA,
            step=50,
            note=f"they set out on {at.day} {at:%B} at {at:%H:%M} and take {lag} on average",
        )

    def _words(self, cls: str) -> str:
        return of_classes((cls,), self.scenario.class_words)

    def _bypass(self) -> Iterator[Lever]:
        tables = [
            f"{self.path}.behaviour.{cls}.bypass.{key}"
            for cls, behaviour in self.place.behaviour.items()
            if behaviour.bypass
            for key in ("at_arrival", "by_quoted_wait")
            if key in behaviour.bypass.model_fields_set
        ]
        if tables:
            yield self._lever(
                *("bypass", WAYS, "Those who pass outside the queue", "number", 1.0),
                lambda factor: Parts(scales={path: factor for path in tables}),
                high=2,
                step=0.05,
                suffix=" ×",
                note=self._note("behaviour"),
            )

    def _closure(self) -> Lever:
        stations = self._closed_stations()
        return self._lever(
            *("closed_from", CLOSURE, "Closed from", "instant", None),
            lambda when: self._change(stations=stations, close=True, **{"from": when}) if when else Parts(),
            off=True,
            note=f"no service starts at {', '.join(map(words, stations))}",
        )

    def _closed_stations(self) -> list[str]:
        """Return the stations that a what-if of the scenario closes for everybody; all, if there is none."""
        for what_if in self.what_ifs.values():
            for change in what_if.changes:
                here = change.crossing in (None, self.crossing)
                if here and change.close and change.from_ and change.stations and change.classes is None:
                    return list(change.stations)
        return list(self.place.stations)


def _bare(value: Any) -> Any:
    """Return a value of a plain tree without its passport."""
    return _bare(value["value"]) if isinstance(value, dict) and "value" in value else value


def _note(row: PassportRow) -> str:
    """Return a passport in a line."""
    source = ", ".join(filter(None, (row.source, str(row.date or ""))))
    return f"{row.reason} ({source})" if row.reason and source else source or row.reason or ""


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def fitted_levers(
    values: Mapping[str, Any],
    ranges: Mapping[str, tuple[float, float]],
    sets: Callable[[str, float], Mapping[str, Any]],
) -> Iterator[Lever]:
    """Yield a lever for each fitted number (with value, low, high, unit and label).

    `ranges` are the smallest and largest values of the posterior, where there is one; `sets` says what a value sets.
    """
    for name, row in values.items():
        low, high = ranges.get(name, (row.low, row.high))
        if not high > low:
            continue

        def parts(value: float, name: str = name) -> Parts:
            return Parts(sets(name, value))

        yield Lever(
            *(f"fitted/{name}", FITTED, (row.label or words(name)).capitalize(), "number", _short(row.value)),
            parts,
            low=_short(low),
            high=_short(high),
            step=10.0 ** math.floor(math.log10((high - low) / 100)),
            suffix=f" {row.unit}" if row.unit and not row.unit.startswith("/") else row.unit,
            note=f"fitted; 90 % interval {row.low:.3g} to {row.high:.3g}",
            band=(_short(row.low), _short(row.high)),
        )


def _short(value: float) -> float:
    """Return a number with four significant digits."""
    return float(f"{value:.4g}")
