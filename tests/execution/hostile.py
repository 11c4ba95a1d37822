"""Statements that would harm a database, the machine or another verdict, with what they may give.

They run on the database of `make_database`. `statuses` are the typed results that are right; where
a wall clock or memory decides, more than one is. `heavy` marks those that need a worker process:
one endless instruction or a planner at work, which only killing ends.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from t2s_bench.types import Status

ERROR, OK, REFUSED = {Status.ERROR}, {Status.OK}, {Status.REFUSED}
TIMEOUT, TOO_LARGE = {Status.TIMEOUT}, {Status.TOO_LARGE}
BOUNDED = TIMEOUT | TOO_LARGE | ERROR


@dataclass(frozen=True)
class Hostile:
    """One statement; `{folder}` in it stands for a folder that must stay empty."""

    name: str
    sql: str
    statuses: frozenset[Status]
    heavy: bool = False


def _all(statuses: set[Status], statements: dict[str, str], heavy: bool = False) -> list[Hostile]:
    return [Hostile(name, sql, frozenset(statuses), heavy) for name, sql in statements.items()]


_COUNT = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"

WRITES = _all(
    REFUSED,
    {
        "delete": "DELETE FROM person",
        "delete returning": "DELETE FROM person RETURNING name",
        "delete behind a CTE": "WITH gone AS (SELECT 1 AS id) DELETE FROM person WHERE id IN gone",
        "update": "UPDATE person SET name = 'x'",
        "update from": "UPDATE person SET name = p.name FROM person p",
        "insert": "INSERT INTO person VALUES (9, 'x', 1)",
        "insert of a select": "INSERT INTO person SELECT * FROM person",
        "upsert": "INSERT INTO person VALUES (1, 'x', 1) ON CONFLICT DO UPDATE SET name = 'y'",
        "replace into": "REPLACE INTO person VALUES (1, 'x', 1)",
        "drop table": "DROP TABLE person",
        "drop view": "DROP VIEW adult",
        "drop index": "DROP INDEX person_name",
        "create table": "CREATE TABLE evil (x)",
        "create table as": "CREATE TABLE evil AS SELECT * FROM person",
        "create index": "CREATE INDEX evil ON person (age)",
        "create view": "CREATE VIEW evil AS SELECT 1",
        "create trigger": "CREATE TRIGGER evil AFTER INSERT ON person BEGIN SELECT 1; END",
        "create virtual table": "CREATE VIRTUAL TABLE evil USING fts5(x)",
        "rename": "ALTER TABLE person RENAME TO evil",
        "add column": "ALTER TABLE person ADD COLUMN evil",
        "drop column": "ALTER TABLE person DROP COLUMN age",
        "rename column": "ALTER TABLE person RENAME COLUMN name TO evil",
        "temporary table in front": "CREATE TEMP TABLE person AS SELECT 1 AS id, 'x' AS name",
        "temporary view in front": "CREATE TEMP VIEW person AS SELECT 1 AS id, 'x' AS name",
        "temporary trigger": "CREATE TEMP TRIGGER t AFTER INSERT ON person BEGIN SELECT 1; END",
        "analyze": "ANALYZE",
        "reindex": "REINDEX",
        "explain of a delete": "EXPLAIN DELETE FROM person",
        "schema table": "DELETE FROM sqlite_master",
    },
)
FILES = _all(
    REFUSED,
    {
        "attach": "ATTACH '{folder}/evil.sqlite' AS evil",
        "attach memory": "ATTACH ':memory:' AS evil",
        "attach by uri": "ATTACH 'file:{folder}/evil.sqlite?mode=rwc' AS evil",
        "attach with a key": "ATTACH '{folder}/evil.sqlite' AS evil KEY 'x'",
        "detach": "DETACH main",
        "vacuum": "VACUUM",
        "vacuum into": "VACUUM INTO '{folder}/evil.sqlite'",
        "load extension": "SELECT load_extension('{folder}/evil.so')",
        "load extension with entry": "SELECT load_extension('{folder}/evil.so', 'init')",
        "tokenizer by address": "SELECT fts3_tokenizer('evil', x'0000000000000000')",
    },
) + _all(
    ERROR | REFUSED,
    {
        "writefile": "SELECT writefile('{folder}/evil.txt', 'x')",
        "readfile": "SELECT readfile('/etc/hostname')",
        "edit": "SELECT edit('x', 'touch {folder}/evil.txt')",
        "fsdir": "SELECT * FROM fsdir('/')",
        "shell": ".shell touch {folder}/evil.txt",
    },
)
SETTINGS = _all(
    REFUSED,
    {
        "pragma user_version": "PRAGMA user_version = 77",
        "pragma journal_mode": "PRAGMA journal_mode = WAL",
        "pragma writable_schema": "PRAGMA writable_schema = ON",
        "pragma query_only": "PRAGMA query_only = OFF",
        "pragma case_sensitive_like": "PRAGMA case_sensitive_like = ON",
        "pragma temp_store": "PRAGMA temp_store = FILE",
        "pragma temp_store_directory": "PRAGMA temp_store_directory = '{folder}'",
        "pragma hard_heap_limit": "PRAGMA hard_heap_limit = 1000",
        "pragma trusted_schema": "PRAGMA trusted_schema = ON",
        "pragma mmap_size": "PRAGMA mmap_size = 1000000000",
        "pragma wal_checkpoint": "PRAGMA wal_checkpoint",
        "pragma optimize": "PRAGMA optimize",
        "pragma shrink_memory": "PRAGMA shrink_memory",
        "pragma table_info": "PRAGMA table_info(person)",
        "pragma database_list": "PRAGMA database_list",
        "begin": "BEGIN EXCLUSIVE",
        "commit": "COMMIT",
        "rollback": "ROLLBACK",
        "savepoint": "SAVEPOINT evil",
        "release": "RELEASE evil",
    },
) + _all(
    REFUSED | ERROR,
    {
        "pragma as a table": "SELECT * FROM pragma_user_version",
        "schema table updated": "UPDATE sqlite_master SET sql = 'x'",
    },
)
ENDLESS = _all(
    TIMEOUT,
    {
        "infinite CTE counted": f"{_COUNT} SELECT count(*) FROM r",
        "infinite CTE without a row": f"{_COUNT} SELECT x FROM r WHERE x < 0",
        "infinite CTE grouped": f"{_COUNT} SELECT x % 7, count(*) FROM r GROUP BY 1",
        "infinite CTE in EXISTS": f"SELECT 1 WHERE EXISTS ({_COUNT} SELECT 1 FROM r WHERE x < 0)",
        "cross join of twelve": "SELECT count(*) FROM "
        + ", ".join(f"digit d{i}" for i in range(12)),
        "cross join of digits with LIKE": "SELECT count(*) FROM "
        + ", ".join(f"digit d{i}" for i in range(12))
        + " WHERE d0.n || d5.n || d9.n LIKE '%9%8%7%'",
        "cross join by a CTE": "WITH a AS (SELECT d.n FROM digit d, digit e, digit f) "
        "SELECT count(*) FROM a, a b, a c, a d WHERE a.n + b.n = c.n * d.n",
        "correlated subqueries": "SELECT count(*) FROM digit a, digit b, digit c, digit d, digit e "
        "WHERE (SELECT sum(x.n * y.n * a.n * b.n * c.n * d.n * e.n) FROM digit x, digit y) > 0",
        "recursive tree": "WITH RECURSIVE t(d) AS (SELECT 1 UNION ALL SELECT d + 1 FROM t, digit "
        "WHERE d < 60) SELECT count(*) FROM t WHERE d < 0",
        "json tree of a long array": f"{_COUNT} SELECT count(*) FROM r, json_each('[1,2,3,4,5]')",
        "explain runs nothing, its query does": f"SELECT * FROM ({_COUNT} SELECT x FROM r) "
        "WHERE x < 0",
    },
)
BOMBS = _all(
    TOO_LARGE | TIMEOUT,
    {
        "infinite CTE streamed": f"{_COUNT} SELECT x FROM r",
        "infinite CTE of texts": f"{_COUNT} SELECT hex(zeroblob(400000)) FROM r",
        "infinite CTE of growing texts": "WITH RECURSIVE r(x) AS (SELECT 'xx' UNION ALL "
        "SELECT x || x FROM r) SELECT x FROM r",
        "infinite CTE distinct": "WITH RECURSIVE r(x) AS (SELECT 1 UNION SELECT x + 1 FROM r) "
        "SELECT count(*) FROM r",
        "infinite CTE sorted": f"{_COUNT} SELECT x FROM r ORDER BY -x",
        "sorted texts": f"{_COUNT} SELECT x FROM r ORDER BY hex(zeroblob(100000)) || x",
        "cross join streamed": "SELECT * FROM " + ", ".join(f"digit d{i}" for i in range(12)),
        "materialised cross join": "WITH big AS MATERIALIZED (SELECT zeroblob(100000) || a.n AS b "
        "FROM digit a, digit b, digit c, digit d, digit e, digit f) "
        "SELECT count(DISTINCT b) FROM big",
        "distinct texts": f"{_COUNT} SELECT DISTINCT hex(zeroblob(1000)) || x FROM r",
        "randomblob": "SELECT randomblob(1000000000)",
        "zeroblob": "SELECT zeroblob(1000000000)",
        "zeroblobs in one row": "SELECT "
        + ", ".join(["zeroblob(9999999)"] * 1999)
        + " FROM digit, digit d",
        "hex of a zeroblob": "SELECT hex(zeroblob(400000000))",
        "replace": "SELECT replace(hex(zeroblob(4000000)), '0', hex(zeroblob(4000000)))",
        "group_concat": f"SELECT group_concat(x) FROM ({_COUNT} SELECT x FROM r)",
        "group_concat of long texts": "SELECT group_concat(hex(zeroblob(4000000))) FROM digit",
        "window of group_concat": "SELECT group_concat(a.n || hex(zeroblob(2000))) OVER "
        "(ORDER BY a.n, b.n, c.n, d.n ROWS UNBOUNDED PRECEDING) "
        "FROM digit a, digit b, digit c, digit d",
        "json array of an endless list": f"SELECT json_group_array(x) FROM ({_COUNT} "
        "SELECT x FROM r)",
        "json object of an endless list": f"SELECT json_group_object(x, x) FROM ({_COUNT} "
        "SELECT x FROM r)",
        "quote of a blob": "SELECT quote(zeroblob(400000000))",
        "10 MB of SQL": "SELECT '" + "x" * 10_000_000 + "'",
        "10 MB of comment": "SELECT 1 /* " + "x" * 10_000_000 + " */",
        "2 MB of brackets": "SELECT " + "(" * 1_000_000 + "1" + ")" * 1_000_000,
    },
)
MALFORMED = _all(
    ERROR,
    {
        "deep brackets": "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "deep NOT": "SELECT " + "NOT " * 20_000 + "1",
        "deep subqueries": "SELECT " + "(SELECT " * 2_000 + "1" + ")" * 2_000,
        "deep CASE": "SELECT " + "CASE WHEN 1 THEN " * 5_000 + "1" + " END" * 5_000,
        "deep CTEs": "WITH "
        + ", ".join(
            ["c0 AS (SELECT 1 AS x)"]
            + [
                f"c{i} AS (SELECT * FROM c{i - 1} UNION SELECT * FROM c{i - 1})"
                for i in range(1, 99)
            ]
        )
        + " SELECT * FROM nothing",
        "3,000 columns": "SELECT " + ", ".join(["1"] * 3_000),
        "600 compound selects": " UNION ".join(["SELECT 1"] * 600),
        "200 arguments": "SELECT max(" + ", ".join(["1"] * 200) + ")",
        "70 joined tables": "SELECT * FROM " + ", ".join(f"digit d{i}" for i in range(70)),
        "long expression": "SELECT 1" + " + 1" * 20_000,
        "NUL": "SELECT 1\0; DROP TABLE person",
        "lone surrogate": "SELECT '\ud800'",
        "second statement": "SELECT 1; DROP TABLE person",
        "two semicolons behind a query": "SELECT 1;;",
        "parameter": "SELECT ?",
        "named parameter": "SELECT :name",
        "raise": "SELECT RAISE(ABORT, 'x')",
        "code fence": "```sql\nSELECT 1\n```",
        "no SQL at all": "I cannot answer this question.",
        "integer overflow": "SELECT abs(-9223372036854775808)",
        "deep json": "SELECT json_valid('" + "[" * 100_000 + "') AND json('" + "[" * 3_000 + "')",
    },
)
HARMLESS = _all(
    OK,
    {
        "empty": "",
        "blank": " \n\t ",
        "comment": "-- nothing",
        "semicolon": ";",
        "2,000 columns": "SELECT " + ", ".join(["1"] * 2_000),
        "explain": "EXPLAIN SELECT * FROM person",
        "explain query plan": "EXPLAIN QUERY PLAN SELECT * FROM person",
        "table-valued pragma": "SELECT name FROM pragma_table_info('person')",
        "misspelt column in double quotes": 'SELECT "nmae" FROM person',
        "long list": "SELECT 1 WHERE 5 IN (" + ", ".join(map(str, range(50_000))) + ")",
    },
)
# One instruction at work for long or for ever, or one that a SQLite version may end early.
HOGS = _all(
    BOUNDED | OK,
    {
        "printf width": "SELECT printf('%500000000d', 1)",
        "printf width by star": "SELECT printf('%.*c', 500000000, 'x')",
        "printf many widths": "SELECT printf('" + "%999999d" * 100 + "')",
        "trim of long sets": "SELECT length(trim(hex(zeroblob(4000000)), hex(zeroblob(4000000)) "
        "|| 'x')) FROM digit d, digit e",
        "GLOB blow-up": "SELECT '" + "a" * 9_000 + "' GLOB '" + "*a" * 40 + "b'",
        "GLOB sets blow-up": "SELECT '" + "a" * 9_000 + "' GLOB '" + "*[a-z]" * 40 + "b'",
        "LIKE blow-up": "SELECT '" + "a" * 9_000 + "' LIKE '" + "%a_" * 40 + "b'",
        "LIKE over a made text": "SELECT hex(zeroblob(2000000)) LIKE '" + "%0_0" * 60 + "1'",
    },
    heavy=True,
) + _all(
    BOUNDED,
    {
        "instr of long texts": "SELECT sum(instr(hex(zeroblob(4000000)), hex(zeroblob(2000000)) "
        "|| d.n || 'x')) FROM digit d, digit e, digit f",
        "replace without end": "SELECT sum(length(replace(hex(zeroblob(4000000)), "
        "hex(zeroblob(50000)) || 'x', ''))) FROM digit d, digit e, digit f",
        "CTEs doubled 40 times": "WITH c0 AS (SELECT 1 AS x)"
        + "".join(f", c{i} AS (SELECT * FROM c{i - 1} a, c{i - 1} b)" for i in range(1, 41))
        + " SELECT count(*) FROM c40",
        "unions doubled 40 times": "WITH c0 AS (SELECT 1 AS x)"
        + "".join(
            f", c{i} AS (SELECT x FROM c{i - 1} UNION ALL SELECT x FROM c{i - 1})"
            for i in range(1, 41)
        )
        + " SELECT count(*) FROM c40",
        "planner of 60 tables": "SELECT count(*) FROM "
        + ", ".join(f"digit d{i}" for i in range(60))
        + " WHERE "
        + " AND ".join(f"d{i}.n = d{(i * 7 + 1) % 60}.n" for i in range(60)),
        "deep json patch": "SELECT json_patch('"
        + '{"a":' * 900
        + "1"
        + "}" * 900
        + "', '"
        + '{"a":' * 900
        + "2"
        + "}" * 900
        + "') FROM "
        + ", ".join(f"digit d{i}" for i in range(9)),
    },
    heavy=True,
)

HOSTILE = WRITES + FILES + SETTINGS + ENDLESS + BOMBS + MALFORMED + HARMLESS + HOGS


def make_database(path: Path) -> None:
    """A small database with a view, an index, ten digits and text that is not UTF-8."""
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
            CREATE INDEX person_name ON person (name);
            CREATE VIEW adult AS SELECT * FROM person WHERE age >= 18;
            CREATE TABLE digit (n INTEGER);
            CREATE TABLE broken (t TEXT);
            INSERT INTO person VALUES (1, 'Ann', 31), (2, 'Bo', 12), (3, 'Cy', NULL);
            INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
            INSERT INTO broken VALUES (CAST(x'ff41' AS TEXT)), ('fine');
            """
        )
    connection.close()
