"""What is read from a zip, a zip in a zip or a folder, and what is refused."""

from __future__ import annotations

import io
import os
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks import archive as archives
from t2s_bench.benchmarks.archive import open_archive
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught, open_archive(path) as archive:
        for member in archive.under(""):
            member.read()
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_zip_and_folder_show_the_same_files(tmp_path: Path, layouts: Layouts) -> None:
    folder = layouts.spider()
    path = layouts.zip(folder, tmp_path / "a.zip", top=False)
    with open_archive(folder) as left, open_archive(path) as right:
        assert left.sizes == right.sizes
        assert [m.read() for m in left.under("")] == [m.read() for m in right.under("")]


def test_a_layout_is_found_at_any_depth_and_the_outermost_wins(tmp_path: Path) -> None:
    files = {
        "a/b/dev.json": b"1",
        "a/b/tables.json": b"1",
        "a/b/c/dev.json": b"2",
        "a/b/c/tables.json": b"2",
        "dev.json": b"3",
    }
    with open_archive(zipped(tmp_path / "a.zip", files)) as archive:
        assert archive.root(["dev.json", "tables.json"]) == "a/b/"
        assert archive.root(["dev.json"]) == ""
        assert archive.root(["dev.json"], one_of=["nothing"]) is None


def test_clutter_of_file_managers_is_left_out(tmp_path: Path) -> None:
    files = {"__MACOSX/._a": b"", "x/.DS_Store": b"", "x/._a": b"", ".git/config": b"", "x/a": b"1"}
    with open_archive(zipped(tmp_path / "a.zip", files)) as archive:
        assert list(archive.sizes) == ["x/a"]


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "a\\..\\evil", "a//b", "a/\x1b[2J"]
)
def test_names_that_lead_out_of_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    assert "is refused: its file name" in refusal(zipped(tmp_path / "a.zip", {name: b"x"}))


def test_links_are_refused_in_zip_and_folder(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a/link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "is a link" in refusal(tmp_path / "a.zip")
    for target in ("/etc", "/etc/passwd"):
        folder = tmp_path / target.strip("/").replace("/", "-")
        folder.mkdir()
        os.symlink(target, folder / "link")
        assert "is a link" in refusal(folder)


def test_a_bomb_is_refused_by_its_proportion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", {"zeros": bytes(1_000_000)})
    with open_archive(path) as archive:
        assert sum(archive.sizes.values()) == 1_000_000
    monkeypatch.setattr(archives, "SMALL", 900_000)
    assert "it would unpack from" in refusal(path)
    monkeypatch.setattr(archives, "RATIO", 2_000)
    monkeypatch.setattr(archives, "LARGEST", 900_000)
    assert "it would unpack from" in refusal(path)


def test_a_bomb_inside_is_refused_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = zipped(tmp_path / "inner.zip", {"zeros": bytes(1_000_000)}).read_bytes()
    path = zipped(tmp_path / "a.zip", {"inner.zip": inner})
    monkeypatch.setattr(archives, "SMALL", 900_000)
    with open_archive(path) as archive, pytest.raises(BadInput, match="would unpack"):
        archive.nested(next(archive.under("")), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "inner.zip"]


def test_a_lying_size_unpacks_no_more_than_it_declares(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"zeros": bytes(1_000_000)})
    content = path.read_bytes()
    size = (1_000_000).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (10).to_bytes(4, "little")))
    assert "zeros is cut off or damaged" in refusal(path)


def test_encryption_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"secret": b"x"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "is encrypted (secret)" in refusal(path)


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a", "1")
        archive.writestr("a", "2")
    assert "holds a twice" in refusal(path)


def test_a_truncated_zip_is_said_to_be_cut_off(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a": os.urandom(5_000)})
    path.write_bytes(path.read_bytes()[:3_000])
    assert "is cut off or damaged" in refusal(path)


def test_a_wrong_checksum_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a", b"0123456789")
    path.write_bytes(path.read_bytes().replace(b"0123456789", b"0123X56789"))
    assert "a is cut off or damaged" in refusal(path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"\n <!DOCTYPE html><html>Log in</html>", "a web page"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"SQLite format 3\0rest", "a single SQLite database"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
        (b"[1]", "a JSON file"),
        (b"some words", "something else"),
    ],
)
def test_what_is_no_zip_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    message = refusal(path)
    assert f"{path} is not a zip file but" in message
    assert kind in message


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "there is no file or folder" in refusal(tmp_path / "none.zip")


def test_random_damage_ends_in_one_line_or_in_the_same_content(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"x/y": b"content" * 50}).read_bytes()
    files = {"a/one.json": b"[]" * 400, "a/dev_databases.zip": inner}
    whole = zipped(tmp_path / "whole.zip", files).read_bytes()
    chance = random.Random(2)
    path = tmp_path / "a.zip"
    for _ in range(150):
        content = bytearray(whole)
        if chance.random() < 0.3:
            del content[chance.randrange(9, len(content)) :]
        for _ in range(chance.randrange(1, 4)):
            content[chance.randrange(2, len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            with open_archive(path) as archive:
                for member in list(archive.under("")):
                    if member.name in files:
                        assert member.read() == files[member.name]
                    if member.name.endswith(".zip"):
                        nested = archive.nested(member, tmp_path)
                        assert [m.read() for m in nested.under("")] == [b"content" * 50]
        except BadInput as error:
            assert "\n" not in str(error)


def test_a_nested_zip_is_read_like_any_other(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("d/d.sqlite", b"content")
    path = zipped(tmp_path / "a.zip", {"top/inner.zip": inner.getvalue()})
    with open_archive(path) as outer:
        nested = outer.nested(next(outer.under("top/")), tmp_path)
        assert nested.name == f"{path}/top/inner.zip"
        assert [(m.name, m.read()) for m in nested.under("d/")] == [("d/d.sqlite", b"content")]
