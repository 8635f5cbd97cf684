"""What JSON values may become columns of numbers, ids and text."""

from __future__ import annotations

from typing import Any

EXACT = 1 << 53
"""Integers up to here are exact as float64."""


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number that float64 holds exactly as it stands."""
    if type(value) is float:
        return value - value == 0.0
    return type(value) is int and -EXACT <= value <= EXACT


def is_id(value: Any) -> bool:
    """Tell whether a value may be an id: text, or an integer within 64 bits."""
    return type(value) is str or (type(value) is int and -(1 << 63) <= value < 1 << 63)


def is_pairs(value: Any) -> bool:
    """Tell whether a value is a non-empty list of [x, y]."""
    return (
        type(value) is list
        and bool(value)
        and all(type(pair) is list and len(pair) == 2 and is_number(pair[0]) and is_number(pair[1]) for pair in value)
    )
