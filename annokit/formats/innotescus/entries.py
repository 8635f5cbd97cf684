"""The images and videos of a data set, and the items that annotations belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from annokit.errors import FormatError
from annokit.formats.innotescus.classes import UNLISTED
from annokit.formats.innotescus.facts import ITEMS, Record, differing, is_integer, is_video, keyed
from annokit.formats.innotescus.records import item_record

if TYPE_CHECKING:
    from annokit.formats.context import Problems
    from annokit.formats.innotescus.files import Listing
    from annokit.formats.innotescus.told import Told
    from annokit.model.builder import DatasetBuilder

KNOWN = frozenset(item_record(None, "", None, (None, None), None, None))
QUIET = frozenset(("num_channels", "bits_per_channel"))
"""Keys that every item has and that are kept as extras."""


@attrs.frozen
class Needed:
    """Where the annotations of one entry are."""

    frames: tuple[int, ...]
    """Frame indices that they state, ascending."""

    whole: bool
    """Whether one states no frame."""


@attrs.define
class Entries:
    """The rows of a data set's items."""

    builder: DatasetBuilder
    told: Told
    dataset: str | None
    needed: Mapping[Any, Needed]
    """By index."""

    rows: dict[tuple[Any, int | None], int] = attrs.field(factory=dict)
    """Item row by index and frame; the frame of an image, and of a whole video, is None."""

    videos: set[Any] = attrs.field(factory=set)
    """Indices of videos."""

    values: list[tuple[str, str, Record]] = attrs.field(factory=list)
    """Place, name and metadata of every item, to be checked against the definitions."""

    def read(self, listing: Listing, problems: Problems) -> None:
        """Add the items that a file lists."""
        seen: set[Any] = set()
        for pointer, record in listing.records():
            if not isinstance(record, dict) or not is_integer(record.get("index")):
                problems.add(_bad(listing, pointer, record))
                continue
            index = record["index"]
            self.told.keys(record, KNOWN)
            if index in seen:
                self.told.add("twice", f"{listing.where}: {pointer}/index: {index}", item=str(record.get("name")))
            self._entry(f"{listing.where}: {pointer}", record, again=index in seen)
            seen.add(index)

    def unlisted(self, where: str) -> None:
        """Add the items that annotations refer to though no file lists them."""
        known = {index for index, _ in self.rows} | self.videos
        for index in sorted(self.needed):
            if index not in known:
                self.told.add("dangling", f"{where}: dataset_item_index: {index!r}", item=str(index))
                self._entry("", {"index": index, "name": str(index)}, again=False, extras={UNLISTED: True})

    def _entry(self, where: str, record: Record, *, again: bool, extras: Record | None = None) -> None:
        index, name = record["index"], record.get("name")
        shown = name if isinstance(name, str) else str(index)
        needed = Needed((), False) if again else self.needed.get(index, Needed((), False))
        video = is_video(record.get("num_frames"), shown, needed.frames[-1] if needed.frames else -1)
        fields, stated = _fields(record, shown, video)
        odd = differing(record, stated) if extras is None else extras
        self._report(where, record, odd, shown)
        fields["extras"] = keyed(odd)
        values = fields["attributes"]
        if values:
            self.values.append((where, shown, values))
        if video:
            self._beyond(where, shown, fields["frames"], needed)
            self._video(index, shown, fields, needed)
        else:
            row = self.builder.add_item(shown, kind="image", dataset=self.dataset, **fields)
            if not again:
                self.rows[index, None] = row

    def _report(self, where: str, record: Record, odd: Record, item: str) -> None:
        if not where:
            return
        for key, value in odd.items():
            if key in KNOWN and key not in QUIET and value is not None and not (key == "num_frames" and value == 0):
                self.told.add("odd", f"{where}/{key}: {value!r:.60}", item=item)

    def _beyond(self, where: str, item: str, count: int | None, needed: Needed) -> None:
        if count and needed.frames and needed.frames[-1] >= count:
            told = f"{where}/num_frames: {count}, but frame {needed.frames[-1]} is annotated"
            self.told.add("odd", told, item=item)

    def _video(self, index: Any, name: str, fields: Record, needed: Needed) -> None:
        uri, size = fields.get("uri"), {key: fields.get(key) for key in ("width", "height")}
        sequence = self.builder.add_sequence(name=name, dataset=self.dataset, **fields)
        self.videos.add(index)
        shared = {"sequence": sequence, "dataset": self.dataset, **size}
        if needed.whole:
            self.rows[index, None] = self.builder.add_item(name, kind="video", id=index, uri=uri, **shared)
        for frame in needed.frames:
            self.rows[index, frame] = self.builder.add_item(f"{name}#{frame}", kind="frame", frame=frame, **shared)

    def place(self, index: Any, frame: Any) -> tuple[int, Any]:
        """Return the item row of an annotation, and the frame index that the writer would state."""
        if index in self.videos:
            number = frame if is_frame(frame) else None
            return self.rows[index, number], number
        return self.rows[index, None], 0


def _fields(record: Record, name: str, video: bool) -> tuple[Record, Record]:
    """Return the fields of an item or sequence, and the record that the writer would make of them."""
    index, frames, url, values = (record.get(key) for key in ("index", "num_frames", "url", "meta_data"))
    width, height = record.get("width"), record.get("height")
    sized = _is_side(width) and _is_side(height)
    uri = url if isinstance(url, str) else None
    attributes = values if isinstance(values, dict) else {}
    fields: Record = {"id": index, "uri": uri, "attributes": attributes}
    if sized:
        fields |= {"width": width, "height": height}
    length = frames if is_frame(frames) else None
    if video:
        fields["frames"] = length
    size = (width, height) if sized else (None, None)
    return fields, item_record(index, name, length if video else 1, size, uri, attributes)


def _is_side(value: Any) -> bool:
    return type(value) is int and 0 < value < 1 << 31


def is_frame(value: Any) -> bool:
    """Tell whether a value is the number of a frame."""
    return is_integer(value) and value >= 0


def needed_of(pairs: Mapping[Any, set[Any]]) -> dict[Any, Needed]:
    """Return what is needed of each entry, from the frame indices that its annotations state."""
    found = {}
    for index, frames in pairs.items():
        numbers = sorted(frame for frame in frames if is_frame(frame))
        found[index] = Needed(tuple(numbers), len(numbers) < len(frames))
    return found


def _bad(listing: Listing, pointer: str, record: Any) -> FormatError:
    return FormatError(
        f"this record of {ITEMS} can't be read",
        path=listing.where,
        pointer=pointer,
        found=f"{record!r:.60}",
        expected='an object with an integer "index"',
    )
