"""The small model's tokens back to SQL.

Aliases are T1, T2 … where a query has several tables; a table that is used but not in FROM is
joined on, through connecting tables where the foreign keys lead that way.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from t2s_bench.databases.connection import quote_identifier
from t2s_bench.databases.schema import Schema

from ...schema_graph.graph import Kind, SchemaGraph
from .grammar import Malformed, State
from .joins import Instance, Pair, inferred
from .vocabulary import AGGREGATES, ARITHMETIC, COMPARISONS, LIKES, SET_OPERATORS, TOKENS

__all__ = ["Malformed", "decode"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A part of a statement: text, or a column that gets its alias when FROM is known.
Column = tuple[Instance, int]
Part = str | Column


@dataclass
class _Query:
    """One SELECT as it is read; `tables` are its FROM with what joins each."""

    outer: _Query | None
    parts: dict[str, list[Part]] = field(default_factory=dict)
    tables: list[tuple[Instance, str, list[Pair]]] = field(default_factory=list)
    source: str = ""


def decode(tokens: Sequence[int], schema: Schema, graph: SchemaGraph) -> str:
    """The statement of tokens that end with END; raises Malformed for anything else."""
    state = State.start(graph)
    for token in tokens:
        state = state.advance(token)
    if not state.ended:
        raise Malformed("not ended")
    return _Reader(tokens, schema, graph).statement()


class _Reader:
    """Reads tokens that the grammar admits."""

    def __init__(self, tokens: Sequence[int], schema: Schema, graph: SchemaGraph) -> None:
        self._tokens = tokens
        self._schema = schema
        self._graph = graph
        self._at = 0
        self._aliases = 0

    def statement(self) -> str:
        return self._query(None)

    def _word(self) -> str:
        token = self._tokens[self._at]
        return TOKENS[token] if token < len(TOKENS) else ""

    def _take(self) -> str:
        word = self._word()
        self._at += 1
        return word

    def _query(self, outer: _Query | None) -> str:
        """Selects joined by set operators, up to END or the closing parenthesis."""
        text = self._select(outer)
        while self._word() in SET_OPERATORS:
            operator = self._take()
            text += f" {operator} {self._select(outer)}"
        return text

    def _select(self, outer: _Query | None) -> str:
        query = _Query(outer)
        clause = ""
        while True:
            word = self._word()
            if word in ("END", ")", *SET_OPERATORS) and not self._closes_own(query, clause, word):
                break
            if word in ("SELECT", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT"):
                clause = self._take()
                query.parts[clause] = []
                continue
            if word == "FROM":
                self._take()
                self._from(query)
                continue
            self._part(query, query.parts[clause])
        return self._rendered(query)

    def _closes_own(self, query: _Query, clause: str, word: str) -> bool:
        """Whether a parenthesis closes one that this clause opened."""
        if word != ")" or clause not in ("WHERE", "HAVING"):
            return False
        texts = [part for part in query.parts[clause] if isinstance(part, str)]
        return texts.count("(") > texts.count(")")

    def _from(self, query: _Query) -> None:
        if self._word() == "(":
            self._take()
            query.source = f"({self._query(query.outer)})"
            self._take()
            return
        while True:
            word = self._word()
            if word == "ON":
                self._take()
                pair = (self._column(), self._column())
                query.tables[-1][2].append(pair)
            elif word in ("LEFT", "SECOND", "") and (word or self._kind() is Kind.TABLE):
                kind = "LEFT JOIN" if word == "LEFT" else "JOIN"
                if word == "LEFT":
                    self._take()
                instance = self._instance()
                query.tables.append((instance, kind, []))
            else:
                return

    def _kind(self) -> Kind:
        return self._graph.items[self._tokens[self._at] - len(TOKENS)].kind

    def _instance(self) -> Instance:
        number = 1
        if self._word() == "SECOND":
            self._take()
            number = 2
        item = self._graph.items[self._tokens[self._at] - len(TOKENS)]
        self._at += 1
        return item.table, number

    def _column(self) -> Column:
        number = 1
        if self._word() == "SECOND":
            self._take()
            number = 2
        item = self._graph.items[self._tokens[self._at] - len(TOKENS)]
        self._at += 1
        return (item.table, number), item.column

    def _part(self, query: _Query, out: list[Part]) -> None:
        word = self._word()
        if word == "" and self._kind() is Kind.VALUE:
            out.append(self._graph.items[self._tokens[self._at] - len(TOKENS)].text)
            self._at += 1
        elif word in ("", "SECOND"):
            out.append(self._column())
        elif word in AGGREGATES:
            self._take()
            out.append(f"{word}(")
            if self._word() == "DISTINCT":
                self._take()
                out.append("DISTINCT ")
            out.append(self._column())
            out.append(")")
        elif word in LIKES:
            self._take()
            out.append(self._like(word))
        elif word == "BETWEEN":
            self._take()
            out.append(" BETWEEN ")
            self._part(query, out)
            out.append(" AND ")
            self._part(query, out)
        elif word in ("IN", "NOT IN"):
            self._take()
            self._take()
            if self._word() == "SELECT":
                out.append(f" {word} ({self._query(query)})")
            else:
                out.append(f" {word} (")
                while self._word() != ")":
                    if self._word() == ",":
                        self._take()
                        out.append(", ")
                    self._part(query, out)
                out.append(") ")
            self._take()
        elif word == "(" and self._tokens[self._at + 1] == TOKENS.index("SELECT"):
            self._take()
            out.append(f"({self._query(query)})")
            self._take()
        else:
            self._take()
            out.append(_SPELLED.get(word, word))

    def _like(self, word: str) -> str:
        literal = self._graph.items[self._tokens[self._at] - len(TOKENS)].text
        self._at += 1
        text = literal[1:-1] if literal.startswith("'") else literal
        shape = word.rpartition(" ")[2] if word.endswith(("%", "%_")) else "_"
        operator = "NOT LIKE" if word.startswith("NOT") else "LIKE"
        return f" {operator} '{shape.replace('_', text)}'"

    def _rendered(self, query: _Query) -> str:
        self._complete(query)
        aliases: dict[Instance, str] = {}
        several = len(query.tables) > 1
        for instance, _, _ in query.tables:
            if several:
                self._aliases += 1
                aliases[instance] = f"T{self._aliases}"
            else:
                aliases[instance] = ""
        text = "SELECT " + self._text(query.parts["SELECT"], aliases)
        text += " FROM " + (query.source or self._joined(query, aliases))
        for clause in ("WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT"):
            if clause in query.parts:
                text += f" {clause} {self._text(query.parts[clause], aliases)}"
        return text

    def _complete(self, query: _Query) -> None:
        """Joins on what is missing: connecting tables, and tables of columns that FROM lacks."""
        named = [instance for instance, _, _ in query.tables]
        if len(set(named)) < len(named):
            raise Malformed("one table twice")
        if query.source:
            return
        used = [
            part[0] for parts in query.parts.values() for part in parts if not isinstance(part, str)
        ]
        used += [end[0] for _, _, pairs in query.tables for pair in pairs for end in pair]
        wanted = query.tables + [
            (instance, "JOIN", []) for instance in dict.fromkeys(used) if instance not in named
        ]
        seen: list[Instance] = []
        query.tables = []
        for instance, kind, pairs in wanted:
            if instance in seen:  # it has come as a connecting table
                continue
            if seen and not pairs and not inferred(self._schema, seen, instance):
                for step in self._path(seen, instance)[:-1]:
                    query.tables.append((step, "JOIN", []))
                    seen.append(step)
            query.tables.append((instance, kind, pairs))
            seen.append(instance)

    def _path(self, seen: Sequence[Instance], target: Instance) -> list[Instance]:
        """The tables to add, the target last: the shortest way along foreign keys."""
        places = {table.name.lower(): n for n, table in enumerate(self._schema.tables)}
        near: dict[int, list[int]] = {}
        for key in self._schema.foreign_keys:
            one, other = places[key.table.lower()], places[key.parent.lower()]
            near.setdefault(one, []).append(other)
            near.setdefault(other, []).append(one)
        came: dict[int, int | None] = {place: None for place, _ in seen}
        queue = deque(came)
        while queue:
            place = queue.popleft()
            for other in near.get(place, ()):
                if other not in came:
                    came[other] = place
                    queue.append(other)
        if target[1] == 2 or target[0] not in came:
            return [target]
        path: list[Instance] = []
        step: int | None = target[0]
        while step is not None and came[step] is not None:
            path.append((step, 1))
            step = came[step]
        return [instance for instance in reversed(path) if instance not in seen]

    def _joined(self, query: _Query, aliases: dict[Instance, str]) -> str:
        before: list[Instance] = []
        text = ""
        for instance, kind, pairs in query.tables:
            name = _quoted(self._schema.tables[instance[0]].name)
            if aliases[instance]:
                name += f" AS {aliases[instance]}"
            if before:
                on = pairs or inferred(self._schema, before, instance)
                text += f" {kind} {name}"
                if on:
                    text += " ON " + " AND ".join(
                        f"{self._name(one, aliases)} = {self._name(other, aliases)}"
                        for one, other in on
                    )
                elif kind == "LEFT JOIN":
                    raise Malformed("LEFT JOIN without ON")
            else:
                text = name
            before.append(instance)
        return text

    def _text(self, parts: Sequence[Part], aliases: dict[Instance, str]) -> str:
        return "".join(
            part if isinstance(part, str) else self._name(part, aliases) for part in parts
        ).strip()

    def _name(self, column: Column, aliases: dict[Instance, str]) -> str:
        instance, number = column
        name = _quoted(self._schema.tables[instance[0]].columns[number].name)
        alias = aliases.get(instance, "")
        return f"{alias}.{name}" if alias else name


_SPELLED = {
    ",": ", ",
    "TIMES": " * ",
    "DISTINCT": "DISTINCT ",
    "(": "(",
    ")": ")",
    **{word: f" {word} " for word in (*COMPARISONS, "AND", "OR", "+", "-", "/")},
    "ASC": " ASC",
    "DESC": " DESC",
    "IS NULL": " IS NULL",
    "IS NOT NULL": " IS NOT NULL",
}
assert {"+", "-", "/", "TIMES"} == set(ARITHMETIC)


def _quoted(name: str) -> str:
    """A name as SQL can read it; keywords and unusual names in quotation marks."""
    if _PLAIN.fullmatch(name) and name.upper() not in _KEYWORDS:
        return name
    return quote_identifier(name)


_KEYWORDS = frozenset(
    [
        "ABORT",
        "ACTION",
        "ADD",
        "AFTER",
        "ALL",
        "ALTER",
        "ALWAYS",
        "ANALYZE",
        "AND",
        "AS",
        "ASC",
        "ATTACH",
        "AUTOINCREMENT",
        "BEFORE",
        "BEGIN",
        "BETWEEN",
        "BY",
        "CASCADE",
        "CASE",
        "CAST",
        "CHECK",
        "COLLATE",
        "COLUMN",
        "COMMIT",
        "CONFLICT",
        "CONSTRAINT",
        "CREATE",
        "CROSS",
        "CURRENT",
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "DATABASE",
        "DEFAULT",
        "DEFERRABLE",
        "DEFERRED",
        "DELETE",
        "DESC",
        "DETACH",
        "DISTINCT",
        "DO",
        "DROP",
        "EACH",
        "ELSE",
        "END",
        "ESCAPE",
        "EXCEPT",
        "EXCLUDE",
        "EXCLUSIVE",
        "EXISTS",
        "EXPLAIN",
        "FAIL",
        "FILTER",
        "FIRST",
        "FOLLOWING",
        "FOR",
        "FOREIGN",
        "FROM",
        "FULL",
        "GENERATED",
        "GLOB",
        "GROUP",
        "GROUPS",
        "HAVING",
        "IF",
        "IGNORE",
        "IMMEDIATE",
        "IN",
        "INDEX",
        "INDEXED",
        "INITIALLY",
        "INNER",
        "INSERT",
        "INSTEAD",
        "INTERSECT",
        "INTO",
        "IS",
        "ISNULL",
        "JOIN",
        "KEY",
        "LAST",
        "LEFT",
        "LIKE",
        "LIMIT",
        "MATCH",
        "MATERIALIZED",
        "NATURAL",
        "NO",
        "NOT",
        "NOTHING",
        "NOTNULL",
        "NULL",
        "NULLS",
        "OF",
        "OFFSET",
        "ON",
        "OR",
        "ORDER",
        "OTHERS",
        "OUTER",
        "OVER",
        "PARTITION",
        "PLAN",
        "PRAGMA",
        "PRECEDING",
        "PRIMARY",
        "QUERY",
        "RAISE",
        "RANGE",
        "RECURSIVE",
        "REFERENCES",
        "REGEXP",
        "REINDEX",
        "RELEASE",
        "RENAME",
        "REPLACE",
        "RESTRICT",
        "RETURNING",
        "RIGHT",
        "ROLLBACK",
        "ROW",
        "ROWS",
        "SAVEPOINT",
        "SELECT",
        "SET",
        "TABLE",
        "TEMP",
        "TEMPORARY",
        "THEN",
        "TIES",
        "TO",
        "TRANSACTION",
        "TRIGGER",
        "UNBOUNDED",
        "UNION",
        "UNIQUE",
        "UPDATE",
        "USING",
        "VACUUM",
        "VALUES",
        "VIEW",
        "VIRTUAL",
        "WHEN",
        "WHERE",
        "WINDOW",
        "WITH",
        "WITHOUT",
    ]
)
