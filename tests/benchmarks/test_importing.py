"""Imports are equal by every route, complete or not there at all, and replace nothing unasked."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from t2s_bench.benchmarks import writing
from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.benchmarks.manifest import read_manifest
from t2s_bench.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def refusal(name: str, source: Path, **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        import_benchmark(name, source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def test_every_route_gives_the_same_files_and_digest(layouts: Layouts, tmp_path: Path) -> None:
    folder = layouts.spider("any name")
    sources = [
        folder,
        folder.parent / "inside",
        layouts.zip(folder, tmp_path / "top.zip"),
        layouts.zip(folder, tmp_path / "flat.zip", top=False),
    ]
    sources[1].mkdir()
    shutil.copytree(folder, sources[1] / "deeper" / "top")
    made = [
        import_benchmark("spider", source, data=tmp_path / str(place))
        for place, source in enumerate(sources)
    ]
    assert len({manifest.digest for manifest in made}) == 1
    contents = [files(tmp_path / str(place) / "spider") for place in range(len(sources))]
    assert all(content == contents[0] for content in contents)
    assert made[0].source_sha256 is None
    assert len(str(made[2].source_sha256)) == 64


def test_nested_databases_give_the_same_import(layouts: Layouts, tmp_path: Path) -> None:
    plain = import_benchmark("bird-dev", layouts.bird("a"), data=tmp_path / "1")
    nested = layouts.bird("b", nested=True)
    by_folder = import_benchmark("bird-dev", nested, data=tmp_path / "2")
    by_zip = import_benchmark(
        "bird-dev", layouts.zip(nested, tmp_path / "b.zip"), data=tmp_path / "3"
    )
    assert plain.digest == by_folder.digest == by_zip.digest
    trees = [files(tmp_path / place / "bird-dev") for place in "123"]
    assert trees[0] == trees[1] == trees[2]


def test_the_manifest_tells_what_is_there_and_what_is_missing(layouts: Layouts) -> None:
    made = import_benchmark("spider", layouts.spider(there=["arena"]))
    folder = load("spider-dev").folder
    assert read_manifest(folder) == made
    record = json.loads((folder / "manifest.json").read_text())
    assert record["format"] == 1
    assert record["missing"] == {"zoo": 3}
    assert record["splits"]["dev"]["missing"] == {"zoo": 1}
    assert (record["splits"]["dev"]["questions"], record["splits"]["dev"]["scored"]) == (3, 2)
    assert record["licence"] == "CC BY-SA 4.0"
    assert made.version == "unrecognised"
    assert "'dev' has 3 questions, 1.0 has 1,034" in made.notes


def test_an_empty_file_is_no_database(layouts: Layouts) -> None:
    folder = layouts.spider()
    (folder / "database" / "zoo" / "zoo.sqlite").write_bytes(b"")
    assert import_benchmark("spider", folder).missing == {"zoo": 3}


def test_further_fillings_come_along(layouts: Layouts) -> None:
    folder = layouts.spider()
    layouts.database(folder / "database" / "zoo" / "zoo_2.sqlite", rows=[(5, "x")])
    import_benchmark("spider", folder)
    loaded = load("spider-dev")
    assert [path.name for path in loaded.databases["zoo"].files] == ["zoo.sqlite", "zoo_2.sqlite"]


def test_an_import_is_replaced_only_by_force(layouts: Layouts, tmp_path: Path) -> None:
    first = import_benchmark("spider", layouts.spider())
    other = layouts.spider("other", there=["arena"])
    message = refusal("spider", other)
    assert f"digest {first.digest[:12]}): add --force" in message
    second = import_benchmark("spider", other, force=True)
    assert second.digest != first.digest
    assert load("spider-dev").missing == {"zoo": 1}
    assert visible(tmp_path / "data") == ["spider"]


def test_a_folder_that_was_not_imported_is_never_replaced(layouts: Layouts, tmp_path: Path) -> None:
    folder = layouts.spider()
    data = tmp_path / "data"
    data.mkdir()
    folder.rename(data / "spider")
    for force in (False, True):
        message = refusal("spider", data / "spider", force=force)
        assert "is there but was not imported: move it away" in message
    assert (data / "spider" / "dev.json").is_file()


def test_a_source_inside_what_it_would_replace_is_refused(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    inside = tmp_path / "data" / "spider" / "mine"
    layouts.spider().rename(inside)
    assert "which it would replace" in refusal("spider", inside, force=True)


def test_a_failed_replacement_leaves_what_was_there(layouts: Layouts, tmp_path: Path) -> None:
    first = import_benchmark("spider", layouts.spider())
    broken = layouts.spider("broken")
    (broken / "database" / "zoo" / "zoo.sqlite").write_bytes(b"damaged from its first byte")
    assert "zoo.sqlite in" in refusal("spider", broken, force=True)
    assert load("spider-dev").digest == first.splits["dev"].digest
    assert visible(tmp_path / "data") == ["spider"]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("database/zoo/zoo.sqlite", b"<html>", "is not a SQLite database"),
        ("database/zoo/zoo.sqlite", b"version https://git-lfs.github.com", "a Git LFS pointer"),
        ("dev.json", b'[{"db_id": "zoo"', "element 1 is cut off"),
        ("dev.json", b'[{"db_id": "zoo", "question": "?"}]', "has no text 'query'"),
        ("dev.json", b'[{"db_id": "../x", "question": "?", "query": "1"}]', "cannot be the name"),
        ("tables.json", b'{"db_id": 1}', "is not a list of schemas"),
        ("tables.json", b'[{"db_id": "zoo"}]', "entry of 'zoo' in tables.json is damaged"),
    ],
)
def test_damaged_content_is_named_and_leaves_nothing(
    layouts: Layouts, tmp_path: Path, file: str, content: bytes, message: str
) -> None:
    folder = layouts.spider()
    (folder / file).write_bytes(content)
    assert message in refusal("spider", layouts.zip(folder, tmp_path / "a.zip"))
    assert visible(tmp_path / "data") == []


def test_another_archive_is_named_for_what_it_is(layouts: Layouts, tmp_path: Path) -> None:
    message = refusal("spider", layouts.zip(layouts.mini_dev(), tmp_path / "minidev.zip"))
    assert "is not Spider: looked for tables.json beside dev.json" in message
    assert "found MINIDEV/dev_tables.json" in message
    assert "laid out as 'mini-dev'" in message
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "found no files" in refusal("bird-dev", empty)
    assert not (tmp_path / "data").exists()


def test_an_archive_without_databases_is_refused(layouts: Layouts) -> None:
    assert "holds no database" in refusal("spider", layouts.spider(there=[]))


def test_names_are_checked_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'spider'"):
        import_benchmark("spyder", tmp_path)
    assert "is part of t2s-bench" in refusal("mini", tmp_path)


def test_too_little_space_is_said_beforehand(
    layouts: Layouts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    message = refusal("spider", layouts.spider())
    assert "the databases need 16,384 bytes" in message
    assert "has 1,000 left" in message
    assert visible(tmp_path / "data") == []


def test_a_full_disk_is_one_line_and_leaves_nothing(
    layouts: Layouts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writing, "write_manifest", full)
    assert "no space left in" in refusal("spider", layouts.spider())
    assert visible(tmp_path / "data") == []


def test_a_data_folder_that_is_a_file_is_explained(layouts: Layouts, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    assert "cannot import into" in refusal("spider", layouts.spider())


KILLED = """
import os, signal, sys
from t2s_bench.benchmarks import writing
from t2s_bench.benchmarks.importing import import_benchmark
moment = int(sys.argv[2])
steps = 0
def trace(frame, event, arg):
    global steps
    if "t2s_bench/benchmarks" not in frame.f_code.co_filename:
        return None
    steps += 1
    if steps == moment:
        os.kill(os.getpid(), signal.SIGKILL)
    return trace
