"""What two statements disagree on, in words, with a question for a human and two constraints.

Only the statements are compared, not their results: two that differ in their results differ in at
least one part, unless one of them cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from t2s_bench.databases.schema import Schema

from ..codec.codec import Constraint
from ..parts import Part, Parts, take_apart


class Kind(str, Enum):
    """What a difference is about; the order is that in which one asks."""

    SET_OPERATION = "set operation"
    AGGREGATE = "aggregate"
    COLUMN = "column"
    VALUE = "value"
    CONDITION = "condition"
    TABLE = "table"
    JOIN = "join"
    ORDERING = "ordering"
    LIMIT = "limit"
    GROUPING = "grouping"
    DISTINCT = "distinct"
    COLUMN_ORDER = "order of columns"

    def __str__(self) -> str:
        return self.value


# A pair's question, and the question where only one of the two says anything.
_QUESTIONS = {
    Kind.SET_OPERATION: ("Should the answer be {}, or {}?", "Should the answer be {}?"),
    Kind.AGGREGATE: ("Should the answer be {}, or {}?", "Should the answer hold {}?"),
    Kind.COLUMN: ("Which is meant: {}, or {}?", "Should the answer hold {}?"),
    Kind.VALUE: ("Which is meant: {}, or {}?", "Is it meant that {}?"),
    Kind.CONDITION: ("Which is meant: {}, or {}?", "Is it meant that {}?"),
    Kind.TABLE: ("Should it be looked up in {}, or {}?", "Should it also be looked up in {}?"),
    Kind.JOIN: ("Which rows belong together: {}, or {}?", "Is it meant that {}?"),
    Kind.ORDERING: ("Sorted by {}, or {}?", "Should the answer be sorted by {}?"),
    Kind.LIMIT: ("How many rows: {}, or {}?", "Should the answer be {}?"),
    Kind.GROUPING: ("For each {}, or {}?", "Should there be a row for each {}?"),
    Kind.DISTINCT: ("Should the answer hold {}, or {}?", "Should the answer hold {}?"),
    Kind.COLUMN_ORDER: ("Should the answer show {}, or {}?", "Should the answer show {}?"),
}
_CLAUSE_KINDS = {
    "set": Kind.SET_OPERATION,
    "OR": Kind.CONDITION,
    "FROM": Kind.TABLE,
    "JOIN": Kind.JOIN,
    "GROUP BY": Kind.GROUPING,
    "ORDER BY": Kind.ORDERING,
    "LIMIT": Kind.LIMIT,
    "DISTINCT": Kind.DISTINCT,
    "order of columns": Kind.COLUMN_ORDER,
}
# How a constraint's sentence begins to tell a part; "with" for other clauses.
_LEADS = {
    "SELECT": "showing",
    "WHERE": "where",
    "HAVING": "where",
    "JOIN": "where",
    "FROM": "from",
    "GROUP BY": "for each",
    "ORDER BY": "sorted by",
    "set": "giving",
}
_CLAUSES = ("SELECT", "inner SELECT", "WHERE", "HAVING", *_CLAUSE_KINDS)


@dataclass(frozen=True)
class ClarifyingQuestion:
    """What a human is asked: one sentence and its two answers."""

    text: str
    choices: tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """One thing that the first and the second statement say differently.

    `parts` are what each says; None where it says nothing of the kind. `constraints` hold either
    choice fixed: each requires the names of its side, and forbids those of the other that its own
    statement does without.
    """

    kind: Kind
    parts: tuple[Part | None, Part | None]
    constraints: tuple[Constraint, Constraint]

    @property
    def clause(self) -> str:
        """The clause that the difference stands in."""
        part = self.parts[0] or self.parts[1]
        assert part is not None
        return part.clause

    @property
    def words(self) -> tuple[str, str]:
        """What each side says."""
        first, second = self.parts
        if first is None or second is None:
            said = first or second
            assert said is not None
            condition = said.clause in ("WHERE", "HAVING", "JOIN")
            other = f"whether or not {said.words}" if condition else f"without {said.words}"
            return (said.words, other) if first is not None else (other, said.words)
        return first.words, second.words

    @property
    def sentence(self) -> str:
        """The difference in one sentence, for a trace or a person."""
        first, second = self.words
        return f"{self.kind}: {first} — or {second}"

    @property
    def question(self) -> ClarifyingQuestion:
        """The question that tells the two apart."""
        both, one = _QUESTIONS[self.kind]
        first, second = self.parts
        if first is not None and second is not None:
            return ClarifyingQuestion(both.format(first.words, second.words), self.words)
        said = first or second
        assert said is not None
        yes_no = ("yes", "no") if first is not None else ("no", "yes")
        return ClarifyingQuestion(one.format(said.words), yes_no)

    def side(self, statement: Parts) -> int | None:
        """Which of the two another statement agrees with: 0, 1, or None for neither (or both)."""
        said = {(part.clause, part.text) for part in statement.parts}
        first, second = (
            part is not None and (part.clause, part.text) in said for part in self.parts
        )
        if first != second:
            return 0 if first else 1
        if not first and None in self.parts:
            return 0 if self.parts[0] is None else 1
        return None


def differences(
    first: str, second: str, schema: Schema, dialect: str = "sqlite"
) -> tuple[Difference, ...]:
    """All differences, the one to ask about first; empty where one cannot be read."""
    one, other = take_apart(first, schema, dialect), take_apart(second, schema, dialect)
    if one is None or other is None:
        return ()
    found: dict[tuple[object, ...], Difference] = {}
    same_items = _texts(one) == _texts(other)
    for clause in _CLAUSES:
        if clause == "order of columns" and not same_items:
            continue
        for kind, pair in _pairs(clause, one.of(clause), other.of(clause)):
            texts = tuple(part.text if part else None for part in pair)
            found.setdefault((clause, texts), _difference(kind, pair, one, other))
    order = list(Kind)
    return tuple(sorted(found.values(), key=lambda difference: order.index(difference.kind)))


def _texts(statement: Parts) -> list[str]:
    return sorted(part.text for part in statement.of("SELECT"))


def _pairs(
    clause: str, ones: Sequence[Part], others: Sequence[Part]
) -> Iterator[tuple[Kind, tuple[Part | None, Part | None]]]:
    """What only one side says, put in pairs of the most alike."""
    texts, other_texts = {part.text for part in ones}, {part.text for part in others}
    left = [part for part in ones if part.text not in other_texts]
    right = [part for part in others if part.text not in texts]
    ranked = sorted(
        ((-_likeness(a, b), i, j) for i, a in enumerate(left) for j, b in enumerate(right)),
    )
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    for _, i, j in ranked:
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            yield _kind(clause, left[i], right[j]), (left[i], right[j])
    for i, part in enumerate(left):
        if i not in taken_left:
            yield _kind(clause, part, None), (part, None)
    for j, part in enumerate(right):
        if j not in taken_right:
            yield _kind(clause, None, part), (None, part)


def _likeness(one: Part, other: Part) -> int:
    """How many aspects are the same."""
    return sum((one.head == other.head, one.subject == other.subject, one.value == other.value))


def _kind(clause: str, one: Part | None, other: Part | None) -> Kind:
    if clause in _CLAUSE_KINDS:
        return _CLAUSE_KINDS[clause]
    if clause in ("SELECT", "inner SELECT"):
        heads = {part.head for part in (one, other) if part is not None}
        both = one is not None and other is not None
        return Kind.AGGREGATE if len(heads) > 1 or (not both and heads != {""}) else Kind.COLUMN
    if one is not None and other is not None and _likeness(one, other) == 2:
        if one.value != other.value:
            return Kind.VALUE
        if one.subject != other.subject:
            return Kind.COLUMN
    return Kind.CONDITION


def _difference(
    kind: Kind, pair: tuple[Part | None, Part | None], one: Parts, other: Parts
) -> Difference:
    names = [part.names if part is not None else frozenset() for part in pair]
    wholes = (one.names, other.names)
    constraints = []
    for mine, theirs in ((0, 1), (1, 0)):
        part, against = pair[mine], pair[theirs]
        said = [_told(part)] if part is not None else []
        said += [f"not {_told(against)}"] if against is not None else []
        constraints.append(
            Constraint(
                require=names[mine] - names[theirs],
                forbid=names[theirs] - wholes[mine],
                sentence=", ".join(said),
            )
        )
    return Difference(kind, pair, (constraints[0], constraints[1]))


def _told(part: Part) -> str:
    return f"{_LEADS.get(part.clause, 'with')} {part.words}"
