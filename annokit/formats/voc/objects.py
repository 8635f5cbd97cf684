"""Objects of many files, gathered and turned into columns at once.

A plain object costs one look-up of its tags and a few appends. Objects of the same tags share a plan, and everything
else is done plan by plan when all files are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from annokit.codecs.literal import parse_literal
from annokit.codecs.number_lines import parse_lines
from annokit.columns import Column, Fixed, Json, Number, Sparse, Text
from annokit.columns.json import dumps
from annokit.columns.make import column_of, sparse_of
from annokit.columns.sparse import narrowest
from annokit.errors import FormatError
from annokit.formats.voc.dialects import FLAGS, Dialect
from annokit.formats.voc.object_plan import CORNERS, Plan, missing, plan_of
from annokit.formats.voc.plain import Tags, Texts
from annokit.formats.voc.values import members_of, typed, value_of
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
        self._missing: list[tuple[int, tuple[str, ...]]] = []
        self.items: list[int] = []
        self.odd: list[Place] = []
        self.unread: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._boxes)

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
            plan.rows.append(len(self._boxes))
            plan.texts.append(fields)
            if plan.pairs or plan.others:
                self._more(plan, texts)
            self._boxes.append(_MARK.join(fields[:4]))
            self.items.append(item)
        return True

    def _more(self, plan: Plan, texts: Texts) -> None:
        """Take over what only some objects have: attributes as elements, and what the model does not map."""
        row = len(self._boxes)
        if plan.pairs:
            told = {"" if a < 0 else texts[a]: typed("" if b < 0 else texts[b]) for a, b in plan.pairs}
            if len(told) == len(plan.pairs) and told.keys().isdisjoint(plan.flags):
                self._valued.append((row, told))
            else:
                self.keep(row, "attributes", plan.attributes(texts))
        for tag, value in plan.kept(texts):
            self.keep(row, tag, value)

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
        row = len(self._boxes)
        members = members_of(element)
        name = members.pop("name", None)
        if not isinstance(name, str):
            raise FormatError("an object has no name", found=f"{name!r:.40}", expected="<name>class</name>")
        line = self._corners(row, members)
        self._named[row] = name
        if element.attrib:
            members["#attrib"] = dict(element.attrib)
        told = {tag: typed(members.pop(tag)) for tag in FLAGS if isinstance(members.get(tag), str)}
        told.update(self._attributes(row, members, tuple(told)))
        if told:
            self._valued.append((row, told))
        self._missing.append((row, missing({str(child.tag) for child in element}, self._dialect)))
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
        rows, values = self._kept.setdefault(f"extras/voc/{tag}", ([], []))
        rows.append(row)
        values.append(dumps(value))
        if not tag.startswith("#"):
            self.unread[tag] = self.unread.get(tag, 0) + 1

    # columns ------------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Return the name of each object's class."""
        found = [""] * len(self)
        for plan in self._used():
            for row, texts in zip(plan.rows, plan.texts, strict=True):
                found[row] = texts[4]
        for row, name in self._named.items():
            found[row] = name
        return found

    def _used(self) -> Iterator[Plan]:
        """Yield the plans that have rows."""
        yield from (plan for plan in self._plans.values() if plan is not None and plan.rows)

    def columns(self) -> dict[str, Column]:
        """Return the columns of the annotations, but for item and label; what can't be read is kept."""
        boxes, absent = self._box_column(), self._absent()
        values = self._values()
        count = len(self)
        made: dict[str, Column] = {"box": boxes}
        made["kind"] = Fixed(np.where(np.isnan(boxes.values[:, 0]), 0, KIND_CODE["box"]).astype(np.uint8))
        made.update({f"attributes/{name}": _attribute(count, *in_order(*pair)) for name, pair in values.items()})
        kept = {**self._kept, **({"extras/voc/#absent": absent} if absent[0] else {})}
        made.update({name: coded(count, *in_order(*pair)) for name, pair in kept.items()})
        return made

    def _box_column(self) -> Number:
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
        for row in np.flatnonzero(np.isnan(values[:, 0])).tolist():
            self._odd_box(row, self._boxes[row])
        return Number(values, whole if whole.any() else None)

    def _odd_box(self, row: int, line: str) -> None:
        if line:
            stated = dict(zip(CORNERS, line.split(_MARK), strict=True))
            self.keep(row, "bndbox", stated)
            self.odd.append((row, f"bndbox: {', '.join(stated.values()):.60}"))
        else:
            self.odd.append((row, "no bndbox with four corners"))

    def _absent(self) -> tuple[list[int], list[bytes]]:
        rows: list[int] = []
        values: list[bytes] = []
        for plan in self._used():
            if plan.absent:
                rows += plan.rows
                values += [dumps(list(plan.absent))] * len(plan.rows)
        for row, absent in self._missing:
            if absent:
                rows.append(row)
                values.append(dumps(list(absent)))
        return rows, values

    def _values(self) -> dict[str, tuple[list[int], list[Any]]]:
        """Return rows and values of every attribute."""
        found: dict[str, tuple[list[int], list[Any]]] = {}
        for plan in self._used():
            columns = list(zip(*plan.texts, strict=True))[5:]
            for name, texts in zip(plan.flags, columns, strict=False):
                rows, values = found.setdefault(name, ([], []))
                rows += plan.rows
                values += _typed_all(texts)
            literals = columns[-1] if plan.literal else ()
            for row, text in zip(plan.rows, literals, strict=False):
                self._valued.append((row, self._literal(row, text, plan.flags)))
        for row, told in self._valued:
            for name, value in told.items():
                rows, values = found.setdefault(name, ([], []))
                rows.append(row)
                values.append(value)
        fixed = self._dialect.fixed_flags
        return {name: _without(pair, fixed[name]) if name in fixed else pair for name, pair in found.items()}


