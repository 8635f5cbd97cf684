"""Odd panoptic files: whatever they hold is read, and what is written of it keeps the laws."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import annokit
from annokit.columns.json import same
from annokit.limits import Limits
from tests.formats.coco.documents import CATEGORY, IDENTS, IMAGE, NUMBERS, ODD, TEXTS, record, usual
from tests.formats.laws import check_laws

SEGMENT = record(
    {
        "id": usual(st.integers(1, 1 << 24)),
        "category_id": usual(IDENTS),
        "area": usual(NUMBERS),
        "bbox": usual(st.lists(NUMBERS, min_size=4, max_size=4)),
        "iscrowd": usual(st.integers(0, 1)),
        "score": usual(st.floats(0, 1)),
    }
)
PICTURE = record(
    {
        "image_id": usual(IDENTS),
        "file_name": usual(st.sampled_from(["a.png", "b/c.png", "ä.png", "../x.png", "https://h/p.png"])),
        "segments_info": usual(st.lists(st.one_of(SEGMENT, SEGMENT, ODD), max_size=4)),
    }
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "images": st.lists(IMAGE, max_size=4),
        "annotations": st.lists(PICTURE, max_size=4),
        "categories": st.lists(CATEGORY, max_size=3),
    },
    optional={"info": ODD, "licenses": ODD, "x": ODD},
)
RELAXED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@RELAXED
@given(DOCUMENTS, st.sampled_from([16, 300, 1 << 16]))
@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
def test_what_was_read_keeps_the_laws(tmp_path, document, window):
    text = io.BytesIO(json.dumps(document).encode())
    ds = annokit.read(text, "coco:panoptic", on_bad="collect", limits=Limits(json_window=window))
    check_laws(ds, "coco:panoptic", tmp_path, name="out")
    check_laws(ds, "coco", tmp_path)


SOUND = record(
    {
        "category_id": st.integers(0, 2),
        "area": usual(NUMBERS),
        "bbox": usual(st.lists(NUMBERS, min_size=4, max_size=4)),
        "iscrowd": usual(st.integers(0, 1)),
    }
)


@RELAXED
@given(st.lists(st.lists(SOUND, max_size=3), min_size=1, max_size=3), TEXTS)
def test_references_to_pngs_elsewhere_come_back_value_by_value(tmp_path, pictures, note):
    document = {
        "images": [{"id": n, "file_name": f"{n}.jpg", "width": 9, "height": 9} for n in range(len(pictures))],
        "annotations": [
            {
                "image_id": n,
                "file_name": f"x/{n}.png",
                "note": note,
                "segments_info": [{"category_id": 1, **one, "id": place + 1} for place, one in enumerate(segments)],
            }
            for n, segments in enumerate(pictures)
        ],
        "categories": [{"id": n, "name": str(n)} for n in range(3)],
    }
    ds = annokit.read(io.BytesIO(json.dumps(document).encode()), "coco:panoptic")
    if not len(ds.annotations):
        return
    annokit.write(ds, tmp_path / "out.json", "coco:panoptic", on_loss="raise", overwrite=True)
    assert same(json.loads((tmp_path / "out.json").read_text()), document)
