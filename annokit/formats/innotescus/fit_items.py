"""Images and videos as the files list them: what becomes of items, frames and sequences of other formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.names import clean_part, fold
from annokit.columns import Column, Fixed, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.innotescus.classes import UNLISTED
from annokit.formats.innotescus.facts import VIDEOS, is_video
from annokit.formats.innotescus.files import dataset_names
from annokit.formats.innotescus.places import (
    FRAME,
    IMAGE,
    VIDEO,
    Entry,
    entries,
    frames,
    item_order,
    sequence_order,
    texts,
)
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import cleared
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.select import remove_items, take_annotations

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

UNLISTED_COLUMN = f"extras/innotescus/{UNLISTED}"


def lone_videos(ds: Dataset, apply: bool) -> Found:
    """Give a sequence to every video that stands alone."""
    owner, kinds = ds._items.array("sequence"), ds._items.array("kind")
    rows = np.flatnonzero((owner < 0) & (kinds == VIDEO)).tolist()
    rows = [row for row in rows if ds.names[row].lower().endswith(VIDEOS)]
    if not rows:
        return ds, []
    moved, fresh = owner.copy(), Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    columns = {name: texts(ds._items, name) for name in ("id", "uri", "dataset")}
    sizes = ds._items.array("size").tolist()
    for row in rows:
        moved[row] = len(ds._sequences) + fresh.length
        fresh.append({"name": ds.names[row], "size": sizes[row], **{key: v[row] for key, v in columns.items()}})
    table = Table.join([ds._sequences, fresh.table()]) if len(ds._sequences) else fresh.table()
    changed = ds._with(items=ds._items.replace({"sequence": Fixed(moved)}), sequences=table)
    return changed, [at_items(ds, "derived", "sequence", "every video is a sequence", np.array(rows))]


def named_sequences(ds: Dataset, apply: bool) -> Found:
    """Give every sequence a name, and the size that all its frames state."""
    names, idents = texts(ds._sequences, "name"), texts(ds._sequences, "id")
    nameless = [row for row, name in enumerate(names) if name is None]
    issues = []
    changes: dict[str, Column | None] = {}
    if nameless:
        for row in nameless:
            names[row] = f"video {row}" if idents[row] is None else str(idents[row])
        changes["name"] = _column(names)
        issues.append(at_all("derived", "sequence.name", "a video has a name", [names[row] for row in nameless]))
    sizes, found = _sizes(ds)
    if found:
        changes["size"] = Fixed(sizes)
        told = "a video has the size of its frames"
        issues.append(at_all("derived", "sequence.size", told, [str(names[row]) for row in found]))
    return (ds._with(sequences=ds._sequences.replace(changes)) if issues else ds), issues


def _sizes(ds: Dataset) -> tuple[Array, list[int]]:
    """Return the sizes of sequences, and the rows whose size is that of their first item which has one."""
    sizes = ds._sequences.array("size").copy()
    owner, stated = ds._items.array("sequence"), ds._items.array("size")
    known = np.flatnonzero((owner >= 0) & (stated > 0).all(axis=1))
    found = []
    for row in known.tolist():
        sequence = int(owner[row])
        if (sizes[sequence] <= 0).any():
            sizes[sequence] = stated[row]
            found.append(sequence)
    return sizes, found


def _column(values: list[Any]) -> Sparse | None:
    rows = [row for row, value in enumerate(values) if value is not None]
    return sparse_of(len(values), rows, [values[row] for row in rows]) if rows else None


def stated_frames(ds: Dataset, apply: bool) -> Found:
    """Keep the frames of videos that have annotations and a number; make images of other items, and drop the rest."""
    kinds, owner, number = ds._items.array("kind"), ds._items.array("sequence"), frames(ds)
    used = np.zeros(len(ds) + 1, bool)
    used[ds._annotations.array("item")] = True
    fits = _fitting(ds, used[:-1])
    video = _videos(ds, np.where(fits & (kinds != VIDEO), number, -1))
    within = np.append(video, False)[owner]
    empty = within & ~used[:-1]
    stays = within & fits & used[:-1]
    kind = np.where(stays, np.where(kinds == VIDEO, VIDEO, FRAME), IMAGE).astype(np.uint8)
    issues = []
    alone = np.flatnonzero((owner >= 0) & ~stays & ~empty)
    if len(alone):
        told = "an item that is no numbered frame of a video stands alone"
        issues.append(at_items(ds, "dropped", "sequence", told, alone))
    other = np.flatnonzero((kind != kinds) & ~empty)
    if len(other):
        issues.append(at_items(ds, "restated", "kind", "an item is an image, a video or a frame of it", other))
    frame = ds._items.sparse("frame")
    stated = np.zeros(len(ds), bool) if frame is None else frame.mask()
    numbered = np.flatnonzero(stated & (kind != FRAME) & ~empty)
    if len(numbered):
        issues.append(at_items(ds, "dropped", "frame", "only frames of videos have a number", numbered))
    if empty.any():
        told = "frames without annotations are not stated"
        issues.append(at_items(ds, "dropped", "item", told, np.flatnonzero(empty), severity="info"))
    gone = np.flatnonzero(~video)
    if len(gone):
        names = [ds.sequences[int(row)].name for row in gone[:5]]
        issues.append(at_all("dropped", "sequence", "a sequence that is no video is not stated", names))
    if not issues:
        return ds, []
    return _with_kinds(ds, kind, np.where(stays, owner, -1), video, empty), issues


def _fitting(ds: Dataset, used: Array) -> Array:
    """Tell which items can be frames, or whole videos, of their sequence: the first of each number, and of its size."""
    kinds, owner, number = ds._items.array("kind"), ds._items.array("sequence"), frames(ds)
    place = np.where(kinds == VIDEO, -1, number)
    own, video = ds._items.array("size"), np.append(ds._sequences.array("size"), [[-1, -1]], axis=0)[owner]
    fits = used & (owner >= 0) & ((kinds == VIDEO) | (number >= 0))
    fits &= (own == video).all(axis=1) | (own <= 0).any(axis=1)
    rows = np.flatnonzero(fits)
    _, first = np.unique(np.stack([owner[rows], place[rows]], axis=1), axis=0, return_index=True)
    found = np.zeros(len(ds), bool)
    found[rows[first]] = True
    return found


def _videos(ds: Dataset, number: Array) -> Array:
    """Tell which sequences reading takes for videos."""
    last = np.full(len(ds._sequences) + 1, -1)
    np.maximum.at(last, ds._items.array("sequence"), number)
    counts, names = texts(ds._sequences, "frames"), texts(ds._sequences, "name")
    found = [is_video(*row) for row in zip(counts, names, last[:-1].tolist(), strict=True)]
    return np.array(found, bool)


def _with_kinds(ds: Dataset, kind: Array, owner: Array, video: Array, empty: Array) -> Dataset:
    moved = np.append(np.cumsum(video) - 1, -1)
    columns: dict[str, Column | None] = {"kind": Fixed(kind), "sequence": Fixed(moved[owner])}
    column = ds._items.get("frame")
    if column is not None:
        columns["frame"] = cleared(column, np.flatnonzero((kind != FRAME) & ~empty))
    changed = ds._with(items=ds._items.replace(columns), sequences=ds._sequences.take(np.flatnonzero(video)))
    return _without(changed, empty) if empty.any() else changed


def _without(ds: Dataset, empty: Array) -> Dataset:
    """Return the dataset without items; sequences stay."""
    kept = remove_items(ds, empty)
    items = ds._items.take(np.flatnonzero(~empty))
    return kept._with(items=items, sequences=ds._sequences)


def frames_of_videos(ds: Dataset, apply: bool) -> Found:
    """State of frames and whole videos what the files do: the video's name, size and data set, and their number."""
    owner, kinds = ds._items.array("sequence"), ds._items.array("kind")
    rows = np.flatnonzero(owner >= 0).tolist()
    if not rows:
        return ds, []
    number = frames(ds)
    wanted: dict[str, list[Any]] = {
        "name": list(ds.names),
        "id": texts(ds._items, "id"),
        "uri": texts(ds._items, "uri"),
    }
    stated = {name: texts(ds._sequences, name) for name in wanted}
    for row in rows:
        sequence, frame = owner[row], kinds[row] == FRAME
        name = stated["name"][sequence]
        wanted["name"][row] = f"{name}#{number[row]}" if frame else name
        for key in ("id", "uri"):
            wanted[key][row] = None if frame else stated[key][sequence]
    issues: list[Issue] = []
    changes: dict[str, Column | None] = {}
    words = {"name": "renamed", "id": "restated", "uri": "restated"}
    for key, values in wanted.items():
        before = list(ds.names) if key == "name" else texts(ds._items, key)
        other = np.array([row for row in rows if values[row] != before[row]], np.int64)
        if len(other):
            issues.append(at_items(ds, words[key], key, f"a frame has the {key} of its video", other))
            changes[key] = _column(values)
    size = ds._items.array("size").copy()
    size[rows] = ds._sequences.array("size")[owner[rows]]
    other = np.flatnonzero((size != ds._items.array("size")).any(axis=1))
    if len(other):
        issues.append(at_items(ds, "derived", "size", "a frame has the size of its video", other))
        changes["size"] = Fixed(size)
    ds = ds._with(items=ds._items.replace(changes)) if changes else ds
    ds, found = _plain_frames(ds, np.array(rows))
    return ds, issues + found


