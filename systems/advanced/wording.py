"""SQL expressions in plain English words; what there are no words for is quoted as SQL.

The words follow SQL's meaning, not the question's: a COUNT over a column leaves NULLs out and says
so. Deliberately no judgement, no names made prettier than the database spells them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .reading import DIALECTS, Node, argument, literal_text, sources

_BINARY = {
    "EQ": "is",
    "NEQ": "is not",
    "GT": "is greater than",
    "GTE": "is at least",
    "LT": "is less than",
    "LTE": "is at most",
    "Add": "plus",
    "Sub": "minus",
    "Mul": "times",
    "Div": "divided by",
    "IntDiv": "divided by",
    "DPipe": "followed by",
    "Glob": "matches the pattern",
    "RegexpLike": "matches the regular expression",
    "SafeDPipe": "followed by",
}
_AGGREGATES = {
    "Sum": "the sum of",
    "Avg": "the average of",
    "Min": "the smallest",
    "Max": "the largest",
    "GroupConcat": "a list of",
}
_CALLS = {
    "Length": "the length of",
    "Abs": "the absolute value of",
    "Upper": "in capitals",
    "Lower": "in small letters",
}
# Parts that change the meaning and have no words: with one of them a node is quoted.
_BEYOND_WORDS = {
    "Star": ("except", "except_", "replace", "rename"),
    "Window": ("spec", "alias"),
    "Distinct": ("on",),
    "Coalesce": ("is_nvl",),
    "Table": ("pivots", "sample", "when"),
    "Cast": ("format",),
}
_AFTER = ("Upper", "Lower")
_SIDES = {
    "LEFT": "or nothing, where none matches",
    "RIGHT": "all of its rows",
    "FULL": "all rows of both sides",
}


class Wording:
    """Words for the nodes of one dialect's trees.

    A column of a query's only table goes without its table's name, unless `qualified`.
    """

    def __init__(self, dialect: str = "sqlite", qualified: bool = False) -> None:
        self._qualified = qualified
        self._dialect = DIALECTS.get(dialect, dialect)

    def say(self, node: Node) -> str:
        """An expression or a query within one sentence."""
        kind = type(node).__name__
        if kind in _BINARY:
            return f"{self.say(node.this)} {_BINARY[kind]} {self.say(node.expression)}"
        if kind in _AGGREGATES:
            if kind in ("Min", "Max") and type(node.this).__name__ == "Distinct":
                return f"{_AGGREGATES[kind]} {self.listed(node.this.expressions)}"
            return f"{_AGGREGATES[kind]} {self._each(node.this)}"
        if kind in _CALLS:
            inner = self.say(node.this)
            words = _CALLS[kind]
            return f"{inner} {words}" if kind in _AFTER else f"{words} {inner}"
        if any(node.args.get(name) for name in _BEYOND_WORDS.get(kind, ())):
            return self.quote(node)
        method: Callable[[Node], str] | None = getattr(self, f"_{kind.lower()}", None)
        return method(node) if method is not None else self.quote(node)

    def quote(self, node: Node) -> str:
        """The SQL itself."""
        return f"`{self._bare(node)}`"

    def listed(self, nodes: Sequence[Node], last: str = "and") -> str:
        """Several expressions: 'a, b and c'."""
        return join([self.say(node) for node in nodes], last)

    def query(self, node: Node) -> str:
        """A SELECT, or SELECTs put together, within one sentence."""
        from sqlglot import exp

        tail = self.order_and_limit(node)
        if isinstance(node, exp.SetOperation):
            first, second = self.say(node.this), self.say(node.expression)
            said = {
                "Intersect": f"what is in both ({first}) and ({second})",
                "Except": f"({first}) without ({second})",
            }.get(type(node).__name__)
            return (said or f"({first}) together with ({second})") + tail
        if not isinstance(node, exp.Select):
            return self.quote(node)
        said = self.distinct(node) + self.listed(node.expressions)
        if argument(node, "from") is not None:
            said += f" from {self.sources(node)}"
        where, group, having = (node.args.get(name) for name in ("where", "group", "having"))
        if where is not None:
            said += f" where {self.say(where.this)}"
        if group is not None:
            said += f" for each {self.grouping(node, group)}"
        if having is not None:
            said += f" that has {self.say(having.this)}"
        return said + tail

    def sources(self, select: Node) -> str:
        """The tables of a SELECT and how they are joined."""
        from sqlglot import exp

        start: Node = argument(select, "from")
        found = [self._source(start.this)]
        conditions = []
        for joined in select.args.get("joins") or []:
            source = self._source(joined.this)
            side = str(joined.args.get("side") or "").upper()
            if side in _SIDES:
                source += f" ({_SIDES[side]})"
            found.append(source)
            if joined.args.get("on") is not None:
                conditions.append(self.say(joined.args["on"]))
            using = joined.args.get("using")
            if using:
                conditions.append(f"{join([one.name for one in using])} is the same")
            if str(joined.args.get("method") or "").upper() == "NATURAL":
                conditions.append("columns of the same name are the same")
        for node in [start.this] + [joined.this for joined in select.args.get("joins") or []]:
            if isinstance(node, exp.Table) and node.args.get("joins"):
                return f"`{self._bare(start)}`"
        said = join(found)
        return f"{said} where {join(conditions)}" if conditions else said

    def grouping(self, select: Node, group: Node) -> str:
        """What a GROUP BY groups by; an item's number stands for the item."""
        if not group.expressions:
            return self.quote(group)
        return self.listed([meant(select, node) for node in group.expressions])

    def distinct(self, select: Node) -> str:
        """What DISTINCT says before the items; empty without it."""
        found = select.args.get("distinct")
        if found is None:
            return ""
        return (
            f"the first for each {self.say(found.args['on'])}: "
            if found.args.get("on")
            else ("the different ")
        )

    def order_and_limit(self, node: Node) -> str:
        """ORDER BY and LIMIT, with a comma before each."""
        order, limit = self.ordering(node), self.limiting(node)
        return (f", sorted by {order}" if order else "") + (f", only {limit}" if limit else "")

    def ordering(self, node: Node) -> str:
        """What is sorted by, and in which direction; empty without ORDER BY."""
        order = node.args.get("order")
        if order is None:
            return ""
        said = []
        for one in order.expressions:
            key = meant(node, one.this)
            said.append(f"{self.say(key)} from {direction(one)}")
        return ", then ".join(said)

    def limiting(self, node: Node) -> str:
        """Which rows are kept; empty without LIMIT."""
        limit, offset = node.args.get("limit"), node.args.get("offset")
        if limit is None and offset is None:
            return ""
        count = limit.args.get("expression") or limit.args.get("count") if limit else None
        said = "all rows"
        if count is not None:
            text = literal_text(count) if count.is_number else self.quote(count)
            said = "the first row" if text == "1" else f"the first {text} rows"
        skipped = (offset.args.get("expression") or offset.this) if offset is not None else None
        return said if skipped is None else f"{said} after leaving out {self.say(skipped)}"

    def _bare(self, node: Node) -> str:
        from sqlglot import ErrorLevel

        return str(node.sql(dialect=self._dialect, unsupported_level=ErrorLevel.IGNORE))

    def _source(self, node: Node) -> str:
        from sqlglot import exp

        if isinstance(node, exp.Subquery):
            return f"the result of ({self.query(node.this)})"
        if isinstance(node, exp.Table) and node.name:
            beyond = any(node.args.get(name) for name in _BEYOND_WORDS["Table"])
            return self.quote(node) if beyond else str(node.name)
        return self.quote(node)

    def _each(self, node: Node) -> str:
        from sqlglot import exp

        if isinstance(node, exp.Distinct):
            return f"the different {self.listed(node.expressions)}"
        return self.say(node)

    def _select(self, node: Node) -> str:
        return self.query(node)

    _union = _intersect = _except = _select

    def _subquery(self, node: Node) -> str:
        return f"({self.query(node.this)})"

    def _column(self, node: Node) -> str:
        from sqlglot import exp

        name = "all columns" if isinstance(node.this, exp.Star) else node.name
        if not node.table:
            return str(name)
        scope = node.find_ancestor(exp.Select)
        inner = scope
        while scope is not None:
            here = list(sources(scope))
            for alias, source in here:
                if alias.lower() == node.table.lower():
                    if len(here) == 1 and scope is inner and not self._qualified:
                        return str(name)
                    twice = sum(_named(other) == _named(source) for _, other in here) > 1
                    shown = f"{_named(source)} {alias}" if twice else _named(source) or alias
                    return f"{name} of {shown}"
            scope = scope.find_ancestor(exp.Select)
        return f"{name} of {node.table}"

    def _star(self, node: Node) -> str:
        return "all columns"

    def _literal(self, node: Node) -> str:
        return literal_text(node)

    def _null(self, node: Node) -> str:
        return "NULL"

    def _boolean(self, node: Node) -> str:
        return "true" if node.this else "false"

    def _alias(self, node: Node) -> str:
        return self.say(node.this)

    def _paren(self, node: Node) -> str:
        return f"({self.say(node.this)})"

    def _neg(self, node: Node) -> str:
        return f"-{self.say(node.this)}"

    def _and(self, node: Node) -> str:
        return f"{self.say(node.this)} and {self.say(node.expression)}"

    def _or(self, node: Node) -> str:
        parts = []
        for side in (node.this, node.expression):
            # SQL's AND binds tighter than its OR; English leaves it open.
            both = type(side).__name__ == "And"
            parts.append(f"({self.say(side)})" if both else self.say(side))
        return " or ".join(parts)

    def _mod(self, node: Node) -> str:
        return f"the remainder of {self.say(node.this)} divided by {self.say(node.expression)}"

    def _count(self, node: Node) -> str:
        from sqlglot import exp

        if node.this is None or isinstance(node.this, (exp.Star, exp.Literal)):
            return "the number of rows"
        if isinstance(node.this, exp.Distinct):
            return f"the number of {self._each(node.this)}"
        return f"the number of {self.say(node.this)} that are not NULL"

    def _cast(self, node: Node) -> str:
        return f"{self.say(node.this)} as {self._bare(node.args['to'])}"

    def _round(self, node: Node) -> str:
        digits = node.args.get("decimals")
        said = f"{self.say(node.this)} rounded"
        return said if digits is None else f"{said} to {self.say(digits)} digits"

    def _coalesce(self, node: Node) -> str:
        if not node.expressions:
            return self.say(node.this)
        others = self.listed(node.expressions, "or else")
        return f"{self.say(node.this)} or, where that is NULL, {others}"

    def _case(self, node: Node) -> str:
        tested = f"{self.say(node.this)} is " if node.this is not None else ""
        parts = [
            f"{self.say(one.args['true'])} if {tested}{self.say(one.this)}"
            for one in node.args.get("ifs") or []
        ]
        default = node.args.get("default")
        parts.append(f"otherwise {self.say(default) if default is not None else 'NULL'}")
        return f"({', '.join(parts)})"

    def _if(self, node: Node) -> str:
        otherwise = node.args.get("false")
        last = self.say(otherwise) if otherwise is not None else "NULL"
        return f"({self.say(node.args['true'])} if {self.say(node.this)}, otherwise {last})"

    def _is(self, node: Node) -> str:
        return f"{self.say(node.this)} is {self.say(node.expression)}"

    def _in(self, node: Node, no: str = "") -> str:
        query = node.args.get("query")
        if query is not None:
            return f"{self.say(node.this)} is {no}among {self.say(query)}"
        if not node.expressions:
            return self.quote(node)
        return f"{self.say(node.this)} is {no}one of {self.listed(node.expressions, 'or')}"

    def _between(self, node: Node, no: str = "") -> str:
        low, high = self.say(node.args["low"]), self.say(node.args["high"])
        return f"{self.say(node.this)} is {no}between {low} and {high}"

    def _like(self, node: Node, no: str = "") -> str:
        no = no or ("not " if node.args.get("negate") else "")
        return (
            f"{self.say(node.this)} {_pattern_words(node.expression, no) or self._like_sql(node)}"
        )

    _ilike = _like

    def _like_sql(self, node: Node) -> str:
        return f"matches the pattern {self.say(node.expression)}"

    def _exists(self, node: Node, no: str = "") -> str:
        return f"there is {'no' if no else 'a'} row among ({self.query(node.this)})"

    def _not(self, node: Node) -> str:
        from sqlglot import exp

        inner = node.this
        while isinstance(inner, exp.Paren):
            inner = inner.this
        kind = type(inner).__name__
        if kind == "Is":
            return f"{self.say(inner.this)} is not {self.say(inner.expression)}"
        if kind in ("In", "Between", "Like", "ILike", "Exists"):
            return str(getattr(self, f"_{kind.lower()}")(inner, "not "))
        return f"it is not so that {self.say(node.this)}"

    def _window(self, node: Node) -> str:
        said = self.say(node.this)
        partition = node.args.get("partition_by")
        if partition:
            said += f" within each {self.listed(partition)}"
        order = self.ordering(node)
        return f"{said} ordered by {order}" if order else said

    def _rownumber(self, node: Node) -> str:
        return "the number in the row"

    def _rank(self, node: Node) -> str:
        return "the rank"

    _denserank = _rank

    def _ordered(self, node: Node) -> str:
        return f"{self.say(node.this)} from {direction(node)}"

    def _timetostr(self, node: Node) -> str:
        return f"{self.say(node.this)} written as {self.say(node.args['format'])}"

    def _tsordstotimestamp(self, node: Node) -> str:
        return self.say(node.this)

    def _trim(self, node: Node) -> str:
        if node.expression is not None:
            return self.quote(node)
        return f"{self.say(node.this)} without spaces around it"

    def _tuple(self, node: Node) -> str:
        return f"({self.listed(node.expressions)})"

    def _distinct(self, node: Node) -> str:
        return self._each(node)


