"""Arrays over a mapped file travel as references."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from annokit.codecs.mapped import MappedFile, Reference, reference, reopened
from annokit.errors import FormatError


@pytest.fixture
def file(tmp_path: Path) -> MappedFile:
    path = tmp_path / "numbers"
    path.write_bytes(np.arange(1000).tobytes())
    return MappedFile.of(path)


def test_what_is_referred_to(file: MappedFile) -> None:
    array = np.frombuffer(file, np.int64)
    for view in (
        array,
        array[10:20],
        array[16:].reshape(8, 123),
        array[:6].view(np.uint8),
        np.frombuffer(file, "?", 5),
    ):
        found = reference(view)
        assert isinstance(found, Reference)
        data = pickle.dumps(found)
        assert len(data) < 400
        back = pickle.loads(data)
        assert (back == view).all()
        assert (back.dtype, back.shape) == (view.dtype, view.shape)
        assert not back.flags.writeable


def test_what_is_not(file: MappedFile) -> None:
    array = np.frombuffer(file, np.int64)
    for other in (array[::2], array[:0], array + 1, array.copy(), np.arange(5), np.zeros(())):
        assert reference(other) is None


def test_a_file_is_mapped_once_per_process(file: MappedFile) -> None:
    again = reopened(file.key, 8, "<i8", (2,))
    assert np.shares_memory(again, np.frombuffer(file, np.int64))
    assert again.tolist() == [1, 2]


def test_a_missing_empty_or_changed_file(file: MappedFile, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="can't be mapped"):
        MappedFile.of(tmp_path / "missing")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(FormatError, match="can't be mapped"):
        MappedFile.of(tmp_path / "empty")
    assert file.unchanged()
    (tmp_path / "other").write_bytes(b"another")
    (tmp_path / "other").replace(tmp_path / "numbers")
    assert not file.unchanged()
    assert reference(np.frombuffer(file, np.int64)) is None
    (tmp_path / "numbers").unlink()
    assert not file.unchanged()
    assert np.frombuffer(file, np.int64)[999] == 999
