"""What a statement's own text speaks against, told by schema, cells and question alone.

    crossed     tables of one FROM that no condition brings together
    mismatched  a column of numbers compared with other text, or the other way round
    absent      a literal that is no cell of the column that shall equal it
    unsaid      a number of the question that the statement does not mention
    partial     a text of several words of which the question has some and not all

None of them proves that a statement is wrong; how much one weighs is fitted (`selection.Blend`).
Which words of the question a statement does not answer is told beside them (`cues.py`).
What execution shows to be wrong is in `faults.py`, and comes with what to hold fixed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from t2s_bench.databases.connection import quote_identifier
from t2s_bench.databases.schema import Column, Schema
from t2s_bench.databases.value_words import fold

from ..codec.pointer.joins import Groups
from ..cues import disagreements, heard
from ..evidence import Prober
from ..reading import Node, argument, literal_text, names, resolved, sources, table_of
from ..schema_graph.features import FEATURES
from ..task import Task
from .candidate import Candidate

CROSSED, MISMATCHED, ABSENT, UNSAID = "crossed", "mismatched", "absent", "unsaid"
PARTIAL = "partial"
# Literals of one statement that are looked up: each may cost a scan of its table.
LOOKED_UP = 4
_NUMBER, _WORD = FEATURES.index("numeric literal"), FEATURES.index("number word")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")

# A column's table and itself, and the literals that a condition compares it with.
Condition = tuple[str, Column, list[str]]


def weighed(task: Task, candidates: Sequence[Candidate], prober: Prober) -> tuple[Candidate, ...]:
    """The candidates with how many kinds of objections and cues speak against each.

    Nothing is said against what does not run: that is judged by its failing.
    """
    running = [one.sql for one in candidates if one.evidence.runs]
    found = dict(zip(running, objections(task, running, prober), strict=True))
    asked = heard(task.question.question)
    cues = {}
    for sql in running:
        tree = resolved(sql, task.schema, task.database.dialect)
        cues[sql] = disagreements(asked, names(tree, task.schema)) if tree is not None else 0
    return tuple(
        replace(one, objections=len(found.get(one.sql, ())), cues=cues.get(one.sql, 0))
        for one in candidates
    )


def objections(task: Task, sqls: Sequence[str], prober: Prober) -> list[frozenset[str]]:
    """The kinds of objections to each statement; none to one that sqlglot cannot read."""
    trees = [resolved(sql, task.schema, task.database.dialect) for sql in sqls]
    conditions = [
        list(_conditions(tree, task.schema)) if tree is not None else [] for tree in trees
    ]
    probes = [_probes(tree, task.schema) if tree is not None else [] for tree in trees]
    asked = list(dict.fromkeys(probe for those in probes for probe in those))
    seen = dict(zip(asked, prober.run(task.database, asked), strict=True))
    found = []
    for tree, compared, those in zip(trees, conditions, probes, strict=True):
        kinds = set()
        if tree is not None:
            if _crosses(tree, task.schema):
                kinds.add(CROSSED)
            if any(_mismatched(column, literals) for _, column, literals in compared):
                kinds.add(MISMATCHED)
            if any(seen[probe].runs and not seen[probe].rows for probe in those):
                kinds.add(ABSENT)
            if _unsaid(task, tree):
                kinds.add(UNSAID)
            if _partial(task, tree):
                kinds.add(PARTIAL)
        found.append(frozenset(kinds))
    return found


def _crosses(tree: Node, schema: Schema) -> bool:
    from sqlglot import exp

    return any(_is_crossed(select, schema) for select in tree.find_all(exp.Select))


def _is_crossed(select: Node, schema: Schema) -> bool:
    """Whether two tables of a FROM have no condition between them; derived tables are passed by."""
    from sqlglot import exp

    tables = [table_of(source, schema) for _, source in sources(select)]
    joins = select.args.get("joins") or []
    if len(tables) < 2 or not all(tables) or any(one.args.get("using") for one in joins):
        return False
    if any(one.args.get("method") for one in joins):  # NATURAL
        return False
    together = Groups()
    holders = [one.args.get("on") for one in joins] + [select.args.get("where")]
    for holder in holders:
        for condition in holder.find_all(exp.Predicate) if holder is not None else ():
            named = [column.table for column in condition.find_all(exp.Column) if column.table]
            for one, other in zip(named, named[1:], strict=False):
                together.join(one, other)
    return len({together.root(table) for table in tables}) > 1


def _conditions(tree: Node, schema: Schema) -> Iterator[Condition]:
    """Every comparison of one column with literals."""
    from sqlglot import exp

    kinds = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between)
    for node in tree.find_all(*kinds):
        home = _column(node.this, schema)
        literals = [literal_text(one) for one in _literals(node)]
        if home is not None and literals:
            yield (*home, literals)


def _probes(tree: Node, schema: Schema) -> list[str]:
    """A query for each literal that a column shall equal, which finds a row where it is a cell."""
    from sqlglot import exp

    found = []
    for node in tree.find_all(exp.EQ, exp.In):
        home = _column(node.this, schema)
        if home is None or isinstance(node.parent, exp.Not):
            continue
        table, column = quote_identifier(home[0]), quote_identifier(home[1].name)
        found += [
            f"SELECT 1 FROM {table} WHERE {column} = {literal_text(one)} LIMIT 1"
            for one in _literals(node)
        ]
    return found[:LOOKED_UP]


def _column(node: Node, schema: Schema) -> tuple[str, Column] | None:
    from sqlglot import exp

    table = schema.table(node.table) if isinstance(node, exp.Column) and node.table else None
    column = table.column(node.name) if table is not None else None
    return (table.name, column) if table is not None and column is not None else None


def _literals(node: Node) -> list[Node]:
    from sqlglot import exp

    if isinstance(node, exp.In):
        others = node.expressions
    elif isinstance(node, exp.Between):
        others = [node.args.get("low"), node.args.get("high")]
    else:
        others = [argument(node, "expression")]
    return [
        one
        for one in others
        if isinstance(one, exp.Literal)
        or (isinstance(one, exp.Neg) and isinstance(one.this, exp.Literal))
    ]


def _mismatched(column: Column, literals: Sequence[str]) -> bool:
    """Whether the column's cells are all numbers and a literal is none, or the other way round."""
    kinds = {_is_number(str(value)) for value in column.samples}
    return len(kinds) == 1 and any(_is_number(one.strip("'")) not in kinds for one in literals)


def _is_number(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None


def _partial(task: Task, tree: Node) -> bool:
    """Whether a text has words of the question beside others that it does not have."""
    from sqlglot import exp

    asked = set(fold(f"{task.question.question} {task.question.evidence}").split())
    texts = (set(fold(node.name).split()) for node in tree.find_all(exp.Literal) if node.is_string)
    return any(len(text) > 1 and text & asked and not text <= asked for text in texts)


def _unsaid(task: Task, tree: Node) -> bool:
    """Whether a number of the question, in digits, occurs in none of the literals."""
    from sqlglot import exp

    graph = task.graph
    said = " ".join(str(node.name) for node in tree.find_all(exp.Literal))
    return any(
        re.search(rf"(?<!\d)0*{re.escape(graph.items[item].text)}(?!\d)", said) is None
        for item in graph.value_items.values()
        if graph.features[item, _NUMBER] and not graph.features[item, _WORD]
    )
