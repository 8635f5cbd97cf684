"""Every exception that annokit raises on purpose.

::

    AnnokitError
    ├── FormatError            a file is not what its format says
    │   └── AmbiguousFormatError   no format, or several, claim a path
    ├── MissingSizeError       pixels were asked of an item whose size nobody knows
    ├── MediaError             an image, video or mask file can't be used
    ├── LossError              writing would lose something and ``on_loss="raise"``
    ├── MissingExtraError      an optional package is needed
    ├── UsageError             a call's arguments make no sense
    └── FetchError             a download failed
        └── AuthError          the platform refused the credentials

A missing path is Python's own :class:`FileNotFoundError`. All keep their facts as attributes and can be pickled.
"""

from __future__ import annotations

from typing import Any


class AnnokitError(Exception):
    """Base of all errors raised on purpose; its text is one line that a person can act on."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.__dict__.update(facts)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, {k: v for k, v in self.__dict__.items() if k != "message"})


def _rebuild(kind: type[AnnokitError], message: str, facts: dict[str, Any]) -> AnnokitError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.message = message
    error.__dict__.update(facts)
    return error


class FormatError(AnnokitError):
    """A file does not hold what its format promises.

    Parameters
    ----------
    message : str
        What is wrong, without the place.
    path : str, optional
        The file, as the caller named it; inside an archive ``archive.zip!member``.
    line : int, optional
        Line number from 1, for line-based formats.
    pointer : str, optional
        JSON pointer (RFC 6901) of the value, for JSON formats.
    item : str, optional
        Name of the item concerned.
    found, expected : str, optional
        What lies there, and what should.
    """

    path: str | None
    line: int | None
    pointer: str | None
    item: str | None
    found: str | None
    expected: str | None

    def __init__(  # noqa: PLR0913 - the facts are named one by one, so that a misspelt one is refused
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        pointer: str | None = None,
        item: str | None = None,
        found: str | None = None,
        expected: str | None = None,
        **facts: Any,
    ) -> None:
        place = ", ".join(
            text
            for text in (
                path or "",
                f"line {line}" if line is not None else "",
                f"at {pointer}" if pointer else "",
                f"item {item!r}" if item is not None else "",
            )
            if text
        )
        detail = "; ".join(
            text for text in (f"found {found}" if found else "", f"expected {expected}" if expected else "") if text
        )
        text = f"{place}: {message}" if place else message
        super().__init__(
            f"{text} ({detail})" if detail else text,
            path=path,
            line=line,
            pointer=pointer,
            item=item,
            found=found,
            expected=expected,
            **facts,
        )


class AmbiguousFormatError(FormatError):
    """No format recognises a path, or more than one does; ``candidates`` holds their names."""

    candidates: tuple[str, ...] = ()


class MissingSizeError(AnnokitError):
    """Pixels were asked for, and the item's width and height are unknown; ``item`` holds its name."""

    item: str | None = None

    @classmethod
    def of(cls, name: str) -> MissingSizeError:
        """Return the error for the item `name`, with the three ways to give a size."""
        return cls(
            f"item {name!r} has no known size: give images= so that it is read from the file's header, "
            "sizes= (a mapping from item name to (width, height)), or fetch the pixels first",
            item=name,
        )


class MediaError(AnnokitError):
    """An image, video or mask file is missing, damaged, too large or of the wrong kind; ``path`` holds its name."""

    path: str | None = None


class LossError(AnnokitError):
    """Writing would lose something; ``report`` holds the full :class:`annokit.Report`."""

    report: Any = None


class MissingExtraError(AnnokitError, ImportError):
    """An optional package is needed; ``extra`` names the extra and ``package`` the import that failed."""

    extra: str = ""
    package: str = ""

    @classmethod
    def of(cls, extra: str, package: str, purpose: str) -> MissingExtraError:
        """Return the error that tells how to install `extra`."""
        return cls(
            f'{purpose} needs {package}: pip install "annokit[{extra}]"',
            extra=extra,
            package=package,
        )


class UsageError(AnnokitError, ValueError):
    """A call's arguments make no sense; the message lists the valid choices."""


class FetchError(AnnokitError):
    """A download failed for good; ``status`` holds the HTTP status where there was one."""

    status: int | None = None


class AuthError(FetchError):
    """The platform refused the credentials. The message never holds them."""
