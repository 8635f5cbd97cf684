"""An ontology that a caller gives, and what it adds to a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed
from annokit.columns.json import loads
from annokit.errors import FormatError, UsageError
from annokit.formats.dataloop.fit_labels import REST, rest_of
from annokit.formats.dataloop.ontology import Ontology, ontology_of, relinked
from annokit.model.label import Label
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def given_ontology(value: Any) -> Ontology:
    """Return an ontology from a path or a document.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    FormatError
        It holds no ontology.
    """
    if isinstance(value, Mapping | list):
        return ontology_of(value, "ontology=")
    if not isinstance(value, str | PathLike):
        raise UsageError(f"ontology={value!r:.60}; expected a path or a document")
    from annokit.codecs.json_faults import value_fault
    from annokit.codecs.source import open_source

    with open_source(value) as source:
        if source.only is None:
            raise UsageError(f"ontology={fspath(value)!r} is no file")
        text = source.read(source.only).removeprefix(b"\xef\xbb\xbf")
    try:
        document = loads(text)
    except (ValueError, RecursionError) as error:
        fault = value_fault(text, 512)
        path = fspath(value)
        if fault is None:
            raise FormatError(f"this is no JSON that can be read: {error}", path=path) from error
        raise FormatError(
            fault.message, path=path, pointer=fault.pointer, found=fault.found, expected=fault.expected
        ) from error
    return ontology_of(document, fspath(value))


def with_ontology(ds: Dataset, ontology: Ontology) -> Dataset:
    """Return the dataset with the labels of an ontology first, then those that it lacks."""
    known = {label.name: place for place, label in enumerate(ontology.labels)}
    skeletons = {label.name: label.skeleton for label in ds.labels}
    labels: list[Label] = [_seen(label, skeletons) for label in ontology.labels]
    for label in ds.labels:
        if label.name not in known:
            known[label.name] = len(labels)
            labels.append(label)
    moved = np.array([*(known[label.name] for label in ds.labels), -1], np.int64)
    column = Fixed(moved[ds._annotations.array("label")])
    rest = rest_of(ontology)
    return ds._with(
        labels=LabelSet(relinked(labels), ontology.attributes),
        annotations=ds._annotations.replace({"label": column}),
        extras={**ds._extras, **({REST: rest} if rest is not None else {})},
    )


def _seen(label: Label, skeletons: Mapping[str, Any]) -> Label:
    import attrs

    used = skeletons.get(label.name)
    return label if used is None else attrs.evolve(label, skeleton=used)
