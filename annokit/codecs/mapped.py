"""Files mapped into memory, and arrays in them that travel to other processes as references instead of copies.

An array over a mapped file costs no memory of its own: forked workers share the pages, and a pickle of the array holds
where it lies. A reference is good as long as the file at that path is the one that was mapped; its size and first bytes
tell, so a format keeps a digest of its contents there.
"""

from __future__ import annotations

import mmap
from os import PathLike, fspath
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from annokit.errors import FormatError

Array = np.ndarray[Any, Any]

MARK_BYTES = 96
"""First bytes of a file by which it is known again."""


class MappedFile(mmap.mmap):
    """A file's bytes, read only. The mapping lives as long as an array over it, also after the file is replaced.

    A file that is cut short in place while it is mapped ends the process when the lost part is touched, as the
    operating system has it; replace files, as :func:`annokit.write` does, instead of writing into them.
    """

    path: str
    stamp: tuple[int, ...]
    mark: bytes
    address: int

    @classmethod
    def of(cls, path: str | PathLike[str]) -> MappedFile:
        """Map the file at `path`; FormatError where it is empty or can't be mapped."""
        place = Path(path).absolute()
        try:
            with place.open("rb") as file:
                self = cls(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, OSError) as error:
            raise FormatError(f"can't be mapped into memory: {error}", path=str(place)) from error
        self.path = fspath(place)
        self.stamp = _stamp(self.path)
        self.mark = self[:MARK_BYTES]
        self.address = np.frombuffer(self, np.uint8).__array_interface__["data"][0]
        _OPEN[self.key] = self
        return self

    @property
    def key(self) -> tuple[str, int, bytes]:
        """What a reference knows the file by."""
        return self.path, len(self), self.mark

    def unchanged(self) -> bool:
        """Tell whether the file at the path is still the one that is mapped."""
        try:
            return _stamp(self.path) == self.stamp
        except OSError:
            return False


_OPEN: WeakValueDictionary[tuple[str, int, bytes], MappedFile] = WeakValueDictionary()


def _stamp(path: str) -> tuple[int, ...]:
    found = Path(path).stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class Reference:
    """Stands for an array in a mapped file while it is pickled; what comes out of the pickle is the array itself."""

    __slots__ = ("_facts",)

    def __init__(self, array: Array, file: MappedFile) -> None:
        offset = array.__array_interface__["data"][0] - file.address
        self._facts = file.key, offset, array.dtype.str, array.shape

    def __reduce__(self) -> tuple[Any, ...]:
        return reopened, self._facts


def reference(array: Array) -> Reference | None:
    """Return what to pickle instead of an array; None where it lies in no mapped file, or in one that is gone."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    fits = isinstance(base, MappedFile) and array.flags.c_contiguous and array.nbytes > 0
    return Reference(array, base) if fits and base.unchanged() else None


def reopened(key: tuple[str, int, bytes], offset: int, dtype: str, shape: tuple[int, ...]) -> Array:
    """Return the array that a reference stood for.

    Raises
    ------
    FormatError
        The file is gone or is another one.
    """
    file = _OPEN.get(key) or _again(key)
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(file, dtype, count, offset).reshape(shape)


def _again(key: tuple[str, int, bytes]) -> MappedFile:
    path = key[0]
    if not Path(path).is_file():
        raise FormatError("a dataset that was read from this file is unpickled, and the file is gone", path=path)
    file = MappedFile.of(path)
    if file.key != key:
        raise FormatError("a dataset that was read from this file is unpickled, and the file has changed", path=path)
    return file
