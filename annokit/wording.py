"""Numbers of things in sentences."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a number of things: ``1 item``, ``1,200 items``, ``3 classes``.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        What, of one.
    plural : str, optional
        What, of several, where the usual ending does not fit.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + _ending(noun)}"


def _ending(noun: str) -> str:
    return "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
