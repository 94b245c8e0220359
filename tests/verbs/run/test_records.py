"""What `sim run --records` writes beside the visits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyarrow import parquet

from sim.play.one import play_once
from sim.scenario.model.scenario import Scenario
from sim.verbs.run.records import write_records
from tests.engine.build import scenario

STEPS = [{"from": "2022-09-21T02:00", "servers": 0}, {"from": "2022-09-21T03:00", "servers": 2}]


def written(folder: Path, example: Scenario) -> dict[str, list[dict[str, Any]]]:
    write_records(folder, play_once(example, 1, 7, "reference"), 7)
    read = parquet.read_table
    return {
        path.name: read(path / "replication=0007.parquet", partitioning=None).to_pylist() for path in folder.iterdir()
    }


def test_staffing_and_lightened_checks_are_tables_with_names_and_instants(tmp_path: Path) -> None:
    light = {"above": 7, "below": 5, "checked_every": "5 min", "scale_service": 0.2}
    station = {"staffing": {"servers": 1, "steps": STEPS}, "service_time": "10 min", "lightened": light}
    found = written(tmp_path, scenario({"s": station}, initial_queue={"car": 12}))
    assert set(found) == {"records", "staffing", "lightened"}
    (first, *changes), turns = found["staffing"], found["lightened"]
    assert (first["replication"], first["crossing"], first["station"], first["servers"]) == (7, "x", "s", 1)
    hours = [(row["at"] - first["at"]).total_seconds() / 3600 for row in changes]
    assert list(zip(hours, (row["servers"] for row in changes), strict=True)) == [(2, 0), (3, 2)]
    assert [row["lightened"] for row in turns] == [True, False]
    assert min(row["arrived_at"] for row in found["records"]) == first["at"] <= turns[0]["at"] < turns[1]["at"]


def test_a_run_without_lightened_checks_has_no_table_of_them(tmp_path: Path) -> None:
    found = written(tmp_path, scenario({"s": {"staffing": 1, "service_time": "10 min"}}, initial_queue={"car": 1}))
    assert {name: len(rows) for name, rows in found.items()} == {"records": 1, "staffing": 1}
