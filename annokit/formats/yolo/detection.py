"""The marks of YOLO trees, seen in names and in the beginning of some files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.codecs.number_lines import parse_lines
from annokit.formats.yolo import keras
from annokit.formats.yolo.config import is_dataset_yaml
from annokit.formats.yolo.dialects import DIALECTS
from annokit.formats.yolo.layout import CANONICAL, HEAD, LIST, is_image, label_file
from annokit.formats.yolo.trees import BESIDE, looks_like_labels

if TYPE_CHECKING:
    from annokit.formats.detect import Probe

LOOKS = 20
"""Label files looked at."""


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise a tree by annokit's own list, its configuration, the names of its files, or its label files."""
    last = {name.rpartition("/")[2]: name for name in reversed(probe.names)}
    if LIST in last:
        head = probe.head(last[LIST]).split(b"\n", 1)[0].decode("utf-8", "replace")
        dialect = head.removeprefix(HEAD).strip()
        if head.startswith(HEAD) and dialect in DIALECTS:
            return {dialect: f"{LIST} says so"}
    yaml = next((name for name in probe.ending(".yaml", ".yml")[:50] if is_dataset_yaml(probe.head(name))), None)
    if yaml is not None:
        return {"": f"{yaml} names classes"}
    for mark, dialect in (("obj.data", "darknet"), ("obj.names", "darknet"), ("darknet.labels", "innotescus")):
        if mark in last:
            return {dialect: f"there is a file {mark}"}
    found = _keras(probe, last)
    return found if found else _by_labels(probe, last)


def _keras(probe: Probe, last: Mapping[str, str]) -> dict[str, str]:
    if keras.FILE in last:
        return {"keras": f"there is a file {keras.FILE}"}
    texts = probe.ending(".txt")
    if len(texts) > 3 or not texts:
        return {}
    name = next((name for name in texts if keras.looks_like(probe.head(name))), None)
    if name is None:
        return {}
    ids = {token.rpartition(b",")[2] for token in probe.head(name).split() if token.count(b",") == 4}
    if b"0" in ids:
        return {"keras-0": f"{name} has boxes in pixels and a class 0"}
    reason = f"{name} has boxes in pixels; whether classes count from 0 or from 1 can't be told"
    return {"keras": reason, "keras-0": reason}


def _by_labels(probe: Probe, last: Mapping[str, str]) -> Mapping[str, str]:
    texts = [name for name in probe.ending(".txt") if name.rpartition("/")[2] not in ("labels.txt", "classes.txt")]
    texts = [name for name in texts if not BESIDE.search(name)]
    below = [name for name in texts if "/labels/" in f"/{name}"]
    looked = [name for name in (below or texts)[:LOOKS] if probe.head(name).strip()]
    fits = bool(below or texts) and all(looks_like_labels(probe.head(name)) for name in looked)
    if fits and "labels.txt" in last and not below:
        return _dataloop(probe, last["labels.txt"], looked)
    named = any(name.endswith(".names") for name in last)
    if fits and named:
        return {"darknet": "there is a file of names beside label files"}
    beside = {name.rpartition(".")[0] for name in probe.names if is_image(name)}
    if fits and (looked or below) and (below or "classes.txt" in last or {n[:-4] for n in texts} & beside):
        return {"": "there are label files" + (" below labels/" if below else "")}
    return {} if texts else _unseen(probe) or _classes(probe)


def _unseen(probe: Probe) -> dict[str, str]:
    """Recognise a tree of so many pictures that its label files are not among the names looked at."""
    images = [name for name in probe.names[-LOOKS:] if is_image(name) and "/images/" in f"/{name}"]
    heads = [probe.head(label_file(name)) for name in images]
    fits = any(heads) and all(looks_like_labels(head) for head in heads)
    return {"": "there are label files below labels/"} if fits else {}


def _dataloop(probe: Probe, names: str, looked: list[str]) -> dict[str, str]:
    """Tell the bases apart where the numbers of the classes do."""
    count = len(probe.head(names).strip().splitlines())
    ids = set()
    for name in looked:
        found = parse_lines(probe.head(name).replace(b"\r", b"\n"))
        ids.update(found.values[found.offsets[:-1]].tolist())
    if 0 in ids:
        return {"dataloop": f"{names} beside label files, with a class 0"}
    if count in ids:
        return {"dataloop-1": f"{names} beside label files, with a class {count} of {count}"}
    reason = f"{names} beside label files; whether classes count from 0 or from 1 can't be told"
    return {"dataloop": reason, "dataloop-1": reason}


def _classes(probe: Probe) -> dict[str, str]:
    """Recognise folders of classes below folders of splits, which hold pictures and nothing else."""
    names = [name for name in probe.names if not BESIDE.search(name)]
    if len(names) < 2 or not all(is_image(name) for name in names):
        return {}
    tops = {name.partition("/")[0].lower() for name in names}
    deep = all(name.count("/") > 1 for name in names)
    fits = deep and tops <= CANONICAL.keys() and "train" in tops
    return {"ultralytics-classify": "pictures in folders of classes below train"} if fits else {}
