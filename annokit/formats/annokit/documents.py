"""What is no table: labels, info and issues, as JSON documents.

``info`` is the object itself. ``issues`` is a list of the fields of :class:`annokit.Issue`, without its places.
``labels``::

    {"nodes": [{"name": "animal"}, {"name": "cat", "source_id": 3, "parent": 0}],
     "labels": [0, 1],
     "attributes": [{"name": "pose", "type": "select", "options": [{"name": "left"}]}]}

``nodes`` are the distinct labels, each after its parent, ``labels`` the label set's positions in them. A field that has
its default is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from annokit.columns import Column
from annokit.columns.json import dumps, loads, same
from annokit.errors import UsageError
from annokit.formats.annokit.places import places_of
from annokit.model.label import AttributeDefinition, Label, Option, Skeleton
from annokit.model.label_set import LabelSet
from annokit.report import CODES, Issue, Report

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


def written(ds: Dataset) -> dict[str, bytes]:
    """Return the documents of a dataset by name."""
    info = dumps(ds.info)
    if not same(loads(info), ds.info):
        raise UsageError(
            "the dataset's info holds what JSON can't; it must be made of dict, list, str, numbers and None"
        )
    return {"labels": labels_text(ds.labels), "info": info, "issues": dumps([_issue(issue) for issue in ds.issues])}


def labels_text(labels: LabelSet) -> bytes:
    """Return a label set as a document."""
    nodes = _Nodes()
    positions = [nodes.position(label) for label in labels]
    return dumps({"nodes": nodes.listed, "labels": positions, "attributes": _plain(labels.attributes)})


class _Nodes:
    """The distinct labels, each after its parent."""

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []
        self._by_text: dict[bytes, int] = {}
        self._by_object: dict[int, int] = {}

    def position(self, label: Label) -> int:
        """Return the position of a label among the nodes; it and its parents are added."""
        chain = [label]
        while chain[-1].parent is not None and id(chain[-1]) not in self._by_object:
            chain.append(chain[-1].parent)
        while chain:
            found = self._add(chain.pop())
        return found

    def _add(self, label: Label) -> int:
        if id(label) not in self._by_object:
            node = _plain(attrs.evolve(label, parent=None))
            if label.parent is not None:
                node["parent"] = self._by_object[id(label.parent)]
            self._by_object[id(label)] = self._placed(node)
        return self._by_object[id(label)]

    def _placed(self, node: dict[str, Any]) -> int:
        position = self._by_text.setdefault(dumps(node), len(self.listed))
        if position == len(self.listed):
            self.listed.append(node)
        return position


def _plain(value: Any) -> Any:
    """Return attrs values as objects without the fields that have their defaults; the rest as it is."""
    if attrs.has(type(value)):
        fields = attrs.fields(type(value))
        return {f.name: _plain(getattr(value, f.name)) for f in fields if not _default(f, getattr(value, f.name))}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return dict(value) if isinstance(value, Mapping) else value


def _default(field: Any, value: Any) -> bool:
    default = field.default.factory() if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type] # a class
    return type(value) is type(default) and bool(value == default)


def labels_of(text: bytes) -> LabelSet:
    """Return the label set of a document; ValueError, KeyError, IndexError or TypeError where it makes no sense."""
    document = loads(text)
    nodes: list[Label] = []
    for node in document["nodes"]:
        fields = _fields(node)
        if "parent" in node:
            fields["parent"] = nodes[_position(node["parent"])]
        nodes.append(Label(**fields))
    listed = [nodes[_position(position)] for position in document["labels"]]
    return LabelSet(listed, _definitions(document["attributes"]))


def _position(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r:.40} is no position")
    return value


def _fields(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a node as constructors take them."""
    return {name: BUILT[name](value) if name in BUILT else value for name, value in node.items()}


def _definitions(listed: Any) -> tuple[AttributeDefinition, ...]:
    return tuple(AttributeDefinition(**_fields(node)) for node in listed)


BUILT: Mapping[str, Any] = {
    "color": tuple,
    "labels": tuple,
    "attributes": _definitions,
    "options": lambda listed: tuple(Option(**_fields(node)) for node in listed),
    "skeleton": lambda node: Skeleton(**_fields(node)),
}
"""How the fields of labels that are no JSON values are made of JSON."""


def info_of(text: bytes) -> dict[str, Any]:
    """Return the info; ValueError where it is no object."""
    info = loads(text)
    if not isinstance(info, dict):
        raise ValueError("the info is no object")  # noqa: TRY004 - one kind of error for all nonsense in a file
    return info


def _issue(issue: Issue) -> dict[str, Any]:
    """Return an issue's fields; the one detail of all of its places stands here, too."""
    detail = None if issue.places is None else issue.places.details
    return {**issue.to_dict(), **({"detail": detail} if isinstance(detail, str) else {})}


def issues_of(text: bytes, places: Mapping[str, Mapping[str, Column]]) -> Report:
    """Return the issues of a document, with the places of those that have some.

    A code that only a later annokit knows becomes ``assumed`` and stands in the message.
    """
    return Report(_issue_of(fields, places.get(str(number))) for number, fields in enumerate(loads(text)))


def _issue_of(fields: dict[str, Any], places: Mapping[str, Column] | None) -> Issue:
    detail = fields.pop("detail", None)
    fields["examples"] = tuple(fields["examples"])
    if fields["code"] not in CODES:
        fields.update(code="assumed", message=f"{fields['code']}: {fields['message']}")
    return Issue(**fields, places=None if places is None else places_of(places, detail))
