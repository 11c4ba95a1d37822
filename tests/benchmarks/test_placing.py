"""A folder that is replaced is there at every moment, the old one or the new one."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from t2s_bench.benchmarks import placing
from t2s_bench.benchmarks.placing import replace, staging_folder


def put(folder: Path, content: str) -> None:
    with staging_folder(folder) as staging:
        (staging / "file").write_text(content)
        replace(staging, folder)


def test_a_reader_always_finds_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "place"
    put(folder, "0")
    if not placing._exchanged(*(make(tmp_path / name) for name in "ab")):
        pytest.skip("this file system cannot let two folders change places")
    done = threading.Event()
    missed: list[str] = []

    def read() -> None:
        while not done.is_set():
            if not folder.is_dir():
                missed.append("no folder")

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 200):
        put(folder, str(number))
    done.set()
    reader.join()
    assert not missed
    assert (folder / "file").read_text() == "199"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("exchanges", [True, False])
def test_the_new_one_takes_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    if not exchanges:
        monkeypatch.setattr(placing, "_exchanged", lambda one, other: False)
    folder = tmp_path / "place"
    for content in ("old", "new"):
        put(folder, content)
    assert (folder / "file").read_text() == "new"
    assert os.listdir(tmp_path) == ["place"]
