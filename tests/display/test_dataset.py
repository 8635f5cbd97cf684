from __future__ import annotations

from pathlib import Path

from annokit.display import counts
from annokit.display.dataset import dataset_html
from annokit.model.annotation import Annotation
from annokit.model.builder import DatasetBuilder
from benchmarks.bench_display import large_dataset
from tests.display.markup import harmless
from tests.display.scenes import HOSTILE, every_kind, hostile, pictures


def test_counts_names_and_pictures(tmp_path: Path) -> None:
    page = harmless(pictures(tmp_path, 5)._repr_html_())
    for text in (
        "5 items",
        "10 annotations",
        "2 labels",
        "cat",
        "dog",
        "64x48",
        "train",
        "labelled",
        "unlabelled",
        "box",
    ):
        assert text in page.text
    assert len(page.of("img")) == 5
    assert all(len(attrs["src"]) <= 12_000 for attrs in page.of("img"))


def test_counts_are_exact(tmp_path: Path) -> None:
    ds = pictures(tmp_path, 5)
    assert counts.labels(ds) == [(0, 6), (1, 4)]
    assert counts.shapes(ds) == [("box", 10)]
    assert counts.statuses(ds) == [("labelled", 3), ("unlabelled", 2)]
    assert counts.splits(ds) == [("train", 5)]
    assert counts.splits(ds[:0]) == []
    assert counts.sizes(ds) == [("64x48", 5)]
    assert counts.sizes(every_kind(None)) == [("unknown", 1)]


def test_annotations_without_label_are_counted_apart() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a")
    builder.add_annotation(item)
    builder.add_annotation(item, "cat")
    ds = builder.build()
    assert counts.labels(ds) == [(0, 1), (-1, 1)]
    assert "no label" in harmless(dataset_html(ds)).text


def test_pictures_of_shapes_stand_in_for_missing_files() -> None:
    assert len(harmless(dataset_html(every_kind())).of("img")) == 1


def test_an_empty_dataset() -> None:
    assert "0 items" in harmless(dataset_html(DatasetBuilder().build())).text


def test_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    page = harmless(dataset_html(hostile(tmp_path)))
    assert HOSTILE in page.text.replace("…", "") or "<script>alert(1)" in page.text
    assert "1 kind of issues" in page.text


def test_thousands_of_labels_are_folded() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=5, height=5)
    for place in range(1000):
        builder.add_annotation(item, f"label {place}")
    html = dataset_html(builder.build())
    assert len(html) < 150_000
    assert "288 more" in harmless(html).text
    assert "the rarest 700 of them not shown" in harmless(html).text


def test_a_large_dataset_is_counted_over_columns(monkeypatch: object) -> None:
    ds = large_dataset(5_000, 7)
    made: list[int] = []
    original = Annotation.__getattr__

    def counting(self: Annotation, name: str) -> object:
        made.append(1)
        return original(self, name)

    monkeypatch.setattr(Annotation, "__getattr__", counting)  # type: ignore[attr-defined]
    assert "35,000 annotations" in harmless(dataset_html(ds)).text
    assert len(made) < 2_000
