"""The official rewriting of a query, with and without the lexer."""

from __future__ import annotations

import sqlparse
from hypothesis import given, settings
from hypothesis import strategies as st

from t2s_bench.metrics.spider_text import distinct_removed

PIECES = st.sampled_from(
    [
        "SELECT ", "DISTINCT ", "distinct", "(DISTINCT a)", "count(distinct x) ", "'distinct' ",
        '"DISTINCT"', "'it''s distinct'", "a.distinct ", "distinct.a", "distinct_a", "_distinct ",
        "1distinct ", "1e5 ", ".5", "FROM t ", ";", "; ", " ", "\n", "--x distinct\n",
        "/* distinct */",
        "'", '"', "`distinct`", "[distinct]", "@distinct", "#distinct\n", "$distinct", ":distinct",
        "\\", "é", "distincté", "-", "- -", "<>", "!=", "GROUP BY ", "ORDER BY ", "CASE WHEN ",
        "END ",
        "BEGIN ", "CREATE ", "*", "a-distinct", "/", "''", '""', "%s", "distinct*", "+distinct+",
        ",",
    ]
)  # fmt: skip


def by_the_lexer(sql: str) -> str:
    """As the official script does it."""
    statements = sqlparse.parse(sql)
    if not statements:
        return ""
    tokens = (token.value for token in statements[0].flatten())
    return "".join(token for token in tokens if token.lower() != "distinct")


@given(st.lists(PIECES, max_size=12).map("".join))
@settings(max_examples=3000, deadline=None)
def test_the_short_cut_gives_what_the_lexer_gives(sql: str) -> None:
    # Text without any token makes the official script crash; here it stays as it is.
    # Space after the statement is nothing to SQLite.
    assert distinct_removed(sql).rstrip() == by_the_lexer(sql).rstrip()
