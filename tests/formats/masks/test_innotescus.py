"""Trees as Innotescus lays them out."""

import numpy as np
from PIL import Image

import annokit
from annokit.codecs.class_map import format_class_map, one_line, parse_class_map
from annokit.media.bitmap import encode_label_bitmap

TEXT = """file: image1.png
1 Human
2 traffic light 3
file: deep/image 2.png
1 Human
2 Human
3 Human
"""

MAP = np.array([[0, 1, 1], [2, 0, 3]], np.uint8)


def put(root, name, bitmap, encoding="gray8"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_label_bitmap(np.asarray(bitmap), encoding))


def told(item):
    return [(a.id, a.label and a.label.name, a.shape and a.shape.area) for a in item.annotations]


def test_a_class_map_is_parsed_and_written():
    blocks, errors = parse_class_map(TEXT, path="classes.txt")
    assert [(block.name, dict(block.classes)) for block in blocks] == [
        ("image1.png", {1: "Human", 2: "traffic light 3"}),
        ("deep/image 2.png", {1: "Human", 2: "Human", 3: "Human"}),
    ]
    assert not errors
    assert format_class_map([(b.name, b.classes) for b in blocks]).decode() == TEXT


def test_bad_lines_of_a_class_map_are_located():
    text = "\n 7\tsky  \r\nfile:a.png\r\nx\n1 a\n1 b\n5\n99999999999999999999 c\n"
    blocks, errors = parse_class_map(text, path="classes.txt")
    assert [(block.name, dict(block.classes), block.line) for block in blocks] == [
        (None, {7: "sky"}, 2),
        ("a.png", {1: "a"}, 3),
    ]
    assert [(error.line, error.found) for error in errors] == [
        (4, "'x'"),
        (6, "'1 b'"),
        (7, "'5'"),
        (8, "'99999999999999999999 c'"),
    ]


def test_names_become_one_line():
    assert [one_line(name) for name in (" a\r\nb ", "", "a b")] == ["a b", "_", "a b"]


def test_values_mean_something_else_in_every_picture(tmp_path):
    (tmp_path / "classes.txt").write_text(TEXT)
    put(tmp_path, "image1.png", MAP)
    put(tmp_path, "deep/image 2.png", MAP)
    ds = annokit.read(tmp_path)
    assert ds.names == ("deep/image 2.png", "image1.png")
    assert told(ds["deep/image 2.png"]) == [(1, "Human", 2), (2, "Human", 1), (3, "Human", 1)]
    assert told(ds["image1.png"]) == [(1, "Human", 2), (2, "traffic light 3", 1), (3, None, 1)]
    (issue,) = ds.issues
    assert (issue.code, issue.examples) == ("mask-without-annotation", ("image1.png annotation 5: value 3",))


def test_what_is_listed_without_pixels_stays_without_shape(tmp_path):
    (tmp_path / "classes.txt").write_text("file: a.jpg\n1 Car\n9 Bus\n")
    put(tmp_path, "a.png", [[1, 0]])
    ds = annokit.read(tmp_path, "masks:innotescus-semantic")
    assert ds.names == ("a.jpg",)
    assert told(ds[0]) == [(1, "Car", 1), (9, "Bus", None)]
    assert [issue.code for issue in ds.issues] == ["annotation-without-mask"]
    annokit.write(ds, tmp_path / "out", "masks:innotescus-semantic")
    assert (tmp_path / "out/classes.txt").read_text() == "file: a.jpg\n1 Car\n9 Bus\n"
    assert annokit.read(tmp_path / "out") == ds


def test_16_bit_instances(tmp_path):
    (tmp_path / "classes.txt").write_text("file: a.png\n300 Cell\n65535 Cell\n")
    put(tmp_path, "a.png", np.array([[300, 65535, 0]], np.uint16), "gray16")
    ds = annokit.read(tmp_path)
    assert told(ds[0]) == [(300, "Cell", 1), (65535, "Cell", 1)]
    annokit.write(ds, tmp_path / "out", "masks:innotescus-instance")
    assert (np.asarray(Image.open(tmp_path / "out/a.png")) == [[300, 65535, 0]]).all()


def test_a_picture_that_no_block_names(tmp_path):
    (tmp_path / "classes.txt").write_text("file: b.png\n1 Cell\n")
    put(tmp_path, "a.png", [[1]])
    ds = annokit.read(tmp_path, "masks:innotescus-instance")
    assert told(ds[0]) == [(1, None, 1)]


