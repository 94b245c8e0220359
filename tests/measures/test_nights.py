"""The nights of a run as estimates and as a table."""

from __future__ import annotations

from sim.engine.lower.plan_from import lower
from sim.engine.records import Records
from sim.measures.estimates import estimate
from sim.measures.nights import night_hour, nights_of, nights_table, worst_night
from sim.measures.replication import measure
from sim.scenario.model.reported import Relief
from sim.scenario.model.scenario import Scenario
from tests.measures.hand_made import border, table, written


def test_a_night_is_counted_at_its_hour_by_class(morning: Records) -> None:
    """At 02:00 four cars (2 + 4 + 2 + 0 people: the third is on foot later) and a truck are at the border."""
    scenario = border()
    estimates = estimate(scenario.clock, [measure(scenario, lower(scenario), morning)] * 2)
    (night,) = nights_of(estimates, "pass")
    assert (night.name, night.people.mean, night.vehicles.mean, night.water.mean) == ("21 Sep", 9, 4, 27)
    assert {cls: people.mean for cls, people in night.by_class.items()} == {"car": 8, "truck": 1, "foot": 0}
    assert worst_night([night]) is night
    columns = nights_table(estimates, ["pass"])
    assert {name: column.tolist() for name, column in columns.items()} == {
        "crossing": ["pass"], "night": ["2022-09-21"], "people": [9], "people_p05": [9], "people_p95": [9],
        "people_low": [9], "people_high": [9], "car_people": [8], "truck_people": [1], "foot_people": [0],
        "vehicles": [4], "water": [27],
    }  # fmt: skip


def test_where_nobody_is_stuck_there_is_no_worst_night() -> None:
    scenario = border()
    nights = nights_of(estimate(scenario.clock, [measure(scenario, lower(scenario), table([]))]), "pass")
    assert len(nights) == 1
    assert worst_night(nights) is None


def test_without_a_night_hour_there_are_no_nights(morning: Records) -> None:
    scenario = border(relief=None)
    estimates = estimate(scenario.clock, [measure(scenario, lower(scenario), morning)])
    assert nights_of(estimates, "pass") == []
    assert not nights_table(estimates, ["pass"])["night"].size


def test_nights_are_counted_at_three_unless_the_file_says_otherwise(morning: Records) -> None:
    described = {key: value for key, value in written().items() if key != "relief"}
    scenario = Scenario.model_validate(described)
    assert scenario.relief == Relief(night_hour="03:00", water_per_person_day="3 L")
    estimates = estimate(scenario.clock, [measure(scenario, lower(scenario), morning)])
    assert [night.name for night in nights_of(estimates, "pass")] == ["21 Sep"]


def test_a_run_without_a_night_has_no_worst_one(morning: Records) -> None:
    scenario = border(relief={"night_hour": "05:00"})
    names = {key.quantity for key in measure(scenario, lower(scenario), morning).totals}
    assert "drinking_water" in names
    assert not names & {"people_overnight_max", "person_nights", "stuck_people"}


def test_the_night_hour_is_a_time_of_day() -> None:
    for hour, told in (("03:00", "03:00"), ("23:45", "23:45"), ("24:00", "00:00")):
        assert night_hour(Relief(night_hour=hour)) == told
