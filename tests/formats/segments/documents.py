"""Releases written for the tests: every task, every layout, and everything that a reader may meet."""

import json
from io import BytesIO

import annokit


def release(samples, task="segmentation-bitmap", **more):
    """Return a release of today's layout."""
    dataset = {
        "name": "flowers",
        "description": "",
        "owner": "jane",
        "task_type": task,
        "task_attributes": {
            "format_version": "0.1",
            "categories": [
                {"id": 0, "name": "background", "has_instances": False, "color": [1, 2, 3]},
                {"id": 3, "name": "flower", "has_instances": True, "color": [4, 5, 6, 255], "attributes": []},
                {"id": 7, "name": "Blätter 葉", "has_instances": None, "color": None},
            ],
        },
        "labelsets": [{"name": "ground-truth", "description": "", "is_groundtruth": True}],
        "samples": samples,
        **more,
    }
    return {"name": "v1", "description": "x", "created_at": "2022-03-09 22:41:35.654371+00:00", "dataset": dataset}


def sample(name, attributes=None, status="LABELED", **more):
    """Return a sample with a label, or one without where `attributes` is None."""
    label = None if attributes is None else {"label_status": status, "attributes": attributes}
    return {
        "uuid": f"id of {name}",
        "name": name,
        "attributes": {"image": {"url": f"https://host/assets/{name}?signature=1"}},
        "metadata": {},
        "labels": {"ground-truth": label},
        **more,
    }


def masks(annotations, url="https://host/assets/b.png", **more):
    """Return the attributes of a segmentation."""
    return {"format_version": "0.1", "annotations": annotations, "segmentation_bitmap": {"url": url}, **more}


def vectors(annotations, **more):
    """Return the attributes of a vector label."""
    return {"format_version": "0.1", "annotations": annotations, **more}


SEGMENTATION = release(
    [
        sample(
            "dir/a.jpg",
            masks(
                [
                    {"id": 1, "category_id": 0, "attributes": {"occluded": "1", "pose": None, "n": 2, "l": ["a"]}},
                    {"id": 70000, "category_id": 3, "track_id": 70000},
                    {"id": 5, "category_id": 7, "attributes": {}, "confidence": 0.5},
                ],
                image_attributes={"weather": "sunny", "night": False, "note": None},
                links=[{"from_id": 1, "to_id": 5}],
            ),
            "REVIEWED",
            metadata={"split": "train", "city": "Gent", "1": [2]},
            created_at="2022",
            priority=0,
            surprise={"a": [1, 2.5]},
        ),
        sample("b.jpg"),
        sample("c.jpg", masks([], score_of_label=3), "PRELABELED"),
        sample("d.jpg", vectors([]), "VERIFIED"),
        sample("e.jpg", {"format_version": "0.1", "annotations": [{"id": 1, "category_id": 3}], "segmentation_bitmap": None}, "SKIPPED"),
        sample("f.jpg", {**masks([]), "segmentation_bitmap": {"url": None}}, "REJECTED"),
        sample("g.jpg", {"annotations": [], "image_attributes": {}}, "UNLABELED"),
        sample("b.jpg", masks([], segmentation_bitmap={"url": "s3://b/x.png", "signed_url": "https://s/x.png?q", "w": 3})),
        {**sample("h.jpg"), "labels": {"ground-truth": {"label_status": "LABELED", "attributes": None, "score": 0.5, "rating": None}}},
        {"name": "i.jpg", "attributes": {"image": {"url": None}}, "labels": {"ground-truth": {"attributes": {"annotations": None}}}},
        {"uuid": "no name", "attributes": None, "metadata": None, "labels": None},
        {"uuid": "k", "name": "k", "labels": {}},
        {"uuid": "l", "name": "l", "attributes": {"image": {"url": "u", "extra": 1}, "more": []}, "metadata": {}},
        {"uuid": 7, "name": 8, "attributes": {"image": 3}, "metadata": {}, "labels": {"ground-truth": "odd"}, "label": 1, "#x": 2},
    ]
)  # fmt: skip

