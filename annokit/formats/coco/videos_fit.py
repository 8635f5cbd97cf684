"""Steps of narrowing that bring a dataset into the form of COCO on video: every item is a numbered frame of a video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING, Column, Fixed, Json, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.formats.coco import keys
from annokit.formats.coco.absent import IMAGE_WANTED, lacks_by_mark, marked, marks
from annokit.formats.coco.fitting import refuse_lost
from annokit.formats.coco.identify import labels_with_ids
from annokit.formats.coco.outlined import INFO, described, with_info
from annokit.formats.frames import FRAME, expanded_tracks, frame_numbers, framed, title_of, titled_sequences, told_apart
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import ITEM_KINDS
from annokit.model.select import remove_items, take_annotations

if TYPE_CHECKING:
    from annokit.formats.holds import Holds
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

LOOSE = "images"
"""Video of the items that are no frames of one."""

ABOUT = keys.extra("info")
"""Column of sequences: the `info` of a video's file."""

STILL = [ITEM_KINDS.index(name) for name in ("image", "frame")]


def on_video(holds: Holds) -> Holds:
    """Return what a tree with a file for every video can hold.

    Parameters
    ----------
    holds : Holds
        What one file can hold.
    """
    first = (expanded_tracks, stills, titled_sequences, in_videos, told_by_videos)
    return attrs.evolve(
        holds,
        item_fields=frozenset(("size", "frame", "sequence", "uri")),
        sequence_fields=frozenset(("name",)),
        sequence_attributes=False,
        info=False,
        item_kind="frame",
        dangling=False,
        steps=(*first, *(step for step in holds.steps if step is not refuse_lost)),
        late_steps=(*(step for step in holds.late_steps if step is not described), named_frames),
    )


def stills(ds: Dataset, apply: bool) -> Found:
    """Leave out whole videos and other items without pixels of their own: only frames have a number."""
    gone = ~np.isin(ds._items.array("kind"), STILL)
    if not gone.any():
        return ds, []
    told = "an item that is no picture has no frame; its annotations are left out"
    rows = np.flatnonzero(gone[ds._annotations.array("item")])
    issues = [at_items(ds, "refused", "item", told, np.flatnonzero(gone))]
    if len(rows):
        issues.append(at_annotations(ds, "refused", "item", told, rows))
    return remove_items(ds, gone), issues


def in_videos(ds: Dataset, apply: bool) -> Found:
    """Make every item a numbered frame of a video, videos in the order of their names."""
    numbered = framed(ds)
    sequences, owner, issues = _owned(ds)
    numbers = _numbers(ds, owner, numbered)
    rows = np.flatnonzero(~numbered)
    if len(rows):
        issues.append(at_items(ds, "derived", "frame", "the number of the frame is made", rows))
    titles = [_title(sequences, row) for row in range(len(sequences))]
    names = told_apart(titles)
    renamed = [title for title, name in zip(titles, names, strict=True) if title != name]
    if renamed:
        issues.append(at_all("renamed", "sequence.name", "every video has a name of its own", renamed))
    order = np.argsort(np.array(names, object), kind="stable")
    if (order != np.arange(len(order))).any():
        issues.append(at_all("restated", "sequence", "videos are in the order of their names", sorted(names)))
    owner = np.argsort(order)[owner]
    if issues:
        still = np.flatnonzero(ds._items.array("kind") != FRAME)
        if len(still):
            issues.append(at_items(ds, "restated", "kind", "to the target, every item is of kind frame", still))
        kind = Fixed(np.full(len(ds), FRAME, np.uint8))
        items = ds._items.replace({"sequence": Fixed(owner), "frame": Fixed(numbers), "kind": kind})
        ds = ds._with(items=items, sequences=sequences.replace({"name": Text.of(names)}).take(order))
    return _sorted(ds, owner, issues)


def _owned(ds: Dataset) -> tuple[Table, Array, list[Issue]]:
    """Return the videos, the video of every item, and what was made up."""
    owner = ds._items.array("sequence").copy()
    loose = np.flatnonzero(owner < 0)
    if not len(loose) and len(ds._sequences):
        return ds._sequences, owner, []
    owner[loose] = len(ds._sequences)
    told = "what belongs to no video is taken together as one"
    issue = at_items(ds, "restated", "sequence", told, loose) if len(loose) else _none(told)
    return Table.join([ds._sequences, _sequence(LOOSE)]), owner, [issue]


