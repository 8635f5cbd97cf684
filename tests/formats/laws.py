"""The three laws that every format and dialect keeps, for the tests of each to call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from annokit.errors import MissingSizeError
from annokit.formats import registry
from annokit.formats.io import read, write
from annokit.formats.narrow import narrow
from annokit.model.compare import differences
from annokit.model.dataset import Dataset


def check_laws(dataset: Dataset, format: str, tmp_path: Path, **options: Any) -> Dataset | None:
    """Check that a format keeps what it says of a dataset.

    1. What is read back equals what narrowing gave: ``read(write(narrow(d))) == narrow(d)``.
    2. Narrowing twice changes nothing more, and reports nothing.
    3. The report is empty exactly if nothing changed; and a plan reports the same without changing anything.

    Parameters
    ----------
    dataset : Dataset
        Anything.
    format : str
        ``format`` or ``format:dialect``, with the dialect where the format would choose one.
    tmp_path : Path
        Where to write.
    **options
        Of the writer; ``read_options`` are those of the reader, ``name`` is that of what is written.

    Returns
    -------
    Dataset or None
        What was read back; None where the format needs a size that nobody knows, which write refuses.
    """
    read_options, name = options.pop("read_options", {}), options.pop("name", None)
    fmt, dialect = registry.resolve(format)
    holds = fmt.holds(fmt.dialect(dialect), options)
    path = tmp_path / (name or ("out" if fmt.output == "folder" else f"out{fmt.suffix}"))
    try:
        narrowed, report = narrow(dataset, holds)
    except MissingSizeError:
        with pytest.raises(MissingSizeError):
            write(dataset, path, format, on_loss="allow", overwrite=True, **options)
        return None
    again, second = narrow(narrowed, holds)
    assert str(second) == "nothing to report"
    assert list(differences(again, narrowed)) == [], _told(again, narrowed)
    assert bool(report) == (narrowed != dataset), f"{report}\n{list(differences(narrowed, dataset))}"
    assert narrow(dataset, holds, apply=False)[1] == report
    written = write(dataset, path, format, on_loss="allow", overwrite=True, **options)
    assert written == report
    back = read(path, format, **read_options)
    assert list(differences(back, narrowed)) == [], _told(back, narrowed)
    return back


def _told(back: Dataset, narrowed: Dataset) -> str:
    """Return what was read and what was written, for every column in which they differ."""
    lines = []
    for place in differences(back, narrowed):
        table, _, column = place.partition("/")
        if table in ("items", "annotations", "sequences") and column:
            pair = [getattr(ds, f"_{table}").get(column) for ds in (back, narrowed)]
            read_, wrote = (None if found is None else found.to_list() for found in pair)
        else:
            read_, wrote = (getattr(ds, table, None) for ds in (back, narrowed))
            read_, wrote = (list(found) if table == "labels" else found for found in (read_, wrote))
        lines.append(f"{place}: read {read_!r}, wrote {wrote!r}")
    return "\n".join(lines)
