"""Ontologies: labels with colours and hierarchy, definitions of attributes, templates of poses.

A label's full name is its tags from the root down, joined by dots. Templates say in which order the joints of a pose
stand; one that is called like a label is that label's skeleton.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from annokit.errors import FormatError
from annokit.formats.dataloop.definitions import definition_of, record_of_definition
from annokit.model.label import AttributeDefinition, Label, Skeleton

FILE = "ontology.json"
"""Name of the ontology beside the documents."""

OWN = "dataloop/"

VALUE_KEYS = ("tag", "color", "attributes")

HEX = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\Z")
RGB = re.compile(r"rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*([\d.]+)\s*)?\)\Z")


@attrs.frozen
class Ontology:
    """What an ontology says."""

    labels: tuple[Label, ...] = ()
    """Parents before their children, in the order of the file."""

    attributes: tuple[AttributeDefinition, ...] = ()
    """Definitions of attributes, of all labels together."""

    templates: tuple[Template, ...] = ()
    """Poses."""

    rest: Mapping[str, Any] = attrs.field(factory=dict)
    """Everything else, in the places where it stood."""

    def template(self, key: Any, label: str | None) -> Template | None:
        """Return the template with an id, else the one that is called like a label."""
        by_id = next((template for template in self.templates if key is not None and template.id == key), None)
        return by_id or next((template for template in self.templates if template.name == label), None)


@attrs.frozen
class Template:
    """The joints of a pose."""

    id: Any
    """The platform's id."""

    name: str
    """What people call it."""

    skeleton: Skeleton
    """Joints and arcs."""

    rest: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    """Further keys."""


def is_ontology(document: Any) -> bool:
    """Tell by its keys whether a document is an ontology, or an old list of labels."""
    if isinstance(document, dict):
        return isinstance(document.get("roots"), list)
    return isinstance(document, list) and bool(document) and all(map(_is_node, document))


def _is_node(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("value"), dict) and isinstance(value["value"].get("tag"), str)
    )


