"""Reading releases."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from annokit.codecs.records import split
from annokit.columns.json import LONG_INTEGER, loads
from annokit.errors import FormatError, UsageError
from annokit.formats.segments.facts import STATUS_OF_WORD
from annokit.formats.segments.local import with_files
from annokit.formats.segments.release import Release, Wanted

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

POINTERS = ("/dataset/samples", "/samples")
"""Where the samples stand, in the layouts since 2020-08 and in the oldest one."""


def read(  # noqa: PLR0913 - options in the users' own words
    source: Source,
    context: ReadContext,
    *,
    task: str | None = None,
    labelset: str | None = None,
    filter_by: str | Sequence[str] | None = None,
    filter_by_metadata: Mapping[str, Any] | None = None,
    check: bool | None = None,
) -> Dataset:
    """Read a release.

    Parameters
    ----------
    source : Source
        A JSON file, or a folder or archive that holds one.
    context : ReadContext
        What the caller asked for.
    task, labelset : str, optional
        The same as ``layer``, in the words of SegmentsDataset.
    filter_by : str or sequence of str, optional
        Statuses, such as ``["LABELED", "REVIEWED"]``, in any case: only samples whose label has one of them are read. A
        sample without label counts as ``UNLABELED``.
    filter_by_metadata : mapping, optional
        Only samples whose metadata hold all of these are read.
    check : bool, optional
        Whether bitmaps that lie in `images` are compared with the annotations; by default as many as cost little.
    """
    name = the_file(source)
    wanted = Wanted(_layer(context.layer, task, labelset), _words(filter_by), filter_by_metadata or {})
    try:
        release = _taken(source, name, Release(context, source.where(name), wanted))
    except FormatError as error:
        if error.pointer not in POINTERS or error.found != "an object":
            raise
        release = Release(context, source.where(name), wanted)
        return with_files(release.whole(loads(source.read(name))), source, name, context.limits)
    again = release.again()
    if again is not None:
        release = _taken(source, name, again)
    return with_files(release.dataset(), source, name, context.limits)


def _taken(source: Source, name: str, release: Release) -> Release:
    """Return the release with everything taken in."""
    how = release.reading(source.size(name))
    with source.open(name) as opened:
        file: Any = opened
        for part in split(file, dict.fromkeys(POINTERS, records), how):
            release.take(part)
    return release


def records(text: bytes) -> Any:
    """Return the records of a JSON array; integers of any size stay integers."""
    return json.loads(text) if LONG_INTEGER.search(text) else orjson.loads(text)


def the_file(source: Source) -> str:
    """Return the one JSON file of a source, apart from annokit's own; FormatError where there is not one."""
    if source.only is not None:
        return source.only
    found = [name for name in source.names() if is_release_name(name)]
    if len(found) != 1:
        listed = ", ".join(found[:5]) or "none"
        raise FormatError("a release is one JSON file", path=source.label, found=listed, expected="one JSON file")
    return found[0]


def is_release_name(name: str) -> bool:
    """Tell whether a file of a tree may be its release."""
    return name.lower().endswith(".json") and not name.rpartition("/")[2].startswith("annokit")


def _layer(*names: str | None) -> str | None:
    stated = {name for name in names if name is not None}
    if len(stated) > 1:
        raise UsageError(f"layer, task and labelset mean the same; found {', '.join(sorted(map(repr, stated)))}")
    return next(iter(stated), None)


def _words(filter_by: str | Sequence[str] | None) -> frozenset[str] | None:
    if filter_by is None:
        return None
    words = frozenset(str(word).upper() for word in ([filter_by] if isinstance(filter_by, str) else filter_by))
    unknown = sorted(words - STATUS_OF_WORD.keys())
    if unknown:
        raise UsageError(f"filter_by {unknown[0]!r}; expected some of {', '.join(sorted(STATUS_OF_WORD))}")
    return words
