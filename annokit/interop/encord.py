"""Datasets of the live objects of Encord's SDK, which need not be installed for anything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from typing import TYPE_CHECKING, Any

from annokit.columns.json import dumps
from annokit.errors import UsageError
from annokit.formats.io import read

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

MAIN = "main"
MOST = 1000
"""Label rows that one bundle initialises at most; the vendor advises against more."""


def from_encord(
    rows_or_project: Any, *, bundle_size: int = 100, title: str | None = None, layer: str | None = None
) -> Dataset:
    """Return the dataset of label rows of Encord's SDK.

    Parameters
    ----------
    rows_or_project : Project, or LabelRowV2 or iterable of them
        The SDK's own objects. Rows whose labels have not been fetched are initialised.
    bundle_size : int
        Rows that are initialised by one request, 1 to 1,000.
    title : str, optional
        Take only the rows whose data are called so.
    layer : str, optional
        A branch, or ``all``; by default the main one.

    Raises
    ------
    UsageError
        `bundle_size` is out of bounds, or the object is nothing of the SDK.
    """
    if not 1 <= bundle_size <= MOST:
        raise UsageError(f"bundle_size={bundle_size!r}; expected 1 to {MOST:,}")
    rows = [row for row in _rows(rows_or_project, layer, title) if title is None or row.data_title == title]
    wanted = [row for row in rows if layer in (_branch(row), "all") or (layer is None and _branch(row) == MAIN)]
    waiting = [row for row in wanted if not getattr(row, "is_labelling_initialised", True)]
    for first in range(0, len(waiting), bundle_size):
        with _bundle(rows_or_project, bundle_size) as bundle:
            for row in waiting[first : first + bundle_size]:
                row.initialise_labels(**({} if bundle is None else {"bundle": bundle}))
    chosen = {id(row) for row in wanted}
    text = dumps([row.to_encord_dict() if id(row) in chosen else _left(row) for row in rows])
    return read(BytesIO(text), "encord", layer=layer, ontology=_ontology(rows_or_project, rows))


def _branch(row: Any) -> str:
    return str(getattr(row, "branch_name", None) or MAIN)


def _left(row: Any) -> dict[str, Any]:
    """Return what is told of a row on a branch that is not read; its labels are not fetched for that."""
    return {"branch_name": _branch(row), "data_title": row.data_title, "data_units": {}}


def _rows(given: Any, layer: str | None, title: str | None) -> Iterator[Any]:
    if hasattr(given, "list_label_rows_v2"):
        named = {} if title is None else {"data_title_eq": title}
        yield from given.list_label_rows_v2(include_all_label_branches=layer is not None, **named)
        return
    listed = [given] if hasattr(given, "to_encord_dict") else given
    if not isinstance(listed, Iterable):
        raise UsageError(f"expected a project or label rows of Encord's SDK; found {type(given).__name__}")
    for row in listed:
        if not hasattr(row, "to_encord_dict"):
            raise UsageError(f"expected label rows of Encord's SDK; found {type(row).__name__}")
        yield row


def _bundle(given: Any, size: int) -> AbstractContextManager[Any]:
    """Return a bundle of the project, or one of the SDK's where only rows are given."""
    if hasattr(given, "create_bundle"):
        made: AbstractContextManager[Any] = given.create_bundle(bundle_size=size)
        return made
    try:
        from encord.http.bundle import Bundle  # type: ignore[import-not-found, unused-ignore] # not a dependency
    except ImportError:
        return nullcontext()
    own: AbstractContextManager[Any] = Bundle(bundle_size=size)
    return own


def _ontology(given: Any, rows: list[Any]) -> Any:
    """Return the ontology's structure as JSON, None where no object knows it."""
    for holder in (given, *rows[:1]):
        structure = getattr(holder, "ontology_structure", None)
        if structure is not None:
            return structure.to_dict() if hasattr(structure, "to_dict") else structure
    return None