def _plain_frames(ds: Dataset, rows: Array) -> Found:
    """Drop what is said of single frames: metadata belong to the video."""
    issues, changes = [], {}
    for name, column in ds._items.columns.items():
        head, _, rest = name.partition("/")
        if head not in ("attributes", "extras") or not isinstance(column, Sparse):
            continue
        told = rows[column.mask()[rows]]
        if len(told):
            field = f"attributes.{rest}" if head == "attributes" else rest.partition("/")[2]
            issues.append(at_items(ds, "dropped", field, "metadata belong to the video, not to a frame", told))
            changes[name] = cleared(column, told)
    return (ds._with(items=ds._items.replace(changes)) if changes else ds), issues


def named_datasets(ds: Dataset, apply: bool) -> Found:
    """Name data sets as their folders are, and every frame's as that of its video's first frame."""
    items, sequences = texts(ds._items, "dataset"), texts(ds._sequences, "dataset")
    before = list(items), list(sequences)
    owner = ds._items.array("sequence").tolist()
    first: dict[int, Any] = {}
    for row, sequence in enumerate(owner):
        if sequence >= 0:
            items[row] = first.setdefault(sequence, items[row])
    for sequence, name in first.items():
        sequences[sequence] = name
    folders = _folders({*items, *sequences})
    items, sequences = [folders[name] for name in items], [folders[name] for name in sequences]
    issues = []
    changed = np.array([row for row, name in enumerate(items) if name != before[0][row]], np.int64)
    if len(changed):
        issues.append(at_items(ds, "renamed", "dataset", "a data set is called like its folder", changed))
        ds = ds._with(items=ds._items.replace({"dataset": _column(items)}))
    other = [ds.sequences[row].name for row, name in enumerate(sequences) if name != before[1][row]]
    if other:
        issues.append(at_all("renamed", "sequence.dataset", "a video has the data set of its frames", other))
        ds = ds._with(sequences=ds._sequences.replace({"dataset": _column(sequences)}))
    return ds, issues


