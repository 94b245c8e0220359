"""The sweep file as a frozen model: a scenario, the paths that vary, the design of the points, and the measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from sim.scenario.model.quantities import Model

Setting = str | int | float | bool | None


class SweepFile(Model):
    """A request to `sim sweep`; the keys have the names of its options."""

    scenario: str = Field(description="the scenario file, relative to this file")
    description: str = Field("", description="what the sweep asks, in a sentence")
    over: dict[str, Setting | tuple[Setting, ...]] = Field({}, description="path: VALUES, as after --over, or a list")
    design: str = Field("grid", description="grid, one-at-a-time, lhs, sobol, sensitivity")
    points: Annotated[int, Field(ge=1)] | None = Field(None, description="number of points, for designs that need it")
    posterior: Annotated[int, Field(ge=1)] | None = Field(
        None, description="number of parameter vectors taken from the posterior"
    )
    point: bool = Field(False, description="play the fitted values alone instead of a vector of the posterior each")
    find: str | None = Field(None, description="the condition to search for, as after --find")
    measure: tuple[str, ...] = Field((), description="measures to report, such as wait.p90")
    threshold: tuple[str, ...] = Field((), description="bounds to draw, such as wait.p90 < 6 h")
    replications: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="replications at each point; default: as the scenario says"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = Field(
        None, description="seed of the random numbers; default: as the scenario says"
    )
    sets: tuple[str, ...] = Field((), alias="set", description="path=value, at every point")
    intervene: tuple[str, ...] = Field((), description="interventions in force at every point")

    @property
    def overs(self) -> tuple[str, ...]:
        """The paths that vary and their values, as after --over."""
        return tuple(f"{path}={settings_text(given)}" for path, given in self.over.items())


def settings_text(settings: Any) -> str:
    """Return a setting, or a list, range, array or other iterable of settings, as it is written after --over."""
    no_dimension = getattr(settings, "ndim", None) == 0  # an array that is one number
    several = isinstance(settings, Iterable) and not (no_dimension or isinstance(settings, str | bytes | Mapping))
    return ",".join(map(_text, settings)) if several else _text(settings)


def _text(setting: Any) -> str:
    setting = setting.item() if hasattr(setting, "item") else setting  # a number of numpy
    if setting is None or isinstance(setting, bool):
        return {None: "null", True: "true", False: "false"}[setting]
    return str(setting)
