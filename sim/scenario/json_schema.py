"""Writes the models as JSON Schemas for editors, with short forms, passports and references to fitted values.

A file with `extends` holds only differences, so no key is required in it.
"""

from __future__ import annotations

import json
from typing import Any

from sim.scenario.model.calibration import Calibration
from sim.scenario.model.quantities import CLASSES, REST
from sim.scenario.model.scenario import Scenario
from sim.scenario.text.tree import CALIBRATED, DIVIDES, TIMES

Schema = dict[str, Any]
_LABELS = ("title", "description", "default", "examples")
_NO_PASSPORT = ("Intervention",)
_PART = "PartOf"
_TEXT: Schema = {"type": ["string", "integer"]}
_SOURCES: Schema = {
    "source": {**_TEXT, "description": "who gives the value, or `assumption`"},
    "date": {**_TEXT, "description": "when the source was published, or when it was so"},
    "reason": {**_TEXT, "description": "why this value, in a few words"},
    "uncertainty": {"description": "how far it may be off"},
}
_PASSPORT: Schema = {
    "type": "object",
    "description": "a value with its source",
    "properties": {"value": True, **_SOURCES},
    "required": ["value"],
    "minProperties": 2,
    "additionalProperties": False,
}
_REFERENCE: Schema = {
    "type": "object",
    "description": "the fitted value of a parameter, or a number or table with every value multiplied by it",
    "properties": {
        CALIBRATED: {"type": "string", "description": "the name of the parameter"},
        TIMES: {"description": "the number, or the table of numbers, that the fitted value multiplies"},
        DIVIDES: {"description": "the number, or the table of numbers, that is divided by the fitted value"},
    },
    "required": [CALIBRATED],
    "additionalProperties": False,
}
_OWN = {"Passport": _PASSPORT, "Reference": _REFERENCE}
_FILE: Schema = {"type": "string", "description": "the name of a CSV file"}
_TIME: Schema = {"type": ["string", "number"], "description": "a fixed duration"}


def scenario_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a scenario file."""
    root = Scenario.model_json_schema(by_alias=True)
    definitions: dict[str, Schema] = root.pop("$defs")
    _short_forms(root, definitions)
    definitions["Scenario"] = root
    _with_passports(definitions)
    definitions["Law"] = {"anyOf": [_TIME, definitions["Law"]]}
    definitions["InitialQueue"] = {"anyOf": [{"type": "integer", "minimum": 0}, definitions["InitialQueue"]]}
    loose = {_PART + name: _loosened(kind) for name, kind in definitions.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A border queue scenario",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": f"#/$defs/{_PART}Scenario"},
        "else": {"$ref": "#/$defs/Scenario"},
        "$defs": {**_OWN, **definitions, **loose},
    }


def calibration_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a calibration file."""
    root = Calibration.model_json_schema(by_alias=True)
    definitions: dict[str, Schema] = root.pop("$defs")
    definitions["Calibration"] = root
    _with_passports(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A calibration of a border queue scenario",
        "$ref": "#/$defs/Calibration",
        "$defs": {**_OWN, **definitions},
    }


def _with_passports(definitions: dict[str, Schema]) -> None:
    for name in [name for name in definitions if name not in _NO_PASSPORT]:
        _allow_passports(definitions[name], name, definitions)


ROWS = ("Reported", "ReportedSeries")
"""The rows that `reported` may have."""


