"""XML files as annotations: one, or several one behind the other, repaired where the caller wants it."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from annokit.codecs.xml import parse_documents, parse_xml
from annokit.errors import FormatError
from annokit.limits import Limits

_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_NO_TAG = re.compile(r"<(?![/?!]|[A-Za-z_][\w.-]*(?:\s[^<>]*)?/?>)")
_TAGS = (
    "annotation|folder|filename|path|source|database|image|flickrid|owner|size|width|height|depth|segmented|object|name|"
    "pose|truncated|occluded|difficult|attributes|attribute|value|bndbox|xmin|ymin|xmax|ymax|part|actions|point|polygon|"
    "robndbox|verified|deleted|id"
)
_OTHER_TAG = re.compile(rf"<(?![?!]|/?(?:{_TAGS})(?:\s[^<>]*)?/?>)")
_JUNK = "junk after document element"


def parse(data: bytes, path: str, limits: Limits) -> list[Element]:
    """Return the root elements of a file.

    Raises
    ------
    FormatError
        The file is no XML that may be read; see :func:`annokit.codecs.xml.parse_xml`.
    """
    try:
        return [parse_xml(data, path=path, limits=limits)]
    except FormatError as error:
        if _JUNK not in error.message:
            raise
    return parse_documents(data, path=path, limits=limits)


def repaired(data: bytes, path: str, limits: Limits) -> list[Element] | None:
    """Return the root elements of a file with text that its writer did not escape, None where that is not its fault.

    A bare ``&`` is escaped, and a ``<`` that begins no tag; if that is not enough, also one that begins none of the
    tags that annotations have.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    escaped = _BARE.sub("&amp;", text)
    for pattern in (_NO_TAG, _OTHER_TAG):
        escaped = pattern.sub("&lt;", escaped)
        try:
            return parse(escaped.encode(), path, limits)
        except FormatError:
            continue
    return None
