"""Finding the pictures of a dataset in the tree that it was read from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Text
from annokit.errors import MediaError
from annokit.formats.exports.layout import Place
from annokit.model.builder import DatasetBuilder
from annokit.model.media import STILL, with_images, with_paths, with_sizes

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.model.dataset import Dataset

MOVING = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v")
"""Endings of videos."""

HEADER_BYTES = 1 << 18
"""Bytes of a picture that are read for its size; all of it where they do not tell."""


def located(ds: Dataset, source: Source, place: Place) -> Dataset:
    """Return a dataset with the paths and sizes of the pictures that lie in its folder of the tree."""
    files = _files(source, place)
    if not files:
        return ds
    if place.format is None:  # annokit's own trees tell what items are called
        ds = _whole_names(ds, list(files.values()))
    if source.kind != "folder":
        return _sized(ds, source, place, files)
    folder = Path(source.label) / place.pictures
    known = {name: str(folder / file) for name, file in place.files.items() if file}
    if not known and not place.files:
        return with_images(ds, folder)
    ds = with_images(with_paths(ds, [known.get(name) for name in ds.names]), folder)
    paths = [None if place.files.get(item.name) == "" else known.get(item.name, item.path) for item in ds]
    return with_paths(ds, paths)


def _whole_names(ds: Dataset, files: list[str]) -> Dataset:
    """Return the dataset whose items are called like their pictures, where a format names them without extension."""
    by_stem: dict[str, list[str]] = {}
    for file in files:
        by_stem.setdefault(file.rpartition(".")[0], []).append(file)
    taken, own = set(files), set(ds.names)
    found = [[] if name in taken else by_stem.get(name, []) for name in ds.names]
    named = [row for row, fits in enumerate(found) if len(fits) == 1 and fits[0] not in own]
    if not named:
        return ds
    names = list(ds.names)
    for row in named:
        names[row] = found[row][0]
    return ds._with(items=ds._items.replace({"name": Text.of(names)}))


def _files(source: Source, place: Place) -> dict[str, str]:
    """Return the names of the pictures of a dataset, below its folder, by their names in the tree."""
    if not place.pictures:
        return {}
    prefix = place.pictures + "/"
    return {name: name[len(prefix) :] for name in source.names() if name.startswith(prefix)}


def _sized(ds: Dataset, source: Source, place: Place, files: dict[str, str]) -> Dataset:
    """Return the dataset with sizes from the headers of pictures in an archive, where it states none."""
    unsized = np.any(ds._items.array("size") <= 0, axis=1).tolist()
    by_name = {own: name for name, own in files.items()}
    by_last: dict[str, list[str]] = {}
    for name in files:
        by_last.setdefault(name.rpartition("/")[2], []).append(name)
    sizes = {}
    for name, wanted in zip(ds.names, unsized, strict=True):
        alike = by_last.get(name.rpartition("/")[2], []) if wanted and name not in place.files else []
        file = by_name.get(place.files.get(name, name), alike[0] if len(alike) == 1 else None) if wanted else None
        size = None if file is None else _size(source, file)
        if size is not None:
            sizes[name] = size
    return with_sizes(ds, sizes) if sizes else ds


def _size(source: Source, name: str) -> tuple[int, int] | None:
    from annokit.media.size import image_size

    for most in (HEADER_BYTES, None):
        try:
            return image_size(io.BytesIO(source.read(name, most)))
        except MediaError:
            continue
    return None


def bare(source: Source, place: Place) -> Dataset:
    """Return the pictures of a dataset that was exported without annotations."""
    files = _files(source, place)
    names = {file: name for name, file in place.files.items() if file}
    builder = DatasetBuilder()
    for name, own in files.items():
        kind = "image" if own.lower().endswith(STILL) else "video" if own.lower().endswith(MOVING) else None
        if kind is not None:
            path = source.path(name)
            builder.add_item(names.get(own, own), kind=kind, path=None if path is None else str(path))
    return located(builder.build(), source, place)
