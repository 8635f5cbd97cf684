from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from annokit.media.fetched import MANIFEST
from annokit.remote.manifest import Entry, Manifest, is_intact, sha256_of


def entry(key: str = "k", path: str = "a.png", **facts: object) -> Entry:
    return Entry(key, path, **{"bytes": 3, "mtime_ns": 1, "sha256": "0", **facts})


def test_entries_come_back(tmp_path: Path) -> None:
    first = Manifest(tmp_path)
    one, two = entry("k1", kind="png", size=(4, 3)), entry("schlüssel/2", "ü/ß.png")
    first.add(one)
    first.add(two)
    first.close()
    again = Manifest(tmp_path)
    assert again.entries() == [one, two]
    assert again.get("k1") == one
    assert again.get("other") is None


def test_the_last_line_of_a_key_counts(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.add(entry(path="old.png"))
    manifest.add(entry(path="new.png"))
    manifest.close()
    assert [e.path for e in Manifest(tmp_path).entries()] == ["new.png"]


def test_a_torn_line_is_skipped_and_the_next_one_is_whole(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.add(entry("k1"))
    manifest.add(entry("k2"))
    manifest.close()
    path = tmp_path / MANIFEST
    path.write_bytes(path.read_bytes()[:-20])
    manifest = Manifest(tmp_path)
    assert [e.key for e in manifest.entries()] == ["k1"]
    manifest.add(entry("k3"))
    manifest.close()
    assert [e.key for e in Manifest(tmp_path).entries()] == ["k1", "k3"]


def test_rubbish_is_skipped(tmp_path: Path) -> None:
    outside = b'{"key":"k","path":"../a","bytes":1,"mtime_ns":1,"sha256":""}\n'
    (tmp_path / MANIFEST).write_bytes(b'\xff\xfe\n{"key":1}\n[]\n\n{"key":"a"}\n' + outside)
    assert len(Manifest(tmp_path)) == 0


def test_many_threads_append_whole_lines(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    threads = [
        threading.Thread(target=lambda n=n: [manifest.add(entry(f"{n}/{i}")) for i in range(50)]) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    manifest.close()
    assert len(Manifest(tmp_path)) == 400


def test_intact_means_same_length_and_time_or_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"abc")
    good = entry(mtime_ns=path.stat().st_mtime_ns, sha256=sha256_of(path))
    assert is_intact(good, path)
    os.utime(path, ns=(1, 1))
    assert is_intact(good, path)  # copied elsewhere: the hash decides
    path.write_bytes(b"abd")
    os.utime(path, ns=(2, 2))
    assert not is_intact(good, path)
    path.write_bytes(b"abcd")
    assert not is_intact(good, path)
    path.unlink()
    assert not is_intact(good, path)


def test_a_line_that_the_disk_cuts_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = Manifest(tmp_path)
    manifest.add(entry("k1"))
    write = os.write
    monkeypatch.setattr("annokit.remote.manifest.os.write", lambda file, data: write(file, data[:20]))
    with pytest.raises(OSError, match="No space"):
        manifest.add(entry("k2"))
    monkeypatch.undo()
    manifest.close()
    again = Manifest(tmp_path)
    again.add(entry("k3"))
    again.close()
    assert [e.key for e in Manifest(tmp_path).entries()] == ["k1", "k3"]
