"""Writing item documents, ready for upload."""

from __future__ import annotations

from collections import defaultdict
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
from annokit.formats.dataloop.geometry import coordinates, types_of
from annokit.formats.dataloop.items import SYSTEM, is_turned
from annokit.formats.dataloop.notes import PROVENANCE, USER
from annokit.formats.dataloop.records import Members, Objects, fragments, marks, own_extras, rows_of, texts
from annokit.model.schema import ITEM_KINDS

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

NAMINGS = {"V2": lambda name: f"{name}.json", "V1": lambda name: f"{_stem(name)}.json"}
"""Name of an item's document by the version of the platform's exports: the ending is kept, or exchanged."""

BLOCK = 2_000
"""Items that become documents at a time."""


def write(ds: Dataset, output: Output, context: WriteContext, *, naming: str = "V2") -> None:
    """Write a document per item.

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
    """
    if naming not in NAMINGS:
        raise UsageError(f"naming={naming!r}; expected one of {', '.join(sorted(NAMINGS))}")
    files = json_files(list(ds.names), naming)
    for start in range(0, len(ds), BLOCK):
        stop = min(start + BLOCK, len(ds))
        for file, document in zip(files[start:stop], _documents(ds, start, stop), strict=True):
            output.write(f"json/{file}", dump(document))
        context.progress(stop, len(ds))


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
    notes = note_documents(ds, ds._annotations.take(rows), rows)
    items = item_documents(ds._items.take(np.arange(start, stop)))
    ends = (offsets[start : stop + 1] - offsets[start]).tolist()
    for place, (document, absent) in enumerate(items):
        own = notes[ends[place] : ends[place + 1]]
        if own or "annotations" not in absent:
            document.setdefault("annotations", own)
    return [document for document, _ in items]


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


def note_documents(ds: Dataset, table: Table, rows: Any) -> list[Members]:
    """Return the document of each annotation."""
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
    _put_parents(made, ds, table)
    _put_scores(made, table, absent)
    return [made.closed(row, absent[row]) for row in range(len(table))]


def _put_attributes(made: Objects, table: Table, absent: list[list[str]]) -> None:
    """Write flags that came in the old list into it, everything else into the new object."""
    listed = marks(table, "v1")
    on: list[set[str]] = [set() for _ in listed]
    for name, column in table.group("attributes").items():
        for row, value in zip(*texts(column), strict=True):
            if listed[row] is not None and name in listed[row]:
                if value == b"true":
                    on[row].add(name)
                    continue
                if value == b"false":
                    continue
            made.system[row].setdefault("attributes", {})[name] = value
    for row, names in enumerate(listed):
        if names is not None or V1 not in absent[row]:
            made.top[row][V1] = [name for name in names or () if name in on[row]]


def _put_parents(made: Objects, ds: Dataset, table: Table) -> None:
    parents = table.sparse("parent")
    if parents is None:
        return
    column: Any = parents.dense()
    ids = ds._annotations.columns["id"].values_of(column.values)
    made.put(f"{SYSTEM}parentId", parents.present().tolist(), ids)


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
