"""A parsed SELECT that can be rewritten at one place, and what is provable about its rows.

The proofs are sound for the queries a benchmark holds and incomplete: where nothing is proved, a
mutant is made and the fillings have to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from sqlglot import exp

from . import nulls
from .schema import ForeignKey, Relation
from .syntax import (
    Node,
    aggregates,
    columns_in,
    conjuncts,
    is_left,
    parse,
    part,
    render,
    unwrapped,
)

Place = tuple[str, str]  # alias and column, both in lower case
_UNBOUND = Relation(columns=())


@dataclass(frozen=True)
class Source:
    """One entry of a FROM clause."""

    alias: str
    relation: Relation
    join: exp.Join | None

    @property
    def optional(self) -> bool:
        """Whether the source's columns can be NULL because nothing matched."""
        return self.join is not None and is_left(self.join)


class Query:
    """One gold over known tables."""

    def __init__(self, sql: str, tables: dict[str, Relation]) -> None:
        self.tables = tables
        self.tree = parse(sql)
        self.nodes = list(self.tree.dfs())
        for node in self.nodes:
            node._meta = None  # positions in the text, which double the cost of a copy
        self._position = {id(node): number for number, node in enumerate(self.nodes)}
        self._sources: dict[int, list[Source]] = {}
        self._relations: dict[int, Relation] = {}
        self._in_progress: dict[int, Relation] = {}

    @property
    def sql(self) -> str:
        """The unchanged query as sqlglot writes it."""
        return render(self.tree)

    def selects(self) -> list[exp.Select]:
        """Every SELECT, subqueries included."""
        return [node for node in self.nodes if isinstance(node, exp.Select)]

    def of(self, *kinds: type[Node]) -> list[Node]:
        """The nodes of these kinds in a stable order."""
        return [node for node in self.nodes if isinstance(node, kinds)]

    def changed(self, *edits: tuple[Node, Node | None]) -> str:
        """The query with nodes replaced, or removed where the replacement is None."""
        copy = self.tree.copy()
        copies = list(copy.dfs())
        targets = [(copies[self._position[id(node)]], new) for node, new in edits]
        for target, new in targets:
            if target is copy:
                assert new is not None
                return render(new)
            if new is None:
                target.pop()
            else:
                target.replace(new)
        return copy.sql(dialect="sqlite", copy=False)

    # --- sources and columns ---------------------------------------------------------------

    def sources(self, select: exp.Select) -> list[Source]:
        """The entries of a SELECT's FROM clause, in order."""
        if id(select) not in self._sources:
            found = []
            start = part(select, "from")
            entries: list[tuple[Node, exp.Join | None]] = []
            if start is not None:
                entries.append((start.this, None))
            entries.extend((join.this, join) for join in select.args.get("joins") or [])
            for item, join in entries:
                found.append(Source(item.alias_or_name.lower(), self._relation_of(item), join))
            self._sources[id(select)] = found
        return self._sources[id(select)]

    def _relation_of(self, item: Node) -> Relation:
        if isinstance(item, exp.Subquery) and isinstance(item.this, exp.Query):
            return self._result(item.this, [])
        if not isinstance(item, exp.Table):
            return _UNBOUND
        name = item.name.lower()
        above: Node | None = item
        while above is not None:
            clause = part(above, "with")
            for cte in clause.expressions if clause is not None else []:
                if cte.alias.lower() == name:
                    return self._result(cte.this, cte.args["alias"].columns)
            above = above.parent
        return self.tables.get(name, _UNBOUND)

    def _result(self, query: Node, names: list[Node]) -> Relation:
        """The relation that a subquery yields, under the names its reader sees."""
        if id(query) not in self._relations:
            if id(query) in self._in_progress:  # a recursive query reads itself
                return self._in_progress[id(query)]
            self._in_progress[id(query)] = _UNBOUND
            self._relations[id(query)] = self._fresh_result(query, names)
            del self._in_progress[id(query)]
        return self._relations[id(query)]

    def _fresh_result(self, query: Node, names: list[Node]) -> Relation:
        if isinstance(query, exp.Subquery):
            return self._fresh_result(query.this, names)
        if isinstance(query, exp.Select):
            return self._select_result(query, [name.name.lower() for name in names])
        if not isinstance(query, exp.SetOperation):
            return _UNBOUND
        left = self._fresh_result(query.this, names)
        keys = (frozenset(left.columns),) if query.args.get("distinct") else ()
        # What holds of the first rows of a recursive query holds of all, if its other part
        # keeps it up.
        known = dict(self._relations)
        if id(query) in self._in_progress:
            self._in_progress[id(query)] = replace(left, keys=())
        right = self._fresh_result(query.expression, [exp.to_identifier(c) for c in left.columns])
        kept = replace(
            left,
            keys=keys,
            not_null=left.not_null & right.not_null,
            foreign_keys=tuple(key for key in left.foreign_keys if key in right.foreign_keys),
        )
        if (kept.not_null, kept.foreign_keys) != (left.not_null, left.foreign_keys):
            self._relations = known
            kept = Relation(left.columns, keys)
        return kept

    def _select_result(self, select: exp.Select, names: list[str]) -> Relation:
        outputs = self.outputs(select)
        columns = tuple(names or [output.alias_or_name.lower() for output in outputs])
        if len(columns) != len(outputs):
            return Relation(columns)
        keys: list[frozenset[str]] = []
        for size in range(3):
            for chosen in combinations(range(len(columns)), size):
                key = frozenset(columns[n] for n in chosen)
                if not any(known <= key for known in keys) and self.unique_given(
                    select, [outputs[n] for n in chosen]
                ):
                    keys.append(key)
        if not keys and (select.args.get("distinct") or self.unique_given(select, outputs)):
            keys.append(frozenset(columns))
        pairs = list(zip(columns, outputs, strict=True))
        return Relation(
            columns,
            tuple(keys),
            frozenset(name for name, output in pairs if nulls.never_null(self, output, select)),
            tuple(key for name, output in pairs for key in self._references(name, output)),
        )

    def _references(self, name: str, output: Node) -> list[ForeignKey]:
        """The foreign keys that a subquery's output passes on, or that its own key becomes."""
        column = unwrapped(output)
        home = self.home(column) if isinstance(column, exp.Column) else None
        if home is None:
            return []
        relation, original = home[1].relation, column.name.lower()
        found = [
            ForeignKey(key.parent, frozenset({(name, parent)}))
            for key in relation.foreign_keys
            for child, parent in key.pairs
            if len(key.pairs) == 1 and child == original
        ]
        if relation.table is not None and frozenset({original}) in relation.keys:
            found.append(ForeignKey(relation.table, frozenset({(name, original)})))
        return found

    def outputs(self, select: exp.Select) -> list[Node]:
        """The projected expressions with every star spelled out."""
        found: list[Node] = []
        for item in select.expressions:
            if not item.is_star or isinstance(unwrapped(item), exp.Count):
                found.append(item)
                continue
            wanted = item.table.lower() if isinstance(item, exp.Column) else ""
            for source in self.sources(select):
                if wanted in ("", source.alias):
                    found.extend(
                        exp.column(name, table=source.alias) for name in source.relation.columns
                    )
        return found

    def place(self, column: exp.Column, select: exp.Select) -> Place | None:
        """Where a column comes from; None where no source of this SELECT has it."""
        name, table = column.name.lower(), column.table.lower()
        for source in self.sources(select):
            if table == source.alias or (not table and name in source.relation.columns):
                return source.alias, name
        return None

    def home(self, column: exp.Column) -> tuple[exp.Select, Source] | None:
        """The SELECT and the source that a column belongs to, looking outwards."""
        select = column.find_ancestor(exp.Select)
        while select is not None:
            place = self.place(column, select)
            for source in self.sources(select):
                if place is not None and source.alias == place[0]:
                    return select, source
            select = select.find_ancestor(exp.Select)
        return None

    # --- proofs ----------------------------------------------------------------------------

    def equal_pairs(self, select: exp.Select) -> Iterator[tuple[Place | None, Place | None]]:
        """Pairs of equal columns; None stands for a value that is fixed in this SELECT."""
        where = select.args.get("where")
        conditions = conjuncts(where.this if where else None)
        for source in self.sources(select):
            if source.join is None:
                continue
            conditions.extend(conjuncts(source.join.args.get("on")))
            for name in source.join.args.get("using") or []:
                column = name.name.lower()
                for other in self.sources(select):
                    if other is not source and column in other.relation.columns:
                        yield (other.alias, column), (source.alias, column)
        for condition in conditions:
            if isinstance(condition, exp.EQ):
                yield from self._equality(condition, select)

    def _equality(
        self, condition: exp.EQ, select: exp.Select
    ) -> Iterator[tuple[Place | None, Place | None]]:
        sides = [unwrapped(condition.this), unwrapped(condition.expression)]
        for this, other in (sides, sides[::-1]):
            if not isinstance(this, exp.Column) or self.place(this, select) is None:
                continue
            if isinstance(other, exp.Column):
                yield self.place(this, select), self.place(other, select)
            elif isinstance(other, exp.Literal):
                yield self.place(this, select), None

    def _computed(self, select: exp.Select) -> Iterator[tuple[set[Place], Place]]:
        """Columns that equal an expression over others, such as a correlated subquery."""
        where = select.args.get("where")
        conditions = conjuncts(where.this if where else None)
        for source in self.sources(select):
            if source.join is not None:
                conditions.extend(conjuncts(source.join.args.get("on")))
        for condition in conditions:
            sides = (
                [unwrapped(condition.this), unwrapped(condition.expression)]
                if isinstance(condition, exp.EQ)
                else []
            )
            for column, other in (sides, sides[::-1]) if sides else []:
                if not isinstance(column, exp.Column) or isinstance(other, exp.Column):
                    continue
                place = self.place(column, select)
                needed = set()
                for inner in columns_in(other):
                    home = self.home(inner)
                    if home is not None and home[0] is select:
                        needed.add((home[1].alias, inner.name.lower()))
                if place is not None:
                    yield needed, place

    def determined(
        self, select: exp.Select, known: set[Place], without: str | None = None
    ) -> set[Place]:
        """All columns whose values follow from the known ones, by keys and by equality.

        `without` names a source whose columns are to prove nothing.
        """
        reached = set(known)
        computed = [one for one in self._computed(select) if one[1][0] != without]
        equalities = [
            pair
            for pair in self.equal_pairs(select)
            if not any(place is not None and place[0] == without for place in pair)
        ]
        size = -1
        while size != len(reached):
            size = len(reached)
            for left, right in equalities:
                if left is None or left in reached:
                    reached.update([right] if right else [])
                if right is None or right in reached:
                    reached.update([left] if left else [])
            reached.update(place for needed, place in computed if needed <= reached)
            for source in self.sources(select):
                if self.has_key(source, reached):
                    reached.update((source.alias, name) for name in source.relation.columns)
        return reached

    @staticmethod
    def has_key(source: Source, reached: set[Place]) -> bool:
        """Whether the columns reached hold a key of the source."""
        return any(
            all((source.alias, name) in reached for name in key) for key in source.relation.keys
        )

    def group_keys(self, select: exp.Select) -> list[Node]:
        """What GROUP BY names, with positions and output names replaced by what they stand for."""
        group = select.args.get("group")
        found = []
        for item in group.expressions if group is not None else []:
            if isinstance(item, exp.Literal) and not item.is_string:
                item = unwrapped(select.expressions[int(item.name) - 1])
            elif isinstance(item, exp.Column) and self.place(item, select) is None:
                named = [e for e in select.expressions if e.alias.lower() == item.name.lower()]
                item = unwrapped(named[0]) if named and not item.table else item
            found.append(item)
        return found

    def follows(self, item: Node, select: exp.Select, reached: set[Place]) -> bool:
        """Whether an expression's value follows from columns that are fixed."""
        if item.find(exp.Query, exp.AggFunc, exp.Window):
            return False
        places = [self.place(column, select) for column in columns_in(item)]
        return all(place is None or place in reached for place in places)

    def places(self, items: list[Node], select: exp.Select) -> set[Place]:
        """The places of those items that are plain columns."""
        bare = [unwrapped(item) for item in items]
        found = [self.place(item, select) for item in bare if isinstance(item, exp.Column)]
        return {place for place in found if place is not None}

    def unique_given(self, select: exp.Select, items: list[Node]) -> bool:
        """Whether no two rows of a SELECT (before its DISTINCT) agree in all these outputs."""
        reached = self.determined(select, self.places(items, select))
        texts = {render(unwrapped(item)) for item in items}
        if any(_numbers_rows(unwrapped(item), texts) for item in items):
            return True
        if select.args.get("group") is not None:
            return all(
                render(key) in texts or self.follows(key, select, reached)
                for key in self.group_keys(select)
            )
        if aggregates(select):
            return True
        return self.rows_fixed(select, reached)

    def rows_fixed(self, select: exp.Select, reached: set[Place]) -> bool:
        """Whether one row at most of a SELECT's join agrees in the columns reached."""
        return all(
            self.has_key(source, reached) or self._is_absent(select, source)
            for source in self.sources(select)
        )

    def _is_absent(self, select: exp.Select, source: Source) -> bool:
        """Whether WHERE keeps only rows without a partner in an outer-joined source."""
        where = select.args.get("where")
        for condition in conjuncts(where.this if where else None) if source.optional else []:
            tested = condition.this if isinstance(condition, exp.Is) else None
            if isinstance(tested, exp.Column) and isinstance(condition.expression, exp.Null):
                alias, name = self.place(tested, select) or ("", "")
                if alias == source.alias and nulls.present_with_row(self, select, source, name):
                    return True
        return False


def _numbers_rows(item: Node, texts: set[str]) -> bool:
    """Whether an output is a ROW_NUMBER whose partition is among the outputs, too."""
    return (
        isinstance(item, exp.Window)
        and isinstance(item.this, exp.RowNumber)
        and all(render(key) in texts for key in item.args.get("partition_by") or [])
    )
