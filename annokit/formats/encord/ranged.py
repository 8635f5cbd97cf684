"""What stands in the answers alone: classifications by range or for the whole row, objects in sound and text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annokit.formats.encord.media import Medium, Pairs
from annokit.formats.encord.plain import told_of
from annokit.formats.encord.ranges import pairs
from annokit.formats.encord.spaces import ROOT

if TYPE_CHECKING:
    from annokit.formats.encord.row import Row

Record = dict[str, Any]

RANGED = {"encord/#ranged": True}
"""Extras of what stands in the answers alone, not in the labels of a frame."""

_NODES = "the part of a web page that an object covers is kept as it is; the object is read as one of the whole page"
_UNPLACED = "what holds for a part of a sound, a text or a point cloud of a data group is kept as it is and not read"


def add_ranged(row: Row, pointer: str) -> None:
    """Add what only the answers of a row state."""
    for ident, entry in row.answers.classifications.items():
        if isinstance(entry, dict):
            _classification(row, f"{pointer}/classification_answers/{ident}", ident, entry)
    for ident, entry in row.answers.objects.items():
        place = f"{pointer}/object_answers/{ident}"
        if isinstance(entry, dict) and ident not in row.seen:
            if entry.get("range_html"):
                row.reader.note("unsupported-record", "warning", _NODES, row.reader.builder.annotation_count, place)
            if entry.get("range") or entry.get("range_html"):
                _object(row, ident, entry)
            elif entry.get("spaces"):
                row.reader.note("unsupported-record", "warning", _UNPLACED, None, f"{place}/spaces")


def _classification(row: Row, pointer: str, ident: str, entry: Record) -> None:
    media = _media(row, pointer, ident, entry)
    placed = [(medium, ranges) for medium, ranges in media if _missing(medium, ident, ranges)]
    if not placed:
        return
    answers = entry.get("classifications")
    first = answers[0] if isinstance(answers, list) and answers and isinstance(answers[0], dict) else {}
    feature = entry.get("featureHash") or first.get("featureHash")
    position = row.reader.label(feature, entry.get("name", first.get("name", ident)), None, None)
    row.define(position, ident)
    attributes = row.answers.static("classifications", ident)
    for medium, ranges in placed:
        for item, span in medium.places(row.reader.builder, ranges, medium.classified.get(ident, set())):
            row.classified.add(ident)
            row.reader.builder.add_annotation(
                item,
                position,
                track=ident,
                attributes=attributes,
                span=span,
                extras=RANGED,
                **told_of(entry, row.branch),
            )


def _media(row: Row, pointer: str, ident: str, entry: Record) -> list[tuple[Medium, Pairs]]:
    """Return the media for which a classification holds, with its ranges in each."""
    own = row.spaces.get(ROOT, row.own)
    spaces = entry.get("spaces")
    if not isinstance(spaces, dict) or not spaces:
        ranges = pairs(entry.get("range"))
        return [(own, ranges)] if ranges or ident not in row.classified else []
    found = []
    for key, told in spaces.items():
        medium = row.spaces.get(key)
        if medium is not None and isinstance(told, dict):
            found.append((medium, pairs(told.get("range"))))
        else:
            row.reader.note("unsupported-record", "warning", _UNPLACED, None, f"{pointer}/spaces/{key}")
    return found


def _missing(medium: Medium, ident: str, ranges: Pairs) -> bool:
    """Tell whether the frames of a medium leave out some of what the ranges say."""
    listed = medium.classified.get(ident, set())
    if not ranges:
        return not listed
    return not (listed and all(any(a <= frame <= b for frame in listed) for a, b in ranges))


def _object(row: Row, ident: str, entry: Record) -> None:
    row.seen.add(ident)
    position = row.reader.label(
        entry.get("featureHash"), entry.get("name", ident), entry.get("color"), entry.get("shape")
    )
    row.define(position, ident)
    attributes = row.answers.static("objects", ident)
    for item, span in row.own.places(row.reader.builder, pairs(entry.get("range")), set()):
        row.reader.builder.add_annotation(
            item, position, track=ident, attributes=attributes, span=span, extras=RANGED, **told_of(entry, row.branch)
        )