VECTOR = release(
    [
        sample(
            "a.jpg",
            vectors(
                [
                    {"id": 1, "category_id": 0, "type": "bbox", "points": [[1, 2.5], [3, 4]]},
                    {"id": 2, "category_id": 3, "type": "bbox", "points": [[30.5, 2], [3, 4.25]]},
                    {"id": 3, "category_id": 3, "type": "bbox", "points": [[1, 40], [3, 4]]},
                    {"id": 4, "category_id": 3, "type": "bbox", "points": [[10, 40], [3, 4]]},
                    {"id": 5, "category_id": 7, "type": "polygon", "points": [[0, 0], [10.25, 0], [5, 7.5]]},
                    {"id": 6, "category_id": 7, "type": "polyline", "points": [[0, 0], [-3.5, 1e3]]},
                    {"id": 7, "category_id": 7, "type": "point", "points": [[0.1, 0.2]], "attributes": {"v": True}},
                    {"id": 8, "category_id": 7, "type": "point", "points": [[1, 2], [3, 4]]},
                    {"id": 9, "category_id": 7, "type": "polygon", "points": []},
                    {"id": 10, "category_id": 7, "type": "polygon", "points": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]},
                    {"id": 11, "category_id": 7, "type": "ellipse", "points": [[1, 2]], "yaw": 1},
                    {"id": 12, "category_id": 7, "type": "bbox", "points": [[1, 2], [3, None]]},
                    {"id": 13, "category_id": 7, "type": "bbox", "points": None},
                    {"id": 14, "category_id": 99, "type": "point", "points": [[1, 2]]},
                    {"id": 15, "category_id": "x", "type": "point", "points": [[1, 2]]},
                    {"id": 16, "category_id": None, "type": "point", "points": [[1, 2]]},
                    {"id": 17, "type": "point", "points": [[1, 2]]},
                    {"id": 18, "category_id": 3, "type": "bbox", "points": [[1, 2], [3, 4]], "yaw": 2, "#y": 1},
                    {"id": 19, "category_id": 3, "type": "point", "points": [[1, 2]], "track_id": None, "is_keyframe": 3},
                    {"id": 20, "category_id": 3, "type": "point", "points": [[1, 2]], "is_keyframe": False, "track_id": 4},
                    {"id": 21, "category_id": 3, "type": 7, "points": [[1, 2]]},
                ],
            ),
        ),
        sample("b.jpg", vectors([])),
        sample("c.jpg"),
    ],
    "vector",
)  # fmt: skip

SEQUENCE = release(
    [
        {
            **sample(
                "scene",
                {
                    "format_version": "0.2",
                    "frames": [
                        {
                            "format_version": 0.1,
                            "timestamp": "00001",
                            "annotations": [
                                {"id": 1, "track_id": 4, "category_id": 3, "type": "bbox", "points": [[1, 2], [3, 4]], "is_keyframe": True},
                                {"id": 2, "track_id": 5, "category_id": 0, "type": "bbox", "points": [[1, 2], [3, 4]], "is_keyframe": False},
                            ],
                            "image_attributes": {"light": "dim"},
                        },
                        {"annotations": [{"id": 1, "track_id": 4, "category_id": 3, "type": "bbox", "points": [[2, 2], [4, 4]]}]},
                        {"annotations": []},
                        {},
                        None,
                    ],
                    "links": [],
                },
                "REVIEWED",
                metadata={"split": "val", "x": 1},
                created_by="jane",
            ),
            "attributes": {
                "frames": [
                    {"image": {"url": "https://h/1.png"}, "name": "first", "timestamp": 1532402927647951000},
                    {"image": {"url": "https://h/2.png"}, "name": None},
                    {"image": {"url": "https://h/3.png"}, "timestamp": 2.5, "lens": "wide"},
                    {"image": {"url": None}, "name": "scene#3", "timestamp": [1]},
                ],
                "rate": 10,
            },
        },
        {**sample("unlabelled"), "attributes": {"frames": [{"image": {"url": "https://h/4.png"}}]}},
        {**sample("longer", {"frames": []}), "attributes": {"frames": [{"image": {"url": "https://h/4.png"}}] * 2}},
        {**sample("empty", {"frames": []}), "attributes": {"frames": []}},
        {**sample("frameless", {"annotations": []}), "attributes": {"frames": [3]}},
        {**sample("odd", None), "attributes": {"frames": []}, "labels": {"ground-truth": {"label_status": "LABELED"}}},
    ],
    "image-vector-sequence",
)  # fmt: skip

