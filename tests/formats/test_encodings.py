"""How masks are stated: pictures become run lengths where a target reads no pictures."""

from io import BytesIO

import attrs
import numpy as np
import pytest

import annokit
from annokit.codecs.mask_png import encode
from annokit.columns import Fixed, Struct, Text
from annokit.formats.holds import Holds
from annokit.formats.narrow import narrow
from annokit.model.masks import DATAURI, RLE, RUNS, VOID
from annokit.model.schema import MASK_ENCODINGS

PIXELS = np.array([[0, 1, 1, 0], [1, 0, 1, 0]], bool)


def masks(*stated):
    """Return a dataset of an item with a mask per (encoding, data)."""
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", width=4, height=2)
    for _ in stated:
        builder.add_annotation(item, "cat", annokit.Mask.encode(PIXELS))
    ds = builder.build()
    column = ds._annotations.sparse("mask")
    fields = {
        "size": Fixed(np.array([(2, 4)] * len(stated), np.int64)),
        "encoding": Fixed(np.array([code for code, _ in stated], np.uint8)),
        "data": Text.of_bytes([data for _, data in stated]),
    }
    fresh = attrs.evolve(column, slots=None, values=Struct(fields))
    return ds._with(annotations=ds._annotations.replace({"mask": fresh}))


def encodings(ds):
    return ds._annotations.sparse("mask").dense().fields["encoding"].values.tolist()


STATED = (
    (DATAURI, encode(PIXELS)),
    (RLE, annokit.Mask.encode(PIXELS).rle),
    (RUNS, annokit.Mask.encode(PIXELS).counts.astype("<u4").tobytes()),
    (VOID, b""),
)


def test_pixels_stay_and_what_has_none_is_told():
    ds = masks(*STATED)
    narrowed, report = narrow(ds, Holds())
    assert encodings(narrowed) == [RLE, RLE, RUNS]
    assert [annotation.shape is None for annotation in narrowed[0].annotations] == [False, False, False, True]
    assert all((mask == PIXELS).all() for mask in narrowed[0].masks()[:3])
    assert [(row.annotation, row.field, row.fate) for row in report.rows()] == [(3, "shape", "restated")]
    assert narrow(narrowed, Holds()) == (narrowed, annokit.Report([]))


def test_what_a_target_reads_stays_as_it_is():
    ds = masks(*STATED)
    narrowed, report = narrow(ds, Holds(mask_encodings=frozenset(MASK_ENCODINGS)))
    assert narrowed is ds
    assert not report


@pytest.mark.parametrize(
    "target", ["coco", "coco:panoptic", "segments", "encord", "savant", "masks:instance", "innotescus"]
)
def test_masks_in_pictures_reach_every_target(target, tmp_path):
    ds = masks(STATED[0])
    annokit.write(ds, tmp_path / "out", target, on_loss="allow")
    back = annokit.read(tmp_path / "out", target, sizes={"a.png": (4, 2), "a": (4, 2)})
    assert (back[0].masks().any(axis=0) == PIXELS).all()


def test_a_picture_that_is_none_is_an_error():
    with pytest.raises(annokit.AnnokitError, match=r"PNG|base64|picture"):
        annokit.write(masks((DATAURI, b'"data:image/png;base64,AAAA"')), BytesIO(), "coco")
