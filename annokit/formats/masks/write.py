"""Writing trees of masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.class_map import format_class_map, one_line
from annokit.codecs.mask_tree import DTYPES, encoding_for
from annokit.codecs.names import clean_part, safe_names
from annokit.codecs.palette import voc_colors, voc_palette
from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.formats.flatten import counts_of
from annokit.formats.masks.classes import format_classes
from annokit.formats.masks.dialects import MANIFEST, PREVIEWS, Dialect
from annokit.formats.masks.tree import MaskFile, Picture, format_manifest
from annokit.formats.numbering import NONE, stated_ids
from annokit.formats.pictures import picture_paths, write_pictures
from annokit.geometry.paint import paint
from annokit.geometry.ragged import gather
from annokit.media.bitmap import encode_label_bitmap
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

PIXELS = ("auto", "palette")


def write(
    ds: Dataset,
    output: Output,
    context: WriteContext,
    *,
    pixels: str = "auto",
    preview: bool = False,
    background: int = 0,
) -> None:
    """Write a tree of masks.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what the dialect holds.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for.
    pixels : {"auto", "palette"}
        Grey of 8 or 16 bits or 24 bits in RGBA, the least that all values fit into; or indices of a palette of colours
        where all values are below 256.
    preview : bool
        Whether to add a picture in colours per mask, under ``previews/``.
    background : int
        Value of what no annotation covers, where a PNG holds all of a picture.
    """
    if pixels not in PIXELS:
        raise UsageError(f"pixels={pixels!r}; expected one of {', '.join(PIXELS)}")
    if background and context.dialect.content != "picture":
        raise UsageError("only masks that hold all of a picture have a background of their own")
    writer = _Writer(ds, output, context, _Look(pixels, preview, background))
    writer.run()


@attrs.frozen
class _Look:
    """How PNGs are to look."""

    pixels: str
    preview: bool
    background: int


class _Writer:
    """Writes one dataset."""

    def __init__(self, ds: Dataset, output: Output, context: WriteContext, look: _Look) -> None:
        self._ds, self._output, self._context, self._look = ds, output, context, look
        self._dialect: Dialect = context.dialect
        self._labels = ds._annotations.array("label")
        self._ids = stated_ids(ds)
        self._masked = ds._annotations.array("kind") == KIND_CODE["mask"]
        self._pixels = self._pixel_values()
        self._colors = self._value_colors()
        top = max(int(self._pixels.max(initial=0)), look.background)
        self._encoding = "palette" if look.pixels == "palette" and top <= 0xFF else encoding_for(top)

    def _pixel_values(self) -> Array:
        """Return (n,) the value of each annotation's pixels."""
        if self._dialect.content != "picture":
            return np.full(len(self._labels), self._dialect.foreground, np.int64)
        values = self._class_values()[self._labels]
        return np.where(self._ids == NONE, values, self._ids)

    def _class_values(self) -> Array:
        stated = [label.source_id for label in self._ds.labels]
        return np.array([v if isinstance(v, int) else 0 for v in stated] + [0], np.int64)

    def _value_colors(self) -> Array:
        """Return (n + 1, 3) the colour of each label: its own, else that of its value, else of its place."""
        values = self._class_values()[:-1]
        numbers = np.arange(1, len(values) + 1) if self._dialect.named else values
        colors = voc_colors(np.append(numbers, 0))
        for place, label in enumerate(self._ds.labels):
            if label.color is not None:
                colors[place] = label.color[:3]
        return colors

    def run(self) -> None:
        """Write everything."""
        paths = picture_paths(self._ds, self._context)
        pictures = self._planned(paths)
        for row, picture in enumerate(pictures):
            rows = self._ds._rows_of_item(row)
            drawn = rows[self._masked[rows]]
            if self._dialect.content == "picture":
                self._bitmap(drawn, picture)
            else:
                self._files(drawn, picture)
            self._in_colors(row, drawn, picture)
            self._context.progress(row + 1, len(pictures))
        if paths is not None:
            write_pictures(self._output, self._context, [p.picture or "" for p in pictures], paths)
        self._classes(pictures)
        self._output.write(MANIFEST, format_manifest(self._context.dialect_name, pictures))

    def _in_colors(self, item: int, rows: Array, picture: Picture) -> None:
        """Write the picture's annotations in colours, where the dialect or the caller wants them."""
        if picture.size is None:
            return
        stem = self._files_of_items[item].removeprefix(self._dialect.folder)
        folders = [folder for folder in (self._dialect.colors, PREVIEWS if self._look.preview else "") if folder]
        if folders:
            text = self._colored(rows, (picture.size[1], picture.size[0]))
            for folder in folders:
                self._output.write(folder + stem, text)

    # names --------------------------------------------------------------------------------------------------------

    def _planned(self, paths: list[str] | None) -> list[Picture]:
        """Return the pictures with the files of their masks."""
        names, titles = self._mask_names(), self._titles()
        beside = [None] * len(names) if paths is None else self._picture_names(paths)
        size = self._ds._items.array("size")
        known: list[bool] = np.asarray((size > 0).all(axis=1)).tolist()
        pictures = []
        for row, file in enumerate(names):
            own = (file,) if known[row] else ()
            pictures.append(
                Picture(
                    name=self._ds.names[row],
                    masks=tuple(MaskFile(name) for name in own),
                    size=(int(size[row, 0]), int(size[row, 1])) if known[row] else None,
                    title=titles[row],
                    picture=beside[row],
                    **self._video(row),
                )
            )
        self._files_of_items = names
        return pictures if self._dialect.content == "picture" else self._with_files(pictures)

    def _picture_names(self, paths: Sequence[str]) -> Sequence[str]:
        """Return where the pictures themselves go: ``images/``, or ``<video>/frames/``."""
        wanted = []
        for row, (name, path) in enumerate(zip(self._ds.names, paths, strict=True)):
            video = self._video(row)
            ending = Path(path).suffix
            frame = f"{clean_part(str(video['video']))}/frames/{video['frame']}{ending}" if video else ""
            wanted.append(frame or f"images/{name}")
        return safe_names(wanted).files

    def _titles(self) -> list[str | None]:
        """Return what the class map calls each picture, or its video; None where that is its name."""
        if self._dialect.class_file != "classes.txt":
            return [None] * len(self._ds)
        videos = self._ds._items.array("sequence").tolist()
        keys = [("", row) if video < 0 else ("video", video) for row, video in enumerate(videos)]
        names = [str(self._video(row).get("video", name)) for row, name in enumerate(self._ds.names)]
        first: dict[tuple[str, int], str] = {}
        for key, name in zip(keys, names, strict=True):
            first.setdefault(key, name)
        safe = dict(zip(first, safe_names([one_line(name) for name in first.values()]).files, strict=True))
        return [None if safe[key] == name else safe[key] for key, name in zip(keys, names, strict=True)]

    def _mask_names(self) -> Sequence[str]:
        ds, wanted = self._ds, []
        for row, name in enumerate(ds.names):
            video = self._video(row)
            if video:
                wanted.append(f"{clean_part(str(video['video']))}/masks/{video['frame']}.png")
            else:
                wanted.append(f"{self._dialect.folder if self._dialect.content != 'label' else ''}{name}")
        return safe_names(wanted, suffix=".png").files

    def _video(self, row: int) -> dict[str, Any]:
        sequence = int(self._ds._items.array("sequence")[row])
        if sequence < 0:
            return {}
        return {
            "video": self._ds._sequences.value("name", sequence),
            "frame": self._ds._items.value("frame", row),
        }

    def _with_files(self, pictures: list[Picture]) -> list[Picture]:
        """Return the pictures with a file per annotation."""
        wanted: list[str] = []
        for row in range(len(pictures)):
            stem = self._files_of_items[row].removesuffix(".png")
            wanted += [self._file_name(stem, annotation) for annotation in self._ds._rows_of_item(row).tolist()]
        files = iter(safe_names(wanted).files)
        made = []
        for row, picture in enumerate(pictures):
            masks = [self._mask_file(next(files), annotation) for annotation in self._ds._rows_of_item(row).tolist()]
            made.append(attrs.evolve(picture, masks=tuple(masks)))
        return made

    def _file_name(self, stem: str, row: int) -> str:
        title = clean_part(self._ds.labels[int(self._labels[row])].name)
        if self._dialect.content == "label":
            return f"{self._dialect.folder}{stem}/{title}.png"
        number = "" if self._ids[row] == NONE else f"_{self._ids[row]}"
        return f"{stem}_{title}{number}.png"

    def _mask_file(self, file: str, row: int) -> MaskFile:
        label = self._ds.labels[int(self._labels[row])]
        told: Any = label.name if self._dialect.named else label.source_id
        return MaskFile(file, told, None if self._ids[row] == NONE else int(self._ids[row]))

    # pixels -------------------------------------------------------------------------------------------------------

    def _bitmap(self, rows: Array, picture: Picture) -> None:
        """Write all of a picture as one PNG."""
        if not picture.masks or picture.size is None:
            return
        size = (picture.size[1], picture.size[0])
        file = picture.masks[0].file
        if not len(rows):
            self._output.write(file, _blank(size, self._encoding, self._look.background, self._palette))
            return
        values = self._pixels[rows].astype(DTYPES[self._encoding])
        bitmap = paint(*counts_of(self._ds, rows)[:2], values, size, background=self._look.background)
        palette = np.frombuffer(self._palette, np.uint8).reshape(-1, 3) if self._palette else None
        self._output.write(file, encode_label_bitmap(bitmap, self._encoding, palette=palette))

    @cached_property
    def _palette(self) -> bytes:
        """The 256 colours of all values, a class's own, else VOC's; empty where pixels are no indices."""
        if self._encoding != "palette":
            return b""
        palette = voc_palette().copy()
        if not self._dialect.listed:
            values = self._class_values()[:-1]
            for value, label in zip(values.tolist(), self._ds.labels, strict=True):
                palette[value] = palette[value] if label.color is None else label.color[:3]
        return palette.tobytes()

    def _files(self, rows: Array, picture: Picture) -> None:
        """Write each annotation as a PNG of its own."""
        flat, offsets, sizes = counts_of(self._ds, rows)
        value = np.array([self._dialect.foreground], np.uint8)
        for mask, (start, stop), size in zip(picture.masks, pairwise(offsets.tolist()), sizes.tolist(), strict=True):
            bitmap = paint(flat[start:stop], np.array([0, stop - start]), value, (size[0], size[1]))
            self._output.write(mask.file, encode_label_bitmap(bitmap, "gray8"))

    def _colored(self, rows: Array, size: tuple[int, int]) -> bytes:
        """Return a PNG of the annotations in their colours, later ones over earlier ones, on nothing."""
        flat, offsets, sizes = counts_of(self._ds, rows)
        fits = np.flatnonzero((sizes == size).all(axis=1))
        numbers = np.arange(1, len(fits) + 1, dtype=np.uint32)
        bitmap = paint(*gather(flat, offsets, fits), numbers, size) if len(fits) else np.zeros(size, np.uint32)
        table = np.full((len(fits) + 1, 4), 255, np.uint8)
        table[0] = 0
        table[1:, :3] = self._row_colors(rows[fits])
        return _rgba(table[bitmap])

    def _row_colors(self, rows: Array) -> Array:
        """Return the (n, 3) colour of each row: its label's, or where objects are told apart, one by its number."""
        if not self._dialect.merged:
            return voc_colors(np.maximum(self._ids[rows], 0) if self._dialect.listed else np.arange(1, len(rows) + 1))
        label = self._labels[rows]
        return np.where((label < 0)[:, None], voc_colors(np.maximum(self._ids[rows], 0)), self._colors[label])

    # what values mean ---------------------------------------------------------------------------------------------

    def _classes(self, pictures: Sequence[Picture]) -> None:
        if self._dialect.class_file == "classes.txt":
            self._output.write("classes.txt", format_class_map(self._blocks(pictures)))
        elif self._dialect.class_file:
            listed = None
            if self._dialect.listed:
                listed = {p.masks[0].file: dict(self._listing(row)) for row, p in enumerate(pictures) if p.masks}
            text = format_classes(self._context.dialect_name, self._ds.labels, self._look.background, listed)
            self._output.write(self._dialect.class_file, text)

    def _listing(self, item: int) -> Iterator[tuple[int, int | None]]:
        values = self._class_values()
        for row in self._ds._rows_of_item(item).tolist():
            label = int(self._labels[row])
            yield int(self._ids[row]), None if label < 0 else int(values[label])

    def _blocks(self, pictures: Sequence[Picture]) -> Iterator[tuple[str, dict[int, str]]]:
        """Yield a block per picture or video: its name and the class of each value."""
        found: dict[str, dict[int, str]] = {}
        for row, picture in enumerate(pictures):
            block = found.setdefault(picture.title or picture.video or picture.name, {})
            for annotation in self._ds._rows_of_item(row).tolist():
                label = int(self._labels[annotation])
                if label >= 0:
                    block[int(self._ids[annotation])] = self._ds.labels[label].name
        yield from ((name, dict(sorted(block.items()))) for name, block in found.items())


def _rgba(pixels: Array) -> bytes:
    """Return (height, width, 4) uint8 as a PNG."""
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    size = (pixels.shape[1], pixels.shape[0])
    Image.frombytes("RGBA", size, np.ascontiguousarray(pixels).tobytes()).save(file, "png", compress_level=6)
    return file.getvalue()


@lru_cache(maxsize=8)
def _blank(size: tuple[int, int], encoding: str, background: int, palette: bytes) -> bytes:
    """Return the PNG of a picture without annotations."""
    bitmap = np.full(size, background, DTYPES[encoding])
    colors = np.frombuffer(palette, np.uint8).reshape(-1, 3) if palette else None
    return encode_label_bitmap(bitmap, encoding, palette=colors)
