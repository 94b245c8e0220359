"""Loads a calibration file with the scenario that it fits; all problems of one validation pass are reported together.

The scenario must be valid wherever it is fitted: it is checked at the centre of all priors and at both ends of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sim.errors import Problem, ScenarioError, SimError
from sim.scenario.checks.crossings import value_fault
from sim.scenario.model.calibration import Calibration, Parameter
from sim.scenario.model.quantities import Instant
from sim.scenario.model.reported import Reported, ReportedRow
from sim.scenario.model.scenario import Clock
from sim.scenario.resolve import CALIBRATIONS, file_named
from sim.scenario.text import fitted_values as calibrated
from sim.scenario.text.includes import rows_of_files
from sim.scenario.text.load_scenario import Loaded, Template, read_tree, template_of
from sim.scenario.text.messages import not_yet_reported, sorted_error
from sim.scenario.text.named_files import SCENARIO_FILE, named_file
from sim.scenario.text.passports import PassportRow, take_off
from sim.scenario.text.series_files import series_apart
from sim.scenario.text.tree import CALIBRATED, REPORTED, SERIES, Node, Place, child, dotted, find
from sim.scenario.text.yaml_text import CALIBRATION, read_file, read_kind
from sim.suggest import did_you_mean
from sim.units import parse

LEAST = 1e-3
"""Smallest figure that can be compared as a ratio; a count, or a value in s or m."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class LoadedCalibration:
    """A calibration that is ready to be audited or fitted.

    `template` is the scenario with this file's rows as its reported figures, in their order. `central` is the scenario
    with every parameter at the centre of its prior; `calibration.reported` uses the same values.
    """

    path: Path
    calibration: Calibration
    template: Template
    central: Loaded
    passports: tuple[PassportRow, ...]

    @property
    def units(self) -> dict[str, str]:
        """The unit of every parameter."""
        return {name: parameter.unit for name, parameter in self.calibration.parameters.items()}

    def rows_at(self, values: Mapping[str, float]) -> tuple[Reported, ...]:
        """Return the rows with these values of the parameters that they name, such as a distance that is fitted."""
        return self.template.scenario(values, self.units).reported


def read_calibration(path: str | Path, *, validation: bool = False) -> LoadedCalibration:
    """Read a calibration file (or catalogue name) and its scenario. Raises ScenarioError with all problems.

    Figures with status `validation` are checked but left out, so that nothing can be fitted to them, unless
    `validation` asks for them.
    """
    path = file_named(path, CALIBRATIONS)
    problems: list[Problem] = []
    root = _with_rows(read_kind(path, problems, CALIBRATION), path, problems)
    calibration, passports = _validated(root, problems)
    template = _template(root, path, problems)
    if problems or calibration is None or template is None:
        raise sorted_error(problems)
    priors = {name: parameter.prior for name, parameter in calibration.parameters.items()}
    units = {name: parameter.unit for name, parameter in calibration.parameters.items()}
    problems = [*_name_problems(root, template, list(priors)), *_figure_problems(root, calibration)]
    if problems:
        raise sorted_error(problems)
    every_row = calibration.reported
    if not validation:
        calibration, template = _without_validation(calibration, template)
    centres = {name: prior.centre for name, prior in priors.items()}
    central = template.loaded(centres, units)
    problems.extend(_cut_waits(root, every_row, central.scenario.clock))
    for name, prior in priors.items():
        for end, value in zip(("low", "high"), prior.ends, strict=True):
            problems.extend(_prior_end_problems(root, template, {**centres, name: value}, units, (name, end)))
    if problems:
        raise sorted_error(problems)
    for row in calibration.reported:
        row.tell(central.scenario.class_words)
    return LoadedCalibration(path, calibration, template, central, tuple(passports))


def known_until(loaded: LoadedCalibration, until: str | None) -> LoadedCalibration:
    """Return a calibration that fits only the figures whose window ends by `until`, a local date or instant as text.

    A date without a time includes that day.

    Raises SimError if `until` is no date, or if nothing is left to fit.
    """
    if until is None:
        return loaded
    try:
        instant: datetime = TypeAdapter(Instant).validate_python(until)
    except ValidationError:
        raise SimError(f"--until: expected a date or an instant such as 2022-09-25T08:00; got {until!r}") from None
    if _DAY.fullmatch(until.strip()):
        instant += timedelta(days=1)
    calibration = loaded.calibration
    instant = min(instant, calibration.known_until or instant)
    if fault := _too_early(calibration, instant):
        raise SimError(f"--until {until}: {fault}")
    return replace(loaded, calibration=calibration.model_copy(update={"known_until": instant}))


