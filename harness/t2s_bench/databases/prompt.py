"""A schema as text for a language model: `ddl` (CREATE TABLE) and `compact` (one line a table).

Both are deterministic, show the matched values of a question before the sampled ones, and keep to a
budget: first descriptions and examples get shorter, then they go, then columns go, the least
needed ones first (keys and matched columns stay longest). What was left out is said in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from t2s_bench.databases.connection import quote_identifier
from t2s_bench.databases.schema import Column, ForeignKey, Schema, Table
from t2s_bench.databases.values import ValueMatch
from t2s_bench.errors import BadInput

# Room for the note on what was left out.
LEAST_CHARACTERS = 500
MOST_EXAMPLES = 6
# Characters of a description; BIRD has some of a thousand.
DESCRIPTION = 400
# Table names in the note on what was left out.
NAMED_TABLES = 5

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# SQLite's keywords (sqlite.org/lang_keywords.html); quoting one that need not be does no harm.
_KEYWORDS = frozenset(
    """
abort action add after all alter always analyze and as asc attach autoincrement before begin between
by cascade case cast check collate column commit conflict constraint create cross current
current_date current_time current_timestamp database default deferrable deferred delete desc detach
distinct do drop each else end escape except exclude exclusive exists explain fail filter first
following for foreign from full generated glob group groups having if ignore immediate in index
indexed initially inner insert instead intersect into is isnull join key last left like limit match
materialized natural no not nothing notnull null nulls of offset on or order others outer over
partition plan pragma preceding primary query raise range recursive references regexp reindex
release rename replace restrict returning right rollback row rows savepoint select set table temp
temporary then ties to transaction trigger unbounded union unique update using vacuum values view
virtual when where window with without
""".split()  # noqa: SIM905  (a list of 147 quoted words is no clearer)
)

ColumnKey = tuple[str, str]


@dataclass(frozen=True)
class _Detail:
    """How much is said of a column: characters of description, sampled values, matched values."""

    description: int
    examples: int
    matches: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _View:
    """What is shown: the detail, the columns kept, and the values that match the question."""

    schema: Schema
    detail: _Detail
    kept: frozenset[ColumnKey]
    matches: dict[ColumnKey, list[str]]

    def columns(self, table: Table) -> list[Column]:
        return [column for column in table.columns if (table.name, column.name) in self.kept]

    def values(self, table: Table, column: Column) -> list[str]:
        """SQL literals: matched values, then sampled ones."""
        matched = self.matches.get((table.name, column.name), [])[: self.detail.matches]
        sampled = [value for value in column.samples if value != ""][: self.detail.examples]
        shown = dict.fromkeys(map(_literal, (*matched, *sampled)))
        return list(shown)[:MOST_EXAMPLES]

    def foreign_keys(self) -> list[ForeignKey]:
        return [
            key
            for key in self.schema.foreign_keys
            if all((key.table, name) in self.kept for name in key.columns)
            and all((key.parent, name) in self.kept for name in key.parent_columns)
        ]


_Render = Callable[[_View], str]


def ddl(
    schema: Schema,
    *,
    matches: Iterable[ValueMatch] = (),
    examples: int = 3,
    descriptions: bool = True,
    max_characters: int | None = None,
    max_columns: int | None = None,
) -> str:
    """The schema as CREATE TABLE statements, with descriptions and example values in comments.

    Views are shown as `CREATE VIEW name (columns)`. Raises BadInput for a budget under
    `LEAST_CHARACTERS`.
    """
    return _fitted(
        _ddl, schema, matches, examples, descriptions, max_characters, max_columns, note="-- {}"
    )


def compact(
    schema: Schema,
    *,
    matches: Iterable[ValueMatch] = (),
    examples: int = 0,
    max_characters: int | None = None,
    max_columns: int | None = None,
) -> str:
    """One line a table, `table(column type, …)`, then the foreign keys.

    Example values follow a column as `name text = 'a' | 'b'`; descriptions are not shown.
    """
    return _fitted(
        _compact, schema, matches, examples, False, max_characters, max_columns, note="({})"
    )


def identifier(name: str) -> str:
    """A name as SQL needs it: quoted only where it is a keyword or has odd characters.

    >>> print(identifier("singer_id"), identifier("order"), identifier("full name"))
    singer_id "order" "full name"
    """
    plain = _PLAIN_NAME.fullmatch(name) is not None and name.lower() not in _KEYWORDS
    return name if plain else quote_identifier(name)


def _fitted(
    render: _Render,
    schema: Schema,
    matches: Iterable[ValueMatch],
    examples: int,
    descriptions: bool,
    max_characters: int | None,
    max_columns: int | None,
    *,
    note: str,
) -> str:
    if max_characters is not None and max_characters < LEAST_CHARACTERS:
        raise BadInput(f"a schema text needs at least {LEAST_CHARACTERS} characters")
    matched: dict[ColumnKey, list[str]] = {}
    for match in matches:
        matched.setdefault((match.table, match.column), []).append(match.value)
    ranked = _ranked(schema, matched)
    whole = ranked[:max_columns]
    long = DESCRIPTION if descriptions else 0
    said = {
        "descriptions": descriptions and _has_descriptions(schema),
        "examples": examples > 0 and any(c.samples for t in schema.tables for c in t.columns),
        "matched values": bool(matched),
    }
    present = tuple(name for name, there in said.items() if there)
    details = [
        _Detail(long, examples, MOST_EXAMPLES),
        _Detail(
            min(long, 80),
            min(examples, 1),
            MOST_EXAMPLES,
            tuple(f"most of the {name}" for name in present if name != "matched values"),
        ),
        _Detail(0, 0, 3, tuple(name for name in present if name != "matched values")),
        _Detail(0, 0, 0, present),
    ]

    def shown_with(detail: _Detail, columns: Sequence[ColumnKey]) -> str:
        view = _View(schema, detail, frozenset(columns), matched)
        left_out = _left_out(view)
        return render(view) + (f"\n{note.format(left_out)}" if left_out else "")

    if max_characters is None:
        return shown_with(details[0], whole)
    for detail in details:
        shown = shown_with(detail, whole)
        if len(shown) <= max_characters:
            return shown
    # Bisection: `most` columns do not fit, `fitting` do.
    fitting, most = 0, len(whole)
    while most - fitting > 1:
        middle = (fitting + most) // 2
        if len(shown_with(details[-1], whole[:middle])) <= max_characters:
            fitting = middle
        else:
            most = middle
    return shown_with(details[-1], whole[:fitting])


def _ranked(schema: Schema, matched: dict[ColumnKey, list[str]]) -> list[ColumnKey]:
    """All columns, the most needed first: matched, keys, then each table's next one in turn."""
    keys = {(k.table, name) for k in schema.foreign_keys for name in k.columns}
    keys |= {(k.parent, name) for k in schema.foreign_keys for name in k.parent_columns}
    ranks = []
    for number, table in enumerate(schema.tables):
        for position, column in enumerate(table.columns):
            key = (table.name, column.name)
            need = 0 if key in matched else 1 if key in keys or column.primary_key else 2
            ranks.append((need, 0 if need < 2 else position, number, position, key))
    return [key for *_, key in sorted(ranks)]