BITMAP_SEQUENCE = release(
    [
        {
            **sample(
                "scene",
                {
                    "frames": [
                        masks([{"id": 9, "track_id": 9, "category_id": 3, "is_keyframe": True}], "https://h/f0.png"),
                        {"annotations": [{"id": 9, "track_id": 9, "category_id": 3}], "segmentation_bitmap": None},
                        masks([{"id": 9, "track_id": 9, "category_id": 3}], "https://h/f2.png"),
                    ]
                },
            ),
            "attributes": {"frames": [{"image": {"url": f"https://h/{n}.png"}} for n in range(3)]},
        }
    ],
    "image-segmentation-sequence",
)

CUBOIDS = release(
    [
        {
            **sample(
                "cloud",
                {
                    "format_version": "0.2",
                    "annotations": [
                        {"id": 1, "category_id": 3, "type": "cuboid", "position": {"x": 1, "y": 2.5, "z": 3}, "dimensions": {"x": 4, "y": 5, "z": 6}, "yaw": 0},
                        {"id": 2, "category_id": 3, "type": "cuboid-sync", "position": {"x": 1, "y": 2.5, "z": 3}, "dimensions": {"x": 4, "y": 5, "z": 6}, "yaw": 0.5, "rotation": {"qx": 0, "qy": 0, "qz": 0, "qw": 1}, "velocity": {"x": 1}},
                        {"id": 3, "category_id": 3, "type": "cuboid", "position": {"x": 1}, "dimensions": None, "yaw": "x"},
                        {"id": 4, "category_id": 3, "type": "cuboid", "position": {"x": 1, "y": 2, "z": 3}, "dimensions": {"x": 4, "y": 5, "z": 6}},
                    ],
                },
            ),
            "attributes": {"pcd": {"url": "https://h/1.pcd", "type": "nuscenes"}, "name": "n", "timestamp": 5, "images": []},
        },
        {**sample("none"), "attributes": {"pcd": {"url": None}}},
    ],
    "pointcloud-cuboid",
)  # fmt: skip

CUBOID_SEQUENCE = release(
    [
        {
            **sample(
                "drive",
                {
                    "frames": [
                        {"annotations": [{"id": 1, "track_id": 1, "index": 0, "category_id": 3, "type": "cuboid", "position": {"x": 1, "y": 2, "z": 3}, "dimensions": {"x": 4, "y": 5, "z": 6}, "yaw": 0, "is_keyframe": False}], "timestamp": 7},
                        {"annotations": []},
                    ]
                },
            ),
            "attributes": {"frames": [{"pcd": {"url": "https://h/1.pcd"}, "name": "a", "ego_pose": {"position": {"x": 1}}}, {"pcd": {"url": "https://h/2.pcd"}, "timestamp": 9}]},
        }
    ],
    "pointcloud-cuboid-sequence",
)  # fmt: skip

POINTS = release(
    [
        {
            **sample("cloud", {"annotations": [{"id": 1, "category_id": 3}], "point_annotations": [0, 1, 1]}),
            "attributes": {"pcd": {"url": "https://h/1.pcd"}},
        }
    ],
    "pointcloud-segmentation",
)

SENSORS = release(
    [
        {
            **sample("car", {"sensors": [{"name": "lidar", "task_type": "pointcloud-cuboid-sequence", "attributes": {"frames": []}}, {"name": "camera", "attributes": []}]}),
            "attributes": {"sensors": [{"name": "lidar", "task_type": "pointcloud-cuboid-sequence", "attributes": {"frames": []}}]},
        }
    ],
    "multisensor-sequence",
)  # fmt: skip

TEXT = release(
    [
        {**sample("t1", {"annotations": [{"start": 0, "end": 4, "category_id": 0}]}), "attributes": {"text": "Ünïcode 😀 text"}},
        {**sample("t2"), "attributes": {"text": ""}},
    ],
    "text-named-entities",
)  # fmt: skip

