from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.scenario.json_schema import calibration_schema, scenario_schema, schema_text
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.load_scenario import load

SMALL = load(Path(__file__).parent / "small.yaml")
SCHEMA = scenario_schema()
CALIBRATION = calibration_schema()
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value: Any, name: str) -> bool:
    if name in ("integer", "number"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (name == "number" and isinstance(value, float))
    return isinstance(value, TYPES[name])


def valid(value: Any, schema: Any, whole: Any = SCHEMA) -> bool:
    """Check the part of JSON Schema that pydantic writes; names are those of `whole`."""
    if isinstance(schema, bool):
        return schema
    unknown = set(schema) - KEYWORDS
    assert not unknown, f"the checker does not know {unknown}"
    if "if" in schema and not valid(value, schema["then" if valid(value, schema["if"]) else "else"], whole):
        return False
    if "$ref" in schema and not valid(value, whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], whole):
        return False
    if "anyOf" in schema and not any(valid(value, one, whole) for one in schema["anyOf"]):
        return False
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(is_type(value, name) for name in names):
            return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    return valid_range(value, schema) and valid_parts(value, schema, whole)


KEYWORDS = {
    "$schema", "$defs", "$ref", "title", "description", "default", "examples", "type", "if", "then", "else", "anyOf",
    "const", "enum", "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "items",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "minItems", "maxItems", "minLength",
    "minProperties", "maxProperties",
}  # fmt: skip


def valid_range(value: Any, schema: dict[str, Any]) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            return False
        if value <= schema.get("exclusiveMinimum", value - 1) or value >= schema.get("exclusiveMaximum", value + 1):
            return False
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        return False
    if isinstance(value, list):
        return schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
    return True


def valid_parts(value: Any, schema: dict[str, Any], whole: Any) -> bool:
    if isinstance(value, list) and "items" in schema:
        return all(valid(item, schema["items"], whole) for item in value)
    if not isinstance(value, dict):
        return True
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        return False
    if set(schema.get("required", ())) - set(value):
        return False
    for key, part in value.items():
        named = [schema["properties"][key]] if key in schema.get("properties", {}) else []
        named += [one for pattern, one in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        if not all(valid(part, one, whole) for one in named or [schema.get("additionalProperties", True)]):
            return False
        if "propertyNames" in schema and not valid(key, schema["propertyNames"], whole):
            return False
    return True


RUMOUR = "crossings.pass.demand.car.rumour"


def edited(path: str, value: Any) -> dict[str, Any]:
    tree = copy.deepcopy(SMALL.tree)
    here = tree
    *way, last = path.split(".")
    for key in way:
        here = here[key]
    here[last] = value
    return tree


def test_it_is_json_with_every_field_described():
    assert json.loads(schema_text()) == SCHEMA
    assert set(Scenario.model_fields) < set(SCHEMA["$defs"]["Scenario"]["properties"])


def test_the_small_scenario_is_valid_as_written_and_resolved():
    assert valid(SMALL.tree, SCHEMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seed", {"value": 3, "source": "x"}),
        ("crossings", {"value": SMALL.tree["crossings"], "reason": "x"}),
        ("classes.car.spacing", {"value": "7 m", "date": 2019, "uncertainty": {"low": 1}}),
        ("crossings.pass.stations.gate.service_time", "30 s"),
        ("crossings.pass.stations.gate.serves", "all"),
        ("crossings.pass.stations.gate.serves", {"value": ["car", {"value": "foot", "source": "x"}], "source": "y"}),
        (RUMOUR, {"table": "counts.csv"}),
        (RUMOUR, {"table": [{"from": "2022-09-25", "until": "2022-09-26", "count": 3}], "exact": True}),
        (RUMOUR, {"schedule": "ferries.csv"}),
        (RUMOUR, {"schedule": [{"at": "06:30", "days": ["mon"], "people": 300}]}),
        (RUMOUR, {"schedule": {"rows": "ferries.csv", "spread": "20 min", "share": "60 %"}}),
        (RUMOUR, {"bookings": {"rows": "slots.csv", "early": {"share": 0.2, "by": {"mean": "9 min"}}}}),
        (RUMOUR, {"log": [{"at": "2022-09-25T10:00:30", "service_times": {"gate": "20 s"}}]}),
        (RUMOUR, {"constant": {"rate": "3/h", "hours": "hours.csv"}, "bursts": 4, "calendar": "c.csv"}),
        (RUMOUR, {"constant": {"rate": "3/h"}, "bursts": {"2": "100 %"}, "calendar": {"2022-09-25": 2}}),
        ("crossings.pass.stations.passport.staffing.steps", "steps.csv"),
        ("reported", "rows.yaml"),
        ("apply", ["closed"]),
        ("calibrated", "fitted.yaml"),
        ("classes.car.spacing", {"calibrated": "spacing"}),
        ("crossings.pass.stations.gate.staffing", {"calibrated": "x", "times": {"servers": 3}}),
        ("crossings.pass.stations.gate.staffing", {"value": {"calibrated": "x", "times": 3}, "source": "y"}),
        ("crossings.pass.stations.gate.discipline", {"shares": {"car": "rest", "foot": {"calibrated": "x"}}}),
    ],
)
def test_valid_forms(path, value):
    assert valid(edited(path, value), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seed", "seven"),
        ("seed", {"value": 3}),
        ("seed", {"value": "x", "source": "y"}),
        ("seed", {"value": 3, "sauce": "y"}),
        ("replications", 0),
        ("colour", "red"),
        ("classes.plane", {"spacing": "1 m", "people": 3, "men_share": 0}),
        ("crossings.pass.stations.gate.stafing", 3),
        (RUMOUR, {"schedule": 5}),
        (RUMOUR, {"schedule": [{"at": "06:30", "peple": 300}]}),
        ("crossings.pass.stations.gate.staffing", 4.5),
        ("crossings.pass.stations.passport.discipline", "lifo"),
        ("reported", 3),
        ("calibrated", {"calibrated": "x"}),
        ("classes.car.spacing", {"calibrated": 3}),
        ("classes.car.spacing", {"calibrated": "x", "time": 3}),
    ],
)
def test_invalid_forms(path, value):
    assert not valid(edited(path, value), SCHEMA)


def test_nothing_is_required_of_a_file_that_extends_another():
    part = {"extends": "base.yaml", "crossings": {"pass": {"stations": {"gate": {"staffing": 3}, "entry": None}}}}
    assert valid(part, SCHEMA)
    assert not valid({**part, "seed": "x"}, SCHEMA)
    assert not valid({key: value for key, value in part.items() if key != "extends"}, SCHEMA)


def calibration() -> dict[str, Any]:
    text = (Path(__file__).parent / "small_calibration.yaml").read_text(encoding="utf-8").replace(": 2022", ": x2022")
    tree: dict[str, Any] = yaml.safe_load(text)
    return tree


def test_calibrations_have_a_schema_too():
    assert json.loads(schema_text(calibration=True)) == CALIBRATION
    assert valid(calibration(), CALIBRATION, CALIBRATION)
    for part, key, bad in (
        ("parameters", "surge", {}),
        ("observation", "discrepancy", "x"),
        ("reported", 0, {"id": 3}),
    ):
        tree = calibration()
        tree[part][key] = bad
        assert not valid(tree, CALIBRATION, CALIBRATION), part
    assert not valid({**calibration(), "colour": "red"}, CALIBRATION, CALIBRATION)
