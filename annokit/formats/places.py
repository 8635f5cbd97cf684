"""Issues about rows of a dataset, made without a loop over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Table
from annokit.columns.base import Array
from annokit.formats.origin import source_names, source_rows
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

SEVERITY = {
    "dropped": "warning",
    "converted": "warning",
    "rounded": "warning",
    "refused": "error",
    "restated": "info",
    "renamed": "info",
    "derived": "info",
    "expanded": "info",
    "left-out": "info",
}
"""How bad each fate of a write is, unless a step says otherwise."""


FATE = {"unknown-size": "refused", "left-out": "skipped", "assumed": "kept"}
"""Fate of the codes that are not called like it."""


class ItemNames(Sequence[str]):
    """Names of the items of a table, as the caller knows them, decoded only when asked for."""

    def __init__(self, items: Table) -> None:
        self._column = source_names(items)

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, index: Any) -> Any:
        return self._column.value(index)


def at_annotations(ds: Dataset, code: str, field: str, message: str, rows: Array, **facts: Any) -> Issue:
    """Return an issue about annotation `rows`; its places are rows of the caller's dataset."""
    item_rows = ds._annotations.array("item")[rows]
    places = Places(ItemNames(ds._items), item_rows, source_rows(ds._annotations, rows))
    return Issue.at(
        code,
        facts.pop("severity", SEVERITY.get(code, "warning")),
        message,
        places,
        field=field,
        fate=FATE.get(code, code),
        **facts,
    )


def at_items(ds: Dataset, code: str, field: str, message: str, rows: Array, **facts: Any) -> Issue:
    """Return an issue about items."""
    places = Places(ItemNames(ds._items), np.asarray(rows, np.int64))
    return Issue.at(
        code,
        facts.pop("severity", SEVERITY.get(code, "warning")),
        message,
        places,
        field=field,
        fate=FATE.get(code, code),
        **facts,
    )


def at_all(code: str, field: str, message: str, examples: Sequence[str], **facts: Any) -> Issue:
    """Return an issue about labels, sequences or the dataset, which have no rows of items."""
    severity = facts.pop("severity", SEVERITY.get(code, "warning"))
    return Issue(
        code, severity, message, len(examples), tuple(examples[:5]), field=field, fate=FATE.get(code, code), **facts
    )