def _short_forms(root: Schema, definitions: dict[str, Schema]) -> None:
    """Add the short forms that the readers accept: bare numbers, `all`, file names."""
    root["properties"]["extends"] = {"type": "string", "description": "the file that this one extends"}
    fitted = "the file of fitted values, written by `sim calibrate`"
    root["properties"][CALIBRATED] = {"type": "string", "description": fitted}
    station, part = definitions["Station"]["properties"], definitions["DemandPart"]["properties"]
    ref = {name: {"$ref": f"#/$defs/{name}"} for name in ("Law", "ServiceTime")}
    root["properties"]["reported"]["items"] = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in ROWS]}
    _also(root["properties"], "reported", {"type": "string"})
    _also(definitions["Constant"]["properties"], "hours", _FILE)
    _also(definitions["Constant"]["properties"], "weekdays", _FILE)
    for kind in ("Staffing", "Pool"):
        _also(definitions[kind]["properties"], "steps", _FILE)
    for kind in ("table", "calendar"):
        _also(part, kind, _FILE)
    for kind in ("schedule", "bookings", "log"):
        rows = definitions[kind.capitalize()]["properties"]["rows"]
        _also(part, kind, _FILE, {key: rows[key] for key in ("type", "items")})
        _also(definitions[kind.capitalize()]["properties"], "rows", _FILE)
    _also(part, "bursts", {"type": "integer", "minimum": 1, "maximum": 200})
    _also(station, "serves", {"const": "all"})
    servers = {"type": "integer", "minimum": 0, "maximum": 1000}
    _also(station, "staffing", servers, {"type": "string", "description": "the name of a pool"})
    pools = definitions["Crossing"]["properties"]["pools"]["patternProperties"]
    for pattern in pools:
        _also(pools, pattern, servers)
    _also(station, "only", station["only"]["items"])
    by_class = station["service_time"]["patternProperties"]
    for pattern in by_class:
        by_class[pattern] = {"anyOf": [ref["Law"], by_class[pattern]]}
    _also(station, "service_time", ref["ServiceTime"], ref["Law"])
    _also(definitions["PartyClass"]["properties"], "people", {"type": "integer", "minimum": 1, "maximum": 200})
    _own_classes(root["properties"]["classes"])
    shares = definitions["Shares"]["properties"]["shares"]["patternProperties"]
    for pattern in shares:
        _also(shares, pattern, {"const": REST})
    by_station = definitions["Parallel"]["properties"]["shares"]["patternProperties"]
    for pattern in by_station:
        _also(by_station, pattern, {"const": REST})
    cv = definitions["Law"]["properties"]["cv"]
    cv["anyOf"] = [{"type": ["string", "number"]}, {"type": "null"}]


def _own_classes(classes: Schema) -> None:
    """Let a class of a file's own require its kind."""
    ((own, described),) = classes.pop("patternProperties").items()
    standard = f"^({'|'.join(CLASSES)})$"
    needs_kind = {**described, "required": ["kind"]}
    classes["patternProperties"] = {standard: described, f"^(?!({'|'.join(CLASSES)})$){own[1:]}": needs_kind}


def _also(properties: Schema, key: str, *forms: Schema) -> None:
    old = properties[key]
    labels = {label: old.pop(label) for label in _LABELS if label in old}
    properties[key] = {"anyOf": [*forms, old], **labels}


def _allow_passports(schema: Schema, name: str, definitions: dict[str, Schema]) -> None:
    """Allow a passport for every value below `schema`; what is used twice gets a name in `definitions`."""
    for group in ("properties", "patternProperties"):
        for key, value in schema.get(group, {}).items():
            if key not in ("extends", CALIBRATED, "reported"):
                within = key if group == "properties" else "each"
                schema[group][key] = _or_passport(value, f"{name}.{within}", definitions)
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            schema[key] = _or_passport(schema[key], f"{name}.each", definitions)
    for i, alternative in enumerate(schema.get("anyOf", ())):
        _allow_passports(alternative, f"{name}.{i}", definitions)


def _or_passport(value: Schema, name: str, definitions: dict[str, Schema]) -> Schema:
    labels = {label: value[label] for label in _LABELS if label in value}
    inner = {key: part for key, part in value.items() if key not in _LABELS}
    if set(inner) & {"properties", "patternProperties", "additionalProperties", "items", "anyOf"}:
        _allow_passports(inner, name, definitions)
        definitions[name] = inner
        inner = {"$ref": f"#/$defs/{name}"}
    given = {"anyOf": [inner, {"$ref": "#/$defs/Reference"}]}
    return {"anyOf": [*given["anyOf"], {"$ref": "#/$defs/Passport", "properties": {"value": given}}], **labels}


def _loosened(schema: Any) -> Any:
    """Return a copy without required keys that accepts null, which removes a value."""
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
