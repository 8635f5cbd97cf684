import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest


def _load() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "generate.py"
    spec = importlib.util.spec_from_file_location("annokit_benchmarks_generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


generate = _load()


def _document(variant: str, images: int = 60) -> dict[str, Any]:
    return orjson.loads(b"".join(generate.pieces(images, variant)))


@pytest.mark.parametrize("variant", sorted(generate.VARIANTS))
def test_every_variant_is_a_coco_document_and_always_the_same(variant: str) -> None:
    document = _document(variant)
    assert document == _document(variant)
    assert list(document) == ["info", "licenses", "images", "annotations", "categories"]
    assert len(document["images"]) == 60
    known = {image["id"] for image in document["images"]}
    assert {row["image_id"] for row in document["annotations"]} == known


def test_variants_differ_from_plain_in_what_their_name_says() -> None:
    plain = _document("plain")["annotations"]
    assert [row["bbox"] for row in _document("boxes")["annotations"]] == [row["bbox"] for row in plain]
    assert all(row["segmentation"] == [] for row in _document("boxes")["annotations"])
    assert all(row["attributes"]["pose"] for row in _document("attributes")["annotations"])
    odd = [i for i, row in enumerate(_document("odd")["annotations"]) if row != plain[i]]
    assert odd == list(range(49, len(plain), 50))
    assert all(isinstance(row["id"], str) for row in _document("strings")["annotations"])


def test_the_file_is_made_once(tmp_path: Path) -> None:
    path = generate.coco_file(3, "pretty", tmp_path)
    stamp = path.stat().st_mtime_ns
    assert generate.coco_file(3, "pretty", tmp_path).stat().st_mtime_ns == stamp
    assert [child.name for child in tmp_path.iterdir()] == [path.name]
