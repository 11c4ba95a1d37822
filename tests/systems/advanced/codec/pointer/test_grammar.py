"""Within the masks every way goes on to an end, and what is written there runs."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from systems.advanced.codec.pointer.decode import Malformed, decode
from systems.advanced.codec.pointer.encode import encode
from systems.advanced.codec.pointer.grammar import State, allowed
from systems.advanced.schema_graph.graph import Kind
from tests.systems.advanced.codec.pointer.graphs import GRAPH, SCHOOL

from systems.advanced.codec.pointer import vocabulary as v


@settings(deadline=None)
@given(st.data())
def test_every_way_through_the_masks_goes_on_until_the_end(data: st.DataObject) -> None:
    state = State.start(GRAPH)
    tokens: list[int] = []
    for _ in range(60):
        options = np.flatnonzero(state.allowed()).tolist()
        assert options, "a dead end"
        assert v.BEGIN not in options
        # The end where it may be, so that most statements have one.
        token = (
            v.END if v.END in options and len(tokens) > 12 else data.draw(st.sampled_from(options))
        )
        tokens.append(token)
        state = state.advance(token)
        if token == v.END:
            break
    if tokens[-1] == v.END:
        assert not state.allowed().any()


def test_random_statements_within_the_masks_run(school: sqlite3.Connection) -> None:
    """All but few: of compounds' order, aggregates and derived tables the masks know too little."""
    chance = np.random.default_rng(0)
    outcomes: Counter[str] = Counter()
    for _ in range(600):
        state = State.start(GRAPH)
        tokens: list[int] = []
        while len(tokens) < 80 and (not tokens or tokens[-1] != v.END):
            options = np.flatnonzero(state.allowed())
            closing_ones = [t for t in (v.END, v.CLOSE, v.FROM) if t in options]
            ends = bool(closing_ones) and chance.random() < 0.5
            token = int(closing_ones[0] if ends else chance.choice(options))
            tokens.append(token)
            state = state.advance(token)
        if tokens[-1] != v.END:
            continue
        try:
            school.execute("EXPLAIN " + decode(tokens, SCHOOL, GRAPH))
            outcomes["runs"] += 1
        except (Malformed, sqlite3.Error):
            outcomes["fails"] += 1
    assert outcomes.total() > 200
    assert outcomes["fails"] < 0.05 * outcomes.total(), outcomes


def test_columns_after_from_are_those_in_scope() -> None:
    name = GRAPH.column_items[0, 1]
    title = GRAPH.column_items[1, 1]
    student, course = GRAPH.table_items[:2]
    before = allowed([v.SIZE + name, v.FROM, v.SIZE + course], GRAPH)
    assert not before[v.END] and not before[v.WHERE] and before[v.SIZE + student]
    after = allowed([v.SIZE + name, v.FROM, v.SIZE + student, v.WHERE], GRAPH)
    assert after[v.SIZE + name] and not after[v.SIZE + title] and not after[v.SIZE + student]


# A keyword, a table by its name, or a column as (table, name).
Said = str | tuple[str, str]


def _after(*written: Said) -> npt.NDArray[np.bool_]:
    return allowed([_token(one) for one in written], GRAPH)


def _token(one: Said) -> int:
    if isinstance(one, str) and one in v.ID:
        return v.ID[one]
    kind, name = (Kind.TABLE, one) if isinstance(one, str) else (Kind.COLUMN, one[1])
    found = [
        number
        for number, item in enumerate(GRAPH.items)
        if item.kind is kind
        and item.text == name
        and (isinstance(one, str) or SCHOOL.tables[item.table].name == one[0])
    ]
    return v.SIZE + found[0]


def test_from_names_the_tables_of_select_first() -> None:
    student, course, enrolment = "student", "course", "enrolment"
    asked = (("student", "name"), ("course", "title"), "FROM")
    first = _after(*asked)
    assert first[_token(student)] and first[_token(course)] and not first[_token(enrolment)]
    then = _after(*asked, student)
    assert then[_token(course)] and not then[_token(enrolment)] and not then[v.END]
    assert not then[v.SECOND]
    last = _after(*asked, student, course)
    assert last[_token(enrolment)] and last[v.END] and last[v.SECOND]


def test_on_equals_a_column_of_the_last_table_with_one_before_it() -> None:
    said = (("student", "name"), "FROM", "student", "enrolment", "ON")
    key, name, other = ("enrolment", "student_id"), ("student", "id"), ("enrolment", "grade")
    left = _after(*said)
    assert left[_token(key)] and not left[_token(name)]
    right = _after(*said, key)
    assert right[_token(name)] and not right[_token(other)]


def test_what_on_has_said_is_not_said_again_and_not_without_end() -> None:
    said: list[Said] = [("student", "name"), "FROM", "student", "enrolment"]
    own = [("enrolment", name) for name in ("student_id", "course_code", "grade")]
    for place, column in enumerate(own):
        assert _after(*said)[v.ON]
        said += ["ON", column, ("student", "id")]
        if place < 2:
            again = _after(*said, "ON")
            assert not again[_token(column)] and again[_token(own[2])]
    assert not _after(*said)[v.ON]  # a fourth could only repeat one of the three
    many: list[Said] = [("student", "name"), "FROM", "student", "order", "enrolment"]
    for column, end in zip(
        [*own, own[0]], [("student", "id")] * 3 + [("order", "id")], strict=True
    ):
        assert _after(*many)[v.ON]
        many += ["ON", column, end]
    assert not _after(*many)[v.ON]


def test_on_may_name_an_earlier_instance_of_the_same_table() -> None:
    said = (("student", "name"), "FROM", "student", "SECOND", "student", "ON")
    assert np.flatnonzero(_after(*said)).tolist() == [v.SECOND]
    ends = _after(*said, "SECOND", ("student", "advisor id"))
    assert ends[_token(("student", "id"))] and not ends[v.SECOND]


def test_a_step_of_the_masks_is_cheap() -> None:
    tokens = encode("SELECT name FROM student WHERE age > 20", SCHOOL, GRAPH)
    start, best = State.start(GRAPH), 1.0
    for _ in range(20):
        state, began = start, time.perf_counter()
        for token in tokens:
            state.allowed()
            state = state.advance(token)
        best = min(best, (time.perf_counter() - began) / len(tokens))
    assert best < 50e-6
