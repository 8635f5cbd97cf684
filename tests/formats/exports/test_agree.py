"""All exports of one dataset agree with each other within the rounding that each declares."""

from itertools import combinations

import numpy as np
import pytest

import annokit
from annokit.formats import registry
from annokit.model.builder import DatasetBuilder

pytestmark = pytest.mark.filterwarnings("ignore::annokit.LossWarning")

OUTLINED = ("coco", "coco:innotescus", "csv", "innotescus", "masks:innotescus-instance", "masks:innotescus-individual")
BOXED = ("voc:innotescus", "yolo:innotescus", "yolo:keras", "kitti")

PIXEL = 1.0
"""What a mask may be off by: it states whole pixels."""

SMALL = 1e-5
"""What numbers may be off by that are written as fractions, or to their last digit."""


def sample():
    """Three pictures of other sizes with outlines that lie between pixels, far enough apart."""
    rng = np.random.default_rng(7)
    builder = DatasetBuilder()
    for number, (width, height) in enumerate(((200, 90), (90, 200), (131, 77))):
        item = builder.add_item(f"im{number}.png", kind="image", width=width, height=height, dataset="harbour")
        for column in range(3):
            left, top = column / 3 + 0.02, 0.1 * rng.random() + 0.05
            right, bottom = left + 0.2 + 0.1 * rng.random(), 0.6 + 0.3 * rng.random()
            ring = ((left, top), (right, top), (right, bottom), (left + 0.01, bottom))
            builder.add_annotation(item, f"class {column}", annokit.Polygon(((ring,),)))
    return builder.build()


def rounding(format):
    """Return what a format's numbers may be off by, in pixels, as it declares."""
    fmt, dialect = registry.resolve(format)
    holds = fmt.holds(fmt.dialect(dialect), {})
    if holds.kinds.get("polygon") == "mask":
        return PIXEL
    if holds.decimals is None:
        return SMALL
    return 0.5 * 10.0**-holds.decimals * (200 if holds.unit == "unit" else 1) + SMALL


def boxes(ds):
    """Return (n, 4) pixels in the order of names and labels."""
    rows = [
        (item.name, a.label.name.replace("_", " "), box)
        for item in ds
        for a, box in zip(item.annotations, item.boxes(unit="pixel").tolist(), strict=True)
    ]
    return [row[:2] for row in sorted(rows)], np.array([row[2] for row in sorted(rows)])


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    ds = sample()
    sizes = {item.name: (item.width, item.height) for item in ds}
    found = {"the dataset": (*boxes(ds), 0.0)}
    for format in OUTLINED + BOXED:
        path = tmp_path_factory.mktemp("out") / "tree"
        annokit.export(ds, path, format, contents="annotations", on_loss="allow")
        found[format] = (*boxes(annokit.read(path, sizes=sizes)), rounding(format))
    return found


def test_all_declare_their_rounding(exports):
    assert {format: round(most, 3) for format, (_, _, most) in exports.items() if most > SMALL} == {
        "masks:innotescus-instance": 1.0,
        "masks:innotescus-individual": 1.0,
        "voc:innotescus": 0.5,
    }


@pytest.mark.parametrize(("one", "other"), list(combinations(("the dataset", *OUTLINED, *BOXED), 2)))
def test_two_exports_agree(exports, one, other):
    names, first, off = exports[one]
    others, second, more = exports[other]
    assert names == others
    assert np.abs(first - second).max() <= off + more
