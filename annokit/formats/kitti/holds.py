"""What KITTI label files can hold."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import MISSING, Fixed, Json, Number, Sparse
from annokit.columns.base import Array
from annokit.columns.json import same
from annokit.columns.make import sparse_of
from annokit.errors import UsageError
from annokit.formats.conversions import emptied, with_boxes
from annokit.formats.holds import KEPT, REFUSED, Holds
from annokit.formats.kitti.layout import FOLDERS, SPLITS
from annokit.formats.kitti.reading import UNKNOWN, ZEROS
from annokit.formats.kitti.regions import CROWD, ignored_regions
from annokit.formats.kitti.rows import is_number
from annokit.formats.labels import in_use
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import without
from annokit.model.label_set import LabelSet
from annokit.model.schema import KIND_CODE, KINDS, STATUSES

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

SPACES = ("underscore", "keep")
MOST_DECIMALS = 15
MOST = 1 << 53
ANCHOR = [0.0, 0.5, 0.0]
"""A cuboid's place is the middle of its bottom; y points down."""

_TO_BOX = ("rotated_box", "ellipse", "polygon", "polyline", "mask", "keypoints")
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")


def holds(dialect: Any, given: Mapping[str, Any]) -> Holds:
    """Return what label files can hold, given the options of the write."""
    spaces, decimals = given.get("spaces", "underscore"), given.get("decimals")
    if spaces not in SPACES:
        raise UsageError(f"spaces={spaces!r}; expected one of {', '.join(SPACES)}")
    if decimals is not None and not (type(decimals) is int and 0 <= decimals <= MOST_DECIMALS):
        raise UsageError(f"decimals={decimals!r}; expected 0 to {MOST_DECIMALS}, or None for exact")
    fates = {**dict.fromkeys(KINDS, REFUSED), **dict.fromkeys(_TO_BOX, "box"), "box": KEPT, "cuboid": KEPT}
    return Holds(
        kinds=fates,
        annotation_fields=frozenset(("box", "score")),
        item_fields=frozenset(("status", "split")),
        sequence_fields=None,
        label_facets=frozenset(),
        item_attributes=False,
        sequence_attributes=False,
        extras=("kitti",),
        info=False,
        unit="pixel",
        form="xyxy",
        item_kind="image",
        decimals=decimals,
        steps=(ignored_regions, boxed_cuboids),
        late_steps=(
            world_cuboids,
            need_boxes,
            three_attributes,
            finite_scores,
            one_extra,
            no_dataset_extras,
            named(_NAMES[spaces]),
            known_splits,
            labelled,
        ),
        final_steps=(in_use(),),
        notes="Class, box, truncated, occluded, alpha, a cuboid in the world and a score; sizes are not stated.",
    )


# shapes ---------------------------------------------------------------------------------------------------------------


def boxed_cuboids(ds: Dataset, apply: bool) -> Found:
    """Give cuboids that state corners in the image the box around them, where they state none."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["cuboid"])
    column = ds._annotations.get("box")
    if isinstance(column, Number):
        rows = rows[np.isnan(column.values[rows, 0])]
    elif isinstance(column, Sparse):
        rows = rows[~column.mask()[rows]]
    cornered = np.array([value.get("corners") is not None for value in _values(ds, rows)], bool)
    rows = rows[cornered]
    if not len(rows):
        return ds, []
    told = "an object needs a box in the image; it is the one around the cuboid's corners"
    issue = at_annotations(ds, "derived", "box", told, rows)
    return ds._with(annotations=ds._annotations.replace({"box": with_boxes(ds, rows)})), [issue]


def _values(ds: Dataset, rows: Array) -> list[Any]:
    column = ds._annotations.sparse("cuboid")
    if column is None:
        return [{}] * len(rows)
    return [{} if value is MISSING else value for value in column.values_of(rows)]


def world_cuboids(ds: Dataset, apply: bool) -> Found:
    """State cuboids as KITTI does; what is only in the image, or turned about another axis than y, becomes its box."""
    rows = np.flatnonzero(ds._annotations.array("kind") == KIND_CODE["cuboid"])
    if not len(rows):
        return ds, []
    stated = _values(ds, rows)
    made = [_in_world(value) for value in stated]
    pairs = list(zip(made, stated, strict=True))
    changed = np.array([value is not None and not same(value, old) for value, old in pairs], bool)
    gone = np.array([value is None for value in made], bool)
    if not (changed | gone).any():
        return ds, []
    issues = []
    if changed.any():
        told = "cuboids are stated by the middle of their bottom, size and rotation about y, without corners"
        issues.append(at_annotations(ds, "restated", "shape", told, rows[changed]))
    if gone.any():
        told = "a cuboid that has no place in the world, or that is turned about other axes than y, becomes its box"
        issues.append(at_annotations(ds, "converted", "shape", told, rows[gone]))
    kinds = ds._annotations.array("kind").copy()
    kinds[rows[gone]] = KIND_CODE["box"]
    kept = [value for value in made if value is not None]
    column = Sparse(len(ds._annotations), rows[~gone], None, Json.of(kept)) if kept else None
    return ds._with(annotations=ds._annotations.replace({"kind": Fixed(kinds), "cuboid": column})), issues


def _in_world(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return a cuboid in KITTI's terms, None where they can't say it."""
    center, size, turn = value.get("center"), value.get("size"), value.get("rotation")
    anchor = value.get("anchor") or [0.0, 0.0, 0.0]
    if turn is not None and (len(turn) != 3 or turn[0] or turn[2]):
        return None
    if center is not None and list(anchor) != ANCHOR:
        if size is None or any(anchor):
            return None
        center = [center[0], center[1] + size[1] / 2, center[2]]
    made = {
        "center": center if center is None else [float(number) for number in center],
        "size": size if size is None else [float(number) for number in size],
        "rotation": turn if turn is None else [0.0, float(turn[1]), 0.0],
    }
    return _without_markers(made)


