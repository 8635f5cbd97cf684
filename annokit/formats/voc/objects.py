"""Objects of many files, gathered and turned into columns at once.

A plain object costs one look-up of its tags and a few appends. Objects of the same tags share a plan, and everything
else is done plan by plan for a block of files, after which their texts are no longer needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from annokit.codecs.literal import parse_literal
from annokit.codecs.number_lines import parse_lines
from annokit.columns import Column, Fixed, Number
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.errors import FormatError
from annokit.formats.voc.dialects import FLAGS, Dialect
from annokit.formats.voc.gathered import Gathered, coded, in_order
from annokit.formats.voc.object_plan import CORNERS, Plan, missing, plan_of
from annokit.formats.voc.plain import Tags, Texts
from annokit.formats.voc.values import members_of, trimmed, typed
from annokit.model.schema import KIND_CODE

_MARK = "\v"
"""Stands between the corners of a line; XML can't hold it."""

Place = tuple[int, str]
"""Annotation row, detail."""


class Objects:
    """All objects of a read.

    Parameters
    ----------
    dialect : Dialect
        The facts.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._plans: dict[Tags, Plan | None] = {}
        self._boxes: list[str] = []
        self._kept: dict[str, tuple[list[int], list[bytes]]] = {}
        self._named: dict[int, str] = {}
        self._valued: list[tuple[int, dict[str, Any]]] = []
        self._literals: dict[str, tuple[dict[str, Any] | None, list[str] | None]] = {}
        self._done = 0
        self._numbers: list[tuple[Array, Array]] = []
        self._codes: list[Array] = []
        self._values: dict[str, Gathered] = {}
        self.names: dict[str, int] = {}
        self.items: list[int] = []
        self.odd: list[Place] = []
        self.unread: dict[str, int] = {}

    def __len__(self) -> int:
        return self._done + len(self._boxes)

    def add_plain(self, objects: Sequence[tuple[Tags, Texts]], item: int) -> bool:
        """Add the objects of a plain file; return False, and add nothing, where one of them is not so plain.

        Parameters
        ----------
        objects : sequence of (tags, texts)
            As :func:`annokit.formats.voc.plain.cut` gives them.
        item : int
            Row of their item.
        """
        plans = self._plans
        found: list[tuple[Plan, Texts]] = []
        for tags, texts in objects:
            plan = plans.get(tags)
            if plan is None:
                plan = plans[tags] = None if tags in plans else plan_of(tags, self._dialect)
                if plan is None:
                    return False
            between = "".join(plan.gaps(texts))
            if between and not between.isspace():
                return False
            found.append((plan, texts))
        for plan, texts in found:
            fields = plan.take(texts)
            plan.rows.append(len(self))
            plan.texts.append(fields)
            if plan.pairs or plan.others:
                self._more(plan, texts)
            self._boxes.append(_MARK.join(fields[:4]))
            self.items.append(item)
        return True

    def _more(self, plan: Plan, texts: Texts) -> None:
        """Take over what only some objects have: attributes as elements, and what the model does not map."""
        row = len(self)
        if plan.pairs:
            told = {"" if a < 0 else texts[a]: typed("" if b < 0 else texts[b]) for a, b in plan.pairs}
            if len(told) == len(plan.pairs) and told.keys().isdisjoint(plan.flags):
                self._valued.append((row, told))
            else:
                self.keep(row, "attributes", plan.attributes(texts))
        for other in plan.others:
            self._keep(row, other.tag, other.json(texts))

    def add(self, elements: Iterable[Element], item: int) -> list[FormatError]:
        """Add the objects of a file and return an error for each that can't be read.

        Parameters
        ----------
        elements : iterable of Element
            The objects.
        item : int
            Row of their item.
        """
        errors: list[FormatError] = []
        for element in elements:
            try:
                self._unusual(element)
            except FormatError as error:
                errors.append(error)
            else:
                self.items.append(item)
        return errors

    # what is not a plain list of texts ----------------------------------------------------------------------------

    def _unusual(self, element: Element) -> None:
        """Add an object with further elements, with XML attributes, or in an unusual order."""
        row = len(self)
        members = members_of(element)
        name = members.pop("name", None)
        if not isinstance(name, str):
            raise FormatError("an object has no name", found=f"{name!r:.40}", expected="<name>class</name>")
        line = self._corners(row, members)
        self._named[row] = name
        if element.attrib:
            members["#attrib"] = dict(element.attrib)
        told = {tag: typed(trimmed(members.pop(tag))) for tag in FLAGS if isinstance(members.get(tag), str)}
        told.update(self._attributes(row, members, tuple(told)))
        if told:
            self._valued.append((row, told))
        absent = missing({str(child.tag) for child in element}, self._dialect)
        if absent:
            self.keep(row, "#absent", absent)
        for tag, value in members.items():
            self.keep(row, tag, value)
        self._boxes.append(line)

    def _corners(self, row: int, members: dict[str, Any]) -> str:
        box = members.get("bndbox")
        if isinstance(box, dict) and sorted(box) == sorted(CORNERS) and all(isinstance(v, str) for v in box.values()):
            del members["bndbox"]
            return _MARK.join(box[corner] for corner in CORNERS)
        return ""

    def _attributes(self, row: int, members: dict[str, Any], taken: Sequence[str]) -> dict[str, Any]:
        """Return what an element ``attributes`` states: a Python literal, or names and values in elements."""
        told = members.get("attributes")
        if isinstance(told, str):
            del members["attributes"]
            return self._literal(row, told, taken)
        listed = told.get("attribute") if isinstance(told, dict) and len(told) == 1 else None
        pairs = listed if isinstance(listed, list) else [listed]
        if not all(_is_pair(pair) for pair in pairs):
            return {}
        told = {pair["name"]: typed(pair["value"]) for pair in pairs if pair is not None}
        if len(told) < len(pairs) or not told.keys().isdisjoint(taken):
            return {}
        del members["attributes"]
        return told

    def _literal(self, row: int, text: str, taken: Sequence[str]) -> dict[str, Any]:
        """Return the attributes of a Python literal; one that is none, or whose names are `taken`, is kept."""
        found = self._literals.get(text)
        if found is None:
            found = self._literals[text] = _literal(text)
        told, listed = found
        if told is None or not told.keys().isdisjoint(taken):
            self.keep(row, "attributes", text)
            self.odd.append((row, f"attributes: {text:.60}"))
            return {}
        if listed is not None:
            self.keep(row, "#v1", listed)
        return told

    def keep(self, row: int, tag: str, value: Any) -> None:
        """Keep an element of an object that the model does not map."""
        self._keep(row, tag, dumps(value))

    def _keep(self, row: int, tag: str, raw: bytes) -> None:
        rows, values = self._kept.setdefault(f"extras/voc/{tag}", ([], []))
        rows.append(row)
        values.append(raw)
        if not tag.startswith("#"):
            self.unread[tag] = self.unread.get(tag, 0) + 1

    # blocks -------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Turn what was gathered since the last time into numbers and codes."""
        if not self._boxes:
            return
        self._settle_names()
        self._settle_values()
        self._settle_boxes()
        for plan in self._plans.values():
            if plan is not None:
                plan.rows, plan.texts = [], []
        self._done += len(self._boxes)
        self._boxes, self._named, self._valued = [], {}, []

    def _used(self) -> Iterator[Plan]:
        """Yield the plans that have rows."""
        yield from (plan for plan in self._plans.values() if plan is not None and plan.rows)

    def _settle_names(self) -> None:
        found = [""] * len(self._boxes)
        for plan in self._used():
            for row, texts in zip(plan.rows, plan.texts, strict=True):
                found[row - self._done] = texts[4]
        for row, name in self._named.items():
            found[row - self._done] = name
        codes = self.names
        self._codes.append(
            np.fromiter((codes.setdefault(trimmed(name), len(codes)) for name in found), np.int64, len(found))
        )

    def _settle_values(self) -> None:
        for plan in self._used():
            columns = list(zip(*plan.texts, strict=True))[5:]
            for name, texts in zip(plan.flags, columns, strict=False):
                self._values.setdefault(name, Gathered()).add_texts(plan.rows, texts)
            if plan.literal:
                self._settle_literals(plan, columns[-1])
            if plan.absent:
                rows, raws = self._kept.setdefault("extras/voc/#absent", ([], []))
                rows += plan.rows
                raws += [dumps(list(plan.absent))] * len(plan.rows)
        self._add_values(self._valued)

    def _add_values(self, valued: Iterable[tuple[int, dict[str, Any]]]) -> None:
        found: dict[str, tuple[list[int], list[Any]]] = {}
        for row, told in valued:
            for name, value in told.items():
                rows, values = found.setdefault(name, ([], []))
                rows.append(row)
                values.append(value)
        for name, pair in found.items():
            self._values.setdefault(name, Gathered()).add(*pair)

    def _settle_literals(self, plan: Plan, texts: Sequence[str]) -> None:
        alike: dict[str, list[int]] = {}
        for row, text in zip(plan.rows, texts, strict=True):
            alike.setdefault(text, []).append(row)
        for text, rows in alike.items():
            told: dict[str, Any] = {}
            for row in rows:
                told = self._literal(row, text, plan.flags)
            for name, value in told.items():
                self._values.setdefault(name, Gathered()).add_same(rows, value)

    def _settle_boxes(self) -> None:
        lines = [line.replace("\n", " ") if "\n" in line else line for line in self._boxes]
        parsed = parse_lines("\n".join(lines).encode("utf-8", "surrogatepass"))
        values = np.full((len(lines), 4), np.nan)
        whole = np.zeros((len(lines), 4), bool)
        right = np.diff(parsed.offsets) == 4
        right[[place for place, _ in parsed.odd]] = False
        if right.all():
            values[parsed.lines], whole[parsed.lines] = parsed.values.reshape(-1, 4), parsed.whole.reshape(-1, 4)
        else:
            tokens = parsed.offsets[:-1][right][:, None] + np.arange(4)
            values[parsed.lines[right]], whole[parsed.lines[right]] = parsed.values[tokens], parsed.whole[tokens]
        for place in np.flatnonzero(np.isnan(values[:, 0])).tolist():
            self._odd_box(self._done + place, self._boxes[place])
        self._numbers.append((values, whole))

    def _odd_box(self, row: int, line: str) -> None:
        if line:
            stated = dict(zip(CORNERS, line.split(_MARK), strict=True))
            self.keep(row, "bndbox", stated)
            self.odd.append((row, f"bndbox: {', '.join(stated.values()):.60}"))
        else:
            self.odd.append((row, "no bndbox with four corners"))

    # columns ------------------------------------------------------------------------------------------------------

    def labels(self) -> Array:
        """Return (n,) the position of each object's class among `names`; :meth:`settle` comes first."""
        return np.concatenate([np.zeros(0, np.int64), *self._codes])

    def columns(self) -> dict[str, Column]:
        """Return the columns of the annotations, but for item and label; :meth:`settle` comes first."""
        count = len(self)
        values = np.concatenate([np.zeros((0, 4)), *(values for values, _ in self._numbers)])
        whole = np.concatenate([np.zeros((0, 4), bool), *(whole for _, whole in self._numbers)])
        made: dict[str, Column] = {"box": Number(values, whole if whole.any() else None)}
        made["kind"] = Fixed(np.where(np.isnan(values[:, 0]), 0, KIND_CODE["box"]).astype(np.uint8))
        for name, gathered in self._values.items():
            column = gathered.column(count, self._dialect.fixed_flags.get(name))
            if column is not None:
                made[f"attributes/{name}"] = column
        made.update({name: coded(count, *in_order(*pair)) for name, pair in self._kept.items()})
        return made


def _literal(text: str) -> tuple[dict[str, Any] | None, list[str] | None]:
    """Return the attributes of a Python literal, None where it is none of attributes; and the names that it lists."""
    try:
        value = parse_literal(text) if text.strip() else {}
    except FormatError:
        value = None
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, True), value
    return (value, None) if isinstance(value, dict) else (None, None)


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and sorted(value) == ["name", "value"]
        and all(isinstance(v, str) for v in value.values())
    )
