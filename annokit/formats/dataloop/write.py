"""Writing item documents, ready for upload."""

from __future__ import annotations

from collections import defaultdict
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from annokit.codecs.names import safe_names
from annokit.columns import MISSING, Fixed, Number, Sparse, Table
from annokit.columns.json import dumps, loads
from annokit.errors import UsageError
from annokit.formats.dataloop.attributes import V1, V2
from annokit.formats.dataloop.facts import EXTRA, mimetype_of
from annokit.formats.dataloop.fit_labels import ontology_to_write
from annokit.formats.dataloop.fit_rows import TIMED
from annokit.formats.dataloop.geometry import coordinates, types_of
from annokit.formats.dataloop.groups import continuing
from annokit.formats.dataloop.items import SYSTEM, is_turned
from annokit.formats.dataloop.links import Links
from annokit.formats.dataloop.notes import PROVENANCE, USER
from annokit.formats.dataloop.ontology import FILE
from annokit.formats.dataloop.paint import check_pictures, write_labels
from annokit.formats.dataloop.pictures import ITEMS
from annokit.formats.dataloop.places import inserted
from annokit.formats.dataloop.records import Members, Objects, fragments, marks, own_extras, rows_of, texts
from annokit.formats.dataloop.snapshots import put_states
from annokit.formats.pictures import write_media
from annokit.model.schema import ITEM_KINDS

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

NAMINGS = {"V2": lambda name: f"{name}.json", "V1": lambda name: f"{_stem(name)}.json"}
"""Name of an item's document by the version of the platform's exports: the ending is kept, or exchanged."""

BLOCK = 2_000
"""Items that become documents at a time."""


def write(ds: Dataset, output: Output, context: WriteContext, *, naming: str = "V2", pictures: str = "none") -> None:
    """Write a document per item under ``json/``, and the items, where they go along, under ``items/``.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what Dataloop holds.
    output : Output
        A folder or an archive.
    context : WriteContext
        What the caller asked for.
    naming : {"V2", "V1"}
        Whether a document is called after the whole name of its item (``a.jpg.json``), or without its ending.
    pictures : {"none", "labels", "combined", "both"}
        PNGs that go along: of each label of an item under ``semantic/``, of all its labels under ``mask/``.
    """
    check_pictures(pictures)
    if naming not in NAMINGS:
        raise UsageError(f"naming={naming!r}; expected one of {', '.join(sorted(NAMINGS))}")
    files = json_files(list(ds.names), naming)
    for start in range(0, len(ds), BLOCK):
        stop = min(start + BLOCK, len(ds))
        for file, document in zip(files[start:stop], _documents(ds, start, stop), strict=True):
            output.write(f"json/{file}", dump(document))
        context.progress(stop, len(ds))
    ontology = ontology_to_write(ds)
    if ontology is not None:
        output.write(FILE, dump(ontology))
    write_left(ds, output, set(files))
    media = safe_names(list(ds.names)).files
    write_labels(ds, output, media, pictures)
    write_media(ds, output, context, [f"{ITEMS}{file}" for file in media])


def write_left(ds: Dataset, output: Output, taken: set[str]) -> None:
    """Write the documents of hidden items and folders back."""
    for name, document in loads(ds._extras.get("dataloop/#hidden", b"[]")):
        files = safe_names([*sorted(taken), f"{name}.json"])
        taken.add(files[len(taken)])
        output.write(f"json/{files[len(taken) - 1]}", dump(document))


def dump(document: Members) -> bytes:
    """Return a document as JSON; numbers of any size."""
    try:
        return orjson.dumps(document, default=orjson.Fragment)
    except TypeError:
        return dumps(plain(document))


