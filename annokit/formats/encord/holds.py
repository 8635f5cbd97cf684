"""What Encord's label rows can hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Fixed, Table
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.conversions import shapeless
from annokit.formats.encord.facts import ITEM_KIND, MAIN
from annokit.formats.encord.reread import FORM, TIME_UNIT, UNIT, as_read
from annokit.formats.frames import expanded_tracks
from annokit.formats.holds import Holds
from annokit.formats.outlines import drop_empty
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import ITEM_KINDS, KIND_CODE
from annokit.model.select import select_items, take_annotations

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

VIDEO, FRAME, IMAGE = (ITEM_KINDS.index(kind) for kind in ("video", "frame", "image"))
SOUND = {"audio": "audio", "text": "plain_text"}


def holds(dialect: Any, options: Mapping[str, Any]) -> Holds:
    """Return what label rows can hold."""
    return Holds(
        annotation_fields=frozenset(("track", "score", "keyframe", "created", "updated", "author", "span", "layer")),
        item_fields=frozenset(("id", "uri", "size", "frame", "sequence", "dataset", "status")),
        sequence_fields=frozenset(("id", "name", "dataset", "task", "status", "fps", "size", "uri")),
        label_facets=frozenset(("source_id", "color", "shape", "attributes", "skeleton", "extras")),
        item_attributes=False,
        sequence_attributes=False,
        extras=("encord",),
        info=False,
        unit=UNIT,
        form=FORM,
        time_unit=TIME_UNIT,
        labelled_only=True,
        grouped=False,
        steps=(drop_empty, expanded_tracks, shapes_on_frames, known_cuboids),
        late_steps=(main_branch, in_rows),
        final_steps=(partial(as_read, options=options),),
        notes="Labels are reserved for one kind of shape each; every object has a hash; ontology= writes the rest.",
    )


def shapes_on_frames(ds: Dataset, apply: bool) -> Found:
    """Drop shapes of annotations on whole media."""
    framed = np.isin(ds._items.array("kind"), (IMAGE, FRAME))[ds._annotations.array("item")]
    rows = np.flatnonzero(~framed & (ds._annotations.array("kind") != 0))
    if not len(rows):
        return ds, []
    told = "an annotation of a whole medium has a range of frames and no shape"
    return shapeless(ds, rows), [at_annotations(ds, "dropped", "shape", told, rows)]


def known_cuboids(ds: Dataset, apply: bool) -> Found:
    """Drop cuboids drawn on a picture, unless they came from Encord: theirs are a front and how it is moved."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["cuboid"])
    if not len(rows):
        return ds, []
    stated = ds._annotations.columns["cuboid"].values_of(rows)
    verbatim = ds._annotations.sparse("extras/encord/cuboid_2d")
    known = np.zeros(len(ds._annotations), bool) if verbatim is None else verbatim.mask()
    whole = np.array([{"center", "size", "rotation"} <= set(cuboid) for cuboid in stated], bool)
    rows = rows[~whole & ~known[rows]]
    if not len(rows):
        return ds, []
    told = "a cuboid given by its corners has no place"
    return shapeless(ds, rows), [at_annotations(ds, "dropped", "shape", told, rows)]


def main_branch(ds: Dataset, apply: bool) -> Found:
    """Put everything on the branch of its row, which is the main one unless the row came from another."""
    column = ds._annotations.sparse("layer")
    if column is None:
        return ds, []
    own = [MAIN]
    stated = ds._sequences.get("extras/encord/branch_name")
    if stated is not None:
        own = [value if isinstance(value, str) and value else MAIN for value in stated.to_list()] + own
    else:
        own = [MAIN] * (len(ds._sequences) + 1)
    sequence = np.append(ds._items.array("sequence"), -1)[ds._annotations.array("item")]
    rows = column.present()
    layers = column.values_of(rows)
    wrong = [place for place, row in enumerate(rows.tolist()) if layers[place] != own[sequence[row]]]
    if not wrong:
        return ds, []
    for place in wrong:
        layers[place] = own[sequence[rows[place]]]
    issue = at_annotations(ds, "dropped", "layer", "a row belongs to one branch", rows[wrong])
    layer = sparse_of(len(ds._annotations), rows.tolist(), layers)
    return ds._with(annotations=ds._annotations.replace({"layer": layer})), [issue]


def in_rows(ds: Dataset, apply: bool) -> Found:
    """Give every item a sequence, which is a label row, every frame a number, and list items row by row."""
    ds, issues = _with_rows(ds)
    ds, found = _numbered(ds)
    issues += found
    owner, whole = ds._items.array("sequence"), ds._items.array("kind") == VIDEO
    place = np.where(whole, 1 << 62, _frames(ds))
    order = np.lexsort((np.arange(len(ds)), place, np.where(whole, 0, _spaces(ds)), whole, owner))
    moved = np.flatnonzero(order != np.arange(len(order)))
    if len(moved):
        issues.append(at_items(ds, "restated", "order", "items are listed row by row", moved))
        ds = select_items(ds, order)
    ds, found = _in_lists(ds)
    return ds, issues + found


