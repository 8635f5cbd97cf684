"""What Encord's label rows can hold."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Column, Fixed, Table
from annokit.columns.base import Array
from annokit.columns.json import same
from annokit.columns.make import sparse_of
from annokit.errors import MissingSizeError
from annokit.formats.conversions import shapeless
from annokit.formats.encord.facts import ITEM_KIND, MAIN
from annokit.formats.holds import Holds
from annokit.formats.numbers import restate, restate_times
from annokit.formats.origin import NAME, ROW, forgotten
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import public_name
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import ITEM_KINDS, ITEM_UNCOMPARED, KIND_CODE
from annokit.model.select import select_items, take_annotations

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

VIDEO, FRAME, IMAGE = (ITEM_KINDS.index(kind) for kind in ("video", "frame", "image"))
UNIT, FORM, TIME_UNIT = "unit", "xywh", "s"
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
        steps=(expanded_tracks, shapes_on_frames, known_cuboids),
        late_steps=(main_branch, in_rows),
        final_steps=(as_read,),
        notes="Labels are reserved for one kind of shape each; every object has a hash. No ontology is written.",
    )


def expanded_tracks(ds: Dataset, apply: bool) -> Found:
    """State every frame of a track: label rows know no rule between key frames."""
    from annokit.model.expand import expand

    column = ds._annotations.sparse("interpolation")
    if column is None or not column.count:
        return ds, []
    rows = column.present()
    full = expand(ds)
    if full is ds or len(full._annotations) == len(ds._annotations):
        return ds, []
    return full, [at_annotations(ds, "expanded", "interpolation", "frames between key frames are stated", rows)]


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
    owner, frame = ds._items.array("sequence"), _frames(ds)
    order = np.lexsort((np.arange(len(ds)), frame, ds._items.array("kind") == VIDEO, owner))
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


def as_read(ds: Dataset, apply: bool) -> Found:
    """Return the dataset as the written rows are read, and where that differs: hashes, names and labels are made."""
    from annokit.codecs.output import open_output
    from annokit.codecs.source import open_source
    from annokit.formats.context import ReadContext, WriteContext
    from annokit.formats.encord.read import read
    from annokit.formats.encord.write import write

    if not apply:  # the steps before left the numbers as they were
        try:
            ds = _restated(ds)
        except MissingSizeError:
            return ds, []
    stream = BytesIO()
    with open_output(stream, kind="file") as output:
        write(ds, output, WriteContext())
    stream.seek(0)
    with open_source(stream) as source:
        back = read(source, ReadContext(label="annotations.json", layer="all"))
    issues = list(_told(ds, back))
    return (_carried(ds, back), issues) if issues else (ds, [])


def _carried(ds: Dataset, back: Dataset) -> Dataset:
    """Return what was read with the columns that no file states."""
    for name, own in (("items", (*ITEM_UNCOMPARED, NAME)), ("annotations", (ROW,))):
        mine, its = (getattr(d, f"_{name}") for d in (ds, back))
        if len(mine) == len(its):
            back = back._with(**{name: its.replace({key: mine.columns[key] for key in own if key in mine})})
    return back


def _restated(ds: Dataset) -> Dataset:
    held = Holds(unit=UNIT, form=FORM, time_unit=TIME_UNIT)
    return restate(held)(restate_times(held)(ds, True)[0], True)[0]


def _told(ds: Dataset, back: Dataset) -> Any:
    """Yield what differs once it is read again."""
    from annokit.model.compare import differences

    for place in differences(forgotten(ds), back):
        table, _, column = place.partition("/")
        if place == "labels":
            yield from _told_labels(ds, back)
        elif table in ("items", "annotations") and column:
            yield from _told_rows(ds, back, table, column)
        elif table == "sequences" and column:
            yield at_all(
                "restated", f"sequence.{public_name(column)}", "rows have what Encord states of them", [column]
            )
        else:
            yield at_all("dropped", table, f"{table} that label rows have no place for", [table])


def _told_labels(ds: Dataset, back: Dataset) -> Any:
    for facet in ("attributes", "skeleton"):
        gone = [label.name for label in ds.labels if getattr(label, facet)]
        if gone:
            yield at_all("dropped", f"label.{facet}", f"a label's {facet} stand in the ontology", gone)
    if ds.labels.attributes:
        yield at_all(
            "dropped", "labels.attributes", "definitions stand in the ontology", [ds.labels.attributes[0].name]
        )
    names = {label.name for label in back.labels}
    unused = [label.name for label in ds.labels if label.name not in names]
    if unused:
        yield at_all("dropped", "label", "the target knows only labels that annotations use", unused)
    told = "labels are known by hashes and reserved for one kind of shape each"
    yield at_all("restated", "label", told, [label.name for label in back.labels] or ["labels"])


def _told_rows(ds: Dataset, back: Dataset, table: str, column: str) -> Any:
    mine, its = (_column(getattr(d, f"_{table}"), column) for d in (ds, back))
    groups: dict[str, list[int]] = {}
    for row, (a, b) in enumerate(zip(mine, its, strict=True)):
        if a is not b and (a is MISSING or b is MISSING or not same(a, b)):
            fate = "derived" if a is MISSING else "dropped" if b is MISSING else "restated"
            groups.setdefault(fate, []).append(row)
    words = {"derived": "every row has one", "dropped": "label rows have no place for it here"}
    field = public_name(column)
    for fate, rows in (groups or {"restated": [0]}).items():
        place = at_items if table == "items" else at_annotations
        yield place(ds, fate, field, words.get(fate, "it is stated as Encord does"), np.array(rows))


def _column(table: Table, name: str) -> list[Any]:
    column: Column | None = table.get(name)
    values = [MISSING] * len(table) if column is None else column.to_list()
    return [MISSING if value is None or value != value else _plain(value) for value in values]  # noqa: PLR0124


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else value
