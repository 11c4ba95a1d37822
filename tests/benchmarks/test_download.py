"""A download ends in a correct import or in one clear line, never in a broken data folder."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.benchmarks import hostile
from tests.benchmarks.hostile import Server, cut, no_ranges, page, status

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.download import download
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.benchmarks.manifest import Manifest
from t2s_bench.benchmarks.placing import Busy, NoSpace
from t2s_bench.benchmarks.registry import Entry, find_entry
from t2s_bench.benchmarks.sources import GOOGLE_DRIVE, HUGGING_FACE, URL, Source, SourceFile
from t2s_bench.benchmarks.transfer import OVERLAP, Patience
from t2s_bench.databases.digest import file_digest
from t2s_bench.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts

QUICK = Patience(attempts=4, pause=0.001, silence=5)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with hostile.running() as server:
        yield server


@pytest.fixture
def archive(layouts: Layouts, tmp_path: Path) -> bytes:
    folder = layouts.spider()
    (folder / "README.txt").write_bytes(random.Random(1).randbytes(20_000))
    return layouts.zip(folder, tmp_path / "made.zip").read_bytes()


def spider_at(*urls: str, sha256: str | None = None) -> Entry:
    """Spider as the registry describes it, to be had at other addresses."""
    sources = tuple(Source(URL, url) for url in urls)
    return replace(
        find_entry("spider"), files=(SourceFile("spider_data.zip", sources, sha256=sha256),)
    )


def get(entry: Entry | str, **options: Any) -> Manifest:
    return download(entry, patience=QUICK, **options)


def failure(entry: Entry | str, **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        get(entry, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def visible(data: Path) -> list[str]:
    return sorted(path.name for path in data.iterdir() if not path.name.endswith(".lock"))


def digest_of(content: bytes, folder: Path) -> str:
    (folder / "digested").write_bytes(content)
    return file_digest(folder / "digested")


def test_a_download_is_the_import_of_the_same_file(
    server: Server, archive: bytes, tmp_path: Path
) -> None:
    made = get(spider_at(server.serve("spider_data.zip", archive)))
    by_file = import_benchmark("spider", tmp_path / "made.zip", data=tmp_path / "other")
    assert replace(by_file, source="spider_data.zip") == made
    assert len(load("spider-dev").examples) == 3
    assert visible(tmp_path / "data") == ["downloads.json", "spider"]


def test_the_first_download_is_recorded_and_the_next_compared(
    server: Server, archive: bytes, layouts: Layouts, tmp_path: Path
) -> None:
    url = server.serve("spider_data.zip", archive)
    made = get(spider_at(url))
    lock = tmp_path / "data" / "downloads.json"
    assert json.loads(lock.read_text()) == {
        "spider/spider_data.zip": {
            "source": url,
            "bytes": len(archive),
            "sha256": made.source_sha256,
        }
    }
    get(spider_at(url), force=True)
    changed = layouts.spider("other", there=["arena"])
    other = layouts.zip(changed, tmp_path / "other.zip").read_bytes()
    server.serve("spider_data.zip", other)
    message = failure(spider_at(url), force=True)
    assert "is not that of the first download" in message
    assert f"delete the entry of spider/spider_data.zip from {lock}" in message
    assert load("spider-dev").digest == made.splits["dev"].digest
    lock.write_text("{}")
    assert get(spider_at(url), force=True).digest != made.digest
    lock.write_text("[")
    assert "downloads.json is damaged" in failure(spider_at(url), force=True)


def test_the_published_digest_decides(server: Server, archive: bytes, tmp_path: Path) -> None:
    published = digest_of(archive, tmp_path)
    altered = bytearray(archive)
    altered[-30] ^= 1
    bad = server.serve("altered.zip", bytes(altered))
    message = failure(spider_at(bad, sha256=published))
    assert f"is not that of the published file, {published[:12]}" in message
    assert visible(tmp_path / "data") == [".downloads"]
    assert not list((tmp_path / "data" / ".downloads" / "spider").iterdir())
    good = server.serve("good.zip", archive)
    assert get(spider_at(bad, good, sha256=published)).source_sha256 == published


BAD = {
    "missing": status(404),
    "login page": page,
    "forbidden": status(403),
    "always cut": cut(after=0),
    "always cut, no ranges": no_ranges(cut(after=900)),
    "another kind": hostile.instead(b"7z\xbc\xaf" + b"x" * 3000),
    "empty": hostile.instead(b""),
    "broken": status(500),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_source_is_passed_over_for_the_mirror(
    server: Server, archive: bytes, tmp_path: Path, kind: str
) -> None:
    first = server.serve("first.zip", archive, *[BAD[kind]] * 99)
    second = server.serve("second.zip", archive)
    made = get(spider_at(first, second))
    assert made.splits["dev"].scored == 3
    assert visible(tmp_path / "data") == ["downloads.json", "spider"]
    assert (
        json.loads((tmp_path / "data" / "downloads.json").read_text())["spider/spider_data.zip"][
            "source"
        ]
        == second
    )


@pytest.mark.parametrize("kind", BAD)
def test_without_a_mirror_it_is_one_line(
    server: Server, archive: bytes, tmp_path: Path, kind: str
) -> None:
    message = failure(spider_at(server.serve("first.zip", archive, *[BAD[kind]] * 99)))
    assert message.startswith("'spider' could not be downloaded: 127.0.0.1: ")
    assert message.endswith("then t2s-bench download spider --from spider_data.zip")
    assert "https://yale-lily.github.io/spider" in message
    assert not (tmp_path / "data" / "spider").exists()


def truncated(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def with_a_flipped_bit(content: bytes) -> bytes:
    """In the middle of the compressed questions."""
    place = content.index(b"dev.json") + 60
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


@pytest.mark.parametrize("damage", [truncated, with_a_flipped_bit])
def test_a_damaged_archive_is_never_imported(
    server: Server, archive: bytes, tmp_path: Path, damage: Any
) -> None:
    bad = server.serve("bad.zip", damage(archive))
    assert "cut off or damaged" in failure(spider_at(bad))
    assert visible(tmp_path / "data") in ([".downloads"], [])
    assert not (tmp_path / "data" / "downloads.json").exists()
    get(spider_at(bad, server.serve("good.zip", archive)))
    assert len(load("spider-dev").examples) == 3


def test_another_benchmark_under_the_name_is_passed_over(
    server: Server, archive: bytes, layouts: Layouts, tmp_path: Path
) -> None:
    other = layouts.zip(layouts.mini_dev(), tmp_path / "minidev.zip").read_bytes()
    wrong = server.serve("wrong.zip", other)
    message = failure(spider_at(wrong))
    assert "is not Spider: looked for tables.json" in message
    assert get(spider_at(wrong, server.serve("right.zip", archive)))


@pytest.mark.parametrize("seed", range(4))
def test_cuts_at_random_bytes_end_in_the_right_import(
    server: Server, archive: bytes, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    plan = [hostile.cut_anywhere(chance) for _ in range(5)]
    url = server.serve("spider_data.zip", archive, *plan)
    made = download(spider_at(url), patience=Patience(attempts=9, pause=0.001))
    assert made.source_sha256 == file_digest(tmp_path / "made.zip")


def test_an_interrupted_download_goes_on_the_next_time(
    server: Server, archive: bytes, tmp_path: Path
) -> None:
    url = server.serve("spider_data.zip", archive, cut(after=5000), *[cut(after=0)] * 4)
    assert "cut at byte 5,000" in failure(spider_at(url))
    assert visible(tmp_path / "data") == [".downloads"]
    asked = len(server.requests)
    get(spider_at(url))
    assert server.asked("spider_data.zip")[asked] == 5000 - OVERLAP
    assert visible(tmp_path / "data") == ["downloads.json", "spider"]


def test_what_is_there_is_not_even_asked_for(server: Server, archive: bytes) -> None:
    url = server.serve("spider_data.zip", archive)
    get(spider_at(url))
    assert "add --force to replace it" in failure(spider_at(url))
    assert len(server.requests) == 1
    get(spider_at(url), force=True)


def test_a_failed_replacement_leaves_what_was_there(server: Server, archive: bytes) -> None:
    made = get(spider_at(server.serve("spider_data.zip", archive)))
    failure(spider_at(server.serve("gone.zip", archive, *[status(404)] * 3)), force=True)
    assert load("spider-dev").digest == made.splits["dev"].digest


def test_only_some_splits(server: Server, archive: bytes) -> None:
    entry = spider_at(server.serve("spider_data.zip", archive))
    made = get(entry, only=["spider-dev"])
    assert list(made.splits) == ["dev"]
    assert list(get(entry, only=["train", "dev"], force=True).splits) == ["dev", "train"]
    with pytest.raises(UnknownName, match=r"unknown split of this spider 'tset'"):
        get(entry, only=["tset"], force=True)


def test_kept_archives_serve_offline(server: Server, archive: bytes, tmp_path: Path) -> None:
    entry = spider_at(server.serve("spider_data.zip", archive))
    message = failure(entry, offline=True)
    places = tmp_path / "data" / "archives" / "spider"
    assert f"cannot be had offline: {places} lacks spider_data.zip" in message
    assert message.endswith("Put spider_data.zip there, or add --from spider_data.zip")
    made = get(entry, keep_archive=True)
    assert (places / "spider_data.zip").read_bytes() == archive
    assert get(entry, offline=True, force=True) == made
    assert len(server.requests) == 1
    (places / "spider_data.zip").write_bytes(archive + b"x")
    assert "is not that of the first download" in failure(entry, offline=True, force=True)
    assert get(entry, force=True) == made  # the server gives the right one again


def test_the_mirror_of_the_environment_comes_first(
    server: Server, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T2S_MIRROR", server.address + "/")
    server.serve("spider/spider_data.zip", archive)
    get(spider_at("http://127.0.0.1:9/never"))
    assert [request.path for request in server.requests] == ["spider/spider_data.zip"]


def test_too_small_a_disk_ends_it_at_once(
    server: Server, archive: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    entry = spider_at(server.serve("a.zip", archive), server.serve("b.zip", archive))
    with pytest.raises(NoSpace, match="spider_data.zip has"):
        get(entry)
    assert len(server.requests) == 1


PROCESS = """
import sys
from dataclasses import replace
from t2s_bench.benchmarks.download import download
from t2s_bench.benchmarks.registry import find_entry
from t2s_bench.benchmarks.sources import Source, SourceFile
from t2s_bench.errors import UserError
name, url = sys.argv[1:]
entry = find_entry(name)
files = (replace(entry.files[0], sources=(Source("url", url),), sha256=None),)
try:
    print(download(replace(entry, files=files)).digest)