def _without_markers(made: dict[str, Any]) -> dict[str, Any] | None:
    """Return what is left of a cuboid once values that mean unknown are gone; None where nothing is."""
    if made["center"] == [-1000.0] * 3:
        made["center"] = None
    if made["size"] == [-1.0] * 3:
        made["size"] = None
    if made["rotation"] == [0.0, -10.0, 0.0]:
        made["rotation"] = None
    stated = {name: numbers for name, numbers in made.items() if numbers is not None}
    flat = [number for numbers in stated.values() for number in numbers]
    if not flat or not all(map(math.isfinite, flat)) or (len(stated) == 3 and not any(flat)):
        return None
    return {**stated, "anchor": ANCHOR}


def need_boxes(ds: Dataset, apply: bool) -> Found:
    """Leave out what has no box in the image."""
    column = ds._annotations.get("box")
    if isinstance(column, Sparse):
        dense = np.full((len(ds._annotations), 4), np.nan)
        dense[column.present()] = column.dense().values  # type: ignore[attr-defined] # boxes are numbers
    else:
        dense = column.values if isinstance(column, Number) else np.full((len(ds._annotations), 4), np.nan)
    rows = np.flatnonzero(~np.isfinite(dense).all(axis=1))
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "refused", "box", "an object needs a box in the image", rows)
    return without(ds, rows), [issue]


# numbers beside -------------------------------------------------------------------------------------------------------


def three_attributes(ds: Dataset, apply: bool) -> Found:
    """Keep the numbers truncated, occluded and alpha; drop all other attributes."""
    issues = []
    for name in [n for n in ds._annotations.columns if n.startswith("attributes/") and n != CROWD]:
        key = name.partition("/")[2]
        column = ds._annotations.sparse(name)
        if column is None:
            continue
        values = column.dense().to_list()
        kept = np.array([_says(value, UNKNOWN.get(key)) for value in values], bool)
        if kept.all():
            continue
        rows = column.present()
        told = f"the target has no place for {key}" if key not in UNKNOWN else f"this is no value of {key}"
        issues.append(at_annotations(ds, "dropped", f"attributes.{key}", told, rows[~kept]))
        rest = [value for value, keep in zip(values, kept, strict=True) if keep]
        fresh = sparse_of(len(ds._annotations), rows[kept], rest) if rest else None
        ds = ds._with(annotations=ds._annotations.replace({name: fresh}))
    return ds, issues


def _says(value: Any, unknown: int | None) -> bool:
    if unknown is None or type(value) not in (int, float):
        return False
    return math.isfinite(value) and abs(value) < MOST and value != unknown


def finite_scores(ds: Dataset, apply: bool) -> Found:
    """Drop scores that are no finite numbers."""
    column = ds._annotations.sparse("score")
    if column is None:
        return ds, []
    values = np.array(column.dense().to_list(), np.float64)
    rows = column.present()[~np.isfinite(values)]
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "dropped", "score", "a score is a finite number", rows)
    return ds._with(annotations=ds._annotations.replace({"score": emptied(ds, "score", rows)})), [issue]


