"""What each dialect can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from annokit.errors import UsageError
from annokit.formats.conversions import convert_kinds
from annokit.formats.holds import KEPT, REFUSED, Holds, Step
from annokit.formats.yolo import borders, classes, objects, outlines, tables
from annokit.formats.yolo.dialects import Dialect, Row
from annokit.model.schema import KINDS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

PARTS = ("bridge", "split", "largest")
CROWDS = ("keep", "refuse")
SIXTH = (None, "score", "track")
MOST_DECIMALS = 15


@attrs.frozen(kw_only=True)
class Options:
    """What a caller may ask of a write; see :func:`annokit.formats.yolo.writing.write`."""

    decimals: int | None = None
    clip: bool | None = None
    parts: str = "bridge"
    crowds: str = "keep"
    sixth: str | None = None

    @classmethod
    def of(cls, dialect: Dialect, given: Mapping[str, Any]) -> Options:
        """Return the options checked; UsageError lists the choices."""
        made = cls(**given)
        for name, choices in (("parts", PARTS), ("crowds", CROWDS), ("sixth", SIXTH)):
            if getattr(made, name) not in choices:
                raise UsageError(f"{name}={getattr(made, name)!r}; expected one of {', '.join(map(str, choices))}")
        whole = type(made.decimals) is int and 0 <= made.decimals <= MOST_DECIMALS
        if made.decimals is not None and not whole:
            raise UsageError(f"decimals={made.decimals!r}; expected 0 to {MOST_DECIMALS}, or None for exact")
        if made.sixth is not None and not dialect.sixth:
            raise UsageError(f"sixth={made.sixth!r}: only boxes of Ultralytics and Darknet have a sixth number")
        return made if made.clip is not None else attrs.evolve(made, clip=dialect.clip)


_TO_BOX = dict.fromkeys(("rotated_box", "ellipse", "polygon", "polyline", "mask", "keypoints", "cuboid"), "box")
_TO_POLYGON = dict.fromkeys(("rotated_box", "ellipse"), "polygon")

_FATES: Mapping[tuple[Row, ...], Mapping[str, str]] = {
    ("box",): {"box": KEPT, **_TO_BOX},
    ("polygon",): {"polygon": KEPT, "box": "polygon", "mask": "polygon", **_TO_POLYGON},
    ("box", "polygon"): {"box": KEPT, "polygon": KEPT, "mask": "polygon", **_TO_POLYGON},
    ("corners",): {"rotated_box": KEPT, "box": "rotated_box", "polygon": "rotated_box", "ellipse": "rotated_box"},
    ("pose",): {"box": KEPT, **_TO_BOX},
    ("class",): {"none": KEPT},
}
"""Fate of each kind of shape, by what rows state; a kind that is not named is refused."""

_FIELDS: Mapping[tuple[Row, ...], frozenset[str]] = {
    ("box",): frozenset(("box",)),
    ("box", "polygon"): frozenset(("box",)),
    ("pose",): frozenset(("box", "keypoints")),
}


def holds(dialect: Dialect, given: Mapping[str, Any]) -> Holds:
    """Return what a dialect can hold, given the options of the write."""
    options = Options.of(dialect, given)
    rows = dialect.rows or ("box",)
    fates = {kind: _FATES[rows].get(kind, REFUSED) for kind in KINDS}
    fields = _FIELDS.get(rows, frozenset()) | (frozenset() if options.sixth is None else frozenset((options.sixth,)))
    yaml = dialect.layout == "tree"
    return Holds(
        kinds=fates,
        annotation_fields=fields,
        item_fields=frozenset(("status", "split")) if dialect.splits else frozenset(("status",)),
        sequence_fields=None,
        label_facets=_FACETS.get(rows, frozenset(("source_id",))),
        attributes=False,
        item_attributes=False,
        sequence_attributes=False,
        extras=("yolo",) if yaml or dialect.layout == "darknet" else (),
        info=False,
        unit=dialect.unit,
        form=dialect.form,
        item_kind="image",
        decimals=options.decimals,
        labelled_only=True,
        steps=(objects.crowds(options.crowds), *_before(rows, options)),
        late_steps=(*_late(rows, options), *_tables(dialect)),
        notes="Class numbers are the positions of labels; every picture has a label file.",
    )


_FACETS: Mapping[tuple[Row, ...], frozenset[str]] = {
    ("pose",): frozenset(("source_id", "skeleton")),
    ("class",): frozenset(),
}


def _before(rows: tuple[Row, ...], options: Options) -> tuple[Step, ...]:
    """Return the steps before kinds are converted."""
    upright = convert_kinds(Holds(kinds={**dict.fromkeys(KINDS, KEPT), **dict.fromkeys(_OPEN, "box")}))
    if "polygon" in rows:
        exact = options.decimals is not None
        joined = (outlines.one_ring_each(exact),) if options.parts == "bridge" else ()
        return upright, outlines.no_short_rings, *joined
    if rows == ("corners",):
        traced = convert_kinds(Holds(kinds={**dict.fromkeys(KINDS, KEPT), "mask": "polygon"}))
        return upright, traced, outlines.no_short_rings
    return ()


_OPEN = ("polyline", "keypoints", "cuboid")
"""Kinds that become boxes before these become what the target holds."""


def _late(rows: tuple[Row, ...], options: Options) -> tuple[Step, ...]:
    """Return the steps that bring shapes into what rows can state."""
    upright = (borders.upright,) if options.clip and rows != ("class",) else ()
    within = borders.within(bool(options.clip), options.decimals)
    if "polygon" in rows:
        return *outlines.single_rings(options.parts), objects.no_boxes_beside, *upright, within
    if rows == ("corners",):
        return objects.four_corners, within
    if rows == ("pose",):
        return objects.equal_joints, *upright, within, tables.joint_names
    if rows == ("class",):
        return ()
    sixth = () if options.sixth is None else (objects.sixth_numbers(options.sixth),)
    return *sixth, *upright, within


def _tables(dialect: Dialect) -> tuple[Step, ...]:
    """Return the steps about labels and items."""
    if dialect.layout == "classes":
        return classes.STEPS
    splits = (tables.splits,) if dialect.splits else ()
    texts = (tables.text_extras,) if dialect.layout == "darknet" else ()
    return tables.names_for(dialect), tables.numbers_from(dialect.first_id), *splits, tables.labelled, *texts


def choose(ds: Dataset) -> str:
    """Return the dialect for a dataset that is written as ``yolo``."""
    kinds = ds._annotations.array("kind")
    count = len(kinds)
    joints = ds._annotations.sparse("keypoints")
    if count and joints is not None and joints.count == count:
        return "ultralytics-pose"
    present = {KINDS[code] for code in set(kinds.tolist())}
    if present & {"polygon", "mask"}:
        return "ultralytics-segment"
    return "ultralytics-obb" if "rotated_box" in present else "ultralytics-detect"
