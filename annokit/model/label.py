"""A class, and what may be said of its objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import attrs

AttributeType = Literal["boolean", "integer", "number", "text", "select", "multiselect", "list", "other"]
Scope = Literal["annotation", "item", "sequence", "track"]


def _definitions(given: Iterable[AttributeDefinition]) -> tuple[AttributeDefinition, ...]:
    return tuple(given)


def _options(given: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(given)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


def _numbers(given: Iterable[int] | None) -> tuple[int, ...] | None:
    return None if given is None else tuple(given)


@attrs.frozen(kw_only=True)
class Option:
    """One choice of a ``select`` or ``multiselect`` attribute."""

    name: str
    """What people see, and what values state."""

    source_id: int | str | None = None
    """The source's id of the option."""

    attributes: tuple[AttributeDefinition, ...] = attrs.field(default=(), converter=_definitions)
    """Questions that arise when this option is chosen."""

    extras: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    """Further keys of the source, as JSON values."""


@attrs.frozen(kw_only=True)
class AttributeDefinition:
    """What an attribute may hold."""

    name: str
    """Name under which values stand."""

    type: AttributeType = "text"
    """Type of the values."""

    title: str | None = None
    """What people see, where it differs from the name."""

    options: tuple[Option, ...] = attrs.field(default=(), converter=_options)
    """The choices of ``select`` and ``multiselect``."""

    default: Any = attrs.field(default=None, hash=False)
    """Value of an object that states none."""

    required: bool | None = None
    """Whether every object must state it; None unknown."""

    minimum: float | None = None
    """Smallest number."""

    maximum: float | None = None
    """Largest number."""

    scope: Scope = "annotation"
    """What carries the value."""

    labels: tuple[int | str, ...] | None = attrs.field(default=None, converter=attrs.converters.optional(tuple))
    """Source ids of the labels that it concerns; None for all, or where it stands on a label."""

    dynamic: bool | None = None
    """Whether the value may change from frame to frame."""

    source_id: int | str | None = None
    """The source's id."""

    extras: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    """Further keys of the source, as JSON values."""


def _pairs(edges: Iterable[Iterable[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((int(a), int(b)) for a, b in edges)


@attrs.frozen
class Skeleton:
    """The joints of a label and which of them are connected."""

    joints: tuple[str, ...] = attrs.field(converter=_names)
    """Names, in the order of the keypoints."""

    edges: tuple[tuple[int, int], ...] = attrs.field(default=(), converter=_pairs)
    """Pairs of positions in `joints`, from 0."""


@attrs.frozen
class Label:
    """A class. Names need not be unique; `source_id` is what the file calls it."""

    name: str
    """What people see."""

    source_id: int | str | None = None
    """The source's id, verbatim; 0 is an id like any other."""

    parent: Label | None = None
    """The class above it."""

    color: tuple[int, ...] | None = attrs.field(default=None, converter=_numbers)
    """Red, green, blue, and alpha where the source states it, 0 to 255."""

    attributes: tuple[AttributeDefinition, ...] = attrs.field(default=(), converter=_definitions, kw_only=True)
    """What may be said of its objects."""

    skeleton: Skeleton | None = attrs.field(default=None, kw_only=True)
    """The joints of its keypoints."""

    shape: str | None = attrs.field(default=None, kw_only=True)
    """The kind of shape that the source reserves for it, one of :data:`annokit.model.schema.KINDS`."""

    is_thing: bool | None = attrs.field(default=None, kw_only=True)
    """True countable objects, False stuff, None unknown."""

    extras: Mapping[str, Any] = attrs.field(factory=dict, kw_only=True, hash=False)
    """Further keys of the source under ``format/key``, as JSON values."""

    @property
    def path(self) -> str:
        """The names from the topmost class down to this one, joined by dots; a name that begins with those above stays.

        Dataloop calls a dog below an animal ``animal.dog``, others call it ``dog``: for both, that is the path.
        """
        names = [self.name]
        above = self.parent
        while above is not None:
            names.append(above.name)
            above = above.parent
        path = names.pop()
        for name in reversed(names):
            path = name if name.startswith(f"{path}.") else f"{path}.{name}"
        return path

    def __str__(self) -> str:
        return self.name

    def _repr_html_(self) -> str:
        from annokit.display.label import label_html

        return label_html(self)
