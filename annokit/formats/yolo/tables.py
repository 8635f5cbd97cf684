"""Steps of narrowing about labels, splits and states."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.names import clean_part
from annokit.columns import MISSING, Fixed
from annokit.columns.json import loads
from annokit.columns.make import sparse_of
from annokit.formats.places import at_all, at_items
from annokit.formats.yolo.config import READ_KEYS
from annokit.formats.yolo.layout import split_word
from annokit.model.label import Label, Skeleton
from annokit.model.label_set import LabelSet
from annokit.model.schema import STATUSES

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.formats.yolo.dialects import Dialect
    from annokit.model.dataset import Dataset

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]+")


def names_for(dialect: Dialect) -> Step:
    """Give labels the names that the dialect's file can state."""
    if dialect.layout == "tree":
        return keep
    full: Callable[[Label], str] = label_path if dialect.dotted else label_name

    def step(ds: Dataset, apply: bool) -> Found:
        made = [_line(full(label), place) for place, label in enumerate(ds.labels)]
        told = "the file has a class a line, without line ends and blanks around it"
        return _renamed(ds, made, told)

    return step


def keep(ds: Dataset, apply: bool) -> Found:
    """Change nothing."""
    return ds, []


def label_name(label: Label) -> str:
    """Return the name of a label."""
    return label.name


def label_path(label: Label) -> str:
    """Return the names from the topmost label down, as Dataloop calls a label."""
    return label.path


def _line(name: str, place: int) -> str:
    return _BREAKS.sub(" ", name).strip() or f"class_{place}"


def _renamed(ds: Dataset, names: list[str], told: str) -> Found:
    changed = [label.name for label, name in zip(ds.labels, names, strict=True) if label.name != name]
    if not changed:
        return ds, []
    labels = [attrs.evolve(label, name=name) for label, name in zip(ds.labels, names, strict=True)]
    return with_labels(ds, labels), [at_all("renamed", "label.name", told, changed)]


def with_labels(ds: Dataset, labels: list[Label]) -> Dataset:
    """Return the dataset with other labels in the same places."""
    return ds._with(labels=LabelSet(labels, ds.labels.attributes))


def numbers_from(first: int) -> Step:
    """Return a step that numbers labels by their places."""

    def step(ds: Dataset, apply: bool) -> Found:
        labels = [attrs.evolve(label, source_id=place) for place, label in enumerate(ds.labels, first)]
        changed = [
            old.name
            for old, new in zip(ds.labels, labels, strict=True)
            if type(old.source_id) is not int or old.source_id != new.source_id
        ]
        if not changed:
            return ds, []
        told = f"the number of a class is its place in the list, from {first}"
        return with_labels(ds, labels), [at_all("restated", "label.source_id", told, changed)]

    return step


def joint_names(ds: Dataset, apply: bool) -> Found:
    """Keep the names of joints, of labels that have as many as the poses; edges between them have no place."""
    from annokit.formats.yolo.objects import joint_count

    count = joint_count(ds)
    made = [_named_joints(label, count) for label in ds.labels]
    changed = [label.name for label, new in zip(ds.labels, made, strict=True) if label != new]
    if not changed:
        return ds, []
    told = "a skeleton keeps the names of its joints where there are as many as every pose has, and no edges"
    return with_labels(ds, made), [at_all("dropped", "label.skeleton", told, changed)]


def _named_joints(label: Label, count: int) -> Label:
    if label.skeleton is None:
        return label
    joints: Any = label.skeleton.joints
    return attrs.evolve(label, skeleton=Skeleton(joints) if len(joints) == count and count > 0 else None)


RESERVED = frozenset((*READ_KEYS, "download", "backup", "classes", "nc", "flip_idx", "roboflow")) - {
    "train",
    "val",
    "test",
}


def splits(ds: Dataset, apply: bool) -> Found:
    """Call splits by words that can stand as a key and as a folder; where some pictures have one, all do."""
    column = ds._items.sparse("split")
    if column is None:
        return ds, []
    stated: list[Any] = column.dense().to_list()
    taken = {key.partition("/")[2] for key in ds._extras}
    made = {word: _split_name(str(word), taken) for word in dict.fromkeys(stated)}
    issues = []
    present = column.present()
    renamed = np.array([made[word] != word for word in stated], bool)
    if renamed.any():
        told = "splits are called train, val and test, or by a plain word"
        issues.append(at_items(ds, "restated", "split", told, present[renamed]))
    values: list[Any] = [MISSING] * len(ds)
    for row, word in zip(present.tolist(), stated, strict=True):
        values[row] = made[word]
    loose = np.flatnonzero(~column.mask())
    if len(loose):
        told = "pictures without a split belong to train where others have one"
        issues.append(at_items(ds, "derived", "split", told, loose))
        values = ["train" if value is MISSING else value for value in values]
    if not issues:
        return ds, []
    return ds._with(items=ds._items.replace({"split": sparse_of(len(ds), range(len(ds)), values)})), issues


def _split_name(word: str, taken: set[str]) -> str:
    word = split_word(word)
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", word) or "_"
    if plain in RESERVED or plain in taken or clean_part(plain) != plain or plain.endswith("-"):
        plain = f"split_{plain}_"
    return plain


def labelled(ds: Dataset, apply: bool) -> Found:
    """Call every item labelled: a label file says so, also an empty one."""
    code = STATUSES.index("labelled")
    status = ds._items.array("status")
    other = status != code
    if not other.any():
        return ds, []
    nothing = (status == 0) | ((status != STATUSES.index("unlabelled")) & other)
    issues = []
    if (other & ~nothing).any():
        told = "a picture that nobody has labelled gets an empty label file, which calls it background"
        issues.append(at_items(ds, "converted", "status", told, np.flatnonzero(other & ~nothing)))
    stated = other & nothing & (status != 0)
    if stated.any():
        told = "the target has no place for status; a label file says that a picture is labelled"
        issues.append(at_items(ds, "restated", "status", told, np.flatnonzero(stated)))
    silent = status == 0
    if silent.any():
        told = "a label file says that a picture is labelled"
        issues.append(at_items(ds, "derived", "status", told, np.flatnonzero(silent)))
    return ds._with(items=ds._items.replace({"status": Fixed(np.full(len(ds), code, np.uint8))})), issues


def text_extras(ds: Dataset, apply: bool) -> Found:
    """Drop the keys of a data.yaml that a file of ``key = value`` can't state."""
    gone = [key for key, raw in ds._extras.items() if not _is_line(key.partition("/")[2], loads(raw))]
    if not gone:
        return ds, []
    names = [key.partition("/")[2] for key in gone]
    issues = [at_all("dropped", name, f"obj.data has no place for {name}", [name]) for name in names]
    return ds._with(extras={key: raw for key, raw in ds._extras.items() if key not in gone}), issues


def _is_line(key: str, value: Any) -> bool:
    from annokit.formats.yolo.config import BACKUP

    if not isinstance(value, str) or value.endswith(".txt") or _BREAKS.search(value + key):
        return False
    plain = value == value.strip() and key == key.strip() and key and "=" not in key and key[0] not in "#;"
    return bool(plain and key not in ("classes", "names", "labels") and (key, value) != ("backup", BACKUP))
