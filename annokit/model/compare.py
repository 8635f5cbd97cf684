"""Whether two datasets hold the same data, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from annokit.columns.json import loads, same
from annokit.model.schema import ITEM_UNCOMPARED

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def equal(a: Dataset, b: Dataset) -> bool:
    """Tell whether two datasets hold the same data: raw numbers with their units, but no paths, issues and caches."""
    return a is b or next(differences(a, b), None) is None


def differences(a: Dataset, b: Dataset) -> Iterator[str]:
    """Yield what differs, as ``items/name``, ``annotations/box``, ``labels``, ``info`` and so on."""
    if a.labels != b.labels:
        yield "labels"
    if not same(a.info, b.info):
        yield "info"
    for key in sorted({*a._extras, *b._extras}):
        mine, its = a._extras.get(key), b._extras.get(key)
        if mine is None or its is None or (mine != its and not same(loads(mine), loads(its))):
            yield f"extras/{key}"
    for name in ("items", "annotations", "sequences"):
        mine_table, its_table = getattr(a, f"_{name}"), getattr(b, f"_{name}")
        if len(mine_table) != len(its_table):
            yield name
        else:
            for column in mine_table.differences(its_table, ITEM_UNCOMPARED):
                if column != "mask" or not _same_masks(a, b):
                    yield f"{name}/{column}"


def _same_masks(a: Dataset, b: Dataset) -> bool:
    from annokit.model.bitmaps import same_masks

    return same_masks(a, b)
