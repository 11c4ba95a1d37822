"""A transfer ends with the whole file or with one clear line, whatever the server does."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.benchmarks import hostile
from tests.benchmarks.hostile import Server, cut, no_ranges, status, untagged, whole

from t2s_bench.benchmarks.placing import NoSpace
from t2s_bench.benchmarks.transfer import OVERLAP, Patience, SourceFailed, transfer

QUICK = Patience(attempts=4, pause=0.001, connect=5, silence=5, slow_seconds=60)
FILE = b"PK\x03\x04" + random.Random(7).randbytes(300_000)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with hostile.running() as server:
        yield server


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "data.zip.part"


def failure(url: str, partial: Path, patience: Patience = QUICK) -> str:
    with pytest.raises(SourceFailed) as caught:
        transfer(url, partial, patience=patience)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_arrives_as_it_is(server: Server, partial: Path) -> None:
    seen: list[tuple[int, int]] = []
    transfer(server.serve("data.zip", FILE), partial, report=lambda *state: seen.append(state))
    assert partial.read_bytes() == FILE
    assert seen[-1] == (len(FILE), len(FILE))
    assert seen == sorted(seen)
    assert server.asked("data.zip") == [None]


def test_a_cut_connection_goes_on_where_it_stopped(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE, cut(after=100_000), cut(after=50_000))
    transfer(url, partial, patience=QUICK)
    assert partial.read_bytes() == FILE
    first, second, third = server.asked("data.zip")
    assert first is None
    assert second == 100_000 - OVERLAP
    assert third == second + 50_000 - OVERLAP


@pytest.mark.parametrize("seed", range(8))
def test_cuts_at_random_bytes_do_no_harm(server: Server, partial: Path, seed: int) -> None:
    chance = random.Random(seed)
    plan = [hostile.cut_anywhere(chance) for _ in range(6)]
    if seed % 2:
        plan = [untagged(step) for step in plan]
    transfer(
        server.serve("data.zip", FILE, *plan), partial, patience=Patience(attempts=9, pause=0.001)
    )
    assert partial.read_bytes() == FILE


def test_a_later_process_goes_on(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE, cut(after=200_000), *[cut(after=0)] * 4)
    assert "cut at byte 200,000 of 300,004" in failure(url, partial)
    code = (
        "import sys; from pathlib import Path; from t2s_bench.benchmarks.transfer import transfer;"
        "transfer(sys.argv[1], Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, url, str(partial)], check=True, timeout=60)
    assert partial.read_bytes() == FILE
    assert server.asked("data.zip")[-1] == 200_000 - OVERLAP


def test_what_is_complete_is_not_asked_for_again(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE)
    transfer(url, partial)
    transfer(url, partial)
    assert len(server.requests) == 1


def test_a_server_that_ignores_ranges_starts_again(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE, cut(after=100_000), no_ranges())
    transfer(url, partial, patience=QUICK)
    assert partial.read_bytes() == FILE


def test_one_that_ignores_ranges_and_always_cuts_is_given_up(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE, *[no_ranges(cut(after=100_000))] * 9)
    assert "cut at byte 100,000 of 300,004" in failure(url, partial)
    assert len(server.requests) == 1 + QUICK.attempts


def test_a_file_that_changes_meanwhile_comes_from_the_start(server: Server, partial: Path) -> None:
    other = b"PK\x03\x04" + random.Random(8).randbytes(250_000)
    url = server.serve("data.zip", FILE, cut(after=100_000), hostile.instead(other))
    server.files["data.zip"] = FILE
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(server.plans, "data.zip", [cut(after=100_000), *[hostile.instead(other)] * 9])
        transfer(url, partial, patience=QUICK)
    assert partial.read_bytes() == other


@pytest.mark.parametrize("same_length", [True, False])
def test_an_untagged_file_that_changes_is_noticed_by_its_bytes(
    server: Server, partial: Path, same_length: bool
) -> None:
    other = b"PK\x03\x04" + random.Random(8).randbytes(len(FILE) - (4 if same_length else 999))
    change = [untagged(hostile.instead(other))] * 9
    url = server.serve("data.zip", FILE, untagged(cut(after=100_000)), *change)
    transfer(url, partial, patience=QUICK)
    assert partial.read_bytes() == other


def test_a_range_that_is_not_the_one_asked_for_is_noticed(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE, cut(after=100_000), hostile.wrong_range(1))
    transfer(url, partial, patience=QUICK)
    assert partial.read_bytes() == FILE
    assert server.asked("data.zip")[-1] is None


def test_a_partial_file_of_unknown_origin_is_not_built_on(server: Server, partial: Path) -> None:
    partial.parent.mkdir()
    partial.write_bytes(b"PK" + b"x" * 100_000)
    transfer(server.serve("data.zip", FILE), partial)
    assert partial.read_bytes() == FILE
    note = partial.with_name(partial.name + ".json")
    for damaged in ("{", "[]", json.dumps({"url": "http://other", "version": "", "total": 3})):
        note.write_text(damaged)
        partial.write_bytes(b"PKx")
        transfer(server.serve("data.zip", FILE), partial)
        assert partial.read_bytes() == FILE


def test_a_partial_file_that_was_damaged_on_the_disk_is_noticed(
    server: Server, partial: Path
) -> None:
    url = server.serve("data.zip", FILE, cut(after=100_000), *[cut(after=0)] * 4)
    failure(url, partial)
    with partial.open("r+b") as file:
        file.seek(99_000)
        file.write(b"damaged")
    transfer(url, partial, patience=QUICK)
    assert partial.read_bytes() == FILE


def test_a_login_page_is_refused_at_its_first_bytes(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE, hostile.page)
    assert "a web page came instead of the file" in failure(url, partial)
    assert len(server.requests) == 1


def test_another_kind_of_file_is_named(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", b"7z\xbc\xaf" + FILE)
    assert "what came is not a zip file but a 7z archive" in failure(url, partial)
    assert "gives an empty file" in failure(server.serve("empty.zip", b""), partial)


@pytest.mark.parametrize(("code", "text"), [(404, "404 (Not Found)"), (403, "403"), (401, "401")])
def test_what_is_not_there_is_not_asked_for_twice(
    server: Server, partial: Path, code: int, text: str
) -> None:
    url = server.serve("data.zip", FILE, status(code))
    assert text in failure(url, partial)
    assert len(server.requests) == 1
    assert not partial.exists()


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Server, partial: Path, code: int) -> None:
    plan = [status(code, {"Retry-After": "0"}), status(code)]
    transfer(server.serve("data.zip", FILE, *plan), partial, patience=QUICK)
    assert partial.read_bytes() == FILE
    url = server.serve("busy.zip", FILE, *[status(code)] * 9)
    assert f"answers {code}" in failure(url, partial)


def test_a_silent_server_is_left(server: Server, partial: Path) -> None:
    patience = Patience(attempts=2, pause=0.001, silence=0.2)
    url = server.serve("data.zip", FILE, hostile.silent(server, after=100_000))
    transfer(url, partial, patience=patience)
    assert partial.read_bytes() == FILE
    url = server.serve("more.zip", FILE, *[hostile.silent(server, after=0)] * 3)
    assert "no answer, or none any more" in failure(url, partial, patience)


def test_a_trickle_is_left(server: Server, partial: Path) -> None:
    patience = Patience(attempts=2, pause=0.001, slow_seconds=0.2, slow_bytes=1000)
    url = server.serve("data.zip", FILE, *[hostile.trickle(server, 0.01)] * 3)
    assert "too slow to wait for" in failure(url, partial, patience)


def test_no_server_at_all_is_one_line(partial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert "no connection (Connection refused)" in failure("http://127.0.0.1:9/x.zip", partial)
    assert "not an address" in failure("http://", partial)
    assert "not an address" in failure("data.zip", partial)


def test_redirects_are_followed(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE, cut(after=70_000))
    moved = server.serve("moved.zip", b"x", *[hostile.elsewhere(url)] * 9)
    transfer(moved, partial, patience=QUICK)
    assert partial.read_bytes() == FILE
    assert server.asked("data.zip") == [None, 70_000 - OVERLAP]


def test_a_file_of_untold_length_ends_with_the_connection(server: Server, partial: Path) -> None:
    url = server.serve("data.zip", FILE, hostile.no_length)
    transfer(url, partial)
    transfer(url, partial)
    assert partial.read_bytes() == FILE
    assert len(server.requests) == 1


def test_too_small_a_disk_is_said_before_anything_is_written(
    server: Server, partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(partial.parents[1])._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(NoSpace, match=r"data.zip has 300,004 bytes, and .* has 1,000 left"):
        transfer(server.serve("data.zip", FILE), partial, name="data.zip")
    assert os.listdir(partial.parent) == []


def test_a_good_server_sees_what_the_tests_think(server: Server) -> None:
    import requests

    url = server.serve("data.zip", FILE, whole)
    answer = requests.get(url, headers={"Range": "bytes=300000-"}, timeout=5)
    assert (answer.status_code, answer.content) == (206, FILE[300_000:])
