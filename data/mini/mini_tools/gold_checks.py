"""What every gold must hold on every filling before it may stand as an answer."""

from __future__ import annotations

import re
import sqlite3

from .databases import QueryError, column_count, run_query
from .sources import Question, Row

_SELECT = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_STRING_OR_PAREN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|[()]")


def has_outer_order(sql: str) -> bool:
    """Whether the outermost query, not one in parentheses, has an ORDER BY.

    >>> has_outer_order("SELECT a FROM t ORDER BY a")
    True
    >>> has_outer_order("SELECT RANK() OVER (ORDER BY a), 'ORDER BY' FROM t")
    False
    """
    depth, outer, end = 0, [], 0
    for match in _STRING_OR_PAREN.finditer(sql):
        if depth == 0:
            outer.append(sql[end : match.start()])
        depth += {"(": 1, ")": -1}.get(match.group(), 0)
        end = match.end()
    return re.search(r"\border\s+by\b", " ".join([*outer, sql[end:]]), re.IGNORECASE) is not None


def bag(rows: list[Row]) -> list[Row]:
    """Rows in an order of their own, so that two results compare as multisets."""
    return sorted(rows, key=lambda row: [(type(v).__name__, v) for v in row])


def gold_faults(
    question: Question,
    fillings: list[sqlite3.Connection],
    backwards: list[sqlite3.Connection],
) -> tuple[list[str], bool]:
    """Faults of a question's golds, and whether its answer on the main filling is empty.

    Each gold must be one SELECT that runs on every filling with the same number of columns. It
    must also leave nothing open: on `backwards`, the fillings with their rows stored in reverse,
    the rows (their order too, where the gold orders) have to be the same. That finds a LIMIT or
    ORDER BY with ties, a bare column in a grouped query and a float sum without ROUND.
    """
    faults: list[str] = []
    empty = False
    answers: list[list[list[Row]]] = []
    widths: set[int] = set()
    for number, gold in enumerate(question.golds, 1):
        name = question.id if len(question.golds) == 1 else f"{question.id} (gold {number})"
        if not _SELECT.match(gold) or not sqlite3.complete_statement(gold.rstrip("; \n") + ";"):
            faults.append(f"{name}: the gold must be one SELECT or WITH … SELECT")
            continue
        answers.append([])
        for variant, connection in enumerate(fillings):
            try:
                rows = run_query(connection, gold)
                others = run_query(backwards[variant], gold)
            except QueryError as error:
                faults.append(f"{name}: fails on filling {variant}: {error}")
                break
            answers[-1].append(bag(rows))
            widths.add(column_count(connection, gold))
            empty = empty or (variant == 0 and not rows)
            if bag(rows) != bag(others):
                faults.append(
                    f"{name}: not deterministic on filling {variant}: other rows when the tables "
                    f"are stored in reverse, {_first_difference(rows, others)} (ties at a "
                    "LIMIT, a bare column beside GROUP BY, GROUP_CONCAT, or a float to ROUND)"
                )
                break
            if has_outer_order(gold) and rows != others:
                faults.append(
                    f"{name}: ORDER BY leaves ties open on filling {variant}, "
                    f"{_first_difference(rows, others)}; add a last key that is unique"
                )
                break
    for number, answer in enumerate(answers):
        if answer in answers[:number]:
            faults.append(
                f"{question.id}: gold {number + 1} gives what an earlier gold gives on every "
                "filling; keep one, or add rows that show the difference"
            )
    if len(widths) > 1:
        faults.append(f"{question.id}: its golds have different numbers of columns: {widths}")
    return faults, empty


def _first_difference(rows: list[Row], others: list[Row]) -> str:
    for row, other in zip(rows, others, strict=False):
        if row != other:
            return f"such as {row!r} against {other!r}"
    return f"{len(rows)} against {len(others)} rows"
