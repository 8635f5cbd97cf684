"""What the tags of a plain object mean, found once for all objects that have the same tags in the same order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import attrs

from annokit.formats.voc.dialects import FLAGS, Dialect
from annokit.formats.voc.plain import Node, Tags, Texts, getter, outline

CORNERS = ["xmin", "ymin", "xmax", "ymax"]
_USUAL = ("name", "bndbox", "attributes", *FLAGS)


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

    others: tuple[tuple[str, tuple[Node, ...]], ...] = ()
    """Elements that the model does not map, by tag."""

    rows: list[int] = attrs.field(factory=list)
    """Annotation rows of this plan."""

    texts: list[tuple[str, ...]] = attrs.field(factory=list)
    """What `take` returned for each of them."""

    def attributes(self, texts: Texts) -> Any:
        """Return the element of attributes as it is."""
        return None if self.named is None else self.named.value(texts)

    def kept(self, texts: Texts) -> Iterator[tuple[str, Any]]:
        """Yield tag and value of each element that the model does not map."""
        for tag, nodes in self.others:
            values = [node.value(texts) for node in nodes]
            yield tag, values if len(values) > 1 else values[0]


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
    others = tuple((tag, tuple(alike)) for tag, alike in nodes.items() if tag not in usual)
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
