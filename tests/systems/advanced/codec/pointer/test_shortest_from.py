"""What the schema tells of joins is not written; what it does not tell stays."""

from __future__ import annotations

import pytest
from systems.advanced.codec.pointer.encode import Inexpressible, encode
from tests.systems.advanced.codec.pointer.graphs import GRAPH, SCHOOL, there_and_back

from systems.advanced.codec.pointer import vocabulary as v


def test_a_join_that_the_schema_tells_is_not_written() -> None:
    sql = (
        "SELECT s.name FROM enrolment e JOIN student s ON e.student_id = s.id "
        "JOIN course c ON c.code = e.course_code WHERE c.title = 'x'"
    )
    told = encode(sql, SCHOOL, GRAPH)
    assert v.ON not in told
    # Nor the table that only connects the others.
    assert v.SIZE + GRAPH.table_items[2] not in told
    other = sql.replace("e.student_id = s.id", "e.grade = s.age")
    assert v.ON in encode(other, SCHOOL, GRAPH)


def test_tables_that_are_not_joined_stay_so() -> None:
    found = there_and_back("SELECT student.name FROM student JOIN enrolment")
    assert " ON " not in found and "enrolment" in found


def test_more_tables_than_can_be_tried_are_refused_at_once() -> None:
    joined = ", ".join(f"student s{n}" for n in range(30))
    with pytest.raises(Inexpressible, match="more than 10 tables"):
        encode(f"SELECT s0.name FROM {joined}", SCHOOL, GRAPH)