def one_extra(ds: Dataset, apply: bool) -> Found:
    """Keep the mark of objects whose cuboid is all 0, where they have none; drop other keys of annotations."""
    issues = []
    for name in [n for n in ds._annotations.columns if n.startswith("extras/")]:
        column = ds._annotations.sparse(name)
        if column is None:
            continue
        rows = column.present()
        plain = ds._annotations.array("kind")[rows] == KIND_CODE["box"]
        kept = plain & np.array([name == ZEROS and value is True for value in column.dense().to_list()], bool)
        if kept.all():
            continue
        key = name.split("/", 2)[2]
        issues.append(at_annotations(ds, "dropped", key, f"the target has no place for {key}", rows[~kept]))
        ds = ds._with(annotations=ds._annotations.replace({name: emptied(ds, name, rows[~kept])}))
    return ds, issues


def no_dataset_extras(ds: Dataset, apply: bool) -> Found:
    """Drop keys of the dataset: a tree of label files has no place for any."""
    if not ds._extras:
        return ds, []
    names = [key.partition("/")[2] for key in ds._extras]
    issues = [at_all("dropped", name, f"the target has no place for the dataset's {name}", [name]) for name in names]
    return ds._with(extras={}), issues


# names ----------------------------------------------------------------------------------------------------------------


def _underscored(name: str) -> str:
    return re.sub("[\x00-\x20\x7f]", "_", _BREAKS.sub("_", name))


def _spaced(name: str) -> str:
    """Return a name with its spaces, but for one before a last word that would be read as a number."""
    plain = _BREAKS.sub(" ", name).strip(" ")
    words = plain.split(" ")
    return " ".join(words[:-1]) + f"_{words[-1]}" if len(words) > 1 and is_number(words[-1].encode()) else plain


_NAMES: Mapping[str, Callable[[str], str]] = {"underscore": _underscored, "keep": _spaced}


def named(clean: Callable[[str], str]) -> Step:
    """Return a step that gives labels names that a line can state."""

    def step(ds: Dataset, apply: bool) -> Found:
        made = [clean(label.name) or f"class_{place}" for place, label in enumerate(ds.labels)]
        changed = [label.name for label, name in zip(ds.labels, made, strict=True) if label.name != name]
        if not changed:
            return ds, []
        labels = [attrs.evolve(label, name=name) for label, name in zip(ds.labels, made, strict=True)]
        told = "classes are written so that a line parts them from its numbers"
        return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [at_all("renamed", "label.name", told, changed)]

    return step


def known_splits(ds: Dataset, apply: bool) -> Found:
    """Call splits train, test and val, after which folders are called; drop others."""
    column = ds._items.sparse("split")
    if column is None:
        return ds, []
    words = [str(word) for word in column.dense().to_list()]
    made = [SPLITS.get(word.lower()) for word in words]
    rows = column.present()
    changed = np.array([name is not None and name != word for name, word in zip(made, words, strict=True)], bool)
    gone = np.array([name not in FOLDERS or name is None for name in made], bool)
    issues = []
    if changed.any():
        issues.append(at_items(ds, "restated", "split", "splits are called train, test and val", rows[changed]))
    if gone.any():
        issues.append(at_items(ds, "dropped", "split", "folders are called after train, test and val", rows[gone]))
    if not issues:
        return ds, []
    kept = [name for name in made if name is not None]
    fresh = sparse_of(len(ds), rows[~gone], kept) if kept else None
    return ds._with(items=ds._items.replace({"split": fresh})), issues


def labelled(ds: Dataset, apply: bool) -> Found:
    """Call every item labelled: a label file says so, also an empty one."""
    code = STATUSES.index("labelled")
    status = ds._items.array("status")
    issues = []
    for chosen, fate, told in (
        (status == STATUSES.index("unlabelled"), "converted", "nobody has labelled this, but its empty file says so"),
        (status == 0, "derived", "a label file says that a picture is labelled"),
        ((status > STATUSES.index("unlabelled")) & (status != code), "restated", "a label file only says: labelled"),
    ):
        if chosen.any():
            issues.append(at_items(ds, fate, "status", told, np.flatnonzero(chosen)))
    if not issues:
        return ds, []
    return ds._with(items=ds._items.replace({"status": Fixed(np.full(len(ds), code, np.uint8))})), issues
