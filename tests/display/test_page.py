from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from annokit.display.page import embedded, to_html
from annokit.errors import UsageError
from annokit.geometry import Box, Mask
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.display.markup import Markup, harmless
from tests.display.scenes import HOSTILE, hostile, pictures


def written(ds: Dataset, **options: Any) -> str:
    file = io.BytesIO()
    to_html(ds, file, **options)
    return file.getvalue().decode("utf-8")


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="annokit-data">(.*?)</script>', page, re.S)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_every_item_is_listed_with_its_labels(tmp_path: Path) -> None:
    page = written(pictures(tmp_path, 4))
    data = data_of(page)
    assert data["names"] == ["0.png", "1.png", "2.png", "3.png"]
    assert [name for name, _ in data["labels"]] == ["cat", "dog", "no label"]
    assert data["starts"] == [0, 0, 1, 3, 5]
    assert data["label"] == [0, 0, 1, 0, 1]
    assert data["count"] == [1, 1, 1, 2, 1]
    assert [data["statuses"][code] for code in data["status"]] == ["labelled", "unlabelled"] * 2
    assert [data["splits"][code] for code in data["split"]] == ["train"] * 4
    assert [data["sizes"][code] for code in data["size"]] == ["64x48"] * 4
    assert data["totals"] == [[0, 4], [1, 2]]
    assert page.count("<template") == page.count('src="data:image') == 4
    assert "Pictures of" not in page


def test_only_some_pictures_of_a_large_dataset_are_in_the_page(tmp_path: Path) -> None:
    page = written(pictures(tmp_path, 6), pictures=2)
    assert data_of(page)["pictured"] == [0, 3]
    assert "Pictures of 2 of 6 items" in page
    assert len(data_of(page)["names"]) == 6


def test_its_policy_allows_its_own_script_alone() -> None:
    page = written(DatasetBuilder().build())
    script = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert len(script) == 1
    digest = b64encode(sha256(script[0].encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page
    for forbidden in ("innerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in script[0]


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    page = written(hostile(tmp_path), title=HOSTILE)
    assert data_of(page)["names"] == [HOSTILE]
    assert [tag for tag, _ in Markup(page).tags].count("script") == 2
    for template in re.findall(r"<template[^>]*>(.*?)</template>", page, re.S):
        harmless(template)
    before = page[: page.index('<script type="application/json"')]
    assert "<script>alert" not in before
    assert data_of(page)["labels"][0][1] == "#e69f00"


def test_a_broken_shape_leaves_the_others(tmp_path: Path) -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=40, height=20)
    builder.add_annotation(item, "cat", Mask((20, 40), b"\xff"))
    builder.add_annotation(item, "dog", Box(0.1, 0.1, 0.5, 0.5))
    page = written(builder.build())
    assert page.count('<g class="annokit-shape') == 1
    assert [name for name, _ in data_of(page)["labels"]] == ["cat", "dog", "no label"]


def test_json_can_not_end_its_element() -> None:
    text = embedded({"a": "</script><!--\u2028&"})
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"a": "</script><!--\u2028&"}


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    ds = DatasetBuilder().build()
    to_html(ds, tmp_path / "a.html")
    with pytest.raises(UsageError):
        to_html(ds, tmp_path / "a.html")
    to_html(ds, tmp_path / "a.html", overwrite=True)
    with pytest.raises(UsageError, match="pictures"):
        to_html(ds, tmp_path / "b.html", pictures=-1)
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
