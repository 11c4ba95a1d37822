from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from t2s_bench.databases import schema as module
from t2s_bench.databases.connection import open_read_only
from t2s_bench.databases.schema import CUT, SAMPLE_LENGTH, ForeignKey, read_schema
from t2s_bench.errors import BadInput
from t2s_bench.types import Database

SCRIPT = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, "full name" TEXT NOT NULL);
CREATE TABLE "order" (
    "select" TEXT, at TEXT, parent_id REFERENCES Parent, other INTEGER,
    doubled AS (other * 2), stored AS (other * 3) STORED,
    PRIMARY KEY (at, "select"), FOREIGN KEY (OTHER) REFERENCES parent (ID)
) WITHOUT ROWID;
CREATE TABLE line (at TEXT, what TEXT, FOREIGN KEY (at, what) REFERENCES "order");
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE VIRTUAL TABLE words USING fts5(word, meaning);
CREATE VIEW names AS SELECT "full name" AS name FROM parent;
CREATE VIEW broken AS SELECT * FROM gone;
INSERT INTO counted DEFAULT VALUES;
INSERT INTO parent ("full name") VALUES ('Ada'), ('Bo'), ('Bo'), ('Cy');
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "data#base?.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(SCRIPT)
    connection.close()
    return path


def make(path: Path, script: str) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return path


def test_internal_and_shadow_tables_are_hidden_and_kinds_are_marked(database: Path) -> None:
    schema = read_schema(database)
    assert [(table.name, table.kind) for table in schema.tables] == [
        ("parent", "table"),
        ("order", "table"),
        ("line", "table"),
        ("counted", "table"),
        ("words", "virtual"),
        ("names", "view"),
    ]
    words = schema.table("WORDS")
    assert words is not None
    assert [column.name for column in words.columns] == ["word", "meaning"]
    assert schema.notes == ("view broken cannot be read: no such table: main.gone",)


def test_columns_have_types_not_null_key_positions_and_generation(database: Path) -> None:
    schema = read_schema(database)
    order = schema.table("order")
    parent = schema.table("parent")
    assert order is not None and parent is not None
    assert order.primary_key == ("at", "select")
    assert [c.primary_key for c in order.columns] == [2, 1, 0, 0, 0, 0]
    assert [c.name for c in order.columns if c.generated] == ["doubled", "stored"]
    name = parent.column("FULL NAME")
    assert name is not None and name.not_null and name.type == "TEXT"


def test_foreign_keys_get_canonical_spelling_and_implicit_targets(database: Path) -> None:
    assert read_schema(database).foreign_keys == (
        ForeignKey("order", ("parent_id",), "parent", ("id",)),
        ForeignKey("order", ("other",), "parent", ("id",)),
        ForeignKey("line", ("at", "what"), "order", ("at", "select")),
    )


def test_a_foreign_key_to_nothing_becomes_a_note(tmp_path: Path) -> None:
    path = make(
        tmp_path / "d.sqlite",
        "CREATE TABLE p (x INTEGER);"
        "CREATE TABLE c (a REFERENCES gone(id), b REFERENCES p, d REFERENCES p(y));",
    )
    schema = read_schema(path)
    assert schema.foreign_keys == ()
    assert schema.notes == (
        "foreign key c(a) → gone(id): there is no table gone",
        "foreign key c(b) → p: p has no primary key of 1 column",
        "foreign key c(d) → p(y): there is no column p.y",
    )


def test_samples_are_the_most_frequent_values_with_ties_in_order(tmp_path: Path) -> None:
    path = make(
        tmp_path / "d.sqlite",
        "CREATE TABLE t (a, b, c);"
        "INSERT INTO t VALUES ('y', 2, NULL), ('x', 'two', x'00'), ('y', 1.5, NULL), ('w', 2, '');",
    )
    (table,) = read_schema(path, samples=2).tables
    assert [column.samples for column in table.columns] == [("y", "w"), (2, 1.5), ("",)]
    assert table.rows == 4 and table.rows_exact
    assert read_schema(path, samples=0).tables[0].columns[0].samples == ()


def test_long_text_is_shortened_with_a_mark_and_bad_bytes_are_left_out(tmp_path: Path) -> None:
    path = make(
        tmp_path / "d.sqlite",
        f"CREATE TABLE t (a, b); INSERT INTO t VALUES ('{'é' * 500}', CAST(x'41ff42' AS TEXT));",
    )
    long, bad = read_schema(path).tables[0].columns
    assert long.samples == ("é" * (SAMPLE_LENGTH - 1) + CUT,)
    assert bad.samples == ("AB",)


