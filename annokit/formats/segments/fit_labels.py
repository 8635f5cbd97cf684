"""Step of narrowing about categories and definitions of attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from annokit.formats.places import at_all
from annokit.formats.segments.categories import narrowed_definition, narrowed_label
from annokit.formats.segments.facts import PREFIX
from annokit.formats.segments.values import is_id
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.model.label import AttributeDefinition, Label
    from annokit.report import Issue

OF_ITEMS = ("item", "sequence")
"""Scopes of attributes of images."""


def labels(ds: Dataset, apply: bool) -> Found:
    """State labels as categories: integer ids, each once, and attributes that a release can define."""
    issues: list[Issue] = []
    made = _with_definitions(list(ds.labels), ds.labels.attributes, issues)
    made = _with_ids(made, issues)
    narrowed = [narrowed_label(label) for label in made]
    told = [label.name for label, other in zip(made, narrowed, strict=True) if label != other]
    if told:
        message = "attributes are defined by name, type, choices, bounds and default"
        issues.append(at_all("restated", "label.attributes", message, told))
    definitions = [d for d in ds.labels.attributes if d.scope in OF_ITEMS]
    items = [narrowed_definition(attrs.evolve(d, scope="item")) for d in definitions]
    told = [d.name for d, other in zip(definitions, items, strict=True) if d != other]
    if told:
        message = "attributes of images are defined by name, type, choices, bounds and default"
        issues.append(at_all("restated", "labels.attributes", message, told))
    return (ds._with(labels=LabelSet(narrowed, items)) if issues else ds), issues


def _with_ids(labels: list[Label], issues: list[Issue]) -> list[Label]:
    """Return labels with integer ids, each once: their own, else their positions from 1 on."""
    idents = [label.source_id for label in labels]
    fits = all(type(ident) is int and is_id(ident) for ident in idents)
    if fits and len(set(idents)) == len(idents):
        return labels
    message = "category ids are integers, each once: positions from 1 on"
    issues.append(at_all("derived", "label.source_id", message, [label.name for label in labels]))
    return [
        attrs.evolve(label, source_id=number, extras=_without(label.extras, PREFIX + "id"))
        for number, label in enumerate(labels, 1)
    ]


def _without(extras: Any, key: str) -> dict[str, Any]:
    return {name: value for name, value in extras.items() if name != key}


def _with_definitions(
    labels: list[Label], definitions: tuple[AttributeDefinition, ...], issues: list[Issue]
) -> list[Label]:
    """Return labels with the definitions that belonged to no single one."""
    shared = [definition for definition in definitions if definition.scope not in OF_ITEMS]
    if not shared:
        return labels
    message = "attributes of annotations are defined by category"
    issues.append(at_all("converted", "labels.attributes", message, [d.name for d in shared], severity="info"))
    return [attrs.evolve(label, attributes=(*label.attributes, *_concerning(shared, label))) for label in labels]


def _concerning(definitions: list[AttributeDefinition], label: Label) -> list[AttributeDefinition]:
    own = {definition.name for definition in label.attributes}
    return [d for d in definitions if d.name not in own and (d.labels is None or label.source_id in d.labels)]
