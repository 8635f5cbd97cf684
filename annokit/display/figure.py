"""A picture with its shapes over it, as HTML: a thumbnail and an SVG element of the same extent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from annokit.display.colors import Palette, to_hex
from annokit.display.html import swatch
from annokit.display.svg import Overlay, label_class, overlay
from annokit.display.text import escaped
from annokit.display.thumbnail import data_uri, shrunk

if TYPE_CHECKING:
    from annokit.display.canvas import Scene

Extent = tuple[float, float]

MOST_TOGGLES = 64


def shown(size: tuple[int, int], width: int, height: int) -> Extent:
    """Return the extent on screen of a picture of `size` within `width` x `height`, enlarged eight times at most."""
    factor = min(width / size[0], height / size[1], 8.0)
    return max(size[0] * factor, 4.0), max(size[1] * factor, 4.0)


def picture(scene: Scene, palette: Palette, extent: Extent, name: str) -> tuple[str, Overlay]:
    """Return the element that holds thumbnail and SVG, and the SVG's own facts."""
    shapes = overlay(scene.annotations, palette, extent, ground=scene.picture is None)
    image = ""
    if scene.picture is not None:
        uri = data_uri(shrunk(scene.picture, round(max(extent))))
        crisp = ";image-rendering:pixelated" if max(scene.picture.size) <= max(extent) / 2 else ""
        image = f'<img src="{uri}" alt="{escaped(name)}" style="width:100%;height:100%{crisp}">'
    place = f"position:relative;width:{extent[0]:.0f}px;aspect-ratio:{extent[0]:.1f}/{extent[1]:.1f}"
    return f'<div class="annokit-picture" style="{place}">{image}{shapes.svg}</div>', shapes


def legend(scene: Scene, palette: Palette) -> tuple[str, str]:
    """Return the boxes that switch labels on and off, and the style rules behind them; no script is needed."""
    counts = Counter(label_class(palette, annotation) for annotation in scene.annotations)
    order = sorted(counts, key=lambda key: (key == "none", int(key) if key != "none" else 0))
    entries: list[str] = []
    rules: list[str] = []
    for key in order:
        label = None if key == "none" else palette.labels[int(key)]
        name = "no label" if label is None else label.name
        toggle = ""
        if len(rules) < MOST_TOGGLES:
            toggle = f'<input type="checkbox" checked class="annokit-t{key}">'
            rules.append(f".annokit-item:has(.annokit-t{key}:not(:checked)) .annokit-l{key}{{display:none}}")
        text = f"<bdi>{escaped(name, 60)}</bdi> <span class='annokit-dim'>{counts[key]:,}</span>"
        entries.append(f"<label>{toggle}{swatch(to_hex(palette.color(label)))}{text}</label> ")
    return f'<div class="annokit-legend">{"".join(entries)}</div>', "".join(rules)