def _left_out(view: _View) -> str:
    columns = 0
    empty = []
    for table in view.schema.tables:
        shown = len(view.columns(table))
        if shown:
            columns += len(table.columns) - shown
        elif table.columns:
            empty.append(table)
    parts = list(view.detail.left_out)
    if columns:
        parts.append(f"{columns} column{'s' * (columns > 1)}")
    if empty:
        named = ", ".join(_cut(table.name, 40) for table in empty[:NAMED_TABLES])
        more = ", …" if len(empty) > NAMED_TABLES else ""
        parts.append(f"{len(empty)} table{'s' * (len(empty) > 1)} ({named}{more})")
    return f"left out for length: {'; '.join(parts)}" if parts else ""


def _has_descriptions(schema: Schema) -> bool:
    return any(
        table.readable
        or table.description
        or any(column.readable or column.description for column in table.columns)
        for table in schema.tables
    )


def _ddl(view: _View) -> str:
    keys = view.foreign_keys()
    statements = []
    for table in view.schema.tables:
        columns = view.columns(table)
        if not columns:
            continue
        lines = [_ddl_column(view, table, column) for column in columns]
        if table.kind == "view":
            start = f"CREATE VIEW {identifier(table.name)} ("
        else:
            start = f"CREATE TABLE {identifier(table.name)} ("
            lines += [(text, "") for text in _ddl_keys(view, table, keys)]
        body = [
            f"    {text}{',' if number < len(lines) else ''}{f' -- {words}' if words else ''}"
            for number, (text, words) in enumerate(lines, start=1)
        ]
        about = _said(table.readable, table.description, table.name, view.detail.description)
        statements.append("\n".join([*([f"-- {about}"] if about else []), start, *body, ");"]))
    return "\n\n".join(statements)


