"""The bytes of the file: a header of JSON, then arrays one after another.

::

    offset  bytes  what
    0       8      N, the length of the header, little-endian
    8       N      JSON, ends in spaces so that 8 + N is a multiple of 64
    8 + N   ...    the arrays, little-endian, C order, each beginning at a multiple of 64

This is the layout of safetensors, so that any reader of safetensors gives the arrays by name. The header::

    {"__metadata__": {"annokit": "1", "digest": "<32 hex digits>", "checksums": "{...}", "tree": "{...}"},
     "items/name:values.data": {"dtype": "U8", "shape": [1234], "data_offsets": [0, 1234]},
     "padding/1": {"dtype": "U8", "shape": [46], "data_offsets": [1234, 1280]}, ...}

``annokit`` is the version of the tree. ``digest`` is the BLAKE2b-128 of everything before the first array, taken while
the digits are zeros; it always stands at the same place. ``checksums`` is a JSON object of the CRC-32 of each array by
name, so that the digest vouches for the whole file. ``tree`` is JSON that says which arrays make which column, see
:mod:`annokit.formats.annokit.tree`. The arrays cover everything up to the end of the file, without gaps or overlaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import attrs
import numpy as np

from annokit.columns.json import dumps, loads
from annokit.errors import FormatError

MARK = b'{"__metadata__":{"annokit":"'
"""Bytes 8 and following of every file."""

VERSION = 1
"""Version that is written."""

ALIGNMENT = 64

LONGEST = 100_000_000
"""Longest header, as safetensors has it."""

DTYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype(bool),
    **{f"U{8 * n}": np.dtype(f"<u{n}") for n in (1, 2, 4, 8)},
    **{f"I{8 * n}": np.dtype(f"<i{n}") for n in (1, 2, 4, 8)},
    **{f"F{8 * n}": np.dtype(f"<f{n}") for n in (2, 4, 8)},
}
"""Types of numbers by their names in the header."""

_PREFIX = re.compile(rb'\{"__metadata__":\{"annokit":"([0-9]{1,9})","digest":"([0-9a-f]{32})"')
_NO_DIGEST = b"0" * 32


@attrs.frozen
class Entry:
    """Where an array lies: bytes `start` up to `stop` after the header."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    stop: int


@attrs.frozen
class Header:
    """What the header says."""

    version: int
    begin: int
    """Where the first array begins in the file."""
    entries: Mapping[str, Entry]
    checksums: Mapping[str, int]
    tree: Mapping[str, Any]


def aligned(offset: int) -> int:
    """Return the next multiple of 64."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def packed(entries: Iterable[Entry], checksums: Mapping[str, int], tree: Mapping[str, Any]) -> bytes:
    """Return everything before the first array; the entries follow each other at aligned starts."""
    meta = {
        "annokit": str(VERSION),
        "digest": _NO_DIGEST.decode(),
        "checksums": dumps(checksums).decode(),
        "tree": dumps(tree).decode(),
    }
    text = dumps({"__metadata__": meta, **_listed(entries)})
    text = text.ljust(aligned(8 + len(text)) - 8)
    head = len(text).to_bytes(8, "little") + text
    return head.replace(_NO_DIGEST, _digest(head), 1)


def _digest(head: bytes) -> bytes:
    return blake2b(head, digest_size=16).hexdigest().encode()


def _listed(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return the header's lines of the arrays, and of the padding between them."""
    listed: dict[str, Any] = {}
    end = 0
    for entry in entries:
        if entry.start > end:
            listed[f"padding/{len(listed)}"] = _line("U8", (entry.start - end,), end)
        name = next(name for name, dtype in DTYPES.items() if dtype == entry.dtype)
        listed[entry.name] = _line(name, entry.shape, entry.start, entry.stop)
        end = entry.stop
    return listed


def _line(dtype: str, shape: tuple[int, ...], start: int, stop: int | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, start + shape[0] if stop is None else stop]}


def unpacked(data: Any, label: str) -> Header:
    """Return the header of a file.

    Parameters
    ----------
    data : bytes-like
        The whole file; only the header is touched.
    label : str
        Name for messages.

    Raises
    ------
    FormatError
        The file is cut short, its header is damaged or makes no sense, or its version is not known.
    """
    head = _head(data, label)
    found = _PREFIX.match(head, 8)
    if found is None:
        raise FormatError("this is no annokit file", path=label, found=repr(bytes(head[8:40])), expected=repr(MARK))
    version = int(found[1])
    if version > VERSION:
        raise FormatError(
            "the file was written by a newer annokit; update annokit to read it",
            path=label, found=f"version {version}", expected=f"version {VERSION} or older", version=version,
        )  # fmt: skip
    if _digest(head.replace(found[2], _NO_DIGEST, 1)) != found[2]:
        raise FormatError("the header is damaged: it does not fit its digest", path=label)
    try:
        return _header(version, head, len(data), label)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"the header makes no sense: {error}", path=label) from error


def _head(data: Any, label: str) -> bytes:
    size = len(data)
    length = int.from_bytes(bytes(data[:8]), "little")
    if size < 8 or (length > size - 8 and MARK.startswith(bytes(data[8 : 8 + len(MARK)]))):
        raise FormatError(
            "the file is cut short", path=label, found=f"{size:,} bytes", expected=f"{8 + length:,} or more"
        )
    if length > min(LONGEST, size - 8):
        raise FormatError("this is no annokit file", path=label, found=f"a header of {length:,} bytes")
    return bytes(data[: 8 + length])


def _header(version: int, head: bytes, size: int, label: str) -> Header:
    lines = loads(head[8:])
    meta = lines.pop("__metadata__")
    begin = len(head)
    entries = {name: _entry(name, line) for name, line in lines.items()}
    end = 0
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.stop)):
        if entry.start != end:
            raise ValueError(f"{entry.name!r} begins at {entry.start}, the array before it ends at {end}")
        end = entry.stop
    if begin + end != size:
        what = "the file is cut short" if size < begin + end else "the file goes on after its end"
        raise FormatError(what, path=label, found=f"{size:,} bytes", expected=f"{begin + end:,}")
    checksums = {name: _whole(value) for name, value in loads(meta["checksums"].encode()).items()}
    return Header(version, begin, entries, checksums, loads(meta["tree"].encode()))


def _entry(name: str, line: Any) -> Entry:
    dtype = DTYPES[line["dtype"]]
    shape = tuple(map(_whole, line["shape"]))
    start, stop = map(_whole, line["data_offsets"])
    count = dtype.itemsize
    for length in shape:
        count *= length
    if stop - start != count or len(shape) > 8:
        raise ValueError(f"{name!r} of shape {shape} has {stop - start} bytes")
    return Entry(name, dtype, shape, start, stop)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError(f"{value!r:.40} is no size")
    return value
