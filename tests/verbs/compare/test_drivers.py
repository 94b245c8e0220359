"""How sure the direction of an effect is, and what decides it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim import store
from sim.play.request import Request
from sim.verbs.compare import tables
from sim.verbs.compare.drivers import FEWEST, directions
from sim.verbs.compare.files import directions_table
from sim.verbs.compare.study import ComparisonData, compare, read_variants

TINY = Path(__file__).parents[2] / "tiny.yaml"
COUNT = 40


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> ComparisonData:
    """The tiny scenario with a surge that decides how much booths help, and a number that decides nothing."""
    folder = tmp_path_factory.mktemp("drawn")
    text = TINY.read_text(encoding="utf-8").replace("rate: 20/h", "rate: {calibrated: surge}")
    text = text.replace("\nclock:", "\ncalibrated: f.yaml\nclock:")
    (folder / "tiny.yaml").write_text(text, encoding="utf-8")
    value = "values: {surge: {value: 20, low: 1, high: 60, unit: /h, label: cars of the surge}}"
    fitted = f"calibration: tiny.yaml\ndate: 2022-10-01\nversion: '1'\nposterior: sample.parquet\n{value}\n"
    (folder / "f.yaml").write_text(fitted, encoding="utf-8")
    store.write_table(folder / "sample.parquet", {"surge": np.linspace(1, 60, COUNT)})
    return compare(read_variants(str(folder / "tiny.yaml"), ["+more_booths"]), Request(COUNT, workers=1))


def test_the_number_that_decides_is_named_with_its_share(drawn: ComparisonData) -> None:
    found = {row.key[1:]: row for row in directions(drawn, 1, "post")}
    crossed = found["crossed_people", "all"]
    assert crossed.more > 0.5
    assert crossed.less + crossed.same + crossed.more == pytest.approx(1)
    assert crossed.drivers[0][:2] == ("surge", "cars of the surge")
    assert crossed.drivers[0].share > 0.2
    assert "cars of the surge" in crossed.decided_by
    assert not found["max_queue_people", "all"].flips


def test_tables_and_documents_tell_it(drawn: ComparisonData) -> None:
    page = tables.markdown(drawn, [])
    assert "How sure the effects of more booths are, and what decides them" in page
    assert "cars of the surge (" in page
    assert tables.document(drawn, [])["directions"][0]["scenario"] == "more_booths"
    assert set(directions_table(drawn)) >= {"scenario", "quantity", "less", "more", "decided_by"}


def test_nothing_is_told_without_a_posterior_or_of_few_draws() -> None:
    point = compare(read_variants(str(TINY), ["+more_booths"]), Request(2, workers=1))
    assert list(directions(point, 1, "post")) == []
    assert directions_table(point) == {}
    assert FEWEST > 2
