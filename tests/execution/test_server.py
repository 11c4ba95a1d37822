"""Executions on real servers: bounded, typed, read-only, and gone from the server when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.servers import PASSWORD, Engine, Server, start_mariadb, start_postgresql

from t2s_bench.errors import MissingExtra
from t2s_bench.execution import server as server_module
from t2s_bench.execution.address import parse
from t2s_bench.execution.dialects import link as links
from t2s_bench.execution.pool import Pool
from t2s_bench.execution.server import ServerReader
from t2s_bench.execution.session import Session
from t2s_bench.types import Budget, Execution, Status

SHORT = Budget(seconds=1.0)
# Runs for hours unless something ends it.
ENDLESS = {
    "postgresql": "SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d",
    "mariadb": "SELECT sum(a.seq * b.seq) FROM seq_1_to_1000000 a, seq_1_to_1000000 b",
    "duckdb": "SELECT count(*) FROM range(100000000000) a, range(1000000) b",
}
# Gives rows without end.
STREAM = {
    "postgresql": "SELECT generate_series(1, 1000000000)",
    "mariadb": "SELECT a.seq FROM seq_1_to_1000000 a, seq_1_to_1000000 b",
    "duckdb": "SELECT a FROM range(1000000000) t(a)",
}


@pytest.fixture
def reader(engine: Engine) -> Iterator[ServerReader]:
    with closing(ServerReader(engine.place())) as opened:
        yield opened


def run(reader: ServerReader, sql: str, budget: Budget = SHORT) -> Execution:
    return reader.execute(sql, budget)


def test_rows_and_columns_come_back(reader: ServerReader) -> None:
    found = run(reader, "SELECT id AS number, price FROM item ORDER BY id")
    assert found.status is Status.OK and found.columns == ("number", "price")
    assert found.rows == [(1, 10), (2, 20), (3, 20), (4, None)]
    assert found.steps == 0 and found.seconds > 0 and reader.repeatable


def test_names_mean_the_schema_of_the_url(engine: Engine) -> None:
    sums = []
    with (
        closing(ServerReader(engine.place())) as shop,
        closing(ServerReader(engine.place("stall"))) as stall,
    ):
        for reader in (shop, stall, shop):
            sums.append(run(reader, "SELECT sum(price) FROM item").rows[0][0])
    assert sums == [50, 10, 50]


def test_an_error_is_one_line_and_the_next_statement_works(reader: ServerReader) -> None:
    for sql in ("SELECT nothing FROM item", "SELECT * FROM nowhere", "SELECT FROM WHERE"):
        found = run(reader, sql)
        assert found.status is Status.ERROR and found.error and "\n" not in found.error
        assert not found.rows and not found.columns
    assert run(reader, "SELECT 1").rows == [(1,)]


def test_percent_signs_and_colons_are_no_parameters(reader: ServerReader) -> None:
    assert run(reader, "SELECT '%s %(a)s %', ':a', '?'").rows == [("%s %(a)s %", ":a", "?")]


def test_two_statements_and_none_are_refused(reader: ServerReader) -> None:
    for sql in ("SELECT 1; SELECT 2", "", ";", "-- nothing"):
        assert run(reader, sql).status is Status.REFUSED, sql


def test_a_statement_past_its_time_ends(reader: ServerReader, engine: Engine) -> None:
    for sql in (ENDLESS[engine.name], STREAM[engine.name]):
        found = run(reader, sql)
        assert found.status is Status.TIMEOUT
        assert found.error == "more than 1 s of wall-clock time"
        assert not reader.repeatable
    assert run(reader, "SELECT 1").rows == [(1,)]


def test_rows_are_capped(reader: ServerReader, engine: Engine) -> None:
    found = run(reader, STREAM[engine.name], Budget(seconds=20, rows=5_000))
    assert found.status is Status.TOO_LARGE and found.error == "more than 5,000 rows"
    assert run(reader, "SELECT 1").rows == [(1,)]


def test_bytes_are_capped(reader: ServerReader, engine: Engine) -> None:
    wide = STREAM[engine.name].replace("SELECT ", "SELECT repeat('x', 10000), ", 1)
    found = run(reader, wide, Budget(seconds=20, bytes=1_000_000))
    assert found.status is Status.TOO_LARGE and found.error == "more than 1,000,000 bytes of rows"
    assert run(reader, "SELECT 1").rows == [(1,)]


def processes(engine: Engine) -> list[str]:
    """What the server's process list says is running, this question aside."""
    address = parse(engine.url)
    if engine.name == "postgresql":
        import psycopg

        from t2s_bench.execution.dialects.postgresql import connection_options

        with psycopg.connect(**connection_options(address)) as connection:
            rows = connection.execute(
                "SELECT query FROM pg_stat_activity"
                " WHERE state = 'active' AND backend_type = 'client backend'"
                " AND pid <> pg_backend_pid()"
            ).fetchall()
        return [str(row[0]) for row in rows]
    import pymysql

    from t2s_bench.execution.dialects.mysql import connection_options as options

    with pymysql.connect(**options(address)) as other, other.cursor() as cursor:
        cursor.execute("SHOW FULL PROCESSLIST")
        listed = cursor.fetchall()
    return [
        str(row[7]) for row in listed if row[4] == "Query" and row[7] != "SHOW FULL PROCESSLIST"
    ]


