"""The one file of YOLO Keras: a picture a line, then its boxes as ``x_min,y_min,x_max,y_max,class`` in pixels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from annokit.codecs.names import read_manifest, safe_names, write_manifest
from annokit.codecs.number_lines import dump_lines, parse_lines
from annokit.columns import Column, Fixed, Number, Table
from annokit.columns.base import Array
from annokit.errors import FormatError
from annokit.formats.places import ItemNames
from annokit.formats.yolo.config import names_file, read_names
from annokit.formats.yolo.layout import HEAD, LIST
from annokit.formats.yolo.meaning import MOST, classes_for
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from annokit.model.schema import KIND_CODE
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext, WriteContext
    from annokit.formats.yolo.dialects import Dialect
    from annokit.model.dataset import Dataset

FILE = "yolokeras.annotations.txt"

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_BOX = re.compile(rf"{_NUMBER}(?:,{_NUMBER}){{4}}")
_BROKEN = re.compile(r"(?<=\s)[0-9.+-]*(?:,[^,\s]*){2,}\Z")
_LOOKS = re.compile(rb"\S.*? [0-9.]+,[0-9.]+,[0-9.]+,[0-9.]+,[0-9]+(?: |$)", re.MULTILINE)


def looks_like(head: bytes) -> bool:
    """Tell whether a text has lines of a path and boxes."""
    return _LOOKS.search(head.replace(b"\r", b"")) is not None


def the_file(source: Source) -> str:
    """Return the file of boxes: by its usual name, else the only text that looks like one."""
    found = [name for name in source.names() if name.rpartition("/")[2] == FILE]
    if not found:
        texts = [name for name in source.names() if name.lower().endswith(".txt") or source.only == name]
        found = [name for name in texts[:1000] if looks_like(source.read(name, 1 << 16))]
    if len(found) != 1:
        raise FormatError(
            "YOLO Keras is one file of boxes", path=source.label, found=f"{len(found)} such files", expected=FILE
        )
    return found[0]


def read(source: Source, context: ReadContext, classes: Sequence[str] | None, boxes: str) -> Dataset:
    """Read the file."""
    name = the_file(source)
    label = source.where(name)
    dialect: Dialect = context.dialect
    originals = read_manifest(source)
    paths, owner, lines, text = _split(source.read_text(name), label, context)
    parsed = parse_lines(text.encode())
    numbers = parsed.values.reshape(-1, 5)
    whole = parsed.whole.reshape(-1, 5)
    keep = _sound(numbers[:, 4], dialect, (owner, lines, label), context)
    numbers, whole, owner = numbers[keep], whole[keep], owner[keep]
    position = numbers[:, 4].astype(np.int64) - dialect.first_id
    stated = _names(source) if classes is None else tuple(classes)
    made, issues = classes_for(position, stated, label)
    builder = DatasetBuilder(unit=dialect.unit, form=boxes)
    for number, word in enumerate(made, dialect.first_id):
        builder.add_label(Label(word, number))
    for path in paths:
        picture = source.path(path) if source.kind == "folder" and path in source else None
        builder.add_item(originals.get(path, path), path=picture, status="labelled")
    columns: dict[str, Column] = {
        "item": Fixed(owner),
        "label": Fixed(position),
        "kind": Fixed(np.full(len(owner), KIND_CODE["box"], np.uint8)),
        "box": Number(numbers[:, :4], whole[:, :4] if whole[:, :4].any() else None),
    }
    builder.add_annotations(Table(len(owner), columns))
    builder.report(issues)
    context.progress(len(paths), len(paths))
    return _told_inverted(_measured(builder.build()))


def _names(source: Source) -> tuple[str, ...]:
    found = names_file(source)
    return () if found is None else read_names(source, found)


def _split(text: str, label: str, context: ReadContext) -> tuple[list[str], Array, Array, str]:
    """Return the pictures, and of each box its picture, its line and, all as one text, its numbers."""
    paths: list[str] = []
    owner: list[int] = []
    lines: list[int] = []
    boxes: list[str] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        path, own = line.rstrip(), []
        while path:
            rest, _, last = path.rpartition(" ")
            if not rest or not _BOX.fullmatch(last):
                break
            own.append(last)
            path = rest.rstrip()
        if not path:
            continue
        broken = _BROKEN.search(path)
        if broken is not None:
            error = FormatError(
                "a box has five numbers", path=label, line=number, found=repr(broken[0][:60]), expected="x,y,x,y,class"
            )
            context.problems.add(error)
            path = re.split(r"\s+(?=[0-9.+-]*,)", path, maxsplit=1)[0]
        boxes += own[::-1]
        owner += [len(paths)] * len(own)
        lines += [number] * len(own)
        paths.append(path)
    return paths, np.array(owner, np.int64), np.array(lines, np.int64), "\n".join(boxes).replace(",", " ")


def _sound(ids: Array, dialect: Dialect, places: tuple[Array, Array, str], context: ReadContext) -> Array:
    bad = ~((ids == np.floor(ids)) & (ids >= dialect.first_id) & (ids <= MOST))
    for row in np.flatnonzero(bad).tolist():
        error = FormatError(
            "a box ends with the number of its class",
            path=places[2],
            line=int(places[1][row]),
            found=f"{ids[row]:g}",
            expected=f"an integer from {dialect.first_id}",
        )
        context.problems.add(error)
    return np.asarray(~bad)


def _measured(ds: Dataset) -> Dataset:
    """Return the dataset with the sizes of pictures that lie beside the file."""
    from annokit.media.size import image_sizes

    column = ds._items.sparse("path")
    if column is None:
        return ds
    sizes = np.full((len(ds), 2), -1, np.int64)
    sizes[column.present()] = image_sizes(column.dense().to_list()).sizes
    return ds._with(items=ds._items.replace({"size": Fixed(sizes)}))


def _told_inverted(ds: Dataset) -> Dataset:
    from annokit.model.bounds import boxes

    corners = boxes(ds, np.arange(len(ds._annotations)), "xyxy", "source")
    rows = np.flatnonzero((corners[:, 2:] < corners[:, :2]).any(axis=1))
    if not len(rows):
        return ds
    told = "the second corner lies left of or above the first; it is kept so (boxes='xywh' reads corner and size)"
    places = Places(ItemNames(ds._items), ds._annotations.array("item")[rows], rows)
    issue = Issue.at("odd-value", "warning", told, places, field="box", fate="kept")
    return ds._with(issues=ds.issues + Report((issue,)))


def write(ds: Dataset, output: Output, context: WriteContext) -> None:
    """Write the file of boxes and the file of classes."""
    from annokit.formats.pictures import write_media
    from annokit.formats.yolo.writing import write_names

    dialect: Dialect = context.dialect
    files = list(safe_names([_plain(name) for name in ds.names]).files)
    column = ds._annotations.get("box")
    box = column if isinstance(column, Number) else Number(np.zeros((0, 4)))
    label = ds._annotations.array("label") + dialect.first_id
    values = np.column_stack([box.values, label])
    marks = np.zeros(box.values.shape, bool) if box.whole is None else box.whole
    whole = np.column_stack([marks, np.ones(len(label), bool)])
    rows = np.arange(len(values) + 1, dtype=np.int64) * 5
    text, ends = dump_lines(values.reshape(-1), whole.reshape(-1), rows, between=ord(","), after=ord(" "))
    places = ends[ds._index[0]].tolist()
    with output.open(FILE) as file:
        for row, path in enumerate(files):
            own = text[places[row] : places[row + 1]]
            file.write(path.encode() + (b" " + own[:-1] if own else b"") + b"\n")
        context.progress(len(files), len(files))
    write_names(ds, output, dialect)
    output.write(LIST, f"{HEAD}{context.dialect_name}\n".encode())
    write_manifest(output, {file: name for file, name in zip(files, ds.names, strict=True) if file != name})
    write_media(ds, output, context, files)


def _plain(name: str) -> str:
    """Return a name that can't be taken for a path followed by boxes."""
    return re.sub(r"\s+(?=[^\s,]*,)|\s+\Z|\A\s+", "_", name)
