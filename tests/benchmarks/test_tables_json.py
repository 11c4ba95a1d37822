"""What tables.json says survives in schema.json, and word for word beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.benchmarks.tables_json import database_entry, schema_of
from t2s_bench.databases.schema_file import read_schema_file
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def test_names_types_and_keys_are_kept_and_sqlites_own_tables_are_not(layouts: Layouts) -> None:
    (entry,) = layouts.tables("zoo")
    entry["foreign_keys"].append([5, 1])
    schema = schema_of(entry)
    column = {"description": "", "values": ""}
    assert schema == {
        "tables": {
            "singer": {
                "name": "singer",
                "description": "",
                "columns": {
                    "id": {"name": "singer id", "type": "number", **column},
                    "Name": {"name": "name", "type": "text", **column},
                },
            },
            "concert": {
                "name": "concert of singer",
                "description": "",
                "columns": {
                    "Singer": {"name": "singer", "type": "number", **column},
                    "day": {"name": "day", "type": "time", **column},
                },
            },
        },
        "primary_keys": [["singer", "id"], ["concert", "Singer"], ["concert", "day"]],
        "foreign_keys": [["concert", "Singer", "singer", "id"]],
        "source": "tables.json",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("table_names", ["too few"]),
        ("column_types", ["text"]),
        ("column_names_original", [[-1, "*"], [7, "of no table"]]),
        ("primary_keys", [99]),
        ("foreign_keys", [[1]]),
        ("column_types", None),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(
    layouts: Layouts, key: str, value: object
) -> None:
    (entry,) = layouts.tables("zoo")
    with pytest.raises(BadInput, match="entry of 'zoo' in tables.json is damaged"):
        schema_of({**entry, key: value})


def test_the_official_entry_lies_beside_the_database(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    path = load("spider-dev").databases["zoo"].path
    assert database_entry(path) == layouts.tables("zoo")[0]
    own = load(layouts.own()).databases["arena"].path
    assert database_entry(own) is None


def test_the_real_schemas_survive(official: Path) -> None:
    for split in ("dev", "train"):
        for database in load("spider", split, data=official).databases.values():
            entry = database_entry(database.path)
            assert entry
            assert entry["db_id"] == database.id
            schema = read_schema_file(database.path)
            assert schema
            assert not [name for name in schema.tables if name.startswith("sqlite_")]
            columns = [
                (entry["table_names_original"][table], column)
                for table, column in entry["column_names_original"]
                if table >= 0 and not entry["table_names_original"][table].startswith("sqlite_")
            ]
            # The order is kept as well, so that an index in the entry can be counted again.
            assert columns == [
                (name, column) for name, table in schema.tables.items() for column in table.columns
            ]
            assert len(schema.foreign_keys) == len(entry["foreign_keys"])


def test_no_description_is_lost(layouts: Layouts) -> None:
    import_benchmark("bird-dev", layouts.bird())
    path = load("bird-dev").databases["arena"].path
    text = json.loads((path.parent / "schema.json").read_text())
    assert text["tables"]["singer"]["columns"]["id"] == {
        "name": "singer id",
        "description": "the number",
        "values": "first line\nsecond – line",
        "type": "number",
    }
    assert text["tables"]["singer"]["columns"]["extra"] == {
        "name": "more",
        "type": "number",
        "description": "not in tables.json",
        "values": "",
    }
    assert read_schema_file(path)
