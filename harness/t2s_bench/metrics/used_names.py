"""Which tables and columns of a database a SQL text uses.

The tokens are sqlglot's (its parser takes longer than all other metrics together); names are then
resolved by scope against the database's real schema. The reading is lenient: it follows SELECTs,
sources and brackets, and passes over what it does not know, so that a query that does not run
still tells which names it uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from t2s_bench.execution.spelling import one_spelling
from t2s_bench.metrics.name_tokens import END, NAME, VALUE, Unreadable, name_tokens

# Longest text that is read, and that is kept with its answer, in characters.
MAX_LENGTH = 100_000
_KEPT_LENGTH = 10_000
# Reserved here, but SQLite takes them as names, too: as a table, and after a dot.
_ALSO_NAMES = frozenset(
    [
        "MATCH",
        "GLOB",
        "LIKE",
        "REGEXP",
        "OFFSET",
        "CAST",
        "DESC",
        "ASC",
        "END",
        "RECURSIVE",
        "FILTER",
        "OVER",
        "WINDOW",
        "ILIKE",
    ]
)
_SET_OPERATIONS = frozenset({"UNION", "EXCEPT", "INTERSECT"})
_CLAUSES = frozenset({"WHERE", "GROUP BY", "HAVING", "LIMIT", "OFFSET", "WINDOW", "ORDER BY"})


@dataclass(frozen=True, eq=False)
class Names:
    """A schema's columns by table, all in lower case."""

    tables: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Used:
    """Tables and columns (as `table.column`), in lower case."""

    tables: frozenset[str]
    columns: frozenset[str]


def used_names(names: Names, sql: str, dialect: str = "sqlite") -> Used:
    """What a query uses, its subqueries and CTEs included; raises Unreadable.

    `*` uses every column of its sources, in COUNT(*) and EXISTS none. A name in double quotes that
    is no column is a string. A column that several sources have belongs to the first; after USING
    and NATURAL JOIN to each. Columns of a derived table are those that its query uses.

    >>> names = Names({"city": frozenset({"id", "name"})})
    >>> sorted(used_names(names, 'SELECT c."Name" FROM City AS c WHERE id = "x"').columns)
    ['city.id', 'city.name']
    """
    if len(sql) > MAX_LENGTH:
        raise Unreadable(f"longer than {MAX_LENGTH:,} characters")
    if len(sql) > _KEPT_LENGTH:
        return _used.__wrapped__(names, sql, dialect)
    # SQLite's tokens are the same in any spelling; elsewhere a name's case may count.
    return _used(names, one_spelling(sql) if dialect == "sqlite" else sql, dialect)


@lru_cache(maxsize=4096)
def _used(names: Names, sql: str, dialect: str) -> Used:
    reader = _Reader(names, *name_tokens(sql, dialect))
    reader.query(None, {})
    if reader.kinds[reader.at] == ";":
        reader.at += 1
    if reader.kinds[reader.at] != END:
        raise Unreadable(f"unexpected {reader.texts[reader.at]!r}")
    columns: set[str] = set()
    for scope in reader.scopes:
        scope.resolve(columns)
    return Used(frozenset(reader.tables), frozenset(columns))


@dataclass
class _Source:
    """What stands in a FROM: a table of the database, or (`table` empty) a query's result."""

    table: str
    columns: set[str] | frozenset[str]


@dataclass
class _Scope:
    """One SELECT with its sources and the names that are used in it."""

    parent: _Scope | None
    sources: list[tuple[str, _Source]] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    ordering: list[tuple[str, str]] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)
    shared: list[tuple[int, str]] = field(default_factory=list)
    outputs: set[str] = field(default_factory=set)

    def resolve(self, columns: set[str]) -> None:
        for qualifier, name in self.names:
            self._resolve(qualifier, name, columns)
        for qualifier, name in self.ordering:
            if qualifier or name not in self.outputs:
                self._resolve(qualifier, name, columns)
        for qualifier in self.stars:
            for alias, source in self.sources:
                if source.table and qualifier in ("", alias):
                    columns.update(f"{source.table}.{name}" for name in source.columns)
        for count, name in self.shared:
            here = self.sources[:count]
            for wanted in {name} if name else here[-1][1].columns if here else ():
                owners = [source for _, source in here if wanted in source.columns]
                if len(owners) > 1 and wanted in here[-1][1].columns:
                    columns.update(f"{owner.table}.{wanted}" for owner in owners if owner.table)

    def _resolve(self, qualifier: str, name: str, columns: set[str]) -> None:
        scope: _Scope | None = self
        while scope is not None:
            for alias, source in scope.sources:
                if qualifier == alias if qualifier else name in source.columns:
                    if source.table and name in source.columns:
                        columns.add(f"{source.table}.{name}")
                    return
            scope = scope.parent

    def output_names(self) -> set[str]:
        found = set(self.outputs)
        for qualifier in self.stars:
            for alias, source in self.sources:
                if qualifier in ("", alias):
                    found |= source.columns
        return found


