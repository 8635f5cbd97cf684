"""Plain documents, read without making elements: nothing but tags and text, as nearly all annotations are.

A document is cut at its tags in one pass. What lies between is text; which tags stand in which order is proven once per
different sequence of them, so that for most objects of a data set nothing is left to do but to look their sequence up.
Whatever is not plain (attributes, comments, entities, other encodings, text between elements) goes to the XML parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import attrs

from annokit.formats.voc.values import DEEPEST

Tags = tuple[str, ...]
"""Tags one after another without their brackets: ``name``, ``/name``, ``pose/``."""

Texts = list[str]
"""The text behind each tag but the last."""

_DECLARATION = re.compile(
    rb"""\s*<\?xml\s+version=["']1\.0["'](?:\s+encoding=["'](?:utf-?8|us-ascii|ascii)["'])?\s*\?>""", re.IGNORECASE
)
_MARKS = frozenset(b"<>&" + bytes(code for code in range(32) if code not in b"\t\n\r"))
_OTHERS = bytes(code for code in range(256) if code not in _MARKS)
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_FIRST, _LAST = "annotation", "/annotation"


@attrs.frozen
class Plain:
    """One plain annotation."""

    tags: Tags
    """Tags of what is no object."""

    texts: Texts
    """The text before the first of them, and behind each."""

    objects: list[tuple[Tags, Texts]]
    """Tags inside each object, and the text before the first of them and behind each."""


def cut(data: bytes) -> Plain | None:
    """Return a document's tags and texts, None where it is not plain; it may still be broken."""
    text = _text(data)
    if text is None:
        return None
    parts = text.replace(">", "<").split("<")
    tags, texts = parts[1::2], parts[2:-1:2]
    if len(tags) < 2 or tags[0] != _FIRST or tags[-1] != _LAST or parts[0] or parts[-1]:
        return None
    if "object" not in tags:
        return Plain(tuple(tags[1:-1]), texts, [])
    return _with_objects(tags, texts)


def _text(data: bytes) -> str | None:
    """Return the document without declaration and with plain line ends, None where it may need the XML parser.

    Its ``<`` and ``>`` take turns, and it holds neither ``&`` nor control characters.
    """
    marks = data.translate(None, _OTHERS)
    if marks != b"<>" * (len(marks) // 2):
        return None
    if not data.startswith(b"<a"):
        data = data.removeprefix(b"\xef\xbb\xbf")
        match = _DECLARATION.match(data)
        data = data[match.end() :] if match else data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii() and ("\ufffe" in text or "\uffff" in text):
        return None
    return text.strip(" \t\n")


def _with_objects(tags: list[str], texts: Texts) -> Plain | None:
    first = start = tags.index("object")
    objects: list[tuple[Tags, Texts]] = []
    try:
        while tags[start] == "object":
            end = tags.index("/object", start)
            objects.append((tuple(tags[start + 1 : end]), texts[start:end]))
            start = end + 1
            if texts[end].strip(" \t\n"):
                return None
    except ValueError:
        return None
    rest = tags[start:-1]
    if "object" in rest:
        return None
    return Plain((*tags[1:first], *rest), texts[:first] + texts[start:], objects)


@attrs.frozen
class Node:
    """An element of a plain document."""

    tag: str
    """Its name."""

    text: int
    """Position of its text, -1 where it has none."""

    children: tuple[Node, ...] = ()
    """The elements in it."""

    def value(self, texts: Sequence[str]) -> Any:
        """Return it as JSON, like :func:`annokit.formats.voc.values.value_of`."""
        if not self.children:
            return "" if self.text < 0 else texts[self.text]
        found: dict[str, Any] = {}
        for child in self.children:
            value = child.value(texts)
            if child.tag not in found:
                found[child.tag] = value
            else:
                before = found[child.tag]
                found[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
        return found

    def leaves(self) -> Iterator[Node]:
        """Yield the elements that hold text, this one or those in it."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


@attrs.frozen
class Outline:
    """What a sequence of tags means."""

    nodes: tuple[Node, ...]
    """Its uppermost elements."""

    gaps: Callable[[Sequence[str]], Sequence[str]]
    """Returns the texts between elements, of which none may say anything."""


def outline(tags: Tags) -> Outline | None:
    """Return what a sequence of tags means, None where they are no properly nested elements without attributes."""
    stack: list[tuple[str, int, list[Node]]] = [("", -1, [])]
    gaps = [0]
    for place, tag in enumerate(tags, 1):
        if tag.startswith("/"):
            name, start, children = stack.pop()
            if not stack or name != tag[1:].rstrip(" \t\n"):
                return None
            stack[-1][2].append(Node(name, start, tuple(children)))
            gaps.append(place)
        elif tag.endswith("/") and _TAG.fullmatch(tag[:-1].rstrip(" \t\n")):
            stack[-1][2].append(Node(tag[:-1].rstrip(" \t\n"), -1))
            gaps.append(place)
        elif _TAG.fullmatch(tag) and len(stack) < DEEPEST:
            stack.append((tag, place, []))
        else:
            return None
    if len(stack) > 1:
        return None
    nodes = tuple(stack[0][2])
    gaps += [node.text for top in nodes for node in _inner(top)]
    return Outline(nodes, _getter(gaps))


def _inner(node: Node) -> Iterator[Node]:
    """Yield the elements that hold elements."""
    if node.children:
        yield node
    for child in node.children:
        yield from _inner(child)


def _getter(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """Return a function that takes several items out of a sequence."""
    if len(places) == 1:
        only = places[0]
        return lambda texts: (texts[only],)
    return itemgetter(*places)


def getter(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Return a function that takes the texts at `places` out of a list; at -1 there is no text."""
    if -1 in places or len(places) < 2:
        return lambda texts: tuple("" if place < 0 else texts[place] for place in places)
    return itemgetter(*places)
