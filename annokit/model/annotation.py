"""One label on one item: a frozen value that reads its dear fields from the columns when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from annokit.errors import AnnokitError, MissingSizeError, UsageError
from annokit.geometry import Box, Cuboid, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox, TimeSpan
from annokit.model.label import Label

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.model.views import Batch

Shape = Box | RotatedBox | Ellipse | Polygon | Polyline | Point | Keypoints | Mask | Cuboid

NOTHING: Mapping[str, Any] = MappingProxyType({})


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Annotation:
    """One annotation; all geometry is normalised, x by the item's width and y by its height.

    An annotation taken from a dataset is a snapshot: `shape`, `box`, `attributes` and the like are read from the
    columns on first use, and comparing or pickling reads them all.
    """

    label: Label | None = None
    """The class; None where the source states none."""

    shape: Shape | None = None
    """The tightest geometry that the source states; None for a classification or a time span."""

    box: Box | None = None
    """The source's own box where it states one, else the bounds of `shape`."""

    keypoints: Keypoints | None = None
    """Joints, which may stand beside another shape."""

    span: TimeSpan | None = None
    """Time or frames for which it holds."""

    id: int | str | None = None
    """The source's id; need not be unique."""

    track: int | str | None = None
    """Ties the rows of one object across frames."""

    keyframe: bool | None = None
    """True where a person set this frame of the track, False where it was computed, None unknown."""

    interpolation: str | None = None
    """Rule between key frames: ``hold`` or ``linear``."""

    score: float | None = None
    """Confidence as the source states it."""

    parent: int | None = None
    """Row of the parent annotation in the dataset."""

    layer: str | None = None
    """Labelset, branch or annotator."""

    author: str | None = None
    """Who made it."""

    created: str | None = None
    """When it was made, as the source writes it."""

    updated: str | None = None
    """When it was last changed, as the source writes it."""

    review: str | None = None
    """State of its review, as the source writes it."""

    attributes: Mapping[str, Any] = attrs.field(factory=dict, converter=MappingProxyType)
    """Attribute values by name; read only."""

    extras: Mapping[str, Any] = attrs.field(factory=dict, converter=MappingProxyType)
    """Keys of the source that the model does not map, under ``format/key``; read only."""

    _source: Any = attrs.field(default=None, alias="_source", init=False)
    _row: int = attrs.field(default=-1, alias="_row", init=False)

    @property
    def row(self) -> int | None:
        """Row in the dataset that it was taken from, None for one made by hand."""
        return None if self._row < 0 else self._row

    @property
    def dataset(self) -> Dataset | None:
        """The dataset that it was taken from."""
        found: Dataset | None = None if self._source is None else self._source.dataset
        return found

    def to_pixels(self) -> Shape | None:
        """Return `shape` in pixels of its item.

        Raises
        ------
        MissingSizeError
            The item's size is unknown.
        """
        if self.shape is None:
            return None
        if self._source is None:
            raise UsageError("an annotation made by hand knows no size; call shape.to_pixels(width, height)")
        width, height = self._source.dataset._size_of_annotation(self._row)
        return self.shape.to_pixels(width, height)

    def __getattr__(self, name: str) -> Any:
        if name not in _LAZY or self._source is None:
            raise AttributeError(name)
        value = self._source.field(self._row, name)
        _SETTERS[name](self, value)
        return value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Annotation):
            return NotImplemented
        if self is other or (self.row is not None and self.row == other.row and self.dataset is other.dataset):
            return True
        try:
            return all(getattr(self, name) == getattr(other, name) for name in COMPARED)
        except MissingSizeError:
            return self.row is not None and other.row is not None and _alone(self) == _alone(other)

    __hash__ = None  # type: ignore[assignment] # holds arrays and mappings

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            return _restore, (type(self), {name: _plain(getattr(self, name)) for name in _LAZY})
        except MissingSizeError:
            return _first, (_alone(self),)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self._told())
        return f"Annotation({told})"

    def _told(self) -> Iterator[tuple[str, str]]:
        yield "label", repr(self.label.name if self.label else None)
        for name in ("shape", "keypoints", "span", "id", "track", "score"):
            try:
                value = getattr(self, name)
            except AnnokitError as error:
                yield name, f"<{type(error).__name__}>"
                continue
            if value is not None:
                yield name, repr(value)
        if self.attributes:
            yield "attributes", repr(dict(self.attributes))

    def _repr_html_(self) -> str:
        from annokit.display.annotation import annotation_html

        return annotation_html(self)


COMPARED = tuple(field.name for field in attrs.fields(Annotation) if field.name not in ("extras", "_source", "_row"))
_LAZY = tuple(field.name for field in attrs.fields(Annotation) if not field.name.startswith("_"))
_SETTERS = {name: getattr(Annotation, name).__set__ for name in (*_LAZY, "_source", "_row")}
_set_source, _set_row = _SETTERS["_source"], _SETTERS["_row"]
_set_id, _set_label = _SETTERS["id"], _SETTERS["label"]
_new = Annotation.__new__


def snapshot(source: Batch, row: int, ident: Any, label: Label | None) -> Annotation:
    """Return the annotation of a row with what is cheap already in place."""
    made = _new(Annotation)
    _set_source(made, source)
    _set_row(made, row)
    _set_id(made, ident)
    _set_label(made, label)
    return made


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, MappingProxyType) else value


def _restore(kind: type[Annotation], fields: dict[str, Any]) -> Annotation:
    return kind(**fields)


def _alone(annotation: Annotation) -> Dataset:
    """Return a dataset of nothing but this annotation and its item."""
    from annokit.model.select import only_annotation

    assert annotation.dataset is not None
    assert annotation.row is not None
    return only_annotation(annotation.dataset, annotation.row)


def _first(dataset: Dataset) -> Annotation:
    return dataset.annotations[0]
