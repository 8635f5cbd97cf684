"""One small dataset with something of everything, and ways to alter its file."""

import io
import json
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np

from annokit.formats.io import write
from annokit.geometry import Box, Keypoints, Mask, Polygon, TimeSpan
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import AttributeDefinition, Label, Option, Skeleton
from annokit.report import Issue, Places

TRIANGLE = np.array([[0.1, 0.2], [0.6, 0.2], [0.6, 0.9]])


def sample() -> Dataset:
    """Two videos' frames and a still, five annotations, labels with all that labels can have."""
    builder = DatasetBuilder(unit="pixel", form="xywh", time_unit="ms")
    animal = Label("animal", 0, extras={"coco/supercategory": None})
    pose = AttributeDefinition(name="pose", type="select", options=[Option(name="lying", source_id=7)])
    skeleton = Skeleton(("nose", "tail"), ((0, 1),))
    builder.add_label(Label("cat", 2**70, animal, (1, 2, 3), attributes=[pose], skeleton=skeleton, is_thing=True))
    builder.add_label(animal)
    video = builder.add_sequence("v-1", name="vidéo", fps=25, frames=100)
    frame = builder.add_item("vidéo#7", id="f7", width=640, height=360, kind="frame", frame=7, sequence=video)
    still = builder.add_item("a/猫.png", id=12, width=30, height=50, path="/data/猫.png", attributes={"night": True})
    builder.add_item("empty.png", status="labelled")
    builder.add_annotation(frame, "cat", Polygon(((TRIANGLE, TRIANGLE / 2), (TRIANGLE / 3,))), id=1, track=5, score=1)
    builder.add_annotation(frame, "cat", Box(0.1, 0.2, 0.5, 0.6), id=2, parent=0, attributes={"pose": "lying"})
    builder.add_annotation(frame, "animal", span=TimeSpan(0.5, None), extras={"coco/x": {"a": [1, None]}})
    builder.add_annotation(still, "cat", Mask.encode(np.eye(50, 30, dtype=bool)), layer="second")
    builder.add_annotation(still, None, Keypoints(TRIANGLE, np.array([2, 1, 0])), author="me")
    builder.info = {"year": 2026, "ünï": [1.5, 2**70, None]}
    builder.extras = {"coco/licenses": b'[ {"id": 0} ]'}
    places = Places.of([("a/猫.png", 3, "odd"), (None, None, None)])
    builder.report(Issue.at("odd-value", "warning", "odd", places, field="area"))
    return builder.build()


def stored(ds: Dataset) -> bytes:
    """Return the file of a dataset."""
    file = io.BytesIO()
    write(ds, file, "annokit")
    return file.getvalue()


def altered(data: bytes, change: Callable[[dict[str, Any]], None], tree: bool = False) -> bytes:
    """Return a file whose header, or the tree in it, was changed, with a digest that fits."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    if tree:
        inner = json.loads(header["__metadata__"]["tree"])
        change(inner)
        header["__metadata__"]["tree"] = json.dumps(inner)
    else:
        change(header)
    return sealed(json.dumps(header, separators=(",", ":")).encode(), data[8 + length :])


def sealed(header: bytes, arrays: bytes) -> bytes:
    """Return a file of this header, padded and with a digest that fits."""
    header = header.ljust(-(-(8 + len(header)) // 64) * 64 - 8)
    head = bytearray(len(header).to_bytes(8, "little") + header)
    place = head.find(b'"digest":"') + 10
    if place >= 10:
        head[place : place + 32] = b"0" * 32
        head[place : place + 32] = blake2b(head, digest_size=16).hexdigest().encode()
    return bytes(head) + arrays
