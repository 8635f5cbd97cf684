"""What a dataset holds, counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from unicodedata import combining, east_asian_width

import attrs
import numpy as np

from annokit.columns import MISSING, Sparse
from annokit.columns.base import Array
from annokit.model.schema import ITEM_KINDS, KINDS, STATUSES
from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

WIDTH = 80
"""Columns of a terminal."""

SHOWN = 20
"""Rows of one section that are printed; :meth:`Summary.to_dict` has all."""

BAR = 20

NONE = "(none)"
"""What rows are called that state nothing."""


@attrs.frozen
class LabelCount:
    """How often a label occurs."""

    label: str
    """Its names from the topmost class down, joined by dots."""

    annotations: int
    """Annotations with it."""

    items: int
    """Items with at least one of them."""


@attrs.frozen
class SequenceCount:
    """What belongs to a sequence."""

    name: str
    """Its name."""

    items: int
    """Items of it."""

    annotations: int
    """Annotations on them."""


@attrs.frozen(repr=False)
class Summary:
    """Counts of what a dataset holds; it prints as a table."""

    items: int
    """Items."""

    annotations: int
    """Annotations."""

    empty: int
    """Items without any annotation."""

    dangling: int
    """Annotations of no item."""

    tracks: int
    """Objects that are tied across frames."""

    labels: tuple[LabelCount, ...]
    """Every label, in its order; annotations without label come last, as ``(none)``, where there are some."""

    shapes: Mapping[str, int]
    """Annotations by kind of shape; ``none`` has no shape."""

    kinds: Mapping[str, int]
    """Items by kind."""

    statuses: Mapping[str, int]
    """Items by status, ``(none)`` where the source states none."""

    splits: Mapping[str, int]
    """Items by split, ``(none)`` where there is none."""

    sizes: Mapping[str, int]
    """Items by ``<width>x<height>``, the most frequent first; ``unknown`` where nobody knows it."""

    sequences: tuple[SequenceCount, ...]
    """Every sequence, in its order."""

    def to_dict(self) -> dict[str, Any]:
        """Return all counts as JSON types."""
        plain: dict[str, Any] = attrs.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        labels = sum(row.label != NONE for row in self.labels)
        facts = [counted(self.items, "item"), counted(self.annotations, "annotation"), counted(labels, "label")]
        more = [
            (len(self.sequences), "sequence", "sequences"),
            (self.tracks, "track", "tracks"),
            (self.empty, "empty item", "empty items"),
            (self.dangling, "annotation of no item", "annotations of no item"),
        ]
        yield from _wrapped(facts + [counted(*words) for words in more if words[0]])
        yield from _section("labels", [(row.label, row.annotations, f"in {row.items:,}") for row in self.labels])
        sections = ("shapes", "kinds", "statuses", "splits", "sizes")
        for name in sections:
            counts: Mapping[str, int] = getattr(self, name)
            if name in ("shapes", "sizes") or set(counts) - {NONE, "image"}:
                yield from _section(name, [(key, count, "") for key, count in counts.items()])
        yield from _section("sequences", [(row.name, row.items, f"{row.annotations:,}") for row in self.sequences])


def _wrapped(words: list[str]) -> Iterator[str]:
    from textwrap import wrap

    yield from wrap(", ".join(words), WIDTH)


def _section(title: str, rows: list[tuple[str, int, str]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield title
    shown = sorted(rows, key=lambda row: -row[1])[:SHOWN] if title != "sequences" else rows[:SHOWN]
    most = max((count for _, count, _ in shown), default=0)
    counts = [f"{count:,}" for _, count, _ in shown]
    right, after = max(map(len, counts)), max(len(row[2]) for row in shown)
    room = WIDTH - 2 - 1 - right - 1 - BAR - (after + 2 if after else 0)
    left = min(max(_width(row[0]) for row in shown), room)
    for (name, count, extra), number in zip(shown, counts, strict=True):
        bar = "#" * round(BAR * count / most) if most else ""
        line = f"  {_fitted(name, left)} {number:>{right}} {bar:<{BAR}}"
        yield (f"{line}  {extra:>{after}}" if after else line).rstrip()
    if len(rows) > len(shown):
        yield f"  ... and {len(rows) - len(shown):,} more"


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(mark) in "WF" else 1 for mark in text if not combining(mark))


def _fitted(name: str, room: int) -> str:
    """Return a name on one line that takes exactly `room` columns."""
    line = " ".join(name.split()) or repr(name)[:room]
    if _width(line) > room:
        while _width(line) > room - 2:
            line = line[:-1]
        line += ".."
    return line + " " * (room - _width(line))


def summarise(ds: Dataset) -> Summary:
    """Return the summary of a dataset."""
    item, kind = ds._annotations.array("item"), ds._annotations.array("kind")
    per_item = np.bincount(item + 1, minlength=len(ds) + 1)
    return Summary(
        items=len(ds),
        annotations=len(ds._annotations),
        empty=int((per_item[1:] == 0).sum()),
        dangling=int(per_item[0]),
        tracks=_tracks(ds),
        labels=_labels(ds, item),
        shapes=_counted(kind, KINDS),
        kinds=_counted(ds._items.array("kind"), ITEM_KINDS),
        statuses=_counted(ds._items.array("status"), tuple(status or NONE for status in STATUSES)),
        splits=_splits(ds),
        sizes=_sizes(ds._items.array("size")),
        sequences=_sequences(ds, per_item[1:]),
    )


def _counted(codes: Array, words: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(codes, minlength=len(words)).tolist()
    return {word: count for word, count in zip(words, counts, strict=True) if count}


def _labels(ds: Dataset, item: Array) -> tuple[LabelCount, ...]:
    names = [*(label.path for label in ds.labels), NONE]
    label = ds._annotations.array("label")
    position = np.where(label < 0, len(ds.labels), label)
    rows = np.bincount(position, minlength=len(names)).tolist()
    pairs = np.sort(position[item >= 0] * max(len(ds), 1) + item[item >= 0])
    first = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
    items = np.bincount(pairs[first] // max(len(ds), 1), minlength=len(names)).tolist()
    counts = [LabelCount(*row) for row in zip(names, rows, items, strict=True)]
    return tuple(counts if rows[-1] else counts[:-1])


def _tracks(ds: Dataset) -> int:
    from annokit.model.tracks import track_codes

    codes = track_codes(ds)
    return int(codes.max()) + 1 if len(codes) else 0


def _splits(ds: Dataset) -> dict[str, int]:
    column = ds._items.sparse("split")
    counts: dict[str, int] = {} if column is None else _texts(column)
    missing = len(ds) - sum(counts.values())
    return {**counts, **({NONE: missing} if missing else {})}


def _texts(column: Sparse) -> dict[str, int]:
    used = np.bincount(column.all_slots(), minlength=len(column.values)).tolist()
    counts: dict[str, int] = {}
    for value, count in zip(column.values.to_list(), used, strict=True):
        if count and value is not MISSING:
            counts[str(value)] = counts.get(str(value), 0) + count
    return counts


def _sizes(size: Array) -> dict[str, int]:
    known = (size > 0).all(axis=1)
    different, counts = np.unique(size[known, 0] << 32 | size[known, 1], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    pairs = zip(different[order].tolist(), counts[order].tolist(), strict=True)
    found = {f"{both >> 32}x{both & 0xFFFFFFFF}": count for both, count in pairs}
    unknown = int((~known).sum())
    return {**found, **({"unknown": unknown} if unknown else {})}


def _sequences(ds: Dataset, per_item: Array) -> tuple[SequenceCount, ...]:
    owner = ds._items.array("sequence")
    size = len(ds._sequences)
    items = np.bincount(owner + 1, minlength=size + 1)[1:].tolist()
    rows = np.bincount(owner + 1, weights=per_item, minlength=size + 1)[1:].astype(np.int64).tolist()
    return tuple(SequenceCount(s.name, items[s.row], rows[s.row]) for s in ds.sequences)
