"""Writing trees of label files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.codecs.names import safe_names, write_manifest
from annokit.codecs.number_lines import dump_lines
from annokit.codecs.yaml import dump_scalar, dump_yaml
from annokit.columns import MISSING
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.formats.pictures import write_media
from annokit.formats.yolo import classes, keras
from annokit.formats.yolo.config import BACKUP
from annokit.formats.yolo.dialects import ROW_TASK, Dialect
from annokit.formats.yolo.layout import HEAD, LIST, item_name, label_file, without_extension
from annokit.formats.yolo.objects import joint_count
from annokit.formats.yolo.tokens import tokens_of

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

BLOCK = 2_048
"""Annotations turned into text at a time."""


def write(  # noqa: PLR0913 - all but three are options, by keyword
    ds: Dataset,
    output: Output,
    context: WriteContext,
    *,
    decimals: int | None = None,
    clip: bool | None = None,
    parts: str = "bridge",
    crowds: str = "keep",
    sixth: str | None = None,
) -> None:
    """Write a tree, or the files of Keras.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what the dialect holds.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for. Without media the tree holds the label files alone, laid out so that they pair with
        the pictures once these lie under the names that ``annokit-images.lst`` lists.
    decimals : int, optional
        Decimals of coordinates; by default each is the shortest text that reads back as the same number.
    clip : bool, optional
        Whether shapes are cut at the borders of the picture; by default where the loader would leave out a picture that
        has others (the Ultralytics dialects).
    parts : {"bridge", "split", "largest"}
        What becomes of an outline of several parts where a row is one ring: parts joined by cuts of no width, a row for
        each, or only the largest. Holes are joined in any case.
    crowds : {"keep", "refuse"}
        Whether crowds become ordinary objects or are left out.
    sixth : {"score", "track"}, optional
        What is written behind a box; Ultralytics leaves out pictures whose boxes have more than four numbers.
    """
    dialect: Dialect = context.dialect
    writers = {"keras": keras.write, "classes": classes.write}
    writers.get(dialect.layout, _write_tree)(ds, output, context)


def _write_tree(ds: Dataset, output: Output, context: WriteContext) -> None:
    dialect: Dialect = context.dialect
    pictures = Pictures(ds, dialect)
    _CONFIGS[dialect.layout](ds, output, dialect, pictures)
    pictures.write(output, context.dialect_name)
    write_labels(ds, output, context, pictures.labels)
    write_media(ds, output, context, pictures.images)


class Pictures:
    """Where the pictures of a dataset and their label files lie in a tree.

    Parameters
    ----------
    ds : Dataset
        Narrowed.
    dialect : Dialect
        The facts.
    """

    def __init__(self, ds: Dataset, dialect: Dialect) -> None:
        self.names = ds.names
        self.splits = splits_of(ds)
        tops = [_top(dialect, split) for split in self.splits]
        stems = [without_extension(name) for name in self.names]
        safe = safe_names([f"{top}{stem}.txt" for top, stem in zip(tops, stems, strict=True)]).files
        self.images = [
            file.removesuffix(".txt") + name[len(stem) :]
            for file, name, stem in zip(safe, self.names, stems, strict=True)
        ]
        self.labels = [_label(dialect, image) for image in self.images]

    @property
    def manifest(self) -> dict[str, str]:
        """The names of the items that do not follow from the pictures' paths."""
        rows = zip(self.images, self.names, self.splits, strict=True)
        return {image: name for image, name, split in rows if item_name(image, split) != name}

    def folder(self, split: str) -> str:
        """Return the folder of the pictures of a split; it may differ from the split's name where that is not safe."""
        depth = 2 if self.images and self.images[0].startswith("images/") else 1
        image = self.images[self.splits.index(split)]
        return "/".join(image.split("/")[:depth])

    def write(self, output: Output, dialect: str) -> None:
        """Write the list of pictures, and the names that had to be changed."""
        output.write(LIST, "\n".join([HEAD + dialect, *self.images, ""]).encode())
        write_manifest(output, self.manifest)


def splits_of(ds: Dataset) -> list[str | None]:
    """Return the split of each item."""
    column = ds._items.get("split")
    if column is None:
        return [None] * len(ds)
    return [None if split is MISSING else str(split) for split in column.to_list()]


def _top(dialect: Dialect, split: str | None) -> str:
    if dialect.layout == "darknet":
        return "obj_data/" if split is None else f"obj_{split}_data/"
    return "images/" if split is None else f"images/{split}/"


