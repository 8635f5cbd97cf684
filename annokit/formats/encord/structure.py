"""The ontology that labels, and the rows written of them, make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from annokit.formats.encord.colors import hex_of
from annokit.formats.encord.ontology import TYPES, listed
from annokit.formats.encord.records import snake
from annokit.model.label import AttributeDefinition, Label, Skeleton

Record = dict[str, Any]

_TYPE_NAMES = {ours: name for name, ours in TYPES.items()}

LISTS = ("attributes", "options")
"""Lists of nodes within nodes."""

COLORS = ("#D33115", "#FCDC00", "#A4DD00", "#68CCCA", "#AEA1FF", "#FE9200", "#4904A5")
"""Colours of labels that have none, in turn."""


def structure_of(labels: Iterable[Label]) -> Record:
    """Return the ontology structure that labels make."""
    objects: list[Record] = []
    classifications: list[Record] = []
    templates: list[Record] = []
    for label in labels:
        if label.extras.get("encord/shape"):
            objects.append(_object(label, len(objects) + 1))
            template = _template(label)
            templates += [] if template is None else [{"template": template}]
        else:
            classifications.append(_classification(label, len(classifications) + 1))
    more = {"skeleton_templates": templates} if templates else {}
    return {"objects": objects, "classifications": classifications, **more}


def _object(label: Label, number: int) -> Record:
    return {
        "id": str(number),
        "name": label.name,
        "color": label.extras.get("encord/color") or hex_of(label.color) or COLORS[number % len(COLORS)],
        "shape": label.extras.get("encord/shape"),
        "featureNodeHash": label.source_id,
        **_own(label, ("encord/shape", "encord/color")),
        "attributes": _attributes(label.attributes, str(number)),
    }


def _classification(label: Label, number: int) -> Record:
    own = _own(label, ("encord/shape",))
    attributes = _attributes(label.attributes, str(number))
    return {"id": str(number), "featureNodeHash": label.source_id, **own, "attributes": attributes}


def _own(label: Label, known: tuple[str, ...]) -> Record:
    """Return the keys of a node that the model does not state."""
    found = {key: value for key, value in label.extras.items() if key.startswith("encord/") and key not in known}
    return {key.removeprefix("encord/"): value for key, value in found.items() if not key.startswith("encord/#")}


def _attributes(definitions: Iterable[AttributeDefinition], prefix: str) -> list[Record]:
    return [_attribute(definition, f"{prefix}.{place}") for place, definition in enumerate(definitions, 1)]


def _attribute(definition: AttributeDefinition, ident: str) -> Record:
    node: Record = {
        "id": ident,
        "name": definition.name,
        "type": _TYPE_NAMES.get(definition.type, "text"),
        "featureNodeHash": definition.source_id,
        **{key: getattr(definition, key) for key in ("required", "dynamic") if getattr(definition, key) is not None},
        **definition.extras,
    }
    if node["type"] not in ("radio", "checklist"):
        return node
    options = [
        {
            "id": f"{ident}.{place}",
            "label": option.name,
            "value": snake(option.name),
            "featureNodeHash": option.source_id,
            **option.extras,
            **({"options": _attributes(option.attributes, f"{ident}.{place}")} if option.attributes else {}),
        }
        for place, option in enumerate(definition.options, 1)
    ]
    return {**node, "options": options}


def _template(label: Label) -> Record | None:
    template = label.extras.get("encord/#template")
    if template is not None:
        return dict(template)
    if label.skeleton is None or label.extras.get("encord/shape") != "skeleton":
        return None
    return {"name": label.name, "shape": "skeleton", "width": 100, "height": 100, "feature_node_hash": label.source_id,
            "skeleton": _joints(label.skeleton), "skeletonEdges": _edges(label.skeleton)}  # fmt: skip


def _joints(skeleton: Skeleton) -> Record:
    """Return the joints of a template, side by side."""
    return {
        str(place): {"x": place, "y": 0, "name": name, "color": "#000000", "value": snake(name),
                     "featureHash": f"{place:08x}"}
        for place, name in enumerate(skeleton.joints)
    }  # fmt: skip


def _edges(skeleton: Skeleton) -> Record:
    found: Record = {}
    for a, b in skeleton.edges:
        found.setdefault(str(a), {})[str(b)] = {"color": "#000000"}
    return found


class Gathered:
    """An ontology that holds whatever rows refer to.

    Parameters
    ----------
    structure : dict
        What is known; it is extended.
    """

    def __init__(self, structure: Record) -> None:
        self._structure = structure
        self._nodes: dict[str, Record] = {}
        self._attributes: dict[tuple[str, str], Record] = {}
        self._options: set[tuple[str, str]] = set()
        self._of: dict[str, Record] = {}
        for kind in ("objects", "classifications"):
            for node in listed(structure, kind):
                self._nodes[str(node["featureNodeHash"])] = node
                if kind == "classifications" and not node["attributes"] and "level" not in node:
                    node["#global"] = True
                for attribute in listed(node, "attributes"):
                    self._note(str(node["featureNodeHash"]), attribute)

    def _note(self, node: str, attribute: Record) -> None:
        ident = str(attribute.get("featureNodeHash"))
        self._attributes[node, ident] = attribute
        for option in listed(attribute, "options"):
            self._options.add((ident, str(option.get("featureNodeHash"))))
            for nested in listed(option, "options"):
                self._note(node, nested)

    @property
    def structure(self) -> Record:
        """The ontology; a classification that no row restricts to a part of its medium is one of whole media."""
        nodes = [
            {"level": "global", **node} if node.get("#global") else node for node in self._structure["classifications"]
        ]
        plain = [{key: value for key, value in node.items() if key != "#global"} for node in nodes]
        return {**self._structure, "classifications": plain}

    def complete(self) -> Record:
        """Return the ontology in which every attribute says whether it is required, as the SDK insists."""
        return {
            **self.structure,
            **{kind: [_required(node) for node in self.structure[kind]] for kind in ("objects", "classifications")},
        }

    def add(self, row: Record) -> None:
        """Add what a label row refers to."""
        for medium in (*row["data_units"].values(), *_values(row.get("spaces"))):
            for lists in _lists(medium.get("labels")):
                self._listed(lists)
        for name in ("object_answers", "classification_answers", "object_actions"):
            answers = row.get(name)
            for ident, entry in answers.items() if isinstance(answers, dict) else ():
                if isinstance(entry, dict):
                    self._answers(ident, entry, name)

    def _listed(self, lists: Record) -> None:
        for entry in listed(lists, "objects"):
            node = self._object(entry)
            self._of[str(entry.get("objectHash"))] = node
        for entry in listed(lists, "classifications"):
            self._of[str(entry.get("classificationHash"))] = node = self._classification(entry.get("featureHash"))
            node.pop("#global", None)

    def _object(self, entry: Record) -> Record:
        ident = str(entry.get("featureHash"))
        if ident not in self._nodes:
            known: list[Record] = self._structure["objects"]
            stated = {key: entry.get(key) for key in ("name", "color", "shape")}
            made: Record = {"id": str(len(known) + 1), **stated, "featureNodeHash": ident, "attributes": []}
            self._nodes[ident] = made
            known.append(made)
        return self._nodes[ident]

    def _classification(self, feature: Any) -> Record:
        ident = str(feature)
        if ident not in self._nodes:
            known: list[Record] = self._structure["classifications"]
            self._nodes[ident] = {
                "id": str(len(known) + 1),
                "featureNodeHash": ident,
                "#global": True,
                "attributes": [],
            }
            known.append(self._nodes[ident])
        return self._nodes[ident]

    def _answers(self, ident: str, entry: Record, name: str) -> None:
        if name == "classification_answers" and entry.get("featureHash"):
            self._of[ident] = made = self._classification(entry["featureHash"])
            if entry.get("range") or any(own.get("range") for own in _values(entry.get("spaces"))):
                made.pop("#global", None)
        elif entry.get("featureHash") and entry.get("shape"):
            self._of[ident] = self._object(entry)
        node = self._of.get(ident)
        for answer in listed(entry, "actions" if name == "object_actions" else "classifications"):
            if node is not None:
                self._answer(node, answer, name == "object_actions")

    def _answer(self, node: Record, answer: Record, dynamic: bool) -> None:
        ident, given = str(answer.get("featureHash")), answer.get("answers")
        key = str(node["featureNodeHash"]), ident
        attribute = self._attributes.get(key)
        if attribute is None:
            kind = "checklist" if isinstance(given, list) else "text" if isinstance(given, str) else "numeric"
            place = f"{node['id']}.{len(node['attributes']) + 1}"
            attribute = {"id": place, "name": str(answer.get("name")), "type": kind, "required": False,
                         "featureNodeHash": ident, "dynamic": dynamic}  # fmt: skip
            self._attributes[key] = attribute
            node["attributes"].append(attribute)
        for option in listed(answer, "answers"):
            if (ident, str(option.get("featureHash"))) not in self._options:
                self._option(attribute, option)

    def _option(self, attribute: Record, option: Record) -> None:
        options = attribute.setdefault("options", [])
        self._options.add((str(attribute["featureNodeHash"]), str(option.get("featureHash"))))
        ident = f"{attribute['id']}.{len(options) + 1}"
        name, value = str(option.get("name")), str(option.get("value"))
        options.append({"id": ident, "label": name, "value": value, "featureNodeHash": option.get("featureHash")})


def _required(node: Record) -> Record:
    """Return a node, its attributes and theirs with what is missing."""
    found = {**node, **{name: [_required(inner) for inner in listed(node, name)] for name in LISTS if name in node}}
    return {"required": False, **found} if "type" in node else found


def _values(spaces: Any) -> list[Record]:
    found = spaces.values() if isinstance(spaces, dict) else ()
    return [value for value in found if isinstance(value, dict)]


def _lists(labels: Any) -> list[Record]:
    """Return the lists of a medium, of one picture or of every frame."""
    if not isinstance(labels, dict):
        return []
    if {"objects", "classifications"} & labels.keys():
        return [labels]
    return [lists for lists in labels.values() if isinstance(lists, dict)]
