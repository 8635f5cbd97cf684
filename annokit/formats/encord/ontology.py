"""An Encord ontology: what labels and attributes there may be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from annokit.formats.encord.facts import KIND_OF_SHAPE
from annokit.model.label import AttributeDefinition, Label, Option, Skeleton

Record = dict[str, Any]

TYPES = {"radio": "select", "checklist": "multiselect", "text": "text", "numeric": "number"}
"""Our types of attributes by Encord's."""


class Ontology:
    """Labels and attribute definitions by feature hash.

    Parameters
    ----------
    structure : dict
        The ontology's structure, or the whole record with it under ``editor``; empty where none is known.
    """

    def __init__(self, structure: Record | None = None) -> None:
        found: Record = structure or {}
        inner = found.get("editor", found.get("structure", found))
        self._structure: Record = inner if isinstance(inner, dict) else {}
        self._attributes: dict[str, Record] = {}
        self._options: dict[str, Record] = {}
        for node in self._nodes("objects") + self._nodes("classifications"):
            for attribute in _listed(node, "attributes"):
                self._note(attribute)

    def _nodes(self, key: str) -> list[Record]:
        return _listed(self._structure, key)

    def _note(self, attribute: Record) -> None:
        self._attributes[str(attribute.get("featureNodeHash"))] = attribute
        for option in _listed(attribute, "options"):
            self._options[str(option.get("featureNodeHash"))] = option
            for nested in _listed(option, "options"):
                self._note(nested)

    def is_radio(self, feature: Any) -> bool:
        """Tell whether an attribute has exactly one answer, as far as is known."""
        return self._attributes.get(str(feature), {}).get("type") == "radio"

    def option_name(self, option: Record) -> Any:
        """Return the name of an answer: the ontology's, else its own; exports may state the attribute's name there."""
        known = self._options.get(str(option.get("featureHash")))
        if known:
            return known.get("label")
        name, value = option.get("name"), option.get("value")
        agree = not isinstance(value, str) or str(name).lower().replace(" ", "_") == value
        return name if agree else value

    def labels(self) -> list[Label]:
        """Return the labels: objects, then classifications."""
        found = [self._object(node) for node in self._nodes("objects")]
        return found + [self._classification(node) for node in self._nodes("classifications")]

    def _object(self, node: Record) -> Label:
        definitions = tuple(self._definition(a) for a in _listed(node, "attributes"))
        return Label(
            str(node.get("name")),
            node.get("featureNodeHash"),
            color=color_of(node.get("color")),
            attributes=definitions,
            skeleton=self._skeleton(node),
            shape=KIND_OF_SHAPE.get(str(node.get("shape"))),
            extras={"encord/shape": node.get("shape")},
        )

    def _classification(self, node: Record) -> Label:
        definitions = tuple(self._definition(a) for a in _listed(node, "attributes"))
        name = definitions[0].name if definitions else str(node.get("featureNodeHash"))
        extras = {"encord/level": node["level"]} if "level" in node else {}
        return Label(name, node.get("featureNodeHash"), attributes=definitions, extras={**extras, "encord/shape": None})

    def _definition(self, node: Record) -> AttributeDefinition:
        return AttributeDefinition(
            name=str(node.get("name")),
            type=TYPES.get(str(node.get("type")), "other"),  # type: ignore[arg-type] # the table holds our types
            options=tuple(self._option(option) for option in _listed(node, "options")),
            required=node.get("required"),
            dynamic=node.get("dynamic"),
            source_id=node.get("featureNodeHash"),
        )

    def _option(self, node: Record) -> Option:
        nested = tuple(self._definition(attribute) for attribute in _listed(node, "options"))
        return Option(name=str(node.get("label")), source_id=node.get("featureNodeHash"), attributes=nested)

    def _skeleton(self, node: Record) -> Skeleton | None:
        for wrapped in _listed(self._structure, "skeleton_templates"):
            template = wrapped.get("template", wrapped)
            if template.get("feature_node_hash") == node.get("featureNodeHash") or template.get("name") == node.get(
                "name"
            ):
                joints = template.get("skeleton") or {}
                order = sorted(joints, key=int)
                place = {key: position for position, key in enumerate(order)}
                edges = [
                    (place[a], place[b])
                    for a, others in (template.get("skeletonEdges") or {}).items()
                    for b in others
                    if a in place and b in place
                ]
                return Skeleton([str(joints[key].get("name")) for key in order], edges)
        return None


def structure_of(labels: Iterable[Label]) -> Record:
    """Return the ontology structure that labels make."""
    objects: list[Record] = []
    classifications: list[Record] = []
    for label in labels:
        node = {
            "featureNodeHash": label.source_id,
            "name": label.name,
            "attributes": [_attribute(definition) for definition in label.attributes],
        }
        shape = label.extras.get("encord/shape")
        (objects if shape else classifications).append({**node, "shape": shape} if shape else node)
    return {"objects": objects, "classifications": classifications}


_TYPE_NAMES = {ours: name for name, ours in TYPES.items()}


def _attribute(definition: AttributeDefinition) -> Record:
    options = [
        {"featureNodeHash": o.source_id, "label": o.name, "options": [_attribute(a) for a in o.attributes]}
        for o in definition.options
    ]
    kind = _TYPE_NAMES.get(definition.type, "text")
    return {"featureNodeHash": definition.source_id, "name": definition.name, "type": kind, "options": options}


def _listed(node: Any, key: str) -> list[Record]:
    value = node.get(key) if isinstance(node, dict) else None
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def color_of(value: Any) -> tuple[int, ...] | None:
    """Return ``#RRGGBB`` as three numbers, None where it is something else."""
    if not isinstance(value, str) or len(value) != 7 or value[0] != "#":
        return None
    try:
        return tuple(bytes.fromhex(value[1:]))
    except ValueError:
        return None
