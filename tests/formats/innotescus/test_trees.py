"""Trees as the platform exports them: Pascal VOC, YOLO Darknet, YOLO Keras, KITTI, masks, CSV and its own JSON."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import annokit
from annokit import Dataset
from tests.formats.innotescus.documents import DOCUMENTS, put

DARKNET = {
    "annotations/people/two_humans.txt": "2 0.75 0.6666666 0.114 0.26266667\n2 0.136 0.53066665 0.206 0.29333332\n",
    "annotations/people/nobody.txt": "",
    "annotations/people/darknet.labels": "animal\nhuman\nfood\n",
}

KERAS = {
    "annotations/training/yolokeras.annotations.txt": (
        "training/image 1.png 25,72,105,130,3 95,150,148,176,3\ntraining/image2.png 67,85,180,213,2\ntraining/empty.png\n"
    ),
    "annotations/training/yolokeras.classes.txt": "animal\nhuman\nfood\n",
}

DOCUMENT = """\
<annotation>
  <folder />
  <filename>{name}.jpg</filename>
  <source>
    <database> </database>
  </source>
  <size>
    <width>500</width>
    <height>375</height>
    <depth>3</depth>
  </size>
  <segmented>0</segmented>
  <object>
    <name>traffic light</name>
    <pose>N/A</pose>
    <truncated>0</truncated>
    <difficult>0</difficult>
    <bndbox>
      <xmin>0</xmin>
      <ymin>10</ymin>
      <xmax>{right}</xmax>
      <ymax>375</ymax>
    </bndbox>
  </object>
</annotation>
"""

VOC = {
    "annotations/street/a.xml": DOCUMENT.format(name="a", right=500) + DOCUMENT.format(name="b", right=40),
    "annotations/street/c.xml": '<?xml version="1.0"?>\n' + DOCUMENT.format(name="c", right=7),
}

KITTI = {
    "annotations/street/a.txt": "traffic light 0.0 0 -10 1 2 30 40 -1 -1 -1 -1000 -1000 -1000 -10\n",
    "annotations/street/b.txt": "Car, 0.5, 3, 1.57, 0, 0, 500, 375, 1.5, 1.6, 3.7, 0.5, 1.5, 9.25, -1.5\n",
}


def tree(root: Path, texts: dict[str, str], dataset: str, **pictures: tuple[int, int]) -> Path:
    """Write annotations and pictures; names of pictures have their ending after two underscores."""
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    folder = root / "datasets" / dataset
    folder.mkdir(parents=True)
    for name, size in pictures.items():
        Image.new("RGB", size).save(folder / name.replace("__", "."))
    return root


def darknet(root: Path) -> Path:
    return tree(root, DARKNET, "people", two_humans__jpg=(1000, 750), nobody__png=(30, 50))


def keras(root: Path) -> Path:
    return tree(
        root, KERAS, "training", **{"image 1__png": (300, 400), "image2__png": (300, 400), "empty__png": (9, 8)}
    )


def voc(root: Path) -> Path:
    return tree(root, VOC, "street", a__jpg=(500, 375), b__jpg=(500, 375), c__jpg=(500, 375))


def kitti(root: Path) -> Path:
    return tree(root, KITTI, "street", a__png=(500, 375), b__jpg=(500, 375))


def packed(root: Path) -> io.BytesIO:
    """A tree as an archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, path.relative_to(root))
    stream.seek(0)
    return stream


def pixels(ds: Dataset, name: str) -> list[list[float]]:
    found: list[list[float]] = ds[name].boxes(unit="pixel").tolist()
    return found


TREES: list[tuple[Callable[[Path], Path], str, str]] = [
    (darknet, "yolo:innotescus", "people"),
    (keras, "yolo:keras", "training"),
    (voc, "voc:innotescus", "street"),
    (kitti, "kitti", "street"),
]


@pytest.mark.parametrize(("made", "format", "dataset"), TREES)
def test_a_tree_is_recognised_and_read_with_its_pictures(
    made: Callable[[Path], Path], format: str, dataset: str, tmp_path: Path
) -> None:
    root = made(tmp_path / "in")
    assert [match.format for match in annokit.detect(root)] == [format]
    ds = annokit.read(root)
    assert {item.dataset for item in ds} == {dataset}
    assert not ds.issues, str(ds.issues)
    for item in ds:
        assert item.path is not None
        assert item.path.name == item.name.rpartition("/")[2]
        with Image.open(item.path) as picture:
            assert (item.width, item.height) == picture.size
    assert annokit.read(packed(root)) == ds


@pytest.mark.parametrize(("made", "format", "dataset"), TREES)
def test_the_annotations_of_a_tree_are_written_as_they_were(
    made: Callable[[Path], Path], format: str, dataset: str, tmp_path: Path
) -> None:
    root = made(tmp_path / "in")
    ds = annokit.read(root / "annotations" / dataset)
    report = annokit.write(ds, tmp_path / "out", format, on_loss="raise")
    assert {issue.severity for issue in report} <= {"info"}
    again = annokit.read(tmp_path / "out")
    assert again.labels.names == tuple(
        name.replace(" ", "_") if format == "kitti" else name for name in ds.labels.names
    )
    assert [item.name for item in again] == [item.name for item in ds]
    assert again.annotations.boxes(unit="source").tolist() == ds.annotations.boxes(unit="source").tolist()


