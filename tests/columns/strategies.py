"""Columns together with the plain lists that they stand for."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from annokit.columns import MISSING, Column, Fixed, Json, Number, Ragged, Sparse, Struct, Text
from annokit.columns.json import dumps

Pair = tuple[Column, list[Any]]

INTEGERS = st.integers(-(1 << 63), (1 << 63) - 1)
FLOATS = st.floats(allow_nan=False)
NUMBERS = st.integers(-(1 << 53), 1 << 53) | FLOATS
TEXTS = st.text(max_size=6) | st.sampled_from(["", "ünïcødé", "猫", "🐈", "\ud800", "a\x00b"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def fixed(draw: st.DrawFn, size: int | None = None) -> Pair:
    kind, values = draw(st.sampled_from([(np.int64, INTEGERS), (bool, st.booleans()), (np.uint8, st.integers(0, 255))]))
    listed = draw(_lists(values, size))
    return Fixed(np.array(listed, kind)), listed


@st.composite
def number(draw: st.DrawFn, size: int | None = None) -> Pair:
    listed = draw(_lists(NUMBERS, size))
    return Number.of(listed), listed


@st.composite
def pairs(draw: st.DrawFn, size: int | None = None) -> Pair:
    listed = draw(_lists(st.lists(NUMBERS, min_size=2, max_size=2), size))
    return (Number.of(listed) if listed else Number(np.zeros((0, 2)))), listed


@st.composite
def text(draw: st.DrawFn, size: int | None = None) -> Pair:
    before, listed, after = draw(TEXTS), draw(_lists(TEXTS, size)), draw(TEXTS)
    whole = Text.of([before, *listed, after])
    own = Text(whole.data, whole.offsets[1:-1])
    return draw(st.sampled_from([Text.of(listed), own])), listed


@st.composite
def json(draw: st.DrawFn, size: int | None = None) -> Pair:
    listed = draw(_lists(JSON, size))
    return Json.of([dumps(value) for value in listed]), listed


def _lists(values: st.SearchStrategy[Any], size: int | None) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=size or 0, max_size=6 if size is None else size)


@st.composite
def ragged(draw: st.DrawFn, size: int | None = None, depth: int = 2) -> Pair:
    inner = [fixed, number, pairs, text, json] if depth == 1 else [number, lambda: ragged(depth=depth - 1)]
    values, plain = draw(draw(st.sampled_from(inner))())
    if size is None and draw(st.booleans()):
        return Ragged(None, values), [[value] for value in plain]
    count = draw(st.integers(0, 4)) if size is None else size
    cuts = sorted(draw(st.lists(st.integers(0, len(plain)), min_size=count + 1, max_size=count + 1)))
    return Ragged(np.array(cuts, np.int64), values), [plain[a:b] for a, b in pairwise(cuts)]


@st.composite
def struct(draw: st.DrawFn, size: int | None = None) -> Pair:
    count = draw(st.integers(0, 5)) if size is None else size
    parts = {name: draw(draw(st.sampled_from([fixed, pairs, text, ragged]))(size=count)) for name in "ab"}
    rows = [{name: parts[name][1][row] for name in parts} for row in range(count)]
    return Struct({name: column for name, (column, _) in parts.items()}), rows


@st.composite
def sparse(draw: st.DrawFn, size: int | None = None) -> Pair:
    length = draw(st.integers(0, 8)) if size is None else size
    rows = draw(st.none() | st.lists(st.integers(0, length - 1), unique=True).map(sorted) if length else st.none())
    count = length if rows is None else len(rows)
    inner = draw(st.sampled_from([fixed, number, text, json, ragged, struct]))
    if draw(st.booleans()):
        values, plain = draw(inner(size=count))
        slots = None
    else:
        values, plain = draw(inner(size=draw(st.integers(1, 4))))
        slots = draw(st.lists(st.integers(0, len(plain) - 1), min_size=count, max_size=count))
    listed: list[Any] = [MISSING] * length
    for place, row in enumerate(range(length) if rows is None else rows):
        listed[row] = plain[place if slots is None else slots[place]]
    made = None if slots is None else np.array(slots, draw(st.sampled_from([np.int64, np.uint8])))
    return Sparse(length, None if rows is None else np.array(rows, np.int64), made, values), listed


DENSE = (fixed, number, pairs, text, json, ragged, struct)
ANY = (*DENSE, sparse)


def columns() -> st.SearchStrategy[Pair]:
    """Any column with its list."""
    return st.sampled_from(ANY).flatmap(lambda make: make())


@st.composite
def twins(draw: st.DrawFn) -> list[Pair]:
    """Several columns of one kind."""
    make = draw(st.sampled_from(ANY))
    return [draw(make()) for _ in range(draw(st.integers(1, 3)))]


@st.composite
def rows_of(draw: st.DrawFn, length: int) -> np.ndarray:
    """Rows of a column: any, repeated, ascending, or a run."""
    if not length:
        return np.zeros(0, np.int64)
    start, stop = sorted(draw(st.tuples(st.integers(0, length), st.integers(0, length))))
    anyhow = st.lists(st.integers(0, length - 1), max_size=8)
    chosen = draw(st.just(list(range(start, stop))) | anyhow | anyhow.map(lambda rows: sorted(set(rows))))
    return np.array(chosen, np.int64)