_Visible = Mapping[str, _Source]


class _Reader:
    """Walks over the tokens once; `scopes` and `tables` are what it found."""

    def __init__(self, names: Names, kinds: tuple[str, ...], texts: tuple[str, ...]) -> None:
        self.schema = names.tables
        self.kinds = kinds
        self.texts = texts
        self.at = 0
        self.depth = 0
        self.scopes: list[_Scope] = []
        self.tables: set[str] = set()

    def query(
        self,
        parent: _Scope | None,
        visible: _Visible,
        result: _Source | None = None,
        *,
        exists: bool = False,
    ) -> _Source:
        """A WITH, SELECTs joined by set operations, up to a closing bracket or the end.

        `result` is what the outside sees of it; a recursive query sees it inside, too.
        """
        self.depth += 1
        if self.depth > 100:
            raise Unreadable("nested too deeply")
        result = result or _Source("", set())
        declared = bool(result.columns)
        if self.kinds[self.at] == "WITH":
            visible = self._with(parent, visible)
        scopes: list[_Scope] = []
        while True:
            kind = self.kinds[self.at]
            if kind == "(":
                self.at += 1
                columns = self.query(parent, visible).columns
                self._expect(")")
            elif kind in ("SELECT", "VALUES"):
                self.at += 1
                scope = _Scope(parent)
                self.scopes.append(scope)
                scopes.append(scope)
                self._select(scope, visible, exists=exists, in_items=kind == "SELECT")
                columns = scope.output_names()
                # An ORDER BY at the end sees the names of every part.
                scope.outputs.update(*(other.outputs for other in scopes))
            else:
                raise Unreadable("no SELECT")
            if not declared and isinstance(result.columns, set):
                result.columns |= columns
                declared = True
            if self.kinds[self.at] in ("ORDER BY", "LIMIT"):  # after a bracketed part
                self._select(_Scope(parent), visible, exists=False, in_items=False)
            if self.kinds[self.at] not in _SET_OPERATIONS:
                break
            self.at += 1
            if self.kinds[self.at] in ("ALL", "DISTINCT"):
                self.at += 1
        self.depth -= 1
        return result

    def _with(self, parent: _Scope | None, visible: _Visible) -> _Visible:
        found = dict(visible)
        while self.kinds[self.at] in ("WITH", "RECURSIVE", ","):
            self.at += 1
            if self.kinds[self.at] == "RECURSIVE":
                self.at += 1
            name = self._name()
            declared: set[str] = set()
            if self.kinds[self.at] == "(":
                self.at += 1
                declared.add(self._name())
                while self.kinds[self.at] == ",":
                    self.at += 1
                    declared.add(self._name())
                self._expect(")")
            while self.kinds[self.at] in ("AS", "NOT", "MATERIALIZED"):
                self.at += 1
            self._expect("(")
            found[name] = _Source("", declared)
            self.query(parent, found, found[name])
            self._expect(")")
        return found

    def _select(self, scope: _Scope, visible: _Visible, *, exists: bool, in_items: bool) -> None:
        """Everything after SELECT up to the end of this part; leaves the token that ended it."""
        kinds, texts = self.kinds, self.texts
        brackets: list[bool] = []  # whether each open one holds sources rather than expressions
        clause = "SELECT" if in_items else "WHERE"
        used = scope.names
        source_next = False
        operand = False  # whether the token before ends an operand, so that a name is an alias
        while True:
            kind = kinds[self.at]
            if source_next and (kind in (NAME, VALUE, "(") or kind in _ALSO_NAMES):
                if kind == "(" and kinds[self.at + 1] not in ("SELECT", "WITH", "VALUES"):
                    brackets.append(True)
                    self.at += 1
                    continue
                self._source(scope, visible)
                source_next = False
                operand = True
                continue
            if kind == NAME:
                operand = self._used(scope, used, in_items and not brackets, operand)
                continue
            if kind == "(":
                if kinds[self.at + 1] in ("SELECT", "WITH", "VALUES"):
                    asked = kinds[self.at - 1] == "EXISTS"
                    self.at += 1
                    self.query(scope, visible, exists=asked)
                    self._expect(")")
                    operand = True
                    continue
                brackets.append(False)
            elif kind == ")":
                if not brackets:
                    break
                brackets.pop()
                operand = True
                self.at += 1
                continue
            elif kind == END or kind == ";":
                if brackets:
                    raise Unreadable("brackets do not close")
                break
            elif kind == "*" and kinds[self.at - 1] in ("SELECT", "DISTINCT", "ALL", ","):
                if in_items and not brackets and not exists:
                    scope.stars.append("")
            elif kind == "AS":
                self.at += 1  # the alias or the type; a string is possible
                if in_items and not brackets:
                    scope.outputs.add(texts[self.at].lower())
                operand = True
                self.at += kinds[self.at] in (NAME, VALUE)
                continue
            elif kind == "COLLATE":
                self.at += 1
            elif not brackets or brackets[-1]:
                if kind in _SET_OPERATIONS and not brackets:
                    break
                if kind == "FROM" and clause == "SELECT":
                    clause, in_items, source_next = "FROM", False, True
                elif kind in _CLAUSES:
                    clause, in_items = kind, False
                    used = scope.ordering if kind == "ORDER BY" else scope.names
                elif clause == "FROM":
                    if kind == "," or kind == "JOIN":
                        source_next = True
                    elif kind == "USING":
                        self._using(scope)
                        continue
                    elif kind == "NATURAL":
                        scope.shared.append((len(scope.sources) + 1, ""))
            operand = kind in (VALUE, "END", "NULL")
            self.at += 1

    def _used(self, scope: _Scope, used: list[tuple[str, str]], item: bool, operand: bool) -> bool:
        """A name in an expression; returns whether it ends an operand."""
        kinds, texts = self.kinds, self.texts
        name = texts[self.at]
        self.at += 1
        if operand:  # an alias without AS, or a word such as NULLS LAST
            if item:
                scope.outputs.add(name)
            return True
        if kinds[self.at] == "(":
            return False
        qualifier = ""
        while kinds[self.at] == ".":
            after = kinds[self.at + 1]
            if after not in (NAME, "*") and after not in _ALSO_NAMES:
                break
            qualifier, name = name, texts[self.at + 1].lower()
            self.at += 2
        if name == "*" and qualifier:
            scope.stars.append(qualifier)
            return True
        used.append((qualifier, name))
        if item and kinds[self.at] in (",", "FROM", END, ")"):
            scope.outputs.add(name)
        return True

    def _source(self, scope: _Scope, visible: _Visible) -> None:
        """A table, a function's result or a query in brackets, with its alias."""
        if self.kinds[self.at] == "(":
            self.at += 1
            # A query among the sources does not see the sources beside it.
            source = self.query(scope.parent, visible)
            self._expect(")")
            alias = ""
        else:
            alias = self.texts[self.at].lower()
            self.at += 1
            while self.kinds[self.at] == ".":
                alias = self.texts[self.at + 1].lower()
                self.at += 2
            if self.kinds[self.at] == "(":
                source = _Source("", set())  # its arguments are read as an expression
            elif alias in visible:
                source = visible[alias]
            else:
                source = _Source(alias, self.schema.get(alias, frozenset()))
                if alias in self.schema:
                    self.tables.add(alias)
        if self.kinds[self.at] == "AS":
            self.at += 1
        if self.kinds[self.at] in (NAME, VALUE):
            alias = self.texts[self.at].lower()
            self.at += 1
        scope.sources.append((alias, source))

    def _using(self, scope: _Scope) -> None:
        self.at += 1
        self._expect("(")
        while self.kinds[self.at] == NAME:
            scope.shared.append((len(scope.sources), self._name()))
            if self.kinds[self.at] == ",":
                self.at += 1
        self._expect(")")

    def _name(self) -> str:
        if self.kinds[self.at] not in (NAME, VALUE):
            raise Unreadable("a name is missing")
        self.at += 1
        return self.texts[self.at - 1].lower()

    def _expect(self, sign: str) -> None:
        if self.kinds[self.at] != sign:
            raise Unreadable(f"{sign} is missing")
        self.at += 1
