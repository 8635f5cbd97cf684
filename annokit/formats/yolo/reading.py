"""Reading trees of label files."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.names import read_manifest
from annokit.codecs.source import FolderSource
from annokit.columns import Column, Fixed, Sparse, Table, Text
from annokit.columns.make import sparse_of
from annokit.errors import FormatError, UsageError
from annokit.formats.headers import sizes_in
from annokit.formats.yolo import keras
from annokit.formats.yolo.classes import class_tree
from annokit.formats.yolo.config import (
    Config,
    find_yaml,
    names_file,
    read_names,
    read_obj_data,
    read_yaml,
)
from annokit.formats.yolo.issues import beyond_borders
from annokit.formats.yolo.meaning import annotation_table, classes_for, find_meaning, sound
from annokit.formats.yolo.rows import RawRows, gather
from annokit.formats.yolo.trees import Entry, Finder, Tree, with_extensions
from annokit.formats.yolo.video import split_frames, tracks_of
from annokit.geometry.boxes import FORMS
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label, Skeleton
from annokit.model.schema import ITEM_KINDS, STATUSES, UNITS
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.formats.yolo.dialects import Dialect
    from annokit.model.dataset import Dataset

Progress = Callable[[int, int], object]

SIXTH = (None, "score", "track")


def read(  # noqa: PLR0913 - all but two are options, by keyword
    source: Source,
    context: ReadContext,
    *,
    data: str | None = None,
    classes: Sequence[str] | None = None,
    sixth: str | None = None,
    boxes: str = "xyxy",
    measure: bool = True,
) -> Dataset:
    """Read a tree of label files, or the one file of Keras.

    Parameters
    ----------
    source : Source
        The tree; or its ``data.yaml``, whose folder is then the tree.
    context : ReadContext
        What the caller asked for.
    data : str, optional
        Name of the tree's YAML file, where several could be it.
    classes : sequence of str, optional
        Names of the classes, where no file tells them, or instead of what it tells.
    sixth : {"score", "track"}, optional
        What a sixth number after a box is; by default tracks where all are written as integers, else scores.
    boxes : {"xyxy", "xywh"}
        How the boxes of Keras files are stated: corners, as both descriptions say, or corner and size.
    measure : bool
        Whether sizes are read from the headers of pictures that lie in the tree or the archive.
    """
    if sixth not in SIXTH:
        raise UsageError(f"sixth={sixth!r}; expected 'score' or 'track'")
    if boxes not in ("xyxy", "xywh"):
        raise UsageError(f"boxes={boxes!r}; expected 'xyxy' or 'xywh'")
    dialect: Dialect = context.dialect
    if dialect.layout == "keras":
        return keras.read(source, context, classes, boxes)
    source, data = _tree_of(source, data)
    config = _config(source, dialect, data)
    if classes is not None:
        config = attrs.evolve(config, classes=tuple(classes))
    originals = read_manifest(source)
    if dialect.layout == "classes" or config.rows == ("class",):
        return class_tree(source, context, originals, measure)
    tree = Finder(source, config, dialect, originals).tree()
    if context.images:
        with_extensions(tree.entries, context.images)
    pictures = sum(entry.image is not None for entry in tree.entries) if measure else 0
    rows, unread = gather(source, [entry.label for entry in tree.entries], context, pictures)
    return _Reader(source, context, config, tree).dataset(rows, unread, sixth, measure)


def _tree_of(source: Source, data: str | None) -> tuple[Source, str | None]:
    """Return the tree and its YAML's name where only the YAML was given."""
    only = source.only
    if only is None:
        return source, data
    path = source.path(only)
    if path is None or not only.lower().endswith((".yaml", ".yml")):
        raise FormatError(
            "YOLO labels are a tree of files", path=source.label, found="one file", expected="a folder or its data.yaml"
        )
    folder = path.resolve().parent
    root = read_yaml(source, only).root
    named = (folder / root).resolve() if root else folder
    if named != folder and named.is_dir() and not named.is_relative_to(folder):
        return _Beside(named, path, source), BESIDE
    return FolderSource(folder, source.limits), only


