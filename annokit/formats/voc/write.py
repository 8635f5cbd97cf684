"""Writing Pascal VOC."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.names import write_manifest
from annokit.codecs.number_lines import dump_lines
from annokit.codecs.palette import voc_palette
from annokit.columns import Number
from annokit.columns.base import Array
from annokit.formats.flatten import counts_of
from annokit.formats.pictures import picture_paths, write_pictures
from annokit.formats.voc.dialects import FLAGS, ITEM_ORDER, Dialect
from annokit.formats.voc.holds import form_of
from annokit.formats.voc.items import located
from annokit.formats.voc.label_map import FILE, VOID, format_label_map
from annokit.formats.voc.names import item_name, keys_of, xml_files
from annokit.formats.voc.record import write_record
from annokit.formats.voc.splits import MASKED, SETS
from annokit.formats.voc.values import element_lines, escaped, legal
from annokit.geometry import rle
from annokit.geometry.paint import paint
from annokit.media.bitmap import encode_label_bitmap
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

BLOCK = 2_000
"""Items whose texts are made together."""

Record = dict[str, Any]


def write(
    ds: Dataset, output: Output, context: WriteContext, *, masks: bool = False, origin: str | None = None
) -> None:
    """Write annotations.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what the dialect holds.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for.
    masks : bool
        Whether masks are written beside, as PNGs of objects and of classes, with a list of the classes.
    origin : {"corners", "inclusive"}, optional
        Plain corners, or pixels counted from 1, the last one included; by default what the dialect says.
    """
    _Writer(ds, output, context).run(masks)
    write_record(output, context.dialect_name, form_of(context.dialect, origin))


class _Writer:
    """Writes one dataset."""

    def __init__(self, ds: Dataset, output: Output, context: WriteContext) -> None:
        self._ds, self._output, self._context = ds, output, context
        self._dialect: Dialect = context.dialect
        self._files = xml_files(ds.names, self._dialect.folder)
        self._names = [escaped(label.name) for label in ds.labels]

    def run(self, masks: bool) -> None:
        """Write everything."""
        paths = picture_paths(self._ds, self._context)
        count = len(self._ds)
        for start in range(0, count, BLOCK):
            stop = min(start + BLOCK, count)
            for row, text in zip(range(start, stop), self._texts(start, stop), strict=True):
                self._output.write(self._files[row], text.encode("utf-8", "surrogatepass"))
            self._context.progress(stop, count)
        keys = keys_of(self._files)[0]
        if self._dialect.splits:
            self._splits(SETS, keys, np.ones(len(keys), bool))
        if masks:
            self._splits(MASKED, keys, self._masks(keys))
        if paths is not None:
            self._pictures(keys, paths)
        self._manifest(keys)

    def _manifest(self, keys: Sequence[str]) -> None:
        """Write the names that the files don't tell."""
        names = self._ds.names
        stated = [self._filename(row) for row in range(len(names))]
        found = {
            file: name
            for file, key, name, told in zip(self._files, keys, names, stated, strict=True)
            if item_name(key, told, alone=True) != name
        }
        write_manifest(self._output, found)

    def _filename(self, row: int) -> str:
        told = self._ds._items.value("extras/voc/filename", row)
        return told if isinstance(told, str) else legal(self._ds.names[row].rpartition("/")[2])

    # text -----------------------------------------------------------------------------------------------------------

    def _texts(self, start: int, stop: int) -> Iterator[str]:
        """Yield the documents of items `start` up to `stop`; annotations lie item by item."""
        offsets = self._ds._index[0][start : stop + 1].tolist()
        objects = self._objects(offsets[0], offsets[-1])
        extras = _records(self._ds._items, "extras/voc", np.arange(start, stop))
        sizes = self._ds._items.array("size")[start:stop].tolist()
        for place, (low, high) in enumerate(pairwise(offsets)):
            head = self._head(start + place, sizes[place], extras[place])
            yield f"{head}{''.join(objects[low - offsets[0] : high - offsets[0]])}</annotation>\n"

    def _head(self, row: int, size: list[int], told: Record) -> str:
        """Return the document up to its objects."""
        told.pop("void", None)
        attributes = "".join(f' {key}="{_quoted(value)}"' for key, value in (told.pop("#attrib", None) or {}).items())
        stated = {**self._fixed(row), **told}
        stated.setdefault("filename", legal(self._ds.names[row].rpartition("/")[2]))
        depth = stated.pop("depth", None)
        if "size" not in stated and size[0] > 0:
            sides = {"width": str(size[0]), "height": str(size[1])}
            stated["size"] = sides if depth is None else {**sides, "depth": depth}
        order = [tag for tag in ITEM_ORDER if tag in stated] + [tag for tag in stated if tag not in ITEM_ORDER]
        lines = [line for tag in order for line in element_lines(tag, stated[tag], "\t")]
        return f"<annotation{attributes}>\n{''.join(lines)}"

    def _fixed(self, row: int) -> Record:
        if not self._dialect.located:
            return dict(self._dialect.fixed)
        name = self._ds.names[row]
        return {**{tag: legal(located(tag, name)) for tag in ("folder", "path")}, **self._dialect.fixed}

    def _objects(self, start: int, stop: int) -> list[str]:
        """Return the elements of annotations `start` up to `stop`."""
        rows = np.arange(start, stop)
        table = self._ds._annotations
        labels = table.array("label")[rows].tolist()
        attributes = _records(table, "attributes", rows)
        extras = _records(table, "extras/voc", rows)
        state = _STATE[self._dialect.attributes]
        found = []
        for label, box, own, more in zip(labels, self._boxes(rows), attributes, extras, strict=True):
            more.pop("#absent", None)
            opened = "".join(f' {key}="{_quoted(value)}"' for key, value in (more.pop("#attrib", None) or {}).items())
            inner = state(self._dialect, own, more)
            rest = "".join(line for tag, value in more.items() for line in element_lines(tag, value, "\t\t"))
            found.append(f"\t<object{opened}>\n\t\t<name>{self._names[label]}</name>\n{inner}{box}{rest}\t</object>\n")
        return found

    def _boxes(self, rows: Array) -> list[str]:
        """Return the element ``bndbox`` of rows, empty where they have no box."""
        column = self._ds._annotations.get("box")
        found = [""] * len(rows)
        if not isinstance(column, Number):
            return found
        kinds = self._ds._annotations.array("kind")[rows]
        places = np.flatnonzero(kinds != KIND_CODE["none"])
        whole = np.zeros((len(places), 4), bool) if column.whole is None else column.whole[rows[places]]
        numbers = np.ascontiguousarray(column.values[rows[places]]).reshape(-1)
        text, _ = dump_lines(numbers, whole.reshape(-1), np.arange(len(places) + 1) * 4)
        for place, line in zip(places.tolist(), text.decode("ascii").splitlines(), strict=True):
            x0, y0, x1, y1 = line.split(" ")
            found[place] = (
                f"\t\t<bndbox>\n\t\t\t<xmin>{x0}</xmin>\n\t\t\t<ymin>{y0}</ymin>\n"
                f"\t\t\t<xmax>{x1}</xmax>\n\t\t\t<ymax>{y1}</ymax>\n\t\t</bndbox>\n"
            )
        return found

    # beside the texts -----------------------------------------------------------------------------------------------

    def _splits(self, folder: str, keys: Sequence[str], listed: Array) -> None:
        """Write the list of each split, of those items that are `listed`."""
        column = self._ds._items.sparse("split")
        if column is None:
            return
        members: dict[str, list[str]] = {}
        for row, split in zip(column.present().tolist(), column.dense().to_list(), strict=True):
            if listed[row]:
                members.setdefault(split, []).append(keys[row])
        for split, own in members.items():
            self._output.write(f"{folder}{split}.txt", "".join(f"{key}\n" for key in own).encode())

    def _masks(self, keys: Sequence[str]) -> Array:
        """Write the PNGs of objects and classes, and the list of classes; return which items have PNGs."""
        found = np.zeros(len(keys), bool)
        ds = self._ds
        masked = ds._annotations.array("kind") == KIND_CODE["mask"]
        voids = ds._items.sparse("extras/voc/void")
        void = {} if voids is None else dict(zip(voids.present().tolist(), voids.dense().to_list(), strict=True))
        for item, key in enumerate(keys):
            rows = ds._rows_of_item(item)
            drawn = np.flatnonzero(masked[rows])
            found[item] = len(drawn) or item in void
            if found[item]:
                width, height = ds._items.array("size")[item].tolist()
                self._bitmaps(key, rows, drawn, (height, width), void.get(item))
        colors = [label.color or (0, 0, 0) for label in ds.labels]
        self._output.write(FILE, format_label_map(ds.labels, colors))
        return found

    def _bitmaps(self, key: str, rows: Array, drawn: Array, size: tuple[int, int], void: Any) -> None:
        flat, offsets, _ = counts_of(self._ds, rows[drawn])
        labels = self._ds._annotations.array("label")[rows[drawn]]
        if void is not None:
            ignored = rle.loads(void["counts"], size)
            flat, offsets = np.concatenate([flat, ignored]), np.append(offsets, len(flat) + len(ignored))
        palette = voc_palette().copy()
        for place, label in enumerate(self._ds.labels[: VOID - 1], 1):
            palette[place] = label.color or palette[place]
        for folder, numbers, colors in (
            (self._dialect.objects, drawn + 1, voc_palette()),
            (self._dialect.classes, labels + 1, palette),
        ):
            values = np.append(numbers, [VOID] * (void is not None)).astype(np.uint8)
            bitmap = paint(flat, offsets, values, size)
            self._output.write(f"{folder}{key}.png", encode_label_bitmap(bitmap, "palette", palette=colors))

    def _pictures(self, keys: Sequence[str], paths: Sequence[str]) -> None:
        folder = "JPEGImages/" if self._dialect.folder == "Annotations/" else "items/" if self._dialect.folder else ""
        names = [f"{folder}{key}{Path(path).suffix}" for key, path in zip(keys, paths, strict=True)]
        write_pictures(self._output, self._context, names, paths)


