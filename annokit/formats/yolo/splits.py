"""Which split a picture belongs to, of the folders and lists that a tree names."""

from __future__ import annotations

from collections.abc import Sequence

from annokit.formats.yolo.layout import split_word


class SplitOf:
    """Tells the split of a picture.

    Where several keys name it, it is the one after which the folder or list is called, else none.
    """

    def __init__(self, splits: Sequence[tuple[str, list[str] | str]]) -> None:
        self.folders: dict[str, list[str]] = {}
        self.pictures: dict[str, list[str]] = {}
        self.shared: list[str] = []
        self._known: dict[str, tuple[list[str], list[str]]] = {}
        for key, place in splits:
            for path in [place] if isinstance(place, str) else place:
                words = (self.folders if isinstance(place, str) else self.pictures).setdefault(path, [])
                if split_word(key) not in words:
                    words.append(split_word(key))

    def __call__(self, path: str) -> str | None:
        """Return the split of a picture, None where it has none."""
        words, fitting = self._of_folder(path.rpartition("/")[0]) if self.folders else ([], [])
        listed = self.pictures.get(path)
        words = words if listed is None else [*listed, *(word for word in words if word not in listed)]
        if len(words) < 2:
            return words[0] if words else None
        named = fitting or [word for word in words if f"obj_{word}_data" == path.partition("/")[0]]
        if len(named) == 1:
            return named[0]
        self.shared.append(path)
        return None

    def _of_folder(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the splits of a folder or one above it, and those after which it is called."""
        known = self._known.get(folder)
        if known is None:
            above, _, part = folder.rpartition("/")
            words, fitting = self._of_folder(above) if folder else ([], [])
            own = self.folders.get(folder, [])
            words = [*own, *(word for word in words if word not in own)]
            fitting = [*fitting, *(word for word in own if split_word(part) == word and word not in fitting)]
            known = self._known[folder] = words, fitting
        return known
