"""Spider 2.0-SQLite: golds given as results become SQL that returns them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.benchmarks.spider2 import gold_sql
from t2s_bench.errors import BadInput
from t2s_bench.scoring import Scorer

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def result(sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.execute(sql)
        return [column[0] for column in cursor.description], cursor.fetchall()


def test_omnisqls_layout(layouts: Layouts) -> None:
    made = import_benchmark("spider2-sqlite", layouts.spider2())
    first, second = load("spider2-sqlite").examples
    assert [result(sql) for sql in first.golds] == [
        (["name", "total"], [("x", 1.5), ("y", 2)]),
        (["total"], [(2,), (1.5,)]),
    ]
    assert ["ORDER BY" in sql for sql in first.golds] == [True, False]
    (gold,) = second.golds
    assert result(gold) == (["id", "note"], [(1, None), (2, "it's")])
    assert "ORDER BY" not in gold
    assert "1 tasks have no gold result and are not in: local003" in made.notes


def test_the_repositorys_layout(layouts: Layouts) -> None:
    import_benchmark("spider2-sqlite", layouts.spider2_lite())
    loaded = load("spider2-sqlite")
    assert [example.id for example in loaded.examples] == ["local001", "local002"]
    assert loaded.examples[0].question.evidence == "RFM means recency, frequency, money."
    assert list(loaded.databases) == ["Shop"]


def test_its_golds_match_themselves(layouts: Layouts) -> None:
    import_benchmark("spider2-sqlite", layouts.spider2())
    loaded = load("spider2-sqlite")
    with Scorer([loaded.primary_metric]) as scorer:
        for example in loaded.examples:
            for gold in example.golds:
                assert scorer.score(example, gold).metrics["subset"] == 1.0


def test_columns_and_orders_count_as_the_rules_say(layouts: Layouts) -> None:
    import_benchmark("spider2-sqlite", layouts.spider2())
    first, second = load("spider2-sqlite").examples
    with Scorer(["subset"]) as scorer:

        def right(sql: str, *, ordered: bool) -> bool:
            return bool(scorer.score(first if ordered else second, sql).metrics["subset"])

        rows = "SELECT 'x' AS name, 1.5, 0 UNION ALL SELECT 'y', 2.004, 1"
        # By its first gold the order counts, by its second only the totals, in any order.
        assert right(rows, ordered=True)
        assert right("SELECT 2 UNION ALL SELECT 1.5", ordered=True)
        assert not right("SELECT 'x', 2 UNION ALL SELECT 'y', 1.6", ordered=True)
        assert right("SELECT 'it''s', 2 UNION ALL SELECT NULL, 1", ordered=False)
        assert not right("SELECT 'it''s', 1 UNION ALL SELECT NULL, 3", ordered=False)


def test_rules_that_fit_no_result_are_named(layouts: Layouts) -> None:
    folder = layouts.spider2()
    (folder / "gold_exec_result" / "local002.csv").write_text("only\n1\n")
    with pytest.raises(BadInput, match="the rules of 'local002' do not fit its gold results"):
        import_benchmark("spider2-sqlite", folder)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "-2", "+3"], [1, -2, 3]),
        (["1", "2.5", ""], [1, 2.5, None]),
        (["1", "two"], ["1", "two"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["NaN", "null", "None"], [None, None, None]),
        (["inf", "-inf", "1e3"], [float("inf"), float("-inf"), 1000.0]),
        (["2020-01-01", "it's"], ["2020-01-01", "it's"]),
        (["12345678901234567890", "1"], [1.2345678901234567e19, 1]),
    ],
)
def test_cells_are_read_as_the_official_evaluation_reads_them(
    cells: list[str], values: list[object]
) -> None:
    rows = [["a"], *([cell] for cell in cells)]
    assert [value for (value,) in result(gold_sql(rows, [], ordered=True))[1]] == values


def test_odd_headers_and_empty_results() -> None:
    assert result(gold_sql([['a "b"', "A", "a"], ["1", "2", "3"]], [], ordered=True)) == (
        ['a "b"', "A", "a_2"],
        [(1, 2, 3)],
    )
    assert result(gold_sql([["row", "ROW_2"], ["1", "2"]], [], ordered=True))[1] == [(1, 2)]
    assert result(gold_sql([["a", "b"]], [1], ordered=True)) == (["b"], [])


@given(st.lists(st.lists(st.text(max_size=5), min_size=2, max_size=2), min_size=1, max_size=6))
def test_any_text_survives(cells: list[list[str]]) -> None:
    rows = [["a", "b"], *([f"t{cell}" for cell in row] for row in cells)]
    found = result(gold_sql(rows, [], ordered=True))[1]
    assert found == [tuple(cell.replace("\0", "") for cell in row) for row in rows[1:]]
