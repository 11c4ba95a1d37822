"""Copies on a server hold what the SQLite file holds, or are not there."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.servers import Engine

from t2s_bench.databases import copying
from t2s_bench.databases.column_types import ColumnType, Kind, column_types
from t2s_bench.databases.copy_plan import make_plan
from t2s_bench.databases.copying import Copied, copy_databases, copy_digest
from t2s_bench.databases.digest import file_digest
from t2s_bench.databases.schema import Column, Table, read_schema
from t2s_bench.databases.writers.writer import open_writer
from t2s_bench.errors import BadInput
from t2s_bench.execution.address import parse
from t2s_bench.execution.server import ServerReader
from t2s_bench.types import Budget, Database, Row

ODD = r"""
CREATE TABLE kinds (
    id INTEGER PRIMARY KEY, small INTEGER, big INTEGER, truth BOOLEAN, not_truth BOOLEAN,
    price NUMERIC(8, 2), rate DECIMAL(5, 3), loose NUMERIC, ratio REAL, day DATE, moment DATETIME,
    fine TIMESTAMP, not_day DATE, text TEXT, name VARCHAR(10), bytes BLOB, mixed INTEGER, nul TEXT,
    "no type", empty_day DATE, empty_text TEXT
);
INSERT INTO kinds VALUES
    (1, 5, 9007199254740993, 1, 2, 12.5, 0.125, 3, 1.5, '2024-02-29', '2024-02-29 23:59:59',
     '2024-02-29 10:00:00.25', '2024-02-30', 'é 😀', 'x', x'00ff', 7, 'a' || char(0) || 'b', 1,
     NULL, NULL),
    (2, -5, -9223372036854775808, 0, 1, 3, -1, 4.5, 2, '0001-01-01', '2024-01-01 00:00:00',
     '2024-02-29 10:00:00', '2024-02-29', 'tab	and '' and \ and "', '', x'', 'seven', 'c', 'two',
     NULL, NULL),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1e300, NULL, NULL, NULL, NULL, '', NULL, NULL,
     2.5, NULL, NULL, NULL, NULL);
