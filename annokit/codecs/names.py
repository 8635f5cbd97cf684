"""File names that are safe on every system, unable to leave their folder, unique, and undone on reading.

A name that is fine stays exactly as it is. Of the others, each bad character becomes ``_``, and a short hash of the
original goes before the extension where the name had to be cut or would meet another one: on a file system that ignores
case or Unicode composition, and between a file and a folder. What changed is written to ``annokit-names.json``.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import attrs

from annokit.codecs.source import NAMES, Source
from annokit.errors import FormatError

MANIFEST = NAMES

PART_BYTES = 240
"""Longest part of a name in UTF-8 bytes; file systems end at 255, and a temporary name beside it needs a few."""

_CHARACTERS = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\/\ud800-\udfff]')
_RESERVED = r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(?=[./]|\Z)"
_BAD = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"|?*\\\ud800-\udfff]'
    r"|(?:\A|/)(?:\.|/|\Z)|[. ](?:/|\Z)"
    rf"|(?:\A|/){_RESERVED}|\A{re.escape(MANIFEST)}\Z",
    re.IGNORECASE,
)
_RESERVED_PART = re.compile(_RESERVED, re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=.)\.[A-Za-z][A-Za-z0-9]{0,7}\Z", re.DOTALL)
_SURELY_SHORT = 60


@attrs.frozen
class SafeNames:
    """Item names and the file names that stand for them, in the same order."""

    originals: tuple[str, ...]
    """The names as the items have them."""

    files: tuple[str, ...]
    """Relative file names with ``/``, all different even where case and Unicode composition are ignored."""

    changed: tuple[int, ...]
    """Positions of the names that are not simply the original (with the suffix asked for)."""

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __getitem__(self, position: int) -> str:
        return self.files[position]

    @cached_property
    def _inverse(self) -> dict[str, str]:
        return dict(zip(self.files, self.originals, strict=True))

    def original(self, file: str) -> str:
        """Return the item name that a file name stands for."""
        return self._inverse[file]

    @property
    def manifest(self) -> dict[str, str]:
        """The original of each changed file name, by file name."""
        return {self.files[row]: self.originals[row] for row in self.changed}


def safe_names(names: Sequence[str], *, suffix: str | None = None) -> SafeNames:
    """Return file names for item names.

    Parameters
    ----------
    names : sequence of str
        Any text; ``/`` separates folders. Names may repeat, each gets a file of its own.
    suffix : str, optional
        Replaces the extension (up to eight letters and digits, a letter first), as in ``.txt`` for a label file beside
        each image; ``a.jpg`` and ``a.png`` then meet, and the second gets a hash.

    Returns
    -------
    SafeNames
        Equal input gives equal output. Of names that meet, the first keeps its own, unchanged ones before changed ones.

    Examples
    --------
    >>> list(safe_names(["a/b.png", "a/B.png", "../c:d.png"]))
    ['a/b.png', 'a/B-f190db4e.png', '_/c_d.png']
    """
    plain = names if suffix is None else [_EXTENSION.sub("", name) + suffix for name in names]
    folders = _Folders()
    files = [_safe_file(name, folders) for name in plain]
    taken = _Taken(folders.keys)
    order = sorted(range(len(files)), key=lambda row: files[row] != plain[row])
    for row in order:
        files[row] = taken.claim(files[row], names[row])
    changed = tuple(row for row, (file, name) in enumerate(zip(files, plain, strict=True)) if file != name)
    return SafeNames(tuple(names), tuple(files), changed)


def fold(name: str) -> str:
    """Return what a file system that ignores case and Unicode composition compares."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


