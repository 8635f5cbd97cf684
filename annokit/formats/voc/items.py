"""What annotations say beside their objects, gathered and turned into columns at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import attrs
import numpy as np

from annokit.columns import Column
from annokit.columns.json import dumps
from annokit.formats.voc.dialects import Dialect
from annokit.formats.voc.gathered import coded, in_order
from annokit.formats.voc.plain import Node, Tags, Texts, getter, outline
from annokit.formats.voc.values import INTEGER, members_of, trimmed, typed, value_of

QUIET = frozenset(("folder", "filename", "path", "source", "owner", "segmented", "depth", "size"))
"""Elements that are kept as extras and expected, so that no issue tells of them."""

NUMBERS = ("segmented", "depth")
"""Elements whose text is a number."""

SIDES = ("width", "height", "depth")
UNKNOWN = (-1, -1)


@attrs.define
class _Plan:
    """Annotations that have the same tags, objects apart, in the same order."""

    gaps: Callable[[Sequence[str]], Sequence[str]]
    filename: int
    size: tuple[int, ...]
    """Places of width, height and depth; empty where there is no size."""

    members: tuple[tuple[Node, Callable[[Sequence[str]], tuple[str, ...]]], ...]
    """Other elements, and what takes their texts."""

    rows: list[int] = attrs.field(factory=list)
    texts: list[Texts] = attrs.field(factory=list)


def _plan(tags: Tags) -> _Plan | None:
    found = outline(tags)
    if found is None or len({node.tag for node in found.nodes}) < len(found.nodes):
        return None
    nodes = {node.tag: node for node in found.nodes}
    name, size = nodes.pop("filename", None), nodes.pop("size", None)
    places: tuple[int, ...] = ()
    if size is not None:
        sides = {node.tag: node for node in size.children if not node.children}
        if len(sides) < len(size.children) or not {"width", "height"} <= set(sides) <= set(SIDES):
            return None
        places = tuple(sides[side].text for side in SIDES if side in sides)
    if name is not None and name.children:
        return None
    members = tuple((node, getter([leaf.text for leaf in node.leaves()])) for node in nodes.values())
    return _Plan(found.gaps, -1 if name is None else name.text, places, members)


class Items:
    """All items of a read.

    Parameters
    ----------
    dialect : Dialect
        The facts.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._plans: dict[Tags, _Plan | None] = {}
        self._extras: dict[str, tuple[list[int], list[bytes]]] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self.names: list[str] = []
        self.keys: list[str] = []
        self.odd: list[tuple[int, str]] = []
        self.unread: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.names)

    def add(self, name: str, key: str) -> int:
        """Add an item and return its row."""
        self.names.append(name)
        self.keys.append(key)
        return len(self.names) - 1

    def keep(self, row: int, tag: str, value: Any) -> None:
        """Keep an element that the model does not map."""
        self._keep(row, tag, dumps(value))

    def _keep(self, row: int, tag: str, raw: bytes) -> None:
        rows, values = self._extras.setdefault(f"extras/voc/{tag}", ([], []))
        rows.append(row)
        values.append(raw)

    def set_size(self, row: int, size: tuple[int, int]) -> None:
        """State the size of an item."""
        self._sizes[row] = size

    # plain documents ----------------------------------------------------------------------------------------------

    def plan(self, tags: Tags, texts: Texts) -> _Plan | None:
        """Return the plan of a plain document, None where it is not so plain."""
        plan = self._plans.get(tags)
        if plan is None:
            plan = self._plans[tags] = None if tags in self._plans else _plan(tags)
            if plan is None:
                return None
        between = "".join(plan.gaps(texts))
        return None if between and not between.isspace() else plan

    @staticmethod
    def filename(plan: _Plan, texts: Texts) -> str:
        """Return the text of ``filename``, empty where there is none."""
        return "" if plan.filename < 0 else texts[plan.filename]

    @staticmethod
    def add_plain(plan: _Plan, texts: Texts, row: int) -> None:
        """Take over the elements of a plain document."""
        plan.rows.append(row)
        plan.texts.append(texts)

    def settle(self) -> None:
        """Turn what plans gathered since the last time into sizes and extras."""
        for plan in self._plans.values():
            if plan is None:
                continue
            if plan.size:
                self._plain_sizes(plan)
            for node, take in plan.members:
                self._plain_members(plan, node, take)
            plan.rows, plan.texts = [], []

    def _plain_sizes(self, plan: _Plan) -> None:
        known: dict[tuple[str, ...], tuple[tuple[int, int], bytes | None]] = {}
        for row, texts in zip(plan.rows, plan.texts, strict=True):
            told = tuple(["" if place < 0 else texts[place] for place in plan.size])
            found = known.get(told)
            if found is None:
                found = known[told] = self._usual(told)
            size, depth = found
            if size == UNKNOWN:
                self._size(row, dict(zip(SIDES, told, strict=False)))
            else:
                self._sizes[row] = size
                if depth is not None:
                    self._keep(row, "depth", depth)

    def _usual(self, told: Sequence[str]) -> tuple[tuple[int, int], bytes | None]:
        """Return a size and the depth to keep; unknown where the texts are not two positive integers."""
        width, height = _side(told[0]), _side(told[1])
        if width is None or height is None or told[0] != str(width) or told[1] != str(height):
            return UNKNOWN, None
        depth = typed(told[2]) if len(told) > 2 else None
        kept = None if depth is None or self._is_fixed("depth", depth, "") else dumps(depth)
        return (width, height), kept

    def _plain_members(self, plan: _Plan, node: Node, take: Callable[[Sequence[str]], tuple[str, ...]]) -> None:
        tag, located_tag = node.tag, self._dialect.located and node.tag in ("folder", "path")
        known: dict[tuple[str, ...], bytes] = {}
        for row, texts in zip(plan.rows, plan.texts, strict=True):
            told = take(texts)
            raw = known.get(told)
            if raw is None:
                value = node.value(texts)
                value = typed(value) if tag in NUMBERS and isinstance(value, str) else value
                raw = known[told] = b"" if self._is_fixed(tag, value, "") else dumps(value)
            if raw and not (located_tag and told == (located(tag, self.names[row]),)):
                self._keep(row, tag, raw)
        if tag not in QUIET and plan.rows:
            self.unread[tag] = self.unread.get(tag, 0) + len(plan.rows)

    # elements -----------------------------------------------------------------------------------------------------

    def add_elements(self, elements: Iterable[Element], row: int) -> None:
        """Take over the elements of any document but its objects and its file name."""
        grouped: dict[str, list[Element]] = {}
        for element in elements:
            grouped.setdefault(str(element.tag), []).append(element)
        for tag, alike in grouped.items():
            if tag not in QUIET:
                self.unread[tag] = self.unread.get(tag, 0) + 1
            if len(alike) > 1:
                self.keep(row, tag, [value_of(element) for element in alike])
            elif tag == "size":
                self._size_element(row, alike[0])
            else:
                self._element(row, tag, alike[0])

    def _element(self, row: int, tag: str, element: Element) -> None:
        value = value_of(element)
        if tag in NUMBERS and isinstance(value, str):
            value = typed(value)
        if not self._is_fixed(tag, value, self.names[row]):
            self.keep(row, tag, value)

    def _size_element(self, row: int, element: Element) -> None:
        told = members_of(element)
        if element.attrib or set(told) - set(SIDES) or not all(isinstance(text, str) for text in told.values()):
            value = value_of(element)
            self._size(row, value if isinstance(value, dict) else {"#xml": ""})
            return
        both = "width" in told and "height" in told
        size, depth = self._usual([told[side] for side in SIDES if side in told]) if both else (UNKNOWN, None)
        if size == UNKNOWN:
            self._size(row, told)
            return
        self._sizes[row] = size
        if depth is not None:
            self._keep(row, "depth", depth)

    def _size(self, row: int, told: dict[str, Any]) -> None:
        """Keep a size as it is stated, and state it where that is possible."""
        self.keep(row, "size", told)
        sides = _side(told.get("width")), _side(told.get("height"))
        if sides[0] is not None and sides[1] is not None:
            self._sizes[row] = (sides[0], sides[1])
            if set(told) <= set(SIDES):
                return
        if told.get("width") not in ("0", None):
            stated = [f"{side} {told[side]}" for side in SIDES if side in told]
            self.odd.append((row, f"size: {', '.join(stated):.60}"))

    def _is_fixed(self, tag: str, value: Any, name: str) -> bool:
        """Tell whether an element says nothing in this dialect."""
        if self._dialect.located and tag in ("folder", "path"):
            return bool(name) and value == located(tag, name)
        fixed = self._dialect.fixed
        return tag in fixed and fixed[tag] == value and type(fixed[tag]) is type(value)

    def columns(self) -> dict[str, Column]:
        """Return the columns of extras; ask once, when all files are read."""
        return {name: coded(len(self), *in_order(*pair)) for name, pair in self._extras.items()}

    def sizes(self) -> np.ndarray[Any, Any]:
        """Return (n, 2) int64 width and height, -1 unknown; :meth:`settle` comes first."""
        found = np.full((len(self), 2), -1, np.int64)
        for row, size in self._sizes.items():
            found[row] = size
        return found

    def size_of(self, row: int) -> tuple[int, int] | None:
        """Return the size of an item, None where it is not known."""
        return self._sizes.get(row)


def located(tag: str, name: str) -> str:
    """Return what ``folder`` or ``path`` say of an item where they repeat its name."""
    return name.rpartition("/")[0].rpartition("/")[2] if tag == "folder" else f"/{name}"


def _side(text: Any) -> int | None:
    text = trimmed(text) if isinstance(text, str) else ""
    if not INTEGER.fullmatch(text):
        return None
    return int(text) if 0 < int(text) < 1 << 31 else None


def stated_size(told: Any) -> tuple[int, int]:
    """Return the size that an element ``size`` kept as JSON states, -1 twice where it is none."""
    sides = (_side(told.get("width")), _side(told.get("height"))) if isinstance(told, dict) else (None, None)
    return UNKNOWN if sides[0] is None or sides[1] is None else (sides[0], sides[1])
