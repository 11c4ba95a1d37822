"""A database schema as Spider's exact set match sees it: lower-case names and foreign-key classes.

Source of the behaviour: taoyds/test-suite-sql-eval, `process_sql.get_schema` and
`evaluation.build_foreign_key_map`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SpiderSchema:
    """Tables and columns that a query may name, and which columns count as one.

    `tables` maps a lower-case table name to its lower-case column names. `foreign_keys` maps the
    name `table.column` to the name that stands for its whole class of foreign keys; columns in no
    class are absent.

    >>> schema = SpiderSchema({"singer": ["singer_id", "name"]})
    >>> sorted(schema.identifiers)
    ['*', 'singer', 'singer.name', 'singer.singer_id']
    """

    tables: Mapping[str, Sequence[str]]
    foreign_keys: Mapping[str, str] = field(default_factory=dict)
    identifiers: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        columns = (f"{table}.{name}" for table, names in self.tables.items() for name in names)
        object.__setattr__(self, "identifiers", frozenset({"*", *self.tables, *columns}))


def read_tables(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Table and column names of a SQLite database, lower-case, its internal tables included.

    Names are bound, not pasted: a table called `order list`, on which the official script stops,
    is read like any other.

    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute('CREATE TABLE "Order List" (Id INTEGER, "Group" TEXT)')
    >>> read_tables(connection)
    {'order list': ('id', 'group')}
    """
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables: dict[str, tuple[str, ...]] = {}
    for (name,) in found:
        table = str(name).lower()
        columns = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        tables[table] = tuple(str(column).lower() for (column,) in columns)
    return tables


def foreign_key_classes(entry: Mapping[str, Any]) -> dict[str, str]:
    """Maps each foreign-key column to the first column, by Spider's numbering, of its class.

    `entry` is one database of Spider's `tables.json`. A pair of columns joins the first class that
    holds either of them, and classes that a later pair connects are not merged, as officially: the
    class that was made last decides.

    >>> columns = [(-1, "*"), (0, "Id"), (1, "Id"), (1, "Owner_Id")]
    >>> foreign_key_classes({"table_names_original": ["Owner", "Pet"],
    ...     "column_names_original": columns, "foreign_keys": [(3, 1)]})
    {'owner.id': 'owner.id', 'pet.owner_id': 'owner.id'}
    """
    tables = entry["table_names_original"]
    names = [
        f"{tables[table]}.{column}".lower() if table >= 0 else "*"
        for table, column in entry["column_names_original"]
    ]
    classes: list[set[int]] = []
    for first, second in entry["foreign_keys"]:
        for members in classes:
            if first in members or second in members:
                members.update((first, second))
                break
        else:
            classes.append({first, second})
    return {names[member]: names[min(members)] for members in classes for member in sorted(members)}
