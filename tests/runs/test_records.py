"""JSON lines survive kills, odd text and full disks."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest

from t2s_bench.errors import BadInput
from t2s_bench.runs import records


def test_a_torn_last_line_is_not_read_and_is_cut_off_before_the_next_append(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"id": 1}\n{"id": 2')
    assert records.read(path) == [{"id": 1}]
    with records.Appender(path) as appender:
        appender.append([{"id": 3}])
    assert path.read_bytes() == b'{"id": 1}\n{"id": 3}\n'


@pytest.mark.parametrize("text", ["é中", "\ud800", "line\nbreak", "\x00", "\u2028"])
def test_any_text_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lines.jsonl"
    with records.Appender(path) as appender:
        appender.append([{"sql": text}, {"sql": text}])
    assert records.read(path) == [{"sql": text}] * 2


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"id": 1}\n{"id"\n')
    with pytest.raises(BadInput, match="line 2 is not JSON"):
        records.read(path)


def test_a_full_disk_is_one_line_and_keeps_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with records.Appender(path) as appender:
            appender.append([{"id": 1}])
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
            with pytest.raises(BadInput, match="make room, then go on with --resume"):
                appender.append([{"id": 2, "sql": "x" * 1000}])
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert records.read(path) == [{"id": 1}]
            appender.append([{"id": 3}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    assert records.read(path) == [{"id": 1}, {"id": 3}]
