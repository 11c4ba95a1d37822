"""Exact set match, hardness and report: every habit of docs/metrics/exact-match.md holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.metrics.exact_match import (
    COMPONENTS,
    ComponentReport,
    ExactMatch,
    PartialScore,
    exact_match,
    match,
    official_prediction_text,
    prepare,
    report,
)
from t2s_bench.metrics.hardness import LEVELS, hardness
from t2s_bench.metrics.spider_schema import SpiderSchema
from t2s_bench.metrics.spider_sql import parse
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics" / "exact-match.md"
PAIRS = re.findall(r"```sql\n(.+?)  -- gold: (\w+)\n(.+?)  -- (.+)\n```", PAGE.read_text("utf-8"))


def verdict(found: ExactMatch) -> str:
    if found.unparsed is not None:
        return f"unparsed: {found.unparsed}"
    if found.exact:
        return "match"
    differing = [name for name in COMPONENTS if not found.partial[name].f1]
    return f"differs: {', '.join(differing) or 'tables'}"


def test_the_page_has_only_pairs_that_are_tested() -> None:
    assert PAGE.read_text("utf-8").count("```sql") == len(PAIRS) > 25


def test_the_page_names_the_tables_of_these_tests(singers: SpiderSchema) -> None:
    for table, columns in re.findall(r"^(\w+)\((.+)\)$", PAGE.read_text("utf-8"), re.MULTILINE):
        names = [column.partition(" = ") for column in columns.split(", ")]
        assert [name for name, _, _ in names] == list(singers.tables[table])
        for name, _, key in names:
            if key:
                assert singers.foreign_keys[f"{table}.{name}"] == key


@pytest.mark.parametrize(("gold", "level", "predicted", "expected"), PAIRS)
def test_each_pair_of_the_page_has_its_verdict(
    singers: SpiderSchema, gold: str, level: str, predicted: str, expected: str
) -> None:
    plain, *variants = expected.split("; with ")
    found = exact_match(gold, predicted, singers)
    assert (found.hardness, verdict(found)) == (level, plain)
    for variant in variants:
        option, _, result = variant.partition(": ")
        options = {"values": option == "values", "distinct": option == "distinct"}
        assert verdict(exact_match(gold, predicted, singers, **options)) == result


def differing(schema: SpiderSchema, gold: str, predicted: str, **options: bool) -> str:
    return verdict(exact_match(gold, predicted, schema, **options))


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        # Items are a bag: a repetition counts.
        ("SELECT name FROM singer", "SELECT name, name FROM singer", "select, select(no AGG)"),
        ("SELECT max(age) FROM singer", "SELECT age FROM singer", "select"),
        ("SELECT count(*) FROM singer", "SELECT count(name) FROM singer", "select, select(no AGG)"),
        (
            "SELECT age - singer_id FROM singer",
            "SELECT singer_id - age FROM singer",
            "select, select(no AGG)",
        ),
        (
            "SELECT name FROM singer WHERE age > 1",
            "SELECT name FROM singer WHERE age < 1",
            "where",
        ),
        (
            "SELECT name FROM singer WHERE name NOT LIKE 'a'",
            "SELECT name FROM singer WHERE name LIKE 'a'",
            "where, keywords",
        ),
        (
            "SELECT name FROM singer WHERE age = 1 AND age = 2",
            "SELECT name FROM singer WHERE age = 1 OR age = 2",
            "and/or, keywords",
        ),
        (
            "SELECT count(*) FROM singer GROUP BY age, name",
            "SELECT count(*) FROM singer GROUP BY name, age",
            "group",
        ),
        (
            "SELECT count(*) FROM singer GROUP BY name HAVING count(*) > 1",
            "SELECT count(*) FROM singer GROUP BY name HAVING max(age) > 1",
            "group",
        ),
        (
            "SELECT name FROM singer ORDER BY age",
            "SELECT name FROM singer ORDER BY age LIMIT 1",
            "order, keywords",
        ),
        ("SELECT name FROM singer", "SELECT name FROM singer LIMIT 1", "keywords"),
        (
            "SELECT name FROM singer UNION SELECT name FROM singer",
            "SELECT name FROM singer EXCEPT SELECT name FROM singer",
            "IUEN, keywords",
        ),
        (
            "SELECT name FROM singer UNION SELECT name FROM singer WHERE age > 1",
            "SELECT name FROM singer UNION SELECT name FROM singer WHERE age < 1",
            "IUEN",
        ),
        ("SELECT count(*) FROM singer", "SELECT count(*) FROM singer JOIN singer", "tables"),
    ],
)
def test_a_difference_shows_in_its_components(
    singers: SpiderSchema, gold: str, predicted: str, expected: str
) -> None:
    assert differing(singers, gold, predicted) == f"differs: {expected}"


def test_keys_are_one_column_only_for_tables_of_the_first_select(singers: SpiderSchema) -> None:
    tail = "FROM singer AS a JOIN singer_in_concert AS b"
    gold = f"SELECT a.singer_id {tail} GROUP BY a.singer_id ORDER BY a.singer_id"
    assert differing(singers, gold, gold.replace("a.s", "b.s")) == "match"
    nested = f"SELECT name FROM singer WHERE age IN (SELECT a.singer_id {tail})"
    assert differing(singers, nested, nested.replace("a.s", "b.s")) == "differs: where"
    right = f"SELECT age FROM singer UNION SELECT a.singer_id {tail}"
    assert differing(singers, right, right.replace("a.s", "b.s")) == "differs: IUEN"


def test_values_and_distinct_are_compared_when_asked_for(singers: SpiderSchema) -> None:
    gold = "SELECT count(DISTINCT name) FROM singer WHERE age = 1 AND name = 'x'"
    assert differing(singers, gold, gold.replace("= 1", "= 1.0"), values=True) == "match"
    assert differing(singers, gold, gold.replace("'x'", "'X'"), values=True) == "differs: where"
    assert differing(singers, gold, gold.replace("DISTINCT", ""), values=True) == "match"
    assert (
        differing(singers, gold, gold.replace("DISTINCT", ""), distinct=True)
        == "differs: select, select(no AGG)"
    )


def test_a_missing_connective_shifts_the_conditions(singers: SpiderSchema) -> None:
    one = "SELECT name FROM singer WHERE age = 1"
    # Two conditions side by side: the second stands where AND or OR is expected.
    assert differing(singers, one, f"{one} name = 2") == "differs: and/or"
    # A third one behind AND: now AND stands where a condition is expected (officially a crash).
    shifted = f"{one} name = 2 AND age = 3"
    assert differing(singers, one, shifted).startswith("unparsed: 'and' where a condition")
    with pytest.raises(SpiderSyntaxError, match="'and' where a condition"):
        exact_match(shifted, one, singers)


def test_subqueries_in_from_are_a_bag_where_the_official_script_cannot_sort_them(
    singers: SpiderSchema,
) -> None:
    one, two = "(SELECT name FROM singer)", "(SELECT age FROM singer)"
    gold = f"SELECT count(*) FROM {one} {two}"
    assert differing(singers, gold, f"SELECT count(*) FROM {two} {one}") == "match"
    assert differing(singers, gold, f"SELECT count(*) FROM {one} {one}") == "differs: tables"


def test_totals_count_items_and_are_swapped_for_connectives(singers: SpiderSchema) -> None:
    found = exact_match(
        "SELECT name, age FROM singer WHERE age = 1 AND age = 2 ORDER BY name",
        "SELECT name FROM singer",
        singers,
    )
    assert found.partial["select"] == PartialScore(0, 0, 0, 2, 1)
    assert found.partial["where"] == PartialScore(0, 0, 0, 2, 0)
    assert found.partial["order"] == PartialScore(0, 0, 0, 1, 0)
    assert found.partial["and/or"] == PartialScore(0, 0, 0, 0, 1)
    assert found.partial["keywords"] == PartialScore(0, 0, 0, 3, 0)
    assert found.partial["group"] == PartialScore(1, 1, 1, 0, 0)
    assert tuple(found.partial) == COMPONENTS


def test_an_unparsable_prediction_counts_as_an_empty_query(singers: SpiderSchema) -> None:
    found = exact_match("SELECT name FROM singer", "I do not know", singers)
    assert (found.exact, found.unparsed) == (False, "no FROM")
    assert found.partial["select"] == PartialScore(0, 0, 0, 1, 0)
    assert found.partial["and/or"] == PartialScore(1, 1, 1, 1, 1)


def test_a_prepared_gold_and_a_parsed_prediction_give_the_same_verdict(
    singers: SpiderSchema,
) -> None:
    gold, predicted = "SELECT name, age FROM singer", "SELECT age, name FROM singer LIMIT 1"
    expected = exact_match(gold, predicted, singers)
    assert match(prepare(gold, singers), predicted) == expected
    assert match(prepare(parse(gold, singers), singers), parse(predicted, singers)) == expected


ITEMS = st.lists(
    st.sampled_from(["name", "max(age)", "age", "count(*)", "age - singer_id"]), min_size=1
)


@given(ITEMS.flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_select_items_match_in_any_order(
    singers: SpiderSchema, orders: tuple[list[str], list[str]]
) -> None:
    one, two = (f"SELECT {', '.join(order)} FROM singer" for order in orders)
    assert exact_match(one, two, singers).exact


@pytest.mark.parametrize(
    ("sql", "level"),
    [
        ("SELECT name FROM singer", "easy"),
        ("SELECT name FROM singer WHERE age > 1", "easy"),
        ("SELECT name FROM singer LIMIT 1", "easy"),
        ("SELECT name, age FROM singer", "medium"),
        ("SELECT name FROM singer ORDER BY age LIMIT 1", "medium"),
        ("SELECT name FROM singer WHERE name LIKE 'a'", "medium"),
        ("SELECT max(age), min(age) FROM singer", "medium"),
        ("SELECT max(age), name FROM singer WHERE age > 1 AND age < 2", "medium"),
        ("SELECT name, max(age), min(age) FROM singer WHERE age = 1 AND age = 2", "hard"),
        ("SELECT name FROM singer WHERE age = 1 ORDER BY age LIMIT 1", "hard"),
        ("SELECT name FROM singer WHERE age IN (SELECT age FROM singer)", "hard"),
        ("SELECT name FROM singer UNION SELECT name FROM singer", "hard"),
        ("SELECT name, age FROM singer UNION SELECT name, age FROM singer", "extra"),
        ("SELECT name FROM singer WHERE age BETWEEN (SELECT age FROM singer) AND 2", "hard"),
        (
            "SELECT name FROM singer WHERE age BETWEEN (SELECT age FROM singer) AND "
            "(SELECT age FROM singer)",
            "extra",
        ),
        (
            "SELECT name FROM singer AS a JOIN singer_in_concert AS b JOIN concert AS c "
            "WHERE age = 1 GROUP BY name",
            "extra",
        ),
        # NOT is one aggregate, AND in HAVING another: together more than one.
        ("SELECT age FROM singer GROUP BY age HAVING age = 1", "easy"),
        ("SELECT age FROM singer GROUP BY age HAVING age = 1 AND age = 2", "easy"),
        ("SELECT age FROM singer GROUP BY age HAVING age NOT IN ('x') AND age = 2", "medium"),
        ("SELECT count(*) FROM singer GROUP BY age ORDER BY count(*)", "medium"),
    ],
)
def test_hardness_counts_clauses_others_and_nesting(
    singers: SpiderSchema, sql: str, level: str
) -> None:
    assert hardness(parse(sql, singers)) == level


def test_the_report_averages_over_those_that_have_the_component(singers: SpiderSchema) -> None:
    gold = "SELECT name FROM singer WHERE age = 1"
    found = [
        exact_match(gold, gold, singers),
        exact_match(gold, "SELECT name FROM singer", singers),
        exact_match("SELECT name FROM singer", "SELECT name FROM singer LIMIT 1", singers),
    ]
    table = report(found)
    assert list(table) == [*LEVELS, "all"]
    every = table["all"]
    assert every.count == 3
    assert every.exact == 1 / 3
    # WHERE: one prediction has it and is right; two golds have it, one of them is met.
    assert every.partial["where"] == ComponentReport(1.0, 0.5, 2 / 3)
    # ORDER BY occurs nowhere: both means are 0, and F1 is 1, as officially.
    assert every.partial["order"] == ComponentReport(0.0, 0.0, 1.0)
    assert table["easy"] == every
    assert (table["hard"].count, table["hard"].exact) == (0, 0.0)
    assert table["hard"].partial["order"] == ComponentReport(0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("sql", "seen"),
    [
        ("SELECT total_value FROM t", "SELECT total_1 FROM t"),
        ("SELECT Value FROM t", "SELECT Value FROM t"),
        ("  SELECT a FROM t ; ", "SELECT a FROM t ;"),
        ("SELECT a\nFROM t", "SELECT a"),
        ("\r\nSELECT a\rFROM t", "SELECT a"),
        ("SELECT a FROM t\t----- bird -----\tdb", "SELECT a FROM t"),
        ("", ""),
    ],
)
def test_the_official_script_reads_one_field_of_one_line(sql: str, seen: str) -> None:
    assert official_prediction_text(sql) == seen
