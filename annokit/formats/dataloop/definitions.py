"""Definitions of attributes, as an ontology's ``metadata.attributes`` states them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annokit.model.label import AttributeDefinition, AttributeType, Option

TYPES: Mapping[str, AttributeType] = {
    "boolean": "boolean",
    "range": "number",
    "number": "number",
    "freeText": "text",
}
"""Types that one word names; ``options`` is one choice, or several where it is ``multi``."""

WORDS: Mapping[AttributeType, str] = {
    "boolean": "boolean",
    "integer": "number",
    "number": "number",
    "text": "freeText",
    "select": "options",
    "multiselect": "options",
    "list": "freeText",
    "other": "freeText",
}

KEYS = ("key", "type", "title", "values", "scope", "multi", "optional", "range")
"""Keys that are read; the texts may stand in ``scriptData`` instead."""


def definition_of(record: Mapping[str, Any]) -> AttributeDefinition:
    """Return what a record defines."""
    script = record.get("scriptData")
    inner: Mapping[str, Any] = script if isinstance(script, dict) else {}
    told = {**{key: inner[key] for key in ("key", "title", "optional", "multi") if key in inner}, **record}
    key, title = told.get("key"), told.get("title")
    reach = record.get("range")
    limits: Mapping[str, Any] = reach if isinstance(reach, dict) else {}
    scope = record.get("scope")
    optional = told.get("optional")
    kept = {name: value for name, value in record.items() if name not in KEYS}
    word = told.get("type")
    if word not in TYPES and word != "options":
        kept["type"] = word
    if limits.keys() - {"min", "max"} or (reach is not None and not limits):
        kept["range"] = reach
    if "values" in record and not _texts(record["values"]):
        kept["values"] = record["values"]
    return AttributeDefinition(
        name=str(key),
        type=_type(word, told.get("multi")),
        title=title if isinstance(title, str) else None,
        options=tuple(Option(name=name) for name in _texts(record.get("values"))),
        required=not optional if isinstance(optional, bool) else None,
        minimum=_number(limits.get("min")),
        maximum=_number(limits.get("max")),
        labels=tuple(scope) if isinstance(scope, list) and _texts(scope) else None,
        extras={f"dataloop/{name}": value for name, value in kept.items()},
    )


def _type(word: Any, multi: Any) -> AttributeType:
    if word == "options":
        return "multiselect" if multi is True else "select"
    return TYPES.get(word, "other") if isinstance(word, str) else "other"


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else []


def _number(value: Any) -> float | None:
    return value if type(value) in (int, float) else None


def record_of_definition(definition: AttributeDefinition) -> dict[str, Any]:
    """Return the record of a definition."""
    own = {k.removeprefix("dataloop/"): v for k, v in definition.extras.items() if k.startswith("dataloop/")}
    script = own.get("scriptData")
    inner: Mapping[str, Any] = script if isinstance(script, dict) else {}
    ranged = definition.minimum is not None or definition.maximum is not None
    word = "range" if ranged and WORDS[definition.type] == "number" else WORDS[definition.type]
    record: dict[str, Any] = {"key": definition.name, "type": word}
    if definition.title is not None and inner.get("title") != definition.title:
        record["title"] = definition.title
    if definition.options:
        record["values"] = [option.name for option in definition.options]
    if word == "options" and inner.get("multi") is not (definition.type == "multiselect"):
        record["multi"] = definition.type == "multiselect"
    if definition.required is not None and inner.get("optional") is not (not definition.required):
        record["optional"] = not definition.required
    if definition.labels is not None:
        record["scope"] = list(definition.labels)
    if ranged:
        limits = (("min", definition.minimum), ("max", definition.maximum))
        record["range"] = {key: value for key, value in limits if value is not None}
    return {**record, **own}
