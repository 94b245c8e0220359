"""Writes docs/assumptions.md: how much every number that is not fitted moves the figures and what-ifs of a border.

`make assumptions` runs it; names of borders may be given, and the sections of the others then stay. One number at a
time is divided and multiplied by a factor, with all others as fitted.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from people_by_date import PERIODS, People, filled
from rich.progress import track

from sim.arrays import Floats
from sim.engine.lower.plan_from import lower
from sim.errors import SimError
from sim.measures.names import Key
from sim.measures.reports import observed_values
from sim.play import engines
from sim.play.one import play_once
from sim.play.workers import Crew, cores
from sim.scenario.model.scenario import Intervention
from sim.scenario.text.levers import Levers, Setting
from sim.scenario.text.passports import PassportRow
from sim.verbs.sweep.study import read_base

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "assumptions.md"
BORDERS = ("verkhny_lars", "finland", "kazakhstan", "mongolia", "eu", "moscow_airports")
FACTORS = (1.5, 1.2)
"""Factors to divide and multiply by; the next one where a value is not allowed, as a share above 100 %."""
ODDS = 1.5
"""Factor on the odds of a table of shares: of the first one where they add up to 100 %, else of each."""
FULLER = 1.2
"""Factor on the people per car in a period."""
SHIFT = timedelta(hours=12)
"""How much an instant is moved each way."""
MEASURES = (
    ("crossed_people", "all"),
    ("max_queue_people", "all"),
    ("wait_mean", "{first}/main"),
    ("men_stopped", "all"),
    ("reneged_people", "all"),
)
"""The measures of a what-if; `{first}` is the first class of the scenario, the cars where there are any."""
REPLICATIONS, DRAWS = 2, 100
"""Replications of every variation, and draws of the posterior that the bands are made of."""
MATTERS = 0.1
"""Share of a band from which on an effect matters."""
WIDE = 0.3
"""Share of a band from which on a number needs a reason of its own."""
LITTLE = "alone, with the ends of its own 90 % range as far out as here, it makes the band {wider:.0f} % wider"
INSTANT = "an instant that is reported, and better known than to 12 hours"
NO_NUMBERS = {"days", "family", "k", "classes", "stations"}
"""Keys inside a value that are not varied by themselves."""
REASONS = {
    r"changes\[4\]": "when walkers could go again is not known; nothing reported tells, and this what-if depends on it",
    r"stations\.exit_cars\.(staffing|service_time)": "the time of a person at the exit, which is fitted, does the same",
    r"stations\.exit_trucks\.staffing": "the pace of the trucks, which is fitted, does the same",
    r"stations\.trucks\.(staffing|service_time)": "trucks that come for each one that could leave, fitted, do the same",
    r"stations\.entry_cars\.(staffing|service_time)": "the time of a person at the entry, fitted, does the same",
    r"stations\.draft_screening\.discipline": "the share of walkers in it is fitted; `bypass_screened` has shares of "
    "its own, which do not vary with these",
    r"stations\.seats\.release\.every": "the number of seats given out at a time, which is fitted, does the same",
    r"classes\.car\.spacing": "the rows abreast, which are fitted, do the same",
    r"classes\.(bus|foot)\.people": "how many come by bus or on foot, which is fitted, does the same",
}
"""Why a number above MATTERS is not fitted, by a pattern of its path."""
LEAST_BAND = 0.02
"""Least width of a band, as a share of the figure or measure itself: less is no difference to a planner."""


class Job(NamedTuple):
    """A scenario to play: settings, an intervention, a draw of the posterior (None: the fitted values), and people."""

    settings: tuple[Setting, ...]
    what_if: str
    draw: int | None
    people: People | None = None


@dataclass(frozen=True)
class Play:
    """The task of the workers: the reported figures and the MEASURES of a job, mean of its replications."""

    levers: Levers
    crossing: str
    seed: int

    def __call__(self, job: Job) -> Floats | str:
        """Return the figures and measures, or why the settings are not allowed."""
        settings = (*job.settings, ("intervene", job.what_if))
        try:
            scenario = self.levers.scenario(settings, job.draw)
        except SimError as error:
            return str(error).splitlines()[0].rsplit(": ", 1)[-1]
        plan = lower(scenario)
        first = next(iter(scenario.classes))
        keys = [Key(self.crossing, quantity, scope.format(first=first)) for quantity, scope in MEASURES]
        numbers = range(REPLICATIONS) if job.draw is None else [job.draw]
        rows = []
        for number in numbers:
            with filled(job.people):
                measures = play_once(scenario, self.seed, number, engines.COMPILED, plan).measures
            totals = [measures.totals.get(key, np.nan) for key in keys]
            rows.append([*observed_values(scenario, measures), *totals])
        return np.mean(rows, axis=0)


@dataclass(frozen=True)
class Effect:
    """The largest effects of one number: on a figure and on a what-if, as shares of their bands."""

    row: PassportRow
    change: str
    figure: tuple[float, str]
    what_if: tuple[float, str]

    @property
    def most(self) -> float:
        """The larger of both."""
        return max(self.figure[0], self.what_if[0])


class Variation(NamedTuple):
    """A number made smaller and larger: how, in words, and the two settings."""

    change: str
    smaller: Setting
    larger: Setting


def varied(passports: Sequence[PassportRow]) -> list[PassportRow]:
    """Return the numbers that are not fitted; those of the clock, of relief and of the reading of figures are not."""
    fitted = {row.path for row in passports if (row.source or "").startswith("calibrated")}
    parts = [
        part
        for row in passports
        if row.path not in fitted and not row.path.startswith(("clock.", "relief.", "reported"))
        for part in (parts_of(row, fitted) if contains(row.path, fitted) else [row])
    ]
    return [part for part in parts if any(True for _ in variations(part))]


def contains(path: str, fitted: Collection[str]) -> bool:
    """Return whether a fitted number stands below a path."""
    return any(each.startswith((f"{path}.", f"{path}[")) for each in fitted)


def parts_of(row: PassportRow, fitted: Collection[str]) -> Iterator[PassportRow]:
    """Yield the numbers and instants of a value that is fitted in part, without the fitted ones."""
    inside: Iterable[tuple[str, Any]] = ()
    if isinstance(row.value, dict):
        inside = [(f".{key}", value) for key, value in row.value.items() if key not in NO_NUMBERS]
    elif isinstance(row.value, list):
        inside = [(f"[{n}]", value) for n, value in enumerate(row.value)]
    elif not re.fullmatch(r"\d\d:\d\d", str(row.value)):
        yield row
    for key, value in inside:
        part = replace(row, path=row.path + key, value=value)
        if part.path not in fitted:
            yield from parts_of(part, fitted)


def variations(row: PassportRow) -> Iterator[Variation]:
    """Yield the ways in which a number can be varied, best first."""
    path, value = row.path, row.value
    if _numbers(value) and not _is_whole(value):
        for factor in FACTORS:
            yield Variation(f"{factor:g}", (f"{path}*", f"{1 / factor:.6g}"), (f"{path}*", f"{factor:g}"))
    if _shares(value):
        smaller, larger = (json.dumps(_with_odds(value, factor)) for factor in (1 / ODDS, ODDS))
        yield Variation(f"odds {ODDS:g}", (path, smaller), (path, larger))
    if (instant := _last_instant(value)) is not None:
        name, at = instant
        lever = f"{path}.{name}" if name else path
        earlier, later = (f"{at + by:%Y-%m-%dT%H:%M}" for by in (-SHIFT, SHIFT))
        yield Variation(f"± {SHIFT / timedelta(hours=1):g} h", (lever, earlier), (lever, later))


def _numbers(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_numbers(each) for each in value.values())
    if isinstance(value, list):
        return any(_numbers(each) for each in value)
    return isinstance(value, int | float) or (
        isinstance(value, str) and value[:1].isdigit() and _instant(value) is None
    )


def _shares(value: Any) -> bool:
    """Return whether a value consists of shares in percent; one of 100 % has no odds."""
    if isinstance(value, dict):
        return all(_shares(each) for each in value.values())
    return isinstance(value, str) and value.endswith("%") and float(value.removesuffix("%")) < 100


def _is_whole(value: Any) -> bool:
    """Return whether a value consists of shares that add up to 100 %, so that no factor is possible."""
    shares = [each for each in value.values() if isinstance(each, str)] if isinstance(value, dict) else []
    percent = [float(share.removesuffix("%")) for share in shares if share.endswith("%")]
    return bool(percent) and len(percent) == len(value) and abs(sum(percent) - 100) < 1e-6


def _with_odds(value: Any, factor: float) -> Any:
    """Return shares with their odds multiplied."""
    if not isinstance(value, dict):
        share = float(value.removesuffix("%")) / 100
        return f"{100 * share * factor / (1 - share + share * factor):.6g} %"
    if any(isinstance(each, dict) for each in value.values()):
        return {name: _with_odds(each, factor) for name, each in value.items()}
    shares = {name: float(each.removesuffix("%")) / 100 for name, each in value.items()}
    if abs(sum(shares.values()) - 1) > 1e-9:
        return {name: _with_odds(each, factor) for name, each in value.items()}
    first = next(name for name, share in shares.items() if share)
    raised = shares[first] * factor / (1 - shares[first] + shares[first] * factor)
    rest = (1 - raised) / (1 - shares[first])
    return {name: f"{100 * (raised if name == first else share * rest):.10g} %" for name, share in shares.items()}


def _last_instant(value: Any) -> tuple[str, datetime] | None:
    """Return the last instant of a value, and its key: '' if the value is an instant itself."""
    if isinstance(value, dict):
        found = [(name, _instant(each)) for name, each in value.items() if isinstance(each, str)]
        return next(((name, at) for name, at in reversed(found) if at is not None), None)
    at = _instant(value)
    return None if at is None else ("", at)


def _instant(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "-" in value else None
    except ValueError:
        return None


class Study:
    """Plays all variations, and compares each with the base case."""

    def __init__(self, figures: Sequence[str], what_ifs: Mapping[str, Intervention], crew: Crew[Any, Any]) -> None:
        self.figures, self.what_ifs, self.crew = figures, what_ifs, crew
        self.base = self._with_what_ifs(self._jobs())
        results = list(crew.results([job._replace(draw=draw) for draw in range(DRAWS) for job in self._jobs()]))
        jobs = 1 + len(what_ifs)
        each = np.array([self._answers(results[k : k + jobs]) for k in range(0, len(results), jobs)])
        low, high = np.nanquantile(each, [0.05, 0.95], axis=0)
        first = np.split(results[0], [len(figures)])
        size = np.concatenate([first[0], *[first[1]] * len(what_ifs)])
        self.bands = np.maximum(high - low, LEAST_BAND * np.abs(np.nan_to_num(size)))

    def _answers(self, results: Sequence[Floats]) -> Floats:
        """Return the figures, then the differences that each what-if makes to the measures."""
        base, *others = results
        figures = len(self.figures)
        return np.concatenate([base[:figures], *[(each - base)[figures:] for each in others]])

    def _with_what_ifs(self, jobs: Sequence[Job]) -> Floats:
        results = list(self.crew.results(jobs))
        refused = [result for result in results if isinstance(result, str)]
        if refused:
            raise SimError(refused[0])
        return self._answers(results)

    def effect(self, row: PassportRow) -> Effect | str:
        """Return the effects of a number, or why it cannot be varied."""
        why = ""
        for variation in variations(row):
            try:
                both = [self._with_what_ifs(self._jobs(each)) for each in (variation.smaller, variation.larger)]
            except SimError as error:
                why = str(error)
                continue
            with np.errstate(invalid="ignore"):  # of measures that are always 0
                shares = [np.nan_to_num(np.abs(answers - self.base) / self.bands) for answers in both]
            return self._largest(row, variation.change, np.maximum(*shares))
        return why

    def of_people(self, fitted: Sequence[str]) -> str:
        """Return a sentence on how far other numbers of people per car in a period move the `fitted` figures."""
        at, found = [self.figures.index(name) for name in fitted], []
        for words, period in PERIODS.items():
            both = []
            for factor in (1 / FULLER, FULLER):
                people = People(*period, factor)
                both.append(self._with_what_ifs([job._replace(people=people) for job in self._jobs()]))
            shares = np.nan_to_num(np.max(np.abs(np.array(both) - self.base) / self.bands, axis=0))
            figure = max(at, key=lambda n: float(shares[n]))
            what_ifs = shares[len(self.figures) :]
            figure_cell = _cell(float(shares[figure]), f"`{self.figures[figure]}`")
            what_if_cell = _cell(float(what_ifs.max()), self._name(int(what_ifs.argmax())))
            found.append(f"{words} {figure_cell} and {what_if_cell}")
        return (
            "People per car are one number for all dates, which is fitted; the scenario language has none by date."
            f" Divided and multiplied by {FULLER:g} for the cars that come in a part of the run only, it moves the"
            " fitted figure and the what-if that it moves most by these shares of the band:"
            f" {'; '.join(found)}."
        )

    def _name(self, what_if: int) -> str:
        name, (measure, _) = list(self.what_ifs)[what_if // len(MEASURES)], MEASURES[what_if % len(MEASURES)]
        return f"`{name}`: {measure.replace('_', ' ')}"

    def _largest(self, row: PassportRow, change: str, shares: Floats) -> Effect:
        figures, what_ifs = np.split(shares, [len(self.figures)])
        figure, what_if = int(figures.argmax()), int(what_ifs.argmax())
        return Effect(
            row,
            change,
            (float(figures[figure]), f"`{self.figures[figure]}`"),
            (float(what_ifs[what_if]), self._name(what_if)),
        )

    def _jobs(self, *settings: Setting) -> list[Job]:
        """Return the jobs of the base and of each what-if; a number that a what-if itself sets does not vary there."""
        jobs = [Job(settings, "none", None)]
        for name, what_if in self.what_ifs.items():
            jobs.append(Job(tuple(each for each in settings if each[0].rstrip("*") not in what_if.set), name, None))
        return jobs


def preface() -> Iterator[str]:
    """Yield the lines above the sections."""
    yield "# Numbers that are not fitted"
    yield ""
    yield "Made by `make assumptions`; do not edit by hand."
    yield ""
    text = f"""
        Every number of a border's scenario that is not fitted, with the size of its effect. One number at a time is
        divided and multiplied by the factor shown (all numbers of a table together; of shares, their odds: of the first
        one where they add up to 100 %) or, an instant, moved earlier and later, with the others as fitted, on the same
        {REPLICATIONS} tapes. An effect is the larger change of the two, as a share of the 5-95 % band over {DRAWS}
        draws of the posterior: of a reported figure as the model has it, or of the difference that a what-if of the
        scenario file makes to people across, the largest queue, the mean wait of cars that crossed (of all where there
        are none), the men stopped or the people who give up. A band that is narrower than {100 * LEAST_BAND:.0f} % of
        the figure or measure counts as {100 * LEAST_BAND:.0f} %: where a what-if changes nothing, what changes this is
        not of interest. Numbers above {100 * MATTERS:.0f} % are listed first, with the reason why they are not fitted.
        Of values that are fitted in part, the other parts are varied one by one. Effects of two numbers together are
        not seen, nor that on the waits of those who join late.
    """
    yield textwrap.fill(" ".join(text.split()), 120, break_on_hyphens=False)


class Findings(NamedTuple):
    """What was found for a border: its title, its fit, the effects, the numbers not varied, and people by date."""

    title: str
    fit: str
    effects: list[Effect]
    refused: list[tuple[PassportRow, str]]
    people: str


def section(findings: Findings) -> Iterator[str]:
    """Yield the lines of a border."""
    title, fit, effects, refused, people = findings
    large = [effect for effect in effects if effect.most >= MATTERS]
    small = [effect for effect in effects if effect.most < MATTERS]
    yield f"## {title}"
    yield ""
    yield f"Fit: {fit}. {len(large)} numbers above {100 * MATTERS:.0f} % of a band, {len(small)} below."
    if people:
        yield ""
        yield textwrap.fill(people, 120, break_on_hyphens=False)
    columns = "| number | value | source | factor or shift | largest effect on a figure | largest effect on a what-if |"
    for heading, chosen in (
        (f"Above {100 * MATTERS:.0f} % of a band", large),
        (f"Below {100 * MATTERS:.0f} %", small),
    ):
        reasons = chosen is large
        if not chosen:
            continue
        yield ""
        yield f"### {heading}: {title}"
        yield ""
        yield f"{columns}{' why it is not fitted |' if reasons else ''}"
        yield f"|---|---|---|--:|---|---|{'---|' if reasons else ''}"
        for effect in sorted(chosen, key=lambda each: -each.most):
            row = effect.row
            cells = [_cell(*effect.figure), _cell(*effect.what_if), *([_reason(effect)] if reasons else [])]
            yield f"| `{_path(row)}` | {_value(row.value)} | {row.source} | {effect.change} | {' | '.join(cells)} |"
    if refused:
        yield ""
        yield "Not varied:"
        yield ""
    for row, why in refused:
        yield f"- `{_path(row)}`: {_value(row.value)} ({why})"


def _cell(share: float, name: str) -> str:
    return f"{100 * share:.0f} % {name}" if share >= 0.005 else "none"


def _reason(effect: Effect) -> str:
    """Return why a number is not fitted: its own reason, or that it matters little."""
    path = _path(effect.row)
    if own := next((reason for pattern, reason in REASONS.items() if re.search(pattern, path)), ""):
        return own
    if effect.change.startswith("±") and effect.row.source != "assumption":
        return INSTANT
    wider = 100 * (np.sqrt(1 + (2 * effect.most) ** 2) - 1)  # the effect is that of one side
    return LITTLE.format(wider=wider) if effect.most < WIDE else "**no reason given**"


def _path(row: PassportRow) -> str:
    """Return the path without `crossings.NAME.`."""
    return re.sub(r"^crossings\.\w+\.", "", row.path)


def _value(value: Any) -> str:
    text = str(value).replace("'", "").replace("|", "/")
    return text if len(text) <= 60 else f"{text[:57]}..."


def findings_of(name: str) -> Findings:
    """Play all variations of a border."""
    base = read_base(ROOT / "scenarios" / f"{name}.yaml")
    assert base.posterior is not None
    scenario, passports = base.loaded.scenario, base.loaded.passports
    play = Play(base.levers, next(iter(scenario.crossings)), scenario.seed)
    effects, refused = [], []
    with Crew(play, cores()) as crew:
        figures = [row.id or row.quantity for row in scenario.reported]
        study = Study(figures, base.loaded.interventions, crew)
        for row in track(varied(passports), f"{name}: one number at a time"):
            found = study.effect(row)
            if isinstance(found, Effect):
                effects.append(found)
            else:
                refused.append((row, found))
        used = [row.id or row.quantity for row in scenario.reported if row.status == "used"]
        people = study.of_people(used) if name == BORDERS[0] else ""
    fit = base.posterior.fitted
    title = scenario.crossings[play.crossing].title or name
    return Findings(title, f"{fit.calibration}, {fit.date}", effects, refused, people)


def main(names: Sequence[str]) -> None:
    """Write the page; the sections of borders that are not named stay as they are."""
    engines.ready(engines.COMPILED)
    marks = {name: f"<!-- {name} -->" for name in BORDERS}
    sections: dict[str, str] = {}
    if PAGE.exists():
        parts = re.split(r"^<!-- (\w+) -->\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
        sections = {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    for name in names or BORDERS:
        sections[name] = "\n".join(section(findings_of(name)))
    text = "\n".join(preface())
    for name in BORDERS:
        if name in sections:
            text += f"\n\n{marks[name]}\n{sections[name]}"
    PAGE.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":  # workers must find the task in a module that they can import
    sys.path.insert(0, str(ROOT))
    import_module("docs.assumptions").main(sys.argv[1:])
