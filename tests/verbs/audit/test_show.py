"""The audit in words, tables and pictures: what a reader would miss if it were not there."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from matplotlib.figure import Figure as Sheet
from matplotlib.text import Text
from rich.console import Console

from sim.plotting.picture import render
from sim.plotting.style import styled
from sim.scenario.text.load_calibration import read_calibration
from sim.verbs.audit import tables as audit_tables
from sim.verbs.audit.arithmetic import Range
from sim.verbs.audit.figures import Figure
from sim.verbs.audit.pictures import drawers
from sim.verbs.audit.study import Audit, audit
from sim.verbs.audit.words import both, rounded, sentence, sentences, short, span, summary

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def result() -> Audit:
    return audit(read_calibration(ROOT / "calibration" / "verkhny_lars.yaml"))


@pytest.fixture(scope="module")
def picture(result: Audit) -> Sheet:
    return drawers(result)["audit"]()


def sentence_about(result: Audit, *names: str) -> str:
    (words,) = [sentence(f) for f in result.findings if [g.row.id for g in f.figures] == list(names)]
    return words


def printed(result: Audit, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    audit_tables.print_to(console, result)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (62.5, "62"),
        (104.2, "104"),
        (141, "141"),
        (5210, "5,200"),
        (5.333, "5.3"),
        (0.907, "0.91"),
        (3, "3"),
        (38.6, "39"),
        (1e308, "1e+308"),
        (2.346e-7, "2.35e-07"),
        (0, "0"),
    ],
)
def test_numbers_are_said_with_the_figures_they_deserve(value: float, text: str) -> None:
    assert rounded(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Range(110.1, 125, 141), "parties/h", "110–141/h"),
        (Range(56, 62, inf), "parties/h", "56/h or more"),
        (Range(0, 5, 7), "m", "up to 7 m"),
        (Range(0, 5, inf), "m", ""),
        (Range(0.42, 0.5, 0.56), "share", "42–56 %"),
        (Range(7, 7, 7), "m", "7 m"),
    ],
)
def test_ranges_in_words(value: Range, unit: str, text: str) -> None:
    assert span(value, unit) == text


def test_the_middle_is_not_said_twice() -> None:
    assert both(Range(56, 62, inf), "parties/h") == "62/h (56/h or more)"
    assert both(Range(4, 4, inf)) == "4 or more"
    assert both(Range(7, 7, 7), "m") == "7 m"


def test_the_sentence_of_the_main_queue(result: Audit) -> None:
    words = sentence_about(result, "vehicles_3000", "wait_48h", "week_vehicles")
    assert words.startswith(
        "3,000 cars waiting and 48 h of quoted wait (25 Sep) imply 62/h through the main queue; 37,000 vehicles across "
        "in both directions (19–25 Sep) imply 109–143/h outbound. All hold as printed. "
        "At the printed numbers, about half of the exit (42–56 %) bypassed the main queue, "
    )
    assert "; with more cars waiting, fewer did, and at 5,200–6,900 none." in words
    assert words.endswith("Read as a bound: more than 3,000 cars waiting.")


def test_sentences_of_the_other_kinds(result: Audit) -> None:
    assert "imply 39 m per vehicle in a single file; a vehicle is assumed to take 7 m." in sentence_about(
        result, "hundreds_of_cars", "length_12mi"
    )
    assert "Both hold as printed, in a single file." in sentence_about(result, "customs_2500", "length_12mi")
    assert "nearly in a single file (1.1 abreast)." in sentence_about(result, "vehicles_3000", "length_12mi")
    assert "Both hold as printed. At the printed numbers, they stand 1.3 abreast." in sentence_about(
        result, "vehicles_3000", "length_16km"
    )
    assert "only if they stood 1.7–6.1 abreast on average (1.7–5.8 at the printed numbers)" in sentence_about(
        result, "vehicles_4800", "length_12mi"
    )
    assert sentence_about(result, "vehicles_3000", "vehicles_4800").endswith(
        "cars and trucks waiting (26 Sep): both hold as printed."
    )
    assert "only if 96–100 % did; at the printed numbers they cannot." in sentence_about(
        result, "week_people", "entered_100000"
    )
    assert "115,000 people across in both directions and 37,000 vehicles" in sentence_about(
        result, "week_people", "week_vehicles"
    )
    assert (
        "they cannot both hold: each report would be off by a factor of 2.1, more than usual for such reports."
        in sentence_about(result, "hundreds_of_cars", "customs_2500")
    )


def test_the_table_compares_two_figures_of_a_quantity_in_words(result: Audit) -> None:
    rows = [row for sheet in audit_tables.sheets(result) for row in sheet.rows]
    assert not [row for row in rows if row[2] == "" or row[1].startswith("1 times")]
    assert ("4,800 cars and trucks, 5,000 cars", "about the same", "the first") in [row[:3] for row in rows]
    (one,) = [f for f in result.findings if [g.row.id for g in f.figures] == ["vehicles_3000", "vehicles_4800"]]
    assert audit_tables._cells(one)[1:3] == ("1.6 times", "the first")
    assert audit_tables._cells(replace(one, implied=Range.exactly(1)))[1] == "the same"


def test_nearly_all_and_hardly_any_are_not_about(result: Audit) -> None:
    (finding,) = [
        f for f in result.findings if [g.row.id for g in f.figures][::2] == ["vehicles_3000", "week_vehicles"]
    ]
    for share, words in ((0.999, "numbers, nearly all of the exit"), (0.01, "numbers, hardly any of the exit")):
        needs = [n._replace(amount=Range.exactly(share)) if n.what == "past_queue" else n for n in finding.needs]
        assert words in sentence(replace(finding, needs=tuple(needs)))


def printed_as(figure: Figure, value: float) -> str:
    return short(replace(figure, target=replace(figure.target, reported=value)))


def test_one_is_singular_and_a_huge_number_is_short(result: Audit) -> None:
    figures = {figure.row.id: figure for figure in result.figures}
    assert printed_as(figures["vehicles_3000"], 1) == "1 car"
    assert printed_as(figures["week_people"], 1) == "1 person"
    assert printed_as(figures["vehicles_4800"], 1) == "1 party"
    assert printed_as(figures["wait_48h"], 1) == "1 h"
    assert printed_as(figures["vehicles_3000"], 1e308) == "1e+308 cars"
    assert printed_as(figures["vehicles_3000"], 0.4) == "0.4 cars"
    assert printed_as(figures["wait_48h"], 1e-300) == "1e-300 h"


def test_nothing_is_in_quotation_marks_that_the_file_does_not_quote(result: Audit) -> None:
    words = [sentence(finding) for finding in result.findings]
    assert not re.search('[“”"]', " ".join(words))


def test_rejected_and_repeated_figures_have_their_own_place(result: Audit) -> None:
    texts = dict(sentences(result))
    against = texts["Rejected: 500 cars waiting (26–27 Sep)"]
    assert "39 m a car" in against[0]
    assert len(against) > 2
    assert texts["Repeated figures"] == ["length_16km_telegraph (The Telegraph) repeats length_16km; they count once."]
    used = [words for heading, words in texts.items() if not heading.startswith("Rejected")]
    assert not any("500 cars" in re.sub(r"\d,500", "", words) for block in used for words in block)


def test_the_summary_counts_the_figures_in_use(result: Audit) -> None:
    numbers = [int(number) for number in re.findall(r"\d+", summary(result))]
    assert numbers[0] == sum(numbers[1:]) == sum(not finding.rejected for finding in result.findings)


def test_every_finding_has_a_whole_sentence(result: Audit) -> None:
    for finding in result.findings:
        words = sentence(finding)
        assert words.endswith(".")
        assert not re.search(r"\bnan\b|\binf\b|None|  |\( ?\)| \.", words), words


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_no_line_is_longer_than_the_terminal(result: Audit, width: int) -> None:
    assert max(map(len, printed(result, width).splitlines())) <= width


def test_the_table_and_a_narrow_terminal_say_the_same(result: Audit) -> None:
    numbers = [set(re.findall(r"\d[\d,.]*", printed(result, width))) for width in (50, 200)]
    assert numbers[0] == numbers[1]


def test_a_pipe_gets_plain_text(result: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    audit_tables.show(result)
    assert "\x1b" not in capsys.readouterr().out


def test_columns_are_of_one_length_and_the_document_is_json(result: Audit) -> None:
    columns = audit_tables.columns(result)
    assert {len(column) for column in columns.values()} == {len(result.findings)}
    document = json.loads(json.dumps(audit_tables.document(result), allow_nan=False))
    assert len(document["findings"]) == len(result.findings)
    bound = next(row for row in document["figures"] if row["id"] == "vehicles_3000")
    assert bound["printed"] == {"low": 3000, "mid": 3000, "high": None}


def test_the_page_names_who_said_what(result: Audit) -> None:
    page = audit_tables.markdown(result)
    for figure in result.figures:
        assert figure.row.who in page
        assert f"`{figure.row.id}`" in page


def test_the_page_of_the_docs_shows_what_is_printed(result: Audit) -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^> (.*(?:\n> .*)*)", page, re.MULTILINE)
    shown = [" ".join(block.replace("\n>", " ").split()) for block in quoted]
    texts = [words for _, block in sentences(result) for words in block]
    assert len(shown) >= 3
    assert [words for words in shown if words not in texts] == []


def test_every_bar_is_named_inside_the_picture(picture: Sheet) -> None:
    styled(picture.draw_without_rendering)()
    whole = picture.bbox
    texts = [text for text in picture.findobj(Text) if text.get_text() and text.get_visible()]
    for text in texts:
        box = text.get_window_extent()
        assert box.x0 >= whole.x0, text
        assert box.x1 <= whole.x1, text
        assert box.y0 >= whole.y0, text
    words = "\n".join(text.get_text() for text in texts)
    for expected in ("3,000 cars in 48 h (25 Sep)", "109–143/h: all, outbound", "39 m: 0.18 abreast", "trucks"):
        assert expected in words


def test_the_picture_is_the_same_every_time(result: Audit, picture: Sheet) -> None:
    assert render(picture, "svg") == render(drawers(result)["audit"](), "svg")


def test_every_crossing_has_its_picture_and_its_headings(result: Audit) -> None:
    def moved(figure):  # type: ignore[no-untyped-def]
        row = figure.row.model_copy(update={"crossing": "other"})
        return replace(figure, target=replace(figure.target, row=row))

    here = result.assumed.middle
    both_places = {**here.crossings, "other": here.crossings["verkhny_lars"].model_copy(update={"title": "Elsewhere"})}
    scenarios = tuple(s.model_copy(update={"crossings": both_places}) for s in result.assumed.scenarios)
    more = [replace(finding, figures=tuple(map(moved, finding.figures))) for finding in result.findings]
    double = replace(
        result,
        figures=(*result.figures, *map(moved, result.figures)),
        findings=(*result.findings, *more),
        assumed=replace(result.assumed, scenarios=scenarios),
    )
    assert set(drawers(double)) == {"audit_verkhny_lars", "audit_other"}
    headings = [heading for heading, _ in sentences(double)]
    assert "Through the queue, Elsewhere" in headings
    assert "Through the queue, Verkhny Lars - Dariali" in headings


def test_nothing_to_compare_is_said(result: Audit) -> None:
    nothing = replace(result, figures=(), findings=())
    assert summary(nothing) in printed(nothing, 80)
    assert drawers(nothing) == {}
