import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.codecs.json_text import groups, listed, numbers, rows

NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**53), 2**53)
    | st.sampled_from([1e15, 1e22, 2**80])
)


def arrays(values):
    return np.array(values, float), np.array([type(value) is int for value in values], bool)


@given(st.lists(NUMBERS, max_size=8))
def test_each_number_is_written_as_it_was(values):
    texts = numbers(*arrays(values))
    back = [json.loads(text) for text in texts]
    assert back == values
    assert list(map(type, back)) == list(map(type, values))


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_rows(table):
    flat, whole = arrays([value for row in table for value in row])
    texts = rows(flat.reshape(-1, 3), whole.reshape(-1, 3))
    assert [json.loads(text) for text in texts] == table


@given(st.lists(st.lists(st.lists(NUMBERS, min_size=1, max_size=4), min_size=1, max_size=3), max_size=5))
def test_groups(table):
    flat, whole = arrays([value for row in table for group in row for value in group])
    sizes = np.array([len(group) for row in table for group in row], np.int64)
    counts = np.array([len(row) for row in table], np.int64)
    texts = groups(flat, whole, sizes, counts)
    assert [json.loads(b"[[" + text + b"]]") for text in texts] == table


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[1, 2], [3, 4]]), b"[[1,2],[3,4]]"),
        (np.array([0.1, -0.0, np.nan]), b"[0.1,-0.0,null]"),
        (np.array([[1.5, 2.5], [3.5, 4.5]]).T, b"[[1.5,3.5],[2.5,4.5]]"),
        (np.zeros(0), b"[]"),
    ],
)
def test_arrays(values, expected):
    assert listed(values) == expected
