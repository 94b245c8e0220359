"""The comparison of samplers runs from end to end on a small calibration."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import samplers
from tests.verbs.calibrate.small_calibration import described


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_the_table_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["samplers", str(described(tmp_path))])
    monkeypatch.setattr(samplers, "METHODS", {"ours": samplers.ours})
    monkeypatch.setattr(samplers, "REFERENCE", 50_000)
    samplers.main()
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| ours")]
    assert len(rows) == 2
    assert all(float(row[4]) >= samplers.WORTH and float(row[6]) < 0.2 for row in rows)


def test_a_quadratic_has_all_products_once() -> None:
    products = samplers.quadratic(np.array([[2.0, 3.0]]))
    assert products.tolist() == [[1, 2, 3, 4, 6, 9]]