def _records(table: Any, group: str, rows: Array) -> list[Record]:
    """Return the values of a group of columns, row by row."""
    found: list[Record] = [{} for _ in range(len(rows))]
    first = int(rows[0]) if len(rows) else 0
    for name, column in table.group(group).items():
        present = column.present()
        low, high = np.searchsorted(present, [first, first + len(rows)]).tolist()
        chosen = present[low:high]
        for row, value in zip(chosen.tolist(), column.values_of(chosen), strict=True):
            found[row - first][name] = value
    return found


def _elements(dialect: Dialect, own: Record, more: Record) -> str:
    """Return the usual attributes as elements of their own, and the others by name and value."""
    flags = "".join(line for tag in FLAGS if tag in own for line in element_lines(tag, own[tag], "\t\t"))
    others = [{"name": name, "value": value} for name, value in own.items() if name not in FLAGS]
    if others:
        flags += "".join(element_lines("attributes", {"attribute": others}, "\t\t"))
    return flags


def _flags(dialect: Dialect, own: Record, more: Record) -> str:
    stated = {tag: value for tag, value in {**dialect.fixed_flags, **own}.items() if tag not in more}
    return "".join(line for tag in FLAGS if tag in stated for line in element_lines(tag, stated[tag], "\t\t"))


def _literal(dialect: Dialect, own: Record, more: Record) -> str:
    listed = more.pop("#v1", None)
    if "attributes" in more:
        return ""
    return f"\t\t<attributes>{escaped(repr(own if listed is None else listed))}</attributes>\n"


_STATE: dict[str, Callable[[Dialect, Record, Record], str]] = {
    "elements": _elements,
    "python": _literal,
    "none": _flags,
}


def _quoted(value: Any) -> str:
    """Return text as the value of an XML attribute."""
    text = escaped(str(value)).replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\t", "&#9;")
