"""Widths of text, summed over its words, are those of the text drawn as a whole."""

from __future__ import annotations

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from sim.plotting import lettering
from sim.plotting.lettering import SANS, shortened, text_width, wrapped
from sim.plotting.style import SERIF, styled

TEXTS = ["x", "AVATAR To file, office affine", "about 3,000 cars, 25 Sep: (RIA, 2022-09-25)", "5–95 % band…", "a  b "]


@styled
def as_a_whole(text: str, size: float, family: str) -> float:
    path = TextPath((0, 0), text, size=size, prop=FontProperties(family=family))
    return float(path.vertices[:, 0].max()) / 72


@pytest.mark.parametrize("family", [SANS, SERIF])
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_as_wide_as_its_words_with_their_spaces(text: str, family: str) -> None:
    for size in (9.0, 17.0):
        assert styled(text_width)(text, size, family) == pytest.approx(as_a_whole(text, size, family), rel=1e-3)


@styled
def test_words_that_recur_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def path(at: tuple[float, float], text: str, **how: object) -> TextPath:
        measured.append(text)
        return TextPath(at, text, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(lettering, "TextPath", path)
    for cached in (lettering._width, lettering._advance):
        cached.cache_clear()
    text = " ".join(["queue", "wait", "office"] * 40)
    lines = wrapped(text, 3.0, 10).split("\n")
    assert " ".join(lines) == text
    assert max(text_width(line, size=10) for line in lines) <= 3.0
    assert text_width(shortened(text, 3.0, 12), 12) <= 3.0
    whole_words = [word for word in measured if word.removesuffix(" |") in ("queue", "wait", "office")]
    assert len(whole_words) == len(set(whole_words)) == 6
