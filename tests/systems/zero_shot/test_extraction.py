from __future__ import annotations

import pytest

from t2s_bench.plugins import find_system, system_module

extract_sql = system_module(find_system("zero_shot").folder, "extraction").extract_sql


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("```sql\nSELECT 1\n```", "SELECT 1"),
        ("``` SQL\nSELECT 1;```", "SELECT 1;"),
        ("```sqlite\nSELECT 1\n```", "SELECT 1"),
        ("```sql SELECT 1```", "SELECT 1"),
        ("<think>```sql\nSELECT 1\n```</think><answer>```sql\nSELECT 2\n```</answer>", "SELECT 2"),
        ("```sql\nSELECT 1\n``` and SELECT 2", "SELECT 1"),
        ("<think>SELECT 1</think>\nSELECT 2", "SELECT 2"),
        ("<answer>\nSELECT 1\n</answer>", "SELECT 1"),
        ("<answer>```\nSELECT 1\n```</answer>", "SELECT 1"),
        ("<answer>I do not know</answer>\n```\nSELECT 3\n```", "SELECT 3"),
        ("```python\nprint(1)\n```\n```\nWITH a AS (SELECT 1) SELECT * FROM a\n```",
         "WITH a AS (SELECT 1) SELECT * FROM a"),
        ("Cut off: ```sql\nSELECT a FROM", "SELECT a FROM"),
        ("SQL: select a\nfrom b\n\nThis lists a.", "select a\nfrom b"),
        ("SELECT 'a;' -- odd", "SELECT 'a"),
        ("You could select many things.", ""),
        ("", ""),
        ("``` \n```", ""),
    ],
)  # fmt: skip
def test_the_sql_of_an_answer(text: str, sql: str) -> None:
    assert extract_sql(text) == sql


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("```sql\nSELECT 1\n``` ```sql\nSELECT 2\n```", "SELECT 2"),
        ("<answer>SELECT 1</answer>", ""),
        ("SELECT 1", ""),
        ("```sql\nSELECT 1", ""),
    ],
)
def test_strictly_only_a_closed_sql_block_counts(text: str, sql: str) -> None:
    assert extract_sql(text, True) == sql
