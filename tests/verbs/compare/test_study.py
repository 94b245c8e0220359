"""Comparisons: which scenarios can be compared, that shared tapes pair them, and who gains and loses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim import store
from sim.errors import SimError
from sim.measures.names import Key
from sim.play.request import Request
from sim.verbs.compare import files as results
from sim.verbs.compare.by_group import OF_NETWORKS, QUANTITIES, TIME, group_changes
from sim.verbs.compare.pairing import ENDS, GROUP_COLUMNS, PAIR_COLUMNS
from sim.verbs.compare.study import ComparisonData, compare, read_variants

TINY = Path(__file__).parents[2] / "tiny.yaml"
BOTH = PAIR_COLUMNS[:3]


def written(tmp_path: Path, name: str, text: str) -> str:
    file = tmp_path / f"{name}.yaml"
    file.write_text(f"extends: {TINY}\nname: {name}\n{text}", encoding="utf-8")
    return str(file)


@pytest.fixture(scope="module")
def comparison() -> ComparisonData:
    return compare(read_variants(str(TINY), ["+more_booths", str(TINY)]), Request(6))


def column(comparison: ComparisonData, table: str, name: str, variant: int) -> float:
    columns = GROUP_COLUMNS if table == "groups" else PAIR_COLUMNS
    return float(getattr(comparison, table)[:, variant, ..., columns.index(name)].sum())


def test_a_scenario_with_itself_is_exactly_zero_in_every_measure(comparison: ComparisonData) -> None:
    itself = comparison.differences[1]
    assert [d.key for d in itself] == list(comparison.keys[0])
    known = [d for d in itself if d.n]
    assert len(known) > 100
    assert all(d.difference == d.low == d.high == d.family_low == d.family_high == 0.0 for d in known)
    assert {d.verdict for d in known} == {"same"}
    assert not any(np.nan_to_num(band.mean).any() for band in comparison.series_differences[1].series.values())
    assert np.array_equal(comparison.waits[:, 0], comparison.waits[:, 2], equal_nan=True)
    assert [
        column(comparison, "pairs", name, 2) for name in ("sooner", "later", "only_here", "only_base", "hours")
    ] == [0] * 5
    assert any(d.difference for d in comparison.differences[0])  # another scenario is not


def test_labels_say_what_was_asked_for(comparison: ComparisonData, tmp_path: Path) -> None:
    assert comparison.labels == ("tiny", "more_booths", "tiny_2")
    plus = written(tmp_path, "a+b", "title: x")
    Path(plus).write_text(Path(plus).read_text(encoding="utf-8").replace("name: a+b", "name: ab"), encoding="utf-8")
    other = written(tmp_path, "other", "seed: 3")
    labels = [
        each.label for each in read_variants(f"{TINY}+more_booths", [plus, f"{other}+more_booths", "+more_booths"])
    ]
    assert labels == ["tiny+more_booths", "ab", "other+more_booths", "more_booths+more_booths"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("clock: {horizon: 2022-09-21T19:00}", r"later cannot be compared with tiny: they differ in clock.horizon"),
        ("clock: {report_every: 30 min}", "clock.report_every"),
        (
            "classes: {bike: {spacing: 2 m, people: 1, men_share: 0.5}}",
            "classes .car, foot, bike instead of car, foot",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SimError, match=sentence) as error:
        compare(read_variants(str(TINY), [written(tmp_path, "later", text)]), Request(1))
    assert "\n" not in str(error.value)


def test_what_is_asked_for_must_exist() -> None:
    with pytest.raises(SimError, match=r"unknown intervention 'more_boots'.*did you mean 'more_booths'"):
        read_variants(str(TINY), ["+more_boots"])
    with pytest.raises(SimError, match="at least one other"):
        compare(read_variants(str(TINY), []), Request(2))
    with pytest.raises(SimError, match="--posterior needs a scenario that takes values"):
        read_variants(str(TINY), ["+more_booths"], posterior=True)


def test_the_seed_and_the_replications_are_the_bases(tmp_path: Path) -> None:
    other = written(tmp_path, "other", "seed: 99\nreplications: 50")
    comparison = compare(read_variants(str(TINY), [other]), Request())
    assert (comparison.request.seed, comparison.replications) == (5, 3)
    assert {d.verdict for d in comparison.differences[0] if d.n} == {"same"}


@pytest.mark.slow
def test_workers_change_nothing(comparison: ComparisonData) -> None:
    again = compare(comparison.variants, Request(6, workers=2))
    for name in ("groups", "pairs", "waits"):
        assert np.array_equal(getattr(comparison, name), getattr(again, name), equal_nan=True)
    for one, two in zip(comparison.totals, again.totals, strict=True):
        assert np.array_equal(one, two, equal_nan=True)


def test_groups_add_up_to_the_totals(comparison: ComparisonData) -> None:
    for n, totals in enumerate(comparison.totals):
        keys = comparison.keys[n]
        for end in ENDS:
            key = Key("post", f"{end}_people")
            total = totals[:, keys.index(key)].sum() if key in keys else 0  # nobody chooses between crossings here
            assert column(comparison, "groups", end, n) == total
        assert column(comparison, "groups", "came", n) == sum(column(comparison, "groups", end, n) for end in ENDS)


def test_the_same_people_are_followed_through_both(comparison: ComparisonData) -> None:
    across = [column(comparison, "groups", "crossed", n) for n in (0, 1)]
    both = sum(column(comparison, "pairs", name, 1) for name in BOTH)
    assert across[0] == both + column(comparison, "pairs", "only_base", 1)
    assert across[1] == both + column(comparison, "pairs", "only_here", 1)
    everybody = both + sum(column(comparison, "pairs", name, 1) for name in ("only_base", "only_here", "neither"))
    assert everybody == column(comparison, "groups", "came", 0)
    assert column(comparison, "pairs", "sooner", 1) > 10 * column(comparison, "pairs", "later", 1)


def test_who_comes_in_one_scenario_only_is_told_apart(tmp_path: Path) -> None:
    fewer = written(tmp_path, "fewer", "crossings: {post: {demand: {foot: {walkers: {constant: {rate: 2/h}}}}}}")
    comparison = compare(read_variants(str(TINY), [fewer]), Request(4))
    gone, new = (column(comparison, "pairs", name, 1) for name in ("gone", "new"))
    came = [column(comparison, "groups", "came", n) for n in (0, 1)]
    assert new == 0
    assert gone == came[0] - came[1] > 0


def test_those_deterred_from_setting_out_are_compared_with_none_in_the_base(tmp_path: Path) -> None:
    check = "screening: {intensity: 1, hit_rate: 0.5, on_hit: {refused: 1}}"
    stations = f"{{exit_control: {{{check}}}}}"
    deters = "behaviour: {car: {balk: {by_risk: {0 %: 0 %, 50 %: 90 %}}}}, word_of_stops: {delay: 1 h}"
    word = written(tmp_path, "word", f"crossings: {{post: {{stations: {stations}, {deters}}}}}")
    comparison = compare(read_variants(str(TINY), [word]), Request(4))
    (row,) = (d for d in comparison.differences[0] if d.key == Key("post", "stayed_people"))
    assert row.base == 0
    assert row.difference == column(comparison, "groups", "stayed", 1) / 4 > 0
    arrived = next(d for d in comparison.differences[0] if d.key == Key("post", "arrived_people"))
    assert arrived.difference == pytest.approx(-row.difference)
    quantities = results.tables(comparison, [])["groups.csv"]["quantity"].tolist()
    assert set(quantities) == set(QUANTITIES) - {"on_the_way_people"}


def test_gains_are_means_with_intervals(comparison: ComparisonData) -> None:
    whole, by_day = group_changes(comparison, 1, by_day=False), group_changes(comparison, 1, by_day=True)
    assert by_day.days == ("2022-09-21", "start")
    for quantity in ("came_people", "crossed_people", "sooner_people", "only_here_people"):
        assert whole.of(quantity)[..., 0] == pytest.approx(by_day.of(quantity).sum(axis=2), nan_ok=True)
    everybody, cars, walkers = (whole.scopes.index(name) for name in ("all", "car", "foot"))
    crossed = whole.of("crossed_people")[0, :, 0]
    assert crossed[everybody] == pytest.approx(crossed[cars] + crossed[walkers])
    low, high = (whole.of(TIME, side)[0, everybody, 0] for side in ("low", "high"))
    assert low < whole.of(TIME)[0, everybody, 0] < high < 0
    pairs = comparison.pairs[:, 1].sum(axis=(1, 2, 3))
    assert whole.of(TIME)[0, everybody, 0] == pytest.approx((pairs[:, -1] / pairs[:, :3].sum(axis=1)).mean())


def test_a_ranking_names_the_best_and_says_what_there_is(comparison: ComparisonData) -> None:
    (ranking,) = comparison.ranking("crossed_people", "all")
    assert ranking.highest
    assert comparison.labels[ranking.best or 0] == "more_booths"
    (worst,) = comparison.ranking("crossed_people", "all", highest=False)
    assert list(worst.may_be_best) == [True, False, True]
    with pytest.raises(SimError, match="there is no measure 'wait_men'; did you mean 'wait_mean'"):
        comparison.ranking("wait_men", "all")
    with pytest.raises(SimError, match="wait_mean has no scope 'cars'; did you mean 'car'"):
        comparison.ranking("wait_mean", "cars")


def test_tables_are_tidy_and_whole(comparison: ComparisonData) -> None:
    tables = results.tables(comparison, comparison.ranking("wait_mean", "all"))
    for columns in tables.values():
        assert len({len(each.tolist()) for each in columns.values()}) == 1
    table = tables["replications.parquet"]
    rows = list(zip(*(each.tolist() for each in table.values()), strict=True))
    assert len(rows) == 6 * sum(map(len, comparison.keys))
    row = next(r for r in rows if r[:5] == ("more_booths", 4, "post", "crossed_people", "all"))
    assert row[5] == comparison.totals[1][4, comparison.keys[1].index(Key("post", "crossed_people"))]
    groups = tables["groups.csv"]
    assert set(groups["quantity"].tolist()) == set(QUANTITIES) - set(OF_NETWORKS)
    assert set(groups["class"].tolist()) == {"car", "foot", "all"}


def drawn_from(folder: Path, surges: list[float]) -> str:
    """Write tiny.yaml with a posterior of its surge beside it."""
    text = TINY.read_text(encoding="utf-8").replace("rate: 20/h", "rate: {calibrated: surge}")
    value = "values: {surge: {value: 20, low: 10, high: 30, unit: /h}}"
    fitted = f"calibration: tiny.yaml\ndate: 2022-10-01\nversion: '1'\nposterior: sample.parquet\n{value}\n"
    folder.mkdir()
    (folder / "f.yaml").write_text(fitted, encoding="utf-8")
    store.write_table(folder / "sample.parquet", {"surge": np.array(surges)})
    (folder / "tiny.yaml").write_text(text.replace("\nclock:", "\ncalibrated: f.yaml\nclock:"), encoding="utf-8")
    return str(folder / "tiny.yaml")


def test_a_replication_has_the_same_vector_of_the_posterior_in_every_scenario(tmp_path: Path) -> None:
    file = drawn_from(tmp_path / "a", [5.0, 20.0, 60.0])
    comparison = compare(read_variants(file, ["+more_booths"], posterior=True), Request(3))
    came = [totals[:, keys.index(Key("post", "arrived_parties"))] for keys, totals in
            zip(comparison.keys, comparison.totals, strict=True)]  # fmt: skip
    assert np.array_equal(came[0], came[1])
    assert came[0][0] < came[0][1] < came[0][2]
    assert column(comparison, "pairs", "gone", 1) == column(comparison, "pairs", "new", 1) == 0
    other = drawn_from(tmp_path / "b", [5.0, 21.0, 60.0])
    with pytest.raises(SimError, match="differ in the posterior of their parameters"):
        compare(read_variants(file, [other], posterior=True), Request(1))
