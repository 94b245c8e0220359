"""Reported series: one row of `reported` that stands for the many points of a file, such as a wait for every hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from sim.scenario.model.quantities import Duration, Timezone
from sim.scenario.model.reported import QUALIFIERS, Qualifier, Reported, ReportedRow

HEADER = "from,until,value,qualifier"
"""The columns of a series as text; the value is in the unit of its quantity, and instants with a Z are in UTC."""


class Point(NamedTuple):
    """A point of a series: its window (an instant where both ends are equal), value and qualifier.

    Instants without a zone are local times of the scenario. The value is in the unit of the quantity: parties, people,
    km, h or a share.
    """

    from_: datetime
    until: datetime
    value: float
    qualifier: Qualifier


@lru_cache(maxsize=64)
def points_of(text: str) -> tuple[Point, ...]:
    """Return the points of a series from its text. Raises ValueError."""
    header, *lines = text.strip().split("\n")
    if header.strip() != HEADER:
        raise ValueError(f"expected the name of a file, or lines under the heading {HEADER!r}; got {header[:60]!r}")
    points = []
    for number, line in enumerate(lines, 2):
        cells = [cell.strip() for cell in line.split(",")]
        try:
            begin, end, value, qualifier = cells
            instants = (datetime.fromisoformat(begin), datetime.fromisoformat(end or begin))
            point = Point(*instants, float(value), qualifier or "=")  # type: ignore[arg-type]
        except ValueError:
            raise ValueError(f"line {number} of the series: expected {HEADER}; got {line!r}") from None
        if point.qualifier not in QUALIFIERS:
            raise ValueError(f"line {number} of the series: unknown qualifier {qualifier!r}")
        points.append(point)
    if not points:
        raise ValueError("the series has no points")
    return tuple(points)


def _points(value: Any) -> Any:
    return points_of(value) if isinstance(value, str) else value


Points = Annotated[
    tuple[Point, ...],
    BeforeValidator(_points),
    WithJsonSchema({"type": "string", "description": "the name of a CSV, Parquet or Excel file"}),
]


class ReportedSeries(ReportedRow):
    """A series of published figures: a row of `reported` with a file of points in place of a value."""

    series: Points = Field(
        description="file with the points, relative to this file: the columns are found by what they mean"
    )
    column: str | None = Field(None, description="heading of the values, where the file has several numbers")
    only: dict[str, str] = Field({}, description="take only the rows that have these cells, by heading")
    unit: str | None = Field(None, description="unit of the values, unless the heading has it (`wait_min`)")
    timezone: Timezone | None = Field(
        None, description="zone of the local times in the file; default: the zone of the scenario"
    )
    every: Duration | None = Field(
        None, description="length of the window that begins at each instant; default: the instant itself, and for "
        "flows, shares and waits by joining or crossing the usual distance of the rows"
    )  # fmt: skip
    lag: Duration = Field(0.0, description="how long before its time a row says what was true")
    base: Duration = Field(
        0.0,
        description="time in every wait of the file that is no queue, such as a walk or a form; added to the model's",
    )
    statistic: Literal["max", "mean", "sum"] | None = Field(
        None, description="how the model's series is read over each window; default: sum for flows, else mean"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind.dimension in ("time", "share") and self.statistic == "sum":
            what = "waits" if self.kind.is_wait else "shares"
            raise ValueError(f"a sum of {what} has no meaning; statistic may be max or mean")
        if self.base and not self.kind.is_wait:
            raise ValueError(f"base goes with waits, and {self.quantity!r} is none")
        return self

    @property
    def read_as(self) -> Literal["max", "mean", "sum"]:
        """How the model's series is read over each window."""
        return self.statistic or ("sum" if self.kind.flow else "mean")

    @property
    def row(self) -> Reported:
        """A row of the same kind: the mean of the points over their whole time, as tables show it."""
        begin, end = _naive(self.series[0].from_), _naive(self.series[-1].until)
        shared = {name: getattr(self, name) for name in ReportedRow.model_fields} | {"rounding": None}
        mean = sum(point.value for point in self.series) / len(self.series)
        unit = {"time": "h", "length": "km"}.get(self.kind.dimension or "")
        return Reported.model_construct(
            **shared,
            within=None,
            frame=None,
            from_=begin,
            until=max(end, begin + timedelta(minutes=1)),
            statistic="max" if self.read_as == "max" else "mean",
            individual=False,
            value=mean if unit is None else f"{mean:.10g} {unit}",
            qualifier="=",
            group=None,
        )


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)