def test_darknet_counts_classes_from_1_and_states_corners(tmp_path: Path) -> None:
    root = darknet(tmp_path / "in")
    ds = annokit.read(root)
    assert ds.labels.names == ("animal", "human", "food")
    assert [a.label.name for a in ds["two_humans.jpg"].annotations if a.label] == ["human", "human"]
    boxes = pixels(ds, "two_humans.jpg")
    assert boxes[0] == pytest.approx([750, 500, 864, 697], abs=1e-3)
    assert boxes[1] == pytest.approx([136, 398, 342, 618], abs=1e-3)
    assert not ds["nobody.png"].annotations
    plain = annokit.read(root / "annotations/people")
    annokit.write(plain, tmp_path / "out", "yolo:innotescus")
    for name, text in DARKNET.items():
        assert (tmp_path / "out" / name.rpartition("/")[2]).read_text() == text


def test_keras_counts_classes_from_1_and_states_pixels(tmp_path: Path) -> None:
    root = keras(tmp_path / "in")
    ds = annokit.read(root)
    assert [item.name for item in ds] == ["training/image 1.png", "training/image2.png", "training/empty.png"]
    assert pixels(ds, "training/image 1.png") == [[25, 72, 105, 130], [95, 150, 148, 176]]
    assert [a.label.name for a in ds[0].annotations if a.label] == ["food", "food"]
    annokit.write(annokit.read(root / "annotations/training"), tmp_path / "out", "yolo:keras")
    for name, text in KERAS.items():
        assert (tmp_path / "out" / name.rpartition("/")[2]).read_text() == text


def test_the_line_of_keras_that_the_platform_itself_prints(tmp_path: Path) -> None:
    texts = {name: text.replace("95,150,148,176", "95,150,48,76") for name, text in KERAS.items()}
    root = tree(tmp_path / "in", texts, "training")
    ds = annokit.read(root / "annotations/training", "yolo:keras")
    assert ds.annotations.boxes(unit="source").tolist()[1] == [95, 150, 48, 76]
    assert ds.issues.of("odd-value").issues[0].examples == ("training/image 1.png annotation 1",)
    other = annokit.read(root / "annotations/training", "yolo:keras", boxes="xywh")
    assert other.annotations.boxes(unit="source").tolist()[1] == [95, 150, 143, 226]


def test_voc_of_several_documents_in_one_file(tmp_path: Path) -> None:
    root = voc(tmp_path / "in")
    ds = annokit.read(root)
    assert [item.name for item in ds] == ["a.jpg", "b.jpg", "c.jpg"]
    assert [pixels(ds, item.name)[0][2] for item in ds] == [500, 40, 7]
    assert [label.name for label in ds.labels] == ["traffic light"]
    plain = annokit.read(root / "annotations/street")
    report = annokit.write(plain, tmp_path / "out", "voc:innotescus", on_loss="raise")
    assert not report
    for name, right in (("a", 500), ("b", 40), ("c", 7)):
        written = (tmp_path / f"out/{name}.xml").read_text().replace("\t", "  ").replace("<folder/>", "<folder />")
        assert written == DOCUMENT.format(name=name, right=right)
    assert annokit.read(tmp_path / "out") == plain


def test_kitti_with_commas_and_spaces(tmp_path: Path) -> None:
    ds = annokit.read(kitti(tmp_path / "in"))
    assert [a.label.name for item in ds for a in item.annotations if a.label] == ["traffic light", "Car"]
    assert pixels(ds, "b.jpg") == [[0, 0, 500, 375]]
    assert isinstance(ds["b.jpg"].annotations[0].shape, annokit.Cuboid)
    annokit.write(ds, tmp_path / "out", "kitti", spaces="keep", on_loss="allow")
    assert (tmp_path / "out/label_2/a.txt").read_text() == KITTI["annotations/street/a.txt"]


def test_json_and_csv_in_a_tree_of_two_tasks(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", {}, "ds", a__png=(640, 480))
    for task in ("boxes", "classes"):
        put(root / "annotations" / task / "ds", DOCUMENTS)
    ds = annokit.read(root, "innotescus")
    assert {item.dataset for item in ds} == {"ds"}
    assert {a.layer for item in ds for a in item.annotations} == {"boxes", "classes"}
    assert len(ds.annotations) == 2 * len(DOCUMENTS["annotations.json"])


def test_individual_masks_are_named_after_the_pictures_of_the_tree(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", {}, "ds", img_1__jpg=(2, 1), other__jpg=(2, 1))
    folder = root / "annotations/ds"
    folder.mkdir(parents=True)
    for place, name in enumerate(("img_1_traffic_light_1", "img_1_traffic_light_2")):
        Image.frombytes("L", (2, 1), bytes([255 * (place == 0), 255 * (place == 1)])).save(folder / f"{name}.png")
    ds = annokit.read(root, "masks:innotescus-individual")
    assert [item.name for item in ds] == ["img_1.jpg"]
    assert [(a.label.name, a.id) for a in ds[0].annotations if a.label] == [("traffic_light", 1), ("traffic_light", 2)]
    assert not ds.issues
    assert annokit.read(packed(root), "masks:innotescus-individual") == ds


def test_an_export_of_images_and_videos_comes_back(tmp_path: Path) -> None:
    source = put(tmp_path / "in/annotations/street", DOCUMENTS)
    put(tmp_path / "in/annotations/lane", DOCUMENTS)
    (tmp_path / "in/datasets/street").mkdir(parents=True)
    ds = annokit.read(tmp_path / "in", "innotescus")
    report = annokit.export(ds, tmp_path / "out.zip", "innotescus", contents="annotations")
    assert {issue.severity for issue in report} <= {"info"}, str(report)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {name for name in archive.namelist() if "street" in name} == {
            f"annotations/street/{path.name}" for path in source.iterdir()
        }
    assert annokit.read(tmp_path / "out.zip") == ds