def _title(sequences: Table, row: int) -> str:
    name = sequences.value("name", row)
    return name if isinstance(name, str) else LOOSE


def _none(told: str) -> Issue:
    return at_all("derived", "sequence", told, [LOOSE])


def _sequence(name: str) -> Table:
    rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    rows.append({"name": name})
    return rows.table()


def _numbers(ds: Dataset, owner: Array, numbered: Array) -> Array:
    """Return the number of every frame: its own, or one above those of its video."""
    numbers = np.where(numbered, frame_numbers(ds), -1)
    above = np.full(int(owner.max(initial=-1)) + 1, -1, np.int64)
    np.maximum.at(above, owner, numbers)
    for row in np.flatnonzero(~numbered).tolist():
        above[owner[row]] += 1
        numbers[row] = above[owner[row]]
    return numbers


def _sorted(ds: Dataset, owner: Array, issues: list[Issue]) -> Found:
    """Bring items, and then annotations, in the order of their videos."""
    order = np.argsort(owner, kind="stable")
    moved = np.flatnonzero(order != np.arange(len(order)))
    if len(moved):
        issues.append(at_items(ds, "restated", "order", "items are in the order of their videos", moved))
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        item = np.append(back, -1)[ds._annotations.array("item")]
        ds = ds._with(items=ds._items.take(order), annotations=ds._annotations.replace({"item": Fixed(item)}))
    video = np.append(ds._items.array("sequence"), -1)[ds._annotations.array("item")]
    rows = np.argsort(video, kind="stable")
    moved = np.flatnonzero(rows != np.arange(len(rows)))
    if len(moved):
        issues.append(at_annotations(ds, "restated", "order", "annotations are in the order of their videos", moved))
        ds = ds._with(annotations=take_annotations(ds._annotations, rows))
    return ds, issues


def told_by_videos(ds: Dataset, apply: bool) -> Found:
    """State the dataset's `info` in the file of every video, and forget what was said of a single file."""
    issues: list[Issue] = []
    stated = ds._sequences.get(ABOUT)
    old = [MISSING] * len(ds._sequences) if stated is None else stated.to_list()
    info = [with_info(ds.info if value is MISSING else value) if _keyed(value) else value for value in old]
    made = [row for row, (a, b) in enumerate(zip(info, old, strict=True)) if a != b]
    if made:
        told = "the file of every video has an info with a description and a date"
        issues.append(at_all("derived", "sequence.info", told, [title_of(ds, row) for row in made]))
        column = Sparse(len(info), None, None, Json.of([dumps(value) for value in info]))
        ds = ds._with(sequences=ds._sequences.replace({ABOUT: column}))
    gone = [key for key in ds._extras if key.startswith("coco/")]
    if gone or ds.info:
        told = "what was said of one document is stated by the files of videos, or not at all"
        issues.append(at_all("restated", "document", told, [*gone, *ds.info]))
        ds = ds._with(info={}, extras={key: raw for key, raw in ds._extras.items() if key not in gone})
    ds, more = _numbered(ds)
    return ds, issues + more


def _numbered(ds: Dataset) -> Found:
    """Forget which ids and names of images were not stated, or were odd: those of frames are their numbers."""
    issues: list[Issue] = []
    changes: dict[str, Column | None] = {}
    before = marked(ds._items, IMAGE_WANTED)
    rows = np.flatnonzero(before["id"] | before["file_name"])
    if len(rows):
        told = "the id of a frame is its number, and both it and a name are stated"
        issues.append(at_items(ds, "restated", "id", told, rows))
        nothing = np.zeros(len(ds), bool)
        changes[keys.ABSENT] = marks({**before, "id": nothing, "file_name": nothing})
    for key in ("id", "file_name"):
        column = ds._items.sparse(keys.extra(key))
        if column is not None:
            told = f"the {key} of a frame is made of its number"
            issues.append(at_items(ds, "dropped", key, told, column.present()))
            changes[keys.extra(key)] = None
    return (ds._with(items=ds._items.replace(changes)) if changes else ds), issues


def _keyed(value: Any) -> bool:
    """Tell whether an `info` lacks a key that it is to have."""
    return value is MISSING or (isinstance(value, dict) and not value.keys() >= set(INFO))


