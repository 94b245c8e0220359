"""Men who are stopped deter others: who hears of it does not set out, or goes home out of the queue."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import RENEGE, STOPPED_UNIT
from sim.engine.records import Outcome
from sim.engine.reference import story as reference
from sim.engine.reference.state import WordOfStops
from sim.measures.names import Key
from sim.measures.replication import measure
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, Play, outcomes, played, scenario, set_by_hand

CHECK = {"intensity": 1, "hit_rate": 0.5, "on_hit": {"refused": 1}}
DRAFT = {"staffing": 9, "service_time": "1 min", "screening": CHECK}
STOPPED, PASSES = 0.9, 0.1
"""Values of `u_hit` for one man: he is on the list from 0.5 on."""


def deterring(parties: int, by_risk: Any = None, stations: Any = None, **rest: Any) -> Scenario:
    """Men alone in their cars; by default nobody comes once all have been stopped, and word goes round at once."""
    behaviour = {"car": {"balk": {"by_risk": by_risk or {"0 %": 0, "100 %": 1}}}}
    word = {"window": "1 h", "delay": "0 h", **rest.pop("word", {})}
    stations = stations or {"draft": DRAFT}
    return scenario(stations, behaviour=behaviour, word_of_stops=word, initial_queue={"car": parties}, **rest)


def test_who_hears_that_men_are_stopped_does_not_set_out(engine: Play) -> None:
    plan, tape = set_by_hand(deterring(3), [10, 40, 70], u_hit=STOPPED, u_balk=0.9)
    records = engine(plan, tape)
    assert outcomes(records) == [Outcome.REFUSED, Outcome.STAYED, Outcome.STAYED]
    assert records.left_at.tolist()[1:] == records.arrived_at.tolist()[1:]
    plan, tape = set_by_hand(deterring(3), [10, 40, 70], u_hit=PASSES, u_balk=0.0)
    assert outcomes(engine(plan, tape)) == [Outcome.CROSSED] * 3


def test_parties_without_men_of_call_up_age_come_all_the_same(engine: Play) -> None:
    plan, tape = set_by_hand(deterring(3), [10, 40, 70], u_hit=STOPPED, u_balk=0.0, men=[1, 0, 1])
    assert outcomes(engine(plan, tape)) == [Outcome.REFUSED, Outcome.CROSSED, Outcome.STAYED]


@pytest.mark.parametrize(("word", "came"), [
    ({}, 1), ({"delay": "30 min"}, 2), ({"drive": "30 min"}, 2), ({"delay": "30 min", "drive": "1 h"}, 4),
])  # fmt: skip
def test_word_comes_late_and_the_drive_is_long(engine: Play, word: dict[str, str], came: int) -> None:
    plan, tape = set_by_hand(deterring(5, word=word), [10, 40, 70, 100, 130], u_hit=STOPPED, u_balk=0.0)
    assert outcomes(engine(plan, tape)) == [Outcome.REFUSED] * came + [Outcome.STAYED] * (5 - came)


@pytest.mark.parametrize(("u", "end"), [(0.49, Outcome.STAYED), (0.51, Outcome.CROSSED)])
def test_the_share_is_of_the_men_in_the_window_and_the_last_one_goes_on(engine: Play, u: float, end: Outcome) -> None:
    hits = [STOPPED, STOPPED, STOPPED, PASSES, PASSES, PASSES]
    at = [10, 15, 100, 110, 170, 600]  # all of two men; later one of two, and then nobody comes for hours
    plan, tape = set_by_hand(deterring(6), at, u_hit=hits, u_balk=[1, 1, 1, 1, u, u])
    assert outcomes(engine(plan, tape))[4] == end
    plan, tape = set_by_hand(deterring(6), at, u_hit=hits, u_balk=[1, 1, 1, 1, 1, u], men=[1, 1, 1, 1, 0, 1])
    assert outcomes(engine(plan, tape))[5] == end


def test_nobody_is_deterred_while_there_is_no_screening(engine: Play) -> None:
    draft = {**DRAFT, "active_until": "2022-09-21T02:00"}
    stations = {"draft": draft, "exit": {"staffing": 9, "service_time": "1 min"}}
    plan, tape = set_by_hand(deterring(4, stations=stations), [10, 40, 119, 150], u_hit=STOPPED, u_balk=0.0)
    ends = [Outcome.REFUSED, Outcome.STAYED, Outcome.STAYED, Outcome.CROSSED]
    assert outcomes(engine(plan, tape)) == ends


@pytest.mark.parametrize(("u", "end"), [(0.49, Outcome.STAYED), (0.51, Outcome.SERVED)])
def test_a_man_who_comes_before_two_officers_counts_once(engine: Play, u: float, end: Outcome) -> None:
    game = deterring(3, stations={"one": DRAFT, "two": DRAFT})
    hits = [[PASSES, PASSES, PASSES], [STOPPED, PASSES, PASSES]]
    plan, tape = set_by_hand(game, [10, 20, 40], u_balk=[1, 1, u], u_hit=hits)
    records = engine(plan, tape)
    assert records.outcome[records.party == 2][0] == end


@pytest.mark.parametrize(("u", "end"), [(0.24, Outcome.STAYED), (0.26, Outcome.CROSSED)])
@pytest.mark.parametrize("together", [0, 1])
def test_one_of_four_men_in_a_car_is_stopped(engine: Play, u: float, end: Outcome, together: int) -> None:
    check = CHECK | {"stays_together": together}
    game = deterring(
        2, stations={"draft": {**DRAFT, "screening": check}}, classes={"car": {"people": 4, "men_share": 1}}
    )
    hits = [0.2, 0.01]  # one man with four checked at an even chance; none
    plan, tape = set_by_hand(game, [10, 40], u_hit=hits, u_together=0.5, u_balk=[1, u])
    records = engine(plan, tape)
    assert records.men.sum() == 1
    assert records.outcome[records.party == 1].tolist() == [end]


def test_balking_at_the_queue_uses_what_is_left_of_the_same_draw(engine: Play) -> None:
    game = deterring(4, by_risk="20 %")
    plan, tape = set_by_hand(game, [10, 11, 12, 13], u_balk=[0.19, 0.21, 0.59, 0.61], u_hit=PASSES)
    plan = replace(plan, balk_share=plan.balk_share + 0.5)
    ends = [Outcome.STAYED, Outcome.BALKED, Outcome.BALKED, Outcome.CROSSED]
    assert outcomes(engine(plan, tape)) == ends


def reneging(by_wait: str, by_risk: str, men: int) -> Scenario:
    """A queue that never moves, left at a hazard."""
    how = {"by_quoted_wait": by_wait, **({"by_risk": by_risk} if by_risk else {})}
    stations = {"draft": {**DRAFT, "staffing": 0}}
    return scenario(
        stations, behaviour={"car": {"renege": how}}, initial_queue={"car": 300}, classes={"car": {"men_share": men}}
    )


def test_rates_by_wait_and_by_stops_add_up(engine: Play) -> None:
    ends = []
    for game in (reneging("6 %/h", "", 1), reneging("2 %/h", "4 %/h", 1), reneging("6 %/h", "50 %/h", 0)):
        plan = lower(game)
        ends.append(engine(plan, draw(game, plan, 1, 0)))
    assert 100 < Counter(outcomes(ends[0]))[Outcome.RENEGED] < 290
    assert ends[1] == ends[0]  # the same clocks, at the same hazard
    assert ends[2] == ends[0]  # parties without men


def test_renege_by_stops_alone_uses_a_clock_of_its_own_class_only(engine: Play) -> None:
    game = reneging("0 %/h", "10 %/h", 1)
    plan = lower(game)
    assert plan.has_clock(0, 0, RENEGE)
    assert not plan.has_clock(0, 1, RENEGE)
    assert Outcome.RENEGED in outcomes(engine(plan, draw(game, plan, 1, 0)))
    alike = reneging("0 %/h", "10 %/h", 0)
    assert Outcome.RENEGED not in outcomes(engine(plan, draw(alike, plan, 1, 0)))


def test_without_by_risk_no_column_of_the_tape_and_no_record_changes() -> None:
    wait = {"car": {"balk": {"by_quoted_wait": "10 %"}, "renege": {"by_quoted_wait": "10 %/h"}}}
    risk = {"car": {"balk": {"by_quoted_wait": "10 %", "by_risk": "5 %"},
                    "renege": {"by_quoted_wait": "10 %/h", "by_risk": "5 %/h"}}}  # fmt: skip
    games = [scenario({"draft": DRAFT}, demand={"car": "20/h"}, behaviour=how) for how in (wait, risk)]
    plans = [lower(game) for game in games]
    assert plans[0].deterred_share.shape == (1, 6, 1)
    assert plans[1].deterred_share.shape == (1, 6, STOPPED_UNIT + 1)
    assert draw(games[0], plans[0], 3, 0) == draw(games[1], plans[1], 3, 0)


def test_a_party_from_an_origin_hears_of_the_stops_as_it_comes_and_turns_round(engine: Play) -> None:
    network = {
        "origins": {"o": {"demand": {"car": {"all": {"constant": {"rate": "6/h"}}}}, "travel": {"x": "10 min"}}},
        "choice": {"travel": 0, "wait": 0},
    }
    draft = {**DRAFT, "screening": CHECK | {"hit_rate": 1}}
    x = {"road": {"stretches": [{"files": 1}]}, "stations": {"draft": draft},
         "behaviour": {"car": {"balk": {"by_risk": {"0 %": 0, "100 %": 1}}}},
         "word_of_stops": {"window": "1 h", "delay": "0 h", "drive": "23 h"}}  # fmt: skip
    records = played(engine, scenario(crossings={"x": x}, network=network))
    came = records.outcome[np.argsort(records.arrived_at)].tolist()
    assert came[0] == Outcome.REFUSED
    assert came.count(Outcome.BALKED) > 100
    assert Outcome.STAYED not in came


def test_the_share_is_read_at_the_step_below_and_never_above_all() -> None:
    game = deterring(0)
    word = WordOfStops(lower(game), 0)
    for examined, stopped, share in ((0, 0, 0), (3, 1, 3333), (3, 1, 3333), (3, 1, 3333), (4, 9, STOPPED_UNIT)):
        word.examined, word.stopped = examined, stopped
        word.announce(is_screened=True)
        assert word.shares[-1] == share
    word.announce(is_screened=False)
    assert word.shares[-1] == 0


def test_curves_are_straight_between_rows_and_level_outside() -> None:
    plan = lower(deterring(0, by_risk={"2 %": "10 %", "4 %": "30 %"}))
    read = plan.deterred_share[0, 0, [0, 200, 300, 301, 400, STOPPED_UNIT]]
    assert read == pytest.approx([0.1, 0.1, 0.2, 0.201, 0.3, 0.3])
    assert not np.any(plan.deterred_share[0, 1:])


def under_screening(intensity: float, by_risk: str) -> Scenario:
    """A crossing that many cars come to all day; one man in five is on the list."""
    draft = {**DRAFT, "screening": CHECK | {"hit_rate": 0.2, "intensity": intensity}}
    behaviour = {"car": {"balk": {"by_quoted_wait": "10 %", "by_risk": {"0 %": 0, "20 %": by_risk}}}}
    return scenario(
        {"draft": draft}, demand={"car": "60/h"}, behaviour=behaviour, word_of_stops={"window": "2 h", "delay": "1 h"}
    )


def test_the_harder_the_screening_the_more_stay_at_home(engine: Play) -> None:
    stayed = []
    for intensity in (0, 0.5, 1):
        records = played(engine, under_screening(intensity, "60 %"))
        stayed.append(int((records.outcome == Outcome.STAYED).sum()))
        assert not (records.outcome[records.arrived_at < 60 * MINUTE] == Outcome.STAYED).any()  # the delay
    assert stayed[0] == 0
    assert 200 < stayed[1] < 550  # about 30 % of some 1,350, for shares of one man in ten
    assert 1.6 < stayed[2] / stayed[1] < 2.4
    assert played(engine, under_screening(0, "60 %")) == played(engine, under_screening(0, "0 %"))


def test_those_who_stay_are_counted_apart_and_did_not_arrive() -> None:
    for by_risk in ("60 %", "0 %"):
        game = under_screening(1, by_risk)
        plan = lower(game)
        tape = draw(game, plan, 1, 0)
        records = reference.play(plan, tape)
        totals = measure(game, plan, records).totals
        stayed = totals[Key("x", "stayed_people")]
        assert stayed == (records.outcome == Outcome.STAYED).sum()
        assert (stayed > 0) == (by_risk == "60 %")
        assert totals[Key("x", "arrived_people")] + stayed == len(tape)
    plain = scenario({"draft": DRAFT}, demand={"car": "5/h"})
    plan = lower(plain)
    totals = measure(plain, plan, reference.play(plan, draw(plain, plan, 1, 0))).totals
    assert "stayed_people" not in {key.quantity for key in totals}
