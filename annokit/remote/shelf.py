"""Where finished files go: checked, named, put in place and noted."""

from __future__ import annotations

import os
from contextlib import suppress

import attrs

from annokit.errors import MediaError
from annokit.media.magic import IMAGE_KINDS, is_complete, sniff
from annokit.media.size import image_size
from annokit.remote.folder import Folder, PartFile, refuse
from annokit.remote.job import Job
from annokit.remote.manifest import Entry, Manifest, is_intact, sha256_of
from annokit.remote.naming import Names, marked, with_suffix
from annokit.remote.signals import TransientError


@attrs.frozen
class Shelf:
    """A folder with its manifest and names."""

    folder: Folder
    manifest: Manifest
    names: Names

    @classmethod
    def at(cls, folder: Folder) -> Shelf:
        """Return the shelf of `folder`, with what earlier runs left there."""
        names = Names()
        manifest = Manifest(folder.path, lambda entry: names.claim(entry.key, entry.path))
        return cls(folder, manifest, names)

    def find(self, job: Job) -> Entry | None:
        """Return the entry of `job` if its file is there and intact; new owners are noted."""
        entry = self.manifest.get(job.key)
        if entry is None or not is_intact(entry, self.folder.join(entry.path)):
            return None
        owned = entry.owned(job.owners)
        if owned is not entry:
            with suppress(OSError):  # the file is there, which is what was asked for
                self.manifest.add(owned)
        return owned

    def keep(self, job: Job, part: PartFile) -> Entry:
        """Put a received file in its place.

        Raises
        ------
        TransientError
            The file is not whole.
        HaltError, LostError
            The disk refuses it.
        """
        kind = sniff(part.head)
        size = _checked(job, part, kind)
        name = self._name(job, kind, part)
        changed = part.publish(self.folder.target(name))
        entry = Entry(job.key, name, part.length, changed, part.sha256, kind, size, job.owners)
        try:
            self.manifest.add(entry)
        except OSError as error:
            refuse(error, self.folder.path)
        return entry

    def close(self) -> None:
        """Remove unfinished files and close the manifest."""
        self.folder.close()
        self.manifest.close()

    def _name(self, job: Job, kind: str | None, part: PartFile) -> str:
        entry = self.manifest.get(job.key)
        wished = entry.path if entry is not None else self.names.claim(job.key, job.name)
        name = self.names.claim(job.key, with_suffix(wished, kind))
        mine = entry is not None and entry.path == name
        if not mine and _is_other(self.folder.target(name), part):
            return self.names.claim(job.key, marked(name, job.key))
        return name


def _is_other(target: str, part: PartFile) -> bool:
    """Tell whether a file of somebody else's lies at `target`: one that was not downloaded, with other contents."""
    try:
        same = os.stat(target).st_size == part.length  # noqa: PTH116 - see Folder.join
        return not same or sha256_of(target) != part.sha256
    except OSError:
        return False


def _checked(job: Job, part: PartFile, kind: str | None) -> tuple[int, int] | None:
    if job.length is not None and part.length != job.length:
        raise TransientError(f"the file has {part.length:,} bytes; expected {job.length:,}")
    if kind not in IMAGE_KINDS:
        return None
    if not is_complete(part.path):
        raise TransientError(f"the {kind} file is cut short or damaged")
    try:
        return image_size(part.path)
    except MediaError as error:
        raise TransientError(f"the {kind} file is damaged ({error})") from error
