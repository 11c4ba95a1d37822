"""Nothing sent to a server changes it: each of two locks holds alone, even for an administrator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from tests.servers import Engine

from t2s_bench.execution import server as server_module
from t2s_bench.execution.address import parse
from t2s_bench.execution.server import ServerReader
from t2s_bench.types import Budget, Status

EVERYWHERE = [
    "INSERT INTO item VALUES (9, 9)",
    "INSERT INTO item SELECT id + 10, price FROM item",
    "UPDATE item SET price = 0",
    "DELETE FROM item",
    "DROP TABLE item",
    "DROP TABLE IF EXISTS item",
    "DROP SCHEMA stall",
    "CREATE TABLE other (a INT)",
    "CREATE TABLE other AS SELECT * FROM item",
    "CREATE TEMPORARY TABLE item (id INT, price INT)",
    "CREATE VIEW v AS SELECT * FROM item",
    "CREATE INDEX i ON item (price)",
    "ALTER TABLE item ADD COLUMN b INT",
    "ALTER TABLE item RENAME TO other",
    "TRUNCATE TABLE item",
    "SELECT 1; DROP TABLE item",
    "SELECT 1; COMMIT; DROP TABLE item",
    "WITH a AS (SELECT 1) DELETE FROM item",
    "COMMIT",
    "BEGIN",
]
OWN = {
    "postgresql": [
        "WITH gone AS (DELETE FROM item RETURNING *) SELECT * FROM gone",
        "WITH more AS (INSERT INTO item VALUES (9, 9) RETURNING *) SELECT * FROM more",
        "SELECT * INTO other FROM item",
        "SELECT * INTO TEMP item FROM item",
        "SELECT * FROM item FOR UPDATE",
        "COPY item TO '/tmp/t2s-written'",
        "COPY (SELECT 1) TO PROGRAM 'touch /tmp/t2s-written'",
        "COPY item FROM '/etc/passwd'",
        "DO $$ BEGIN DELETE FROM item; END $$",
        "CREATE ROLE intruder",
        "CREATE DATABASE other",
        "CREATE EXTENSION dblink",
        "SET default_transaction_read_only = off",
        "RESET ROLE",
        "VACUUM item",
        "LOCK TABLE item",
        "NOTIFY a",
        "EXPLAIN ANALYZE DELETE FROM item",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_create(4711)",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_reload_conf()",
        "SELECT query_to_xml('DELETE FROM item', true, true, '')",
        "SELECT set_config('transaction_read_only', 'off', false)",
    ],
    "mariadb": [
        "REPLACE INTO item VALUES (1, 9)",
        "RENAME TABLE item TO other",
        "DROP DATABASE stall",
        "CREATE DATABASE other",
        "CREATE USER intruder",
        "GRANT ALL ON *.* TO reader",
        "SET GLOBAL max_connections = 1",
        "SET SESSION TRANSACTION READ WRITE",
        "SET PASSWORD = PASSWORD('x')",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE item",
        "SELECT id FROM item INTO OUTFILE '/tmp/t2s-written'",
        "SELECT id FROM item LIMIT 1 INTO DUMPFILE '/tmp/t2s-written'",
        "SELECT 1 /*! INTO OUTFILE '/tmp/t2s-written' */",
        "SELECT id FROM item FOR UPDATE",
        "SELECT LOAD_FILE('/etc/passwd')",
        "EXECUTE IMMEDIATE 'DROP TABLE item'",
        "BEGIN NOT ATOMIC DROP TABLE item; END",
        "LOCK TABLES item WRITE",
        "FLUSH TABLES WITH READ LOCK",
        "OPTIMIZE TABLE item",
        "CALL mysql.AddGeometryColumn('a', 'b', 'c', 'd', 1)",
    ],
    "duckdb": [
        "INSERT OR REPLACE INTO item VALUES (1, 9)",
        "COPY item TO '/tmp/t2s-written'",
        "COPY (SELECT 1) TO '/tmp/t2s-written'",
        "COPY item FROM '/etc/passwd'",
        "EXPORT DATABASE '/tmp/t2s-written'",
        "ATTACH '/tmp/t2s-written'",
        "DETACH benchmark_file",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '64GB'",
        "SET enable_external_access = true",
        "PRAGMA enable_profiling",
        "SET VARIABLE a = 1",
        "USE stall",
        "CHECKPOINT",
        "VACUUM",
        "CREATE MACRO f(a) AS a",
        "PREPARE p AS DELETE FROM item",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM query('DELETE FROM item')",
    ],
}
# MariaDB's read-only transaction lets these pass: only the look at the text refuses them.
FIRST_LOCK_ALONE = (
    "SET SESSION",
    "SET GLOBAL",
    "INTO OUTFILE",
    "INTO DUMPFILE",
    "LOAD_FILE",
    "FLUSH",
    "LOCK TABLES",
    "SET PASSWORD",
    "COMMIT",
    "BEGIN",
)


@pytest.fixture
def reader(engine: Engine) -> Iterator[ServerReader]:
    with closing(ServerReader(engine.place())) as opened:
        yield opened


def content(engine: Engine) -> object:
    """All there is on the server: schemas, tables, rows, users; for DuckDB the file's bytes."""
    address = parse(engine.url)
    if engine.name == "duckdb":
        folder = Path(str(address.url.database)).parent
        return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    if engine.name == "postgresql":
        import psycopg

        from t2s_bench.execution.dialects.postgresql import connection_options

        questions = (
            "SELECT relname, relnamespace::regnamespace FROM pg_class"
            " WHERE relnamespace::regnamespace::text !~ '^pg_toast' ORDER BY 1, 2",
            "SELECT rolname, rolsuper FROM pg_roles ORDER BY 1",
            "SELECT datname FROM pg_database ORDER BY 1",
            "SELECT extname FROM pg_extension ORDER BY 1",
            "SELECT oid FROM pg_largeobject_metadata",
            "SELECT * FROM shop.item ORDER BY 1",
            "SELECT * FROM stall.item ORDER BY 1",
        )
        with psycopg.connect(**connection_options(address)) as connection:
            return [connection.execute(sql).fetchall() for sql in questions]
    import pymysql

    from t2s_bench.execution.dialects.mysql import connection_options as options

    asked = (
        "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2",
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'shop'",
        "SHOW DATABASES",
        "SELECT user, host, authentication_string FROM mysql.user ORDER BY 1, 2",
        "SELECT @@global.max_connections",
        "SELECT * FROM shop.item ORDER BY 1",
        "SELECT * FROM stall.item ORDER BY 1",
    )
    found = []
    with pymysql.connect(**options(address)) as other, other.cursor() as cursor:
        for sql in asked:
            cursor.execute(sql)
            found.append(cursor.fetchall())
    return found


