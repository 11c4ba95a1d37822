"""The closed vocabulary of the small model's SQL; everything else is a pointer to an item.

A token from `len(TOKENS)` on is a pointer: `len(TOKENS) + n` stands for item n of the graph.
"""

from __future__ import annotations

TOKENS = (
    "BEGIN", "END", "SELECT", "DISTINCT", "FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY",
    "ASC", "DESC", "LIMIT", "UNION", "UNION ALL", "INTERSECT", "EXCEPT",
    ",", "(", ")", "*", "COUNT(*)", "COUNT", "SUM", "AVG", "MIN", "MAX",
    "AND", "OR", "=", "!=", "<", ">", "<=", ">=", "BETWEEN", "IN", "NOT IN",
    "LIKE", "LIKE _%", "LIKE %_", "LIKE %_%", "NOT LIKE", "NOT LIKE %_%", "NOT LIKE _%",
    "NOT LIKE %_", "IS NULL", "IS NOT NULL", "+", "-", "/", "TIMES", "SECOND", "ON", "LEFT", "1",
    "SPARE",
)  # fmt: skip
NUMBER = {token: number for number, token in enumerate(TOKENS)}
BEGIN = NUMBER["BEGIN"]
END = NUMBER["END"]
SET_OPERATORS = ("UNION", "UNION ALL", "INTERSECT", "EXCEPT")
AGGREGATES = ("COUNT", "SUM", "AVG", "MIN", "MAX")
COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")
LIKES = tuple(token for token in TOKENS if "LIKE" in token)
ARITHMETIC = ("+", "-", "/", "TIMES")
CLAUSES = ("FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", *SET_OPERATORS)
