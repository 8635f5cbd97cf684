"""The table of formats: what can be read and written now, and what each holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args, overload

import attrs

from annokit.errors import UsageError
from annokit.formats import registry
from annokit.formats.base import Format, Task


@attrs.frozen
class FormatInfo:
    """One dialect of one format."""

    name: str
    """As :func:`annokit.read` and :func:`annokit.write` take it."""

    title: str
    """What people call it."""

    reads: bool
    """Whether it can be read."""

    writes: bool
    """Whether it can be written."""

    tasks: tuple[str, ...]
    """What people train on it for, sorted."""

    holds: dict[str, Any]
    """What it can hold."""

    sources: tuple[str, ...]
    """Where it is described."""


class FormatTable(Sequence[FormatInfo]):
    """All formats; prints as a table and iterates as records."""

    def __init__(self, rows: Sequence[FormatInfo]) -> None:
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[FormatInfo]:
        return iter(self._rows)

    @overload
    def __getitem__(self, key: int | str) -> FormatInfo: ...
    @overload
    def __getitem__(self, key: slice) -> FormatTable: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            found = [row for row in self._rows if row.name == key]
            if not found:
                raise KeyError(key)
            return found[0]
        return FormatTable(self._rows[key]) if isinstance(key, slice) else self._rows[key]

    def for_task(self, task: str) -> FormatTable:
        """Return the formats that serve a task, such as ``detection`` or ``instance``."""
        return FormatTable([row for row in self._rows if task in row.tasks])

    def __str__(self) -> str:
        wide = max((len(row.name) for row in self._rows), default=4)
        head = f"{'format':<{wide}}  read  write  title"
        rows = (f"{r.name:<{wide}}  {_mark(r.reads):<4}  {_mark(r.writes):<5}  {r.title}" for r in self._rows)
        return "\n".join([head, *rows])

    __repr__ = __str__


def _mark(yes: bool) -> str:
    return "yes" if yes else "-"


def formats(task: str | None = None) -> FormatTable:
    """Return every format and dialect that can be read or written now, with what it holds.

    Parameters
    ----------
    task : str, optional
        Only those that people train this task on: ``classification``, ``detection``, ``instance``, ``semantic``,
        ``panoptic``, ``keypoints``, ``tracking`` or ``time``; "Object Detection" and the like are understood, too.

    Raises
    ------
    UsageError
        There is no such task.
    """
    known = get_args(Task)
    if task is not None and task not in known:
        from annokit.formats.exports.choose import kind_of_task

        kind = kind_of_task(task)
        if kind is not None:
            return formats(kind)
        raise UsageError(f"there is no task {task!r}; there are: {', '.join(sorted(known))}")
    rows: list[FormatInfo] = []
    for name in registry.names():
        fmt = registry.get(name)
        rows += [_info(fmt, dialect) for dialect in fmt.dialects]
    return FormatTable(rows) if task is None else FormatTable(rows).for_task(task)


def _info(fmt: Format, dialect: str) -> FormatInfo:
    record = fmt.dialect(dialect)
    tasks = getattr(record, "tasks", None) or fmt.tasks
    return FormatInfo(
        name=fmt.full_name(dialect),
        title=getattr(record, "title", None) or fmt.title,
        reads=fmt.read is not None,
        writes=fmt.write is not None,
        tasks=tuple(sorted(tasks)),
        holds=fmt.holds(record, {}).summary() if fmt.write is not None else {},
        sources=fmt.sources,
    )
