"""Reported figures on pictures: arrows of bounds, and labels that keep clear of other figures."""

from __future__ import annotations

from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from sim.plotting.colours import CLASS_COLOURS
from sim.plotting.marks import CLEAR, Mark, _mark_box, draw_marks
from sim.plotting.style import HALF_DASHES, darker, sheet


def drawn(marks: list[Mark]) -> Axes:
    figure = sheet(5, 3)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(0, 10), ylim=(0, 60))
    draw_marks(axes, marks, [])
    figure.canvas.draw()
    return axes


def test_lower_bounds_point_up_and_upper_bounds_down() -> None:
    marks = [Mark(1, 2, 30, "at least", ""), Mark(4, 5, 30, "at most", ""), Mark(7, 8, 30, "about", "")]
    arrows = [text for text in drawn(marks).texts if isinstance(text, Annotation) and text.arrow_patch]
    assert [(text.xy[0], text.xyann[1] > 0) for text in arrows] == [(1.5, True), (4.5, False)]


def test_the_arrow_of_an_upper_bound_near_0_stays_short() -> None:
    (arrow,) = (text for text in drawn([Mark(4, 5, 2, "at most", "")]).texts if isinstance(text, Annotation))
    assert -15 < arrow.xyann[1] < 0


def test_labels_and_their_lines_keep_clear_of_each_other_and_of_other_figures() -> None:
    marks = [
        Mark(7, 8, 12, "about", "about 12 h\n3 Jun"),
        Mark(7, 8, 3, "at most", "at most 3 h\n3 Jun"),
        Mark(7, 8, 20, "at least", "at least 20 h\n3 Jun"),
    ]
    axes = drawn(marks)
    labels = {text.get_text(): text for text in axes.texts if text.get_text()}
    boxes = {label: _extent(text) for label, text in labels.items()}
    assert not [pair for pair in combinations(boxes, 2) if boxes[pair[0]].overlaps(boxes[pair[1]])]
    for mark in marks:
        own = Bbox.from_extents(*_mark_box(axes, mark, CLEAR))
        assert not [label for label, box in boxes.items() if label != mark.label and box.overlaps(own)]


def _extent(text: Text) -> Bbox:
    """Return the box of the words alone, without the line to the figure."""
    return Text.get_window_extent(text)


def test_a_class_has_a_tone_of_its_own_for_half_crossed_within() -> None:
    tones = {name: darker(colour) for name, colour in CLASS_COLOURS.items()}
    assert tones["car"] == (0, 0x72 / 510, 0xB2 / 510)
    assert len(HALF_DASHES[1]) == 6, "a dash and two dots, as no other line"
