"""The layers of a dataset: labelsets, as its annotations and labels tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING
from annokit.columns.json import loads
from annokit.formats.segments.batch import KEPT
from annokit.formats.segments.envelope import Envelope
from annokit.formats.segments.facts import MAIN_LAYERS, PREFIX

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

LAYER = PREFIX + "#layer"
"""Extra of a dataset that names its main layer where annotations and labels do not tell it."""

ALL = PREFIX + "#all"
"""Extra of a dataset whose release says that all layers are to be read."""


def layers_of(ds: Dataset) -> list[str]:
    """Return the layers of a dataset, the main one first; annotations of none count as those of the first one."""
    seen = seen_layers(ds)
    raw = ds._extras.get(LAYER)
    stated = str(loads(raw)) if raw is not None else None
    fits = stated is not None and main_layer(ds, [*seen, stated]) == stated
    main = stated if stated is not None and fits else main_layer(ds, seen)
    return [main, *(layer for layer in seen if layer != main)]


def seen_layers(ds: Dataset) -> list[str]:
    """Return the layers in which there are annotations or labels, in their order."""
    column = ds._annotations.sparse("layer")
    named: dict[str, None] = {}
    if column is not None:
        used = np.unique(column.all_slots(), return_index=True)
        slots = used[0][used[1].argsort()]
        named = dict.fromkeys(column.values.values_of(slots.astype(np.int64)))
    if len(ds._annotations) and (column is None or column.count < len(ds._annotations)):
        named.setdefault(MAIN_LAYERS[0])
    for table in (ds._items, ds._sequences):
        further = table.sparse(KEPT + "labels")
        for labels in further.dense().to_list() if further is not None else ():
            named.update(dict.fromkeys(labels if isinstance(labels, dict) else ()))
    return list(named)


def main_layer(ds: Dataset, seen: list[str]) -> str:
    """Return the one of some layers that a release is read by."""
    return Envelope({}, {}, listed_layers(ds), [], []).main_layer(seen) if seen else MAIN_LAYERS[0]


def listed_layers(ds: Dataset) -> list[dict[str, Any]]:
    """Return the labelsets that the dataset's info lists."""
    inner = ds.info.get("dataset")
    listed = inner.get("labelsets") if isinstance(inner, dict) else None
    if not isinstance(listed, list):
        return []
    return [one for one in listed if isinstance(one, dict) and isinstance(one.get("name"), str)]


def is_main(ds: Dataset, main: str) -> np.ndarray:
    """Return (n,) bool, True for the annotations of the main layer."""
    column = ds._annotations.sparse("layer")
    none = main == MAIN_LAYERS[0]
    found = np.full(len(ds._annotations), none)
    if column is not None:
        names = np.array([name == main for name in column.values.to_list()], bool)
        found[column.present()] = names[column.all_slots()]
    return found


__all__ = ["ALL", "LAYER", "MISSING", "is_main", "layers_of", "listed_layers", "main_layer", "seen_layers"]
