"""One statement on one file: Python's sqlite3 semantics, with typed failures and exact budgets."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from t2s_bench.execution.sqlite import PERIOD, CannotOpen, Reader, execute
from t2s_bench.types import Budget, Status

COUNT = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT {}) SELECT {} FROM r"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM person",
        "SELECT name FROM person;",
        "SELECT name FROM person; -- done",
        "SELECT name FROM person; /* done */ ",
        "SELECT name FROM person;;",
        "SELECT 1; SELECT 2",
        "(SELECT 1)",
        "",
        " ",
        ";",
        "-- nothing",
        "/* nothing */",
        "VALUES (1, 2), (3, NULL)",
        "SELECT `name`, [age] FROM person",
        'SELECT "no such column" FROM person',
        "SELECT no_such_column FROM person",
        "SELECT * FROM no_such_table",
        "SELECT ?",
        "SELECT :x",
        "SELECT 1\0",
        "\0",
        "SELECT '\ud800'",
        "SELECT 'ünï', x'00ff', 1.5, NULL, 9223372036854775807",
        "SELECT 9e999, -9e999, 9e999 - 9e999",
        "SELECT t FROM broken",
        "SELECT 'a' || char(0) || 'b'",
        "EXPLAIN QUERY PLAN SELECT * FROM person",
        "SELECT abs(-9223372036854775808)",
        "SELECT json_extract('[1', '$')",
        "SELECT * FROM json_each('[1, 2]')",
        "SELECT name FROM pragma_table_info('person')",
        "SELECT name, name FROM adult",
    ],
)
def test_success_and_rows_are_those_of_pythons_sqlite3(
    sql: str, database: Path, budget: Budget
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        try:
            expected: list[object] | None = connection.execute(sql).fetchall()
        except (sqlite3.Error, sqlite3.Warning, ValueError):
            expected = None
    execution = execute(database, sql, budget)
    if execution.undecodable:
        assert expected is None
    elif expected is None:
        assert execution.status is Status.ERROR
        assert execution.error
    else:
        assert execution.status is Status.OK
        assert list(execution.rows) == expected


def test_undecodable_text_is_marked_and_loses_its_bad_bytes(database: Path, budget: Budget) -> None:
    with Reader(database) as reader:
        bad = reader.execute("SELECT t FROM broken", budget)
        assert (bad.status, bad.rows, bad.undecodable) == (Status.OK, [("A",), ("fine",)], True)
        good = reader.execute("SELECT t FROM broken WHERE t = 'fine'", budget)
        assert (good.rows, good.undecodable) == ([("fine",)], False)


def test_columns_are_named_as_sqlite_names_them(database: Path, budget: Budget) -> None:
    assert execute(database, "SELECT id, name AS n, 1 + 1 FROM person", budget).columns == (
        "id",
        "n",
        "1 + 1",
    )
    assert execute(database, "-- nothing", budget).columns == ()


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("DELETE FROM person", "DELETE person"),
        ("PRAGMA user_version = 1", "PRAGMA user_version"),
        ("ATTACH 'x' AS y", "ATTACH x"),
        ("BEGIN", "TRANSACTION BEGIN"),
        ("SELECT load_extension('x')", "load_extension()"),
        ("UPDATE sqlite_master SET sql = ''", "may not be modified"),
    ],
)
def test_a_refusal_says_what_was_refused(
    sql: str, what: str, database: Path, budget: Budget
) -> None:
    execution = execute(database, sql, budget)
    assert execution.status is Status.REFUSED
    assert what in execution.error


def test_steps_end_a_statement_at_the_budget_to_the_period(database: Path) -> None:
    with Reader(database) as reader:
        endless = COUNT.format(-1, "count(*)")
        for steps in (PERIOD, 10 * PERIOD, 123 * PERIOD):
            execution = reader.execute(endless, Budget(steps=steps))
            assert (execution.status, execution.steps) == (Status.TIMEOUT, steps)
            assert f"{steps:,} virtual-machine steps" in execution.error


def test_the_smallest_sufficient_budget_gives_the_same_result(database: Path) -> None:
    sql = COUNT.format(20_000, "sum(x)")
    with Reader(database) as reader:
        full = reader.execute(sql, Budget())
        assert full.steps % PERIOD == 0
        just = reader.execute(sql, Budget(steps=full.steps + PERIOD))
        assert (just.status, just.rows, just.steps) == (Status.OK, full.rows, full.steps)
        assert reader.execute(sql, Budget(steps=full.steps)).status is Status.TIMEOUT


def test_steps_do_not_depend_on_what_ran_before(database: Path) -> None:
    sql = COUNT.format(20_000, "sum(x)")
    with Reader(database) as fresh:
        alone = fresh.execute(sql, Budget()).steps
    with Reader(database) as used:
        for other in (sql, COUNT.format(777, "x"), "SELECT", "DELETE FROM person", sql):
            used.execute(other, Budget(steps=2 * alone))
        assert used.execute(sql, Budget()).steps == alone


def test_the_wall_clock_is_a_net_of_its_own(database: Path) -> None:
    with Reader(database) as reader:
        execution = reader.execute(COUNT.format(-1, "count(*)"), Budget(seconds=0.0))
        assert execution.status is Status.TIMEOUT
        assert "wall-clock" in execution.error
        assert not reader.repeatable


def test_too_many_rows_are_never_cut_silently(database: Path) -> None:
    with Reader(database) as reader:
        for rows in (1, 16, 17, 1_000):
            exactly = reader.execute(COUNT.format(rows, "x"), Budget(rows=rows))
            assert len(exactly.rows) == rows
            over = reader.execute(COUNT.format(rows + 1, "x"), Budget(rows=rows))
            assert (over.status, over.rows) == (Status.TOO_LARGE, ())
            assert over.error == f"more than {rows:,} rows"


@pytest.mark.parametrize(
    "cell",
    ["hex(zeroblob(5000))", "CASE x WHEN 900 THEN zeroblob(9000000) END", "zeroblob(10000)"],
)
def test_too_many_bytes_are_noticed_wherever_they_are(cell: str, database: Path) -> None:
    sql = COUNT.format(1_000, cell)
    small = execute(database, sql, Budget(bytes=8_000_000))
    assert (small.status, small.rows) == (Status.TOO_LARGE, ())
    assert len(execute(database, sql, Budget(bytes=50_000_000)).rows) == 1_000


def test_out_of_memory_in_sqlite_is_a_typed_result(database: Path) -> None:
    sql = COUNT.format(2_000, "zeroblob(1000000) || x") + " ORDER BY 1 DESC"
    with Reader(database) as reader:
        execution = reader.execute(sql, Budget())
        assert (execution.status, execution.error) == (Status.TOO_LARGE, "out of memory")
        assert reader.out_of_memory
        assert reader.execute("SELECT 1", Budget()).rows == [(1,)]
        assert not reader.out_of_memory


@pytest.mark.parametrize(
    ("sql", "repeatable"),
    [
        ("SELECT name FROM person", True),
        ("SELECT no_such_column", True),
        ("DELETE FROM person", True),
        ("SELECT date('2020-01-01', '+1 day')", True),
        ("SELECT random()", False),
        ("SELECT name FROM person ORDER BY random()", False),
        ("SELECT date('now')", False),
        ("SELECT DATE('NOW', '-1 day')", False),
        ("SELECT datetime('2020-01-01', 'localtime')", False),
        ("SELECT strftime('%s')", True),
        ("SELECT date()", False),
        ("SELECT CURRENT_TIMESTAMP", False),
        ("SELECT current_date < '2030-01-01'", False),
    ],
)
def test_what_depends_on_the_clock_or_on_chance_is_not_repeatable(
    sql: str, repeatable: bool, database: Path, budget: Budget
) -> None:
    with Reader(database) as reader:
        reader.execute(sql, budget)
        assert reader.repeatable is repeatable


def test_a_view_that_reads_the_clock_is_not_repeatable(database: Path, budget: Budget) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE VIEW today AS SELECT date('now') AS day")
    with Reader(database) as reader:
        reader.execute("SELECT day FROM today", budget)
        assert not reader.repeatable


def test_a_sort_larger_than_the_page_cache_stays_in_memory(database: Path) -> None:
    sql = COUNT.format(3_000, "x, hex(zeroblob(5000))") + " ORDER BY -x"
    assert execute(database, sql, Budget()).rows[0][0] == 3_000


@pytest.mark.parametrize("module", ["fts5(x)", "fts4(x)", "rtree(id, low, high)"])
def test_virtual_tables_are_read_even_after_a_refusal(
    module: str, database: Path, budget: Budget
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        try:
            connection.execute(f"CREATE VIRTUAL TABLE v USING {module}")
        except sqlite3.OperationalError as error:
            pytest.skip(f"this SQLite: {error}")
        values = "(1, 2, 3)" if "rtree" in module else "('hello world')"
        connection.execute(f"INSERT INTO v VALUES {values}")
        connection.commit()
    with Reader(database) as reader:
        assert len(reader.execute("SELECT * FROM v", budget).rows) == 1
        for write in ("VACUUM", "DELETE FROM v", "INSERT INTO v VALUES " + values):
            assert reader.execute(write, budget).status is Status.REFUSED
            assert len(reader.execute("SELECT * FROM v", budget).rows) == 1


@pytest.mark.parametrize("name", ["a b.sqlite", "a?b=c.sqlite", "a#b%20.sqlite", "é’.sqlite"])
def test_any_file_name_opens(name: str, database: Path, tmp_path: Path, budget: Budget) -> None:
    shutil.copy(database, tmp_path / name)
    assert len(execute(tmp_path / name, "SELECT * FROM person", budget).rows) == 3
    assert [path.name for path in tmp_path.glob("*.sqlite")] == [name]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_text("no database " * 1_000), "not a database"),
    ],
)
def test_a_file_that_cannot_be_read_is_nobodys_sql_error(
    make: Callable[[Path], object], why: str, tmp_path: Path, budget: Budget
) -> None:
    path = tmp_path / "broken.sqlite"
    make(path)
    execution = execute(path, "SELECT 1", budget)
    assert execution.status is Status.INFRA
    assert why in execution.error
    with pytest.raises(CannotOpen):
        Reader(path)


def _with_log(folder: Path) -> dict[str, bytes]:
    """The files of a database in WAL mode whose second row is in the log alone."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "log.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("INSERT INTO t VALUES (2)")
        connection.commit()
        return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("kept", "rows"),
    [
        (["log.sqlite"], [(1,)]),
        (["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"], [(1,), (2,)]),
        (["log.sqlite", "log.sqlite-wal"], None),
    ],
)
def test_a_left_log_is_read_or_named_and_nothing_is_made_beside_it(
    kept: list[str], rows: list[object] | None, tmp_path: Path, budget: Budget
) -> None:
    files = _with_log(tmp_path / "made")
    folder = tmp_path / "left"
    folder.mkdir()
    for name in kept:
        (folder / name).write_bytes(files[name])
    execution = execute(folder / "log.sqlite", "SELECT x FROM t", budget)
    if rows is None:
        assert execution.status is Status.INFRA
        assert "log.sqlite-wal" in execution.error
    else:
        assert execution.rows == rows
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: files[name] for name in kept
    }


def test_an_unfinished_transaction_is_named(tmp_path: Path, budget: Budget) -> None:
    path, left = tmp_path / "made.sqlite", tmp_path / "left.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 1_000,)] * 1_000)
        shutil.copy(path, left)
        shutil.copy(f"{path}-journal", f"{left}-journal")
        connection.rollback()
    execution = execute(left, "SELECT count(*) FROM t", budget)
    assert execution.status is Status.INFRA
    assert "left.sqlite-journal" in execution.error
