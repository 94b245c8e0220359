"""The calibration file as frozen models: reported figures, their assumed errors, and the parameters to fit.

A fitted parameter is named in the scenario where its value belongs: `rate: {calibrated: surge_rate}`, or, for a factor
on a number or on every value of a table, `{calibrated: bypass, times: {12 h: 6 %, 48 h: 18 %}}`. A row of `reported`
may name one as well.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from sim.scenario.model.quantities import Duration, Instant, Model, Name, Share
from sim.scenario.model.reported import Reported, Trust
from sim.scenario.model.reported_series import ReportedSeries

SMALLEST, LARGEST, NARROWEST, LEAST_SPREAD = 1e-12, 1e12, 1e-6, 0.001
"""Sizes of numbers, the width of a prior as a share of its ends, and of the spread of a logarithm."""
PriorFamily = Literal["uniform", "loguniform", "normal", "lognormal"]
_NEEDS: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "loguniform": ("low", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "spread"),
}
_MAY: dict[str, tuple[str, ...]] = {
    family: (*needs, *(() if "low" in needs else ("low", "high"))) for family, needs in _NEEDS.items()
}


def _sizeable(number: float) -> float:
    if number and not SMALLEST <= abs(number) <= LARGEST:
        raise ValueError(f"must be 0 or of a size from {SMALLEST:g} to {LARGEST:g}; got {number:g}")
    return number


Number = Annotated[float, AfterValidator(_sizeable)]
"""A number that can be multiplied and divided without leaving the range of numbers."""
Positive = Annotated[float, Field(gt=0), AfterValidator(_sizeable)]
Spread = Annotated[float, Field(ge=LEAST_SPREAD, le=5)]
"""Standard deviation of a logarithm."""


class Prior(Model):
    """The prior of a parameter; numbers are in the unit of the parameter."""

    family: PriorFamily = Field(description="shape of the prior")
    low: Number | None = Field(None, description="lower limit; truncates `normal` and `lognormal`")
    high: Number | None = Field(None, description="upper limit; truncates `normal` and `lognormal`")
    mean: Number | None = Field(None, description="mean of `normal`, before truncation")
    sd: Positive | None = Field(None, description="standard deviation of `normal`")
    median: Positive | None = Field(None, description="median of `lognormal`, before truncation")
    spread: Spread | None = Field(
        None, description="standard deviation of the logarithm, for `lognormal`: 0.3 is about 30 % up or down"
    )

    @model_validator(mode="after")
    def _complete(self) -> Prior:
        given = {name for name in ("low", "high", "mean", "sd", "median", "spread") if getattr(self, name) is not None}
        missing = [name for name in _NEEDS[self.family] if name not in given]
        if missing:
            raise ValueError(f"family {self.family!r} needs {' and '.join(map(repr, missing))}")
        unknown = sorted(given - set(_MAY[self.family]))
        if unknown:
            raise ValueError(f"family {self.family!r} takes {', '.join(_MAY[self.family])}; not {', '.join(unknown)}")
        if self.low is not None and self.high is not None and self.high <= self.low:
            raise ValueError(f"high must be above low; got {self.low:g} to {self.high:g}")
        if self.family == "loguniform" and (self.low or 0) <= 0:
            raise ValueError(f"the low end of 'loguniform' must be above 0; got {self.low:g}")
        low, high = self.ends
        if high - low < NARROWEST * max(abs(low), abs(high)):
            raise ValueError(f"the prior is too narrow; got {low:.12g} to {high:.12g}")
        if not low <= self.centre <= high:
            raise ValueError(f"the {_NEEDS[self.family][0]} must lie between low and high; got {self.centre:g}")
        return self

    @property
    def centre(self) -> float:
        """The median of the law before truncation."""
        low, high = self.low or 0.0, self.high or 0.0
        centres = {"uniform": (low + high) / 2, "loguniform": math.sqrt(abs(low * high)), "normal": self.mean or 0.0}
        return centres.get(self.family, self.median or 0.0)

    @property
    def ends(self) -> tuple[float, float]:
        """The limits of the law; where none is given, three standard deviations from the centre."""
        far, factor = 3 * (self.sd or 0.0), math.exp(3 * (self.spread or 0.0))
        low = self.low if self.low is not None else self.centre / factor - far
        high = self.high if self.high is not None else self.centre * factor + far
        return low, high


class Parameter(Model):
    """A fitted number of the scenario or of a reported row."""

    unit: str = Field("", description="unit as written after the number in the scenario: '/h', 'd', '%'; '' for none")
    label: str = Field(description="name in plain words")
    prior: Prior = Field(description="what is thought of the value before the fit")
    reason: str = Field(description="reason for this prior")
    source: str = Field("", description="where the prior comes from")


class Outlier(Model):
    """The probability that a figure measures something else, and its error if it does."""

    chance: Annotated[Share, Field(gt=0, lt=0.5)] = Field(
        0.05, description="probability that a figure measures something else"
    )
    spread: Spread = Field(1.5, description="its error then: standard deviation of the logarithm")


class ErrorModel(Model):
    """Errors of honest reports and of the model: standard deviations of logarithms (0.1 is about 10 %)."""

    spread: dict[Trust, Annotated[float, Field(ge=LEAST_SPREAD, le=3)]] = Field(
        description="error of a report, by trust class", min_length=1
    )
    discrepancy: Annotated[float, Field(ge=0, le=3)] = Field(
        description="error of the model that remains for any choice of parameters"
    )
    individual: Annotated[float, Field(ge=0, le=3)] = Field(
        0.0,
        description="how far the wait of one traveller is from the mean of those around; added for `individual` rows",
    )
    shared: Share = Field(
        0.0, description="share of the variance of `discrepancy` that figures of one crossing and day have in common"
    )
    fades: Duration = Field(3 * 86400.0, description="time in which the common part falls to 37 % of its correlation")
    outlier: Outlier = Field(Outlier(), description="figures that measure something else")


class Calibration(Model):
    """A calibration: reported figures, and the priors of the parameters that are fitted to them."""

    scenario: str = Field(description="the scenario file that is fitted, relative to this file")
    description: str = Field("", description="what is fitted, and to what")
    limits: str = Field("", description="limitations of the result; printed on its page")
    observation: ErrorModel = Field(description="assumed errors of the figures and of the model")
    parameters: dict[Name, Parameter] = Field({}, description="the numbers that are fitted, by name")
    reported: tuple[Reported, ...] = Field((), description="the figures to fit")
    reported_series: tuple[ReportedSeries, ...] = Field(
        (), description="series of figures; write them as rows of `reported` that have the key `series`"
    )
    known_until: Instant | None = Field(None, description="rows that end later are not fitted, only predicted")

    @model_validator(mode="after")
    def _some_figure(self) -> Calibration:
        if not self.reported and not self.reported_series:
            raise ValueError("reported: needs at least one row")
        return self

    @model_validator(mode="after")
    def _individuals(self) -> Calibration:
        one = next((row.id for row in self.reported if row.individual), None)
        if one is not None and not self.observation.individual:
            what = f"row {one!r} is the wait of one traveller; say how far such a wait is from the mean, as in 0.4"
            raise ValueError(f"observation.individual: {what}")
        return self


class FittedValue(Model):
    """A fitted value with its 90 % interval, in the unit of the parameter."""

    value: float
    low: float
    high: float
    unit: str = ""
    label: str = Field("", description="name in plain words; shown in its passport")


class Fitted(Model):
    """The fitted values: written by `sim calibrate`, used by a scenario with `calibrated: FILE`."""

    calibration: str = Field(description="name of the calibration file")
    date: str = Field(description="day of the fit")
    version: str = Field(description="version of the program")
    posterior: str = Field(description="Parquet file of the posterior sample, relative to this file")
    discrepancy: Annotated[float, Field(ge=0, le=3)] = Field(
        0.0, description="error of the model that the fit assumed: standard deviation of the logarithm of a figure"
    )
    figures: tuple[str, ...] = Field((), description="ids of the figures that the fit used; empty: all used ones")
    values: dict[Name, FittedValue] = Field(min_length=1)