def test_bad_rows_are_collected(tmp_path):
    (tmp_path / "classes.txt").write_text("file: a.png\n1 Cell\nwhat\n")
    put(tmp_path, "a.png", [[1]])
    ds = annokit.read(tmp_path, "masks:innotescus-instance", on_bad="collect")
    assert told(ds[0]) == [(1, "Cell", 1)]
    assert [issue.code for issue in ds.issues] == ["bad-record"]


def test_each_dataset_of_an_export_has_its_own_class_map(tmp_path):
    for name, label in (("one", "Cat"), ("two", "Dog")):
        put(tmp_path, f"annotations/{name}/a.png", [[1]])
        (tmp_path / f"annotations/{name}/classes.txt").write_text(f"file: a.png\n1 {label}\n")
    ds = annokit.read(tmp_path, "masks:innotescus-semantic")
    assert [told(item)[0][1] for item in ds] == ["Cat", "Dog"]


def test_a_video(tmp_path):
    (tmp_path / "classes.txt").write_text("file: drive.mp4\n1 Car\n2 Bus\n")
    for number, bitmap in ((0, [[1, 2]]), (2, [[2, 0]]), (10, [[0, 0]])):
        put(tmp_path, f"drive/masks/{number}.png", bitmap)
        put(tmp_path, f"drive/frames/{number}.png", [[9, 9]])
    ds = annokit.read(tmp_path, "masks:innotescus-instance")
    assert ds.names == ("drive.mp4#0", "drive.mp4#2", "drive.mp4#10")
    assert [(item.kind, item.frame, item.sequence.name) for item in ds] == [
        ("frame", number, "drive.mp4") for number in (0, 2, 10)
    ]
    assert [told(item) for item in ds] == [[(1, "Car", 1), (2, "Bus", 1)], [(2, "Bus", 1)], []]
    assert not ds.issues
    annokit.write(ds, tmp_path / "out", "masks:innotescus-instance")
    assert (tmp_path / "out/drive.mp4/masks/10.png").is_file()
    assert (tmp_path / "out/classes.txt").read_text() == "file: drive.mp4\n1 Car\n2 Bus\n"
    assert annokit.read(tmp_path / "out") == ds


def test_the_frames_of_a_video_are_its_pictures(tmp_path):
    tree = tmp_path / "in"
    for video in ("video_1_name", "video_2_name"):
        for number in (0, 1, 10):
            put(tree, f"{video}/masks/{number}.png", [[1, 0, 2]])
            put(tree, f"{video}/frames/{number}.png", [[number, 0, 0]])
    (tree / "classes.txt").write_text("file: video_1_name\n1 Car\n2 Car\nfile: video_2_name\n1 Bus\n2 Car\n")
    ds = annokit.read(tree, "masks:innotescus-instance")
    assert [str(item.path.relative_to(tree)) for item in ds][:3] == [
        f"video_1_name/frames/{number}.png" for number in (0, 1, 10)
    ]
    report = annokit.write(ds, tmp_path / "out", "masks:innotescus-instance", media="copy")
    assert not report
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()} | {
        "annokit-masks.json"
    }
    assert (tmp_path / "out/classes.txt").read_bytes() == (tree / "classes.txt").read_bytes()
    assert (tmp_path / "out/video_2_name/frames/10.png").read_bytes() == (
        tree / "video_2_name/frames/10.png"
    ).read_bytes()
    again = annokit.read(tmp_path / "out")
    assert again == ds
    assert again[0].path == tmp_path / "out/video_1_name/frames/0.png"


def test_pictures_of_one_name_in_two_datasets(tmp_path):
    for name, label in (("one", "Cat"), ("two", "Dog")):
        put(tmp_path, f"tree/{name}/a.png", [[1]])
        (tmp_path / f"tree/{name}/classes.txt").write_text(f"file: a.jpg\n1 {label}\n")
        put(tmp_path, f"images/{name}-pictures/a.png", [[1]])
    ds = annokit.read(tmp_path / "tree", "masks:innotescus-semantic")
    assert ds.names == ("one/a.jpg", "two/a.jpg")
    assert [told(item) for item in ds] == [[(1, "Cat", 1)], [(1, "Dog", 1)]]
    assert annokit.read(_written(ds, tmp_path), "masks:innotescus-semantic") == ds


def _written(ds, tmp_path):
    annokit.write(ds, tmp_path / "out", "masks:innotescus-semantic")
    return tmp_path / "out"


