"""Categories and attribute definitions of a release, as labels and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from annokit.formats.segments.facts import ABSENT, PREFIX
from annokit.formats.segments.values import is_id, is_number
from annokit.model.label import AttributeDefinition, AttributeType, Label, Option, Scope

Record = dict[str, Any]

TYPE_OF_INPUT: Mapping[str, AttributeType] = {
    "select": "select",
    "multiselect": "multiselect",
    "text": "text",
    "number": "number",
    "checkbox": "boolean",
    "points": "list",
    "vector3": "list",
    "quaternion": "list",
}
"""Type of an attribute by the release's ``input_type``."""

INPUT_OF_TYPE: Mapping[str, str] = {
    "select": "select",
    "multiselect": "multiselect",
    "text": "text",
    "number": "number",
    "integer": "number",
    "boolean": "checkbox",
}
"""``input_type`` of definitions that come from elsewhere; any other type is text."""


def label_of(record: Mapping[str, Any]) -> Label:
    """Return the label of a category; what the label can't hold is kept in its extras."""
    rest = dict(record)
    ident = _taken(rest, "id", is_id(rest.get("id")))
    name = _taken(rest, "name", type(rest.get("name")) is str)
    color = _taken(rest, "color", _is_color(rest.get("color")))
    thing = _taken(rest, "has_instances", type(rest.get("has_instances")) is bool)
    definitions = _taken(rest, "attributes", _are_definitions(rest.get("attributes")))
    made: Any = tuple(definition_of(one) for one in definitions or ())
    return Label(
        str(rest.get("name", "" if ident is None else ident)) if name is None else name,
        ident,
        color=None if color is None else tuple(color),
        is_thing=thing,
        attributes=made,
        extras={PREFIX + key: value for key, value in rest.items()} | _unnamed(record),
    )


def _unnamed(record: Mapping[str, Any]) -> Record:
    return {} if "name" in record else {PREFIX + ABSENT: ["name"]}


def _taken(rest: Record, key: str, fits: bool) -> Any:
    """Take the value of a key out of `rest` where it fits, else None."""
    return rest.pop(key) if fits and key in rest else None


def _is_color(value: Any) -> bool:
    return type(value) is list and len(value) in (3, 4) and all(type(part) is int and 0 <= part < 256 for part in value)


def _are_definitions(value: Any) -> bool:
    return type(value) is list and bool(value) and all(is_definition(one) for one in value)


def is_definition(value: Any) -> bool:
    """Tell whether a value defines an attribute: an object with a name."""
    return type(value) is dict and type(value.get("name")) is str


def record_of(label: Label) -> Record:
    """Return the category of a label."""
    extras = own(label.extras)
    absent = extras.pop(ABSENT, ())
    stated: Record = {"id": label.source_id, "name": label.name}
    record = {key: value for key, value in stated.items() if key not in absent and value is not None}
    if label.color is not None:
        record["color"] = list(label.color)
    if label.is_thing is not None:
        record["has_instances"] = label.is_thing
    if label.attributes:
        record["attributes"] = list(map(record_of_definition, label.attributes))
    return {**record, **extras}


def own(extras: Mapping[str, Any]) -> Record:
    """Return this format's extras by key."""
    return {key[len(PREFIX) :]: value for key, value in extras.items() if key.startswith(PREFIX)}


def definition_of(record: Mapping[str, Any], scope: Scope = "annotation") -> AttributeDefinition:
    """Return the definition of an attribute; what it can't hold is kept in its extras."""
    rest = dict(record)
    name = rest.pop("name")
    word = rest.get("input_type")
    kind = TYPE_OF_INPUT.get(word) if type(word) is str else None
    if kind is not None and INPUT_OF_TYPE.get(kind) == word:
        del rest["input_type"]
    values = _taken(rest, "values", _are_texts(rest.get("values")))
    low, high = (_bound(rest, key) for key in ("min", "max"))
    required = _taken(rest, "is_mandatory", type(rest.get("is_mandatory")) is bool)
    default = _taken(rest, "default_value", rest.get("default_value") is not None)
    options: Any = tuple(Option(name=value) for value in values or ())
    track = scope == "annotation" and rest.get("is_track_level") is True
    if track:
        del rest["is_track_level"]
    return AttributeDefinition(
        name=name,
        type=kind or "other",
        options=options,
        default=default,
        required=required,
        minimum=low,
        maximum=high,
        scope="track" if track else scope,
        extras=rest if "input_type" in record else {**rest, ABSENT: ["input_type"]},
    )


def _are_texts(value: Any) -> bool:
    return type(value) is list and bool(value) and all(type(one) is str for one in value)


def _bound(rest: Record, key: str) -> float | None:
    """Return a bound, taken out of `rest` where it is a number; bounds are also stated as text, empty for none."""
    value = rest.get(key)
    if is_number(value):
        return cast(float, rest.pop(key))
    try:
        found = float(value) if type(value) is str else None
    except ValueError:
        return None
    return found if found is not None and found - found == 0.0 else None


def record_of_definition(definition: AttributeDefinition) -> Record:
    """Return the record of a definition; what the release has no place for is left out."""
    extras = dict(definition.extras)
    record: Record = {"name": definition.name}
    if "input_type" not in extras and ABSENT not in extras:
        record["input_type"] = INPUT_OF_TYPE.get(definition.type, "text")
    optional = {
        "values": [option.name for option in definition.options] or None,
        "default_value": definition.default,
        "is_mandatory": definition.required,
        "min": None if "min" in extras else definition.minimum,
        "max": None if "max" in extras else definition.maximum,
        "is_track_level": True if definition.scope == "track" else None,
    }
    record.update({key: value for key, value in optional.items() if value is not None})
    return {**record, **{key: value for key, value in extras.items() if key not in (ABSENT, "name")}}


def narrowed_definition(definition: AttributeDefinition) -> AttributeDefinition:
    """Return a definition as it is read back."""
    scope: Scope = "item" if definition.scope == "item" else "annotation"
    return definition_of(record_of_definition(definition), scope)


def narrowed_label(label: Label) -> Label:
    """Return a label as it is read back."""
    return label_of(record_of(label))


__all__ = [
    "definition_of",
    "is_definition",
    "label_of",
    "narrowed_definition",
    "narrowed_label",
    "own",
    "record_of",
    "record_of_definition",
]
