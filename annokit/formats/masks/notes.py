"""What is noticed while reading masks, and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.formats.masks.infer import Inference

Place = tuple[str, int, str]
"""Item, annotation row, detail."""


@attrs.define
class Notes:
    """Places by what was noticed."""

    missing: list[tuple[str, str]] = attrs.field(factory=list)
    bad: list[tuple[str, str]] = attrs.field(factory=list)
    sizes: list[tuple[str, str]] = attrs.field(factory=list)
    extra: list[tuple[str, str]] = attrs.field(factory=list)
    ambiguous: list[tuple[str, str]] = attrs.field(factory=list)
    unlisted_values: list[Place] = attrs.field(factory=list)
    empty: list[Place] = attrs.field(factory=list)
    void: list[str] = attrs.field(factory=list)
    unlisted: list[str] = attrs.field(factory=list)
    unnamed: list[str] = attrs.field(factory=list)
    guessed: list[str] = attrs.field(factory=list)
    assumed: bool = False

    def inferred(self, found: Inference) -> None:
        """Take over what the names of the files could not tell."""
        self.ambiguous += found.ambiguous
        self.unnamed += found.unnamed
        self.guessed += found.guessed

    def issues(self) -> list[Issue]:
        """Return what to tell, worst first."""
        return [
            *_items("bad-media", "a mask can't be used", self.bad, "invalid"),
            *_items("missing-media", "a mask is not there", self.missing, "missing"),
            *_items("size-mismatch", "masks have another size than their picture", self.sizes, "kept"),
            *_items("ambiguous-media", "a mask fits several pictures; it was given to none", self.ambiguous, "kept"),
            *_items("skipped-record", "a picture has more than one mask; the first was read", self.extra, "skipped"),
            *_rows("mask-without-annotation", "nothing tells the class of these pixels", self.unlisted_values),
            *_rows("annotation-without-mask", "an annotation has no pixels", self.empty),
            *_files("skipped-record", "warning", "the name tells no picture and no class; not read", self.unnamed),
            *_files("assumed", "warning", "the pictures are not known; the class was taken to be the name's last word",
                    self.guessed),
            *_files("skipped-record", "info", "the manifest does not name the file; not read", self.unlisted),
            *_void(self.void),
            *([_ASSUMED] if self.assumed else []),
        ]  # fmt: skip


_ASSUMED = Issue(
    "assumed",
    "warning",
    "nothing names the classes; they are called by their pixel values",
    field="label",
    fate="derived",
)


def _items(code: str, message: str, places: list[tuple[str, str]], fate: str) -> list[Issue]:
    if not places:
        return []
    listed = Places.of((item, None, detail) for item, detail in places)
    return [Issue.at(code, "warning", message, listed, field="shape", fate=fate)]


def _rows(code: str, message: str, places: list[Place]) -> list[Issue]:
    return [Issue.at(code, "warning", message, Places.of(places), field="shape", fate="kept")] if places else []


def _files(code: str, severity: str, message: str, names: list[str]) -> list[Issue]:
    fate = "derived" if code == "assumed" else "skipped"
    return [Issue(code, severity, message, len(names), tuple(names[:5]), fate=fate)] if names else []


def _void(items: list[str]) -> list[Issue]:
    if not items:
        return []
    places = Places.of((item, None, None) for item in items)
    told = "pixels of the void value belong to no annotation"
    return [Issue.at("skipped-record", "info", told, places, field="shape", fate="skipped")]
