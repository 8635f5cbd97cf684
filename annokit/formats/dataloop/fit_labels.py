"""Steps of narrowing about labels: full names, parents among the labels, what an ontology can say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed
from annokit.columns.json import dumps, loads
from annokit.formats.dataloop.ontology import OWN, Ontology, Template, document_of, ontology_of
from annokit.formats.labels import first_uses
from annokit.formats.places import at_all
from annokit.model.label import AttributeDefinition, Label, Skeleton
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

REST = "dataloop/#ontology"
"""Extra of a dataset: what an ontology says besides labels and definitions."""


def fit_labels(ds: Dataset, apply: bool) -> Found:
    """Give labels their full names, put parents among them, and leave what an ontology can't say."""
    names = [label.path for label in ds.labels]
    ontology = ontology_of(document_of(_gathered(ds)), "")
    place = {label.name: position for position, label in enumerate(ontology.labels)}
    made = LabelSet(ontology.labels, ontology.attributes)
    issues = list(_issues(ds, names, made))
    if not issues and made == ds.labels:
        return ds, []
    if not issues:
        issues = [at_all("restated", "label", "labels are stated as an ontology states them", _names(ds.labels))]
    moved = np.array([*(place[name] for name in names), -1], np.int64)
    label = Fixed(moved[ds._annotations.array("label")])
    return ds._with(labels=made, annotations=ds._annotations.replace({"label": label})), issues


def _names(labels: Iterable[Label]) -> list[str]:
    return [label.name for label in labels]


def _gathered(ds: Dataset) -> Ontology:
    """Return the labels under their full names, parents before children, and all definitions."""
    found: dict[str, Label] = {}
    for label in ds.labels:
        _add(found, label, stated=True)
    children: dict[str | None, list[Label]] = {}
    for label in found.values():
        children.setdefault(None if label.parent is None else label.parent.name, []).append(label)
    definitions = list(ds.labels.attributes)
    for label in ds.labels:
        concerned: Any = (label.path,)
        definitions += [attrs.evolve(each, labels=concerned) for each in label.attributes]
    return Ontology(tuple(_in_order(children, None)), tuple(definitions))


def _add(found: dict[str, Label], label: Label, *, stated: bool) -> Label:
    """Return the label under its full name, and put it and those above it among the `found`."""
    name = label.path
    parent = None if label.parent is None else _add(found, label.parent, stated=False)
    if name not in found or (stated and found[name].source_id == PLACEHOLDER):
        skeleton = None if label.skeleton is None else distinct_joints(label.skeleton)
        extras = {key: value for key, value in label.extras.items() if key.startswith(OWN)}
        source = None if stated else PLACEHOLDER
        found[name] = Label(name, source, parent, label.color, skeleton=skeleton, extras=extras)
    return found[name]


PLACEHOLDER = "#parent"
"""Marks a label that is known only as the parent of others."""


def distinct_joints(skeleton: Skeleton) -> Skeleton:
    """Return a skeleton no two joints of which have one name."""
    taken: dict[str, int] = {}
    joints = []
    for joint in skeleton.joints:
        name = joint
        while name in taken:
            taken[joint] += 1
            name = f"{joint}_{taken[joint]}"
        taken[name] = 1
        joints.append(name)
    return attrs.evolve(skeleton, joints=joints)


def _in_order(children: dict[str | None, list[Label]], parent: str | None) -> Iterator[Label]:
    for label in children.get(parent, ()):
        yield label
        yield from _in_order(children, label.name)


def _issues(ds: Dataset, names: list[str], made: LabelSet) -> Iterator[Issue]:
    """Yield what is to be told about the labels that were made."""
    pairs = list(zip(ds.labels, names, strict=True))
    renamed = [label.name for label, name in pairs if name != label.name]
    if renamed:
        yield at_all("renamed", "label.name", "a label is called by its full name", renamed)
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        yield at_all("converted", "label", "labels of one full name become one", again)
    added = [label.name for label in made if label.name not in names]
    if added:
        yield at_all("derived", "label", "parents of labels become labels", added)
    foreign = [label.name for label in ds.labels if any(not key.startswith(OWN) for key in label.extras)]
    if foreign:
        yield at_all("dropped", "label.extras", "the target has no place for other formats' keys of labels", foreign)
    inner = [label.name for label in ds.labels if label.attributes]
    if inner:
        yield at_all("restated", "label.attributes", "definitions are stated once, with the labels they concern", inner)
    changed = [each.name for each in ds.labels.attributes if each not in made.attributes]
    if changed:
        told = "what a definition says beyond type, title, values and range has no place"
        yield at_all("dropped", "labels.attributes", told, changed)


def ontology_to_write(ds: Dataset) -> dict[str, Any] | None:
    """Return the ontology's document; None where the labels that annotations use say everything."""
    rest = loads(ds._extras[REST]) if REST in ds._extras else None
    moved, _ = first_uses(ds)
    plain = all(label == Label(label.name) for label in ds.labels) and not ds.labels.attributes
    if plain and rest is None and (moved == np.arange(len(moved))).all():
        return None
    stated = (rest or {}).get("templates", ())
    templates = [Template(ident, name, Skeleton(joints, edges), more) for ident, name, joints, edges, more in stated]
    kept = (rest or {}).get("rest", {})
    return document_of(Ontology(tuple(ds.labels), ds.labels.attributes, tuple(templates), kept))


def rest_of(ontology: Ontology) -> bytes | None:
    """Return what an ontology says besides labels and definitions, as an extra of the dataset."""
    named = {label.name for label in ontology.labels}
    templates = [
        [t.id, t.name, list(t.skeleton.joints), [list(edge) for edge in t.skeleton.edges], dict(t.rest)]
        for t in ontology.templates
        if t.id != t.name or t.name not in named or t.rest
    ]
    if not templates and not ontology.rest:
        return None
    return dumps({"templates": templates, "rest": dict(ontology.rest)})


__all__ = ["AttributeDefinition", "distinct_joints", "fit_labels", "ontology_to_write", "rest_of"]