def ontology_of(document: Any, where: str) -> Ontology:
    """Return what an ontology document says.

    Raises
    ------
    FormatError
        It is no ontology.
    """
    if not is_ontology(document):
        raise FormatError("this is no ontology", path=where, expected='a list of labels under "roots"')
    if isinstance(document, list):
        return Ontology(_distinct(_labels(document, None, where, "")))
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    system = metadata.get("system")
    system = system if isinstance(system, dict) else {}
    templates = tuple(_templates(system.get("collectionTemplates")))
    labels = _distinct(_labels(document["roots"], None, where, "/roots"))
    named = {template.name: template.skeleton for template in templates}
    return Ontology(
        _with_skeletons(labels, named),
        tuple(definition_of(record) for record in _objects(metadata.get("attributes"))),
        templates,
        _without(document, metadata, system),
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _without(document: Mapping[str, Any], metadata: Mapping[str, Any], system: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a document is neither labels nor definitions nor templates."""
    rest = {key: value for key, value in document.items() if key not in ("roots", "metadata")}
    meta = {key: value for key, value in metadata.items() if key not in ("attributes", "system")}
    own = {key: value for key, value in system.items() if key != "collectionTemplates"}
    if own:
        meta["system"] = own
    if meta:
        rest["metadata"] = meta
    return rest


def _labels(nodes: Iterable[Any], parent: Label | None, where: str, pointer: str) -> Iterable[Label]:
    for place, node in enumerate(nodes):
        here = f"{pointer}/{place}"
        if not _is_node(node):
            raise FormatError("this is no label", path=where, pointer=here, expected='an object with a "tag"')
        label = _label(node, parent)
        yield label
        children = node.get("children")
        if isinstance(children, list):
            yield from _labels(children, label, where, f"{here}/children")


def _distinct(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Return the labels without those whose full name an earlier one has."""
    found: dict[str, Label] = {}
    for label in labels:
        found.setdefault(label.name, label)
    return tuple(found.values())


def _label(node: Mapping[str, Any], parent: Label | None) -> Label:
    value = node["value"]
    tag = value["tag"]
    color = color_of(value.get("color"))
    extras = {key: each for key, each in value.items() if key not in VALUE_KEYS}
    if value.get("attributes"):
        extras["attributes"] = value["attributes"]
    if "color" in value and (color is None or value["color"] != hex_of(color)):
        extras["color"] = value["color"]
    extras.update({f"/{key}": each for key, each in node.items() if key not in ("value", "children")})
    name = tag if parent is None else f"{parent.name}.{tag}"
    return Label(name, None, parent, color, extras={OWN + key: each for key, each in extras.items()})


def color_of(value: Any) -> tuple[int, ...] | None:
    """Return red, green, blue, and alpha where it is stated; None where a colour can't be understood."""
    if isinstance(value, str) and HEX.match(value):
        return tuple(bytes.fromhex(value[1:]))
    found = RGB.match(value) if isinstance(value, str) else None
    if found:
        red, green, blue, alpha = found.groups()
        parts = [int(red), int(green), int(blue), *([round(float(alpha) * 255)] if alpha else [])]
    else:
        parts = list(value) if isinstance(value, list) and len(value) in (3, 4) else [-1]
    return tuple(parts) if all(type(part) is int and 0 <= part <= 255 for part in parts) else None


def hex_of(color: Iterable[int]) -> str:
    """Return a colour as Dataloop writes it."""
    return "#" + bytes(color).hex()


def _templates(value: Any) -> Iterable[Template]:
    for record in _objects(value):
        order = record.get("order")
        if not isinstance(order, list) or not all(isinstance(joint, str) for joint in order):
            continue
        place = {joint: position for position, joint in reversed(list(enumerate(order)))}
        arcs = [arc for arc in record.get("arcs") or [] if isinstance(arc, list) and len(arc) == 2]
        edges = [(place[a], place[b]) for a, b in arcs if a in place and b in place]
        rest = {key: each for key, each in record.items() if key not in ("id", "name", "order", "arcs")}
        yield Template(record.get("id"), str(record.get("name", "")), Skeleton(order, edges), rest)


def _with_skeletons(labels: Iterable[Label], skeletons: Mapping[str, Skeleton]) -> tuple[Label, ...]:
    """Return labels with the templates that are called like them."""
    return relinked(attrs.evolve(label, skeleton=skeletons.get(label.name)) for label in labels)


def relinked(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Return labels whose parents are the labels of those names before them."""
    made: dict[str, Label] = {}
    found = []
    for label in labels:
        parent = None if label.parent is None else made.get(label.parent.name, label.parent)
        found.append(attrs.evolve(label, parent=parent))
        made.setdefault(label.name, found[-1])
    return tuple(found)


def document_of(ontology: Ontology) -> dict[str, Any]:
    """Return the document of an ontology; labels whose parents are among them stand below those."""
    nodes: dict[str, dict[str, Any]] = {}
    roots: list[Any] = []
    for label in ontology.labels:
        above = None if label.parent is None else nodes.get(label.parent.name)
        node = _node(label, None if above is None or label.parent is None else label.parent.name)
        nodes.setdefault(label.name, node)
        (roots if above is None else above["children"]).append(node)
    document: dict[str, Any] = {**ontology.rest, "roots": roots}
    metadata = dict(ontology.rest.get("metadata", {}))
    if ontology.attributes:
        metadata["attributes"] = [record_of_definition(definition) for definition in ontology.attributes]
    skeletons = {label.name: label.skeleton for label in ontology.labels if label.skeleton is not None}
    templates = [
        attrs.evolve(template, skeleton=skeletons.get(template.name, template.skeleton))
        for template in ontology.templates
    ]
    templates += _missing_templates(ontology)
    if templates:
        stated = [_template_record(template) for template in templates]
        metadata["system"] = {**metadata.get("system", {}), "collectionTemplates": stated}
    return {**document, "metadata": metadata} if metadata else document


def _node(label: Label, parent: str | None) -> dict[str, Any]:
    own = {key.removeprefix(OWN): each for key, each in label.extras.items() if key.startswith(OWN)}
    tag = label.name if parent is None else label.name[len(parent) + 1 :]
    value: dict[str, Any] = {"tag": tag}
    if label.color is not None:
        value["color"] = hex_of(label.color)
    stated = own.pop("color", None)
    if stated is not None and color_of(stated) == label.color:
        value["color"] = stated
    node = {key[1:]: own.pop(key) for key in list(own) if key.startswith("/")}
    return {"value": {**value, "attributes": [], **own}, **node, "children": []}


def _missing_templates(ontology: Ontology) -> Iterable[Template]:
    """Yield templates for skeletons of labels that no template is called like."""
    known = {template.name for template in ontology.templates}
    for label in ontology.labels:
        if label.skeleton is not None and label.name not in known:
            known.add(label.name)
            yield Template(label.name, label.name, label.skeleton)


def _template_record(template: Template) -> dict[str, Any]:
    joints = template.skeleton.joints
    arcs = [[joints[a], joints[b]] for a, b in template.skeleton.edges]
    return {"id": template.id, "name": template.name, "order": list(joints), "arcs": arcs, **template.rest}
