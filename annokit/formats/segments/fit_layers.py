"""Steps of narrowing about layers: each annotation belongs to a labelset, and each labelset has a label per sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Json, Sparse, Text
from annokit.columns.json import loads
from annokit.columns.make import sparse_of
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.segments.batch import KEPT
from annokit.formats.segments.facts import MAIN_LAYERS
from annokit.formats.segments.fit_ids import values
from annokit.formats.segments.fit_masks import mask_rows
from annokit.formats.segments.layers import LAYER, layers_of, main_layer, seen_layers
from annokit.formats.segments.samples import are_records
from annokit.model.masks import VOID
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.segments.tasks import Task
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def masks_in_main_layer(ds: Dataset, apply: bool) -> Found:
    """Bring masks with pixels into one layer: an item has one bitmap."""
    rows, encoding = mask_rows(ds)
    rows = rows[encoding != VOID]
    stated = values(ds, "layer")
    main = layers_of(ds)[0]
    moved = np.array([row for row in rows.tolist() if stated[row] not in (main, MISSING)], np.int64)
    if not len(moved):
        return ds, []
    issue = at_annotations(ds, "restated", "layer", f"all masks belong to the layer {main!r}", moved)
    for row in moved.tolist():
        stated[row] = main
    named = [row for row, layer in enumerate(stated) if layer is not MISSING]
    column = sparse_of(len(stated), named, [stated[row] for row in named])
    return ds._with(annotations=ds._annotations.replace({"layer": column})), [issue]


def _column(names: list[str]) -> Column:
    known = {name: number for number, name in enumerate(dict.fromkeys(names))}
    slots = np.array([known[name] for name in names], np.min_scalar_type(max(len(known) - 1, 0)))
    return Sparse(len(names), None, slots, Text.of(known))


def layers(ds: Dataset, apply: bool) -> Found:
    """Give each annotation a layer, and forget the layer of a dataset whose annotations tell it."""
    issues = []
    stated = values(ds, "layer")
    rows = np.array([row for row, layer in enumerate(stated) if layer is MISSING], np.int64)
    if len(rows):
        told = f"annotations of no layer belong to {MAIN_LAYERS[0]!r}"
        issues.append(at_annotations(ds, "derived", "layer", told, rows))
        named = [MAIN_LAYERS[0] if layer is MISSING else layer for layer in stated]
        ds = ds._with(annotations=ds._annotations.replace({"layer": _column(named)}))
    raw = ds._extras.get(LAYER)
    if raw is not None and (loads(raw) != layers_of(ds)[0] or loads(raw) == main_layer(ds, seen_layers(ds))):
        issues.append(at_all("dropped", "layer", "annotations tell their layer", [LAYER], severity="info"))
        ds = ds._with(extras={key: text for key, text in ds._extras.items() if key != LAYER})
    return ds, issues


def in_order(ds: Dataset, apply: bool) -> Found:
    """List the annotations of each item layer by layer, the main one first."""
    names = layers_of(ds)
    column = ds._annotations.sparse("layer")
    if len(names) == 1 or column is None:
        return ds, []
    place = {name: number for number, name in enumerate(names)}
    rank = np.array([place.get(name, 0) for name in column.values.to_list()], np.int64)[column.all_slots()]
    order = np.lexsort((rank, ds._annotations.array("item")))
    moved = np.flatnonzero(order != np.arange(len(order)))
    if not len(moved):
        return ds, []
    issue = at_annotations(ds, "restated", "order", "annotations are listed layer by layer", moved)
    return ds._with(annotations=take_annotations(ds._annotations, order)), [issue]


def further_labels(task: Task) -> Step:
    """Give each sample a label of each further layer in which it has annotations."""

    def step(ds: Dataset, apply: bool) -> Found:
        names = layers_of(ds)
        key = KEPT + "labels"
        table = ds._sequences if task.sequence else ds._items
        stated = table.sparse(key)
        if len(names) == 1 and stated is None:
            return ds, []
        owner = ds._annotations.array("item")
        sample = ds._items.array("sequence")[owner] if task.sequence else owner
        needed: dict[int, dict[str, None]] = {}
        for place, layer in zip(sample.tolist(), values(ds, "layer"), strict=True):
            if layer != names[0]:
                needed.setdefault(place, {})[layer] = None
        frames = np.bincount(ds._items.array("sequence")[ds._items.array("sequence") >= 0], minlength=len(table))
        fresh, changed = {}, []
        for row in range(len(table)):
            old = MISSING if stated is None else stated.value(row)
            new = _labels(old, names[1:], needed.get(row, {}), int(frames[row]) if task.sequence else None)
            if new:
                fresh[row] = new
            if new != (old or {}):
                changed.append(row)
        if not changed:
            return ds, []
        told = "each layer has a label of its own"
        if task.sequence:
            issue = at_all("derived", "labels", told, [str(ds.sequences[row].id) for row in changed[:5]])
        else:
            issue = at_items(ds, "derived", "labels", told, np.array(changed))
        rows = np.array(sorted(fresh), np.int64)
        column = Sparse(len(table), rows, None, Json.of([fresh[row] for row in rows.tolist()])) if fresh else None
        made = table.replace({key: column})
        return (ds._with(sequences=made) if task.sequence else ds._with(items=made)), [issue]

    return step


def _labels(old: Any, names: list[str], needed: dict[str, None], frames: int | None) -> dict[str, Any]:
    """Return the labels of further layers, such that those with annotations have a place for them."""
    stated = {name: label for name, label in old.items() if name in names} if isinstance(old, dict) else {}
    for name in needed:
        if not _has_place(stated.get(name), frames):
            told: dict[str, Any] = {"annotations": []} if frames is None else {"frames": [{"annotations": []}] * frames}
            stated[name] = {"label_status": "LABELED", "attributes": told}
    return stated


def _has_place(label: Any, frames: int | None) -> bool:
    told = label.get("attributes") if isinstance(label, dict) else None
    if not isinstance(told, dict):
        return False
    if frames is None:
        return are_records(told.get("annotations")) and "frames" not in told
    listed = told.get("frames")
    if not isinstance(listed, list) or len(listed) < frames:
        return False
    return all(isinstance(frame, dict) and are_records(frame.get("annotations")) for frame in listed)
