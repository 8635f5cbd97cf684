"""Reading: the header, and arrays that are views of the mapped file."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.mapped import MappedFile
from annokit.columns.base import Array
from annokit.errors import FormatError, UsageError
from annokit.formats.annokit import contents, documents, schema
from annokit.formats.annokit.layout import Header, unpacked
from annokit.formats.annokit.tree import TABLES, column_of, table_of
from annokit.report import Issue, Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

SUFFIX = ".annokit"

AT_ONCE = 16 << 20
"""Bytes of arrays up to which a file is verified whenever it is opened."""

NONSENSE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)
"""What data that make no sense raise in the making of columns and labels."""


def read(source: Source, context: ReadContext, *, verify: bool | None = None, mapped: bool = True) -> Dataset:
    """Return the dataset of a file.

    Parameters
    ----------
    source : Source
        A file, or an archive or a folder that holds one.
    context : ReadContext
        What a reader is told.
    verify : bool, optional
        Whether every array is compared with its checksum and every reference in it is looked at, which reads the whole
        file. By default this is done for files with at most 16 MiB of arrays, since larger ones would no longer open in
        milliseconds. The header, the file's length, labels, info and issues are verified always.
    mapped : bool
        Whether the arrays stay in the file, which they do where it lies on disk as it is; otherwise all is read into
        memory.
    """
    name = _member(source)
    path = source.path(name) if mapped else None
    file = File(_loaded(source, name) if path is None else MappedFile.of(path), source.where(name))
    try:
        dataset = VERSIONS[file.header.version](file)
        if verify or (verify is None and file.size <= AT_ONCE):
            file.verify(context.progress)
            contents.check(dataset)
    except NONSENSE as error:
        raise FormatError(f"the tables make no sense: {error}", path=file.label) from error
    return dataset if context.layer in (None, "all") else _of_layer(dataset, str(context.layer))


def _of_layer(ds: Dataset, layer: str) -> Dataset:
    """Return the dataset with the annotations of one layer; what is left out is an issue."""
    column = ds._annotations.sparse("layer")
    names = [] if column is None else column.values.to_list()
    if column is None or layer not in names:
        known = ", ".join(sorted(set(map(str, names)))) or "none"
        raise UsageError(f"no annotation is of the layer {layer!r}; layers: {known}")
    fits = np.array([name == layer for name in names], bool)
    rows = column.present()[fits[column.all_slots()]]
    left = len(ds._annotations) - len(rows)
    issue = Issue(
        "layer-not-read", "info", f"annotations of other layers than {layer!r} were left out", left, fate="unread"
    )
    chosen = ds.filter(annotations=rows)
    return chosen._with(issues=chosen.issues + Report([issue])) if left else chosen


def _member(source: Source) -> str:
    if source.only is not None:
        return source.only
    found = source.find(SUFFIX)
    if len(found) != 1:
        raise FormatError(
            "there is not one file to read", path=source.label, found=f"{len(found)} that end in {SUFFIX}", expected="1"
        )
    return found[0]


def _loaded(source: Source, name: str) -> Array:
    size = source.size(name)
    if size is None:
        return np.frombuffer(source.read(name), np.uint8)
    data = np.empty(size, np.uint8)
    with source.open(name) as file:
        done = 0
        while done < size and (count := file.readinto(data[done:].data)):  # type: ignore[attr-defined] # every source's file has it
            done += count
    data.flags.writeable = False
    return data[:done]


class File:
    """The arrays of a file by name.

    Parameters
    ----------
    data : MappedFile or (n,) uint8 array
        The whole file.
    label : str
        Name for messages.
    """

    def __init__(self, data: Any, label: str) -> None:
        self.label = label
        self.header: Header = unpacked(data, label)
        self._data = data

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        return len(self._data) - self.header.begin

    def array(self, name: str) -> Array:
        """Return an array as a view of the file; it can't be written to."""
        entry = self.header.entries[name]
        if entry.start == entry.stop:
            return np.empty(entry.shape, entry.dtype)
        count = (entry.stop - entry.start) // entry.dtype.itemsize
        return np.frombuffer(self._data, entry.dtype, count, self.header.begin + entry.start).reshape(entry.shape)

    def document(self, name: str) -> bytes:
        """Return the bytes of an array, verified."""
        self.check(name)
        return self.array(name).tobytes()

    def check(self, name: str) -> None:
        """Compare an array with its checksum."""
        entry = self.header.entries[name]
        found = zlib.crc32(memoryview(self._data)[self.header.begin + entry.start : self.header.begin + entry.stop])
        if found != self.header.checksums[name]:
            raise FormatError(f"the file is damaged: {name!r} does not fit its checksum", path=self.label)

    def verify(self, progress: Callable[[int, int | None], None]) -> None:
        """Compare everything with its checksum."""
        for name in self.header.checksums:
            self.check(name)
            progress(self.header.entries[name].stop, self.size)


def dataset_1(file: File) -> Dataset:
    """Return the dataset of a file of version 1."""
    from annokit.model.dataset import Dataset

    tree: Mapping[str, Any] = file.header.tree
    labels = documents.labels_of(file.document(tree["labels"]))
    info = documents.info_of(file.document(tree["info"]))
    places = {
        number: {name: column_of(node, file.array) for name, node in nodes.items()}
        for number, nodes in tree.get("places", {}).items()
    }
    issues = documents.issues_of(file.document(tree["issues"]), places)
    extras = _extras(tree["extras"], file) if "extras" in tree else {}
    tables = {name: table_of(tree[name], file.array) for name in TABLES}
    schema.check(tables)
    return Dataset(**tables, labels=labels, info=info, issues=issues, extras=extras)


def _extras(node: Any, file: File) -> dict[str, bytes]:
    fields = column_of(node, file.array).fields  # type: ignore[attr-defined] # AttributeError says that it is no Struct
    return dict(zip(fields["key"].to_list(), fields["value"].raw_list(), strict=True))


VERSIONS: Mapping[int, Callable[[File], Dataset]] = {1: dataset_1}
"""How files of each version are read. An entry never goes: old files can be read for ever."""
