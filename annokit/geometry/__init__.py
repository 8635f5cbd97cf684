"""Shapes, and the array functions under them.

A shape is a frozen value in the unit square: x is a fraction of the image's width, y of its height, the origin is the
outer top-left corner of the top-left pixel, y points down, and values outside 0..1 are allowed. A box is half-open: a
box over the first pixel of a 10-pixel-wide image ends at x = 0.1.

=====================  =======================================================================================
class                  fields
=====================  =======================================================================================
:class:`Box`           ``xmin, ymin, xmax, ymax``
:class:`RotatedBox`    ``cx, cy, width, height, angle``: degrees, clockwise on screen, about the centre, in pixel space
:class:`Ellipse`       ``cx, cy, rx, ry, angle``: semi-axes; the angle as for a rotated box
:class:`Polygon`       ``parts``: a tuple of parts; a part is a tuple of (n, 2) rings, the outer one, then its holes
:class:`Polyline`      ``points`` (n, 2), or (n, 3) in a point cloud
:class:`Point`         ``x, y``
:class:`Keypoints`     ``points`` (n, 2), ``visibility`` (n,): 0 not labelled, 1 hidden, 2 visible
:class:`Mask`          ``size`` (height, width), ``rle``: COCO's compressed run lengths, column by column
:class:`Cuboid`        ``center, size, rotation`` in the world, or ``corners`` (8, 2) in the image, or both
:class:`TimeSpan`      ``start, end`` in seconds, ``first_frame, last_frame`` inclusive; an open end is None
=====================  =======================================================================================

Every shape of the plane has ``bounds(aspect=None)`` and ``to_pixels(width, height)``. Under the classes lie modules of
plain array functions: `boxes`, `ragged`, `rings`, `nesting`, `rotation`, `rle`, `runs`, `labelmap`, `paint`, `raster`,
`trace`; and :mod:`annokit.geometry.mask_algebra` joins, cuts and compares masks.
"""

from annokit.geometry.box import Box
from annokit.geometry.cuboid import Cuboid
from annokit.geometry.ellipse import Ellipse
from annokit.geometry.keypoints import Keypoints
from annokit.geometry.mask import Mask
from annokit.geometry.mask_algebra import mask_difference, mask_intersection, mask_iou, mask_union
from annokit.geometry.point import Point
from annokit.geometry.polygon import Polygon
from annokit.geometry.polyline import Polyline
from annokit.geometry.rotated_box import RotatedBox
from annokit.geometry.shape import Shape
from annokit.geometry.time_span import TimeSpan

__all__ = [
    "Box",
    "Cuboid",
    "Ellipse",
    "Keypoints",
    "Mask",
    "Point",
    "Polygon",
    "Polyline",
    "RotatedBox",
    "Shape",
    "TimeSpan",
    "mask_difference",
    "mask_intersection",
    "mask_iou",
    "mask_union",
]
