"""Drawn frames of an operation that never took place: tissue, instruments, a thread, and where they lie."""

from __future__ import annotations

import functools
import io
import math
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

Points = np.ndarray
Color = tuple[int, int, int]

FINE = 2
"""Everything is drawn this many times as large and then shrunk, so that edges are smooth."""

STEEL, SHINE, EDGE, THREAD = (146, 152, 162), (214, 220, 228), (72, 76, 86), (30, 40, 96)


@attrs.frozen
class Mark:
    """One labelled shape, in pixels."""

    code: str
    """Label."""

    type: str
    """Type of shape, in SAVANT's words."""

    points: Points
    """(n, 2) float64, x and y."""


@attrs.frozen
class Scene:
    """One frame: what it looks like, and what is labelled on it."""

    size: tuple[int, int]
    """Width and height in pixels."""

    seed: int
    """Of the tissue."""

    time: float
    """0 to 1; everything moves a little."""

    parts: tuple[str, ...]
    """What is to be seen, back to front, names in :data:`PARTS`."""

    def marks(self) -> list[Mark]:
        """Return what is labelled, back to front."""
        return [mark for part in self.parts for mark in PARTS[part](self)]

    def labels(self) -> list[dict[str, Any]]:
        """Return the labels as a SAVANT frame has them, coordinates as fractions with four digits."""
        found: dict[str, list[dict[str, Any]]] = {}
        for mark in self.marks():
            unit = (mark.points / self.size).clip(0, 1).round(4).tolist()
            points = [{"x": x, "y": y} for x, y in unit]
            found.setdefault(mark.code, []).append({"type": mark.type, "points": points})
        return [{"code": code, "shapes": shapes} for code, shapes in found.items()]

    def png(self) -> bytes:
        """Return the frame as a PNG file."""
        from PIL import Image as Pillow

        picture = tissue(self.size, self.seed).copy()
        for mark in self.marks():
            _PAINT[mark.code](picture, mark.points * FINE)
        picture = _seen_round(picture.resize(self.size, Pillow.Resampling.BOX))
        out = io.BytesIO()
        picture.save(out, "PNG", compress_level=3)
        return out.getvalue()


@functools.lru_cache(maxsize=1)
def tissue(size: tuple[int, int], seed: int) -> Image:
    """Return a moist, reddish ground with vessels and lights, `FINE` times as large as `size`."""
    from PIL import Image as Pillow
    from PIL import ImageFilter

    width, height = size[0] * FINE, size[1] * FINE
    rng = np.random.default_rng(seed)
    clouds = np.sum([_noise(rng, (width, height), cells) / cells for cells in (3, 7, 17)], axis=0)
    shade = (clouds - clouds.min()) / np.ptp(clouds)
    colors = np.array([(112, 26, 30), (178, 66, 62), (222, 130, 112), (240, 178, 152)], float)
    channels = [np.interp(shade, np.linspace(0, 1, len(colors)), colors[:, band]) for band in range(3)]
    picture = Pillow.fromarray(np.stack(channels, axis=2).astype(np.uint8))
    _vessels(picture, rng)
    lights = (_noise(rng, (width, height), 31) > 0.93) & (shade > 0.55)
    mask = Pillow.fromarray((lights * 190).astype(np.uint8)).filter(ImageFilter.GaussianBlur(3))
    picture.paste((255, 240, 232), (0, 0), mask)
    return picture


