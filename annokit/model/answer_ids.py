"""What the source calls the answers of choices: the ids of the options that attribute values name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.model.label import AttributeDefinition

Ids = dict[str, int | str]


def answer_ids(ds: Dataset) -> dict[str, list[Any]]:
    """Return, by name of an attribute, the option's source id of each annotation's value; of a list a list.

    Ids come from the definitions of attributes, else from what a reader noted of a sequence: extras called
    ``<format>/#options`` hold them by label (its source id, else its name), attribute and option. Only attributes are
    told of of which ids are known; None stands where a value names no option.
    """
    of_label = [_options(label.attributes) for label in ds.labels]
    common, noted = _options(ds.labels.attributes), _noted(ds)
    keys = [str(label.source_id or label.name) for label in ds.labels] + [""]
    label = ds._annotations.array("label")
    owner = np.append(ds._items.array("sequence"), -1)[ds._annotations.array("item")]
    found: dict[str, list[Any]] = {}
    for name, column in ds._groups(ds._annotations, "attributes").items():
        known = [{**common.get(name, {}), **own.get(name, {})} for own in of_label] + [common.get(name, {})]
        rows, ids = column.present(), [None] * len(label)
        for row, value in zip(rows.tolist(), column.values_of(rows), strict=True):
            own = noted[owner[row]].get(keys[label[row]], {}).get(name, {}) if noted else {}
            ids[row] = _id_of(value, {**own, **known[label[row]]} if own else known[label[row]])
        if any(known) or any(value not in (None, []) for value in ids):
            found[name] = ids
    return found


def _noted(ds: Dataset) -> list[dict[str, dict[str, Ids]]]:
    """Return what was noted of each sequence, and nothing for no sequence; empty where nothing was noted at all."""
    columns = [column for name, column in ds._sequences.columns.items() if name.endswith("/#options")]
    if not columns:
        return []
    found: list[dict[str, dict[str, Ids]]] = [{} for _ in range(len(ds._sequences) + 1)]
    for column in columns:
        for row, value in enumerate(column.to_list()):
            if isinstance(value, dict):
                found[row].update(value)
    return found


def _id_of(value: Any, known: Ids) -> Any:
    if isinstance(value, list | tuple):
        return [known.get(part) if isinstance(part, str) else None for part in value]
    return known.get(value) if isinstance(value, str) and value is not MISSING else None


def _options(definitions: Iterable[AttributeDefinition]) -> dict[str, Ids]:
    """Return the ids of options by attribute and name, those of nested questions, too."""
    found: dict[str, Ids] = {}
    for definition in definitions:
        own = found.setdefault(definition.name, {})
        for option in definition.options:
            if option.source_id is not None:
                own.setdefault(option.name, option.source_id)
            for name, nested in _options(option.attributes).items():
                found.setdefault(name, {}).update(nested)
    return found