def _ddl_column(view: _View, table: Table, column: Column) -> tuple[str, str]:
    """A column's definition and its comment."""
    kind = column.type or column.stated_type
    text = " ".join(filter(None, (identifier(column.name), kind, "NOT NULL" * column.not_null)))
    about = _said(column.readable, column.description, column.name, view.detail.description)
    if column.values and view.detail.description:
        about = "; ".join(filter(None, (about, _cut(column.values, view.detail.description))))
    values = view.values(table, column)
    example = f"example: [{', '.join(values)}]" if values else ""
    return text, ", ".join(filter(None, (about, example)))


def _ddl_keys(view: _View, table: Table, keys: Sequence[ForeignKey]) -> list[str]:
    lines = []
    if table.primary_key and all((table.name, name) in view.kept for name in table.primary_key):
        lines.append(f"PRIMARY KEY ({_names(table.primary_key)})")
    for key in keys:
        if key.table == table.name:
            target = f"{identifier(key.parent)} ({_names(key.parent_columns)})"
            lines.append(f"FOREIGN KEY ({_names(key.columns)}) REFERENCES {target}")
    return lines


def _compact(view: _View) -> str:
    lines = []
    for table in view.schema.tables:
        columns = view.columns(table)
        if columns:
            parts = ", ".join(_compact_column(view, table, column) for column in columns)
            lines.append(f"{identifier(table.name)}({parts})")
    pairs = [
        f"{identifier(key.table)}.{identifier(column)} = "
        f"{identifier(key.parent)}.{identifier(parent)}"
        for key in view.foreign_keys()
        for column, parent in zip(key.columns, key.parent_columns, strict=True)
    ]
    return "\n".join([*lines, *([f"foreign keys: {', '.join(pairs)}"] if pairs else [])])


def _compact_column(view: _View, table: Table, column: Column) -> str:
    kind = (column.type or column.stated_type).lower()
    key = "primary key" if column.primary_key else ""
    text = " ".join(filter(None, (identifier(column.name), kind, key)))
    values = view.values(table, column)
    return f"{text} = {' | '.join(values)}" if values else text


def _said(readable: str, description: str, name: str, limit: int) -> str:
    """What is known of a name beyond the name itself."""
    if not limit:
        return ""
    parts: list[str] = []
    for text in (readable, description):
        if text and _bare(text) not in {_bare(name), *map(_bare, parts)}:
            parts.append(text)
    return _cut(": ".join(parts), limit)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def _cut(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _literal(value: str | int | float) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''").replace("\r", "").replace("\n", "\\n") + "'"
    return str(value)


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(identifier, names))
