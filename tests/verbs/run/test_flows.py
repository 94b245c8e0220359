"""People of a network: every one of them has one end, and is the same person in two scenarios."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine.records import Outcome
from sim.errors import SimError
from sim.measures.flows import END_NAMES, LAST, Flows, flows_of_run
from sim.measures.names import Key, from_origin
from sim.play.request import Request
from sim.verbs.compare import files as comparison_results
from sim.verbs.compare.study import ComparisonData, compare, read_variants
from sim.verbs.compare.transitions import ACROSS, NOT_ACROSS, STAYED, states, transition_matrix

NETWORK = Path(__file__).parents[2] / "plotting" / "network.yaml"
TINY = Path(__file__).parents[2] / "tiny.yaml"


@pytest.fixture(scope="module")
def found() -> ComparisonData:
    return compare(read_variants(str(NETWORK), ["+pass_closed", str(NETWORK)]), Request(3))


def flows_of(comparison: ComparisonData, n: int) -> Flows:
    found = flows_of_run(comparison.variants[n].plan, comparison.keys[n], comparison.totals[n])
    assert found is not None
    return found


def test_flows_are_the_totals_by_origin(found: ComparisonData) -> None:
    people = flows_of(found, 0)
    keys = list(found.keys[0])
    for end in END_NAMES:
        column = keys.index(Key("steppe_road", f"{end}_people", from_origin("south")))
        assert np.array_equal(people.of(end)[:, 1, 1], found.totals[0][:, column])
    assert people.of("diverted").sum() > 100


def test_everybody_has_one_last_end_and_the_tapes_bring_the_same_people(found: ComparisonData) -> None:
    base, closed = (flows_of(found, n).of(*LAST).sum(axis=2) for n in (0, 1))
    assert np.array_equal(base, closed)
    assert (base > 1000).all()


def test_a_run_keeps_its_flows_and_one_without_a_network_has_none() -> None:
    result = sim.load(NETWORK).run(replications=2)
    table = result.table("flows")
    columns = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    rows = {(row["origin"], row["crossing"], row["end"]): row for row in columns}
    assert len(rows) == 2 * 4 * len(END_NAMES)
    key = Key("airport", "crossed_people", from_origin("capital"))
    row, total = rows["capital", "airport", "crossed"], result.run.estimates.totals[key]
    assert [row[name] for name in ("mean", "p05", "p95", "low", "high")] == pytest.approx(
        [total.mean, total.p05, total.p95, total.low, total.high]
    )
    assert "flows" not in sim.load(TINY).run(replications=1).tables


def test_the_margins_of_moves_are_the_flows_of_both_scenarios(found: ComparisonData) -> None:
    crossings = found.base.plan.crossings
    for n, axis in ((0, 2), (1, 1)):
        margin, people = found.transitions[:, 1].sum(axis=axis), flows_of(found, n)
        across = [states(crossings).index((crossing, ACROSS)) for crossing in crossings]
        assert np.array_equal(margin[:, across], people.of("crossed").sum(axis=1))
        assert np.array_equal(margin[:, -1], people.of("stayed").sum(axis=(1, 2)))


def test_with_itself_nobody_moves_and_a_closed_crossing_is_left(found: ComparisonData) -> None:
    itself, closed = found.transitions[:, 2], found.transitions[:, 1]
    assert np.array_equal(itself, itself * np.eye(itself.shape[1]))
    start = states(found.base.plan.crossings).index(("mountain_pass", ACROSS))
    assert closed[:, start].sum() == itself[:, start].sum()
    assert (closed[:, start, 2:-1].sum(axis=1) > 1000).all()
    steppe = states(found.base.plan.crossings).index(("steppe_road", ACROSS))
    assert (closed[:, steppe, start] < 50).all()


def test_flows_csv_adds_up(found: ComparisonData) -> None:
    table = comparison_results.flows_table(found)
    here = table["scenario"] == "pass_closed"
    assert table["mean"][here].sum() == pytest.approx(found.transitions[:, 1].mean(axis=0).sum())
    assert set(table["end"]) <= {ACROSS, NOT_ACROSS, STAYED}
    assert (table["low"] <= table["mean"]).all()
    assert (table["mean"] <= table["high"]).all()
    quantities = set(comparison_results.groups_table(found)["quantity"])
    assert {"stayed_people", "on_the_way_people"} <= quantities


def played(source: list[int], rows: list[tuple[int, int, bool, Outcome, int]]) -> tuple[Any, Any]:
    """A tape of parties from `source`, and what became of them: (party, crossing, twin, outcome, people)."""
    names = ("origin", "crossing", "twin", "outcome", "people")
    columns = {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    crossed = columns["outcome"] == Outcome.CROSSED

    class Tape(SimpleNamespace):
        def __len__(self) -> int:
            return len(source)

    return Tape(source=np.array(source)), SimpleNamespace(**columns, crossed=crossed)


def test_people_of_a_party_that_splits_are_told_apart() -> None:
    crossed, refused, stayed = Outcome.CROSSED, Outcome.REFUSED, Outcome.STAYED
    source = [1, 2, 2]  # of two crossings, so that the first party is no traveller who chooses
    base = played(source, [(0, 1, False, crossed, 5), (1, 0, False, crossed, 2), (1, 0, True, refused, 1),
                           (2, 1, False, stayed, 4)])  # fmt: skip
    here = played(source, [(2, 1, False, crossed, 4), (1, 1, False, crossed, 3), (0, 1, False, refused, 5)])
    every = np.arange(3)
    found = transition_matrix(2, base, here, (every, every))
    expected = np.zeros((5, 5))
    expected[0, 2], expected[1, 2], expected[4, 2] = 2, 1, 4
    assert np.array_equal(found, expected)


def test_scenarios_with_other_origins_cannot_be_compared(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(
        f"extends: {NETWORK}\nname: other\nnetwork: {{origins: {{south: null}}}}\n", encoding="utf-8"
    )  # fmt: skip
    with pytest.raises(SimError, match=r"network.origins \(capital instead of capital, south\)"):
        compare(read_variants(str(NETWORK), [str(other)]), Request(1))
