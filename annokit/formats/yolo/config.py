"""What stands beside the labels: ``data.yaml``, ``obj.data``, files with the names of the classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from annokit.codecs.yaml import parse_yaml, typed
from annokit.columns.json import dumps
from annokit.errors import FormatError
from annokit.formats.yolo.dialects import TASK_ROWS, Row
from annokit.report import Issue

if TYPE_CHECKING:
    from annokit.codecs.source import Source

YAML_BYTES = 32 << 20
"""Largest YAML file."""

MOST_CLASSES = 1_000_000
"""Largest number of a class."""

READ_KEYS = ("path", "train", "val", "validation", "test", "nc", "names", "kpt_shape", "kpt_names", "task")
"""Keys of a data.yaml that the model holds."""

NAMES_FILES = ("obj.names", "darknet.labels", "labels.txt", "classes.txt", "yolokeras.classes.txt")
"""Files with a class a line, by their usual names; so is every other ``*.names``."""

_YAML_MARK = re.compile(rb"^[\"']?(?:names|nc)[\"']?[ ]*:", re.MULTILINE)
_SPLIT_MARK = re.compile(rb"^[\"']?(?:train|val|validation|test|path)[\"']?[ ]*:", re.MULTILINE)


@attrs.frozen(kw_only=True)
class Config:
    """What a tree says of itself."""

    name: str | None = None
    """The file that says it."""

    classes: tuple[str, ...] | None = None
    """Names of the classes, in the order of their numbers; None where nothing tells."""

    splits: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(key, folders or list files as the file states them), in its order."""

    root: str = ""
    """``path``, as the file states it."""

    rows: tuple[Row, ...] = ()
    """What rows state, where the file names a task."""

    joints: tuple[int, int] | None = None
    """``kpt_shape``: joints, and numbers of each."""

    joint_names: Mapping[int, tuple[str, ...]] = attrs.field(factory=dict)
    """Names of the joints by class."""

    extras: Mapping[str, bytes] = attrs.field(factory=dict)
    """Keys that the model does not map, as JSON."""

    issues: tuple[Issue, ...] = ()
    """What to tell."""


def is_dataset_yaml(head: bytes) -> bool:
    """Tell whether the beginning of a YAML file is that of a dataset's."""
    return _YAML_MARK.search(head) is not None and (b"names" in head or _SPLIT_MARK.search(head) is not None)


def find_yaml(source: Source) -> str | None:
    """Return the dataset's YAML file, None where there is none; FormatError where several could be it."""
    found = [name for name in source.names() if name.lower().endswith((".yaml", ".yml")) and name.count("/") < 4]
    found = [name for name in found[:50] if is_dataset_yaml(source.read(name, 1 << 16))]
    for usual in ("data.yaml", "dataset.yaml", "data.yml", "dataset.yml"):
        fits = [name for name in found if name.rpartition("/")[2] == usual]
        if len(fits) == 1:
            return fits[0]
    if len(found) > 1:
        raise FormatError(
            "several files could be the dataset's YAML",
            path=source.label,
            found=", ".join(found[:5]),
            expected="one, or data= with its name",
        )
    return found[0] if found else None


def read_yaml(source: Source, name: str) -> Config:
    """Return what a ``data.yaml`` says.

    Raises
    ------
    FormatError
        It is no YAML, or what it says makes no sense.
    """
    if (source.size(name) or 0) > YAML_BYTES:
        raise FormatError("the YAML file is too large", path=source.where(name), expected=f"at most {YAML_BYTES} bytes")
    label = source.where(name)
    told = parse_yaml(source.read_text(name), path=label)
    if not isinstance(told, dict):
        raise FormatError("this is no dataset", path=label, found=f"{told!r:.60}", expected="a map with names")
    issues: list[Issue] = []
    joints = _joints(told.get("kpt_shape"), label)
    extras = {f"yolo/{key}": dumps(typed(value)) for key, value in told.items() if key not in READ_KEYS}
    splits = tuple((key, places) for key, value in told.items() if (places := _places(key, value)))
    task = told.get("task")
    return Config(
        name=name,
        classes=_classes(told.get("names"), told.get("nc"), label, issues),
        splits=splits,
        root=str(told.get("path") or ""),
        rows=TASK_ROWS.get(task, ()) if isinstance(task, str) else (),
        joints=joints,
        joint_names=_joint_names(told.get("kpt_names"), joints),
        extras=extras,
        issues=tuple(issues),
    )


def _places(key: str, value: Any) -> tuple[str, ...]:
    """Return the folders or lists of a key that may be a split."""
    if key in READ_KEYS and key not in ("train", "val", "validation", "test"):
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(place, str) for place in listed):
        return ()
    return tuple(str(place) for place in listed if place)


