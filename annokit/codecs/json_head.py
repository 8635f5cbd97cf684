"""The first bytes of a JSON document, which may end anywhere: enough to tell what it is."""

from __future__ import annotations

import re

TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"(\s*+:)?+|[\[\]{}]', re.DOTALL)


def keys_of(head: bytes, depth: int = 1) -> dict[str, int]:
    """Return the keys of the objects at a depth, 1 for the document itself, and the offset behind each one's colon.

    Parameters
    ----------
    head : bytes
        The beginning of a JSON document; it may end anywhere.
    depth : int
        How many brackets are open around the keys. The first object at that depth counts.
    """
    found: dict[str, int] = {}
    level = 0
    for token in TOKEN.finditer(head):
        text = token.group()
        if text in (b"{", b"["):
            level += 1
        elif text in (b"}", b"]"):
            level -= 1
            if level < depth and found:
                break
        elif level == depth and token.group(2):
            found.setdefault(token.group(1).decode("utf-8", "replace"), token.end())
    return found
