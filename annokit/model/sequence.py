"""A row of the sequence table: a video, a series of frames, a label row or a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annokit.columns import MISSING
from annokit.model.annotation import NOTHING
from annokit.model.schema import STATUSES

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


class Sequence:
    """Typed look at one row of ``ds.sequences``; it holds no data of its own."""

    __slots__ = ("_dataset", "_row")

    def __init__(self, dataset: Dataset, row: int) -> None:
        self._dataset = dataset
        self._row = row

    def _value(self, name: str) -> Any:
        value = self._dataset._sequences.value(name, self._row)
        return None if value is MISSING else value

    @property
    def row(self) -> int:
        """Row in the sequence table."""
        return self._row

    @property
    def id(self) -> int | str | None:
        """The source's id."""
        found: int | str | None = self._value("id")
        return found

    @property
    def name(self) -> str:
        """The source's name, else its id."""
        name = self._value("name")
        return str(self.id) if name is None else str(name)

    @property
    def uri(self) -> str | None:
        """Where the source says the media lie."""
        found: str | None = self._value("uri")
        return found

    @property
    def path(self) -> Path | None:
        """The file on this machine, None where none was found."""
        found = self._value("path")
        return None if found is None else Path(found)

    @property
    def dataset(self) -> str | None:
        """Name of the dataset that it belongs to on the platform."""
        found: str | None = self._value("dataset")
        return found

    @property
    def task(self) -> str | None:
        """Name or type of the labelling task."""
        found: str | None = self._value("task")
        return found

    @property
    def split(self) -> str | None:
        """Name of the split."""
        found: str | None = self._value("split")
        return found

    @property
    def status(self) -> str | None:
        """State of the labelling work."""
        code = self._value("status")
        return None if code is None else STATUSES[code]

    @property
    def fps(self) -> float | None:
        """Frames per second."""
        found: float | None = self._value("fps")
        return found

    @property
    def frames(self) -> int | None:
        """Number of frames, where the source states it."""
        found: int | None = self._value("frames")
        return found

    @property
    def width(self) -> int | None:
        """Width in pixels, None unknown."""
        return self._size(0)

    @property
    def height(self) -> int | None:
        """Height in pixels, None unknown."""
        return self._size(1)

    def _size(self, axis: int) -> int | None:
        size = self._value("size")
        return None if size is None or size[axis] < 0 else int(size[axis])

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Attribute values by name; read only."""
        return self._dataset._group(self._dataset._sequences, "attributes", self._row)

    @property
    def extras(self) -> Mapping[str, Any]:
        """Keys of the source that the model does not map, under ``format/key``."""
        return self._dataset._group(self._dataset._sequences, "extras", self._row)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        if self._dataset is other._dataset:
            return self._row == other._row
        mine, its = (s._dataset._sequences.take(_one(s._row)) for s in (self, other))
        return mine.equals(its)

    def __hash__(self) -> int:
        return hash((type(self), self.id if isinstance(self.id, int | str) else None))

    def __repr__(self) -> str:
        return f"Sequence(id={self.id!r}, name={self.name!r})"


def _one(row: int) -> Any:
    import numpy as np

    return np.array([row])


class SequenceList:
    """The sequences of a dataset, by row or by name or id."""

    __slots__ = ("_dataset",)

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset._sequences)

    def __iter__(self) -> Iterator[Sequence]:
        return (Sequence(self._dataset, row) for row in range(len(self)))

    def __getitem__(self, key: int | str) -> Sequence:
        if isinstance(key, str):
            found = [s for s in self if key in (s.id, s.name)]
            if len(found) != 1:
                raise KeyError(f"{len(found)} sequences have the id or name {key!r}")
            return found[0]
        row = key + len(self) if key < 0 else key
        if not 0 <= row < len(self):
            raise IndexError(key)
        return Sequence(self._dataset, row)

    def __repr__(self) -> str:
        return f"SequenceList({len(self)})"


__all__ = ["NOTHING", "Sequence", "SequenceList"]
