"""HTML of an item: the picture with its shapes, and a legend that switches labels on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annokit.display.canvas import Scene, scene
from annokit.display.colors import Palette
from annokit.display.figure import legend, picture, shown
from annokit.display.html import block, fields, head
from annokit.display.svg import MOST_SHAPES, Overlay, tooltip
from annokit.display.text import escaped
from annokit.errors import AnnokitError
from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.model.annotation import Annotation
    from annokit.model.item import Item

WIDTH, HEIGHT = 640, 480
"""Largest extent of the picture on screen."""

MOST_TAGS = 40


def item_html(item: Item) -> str:
    """Return an item as HTML without scripts: name and facts, picture with shapes, legend, what has no shape.

    The picture is a data URI of at most 40 kB; where there are no pixels, the shapes stand on a tinted ground.
    """
    found = scene(item, longest=WIDTH)
    palette = Palette(item._dataset.labels)
    image, shapes = picture(found, palette, shown(found.size, WIDTH, HEIGHT), item.name)
    toggles, rules = legend(found, palette)
    body = [head(item.name, facts(item)), image, toggles, _tags(found), _notes(found, shapes)]
    if item.attributes:
        body.append(fields(list(item.attributes.items())[:40]))
    return block("".join(body), style=rules, kind="annokit-item")


def facts(item: Item) -> list[str | None]:
    """Return what is told beside an item's name."""
    known = item.width is not None and item.height is not None
    sequence = item.sequence
    return [
        f"{item.width}x{item.height}" if known else "unknown size",
        None if item.kind == "image" else item.kind,
        None if item.frame is None else f"frame {item.frame}",
        None if sequence is None else f"in {sequence.name}",
        item.split,
        item.status,
        counted(len(item.annotation_rows), "annotation"),
    ]


def _tags(found: Scene) -> str:
    """Return the annotations without geometry: classifications and spans, with their attributes."""
    bare = [annotation for annotation in found.annotations[:MOST_SHAPES] if _is_bare(annotation)]
    told = [f"<li><bdi>{escaped(tooltip(annotation))}</bdi></li>" for annotation in bare]
    rest = f"<li>and {len(told) - MOST_TAGS:,} more</li>" if len(told) > MOST_TAGS else ""
    return f"<ul>{''.join(told[:MOST_TAGS])}{rest}</ul>" if told else ""


def _is_bare(annotation: Annotation) -> bool:
    try:
        return annotation.shape is None and annotation.keypoints is None
    except AnnokitError:
        return False


def _notes(found: Scene, shapes: Overlay) -> str:
    notes = [f"{shapes.left_out:,} more shapes are not shown"] if shapes.left_out else []
    notes += [f"not drawn: {reason}" for reason in shapes.failures[:3]]
    if len(shapes.failures) > 3:
        notes.append(f"and {len(shapes.failures) - 3:,} more")
    return "".join(f'<div class="annokit-dim">{escaped(note, 300)}</div>' for note in notes)
