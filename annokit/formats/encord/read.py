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
        The ontology's JSON, which names options, nests attributes and connects joints.
    title : str, optional
        Read only the rows whose data are called so.
    """
    reader = Reader(context, Ontology(_structure(ontology)), title)
    for where, pointer, text in _records(source, context):
        reader.text(where, pointer, text)
    return reader.build()


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


def _records(source: Source, context: ReadContext) -> Iterator[tuple[str, str, bytes]]:
    """Yield (file, pointer, text) of every label row in the source."""
    names = [source.only] if source.only is not None else list(source.find(".json"))
    if not names:
        raise FormatError("an Encord export is JSON", path=source.label, found="no JSON file", expected="label rows")
    for name in names:
        where = source.where(name)
        with source.open(name) as file:
            first = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        with source.open(name) as file:
            stream: Any = file
            if first == b"[":
                how = Reading(
                    label=where,
                    limits=context.limits,
                    total=source.size(name),
                    progress=context.progress,
                    repeats=context.repeats,
                    place="" if source.only == name else name,
                )
                for part in split(stream, {"": raw_records}, how):
                    if isinstance(part, Block):
                        for place, raw in enumerate(part.records, part.first):
                            yield where, f"/{place}", bytes(raw)
            else:
                text = file.read().removeprefix(b"\xef\xbb\xbf")
                yield where, "", text
                context.repeats.look(text, "" if source.only == name else name)
