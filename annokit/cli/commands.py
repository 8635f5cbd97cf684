"""What each command does. Results go to standard output, progress to standard error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annokit.errors import UsageError

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.report import Report


def say(text: object = "") -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{text}\n")


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
    return None if file is None else Path(file).read_text(encoding="utf-8").splitlines()[0]


def options_of(pairs: Iterable[str]) -> dict[str, Any]:
    """Return ``NAME=VALUE`` texts as options; a value that is JSON is taken as such."""
    import orjson

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"an option is NAME=VALUE, got {pair!r}")
        try:
            found[name] = orjson.loads(text)
        except orjson.JSONDecodeError:
            found[name] = text
    return found


def _read(arguments: argparse.Namespace) -> Dataset:
    from annokit.formats.io import read

    return read(arguments.path, arguments.source_format, **read_options(arguments))


def _json(value: Any) -> str:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def info(arguments: argparse.Namespace) -> int:
    """Print a summary of an export and the issues of reading it."""
    ds = _read(arguments)
    if arguments.json:
        say(_json({"summary": ds.summary().to_dict(), "report": ds.issues.to_dict()}))
    else:
        say(ds.summary())
        say()
        say(ds.issues)
    return code_of(ds.issues)


def plan(arguments: argparse.Namespace) -> int:
    """Print what a target could not hold."""
    from annokit.formats.io import plan as planned

    report = planned(_read(arguments), arguments.to)
    if arguments.json:
        say(_json(report.to_dict()))
    elif arguments.rows:
        for row in report.rows():
            say("\t".join("" if value is None else str(value) for value in row))
    else:
        say(report)
    return code_of(report)


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
    say(report)
    say(f"written: {arguments.target}")
    return code_of(report)


def fetch(arguments: argparse.Namespace) -> int:
    """Download the pictures of an export and print the report."""
    from annokit.remote.fetch import fetch as fetched

    ds = _read(arguments)
    show = not arguments.quiet
    if arguments.savant is None:
        result = fetched(ds, arguments.directory, workers=arguments.workers, progress=show)
    else:
        from annokit.remote.savant import SavantClient

        with SavantClient(domain=arguments.savant or None) as client:
            result = client.fetch(ds, arguments.directory, workers=arguments.workers, progress=show)
    say(result.report)
    return code_of(result.report)


def formats(arguments: argparse.Namespace) -> int:
    """Print the table of formats."""
    from annokit.formats.table import formats as table

    found = table()
    say(found.for_task(arguments.task) if arguments.task else found)
    return 0


def demo(arguments: argparse.Namespace) -> int:
    """Run the demonstration."""
    from annokit.cli.demo import run

    return run(Path(arguments.directory), say)