def _label(dialect: Dialect, image: str) -> str:
    if dialect.layout == "tree":
        return label_file(image)
    stem = without_extension(image) + ".txt"
    return stem if dialect.layout == "darknet" else dialect.label_folder + stem.removeprefix("images/")


def _data_yaml(ds: Dataset, output: Output, dialect: Dialect, pictures: Pictures) -> None:
    lines = []
    found = [split for split in dict.fromkeys(pictures.splits) if split is not None]
    folders = {split: pictures.folder(split) for split in found}
    spare = folders.get("train") or next(iter(folders.values()), "images")
    told = {"train": folders.get("train", spare), "val": folders.get("val", spare), **folders}
    lines += [f"{dump_scalar(split)}: {dump_scalar(folder)}" for split, folder in told.items()]
    count = joint_count(ds)
    if dialect.rows == ("pose",):
        lines.append(f"kpt_shape: [{count}, 3]")
        lines += _joint_names(ds)
    lines += [f"task: {ROW_TASK[dialect.rows]}", f"nc: {len(ds.labels)}"]
    lines += ["names:" if len(ds.labels) else "names: []"]
    lines += [f"  {place}: {dump_scalar(label.name)}" for place, label in enumerate(ds.labels)]
    for key, raw in ds._extras.items():
        lines.append(f"{dump_scalar(key.partition('/')[2])}: {dump_yaml(loads(raw))}")
    output.write("data.yaml", ("\n".join(lines) + "\n").encode("utf-8"))


def _joint_names(ds: Dataset) -> list[str]:
    named = [(place, label.skeleton.joints) for place, label in enumerate(ds.labels) if label.skeleton is not None]
    rows = [f"  {place}: {dump_yaml(list(joints))}" for place, joints in named]
    return ["kpt_names:", *rows] if rows else []


def _obj_data(ds: Dataset, output: Output, dialect: Dialect, pictures: Pictures) -> None:
    extras = {key.partition("/")[2]: loads(raw) for key, raw in ds._extras.items()}
    lists: dict[str, list[str]] = {}
    for split, image in zip(pictures.splits, pictures.images, strict=True):
        lists.setdefault("images" if split is None else _KEYS.get(split, split), []).append(image)
    spare = "train" if "train" in lists else next(iter(lists), "images")
    told = {"train": spare, "valid": "valid" if "valid" in lists else spare}
    told.update(
        {key: key for key, split in zip(lists, dict.fromkeys(pictures.splits), strict=True) if split is not None}
    )
    told = {key: f"{name}.txt" for key, name in told.items()}
    keys = {"classes": str(len(ds.labels)), **told, "names": dialect.names_file, "backup": BACKUP, **extras}
    output.write("obj.data", "".join(f"{key} = {value}\n" for key, value in keys.items()).encode())
    for name, images in (lists or {"images": []}).items():
        output.write(f"{name}.txt", "".join(f"{image}\n" for image in images).encode())
    write_names(ds, output, dialect)


_KEYS = {"val": "valid"}


def write_names(ds: Dataset, output: Output, dialect: Dialect) -> None:
    """Write the names of the classes, one a line."""
    output.write(dialect.names_file, "".join(f"{name}\n" for name in ds.labels.names).encode("utf-8"))


def _names_only(ds: Dataset, output: Output, dialect: Dialect, pictures: Pictures) -> None:
    write_names(ds, output, dialect)


_CONFIGS = {"tree": _data_yaml, "darknet": _obj_data, "flat": _names_only}


def write_labels(ds: Dataset, output: Output, context: WriteContext, files: list[str]) -> None:
    """Write a label file for every item."""
    offsets = ds._index[0]
    total, first = len(files), 0
    while first < total:
        stop = max(first + 1, int(offsets.searchsorted(offsets[first] + BLOCK, "right")) - 1)
        low, high = int(offsets[first]), int(offsets[stop])
        text, ends = _text(ds, low, high, context.dialect.first_id)
        places = ends[offsets[first : stop + 1] - low].tolist()
        for place, file in enumerate(files[first:stop]):
            output.write(file, text[places[place] : places[place + 1]])
        first = stop
        context.progress(first, total)


def _text(ds: Dataset, start: int, stop: int, first_id: int) -> tuple[bytes, Array]:
    values, whole, offsets = tokens_of(ds, np.arange(start, stop), first_id)
    return dump_lines(values, whole, offsets)
