"""Definitions of metadata: what may be said of annotations and of items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annokit.formats.innotescus.facts import Record, Scope, differing, is_number, keyed, own, restored
from annokit.model.label import AttributeDefinition, AttributeType, Option

TYPES: dict[str, AttributeType] = {
    "Select": "select",
    "List": "select",
    "Int": "integer",
    "Bool": "boolean",
    "String": "text",
    "Float": "number",
}
"""Type of the values by the file's word; ``Select`` and ``List`` are two words for one thing."""

WORDS: dict[str, str] = {"integer": "Int", "boolean": "Bool", "text": "String", "number": "Float"}
"""The file's word for each type; a choice is called as its file calls it."""

KNOWN = frozenset(
    (
        "name", "display_name", "type", "required", "classes", "helpText", "default", "trueText", "min", "max",
        "options",
    )
)  # fmt: skip


def definition(record: Record, scope: Scope) -> tuple[AttributeDefinition, list[tuple[str, Any]]]:
    """Return the definition that a record states, and the keys whose values can't be read.

    Parameters
    ----------
    record : dict
        One object of the file, with a text under ``name``.
    scope : Scope
        Which file.

    Returns
    -------
    definition : AttributeDefinition
        Everything that the record says otherwise is in its extras.
    odd : list of (key, value)
        What it holds of a wrong type.
    """
    word = record.get("type")
    kind = TYPES.get(word, "text") if isinstance(word, str) else "text"
    title, required = record.get("display_name"), record.get("required")
    low, high = record.get("min"), record.get("max")
    made = AttributeDefinition(
        name=record["name"],
        type=kind,
        title=title if isinstance(title, str) else None,
        options=tuple(map(_option, _options(record))),
        default=_default(record.get("default"), kind),
        required=required if isinstance(required, bool) else None,
        minimum=low if is_number(low) else None,
        maximum=high if is_number(high) else None,
        scope=scope.scopes[0],  # type: ignore[arg-type] # a literal there, too
        labels=_labels(record.get("classes")),  # type: ignore[arg-type] # the converter takes None
    )
    extras = differing(record, _stated(made, scope))
    made = _with_extras(made, extras)
    odd = [(key, value) for key, value in extras.items() if key in KNOWN and not _harmless(key, value)]
    return made, odd


def _harmless(key: str, value: Any) -> bool:
    """Tell whether a value that the model has no place for is nothing to worry about."""
    plain = value is None or value in ("", [])
    texts = key in ("helpText", "trueText", "default") and isinstance(value, str)
    return plain or (texts and key != "default") or (key == "type" and value in TYPES) or _same_default(key, value)


def _same_default(key: str, value: Any) -> bool:
    return key == "default" and (isinstance(value, bool) or is_number(value) or isinstance(value, str)) and value != ""


def _with_extras(made: AttributeDefinition, extras: Record) -> AttributeDefinition:
    import attrs

    return attrs.evolve(made, extras=keyed(extras)) if extras else made


def _options(record: Record) -> list[Any]:
    options = record.get("options")
    whole = isinstance(options, list) and all(isinstance(o, dict) and isinstance(o.get("value"), str) for o in options)
    return options if whole and isinstance(options, list) else []


def _option(record: Record) -> Option:
    return Option(name=record["value"], extras=keyed({key: v for key, v in record.items() if key != "value"}))


def _labels(classes: Any) -> tuple[int, ...] | None:
    """Return the ids of the classes; none at all, and what are no ids, means every class."""
    if not isinstance(classes, list) or not classes:
        return None
    if not all(isinstance(ident, str) and _is_integer(ident) for ident in classes):
        return None
    return tuple(int(ident) for ident in classes)


def _is_integer(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit() and str(int(text)) == text


def _integer(text: str) -> int | None:
    return int(text) if text.isascii() and text.strip().removeprefix("-").isdigit() and len(text) < 19 else None


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if is_number(number) else None


_PARSERS: dict[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _float,
    "boolean": lambda text: {"true": True, "false": False}.get(text.lower()),
    "text": str,
    "select": str,
}


def _default(text: Any, kind: str) -> Any:
    """Return a default, which the file states as a text, in the type of the values."""
    return _PARSERS[kind](text) if isinstance(text, str) else None


def _text_of(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else repr(value)


def stated(made: AttributeDefinition, scope: Scope) -> Record:
    """Return the record of a definition."""
    return restored(_stated(made, scope), own(made.extras))


def _stated(made: AttributeDefinition, scope: Scope) -> Record:
    return {
        "name": made.name,
        "display_name": made.title,
        "type": WORDS.get(made.type, scope.choice if made.type == "select" else "String"),
        "required": made.required,
        "classes": [str(ident) for ident in made.labels or ()],
        "helpText": None,
        "default": _text_of(made.default),
        "trueText": None,
        "min": made.minimum,
        "max": made.maximum,
        "options": [{"value": option.name, **own(option.extras)} for option in made.options],
    }


def misfit(made: AttributeDefinition, value: Any) -> str | None:
    """Return why a value is not one that its definition allows, None where it is."""
    if value is None:
        return None
    if not _FITS[made.type](value):
        return f"{value!r:.60} is no {made.type}"
    if made.type in ("integer", "number"):
        below = made.minimum is not None and value < made.minimum
        beyond = made.maximum is not None and value > made.maximum
        return f"{value!r} is not within {made.minimum} and {made.maximum}" if below or beyond else None
    if made.type == "select" and made.options:
        known = {option.name for option in made.options}
        chosen = value if isinstance(value, list) else [value]
        return None if known.issuperset(chosen) else f"{value!r:.60} is none of its {len(known)} options"
    return None


_FITS: dict[str, Callable[[Any], bool]] = {
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: isinstance(value, bool),
    "text": lambda value: isinstance(value, str),
    "select": lambda value: (
        isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))
    ),
}
