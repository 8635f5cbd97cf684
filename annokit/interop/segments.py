"""Functions that users of the Segments.ai SDK know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from annokit.errors import UsageError
from annokit.model.annotation import Annotation

MOST = 1 << 24
"""Ids of an instance bitmap lie below."""


def semantic_bitmap(
    instance_bitmap: Any,
    annotations: Iterable[Annotation | Mapping[str, Any]] | None,
    *,
    id_offset: int = 0,
    background: int = 0,
) -> np.ndarray | None:
    """Return the category of every pixel of an instance bitmap.

    Parameters
    ----------
    instance_bitmap : (H, W) integer array, PIL image or None
        An id per pixel, such as ``item["segmentation_bitmap"]``.
    annotations : iterable of Annotation or mapping, or None
        Such as ``item["annotations"]``, or objects with ``id`` and ``category_id``.
    id_offset : int
        Added to category ids. Releases number categories from 0 or 1; with 1, none of them is the background.
    background : int
        The value of pixels of id 0 and of ids that no annotation has.

    Returns
    -------
    (H, W) integer array or None
        Category ids plus `id_offset`, in the smallest dtype from uint8 on that holds them all. An annotation's category
        is its label's source id, or, where one of the labels has no integer for an id, 1 + the label's position. None
        where nobody has labelled the item, that is, where either argument is None.

    Raises
    ------
    UsageError
        A category id plus the offset equals the background, so that its pixels would be lost among them.

    Examples
    --------
    >>> semantic_bitmap(np.array([[1, 0, 70000]]), [{"id": 1, "category_id": 3}, {"id": 70000, "category_id": 9}])
    array([[3, 0, 9]], dtype=uint8)
    """
    if instance_bitmap is None or annotations is None:
        return None
    bitmap = np.asarray(instance_bitmap)
    if bitmap.ndim != 2 or bitmap.dtype.kind not in "uib":
        raise UsageError(f"an instance bitmap is an (H, W) array of integers; found {bitmap.shape} of {bitmap.dtype}")
    ids, categories = _pairs(list(annotations))
    values = categories + id_offset
    lost = np.flatnonzero(values == background)
    if len(lost):
        raise UsageError(
            f"category {categories[lost[0]]} would become {background}, which is the background; give id_offset= or "
            "background="
        )
    return _looked_up(bitmap, ids, values, background)


def _looked_up(bitmap: np.ndarray, ids: np.ndarray, values: np.ndarray, background: int) -> np.ndarray:
    """Return the value of each id of a bitmap; of ids that occur twice the later value."""
    top = int(bitmap.max()) if bitmap.size else 0
    bounds = [background, int(values.min(initial=background)), int(values.max(initial=background))]
    dtype = np.result_type(*map(np.min_scalar_type, bounds))
    if top < MOST:
        table = np.full(top + 1, background, dtype)
        here = (ids >= 0) & (ids <= top)
        table[ids[here]] = values[here]
        return np.asarray(table[bitmap.astype(np.uint8) if bitmap.dtype == bool else bitmap])
    present, place = np.unique(bitmap, return_inverse=True)
    known = dict(zip(ids.tolist(), values.tolist(), strict=True))
    table = np.array([known.get(ident, background) for ident in present.tolist()], dtype)
    return np.asarray(table[place].reshape(bitmap.shape))


def _pairs(annotations: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of annotations in their bitmap, and their categories; those without either are left out."""
    made = [one for one in annotations if isinstance(one, Annotation)]
    if len(made) == len(annotations):
        return _of_annotations(made)
    try:
        pairs = [(int(one["id"]), int(one["category_id"])) for one in annotations]
    except (TypeError, KeyError, ValueError) as error:
        raise UsageError('expected annotations of one item, or objects with "id" and "category_id"') from error
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _of_annotations(annotations: list[Annotation]) -> tuple[np.ndarray, np.ndarray]:
    ids = _ids_in_bitmaps(annotations)
    labels = [annotation.label for annotation in annotations]
    plain = all(label is None or type(label.source_id) is int for label in labels)
    rows = [row for row, label in enumerate(labels) if label is not None and ids[row]]
    categories = [_category(annotations[row], plain) for row in rows]
    return np.array([ids[row] for row in rows], np.int64), np.array(categories, np.int64)


def _category(annotation: Annotation, plain: bool) -> int:
    label = annotation.label
    assert label is not None
    if plain:
        return int(label.source_id or 0)
    if annotation.dataset is None or annotation.row is None:
        raise UsageError(f"label {label.name!r} has no integer id, and no position either: it belongs to no dataset")
    return int(annotation.dataset._annotations.array("label")[annotation.row]) + 1


def _ids_in_bitmaps(annotations: list[Annotation]) -> list[int]:
    """Return the id under which ``item.segmentation_bitmap`` shows each annotation, 0 where it does not."""
    from annokit.model.bitmaps import painted_ids

    known: dict[tuple[int, int], dict[int, int]] = {}
    found = []
    for place, annotation in enumerate(annotations, 1):
        ds, row = annotation.dataset, annotation.row
        if ds is None or row is None:
            found.append(place)
            continue
        item = int(ds._annotations.array("item")[row])
        if (id(ds), item) not in known:
            rows = ds._rows_of_item(item).tolist()
            known[id(ds), item] = dict(zip(rows, painted_ids(ds, item).tolist(), strict=True))
        found.append(known[id(ds), item][row])
    return found


__all__ = ["semantic_bitmap"]
