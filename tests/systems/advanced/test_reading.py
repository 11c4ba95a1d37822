from __future__ import annotations

from time import monotonic

from systems.advanced.reading import BARE_JOINS, parse


def joined(count: int, on: str = "") -> str:
    joins = "".join(f" JOIN u AS u{number}{on}" for number in range(count))
    return f"SELECT a FROM t WHERE a NOT IN (SELECT a FROM t{joins} ORDER BY a LIMIT 1)"


def test_joins_without_a_condition_cannot_hold_the_process_up() -> None:
    begun = monotonic()
    assert parse(joined(40)) is None
    assert parse(joined(BARE_JOINS)) is not None
    # What sqlglot needs minutes for, read and refused.
    assert monotonic() - begun < 5


def test_joins_with_conditions_are_read_however_many() -> None:
    assert parse(joined(30, " ON t.a = u.a")) is not None
    assert parse(joined(30, " USING (a)")) is not None
