"""The geometry that we read of the vendor's real export, against the vendor's own COCO export of it.

They are equal but for what each test names: there the vendor's exporter leaves something out, or is wrong.
"""

import json
from io import BytesIO

import numpy as np
import pytest

import annokit
from annokit import Box, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox
from tests.fixtures import fixture
from tests.formats.encord.test_encord import parsed, row, thing


def read():
    return annokit.read(
        fixture("encord/coco_exporter__LABELS_LIST.json"),
        ontology=fixture("encord/coco_exporter__ONTOLOGY_STRUCTURE_DICT.json"),
    )


def pairs():
    """Return (annotation in pixels, the vendor's entry, our frame) of everything that the vendor exports."""
    coco = json.loads(fixture("encord/coco_exporter__COCO_EXPORTER_EXPECTED_RES.json").read_bytes())
    ds, found = read(), []
    assert len(ds) == len(coco["images"])
    names = {category["id"]: category["name"] for category in coco["categories"]}
    for image, item in zip(coco["images"], ds, strict=True):
        assert (image["width"], image["height"]) == (item.width, item.height)
        theirs = [entry for entry in coco["annotations"] if entry["image_id"] == image["id"]]
        mine = [annotation for annotation in item.annotations if annotation.shape is not None]
        for annotation, entry in zip(mine, theirs, strict=True):
            assert annotation.track == entry["attributes"]["encord_track_uuid"]
            assert annotation.label.name == names[entry["category_id"]]
            found.append((annotation, annotation.to_pixels(), entry, item))
    return found


@pytest.fixture(scope="module")
def compared():
    return pairs()


def test_nothing_of_the_export_is_left_unread():
    assert str(annokit.read(fixture("encord/coco_exporter__LABELS_LIST.json")).issues) == "nothing to report"
    assert str(read().issues) == "nothing to report"


def test_every_object_is_there_with_its_class(compared):
    assert len(compared) == 64
    assert {type(shape) for _, shape, _, _ in compared} == {Box, RotatedBox, Polygon, Polyline, Mask, Point, Keypoints}


def of(compared, kind):
    found = [part for part in compared if isinstance(part[1], kind)]
    assert found
    return found


def test_boxes_are_equal(compared):
    for _, box, entry, _ in of(compared, Box):
        assert [box.xmin, box.ymin, box.width, box.height] == pytest.approx(entry["bbox"])


def test_rotated_boxes_are_equal_before_their_turn(compared):
    """The vendor exports the upright box, and the angle beside it; ours is the box that is drawn."""
    for _, box, entry, _ in of(compared, RotatedBox):
        assert [box.cx - box.width / 2, box.cy - box.height / 2, box.width, box.height] == pytest.approx(entry["bbox"])
        assert box.angle == entry["attributes"]["rotation"]


def test_polygons_are_equal(compared):
    for _, polygon, entry, _ in of(compared, Polygon):
        ((ring,),) = polygon.parts
        assert ring.reshape(-1) == pytest.approx(np.array(entry["segmentation"][0]))
        bounds = polygon.bounds()
        assert [bounds.xmin, bounds.ymin, bounds.width, bounds.height] == pytest.approx(entry["bbox"])


def test_lines_go_there_and_back_again_with_the_vendor(compared):
    for _, line, entry, _ in of(compared, Polyline):
        there = np.concatenate([line.points, line.points[::-1]])
        assert there.reshape(-1) == pytest.approx(np.array(entry["segmentation"][0]))


def test_masks_are_equal(compared):
    """Ours goes down the columns at once, as COCO means it."""
    for annotation, _, entry, _ in of(compared, Mask):
        theirs = Mask(tuple(entry["segmentation"]["size"]), entry["segmentation"]["counts"])
        assert (annotation.shape.decode() == theirs.decode()).all()
        assert annotation.shape.area == entry["area"]


def test_points_are_equal(compared):
    for _, point, entry, _ in of(compared, Point):
        assert [point.x, point.y, 2.0] == pytest.approx(entry["keypoints"])


