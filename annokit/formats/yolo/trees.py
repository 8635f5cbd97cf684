"""Which pictures a tree holds, where their label files lie, and which split they belong to."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from annokit.codecs.number_lines import parse_lines
from annokit.formats.yolo.config import NAMES_FILES, Config
from annokit.formats.yolo.layout import (
    LIST,
    image_stem,
    is_image,
    item_name,
    label_file,
    listed,
    split_of_folder,
    split_word,
    without_extension,
)
from annokit.formats.yolo.splits import SplitOf
from annokit.media.find import scan
from annokit.report import Issue

if TYPE_CHECKING:
    from pathlib import Path

    from annokit.codecs.source import Source
    from annokit.formats.yolo.dialects import Dialect

LAST = "\U0010ffff"
BESIDE = re.compile(r"(?:^|/)(?:readme|requirements|license|notes|_darknet)[^/]*\Z", re.IGNORECASE)
TOPS = frozenset(("annotations", "datasets", "images", "items", "labels", "json", "yolo"))
"""Folders that only say what lies in them."""


@attrs.define(eq=False)
class Entry:
    """One picture."""

    path: str
    """Where it lies or would lie, without extension where only its label file is there."""

    image: str | None
    """Its file in the source."""

    label: str | None
    """Its label file in the source."""

    split: str | None
    """The split it belongs to."""

    name: str
    """The item's name."""

    frame: int | None = None
    """The number of a frame of a video."""

    video: int = -1
    """Position of its video among those of the tree, -1 where it is a picture."""

    @property
    def lies(self) -> bool:
        """Whether the source holds anything of it."""
        return self.image is not None or self.label is not None


@attrs.frozen(eq=False)
class Tree:
    """The pictures of a source, and what to tell about them."""

    entries: list[Entry]
    issues: list[Issue] = attrs.field(factory=list)
    used_keys: frozenset[str] = frozenset()
    """Keys of the configuration that turned out to be splits."""


