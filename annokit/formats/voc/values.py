"""Elements as JSON values and back, and what texts mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, tostring

from annokit.errors import FormatError

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
"""Text of an integer that is written back as it was."""

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML can't hold."""

WHITE = " \t\r\n"
"""White space of XML."""

VERBATIM = "#xml"
"""Key of an element that is kept as text."""

DEEPEST = 64
"""Nesting of an element that is kept."""


def typed(text: str | None) -> int | str:
    """Return an integer where the text is that of one, else the text."""
    if text is None:
        return ""
    return int(text) if INTEGER.fullmatch(text) else text


def trimmed(text: str) -> str:
    """Return text without the white space around it, which writers of indented XML add."""
    return text.strip(WHITE)


def legal(text: str) -> str:
    """Return text with a replacement character for each character that XML can't hold."""
    return ILLEGAL.sub("\ufffd", text)


def value_of(element: Element, depth: int = 0) -> Any:
    """Return an element as JSON: its text, or an object of its children, a list where a tag repeats.

    An element with attributes, or with text between its children, is ``{"#xml": "<a b='c'/>"}``.
    """
    if depth > DEEPEST:
        raise FormatError("the XML is nested too deep", expected=f"at most {DEEPEST} elements in each other")
    if not len(element) and not element.attrib:
        return element.text or ""
    if element.attrib or _is_text(element.text) or any(_is_text(child.tail) for child in element):
        return {VERBATIM: _verbatim(element)}
    return members_of(element, depth)


def members_of(element: Element, depth: int = 0) -> dict[str, Any]:
    """Return the children of an element by their tags, in the order of their first."""
    found: dict[str, Any] = {}
    repeated: set[str] = set()
    for child in element:
        tag, value = str(child.tag), value_of(child, depth + 1)
        if tag not in found:
            found[tag] = value
        elif tag in repeated:
            found[tag].append(value)
        else:
            repeated.add(tag)
            found[tag] = [found[tag], value]
    return found


def _is_text(text: str | None) -> bool:
    return text is not None and not text.isspace() and text != ""


def _verbatim(element: Element) -> str:
    tail, element.tail = element.tail, None
    try:
        return tostring(element, encoding="unicode")
    finally:
        element.tail = tail


_MARKUP = re.compile("[&<>\r]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escaped(text: str) -> str:
    """Return text as the content of an element."""
    if ILLEGAL.search(text):
        text = legal(text)
    return _MARKUP.sub(lambda found: _ENTITIES[found[0]], text) if _MARKUP.search(text) else text


def element_lines(tag: str, value: Any, indent: str) -> Iterator[str]:
    """Yield the lines of an element, or of several where `value` is a list; the inverse of :func:`value_of`."""
    if isinstance(value, list):
        for one in value:
            yield from element_lines(tag, one, indent)
    elif isinstance(value, dict) and VERBATIM in value:
        yield f"{indent}{value[VERBATIM]}\n"
    elif isinstance(value, dict):
        yield f"{indent}<{tag}>\n"
        for key, inner in value.items():
            yield from element_lines(key, inner, indent + "\t")
        yield f"{indent}</{tag}>\n"
    else:
        text = escaped(value if isinstance(value, str) else str(value))
        yield f"{indent}<{tag}>{text}</{tag}>\n" if text else f"{indent}<{tag}/>\n"
