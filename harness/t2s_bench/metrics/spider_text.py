"""What Spider's official script does to the text of a query before it runs it.

Source: taoyds/test-suite-sql-eval, `exec_eval.py` and `evaluation.py`. The tokens are sqlparse's,
as there; grouping, which only costs time, is left out.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SPLIT_OPERATORS = (("> =", ">="), ("< =", "<="), ("! =", "!="))
# Text whose tokens need no lexer: words, figures, plain punctuation and closed quotes. Backslashes,
# comments, brackets and the signs that begin special names (@ # $ : % `) are left to sqlparse.
_PLAIN = re.compile(r"(?:[A-Za-z0-9_\s(),.*=<>!+/;]|-(?!-)|'[^'\\]*'|\"[^\"\\]*\")*")
_DISTINCT = re.compile(
    r"'[^']*'|\"[^\"]*\"|(?<![A-Za-z0-9_])distinct(?![A-Za-z0-9_])", re.IGNORECASE
)
_CURRENT_YEAR = re.compile(r"YEAR\s*\(\s*CURDATE\s*\(\s*\)\s*\)\s*", re.IGNORECASE)


def operators_joined(sql: str) -> str:
    """Repairs operators that a tokenizer has split, everywhere, string literals included.

    >>> operators_joined("SELECT a FROM t WHERE b > = 'x ! = y'")
    "SELECT a FROM t WHERE b >= 'x != y'"
    """
    for split, joined in _SPLIT_OPERATORS:
        sql = sql.replace(split, joined)
    return sql


@lru_cache(maxsize=4096)
def distinct_removed(sql: str) -> str:
    """Drops every DISTINCT outside quotes and all but the first statement.

    COUNT(DISTINCT x) becomes COUNT( x). The official script crashes on text without any token;
    here that stays empty.

    >>> distinct_removed("SELECT DISTINCT a FROM t; DROP TABLE t")
    'SELECT  a FROM t; '
    >>> distinct_removed("SELECT 'distinct'")
    "SELECT 'distinct'"
    """
    semicolon = sql.find(";")
    if "distinct" not in sql.lower() and semicolon in (-1, len(sql.rstrip()) - 1):
        return sql  # one statement with nothing to drop: the tokens joined are the text itself
    if semicolon in (-1, len(sql.rstrip()) - 1) and "/*" not in sql and _PLAIN.fullmatch(sql):
        return _DISTINCT.sub(lambda found: found[0] if found[0][0] in "'\"" else "", sql)
    from sqlparse.engine import FilterStack

    for statement in FilterStack().run(sql):
        tokens = (token.value for token in statement.flatten())
        return "".join(token for token in tokens if token.lower() != "distinct")
    return ""


def current_year_fixed(sql: str) -> str:
    """MySQL's YEAR(CURDATE()) is 2020, the year of the script.

    >>> current_year_fixed("SELECT year ( curdate ( ) ) - 1")
    'SELECT 2020- 1'
    """
    return _CURRENT_YEAR.sub("2020", sql) if "curdate" in sql.lower() else sql


def order_matters(gold: str) -> bool:
    """Whether row order counts: the gold holds the text 'order by', in a subquery too.

    >>> order_matters("SELECT a FROM t ORDER  BY a")  # two spaces
    False
    """
    return "order by" in gold.lower()