class Finder:
    """Finds the pictures of a source.

    Parameters
    ----------
    source : Source
        The tree.
    config : Config
        What it says of itself.
    dialect : Dialect
        The facts.
    originals : mapping of str to str
        Item names by picture, where annokit had to change them.
    """

    def __init__(self, source: Source, config: Config, dialect: Dialect, originals: dict[str, str]) -> None:
        self.source, self.config, self.dialect, self.originals = source, config, dialect, originals
        self.names = source.names()
        self.issues: list[Issue] = []
        self.taken: set[str] = set()

    @cached_property
    def members(self) -> frozenset[str]:
        """All names."""
        return frozenset(self.names)

    def tree(self) -> Tree:
        """Return the pictures: those that annokit listed in that order, then the others by split and name."""
        splits = self._splits()
        split_of = SplitOf(splits)
        found = [entry for path in self._listed() if (entry := self._entry(path, split_of(path))).lies]
        self.taken = {name for entry in found for name in (entry.path, entry.label) if name is not None}
        found += self._from_splits(splits, split_of) if splits else self._from_names()
        if split_of.shared:
            told = "pictures are listed by several splits and belong to none of them"
            examples = tuple(split_of.shared[:5])
            self.issues.append(Issue("assumed", "info", told, len(split_of.shared), examples, field="split"))
        self._tell_unread(found, bool(splits))
        return Tree(found, self.issues, frozenset(key for key, _ in splits))

    # what annokit wrote -----------------------------------------------------------------------------------------------

    def _listed(self) -> list[str]:
        if self.source.kind == "file" or LIST not in self.members:
            return []
        return listed(self.source.read_text(LIST))

    def _entry(self, path: str, split: str | None, label: str | None = None) -> Entry:
        image = path if path in self.members else None
        name = self.originals.get(path)
        label = label or self._label_of(path)
        return Entry(path, image, label, split, item_name(path, split) if name is None else name)

    def _label_of(self, path: str) -> str | None:
        """Return the label file of a picture, None where there is none."""
        if self.dialect.layout == "flat":
            direct = self.dialect.label_folder + without_extension(path).removeprefix("images/") + ".txt"
            return direct if direct in self.members else self._flat_labels.get(_tail(without_extension(path)))
        label = label_file(path)
        if label in self.members and label != path:
            return label
        if self.dialect.layout == "tree" and "/images/" in f"/{path}":
            return None
        beside = without_extension(path) + ".txt"
        return beside if beside in self.members and beside != path else None

    # splits that a file states ----------------------------------------------------------------------------------------

    def _splits(self) -> list[tuple[str, list[str] | str]]:
        """Return (key, folder or list of pictures) for each place that leads somewhere."""
        found: list[tuple[str, list[str] | str]] = []
        for key, places in self.config.splits:
            for place in places:
                resolved = self._resolved(place)
                if resolved is not None:
                    found.append((key, resolved))
                elif split_word(key) != key or key in ("train", "val", "test"):
                    told = "a split leads nowhere in this tree"
                    self.issues.append(
                        Issue("dangling-reference", "warning", told, examples=(f"{key}: {place}",), field=key)
                    )
        return found

    def _bases(self) -> list[str]:
        beside = posixpath.dirname(self.config.name or "")
        return list(dict.fromkeys((_inside(beside, self.config.root), beside, "")))

    def _resolved(self, place: str) -> list[str] | str | None:
        place = place.replace("\\", "/")
        for candidate in self._candidates(place, self._bases()):
            if candidate.endswith(".txt") and candidate in self.members:
                return self._list_file(candidate)
            if self._has(candidate):
                return candidate
        return None

    def _candidates(self, place: str, bases: Sequence[str]) -> Iterator[str]:
        """Yield where a place may lie in the tree: below the bases, then with folders left out from the left."""
        plain = place.strip().lstrip("/") if place.startswith("/") else place.strip()
        for base in bases:
            yield _inside(base, plain)
        parts = [part for part in plain.split("/") if part not in (".", "..", "") and not part.endswith(":")]
        for first in range(len(parts) if len(parts) < 64 else 0):
            yield "/".join(parts[first:])

    def _has(self, folder: str) -> bool:
        if folder == "":
            return True
        return any(next(self._below(place), None) is not None for place in (folder, _label_folder(folder)))

    def _below(self, folder: str) -> Iterator[str]:
        """Yield the names in and below a folder."""
        prefix = f"{folder}/" if folder else ""
        for place in range(bisect_left(self.names, prefix), len(self.names)):
            if not self.names[place].startswith(prefix):
                return
            yield self.names[place]

    def _list_file(self, member: str) -> list[str]:
        """Return the pictures of a list file, each where it lies."""
        beside = posixpath.dirname(member)
        bases = list(dict.fromkeys((*self._bases(), beside)))
        lines = (line.strip().replace("\\", "/") for line in self.source.read_text(member).splitlines())
        return [self._listed_picture(line, [beside] if line.startswith("./") else bases) for line in lines if line]

    def _listed_picture(self, line: str, bases: Sequence[str]) -> str:
        for candidate in self._candidates(line, bases):
            if candidate in self.members or self._label_of(candidate) is not None:
                return candidate
        return next(self._candidates(line, bases[:1]))

    def _from_splits(self, splits: Sequence[tuple[str, list[str] | str]], split_of: SplitOf) -> list[Entry]:
        paths: dict[str, str | None] = {}
        for _, place in splits:
            paths.update(dict.fromkeys(place) if isinstance(place, list) else self._in_folder(place))
        return [self._entry(path, split_of(path), label) for path, label in self._new(paths)]

    def _new(self, paths: Mapping[str, str | None]) -> list[tuple[str, str | None]]:
        """Return the pictures and label files that annokit has not listed."""
        return [pair for pair in paths.items() if pair[0] not in self.taken and pair[1] not in self.taken]

    def _in_folder(self, folder: str) -> dict[str, str | None]:
        """Return the pictures of a folder, sorted, with the label files of those that are not there themselves."""
        images = [name for name in self._below(folder) if is_image(name)]
        labels = _label_folder(folder)
        texts = [name for name in self._below(labels) if name.endswith(".txt")]
        stems = {without_extension(name) for name in images}
        return _sorted(images, (n for n in texts if labels != folder or self._is_label_file(n, stems)))

    # splits that only the folders tell --------------------------------------------------------------------------------

    def _from_names(self) -> list[Entry]:
        images = [name for name in self.names if is_image(name)]
        if self.dialect.layout == "flat":
            return self._flat(images)
        stems = {without_extension(name) for name in images}
        below = [name for name in self.names if name.endswith(".txt") and "/labels/" in f"/{name}"]
        labels = below or [name for name in self.names if self._is_label_file(name, stems)]
        found = self._new(_sorted(images, labels))
        return [self._entry(path, split_of_folder(path), label) for path, label in found]

    def _is_label_file(self, name: str, stems: frozenset[str] | set[str] = frozenset()) -> bool:
        if not name.endswith(".txt") or BESIDE.search(name) or name.rpartition("/")[2] in NAMES_FILES:
            return False
        return name.removesuffix(".txt") in stems or looks_like_labels(self.source.read(name, 1 << 12))

    @cached_property
    def _flat_labels(self) -> dict[str, str]:
        """Label files by the tail of their paths."""
        folder = self.dialect.label_folder
        inside = [name for name in self.names if folder and name.endswith(".txt") and f"/{folder}" in f"/{name}"]
        labels = inside or [name for name in self.names if self._is_label_file(name)]
        return {_tail(name.removesuffix(".txt")): name for name in labels}

    def _flat(self, images: Sequence[str]) -> list[Entry]:
        by_tail = {_tail(without_extension(name)): name for name in images}
        tails = sorted({*self._flat_labels, *by_tail})
        found = self._new({by_tail.get(tail, tail): self._flat_labels.get(tail) for tail in tails})
        return [Entry(p, p if p in self.members else None, label, None, self._flat_name(p)) for p, label in found]

    def _flat_name(self, path: str) -> str:
        stem = without_extension(path)
        return self.originals.get(path, _tail(stem) + path[len(stem) :]) if path in self.members else path

    def _tell_unread(self, entries: Sequence[Entry], split: bool) -> None:
        if not split or self.dialect.layout != "tree":
            return
        used = {entry.label for entry in entries}
        unread = [n for n in self.names if n.endswith(".txt") and "/labels/" in f"/{n}" and n not in used]
        if unread:
            told = "label files that no split names were not read"
            self.issues.append(Issue("skipped-record", "warning", told, len(unread), tuple(unread[:5]), fate="skipped"))


