"""A constraint while the small model writes.

What is forbidden cannot be written; what is required is likelier until it stands there, and the
statement cannot end before. Tables that only connect others are not written by this codec, and so
are neither forbidden nor met there.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ..codec.codec import Constraint
from ..codec.pointer import vocabulary as v
from ..schema_graph.graph import Kind
from ..task import Task
from .generation import Adjust
from .names import item_name

# Added to the log-odds of what is required and not yet written.
WANTED = 2.0

# No keywords: how the codec marks its own structure, and FROM, which every query has.
_STRUCTURE = v.SHAPES | {
    *(v.BEGIN, v.END, v.FROM, v.SECOND, v.OUTER),
    *(v.OPEN, v.CLOSE, v.SUBQUERY, v.SQUARE, v.SQUARE_END),
}
# The tokens that say more than one thing which constraints name apart.
_ALSO = {
    "COUNT": (v.COUNT_ALL,),
    "LIMIT": (v.LIMIT_ONE,),
    "1": (v.LIMIT_ONE,),
    "UNION": (v.ID["UNION ALL"],),
}


def adjustment(constraint: Constraint, task: Task) -> Adjust:
    """The change of scores under a constraint.

    COUNT is also said by `COUNT(*)`, LIMIT and the literal 1 also by `LIMIT 1`, UNION by UNION ALL:
    any of them meets what requires the name, and what forbids it forbids them all. With a table its
    columns are forbidden, with both directions ORDER BY: what cannot be completed is not begun.
    Names that neither schema, graph nor vocabulary knows count for nothing, be it a keyword such
    as SELECT or a literal that is no item.
    """
    names = _Names(task)
    required = [said for name in sorted(constraint.require) for said in names.required(name)]
    forbidden = np.array(sorted(names.forbidden(constraint.forbid)), dtype=np.int64)

    def adjust(tokens: tuple[int, ...], scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        scores = scores.copy()
        scores[forbidden] = -np.inf
        missing = {number for said in required if said.isdisjoint(tokens) for number in said}
        if missing:
            scores[sorted(missing)] += WANTED
            scores[v.END] = -np.inf
        return scores

    return adjust


class _Names:
    """The tokens of one task by what constraints call them."""

    def __init__(self, task: Task) -> None:
        self._schema: dict[str, set[int]] = {}  # in lower case
        self._words: dict[str, set[int]] = {}  # literals and keywords, whose case tells them apart
        self._columns: dict[int, set[int]] = {}  # by the token of their table
        self._table: dict[int, int] = {}  # by the token of a column
        graph = task.graph
        for number, item in enumerate(graph.items):
            if item.kind is Kind.WORD:
                continue
            name, token = item_name(task.schema, graph, number), v.SIZE + number
            if item.kind is Kind.VALUE:
                self._words.setdefault(name, set()).add(token)
            else:
                self._schema.setdefault(name.lower(), set()).add(token)
            if item.kind is Kind.COLUMN:
                table = v.SIZE + graph.table_items[item.table]
                self._columns.setdefault(table, set()).add(token)
                self._table[token] = table
        for token, text in enumerate(v.TOKENS):
            if token not in _STRUCTURE:
                self._words.setdefault(text, set()).update((token, *_ALSO.get(text, ())))

    def of(self, name: str) -> frozenset[int]:
        """The tokens any of which says a name, or none; a keyword before a table of its name."""
        return frozenset(self._words.get(name) or self._schema.get(name.lower(), set()))

    def required(self, name: str) -> list[frozenset[int]]:
        """Of each set one token must be written: for a column its own and its table's."""
        said = self.of(name)
        tables = frozenset(self._table[token] for token in said if token in self._table)
        return [one for one in (said, tables) if one]

    def forbidden(self, names: Iterable[str]) -> set[int]:
        """What must not be written, with what could only be completed by it."""
        found = {token for name in names for token in self.of(name)}
        for table in found & self._columns.keys():
            found |= self._columns[table]
        if {v.ASC, v.DESC} <= found:
            found.add(v.ORDER)
        return found
