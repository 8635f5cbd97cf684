"""ZIP archives as sources: checked as a whole before anything is unpacked, and again while it is.

What is refused, since no data set needs it and an attacker does: names that leave the folder, links and devices, one
name twice, members that overlap, more members or bytes than the limits allow, and ratios that deflate can't reach.
"""

from __future__ import annotations

import contextlib
import importlib
import stat
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from annokit.codecs.source import JUNK, OUTSIDE, Source
from annokit.codecs.stream import BROKEN, Guarded
from annokit.errors import AnnokitError, FormatError, MissingExtraError
from annokit.limits import Limits

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_ENCRYPTED = 0x1
_UTF8 = 0x800
_AES = 99
_SMALL = 1 << 20
_KINDS = {stat.S_IFLNK: "a symbolic link", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFIFO: "a pipe"}


class ZipSource(Source):
    """The members of a ZIP archive.

    Parameters
    ----------
    label : str
        What the caller named, for messages.
    file : seekable binary file
        The archive; closed with the source.
    limits : Limits
        ``archive_members``, ``archive_bytes`` and ``archive_ratio`` are checked here.
    password : str or bytes, optional
        For encrypted members; never shown.
    beneath : binary file, optional
        A further file to close with the source.
    """

    kind = "zip"

    def __init__(
        self,
        label: str,
        file: BinaryIO,
        limits: Limits,
        password: str | bytes | None = None,
        beneath: BinaryIO | None = None,
    ) -> None:
        self.label = label
        self.limits = limits
        self._files = [file] if beneath is None else [file, beneath]
        try:
            self._zip = _opened(label, file, zipfile.ZipFile)
            self._members = _checked(label, self._zip, _length(file), limits)
            self._unlock(file, password)
        except BaseException:
            self.close()
            raise

    def _unlock(self, file: BinaryIO, password: str | bytes | None) -> None:
        locked = [info for info in self._members.values() if info.flag_bits & _ENCRYPTED]
        if not locked:
            return
        if not password:
            raise AnnokitError(f"{self.label}: the archive is encrypted; give its password=", path=self.label)
        if any(info.compress_type == _AES for info in locked):
            self._zip = _opened(self.label, file, _aes_archive())
            self._members = _by_name(self._zip)
        self._zip.setpassword(password.encode() if isinstance(password, str) else password)
        smallest = min(locked, key=lambda info: info.file_size)
        name = next(name for name, info in self._members.items() if info.header_offset == smallest.header_offset)
        self.read(name, most=1)

    def _list(self) -> Iterator[str]:
        return (name for name in self._members if not JUNK.search(name))

    def _info(self, name: str) -> ZipInfo:
        try:
            return self._members[name]
        except KeyError:
            raise FormatError("there is no such file in the archive", path=self.where(name)) from None

    def _open(self, name: str) -> BinaryIO:
        info = self._info(name)
        label = self.where(name)
        fail = _locked_failure if info.flag_bits & _ENCRYPTED else _failure
        try:
            stream = self._zip.open(info)
        except BROKEN as error:
            raise fail(label, error) from error
        return Guarded(cast(BinaryIO, stream), label, most=info.file_size, fail=fail).buffered()

    def _size(self, name: str) -> int:
        return self._info(name).file_size

    def close(self) -> None:
        """Close the archive."""
        for file in self._files:
            file.close()


def _opened(label: str, file: BinaryIO, kind: type[ZipFile]) -> ZipFile:
    try:
        return kind(file)
    except BROKEN as error:
        raise FormatError(f"this is not a ZIP archive, or it is damaged or cut short ({error})", path=label) from error


def _aes_archive() -> type[ZipFile]:
    try:
        return cast("type[ZipFile]", importlib.import_module("pyzipper").AESZipFile)
    except ImportError as error:
        raise MissingExtraError.of("zip", "pyzipper", "reading an AES-encrypted ZIP archive") from error


def _length(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _failure(label: str, error: Exception) -> AnnokitError:
    if isinstance(error, NotImplementedError):
        return FormatError(f"the archive uses a compression that can't be unpacked ({error})", path=label)
    return FormatError(f"the archive is damaged here ({error})", path=label)


def _locked_failure(label: str, error: Exception) -> AnnokitError:
    if isinstance(error, NotImplementedError):
        return _failure(label, error)
    return AnnokitError(f"{label}: the password is wrong, or the archive is damaged here", path=label)


def _by_name(archive: ZipFile) -> dict[str, ZipInfo]:
    return {_name(info): info for info in archive.infolist() if not info.is_dir()}


def _name(info: ZipInfo) -> str:
    """Return a member's name; names that are UTF-8 without saying so, as macOS writes them, are read as such."""
    name = info.filename
    if not name.isascii() and not info.flag_bits & _UTF8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode()
    if name.startswith("./") or "/./" in name or "//" in name:
        name = ("/" if name[0] == "/" else "") + "/".join(part for part in name.split("/") if part not in ("", "."))
    return name


def _checked(label: str, archive: ZipFile, length: int, limits: Limits) -> dict[str, ZipInfo]:
    """Return the members by name, once the central directory has passed every check."""
    infos = archive.infolist()
    _refuse(len(infos) > limits.archive_members, label, "holds too many members", len(infos), limits.archive_members)
    members: dict[str, ZipInfo] = {}
    total = packed = 0
    for info in infos:
        name = _name(info)
        _check_member(f"{label}!{name}", info, name, limits)
        total += info.file_size
        packed += info.compress_size
        if not info.is_dir() and members.setdefault(name, info) is not info:
            raise FormatError("the archive holds this name twice", path=f"{label}!{name}")
    _refuse(total > limits.archive_bytes, label, "unpacks to too many bytes", total, limits.archive_bytes)
    _refuse(packed > length, label, "states members that overlap", packed, length)
    return members


def _refuse(wrong: bool, label: str, message: str, found: Any, most: int) -> None:
    if wrong:
        raise FormatError(f"the archive {message}", path=label, found=str(found), expected=f"at most {most}")


def _check_member(label: str, info: ZipInfo, name: str, limits: Limits) -> None:
    if OUTSIDE.search(name) or "\0" in info.orig_filename or "\\" in info.orig_filename:
        raise FormatError("the archive holds a name that could leave the folder", path=label)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind in _KINDS:
        raise FormatError(f"the archive holds {_KINDS[kind]}, which is refused", path=label)
    if info.file_size > _SMALL and info.file_size > limits.archive_ratio * max(info.compress_size, 1):
        raise FormatError(
            "the archive member unpacks to far more than it holds",
            path=label,
            found=f"{info.compress_size} bytes packed, {info.file_size} unpacked",
            expected=f"a ratio of at most {limits.archive_ratio}",
        )