CREATE TABLE "Order" (
    "order id" INTEGER PRIMARY KEY, "select" TEXT NOT NULL, MixedCase TEXT UNIQUE, "100%" INTEGER,
    "a""b`c" INTEGER, "größe" REAL
);
INSERT INTO "Order" VALUES (1, 'a', 'Key', 1, 2, 3.5), (2, 'b', 'key', 1, 2, 3.5);
CREATE TABLE parent (code TEXT PRIMARY KEY, wide INTEGER UNIQUE);
INSERT INTO parent VALUES ('a', 3000000000), ('A', 2), ('a ', 3);
CREATE TABLE child (
    id INTEGER PRIMARY KEY, code TEXT REFERENCES parent (code),
    wide INTEGER REFERENCES parent (wide), lost INTEGER REFERENCES parent (wide),
    up INTEGER REFERENCES child (id)
);
INSERT INTO child VALUES (1, 'a', 2, 99, NULL), (2, 'A', NULL, NULL, 1), (3, 'a ', 3, 2, 3);
CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b));
INSERT INTO pair VALUES (1, 'x'), (1, 'y');
CREATE TABLE half (a TEXT PRIMARY KEY, b INTEGER);
INSERT INTO half VALUES (NULL, 1), ('x', 2);
CREATE TABLE empty (a INTEGER NOT NULL, b TEXT);
CREATE VIEW shown AS SELECT id, text FROM kinds WHERE text <> '';
"""


def make_database(folder: Path, script: str, id: str = "odd", dialect: str = "sqlite") -> Database:
    path = folder / f"{id}.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    digest = file_digest(path)
    return Database(id, (path,), digest, digest, dialect)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return make_database(tmp_path_factory.mktemp("odd"), ODD)


@pytest.fixture(scope="module")
def copied(odd: Database, engine: Engine) -> Copied:
    (one,) = copy_databases([odd], engine.url)
    return one


def rows(engine: Engine, sql: str, schema: str = "odd") -> list[Row]:
    with closing(ServerReader(engine.place(schema))) as reader:
        found = reader.execute(sql, Budget(seconds=20))
    assert found.ok, (sql, found.error)
    return list(found.rows)


def stored(database: Database, sql: str) -> list[Row]:
    with closing(sqlite3.connect(database.path)) as connection:
        return connection.execute(sql).fetchall()


def quoted(engine: Engine, name: str) -> str:
    if engine.name == "mariadb":
        return "`" + name.replace("`", "``") + "`"
    if engine.name == "postgresql" and name.isidentifier() and name.isascii():
        name = name.lower()
    return '"' + name.replace('"', '""') + '"'


def as_sqlite(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        text = value.isoformat(" ")
        return text.rstrip("0") if value.microsecond else text
    return value.isoformat() if isinstance(value, date) else value


def test_every_value_comes_back(odd: Database, engine: Engine, copied: Copied) -> None:
    total = len(stored(odd, "SELECT * FROM kinds"))
    for table in read_schema(odd).tables:
        if table.name != "kinds":
            found = rows(engine, f"SELECT * FROM {quoted(engine, table.name)}")
            expected = stored(odd, f'SELECT * FROM "{table.name}"')
            assert sorted(found, key=repr) == sorted(expected, key=repr), table.name
            total += len(found)
    assert copied.rows == total


def test_every_kind_of_value_comes_back(odd: Database, engine: Engine, copied: Copied) -> None:
    found = rows(engine, "SELECT * FROM kinds ORDER BY id")
    expected = stored(odd, "SELECT * FROM kinds ORDER BY id")
    columns = [column.name for column in read_schema(odd).tables[0].columns]
    for row, wanted in zip(found, expected, strict=True):
        for name, value, right in zip(columns, row, wanted, strict=True):
            if name in ("mixed", "no type"):  # numbers among texts are text
                right = None if right is None else str(right)
            if name == "nul" and engine.name == "postgresql" and isinstance(right, str):
                right = right.encode()
            assert as_sqlite(value) == right, name
            if isinstance(right, float) and isinstance(value, float):
                assert math.copysign(1, value) == math.copysign(1, right)


TYPES = {
    "postgresql": "integer|integer|bigint|boolean|integer|numeric|numeric|double precision|"
    "double precision|date|timestamp without time zone|timestamp without time zone|text|text|"
    "text|bytea|text|bytea|text|date|text",
    "mariadb": "int|int|bigint|tinyint|int|decimal|decimal|double|double|date|datetime|datetime|"
    "text|text|text|blob|text|text|text|date|text",
    "duckdb": "INTEGER|INTEGER|BIGINT|BOOLEAN|INTEGER|DECIMAL(8,2)|DECIMAL(5,3)|DOUBLE|DOUBLE|DATE|"
    "TIMESTAMP|TIMESTAMP|VARCHAR|VARCHAR|VARCHAR|BLOB|VARCHAR|VARCHAR|VARCHAR|DATE|VARCHAR",
}


def test_types_are_those_of_the_values(engine: Engine, copied: Copied) -> None:
    found = rows(
        engine,
        "SELECT data_type FROM information_schema.columns WHERE table_schema = 'odd'"
        " AND table_name = 'kinds' ORDER BY ordinal_position",
    )
    assert "|".join(str(row[0]) for row in found) == TYPES[engine.name]


def test_keys_that_hold_are_there(engine: Engine, copied: Copied) -> None:
    listed = (
        "SELECT table_name, constraint_type, count(*) FROM information_schema.table_constraints"
        " WHERE constraint_schema = 'odd' GROUP BY table_name, constraint_type"
    )
    if engine.name == "postgresql":  # whose information_schema shows readers less
        listed = (
            "SELECT relname, CASE contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE'"
            " WHEN 'f' THEN 'FOREIGN KEY' END, count(*) FROM pg_constraint"
            " JOIN pg_class ON pg_class.oid = conrelid"
            " WHERE connamespace = 'odd'::regnamespace GROUP BY 1, 2"
        )
    found = rows(engine, listed)
    keys = {(str(row[0]).lower(), row[1]): row[2] for row in found}
    primary = {table for table, kind in keys if kind == "PRIMARY KEY"}
    assert primary == {"kinds", "order", "parent", "child", "pair"}
    assert keys["order", "UNIQUE"] == keys["parent", "UNIQUE"] == 1
    assert keys["child", "FOREIGN KEY"] == (2 if engine.name == "duckdb" else 3)


def test_what_is_not_as_declared_is_said(copied: Copied, engine: Engine) -> None:
    notes = "\n".join(copied.notes)
    assert "primary key half(a) does not hold: left out" in notes
    assert "foreign key child(lost) → parent is left out: some rows refer to nothing" in notes
    assert "view shown is copied as a table of its rows" in notes
    assert "kinds.mixed: 1 of its values are text, 2 are numbers; kept as text" in notes
    assert "kinds.not_day: DATE holds text that is none; kept as text" in notes
    assert ("DuckDB has none within a table" in notes) is (engine.name == "duckdb")


def test_text_compares_as_in_sqlite(odd: Database, engine: Engine, copied: Copied) -> None:
    for sql in (
        "SELECT count(*) FROM parent WHERE code = 'a'",
        "SELECT count(DISTINCT code) FROM parent",
        "SELECT code FROM parent ORDER BY code",
        "SELECT count(*) FROM kinds WHERE text = ''",
        "SELECT max(text) FROM kinds",
    ):
        assert rows(engine, sql) == stored(odd, sql), sql


def test_a_copy_for_the_servers_own_golds_compares_as_the_server_does(
    engine: Engine, tmp_path: Path
) -> None:
    dialect = parse(engine.url).dialect
    script = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('a'), ('A')"
    own = make_database(tmp_path, script, "own_golds", dialect)
    list(copy_databases([own], engine.url))
    same = rows(engine, "SELECT count(*) FROM t WHERE a = 'a'", "own_golds") == [(2,)]
    assert same is (engine.name == "mariadb")
    if engine.name != "duckdb":
        with pytest.raises(BadInput, match="for golds of another dialect: --force"):
            list(copy_databases([replace(own, dialect="sqlite")], engine.url))


def test_what_is_there_is_left_alone(odd: Database, engine: Engine, copied: Copied) -> None:
    (again,) = copy_databases([odd], engine.url)
    assert again == Copied("odd", skipped=True)


def test_an_interrupted_copy_is_done_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "CREATE TABLE t (a INTEGER); CREATE TABLE u (b INTEGER); INSERT INTO t VALUES (1)"
    database = make_database(tmp_path, script, "cut")
    monkeypatch.setattr(copying, "BATCH_CELLS", 1)

    def stop(database: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(copy_databases([database], engine.url, listener=stop))
    with closing(open_writer(parse(engine.url, "cut"))) as after:
        assert after.digest("cut") in ("", None)
    seen: list[tuple[str, int, int]] = []
    (one,) = copy_databases(
        [database], engine.url, listener=lambda *progress: seen.append(progress)
    )
    assert (one.tables, one.rows, one.skipped) == (2, 1, False) and seen == [("cut", 1, 1)]
    assert rows(engine, "SELECT a FROM t", "cut") == [(1,)]


def test_a_schema_of_somebody_else_is_not_touched(engine: Engine, tmp_path: Path) -> None:
    database = make_database(tmp_path, "CREATE TABLE t (a INTEGER)", "theirs")
    with closing(open_writer(parse(engine.url, "theirs"))) as writer:
        writer.create_schema("theirs")
        writer.run(f"CREATE TABLE {writer.full('theirs', 'precious')} (a INT)")
        writer.commit()
    with pytest.raises(BadInput, match="a schema 'theirs' that is no copy of ours: --force"):
        list(copy_databases([database], engine.url))
    assert rows(engine, "SELECT count(*) FROM precious", "theirs") == [(0,)]
    (one,) = copy_databases([database], engine.url, force=True)
    assert not one.skipped and rows(engine, "SELECT count(*) FROM t", "theirs") == [(0,)]


def test_another_database_of_the_same_name_is_replaced_by_force_only(
    engine: Engine, tmp_path: Path
) -> None:
    first = make_database(tmp_path, "CREATE TABLE t (a INTEGER)", "twice")
    list(copy_databases([first], engine.url))
    first.path.unlink()
    second = make_database(tmp_path, "CREATE TABLE u (b INTEGER)", "twice")
    with pytest.raises(BadInput, match="a copy 'twice' of another database of that name"):
        list(copy_databases([second], engine.url))
    assert rows(engine, "SELECT count(*) FROM t", "twice") == [(0,)]
    list(copy_databases([second], engine.url, force=True))
    assert rows(engine, "SELECT count(*) FROM u", "twice") == [(0,)]


def test_bad_utf8_is_left_out_and_said(engine: Engine, tmp_path: Path) -> None:
    script = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES (CAST(x'61ff62' AS TEXT)), ('c')"
    (one,) = copy_databases([make_database(tmp_path, script, "bad")], engine.url)
    assert one.notes == ("t: 1 texts are no UTF-8; their bad bytes are left out",)
    assert rows(engine, "SELECT a FROM t", "bad") == [("ab",), ("c",)]


def test_rows_travel_in_portions(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "CREATE TABLE t (a INTEGER, b TEXT); WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT"
        " i + 1 FROM r WHERE i < 1001) INSERT INTO t SELECT i, 'text ' || i FROM r"
    )
    monkeypatch.setattr(copying, "BATCH_CELLS", 100)
    steps: list[int] = []
    (one,) = copy_databases(
        [make_database(tmp_path, script, "many")],
        engine.url,
        listener=lambda database, done, total: steps.append(done),
    )
    assert one.rows == 1001 and steps[:2] == [50, 100] and steps[-1] == 1001
    assert rows(engine, "SELECT count(*), min(a), max(a) FROM t", "many") == [(1001, 1, 1001)]


def test_a_server_that_takes_no_copies_is_named() -> None:
    with pytest.raises(BadInput, match="cannot be copied to sqlite; possible: postgresql://"):
        list(copy_databases([Database("a", (), "", "")], "sqlite:///a.db"))


def test_wide_text_keys_are_left_out_on_mariadb(engine: Engine, tmp_path: Path) -> None:
    script = (
        "CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT UNIQUE);"
        "INSERT INTO t VALUES (hex(zeroblob(500)), 'b')"
    )
    (one,) = copy_databases([make_database(tmp_path, script, "wide")], engine.url)
    assert rows(engine, "SELECT length(a) FROM t", "wide") == [(1000,)]
    said = "t: 1 keys on text too long for a key are left out"
    assert (one.notes == (said,)) is (engine.name == "mariadb")


def kinds(script: str) -> list[ColumnType]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script)
        (name,) = connection.execute("SELECT name FROM sqlite_master").fetchone()
        table = read_table(connection, name)
        return list(column_types(connection, table))


def read_table(connection: sqlite3.Connection, name: str) -> Table:
    info = connection.execute(f"PRAGMA table_info({name})").fetchall()
    return Table(name, tuple(Column(row[1], row[2]) for row in info))


@pytest.mark.parametrize(
    ("declared", "values", "kind"),
    [
        ("INTEGER", "1, 2147483647, -2147483648", Kind.INTEGER),
        ("INTEGER", "2147483648", Kind.BIGINT),
        ("INTEGER", "1.5", Kind.DOUBLE),
        ("INTEGER", "''", Kind.TEXT),
        ("INTEGER", "NULL", Kind.INTEGER),
        ("BOOLEAN", "0, 1, NULL", Kind.BOOLEAN),
        ("BOOLEAN", "0, 2", Kind.INTEGER),
        ("BOOLEAN", "'true'", Kind.TEXT),
        ("TEXT", "1, 0", Kind.TEXT),
        ("DATE", "'2024-02-29'", Kind.DATE),
        ("DATE", "'2023-02-29'", Kind.TEXT),
        ("DATE", "'0000-00-00'", Kind.TEXT),
        ("DATE", "'2024-02-29 10:00:00'", Kind.TIMESTAMP),
        ("DATE", "'2024-02-29', '2024-02-29 10:00:00'", Kind.TEXT),
        ("DATETIME", "'2024-02-29 24:00:00'", Kind.TEXT),
        ("DATETIME", "'2024-02-29 10:00:00.123456'", Kind.TIMESTAMP),
        ("DATETIME", "'2024-02-29 10:00:00.1234567'", Kind.TEXT),
        ("DATETIME", "'2024-02-29T10:00:00'", Kind.TEXT),
        ("TEXT", "'2024-02-29'", Kind.TEXT),
        ("TIME", "'10:00'", Kind.TEXT),
        ("NUMERIC(5,2)", "1, 999.99, -0.5", Kind.DECIMAL),
        ("NUMERIC(5,2)", "1.005", Kind.DOUBLE),
        ("NUMERIC(5,2)", "1000", Kind.INTEGER),
        ("NUMERIC(50,2)", "1.5", Kind.DOUBLE),
        ("NUMERIC", "1, 2", Kind.INTEGER),
        ("NUMERIC", "1, 2.5", Kind.DOUBLE),
        ("NUMERIC", "9007199254740993, 2.5", Kind.TEXT),
        ("REAL", "1", Kind.DOUBLE),
        ("REAL", "9e999", Kind.DOUBLE),
        ("BLOB", "x'00'", Kind.BYTES),
        ("BLOB", "'a', x'00'", Kind.BYTES),
        ("", "1, 'a'", Kind.TEXT),
        ("", "NULL", Kind.TEXT),
        ("DATE", "NULL", Kind.DATE),
        ("TIMESTAMP", "NULL", Kind.TIMESTAMP),
        ("VARCHAR(3)", "NULL", Kind.TEXT),
        ("DECIMAL(4,1)", "NULL", Kind.DECIMAL),
        ("DOUBLE", "NULL", Kind.DOUBLE),
        ("BYTEA BLOB", "NULL", Kind.BYTES),
    ],
)
def test_a_column_is_what_its_values_are(declared: str, values: str, kind: Kind) -> None:
    inserts = ";".join(f"INSERT INTO t VALUES ({value})" for value in values.split(", "))
    (found,) = kinds(f"CREATE TABLE t (a {declared}); {inserts}")
    assert found.kind is kind


def test_hundreds_of_columns_are_looked_at() -> None:
    columns = ", ".join(f"c{number} INTEGER" for number in range(900))
    found = kinds(f"CREATE TABLE t ({columns}); INSERT INTO t (c899) VALUES (3000000000)")
    assert len(found) == 900 and found[-1].kind is Kind.BIGINT and found[0].kind is Kind.INTEGER


def test_columns_that_keys_connect_have_one_type(odd: Database) -> None:
    plan = {table.name: table for table in make_plan(odd).tables}
    types = {column.name: column.type.kind for column in plan["child"].columns}
    assert types["wide"] is Kind.BIGINT and types["id"] is Kind.INTEGER
    assert list(plan).index("parent") < list(plan).index("child")


def test_the_digest_of_a_copy_tells_how_text_compares(odd: Database) -> None:
    digests = {
        copy_digest(replace(odd, dialect=dialect), "mysql") for dialect in ("sqlite", "mysql")
    }
    assert len(digests) == 2
