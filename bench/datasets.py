"""Measures getting and checking benchmarks: seconds, and the most memory a process ever had.

    python bench/datasets.py import [--questions 100000]    a data set of so many questions
    python bench/datasets.py digest [--gigabytes 2]         one large database, loaded twice
    python bench/datasets.py download [--megabytes 500]     over HTTP from a server on loopback
    python bench/datasets.py check [--shared ../shared]     the doctor on Spider dev

Memory is the peak resident set of a process of its own, beside that of the same process at a
hundredth of the size: what does not grow does not show.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SQLITE_HEADER = b"SQLite format 3\0"


def main() -> None:
    """Runs the measurement that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("import").add_argument("--questions", type=int, default=100_000)
    commands.add_parser("digest").add_argument("--gigabytes", type=float, default=2.0)
    commands.add_parser("download").add_argument("--megabytes", type=int, default=500)
    commands.add_parser("check").add_argument("--shared", type=Path, default=Path("../shared"))
    inner = commands.add_parser("inside")  # what runs in a process of its own
    inner.add_argument("what")
    inner.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "inside":
        inside(arguments.what, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["T2S_CACHE"] = str(folder / "cache")
        os.environ["T2S_DATA"] = str(folder / "data")
        if arguments.command == "import":
            for count in (arguments.questions // 100, arguments.questions):
                measure(f"import of {count:,} questions", "import", questions(folder, count))
        elif arguments.command == "digest":
            size = int(arguments.gigabytes * 1e9)
            for length in (size // 100, size):
                place = large_database(folder, length)
                measure(f"first load of {length / 1e9:g} GB", "load", place)
                measure(f"second load of {length / 1e9:g} GB", "load", place)
        elif arguments.command == "download":
            for size in (arguments.megabytes // 100, arguments.megabytes):
                download(folder, size)
        else:
            check(folder, arguments.shared)


def measure(label: str, what: str, folder: Path) -> None:
    """Runs a step in a process of its own and prints its seconds and peak memory."""
    started = time.perf_counter()
    output = subprocess.run(
        [sys.executable, __file__, "inside", what, str(folder)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    seconds = time.perf_counter() - started
    record = json.loads(output)
    print(
        f"{label:34}  {record['seconds']:8.2f} s ({seconds:.2f} s with starting Python)  "
        f"{record['peak_mb']:7.1f} MB"
    )


def inside(what: str, folder: Path) -> None:
    """One step, and its seconds and peak memory as JSON."""
    started = time.perf_counter()
    if what == "import":
        from t2s_bench.benchmarks.importing import import_benchmark

        import_benchmark("spider", folder, force=True)
    elif what == "load":
        from t2s_bench.benchmarks.benchmark import load

        load(folder)
    elif what == "download":
        from t2s_bench.benchmarks.transfer import transfer

        transfer((folder / "url").read_text(), folder / "got.part")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": time.perf_counter() - started, "peak_mb": peak}))


def questions(folder: Path, count: int) -> Path:
    """A Spider of so many dev questions on one database."""
    root = folder / f"spider{count}"
    (root / "database" / "zoo").mkdir(parents=True)
    with closing(sqlite3.connect(root / "database" / "zoo" / "zoo.sqlite")) as connection:
        connection.execute("CREATE TABLE animal (name TEXT)")
        connection.commit()
    (root / "tables.json").write_text("[]")
    with (root / "dev.json").open("w") as file:
        for number in range(count):
            record = {
                "db_id": "zoo",
                "question": f"How many animals have the name {number}?",
                "query": f"SELECT count(*) FROM animal WHERE name = '{number}'",
                "sql": {"select": [False, [[3, [0, [0, 0, False], None]]]], "where": [number] * 30},
            }
            file.write(("," if number else "[") + json.dumps(record))
        file.write("]")
    print(f"  ({(root / 'dev.json').stat().st_size / 1e6:.0f} MB of JSON)")
    return root


def large_database(folder: Path, length: int) -> Path:
    """A benchmark of one's own with one sparse database file of that length."""
    root = folder / f"own{length}"
    path = root / "databases" / "large" / "large.sqlite"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.write(SQLITE_HEADER)
        file.truncate(length)
    line = {"id": "1", "question": "?", "db_id": "large", "gold": "SELECT 1"}
    (root / "questions.jsonl").write_text(json.dumps(line))
    time.sleep(0.1)  # so that the digest is kept: see databases.digest.SETTLED
    return root


def download(folder: Path, megabytes: int) -> None:
    """A file of that size over loopback, transferred as `t2s-bench download` does it."""
    block = b"PK\3\4" + os.urandom(1_000_000 - 4)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: D102
            self.send_response(200)
            self.send_header("Content-Length", str(megabytes * len(block)))
            self.end_headers()
            for _ in range(megabytes):
                self.wfile.write(block)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: D102
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    root = folder / f"download{megabytes}"
    root.mkdir()
    (root / "url").write_text(f"http://127.0.0.1:{server.server_address[1]}/file.zip")
    os.environ["NO_PROXY"] = "127.0.0.1"
    measure(f"download of {megabytes:,} MB", "download", root)
    server.shutdown()
    server.server_close()


def check(folder: Path, shared: Path) -> None:
    """The doctor on Spider dev, without and with what it has cached of the golds."""
    from t2s_bench.benchmarks.benchmark import load
    from t2s_bench.benchmarks.checkup_report import findings
    from t2s_bench.benchmarks.doctor import check as examine
    from t2s_bench.benchmarks.importing import import_benchmark

    import_benchmark("spider", shared / "benchmarks" / "spider_data.zip")
    for label in ("first", "second"):
        started = time.perf_counter()
        checkup = examine(load("spider-dev"), workers=os.cpu_count() or 1)
        print(f"{label} check of spider-dev: {time.perf_counter() - started:.2f} s")
    print(*findings(checkup), sep="\n")


if __name__ == "__main__":
    main()
