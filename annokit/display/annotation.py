"""HTML of an annotation: its shape on its picture, and its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annokit.display.canvas import Scene, scene
from annokit.display.colors import Palette, to_hex
from annokit.display.describe import describe
from annokit.display.figure import picture, shown
from annokit.display.html import block, fields, swatch
from annokit.display.text import escaped
from annokit.errors import AnnokitError

if TYPE_CHECKING:
    from annokit.model.annotation import Annotation

WIDTH, HEIGHT = 320, 240

_TOLD = ("id", "track", "score", "keyframe", "interpolation", "span", "parent", "layer", "author", "created", "updated")


def annotation_html(annotation: Annotation) -> str:
    """Return an annotation as HTML without scripts: its shape on its item's picture, label, fields and attributes."""
    palette = Palette.of([annotation])
    name = "no label" if annotation.label is None else annotation.label.path
    color = to_hex(palette.color(annotation.label))
    title = f'<div class="annokit-head">{swatch(color)}<b><bdi>{escaped(name)}</bdi></b></div>'
    pairs: list[tuple[str, Any]] = [("shape", _attempt(annotation, "shape")), ("box", _box(annotation))]
    pairs.append(("keypoints", _joints(annotation)))
    pairs += [(name, getattr(annotation, name)) for name in _TOLD]
    pairs += [(str(name), value) for name, value in list(annotation.attributes.items())[:60]]
    body = f'{title}<div class="annokit-blocks">{_figure(annotation, palette)}{fields(pairs)}</div>'
    return block(body)


def _figure(annotation: Annotation, palette: Palette) -> str:
    """Return the shape on its picture; nothing where it has neither shape nor place."""
    found = _scene(annotation)
    if found is None:
        return ""
    return picture(found, palette, shown(found.size, WIDTH, HEIGHT), "")[0]


def _scene(annotation: Annotation) -> Scene | None:
    dataset, row = annotation.dataset, annotation.row
    if dataset is None or row is None:
        shape = annotation.shape if annotation.shape is not None else annotation.keypoints
        return None if shape is None else Scene(None, (WIDTH, HEIGHT), (annotation,))
    place = int(dataset.annotations.item[row])
    if place < 0:
        return None
    whole = scene(dataset[place], longest=WIDTH)
    rows = dataset[place].annotation_rows.tolist()
    return Scene(whole.picture, whole.size, (whole.annotations[rows.index(row)],))


def _attempt(annotation: Annotation, name: str) -> str | None:
    """Return a field as text, or why it can't be had."""
    try:
        value = getattr(annotation, name)
    except AnnokitError as error:
        return f"({error})"
    return None if value is None else describe(value)


def _joints(annotation: Annotation) -> str | None:
    try:
        return None if annotation.keypoints == annotation.shape else _attempt(annotation, "keypoints")
    except AnnokitError:
        return None


def _box(annotation: Annotation) -> str | None:
    try:
        box = annotation.box
    except AnnokitError:
        return None
    return None if box is None or box == annotation.shape else describe(box)
