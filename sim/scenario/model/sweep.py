"""A sweep as a file: a scenario, the levers that are turned, how the points are chosen, and what is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from sim.errors import Problem
from sim.scenario.model.quantities import Model
from sim.scenario.text.fitted_values import validated
from sim.scenario.text.load_scenario import in_order
from sim.scenario.text.tree import child, stop
from sim.scenario.text.yaml_text import CALIBRATION, SCENARIO, SWEEP, kinds, read_file

Text = str | int | float | bool | None


class SweepFile(Model):
    """What `sim sweep` is asked: the same words as its options."""

    scenario: str = Field(description="the scenario file, relative to this file")
    description: str = ""
    over: dict[str, Text | tuple[Text, ...]] = Field({}, description="path: VALUES, as after --over, or a list")
    design: str = Field("grid", description="grid, one-at-a-time, lhs, sobol, sensitivity")
    points: Annotated[int, Field(ge=1)] | None = Field(None, description="how many, for designs that choose")
    posterior: Annotated[int, Field(ge=1)] | None = Field(None, description="vectors of the fitted posterior")
    find: str | None = Field(None, description="as after --find")
    measure: tuple[str, ...] = Field((), description="what is looked at, such as wait.p90")
    threshold: tuple[str, ...] = Field((), description="bounds to be drawn, such as wait.p90 < 6 h")
    replications: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    sets: tuple[str, ...] = Field((), alias="set", description="path=value, at every point")
    intervene: tuple[str, ...] = Field((), description="interventions in force at every point")

    @property
    def overs(self) -> tuple[str, ...]:
        """What is swept, as after --over."""
        return tuple(f"{path}={written(given)}" for path, given in self.over.items())


def read_sweep(path: str | Path) -> SweepFile | None:
    """Read a sweep file; None where the file is a scenario. Raises ScenarioError with every problem found."""
    path = Path(path)
    told: list[Problem] = []
    root = read_file(path, told)
    named, found = child(root, "scenario"), kinds(root)
    if named is None or SCENARIO in found:
        return None
    if CALIBRATION in found:
        raise stop(str(path), (), f"holds {CALIBRATION}; expected {SCENARIO} or {SWEEP}")
    spec, _ = validated(SweepFile, root, told)
    if told or spec is None:
        raise in_order(told)
    file = path.parent / spec.scenario
    if not file.is_file():
        raise stop(named.place, ("scenario",), f"there is no file {str(file)!r}")
    return spec.model_copy(update={"scenario": str(file)})


def written(given: Any) -> str:
    """Return settings, or a list of them, as they stand after --over."""
    return ",".join(_text(value) for value in given) if isinstance(given, tuple | list) else _text(given)


def _text(value: Text) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
