"""An Encord ontology: what labels and attributes there may be."""

from __future__ import annotations

from typing import Any

from annokit.formats.encord.colors import color_of, odd_color
from annokit.formats.encord.facts import KIND_OF_SHAPE
from annokit.model.label import AttributeDefinition, Label, Option, Skeleton

Record = dict[str, Any]

TYPES = {"radio": "select", "checklist": "multiselect", "text": "text", "numeric": "number"}
"""Our types of attributes by Encord's."""


OBJECT_NODE = ("id", "name", "color", "shape", "featureNodeHash", "attributes")
CLASSIFICATION_NODE = ("id", "featureNodeHash", "attributes")
ATTRIBUTE_NODE = ("id", "name", "type", "required", "dynamic", "featureNodeHash", "options")
OPTION_NODE = ("id", "label", "featureNodeHash", "options")
"""Keys of the nodes that the model states; ``id`` counts the nodes."""


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
            for attribute in listed(node, "attributes"):
                self._note(attribute)

    def _nodes(self, key: str) -> list[Record]:
        return listed(self._structure, key)

    def _note(self, attribute: Record) -> None:
        self._attributes[str(attribute.get("featureNodeHash"))] = attribute
        for option in listed(attribute, "options"):
            self._options[str(option.get("featureNodeHash"))] = option
            for nested in listed(option, "options"):
                self._note(nested)

    def knows(self, feature: str) -> bool:
        """Tell whether an option is defined."""
        return feature in self._options

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
        definitions = tuple(self._definition(a) for a in listed(node, "attributes"))
        template = self._template(node)
        return Label(
            str(node.get("name")),
            node.get("featureNodeHash"),
            color=color_of(node.get("color")),
            attributes=definitions,
            skeleton=None if template is None else _skeleton(template),
            shape=KIND_OF_SHAPE.get(str(node.get("shape"))),
            extras={
                "encord/shape": node.get("shape"),
                **odd_color(node.get("color")),
                **({} if template is None else {"encord/#template": template}),
                **{f"encord/{key}": value for key, value in _more(node, OBJECT_NODE).items()},
            },
        )

    def _classification(self, node: Record) -> Label:
        definitions = tuple(self._definition(a) for a in listed(node, "attributes"))
        name = definitions[0].name if definitions else str(node.get("featureNodeHash"))
        extras = {f"encord/{key}": value for key, value in _more(node, CLASSIFICATION_NODE).items()}
        return Label(name, node.get("featureNodeHash"), attributes=definitions, extras={**extras, "encord/shape": None})

    def _definition(self, node: Record) -> AttributeDefinition:
        return AttributeDefinition(
            name=str(node.get("name")),
            type=TYPES.get(str(node.get("type")), "other"),  # type: ignore[arg-type] # the table holds our types
            options=tuple(self._option(option) for option in listed(node, "options")),
            required=node.get("required"),
            dynamic=node.get("dynamic"),
            source_id=node.get("featureNodeHash"),
            extras=_more(node, ATTRIBUTE_NODE),
        )

    def _option(self, node: Record) -> Option:
        nested = tuple(self._definition(attribute) for attribute in listed(node, "options"))
        return Option(
            name=str(node.get("label")),
            source_id=node.get("featureNodeHash"),
            attributes=nested,
            extras=_more(node, OPTION_NODE),
        )

    def _template(self, node: Record) -> Record | None:
        """Return the skeleton that belongs to a label."""
        if node.get("shape") != "skeleton":
            return None
        templates = [wrapped.get("template", wrapped) for wrapped in listed(self._structure, "skeleton_templates")]
        known = [template for template in templates if isinstance(template, dict)]
        for theirs, ours in (("feature_node_hash", "featureNodeHash"), ("name", "name")):
            for template in known:
                if template.get(theirs) is not None and template.get(theirs) == node.get(ours):
                    return template
        return None


def _skeleton(template: Record) -> Skeleton | None:
    joints = template.get("skeleton")
    if not isinstance(joints, dict) or not all(k.isdecimal() and isinstance(v, dict) for k, v in joints.items()):
        return None
    order = sorted(joints, key=int)
    place = {key: position for position, key in enumerate(order)}
    edges = template.get("skeletonEdges")
    pairs = [
        (place[a], place[b])
        for a, others in (edges if isinstance(edges, dict) else {}).items()
        for b in others
        if a in place and b in place
    ]
    return Skeleton([str(joints[key].get("name")) for key in order], pairs)


def _more(node: Record, known: tuple[str, ...]) -> Record:
    """Return the keys of a node that the model does not state."""
    return {key: value for key, value in node.items() if key not in known}


def listed(node: Any, key: str) -> list[Record]:
    """Return the objects of a list that a node states."""
    value = node.get(key) if isinstance(node, dict) else None
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