sys.settrace(trace)
import_benchmark("spider", sys.argv[1], force=True)
sys.settrace(None)
print(steps)
"""


def test_a_killed_import_leaves_the_old_or_the_new_whole(layouts: Layouts, tmp_path: Path) -> None:
    old, new = layouts.spider("old"), layouts.spider("new", there=["arena"])
    import_benchmark("spider", old)
    digests = {load("spider-dev").digest}

    def run(moment: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(new), str(moment)], capture_output=True, text=True
        )

    steps = int(run(0).stdout)
    digests.add(load("spider-dev").digest)
    assert len(digests) == 2
    import_benchmark("spider", old, force=True)
    # The last moments are those of the renaming.
    for moment in (steps // 3, steps - 60, steps - 40, *range(steps - 30, steps, 4)):
        assert run(moment).returncode == -signal.SIGKILL
        folder = tmp_path / "data" / "spider"
        if folder.exists():
            assert load("spider-dev").digest in digests
        import_benchmark("spider", old, force=True)
        assert visible(tmp_path / "data") == ["spider"]


def test_what_was_set_aside_by_a_killed_import_comes_back(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    folder = tmp_path / "data" / "spider"
    folder.rename(folder.with_name(".spider.replaced"))
    folder.with_name(".spider.importing").mkdir()
    assert "is already in" in refusal("spider", layouts.spider())
    assert visible(tmp_path / "data") == ["spider"]


def test_a_second_import_at_the_same_time_is_refused(layouts: Layouts, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / ".spider.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another import of 'spider'" in refusal("spider", layouts.spider())
    import_benchmark("spider", layouts.spider())


def test_an_interrupted_import_cleans_up(
    layouts: Layouts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_benchmark("spider", layouts.spider(), progress=interrupt)
    assert visible(tmp_path / "data") == []


def test_progress_counts_to_the_end(layouts: Layouts) -> None:
    seen: list[tuple[int, int]] = []
    import_benchmark("spider", layouts.spider(), progress=lambda *state: seen.append(state))
    assert seen[-1] == (16_384, 16_384)
    assert seen == sorted(seen)


def test_databases_are_digested_while_they_are_copied_and_not_again(
    layouts: Layouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("t2s_bench.databases.digest.SETTLED", -1.0)
    import_benchmark("spider", layouts.spider())
    monkeypatch.setattr(
        "t2s_bench.databases.digest.file_digest", lambda path: pytest.fail("read again")
    )
    assert len(load("spider-dev").databases) == 2


def test_imported_databases_are_whole(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    with sqlite3.connect(load("spider-dev").databases["zoo"].path) as connection:
        assert connection.execute("SELECT * FROM singer").fetchall() == [(1, "zoo")]
    connection.close()


def test_what_a_manifest_cannot_be_read_from_is_said(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    manifest = tmp_path / "data" / "spider" / "manifest.json"
    text = manifest.read_text()
    for damaged in ("{", "[]", "{}", text.replace('"digest"', '"digset"')):
        manifest.write_text(damaged)
        with pytest.raises(BadInput, match=r"manifest\.json is damaged: import"):
            load("spider-dev")
    manifest.write_text(text.replace('"format": 1', '"format": 2'))
    with pytest.raises(BadInput, match="another version of t2s-bench"):
        load("spider-dev")
    import_benchmark("spider", layouts.spider(), force=True)
    assert manifest.read_text() == text


# The real archives.

REAL = {
    "spider": (
        "spider_data.zip",
        163,
        {"dev": (1034, 972), "train": (8659, 8563)},
        {"wta_1": 62, "baseball_1": 82, "soccer_1": 14},
    ),
    "bird-dev": ("dev.zip", 1, {"dev": (1534, 129)}, None),
    "mini-dev": (
        "minidev.zip",
        1,
        dict.fromkeys(("sqlite", "postgresql", "mysql"), (500, 52)),
        None,
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_the_official_archives_import_by_every_route(
    shared: Path, official: Path, tmp_path: Path, name: str
) -> None:
    archive, databases, splits, missing = REAL[name]
    source = shared / "benchmarks" / archive
    made = read_manifest(official / name)
    assert made
    assert made.databases == databases
    assert made.version != "unrecognised"
    assert made.notes == ()
    found = {split: (part.questions, part.scored) for split, part in made.splits.items()}
    assert found == splits
    if missing:
        assert made.missing == missing
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(source) as zipped:
        zipped.extractall(unpacked)
    top = next(path.parent for path in unpacked.rglob("*tables.json"))
    for nested in list(top.glob("*.zip")):
        assert import_benchmark(name, top, data=tmp_path / "n").digest == made.digest
        with zipfile.ZipFile(nested) as zipped:
            zipped.extractall(top)
        nested.unlink()
    assert import_benchmark(name, unpacked, data=tmp_path / "f").digest == made.digest


def test_official_prediction_files_pair_with_spider_by_position(
    shared: Path, official: Path
) -> None:
    loaded = load("spider-dev", data=official)
    assert loaded.total == 1034
    assert len(loaded.left_out) == 62
    assert loaded.positions["1033"] == 1033
    with zipfile.ZipFile(shared / "benchmarks" / "spider_data.zip") as zipped:
        questions = json.loads(zipped.read("spider_data/dev.json"))
    for example in loaded.examples:
        record = questions[loaded.positions[example.id]]
        assert record["question"] == example.question.question
        assert (record["query"],) == example.golds


def test_repeated_official_ids_become_unique_by_position(official: Path) -> None:
    loaded = load("mini-dev", data=official)
    ids = [*loaded.positions, *loaded.left_out]
    assert len(set(ids)) == 500
    assert {identity for identity in ids if "@" in identity} == {
        "137@484",
        "138@485",
        "137@487",
        "138@488",
    }
