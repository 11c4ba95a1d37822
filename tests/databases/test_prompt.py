from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from t2s_bench.databases.prompt import LEAST_CHARACTERS, compact, ddl
from t2s_bench.databases.schema import Column, ForeignKey, Schema, Table, read_schema
from t2s_bench.databases.values import ValueMatch
from t2s_bench.errors import BadInput

CITY = Table(
    "city",
    (
        Column("id", "INTEGER", primary_key=1),
        Column("full name", "TEXT", not_null=True, readable="full name", samples=("Rome", "Oslo")),
        Column("pop", "INTEGER", readable="population", description="in thousands", values="≥ 0"),
        Column("order", "", stated_type="text", samples=("", "it's", "two\nlines")),
    ),
    readable="towns",
)
VISIT = Table(
    "visit",
    (Column("city", "INTEGER", primary_key=2), Column("day", "DATE", primary_key=1)),
)
SEEN = Table("seen", (Column("day", "DATE"),), kind="view")
SCHEMA = Schema((CITY, VISIT, SEEN), (ForeignKey("visit", ("city",), "city", ("id",)),))
MATCHES = (ValueMatch("city", "full name", "New York", 1.0, (0, 8)),)


def many(tables: int, columns: int) -> Schema:
    return Schema(
        tuple(
            Table(
                f"table_{t}",
                (
                    Column("id", "INTEGER", primary_key=1),
                    *(
                        Column(f"column_{c}", "TEXT", description="words " * 30, samples=("a", "b"))
                        for c in range(columns)
                    ),
                ),
            )
            for t in range(tables)
        )
    )


def test_ddl_says_all_that_is_known() -> None:
    assert ddl(SCHEMA, matches=MATCHES) == (
        "-- towns\n"
        "CREATE TABLE city (\n"
        "    id INTEGER,\n"
        "    \"full name\" TEXT NOT NULL, -- example: ['New York', 'Rome', 'Oslo']\n"
        "    pop INTEGER, -- population: in thousands; ≥ 0\n"
        "    \"order\" text, -- example: ['it''s', 'two\\nlines']\n"
        "    PRIMARY KEY (id)\n"
        ");\n"
        "\n"
        "CREATE TABLE visit (\n"
        "    city INTEGER,\n"
        "    day DATE,\n"
        "    PRIMARY KEY (day, city),\n"
        "    FOREIGN KEY (city) REFERENCES city (id)\n"
        ");\n"
        "\n"
        "CREATE VIEW seen (\n"
        "    day DATE\n"
        ");"
    )


def test_compact_has_one_line_a_table_and_the_foreign_keys() -> None:
    assert compact(SCHEMA, matches=MATCHES) == (
        "city(id integer primary key, \"full name\" text = 'New York', pop integer, "
        '"order" text)\n'
        "visit(city integer primary key, day date primary key)\n"
        "seen(day date)\n"
        "foreign keys: visit.city = city.id"
    )


def test_ddl_of_a_database_makes_the_same_database(tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        'CREATE TABLE "select" ("a b" TEXT NOT NULL, "c""d" INTEGER, PRIMARY KEY ("a b", "c""d"));'
        'CREATE TABLE t (x REFERENCES "select" ("a b"), "é" TEXT);'
        "INSERT INTO t VALUES (NULL, 'two' || char(10) || '-- lines; '' quote');"
    )
    connection.close()
    schema = read_schema(path)
    again = tmp_path / "again.sqlite"
    connection = sqlite3.connect(again)
    connection.executescript(ddl(schema))
    connection.close()
    assert ddl(read_schema(again, samples=0)) == ddl(read_schema(path, samples=0))


@pytest.mark.parametrize("write", [ddl, compact])
@pytest.mark.parametrize("budget", [500, 700, 2_000, 5_000, 20_000, 100_000])
def test_a_budget_is_kept_and_what_is_left_out_is_said(write: object, budget: int) -> None:
    assert callable(write)
    schema = many(30, 12)
    whole = write(schema)
    text = write(schema, max_characters=budget)
    assert len(text) <= budget
    assert ("left out for length" in text) == (len(whole) > budget)
    assert write(schema, max_characters=budget) == text


def test_less_is_said_of_columns_before_columns_go() -> None:
    schema = many(5, 5)
    texts = [ddl(schema, max_characters=n) for n in (5_000, 1_500, 800, 500)]
    assert "words words" in texts[0] and "example: ['a']" in texts[0]
    assert "left out for length: most of the descriptions; most of the examples" in texts[0]
    assert "words" not in texts[1] and texts[1].count("column_") == 25
    assert texts[2].count("CREATE TABLE") == 5  # every table keeps its key
    assert 0 < texts[2].count("column_") < 25
    assert len(texts[3]) <= 500


def test_matched_columns_and_keys_stay_longest() -> None:
    matches = [ValueMatch("table_29", "column_11", "x", 1.0, (0, 1))]
    text = ddl(many(30, 12), matches=matches, max_columns=4)
    assert "column_11 TEXT" in text
    assert text.count("id INTEGER") == 3
    assert text.endswith(
        "-- left out for length: 48 columns; 26 tables (table_3, table_4, table_5, table_6, "
        "table_7, …)"
    )


def test_a_budget_that_holds_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="at least 500 characters"):
        ddl(SCHEMA, max_characters=LEAST_CHARACTERS - 1)


def test_a_database_without_tables_is_an_empty_text() -> None:
    assert ddl(Schema(())) == compact(Schema(())) == ""
