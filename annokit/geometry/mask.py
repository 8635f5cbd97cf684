"""Masks as run lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import attrs
import numpy as np

from annokit.errors import UsageError
from annokit.geometry import checks
from annokit.geometry.box import Box
from annokit.geometry.shape import Shape

if TYPE_CHECKING:
    from annokit.geometry.polygon import Polygon


@attrs.frozen(eq=False)
class Mask(Shape):
    """The pixels of one object, in the form that COCO uses.

    The constructor checks types alone, so that masks cost little; reading the pixels checks the run lengths.
    """

    size: tuple[int, int] = attrs.field(converter=checks.mask_size)
    """(height, width) of the mask in pixels."""

    rle: bytes = attrs.field(converter=checks.run_lengths)
    """COCO's compressed run lengths: column by column, background first."""

    def __repr__(self) -> str:
        return f"<Mask size={self.size!r} rle={len(self.rle)} bytes>"

    @classmethod
    def encode(cls, bitmap: Any) -> Self:
        """Return the mask of a (height, width) array of any dtype; what is not zero is foreground."""
        from annokit.geometry import rle, runs

        array = np.asarray(bitmap)
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise UsageError(f"a mask is a (height, width) array, got {array.dtype} of shape {array.shape}")
        return cls((array.shape[0], array.shape[1]), rle.dumps(runs.encode(array)))

    def decode(self) -> np.ndarray:
        """Return the (height, width) bool array; raise FormatError where the run lengths do not fit the size."""
        from annokit.geometry import runs

        return runs.decode(self.counts, self.size)

    @property
    def counts(self) -> np.ndarray:
        """The plain run lengths, (n,) int64, column by column, background first; FormatError where they do not fit."""
        from annokit.geometry import rle

        return rle.loads(self.rle, self.size)

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(self.counts[1::2].sum())

    def bounds(self, aspect: float | None = None) -> Box:
        """Return the tight half-open box around the pixels, in fractions of the mask's own size."""
        from annokit.geometry import runs

        height, width = self.size
        xmin, ymin, xmax, ymax = runs.box(self.counts, self.size)
        return Box.trusted(xmin / width, ymin / height, xmax / width, ymax / height)

    def __or__(self, other: object) -> Mask:
        """Return the pixels of either mask; UsageError where they differ in size."""
        from annokit.geometry.mask_algebra import mask_union

        return mask_union((self, other)) if isinstance(other, Mask) else NotImplemented

    def __and__(self, other: object) -> Mask:
        """Return the pixels of both masks; UsageError where they differ in size."""
        from annokit.geometry.mask_algebra import mask_intersection

        return mask_intersection((self, other)) if isinstance(other, Mask) else NotImplemented

    def __sub__(self, other: object) -> Mask:
        """Return the pixels of this mask that the other lacks; UsageError where they differ in size."""
        from annokit.geometry.mask_algebra import mask_difference

        return mask_difference(self, (other,)) if isinstance(other, Mask) else NotImplemented

    def polygon(self) -> Polygon:
        """Return the outlines along the pixels' edges, with holes; rasterising them gives this very mask."""
        from annokit.geometry.polygon import Polygon
        from annokit.geometry.trace import trace

        height, width = self.size
        return Polygon.trusted(trace(self.decode())).to_pixels(1 / width, 1 / height)

    def to_pixels(self, width: float, height: float) -> Mask:
        """Return the mask itself; raise UsageError where its size is another one."""
        if (height, width) != tuple(self.size):
            raise UsageError(f"a mask of {self.size[1]} x {self.size[0]} pixels can't become one of {width} x {height}")
        return self
