"""HTML of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annokit.display.colors import Palette, to_hex
from annokit.display.html import block, fields, head, swatch
from annokit.display.text import escaped
from annokit.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annokit.model.label import AttributeDefinition, Label
    from annokit.model.label_set import LabelSet

MOST_LABELS = 500


def label_html(label: Label) -> str:
    """Return a label as HTML: colour, name, id, attributes and joints."""
    color = to_hex(Palette([label]).color(label))
    pairs = [
        ("source id", None if label.source_id is None else repr(label.source_id)),
        ("path", label.path if label.parent is not None else None),
        ("shape", label.shape),
        ("thing", label.is_thing),
        ("attributes", _definitions(label.attributes) or None),
        ("joints", None if label.skeleton is None else ", ".join(label.skeleton.joints)),
    ]
    title = f'<div class="annokit-head">{swatch(color)}<b><bdi>{escaped(label.name)}</bdi></b></div>'
    return block(title + fields(pairs))


def label_set_html(labels: LabelSet) -> str:
    """Return a label set as HTML: a table of its labels."""
    palette = Palette(labels)
    rows = [_row(place, label, palette) for place, label in enumerate(labels[:MOST_LABELS])]
    top = "<tr><th></th><th>label</th><th>source id</th><th>attributes</th><th>skeleton</th></tr>"
    rest = f'<div class="annokit-dim">and {len(labels) - MOST_LABELS:,} more</div>' if len(labels) > MOST_LABELS else ""
    own = fields([("attributes of no single label", _definitions(labels.attributes) or None)])
    return block(f"{head(counted(len(labels), 'label'))}<table>{top}{''.join(rows)}</table>{rest}{own}")


def _row(place: int, label: Label, palette: Palette) -> str:
    joints = "" if label.skeleton is None else counted(len(label.skeleton.joints), "joint")
    ident = "" if label.source_id is None else repr(label.source_id)
    cells = "".join(f"<td><bdi>{escaped(text)}</bdi></td>" for text in (ident, _definitions(label.attributes), joints))
    name = f"<td>{swatch(to_hex(palette.color(label)))}<bdi>{escaped(label.path)}</bdi></td>"
    return f'<tr><td class="annokit-count annokit-dim">{place}</td>{name}{cells}</tr>'


def _definitions(attributes: Iterable[AttributeDefinition]) -> str:
    return ", ".join(f"{definition.name} ({definition.type})" for definition in attributes)