def sources(loaded: LoadedCalibration) -> list[PassportRow]:
    """Return the sources of the assumptions, priors and figures of a calibration, in the order of its file."""
    root, file = _with_rows(read_file(loaded.path, [], CALIBRATION), loaded.path, []), str(loaded.path)
    rows = list(loaded.passports)
    for name, parameter in loaded.calibration.parameters.items():
        law = parameter.prior.model_dump(exclude_none=True)
        value = {"unit": parameter.unit, **law} if parameter.unit else law
        node, _ = find(root, ("parameters", name))
        line = (node.key or node.place).line
        rows.append(
            PassportRow(f"parameters.{name}.prior", value, parameter.source, None, parameter.reason, None, file, line)
        )
    for i, row in enumerate(loaded.calibration.reported):
        number = row.value if isinstance(row.value, str) else f"{row.value:g}"
        seen = ", seen before" if row.seen_before else ""
        text, place = f"{row.qualifier} {number}, {row.status}{seen}", find(root, (REPORTED, i, "value"))[0].place
        rows.append(_figure(row, text, place))
    for k, series in enumerate(loaded.calibration.reported_series):
        text, place = f"{len(series.series):,} points, {series.status}", find(root, (SERIES, k, "series"))[0].place
        rows.append(_figure(series, text, place))
    return sorted(rows, key=lambda row: (row.file != file, row.file, row.line))


def _figure(row: ReportedRow, text: str, place: Place) -> PassportRow:
    source = f"{row.who} ({row.source})"
    return PassportRow(f"reported.{row.id}", text, source, row.date, row.reading, None, place.file, place.line)


def _with_rows(root: Node, path: Path, problems: list[Problem]) -> Node:
    """Return the tree with the reported rows of the other files it names."""
    rows = child(root, REPORTED)
    if rows is None:
        return root
    read = rows_of_files(rows, path.parent, problems)
    return series_apart(replace(root, value={**root.value, REPORTED: read}))


def _validated(root: Node, problems: list[Problem]) -> tuple[Calibration | None, list[PassportRow]]:
    """Return the calibration, with each parameter that its figures name at the centre of its prior."""
    described = child(root, "parameters")
    given = take_off(described)[0] if described else None
    centres: dict[str, calibrated.Known] = {}
    unread = set()
    for name, parameter in given.items() if isinstance(given, dict) else ():
        try:
            read = Parameter.model_validate(parameter)
            centres[name] = calibrated.Known(read.prior.centre, read.unit)
        except ValidationError:
            unread.add(name)
    unfilled: list[Problem] = []
    filled = calibrated.fill(root, centres, unfilled)
    places = {str(node.value[CALIBRATED].place) for name, node, _ in calibrated.named(root) if name in unread}
    problems.extend(problem for problem in unfilled if problem.where not in places)
    more: list[Problem] = []
    calibration, passports = calibrated.validated(Calibration, filled, more)
    fresh = not_yet_reported([*problems, *unfilled], more)
    problems.extend(fresh if fresh or problems else more)
    return calibration, passports


def _template(root: Node, path: Path, problems: list[Problem]) -> Template | None:
    """Return the scenario to be fitted, with the rows of the calibration as its reported figures."""
    named, rows = child(root, "scenario"), child(root, REPORTED)
    if named is None or rows is None or not isinstance(named.value, str):
        return None
    try:
        tree = read_tree(named_file(named, path.parent, ("scenario",), SCENARIO_FILE), problems)
        return template_of(replace(tree, value={**tree.value, REPORTED: rows, SERIES: _series(root, rows)}))
    except ScenarioError as error:
        problems.extend(error.problems)
        return None


def _series(root: Node, rows: Node) -> Node:
    """Return the series of a calibration, none if it has none."""
    return child(root, SERIES) or replace(rows, value=[])


def _without_validation(calibration: Calibration, template: Template) -> tuple[Calibration, Template]:
    """Return a calibration and the scenario to be fitted without the figures that are never fitted."""
    root, kept, parts = template.root, {}, {}
    for key in (REPORTED, SERIES):
        rows, nodes = getattr(calibration, key), child(root, key)
        assert nodes is not None
        fitted = [i for i, row in enumerate(rows) if row.status != "validation"]
        kept[key], parts[key] = tuple(rows[i] for i in fitted), replace(nodes, value=[nodes.value[i] for i in fitted])
    return calibration.model_copy(update=kept), template_of(replace(root, value={**root.value, **parts}))


