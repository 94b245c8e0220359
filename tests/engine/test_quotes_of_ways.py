"""Quotes that cover the whole way, and waits that are posted at stations side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.records import Outcome, Records
from sim.measures.names import Key
from sim.measures.replication import measure
from tests.engine.build import MINUTE, Play, minutes, scenario, set_by_hand

STATIONS: dict[str, Any] = {
    "tickets": {"staffing": 1, "service_time": "1 min"},
    "hall": {"staffing": 2, "service_time": "20 min"},
}
EVERY_MINUTE = {"every": "1 min", "window": "10 min"}


def said(records: Records) -> dict[float, float]:
    """The waits announced for cars (min) by the minute of the announcement, where they changed."""
    rows = records.quotes[records.quotes[:, 2] == 0]
    return dict(zip((rows[:, 0] / MINUTE).tolist(), (rows[:, 3] / MINUTE).tolist(), strict=True))


def test_a_quote_that_covers_the_way_adds_the_waits_expected_after_the_main_queue(engine: Play) -> None:
    """Twelve come at once. Quotes come before the services that end at the same instant."""
    game = scenario(STATIONS, initial_queue={"car": 12}, quote={**EVERY_MINUTE, "covers": "way"})
    quoted = said(engine(*set_by_hand(game, [0] * 12)))
    assert quoted[0] == 0  # announced before anybody came
    assert quoted[9] == 3 + 60  # three wait for tickets, one a minute is called; six wait in the hall, for two desks
    assert quoted[13] == 100  # all are in the hall, where ten wait


def test_the_main_queue_alone_says_minutes_while_people_live_through_an_hour(engine: Play) -> None:
    """Those who would not wait an hour join, and wait longer, unless the quote tells them."""
    behaviour = {"car": {"balk": {"by_quoted_wait": {"30 min": 0, "31 min": 1}}}}
    arrivals = np.arange(60) * 1.0
    balked = {}
    for covers in ("queue", "way"):
        quote = {**EVERY_MINUTE, "covers": covers}
        game = scenario(STATIONS, initial_queue={"car": 60}, behaviour=behaviour, quote=quote)
        records = engine(*set_by_hand(game, arrivals))
        balked[covers] = int((records.outcome == Outcome.BALKED).sum())
        if covers == "queue":
            waited = np.array(minutes((records.started_at - records.arrived_at)[records.station == 1]))
            assert waited[~np.isnan(waited.astype(float))].max() > 300
    assert balked["queue"] == 0
    assert balked["way"] > 40


def test_only_steps_that_everybody_passes_count(engine: Play) -> None:
    stations = {**STATIONS, "bay": {"staffing": 1, "service_time": "9 h", "only": "when late"}}
    classes: dict[str, Any] = {"car": {"traits": {"late": 1.0}}}
    quote = {**EVERY_MINUTE, "covers": "way"}
    plain = scenario(STATIONS, initial_queue={"car": 30}, classes=classes, quote=quote)
    more = scenario(stations, initial_queue={"car": 30}, classes=classes, quote=quote)
    arrivals = [0.0] * 30
    assert said(engine(*set_by_hand(plain, arrivals))) == said(engine(*set_by_hand(more, arrivals)))


def test_the_series_is_what_was_announced(engine: Play) -> None:
    game = scenario(STATIONS, initial_queue={"car": 30}, quote={**EVERY_MINUTE, "covers": "way"})
    plan, tape = set_by_hand(game, [0.5] * 30)
    records = engine(plan, tape)
    found = measure(game, plan, records, tape)
    quoted, at = said(records), found.at / MINUTE
    series = found.series[Key("x", "quoted_wait", "car")] * 60
    times = np.array(sorted(quoted))
    expected = [quoted[times[np.searchsorted(times, each, side="right") - 1]] for each in at]
    assert np.allclose(series, expected)
    assert np.isclose(found.totals[Key("x", "max_quoted_wait", "car")] * 60, max(quoted.values()))


def test_parties_choose_by_the_waits_posted_last(engine: Play) -> None:
    """Nothing is posted before minute 10, so all go to a until then; then to b, whose posted wait stays 0."""
    booth = {"staffing": 1, "service_time": "5 min"}
    choice = {"one_of": ["a", "b"], "by": "posted_wait"}
    game = scenario({"a": booth, "b": booth}, parallel={"booths": choice}, initial_queue={"car": 8},
                    quote={"every": "10 min", "window": "10 min"})  # fmt: skip
    plan, tape = set_by_hand(game, [1, 2, 3, 4, 11, 12, 13, 21])
    assert "".join(plan.stations[s] for s in engine(plan, tape).station.tolist()) == "aaaabbba"
