from __future__ import annotations

import sqlite3

from systems.advanced.codec.pointer.decode import decode
from systems.advanced.codec.pointer.encode import encode
from systems.advanced.codec.pointer.prefixes import boundaries, boundary, executable_prefix
from tests.systems.advanced.codec.pointer.graphs import GRAPH, SCHOOL

from systems.advanced.codec.pointer import vocabulary as v


def test_prefixes_end_at_clauses_and_run(school: sqlite3.Connection) -> None:
    sql = (
        "SELECT name FROM student WHERE age > (SELECT avg(age) FROM student WHERE age > 20) "
        "GROUP BY name HAVING count(*) > 1 ORDER BY name DESC LIMIT 1"
    )
    tokens = encode(sql, SCHOOL, GRAPH)
    ends = boundaries(tokens)
    assert [v.TOKENS[tokens[end - 1]] for end in ends] == [
        "FROM", "WHERE", "FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT 1", "END",
    ]  # fmt: skip
    assert all(boundary(tokens[:end]) for end in ends)
    prefixes = [executable_prefix(tokens[:end], SCHOOL, GRAPH) for end in ends]
    assert prefixes[:4] == ["", *["SELECT name FROM student"] * 3]
    assert prefixes[4].endswith("WHERE age > 20)")
    assert prefixes[-1] == decode(tokens, SCHOOL, GRAPH)
    for prefix in prefixes[1:]:
        school.execute(prefix)