except UserError as error:
    print(type(error).__name__)
"""


def test_two_downloads_at_once_do_each_other_no_harm(
    server: Server, archive: bytes, layouts: Layouts, tmp_path: Path
) -> None:
    bird = layouts.zip(layouts.bird(), tmp_path / "bird.zip").read_bytes()
    spider_url = server.serve("s.zip", archive)
    bird_url = server.serve("b.zip", bird)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, name, url], stdout=subprocess.PIPE, text=True
        )
        for name, url in (("spider", spider_url), ("bird-dev", bird_url), ("spider", spider_url))
    ]
    first, other, second = (process.communicate(timeout=60)[0].strip() for process in started)
    assert len(other) == 64
    # One of the two is refused, by the lock or by what the other has placed already.
    assert sorted(map(len, (first, second)))[1] == 64
    assert min(first, second, key=len) in ("Busy", "BadInput")
    assert len(load("spider-dev").examples) == 3
    assert len(load("bird-dev").examples) == 3
    lock = json.loads((tmp_path / "data" / "downloads.json").read_text())
    assert sorted(lock) == ["bird-dev/dev.zip", "spider/spider_data.zip"]


def test_a_second_download_waits_for_nobody(server: Server, archive: bytes) -> None:
    url = server.serve("spider_data.zip", archive, hostile.silent(server, after=4000))
    patience = Patience(attempts=2, pause=0.001, silence=2)
    running = threading.Thread(target=lambda: download(spider_at(url), patience=patience))
    running.start()
    try:
        while not server.requests:
            pass
        with pytest.raises(Busy, match="another download of 'spider' into .* is running"):
            get(spider_at(url))
    finally:
        running.join()
    assert len(load("spider-dev").examples) == 3


def a_module(name: str, **content: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    vars(module).update(content)
    return module


def test_what_google_drive_hides_behind_a_page_gdown_gets(
    server: Server, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    page_url = server.serve("drive", archive, *[page] * 9)
    monkeypatch.setattr(Source, "url", property(lambda self: page_url))
    entry = replace(
        find_entry("spider"),
        files=(SourceFile("spider_data.zip", (Source(GOOGLE_DRIVE, "an-id"),)),),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("t2s_bench.benchmarks.fetching.find_spec", lambda name: None)
        message = failure(entry)
    assert "Google Drive: a web page came instead of the file; gdown may get it" in message

    def get_file(*, id: str, output: str, quiet: bool) -> str:
        assert (id, quiet) == ("an-id", True)
        Path(output).write_bytes(archive)
        return output

    monkeypatch.setitem(sys.modules, "gdown", a_module("gdown", download=get_file))
    assert get(entry).splits["dev"].scored == 3


def test_what_hugging_face_gives_to_accounts_only_its_client_gets(
    server: Server, archive: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    source = Source(HUGGING_FACE, "owner/set", "spider_data.zip", revision="abc")
    path = "datasets/owner/set/resolve/abc/spider_data.zip"
    entry = replace(find_entry("spider"), files=(SourceFile("spider_data.zip", (source,)),))
    server.serve(path, archive, *[status(401)] * 2)
    seen: list[object] = []

    def hub_download(repo: str, file: str, **options: Any) -> str:
        seen.append((repo, file, options["repo_type"], options["revision"]))
        if len(seen) == 1:
            raise OSError("401 Client Error\nask for access")
        options["local_dir"].mkdir(parents=True)
        (options["local_dir"] / file).write_bytes(archive)
        return str(options["local_dir"] / file)

    monkeypatch.setitem(
        sys.modules, "huggingface_hub", a_module("hub", hf_hub_download=hub_download)
    )
    monkeypatch.setattr("t2s_bench.benchmarks.fetching.find_spec", lambda name: name)
    assert "may read it (hf auth login): 401 Client Error. In a browser" in failure(entry)
    assert get(entry).splits["dev"].scored == 3
    assert seen[1] == ("owner/set", "spider_data.zip", "dataset", "abc")
    assert get(entry, force=True)  # an open data set needs no client
    assert len(seen) == 2


REAL = {"spider": "spider_data.zip", "bird-dev": "dev.zip", "mini-dev": "minidev.zip"}


@pytest.mark.parametrize("name", REAL)
def test_the_official_archives_come_whole_through_a_bad_line(
    server: Server, shared: Path, official: Path, name: str
) -> None:
    content = (shared / "benchmarks" / REAL[name]).read_bytes()
    chance = random.Random(name)
    plan = [hostile.cut_anywhere(chance) for _ in range(5)]
    first = server.serve("gone", content, *[status(404)])
    second = server.serve(REAL[name], content, *plan)
    entry = find_entry(name)
    sources = (Source(URL, first), Source(URL, second))
    files = (SourceFile(REAL[name], sources),)
    made = download(replace(entry, files=files), patience=Patience(attempts=9, pause=0.001))
    by_file = import_benchmark(name, shared / "benchmarks" / REAL[name], data=official, force=True)
    assert made.digest == by_file.digest
    assert made.version != "unrecognised"


def served(name: str, *urls: str, inside: str = "") -> Entry:
    """An entry of the registry whose files are to be had at these addresses, one for each."""
    entry = find_entry(name)
    files = tuple(
        replace(file, sha256=None, sources=(Source(URL, url, inside=inside),))
        for file, url in zip(entry.files, urls, strict=True)
    )
    return replace(entry, files=files)


def test_what_a_benchmark_builds_on_is_downloaded_first(
    server: Server,
    archive: bytes,
    layouts: Layouts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("T2S_MIRROR", server.address)
    without = replace(
        find_entry("spider"), files=(replace(find_entry("spider").files[0], sha256=None),)
    )
    monkeypatch.setattr(
        "t2s_bench.benchmarks.download.find_entry",
        lambda name: without if name == "spider" else find_entry(name),
    )
    server.serve("spider/spider_data.zip", archive)
    syn = layouts.zip(layouts.spider_syn(), tmp_path / "syn.zip").read_bytes()
    server.serve("spider-syn/Spider-Syn.zip", syn)
    made = get("spider-syn")
    assert [request.path for request in server.requests] == [
        "spider/spider_data.zip",
        "spider-syn/Spider-Syn.zip",
    ]
    assert made.splits["dev"].scored == 2
    assert load("spider-dev").total == 3


def test_test_suites_are_added_by_a_download(
    server: Server, archive: bytes, layouts: Layouts, tmp_path: Path
) -> None:
    get(spider_at(server.serve("spider_data.zip", archive)))
    suites = layouts.zip(layouts.test_suites(), tmp_path / "suites.zip", top=False).read_bytes()
    entry = served("spider-test-suites", server.serve("suites.zip", suites))
    get(entry)
    assert len(load("spider-dev").databases["zoo"].files) == 4
    get(entry)


def test_a_benchmark_of_several_files(server: Server, layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("mini-dev", layouts.mini_dev())
    folder = layouts.mini_dev_hf()
    names = [file.name for file in find_entry("mini-dev-hf").files]
    urls = [server.serve(name, (folder / name).read_bytes()) for name in names]
    made = get(served("mini-dev-hf", *urls), keep_archive=True)
    assert list(made.splits) == ["sqlite", "postgresql", "mysql"]
    lock = json.loads((tmp_path / "data" / "downloads.json").read_text())
    assert sorted(lock) == sorted(f"mini-dev-hf/{name}" for name in names)
    assert get(served("mini-dev-hf", *urls), offline=True, force=True) == made
    server.serve(names[1], b"", status(404))
    shutil.rmtree(tmp_path / "data" / "archives")
    assert "answers 404" in failure(served("mini-dev-hf", *urls), force=True)


def test_a_folder_of_a_large_archive_has_a_digest_of_its_own(
    server: Server, layouts: Layouts, tmp_path: Path
) -> None:
    from tests.benchmarks.test_remote_zip import parts

    whole = layouts.zip(layouts.omnisql(), tmp_path / "data.zip", top=False).read_bytes()
    url = server.serve("data.zip", whole, *[parts] * 999)
    entry = served("ehrsql", url, inside="data/EHRSQL/")
    made = get(entry, keep_archive=True)
    assert len(load("ehrsql").examples) == 2
    lock = json.loads((tmp_path / "data" / "downloads.json").read_text())
    assert list(lock) == ["ehrsql/EHRSQL.zip#data/EHRSQL/"]
    assert get(entry, force=True, offline=True) == made
    assert get(entry, force=True).digest == made.digest


def test_a_benchmark_without_files_says_where_to_go() -> None:
    message = failure("ehrsql-official")
    assert message.startswith("'ehrsql-official' needs a browser. In a browser: get its files from")
    assert message.endswith("then t2s-bench download ehrsql-official --from FOLDER")