def test_joints_are_equal(compared):
    for _, joints, entry, _ in of(compared, Keypoints):
        theirs = np.array(entry["keypoints"]).reshape(-1, 3)
        assert joints.points == pytest.approx(theirs[:, :2])
        assert joints.visibility.tolist() == theirs[:, 2].tolist()


def test_bounds_of_joints_differ_where_one_lies_outside(compared):
    """The vendor counts joints that are not there; COCO, and we, only those that are labelled."""
    for _, joints, entry, _ in of(compared, Keypoints):
        seen, bounds = joints.points[joints.visibility > 0], joints.bounds()
        assert [bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax] == pytest.approx(
            [*seen.min(axis=0), *seen.max(axis=0)]
        )
        low, high = joints.points.min(axis=0), joints.points.max(axis=0)
        assert [*low, *(high - low)] == pytest.approx(entry["bbox"])
        assert entry["num_keypoints"] == len(joints.points)


def test_what_the_vendor_says_of_attributes_is_so(compared):
    """It finds dynamic answers on the first row only, of a checklist one option, and no nested ones: ours has more."""
    static = ("box text", "rotatable box radio")
    said = 0
    for annotation, _, entry, _ in compared:
        told = dict(annotation.attributes)
        ticked = {option for value in told.values() if isinstance(value, list) for option in value}
        for name, value in entry["attributes"]["classifications"].items():
            if name in static:
                assert told.get(name) == value
            if (
                value in (None, False) or value == name
            ):  # the attribute's own name stands in the export for the option's
                continue
            assert value == told.get(name) or (value is True and name in ticked)
            said += 1
    assert said == 18
    assert sum(len(annotation.attributes) for annotation, _, _, _ in compared) == 60


def test_our_own_coco_says_the_same(compared):
    stream = BytesIO()
    annokit.write(read(), stream, "coco", on_loss="allow")
    coco = json.loads(stream.getvalue())
    mine = [
        entry
        for entry in coco["annotations"]
        if entry.get("segmentation") or entry.get("keypoints") or entry.get("bbox")
    ]
    boxes = {}
    for entry in mine:
        boxes.setdefault(entry["image_id"], []).append(entry)
    equal = 0
    for annotation, shape, entry, item in compared:
        if isinstance(shape, Box | Polygon | Mask):
            ours = boxes[coco["images"][item.row]["id"]]
            equal += any(
                e["bbox"] == pytest.approx(entry["bbox"], abs=1e-6) and annotation.track in json.dumps(e) for e in ours
            )
    assert equal == sum(isinstance(shape, Box | Polygon | Mask) for _, shape, _, _ in compared)


@pytest.mark.parametrize("name", ["MULTIPOLYGON", "MULTIPOLYGON_WITH_ENCLOSED_POLYGONS"])
def test_polygons_of_several_rings_differ_along_their_edges_only(name):
    """The vendor cuts points to whole pixels and paints the edge too; ours are the pixels whose centres lie inside."""
    parts = json.loads(fixture(f"encord/coco_exporter__{name}.json").read_bytes())
    told = json.loads(fixture(f"encord/coco_exporter__{name}_EXPECTED_COCO_SEGMENTATION.json").read_bytes())
    height, width = told["size"]
    record = row({"objects": [thing("polygon", "polygons", parts)]})
    record["data_units"]["d1"].update(width=width, height=height)
    ds = parsed(record)
    assert [len(part) for part in ds[0].annotations[0].shape.parts] == [len(part) for part in parts]
    mine, theirs = ds[0].masks()[0], Mask((height, width), told["counts"]).decode()
    differ = mine != theirs
    edge = np.zeros_like(mine)
    for axis in (0, 1):
        changes = np.diff(theirs.astype(np.int8), axis=axis) != 0
        for shift in range(-2, 3):
            moved = np.roll(changes, shift, axis=axis)
            edge[tuple(slice(0, n) for n in moved.shape)] |= moved
    assert differ.any()
    assert not (differ & ~edge).any()
    assert differ.sum() < 0.01 * theirs.sum()