def _name_problems(root: Node, template: Template, parameters: list[str]) -> Iterator[Problem]:
    """Yield the parameters that are used but not described, and those that are described but not used.

    If two such names are similar, one of them is probably misspelt; the pair is reported once.
    """
    unnamed = [name for name in parameters if name not in template.names]
    alike = set()
    for name, node, path in calibrated.named(template.root):
        if name in template.names and name not in parameters:
            what = f"unknown parameter {name!r}; the calibration has {', '.join(parameters) or 'none'}"
            for other in (other for other in unnamed if did_you_mean(name, [other])):
                at = find(root, ("parameters", other))[0].where
                what = f"parameter {name!r} is not described and {other!r} ({at}) is not used"
                what += "; one of them is probably misspelt"
                alike.add(other)
            yield Problem(str(node.value[CALIBRATED].place), dotted(path), what)
    for name in (name for name in unnamed if name not in alike):
        node, _ = find(root, ("parameters", name))
        what = f"this parameter is not used; write '{{calibrated: {name}}}' in the scenario or in a figure"
        yield Problem(node.where, f"parameters.{name}", what)


def _figure_problems(root: Node, calibration: Calibration) -> Iterator[Problem]:
    spreads, ids = list(calibration.observation.spread), [row.id for row in calibration.reported]
    for k, series in enumerate(calibration.reported_series):
        if series.id in (*ids, *(other.id for other in calibration.reported_series[:k])):
            what = f"the id {series.id!r} is already used"
            yield Problem(find(root, (SERIES, k, "id"))[0].where, f"{REPORTED}.{series.id}.id", what)
        if series.trust not in spreads:
            what = f"observation.spread has no value for {series.trust!r}, only for {', '.join(spreads)}"
            yield Problem(find(root, (SERIES, k, "trust"))[0].where, f"{REPORTED}.{series.id}.trust", what)
    for i, row in enumerate(calibration.reported):
        if row.id in ids[:i]:
            what = f"the id {row.id!r} is already used by row {ids.index(row.id) + 1}"
            yield Problem(find(root, (REPORTED, i, "id"))[0].where, f"reported[{i}].id", what)
        if row.trust not in spreads:
            node, _ = find(root, (REPORTED, i, "trust"))
            what = f"observation.spread has no value for {row.trust!r}, only for {', '.join(spreads)}"
            yield Problem(node.where, f"reported[{i}].trust", what)
        fault = value_fault(row, row.value, LEAST)
        if fault:
            yield Problem(find(root, (REPORTED, i, "value"))[0].where, f"reported[{i}].value", fault)
    every_row = (*calibration.reported, *calibration.reported_series)
    if not any(row.status == "used" for row in every_row):
        rejected = all(row.status == "rejected" for row in every_row)
        what = "all figures are rejected" if rejected else "no figure has the status 'used'"
        yield Problem(find(root, (REPORTED,))[0].where, REPORTED, f"{what}; at least one must be used")
    elif calibration.known_until is not None and (fault := _too_early(calibration, calibration.known_until)):
        yield Problem(find(root, ("known_until",))[0].where, "known_until", fault)


def _too_early(calibration: Calibration, until: datetime) -> str:
    """Return why a fit to the figures that end by `until` is not possible, or ''."""
    used = [row.until for row in calibration.reported if row.status == "used"]
    used += [row.row.from_ for row in calibration.reported_series if row.status == "used"]
    first = min(used)
    late = f"no figure ends by then; the first one in use ends at {first:%Y-%m-%dT%H:%M}"
    return late if first > until else ""


ROOM = 1.5
"""Times the reported wait that must fit between the window of a figure and the horizon: waits of the model vary."""


def _cut_waits(root: Node, rows: Sequence[Reported], clock: Clock) -> Iterator[Problem]:
    """Yield the waits, by time of joining, that would not be over at the horizon: a run cannot tell them."""
    for i, row in enumerate(rows):
        if not row.kind.by_joining or row.kind.dimension is None or row.status == "rejected":
            continue
        wait = timedelta(seconds=parse(row.kind.dimension, row.value))
        least = row.until + ROOM * wait
        if least > clock.horizon:
            what = (
                f"those who join until then and wait {row.value} are not across at the horizon, "
                f"{clock.horizon:%Y-%m-%dT%H:%M}, so a run cannot tell this wait; set the horizon to at least "
                f"{least:%Y-%m-%dT%H:%M} ({ROOM:g} times the wait later), or reject the figure"
            )
            yield Problem(find(root, (REPORTED, i, "until"))[0].where, f"reported[{i}].until", what)


def _prior_end_problems(
    root: Node, template: Template, values: Mapping[str, float], units: Mapping[str, str], at: tuple[str, str]
) -> Iterator[Problem]:
    """Yield a problem if the scenario is invalid at one end of a prior."""
    name, end = at
    try:
        template.scenario(values, units)
    except ScenarioError as error:
        first = error.problems[0]
        what = f"at its {end} end, {values[name]:.4g}, the scenario is invalid: {first.path}: {first.what}"
        node, _ = find(root, ("parameters", name, "prior"))
        yield Problem(node.where, f"parameters.{name}.prior", f"{what}; limit the prior with {end!r}")