def test_counting_and_sampling_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)"
    path = make(
        tmp_path / "d.sqlite",
        f"CREATE TABLE t (a); INSERT INTO t {numbers} SELECT i > 20 FROM n;"
        "CREATE VIEW v AS SELECT 1 AS a FROM t t1, t t2, t t3, t t4, t t5, t t6 ORDER BY random();",
    )
    monkeypatch.setattr(module, "COUNTED_ROWS", 30)
    monkeypatch.setattr(module, "SAMPLED_ROWS", 20)
    table, view = read_schema(path).tables
    assert (table.rows, table.rows_exact) == (30, False)
    assert table.columns[0].samples == (0,)
    assert view.rows is None and view.columns[0].samples == ()
    assert read_schema(path).notes == ("view v has no sample values: too costly",)


def test_reading_leaves_no_file_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wal.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    before = path.read_bytes()
    read_schema(Database("wal", (path,), "", ""))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["wal.sqlite"]
    opened = open_read_only(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        opened.execute("CREATE TABLE u (a)")
    opened.close()


def test_rows_still_in_the_write_ahead_log_are_read(tmp_path: Path) -> None:
    path = tmp_path / "wal.sqlite"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE t (a)")
    writer.execute("INSERT INTO t VALUES (1)")
    writer.commit()
    assert read_schema(path).tables[0].rows == 1
    writer.close()


@pytest.mark.parametrize("content", [None, b"", b"not a database, but long enough to be read"])
def test_a_file_that_is_no_database_is_a_user_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.sqlite"
    if content is None:
        expected = "no database file"
    else:
        path.write_bytes(content)
        expected = "not a readable SQLite database"
    if content == b"":  # an empty file is a valid, empty database
        assert read_schema(path).tables == ()
        return
    with pytest.raises(BadInput, match=expected):
        read_schema(path)


def test_schema_json_adds_words_and_keys_and_collects_contradictions(tmp_path: Path) -> None:
    path = make(
        tmp_path / "d.sqlite",
        "CREATE TABLE City (ID, Name, Country);"
        "CREATE TABLE Country (code INTEGER PRIMARY KEY, capital REFERENCES City(ID));",
    )
    said = {
        "source": "somewhere",
        "tables": {
            "city": {
                "name": "town",
                "description": "where  people\nlive",
                "columns": {
                    "NAME": {
                        "name": "town name",
                        "description": "d",
                        "values": "v",
                        "type": "text",
                    },
                    "mayor": {},
                },
            },
            "river": {},
        },
        "primary_keys": [["CITY", "id"], ["Country", "capital"], ["river", "id"]],
        "foreign_keys": [
            ["city", "country", "country", "CODE"],
            ["Country", "capital", "City", "ID"],
            ["city", "name", "river", "name"],
        ],
    }
    (tmp_path / "schema.json").write_text(json.dumps(said), encoding="utf-8")
    schema = read_schema(path)
    city, country = schema.tables
    assert (city.readable, city.description) == ("town", "where people live")
    name = city.column("name")
    assert name is not None
    assert (name.readable, name.description, name.values, name.stated_type) == (
        "town name",
        "d",
        "v",
        "text",
    )
    assert (city.primary_key, city.stated_key) == (("ID",), True)
    assert (country.primary_key, country.stated_key) == (("code",), False)
    assert schema.foreign_keys == (
        ForeignKey("Country", ("capital",), "City", ("ID",)),
        ForeignKey("City", ("Country",), "Country", ("code",), stated=True),
    )
    assert schema.source == "somewhere"
    assert schema.notes == (
        "schema.json describes the column city.mayor, which the database lacks",
        "schema.json describes the table river, which the database lacks",
        "stated primary key river(id): the database lacks the table",
        "stated primary key Country(capital): the database says (code)",
        "stated foreign key city(name) → river(name): there is no table river",
    )


def test_stating_a_part_of_a_composite_key_is_no_contradiction(tmp_path: Path) -> None:
    path = make(tmp_path / "d.sqlite", "CREATE TABLE t (a, b, c, PRIMARY KEY (b, a));")
    said = {"primary_keys": [["t", "A"]]}
    (tmp_path / "schema.json").write_text(json.dumps(said), encoding="utf-8")
    schema = read_schema(path)
    assert schema.notes == () and schema.tables[0].primary_key == ("b", "a")


def test_real_spider_databases_are_read_without_a_note_on_tables(shared: Path) -> None:
    for path in sorted(shared.glob("eval_reference/database/*/*.sqlite")):
        schema = read_schema(path)
        assert schema.tables
        assert not [note for note in schema.notes if "cannot be read" in note]
