import json

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import rows, sample, table, work

SMALL = work.Size(
    customers=20_000, days=2, rounds=1, slow_rounds=1, parties=(), memory_parties=0, replications=0, sweep=(1, 1)
)


def test_the_mean_wait_of_mm3_is_that_of_the_books():
    assert work.erlang_wait(2.7, 3, 1.0) == pytest.approx(2.723537, abs=1e-6)


@pytest.mark.slow
def test_mm3_is_measured_and_its_answers_checked(monkeypatch, capsys):
    monkeypatch.setattr(work, "QUICK", SMALL)
    monkeypatch.setattr(rows, "CIMBA", None)
    monkeypatch.setattr(rows, "CIW", None)
    assert command.main(["--quick", "--only", "mm3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["engine"]: each["right"] for each in found if each["kind"] == "answer"} == dict.fromkeys(
        ("ours", "floor", "SimPy"), True
    )
    ratios = {each["against"]: each["cpu"] for each in found if each["kind"] == "row"}
    assert ratios["SimPy"] > 1
    assert ratios["cimba"] is None
    assert ratios["Ciw"] is None


def test_a_wrong_answer_ends_with_one(monkeypatch, capsys):
    wrong = rows.Answer("work", "peer", sample.Sample(2.0, 0.1), sample.Sample(2.5, 0.0), "theory")
    monkeypatch.setitem(rows.WORK, "mm3", lambda _: iter([wrong]))
    assert command.main(["--quick", "--only", "mm3"]) == 1
    assert "peer: work: 2.0000, not 2.5000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("goal", "at_least", "ratio", "met"),
    [
        (80, True, 81, True),
        (80, True, 79, False),
        (2, False, 1.9, True),
        (2, False, 2.1, False),
        (80, True, None, None),
    ],
)
def test_a_goal_is_met_or_not(goal, at_least, ratio, met):
    assert rows.Row("work", "peer", goal, at_least, ratio, ratio, "").met is met


def test_errors_grow_with_the_spread_between_groups():
    flat = sample.batched(np.tile([1.0, 3.0], 1000))
    steps = sample.batched(np.repeat([1.0, 3.0], 1000))
    assert flat.mean == steps.mean == 2
    assert flat.error < 1e-9
    assert steps.error == pytest.approx(1 / 19**0.5)


def test_the_table_goes_between_the_marks(tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text(f"above\n{table.BEGIN}\nold\n{table.END}\nbelow\n", encoding="utf-8")
    monkeypatch.setattr(table, "README", readme)
    table.write(table.markdown([rows.Row("work", "peer", 80, True, 81.4, 79.0, "note")]))
    written = readme.read_text(encoding="utf-8")
    assert written.startswith("above\n")
    assert written.endswith("below\n")
    assert "| work | peer | ≥ 80 | 81.4 | 79 | yes | note |" in written
    assert "old" not in written


def test_the_readme_of_the_benchmarks_has_the_marks():
    assert table.README.read_text(encoding="utf-8").count(table.BEGIN) == 1
    assert table.README.read_text(encoding="utf-8").count(table.END) == 1


def test_a_part_is_never_written(capsys):
    with pytest.raises(SystemExit):
        command.main(["--write", "--only", "mm3"])
    assert "--write needs the whole measurement" in capsys.readouterr().err
