"""One folder of an archive on a server comes without the rest of it."""

from __future__ import annotations

import random
import re
import shutil
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.benchmarks import hostile
from tests.benchmarks.hostile import Request, Server, status

from t2s_bench.benchmarks import remote_zip
from t2s_bench.benchmarks.placing import NoSpace
from t2s_bench.benchmarks.remote_zip import fetch_folder
from t2s_bench.benchmarks.transfer import LoginNeeded, Patience, SourceFailed

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts

QUICK = Patience(attempts=4, pause=0.001, silence=5)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(remote_zip, "PIECE", 20_000)
    with hostile.running() as server:
        yield server


@pytest.fixture
def archive(layouts: Layouts, tmp_path: Path) -> bytes:
    """OmniSQL's archive: 2 MB, of which EHRSQL is 17 KB."""
    return layouts.zip(layouts.omnisql(), tmp_path / "data.zip", top=False).read_bytes()


def parts(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
    """A server that gives the parts that are asked for, with both their ends."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
    assert asked
    first, last = int(asked[1]), min(int(asked[2]), len(content) - 1)
    handler.send_response(206)
    handler.send_header("Content-Length", str(last - first + 1))
    handler.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
    handler.send_header("ETag", hostile.entity_tag(content))
    handler.end_headers()
    handler.wfile.write(content[first : last + 1])


def cut_parts(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
    assert asked
    first, last = int(asked[1]), min(int(asked[2]), len(content) - 1)
    handler.send_response(206)
    handler.send_header("Content-Length", str(last - first + 1))
    handler.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
    handler.send_header("ETag", hostile.entity_tag(content))
    handler.end_headers()
    handler.wfile.write(content[first : (first + last) // 2])
    handler.wfile.flush()
    handler.connection.close()


def test_only_the_folder_is_transferred(server: Server, archive: bytes, tmp_path: Path) -> None:
    url = server.serve("data.zip", archive, *[parts] * 99)
    seen: list[tuple[int, int]] = []
    fetch_folder(
        url, "data/EHRSQL/", tmp_path / "part.zip", report=lambda *state: seen.append(state)
    )
    with (
        zipfile.ZipFile(tmp_path / "part.zip") as got,
        zipfile.ZipFile(tmp_path / "data.zip") as original,
    ):
        names = [name for name in original.namelist() if name.startswith("data/EHRSQL/")]
        assert got.namelist() == sorted(names)
        assert all(got.read(name) == original.read(name) for name in names)
    transferred = sum(20_000 for request in server.requests)
    assert transferred < len(archive) / 4
    assert seen[-1][0] == seen[-1][1]


def test_equal_folders_give_equal_files(
    server: Server, archive: bytes, layouts: Layouts, tmp_path: Path
) -> None:
    fetch_folder(server.serve("a", archive, *[parts] * 99), "data/EHRSQL/", tmp_path / "1.zip")
    again = layouts.zip(tmp_path / "omnisql" / "data" / "EHRSQL", tmp_path / "other.zip")
    with zipfile.ZipFile(again) as flat, zipfile.ZipFile(tmp_path / "o.zip", "w") as moved:
        for name in reversed(flat.namelist()):
            moved.writestr(f"data/{name}", flat.read(name))
    other = (tmp_path / "o.zip").read_bytes()
    fetch_folder(server.serve("b", other, *[parts] * 99), "data/EHRSQL/", tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_cut_parts_are_asked_for_again(server: Server, archive: bytes, tmp_path: Path) -> None:
    chance = random.Random(5)
    plan = [chance.choice([parts, parts, cut_parts, status(503)]) for _ in range(60)]
    url = server.serve("data.zip", archive, *plan, *[parts] * 99)
    patience = Patience(attempts=9, pause=0.001)
    fetch_folder(url, "data/EHRSQL/", tmp_path / "part.zip", patience=patience)
    with zipfile.ZipFile(tmp_path / "part.zip") as got:
        assert got.testzip() is None


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (hostile.no_ranges(), "gives no parts of the archive, only all of it"),
        (hostile.page, "gives no parts of the archive, only all of it"),
        (status(404), "answers 404"),
        (status(503), "answers 503"),
        (cut_parts, "the connection was cut"),
    ],
)
def test_what_a_server_cannot_do_is_one_line(
    server: Server, archive: bytes, tmp_path: Path, behaviour: hostile.Behaviour, message: str
) -> None:
    url = server.serve("data.zip", archive, *[behaviour] * 99)
    with pytest.raises(SourceFailed) as caught:
        fetch_folder(url, "data/EHRSQL/", tmp_path / "part.zip", patience=QUICK)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_archives_are_named(server: Server, archive: bytes, tmp_path: Path) -> None:
    url = server.serve("data.zip", archive, *[parts] * 99)
    with pytest.raises(SourceFailed, match="the archive has no folder data/COSQL/"):
        fetch_folder(url, "data/COSQL/", tmp_path / "part.zip")
    url = server.serve("no.zip", b"not a zip at all" * 999, *[parts] * 99)
    with pytest.raises(SourceFailed, match="is cut off or damaged"):
        fetch_folder(url, "data/EHRSQL/", tmp_path / "part.zip")
    with pytest.raises(LoginNeeded, match="answers 401"):
        fetch_folder(server.serve("closed", b"x", status(401)), "data/", tmp_path / "part.zip")


def test_an_archive_that_changes_meanwhile_is_noticed(
    server: Server, archive: bytes, tmp_path: Path
) -> None:
    def changed(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        parts(handler, request, content[:-1] + b"x")

    url = server.serve("data.zip", archive, parts, parts, *[changed] * 99)
    with pytest.raises(SourceFailed, match="changed while it was read"):
        fetch_folder(url, "data/EHRSQL/", tmp_path / "part.zip", patience=QUICK)


def test_too_small_a_disk_is_said_beforehand(
    server: Server, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    url = server.serve("data.zip", archive, *[parts] * 99)
    with pytest.raises(NoSpace, match="data/EHRSQL/ has"):
        fetch_folder(url, "data/EHRSQL/", tmp_path / "part.zip")
