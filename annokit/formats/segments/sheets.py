"""Samples of a release, made of items, sequences and annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Table
from annokit.columns.base import Array
from annokit.formats.segments.facts import ABSENT, MAIN_FORMAT_VERSION, RESERVED, unmarked
from annokit.formats.segments.layers import layers_of
from annokit.formats.segments.media import attributes_of
from annokit.formats.segments.records import records_of
from annokit.model.schema import ITEM_KINDS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Record = dict[str, Any]

MARKS = frozenset((ABSENT, "#labels", "#frames", "#label_frames", "#further"))
"""Extras that are no keys."""


class Sheets:
    """Makes the samples of a narrowed dataset, one by one.

    Parameters
    ----------
    ds : Dataset
        Narrowed. Where it has sequences, each is a sample; else each item is.
    """

    def __init__(self, ds: Dataset) -> None:
        self._ds = ds
        self._layers = layers_of(ds)
        self._sequences = len(ds._sequences) > 0
        self._items = _Rows(ds._items)
        self._rows = _Rows(ds._sequences) if self._sequences else self._items
        owner = ds._items.array("sequence")
        self._first = np.searchsorted(owner, np.arange(len(ds._sequences) + 1)) if self._sequences else None
        layer = ds._annotations.get("layer")
        count = len(ds._annotations)
        self._layer = [MISSING] * count if layer is None else layer.values_of(np.arange(count))
        self._frames: list[list[dict[str, list[Record]]]] = []

    def __len__(self) -> int:
        return len(self._ds._sequences) if self._sequences else len(self._ds)

    def sample(self, row: int) -> Record:
        """Return one sample."""
        own = self._rows.at(row)
        items = np.arange(self._first[row], self._first[row + 1]) if self._first is not None else np.array([row])
        found = self._annotations(items)
        absent = own.kept.get(ABSENT, ())
        record: Record = {"uuid": own.fields["id"]} if "id" in own.fields else {}
        if "name" not in absent and "name" not in own.kept:
            record["name"] = own.fields.get("name", "")
        record |= {key: own.kept[key] for key in ("uuid", "name") if key in own.kept}
        attributes = self._attributes(own, items) if self._sequences else _media(own)
        if attributes is not MISSING:
            record["attributes"] = attributes
        metadata = _metadata(own)
        if metadata is not MISSING:
            record["metadata"] = metadata
        record |= {unmarked(key): value for key, value in own.kept.items() if key not in RESERVED and key not in MARKS}
        labels = self._labels(own, items, found)
        return record if labels is MISSING else {**record, "labels": labels}

    def _annotations(self, items: Array) -> list[dict[str, list[Record]]]:
        """Return the records of each item by layer."""
        found: list[dict[str, list[Record]]] = []
        for item in items.tolist():
            rows = self._ds._rows_of_item(item)
            own: dict[str, list[Record]] = {}
            for row, record in zip(rows.tolist(), records_of(self._ds, rows) if len(rows) else (), strict=True):
                own.setdefault(self._layer[row], []).append(record)
            found.append(own)
        return found

    def _attributes(self, own: _Row, items: Array) -> Record:
        """Return the attributes of a sequence: its frames, and what else they say."""
        frames = []
        for number, item in enumerate(items.tolist()[: own.kept.get("#frames")]):
            frame = self._items.at(item)
            stated = _media(frame)
            if isinstance(stated, dict):
                name, fallback = frame.fields["name"], f"{own.fields.get('name', '')}#{number}"
                told = {} if "name" in stated or name == fallback else {"name": name}
                if "timestamp" in frame.fields:
                    told["timestamp"] = frame.fields["timestamp"]
                stated = {**stated, **told}
            frames.append({} if stated is MISSING else stated)
        kept = own.kept.get("attributes")
        return {"frames": frames, **(kept if isinstance(kept, dict) else {})}

    def _labels(self, own: _Row, items: Array, found: list[dict[str, list[Record]]]) -> Any:
        absent = own.kept.get(ABSENT, ())
        named = own.kept.get("#labels", MISSING)
        further = own.kept.get("labels", {})
        if "labels" in absent and not further:
            return MISSING
        if named is not MISSING and not isinstance(named, list):
            return named
        main, *others = self._layers
        labels = {} if "label" in absent else {main: self._label(own, items, [one.get(main, []) for one in found])}
        for layer in others:
            if layer in further:
                labels[layer] = _filled(further[layer], [one.get(layer, []) for one in found], self._sequences)
        if isinstance(named, list):
            known = [labels[name] for name in named if name in labels]
            return known or named
        return labels

    def _label(self, own: _Row, items: Array, annotations: list[list[Record]]) -> Any:
        kept, absent = own.kept.get("label", MISSING), own.kept.get(ABSENT, ())
        if kept is not MISSING and not isinstance(kept, dict):
            return kept
        word = own.kept.get("label_status", MISSING)
        if word is MISSING and kept is MISSING and "label_status" not in absent:
            return None
        label: Record = {} if word is MISSING else {"label_status": word}
        if "label_attributes" not in absent:
            label["attributes"] = self._told(own, items, annotations)
        return {**label, **(kept if isinstance(kept, dict) else {})}

    def _told(self, own: _Row, items: Array, annotations: list[list[Record]]) -> Any:
        """Return the attributes of a label."""
        if not self._sequences:
            return _told(own, annotations[0], MAIN_FORMAT_VERSION)
        kept = own.kept.get("label_attributes", {})
        if not isinstance(kept, dict) or "frames" in own.kept.get(ABSENT, ()):
            return kept
        chosen = items.tolist()[: own.kept.get("#label_frames")]
        frames = [_told(self._items.at(item), annotations[place], None) for place, item in enumerate(chosen)]
        return {"frames": frames, **{unmarked(key): value for key, value in kept.items()}}


class _Row:
    """What a row of items or sequences states."""

    __slots__ = ("attributes", "fields", "kept")

    def __init__(self) -> None:
        self.fields: Record = {}
        self.kept: Record = {}
        self.attributes: Record = {}


class _Rows:
    """Rows of a table, read in blocks."""

    BLOCK = 1_000

    def __init__(self, table: Table) -> None:
        self._table = table
        self._start = 0
        self._known: list[_Row] = []

    def at(self, row: int) -> _Row:
        """Return a row."""
        if not self._start <= row < self._start + len(self._known):
            self._start = row
            self._known = self._block(np.arange(row, min(row + self.BLOCK, len(self._table))))
        return self._known[row - self._start]

    def _block(self, rows: Array) -> list[_Row]:
        table = self._table.take(rows)
        found = [_Row() for _ in range(len(rows))]
        kinds = table.get("kind")
        for name in ("name", "id", "uri", "timestamp", "split", "bitmap"):
            column = table.sparse(name)
            if column is not None:
                for row, value in zip(column.present().tolist(), column.values_of(column.present()), strict=True):
                    found[row].fields[name] = value
        if kinds is not None:
            for one, code in zip(found, table.array("kind").tolist(), strict=True):
                one.fields["kind"] = ITEM_KINDS[code]
        for group, name in (("attributes", "attributes"), ("extras/segments", "kept")):
            for key, column in table.group(group).items():
                for row, value in zip(column.present().tolist(), column.values_of(column.present()), strict=True):
                    getattr(found[row], name)[key] = value
        return found


def _media(own: _Row) -> Any:
    fields, kept = own.fields, own.kept
    return attributes_of(
        fields["kind"], fields.get("uri", MISSING), kept.get("attributes", MISSING), kept.get(ABSENT, ())
    )


def _metadata(own: _Row) -> Any:
    kept = own.kept.get("metadata", MISSING)
    split = {"split": own.fields["split"]} if "split" in own.fields else {}
    if kept is MISSING:
        return MISSING if "metadata" in own.kept.get(ABSENT, ()) and not split else split
    return {**kept, **split} if isinstance(kept, dict) else split or kept


def _told(own: _Row, annotations: list[Record], version: str | None) -> Any:
    """Return the attributes of a label or of one of its frames."""
    kept = own.kept.get("label_attributes", {})
    if not isinstance(kept, dict):
        return kept
    left = dict(kept)
    absent = left.pop(ABSENT, ())
    told: Record = {}
    if version is not None and "format_version" not in absent and "format_version" not in left:
        told["format_version"] = version
    if annotations or ("annotations" not in absent and "annotations" not in left):
        told["annotations"] = annotations
        left.pop("annotations", None)
    bitmap = own.fields.get("bitmap")
    if bitmap is not None:
        others = left.pop("segmentation_bitmap", None)
        signed = {"signed_url": bitmap["url"]} if "url" in bitmap else {}
        told["segmentation_bitmap"] = {
            "url": bitmap["name"],
            **signed,
            **(others if isinstance(others, dict) else {}),
        }
    if own.attributes:
        told["image_attributes"] = own.attributes
        left.pop("image_attributes", None)
    return {**told, **{unmarked(key): value for key, value in left.items()}}


def _filled(label: Any, annotations: list[list[Record]], sequence: bool) -> Any:
    """Return a label of a further layer with its annotations put back."""
    told = label.get("attributes") if isinstance(label, dict) else None
    if not isinstance(told, dict):
        return label
    changed = dict(told)
    if not sequence and told.get("annotations") == []:
        changed["annotations"] = annotations[0]
    if sequence and isinstance(told.get("frames"), list):
        changed["frames"] = [
            {**frame, "annotations": annotations[place]}
            if isinstance(frame, dict) and frame.get("annotations") == [] and place < len(annotations)
            else frame
            for place, frame in enumerate(told["frames"])
        ]
    return {**label, "attributes": changed}
