"""Datasets with a little of everything."""

from annokit.geometry import Box, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox, TimeSpan
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import AttributeDefinition, Label, Skeleton

RING = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.8], [0.1, 0.8]]
HOLE = [[0.3, 0.3], [0.3, 0.5], [0.5, 0.5]]
FAR = [[0.95, 0.9], [1.0, 0.9], [1.0, 1.0]]
HOLED = Polygon.of([[RING, HOLE], [FAR]])


def zoo() -> Dataset:
    """Two images of other widths than heights and one of unknown size, with every kind of shape, rows not item by item."""
    builder = DatasetBuilder(unit="unit", form="xyxy")
    animal = Label("animal", 7, color=(1, 2, 3))
    skeleton = Skeleton(("nose", "tail"), ((0, 1),))
    builder.add_label(Label("void", 0))
    builder.add_label(animal)
    builder.add_label(Label("猫", 3, animal, skeleton=skeleton, attributes=(AttributeDefinition(name="sleeps"),)))
    sequence = builder.add_sequence("s1", name="Straße", fps=25, extras={"f/k": [1, 2]})
    builder.add_sequence("empty")
    unit = builder.add_item("é/ä.png", id=0, width=200, height=100, sequence=sequence, frame=0, status="labelled")
    pixel = builder.add_item("b.jpg", id=1 << 40, width=30, height=60, unit="pixel", form="xywh", split="train")
    bare = builder.add_item("b.jpg", unit="pixel", form="cxcywh", attributes={"night": True})
    builder.add_annotation(pixel, 0, kind="box", box=[3, 6, 12.0, 24.5], id=5, extras={"coco/area": b"294.0"})
    builder.add_annotation(
        unit, "猫", HOLED, id=0, track=3, score=0.5, attributes={"sleeps": None, "age": 3}, author="Zoë"
    )
    builder.add_annotation(unit, "animal", RotatedBox(0.5, 0.5, 0.25, 0.2, 30.0), parent=1, layer="second")
    builder.add_annotation(unit, None, Ellipse(0.5, 0.5, 0.25, 0.2, 0.0), keyframe=True, interpolation="linear")
    builder.add_annotation(-1, "animal", kind="box", box=[1, 2, 3, 4], id="lost")
    builder.add_annotation(bare, "animal", kind="box", box=[10.0, 10.0, 4.0, 6.0], track="t")
    builder.add_annotation(unit, "猫", Polyline.of([[0, 0], [0.5, 1]]), box=Box(0.25, 0.25, 0.5, 0.5))
    builder.add_annotation(unit, "猫", Point(0.25, 0.75))
    joints = Keypoints.of([[0.5, 0.5], [0, 0]], [2, 0])
    builder.add_annotation(pixel, "猫", joints)
    mask = [[0, 0, 0], [0, 1, 1]]
    grown = [[mask[y // 30][x // 10] for x in range(30)] for y in range(60)]
    builder.add_annotation(pixel, "animal", Mask.encode(grown), keypoints=joints, attributes={"age": 2.5})
    builder.add_annotation(
        unit, "void", span=TimeSpan(1.5, None, 0, 9), created="2026-01-01", updated="2026-01-02", review="ok"
    )
    builder.info["year"] = 2026
    builder.extras["coco/licenses"] = b"[{}]"
    return builder.build()
