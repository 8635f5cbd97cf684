"""What an export is to hold, and what it is called."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs

from annokit.errors import UsageError

Day = str | date | datetime


def _listed(value: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    listed: tuple[Any, ...] = (value,) if isinstance(value, str) else tuple(value)
    if not listed or any(not isinstance(name, str) or not name for name in listed):
        raise UsageError(f"expected a name or several, found {value!r}")
    return listed


def _moment(value: Day | None, ends: bool) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise UsageError(f"{value!r} is no date; expected one like '2026-11-21' or '2026-11-21T10:30:00Z'") from None
    if not isinstance(found, date):
        raise UsageError(f"{value!r} is no date; expected text, a date or a datetime")
    whole = not isinstance(found, datetime) or (isinstance(value, str) and len(value) <= len("2026-11-21"))
    moment = found if isinstance(found, datetime) else datetime.combine(found, time())
    if whole and ends:
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _first(value: Day | None) -> datetime | None:
    return _moment(value, ends=False)


def _last(value: Day | None) -> datetime | None:
    return _moment(value, ends=True)


def _check_name(_: ExportOptions, __: Any, value: Any) -> None:
    if value is not None and (not isinstance(value, str) or not value.strip() or "/" in value or "\\" in value):
        raise UsageError(f"name={value!r}; expected a name without slashes")


def _check_password(_: ExportOptions, __: Any, value: Any) -> None:
    if value is not None and (not isinstance(value, str | bytes) or not value):
        raise UsageError("the password is empty or no text")


def _check_order(options: ExportOptions, _: Any, value: datetime | None) -> None:
    if value is not None and options.since is not None and value <= options.since:
        raise UsageError(f"until ({value:%Y-%m-%d %H:%M}) lies before since ({options.since:%Y-%m-%d %H:%M})")


@attrs.frozen(kw_only=True)
class ExportOptions:
    """What :func:`annokit.export` is to export.

    Parameters
    ----------
    task : str or several, optional
        Name of a task, which annotations state as their layer or their sequence as its task; or a kind of task:
        ``classification``, ``detection``, ``semantic``, ``instance`` or ``keypoints``, also in the platform's words
        ("Object Detection"), which chooses annotations by their shape. Where a dataset states no task, any other name
        is that of all of it. Several get a tree each. By default everything,
        with a tree each where sequences state several tasks.
    datasets : str or several, optional
        Names of the datasets (``item.dataset``) to export; by default all.
    since, until : str, date or datetime, optional
        Annotations that were updated, or else created, from `since` up to `until`; a day means the whole of it, a time
        without zone is UTC. Items that have no such annotation are left out.
    name : str, optional
        What the export is called; by default ``<dataset>-<task>-<date>``. With a name, the path that is given to
        :func:`annokit.export` is the folder in which the export gets its place, unless it ends in ``.zip``.
    password : str or bytes, optional
        Encrypts the archive with AES-256; needs the extra ``zip``. It is never shown.
    """

    task: tuple[str, ...] | None = attrs.field(default=None, converter=_listed)
    """Tasks to export; None for all."""

    datasets: tuple[str, ...] | None = attrs.field(default=None, converter=_listed)
    """Datasets to export; None for all."""

    since: datetime | None = attrs.field(default=None, converter=_first)
    """First moment."""

    until: datetime | None = attrs.field(default=None, converter=_last, validator=_check_order)
    """Moment behind the last one."""

    name: str | None = attrs.field(default=None, validator=_check_name)
    """What the export is called; None for the default."""

    password: str | bytes | None = attrs.field(default=None, repr=False, validator=_check_password)
    """Password of the archive."""


EVERYTHING = ExportOptions()
"""No choice at all."""