def running(engine: Engine) -> bool:
    # PostgreSQL lists the statement that fetches from the cursor.
    marks = ("FETCH FORWARD", "seq_1_to")
    return any(mark in sql for sql in processes(engine) for mark in marks)


def wait_until(engine: Engine, *, runs: bool) -> None:
    deadline = time.monotonic() + 20
    while running(engine) is not runs:
        assert time.monotonic() < deadline, processes(engine)
        time.sleep(0.05)


@pytest.mark.parametrize("limit", ["the server's limit", "the watch alone"])
def test_a_runaway_is_gone_from_the_process_list(
    engine: Engine, reader: ServerReader, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine.name == "duckdb":
        pytest.skip("DuckDB runs in this process and has no process list")
    if limit == "the watch alone":
        link = reader._server._connected()
        start = link.start
        monkeypatch.setattr(link, "start", lambda sql, schema, _: start(sql, schema, 3600.0))
    else:
        monkeypatch.setattr(server_module, "CANCEL_SECONDS", 3600.0)
    for sql in (ENDLESS[engine.name], STREAM[engine.name]):
        listed: list[str] = []
        look = threading.Timer(0.5, lambda into: into.extend(processes(engine)), [listed])
        look.start()
        found = run(reader, sql)
        look.join()
        assert found.status is Status.TIMEOUT
        assert listed or sql is STREAM[engine.name]
        wait_until(engine, runs=False)
        if limit == "the watch alone" and sql is ENDLESS[engine.name]:
            monkeypatch.undo()
    assert run(reader, "SELECT 1").rows == [(1,)]


def test_a_killed_worker_leaves_nothing_running(engine: Engine) -> None:
    if engine.name == "duckdb":
        pytest.skip("DuckDB ends with the process")
    # PostgreSQL sees that its client is gone; MariaDB only has its limit.
    seconds = 3600.0 if engine.name == "postgresql" else 3.0
    code = (
        "import sys; from t2s_bench.execution.server import ServerReader;"
        "from t2s_bench.types import Budget;"
        f"ServerReader(sys.argv[1]).execute(sys.argv[2], Budget(seconds={seconds}))"
    )
    command = [sys.executable, "-c", code, engine.place(), ENDLESS[engine.name]]
    with subprocess.Popen(command) as worker:
        try:
            wait_until(engine, runs=True)
        finally:
            worker.send_signal(signal.SIGKILL)
    wait_until(engine, runs=False)


def test_one_lost_connection_is_opened_again(engine: Engine, reader: ServerReader) -> None:
    if engine.name == "duckdb":
        pytest.skip("a file has no connection to lose")
    assert run(reader, "SELECT 1").ok
    admin = parse(engine.url)
    if engine.name == "postgresql":
        import psycopg

        from t2s_bench.execution.dialects.postgresql import connection_options

        with psycopg.connect(**connection_options(admin)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 't2s-bench' AND pid <> pg_backend_pid()"
            )
    else:
        import pymysql

        from t2s_bench.execution.dialects.mysql import connection_options as options

        with pymysql.connect(**options(admin)) as other, other.cursor() as cursor:
            cursor.execute("SHOW PROCESSLIST")
            for row in cursor.fetchall():
                if row[4] == "Sleep":
                    cursor.execute(f"KILL {row[0]}")
    assert run(reader, "SELECT count(*) FROM item").rows == [(4,)]


@pytest.mark.servers
@pytest.mark.parametrize("start", [start_postgresql, start_mariadb])
def test_a_server_that_dies_is_infra_in_one_line(start: object) -> None:
    assert callable(start)
    server: Server = start()
    try:
        with closing(ServerReader(f"{server.admin}?schema=mysql")) as reader:
            assert run(reader, "SELECT 1").ok
            server.stop()
            for _ in range(2):
                found = run(reader, "SELECT 1")
                assert found.status is Status.INFRA and not reader.repeatable
                assert "\n" not in found.error and "127.0.0.1" in found.error
                assert PASSWORD not in found.error
    finally:
        server.stop()


def test_values_that_cannot_be_hashed_are_an_error(reader: ServerReader, engine: Engine) -> None:
    unhashable = {
        "postgresql": ["SELECT ARRAY[1, 2]", "SELECT '{\"a\": 1}'::json", "SELECT '{}'::jsonb"],
        "mariadb": [],
        "duckdb": ["SELECT [1, 2]", "SELECT {'a': 1}", "SELECT MAP {'a': 1}"],
    }
    for sql in unhashable[engine.name]:
        found = run(reader, sql)
        assert found.status is Status.ERROR and "cannot be compared" in found.error, sql


VALUES = {
    "postgresql": [
        ("1.50::numeric", Decimal("1.5")),
        ("1.5::float8", 1.5),
        ("avg(x) FROM (VALUES (1), (2)) t(x)", Decimal("1.5")),
        ("DATE '2024-02-29'", date(2024, 2, 29)),
        ("DATE 'infinity'", date.max),
        ("TIMESTAMP '-infinity'", datetime.min),
        ("TIMESTAMP '2024-02-29 10:00:00'", datetime(2024, 2, 29, 10)),
        ("INTERVAL '1 month 2 days'", timedelta(days=32)),
        ("true", True),
        ("'00000000-0000-0000-0000-000000000001'::uuid", "00000000-0000-0000-0000-000000000001"),
        ("'127.0.0.1'::inet", "127.0.0.1"),
        ("'[1, 2]'::json->>0", "1"),
        ("'5'::json", 5),
        ("ROW(1, 'a')", "(1,a)"),
        ("'\\x00ff'::bytea", b"\x00\xff"),
        ("NULL", None),
    ],
    "mariadb": [
        ("1.50", Decimal("1.5")),
        ("1.5e0", 1.5),
        ("SUM(seq) FROM seq_1_to_3", Decimal(6)),
        ("CAST('2024-02-29' AS DATE)", date(2024, 2, 29)),
        ("CAST('25:00:00' AS TIME)", timedelta(hours=25)),
        ("CAST('2024-02-29 10:00:00' AS DATETIME)", datetime(2024, 2, 29, 10)),
        ("1 = 1", 1),
        ("JSON_OBJECT('a', 1)", '{"a": 1}'),
        ("x'00ff'", b"\x00\xff"),
        ("NULL", None),
    ],
    "duckdb": [
        ("1.50::DECIMAL(5, 2)", Decimal("1.5")),
        ("1.5::DOUBLE", 1.5),
        ("sum(x) FROM range(4) t(x)", 6),
        ("DATE '2024-02-29'", date(2024, 2, 29)),
        ("TIMESTAMP '2024-02-29 10:00:00'", datetime(2024, 2, 29, 10)),
        ("true", True),
        ("'\\x00\\xff'::BLOB", b"\x00\xff"),
        ("NULL", None),
    ],
}


def test_values_are_those_of_the_official_drivers(reader: ServerReader, engine: Engine) -> None:
    for sql, expected in VALUES[engine.name]:
        found = run(reader, f"SELECT {sql}")
        assert found.ok, (sql, found.error)
        assert found.rows == [(expected,)] and type(found.rows[0][0]) is type(expected), sql


def test_workers_and_sessions_take_urls_for_paths(engine: Engine) -> None:
    requests = [
        (engine.place(), "SELECT max(price) FROM item"),
        (engine.place(), "DROP TABLE item"),
    ]
    with Pool(1, cache=False) as pool:
        good, bad = pool.execute(requests, SHORT)
    assert good.rows == [(20,)] and bad.status is Status.REFUSED


def test_too_large_a_value_ends_the_statement_and_not_the_batch(engine: Engine) -> None:
    # 300 MB a row in a worker that has 1 GiB of address space.
    huge = {
        "postgresql": "SELECT repeat(a::text, 300000000) FROM generate_series(1, 4) a",
        "mariadb": "SELECT repeat('x', 15000000), seq FROM seq_1_to_100",
        "duckdb": "SELECT list(a) FROM range(300000000) t(a)",
    }
    requests = [(engine.place(), huge[engine.name]), (engine.place(), "SELECT 1")]
    with Pool(1, cache=False) as pool:
        first, second = pool.execute(requests, Budget(seconds=4.0))
    assert first.status in (Status.TOO_LARGE, Status.TIMEOUT)
    assert second.rows == [(1,)]


def test_golds_are_remembered_in_memory_and_by_server(engine: Engine, shop_folder: Path) -> None:
    class NoCache:
        def get(self, digest: str, sql: str, budget: Budget) -> Execution | None:
            raise AssertionError("executions on servers do not go to the disk cache")

        def put(self, digest: str, sql: str, budget: Budget, execution: Execution) -> None:
            raise AssertionError("executions on servers do not go to the disk cache")

    with Session(cache=NoCache()) as session:
        sql = "SELECT sum(price) FROM item"
        first = session.execute(engine.place(), sql, SHORT, cached=f"d/{engine.place()}")
        again = session.execute(engine.place(), sql, SHORT, cached=f"d/{engine.place()}")
        other = session.execute(engine.place("stall"), sql, SHORT, cached="d/stall")
    assert again is first and other.rows[0][0] == 10


def test_readers_of_one_server_share_its_connection(engine: Engine) -> None:
    first, second = ServerReader(engine.place()), ServerReader(engine.place("stall"))
    assert first._server is second._server
    first.close()
    first.close()
    assert run(second, "SELECT count(*) FROM item").rows == [(4,)]
    second.close()
    assert not server_module._shared


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("postgresql://u:pw-9f2c@localhost/b", "psycopg"),
        ("mysql://u:pw-9f2c@localhost/", "pymysql"),
        ("duckdb:///no.duckdb", "duckdb"),
    ],
)
def test_a_missing_driver_names_the_extra(
    url: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("postgresql", "mysql", "duckdb"):
        monkeypatch.delitem(sys.modules, f"t2s_bench.execution.dialects.{name}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"pip install 't2s-bench\[servers\]'"):
        links.connect(parse(url, "shop"))
    with closing(ServerReader(url)) as reader:
        found = run(reader, "SELECT 1")
    assert found.status is Status.INFRA and "pip install" in found.error


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:pw-9f2c@127.0.0.1:1/b",
        "mysql://u:pw-9f2c@127.0.0.1:1/",
        "duckdb:////nowhere/at/all.duckdb",
        "sqlite:////nowhere/at/all.sqlite",
        "no url://",
        "postgresql+asyncpg://u:pw-9f2c@127.0.0.1/b",
    ],
)
def test_no_server_is_infra_in_one_line_without_the_password(url: str) -> None:
    from t2s_bench.execution.sqlite import CannotOpen

    try:
        with closing(ServerReader(url)) as reader:
            found = run(reader, "SELECT 1")
    except CannotOpen as error:
        found = Execution(Status.INFRA, error=str(error))
    assert found.status is Status.INFRA and found.error and "\n" not in found.error
    assert PASSWORD not in found.error


def test_any_other_server_of_sqlalchemy_works(tmp_path: Path, shop_folder: Path) -> None:
    url = f"sqlite:///{shop_folder}/databases/{{database}}/{{database}}.sqlite"
    with closing(ServerReader(parse(url, "stall").text())) as reader:
        assert run(reader, "SELECT sum(price) FROM item").rows == [(10,)]
        assert run(reader, "DELETE FROM item").status is Status.REFUSED
        assert run(reader, "SELECT nothing FROM item").status is Status.ERROR
        found = run(reader, "SELECT a.id FROM item a, item b, item c", Budget(rows=5))
        assert found.status is Status.TOO_LARGE
        assert run(reader, "SELECT 1").rows == [(1,)]


def test_a_server_is_not_imported_for_files() -> None:
    code = (
        "import sys, t2s_bench.execution.worker; "
        "print([name for name in ('sqlalchemy', 'sqlglot', 'duckdb', 'psycopg', 'pymysql')"
        " if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    shown = subprocess.check_output([sys.executable, "-c", code], text=True, env=environment)
    assert shown.strip() == "[]"