def test_what_writes_is_refused_and_changes_nothing(reader: ServerReader, engine: Engine) -> None:
    statements = EVERYWHERE + OWN[engine.name]
    assert len(statements) >= 20
    before = content(engine)
    for sql in statements:
        found = reader.execute(sql, Budget(seconds=10))
        # DuckDB's own parser refuses; some statements are no SQL to it, or nothing that is there.
        fine = (Status.REFUSED, Status.ERROR) if engine.name == "duckdb" else (Status.REFUSED,)
        assert found.status in fine, (sql, found)
        assert not found.rows
        assert reader.execute("SELECT count(*) FROM item", Budget()).rows == [(4,)], sql
    reader.close()
    assert content(engine) == before
    assert not Path("/tmp/t2s-written").exists()


def test_the_servers_own_lock_holds_alone(
    reader: ServerReader, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine.name == "duckdb":
        import t2s_bench.execution.dialects.duckdb as dialect

        def send_anything(self: dialect.DuckDB, sql: str, schema: str, _: float) -> dialect.Cursor:
            self._connection.execute(sql)
            return dialect.Cursor(self._connection)

        monkeypatch.setattr(dialect.DuckDB, "start", send_anything)
    monkeypatch.setattr(server_module, "find_fault", lambda sql, dialect: None)
    before = content(engine)
    for sql in EVERYWHERE + OWN[engine.name]:
        if engine.name == "mariadb" and any(part in sql for part in FIRST_LOCK_ALONE):
            continue
        reader.execute(sql, Budget(seconds=10))
        reader.close()  # a temporary table of this connection must not stand for the real one
        reader = ServerReader(engine.place())
    reader.close()
    assert content(engine) == before
    assert not Path("/tmp/t2s-written").exists()


def test_no_statement_reaches_the_next_one(reader: ServerReader, engine: Engine) -> None:
    if engine.name == "postgresql":
        before = reader.execute("SELECT current_setting('search_path')", Budget()).rows
        reader.execute("SELECT pg_catalog.\"set_config\"('search_path', 'stall', false)", Budget())
        assert reader.execute("SELECT current_setting('search_path')", Budget()).rows == before
    for sql in EVERYWHERE:
        reader.execute(sql, Budget(seconds=10))
    assert reader.execute("SELECT sum(price) FROM item", Budget()).rows == [(50,)]
