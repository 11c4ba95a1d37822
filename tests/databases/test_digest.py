"""Digests are of content; what is remembered never outlives the file it was read from."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from t2s_bench.databases import digest as digests
from t2s_bench.databases.digest import DigestCache, file_digest


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a test are new, and would not be remembered yet."""
    monkeypatch.setattr(digests, "SETTLED", -1.0)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) + 5)
    (tmp_path / "a").write_bytes(content)
    assert file_digest(tmp_path / "a") == sha(content)


def test_a_known_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    with DigestCache(tmp_path / "cache" / "digests.json") as cache:
        assert cache.digest(path) == sha(b"content")
    monkeypatch.setattr(digests, "file_digest", lambda path: pytest.fail("read again"))
    assert DigestCache(tmp_path / "cache" / "digests.json").digest(path) == sha(b"content")


def test_a_changed_file_is_read_even_if_size_and_time_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")
    before = path.stat()
    with DigestCache(tmp_path / "digests.json") as cache:
        cache.digest(path)
    path.write_bytes(b"change")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # until the clock's next step
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert DigestCache(tmp_path / "digests.json").digest(path) == sha(b"change")


def test_a_file_replaced_by_another_is_read(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
        os.utime(tmp_path / name, (5, 5))
    with DigestCache(tmp_path / "digests.json") as cache:
        cache.digest(tmp_path / "a")
    os.replace(tmp_path / "b", tmp_path / "a")
    assert DigestCache(tmp_path / "digests.json").digest(tmp_path / "a") == sha(b"b")


def test_a_file_that_just_changed_is_not_remembered_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "SETTLED", 3600.0)
    (tmp_path / "a").write_bytes(b"x")
    with DigestCache(tmp_path / "digests.json") as cache:
        cache.digest(tmp_path / "a")
    assert not (tmp_path / "digests.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 5, "y": []}', "\x00"])
def test_a_damaged_cache_is_started_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "digests.json").write_text(content)
    (tmp_path / "a").write_bytes(b"x")
    with DigestCache(tmp_path / "digests.json") as cache:
        assert cache.digest(tmp_path / "a") == sha(b"x")
    assert sha(b"x") in (tmp_path / "digests.json").read_text()


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    with DigestCache(tmp_path / "file" / "digests.json") as cache:
        assert cache.digest(tmp_path / "file") == sha(b"in the way of a folder")


def test_two_writers_keep_each_others_entries_and_forget_files_that_are_gone(
    tmp_path: Path,
) -> None:
    for name in ("a", "b", "gone"):
        (tmp_path / name).write_bytes(name.encode())
    one, two = (DigestCache(tmp_path / "digests.json") for _ in range(2))
    one.digest(tmp_path / "a")
    one.digest(tmp_path / "gone")
    two.digest(tmp_path / "b")
    one.save()
    (tmp_path / "gone").unlink()
    two.save()
    text = (tmp_path / "digests.json").read_text()
    assert sha(b"a") in text
    assert sha(b"b") in text
    assert sha(b"gone") not in text
