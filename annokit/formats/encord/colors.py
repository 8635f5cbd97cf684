"""Colours, which Encord spells ``#RRGGBB``."""

from __future__ import annotations

from typing import Any


def color_of(value: Any) -> tuple[int, ...] | None:
    """Return ``#RRGGBB`` as three numbers, None where it is something else."""
    if not isinstance(value, str) or len(value) != 7 or value[0] != "#":
        return None
    try:
        return tuple(bytes.fromhex(value[1:]))
    except ValueError:
        return None


def hex_of(color: tuple[int, ...] | None) -> str | None:
    """Return ``#RRGGBB``."""
    return None if color is None else "#" + bytes(color[:3]).hex().upper()


def odd_color(color: Any) -> dict[str, Any]:
    """Return how a label's colour is spelt where the writer would spell it otherwise."""
    return {"encord/color": color} if color is not None and color != hex_of(color_of(color)) else {}