BESIDE = "annokit-data.yaml"


class _Beside(FolderSource):
    """A folder whose ``data.yaml`` lies elsewhere."""

    def __init__(self, folder: Path, path: Path, source: Source) -> None:
        super().__init__(folder, source.limits)
        self._data = path

    def _at(self, name: str) -> str:
        return str(self._data) if name == BESIDE else super()._at(name)

    def where(self, name: str) -> str:
        """Return the YAML's own path for it."""
        return str(self._data) if name == BESIDE else super().where(name)


def _config(source: Source, dialect: Dialect, data: str | None) -> Config:
    if data is not None and data not in source and data != BESIDE:
        raise UsageError(f"data={data!r}: there is no such file in {source.label}")
    if dialect.layout == "tree":
        name = data or find_yaml(source)
        if name is not None:
            return read_yaml(source, name)
    if dialect.layout == "classes":
        return Config()
    return _by_names(source, dialect)


def _by_names(source: Source, dialect: Dialect) -> Config:
    """Return what ``obj.data`` and the file with the classes say."""
    config, stated = Config(), None
    found = [name for name in source.names() if name.rpartition("/")[2] == "obj.data"]
    if dialect.layout in ("tree", "darknet") and found:
        keys, config = read_obj_data(source, min(found, key=len))
        stated = _near(source, min(found, key=len), keys.get("names", ""))
    name = stated or names_file(source, *([(dialect.names_file,)] if dialect.first_id else []))
    if name is None:
        name = names_file(source)
    return config if name is None else attrs.evolve(config, classes=read_names(source, name))


def _near(source: Source, beside: str, told: str) -> str | None:
    """Return the file that a path from elsewhere names: below the folder of `beside`, or by fewer of its folders."""
    parts = told.replace("\\", "/").split("/")
    for first in range(len(parts)):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(beside), *parts[first:]))
        if name in source:
            return name
    return None


class _Reader:
    """Makes a dataset of rows."""

    def __init__(self, source: Source, context: ReadContext, config: Config, tree: Tree) -> None:
        self.source, self.context, self.config, self.tree = source, context, config, tree
        self.entries = tree.entries
        self.dialect: Dialect = context.dialect
        self.builder = DatasetBuilder(unit=self.dialect.unit, form=self.dialect.form)

    def dataset(self, rows: RawRows, unread: np.ndarray, sixth: str | None, measure: bool) -> Dataset:
        """Return the dataset of all rows."""
        frames = split_frames(rows, self.entries, unread) if self.dialect.video else None
        if frames is not None:
            rows, unread, self.entries = frames.rows, frames.unread, frames.entries
            self.builder.report(frames.issues)
        stated = self.dialect.rows or self.config.rows
        meaning = find_meaning(rows, stated, self.config.joints, sixth)
        good = sound(rows, meaning, self.dialect, self._tell)
        table = annotation_table(rows.take(good), meaning, self.dialect.first_id)
        if frames is not None and frames.videos:
            table = table.replace({"track": tracks_of(frames.tracks[good])})
            for video in frames.videos:
                self.builder.add_sequence(video, name=video)
        labels = table.array("label")
        names, more = classes_for(labels, self.config.classes or (), self.source.label)
        for number, name in enumerate(names):
            self.builder.add_label(self._label(number, name))
        items, bad = item_table(self.source, self.entries, self.dialect, unread, measure, self._measuring)
        self.builder.add_items(items)
        self.builder.add_annotations(table)
        self.builder.extras.update(
            {key: raw for key, raw in self.config.extras.items() if key.partition("/")[2] not in self.tree.used_keys}
        )
        self.builder.report([*self.config.issues, *self.tree.issues, *meaning.issues, *more, *bad])
        self.builder.report(unread_keys(self.builder.extras))
        ds = self.builder.build()
        return beyond_borders(ds)

    def _measuring(self, done: int, total: int) -> None:
        """Show the progress of reading headers, which follow the label files."""
        before = len(self.tree.entries)
        self.context.progress(before + done, before + total)

    def _label(self, number: int, name: str) -> Label:
        joints: Any = self.config.joint_names.get(number)
        skeleton = None if joints is None else Skeleton(joints)
        return Label(name, number + self.dialect.first_id, skeleton=skeleton)

    def _tell(self, rows: RawRows, row: int, message: str, expected: str) -> None:
        entry = self.entries[int(rows.files[row])]
        error = FormatError(
            message,
            path=self.source.where(entry.label or entry.path),
            line=int(rows.lines[row]),
            item=entry.name,
            found=rows.text(row),
            expected=expected,
        )
        self.context.problems.add(error)


