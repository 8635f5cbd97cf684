"""What Dataloop can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annokit.formats.holds import Holds


def holds(dialect: Any, options: Mapping[str, Any]) -> Holds:
    """Return what item documents can hold."""
    return Holds(
        annotation_fields=frozenset(("id", "score", "parent", "author", "created", "updated", "review")),
        item_fields=frozenset(("id", "uri", "size")),
        sequence_fields=None,
        label_facets=frozenset(),
        sequence_attributes=False,
        extras=("dataloop",),
        info=False,
        unit="pixel",
        form="xyxy",
        sorted_items=True,
    )