def with_extensions(entries: Sequence[Entry], folders: Iterable[Path]) -> None:
    """Give pictures of which only the label file is there the extension of the one file of their stem in `folders`."""
    by_stem: dict[str, set[str]] = {}
    for folder in folders:
        for name, _ in scan(str(folder)):
            if is_image(name):
                stem = without_extension(name)
                for known in {stem, stem.rpartition("/")[2]}:
                    by_stem.setdefault(known, set()).add(name[len(stem) :])
    for entry in entries:
        if entry.image is None and not is_image(entry.name):
            found = by_stem.get(entry.name) or by_stem.get(entry.name.rpartition("/")[2], set())
            if len(found) == 1:
                entry.name += next(iter(found))


def _inside(base: str, place: str) -> str:
    """Return a place below a base; what leads out of the tree stays at its top."""
    joined = posixpath.normpath(posixpath.join(base, place)) if base or place else ""
    while joined.startswith("../"):
        joined = joined[3:]
    return "" if joined in (".", "..") else joined.lstrip("/")


def _label_folder(folder: str) -> str:
    return posixpath.dirname(label_file(f"{folder}/x" if folder else "x"))


def _tail(stem: str) -> str:
    """Return a path without the first folder where that only says what lies in it."""
    first, slash, rest = stem.partition("/")
    return rest if slash and first in TOPS else stem


def _sorted(images: Iterable[str], labels: Iterable[str]) -> dict[str, str | None]:
    """Return pictures, and the label file of each that is not there itself under the path it would have, sorted."""
    found: dict[str, str | None] = dict.fromkeys(images)
    stems = {without_extension(name) for name in found}
    found.update((stem, label) for label in labels if (stem := image_stem(label)) not in stems)
    return dict(sorted(found.items()))


def looks_like_labels(head: bytes) -> bool:
    """Tell whether the beginning of a file is that of a label file: nothing, or lines of five numbers and more."""
    lines = head.splitlines()
    if len(head) >= 1 << 12:
        lines = lines[:-1]
    found = parse_lines(b"\n".join(lines))
    counts = found.offsets[1:] - found.offsets[:-1]
    return not found.odd and bool((counts >= 5).all())
