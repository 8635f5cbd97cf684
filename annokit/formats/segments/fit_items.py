"""Steps of narrowing about samples: ids, where their pixels lie, what their label says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING, Column, Fixed, Json, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.places import at_all, at_items
from annokit.formats.segments.batch import KEPT
from annokit.formats.segments.facts import ABSENT, STATUS_OF_WORD, WORD_OF_STATUS
from annokit.formats.segments.layers import is_main, layers_of
from annokit.formats.segments.media import attributes_of
from annokit.formats.segments.samples import NOTHING, media_of
from annokit.formats.segments.values import is_id
from annokit.model.schema import ITEM_KINDS, STATUSES

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.segments.tasks import Task
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue


def column_values(table: Table, name: str) -> list[Any]:
    """Return a column as a list, MISSING where there is no value."""
    column = table.get(name)
    return [MISSING] * len(table) if column is None else column.values_of(np.arange(len(table)))


def sparse_from(values: list[Any]) -> Column | None:
    """Return the column of values, MISSING where there is none; None of none at all."""
    rows = [row for row, value in enumerate(values) if value is not MISSING]
    return sparse_of(len(values), rows, [values[row] for row in rows]) if rows else None


def json_from(values: list[Any]) -> Column | None:
    """Return the column of JSON values, likewise."""
    rows = np.array([row for row, value in enumerate(values) if value is not MISSING], np.int64)
    return Sparse(len(values), rows, None, Json.of([values[row] for row in rows.tolist()])) if len(rows) else None


def idents(ds: Dataset, apply: bool) -> Found:
    """State ids beyond 64 bits as text."""
    issues = []
    for name in ("_items", "_sequences"):
        table: Table = getattr(ds, name)
        stated = column_values(table, "id")
        odd = [row for row, ident in enumerate(stated) if ident is not MISSING and not is_id(ident)]
        if not odd:
            continue
        told = "ids beyond 64 bits are text"
        if name == "_items":
            issues.append(at_items(ds, "restated", "id", told, np.array(odd)))
        else:
            issues.append(at_all("restated", "sequence.id", told, [str(stated[row]) for row in odd]))
        for row in odd:
            stated[row] = str(stated[row])
        ds = ds._with(**{name[1:]: table.replace({"id": sparse_from(stated)})})
    return ds, issues


def media(task: Task) -> Step:
    """Drop URLs of what has none, and what a release said of other media than the items have now."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        uris, kept = column_values(ds._items, "uri"), column_values(ds._items, KEPT + "attributes")
        absent = column_values(ds._items, KEPT + ABSENT)
        kinds = [ITEM_KINDS[code] for code in ds._items.array("kind").tolist()]
        textual = [row for row, kind in enumerate(kinds) if kind == "text" and uris[row] is not MISSING]
        if textual:
            issues.append(at_items(ds, "dropped", "uri", "a text has no URL", np.array(textual)))
            for row in textual:
                uris[row] = MISSING
        changed = []
        for row, kind in enumerate(kinds):
            if not _comes_back(kind, uris[row], kept[row], absent[row]):
                changed.append(row)
                kept[row] = {"text": ""} if kind == "text" else MISSING
                absent[row] = _without(absent[row], ("url", "attributes"))
        if changed:
            told = "what is said of the media fits the items"
            issues.append(at_items(ds, "restated", "attributes", told, np.array(changed), severity="info"))
        if not issues:
            return ds, []
        columns = {"uri": sparse_from(uris), KEPT + "attributes": json_from(kept), KEPT + ABSENT: json_from(absent)}
        return ds._with(items=ds._items.replace(columns)), issues

    return step


def _comes_back(kind: str, uri: Any, kept: Any, absent: Any) -> bool:
    """Tell whether the media of an item are read back as they are."""
    words = () if absent is MISSING else absent
    if kept is MISSING and not words:
        return kind != "text"
    stated = attributes_of(kind, uri, kept, words)
    if stated is MISSING:
        return kind in ("image", "frame") and uri is MISSING and kept is MISSING and "url" not in words
    found, url, others, whole = media_of(stated)
    return (
        found == ("image" if kind == "frame" else kind)
        and (MISSING if url is None else url) == uri
        and (MISSING if others is NOTHING else others) == kept
        and (whole and found != "text") == ("url" in words)
    )


def _without(absent: Any, words: tuple[str, ...]) -> Any:
    if absent is MISSING:
        return MISSING
    return [word for word in absent if word not in words] or MISSING


@attrs.define
class Told:
    """What the labels of samples say, by row."""

    status: list[int]
    word: list[Any]
    label: list[Any]
    absent: list[Any]
    full: Array
    """(n,) bool, whether the label holds anything."""


