"""The SQL subset of Spider's exact set match: text to a query of nested tuples.

The official parser is reproduced with its habits, because verdicts depend on them: aliases hold for
the whole text, what follows the last clause it knows is ignored, a condition whose value is a
column swallows an OR after it. Each habit is one case in `docs/metrics/exact-match.md`.
Source of the behaviour: taoyds/test-suite-sql-eval, `process_sql.py`.
"""

from __future__ import annotations

from t2s_bench.metrics.spider_query import (
    ColumnUnit,
    Condition,
    Conditions,
    OrderBy,
    Query,
    SelectItem,
    Value,
    ValueUnit,
)
from t2s_bench.metrics.spider_schema import SpiderSchema
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError, tokenize

CLAUSES = frozenset(
    ("select", "from", "where", "group", "order", "limit", "intersect", "union", "except")
)
SET_OPERATORS = frozenset(("intersect", "union", "except"))
# `none` is how the official script calls "no aggregate" and "no arithmetic"; as a word in a query
# it passes for an aggregate or an operator there, so it does here.
AGGREGATES = frozenset(("none", "max", "min", "count", "sum", "avg"))
ARITHMETIC = frozenset(("none", "-", "+", "*", "/"))
OPERATORS = frozenset(
    ("not", "between", "=", ">", "<", ">=", "<=", "!=", "in", "like", "is", "exists")
)
CONNECTIVES = frozenset(("and", "or"))

_JOIN_WORDS = frozenset(("join", "on", "as"))
_CLAUSE_ENDS = CLAUSES | {")", ";"}
_CONDITION_ENDS = _CLAUSE_ENDS | _JOIN_WORDS
_VALUE_ENDS = CLAUSES | _JOIN_WORDS | {",", ")", "and"}
# No token holds a space, and two dots make it no column.
_END = "end of query.."

MAX_NESTING = 60
"""Deepest nesting of subqueries and set operations; officially Python's recursion limit (~245)."""
MAX_LENGTH = 100_000
"""Longest text, in characters, that is parsed; the longest of Spider's own has 577."""


def parse(sql: str, schema: SpiderSchema) -> Query:
    """Parses SQL against a schema; takes time linear in the text.

    Raises SpiderSyntaxError, and nothing else, on SQL outside the subset: among others CASE, CAST,
    functions, IN with a list of several, IS NOT NULL, `<>`, LEFT JOIN, UNION ALL, a comma in FROM,
    a select without FROM, a column alias, a column or table that is not in the schema.

    >>> schema = SpiderSchema({"singer": ["name", "age"]})
    >>> query = parse("SELECT T1.name FROM singer AS T1 WHERE T1.age > 20 LIMIT 3", schema)
    >>> query.select[0].unit.left.column, query.tables, query.where[0].value, query.limited
    ('singer.name', ('singer',), 20.0, True)
    >>> parse("SELECT name FROM singer WHERE age IS NOT NULL", schema)
    Traceback (most recent call last):
    t2s_bench.metrics.spider_tokens.SpiderSyntaxError: unknown column 'not'
    """
    return parse_tokens(tokens_of(sql), schema)


def tokens_of(sql: str) -> list[str]:
    """The tokens that `parse_tokens` reads; raises SpiderSyntaxError for text that is too long."""
    if len(sql) > MAX_LENGTH:
        raise SpiderSyntaxError(f"longer than {MAX_LENGTH} characters")
    return tokenize(sql)


def parse_tokens(tokens: list[str], schema: SpiderSchema) -> Query:
    """`parse` for text that is cut into tokens already."""
    return _Parser(tokens, schema).query(1)