def join(parts: Sequence[str], last: str = "and") -> str:
    """'a', 'a and b', 'a, b and c'.

    >>> join(["a", "b", "c"])
    'a, b and c'
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def direction(ordered: Node) -> str:
    """In which direction one sorts."""
    return "high to low" if ordered.args.get("desc") else "low to high"


def meant(query: Node, node: Node) -> Node:
    """The item that a number or an alias in GROUP BY or ORDER BY stands for."""
    from sqlglot import exp

    while isinstance(query, exp.SetOperation):
        query = query.this
    if not isinstance(query, exp.Select):
        return node
    if isinstance(node, exp.Literal) and node.name.isdigit():
        place = int(node.name) - 1
        if 0 <= place < len(query.expressions):
            return query.expressions[place]
    if isinstance(node, exp.Column) and not node.table:
        for item in query.expressions:
            if isinstance(item, exp.Alias) and item.alias.lower() == node.name.lower():
                return item
    return node


def _named(source: Node) -> str:
    """The table's own name, without its alias."""
    from sqlglot import exp

    return str(source.name) if isinstance(source, exp.Table) else ""


def _pattern_words(node: Node, no: str) -> str:
    """A LIKE pattern of the usual forms; empty for others."""
    if not node.args.get("is_string"):
        return ""
    pattern = str(node.name)
    core = pattern.strip("%")
    if not core or "%" in core or "_" in core:
        return ""
    starts, ends = not pattern.startswith("%"), not pattern.endswith("%")
    verb = {
        (False, False): ("contains", "contain"),
        (True, False): ("starts with", "start with"),
        (False, True): ("ends with", "end with"),
        (True, True): ("is, in any case,", ""),
    }[starts, ends]
    text = "'" + core.replace("'", "''") + "'"
    if no:
        return f"does not {verb[1]} {text}" if verb[1] else f"is not, in any case, {text}"
    return f"{verb[0]} {text}"