def _noise(rng: np.random.Generator, size: tuple[int, int], cells: int) -> np.ndarray:
    """Return smooth noise between 0 and 1, (height, width) float64, `cells` bumps across."""
    from PIL import Image as Pillow

    coarse = rng.integers(0, 256, (max(cells * size[1] // size[0], 2), cells), dtype=np.uint8)
    return np.asarray(Pillow.fromarray(coarse).resize(size, Pillow.Resampling.BICUBIC), float) / 255


def _vessels(picture: Image, rng: np.random.Generator) -> None:
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFilter

    mask = Pillow.new("L", picture.size)
    draw = ImageDraw.Draw(mask)
    for _ in range(6):
        begin, way = rng.random(2), rng.normal(0, 0.25, 2)
        ends = begin + np.array([(0, 0), way, way * 2 + rng.normal(0, 0.2, 2), way * 3])
        line = [tuple(point) for point in curve(ends * picture.size, 40).tolist()]
        draw.line(line, fill=150, width=int(rng.integers(3, 9)), joint="curve")
    picture.paste((122, 24, 36), (0, 0), mask.filter(ImageFilter.GaussianBlur(2)))


def _seen_round(picture: Image) -> Image:
    """Return the picture as an endoscope shows it: round, dark towards the edge."""
    from PIL import Image as Pillow

    x, y = np.meshgrid(np.linspace(-1, 1, picture.width), np.linspace(-1, 1, picture.height))
    x *= picture.width / picture.height / 1.28
    light = np.clip((1.14 - np.hypot(x, y * 0.88)) * 5, 0, 1) ** 0.7
    return Pillow.fromarray((np.asarray(picture) * light[:, :, None]).astype(np.uint8))


def curve(ends: Points, count: int) -> Points:
    """Return points on a Bézier curve.

    Parameters
    ----------
    ends : (4, 2) float64 array
        Begin, two handles, end.
    count : int
        How many.

    Returns
    -------
    (count, 2) float64 array
    """
    t = np.linspace(0, 1, count)[:, None]
    weights = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3], axis=1)
    return np.asarray(weights @ ends)


def _organ(scene: Scene) -> list[Mark]:
    centre = _at(scene, 0.47, 0.46 + 0.02 * math.sin(scene.time * 5))
    half = np.array([0.15, 0.19]) * scene.size
    return [Mark("gallbladder", "rectangle", np.array([centre - half, centre + half]))]


def _grasper(scene: Scene) -> list[Mark]:
    tip = _at(scene, 0.42 + 0.07 * math.sin(scene.time * 4), 0.53 - 0.08 * scene.time)
    opened = 0.1 + 0.28 * abs(math.sin(scene.time * 3 + scene.seed))
    jaw = np.array([(-1.0, 0.26), (-0.55, 0.22 + opened * 0.75), (0, opened + 0.04), (-0.5, opened * 0.42), (-0.8, 0)])
    outline = np.concatenate([[(-9, 0.21), (-1.06, 0.21)], jaw, (jaw * (1, -1))[-2::-1], [(-1.06, -0.21), (-9, -0.21)]])
    placed = _placed(scene, outline, tip, math.radians(-32 + 9 * scene.time), 0.13)
    upper = _placed(scene, jaw[2:3] * (1, -1), tip, math.radians(-32 + 9 * scene.time), 0.13)
    return [
        Mark("grasper", "close_polygon", inside(placed, scene.size)),
        Mark("tool_tip", "keypoint", upper),
    ]


def _hook(scene: Scene) -> list[Mark]:
    tip = _at(scene, 0.63 - 0.05 * scene.time, 0.5 + 0.05 * math.cos(scene.time * 6))
    outline = np.array([
        (-9, 0.19), (-0.85, 0.19), (-0.7, 0.07), (-0.1, 0.07), (0, 0.0), (0, -0.4), (-0.13, -0.42), (-0.15, -0.08),
        (-0.7, -0.07), (-0.85, -0.19), (-9, -0.19),
    ])  # fmt: skip
    placed = _placed(scene, outline, tip, math.radians(212 - 6 * scene.time), 0.13)
    return [Mark("hook", "close_polygon", inside(placed, scene.size))]


def _suture(scene: Scene) -> list[Mark]:
    ends = np.array([(0.3, 0.72), (0.42, 0.5 + 0.2 * scene.time), (0.58, 0.95), (0.74, 0.6)]) * scene.size
    return [Mark("suture", "open_polygon", curve(ends, 9))]


PARTS = {"organ": _organ, "grasper": _grasper, "hook": _hook, "suture": _suture}
"""What a scene can show, and its labels by time."""


def _at(scene: Scene, x: float, y: float) -> Points:
    return np.array([x, y]) * scene.size


def _placed(scene: Scene, outline: Points, tip: Points, angle: float, scale: float) -> Points:
    """Return an outline whose tip lies at (0, 0) and which points along x, turned and moved to its place."""
    turn = np.array([(math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))])
    return np.asarray(outline * (scale * scene.size[1] * 1.6) @ turn + tip)


def inside(outline: Points, size: tuple[int, int]) -> Points:
    """Return the part of an outline that lies in the picture, (n, 2) float64."""
    for axis, limit, sign in ((0, 0, 1), (0, size[0], -1), (1, 0, 1), (1, size[1], -1)):
        kept: list[Points] = []
        for first, second in zip(outline, np.roll(outline, -1, axis=0), strict=True):
            near, far = (first[axis] - limit) * sign, (second[axis] - limit) * sign
            if near >= 0:
                kept.append(first)
            if (near >= 0) != (far >= 0):
                kept.append(first + (second - first) * near / (near - far))
        outline = np.array(kept).reshape(-1, 2)
    return outline


def _paint_organ(picture: Image, points: Points) -> None:
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFilter

    mask = Pillow.new("L", picture.size)
    (left, top), (right, bottom) = points.tolist()
    ImageDraw.Draw(mask).ellipse((left, top, right, bottom), fill=235)
    picture.paste((96, 110, 62), (0, 0), mask.filter(ImageFilter.GaussianBlur(9)))
    mask = Pillow.new("L", picture.size)
    wide, high = right - left, bottom - top
    spot = (left + wide * 0.22, top + high * 0.14, left + wide * 0.6, top + high * 0.42)
    ImageDraw.Draw(mask).ellipse(spot, fill=130)
    picture.paste((190, 196, 140), (0, 0), mask.filter(ImageFilter.GaussianBlur(16)))


def _paint_steel(picture: Image, points: Points) -> None:
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFilter

    mask = Pillow.new("L", picture.size)
    outline = [tuple(point) for point in points.tolist()]
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    shadow = Pillow.new("L", picture.size)
    shadow.paste(mask.point(lambda value: value // 2), (10, 16))
    picture.paste((40, 8, 10), (0, 0), shadow.filter(ImageFilter.GaussianBlur(10)))
    picture.paste(STEEL, (0, 0), mask)
    core = mask.filter(ImageFilter.GaussianBlur(7)).point(lambda value: max(value - 190, 0) * 3)
    picture.paste(SHINE, (0, 0), core)
    ImageDraw.Draw(picture).line([*outline, outline[0]], fill=EDGE, width=3, joint="curve")


def _paint_thread(picture: Image, points: Points) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(picture)
    line = [tuple(point) for point in points.tolist()]
    draw.line(line, fill=THREAD, width=6, joint="curve")
    draw.line([(x - 1, y - 2) for x, y in line], fill=(96, 110, 190), width=2, joint="curve")


def _paint_nothing(picture: Image, points: Points) -> None:
    """Leave the picture as it is."""


_PAINT = {
    "gallbladder": _paint_organ,
    "grasper": _paint_steel,
    "hook": _paint_steel,
    "suture": _paint_thread,
    "tool_tip": _paint_nothing,
}
"""How the thing of each label is painted."""
