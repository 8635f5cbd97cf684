import io
import warnings

import pytest

import annokit
from annokit import Box, DatasetBuilder


def dataset():
    builder = DatasetBuilder()
    item = builder.add_item("a.png", width=640, height=480)
    builder.add_annotation(item, "cat", Box(0.1, 0.2, 0.5, 0.6), score=0.5, track="t")
    return builder.build()


def test_a_missing_path_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        annokit.read(tmp_path / "none.json")
    with pytest.raises(FileNotFoundError):
        annokit.detect(tmp_path / "none.json")


def test_what_exists_is_refused_without_overwrite(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("mine")
    with pytest.raises(annokit.AnnokitError, match="overwrite=True"):
        annokit.write(dataset(), path, "savant", on_loss="allow")
    assert path.read_text() == "mine"
    annokit.write(dataset(), path, "savant", on_loss="allow", overwrite=True)
    assert [match.format for match in annokit.detect(path)] == ["savant"]


def test_loss_is_raised_before_anything_is_written(tmp_path):
    with pytest.raises(annokit.LossError, match="score: the target has no place for score") as caught:
        annokit.write(dataset(), tmp_path / "x.json", "savant", on_loss="raise")
    assert caught.value.report == annokit.plan(dataset(), "savant")
    assert list(tmp_path.iterdir()) == []


def test_loss_is_warned_of_and_returned(tmp_path):
    with pytest.warns(annokit.LossWarning, match="writing savant loses something"):
        report = annokit.write(dataset(), tmp_path / "x.json", "savant")
    assert {issue.field for issue in report if issue.severity == "warning"} == {"score", "track"}


def test_no_loss_no_warning(tmp_path):
    plain = annokit.read(_batch(tmp_path), "savant")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not annokit.write(plain, tmp_path / "again.json", "savant")


def _batch(tmp_path):
    path = tmp_path / "batch.json"
    annokit.write(dataset(), path, "savant", on_loss="allow")
    return path


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    from annokit.formats.registry import get

    def fail(ds, output, context):
        with output.open("x.json") as file:
            file.write(b"half")
            raise RuntimeError("broken")

    import attrs

    broken = attrs.evolve(get("savant"), write=fail)
    monkeypatch.setattr("annokit.formats.registry.get", lambda name: broken)
    with pytest.raises(RuntimeError, match="broken"):
        annokit.write(dataset(), tmp_path / "x.json", "savant", on_loss="allow")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.json", "x.zip"])
def test_files_archives_and_streams_are_alike(name, tmp_path):
    path = tmp_path / name
    annokit.write(dataset(), path, "savant", on_loss="allow")
    from_path = annokit.read(path)
    assert annokit.read(io.BytesIO(path.read_bytes())) == from_path
    assert annokit.read(str(path), "savant") == from_path
    with path.open("rb") as file:
        assert annokit.read(file, "savant") == from_path
    assert len(from_path.annotations) == 1


def test_convert_reads_and_writes(tmp_path):
    report = annokit.convert(
        _batch(tmp_path), tmp_path / "out.json", "savant", source_format="savant", write_options={"on_loss": "raise"}
    )
    assert not [issue for issue in report if issue.severity != "info"]
    assert annokit.read(tmp_path / "out.json") == annokit.read(tmp_path / "batch.json")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda ds, p: annokit.write(ds, p, "nonsense"), "unknown format 'nonsense'; there are: "),
        (lambda ds, p: annokit.write(ds, p, "savant:x"), "'savant' has no dialect 'x'; there are: savant"),
        (lambda ds, p: annokit.write(ds, p, "savant", colour=1), "'savant' has no option 'colour' to write"),
        (lambda ds, p: annokit.plan(ds, "savant", colour=1), "'savant' has no option 'colour' to write"),
        (lambda ds, p: annokit.write(ds, p, "savant", on_loss="never"), "on_loss='never'; expected one of raise, warn"),
        (lambda ds, p: annokit.write(ds, p, "savant", media="all"), "media='all'; expected one of none, copy, link"),
        (lambda ds, p: annokit.read(p, "savant", on_bad="x"), "on_bad='x'; expected one of raise, collect"),
        (lambda ds, p: annokit.read(p, "savant", workers=0), "workers=0; expected 1 or more processes"),
    ],
)
def test_wrong_use_lists_the_choices(call, told, tmp_path):
    with pytest.raises(annokit.UsageError) as caught:
        call(dataset(), tmp_path / "x.json")
    assert told in str(caught.value)


def test_an_unknown_file_names_the_formats(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"nothing": 1}')
    with pytest.raises(annokit.AmbiguousFormatError, match="no format recognises this") as caught:
        annokit.read(path)
    assert caught.value.candidates == ()


def test_progress_is_called_to_the_end(tmp_path):
    path = _batch(tmp_path)
    seen = []
    annokit.read(path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == path.stat().st_size


def test_images_must_be_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such folder"):
        annokit.read(_batch(tmp_path), images=tmp_path / "none")


def test_the_table_of_formats_prints_and_iterates():
    table = annokit.formats()
    assert "savant" in str(table)
    assert {"savant", "coco", "annokit"} <= {row.name for row in table}
    assert table["savant"].reads
    assert table["savant"].holds["kinds"]["mask"] == "polygon"
    assert "savant" in {row.name for row in table.for_task("instance")}
    with pytest.raises(KeyError):
        table["nonsense"]


def test_what_is_no_dataset_is_refused(tmp_path):
    for call in (lambda: annokit.write("x", tmp_path / "x.json", "coco"), lambda: annokit.plan([dataset()], "coco")):
        with pytest.raises(annokit.UsageError, match="expected a Dataset"):
            call()
    with pytest.raises(annokit.UsageError, match="sequence of datasets"):
        annokit.concat(dataset())
