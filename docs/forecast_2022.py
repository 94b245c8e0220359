"""Writes docs/forecast_2022.md: Verkhny Lars as it could be forecast on 26 September 2022, with two pictures.

`make forecast-2022` runs it. The model is fitted to the figures of the days before, and played on to October twice:
with the rules known by then, and with the rules as they came.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import yaml

import sim
from sim.verbs.validate.result import ValidationResult
from sim.verbs.validate.study import MODEL
from sim.verbs.validate.words import band, dated, inside, number, own_value, percent, share_words

ROOT = Path(__file__).parents[1]
PAGE, PICTURES = ROOT / "docs" / "forecast_2022.md", ROOT / "docs" / "forecast_2022"
BUILD = ROOT / "build" / "forecast_2022"
CALIBRATION = ROOT / "calibration" / "verkhny_lars.yaml"
LAST_DAY, UNTIL = "2022-09-25", "2022-09-26"
"""The last day whose figures are fitted, and the instant at which it ends."""
WAYS = {
    "rules_known": ("with the rules known by then", "apply: [rules_of_25_september]\n"),
    "rules_as_they_came": ("with the rules as they came", ""),
}
REPLICATIONS = 200


def fitted_until(folder: Path) -> Path:
    """Fit to the figures before UNTIL, or take the fit that is there; return the fitted file."""
    file = folder / "fit" / "fitted.yaml"
    if not file.is_file():
        result = sim.calibrate(CALIBRATION, until=LAST_DAY, cache=folder / "evaluations")
        result.save(folder / "fit")
    return file


def described(folder: Path, name: str, rules: str, fitted: Path) -> tuple[Path, Path]:
    """Write the scenario with this fit and its calibration; return both files."""
    scenario, calibration = folder / f"{name}.yaml", folder / f"{name}_calibration.yaml"
    base = ROOT / "scenarios" / "verkhny_lars.yaml"
    title = f"crossings: {{verkhny_lars: {{title: 'Verkhny Lars, {WAYS[name][0].removeprefix('with the ')}'}}}}\n"
    text = f"extends: {base}\n{title}calibrated: {fitted}\nreported: {calibration}\n{rules}"
    scenario.write_text(text, encoding="utf-8")
    document = yaml.safe_load(CALIBRATION.read_text(encoding="utf-8")) | {"scenario": str(scenario)}
    for row in document["reported"]:
        if row.get("status", "used") == "used" and str(row["until"]) > UNTIL:
            row["status"] = "validation"  # the pictures mark it as a figure that was not fitted
    calibration.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return scenario, calibration


def page(scored: dict[str, ValidationResult]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# A forecast from 26 September 2022"
    yield ""
    yield "Made by `make forecast-2022`; do not edit by hand."
    yield ""
    first = next(iter(scored.values())).validation
    known = [
        row
        for row in first.loaded.calibration.reported
        if row.status == "used" and row.until <= datetime.fromisoformat(UNTIL)
    ]
    text = f"""
        The model of Verkhny Lars, fitted only to the {len(known)} figures whose window ends by 25 September, and
        played on to October: what a planner could have been told on the morning of the 26th, without and with the
        rules that nobody knew yet: screening, walkers, the bar of cars. The figures that may be used end on 27
        September, when these rules had hardly begun. So the scores do not tell the two ways apart; the pictures show
        where they part, from 28 September on, and nothing here says which is nearer to what happened. Rows whose
        window ends by 25 September are no forecast, but figures of days that the fit has seen otherwise. Priors and
        assumptions were written later, with all articles at hand, so this is kinder to the model than the real
        morning would have been.
    """
    yield textwrap.fill(" ".join(text.split()), 120, break_on_hyphens=False)
    for name, (words, _) in WAYS.items():
        validation = scored[name].validation
        yield ""
        yield f"## {words[0].upper()}{words[1:]}"
        yield ""
        yield f"![People waiting, {words}](forecast_2022/{name}.png)"
        yield ""
        columns = ("figure that the fit did not have", "model's own value", "90 % of the reports expected")
        yield f"| {' | '.join((*columns, 'inside', 'tail', 'log score'))} |"
        yield "|---|---|---|---|---|---|"
        for row in validation.rows:
            score = row.scores[MODEL]
            cells = [
                dated(row),
                own_value(row),
                band(score),
                inside(score),
                percent(score.tail),
                number(score.log_score),
            ]
            yield f"| {' | '.join(cells)} |"
        overall = validation.overall(MODEL)
        yield ""
        yield (
            f"In the 50 % band {share_words(overall.inside_50)}, in the 90 % band {share_words(overall.inside_90)};"
            f" median error factor {number(overall.error_factor)}, median width {number(overall.width_factor)}, mean"
            f" log score {number(overall.log_score)}."
        )
        later = [row for row in validation.rows if row.target.row.from_ >= datetime.fromisoformat(UNTIL)]
        scores = [row.scores[MODEL] for row in later]
        held = sum(bool(score.inside_90) for score in scores)
        mean = sum(score.log_score for score in scores) / len(scores)
        yield ""
        yield (
            f"The {len(later)} rows that begin on 26 September or later, which alone are a forecast: {held} in the 90 %"
            f" band, mean log score {number(mean)}."
        )


def main() -> None:
    """Fit, score, draw, and write the page."""
    BUILD.mkdir(parents=True, exist_ok=True)
    fitted = fitted_until(BUILD)
    scored = {}
    for name, (_, rules) in WAYS.items():
        scenario, calibration = described(BUILD, name, rules, fitted)
        scored[name] = sim.validate(calibration, replications=REPLICATIONS)
        run = sim.run(scenario, replications=REPLICATIONS)
        run.plot("queue_by_class").save(PICTURES / f"{name}.png")
    PAGE.write_text("\n".join(page(scored)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
