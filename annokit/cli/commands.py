"""What each command does. Results go to standard output, progress to standard error."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annokit.cli.streams import harmless, is_unicode
from annokit.cli.words import on_command_line
from annokit.errors import UsageError

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.report import Report


def say(text: object = "") -> None:
    """Write text and a line end to standard output."""
    sys.stdout.write(f"{harmless(str(text))}\n")


def say_json(value: Any) -> None:
    """Write a value as JSON, in plain ASCII where standard output can't hold every character."""
    sys.stdout.write(f"{json.dumps(value, indent=2, ensure_ascii=not is_unicode())}\n")


def code_of(*reports: Report) -> int:
    """Return 1 where an issue is a warning or an error, else 0."""
    return int(any(report.severity in ("error", "warning") for report in reports))


def read_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the command line says about reading, as :func:`annokit.read` takes it."""
    given = {
        "images": arguments.images,
        "layer": arguments.layer,
        "on_bad": "collect" if arguments.collect else "raise",
        "password": _password(arguments.password_file),
        "progress": not arguments.quiet and sys.stderr.isatty(),
    }
    return {**given, **options_of(arguments.option)}


def _password(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()[0]
    except (UnicodeDecodeError, IndexError):
        raise UsageError(f"{file}: the first line of a password file is the password, in UTF-8") from None


NO_OPTIONS = frozenset(("path", "format", "ds", "limits", "progress"))
"""Arguments of reading and writing that a text can't give, or that have a place of their own."""


def options_of(pairs: Iterable[str]) -> dict[str, Any]:
    """Return ``NAME=VALUE`` texts as options; a value that is JSON is taken as such."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"an option is NAME=VALUE, got {pair!r}")
        if name in NO_OPTIONS:
            raise UsageError(f"{name!r} is no option of a reader or writer; see --help for those of the command line")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


def _read(arguments: argparse.Namespace) -> Dataset:
    from annokit.formats.io import read

    return read(arguments.path, arguments.source_format, **read_options(arguments))


def info(arguments: argparse.Namespace) -> int:
    """Print a summary of an export and the issues of reading it."""
    ds = _read(arguments)
    if arguments.json:
        say_json({"summary": ds.summary().to_dict(), "report": ds.issues.to_dict()})
    else:
        say(ds.summary())
        say()
        _tell(ds.issues, as_json=False)
    return code_of(ds.issues)


def plan(arguments: argparse.Namespace) -> int:
    """Print what a target could not hold."""
    from annokit.formats.io import plan as planned

    report = planned(_read(arguments), arguments.to)
    if arguments.json:
        say_json(report.to_dict())
    elif arguments.rows:
        for row in report.rows():
            say(on_command_line("\t".join("" if value is None else _cell(value) for value in row)))
    else:
        _tell(report, as_json=False)
    return code_of(report)


def _cell(value: object) -> str:
    return str(value).replace("\t", "\\t").replace("\n", "\\n")


def convert(arguments: argparse.Namespace) -> int:
    """Turn an export into another format and print the report."""
    from annokit.formats.io import convert as converted

    told = read_options(arguments)
    write_options = {
        "media": arguments.media,
        "on_loss": "raise" if arguments.strict else "allow",
        "overwrite": arguments.overwrite,
        "progress": told["progress"],
        **options_of(arguments.write_option),
    }
    report = converted(
        arguments.path,
        arguments.target,
        arguments.to,
        source_format=arguments.source_format,
        read_options=told,
        write_options=write_options,
    )
    _tell(report, arguments.json)
    if not arguments.json:
        say(f"written: {arguments.target}")
    return code_of(report)


def _tell(report: Report, as_json: bool) -> None:
    if as_json:
        say_json(report.to_dict())
    else:
        say(on_command_line(str(report)))


def fetch(arguments: argparse.Namespace) -> int:
    """Download the pictures of an export and print the report."""
    from annokit.remote.asks import has_frames
    from annokit.remote.fetch import fetch as fetched

    ds = _read(arguments)
    show = not arguments.quiet and sys.stderr.isatty()
    if arguments.savant is None:
        if has_frames(ds):
            raise UsageError(
                "only the platform gives out SAVANT's frames: add --savant DOMAIN, or --savant and set SAVANT_DOMAIN"
            )
        result = fetched(ds, arguments.directory, workers=arguments.workers, progress=show)
    else:
        from annokit.remote.savant import SavantClient

        with SavantClient(domain=arguments.savant or None) as client:
            result = client.fetch(ds, arguments.directory, workers=arguments.workers, progress=show)
    _tell(result.report, arguments.json)
    return code_of(result.report)


def formats(arguments: argparse.Namespace) -> int:
    """Print the table of formats."""
    from annokit.formats.table import formats as table

    say(table(arguments.task))
    return 0


def demo(arguments: argparse.Namespace) -> int:
    """Run the demonstration."""
    from annokit.cli.demo import run

    return run(Path(arguments.directory), say)