def _in_lists(ds: Dataset) -> Found:
    """List the objects of an item before its classifications, and after them what holds for ranges of the row."""
    table = ds._annotations
    item = table.array("item")
    marks = {name: table.sparse(f"extras/encord/{name}") for name in ("#ranged", "#object")}
    told = {name: np.zeros(len(table), bool) if c is None else c.mask() for name, c in marks.items()}
    ranged = told["#ranged"] | ~np.isin(ds._items.array("kind")[item], (IMAGE, FRAME))
    answer = (table.array("kind") == 0) & ~told["#object"]
    order = np.lexsort(
        (np.arange(len(item)), answer, np.where(ranged, 0, item), ranged, ds._items.array("sequence")[item])
    )
    moved = np.flatnonzero(order != np.arange(len(order)))
    if not len(moved):
        return ds, []
    issue = at_annotations(ds, "restated", "order", "objects are listed before classifications", moved)
    return ds._with(annotations=take_annotations(table, order)), [issue]


def _spaces(ds: Dataset) -> Array:
    """Return the place of each item's space among those of its row, 0 where it belongs to none."""
    found = np.zeros(len(ds), np.int64)
    column, stated = ds._items.sparse("extras/encord/#space"), ds._sequences.get("extras/encord/spaces")
    if column is None or stated is None:
        return found
    known = [list(value) if isinstance(value, dict) else [] for value in stated.to_list()]
    rows = column.present()
    owner = ds._items.array("sequence")[rows].tolist()
    for row, sequence, space in zip(rows.tolist(), owner, column.values_of(rows), strict=True):
        mine = known[sequence] if sequence >= 0 else []
        found[row] = mine.index(space) + 1 if space in mine else 0
    return found


def _frames(ds: Dataset) -> Array:
    found = np.full(len(ds), 1 << 62)
    column = ds._items.sparse("frame")
    if column is not None:
        found[column.present()] = column.values_of(column.present())
    return found


def _with_rows(ds: Dataset) -> Found:
    owner, kinds = ds._items.array("sequence").copy(), ds._items.array("kind")
    count = len(ds._sequences)
    loose = np.flatnonzero(owner < 0)
    owner[loose] = count + np.arange(len(loose))
    tasks = [None] * count if "task" not in ds._sequences else ds._sequences.columns["task"].to_list()
    fresh: list[Any] = []
    for row in range(count + len(loose)):
        mine = kinds[loose[row - count]] if row >= count else kinds[owner == row]
        task = tasks[row] if row < count else MISSING
        known = isinstance(task, str) and task.lower() in ITEM_KIND
        fresh.append(task if known else _task(np.atleast_1d(mine), row >= count))
    unknown = [row for row in range(count) if fresh[row] != tasks[row]]
    issues: list[Issue] = []
    if len(loose):
        issues.append(at_items(ds, "derived", "sequence", "every item belongs to a label row", loose))
    if unknown:
        told = "a row says what its data are"
        issues.append(at_all("derived", "sequence.task", told, [str(ds.sequences[row].name) for row in unknown]))
    if not issues:
        return ds, []
    rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    for row in loose.tolist():
        rows.append({"name": ds.names[row]})
    table = Table.join([ds._sequences, rows.table()]) if count else rows.table()
    task_column = sparse_of(len(table), list(range(len(table))), fresh) if len(table) else None
    changed = table.replace({"task": task_column})
    return ds._with(items=ds._items.replace({"sequence": Fixed(owner)}), sequences=changed), issues


def _task(kinds: Array, alone: bool) -> str:
    if len(kinds) and ITEM_KINDS[kinds[0]] in SOUND:
        return SOUND[ITEM_KINDS[kinds[0]]]
    if alone:
        return "video" if kinds[0] == VIDEO else "image"
    return "video" if np.isin(kinds, (VIDEO, FRAME)).any() else "img_group"


def _numbered(ds: Dataset) -> Found:
    """Give numbers to the frames of rows that have several, where the source does not, or not apart."""
    frame, owner = _frames(ds), ds._items.array("sequence")
    apart = ds._items.sparse("extras/encord/#frame")
    fixed = np.zeros(len(ds), bool) if apart is None else apart.mask()
    tasks = ds._sequences.columns["task"].to_list() if len(ds._sequences) else []
    single = np.array([ITEM_KIND.get(str(task).lower()) == "frame" for task in tasks], bool)
    groups = np.array([task == "img_group" for task in tasks], bool)
    wanted = (single | groups)[owner] if len(ds) else fixed
    wanted = wanted & ~fixed & (ds._items.array("kind") != VIDEO)
    taken: dict[int, set[int]] = {}
    renumbered = []
    for row in np.flatnonzero(wanted).tolist():
        used = taken.setdefault(int(owner[row]), set())
        number = int(frame[row])
        if number >= 1 << 62 or number < 0 or number in used:
            number = max(used, default=-1) + 1
            frame[row] = number
            renumbered.append(row)
        used.add(number)
    if not renumbered:
        return ds, []
    rows = np.flatnonzero(frame < 1 << 62)
    column = sparse_of(len(ds), rows.tolist(), frame[rows].tolist())
    issue = at_items(ds, "derived", "frame", "frames of one row have a number each", np.array(renumbered))
    return ds._with(items=ds._items.replace({"frame": column})), [issue]
