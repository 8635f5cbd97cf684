"""Reading COCO files and results lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from annokit.codecs.records import Block, Reading, Rest, split
from annokit.columns import Column, Fixed, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.errors import FormatError
from annokit.formats.coco import implied, keys, records
from annokit.formats.coco.categories import label_of
from annokit.formats.coco.detection import holds_segments, own_file
from annokit.formats.coco.gather import Gathered
from annokit.formats.coco.identify import list_ids, source_ids
from annokit.formats.coco.implied import frame_of
from annokit.formats.coco.issues import Told, issues_of
from annokit.formats.coco.resolve import Resolved, resolve, with_values
from annokit.formats.coco.typed import TypedDecoder
from annokit.formats.mask_sizes import odd_masks
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from annokit.model.label_set import LabelSet
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext


def read(source: Source, context: ReadContext, *, check: bool | None = None) -> Dataset:
    """Read a COCO file, a results list, or a panoptic file with its PNGs.

    Parameters
    ----------
    source : Source
        A JSON file, or a folder or archive that holds one.
    context : ReadContext
        What the caller asked for.
    check : bool, optional
        Whether the PNGs of a panoptic file are compared with its segments; by default as many as cost little.
    """
    if context.dialect.framed or (context.dialect.lean and several_files(source)):
        from annokit.formats.coco.videos_files import read_videos

        return read_videos(source, context, read)
    name = the_file(source)
    total = source.size(name)
    how = Reading(label=source.where(name), limits=context.limits, total=total, progress=context.progress)
    make = partial(Lists, context.limits.extras_columns, total)
    if context.dialect.together or holds_segments(source, name):
        from annokit.formats.coco.panoptic_read import read_panoptic

        return read_panoptic(source, context, name, how)
    path = source.path(name)
    if path is None or context.workers == 1:
        with source.open(name) as file:
            lists, rests = _alone(file, make(), how)
    else:
        lists, rests = _together(path, make, context.workers, how)
    top = dict(rests[0].members) if rests else None
    return Document(context, how.label, top, lists).dataset()


RECIPES = {
    "": records.annotation_recipe,
    "/images": records.image_recipe,
    "/annotations": records.annotation_recipe,
}
"""What becomes of each list, by pointer; ``""`` for a document that is a list itself."""


class Lists:
    """The lists of a document, gathered as its blocks come.

    Parameters
    ----------
    columns : int
        Most distinct keys that get a column.
    total : int or None
        Bytes of the document.
    """

    def __init__(self, columns: int, total: int | None) -> None:
        self.paths = {pointer: TypedDecoder(columns) for pointer in RECIPES}
        self.gathered = {pointer: Gathered(make(), total) for pointer, make in RECIPES.items()}

    def take(self, block: Block) -> None:
        """Take the next block."""
        self.gathered[block.pointer].add(block.records, block.end)

    def result(self) -> dict[str, Gathered]:
        """Return the lists by pointer; ``""`` for a document that is a list itself."""
        return self.gathered


def _alone(file: Any, lists: Lists, how: Reading) -> tuple[dict[str, Gathered], Sequence[Rest]]:
    rests = []
    for part in split(file, lists.paths, how):
        if isinstance(part, Rest):
            rests.append(part)
        else:
            lists.take(part)
    return lists.result(), rests


def _together(
    path: Path, make: Callable[[], Lists], workers: int, how: Reading
) -> tuple[dict[str, Gathered], Sequence[Rest]]:
    """Read in several processes, and append the later parts of the file to the first."""
    from annokit.codecs.json_workers import gather

    found = gather(path, make, workers, how)
    first, *others = found.results
    for lists in others:
        for pointer, gathered in lists.items():
            first[pointer].join(gathered)
        lists.clear()
    return first, found.rests


def several_files(source: Source) -> bool:
    """Tell whether a tree holds more than one document, as the platform writes them for videos."""
    return source.only is None and len([name for name in source.find(".json") if not own_file(name)]) > 1


def the_file(source: Source) -> str:
    """Return the one JSON file of a source; FormatError where there is not one."""
    if source.only is not None:
        return source.only
    found = [name for name in source.find(".json") if not own_file(name)]
    if len(found) != 1:
        listed = ", ".join(found[:5]) or "none"
        raise FormatError("COCO is one JSON file", path=source.label, found=listed, expected="one JSON file")
    return found[0]


class Document:
    """What was read, and what it makes."""

    def __init__(
        self, context: ReadContext, where: str, top: dict[str, bytes | None] | None, lists: Mapping[str, Gathered]
    ) -> None:
        self._context = context
        self._where = where
        self._listed = top is None
        self._top = {} if top is None else top
        self._lists = lists
        self._extras: dict[str, bytes] = {}
        self._info: dict[str, Any] = {}

    def dataset(self) -> Dataset:
        """Return the dataset."""
        self._read_top()
        stated, image_places = self._table("/images")
        pointer = "" if self._listed else "/annotations"
        annotations, places = self._table(pointer)
        if self._is_foreign(annotations):
            self._refuse()
        without = "images" not in self._top
        items = implied.items_of(annotations.get("item")) if without else stated_items(stated)
        labels = self._labels(annotations)
        owner = resolve(annotations.get("item"), len(annotations), items.get("id"))
        kind = resolve(annotations.get("label"), len(annotations), source_ids(labels))
        self._mark_ids(items, annotations, labels)
        annotations = referring(annotations, owner, kind)
        made = Dataset(
            items,
            annotations,
            Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS).table(),
            LabelSet(labels),
            info=self._info,
            extras=self._extras,
        )
        told = Told(made, made._items, "/images", image_places), Told(made, made._annotations, pointer, places)
        issues = issues_of(made, *told, (owner.dangling, kind.dangling))
        return made._with(issues=Report([*issues, *odd_masks(made)]))

    def _table(self, pointer: str) -> tuple[Table, Array | None]:
        gathered = self._lists[pointer]
        table = gathered.table()
        self._context.repeats.merge(gathered.repeats, pointer)
        for number, text in gathered.bad.items():
            self._bad(f"{pointer}/{number}", text)
        return table

    def _bad(self, pointer: str, text: bytes) -> None:
        found = repr(text[:40].decode("utf-8", "backslashreplace"))
        error = FormatError("not a record", path=self._where, pointer=pointer, found=found, expected="an object")
        self._context.problems.add(error)

    def _read_top(self) -> None:
        """Take in what stands beside the lists."""
        absent = [name for name in keys.LISTS if name not in self._top]
        if self._listed:
            self._extras[keys.LISTED] = b"true"
        elif absent == list(keys.LISTS):
            self._refuse()
        elif absent:
            self._extras[keys.NO_LIST] = dumps(absent)
        for key, raw in self._top.items():
            if raw is not None and raw[:1] in (b"[", b"{"):
                self._context.repeats.look_later(raw, f"/{key}")
            if raw is None or key == "categories":
                continue
            value = loads(raw) if key == "info" else None
            if isinstance(value, dict) and value:
                self._info = value
            else:
                self._extras[_top_extra(key)] = raw

    def _is_foreign(self, annotations: Table) -> bool:
        """Tell whether nothing says that this is COCO: annotations of no image among other keys."""
        if self._listed or not {"images", "categories"}.isdisjoint(self._top):
            return False
        return annotations.get("item") is None and not self._top.keys() <= {"annotations", "info", "licenses"}

    def _refuse(self) -> NoReturn:
        stated = ", ".join(f'"{key}"' for key in list(self._top)[:5])
        raise FormatError(
            "this is no COCO file",
            path=self._where,
            found=f"an object with {stated}" if stated else "an empty object",
            expected="images, annotations of them, or categories",
        )

    def _labels(self, annotations: Table) -> list[Label]:
        raw = self._top.get("categories")
        if raw is None:
            return implied.labels_of(annotations.get("label"))
        value = loads(raw)
        if not isinstance(value, list):
            if value is not None:
                found = type(value).__name__
                raise FormatError(
                    "not a list of categories",
                    path=self._where,
                    pointer="/categories",
                    found=found,
                    expected="an array",
                )
            self._extras["coco/categories"] = raw
            return []
        for number, record in enumerate(value):
            if not isinstance(record, dict):
                self._bad(f"/categories/{number}", dumps(record))
        dialect = self._context.dialect
        return [label_of(record, dialect) for record in value if isinstance(record, dict)]

    def _mark_ids(self, items: Table, annotations: Table, labels: list[Label]) -> None:
        """Note the lists whose ids are to stay although a writer would make others, and outlines that are to stay."""
        own = list_ids(items.get("id"), annotations.get("id"), labels, self._context.dialect)
        if own:
            self._extras[keys.OWN_IDS] = dumps(own)
        if not self._context.dialect.outlined and "points" in annotations:
            self._extras[keys.OUTLINED] = b"true"


def _top_extra(key: str) -> str:
    return "coco/" + (keys.MARK + key if key.startswith(keys.MARK) else key)


def referring(table: Table, owner: Resolved, kind: Resolved) -> Table:
    """Return the annotations with rows in place of the ids that they refer to; ids that lead nowhere stay verbatim."""
    changes: dict[str, Column | None] = {"item": Fixed(owner.rows), "label": Fixed(kind.rows)}
    for name, key, found in (("item", "image_id", owner), ("label", "category_id", kind)):
        if len(found.dangling):
            source = table.columns[name]
            changes[keys.extra(key)] = with_values(table.sparse(keys.extra(key)), len(table), found.dangling, source)
    if "kind" not in table:
        changes["kind"] = Fixed(np.zeros(len(table), np.uint8))
    return table.replace(changes)


def stated_items(table: Table) -> Table:
    """Return the items of the images that a file lists."""
    size = np.full((len(table), 2), -1, np.int64)
    stated = None if "size" not in table else Sparse.of_column(table.columns["size"])
    if stated is not None:
        size[stated.present()] = stated.dense().values  # type: ignore[attr-defined] # a column of numbers
    return table.replace({"name": _names(table), **frame_of(len(table), size)})


def _names(table: Table) -> Column:
    """Return the names of images: what the file says, else the last part of its address, else its id."""
    column = table.get("name")
    stated = None if column is None else Sparse.of_column(column)
    if stated is not None and stated.rows is None:
        return stated
    missing = np.flatnonzero(~stated.mask()) if stated is not None else np.arange(len(table))
    made = Text.of([derived_name(table, row) for row in missing.tolist()])
    fresh = Sparse(len(table), missing, None, made)
    if stated is None:
        return fresh
    place = np.arange(len(table))
    place[missing] += len(table)
    return Sparse.join([stated, fresh]).take(place)


def derived_name(table: Table, row: int) -> str:
    """Return what an image without name is called: the last part of its address, else its id, else its row."""
    address, ident = table.value("uri", row), table.value("id", row)
    if isinstance(address, str) and address:
        last = address.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
        if last:
            return last
    return str(ident) if isinstance(ident, int | str) else f"{row}"
