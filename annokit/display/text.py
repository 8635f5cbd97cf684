"""Text from files made fit to be shown: one line, bounded, without what could break a page or a font."""

from __future__ import annotations

import html
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annokit.model.annotation import Annotation

_REPLACED = frozenset({"Cc", "Cs", "Cn"})
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(value: Any, longest: int = 200) -> str:
    """Return `value` as one line of at most `longest` characters; control characters and lone halves are replaced."""
    text = value if isinstance(value, str) else str(value)
    if len(text) <= longest and text.isprintable():
        return text
    cut = text[: longest + 1]
    line = " ".join("".join(_shown(char) for char in cut).split())
    return line if len(text) <= longest else line[: longest - 1].rstrip() + "…"


def _shown(char: str) -> str:
    if char.isspace():
        return " "
    return "\ufffd" if char in _BIDI or unicodedata.category(char) in _REPLACED else char


def escaped(value: Any, longest: int = 200) -> str:
    """Return `value` cleaned, and escaped for HTML, SVG and quoted attributes alike."""
    return html.escape(clean(value, longest), quote=True)


def caption_of(annotation: Annotation) -> str:
    """Return what stands beside a shape: label, track and score."""
    name = annotation.label.name if annotation.label is not None else ""
    track = f"#{annotation.track}" if annotation.track is not None else ""
    score = f"{annotation.score:.2f}" if annotation.score is not None else ""
    return " ".join(clean(part, 60) for part in (name, track, score) if part)
