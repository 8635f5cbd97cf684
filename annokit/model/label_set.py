"""The classes of a dataset, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, overload

from annokit.errors import UsageError
from annokit.model.label import AttributeDefinition, Label


class LabelSet(Sequence[Label]):
    """Labels by position, by name and by the source's id.

    Parameters
    ----------
    labels : iterable of Label
        In the source's order; the position is what ``label_ids`` states.
    attributes : iterable of AttributeDefinition
        Definitions that belong to no single label.
    """

    def __init__(self, labels: Iterable[Label] = (), attributes: Iterable[AttributeDefinition] = ()) -> None:
        self._labels = tuple(labels)
        self.attributes = tuple(attributes)

    def __len__(self) -> int:
        return len(self._labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self._labels)

    @overload
    def __getitem__(self, key: int | str) -> Label: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Label, ...]: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._labels[self.position(key)]
        return self._labels[key]

    def __contains__(self, key: object) -> bool:
        return key in self._by_name if isinstance(key, str) else key in self._labels

    def position(self, name: str) -> int:
        """Return the position of the one label called `name`.

        Raises
        ------
        KeyError
            No label is called so.
        UsageError
            Several are.
        """
        found = self._by_name.get(name)
        if found is None:
            raise KeyError(name)
        if len(found) > 1:
            raise UsageError(f"{len(found)} labels are called {name!r}, at positions {found}; use a position")
        return found[0]

    def positions(self, name: str) -> list[int]:
        """Return the positions of all labels called `name`, [] where there is none."""
        return list(self._by_name.get(name, ()))

    def position_of(self, label: Label) -> int | None:
        """Return the position of the first label equal to `label`, None where there is none."""
        return next((place for place in self._by_name.get(label.name, ()) if self._labels[place] == label), None)

    def by_id(self, source_id: int | str) -> Label:
        """Return the first label with the source's id `source_id`; KeyError where there is none."""
        return self._labels[self._by_id[type(source_id), source_id]]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names, by position."""
        return tuple(label.name for label in self._labels)

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position, label in enumerate(self._labels):
            found.setdefault(label.name, []).append(position)
        return found

    @cached_property
    def _by_id(self) -> dict[tuple[type, Any], int]:
        found: dict[tuple[type, Any], int] = {}
        for position, label in enumerate(self._labels):
            found.setdefault((type(label.source_id), label.source_id), position)
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LabelSet):
            return NotImplemented
        return self._labels == other._labels and self.attributes == other.attributes

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(repr(label.name) for label in self._labels[:8])
        return f"LabelSet({len(self)}: {shown}{', ...' if len(self) > 8 else ''})"

    def _repr_html_(self) -> str:
        from annokit.display.label import label_set_html

        return label_set_html(self)