def unread_keys(extras: Mapping[str, bytes]) -> list[Issue]:
    """Return an issue about each key that is kept as it is."""
    keys = [key.partition("/")[2] for key in extras]
    told = "the key {!r} is not part of the model and is kept as it is"
    return [Issue("unread-key", "info", told.format(k), 1, (k,), field=k, fate="unread") for k in sorted(keys)]


def item_table(
    source: Source, entries: Sequence[Entry], dialect: Dialect, unread: np.ndarray, measure: bool, progress: Progress
) -> tuple[Table, list[Issue]]:
    """Return the columns of items, and what to tell about their pictures; `progress` counts those that are measured."""
    count = len(entries)
    labelled = np.array([entry.label is not None for entry in entries], bool)
    status = np.where(labelled, STATUSES.index("labelled"), STATUSES.index("unlabelled"))
    status[unread] = 0
    columns: dict[str, Column] = {
        "name": Text.of([entry.name for entry in entries]),
        "unit": Fixed(np.full(count, UNITS.index(dialect.unit), np.uint8)),
        "form": Fixed(np.full(count, FORMS.index(dialect.form), np.uint8)),
        "status": Fixed(status.astype(np.uint8)),
    }
    splits = [(row, entry.split) for row, entry in enumerate(entries) if entry.split is not None]
    if splits:
        columns["split"] = sparse_of(count, [row for row, _ in splits], [split for _, split in splits])
    frames = [(row, entry.frame, entry.video) for row, entry in enumerate(entries) if entry.frame is not None]
    if frames:
        rows, numbers, videos = (np.array(column, np.int64) for column in zip(*frames, strict=True))
        kinds, owners = np.zeros(count, np.uint8), np.full(count, -1, np.int64)
        kinds[rows], owners[rows] = ITEM_KINDS.index("frame"), videos
        columns.update(kind=Fixed(kinds), sequence=Fixed(owners), frame=Sparse(count, rows, None, Fixed(numbers)))
    images = [(row, entry.image) for row, entry in enumerate(entries) if entry.image is not None]
    bad: list[tuple[int, str]] = []
    if images:
        media, bad = _media(source, count, images, progress if measure else None)
        columns.update(media)
    places = Places.of((entries[row].name, None, told) for row, told in bad)
    told = "the size of a picture can't be read"
    issue = Issue.at("bad-media", "warning", told, places, field="size", fate="missing")
    return Table(count, columns), [issue] if bad else []


def _media(
    source: Source, count: int, images: list[tuple[int, str]], progress: Progress | None
) -> tuple[dict[str, Column], list[tuple[int, str]]]:
    """Return paths of the pictures of a folder, sizes from headers if wanted, and (row, why) for those without."""
    rows = np.array([row for row, _ in images], np.int64)
    found: dict[str, Column] = {}
    if source.kind == "folder":
        found["path"] = Sparse(count, rows, None, Text.of([f"{source.label}/{name}" for _, name in images]))
    if progress is None:
        return found, []
    measured = sizes_in(source, [name for _, name in images], progress)
    sizes = np.full((count, 2), -1, np.int64)
    sizes[rows] = measured.sizes
    found["size"] = Fixed(sizes)
    return found, [(images[place][0], str(error)) for place, error in measured.errors]