def _attribute(length: int, rows: Sequence[int], values: Sequence[Any]) -> Sparse:
    """Return the column of an attribute; lists that are one object are stored once."""
    if not any(type(value) in (list, dict) for value in values):
        return sparse_of(length, rows, values)
    codes: dict[int, int] = {}
    slots = np.fromiter((codes.setdefault(id(value), len(codes)) for value in values), np.int64, len(values))
    held = dict(zip(map(id, values), values, strict=True))
    present = None if len(rows) == length else np.array(rows, np.int64)
    return Sparse(length, present, narrowest(slots, len(codes)), column_of([held[code] for code in codes]))


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


def _typed_all(texts: Sequence[str]) -> list[int | str]:
    known: dict[str, int | str] = {text: typed(text) for text in set(texts)}
    return [known[text] for text in texts]


def _without(pair: tuple[list[int], list[Any]], fixed: Any) -> tuple[list[int], list[Any]]:
    kept = [(row, value) for row, value in zip(*pair, strict=True) if value != fixed or type(value) is not type(fixed)]
    return [row for row, _ in kept], [value for _, value in kept]


def in_order(rows: list[int], values: list[Any]) -> tuple[list[int], list[Any]]:
    """Return rows in ascending order with their values; where a row comes twice, the last one."""
    if bool((np.diff(np.array(rows, np.int64)) > 0).all()):
        return rows, values
    merged = dict(zip(rows, values, strict=True))
    order = sorted(merged)
    return order, [merged[row] for row in order]


def coded(length: int, rows: Sequence[int], values: Sequence[bytes]) -> Sparse:
    """Return a column of JSON values in which equal ones are stored once."""
    codes: dict[bytes, int] = {}
    slots = np.fromiter((codes.setdefault(value, len(codes)) for value in values), np.int64, len(values))
    present = None if len(rows) == length else np.array(rows, np.int64)
    return Sparse(length, present, narrowest(slots, len(codes)), Json(Text.of_bytes(list(codes))))


__all__ = ["CORNERS", "Objects", "coded", "value_of"]