class _Parser:
    """A recursive descent over the tokens; `at` is the next one to read."""

    def __init__(self, tokens: list[str], schema: SpiderSchema) -> None:
        self.tokens = [*tokens, _END]
        self.at = 0
        self.schema = schema
        self.aliases = self._aliases()

    def _aliases(self) -> dict[str, str]:
        """The word before each AS by the word after it; the last one wins."""
        tokens = self.tokens
        aliases = {
            tokens[at + 1]: tokens[at - 1] for at, token in enumerate(tokens) if token == "as"
        }
        for alias in aliases:
            if alias in self.schema.tables:
                raise SpiderSyntaxError(f"alias '{alias}' is the name of a table")
            if alias == _END:
                raise SpiderSyntaxError("no alias after AS")
        return aliases

    def expect(self, word: str) -> None:
        if self.tokens[self.at] != word:
            raise SpiderSyntaxError(f"'{word}' expected, not '{self.tokens[self.at]}'")
        self.at += 1

    def accept(self, word: str) -> bool:
        if self.tokens[self.at] == word:
            self.at += 1
            return True
        return False

    def query(self, depth: int) -> Query:
        if depth > MAX_NESTING:
            raise SpiderSyntaxError(f"nested more than {MAX_NESTING} deep")
        block = self.accept("(")
        select_at = self.at
        try:
            self.at = self.tokens.index("from", select_at) + 1
        except ValueError:
            raise SpiderSyntaxError("no FROM") from None
        tables, joins, scope = self.from_clause(depth)
        after_from = self.at
        self.at = select_at
        distinct, select = self.select_clause(scope)
        # Whatever stands between the select list and FROM is passed over.
        self.at = after_from
        where = self.conditions(scope, depth) if self.accept("where") else ()
        group = self.group_clause(scope) if self.accept("group") else ()
        having = self.conditions(scope, depth) if self.accept("having") else ()
        order = self.order_clause(scope) if self.accept("order") else None
        limited = self.accept("limit")
        if limited:
            if self.tokens[self.at] == _END:
                raise SpiderSyntaxError("no number after LIMIT")
            self.at += 1
        self.skip_semicolons()
        if block:
            self.expect(")")
        self.skip_semicolons()
        set_operator = right = None
        if self.tokens[self.at] in SET_OPERATORS:
            set_operator = self.tokens[self.at]
            self.at += 1
            right = self.query(depth + 1)
        return Query(
            distinct, select, tables, joins, where, group, having, order, limited,
            set_operator, right,
        )  # fmt: skip

    def skip_semicolons(self) -> None:
        while self.accept(";"):
            pass

    def from_clause(self, depth: int) -> tuple[tuple[str | Query, ...], Conditions, list[str]]:
        """Tables, ON conditions, and the tables in which a bare column is looked up, in order."""
        tables: list[str | Query] = []
        joins: list[Condition | str] = []
        scope: list[str] = []
        while self.tokens[self.at] != _END:
            block = self.accept("(")
            if self.tokens[self.at] == "select":
                tables.append(self.query(depth + 1))
            else:
                self.accept("join")
                table = self.table()
                tables.append(table)
                if table not in scope:
                    scope.append(table)
            if self.accept("on"):
                conditions = self.conditions(scope, depth)
                if joins:
                    joins.append("and")
                joins.extend(conditions)
            if block:
                self.expect(")")
            if self.tokens[self.at] in _CLAUSE_ENDS:
                break
        return tuple(tables), tuple(joins), scope

    def table(self) -> str:
        name = self.tokens[self.at]
        table = self.resolved(name)
        if table not in self.schema.identifiers:
            raise SpiderSyntaxError(f"unknown table '{name}'")
        self.at += 1
        if self.accept("as"):
            self.at += 1
        return table

    def resolved(self, name: str) -> str:
        """The table of an alias. An alias of an alias is not followed."""
        if name in self.schema.tables:
            return name
        if name not in self.aliases:
            raise SpiderSyntaxError(f"unknown table or alias '{name}'")
        return self.aliases[name]

    def select_clause(self, scope: list[str]) -> tuple[bool, tuple[SelectItem, ...]]:
        self.expect("select")
        distinct = self.accept("distinct")
        items: list[SelectItem] = []
        token = self.tokens[self.at]
        while token not in CLAUSES and token != _END:
            aggregate = "none"
            if token in AGGREGATES:
                aggregate = token
                self.at += 1
            items.append(SelectItem(aggregate, self.value_unit(scope)))
            self.accept(",")
            token = self.tokens[self.at]
        return distinct, tuple(items)

    def group_clause(self, scope: list[str]) -> tuple[ColumnUnit, ...]:
        self.expect("by")
        units: list[ColumnUnit] = []
        while self.tokens[self.at] not in _CLAUSE_ENDS and self.tokens[self.at] != _END:
            units.append(self.column_unit(scope))
            if not self.accept(","):
                break
        return tuple(units)

    def order_clause(self, scope: list[str]) -> OrderBy:
        self.expect("by")
        direction = "asc"
        units: list[ValueUnit] = []
        while self.tokens[self.at] not in _CLAUSE_ENDS and self.tokens[self.at] != _END:
            units.append(self.value_unit(scope))
            if self.tokens[self.at] in ("asc", "desc"):
                direction = self.tokens[self.at]
                self.at += 1
            if not self.accept(","):
                break
        return OrderBy(direction, tuple(units))

    def conditions(self, scope: list[str], depth: int) -> Conditions:
        tokens = self.tokens
        row: list[Condition | str] = []
        while tokens[self.at] != _END:
            unit = self.value_unit(scope)
            negated = self.accept("not")
            operator = tokens[self.at]
            if operator not in OPERATORS:
                raise SpiderSyntaxError(f"'{operator}' where a comparison is expected")
            self.at += 1
            value = self.value(scope, depth)
            second: Value = None
            if operator == "between":
                self.expect("and")
                second = self.value(scope, depth)
            row.append(Condition(negated, operator, unit, value, second))
            token = tokens[self.at]
            if token in _CONDITION_ENDS:
                break
            if token in CONNECTIVES:
                row.append(token)
                self.at += 1
        return tuple(row)

    def value(self, scope: list[str], depth: int) -> Value:
        block = self.accept("(")
        token = self.tokens[self.at]
        value: Value
        if token == "select":
            value = self.query(depth + 1)
        elif '"' in token:
            value = token
            self.at += 1
        else:
            try:
                value = float(token)
            except ValueError:
                value = self.column_value(scope, block)
            else:
                self.at += 1
        if block:
            self.expect(")")
        return value

    def column_value(self, scope: list[str], block: bool) -> ColumnUnit:
        """A column on the right of a comparison; the words up to the next AND or clause are lost.

        Officially those words are cut off before the column is parsed, a closing bracket with them:
        a column in brackets, or in an aggregate, can therefore not be parsed.
        """
        tokens = self.tokens
        start = self.at
        while tokens[self.at] not in _VALUE_ENDS and tokens[self.at] != _END:
            self.at += 1
        distinct = tokens[start] == "distinct"
        column_at = start + distinct
        if column_at >= self.at:
            raise SpiderSyntaxError(f"'{tokens[self.at]}' where a value is expected")
        if block or tokens[start] in AGGREGATES:
            raise SpiderSyntaxError("brackets around a column or aggregate as a value")
        return ColumnUnit("none", self.column(tokens[column_at], scope), distinct)

    def value_unit(self, scope: list[str]) -> ValueUnit:
        block = self.accept("(")
        left = self.column_unit(scope)
        right = None
        operator = self.tokens[self.at]
        if operator in ARITHMETIC:
            self.at += 1
            right = self.column_unit(scope)
        else:
            operator = "none"
        if block:
            self.expect(")")
        return ValueUnit(operator, left, right)

    def column_unit(self, scope: list[str]) -> ColumnUnit:
        block = self.accept("(")
        aggregate = self.tokens[self.at]
        if aggregate in AGGREGATES:
            self.at += 1
            self.expect("(")
            # The bracket before an aggregate, if any, is left for others to close.
            block = True
        else:
            aggregate = "none"
        distinct = self.accept("distinct")
        column = self.column(self.tokens[self.at], scope)
        self.at += 1
        if block:
            self.expect(")")
        return ColumnUnit(aggregate, column, distinct)

    def column(self, token: str, scope: list[str]) -> str:
        """The full name of a column; a bare one belongs to the first table in scope that has it."""
        if token == "*":
            return token
        identifiers = self.schema.identifiers
        if "." in token:
            parts = token.split(".")
            if len(parts) == 2:
                name = f"{self.resolved(parts[0])}.{parts[1]}"
                if name in identifiers:
                    return name
        else:
            for table in scope:
                table = self.resolved(table)
                if table not in self.schema.tables:
                    break
                name = f"{table}.{token}"
                if name in identifiers:
                    return name
        raise SpiderSyntaxError(f"unknown column '{token}'")
