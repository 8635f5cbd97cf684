"""What a SAVANT batch can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING, Column, Fixed, Number, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.formats.conversions import shapeless
from annokit.formats.holds import Holds
from annokit.formats.labels import in_use
from annokit.formats.outlines import drop_empty, single_rings
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.savant.facts import last_part
from annokit.model.label import Label
from annokit.model.label_set import LabelSet
from annokit.model.schema import ITEM_KINDS, KIND_CODE
from annokit.model.select import select_items

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

VIDEO, FRAME = ITEM_KINDS.index("video"), ITEM_KINDS.index("frame")


def holds(dialect: Any, options: Mapping[str, Any]) -> Holds:
    """Return what a batch can hold."""
    return Holds(
        kinds={
            "none": "kept",
            "box": "kept",
            "polygon": "kept",
            "polyline": "kept",
            "point": "kept",
            "rotated_box": "polygon",
            "ellipse": "polygon",
            "mask": "polygon",
            "keypoints": "dropped",
            "cuboid": "dropped",
        },
        annotation_fields=frozenset(("span",)),
        item_fields=frozenset(("id", "uri", "sequence")),
        sequence_fields=frozenset(("id", "name")),
        label_facets=frozenset(("source_id", "extras")),
        attributes=False,
        item_attributes=False,
        sequence_attributes=False,
        extras=("savant",),
        info=False,
        unit="unit",
        form="xyxy",
        time_unit="ms",
        labelled_only=True,
        steps=(shapes_on_frames, spans_on_videos),
        late_steps=(
            *single_rings(),
            drop_empty,
            upright_boxes,
            frame_kinds,
            in_sequences,
            named_by_paths,
            coded_labels,
            in_use(lambda label: label.source_id),
        ),
        notes="A frame has shapes, a video has times. The file states no size.",
    )


def shapes_on_frames(ds: Dataset, apply: bool) -> Found:
    """Drop shapes of annotations on whole videos."""
    on_video = ds._items.array("kind")[ds._annotations.array("item")] == VIDEO
    rows = np.flatnonzero(on_video & (ds._annotations.array("kind") != 0))
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "dropped", "shape", "an annotation of a whole video has a time and no shape", rows)
    return shapeless(ds, rows), [issue]


def spans_on_videos(ds: Dataset, apply: bool) -> Found:
    """Drop spans of annotations on frames, and frame numbers of all spans."""
    spans = ds._annotations.sparse("span")
    if spans is None:
        return ds, []
    rows = spans.present()
    on_video = ds._items.array("kind")[ds._annotations.array("item")[rows]] == VIDEO
    issues = []
    if not on_video.all():
        told = "a frame has shapes and no times"
        issues.append(at_annotations(ds, "dropped", "span", told, rows[~on_video]))
        spans = attrs.evolve(spans, rows=rows[on_video], slots=spans.slots_of(rows[on_video]))
    numbers = spans.dense()
    assert isinstance(numbers, Number)
    framed = ~np.isnan(numbers.values[:, 2:]).all(axis=1)
    if framed.any():
        told = "times are stated without frame numbers"
        issues.append(at_annotations(ds, "dropped", "span", told, spans.present()[framed]))
        values = numbers.values.copy()
        values[:, 2:] = np.nan
        whole = None if numbers.whole is None else numbers.whole & ~np.isnan(values)
        spans = attrs.evolve(spans, slots=None, values=Number(values, whole))
    if not issues:
        return ds, []
    column = spans if spans.count else None
    return ds._with(annotations=ds._annotations.replace({"span": column})), issues


def upright_boxes(ds: Dataset, apply: bool) -> Found:
    """State boxes from the smaller to the larger corner."""
    from annokit.model.bounds import boxes

    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["box"])
    if not len(rows):
        return ds, []
    corners = boxes(ds, rows, "xyxy", "source")
    turned = (corners[:, 2:] < corners[:, :2]).any(axis=1)
    if not turned.any():
        return ds, []
    issue = at_annotations(
        ds, "restated", "box", "boxes are stated from their smaller to their larger corner", rows[turned]
    )
    from annokit.geometry.boxes import FORMS, convert

    item = ds._annotations.array("item")[rows[turned]]
    ordered = np.concatenate(
        [np.minimum(corners[turned, :2], corners[turned, 2:]), np.maximum(corners[turned, :2], corners[turned, 2:])],
        axis=1,
    )
    stated = ds._annotations.columns["box"]
    assert isinstance(stated, Number)
    values = stated.values.copy()
    values[rows[turned]] = convert(
        ordered, FORMS.index("xyxy") * np.ones(len(item), np.uint8), ds._items.array("form")[item]
    )
    whole = None if stated.whole is None else stated.whole.copy()
    if whole is not None:
        whole[rows[turned]] &= values[rows[turned]] == np.rint(values[rows[turned]])
    return ds._with(annotations=ds._annotations.replace({"box": Number(values, whole)})), [issue]


def frame_kinds(ds: Dataset, apply: bool) -> Found:
    """Make a frame of everything that is no video."""
    kinds = ds._items.array("kind")
    rows = np.flatnonzero((kinds != VIDEO) & (kinds != FRAME))
    if not len(rows):
        return ds, []
    changed = kinds.copy()
    changed[rows] = FRAME
    issue = at_items(ds, "restated", "kind", "to SAVANT, every picture is a frame", rows)
    return ds._with(items=ds._items.replace({"kind": Fixed(changed)})), [issue]


def in_sequences(ds: Dataset, apply: bool) -> Found:
    """Put every item into a sequence, with one video at the most, and list items sequence by sequence, videos first."""
    owner = ds._items.array("sequence").copy()
    video = ds._items.array("kind") == VIDEO
    count = len(ds._sequences)
    idents: list[Any] = []
    issues = []
    alone = np.flatnonzero(_surplus(owner, video))
    for row in alone.tolist():
        owner[row] = count + len(idents)
        ident = ds._items.value("id", row)
        idents.append(str(ds._items.value("name", row)) if ident is MISSING else ident)
    loose = np.flatnonzero(owner < 0)
    if len(loose):
        owner[loose] = count + len(idents)
        idents.append("frames")
    added = np.concatenate([alone, loose])
    if len(added):
        issues.append(at_items(ds, "derived", "sequence", "every item belongs to a sequence", np.sort(added)))
        ds = ds._with(
            items=ds._items.replace({"sequence": Fixed(owner)}), sequences=_with_sequences(ds._sequences, idents)
        )
    order = np.lexsort((np.arange(len(owner)), ~video, owner))
    moved = np.flatnonzero(order != np.arange(len(order)))
    if len(moved):
        issues.append(
            at_items(ds, "restated", "order", "items are listed sequence by sequence, the video first", moved)
        )
        ds = select_items(ds, order)
    return ds, issues


def _surplus(owner: Array, video: Array) -> Array:
    """Return which items are videos without a sequence of their own."""
    rows = np.flatnonzero(video)
    _, first = np.unique(owner[rows], return_index=True)
    marks = video.copy()
    marks[rows[first]] = False
    return marks | (video & (owner < 0))


def _with_sequences(table: Table, idents: list[Any]) -> Table:
    from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows

    rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    for ident in idents:
        rows.append({"id": ident})
    return Table.join([table, rows.table()]) if len(table) else rows.table()


def named_by_paths(ds: Dataset, apply: bool) -> Found:
    """Give frames without a path their name as one; names are then the last part of the path, as reading gives them."""
    issues = []
    video = ds._items.array("kind") == VIDEO
    uris: list[Any] = (
        [MISSING] * len(ds) if "uri" not in ds._items else ds._items.columns["uri"].values_of(np.arange(len(ds)))
    )
    idents: list[Any] = (
        [MISSING] * len(ds) if "id" not in ds._items else ds._items.columns["id"].values_of(np.arange(len(ds)))
    )
    names = list(ds.names)
    pathless = [row for row in range(len(ds)) if _needs_path(uris[row], idents[row], names[row], bool(video[row]))]
    for row in pathless:
        uris[row] = names[row]
    dropped = [row for row in range(len(ds)) if video[row] and uris[row] is not MISSING]
    for row in dropped:
        uris[row] = MISSING
    if pathless:
        issues.append(at_items(ds, "derived", "uri", "a frame without a path gets its name as one", np.array(pathless)))
    if dropped:
        issues.append(at_items(ds, "dropped", "uri", "a video has no path in the file", np.array(dropped)))
    sequence_ids = _sequence_values(ds, "id")
    sequence_names = _sequence_values(ds, "name")
    owner = ds._items.array("sequence").tolist()
    fresh_ids = [sequence_ids[owner[row]] if video[row] else idents[row] for row in range(len(ds))]
    fresh = [
        _video_name(sequence_names[owner[row]], sequence_ids[owner[row]])
        if video[row]
        else last_part(uris[row])
        if uris[row] is not MISSING
        else ""
        if idents[row] is MISSING
        else str(idents[row])
        for row in range(len(ds))
    ]
    renamed = [row for row in range(len(ds)) if fresh[row] != names[row]]
    if renamed:
        issues.append(
            at_items(ds, "renamed", "name", "an item is named by the last part of its path", np.array(renamed))
        )
    changed_ids = [row for row in range(len(ds)) if video[row] and fresh_ids[row] != idents[row]]
    if changed_ids:
        issues.append(at_items(ds, "restated", "id", "a video has the id of its sequence", np.array(changed_ids)))
    if not issues:
        return ds, []
    columns: dict[str, Column | None] = {"name": Text.of(fresh), "uri": _sparse(uris), "id": _sparse(fresh_ids)}
    return ds._with(items=ds._items.replace(columns)), issues


def _needs_path(uri: Any, ident: Any, name: str, video: bool) -> bool:
    return not video and uri is MISSING and (ident is MISSING or str(ident) != name) and name != ""


def _video_name(name: Any, ident: Any) -> str:
    if name is not MISSING:
        return str(name)
    return "" if ident is MISSING else str(ident)


def _sequence_values(ds: Dataset, name: str) -> list[Any]:
    column = ds._sequences.get(name)
    rows = np.arange(len(ds._sequences))
    return [MISSING] * len(rows) if column is None else column.values_of(rows)


def _sparse(values: list[Any]) -> Sparse | None:
    from annokit.columns.make import sparse_of

    rows = [row for row, value in enumerate(values) if value is not MISSING]
    return sparse_of(len(values), rows, [values[row] for row in rows]) if rows else None


def coded_labels(ds: Dataset, apply: bool) -> Found:
    """Give every label a code of its own, and its code as its name where the file has no place for the name."""
    video = ds._items.array("kind") == VIDEO
    timed = set(np.unique(ds._annotations.array("label")[video[ds._annotations.array("item")]]).tolist())
    taken: set[Any] = set()
    labels, codes, names = [], [], []
    for position, label in enumerate(ds.labels):
        code = _code(label, taken)
        taken.add(code)
        name = label.name if position in timed else str(code)
        if code != label.source_id:
            codes.append(label.name)
        if name != label.name:
            names.append(label.name)
        labels.append(Label(name, code, extras=label.extras))
    issues = []
    if codes:
        issues.append(at_all("derived", "label.source_id", "a label's code is its name", codes))
    if names:
        issues.append(at_all("dropped", "label.name", "frames state a label's code only", names))
    if not issues:
        return ds, []
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), issues


def _code(label: Label, taken: set[Any]) -> Any:
    code: Any = label.source_id if isinstance(label.source_id, str) or "savant/" in str(label.extras) else label.name
    number = 2
    found = code
    while found in taken:
        found = f"{code}_{number}"
        number += 1
    return found
