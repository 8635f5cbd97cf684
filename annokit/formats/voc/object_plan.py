"""What the tags of a plain object mean, found once for all objects that have the same tags in the same order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import attrs

from annokit.columns.json import dumps
from annokit.formats.voc.dialects import FLAGS, Dialect
from annokit.formats.voc.plain import Node, Tags, Texts, getter, outline

CORNERS = ["xmin", "ymin", "xmax", "ymax"]
_USUAL = ("name", "bndbox", "attributes", *FLAGS)


@attrs.frozen
class Other:
    """Elements of one tag that the model does not map."""

    tag: str
    """Their tag."""

    nodes: tuple[Node, ...]
    """The elements, one or several."""

    take: Callable[[Sequence[str]], tuple[str, ...]]
    """Returns their texts."""

    template: str
    """Their JSON, with a place for each text."""

    @classmethod
    def of(cls, tag: str, nodes: Sequence[Node]) -> Other:
        """Return what elements of one tag become."""
        template, places = _template(nodes)
        return cls(tag, tuple(nodes), getter(places), template)

    def json(self, texts: Texts) -> bytes:
        """Return the value of the elements as JSON: one, or a list of several."""
        own = self.take(texts)
        joined = "".join(own)
        if joined.isprintable() and '"' not in joined and "\\" not in joined:
            return (self.template % own).encode()
        values = [node.value(texts) for node in self.nodes]
        return dumps(values if len(values) > 1 else values[0])


def _template(nodes: Sequence[Node]) -> tuple[str, list[int]]:
    """Return the JSON of elements of one tag with ``%s`` for each text, and the places of these texts."""
    made: list[str] = []
    places: list[int] = []
    for node in nodes:
        children: dict[str, list[Node]] = {}
        for child in node.children:
            children.setdefault(child.tag, []).append(child)
        inner = [(tag, *_template(alike)) for tag, alike in children.items()]
        places += [place for _, _, own in inner for place in own] if inner else [node.text]
        members = ",".join(f'"{tag}":{text}' for tag, text, _ in inner)
        made.append(f"{{{members}}}" if inner else '"%s"')
    return (f"[{','.join(made)}]" if len(made) > 1 else made[0]), places


@attrs.define
class Plan:
    """Objects that have the same tags in the same order."""

    take: Callable[[Sequence[str]], tuple[str, ...]]
    """Returns the four corners, the name and the texts of `flags` and `literal`."""

    gaps: Callable[[Sequence[str]], Sequence[str]]
    """Returns the texts between the elements."""

    flags: tuple[str, ...]
    """Attributes that are elements of their own."""

    literal: bool
    """Whether there is an element of attributes with text."""

    absent: tuple[str, ...]
    """Usual elements that are not there."""

    pairs: tuple[tuple[int, int], ...] = ()
    """Places of the name and the value of each attribute where these are elements."""

    named: Node | None = None
    """The element of these attributes."""

    others: tuple[Other, ...] = ()
    """Elements that the model does not map."""

    rows: list[int] = attrs.field(factory=list)
    """Annotation rows of this plan."""

    texts: list[tuple[str, ...]] = attrs.field(factory=list)
    """What `take` returned for each of them."""

    def attributes(self, texts: Texts) -> Any:
        """Return the element of attributes as it is."""
        return None if self.named is None else self.named.value(texts)


def plan_of(tags: Tags, dialect: Dialect) -> Plan | None:
    """Return the plan of plain objects, None where a usual element is missing, repeated or made in an unusual way."""
    found = outline(tags)
    if found is None:
        return None
    nodes: dict[str, list[Node]] = {}
    for node in found.nodes:
        nodes.setdefault(node.tag, []).append(node)
    usual = {tag: nodes[tag][0] for tag in _USUAL if tag in nodes}
    corners = _corners(usual.get("bndbox"))
    if corners is None or "name" not in usual or any(len(nodes[tag]) > 1 for tag in usual):
        return None
    named = usual.get("attributes")
    pairs = () if named is None else _pairs(named)
    if pairs is None or any(usual[tag].children for tag in ("name", *FLAGS) if tag in usual):
        return None
    flags = tuple(tag for tag in FLAGS if tag in usual)
    literal = named is not None and not named.children
    wanted = [*corners, usual["name"], *(usual[tag] for tag in flags), *([named] if named and literal else ())]
    others = tuple(Other.of(tag, alike) for tag, alike in nodes.items() if tag not in usual)
    take = getter([node.text for node in wanted])
    return Plan(take, found.gaps, flags, literal, missing(nodes, dialect), pairs, named, others)


def _corners(box: Node | None) -> list[Node] | None:
    """Return the corners of a box, None where it has not just these four."""
    nodes = {} if box is None else {node.tag: node for node in box.children if not node.children}
    if box is None or len(box.children) != 4 or sorted(nodes) != sorted(CORNERS):
        return None
    return [nodes[corner] for corner in CORNERS]


def _pairs(attributes: Node) -> tuple[tuple[int, int], ...] | None:
    """Return the places of names and values, None where the elements are none of names and values."""
    found = []
    for child in attributes.children:
        inner = {node.tag: node for node in child.children if not node.children}
        if child.tag != "attribute" or len(child.children) != 2 or sorted(inner) != ["name", "value"]:
            return None
        found.append((inner["name"].text, inner["value"].text))
    return tuple(found)


def missing(tags: Collection[str], dialect: Dialect) -> tuple[str, ...]:
    """Return the usual elements that an object lacks, as far as the dialect would add them."""
    return tuple(tag for tag in (*dialect.stated, "bndbox") if tag not in tags)
