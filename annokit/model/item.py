"""One thing with pixels: a light typed look at a row of the item table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annokit.columns import MISSING
from annokit.columns.base import Array
from annokit.model.annotation import Annotation
from annokit.model.schema import ITEM_KINDS, STATUSES
from annokit.model.sequence import Sequence
from annokit.wording import counted

if TYPE_CHECKING:
    from PIL.Image import Image

    from annokit.model.dataset import Dataset

SAMPLE_KEYS = ("name", "image", "annotations", "segmentation_bitmap")


class Item:
    """An image, a frame or a whole video, with its annotations. It holds no data of its own."""

    __slots__ = ("_dataset", "_row")

    def __init__(self, dataset: Dataset, row: int) -> None:
        self._dataset = dataset
        self._row = row

    def _value(self, name: str) -> Any:
        value = self._dataset._items.value(name, self._row)
        return None if value is MISSING else value

    @property
    def row(self) -> int:
        """Position in the dataset."""
        return self._row

    @property
    def name(self) -> str:
        """Relative path or id, as the source writes it; may repeat."""
        return str(self._value("name"))

    @property
    def id(self) -> int | str | None:
        """The source's id, verbatim."""
        found: int | str | None = self._value("id")
        return found

    @property
    def uri(self) -> str | None:
        """Where the source says the pixels lie."""
        found: str | None = self._value("uri")
        return found

    @property
    def path(self) -> Path | None:
        """The file on this machine, None where none was found."""
        found = self._value("path")
        return None if found is None else Path(found)

    @property
    def width(self) -> int | None:
        """Width of the displayed image in pixels, None unknown."""
        return self._size(0)

    @property
    def height(self) -> int | None:
        """Height of the displayed image in pixels, None unknown."""
        return self._size(1)

    def _size(self, axis: int) -> int | None:
        size = int(self._dataset._items.array("size")[self._row, axis])
        return None if size < 0 else size

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels.

        Raises
        ------
        MissingSizeError
            Where either is unknown.
        """
        return self._dataset._size_of_item(self._row)

    @property
    def kind(self) -> str:
        """What it is: image, frame, video, volume, pointcloud, audio or text."""
        return ITEM_KINDS[self._dataset._items.array("kind")[self._row]]

    @property
    def frame(self) -> int | None:
        """The platform's own frame number."""
        found: int | None = self._value("frame")
        return found

    @property
    def timestamp(self) -> float | str | None:
        """The source's time stamp, as it writes it."""
        found: float | str | None = self._value("timestamp")
        return found

    @property
    def sequence(self) -> Sequence | None:
        """The video or series that it belongs to."""
        row = int(self._dataset._items.array("sequence")[self._row])
        return None if row < 0 else Sequence(self._dataset, row)

    @property
    def dataset(self) -> str | None:
        """Name of the dataset that it belongs to on the platform."""
        found: str | None = self._value("dataset")
        return found

    @property
    def split(self) -> str | None:
        """Name of the split."""
        found: str | None = self._value("split")
        return found

    @property
    def status(self) -> str | None:
        """State of the labelling work; ``unlabelled`` differs from ``labelled`` without annotations."""
        return STATUSES[self._dataset._items.array("status")[self._row]]

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Attribute values by name; read only."""
        return self._dataset._group(self._dataset._items, "attributes", self._row)

    @property
    def extras(self) -> Mapping[str, Any]:
        """Keys of the source that the model does not map, under ``format/key``."""
        return self._dataset._group(self._dataset._items, "extras", self._row)

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """The annotations, in the source's order."""
        return self._dataset._views.annotations(self._row)

    @property
    def annotation_rows(self) -> Array:
        """Rows of the annotations in ``ds.annotations``, (N,) int64."""
        return self._dataset._rows_of_item(self._row)

    def boxes(self, form: str = "xyxy", unit: str = "unit") -> Array:
        """Return the boxes of all annotations, in their order.

        Parameters
        ----------
        form : {"xyxy", "xywh", "cxcywh"}
            Corners, corner and size, or centre and size.
        unit : {"unit", "pixel", "source"}
            Fractions of the image, pixels, or whatever the source states (then nothing is computed).

        Returns
        -------
        (N, 4) float64 array
            NaN where an annotation has neither box nor shape.

        Raises
        ------
        MissingSizeError
            The other unit needs a size that nobody knows.
        """
        from annokit.model.bounds import boxes_of_item

        return boxes_of_item(self._dataset, self._row, form, unit)

    @property
    def label_ids(self) -> Array:
        """Position of each annotation's label in ``ds.labels``, (N,) int64, -1 none."""
        return self._dataset._annotations.array("label")[self._dataset._place(self._row)].copy()

    @property
    def image(self) -> Image:
        """The picture, read from disk on each use, EXIF orientation applied.

        Raises
        ------
        MediaError
            There is no file, or it can't be decoded.
        """
        from annokit.model.pixels import image

        return image(self)

    @property
    def segmentation_bitmap(self) -> Array | None:
        """Instance ids, (height, width) uint32: id of each annotation with pixels, 0 background; later over earlier.

        The ids are those of the source's bitmap where there is one, else 1 + the position in `annotations`. None for an
        item that nobody has labelled yet, which is not the same as one without objects.
        """
        from annokit.model.pixels import segmentation_bitmap

        return segmentation_bitmap(self)

    def semantic_bitmap(self) -> Array:
        """Return label positions + 1, (height, width) uint16, 0 background; later annotations over earlier ones."""
        from annokit.model.pixels import semantic_bitmap

        return semantic_bitmap(self)

    def masks(self) -> Array:
        """Return one mask per annotation, (N, height, width) bool; all False where it covers no area."""
        from annokit.model.pixels import masks

        return masks(self)

    def draw(self, **options: Any) -> Image:
        """Return the picture with its shapes drawn on it; see :func:`annokit.display.draw.draw_item`."""
        from annokit.display.draw import draw_item

        return draw_item(self, **options)

    def plot(self, ax: Any = None) -> Any:
        """Draw the item into matplotlib axes and return them; needs the extra ``plot``."""
        from annokit.display.plot import plot_item

        return plot_item(self, ax)

    def keys(self) -> tuple[str, ...]:
        """Return the keys of a sample: name, image, annotations, segmentation_bitmap."""
        return SAMPLE_KEYS

    def __iter__(self) -> Iterator[str]:
        return iter(SAMPLE_KEYS)

    def __len__(self) -> int:
        return len(SAMPLE_KEYS)

    def __getitem__(self, key: str) -> Any:
        if key not in SAMPLE_KEYS:
            raise KeyError(f"{key!r}; an item has the keys {', '.join(SAMPLE_KEYS)}")
        return getattr(self, key)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Item):
            return NotImplemented
        if self._dataset is other._dataset:
            return self._row == other._row
        return self._dataset[self._row : self._row + 1] == other._dataset[other._row : other._row + 1]

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __reduce__(self) -> tuple[Any, ...]:
        return _first, (self._dataset[self._row : self._row + 1],)

    def __repr__(self) -> str:
        size = f"{self.width}x{self.height}" if self.width is not None and self.height is not None else "unknown size"
        return f"Item({self.name!r}, {size}, {counted(len(self.annotation_rows), 'annotation')})"

    def _repr_html_(self) -> str:
        from annokit.display.item import item_html

        return item_html(self)


def _first(dataset: Dataset) -> Item:
    return dataset[0]
