"""What a sample or frame says of its media, made of an item."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from annokit.columns import MISSING
from annokit.formats.segments.facts import MEDIA

KEY_OF_KIND = {kind: key for key, kind in MEDIA.items()} | {"frame": "image"}


def attributes_of(kind: str, uri: Any, kept: Any, absent: Collection[str]) -> Any:
    """Return the attributes of a sample or frame, MISSING where they are absent.

    Parameters
    ----------
    kind : str
        Kind of the item.
    uri : str or MISSING
        Its URL.
    kept : any or MISSING
        What else the attributes say.
    absent : collection of str
        ``attributes`` where there are none, ``url`` where they have no place for one.
    """
    if "attributes" in absent:
        return MISSING
    if "url" in absent or kind == "text":
        return {} if kept is MISSING else kept
    key = KEY_OF_KIND.get(kind, "image")
    others = kept if isinstance(kept, dict) else {}
    own = others.get(key)
    stated = {"url": None if uri is MISSING else uri, **(own if isinstance(own, dict) else {})}
    return {key: stated, **{name: value for name, value in others.items() if name != key}}
