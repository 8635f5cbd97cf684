"""Reading panoptic COCO: a record per image names a PNG, whose pixels are the ids of its segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.records import Rest, split
from annokit.columns import MISSING, Column, Fixed, Json, Sparse, Struct, Table, Text
from annokit.columns.json import dumps
from annokit.errors import FormatError
from annokit.formats.coco import implied, keys, records
from annokit.formats.coco.gather import Gathered
from annokit.formats.coco.identify import plain_ids, source_ids
from annokit.formats.coco.issues import Told, issues_of
from annokit.formats.coco.panoptic_files import with_pictures
from annokit.formats.coco.read import Document, referring, stated_items
from annokit.formats.coco.resolve import resolve
from annokit.formats.coco.segments_info import SEGMENTS, PictureDecoder, Pictures, PictureTables, Pointers
from annokit.formats.coco.typed import TypedDecoder
from annokit.formats.places import ItemNames
from annokit.model.bitmaps import LARGEST_ID
from annokit.model.dataset import Dataset
from annokit.model.label_set import LabelSet
from annokit.model.masks import BITMAP, VOID
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import KIND_CODE, STATUSES
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.codecs.records import Reading
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext

POINTER = "/annotations"


def read_panoptic(source: Source, context: ReadContext, name: str, how: Reading) -> Dataset:
    """Read a panoptic document and find its PNGs, which are not decoded.

    Parameters
    ----------
    source : Source
        Where the document lies.
    context : ReadContext
        What the caller asked for.
    name : str
        The document.
    how : Reading
        How it is read.
    """
    columns = context.limits.extras_columns
    pictures = _Remembering(PictureDecoder(columns))
    paths: dict[str, Any] = {"/images": TypedDecoder(columns), POINTER: pictures}
    lists: dict[str, Any] = {
        "/images": Gathered(records.image_recipe(), how.total),
        POINTER: Pictures(how.total),
    }
    top: dict[str, bytes | None] = {}
    with source.open(name) as opened:
        file: Any = opened
        for part in split(file, paths, how):
            if isinstance(part, Rest):
                top.update(part.members)
            else:
                lists[part.pointer].add(part.records, part.end)
                if part.pointer == POINTER:
                    context.repeats.look(pictures.text, POINTER, part.first)
    document = PanopticDocument(context, how.label, top, lists)
    return with_pictures(document.dataset(), source, name, context)


class _Remembering:
    """A decoder that knows its last text."""

    def __init__(self, decode: PictureDecoder) -> None:
        self._decode = decode
        self.text = b""

    def __call__(self, text: bytes) -> Any:
        self.text = text
        return self._decode(text)


class PanopticDocument(Document):
    """What was read, and what it makes."""

    def dataset(self) -> Dataset:
        """Return the dataset; its masks lie in PNGs that nobody has looked for yet."""
        self._read_top()
        self._extras.pop(keys.NO_LIST, None)
        self._extras[keys.PANOPTIC] = b"true"
        stated, image_places = self._table("/images")
        pictures: Any = self._lists[POINTER]
        found: PictureTables = pictures.tables()
        self._tell_bad(found)
        ids = found.records.get("id")
        items = implied.items_of(ids) if "images" not in self._top else stated_items(stated)
        items = self._pictured(items, found)
        segments = found.segments
        if ids is not None and len(segments):
            segments = segments.replace({"item": ids.take(found.owner)})
        labels = self._labels(segments)
        self._mark_ids(items, Table(0, {}), labels)
        item = resolve(segments.get("item"), len(segments), items.get("id"))
        kind = resolve(segments.get("label"), len(segments), source_ids(labels))
        segments = _masked(referring(segments, item, kind), items)
        rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS).table()
        made = Dataset(items, segments, rows, LabelSet(labels), info=self._info, extras=self._extras)
        told = (
            Told(made, made._items, "/images", image_places),
            Told(made, made._annotations, POINTER, Pointers(found), unique=False),
        )
        issues = [*issues_of(made, *told, (item.dangling, kind.dangling)), *_further(made)]
        return made._with(issues=Report([*issues, *_twice(made, told[1]), *_wrong_ids(made, told[1])]))

    def _tell_bad(self, found: PictureTables) -> None:
        for number, text in found.bad.items():
            self._bad(f"{POINTER}/{number}", text)
        for (number, place), text in found.wrong.items():
            self._bad(f"{POINTER}/{number}/{SEGMENTS}/{place}", text)
        for number, text in found.odd.items():
            if text != b"null" and number not in found.bad:
                shown = repr(text[:40].decode("utf-8", "backslashreplace")) if text else "nothing"
                where = f"{POINTER}/{number}/{SEGMENTS}"
                self._add("not a list of segments", where, shown, "an array")

    def _add(self, message: str, pointer: str, found: str, expected: str) -> None:
        error = FormatError(message, path=self._where, pointer=pointer, found=found, expected=expected)
        self._context.problems.add(error)

    def _pictured(self, items: Table, found: PictureTables) -> Table:
        """Return the items with what their records say; those without a record are unlabelled."""
        owner = resolve(found.records.get("id"), len(found.records), items.get("id")).rows
        for number in np.setdiff1d(np.flatnonzero(owner < 0), list(found.bad)).tolist():
            ident = found.records.value("id", number)
            shown = "nothing" if ident is MISSING else repr(ident)
            self._add("a record names no image that is listed", f"{POINTER}/{number}/image_id", shown, "an image's id")
        _, first = np.unique(owner, return_index=True)
        first = np.sort(first[owner[first] >= 0])
        for number in np.setdiff1d(np.flatnonzero(owner >= 0), first).tolist():
            ident = found.records.value("id", number)
            self._add("an image has two records", f"{POINTER}/{number}", f"image_id {ident!r} again", "one record")
        rows = owner[first]
        order = np.argsort(rows)
        rows, first = rows[order], first[order]
        status = np.full(len(items), STATUSES.index("unlabelled"), np.uint8)
        status[rows] = 0
        changes: dict[str, Column | None] = {"status": Fixed(status)}
        names = found.records.sparse("name")
        if names is not None:
            own = names.take(first)
            chosen = own.present()
        if names is not None and len(chosen):
            texts = [dumps({"name": name}) for name in own.values_of(chosen)]
            changes["bitmap"] = Sparse(len(items), rows[chosen], None, Json(Text.of_bytes(texts)))
        for name, column in found.further().items():
            own = Sparse.of_column(column).take(first)
            if not own.count:
                continue
            changes[name] = Sparse(len(items), rows[own.present()], None, own.dense())
        return items.replace(changes)


def _masked(table: Table, items: Table) -> Table:
    """Return segments as masks by their ids in the PNG of their item; an id that none can hold has no pixels."""
    count = len(table)
    ids = np.zeros(count, np.int64)
    column = table.sparse("id")
    if column is not None:
        dense: Any = column.dense()
        whole = isinstance(dense, Fixed) and dense.values.dtype == np.int64
        ids[column.present()] = (
            dense.values if whole else [v if type(v) is int and 0 < v <= LARGEST_ID else 0 for v in dense.to_list()]
        )
    named = items.sparse("bitmap")
    pictured = np.zeros(len(items) + 1, bool)
    if named is not None:
        pictured[named.present()] = True
    held = (ids > 0) & (ids <= LARGEST_ID) & pictured[table.array("item")]
    fields: dict[str, Column] = {
        "size": Fixed(np.zeros((count, 2), np.int64)),
        "encoding": Fixed(np.where(held, BITMAP, VOID).astype(np.uint8)),
        "data": Text.of_bytes([b"%d" % i if own else b"" for i, own in zip(ids.tolist(), held.tolist(), strict=True)]),
    }
    kind = np.full(count, KIND_CODE["mask"], np.uint8)
    return table.replace({"mask": Sparse(count, None, None, Struct(fields)), "kind": Fixed(kind)})


def _further(ds: Dataset) -> list[Issue]:
    """Return the issues about members of records that the model does not map."""
    found = []
    for column in ds._items.columns:
        if column.startswith(keys.RECORD):
            key = column[len(keys.RECORD) :]
            stated = ds._items.sparse(column)
            rows = np.zeros(0, np.int64) if stated is None else stated.present()
            if not len(rows):
                continue
            if key in ("image_id", "file_name"):
                message = f"{key} of a record is not what it should be; it was kept verbatim"
                places = Places(ItemNames(ds._items), rows)
                found.append(Issue.at("odd-value", "warning", message, places, field=key, fate="kept"))
            else:
                message = f"the key {key!r} of annotations is not part of the model and was kept verbatim"
                where = f"{POINTER}/*/{key}"
                found.append(Issue("unread-key", "info", message, len(rows), (where,), field=key, fate="kept"))
    return found


def _twice(ds: Dataset, told: Told) -> list[Issue]:
    """Return the issue about segments of one image that state one id."""
    column = ds._annotations.sparse("id")
    if column is None or plain_ids(column):
        return []
    rows = column.present()
    values = column.values_of(rows)
    known = {value: number for number, value in enumerate(dict.fromkeys(values))}
    codes = np.fromiter(map(known.__getitem__, values), np.int64, len(values))
    item = ds._annotations.array("item")[rows]
    order = np.lexsort((rows, codes, item))
    again = (np.diff(item[order]) == 0) & (np.diff(codes[order]) == 0)
    if not again.any():
        return []
    message = "two segments of an image state the same id, and so the same pixels; both were kept"
    return [told.at("duplicate-id", "warning", message, "id", np.sort(rows[order[1:][again]]))]


def _wrong_ids(ds: Dataset, told: Told) -> list[Issue]:
    """Return the issue about ids that no pixel can hold."""
    column = ds._annotations.sparse("id")
    if column is None:
        return []
    rows = column.present()
    if isinstance(column.values, Fixed):
        values = column.values_of(rows)
        fits = np.array([0 < value <= LARGEST_ID for value in values], bool) if len(rows) else np.zeros(0, bool)
    else:
        fits = np.array([type(v) is int and 0 < v <= LARGEST_ID for v in column.values_of(rows)], bool)
    if fits.all():
        return []
    message = f"the id of a segment is no number from 1 to {LARGEST_ID}, so that it has no pixels; it was kept"
    return [told.at("odd-value", "warning", message, "id", rows[~fits])]
