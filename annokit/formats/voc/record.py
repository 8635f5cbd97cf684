"""What a tree that annokit wrote says of itself: the dialect, and how corners are counted, which no XML file tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from annokit.formats.voc.dialects import ORIGINS
from annokit.report import Issue

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.codecs.source import Source
    from annokit.formats.voc.dialects import Dialect

FILE = "annokit-voc.txt"
HEAD = "# annokit voc:"
_ORIGIN = re.compile(r"^origin = (\w+)$", re.MULTILINE)


def write_record(output: Output, dialect: str, form: str) -> None:
    """Write the record."""
    origin = next(name for name, own in ORIGINS.items() if own == form)
    output.write(FILE, f"{HEAD}{dialect}\norigin = {origin}\n".encode())


def read_record(source: Source) -> tuple[str, str] | None:
    """Return the dialect and the form of boxes that the record states, None where there is none."""
    if source.kind == "file" or FILE not in source:
        return None
    text = source.read_text(FILE)
    match = _ORIGIN.search(text) if text.startswith(HEAD) else None
    form = None if match is None else ORIGINS.get(match[1])
    return None if form is None else (text.removeprefix(HEAD).partition("\n")[0], form)


def form_for(source: Source, dialect: Dialect, name: str, asked: str | None) -> tuple[str, list[Issue]]:
    """Return the form of boxes, and what to tell.

    What the caller asks for counts, then the record where it is of the same dialect or no dialect is named, then the
    dialect's own.

    Parameters
    ----------
    source : Source
        The tree.
    dialect : Dialect
        The facts.
    name : str
        The dialect's name, empty where none is named.
    asked : str or None
        The form that the caller asks for.
    """
    record = read_record(source)
    if record is None:
        return asked or dialect.form, []
    own, recorded = record
    form = asked or (recorded if name in ("", own) else dialect.form)
    if recorded == form:
        return form, []
    names = {each: origin for origin, each in ORIGINS.items()}
    told = f"the tree was written with origin {names[recorded]!r}, and is read with origin {names[form]!r} as asked"
    return form, [Issue("assumed", "warning", told, examples=(FILE,), field="box", fate="kept")]