def test_the_class_map_of_the_help_page(tmp_path):
    sample = ["1 Vehicle|2 Building|3 Human", "1 Human|2 Human|3 Human|4 Animal|5 Building"]
    lines = [f"file: sample_image{n}.jpg\n" + "\n".join(rows.split("|")) + "\n" for n, rows in enumerate(sample, 1)]
    tree = tmp_path / "in"
    put(tree, "sample_image1.png", [[1, 2, 3, 0, 0]])
    put(tree, "sample_image2.png", [[1, 2, 3, 4, 5]])
    (tree / "classes.txt").write_text("".join(lines))
    ds = annokit.read(tree)
    assert [[label for _, label, _ in told(item)] for item in ds] == [
        ["Vehicle", "Building", "Human"],
        ["Human", "Human", "Human", "Animal", "Building"],
    ]
    annokit.write(ds, tmp_path / "out", "masks:innotescus-instance")
    assert (tmp_path / "out/classes.txt").read_text() == "".join(lines)
    assert (np.asarray(Image.open(tmp_path / "out/sample_image2.png")) == [[1, 2, 3, 4, 5]]).all()


def test_a_value_means_one_class_in_a_whole_video(tmp_path):
    builder = annokit.DatasetBuilder()
    video = builder.add_sequence("v", name="v")
    for number in range(2):
        item = builder.add_item("x", width=4, height=2, kind="frame", frame=number, sequence=video)
        builder.add_annotation(item, "cat" if number else "dog", annokit.Box(0, 0, 0.5, 1), id=5)
    annokit.write(builder.build(), tmp_path / "out", "masks:innotescus-instance", on_loss="allow")
    back = annokit.read(tmp_path / "out")
    assert [told(item) for item in back] == [[(5, "dog", 4)], [(1, "cat", 4)]]
    assert back.names == ("v#0", "v#1")


def individual(root, *names):
    for name in names:
        put(root, name, [[0, 255], [0, 0]])


def test_individual_masks_take_class_and_number_from_the_name(tmp_path):
    individual(
        tmp_path, "m/img_1_traffic_light_2.png", "m/img_1_traffic_light.png", "m/img_1_2_car.png", "m/x-tree-10.png"
    )
    images = tmp_path / "images"
    for name in ("img_1.jpg", "img_1_2.jpg", "x.jpg", "other.jpg"):
        images.mkdir(exist_ok=True)
        Image.new("L", (2, 2)).save(images / name)
    ds = annokit.read(tmp_path / "m", "masks:innotescus-individual", images=images)
    assert {item.name: told(item) for item in ds} == {
        "img_1_2.jpg": [(None, "car", 1)],
        "img_1.jpg": [(None, "traffic_light", 1), (2, "traffic_light", 1)],
        "x.jpg": [(10, "tree", 1)],
    }
    assert not ds.issues


def test_individual_masks_of_unknown_pictures_are_assumed_and_told(tmp_path):
    individual(tmp_path, "img_1_car_2.png", "img_1_car.png", "img_2_big-dog.png", "12.png", "nothing.png")
    ds = annokit.read(tmp_path, "masks:innotescus-individual")
    assert {item.name: told(item) for item in ds} == {
        "img_1.png": [(None, "car", 1), (2, "car", 1)],
        "img_2_big.png": [(None, "dog", 1)],
    }
    assert [(issue.code, issue.count) for issue in ds.issues] == [("skipped-record", 2), ("assumed", 3)]
    known = annokit.read(tmp_path, "masks:innotescus-individual", classes=["big-dog", "car"])
    assert {item.name for item in known} == {"img_1.png", "img_2.png"}


def test_any_value_but_zero_is_the_object_and_none_is_told(tmp_path):
    put(tmp_path, "a_car.png", [[0, 1], [7, 0]])
    put(tmp_path, "a_bus.png", [[0, 0], [0, 0]])
    put(tmp_path, "a_van.png", [[0, 0, 1]])
    ds = annokit.read(tmp_path, "masks:innotescus-individual")
    assert told(ds[0]) == [(None, "bus", None), (None, "car", 2), (None, "van", 1)]
    assert [issue.code for issue in ds.issues] == ["size-mismatch", "annotation-without-mask", "assumed"]


def test_detection_tells_instances_from_classes_or_names_both(tmp_path):
    put(tmp_path, "a.png", [[1]])
    (tmp_path / "classes.txt").write_text("file: a.png\n1 Human\n2 Human\n")
    assert [m.format for m in annokit.detect(tmp_path)] == ["masks:innotescus-instance"]
    (tmp_path / "classes.txt").write_text("file: a.png\n1 Human\n2 Car\n")
    assert sorted(m.format for m in annokit.detect(tmp_path)) == [
        "masks:innotescus-instance",
        "masks:innotescus-semantic",
    ]
    (tmp_path / "classes.txt").write_text("Human\nCar\n")
    assert not [m for m in annokit.detect(tmp_path) if m.format.startswith("masks")]
