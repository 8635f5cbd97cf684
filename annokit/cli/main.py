"""``annokit info | convert | plan | fetch | formats | demo``.

Exit code 0: all is well. 1: an issue of severity warning or error in the data. 2: wrong use, or something that stopped
the work. Errors are one line on standard error, never a traceback.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from annokit import __version__
from annokit.cli import commands
from annokit.errors import AnnokitError

OK, ISSUES, WRONG, INTERRUPTED = 0, 1, 2, 130

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    arguments = _parser().parse_args(argv)
    command: Command = arguments.command
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=_loss_warning())
            return command(arguments)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except FileNotFoundError as error:
        return _fail(f"{error.filename or error}: there is no such file or folder", WRONG)
    except AnnokitError as error:
        return _fail(str(error), WRONG)
    except BrokenPipeError:
        sys.stderr.close()
        return OK
    except OSError as error:
        return _fail(str(error), WRONG)


def _loss_warning() -> type[Warning]:
    from annokit.formats.io import LossWarning

    return LossWarning


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    sys.stderr.write(f"annokit: {line}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="annokit", description="Labelled images and video from any platform, in one model."
    )
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
    parser.add_argument("--workers", type=int, default=16, help="downloads at a time")


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


def run() -> Any:
    """Run as a script."""
    sys.exit(main())