def named_frames(ds: Dataset, apply: bool) -> Found:
    """Call frames ``<video>#<number>``; what they were called stays as their address."""
    videos = [title_of(ds, row) for row in range(len(ds._sequences))]
    owners, numbers = ds._items.array("sequence").tolist(), frame_numbers(ds).tolist()
    wanted = [f"{videos[row]}#{number}" for row, number in zip(owners, numbers, strict=True)]
    stated = ds._items.get("uri")
    old: list[Any] = [MISSING] * len(ds) if stated is None else stated.to_list()
    pairs = list(zip(ds.names, wanted, old, strict=True))
    uris = [name if uri is MISSING and name != own else uri for name, own, uri in pairs]
    uris = [MISSING if uri == own else uri for uri, own in zip(uris, wanted, strict=True)]
    rows = np.array([row for row, (name, own, _) in enumerate(pairs) if name != own], np.int64)
    told = [row for row, (a, b) in enumerate(zip(uris, old, strict=True)) if a is MISSING and b is not MISSING]
    issues = []
    if len(rows):
        message = "a frame is called <video>#<number>; its name is kept as its address where it has none"
        issues.append(at_items(ds, "renamed", "name", message, rows))
    kept = [row for row, (uri, was) in enumerate(zip(uris, old, strict=True)) if was is MISSING and uri is not MISSING]
    if kept:
        issues.append(at_items(ds, "derived", "uri", "a frame's address is the name that it had", np.array(kept)))
    if told:
        message = "an address that is the frame's name is not stated apart"
        issues.append(at_items(ds, "dropped", "uri", message, np.array(told, np.int64), severity="info"))
    if not issues:
        return ds, []
    kept = [row for row, uri in enumerate(uris) if uri is not MISSING]
    column = Sparse(len(ds), np.array(kept, np.int64), None, Text.of([uris[row] for row in kept])) if kept else None
    return ds._with(items=ds._items.replace({"name": Text.of(wanted), "uri": column})), issues


def own_ids(ds: Dataset, apply: bool) -> Found:
    """Give annotations ids that are different integers in every video, and labels different integers."""
    labels, issues = labels_with_ids(ds.labels, False)
    table = ds._annotations
    column = table.sparse("id")
    video = ds._items.array("sequence")[table.array("item")]
    plain = column is None or _different(column, video)
    stated = np.zeros(len(table), bool) if column is None else column.mask()
    verbatim = table.sparse(keys.extra("id"))
    lacking = ~stated & ~lacks_by_mark(table, "id") & (True if verbatim is None else ~verbatim.mask())
    rows = np.flatnonzero(lacking if plain else lacking | stated)
    if not len(rows):
        return (ds._with(labels=labels) if issues else ds), issues
    ids = np.zeros(len(table), np.int64)
    if plain and column is not None:
        ids[column.present()] = column.dense().values  # type: ignore[attr-defined] # Fixed, as it is plain
    ids[rows] = _counted(video, rows, ids if plain else np.zeros(len(table), np.int64))
    code, told = ("derived", "an id is made") if plain else ("restated", "ids are counted from 1 in every video")
    issues = [*issues, at_annotations(ds, code, "id", told, rows)]
    chosen = np.flatnonzero(stated | lacking)
    made = Sparse(len(table), None if len(chosen) == len(table) else chosen, None, Fixed(ids[chosen]))
    return ds._with(labels=labels, annotations=table.replace({"id": made})), issues


def _different(column: Sparse, video: Array) -> bool:
    """Tell whether ids are integers, and in every video different ones."""
    dense = column.dense()
    if not isinstance(dense, Fixed):
        return False
    pairs = np.stack([video[column.present()], dense.values])
    return bool(np.unique(pairs, axis=1).shape == pairs.shape)


def _counted(video: Array, rows: Array, ids: Array) -> Array:
    """Return ids of `rows`, counted in every video from one above those that it has."""
    above = np.zeros(int(video.max(initial=-1)) + 1, np.int64)
    np.maximum.at(above, video, ids)
    own = video[rows]
    order = np.argsort(own, kind="stable")
    first = np.searchsorted(own[order], own[order])
    rank = np.empty(len(rows), np.int64)
    rank[order] = np.arange(len(rows)) - first
    return np.asarray(above[own] + rank + 1)