def statuses(task: Task) -> Step:
    """Give each labelled sample a label that states its status, and each frame the status and split of its sequence."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        if task.sequence:
            ds, issues = _shared(ds)
        table = ds._sequences if task.sequence else ds._items
        told = Told(
            table.array("status").tolist(),
            column_values(table, KEPT + "label_status"),
            column_values(table, KEPT + "label"),
            column_values(table, KEPT + ABSENT),
            _full(ds, task.sequence),
        )
        changed = [row for row in range(len(table)) if _settle(told, row)]
        if not changed:
            return ds, issues
        message = "the label of a sample states its status"
        status = np.array(told.status, np.uint8)
        columns = {
            "status": Fixed(status),
            KEPT + "label_status": json_from(told.word),
            KEPT + "label": json_from(told.label),
            KEPT + ABSENT: json_from(told.absent),
        }
        if not task.sequence:
            issues.append(at_items(ds, "derived", "status", message, np.array(changed)))
            return ds._with(items=table.replace(columns)), issues
        issues.append(at_all("derived", "sequence.status", message, [ds.sequences[row].name for row in changed]))
        shared = status[ds._items.array("sequence")]
        moved = np.flatnonzero(shared != ds._items.array("status"))
        if len(moved):
            issues.append(at_items(ds, "derived", "status", "a frame has the status of its sequence", moved))
        items = ds._items.replace({"status": Fixed(shared)})
        return ds._with(sequences=table.replace(columns), items=items), issues

    return step


def _full(ds: Dataset, sequence: bool) -> Array:
    """Return which samples have anything that only a label can hold."""
    marks = np.zeros(len(ds), bool)
    main = layers_of(ds)[0]
    marks[ds._annotations.array("item")[is_main(ds, main)]] = True
    names = [name for name in ds._items.columns if name.startswith("attributes/")]
    for name in (*names, "bitmap", KEPT + "label_attributes"):
        column = ds._items.sparse(name)
        if column is not None:
            marks[column.present()] = True
    if not sequence:
        return marks
    found = np.zeros(len(ds._sequences), bool)
    found[ds._items.array("sequence")[marks]] = True
    kept = ds._sequences.sparse(KEPT + "label_attributes")
    if kept is not None:
        found[kept.present()] = True
    return found


def _settle(told: Told, row: int) -> bool:
    """Bring status, word and label of a sample together; return whether that changes anything."""
    before = told.status[row], told.word[row], told.label[row], told.absent[row]
    status, word, label, absent = before
    words = [] if absent is MISSING else list(absent)
    if label is not MISSING and not isinstance(label, dict):
        if status == 0 and not told.full[row]:
            return False
        label = MISSING
    if STATUSES[status] == "unlabelled" and word is MISSING and label is MISSING and not told.full[row]:
        words = [one for one in words if one not in ("label_status", "label_attributes", "frames")]
    else:
        words = [one for one in words if one not in ("label", "labels")]
        status, word, words = _worded(status, word, words)
    after = status, word, label, (words or MISSING)
    told.status[row], told.word[row], told.label[row], told.absent[row] = after
    return any(a is not b and a != b for a, b in zip(before, after, strict=True))


def _worded(status: int, word: Any, words: list[str]) -> tuple[int, Any, list[str]]:
    """Return a status, the word for it, and what is absent."""
    if word is MISSING and status == 0 and "label_status" in words:
        return status, word, words
    words = [one for one in words if one != "label_status"]
    meant = STATUS_OF_WORD.get(word.upper()) if isinstance(word, str) else None
    if word is not MISSING and meant == STATUSES[status]:
        return status, word, words
    name = STATUSES[status] or "labelled"
    return STATUSES.index(name), WORD_OF_STATUS[name], words


def _shared(ds: Dataset) -> tuple[Dataset, list[Issue]]:
    """Give each sequence the status and split of its frames where it states none, and each frame its sequence's."""
    issues: list[Issue] = []
    owner = ds._items.array("sequence")
    status = ds._sequences.array("status").copy()
    own = ds._items.array("status")
    for row in np.flatnonzero(status == 0).tolist():
        found = np.unique(own[owner == row])
        status[row] = found[0] if len(found) == 1 and not _has_word(ds, row) else 0
    splits, item_splits = column_values(ds._sequences, "split"), column_values(ds._items, "split")
    for row in [row for row, split in enumerate(splits) if split is MISSING]:
        found_splits = {item_splits[item] for item in np.flatnonzero(owner == row).tolist()}
        splits[row] = found_splits.pop() if len(found_splits) == 1 else MISSING
    wanted = [splits[row] for row in owner.tolist()]
    moved = np.flatnonzero(
        (status[owner] != own) | np.array([a != b for a, b in zip(wanted, item_splits, strict=True)], bool)
    )
    differs = bool((status != ds._sequences.array("status")).any()) or splits != column_values(ds._sequences, "split")
    if not len(moved) and not differs:
        return ds, []
    if len(moved):
        told = "frames share status and split of their sequence"
        issues.append(at_items(ds, "restated", "status", told, moved))
    if differs:
        issues.append(at_all("derived", "sequence.status", "a sequence has status and split of its frames", ["status"]))
    sequences = ds._sequences.replace({"status": Fixed(status), "split": sparse_from(splits)})
    items = ds._items.replace({"status": Fixed(status[owner]), "split": sparse_from(wanted)})
    return ds._with(sequences=sequences, items=items), issues


def _has_word(ds: Dataset, row: int) -> bool:
    """Tell whether a sequence says of its status that it is none of those that are known."""
    absent = ds._sequences.value(KEPT + ABSENT, row)
    if absent is not MISSING and "label_status" in absent:
        return True
    return any(ds._sequences.value(KEPT + key, row) is not MISSING for key in ("label_status", "label"))
