"""Reading Encord label rows: the files and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annokit.codecs.records import Block, Reading, raw_records, split
from annokit.columns.json import loads
from annokit.errors import FormatError
from annokit.formats.encord.ontology import Ontology
from annokit.formats.encord.reader import Reader

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

Record = dict[str, Any]

MOST_ONTOLOGY = 1 << 26
"""Bytes of an ontology beside rows at the most."""


def read(
    source: Source,
    context: ReadContext,
    *,
    ontology: str | PathLike[str] | Record | None = None,
    title: str | None = None,
) -> Dataset:
    """Read label rows.

    Parameters
    ----------
    source : Source
        A JSON file, or an archive or folder of them.
    context : ReadContext
        What the caller asked for; a layer is a branch, ``main`` by default.
    ontology : path or dict, optional
        The ontology's JSON, which names options, nests attributes and connects joints. By default the one that lies in
        the same folder or archive, where there is just one.
    title : str, optional
        Read only the rows whose data are called so.
    """
    names = [source.only] if source.only is not None else list(source.find(".json"))
    beside = {} if source.only is not None else _ontologies(source, names)
    known = _structure(ontology)
    if known is None and len(beside) == 1:
        known = next(iter(beside.values()))
    rows = [name for name in names if name not in beside]
    if not rows:
        raise FormatError("an Encord export is JSON", path=source.label, found="no JSON file", expected="label rows")
    reader = Reader(context, Ontology(known), title)
    for name in rows:
        try:
            for where, pointer, text in _records(source, context, name):
                reader.text(where, pointer, text)
        except FormatError as error:  # what follows in this file can't be read
            context.problems.add(error)
    return reader.build()


def _ontologies(source: Source, names: list[str]) -> dict[str, Record]:
    """Return the ontologies among files, by name."""
    found = {}
    for name in names:
        if (source.size(name) or 0) > MOST_ONTOLOGY:
            continue
        with source.open(name) as file:
            text = file.read(MOST_ONTOLOGY)
        if b'"data_units"' in text or (b'"objects"' not in text and b'"classifications"' not in text):
            continue
        try:
            value = loads(text)
        except (ValueError, RecursionError):
            continue
        inner = value.get("editor", value) if isinstance(value, dict) else None
        if isinstance(inner, dict) and all(isinstance(inner.get(key), list) for key in ("objects", "classifications")):
            found[name] = value
    return found


def _structure(ontology: Any) -> Record | None:
    if ontology is None or isinstance(ontology, dict):
        return ontology
    try:
        value = loads(Path(ontology).read_bytes())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this ontology is not JSON: {error}", path=str(ontology)) from None
    if not isinstance(value, dict):
        raise FormatError("this is no ontology", path=str(ontology), found=type(value).__name__, expected="an object")
    return value


def _records(source: Source, context: ReadContext, name: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield (file, pointer, text) of every label row in a file."""
    where, place = source.where(name), "" if source.only == name else name
    with source.open(name) as file:
        first = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    with source.open(name) as file:
        if first != b"[":
            text = file.read().removeprefix(b"\xef\xbb\xbf")
            yield where, "", text
            context.repeats.look(text, place)
            return
        how = Reading(
            label=where,
            limits=context.limits,
            total=source.size(name),
            progress=context.progress,
            repeats=context.repeats,
            place=place,
        )
        stream: Any = file
        for part in split(stream, {"": raw_records}, how):
            if isinstance(part, Block):
                for row, raw in enumerate(part.records, part.first):
                    yield where, f"/{row}", bytes(raw)
