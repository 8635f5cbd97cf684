"""Shapes as inline SVG, to lie over a picture: hovering names them, a class per label lets a style sheet hide them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from annokit.display.brush import stretched
from annokit.display.colors import Color, Palette, contrast, luminance, to_hex
from annokit.display.marks import Array, Frame, Marks, Part, bounds_of, marks_of
from annokit.display.text import caption_of, clean, escaped
from annokit.errors import AnnokitError

if TYPE_CHECKING:
    from annokit.geometry import Mask
    from annokit.model.annotation import Annotation

MOST_SHAPES = 1_000
"""Shapes drawn of one item; the rest is counted."""

MOST_POINTS = 6_000
"""Points of one traced mask; a richer one is traced from a smaller picture."""

DARK = 0.03
"""Luminance of a label's colour below which its areas get a light border, for dark pages."""

Size = tuple[float, float]


@attrs.frozen(eq=False)
class Overlay:
    """An SVG element, and what it could not show."""

    svg: str
    """The element; empty groups are left out."""

    failures: tuple[str, ...] = ()
    """Why single shapes could not be drawn."""

    left_out: int = 0
    """Shapes beyond the most that are drawn."""


def overlay(annotations: Sequence[Annotation], palette: Palette, size: Size, *, ground: bool = False) -> Overlay:
    """Return the shapes of annotations as one SVG element that fills its container.

    Parameters
    ----------
    annotations : sequence of Annotation
        What to draw; larger ones lie below smaller ones, so that all can be pointed at.
    palette : Palette
        Gives colours; the class of a shape is ``annokit-l`` and its label's position or ``none``.
    size : (float, float)
        Width and height of the view box.
    ground : bool
        Whether to tint the background, where there is no picture.
    """
    groups: list[tuple[float, str]] = []
    failures: list[str] = []
    for annotation in annotations[:MOST_SHAPES]:
        try:
            groups.append(_group(annotation, palette, size))
        except AnnokitError as error:
            failures.append(clean(error))
    groups.sort(key=lambda group: -group[0])
    sheet = '<rect width="100%" height="100%" fill="currentColor" fill-opacity=".08"/>' if ground else ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(size[0])} {_n(size[1])}" preserveAspectRatio="none" '
        'style="position:absolute;left:0;top:0;width:100%;height:100%">'
        f"{sheet}{''.join(group for _, group in groups)}</svg>"
    )
    return Overlay(svg, tuple(failures), max(len(annotations) - MOST_SHAPES, 0))


def label_class(palette: Palette, annotation: Annotation) -> str:
    """Return the part of a shape's class that stands for its label."""
    place = palette.position(annotation.label)
    return "none" if place < 0 else str(place)


def tooltip(annotation: Annotation) -> str:
    """Return what hovering tells: label, track, score, and the attributes."""
    told = [f"{name}: {clean(value, 60)}" for name, value in list(annotation.attributes.items())[:8]]
    return "\n".join([caption_of(annotation) or "no label", *(clean(line, 120) for line in told)])


def _group(annotation: Annotation, palette: Palette, size: Size) -> tuple[float, str]:
    """Return the area of a shape's frame, and its SVG; no SVG where there is nothing to draw."""
    marks = marks_of(annotation, *size)
    shade = palette.color(annotation.label)
    inner, frame = _elements(marks, size, shade)
    if not inner:
        return 0.0, ""
    color = to_hex(shade)
    title = "&#10;".join(escaped(line) for line in tooltip(annotation).split("\n"))
    area = 0.0 if frame is None else (frame[2] - frame[0]) * (frame[3] - frame[1])
    return area, (
        f'<g class="annokit-shape annokit-l{label_class(palette, annotation)}" stroke="{color}" fill="{color}" '
        f'fill-opacity="0" stroke-width="2" stroke-linejoin="round"><title>{title}</title>{inner}</g>'
    )


def _elements(marks: Marks, size: Size, color: Color) -> tuple[str, Frame | None]:
    halo = f'stroke="{to_hex(contrast(color))}" stroke-opacity=".4" stroke-width="4" {_FIXED}'
    areas, frame = marks.areas, marks.frame
    if marks.mask is not None:
        areas, frame = _traced(marks.mask, size)
    parts = [_area(part, halo if luminance(color) < DARK else "") for part in areas]
    if marks.box is not None:
        left, top, right, bottom = marks.box
        place = f'x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(bottom - top)}"'
        parts += [f"<rect {place} {halo}/>", f"<rect {place} {_FIXED}/>"]
    for line in () if marks.areas else marks.lines:
        parts += [f'<path d="{_path(line)}" {halo}/>', f'<path d="{_path(line)}" {_FIXED}/>']
    parts += [f'<path d="{_path(line)}" stroke-opacity=".6" stroke-width="1.2" {_FIXED}/>' for line in marks.faint]
    parts += [
        f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3.2" fill-opacity="{1 if full else 0}" {_FIXED}/>'
        for x, y, full in marks.dots.tolist()
    ]
    return "".join(parts), frame


_FIXED = 'vector-effect="non-scaling-stroke"'


def _area(part: Part, halo: str) -> str:
    outline = "".join(_path(ring) + "Z" for ring in part)
    border = f'<path d="{outline}" {halo}/>' if halo else ""
    return f'{border}<path d="{outline}" fill-rule="evenodd" fill-opacity=".3" {_FIXED}/>'


def _path(points: Array) -> str:
    """Return a chain of points as path data, to a tenth of a unit, repeated points left out."""
    tenths = np.rint(points * 10).astype(np.int64)
    kept = np.append(True, (tenths[1:] != tenths[:-1]).any(axis=1))
    kept[-1] |= not kept[1:].any()
    return "M" + "L".join(f"{_n(x / 10)} {_n(y / 10)}" for x, y in tenths[kept].tolist())


def _n(value: float) -> str:
    return f"{round(value, 1):.10g}"


def _traced(mask: Mask, size: Size) -> tuple[tuple[Part, ...], Frame | None]:
    """Return the outlines of a mask and their frame, traced at the size of the view box or less."""
    from annokit.geometry.trace import trace

    flags = mask.decode()
    width, height = (max(min(round(side), own), 1) for side, own in zip(size, flags.shape[::-1], strict=True))
    while True:
        small = stretched(flags, (width, height))
        parts = trace(small)
        if sum(len(ring) for part in parts for ring in part) <= MOST_POINTS or min(width, height) < 16:
            break
        width, height = width // 2, height // 2
    if not parts:
        return (), None
    scale = np.array([size[0] / width, size[1] / height])
    placed = tuple(tuple(ring * scale for ring in part) for part in parts)
    return placed, bounds_of(part[0] for part in placed)
