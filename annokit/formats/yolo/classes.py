"""Trees of classification: a folder per class, below a folder per split or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.names import clean_part, safe_names, write_manifest
from annokit.columns import MISSING, Column, Fixed, Table
from annokit.columns.make import sparse_of
from annokit.formats.labels import first_uses
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import without
from annokit.formats.yolo import tables
from annokit.formats.yolo.layout import CANONICAL, HEAD, LIST, is_image, listed, split_word
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from annokit.model.label_set import LabelSet
from annokit.model.select import select_items

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext, WriteContext
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset


def class_tree(source: Source, context: ReadContext, originals: Mapping[str, str], measure: bool) -> Dataset:
    """Read a tree; the label of an item is the folder that it lies in."""
    from annokit.formats.yolo.reading import item_table
    from annokit.formats.yolo.trees import Entry

    listed = _listed(source)
    known = set(listed)
    paths = [*listed, *(name for name in source.names() if is_image(name) and name not in known)]
    split = any(path.partition("/")[0].lower() in CANONICAL and path.count("/") > 1 for path in paths)
    placed = [_place(path, split) for path in paths]
    names = sorted({word for _, word, _ in placed if word is not None})
    position = {name: number for number, name in enumerate(names)}
    entries = [
        Entry(path, path if path in source else None, word, own, originals.get(path, rest))
        for path, (own, word, rest) in zip(paths, placed, strict=True)
    ]
    builder = DatasetBuilder()
    for name in names:
        builder.add_label(Label(name))
    items, bad = item_table(source, entries, context.dialect, np.zeros(len(entries), bool), measure, context.progress)
    builder.add_items(items)
    builder.report(bad)
    rows = [(row, position[word]) for row, (_, word, _) in enumerate(placed) if word is not None]
    columns: dict[str, Column] = {
        "item": Fixed(np.array([row for row, _ in rows], np.int64)),
        "label": Fixed(np.array([label for _, label in rows], np.int64)),
    }
    builder.add_annotations(Table(len(rows), columns))
    context.progress(len(paths), len(paths))
    return builder.build()


def _listed(source: Source) -> list[str]:
    if source.kind == "file" or LIST not in source:
        return []
    return listed(source.read_text(LIST))


def _place(path: str, split: bool) -> tuple[str | None, str | None, str]:
    """Return the split and the class of a picture, and its path below the split."""
    first, slash, rest = path.partition("/")
    if split and slash and first.lower() in CANONICAL:
        own: str | None = split_word(first)
    else:
        own, rest = None, path
    word, slash, _ = rest.partition("/")
    return own, word if slash else None, rest


def one_class(ds: Dataset, apply: bool) -> Found:
    """Leave out second classes of a picture, and pictures without any."""
    item = ds._annotations.array("item")
    issues = []
    again = np.ones(len(item), bool)
    again[np.unique(item, return_index=True)[1]] = False
    if again.any():
        told = "a picture lies in the folder of one class; its first one is kept"
        issues.append(at_annotations(ds, "refused", "label", told, np.flatnonzero(again)))
        ds = without(ds, np.flatnonzero(again))
    has = np.zeros(len(ds), bool)
    has[ds._annotations.array("item")] = True
    if not has.all():
        told = "a picture without a class has no folder"
        issues.append(at_items(ds, "refused", "label", told, np.flatnonzero(~has)))
        ds = select_items(ds, np.flatnonzero(has))
    return ds, issues


def class_folders(ds: Dataset, apply: bool) -> Found:
    """Call labels by names that a folder can have, list those in use by name, and merge those of one name."""
    issues = []
    cleaned = [clean_part(label.name) for label in ds.labels]
    distinct = list(dict.fromkeys(cleaned))
    safe = dict(zip(distinct, safe_names(distinct).files, strict=True))
    names = [safe[name] for name in cleaned]
    renamed = [label.name for label, name in zip(ds.labels, names, strict=True) if label.name != name]
    if renamed:
        issues.append(at_all("renamed", "label.name", "a class is a folder, whose name has to be safe", renamed))
        ds = tables.with_labels(
            ds, [attrs.evolve(label, name=name) for label, name in zip(ds.labels, names, strict=True)]
        )
    moved, kept = first_uses(ds)
    unused = [label.name for place, label in enumerate(ds.labels) if moved[place] < 0]
    if unused:
        issues.append(at_all("dropped", "label", "a class without pictures has no folder", unused))
    used = [label.name for place, label in enumerate(ds.labels) if moved[place] >= 0]
    if len(used) > len(kept):
        issues.append(at_all("converted", "label", "labels of one name become one", _repeated(used)))
    ordered = sorted(kept, key=lambda label: label.name)
    if list(dict.fromkeys(used)) != [label.name for label in ordered]:
        issues.append(at_all("restated", "label", "classes are listed by name", [label.name for label in ordered]))
    if not issues:
        return ds, []
    place = {label.name: number for number, label in enumerate(ordered)}
    numbers = np.array([*(place.get(label.name, -1) for label in ds.labels), -1], np.int64)
    column = Fixed(numbers[ds._annotations.array("label")])
    changed = ds._annotations.replace({"label": column})
    return ds._with(labels=LabelSet(ordered, ds.labels.attributes), annotations=changed), issues


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def class_splits(ds: Dataset, apply: bool) -> Found:
    """Call splits train, val and test; all pictures have one where some have, or where a class is called like one."""
    column = ds._items.get("split")
    stated: list[Any] = [MISSING] * len(ds) if column is None else column.to_list()
    clash = any(label.name.lower() in CANONICAL for label in ds.labels)
    if all(word is MISSING for word in stated) and not (clash and len(ds)):
        return ds, []
    made = ["train" if word is MISSING else split_word(str(word)) for word in stated]
    made = [word if word in CANONICAL.values() else "train" for word in made]
    other = [row for row, (old, new) in enumerate(zip(stated, made, strict=True)) if old is not MISSING and old != new]
    loose = [row for row, old in enumerate(stated) if old is MISSING]
    issues = []
    if other:
        told = "splits are called train, val and test; any other becomes train"
        issues.append(at_items(ds, "restated", "split", told, np.array(other), severity="warning"))
    if loose:
        told = "pictures without a split belong to train"
        issues.append(at_items(ds, "derived", "split", told, np.array(loose)))
    if not issues:
        return ds, []
    return ds._with(items=ds._items.replace({"split": sparse_of(len(ds), range(len(ds)), made)})), issues


STEPS = (one_class, class_folders, class_splits, tables.labelled)


def write(ds: Dataset, output: Output, context: WriteContext) -> None:
    """Put pictures into folders, and list them."""
    from annokit.formats.pictures import write_media
    from annokit.formats.yolo.writing import splits_of

    item = ds._annotations.array("item")
    word = [""] * len(ds)
    for row, label in zip(item.tolist(), ds._annotations.array("label").tolist(), strict=True):
        word[row] = ds.labels[label].name
    splits = splits_of(ds)
    placed = [
        ("" if split is None else f"{split}/") + f"{own}/{name.removeprefix(f'{own}/')}"
        for own, name, split in zip(word, ds.names, splits, strict=True)
    ]
    files = list(safe_names(placed).files)
    derived = [_place(file, split is not None)[2] for file, split in zip(files, splits, strict=True)]
    output.write(LIST, "\n".join([HEAD + context.dialect_name, *files, ""]).encode())
    write_manifest(output, {f: name for f, name, own in zip(files, ds.names, derived, strict=True) if name != own})
    write_media(ds, output, context, files)
    context.progress(len(files), len(files))
