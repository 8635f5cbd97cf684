"""What there is to tell of a release that was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from annokit.columns.base import Array
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.formats.segments.batch import Notes
    from annokit.model.dataset import Dataset


def issues_of(
    ds: Dataset, notes: Notes, dangling: Array, main: str, unread: Sequence[str], left: int
) -> Iterator[Issue]:
    """Yield the issues of a read.

    Parameters
    ----------
    ds : Dataset
        What was read.
    notes : Notes
        What was noticed on the way.
    dangling : (k,) int64 array
        Annotations whose category is not defined.
    main : str
        The layer that was read.
    unread : sequence of str
        Layers that were not read.
    left : int
        How many labels they have.
    """
    yield from _kept(ds, notes)
    if len(dangling):
        places = Places(ds.names, ds._annotations.array("item")[dangling], dangling)
        message = "the category is not one that the release defines"
        yield Issue.at("dangling-reference", "warning", message, places, field="label", fate="unread")
    if unread:
        message = f"only the layer {main!r} was read; layer= takes another name, or 'all'"
        yield Issue("layer-not-read", "info", message, left, tuple(unread[:5]), field="layer", fate="unread")
    yield from _repeated(ds)


def _kept(ds: Dataset, notes: Notes) -> Iterator[Issue]:
    for key, count in sorted(notes.unread.items()):
        message = f"the key {key!r} is not part of the model and is kept as it is"
        yield Issue("unread-key", "info", message, count, (key,), field=key, fate="unread")
    if notes.odd:
        message = "a value is not one that Segments.ai documents and is kept as it is"
        item = ds._annotations.array("item")
        places = ((name if row is None else ds.names[item[row]], row, told) for name, row, told in notes.odd)
        yield Issue.at("odd-value", "warning", message, Places.of(places), field="shape", fate="unread")
    for what, count in sorted(notes.whole.items()):
        message = f"{what} are kept as they are; the model has no shape for them"
        yield Issue("unsupported-record", "info", message, count, (what,), field="shape", fate="unread")


def _repeated(ds: Dataset) -> Iterator[Issue]:
    """Yield an issue about ids that several categories have."""
    idents = [label.source_id for label in ds.labels if label.source_id is not None]
    if len(set(idents)) < len(idents):
        twice = sorted({str(ident) for ident in idents if idents.count(ident) > 1})
        message = "several categories have one id; annotations belong to the first"
        yield Issue("duplicate-id", "warning", message, len(twice), tuple(twice[:5]), field="label", fate="kept")
