"""Where the five files of each data set lie, and what one of the small ones holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

import attrs

from annokit.codecs.records import Block, Reading, split
from annokit.columns.json import loads
from annokit.errors import FormatError
from annokit.formats.innotescus.facts import ANNOTATION_FIELDS, FILES, ITEM_FIELDS, MARKS

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext


@attrs.frozen
class Group:
    """The files of one data set."""

    folder: str
    """Where they lie, ``""`` for the top."""

    files: dict[str, str]
    """Member by the name of :data:`~.facts.FILES`."""

    dataset: str | None = None
    """Name of the data set."""


def groups(source: Source) -> list[Group]:
    """Return the data sets of an export, sorted by folder.

    Raises
    ------
    FormatError
        There is none of the five files.
    """
    if source.only is not None:
        return [Group("", {_kind(source, source.only): source.only})]
    found: dict[str, dict[str, str]] = {}
    for name in source.names():
        folder, _, last = name.rpartition("/")
        if last.lower() in FILES:
            found.setdefault(folder, {})[last.lower()] = name
    folders = sorted(folder for folder, files in found.items() if _own(source, files))
    if not folders:
        raise FormatError(
            "this is no Innotescus export", path=source.label, found="none of its files", expected=", ".join(FILES)
        )
    named = sorted(zip(dataset_names(folders), folders, strict=True), key=lambda pair: pair[0] or "")
    return [Group(folder, found[folder], name) for name, folder in named]


def _own(source: Source, files: dict[str, str]) -> bool:
    """Tell whether a folder is a data set: files of such plain names may belong to anything."""
    if {ANNOTATION_FIELDS, ITEM_FIELDS} & files.keys() or len(files) > 1:
        return True
    (kind, name), *_ = files.items()
    head = source.read(name, 1 << 16)
    return any(mark in head for mark in MARKS[kind]) or head.strip() == b"[]"


def _kind(source: Source, name: str) -> str:
    """Return which of the five files a single one is, by its name, else by its keys."""
    last = name.rpartition("/")[2].lower()
    if last in FILES:
        return last
    head = source.read(name, 1 << 16)
    found = next((kind for kind, marks in MARKS.items() if any(mark in head for mark in marks)), None)
    if found is None:
        raise FormatError(
            "this is none of the files of an Innotescus export",
            path=source.label,
            expected=", ".join(FILES),
        )
    return ITEM_FIELDS if found == ANNOTATION_FIELDS and _of_items(head) else found


def _of_items(head: bytes) -> bool:
    """Tell the definitions of items from those of annotations: by what stands around the list, and one word."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"[" or (b'"List"' in head and b'"Select"' not in head)


def dataset_names(folders: Sequence[str]) -> list[str | None]:
    """Return the name of the data set in each folder: its last part, and more parts where two would have one name."""
    last = [folder.rpartition("/")[2] for folder in folders]
    if len({name.casefold() for name in last}) == len(last):
        return [name or None for name in last]
    parts = [folder.split("/") for folder in folders]
    shared = 0
    while len({tuple(p[: shared + 1]) for p in parts}) == 1:
        shared += 1
    return ["/".join(p[shared:]) or None for p in parts]


@attrs.frozen
class Listing:
    """A file that holds a list of objects."""

    source: Source
    name: str
    """The member."""

    context: ReadContext
    lenient: bool = False
    """Accept comments, trailing commas and curly quotes."""

    @property
    def where(self) -> str:
        """What messages call it."""
        return self.source.where(self.name)

    @property
    def wrapping(self) -> str | None:
        """What stands around the list: ``fields`` an object of that key, ``fragment`` the key alone, None nothing."""
        head = self.source.read(self.name, 256).removeprefix(b"\xef\xbb\xbf").lstrip()
        return "fields" if head[:1] == b"{" else "fragment" if head[:8] == b'"fields"' else None

    def blocks(self, decode: Callable[[bytes], list[Any]] = loads) -> Iterator[tuple[int, list[Any]]]:
        """Yield runs of objects with the place of their first one.

        Parameters
        ----------
        decode : callable
            Turns the text of a list into its objects.

        Raises
        ------
        FormatError
            It is no JSON, or neither a list nor an object with nothing but a list under ``fields``.
        """
        wrapping = self.wrapping
        pointer = "/fields" if wrapping else ""
        file: Any
        with self._open(wrapping) as file:
            how = Reading(
                label=self.where,
                limits=self.context.limits,
                total=self.source.size(self.name),
                progress=self.context.progress,
                repeats=self.context.repeats if decode is loads else None,
                place="" if self.source.only else self.name,
            )
            seen = not wrapping
            for part in split(file, {pointer: decode}, how):
                if isinstance(part, Block):
                    yield part.first, part.records
                elif part.pointer == "":
                    seen = [key for key, _ in part.members] == ["fields"]
        if not seen:
            expected = "a list of objects"
            raise FormatError("the document is no list", path=self.where, found="an object", expected=expected)

    def records(self) -> Iterator[tuple[str, Any]]:
        """Yield the pointer and the value of every object."""
        for first, found in self.blocks():
            for place, record in enumerate(found, first):
                yield f"/{place}", record

    def _open(self, wrapping: str | None) -> BinaryIO:
        if not self.lenient and wrapping != "fragment":
            return self.source.open(self.name)
        data = self.source.read(self.name).removeprefix(b"\xef\xbb\xbf")
        if self.lenient:
            from annokit.codecs.lenient import strict_json

            data = strict_json(data, label=self.where)
        if wrapping == "fragment":  # the braces around it are missing in the platform's own description, too
            data = b"{" + data.strip().rstrip(b",") + b"}"
        return BytesIO(data)
