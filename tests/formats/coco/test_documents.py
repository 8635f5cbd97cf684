"""Odd files come back as they were, whatever the size of the windows in which they are read."""

import json
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annokit.columns.json import same
from annokit.formats.io import read, write
from annokit.limits import Limits
from tests.formats.coco.documents import texts

WINDOWS = st.sampled_from([16, 300, 600, 1 << 16])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(texts(), WINDOWS)
def test_a_document_comes_back_equal(made, window):
    document, text = made
    dataset = read(BytesIO(text), "coco", limits=Limits(json_window=window))
    out = BytesIO()
    report = write(dataset, out, "coco")
    assert str(report) == "nothing to report"
    assert same(json.loads(out.getvalue()), document)
    assert read(BytesIO(out.getvalue()), "coco") == dataset


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[{}]",
        '{"images": []}',
        '{"images": [{}]}',
        '{"annotations": [{}]}',
        '{"annotations": null, "images": null, "categories": null, "info": {}, "licenses": null}',
    ],
)
def test_nearly_nothing(text):
    dataset = read(BytesIO(text.encode()), "coco")
    out = BytesIO()
    assert not write(dataset, out, "coco")
    assert json.loads(out.getvalue()) == json.loads(text)
