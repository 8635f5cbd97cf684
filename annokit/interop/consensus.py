"""Comparing what two annotators said of the same pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING
from annokit.columns.json import same
from annokit.errors import UsageError
from annokit.geometry.assign import assign, pairs_within
from annokit.interop.agreement import Agreement, LabelAgreement, layers_of
from annokit.interop.overlap import overlaps
from annokit.model.schema import ITEM_KINDS
from annokit.model.tracks import NO_FRAME, item_frames

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Array = np.ndarray[Any, Any]

FRAME = ITEM_KINDS.index("frame")

REACH = 0.02
"""Points and lines count as far as this beyond themselves, as a fraction of the picture."""


def compare_layers(ds: Dataset, a: str, b: str, *, iou: float = 0.5, reach: float = REACH) -> Agreement:
    """Compare two annotators: branches, labelsets or whatever the layers of a dataset are.

    Objects of one picture belong together where their intersection over union reaches `iou`; where several compete, the
    sum is made the highest. Outlines are compared pixel by pixel, boxes by themselves, points and lines by their
    surroundings; what has no shape, such as a classification, by its label. Of tracks every frame counts.

    Parameters
    ----------
    ds : Dataset
        Read with ``layer="all"``.
    a : str
        Layer of one annotator.
    b : str
        Layer of the other one.
    iou : float
        Least intersection over union of a pair, above 0 and up to 1.
    reach : float
        How far around points and lines count, as a fraction of the picture.

    Returns
    -------
    Agreement
        Pairs, agreement label by label, and everything on which they disagree.

    Raises
    ------
    UsageError
        There is no such layer, or a number makes no sense.
    MissingSizeError
        Outlines lie on a picture of unknown size.
    MissingExtraError
        scipy, the extra ``consensus``, is not installed.
    """
    if not 0 < iou <= 1 or reach < 0:
        raise UsageError(f"iou={iou!r}, reach={reach!r}; expected iou above 0 and up to 1, reach 0 or more")
    from annokit.model.expand import expand

    full = expand(ds)
    layers, (of_sequence, media) = layers_of(full), _media(full)
    worked = _worked(full, layers, of_sequence, media)
    for name in (a, b):
        if name not in worked:
            raise UsageError(f"there is no layer {name!r}; layers: {', '.join(sorted(worked)) or 'none'}")
    both = np.intersect1d(worked[a], worked[b])
    picture = _pictures(full, media)
    counts = np.isin(media[full._annotations.array("item")], both) & (full._annotations.array("item") >= 0)
    sides = tuple(np.flatnonzero((layers == name) & counts) for name in (a, b))
    left = _titles(full, of_sequence, np.setxor1d(worked[a], worked[b]))
    return _agreement(
        full, (a, b), (sides[0], sides[1]), _matches(full, sides[0], sides[1], picture, (iou, reach)), left
    )


def _agreement(
    ds: Dataset, names: tuple[str, str], sides: tuple[Array, Array], found: tuple[Array, Array], left: tuple[str, ...]
) -> Agreement:
    matches, overlap = found
    label = ds._annotations.array("label")
    pairs = label[matches]
    equal = pairs[:, 0] == pairs[:, 1]
    agreed = np.flatnonzero(equal)
    differ = agreed[~_same_attributes(ds, matches[agreed])]
    alone = np.sort(np.setdiff1d(np.concatenate(sides), matches))
    count = len(ds.labels) + 1
    totals = [np.bincount(label[rows] + 1, minlength=count) for rows in (*sides, matches[agreed, 0])]
    labels = []
    for place in np.flatnonzero(totals[0] + totals[1]).tolist():
        own = overlap[agreed[pairs[agreed, 0] == place - 1]]
        own = own[~np.isnan(own)]
        name = ds.labels[place - 1].path if place else ""
        mean = float(own.mean()) if len(own) else None
        first, second, common = (int(total[place]) for total in totals)
        labels.append(LabelAgreement(name, first, second, common, mean))
    return Agreement(*names, ds, matches, overlap, tuple(labels), (np.flatnonzero(~equal), differ, alone), left)


def _matches(ds: Dataset, a: Array, b: Array, picture: Array, how: tuple[float, float]) -> tuple[Array, Array]:
    """Return (n, 2) rows that belong together and how much they overlap."""
    table = ds._annotations
    place, label, shaped = picture[table.array("item")], table.array("label"), table.array("kind") != 0
    least, reach = how
    found = []
    left, right = a[shaped[a]], b[shaped[b]]
    for i, j in pairs_within(place[left], place[right]):
        rows = np.stack([left[i], right[j]], axis=1)
        overlap = overlaps(ds, rows[:, 0], rows[:, 1], reach)
        keep = np.flatnonzero(overlap >= least)
        found.append((rows[keep], overlap[keep]))
    rows = np.concatenate([np.zeros((0, 2), np.int64), *(part for part, _ in found)])
    overlap = np.concatenate([np.zeros(0), *(part for _, part in found)])
    bonus = (label[rows[:, 0]] == label[rows[:, 1]]) * 1e-6
    chosen = assign(rows[:, 0], rows[:, 1], overlap + bonus)
    plain = _same_questions(a[~shaped[a]], b[~shaped[b]], place, label)
    return np.concatenate([rows[chosen], plain]), np.concatenate([overlap[chosen], np.full(len(plain), np.nan)])


def _same_questions(a: Array, b: Array, place: Array, label: Array) -> Array:
    """Return the pairs without shape of one picture and label, the first with the first."""
    rows = np.concatenate([a, b])
    count = int(label.max(initial=0)) + 2
    group = np.unique(place[rows] * count + label[rows] + 1, return_inverse=True)[1].reshape(-1)
    rank = np.concatenate([_ranks(group[: len(a)]), _ranks(group[len(a) :])])
    keys = group * (len(rows) + 1) + rank
    _, x, y = np.intersect1d(keys[: len(a)], keys[len(a) :], return_indices=True)
    return np.stack([a[x], b[y]], axis=1)


def _ranks(groups: Array) -> Array:
    """Return which of its group each entry is, from 0."""
    order = groups.argsort(kind="stable")
    ordered = groups[order]
    rank = np.empty(len(groups), np.int64)
    rank[order] = np.arange(len(groups)) - np.searchsorted(ordered, ordered, "left")
    return rank


def _same_attributes(ds: Dataset, rows: Array) -> Array:
    """Tell which pairs of rows state the same attributes."""
    equal = np.ones(len(rows), bool)
    for column in ds._groups(ds._annotations, "attributes").values():
        values = [*column.values.to_list(), MISSING]
        left, right = ([values[slot] for slot in column.slots_of(side).tolist()] for side in rows.T)
        equal &= np.array([x is y or _equal(x, y) for x, y in zip(left, right, strict=True)], bool)
    return equal


def _equal(x: Any, y: Any) -> bool:
    return x is not MISSING and y is not MISSING and same(x, y)


def _media(ds: Dataset) -> tuple[Array, Array]:
    """Return a number per sequence and per item, equal for sequences of the same data.

    Rows of one picture or video on several branches are sequences of their own; an item without sequence is on its own.
    The last number, -1, is that of no item.
    """
    numbers: dict[Any, int] = {}
    of_sequence = np.array([numbers.setdefault(_data(s), len(numbers)) for s in ds.sequences] + [-1], np.int64)
    owner = np.append(ds._items.array("sequence"), -1)
    found = of_sequence[owner]
    loose = np.flatnonzero(owner[:-1] < 0)
    names = [("item", ds[row].id if ds[row].id is not None else ds.names[row]) for row in loose.tolist()]
    found[loose] = [numbers.setdefault(name, len(numbers)) for name in names]
    return of_sequence, found


def _data(sequence: Any) -> Any:
    known = sequence.extras.get("encord/data_hash")
    return ("data", known) if isinstance(known, str) else (sequence.dataset, sequence.name or sequence.id)


def _pictures(ds: Dataset, media: Array) -> Array:
    """Return a number per item, equal for the same picture or frame of the same data; the last one is that of none."""
    numbers: dict[Any, int] = {}
    frames, known = item_frames(ds).tolist(), ds._items.get("id")
    idents = [MISSING] * len(ds) if known is None else known.to_list()
    kinds, names = ds._items.array("kind").tolist(), ds.names
    found = [-1] * (len(ds) + 1)
    for row, medium in enumerate(media[:-1].tolist()):
        which: Any = frames[row] if kinds[row] == FRAME and frames[row] != NO_FRAME else idents[row]
        which = names[row] if which is MISSING or which is None else which
        space = names[row].rpartition("#")[0] if kinds[row] == FRAME else ""
        found[row] = numbers.setdefault((medium, kinds[row], which, space), len(numbers))
    return np.array(found, np.int64)


def _worked(ds: Dataset, layers: Array, of_sequence: Array, media: Array) -> dict[str, Array]:
    """Return the media on which each layer's annotator has worked, as far as is known."""
    of_row = media[ds._annotations.array("item")]
    names = {name for name in layers.tolist() if name is not None}
    branches = [
        str(s.extras.get("encord/branch_name") or "main") if "encord/data_hash" in s.extras else None
        for s in ds.sequences
    ]
    if not any(branches):
        return {name: np.unique(media[:-1]) for name in names}
    found = {name: set(of_row[layers == name].tolist()) for name in names}
    for branch, medium in zip(branches, of_sequence.tolist(), strict=False):
        if branch is not None:
            found.setdefault(branch, set()).add(medium)
    return {name: np.array(sorted(rows), np.int64) for name, rows in found.items()}


def _titles(ds: Dataset, of_sequence: Array, wanted: Array) -> tuple[str, ...]:
    """Return what media are called."""
    names = dict(zip(of_sequence[:-1].tolist(), [str(s.name) for s in ds.sequences], strict=True))
    return tuple(names[medium] for medium in wanted.tolist() if medium in names)
