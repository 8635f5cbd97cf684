"""``annokit info | convert | plan | fetch | formats | demo``.

Exit code 0: all is well. 1: an issue of severity warning or error in the data. 2: wrong use, or something that stopped
the work. Errors are one line on standard error, never a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from annokit import __version__
from annokit.cli import commands
from annokit.cli.streams import hang_up, harmless, open_up
from annokit.cli.words import on_command_line
from annokit.errors import AnnokitError

OK, ISSUES, WRONG, INTERRUPTED = 0, 1, 2, 130

DEBUG = "ANNOKIT_DEBUG"
"""Environment variable that shows the traceback of an error that should not be."""

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    arguments = _parser().parse_args(argv)
    command: Command = arguments.command
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=_loss_warning())
            code = command(arguments)
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        hang_up()
        return OK
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get(DEBUG):
            raise
        return _fail(*next(tell(error) for kind, tell in _TOLD if isinstance(error, kind)))


def _os_error(error: OSError) -> str:
    place = "" if error.filename is None else f"{error.filename}: "
    return f"{place}{error.strerror or error}"


_TOLD: tuple[tuple[type[BaseException], Callable[[Any], tuple[str, int]]], ...] = (
    (KeyboardInterrupt, lambda error: ("interrupted", INTERRUPTED)),
    (AnnokitError, lambda error: (str(error), WRONG)),
    (FileNotFoundError, lambda error: (f"{error.filename or error}: there is no such file or folder", WRONG)),
    (OSError, lambda error: (_os_error(error), WRONG)),
    (MemoryError, lambda error: ("there is not enough memory for this", WRONG)),
    (
        BaseException,
        lambda error: (f"a bug in annokit, {type(error).__name__}: {error} ({DEBUG}=1 tells)", WRONG),
    ),
)
"""What to say of an error, in one line, and the exit code; the first type that fits counts."""


def _loss_warning() -> type[Warning]:
    from annokit.formats.io import LossWarning

    return LossWarning


def _fail(message: str, code: int) -> int:
    line = harmless(" ".join(on_command_line(message).split()))
    with suppress(OSError, ValueError, AttributeError):  # standard error may be closed
        sys.stderr.write(f"annokit: {line}\n")
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End with one line and exit code 2."""
        sys.exit(_fail(f"{message}; see {self.prog} --help", WRONG))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="annokit", description="Labelled images and video from any platform, in one model.")
    parser.add_argument("--version", action="version", version=f"annokit {__version__}")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, (command, add, told) in VERBS.items():
        verb = verbs.add_parser(name, help=told, description=told)
        add(verb)
        verb.set_defaults(command=command)
    return parser


def _source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="file, folder or archive")
    parser.add_argument(
        "--from", dest="source_format", metavar="FORMAT", help="its format, where it can't be found out"
    )
    _reading(parser)


def _reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--images", action="append", metavar="DIR", help="folder of media and mask files; may be repeated"
    )
    parser.add_argument("--layer", help="labelset, branch or annotator; 'all' for every one")
    parser.add_argument("--collect", action="store_true", help="list records that can't be read instead of stopping")
    parser.add_argument("--password-file", metavar="FILE", help="file whose first line is the archive's password")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument(
        "-o", "--option", action="append", default=[], metavar="NAME=VALUE", help="option of the format's reader"
    )


def _info(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _plan(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    parser.add_argument("to", metavar="TO", help="target format, such as coco or yolo:darknet")
    parser.add_argument("--rows", action="store_true", help="list every single place")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="SOURCE", help="file, folder or archive")
    parser.add_argument("target", metavar="TARGET", help="file, folder, or .zip to write")
    parser.add_argument("to", metavar="TO", help="target format, such as coco or yolo:darknet")
    parser.add_argument(
        "--from", dest="source_format", metavar="FORMAT", help="the source's format, where it can't be found out"
    )
    _reading(parser)
    parser.add_argument(
        "--media", choices=("none", "copy", "link"), default="none", help="whether the pictures go along"
    )
    parser.add_argument("--strict", action="store_true", help="write nothing if anything would be lost")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    parser.add_argument(
        "-O", "--write-option", action="append", default=[], metavar="NAME=VALUE", help="option of the format's writer"
    )


def _fetch(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    parser.add_argument("directory", metavar="DIR", help="folder for the files")
    parser.add_argument(
        "--savant",
        metavar="DOMAIN",
        nargs="?",
        const="",
        help="fetch frames through SAVANT's login (SAVANT_DOMAIN, SAVANT_USERNAME, SAVANT_PASSWORD)",
    )
    parser.add_argument("--workers", type=int, default=16, metavar="N", help="downloads at a time (16)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def _formats(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", help="only formats that serve it, such as detection")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", metavar="DIR", nargs="?", default="annokit-demo", help="folder to write (annokit-demo)"
    )


VERBS: dict[str, tuple[Command, Callable[[argparse.ArgumentParser], None], str]] = {
    "info": (commands.info, _info, "tell what an export holds"),
    "convert": (commands.convert, _convert, "turn an export into another format"),
    "plan": (commands.plan, _plan, "tell what a target format could not hold, without writing"),
    "fetch": (commands.fetch, _fetch, "download the pictures of an export"),
    "formats": (commands.formats, _formats, "list the formats"),
    "demo": (commands.demo, _demo, "make a small export and do everything with it"),
}


def run() -> NoReturn:
    """Run as a script."""
    try:
        open_up()
        code = main()
    except KeyboardInterrupt:
        code = _fail("interrupted", INTERRUPTED)
    sys.exit(code)