def _folders(names: set[str | None]) -> dict[str | None, str | None]:
    """Return the name under which each data set is read back."""
    ordered = sorted(names, key=lambda name: name or "")
    folders: list[str] = []
    taken: set[str] = set()
    for name in ordered:
        folder = "/".join(map(clean_part, name.split("/"))) if name else ""
        tried, number = folder, 2
        while fold(tried) in taken:
            tried, number = f"{folder or 'dataset'}_{number}", number + 1
        taken.add(fold(tried))
        folders.append(tried)
    return dict(zip(ordered, dataset_names(folders), strict=True))


def numbered(ds: Dataset, apply: bool) -> Found:
    """Give every image and video of a data set an index of its own."""
    items, sequences = texts(ds._items, "id"), texts(ds._sequences, "id")
    images: list[int] = []
    videos: list[str] = []
    for group in entries(ds).values():
        idents = [entry.ident for entry in group]
        if None in idents or len(set(idents)) < len(idents):
            for place, entry in enumerate(group):
                own, row = (sequences, entry.sequence) if entry.image is None else (items, entry.image)
                own[row or 0] = place
                if entry.image is None:
                    videos.append(ds.sequences[row or 0].name)
                else:
                    images.append(entry.image)
    if not images and not videos:
        return ds, []
    told = "images and videos of a data set are counted"
    issues = [at_items(ds, "derived", "id", told, np.array(sorted(images)))] if images else []
    if videos:
        issues.append(at_all("derived", "sequence.id", told, videos))
    owner = ds._items.array("sequence")
    for row in np.flatnonzero(ds._items.array("kind") == VIDEO).tolist():
        items[row] = sequences[owner[row]]
    changed = ds._with(
        items=ds._items.replace({"id": _column(items)}), sequences=ds._sequences.replace({"id": _column(sequences)})
    )
    return changed, issues


def in_order(ds: Dataset, apply: bool) -> Found:
    """List items entry by entry, data sets one after another, and annotations likewise."""
    listed = entries(ds)
    issues = []
    videos = sequence_order(listed)
    if videos != list(range(len(videos))):
        names = [ds.sequences[row].name for row in videos[:5]]
        issues.append(at_all("restated", "sequence.order", "videos are listed in the order of their frames", names))
        place = np.append(np.argsort(videos), -1)
        items = ds._items.replace({"sequence": Fixed(place[ds._items.array("sequence")])})
        ds = ds._with(items=items, sequences=ds._sequences.take(np.array(videos)))
        listed = entries(ds)
    order = item_order(ds, listed)
    moved = np.flatnonzero(order != np.arange(len(order)))
    if len(moved):
        issues.append(at_items(ds, "restated", "order", "items are listed entry by entry", moved))
        place = np.append(np.argsort(order), -1)
        annotations = ds._annotations.replace({"item": Fixed(place[ds._annotations.array("item")])})
        ds = ds._with(items=ds._items.take(order), annotations=annotations)
    return _by_dataset(ds, listed, issues)


def _by_dataset(ds: Dataset, listed: dict[str | None, list[Entry]], issues: list[Any]) -> Found:
    place = {name: number for number, name in enumerate(listed)}
    of_item = np.array([place.get(name, 0) for name in texts(ds._items, "dataset")] + [0], np.int64)
    owner = of_item[ds._annotations.array("item")]
    order = np.argsort(owner, kind="stable")
    moved = np.flatnonzero(order != np.arange(len(order)))
    if len(moved):
        issues.append(at_annotations(ds, "restated", "order", "annotations are stored by data set", moved))
        ds = ds._with(annotations=take_annotations(ds._annotations, order))
    return ds, issues
