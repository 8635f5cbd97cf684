"""The bytes of a file are those of the documented layout, which any reader of safetensors understands."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import annokit
from annokit.columns import Fixed, Number, Sparse, Text
from annokit.formats.annokit.layout import ALIGNMENT, DTYPES, Entry, packed, unpacked
from tests.formats.annokit_file.samples import sample, stored

DATA = stored(sample())


def safetensors(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read a file as the description of safetensors has it, by nothing of annokit's."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    meta = header.pop("__metadata__")
    arrays, end = {}, 0
    types = {"BOOL": "?", "U8": "u1", "I64": "<i8", "F64": "<f8", "U16": "<u2"}
    for name, line in sorted(header.items(), key=lambda pair: pair[1]["data_offsets"]):
        start, stop = line["data_offsets"]
        assert start == end
        end = stop
        arrays[name] = np.frombuffer(data[8 + length + start : 8 + length + stop], types[line["dtype"]])
        arrays[name] = arrays[name].reshape(line["shape"])
    assert 8 + length + end == len(data)
    return arrays, meta


def test_others_can_read_it() -> None:
    arrays, meta = safetensors(DATA)
    assert set(meta) == {"annokit", "digest", "checksums", "tree"}
    assert all(isinstance(value, str) for value in meta.values())
    ds = sample()
    assert (arrays["annotations/item:values"] == ds.annotations.item).all()
    assert arrays["items/name:values.data"].tobytes().decode() == "vidéo#7a/猫.pngempty.png"
    tree = json.loads(meta["tree"])
    assert tree["items"]["columns"]["size"] == {"Fixed": {"values": "items/size:values"}}
    assert arrays["items/size:values"].tolist() == [[640, 360], [30, 50], [-1, -1]]
    assert json.loads(arrays[tree["info"]].tobytes()) == ds.info


def test_the_safetensors_package_reads_it(tmp_path: Path) -> None:
    package = pytest.importorskip("safetensors.numpy")
    (tmp_path / "a.safetensors").write_bytes(DATA)
    found = package.load_file(tmp_path / "a.safetensors")
    arrays, _ = safetensors(DATA)
    assert found.keys() == arrays.keys()
    assert all((found[name] == arrays[name]).all() for name in arrays)


def test_arrays_are_aligned() -> None:
    length = int.from_bytes(DATA[:8], "little")
    assert (8 + length) % ALIGNMENT == 0
    header = json.loads(DATA[8 : 8 + length])
    starts = {name: line["data_offsets"][0] for name, line in header.items() if name != "__metadata__"}
    assert not [name for name, start in starts.items() if start % ALIGNMENT and not name.startswith("padding/")]


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_every_dtype(dtype: np.dtype[Any]) -> None:
    ds = sample()
    values = np.arange(len(ds)).astype(dtype)
    ds = ds._with(items=ds._items.replace({"attributes/x": Fixed(values)}))
    assert back(ds)._items.array("attributes/x").dtype == dtype
    assert back(ds) == ds


def back(ds: annokit.Dataset) -> annokit.Dataset:
    import io

    return annokit.read(io.BytesIO(stored(ds)), "annokit")


def test_arrays_in_any_order_of_bytes_and_memory() -> None:
    ds = sample()
    numbers = np.arange(12.0).reshape(4, 3)
    columns = {
        "attributes/big": Fixed(np.arange(3, dtype=">i4")),
        "attributes/fortran": Fixed(np.asfortranarray(numbers[:3])),
        "attributes/transposed": Number(numbers.T),
        "attributes/stepped": Number(numbers[::-1][:3, ::2]),
        "attributes/constant": Fixed(np.broadcast_to(np.int64(7), 3)),
        "attributes/empty": Sparse(3, np.array([1]), None, Text.of([""])),
    }
    ds = ds._with(items=ds._items.replace(columns))
    found = back(ds)
    assert found == ds
    assert found[1].attributes["transposed"] == [1.0, 4.0, 7.0, 10.0]
    assert found[1].attributes["empty"] == ""


def test_arrays_longer_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    from annokit.formats.annokit import writing

    monkeypatch.setattr(writing, "PIECE", 24)
    assert stored(sample()) == DATA


def test_names_that_are_no_unicode_or_taken() -> None:
    ds = sample()
    names = ["attributes/\ud800", "attributes/x", "attributes/x:values", "attributes/x.values", 'attributes/"\\\n\0']
    ds = ds._with(items=ds._items.replace({name: Text.of(list("abc")) for name in names}))
    assert back(ds) == ds
    safetensors(stored(ds))


def test_a_header_is_packed_and_unpacked() -> None:
    entries = [Entry("a", np.dtype("<i8"), (2,), 0, 16), Entry("b", np.dtype(bool), (0, 3), 64, 64)]
    head = packed(entries, {"a": 1, "b": 0}, {"x": 1})
    found = unpacked(head + bytes(64), "here")
    assert {name: entry for name, entry in found.entries.items() if "padding" not in name} == {
        entry.name: entry for entry in entries
    }
    assert (found.version, found.begin, found.checksums, found.tree) == (1, len(head), {"a": 1, "b": 0}, {"x": 1})