TODAY = {
    "segmentation": SEGMENTATION,
    "vector": VECTOR,
    "sequence": SEQUENCE,
    "bitmap sequence": BITMAP_SEQUENCE,
    "cuboids": CUBOIDS,
    "cuboid sequence": CUBOID_SEQUENCE,
    "points": POINTS,
    "sensors": SENSORS,
    "text": TEXT,
    "no samples": release([]),
    "no categories": release([], task_attributes={"format_version": 0.1, "circle_radius": 3}),
    "definitions": release(
        [],
        task_attributes={
            "categories": [
                {
                    "id": 1,
                    "name": "car",
                    "dimensions": {"x": 1},
                    "surprise": 1,
                    "attributes": [
                        {"name": "colour", "input_type": "select", "values": ["red", "blue"], "default_value": "red", "is_mandatory": True},
                        {"name": "parts", "input_type": "multiselect", "values": ["a"], "is_track_level": True, "synced_across_sensors": False},
                        {"name": "free", "input_type": "text", "default_value": None, "is_track_level": False},
                        {"name": "n", "input_type": "number", "min": "0", "max": "", "step": "1"},
                        {"name": "m", "input_type": "number", "min": 1.5, "max": 7, "sensors": ["x"]},
                        {"name": "ok", "input_type": "checkbox", "default_value": False, "strange": None},
                        {"name": "v", "input_type": "vector3"},
                        {"name": "w", "input_type": "new"},
                        {"name": "x", "values": [1, 2]},
                    ],
                },
                {"id": 2, "attributes": [{"input_type": "text"}]},
                {"id": 4, "name": 5, "color": "red"},
            ],
            "image_attributes": [{"name": "weather", "input_type": "select", "values": ["sunny"]}],
        },
    ),
}  # fmt: skip

OLD_SAMPLE = {
    "name": "donuts.jpg",
    "data_type": "IMAGE",
    "attributes": {"image": {"url": "https://host/assets/3b8b.jpg"}},
    "labels": {
        "segmentation": {
            "label_status": "LABELED",
            "label_type": "segmentation-bitmap",
            "attributes": masks([{"id": 1, "category_id": 1}, {"id": 2, "category_id": 0}]),
        },
        "boxes": {
            "label_status": "REVIEWED",
            "label_type": "bboxes",
            "attributes": vectors([{"id": 1, "category_id": 0, "type": "bbox", "points": [[1, 2], [3, 4]]}]),
        },
    },
}

TASKS = [
    {
        "name": "segmentation",
        "description": "",
        "task_type": "segmentation-bitmap",
        "attributes": {
            "format_version": "0.1",
            "categories": [{"name": "person", "id": 0}, {"name": "donut", "id": 1}],
        },
    },
    {"name": "boxes", "task_type": "bboxes", "attributes": {"categories": [{"name": "box", "id": 0}]}},
]

FIRST_LAYOUT = {"name": "first", "description": "", "created_at": "2020-07-09 10:20:19+00:00", "dataset": {"name": "food"}, "tasks": TASKS, "samples": [OLD_SAMPLE, {**OLD_SAMPLE, "name": "x", "labels": {"segmentation": None}}]}  # fmt: skip
SECOND_LAYOUT = {
    "name": "second",
    "dataset": {"name": "food", "owner": "jane", "tasks": TASKS, "samples": [OLD_SAMPLE]},
}
TASKS_BY_NAME = {"name": "third", "dataset": {"name": "food", "tasks": {task["name"]: {k: v for k, v in task.items() if k != "name"} for task in TASKS}, "samples": [OLD_SAMPLE]}}  # fmt: skip


def parsed(document, **options):
    """Read a document."""
    return annokit.read(BytesIO(json.dumps(document).encode()), "segments", **options)


def written(dataset, **options):
    """Write a dataset that needs no bitmaps; return the document and the report."""
    file = BytesIO()
    report = annokit.write(dataset, file, "segments", **options)
    return json.loads(file.getvalue()), report