def _classes(names: Any, count: Any, label: str, issues: list[Issue]) -> tuple[str, ...] | None:
    if isinstance(names, dict):
        found = _numbered(names, label, issues)
    elif isinstance(names, list):
        if not all(isinstance(name, str) for name in names):
            raise FormatError("the names of the classes are no texts", path=label, pointer="/names")
        found = tuple(str(name) for name in names)
    elif names:
        raise FormatError("the names of the classes are neither a list nor a map", path=label, found=f"{names!r:.60}")
    else:
        return None if count is None else tuple(f"class_{place}" for place in range(_count(count, label)))
    if count is not None and _count(count, label) != len(found):
        told = f"nc is {count}, but there are {len(found)} names, which count"
        issues.append(Issue("odd-value", "warning", told, examples=(label,), field="nc"))
    return found


def _count(value: Any, label: str) -> int:
    number = typed(value)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_CLASSES:
        raise FormatError("nc is no number of classes", path=label, found=f"{value!r:.60}")
    return number


def _numbered(names: Mapping[str, Any], label: str, issues: list[Issue]) -> tuple[str, ...]:
    """Return names given by number, in order; a number that is not there gets a name like ``class_3``."""
    found: dict[int, str] = {}
    for key, name in names.items():
        if not re.fullmatch(r"[0-9]{1,7}", key) or int(key) >= MOST_CLASSES or not isinstance(name, str):
            raise FormatError(
                "a class has no number", path=label, found=f"{key!r:.40}: {name!r:.40}", expected="number: name"
            )
        found[int(key)] = str(name)
    gaps = [number for number in range(max(found, default=-1) + 1) if number not in found]
    if gaps:
        told = "numbers of classes without a name; they are called class_<number>"
        examples = tuple(map(str, gaps[:5]))
        issues.append(Issue("odd-value", "warning", told, len(gaps), examples, field="names"))
    return tuple(found.get(number, f"class_{number}") for number in range(max(found, default=-1) + 1))


def _joints(value: Any, label: str) -> tuple[int, int] | None:
    if value is None or value == "":
        return None
    shape = typed(value)
    if (
        not isinstance(shape, list)
        or len(shape) != 2
        or not all(type(n) is int and 0 <= n <= 10_000 for n in shape)
        or shape[1] not in (2, 3)
    ):
        raise FormatError(
            "kpt_shape makes no sense", path=label, found=f"{shape!r:.60}", expected="[joints, 2] or [joints, 3]"
        )
    return shape[0], shape[1]


def _joint_names(value: Any, joints: tuple[int, int] | None) -> dict[int, tuple[str, ...]]:
    if not isinstance(value, dict) or joints is None:
        return {}
    return {
        int(key): tuple(map(str, names))
        for key, names in value.items()
        if key.isdecimal()
        and isinstance(names, list)
        and len(names) == joints[0]
        and all(isinstance(n, str) for n in names)
    }


def read_names(source: Source, name: str) -> tuple[str, ...]:
    """Return the names of classes that stand one a line; empty lines count but for those at the end."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", source.read_text(name))]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def read_obj_data(source: Source, name: str) -> tuple[dict[str, str], Config]:
    """Return the keys of an ``obj.data`` file, and what they say but for the classes."""
    keys: dict[str, str] = {}
    for line in source.read_text(name).splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith(("#", ";")):
            keys[key.strip()] = value.strip()
    splits = tuple((key, (value,)) for key, value in keys.items() if key not in _NO_SPLITS and value.endswith(".txt"))
    known = {*_NO_SPLITS, *(key for key, _ in splits)}
    told = {f"yolo/{key}": dumps(value) for key, value in keys.items() if key not in known}
    if keys.get("backup", BACKUP) != BACKUP:
        told["yolo/backup"] = dumps(keys["backup"])
    return keys, Config(name=name, splits=splits, extras=told)


BACKUP = "backup/"
"""Where Darknet stores weights, unless the file says otherwise."""

_NO_SPLITS = ("classes", "names", "backup", "labels")


def names_file(source: Source, usual: Sequence[str] = NAMES_FILES) -> str | None:
    """Return the file with the names of the classes, the uppermost one; None where there is none."""
    for wanted in usual:
        fits = [name for name in source.names() if name.rpartition("/")[2] == wanted]
        if fits:
            return min(fits, key=lambda name: (name.count("/"), name))
    others = [name for name in source.names() if name.endswith(".names")]
    return min(others, key=lambda name: (name.count("/"), name)) if others else None
