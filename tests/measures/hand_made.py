"""A small border and a hand-made morning at it, drawn up in minutes; the answers in the tests were found by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.records import DTYPES, NEVER, Outcome, Records, in_order
from sim.scenario.model.quantities import CLASSES, STREAMS
from sim.scenario.model.scenario import Scenario

MINUTE = 60_000
NO = None


def border(report_every: str = "1 h", **changes: Any) -> Scenario:
    """A gate on the road (one server) and a booth behind it (two, four from 02:30), from midnight to 04:00."""
    return Scenario.model_validate(written(report_every) | changes)


def written(report_every: str = "1 h") -> dict[str, Any]:
    """The small border as it is written."""
    return {
        "name": "small",
        "title": "A small border",
        "clock": {
            "timezone": "Europe/Moscow", "t0": "2022-09-21", "start": "2022-09-21", "horizon": "2022-09-21T04:00",
            "report_every": report_every,
        },
        "classes": {
            "car": {"spacing": "10 m", "people": {"mean": 3, "max": 7}, "men_share": "40 %", "local_share": "10 %"},
            "truck": {"spacing": "20 m", "people": 1, "men_share": 1.0},
            "foot": {"spacing": "1 m", "people": 2, "men_share": 0.5},
        },
        "crossings": {
            "pass": {
                "road": {"stretches": [{"files": 2}], "lots": {"park": {"classes": ["truck"], "capacity": 1}}},
                "stations": {
                    "gate": {"staffing": 1, "service_time": "10 min", "patience": {"mean": "3 h"}},
                    "booth": {
                        "staffing": {"servers": 2, "steps": [{"from": "2022-09-21T02:30", "servers": 4}]},
                        "service_time": {"mean": "15 min", "family": "exponential"},
                        "hall": 3,
                        "screening": {"intensity": 0.5, "hit_rate": 0.3, "on_hit": {"summoned": 1.0},
                                      "stays_together": 0.5},
                    },
                    "entry": {"staffing": 3, "service_time": "5 min", "hall": 3},
                },
                "demand": {
                    "car": {"all_day": {"constant": {"rate": "12/h"}}},
                    "truck": {"all_day": {"constant": {"rate": "2/h"}}},
                },
                "initial_queue": {"car": 4},
                "behaviour": {
                    "car": {
                        "balk": {"queue_over": 12},
                        "renege": {"by_quoted_wait": "5 %/h"},
                        "change_mode": {"by_quoted_wait": "40 %/h", "takes": "10 min"},
                        "bypass": {"joins": "booth", "local": 0.5, "by_quoted_wait": "20 %/h"},
                    }
                },
                "quote": {"every": "1 h", "window": "2 h"},
            }
        },
        "relief": {"water_per_person_day": "3 L", "night_hour": "02:00"},
    }  # fmt: skip


def row(
    party: tuple[int, int], station: int, who: tuple[str, int], times: tuple[int | None, ...], outcome: str, **more: Any
) -> dict[str, Any]:
    """One visit: (party, visit), station, (class, people), minutes of arriving, starting, ending, leaving."""
    cls, people = who
    arrived, started, ended, left = (NEVER if at is None else at * MINUTE for at in times)
    stream = STREAMS.index(more.pop("stream", cls))
    return {
        "party": party[0], "visit": party[1], "crossing": 0, "station": station, "cls": CLASSES.index(cls),
        "stream": stream, "people": people, "men": 0, "checked": 0, "arrived_at": arrived, "started_at": started,
        "ended_at": ended, "left_at": left, "outcome": Outcome[outcome], "first": True, **more,
    }  # fmt: skip


def table(rows: list[dict[str, Any]]) -> Records:
    return in_order({name: np.array([r[name] for r in rows], dtype=kind) for name, kind in DTYPES.items()})


MORNING = [
    # was waiting at the start
    row((0, 0), 0, ("car", 3), (0, 30, 60, 60), "SERVED"),
    row((0, 1), 1, ("car", 3), (60, 60, 90, 90), "CROSSED", first=False),
    # is blocked at the gate for 45 minutes
    row((1, 0), 0, ("car", 2), (10, 60, 80, 125), "SERVED"),
    row((1, 1), 1, ("car", 2), (125, 130, 150, 150), "CROSSED", first=False),
    # goes on on foot
    row((2, 0), 0, ("car", 4), (70, NO, NO, 130), "CHANGED_MODE"),
    row((2, 1), 1, ("foot", 4), (140, 150, 160, 160), "CROSSED", first=False),
    row((3, 0), 1, ("car", 1), (100, 110, 120, 120), "CROSSED", first=False, stream="bypass"),
    row((4, 0), 0, ("truck", 1), (90, NO, NO, NO), "UNFINISHED"),
    row((5, 0), 0, ("foot", 2), (200, NO, NO, 200), "BALKED", first=False),
    row((6, 0), 0, ("car", 5), (210, NO, NO, 210), "BARRED", first=False),
    row((7, 0), 0, ("car", 2), (120, 120, 130, 130), "SERVED"),
    row((7, 1), 1, ("car", 2), (130, 150, 170, 170), "SUMMONED", first=False, men=1, checked=2),
    row((8, 0), 0, ("truck", 1), (150, NO, NO, 210), "RENEGED"),
    # is across at the very horizon
    row((9, 0), 0, ("car", 2), (180, 190, 200, 200), "SERVED"),
    row((9, 1), 1, ("car", 2), (200, 200, 240, 240), "CROSSED", first=False),
    # a twin of party 1: a man stopped at the booth
    row((11, 0), 1, ("foot", 1), (150, 150, 150, 150), "REFUSED", first=False, men=1),
]
