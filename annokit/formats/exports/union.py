"""The datasets of a tree as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Fixed
from annokit.model.concat import concat

if TYPE_CHECKING:
    from annokit.columns.base import Array
    from annokit.model.dataset import Dataset


def together(parts: Sequence[Dataset]) -> Dataset:
    """Return all parts as one dataset, in which a picture that several tasks label is one item.

    Parameters
    ----------
    parts : sequence of Dataset
        Read from the places of a tree; they state dataset, split and, where there are several tasks, layers.
    """
    joined = concat(parts)
    first = _first(joined, parts)
    if (first == np.arange(len(joined))).all():
        return joined
    item = np.append(first, -1)[joined._annotations.array("item")]
    kept = joined._with(annotations=joined._annotations.replace({"item": Fixed(item)}))
    return kept[np.flatnonzero(first == np.arange(len(joined)))]


def _first(ds: Dataset, parts: Sequence[Dataset]) -> Array:
    """Return for every item the row of the first one of the same subset, dataset and name in any part."""
    found = np.arange(len(ds))
    if not any(part._annotations.sparse("layer") for part in parts):
        return found
    columns = [ds._items.columns[name].to_list() for name in ("dataset", "split", "name") if name in ds._items]
    numbers = zip(*(ds._items.array(name).tolist() for name in ("unit", "form", "kind")), strict=True)
    seen: dict[tuple[object, ...], int] = {}
    start = 0
    keys = list(zip(*columns, numbers, strict=True))
    for part in parts:
        often: dict[tuple[object, ...], int] = {}
        for row in range(start, start + len(part)):
            often[keys[row]] = often.get(keys[row], 0) + 1
            found[row] = seen.setdefault((*keys[row], often[keys[row]]), row)
        start += len(part)
    return found
