"""A database as a picture of text: a box for every table, its keys, and its first rows.

┌ orders ──────── 120 rows ┐
│ PK id        INTEGER     │
│ FK customer  INTEGER     │ → customers.id
└──────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from t2s_bench.databases.connection import open_read_only, quote_identifier
from t2s_bench.databases.schema import Schema, Table

if TYPE_CHECKING:
    from rich.console import RenderableType

CELL = 24


def diagram(schema: Schema, only: Iterable[str] | None = None) -> list[RenderableType]:
    """A box for every table (or for those of the names in `only`), tables referred to first."""
    from rich.panel import Panel
    from rich.text import Text

    wanted = None if only is None else {name.lower() for name in only}
    boxes: list[RenderableType] = []
    for table in _referred_first(schema):
        if wanted is not None and table.name.lower() not in wanted:
            continue
        targets = _targets(schema, table)
        width = max((len(column.name) for column in table.columns), default=0)
        lines = []
        for column in table.columns:
            mark = "PK" if column.primary_key else "FK" if column.name.lower() in targets else "  "
            line = f"{mark} {column.name:{width}}  {column.type or column.stated_type}"
            target = targets.get(column.name.lower())
            lines.append(line.rstrip() + (f"  → {target}" if target else ""))
        boxes.append(
            Panel(
                Text("\n".join(lines)),
                title=Text(table.name, style="bold"),
                subtitle=Text(_size(table)),
                title_align="left",
                subtitle_align="right",
                expand=False,
            )
        )
    return boxes


def first_rows(path: Path, table: Table, count: int = 3) -> list[tuple[str, ...]]:
    """The first rows of a table, each cell as short text; none where it cannot be read."""
    names = ", ".join(quote_identifier(column.name) for column in table.columns)
    sql = f"SELECT {names} FROM {quote_identifier(table.name)} LIMIT {count}"
    with closing(open_read_only(path)) as connection:
        return [tuple(map(cell, row)) for row in connection.execute(sql)]


def cell(value: object) -> str:
    """A value in at most `CELL` characters.

    >>> cell(None), cell("x" * 30), cell(b"ab")
    ('NULL', 'xxxxxxxxxxxxxxxxxxxxxxx…', '2 bytes')
    """
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = " ".join(str(value).split())
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def rows_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """Rows under their columns' names."""
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
    for name in header:
        grid.add_column(Text(name), overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def _targets(schema: Schema, table: Table) -> dict[str, str]:
    """What the columns of a table refer to, by their names in lower case."""
    found: dict[str, str] = {}
    for key in schema.foreign_keys:
        if key.table.lower() == table.name.lower():
            for column, parent in zip(key.columns, key.parent_columns, strict=False):
                found.setdefault(column.lower(), f"{key.parent}.{parent}")
    return found


def _referred_first(schema: Schema) -> list[Table]:
    """The tables, those that most others refer to first; otherwise as they were created."""
    referred = [key.parent.lower() for key in schema.foreign_keys]
    return sorted(schema.tables, key=lambda table: -referred.count(table.name.lower()))


def _size(table: Table) -> str:
    if table.rows is None:
        return table.kind
    more = "" if table.rows_exact else "more than "
    return f"{more}{table.rows:,} row{'s' * (table.rows != 1)}"
