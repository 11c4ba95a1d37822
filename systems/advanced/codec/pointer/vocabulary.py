"""The closed vocabulary of the small model's SQL; every other token points at a graph item.

Token ids 0 … SIZE - 1 are the vocabulary, SIZE + n points at item n of the question's graph.
Lists have no commas, SELECT is silent at the beginning and after a set operator, BETWEEN has no
AND: what can be told without them is not written.
"""

from __future__ import annotations

TOKENS: tuple[str, ...] = (
    "BEGIN",
    "END",
    "DISTINCT",
    "*",
    "COUNT(*)",
    "COUNT",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "FROM",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "LIMIT 1",
    "INTERSECT",
    "UNION",
    "EXCEPT",
    "UNION ALL",
    "ON",
    "SECOND",
    "OUTER",
    "LEFT JOIN",
    "CROSS JOIN",
    "AND",
    "OR",
    "(",
    ")",
    "(SELECT",
    "[",
    "]",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "IN",
    "NOT IN",
    "LIKE",
    "NOT LIKE",
    "BETWEEN",
    "NOT BETWEEN",
    "IS NULL",
    "IS NOT NULL",
    "EXISTS",
    "NOT EXISTS",
    "%…%",
    "…%",
    "%…",
    "+",
    "-",
    "×",
    "/",
    "ASC",
    "DESC",
    "0",
    "1",
    "2",
    "3",
    "''",
)
SIZE = len(TOKENS)
ID: dict[str, int] = {token: number for number, token in enumerate(TOKENS)}

BEGIN, END = ID["BEGIN"], ID["END"]
# One more instance of the table that follows, or a column of it: written twice for the third.
SECOND = ID["SECOND"]
# The column that follows belongs to the enclosing query although this one has its table too.
OUTER = ID["OUTER"]
# `[` and `]` are the brackets of arithmetic, `(` those of conditions; `)` also ends `(SELECT`.
SUBQUERY, CLOSE, OPEN = ID["(SELECT"], ID[")"], ID["("]
SQUARE, SQUARE_END = ID["["], ID["]"]
STAR, COUNT, COUNT_ALL, DISTINCT = (ID[name] for name in ("*", "COUNT", "COUNT(*)", "DISTINCT"))
FROM, WHERE, GROUP, HAVING = ID["FROM"], ID["WHERE"], ID["GROUP BY"], ID["HAVING"]
ORDER, LIMIT, LIMIT_ONE = ID["ORDER BY"], ID["LIMIT"], ID["LIMIT 1"]
ON, LEFT_JOIN, CROSS_JOIN = ID["ON"], ID["LEFT JOIN"], ID["CROSS JOIN"]
AND, OR = ID["AND"], ID["OR"]
ASC, DESC = ID["ASC"], ID["DESC"]
BETWEEN, NOT_BETWEEN = ID["BETWEEN"], ID["NOT BETWEEN"]
IN, NOT_IN, LIKE, NOT_LIKE = ID["IN"], ID["NOT IN"], ID["LIKE"], ID["NOT LIKE"]
IS_NULL, IS_NOT_NULL = ID["IS NULL"], ID["IS NOT NULL"]
EXISTS, NOT_EXISTS = ID["EXISTS"], ID["NOT EXISTS"]

AGGREGATES = frozenset(ID[name] for name in ("COUNT", "SUM", "AVG", "MIN", "MAX"))
SET_OPERATORS = frozenset(ID[name] for name in ("INTERSECT", "UNION", "EXCEPT", "UNION ALL"))
COMPARISONS = frozenset(ID[name] for name in ("=", "!=", "<", "<=", ">", ">="))
ARITHMETIC = frozenset(ID[name] for name in ("+", "-", "×", "/"))
SHAPES = frozenset(ID[name] for name in ("%…%", "…%", "%…"))
# Literals that questions imply without naming them.
LITERALS = frozenset(ID[name] for name in ("0", "1", "2", "3", "''"))
# What opens a clause, and with it ends the one before.
CLAUSES = frozenset((FROM, WHERE, GROUP, HAVING, ORDER, LIMIT, LIMIT_ONE)) | SET_OPERATORS
