"""A font that has the letters of a text: Pillow's own where that suffices, else one of the machine's."""

from __future__ import annotations

import os
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont

VARIABLE = "ANNOKIT_FONT"
"""Environment variable: the path of a font file to prefer."""

PREFERRED = (
    "dejavusans.ttf",
    "notosans-regular.ttf",
    "liberationsans-regular.ttf",
    "arial.ttf",
    "segoeui.ttf",
    "notosanscjk-regular.ttc",
    "notosanscjkjp-regular.otf",
    "notosansjp-regular.otf",
    "ipaexg.ttf",
    "ipag.ttf",
    "hiragino sans gb.ttc",
    "yugothr.ttc",
    "meiryo.ttc",
    "msgothic.ttc",
    "msyh.ttc",
    "malgun.ttf",
    "pingfang.ttc",
    "wqy-zenhei.ttc",
    "droidsansfallbackfull.ttf",
    "arial unicode.ttf",
    "notosansarabic-regular.ttf",
    "notonaskharabic-regular.ttf",
    "geezapro.ttc",
    "unifont.ttf",
)
"""File names tried first, in lower case; after them comes every other font of the machine, by name."""

_ABSENT = "\U0010fffe"
_SUFFIXES = (".ttf", ".ttc", ".otf")
_MOST_FONTS = 400


def font_for(text: str, size: int) -> tuple[Font, str]:
    """Return a font of `size` pixels, and `text` as it can be shown with it.

    Parameters
    ----------
    text : str
        One line.
    size : int
        Height of the letters in pixels, about.

    Returns
    -------
    font : PIL font
        The first that has all letters, else the one that has most.
    shown : str
        The text; letters that no font has are shown without their accents, else as a question mark.
    """
    path, missing = _choose(_letters(text))
    font = _open(path, size)
    shown = "".join(_plain(char) if char in missing else char for char in text)
    if not _is_scalable(font):
        shown = shown.encode("latin-1", "replace").decode("latin-1")
    return font, shown


def path_for(text: str) -> str | None:
    """Return the path of the font that has most letters of `text`; None where Pillow's own has them all."""
    return _choose(_letters(text))[0]


def _letters(text: str) -> frozenset[str]:
    return frozenset(char for char in text if unicodedata.category(char)[0] not in "CMZ")


def _plain(char: str) -> str:
    base = unicodedata.normalize("NFKD", char)[:1]
    return base if base != char and base.isascii() else "?"


@lru_cache(maxsize=1024)
def _choose(letters: frozenset[str]) -> tuple[str | None, frozenset[str]]:
    """Return the path of the best font, None for Pillow's own, and the letters that it lacks."""
    best: tuple[str | None, frozenset[str]] = (None, letters)
    for path in (*_stated(), None, *(_installed() if _lacking(None, letters) else ())):
        missing = _lacking(path, letters)
        if not missing:
            return path, missing
        if len(missing) < len(best[1]):
            best = path, missing
    return best


def _lacking(path: str | None, letters: frozenset[str]) -> frozenset[str]:
    return frozenset(char for char in letters if not _has(path, char))


@lru_cache(maxsize=65536)
def _has(path: str | None, char: str) -> bool:
    """Tell whether a font has a letter: whether it looks other than one that no font has."""
    try:
        font = _open(path, 16)
        if not _is_scalable(font):
            return ord(char) < 256
        found, absent = (font.getmask(one) for one in (char, _ABSENT))
        return found.size != absent.size or bytes(found) != bytes(absent)
    except (OSError, ValueError):
        return False


def _is_scalable(font: Font) -> bool:
    from PIL.ImageFont import FreeTypeFont

    return isinstance(font, FreeTypeFont)


@lru_cache(maxsize=256)
def _open(path: str | None, size: int) -> Font:
    from PIL import ImageFont

    return ImageFont.load_default(size) if path is None else ImageFont.truetype(path, size)


def _stated() -> tuple[str, ...]:
    path = os.environ.get(VARIABLE)
    return (path,) if path and Path(path).is_file() else ()


@lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    """Return the paths of the machine's fonts, the preferred ones first."""
    found: dict[str, str] = {}
    for folder in _folders():
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.suffix.lower() in _SUFFIXES:
                found.setdefault(path.name.lower(), str(path))
    order = {name: place for place, name in enumerate(PREFERRED)}
    names = sorted(found, key=lambda name: (order.get(name, len(order)), name))
    return tuple(found[name] for name in names[:_MOST_FONTS])


def _folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return [home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    return [home / ".local/share/fonts", home / ".fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]
