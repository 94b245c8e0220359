"""Prints the models as a JSON Schema for editors: every value also in a passport or calibrated, and the short forms.

A file with `extends` gives only what differs, so nothing is required of it.
"""

from __future__ import annotations

import json
from typing import Any

from sim.scenario.model.calibration import Calibration
from sim.scenario.model.quantities import REST
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.tree import CALIBRATED, PASSPORT_KEYS, TIMES

Schema = dict[str, Any]
_LABELS = ("title", "description", "default", "examples")
_NO_PASSPORT = ("Intervention",)
_PART = "PartOf"
_TEXT: Schema = {"type": ["string", "integer"]}
_PASSPORT: Schema = {
    "type": "object",
    "description": "a value with where it comes from",
    "properties": {"value": True, **dict.fromkeys(PASSPORT_KEYS[1:-1], _TEXT), PASSPORT_KEYS[-1]: True},
    "required": ["value"],
    "minProperties": 2,
    "additionalProperties": False,
}
_REFERENCE: Schema = {
    "type": "object",
    "description": "the fitted value of a parameter, or a number or table with every value multiplied by it",
    "properties": {CALIBRATED: {"type": "string"}, TIMES: True},
    "required": [CALIBRATED],
    "additionalProperties": False,
}
_OWN = {"Passport": _PASSPORT, "Reference": _REFERENCE}
_TIME: Schema = {"type": ["string", "number"], "description": "exactly so long"}


def scenario_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a scenario file."""
    whole = Scenario.model_json_schema(by_alias=True)
    kinds: dict[str, Schema] = whole.pop("$defs")
    _short_forms(whole, kinds)
    kinds["Scenario"] = whole
    _with_passports(kinds)
    kinds["Law"] = {"anyOf": [_TIME, kinds["Law"]]}
    loose = {_PART + name: _loosened(kind) for name, kind in kinds.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A border queue scenario",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": f"#/$defs/{_PART}Scenario"},
        "else": {"$ref": "#/$defs/Scenario"},
        "$defs": {**_OWN, **kinds, **loose},
    }


def calibration_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a calibration file."""
    whole = Calibration.model_json_schema(by_alias=True)
    kinds: dict[str, Schema] = whole.pop("$defs")
    kinds["Calibration"] = whole
    _with_passports(kinds)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A calibration of a border queue scenario",
        "$ref": "#/$defs/Calibration",
        "$defs": {**_OWN, **kinds},
    }


def _with_passports(kinds: dict[str, Schema]) -> None:
    for name in [name for name in kinds if name not in _NO_PASSPORT]:
        _allow_passports(kinds[name], name, kinds)


def _short_forms(whole: Schema, kinds: dict[str, Schema]) -> None:
    """Add what the readers take beside the models: bare numbers, `all`, file names."""
    whole["properties"]["extends"] = {"type": "string", "description": "the file this one is laid over"}
    fitted = "the file that holds the values of what is calibrated, written by `sim calibrate`"
    whole["properties"][CALIBRATED] = {"type": "string", "description": fitted}
    station, part = kinds["Station"]["properties"], kinds["DemandPart"]["properties"]
    ref = {name: {"$ref": f"#/$defs/{name}"} for name in ("Law", "ServiceTime")}
    _also(whole["properties"], "reported", {"type": "string"})
    _also(part, "table", {"type": "string"})
    _also(station, "serves", {"const": "all"})
    _also(station, "staffing", {"type": "integer", "minimum": 0, "maximum": 1000})
    _also(station, "service_time", ref["ServiceTime"], ref["Law"])
    _also(kinds["PartyClass"]["properties"], "people", {"type": "integer", "minimum": 1, "maximum": 200})
    _also(kinds["Shares"]["properties"]["shares"], "additionalProperties", {"const": REST})
    cv = kinds["Law"]["properties"]["cv"]
    cv["anyOf"] = [{"type": ["string", "number"]}, {"type": "null"}]


def _also(properties: Schema, key: str, *forms: Schema) -> None:
    old = properties[key]
    labels = {label: old.pop(label) for label in _LABELS if label in old}
    properties[key] = {"anyOf": [*forms, old], **labels}


def _allow_passports(schema: Schema, name: str, kinds: dict[str, Schema]) -> None:
    """Let every value below `schema` stand in a passport; what is written out twice gets a name in `kinds`."""
    for group in ("properties", "patternProperties"):
        for key, value in schema.get(group, {}).items():
            if key not in ("extends", CALIBRATED, "reported"):
                within = key if group == "properties" else "each"
                schema[group][key] = _or_passport(value, f"{name}.{within}", kinds)
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            schema[key] = _or_passport(schema[key], f"{name}.each", kinds)
    for i, alternative in enumerate(schema.get("anyOf", ())):
        _allow_passports(alternative, f"{name}.{i}", kinds)


def _or_passport(value: Schema, name: str, kinds: dict[str, Schema]) -> Schema:
    labels = {label: value[label] for label in _LABELS if label in value}
    inner = {key: part for key, part in value.items() if key not in _LABELS}
    if set(inner) & {"properties", "patternProperties", "additionalProperties", "items", "anyOf"}:
        _allow_passports(inner, name, kinds)
        kinds[name] = inner
        inner = {"$ref": f"#/$defs/{name}"}
    given = {"anyOf": [inner, {"$ref": "#/$defs/Reference"}]}
    return {"anyOf": [*given["anyOf"], {"$ref": "#/$defs/Passport", "properties": {"value": given}}], **labels}


def _loosened(schema: Any) -> Any:
    """Return a copy of which nothing is required, and which takes null for what is to be taken away."""
    if isinstance(schema, list):
        return [_loosened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {}
    for key, part in schema.items():
        if key == "$ref" and part.removeprefix("#/$defs/") not in _OWN:
            loose[key] = part.replace("#/$defs/", f"#/$defs/{_PART}")
        elif key in ("properties", "patternProperties"):
            loose[key] = {name: {"anyOf": [_loosened(value), {"type": "null"}]} for name, value in part.items()}
        elif key == "additionalProperties" and isinstance(part, dict):
            loose[key] = {"anyOf": [_loosened(part), {"type": "null"}]}
        elif key != "required":
            loose[key] = part if key == "default" else _loosened(part)
    return loose


def schema_text(calibration: bool = False) -> str:
    """Return the JSON Schema of scenario (or calibration) files as text."""
    schema = calibration_schema() if calibration else scenario_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
