"""Real PostgreSQL and MariaDB servers for tests: on loopback, at a random port, in a new folder.

The root `conftest.py` names this module as a plug-in. Each starts once in a session
and only when a test needs it; where the server programs are absent the test is skipped. The servers
refuse to run as root: then they run as the user that the system's package made for them.

`engine` is each server in turn, and a DuckDB file, with the benchmark `shop` of tests/conftest.py
copied there. Test modules also import names from here before pytest sees it as a plugin, hence:
PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conftest import make_shop

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.databases.copying import copy_databases

PASSWORD = "pw-9f2c"
# Seconds for a server to answer after its start; a loaded machine needs some.
START_SECONDS = 60.0


@dataclass
class Server:
    """One running server: `admin` is a URL that may do everything, `reader` one that may read."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    admin: str
    reader: str

    def stop(self) -> None:
        """Kill the server's whole process group and remove its folder; harmless when repeated."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Engine:
    """A server with the databases `shop` and `stall`; its URL may do everything."""

    name: str
    url: str

    def place(self, schema: str = "shop") -> str:
        """The URL of one database there."""
        return f"{self.url}?schema={schema}"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server with a database `bench`, or a skip."""
    server = start_postgresql()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """A MariaDB server, or a skip."""
    server = start_mariadb()
    yield server
    server.stop()


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("postgresql", marks=pytest.mark.servers),
        pytest.param("mariadb", marks=pytest.mark.servers),
        "duckdb",
    ],
)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shop_folder: Path
) -> Engine:
    """Each engine in turn, with the benchmark `shop` on it."""
    if request.param == "duckdb":
        url = f"duckdb:///{tmp_path_factory.mktemp('duckdb')}/bench.duckdb"
    else:
        url = request.getfixturevalue(request.param).admin
    for _ in copy_databases(load(shop_folder).databases.values(), url):
        pass
    return Engine(request.param, url)


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the benchmark `shop`, for the whole session."""
    return make_shop(tmp_path_factory.mktemp("benchmark") / "shop")


def start_postgresql() -> Server:
    """Starts a server of its own; the caller stops it. Skips where there is no initdb."""
    folder = _programs("initdb", *map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    if folder is None:
        pytest.skip("no PostgreSQL server programs (Debian: apt-get install postgresql)")
    user = _user("postgres")
    place = _new_folder(user)
    password = place / "password"
    password.write_text(PASSWORD)
    data = place / "data"
    _run(
        [f"{folder}/initdb", "-D", str(data), "-U", "admin", "-A", "scram-sha-256"]
        + ["--pwfile", str(password), "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"],
        user,
    )
    port = _free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(place),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
    }
    flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    process = _start([f"{folder}/postgres", "-D", str(data), "-p", str(port), *flags], user)
    admin = f"postgresql://admin:{PASSWORD}@127.0.0.1:{port}/"
    server = Server(process, place, port, f"{admin}bench", admin.replace("admin", "reader", 1))
    import psycopg

    def prepare() -> None:
        with psycopg.connect(f"{admin}postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
            connection.execute("GRANT pg_read_all_data TO reader")

    _until_it_answers(server, prepare, psycopg.OperationalError)
    server.reader += "bench"
    return server


def start_mariadb() -> Server:
    """Starts a server of its own; the caller stops it. Skips where there is no mariadbd."""
    folder = _programs("mariadbd", "/usr/sbin", "/usr/libexec")
    if folder is None or shutil.which("mariadb-install-db") is None:
        pytest.skip("no MariaDB server programs (Debian: apt-get install mariadb-server)")
    user = _user("mysql")
    place = _new_folder(user)
    data = place / "data"
    small = ["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M", "--skip-log-bin"]
    _run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", *small]
        + ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"],
        user,
    )
    port = _free_port()
    process = _start(
        [f"{folder}/mariadbd", "--no-defaults", f"--datadir={data}", *small]
        + [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={place}/socket"]
        + [f"--pid-file={place}/pid", "--innodb-flush-log-at-trx-commit=0"]
        + ["--innodb-doublewrite=OFF", "--performance-schema=OFF", "--skip-name-resolve"],
        user,
    )
    address = f"@127.0.0.1:{port}/"
    server = Server(
        process,
        place,
        port,
        f"mysql://admin:{PASSWORD}{address}",
        f"mysql://reader:{PASSWORD}{address}",
    )
    import pymysql

    def prepare() -> None:
        with pymysql.connect(unix_socket=f"{place}/socket", user="root") as connection:
            cursor = connection.cursor()
            cursor.execute(f"CREATE USER admin@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute("GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION")
            cursor.execute(f"CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute("GRANT SELECT ON *.* TO reader@'%'")

    _until_it_answers(server, prepare, pymysql.err.OperationalError)
    return server


def _programs(name: str, *folders: str) -> str | None:
    """The folder of a program: one of `folders`, else where PATH has it."""
    for folder in sorted(folders, reverse=True):
        if (Path(folder) / name).is_file():
            return folder
    found = shutil.which(name)
    return str(Path(found).parent) if found else None


def _user(name: str) -> str | None:
    """The user that a server runs as: this one, or `name` where this one is root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(name)
    except KeyError:
        pytest.skip(f"root cannot run this server and there is no user '{name}'")
    return name


def _new_folder(user: str | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="t2s-"))
    if user is not None:
        shutil.chown(folder, user)
    return folder


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _run(command: Sequence[str], user: str | None) -> None:
    groups = None if user is None else ()
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        user=user,
        group=user,
        extra_groups=groups,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def _start(command: Sequence[str], user: str | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
        user=user,
        group=user,
        extra_groups=None if user is None else (),
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )


def _die_with_parent() -> None:
    """Called in the new process, so that a killed test leaves no server: PR_SET_PDEATHSIG."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))


def _until_it_answers(
    server: Server, prepare: Callable[[], None], refused: type[Exception]
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
            prepare()
            return
        except (refused, OSError) as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                server.stop()
                raise AssertionError(f"the server did not start: {error}") from error
            time.sleep(0.1)
