"""Tables, pictures and page of a calibration whose fit is exact: complete, and made from the numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure as Picture
from matplotlib.text import Text

from sim.measures.reports import label, reported_value
from sim.plotting import style
from sim.plotting.picture import render
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.calibrate.blocks import with_blocks
from sim.verbs.calibrate.findings import Findings, findings_of, most_correlated_figures
from sim.verbs.calibrate.fit import Range
from sim.verbs.calibrate.page import markdown, write
from sim.verbs.calibrate.pictures import _mark_cut, density, drawers
from sim.verbs.calibrate.result import CalibrationResult
from sim.verbs.calibrate.tables import csv_tables, document, show
from sim.verbs.calibrate.words import caveats, combination_words, gate_words, interval, percent, verdict_words
from tests.verbs.calibrate import synthetic_fit

DOCS = (Path(__file__).parents[3] / "docs" / "calibration.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def base() -> Findings:
    fit = synthetic_fit.fit()
    small = with_blocks(findings_of(synthetic_fit.fit(250)))
    return replace(findings_of(fit, synthetic_fit.held_out(fit)), blocks=small.blocks, error_models=small.error_models)


@pytest.fixture(scope="module")
def pictures(base: Findings) -> dict[str, Picture]:
    return {name: draw() for name, draw in drawers(base).items()}


def text_of(picture: Picture) -> str:
    return " ".join(text.get_text() for text in picture.findobj(Text)).replace("\n", " ")


def part(text: str, heading: str) -> str:
    """Return what the page says under a heading, in one line."""
    section = re.search(rf"## {heading}\n(.*?)(?=\n## |\Z)", text, re.DOTALL)
    return " ".join(section[1].split()) if section else ""


def changed(base: Findings, name: str, **numbers: float) -> Findings:
    rows = tuple(replace(row, **numbers) if row.name == name else row for row in base.parameters)
    return replace(base, parameters=rows)


def test_figures_have_the_labels_of_a_run(base: Findings) -> None:
    rows = synthetic_fit.calibration().reported
    assert [figure.label for figure in base.figures] == [label(row, reported_value(row)) for row in rows]
    assert "about 2,500 cars within 8 km of the border" in [figure.label for figure in base.figures]


def test_numbers_in_words() -> None:
    assert interval(Range(74.62, 121.4, 193.1), "/h") == "121/h [74.6–193]"
    assert interval(Range(0.5, 1, 2)) == "1 [0.5–2]"
    shares = (0, 0.004, 0.0432, 0.05, 0.126, 0.994, 1, math.nan)
    assert [percent(share) for share in shares] == [
        "< 1 %", "< 1 %", "4.3 %", "5 %", "13 %", "> 99 %", "100 %", "-",
    ]  # fmt: skip


def test_the_table_of_the_terminal_says_everything_in_80_columns(
    base: Findings, capsys: pytest.CaptureFixture[str]
) -> None:
    show(base)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed
    flat = " ".join(printed.split())
    for row in base.parameters:
        assert interval(row.posterior, row.unit) in flat
    for verdict in {figure.verdict.split()[0] for figure in base.figures}:
        assert verdict in flat
    assert "Held-out figures" in flat
    assert "24,000 evaluations of the model, 2 replications each, 4 rounds" in flat
    assert combination_words(base) in flat
    for paragraph in caveats(base):
        assert paragraph in flat


def test_every_column_of_the_files_is_documented(base: Findings) -> None:
    files = csv_tables(base)
    tables = "parameters", "figures", "correlations", "held_out", "blocks", "error_models"
    assert list(files) == [f"{table}.csv" for table in tables]
    for name, columns in files.items():
        described = part(DOCS, f"`{name}`")
        for column in columns:
            known = {column, re.sub(r"_(low|median|high)$", "_…", column)}
            assert any(f"`{word}`" in described for word in known), f"{name}: {column}"
    assert len(files["correlations.csv"]["parameter"].tolist()) == 4 * 3 // 2


def test_blocks_are_told_with_their_effective_sample_size(base: Findings, pictures: dict[str, Picture]) -> None:
    first = replace(base.blocks[0], ess=12.0, log_score=-3.25)
    told = replace(base, blocks=(first, *base.blocks[1:]))
    section = part(markdown(told), "Held-out figures")
    assert f"| {first.name} |" in section
    assert "| −3.25 | 12, unreliable |" in section
    for block in base.blocks:
        assert f"all {block.name} (ESS" in text_of(pictures["held_out"])
    assert len(csv_tables(base)["blocks.csv"]["id"]) == sum(len(block.predictions) for block in base.blocks)


def test_the_document_is_json_and_holds_the_numbers(base: Findings) -> None:
    text = json.loads(json.dumps(document(base), allow_nan=False))
    assert [row["id"] for row in text["figures"]] == [row["id"] for row in synthetic_fit.REPORTED]
    assert text["parameters"][1]["tied_to"] == "surge_rate"
    assert text["gate"]["passed"] is True
    assert {row["rounded_to"] for row in text["figures"]} >= {54.0, None}, "infinite for a bound"


def test_what_the_page_says_was_learnt_follows_the_numbers(base: Findings) -> None:
    learnt_, unknown = "What the figures identify", "What the figures leave open"
    text = markdown(base)
    assert "factor on who leaves the queue (`leaving`): 1 [" in part(text, learnt_).split("Somewhat identified")[0]
    assert "(`outbound`)" in part(text, unknown)
    assert "(`outbound`)" not in part(text, learnt_)
    assert "met about equally well when both are higher or both are lower (correlation +0.7" in part(text, unknown)
    assert "4 parameters of the scenario" in text
    assert combination_words(replace(base, combinations=3)).endswith(
        "More than half of the prior variance remains in the other."
    )
    assert combination_words(replace(base, combinations=4)).endswith(
        "identify 4 of 4 independent parameter combinations."
    )
    other = markdown(changed(base, "outbound", contraction=0.9, shift=-1.3))
    assert (
        "outbound share of a count of both directions (`outbound`)"
        in part(other, learnt_).split("Somewhat identified")[0]
    )
    assert "(`outbound`): down by 1.3 standard deviations" in part(other, learnt_)
    assert "Not identified" not in part(other, unknown)
    traded = markdown(changed(base, "leaving", correlated=(("surge_rate", -0.83),)))  # type: ignore[arg-type]
    assert "met about equally well when one is higher and the other lower (correlation −0.83)" in traded


def test_the_limits_are_text_and_follow_the_numbers(base: Findings) -> None:
    text = caveats(base)
    assert len(text) == 2
    one, other, value = most_correlated_figures(base.fit)  # type: ignore[misc]
    assert f"have a correlation of {value:.2f} after the fit" in text[0]
    assert one.row.group is None or one.row.group != other.row.group
    assert value > 0.6
    median = np.median([row.reports.high / row.reports.low for row in base.held_out])
    assert f"the upper end of a band is {median:.2g} times the lower one" in text[1]
    narrow = tuple(replace(row, reports=Range(10.0, 11.0, 12.0)) for row in base.held_out)
    assert "the upper end of a band is 1.2 times" in caveats(replace(base, held_out=narrow))[1]
    assert len(caveats(replace(base, held_out=()))) == 1
    loaded = copy(base.fit.loaded)
    loaded.calibration = synthetic_fit.calibration(limits="Known by\n  halves.")  # type: ignore[misc]
    limited = replace(base, fit=replace(base.fit, loaded=loaded))
    assert caveats(limited)[0] == "Known by halves."
    unknown = part(markdown(limited), "What the figures leave open")
    assert all(paragraph in unknown for paragraph in caveats(limited))


def test_figures_that_move_together_are_found_but_not_in_one_group(base: Findings) -> None:
    posterior = base.fit.posterior
    fitted = [j for j, target in enumerate(base.fit.targets) if target.fitted]
    level = np.array([target.reported for target in base.fit.targets])
    free = np.exp(0.5 * np.random.default_rng(1).standard_normal(posterior.observed.shape))
    free[:, fitted[-1]] = free[:, fitted[0]] ** 2
    observed = level * free
    changed_fit = replace(base.fit, posterior=replace(posterior, observed=observed))
    one, other, value = most_correlated_figures(changed_fit)  # type: ignore[misc]
    assert (one, other) == (base.fit.targets[fitted[0]], base.fit.targets[fitted[-1]])
    assert value == pytest.approx(1)
    grouped = tuple(replace(t, row=t.row.model_copy(update={"group": "one"})) for t in base.fit.targets)
    assert most_correlated_figures(replace(changed_fit, targets=grouped)) is None


def test_the_page_says_of_each_figure_how_it_fares(base: Findings) -> None:
    text = part(markdown(base), "Figure by figure")
    assert "6 of 7 fitted figures agree" in text
    tension = text.split("In tension")[1].split("Not fitted")[0]
    assert tension.count("- ") == 1
    assert "at most 4,000 people waiting, 25 Sep, Russian state media (Sky News)" in tension
    assert "39 m a car over 12 miles. Rejected." in text.split("Rejected before the fit")[1]
    assert "about 20 h of wait ahead" in text.split("inside the prediction:")[1]
    for row in base.figures:
        assert row.label in text


def test_the_page_tells_how_it_was_done_and_links_only_what_was_drawn(base: Findings) -> None:
    text = markdown(base, ["figures"])
    assert gate_words(base) in text
    assert "each vector of parameters played on the same 2 tapes" in text
    assert "`sim run` shows means over 20 tapes, so its values may differ within chance." in text
    assert "well over 16 km of queue; 16 km of queue" in part(text, "Method")
    assert re.findall(r"\]\((.*?)\)", text) == ["pictures/figures.png"]
    assert not re.search(r"\b(nan|inf|None)\b", text)
    assert "Held-out figures" not in markdown(replace(base, held_out=()))


@pytest.mark.slow
def test_every_picture_is_drawn_and_every_figure_is_in_it(base: Findings, pictures: dict[str, Picture]) -> None:
    assert list(pictures) == ["figures", "parameters", "correlations", "held_out"]
    for row in base.figures:
        words = row.label
        assert words in text_of(pictures["figures"])
        assert (words in text_of(pictures["held_out"])) == row.target.fitted
    for parameter in base.parameters:
        assert parameter.name in text_of(pictures["parameters"])
        assert parameter.name.replace("_", " ") in text_of(pictures["correlations"])


def test_bounds_have_arrows_to_their_side(base: Findings, pictures: dict[str, Picture]) -> None:
    (axes,) = pictures["figures"].axes
    shifts = [text.xyann[0] for text in axes.texts if not text.get_text()]
    bounds = [row.target.bound for row in base.figures if row.target.bound]
    assert sorted(shifts) == sorted(26 * bound for bound in bounds)
    assert {-26, 26} <= set(shifts)


def test_a_figure_in_tension_stands_out(base: Findings, pictures: dict[str, Picture]) -> None:
    bold = [text.get_text() for text in pictures["figures"].axes[0].texts if text.get_fontweight() == "bold"]
    (tense,) = (figure for figure in base.figures if figure.in_tension)
    assert verdict_words(tense) == "off, in tension"
    assert bold == ["fitted", f"off, in tension, tail {percent(tense.tail)}", "not fitted, only predicted", "rejected"]


@pytest.mark.parametrize("name", ["figures", "parameters", "correlations", "held_out"])
def test_nothing_is_written_beyond_the_edge(pictures: dict[str, Picture], name: str) -> None:
    picture = pictures[name]
    style.styled(picture.draw_without_rendering)()
    box, (width, height) = picture.get_tightbbox(), picture.get_size_inches()
    assert 0 <= box.x0 <= box.x1 <= width
    assert 0 <= box.y0 <= box.y1 <= height


@pytest.mark.parametrize(
    ("law", "ends"),
    [(lambda luck: luck.random(20_000), (0.0, 1.0)), (lambda luck: luck.standard_normal(20_000) / 5, (None, None))],
)
def test_densities_hold_all_of_the_sample(
    law: Callable[[np.random.Generator], np.ndarray], ends: tuple[float | None, float | None]
) -> None:
    values = law(np.random.default_rng(4))
    at = np.linspace(values.min() if ends[0] is not None else -2, values.max() if ends[0] is not None else 2, 400)
    curve = density(at, values, np.full(20_000, 1 / 20_000), ends)
    assert np.trapezoid(curve, at) == pytest.approx(1, abs=0.01)
    if ends[0] is not None:
        assert curve[[0, -1]] == pytest.approx([1, 1], abs=0.12), "a uniform law does not sag at its ends"


def test_a_figure_far_off_or_missing_is_still_drawn(base: Findings) -> None:
    far = replace(base.figures[0], model=Range(0, 0, 0), reports=Range(1e-3, 2e-3, 3e-3), tail=0.0)
    picture = drawers(replace(base, figures=(far, *base.figures[1:])))["figures"]()
    assert render(picture, "png").startswith(b"\x89PNG")
    assert "model 0 h [0–0]" in text_of(picture)


def test_one_parameter_has_no_correlations(base: Findings) -> None:
    nothing = {"held_out": (), "blocks": (), "error_models": ()}
    alone = replace(base, parameters=base.parameters[:1], correlations=np.ones((1, 1)), **nothing)
    assert list(drawers(alone)) == ["figures", "parameters"]
    assert list(csv_tables(alone)) == ["parameters.csv", "figures.csv"]
    assert "parameter combinations" not in markdown(alone)


def test_numbers_stay_in_the_cells_of_many_parameters(base: Findings) -> None:
    many = 30
    strong = np.full((many, many), -0.6)
    findings = replace(base, parameters=(base.parameters * many)[:many], correlations=strong)
    picture = drawers(findings)["correlations"]()
    axes = picture.axes[0]
    cell = axes.get_window_extent().width / (many - 1)
    widths = [text.get_window_extent().width for text in axes.texts]
    assert len(widths) > 100
    assert max(widths) < cell


@pytest.mark.slow
def test_what_is_written_is_the_same_every_time(base: Findings, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write(tmp_path / name, base, CalibrationResult(base).plots)
    names = sorted(path.relative_to(tmp_path / "first").as_posix() for path in (tmp_path / "first").rglob("*.*"))
    assert names == sorted([*csv_tables(base), "page.md", *(f"pictures/{name}.png" for name in drawers(base))])
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    write(tmp_path / "third", base, {})
    assert not (tmp_path / "third" / "pictures").exists()


def test_the_example_of_the_docs_can_be_fitted(tmp_path: Path) -> None:
    for name, text in re.findall(r"<!-- (\S+) -->\n```yaml\n(.*?)```", DOCS, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    loaded = read_calibration(tmp_path / "my_pass_calibration.yaml")
    assert loaded.template.names == ("person_time", "surge_rate")
    assert [row.id for row in loaded.central.scenario.reported] == ["cars_1500", "wait_20h", "across"]


@style.styled
def test_a_band_that_goes_on_beyond_the_scale_has_a_triangle() -> None:
    axes = style.sheet(2, 1).add_axes((0, 0, 1, 1))
    axes.set_xlim(0.5, 2)
    for ends, marks in (((0.6, 1.9), []), ((0.4, 1.9), ["<"]), ((0.4, 3.0), ["<", ">"])):
        before = len(axes.lines)
        _mark_cut(axes, ends, 0.0, "black")
        assert [line.get_marker() for line in axes.lines[before:]] == marks