def plain(value: Any) -> Any:
    """Return a document in which nothing is JSON already."""
    if isinstance(value, bytes):
        return loads(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def _stem(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return folder + slash + (Path(last).stem if last else last)


def json_files(names: list[str], naming: str) -> list[str]:
    """Return the names of the items' documents, such that equal names keep their order among the files."""
    wanted = [NAMINGS[naming](name if name.rpartition("/")[2] else f"{name}item") for name in names]
    files = list(safe_names(wanted))
    groups: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        groups[name].append(row)
    for rows in groups.values():
        if len(rows) > 1:
            for row, file in zip(rows, sorted(files[row] for row in rows), strict=True):
                files[row] = file
    return files


def _documents(ds: Dataset, start: int, stop: int) -> list[Members]:
    offsets, order = ds._index
    assert order is None
    rows = np.arange(int(offsets[start]), int(offsets[stop]))
    table = ds._annotations.take(rows)
    timed = np.isin(ds._items.array("kind"), TIMED)[table.array("item")] if len(rows) else np.zeros(0, bool)
    notes = note_documents(ds, table, rows, timed)
    later = continuing(table, timed).tolist()
    taken = ds._items.take(np.arange(start, stop))
    items = item_documents(taken)
    _put_rates(ds, taken, items)
    others = marks(taken, "others")
    ends = (offsets[start : stop + 1] - offsets[start]).tolist()
    for place, (document, absent) in enumerate(items):
        own = [note for row in range(ends[place], ends[place + 1]) for note in notes[row] if not later[row]]
        if others[place] is not None or any(type(note) is tuple for note in own):
            own = inserted(own, others[place] or [])
        if own or "annotations" not in absent:
            document.setdefault("annotations", own)
    return [document for document, _ in items]


def _put_rates(ds: Dataset, table: Table, items: list[tuple[Members, list[str]]]) -> None:
    """Write the rate and the length of videos."""
    owner = table.array("sequence").tolist()
    for row, (document, absent) in enumerate(items):
        if owner[row] < 0:
            continue
        for name, path in (("fps", "metadata.fps"), ("frames", f"{SYSTEM}nb_frames")):
            value = ds._sequences.value(name, owner[row])
            if value is MISSING or path in absent or isnan(value):
                continue
            inner = document.setdefault("metadata", {})
            (inner if name == "fps" else inner.setdefault("system", {})).setdefault(path.rpartition(".")[2], value)


def item_documents(table: Table) -> list[tuple[Members, list[str]]]:
    """Return the document of each item without its annotations, and the keys that were not there."""
    made = Objects(len(table))
    absent = [mark or [] for mark in marks(table, "absent")]
    legacy, old_ids = marks(table, "metadata"), marks(table, "id")
    names = table.columns["name"].to_list()
    ids = _column(table, "id")
    for row, name in enumerate(names):
        if ids[row] is not MISSING:
            made.top[row][old_ids[row] or "id"] = ids[row]
        if "filename" not in absent[row]:
            made.top[row]["filename"] = f"/{name}"
    _put_text(made, table, "stream", "uri")
    for path, column in own_extras(table):
        made.put(path, *texts(column))
    _put_sizes(made, table)
    _put_user(made, table)
    kinds = table.array("kind").tolist()
    for row, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        if f"{SYSTEM}mimetype" not in absent[row]:
            made.system[row].setdefault("mimetype", mimetype_of(ITEM_KINDS[kind], name.rpartition(".")[2]))
    return [(made.closed(row, absent[row], legacy[row] or "metadata"), absent[row]) for row in range(len(table))]


def _column(table: Table, name: str) -> list[Any]:
    column = table.get(name)
    return [MISSING] * len(table) if column is None else column.to_list()


def _put_text(made: Objects, table: Table, path: str, name: str) -> None:
    column = table.sparse(name)
    if column is not None:
        made.put(path, column.present().tolist(), fragments(column))


def _put_sizes(made: Objects, table: Table) -> None:
    turned = [False] * len(table)
    exif = table.sparse(f"{EXTRA}{SYSTEM}exif")
    if exif is not None:
        for row, value in zip(*texts(exif), strict=True):
            turned[row] = is_turned(value)
    for row, size in enumerate(table.array("size").tolist()):
        width, height = reversed(size) if turned[row] else size
        if width >= 0:
            made.system[row]["width"] = width
        if height >= 0:
            made.system[row]["height"] = height


def _put_user(made: Objects, table: Table) -> None:
    """Write the attributes of items, which are their users' own metadata."""
    for name, column in table.group("attributes").items():
        for row, value in zip(*texts(column), strict=True):
            made.meta[row].setdefault("user", {})[name] = value


def note_documents(ds: Dataset, table: Table, rows: Any, timed: Any) -> list[list[Any]]:
    """Return what is written for each annotation: its document, and (place, point) or points for its joints."""
    made = Objects(len(table))
    absent = [mark or [] for mark in marks(table, "absent")]
    old_ids, untyped = marks(table, "id"), marks(table, "type")
    types = types_of(table)
    shapes = coordinates(table, types)
    ids = _column(table, "id")
    names = [*(label.name for label in ds.labels), None]
    for row, label in enumerate(table.array("label").tolist()):
        top = made.top[row]
        if ids[row] is not MISSING:
            top[old_ids[row] or "id"] = ids[row]
        if untyped[row] is None:
            top["type"] = types[row]
        if names[label] is not None:
            top["label"] = names[label]
        if shapes[row] is not None:
            top["coordinates"] = shapes[row]
    for path, column in PROVENANCE.items():
        _put_text(made, table, path, column)
    _put_attributes(made, table, absent)
    for path, extra in own_extras(table):
        made.put(path, *texts(extra))
    _put_scores(made, table, absent)
    links = Links(ds, table, rows, made.system)
    links.put_parents(marks(table, "noparent"))
    joints = links.joints(made.top)
    for row in [row for row, keys in enumerate(absent) if "coordinates" in keys]:
        made.top[row].pop("coordinates", None)
    found = [made.closed(row, absent[row]) for row in range(len(table))]
    if timed.any():
        put_states(table, made, found, absent, continuing(table, timed).tolist(), timed.tolist())
    return [[document, *points] for document, points in zip(found, joints, strict=True)]


def _put_attributes(made: Objects, table: Table, absent: list[list[str]]) -> None:
    """Write flags that came in the old list into it, everything else into the new object."""
    listed = marks(table, "v1")
    on: list[set[str]] = [set() for _ in listed]
    for name, column in table.group("attributes").items():
        for row, value in zip(*texts(column), strict=True):
            if listed[row] is not None and name in listed[row]:
                on[row].add(name)
                continue
            made.system[row].setdefault("attributes", {})[name] = value
    for row, names in enumerate(listed):
        if names is not None or V1 not in absent[row]:
            made.top[row][V1] = [name for name in names or () if name in on[row]]


def _put_scores(made: Objects, table: Table, absent: list[list[str]]) -> None:
    """Write the confidence of predictions among what users state."""
    scores = table.sparse("score")
    stated = dict(zip(*texts(scores), strict=True)) if scores is not None else {}
    for row, score in stated.items():
        user = made.meta[row].get("user")
        value = loads(user) if user is not None else {}
        value = value if isinstance(value, dict) else {}
        model = value.get("model")
        model = model if isinstance(model, dict) else {}
        made.meta[row]["user"] = {**value, "model": {**model, "confidence": score}}
    for row, keys in enumerate(absent):
        if USER not in keys:
            made.meta[row].setdefault("user", {})


__all__ = ["V2", "Fixed", "Number", "Sparse", "rows_of", "write"]
