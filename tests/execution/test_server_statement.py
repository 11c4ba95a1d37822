"""What may be sent to a server: one statement that reads, whatever it is dressed up as."""

from __future__ import annotations

import pytest

from t2s_bench.execution.statement import SQL_LENGTH, find_fault
from t2s_bench.types import Status

HARMLESS = [
    "SELECT 1",
    "select 1;",
    "SELECT 1 ; -- done",
    "/* a */ SELECT 1 /* b */",
    "(SELECT 1) UNION (SELECT 2)",
    "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
    "VALUES (1), (2)",
    "TABLE shop",
    "SELECT 'INSERT INTO t; DROP TABLE t' AS text",
    "SELECT REPLACE(name, 'a', 'b') FROM t",
    "SELECT LEFT(name, 2), IF(a > 1, 2, 3) FROM t",
    "SELECT SUBSTRING(name FROM 1 FOR 2) FROM t",
    "SELECT count(*) FROM t WHERE a LIKE '%;%'",
]
REFUSED = [
    "",
    "-- nothing",
    ";",
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "DROP TABLE t",
    "CREATE TABLE t (a INT)",
    "ALTER TABLE t ADD b INT",
    "TRUNCATE t",
    "SET x = 1",
    "EXPLAIN ANALYZE DELETE FROM t",
    "CALL p()",
    "BEGIN",
    "COMMIT",
    "GRANT ALL ON t TO x",
    "COPY t TO '/tmp/x'",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE t",
    "WITH a AS (DELETE FROM t RETURNING 1) SELECT * FROM a",
    "WITH a AS (SELECT 1) DELETE FROM t",
    "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
    "SELECT * INTO u FROM t",
    "SELECT * FROM t FOR UPDATE",
    "SELECT * FROM t FOR SHARE",
    "SELECT * FROM t FOR NO KEY UPDATE",
    "(DELETE FROM t)",
]
POSTGRESQL = [
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    "SELECT \"pg_read_file\"('/etc/passwd')",
    "SELECT pg_read_file /* */ ('/etc/passwd')",
    "SELECT PG_READ_FILE('/etc/passwd')",
    "SELECT U&\"pg_\\0072ead_file\"('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_terminate_backend(1)",
    "SELECT pg_advisory_lock(1)",
    "SELECT set_config('role', 'admin', false)",
    "SELECT setval('s', 1)",
    "SELECT * FROM dblink('host=x', 'SELECT 1') AS t(a INT)",
    "SELECT query_to_xml('DELETE FROM t', true, true, '')",
    "DO $$ BEGIN DELETE FROM t; END $$",
    "SELECT $$a$$; DROP TABLE t",
]
MYSQL = [
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SELECT 1 INTO DUMPFILE '/tmp/x'",
    "SELECT 1 INTO @a",
    "SELECT LOAD_FILE('/etc/passwd')",
    "SELECT load_file ('/etc/passwd')",
    "SELECT `load_file`('/etc/passwd')",
    "SELECT SLEEP(10)",
    "SELECT BENCHMARK(1000000000, MD5('a'))",
    "SELECT GET_LOCK('a', 10)",
    "SELECT 1 /*! INTO OUTFILE '/tmp/x' */",
    "SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */",
    "SELECT 1 /*M! INTO OUTFILE '/tmp/x' */",
    "SELECT 1 /* /* */ INTO OUTFILE '/tmp/x' /* */",
    "SELECT 'a\\'' INTO OUTFILE '/tmp/x' -- '",
    "DO SLEEP(10)",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
    "HANDLER t OPEN",
    "LOCK TABLES t WRITE",
    "EXECUTE IMMEDIATE 'DROP TABLE t'",
]


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "oracle", "unheard_of"])
@pytest.mark.parametrize("sql", HARMLESS)
def test_a_reading_statement_is_sent(sql: str, dialect: str) -> None:
    assert find_fault(sql, dialect) is None


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "oracle", "unheard_of"])
@pytest.mark.parametrize("sql", REFUSED)
def test_what_does_more_than_read_is_refused(sql: str, dialect: str) -> None:
    fault = find_fault(sql, dialect)
    assert fault is not None and fault[0] is Status.REFUSED
    assert fault[1].startswith("only reading is allowed: ") and "\n" not in fault[1]


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [(sql, "postgresql") for sql in POSTGRESQL] + [(sql, "mysql") for sql in MYSQL],
)
def test_what_reaches_out_of_the_database_is_refused(sql: str, dialect: str) -> None:
    fault = find_fault(sql, dialect)
    assert fault is not None and fault[0] is Status.REFUSED


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_typeof(1)",
        "SELECT pg_sleep(1)",
        "SELECT e'a\\'b'",
        "SELECT $$it's$$",
        "SELECT a ? 'b'",
    ],
)
def test_harmless_postgresql_is_sent(sql: str) -> None:
    assert find_fault(sql, "postgresql") is None


@pytest.mark.parametrize(
    "sql",
    ['SELECT `a b`, "text" FROM t # end', "SELECT '/*! not a comment */'", "SELECT 'load_file(1)'"],
)
def test_harmless_mysql_is_sent(sql: str) -> None:
    assert find_fault(sql, "mysql") is None


def test_what_no_server_can_take_is_an_error_of_the_statement() -> None:
    assert find_fault("SELECT '\0'", "postgresql") == (
        Status.ERROR,
        "the SQL holds a NUL character",
    )
    surrogate = find_fault("SELECT '\ud800'", "mysql")
    assert surrogate is not None and surrogate[0] is Status.ERROR
    unfinished = find_fault("SELECT 'a", "mysql")
    assert unfinished is not None and unfinished[0] is Status.ERROR
    long = find_fault("SELECT " + "1" * SQL_LENGTH, "mysql")
    assert long is not None and long[0] is Status.TOO_LARGE


def test_deep_nesting_is_read() -> None:
    assert find_fault("SELECT " + "(" * 20_000 + "1" + ")" * 20_000, "postgresql") is None
