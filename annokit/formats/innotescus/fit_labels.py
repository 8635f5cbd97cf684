"""Classes and definitions of metadata as the files state them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Sparse, Table
from annokit.formats.innotescus.classes import UNLISTED
from annokit.formats.innotescus.definitions import definition, stated
from annokit.formats.innotescus.facts import SCOPES, is_integer
from annokit.formats.innotescus.places import texts
from annokit.formats.places import at_all
from annokit.model.label import AttributeDefinition, Label
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset

MARK = f"innotescus/{UNLISTED}"
COLUMN = f"extras/{MARK}"


def whole_tree(ds: Dataset, apply: bool) -> Found:
    """List the parents of all classes, and classes that nothing lists."""
    labels = list(ds.labels)
    for label in ds.labels:
        above = label.parent
        while above is not None and above not in labels:
            labels.append(above)
            above = above.parent
    fresh = [label.name for label in labels[len(ds.labels) :]]
    if not fresh:
        return ds, []
    issue = at_all("derived", "label", "the classes above a class are listed, too", fresh)
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [issue]


def numbered_labels(ds: Dataset, apply: bool) -> Found:
    """Give every class an integer id of its own."""
    idents = [label.source_id for label in ds.labels]
    if all(map(is_integer, idents)) and len(set(idents)) == len(idents):
        return ds, []
    labels: list[Label] = []
    for place, label in enumerate(ds.labels):
        extras = {key: value for key, value in label.extras.items() if key != MARK}
        labels.append(attrs.evolve(label, source_id=place + 1, extras=extras))
    known = {id(label): place for place, label in enumerate(ds.labels)}
    labels = _with_parents(ds, labels, known)
    ids = {(type(label.source_id), label.source_id): place + 1 for place, label in reversed(list(enumerate(ds.labels)))}
    definitions = [_renumbered(made, ids) for made in ds.labels.attributes]
    told = "classes have integer ids of their own"
    issue = at_all("derived", "label.source_id", told, [label.name for label in ds.labels])
    return ds._with(labels=LabelSet(labels, definitions)), [issue]


def _with_parents(ds: Dataset, labels: list[Label], known: dict[int, int]) -> list[Label]:
    """Return the labels below the new labels of their parents."""
    done: dict[int, Label] = {}

    def made(place: int) -> Label:
        if place not in done:
            above = ds.labels[place].parent
            parent = None
            if above is not None:
                found = known.get(id(above), ds.labels.position_of(above))
                parent = None if found is None else made(found)
            done[place] = attrs.evolve(labels[place], parent=parent)
        return done[place]

    return [made(place) for place in range(len(labels))]


def _renumbered(made: AttributeDefinition, ids: dict[tuple[type, Any], int]) -> AttributeDefinition:
    if made.labels is None:
        return made
    moved: Any = [ids.get((type(ident), ident), ident) for ident in made.labels]
    return attrs.evolve(made, labels=moved)


def stated_definitions(ds: Dataset, apply: bool) -> Found:
    """State all definitions as the two files do: those of labels name their class, those of annotations come first."""
    lifted = [_of_label(made, label) for label in ds.labels for made in label.attributes]
    every = [*ds.labels.attributes, *lifted]
    found: list[AttributeDefinition] = []
    for scope in SCOPES:
        for made in (_normal(made) for made in every if made.scope in scope.scopes):
            if made not in found:
                found.append(made)
    if not lifted and tuple(found) == ds.labels.attributes:
        return ds, []
    names = [made.name for made in every]
    issue = at_all("restated", "labels.attributes", "definitions of metadata stand in two lists", names)
    labels = [_bare(label) for label in ds.labels]
    return ds._with(labels=LabelSet(labels, found)), [issue]


def own_keys(ds: Dataset, apply: bool) -> Found:
    """Drop the keys that other formats keep on labels."""
    gone = sorted({key for label in ds.labels for key in label.extras if not key.startswith("innotescus/")})
    labels = list(map(_own, ds.labels))
    if not gone and labels == list(ds.labels):
        return ds, []
    told = [key.partition("/")[2] for key in gone] or ["label"]
    issue = at_all("dropped", "label.extras", "the target has no place for keys of other formats", told)
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [issue]


def _own(label: Label) -> Label:
    above = None if label.parent is None else _own(label.parent)
    extras = {key: value for key, value in label.extras.items() if key.startswith("innotescus/")}
    return Label(label.name, label.source_id, above, attributes=label.attributes, extras=extras)


def _of_label(made: AttributeDefinition, label: Label) -> AttributeDefinition:
    own: Any = (label.source_id,)
    return attrs.evolve(made, labels=own)


def _bare(label: Label) -> Label:
    """Return a label without definitions, also above it."""
    above = None if label.parent is None else _bare(label.parent)
    if not label.attributes and above is label.parent:
        return label
    return attrs.evolve(label, attributes=(), parent=above)


def _normal(made: AttributeDefinition) -> AttributeDefinition:
    """Return a definition as it is read back."""
    scope = next(scope for scope in SCOPES if made.scope in scope.scopes)
    return definition(stated(made, scope), scope)[0]


def listed_again(ds: Dataset, apply: bool) -> Found:
    """List classes, images and videos that no file listed, where they say more by now than their id."""
    issues = []
    told = "what no file listed is listed"
    stale = [label.name for label in ds.labels if MARK in label.extras]
    if stale and (_stale_labels(ds)):
        labels = [_listed(label) for label in ds.labels]
        ds = ds._with(labels=LabelSet(labels, ds.labels.attributes))
        issues.append(at_all("derived", "label", told, stale))
    used = np.bincount(ds._annotations.array("item") + 1, minlength=len(ds) + 1)[1:] > 0
    within = np.bincount(ds._items.array("sequence") + 1, minlength=len(ds._sequences) + 1)[1:] > 0
    for name, table, needed in (("items", ds._items, used), ("sequences", ds._sequences, within)):
        column = table.sparse(COLUMN)
        if column is not None and _stale_rows(table, column, needed):
            ds = ds._with(**{name: table.replace({COLUMN: None})})
            issues.append(at_all("derived", name, told, [str(texts(table, "name")[column.present()[0]])]))
    return ds, issues


def _stale_labels(ds: Dataset) -> bool:
    """Tell whether reading would not make the unlisted labels again, in their order."""
    order = [place for place, label in enumerate(ds.labels) if MARK in label.extras]
    column = ds._annotations.array("label")
    found, first = np.unique(column, return_index=True)
    uses = [place for place in found[np.argsort(first)].tolist() if place in set(order)]
    plain = all(
        label.name == str(label.source_id) and label.parent is None and len(label.extras) == 1
        for label in (ds.labels[place] for place in order)
    )
    return uses != order or order != list(range(len(ds.labels)))[-len(order) :] or not plain


def _listed(label: Label) -> Label:
    above = None if label.parent is None else _listed(label.parent)
    extras = {key: value for key, value in label.extras.items() if key != MARK}
    return attrs.evolve(label, parent=above, extras=extras)


def _stale_rows(table: Table, column: Sparse, needed: Any) -> bool:
    """Tell whether some unlisted row says more than its id, or is not needed by any annotation."""
    rows = column.present()
    names, idents = texts(table, "name"), texts(table, "id")
    more = (table.array("size") > 0).any(axis=1) | ~needed
    for name in ("uri", "frames"):
        stated = table.sparse(name)
        more |= np.zeros(len(table), bool) if stated is None else stated.mask()
    for name, values in (*table.group("attributes").items(), *table.group("extras/innotescus").items()):
        if name != UNLISTED:
            more |= values.mask()
    return bool(more[rows].any()) or any(names[row] != str(idents[row]) for row in rows.tolist())