class _Folders:
    """Safe spellings of folders; two that would meet get different ones."""

    def __init__(self) -> None:
        self.safe: dict[str, str] = {}
        self.keys: set[str] = set()

    def __call__(self, folder: str) -> str:
        known = self.safe.get(folder)
        if known is None:
            above, slash, part = folder.rpartition("/")
            start = self(above) + "/" if slash else ""
            known = start + clean_part(part)
            attempt = 0
            while fold(known) in self.keys:
                known, attempt = start + _hashed(clean_part(part), folder, attempt), attempt + 1
            self.keys.add(fold(known))
            self.safe[folder] = known
        return known


class _Taken:
    """File names given so far; a name that would meet one of them, or a folder, gets a hash."""

    def __init__(self, folders: set[str]) -> None:
        self.keys = set(folders)
        self.attempts: dict[tuple[str, str], int] = {}

    def claim(self, file: str, original: str) -> str:
        found = file
        while (key := fold(found)) in self.keys:
            folder, slash, part = file.rpartition("/")
            attempt = self.attempts.get((file, original), 0)
            self.attempts[file, original] = attempt + 1
            found = folder + slash + _hashed(part, original, attempt)
        self.keys.add(key)
        return found


def _safe_file(name: str, folders: _Folders) -> str:
    if not _BAD.search(name) and (len(name) <= _SURELY_SHORT or _short(name)):
        folder, slash, part = name.rpartition("/")
        return f"{folders(folder)}/{part}" if slash else name
    folder, slash, part = name.rpartition("/")
    part = clean_part(part)
    if name.lower() == MANIFEST:
        part = "_" + part
    return f"{folders(folder)}/{part}" if slash else part


def _short(name: str) -> bool:
    return all(len(part.encode()) <= PART_BYTES for part in name.split("/"))


def clean_part(part: str) -> str:
    """Return one part of a name made safe: no separators or control characters, not hidden, reserved or too long."""
    clean = _CHARACTERS.sub("_", part).rstrip(". ")
    if clean.startswith("."):
        clean = "_" + clean.lstrip(".")
    if not clean:
        clean = "_"
    if _RESERVED_PART.match(clean):
        clean = "_" + clean
    return clean if len(clean.encode()) <= PART_BYTES else _hashed(clean, part, 0)


def _hashed(part: str, original: str, attempt: int) -> str:
    """Return `part` with a hash of `original` before its extension, cut to the longest length."""
    text = original if attempt == 0 else f"{original}\0{attempt}"
    mark = "-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    found = _EXTENSION.search(part)
    stem, extension = (part[: found.start()], part[found.start() :]) if found else (part, "")
    room = PART_BYTES - len(mark) - len(extension)
    return stem.encode()[:room].decode("utf-8", "ignore") + mark + extension


class Writable(Protocol):
    """What takes named files: :class:`annokit.codecs.output.Output`."""

    def write(self, name: str, data: bytes) -> None:
        """Store a file."""


def write_manifest(output: Writable, names: SafeNames | Mapping[str, str], folder: str = "") -> None:
    """Write the changed names at the top of a tree or of one of its folders; nothing where none changed."""
    manifest = names.manifest if isinstance(names, SafeNames) else dict(names)
    if manifest:
        document = {"annokit": "names", "version": 1, "names": manifest}
        output.write(
            f"{folder}/{MANIFEST}" if folder else MANIFEST,
            json.dumps(document, indent=1, sort_keys=True).encode() + b"\n",
        )


def read_manifest(source: Source) -> dict[str, str]:
    """Return the original names by file name, as :func:`write_manifest` left them; empty where there is no manifest.

    Raises
    ------
    FormatError
        The manifest is damaged.
    """
    if source.kind == "file" or MANIFEST not in source:
        return {}
    try:
        document: Any = json.loads(source.read_text(MANIFEST))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the manifest is not JSON ({error})", path=source.where(MANIFEST)) from error
    names = document.get("names") if isinstance(document, dict) else None
    if not isinstance(names, dict) or not all(isinstance(value, str) for value in names.values()):
        raise FormatError(
            "the manifest holds no names", path=source.where(MANIFEST), expected='{"names": {file: name}}'
        )
    return names
