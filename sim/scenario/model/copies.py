"""Copies of a station: booths 1, 2, 3 ... side by side, each with a queue of its own, written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from sim.scenario.model.parallel import ChoiceRule, Jockeying, Parallel
from sim.scenario.model.quantities import Model

if TYPE_CHECKING:
    from sim.scenario.model.scenario import Crossing
    from sim.scenario.model.station import Station


class Copies(Model):
    """Equal stations side by side, each with its own queue and its own staff. Bare `12`: so many."""

    number: Annotated[int, Field(ge=2, le=60, strict=True)] = Field(
        description="how many; their names end in _1, _2 and so on"
    )
    by: ChoiceRule = Field("shortest_queue", description="how parties choose between them, as in `parallel`")
    jockeying: Jockeying = Field(None, description="parties by which another queue must be shorter, as in `parallel`")


def bare_copies(value: Any) -> Any:
    """Read a bare number as the number of copies."""
    return {"number": value} if isinstance(value, int) and not isinstance(value, bool) else value


def written_out(crossing: Crossing) -> Crossing:
    """Return a crossing whose copies are stations of their own, in a choice, and in the choices that name them.

    Raises ValueError if that is impossible.
    """
    names = {name: _names(name, station) for name, station in crossing.stations.items()}
    stations: dict[str, Station] = {}
    for name, station in crossing.stations.items():
        for each in names[name]:
            if each in stations or (each != name and each in crossing.stations):
                raise ValueError(f"copies of {name!r} need the name {each!r}, which another station has")
            stations[each] = station.model_copy(update={"copies": None})
    changes = tuple(
        change.model_copy(update={"stations": _flat(change.stations, names)}) if change.stations else change
        for change in crossing.changes
    )
    behaviour = {
        cls: each.model_copy(update={"bypass": each.bypass.model_copy(update={"joins": names[each.bypass.joins][0]})})
        if each.bypass and each.bypass.joins in names
        else each
        for cls, each in crossing.behaviour.items()
    }
    parallel = _choices(crossing, names)
    return crossing.model_copy(
        update={"stations": stations, "changes": changes, "behaviour": behaviour, "parallel": parallel}
    )


def _names(name: str, station: Station) -> tuple[str, ...]:
    return tuple(f"{name}_{n + 1}" for n in range(station.copies.number)) if station.copies else (name,)


def _flat(given: tuple[str, ...], names: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(each for name in given for each in names.get(name, (name,)))


def _choices(crossing: Crossing, names: dict[str, tuple[str, ...]]) -> dict[str, Parallel]:
    """Return the choices, with the copies in place of a station; one more for each whose copies are in none."""
    choices = {
        name: choice.model_copy(
            update={
                "one_of": _flat(choice.one_of, names),
                "shares": _split(choice.shares, names),
                "shares_by_trait": {who: _split(shares, names) for who, shares in choice.shares_by_trait.items()},
            }
        )
        for name, choice in crossing.parallel.items()
    }
    for name, station in crossing.stations.items():
        copies = station.copies
        if copies is None:
            continue
        if within := next((choice for choice, each in crossing.parallel.items() if name in each.stations), None):
            if copies.model_fields_set - {"number"}:
                raise ValueError(
                    f"{within!r} says how parties choose between copies of {name!r}; give only their number"
                )
            continue
        if name in choices:
            raise ValueError(f"copies of {name!r} need a choice of that name; rename 'parallel.{name}'")
        choices[name] = Parallel(one_of=names[name], by=copies.by, jockeying=copies.jockeying)
    return choices


def _split(shares: dict[str, float], names: dict[str, tuple[str, ...]]) -> dict[str, float]:
    """Return shares of stations, those of copies divided equally among them."""
    copies = {name: names.get(name, (name,)) for name in shares}
    return {each: share / len(copies[name]) for name, share in shares.items() for each in copies[name]}
