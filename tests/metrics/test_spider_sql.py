"""The parser accepts Spider's subset with the official habits, and refuses the rest by name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2s_bench.metrics.exact_match import exact_match
from t2s_bench.metrics.spider_query import ColumnUnit, Query, ValueUnit
from t2s_bench.metrics.spider_schema import SpiderSchema
from t2s_bench.metrics.spider_sql import MAX_LENGTH, MAX_NESTING, parse
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError


def plain(column: str, aggregate: str = "none", distinct: bool = False) -> ColumnUnit:
    return ColumnUnit(aggregate, column, distinct)


def test_a_bare_column_belongs_to_the_first_table_that_has_it(singers: SpiderSchema) -> None:
    query = parse("SELECT year, name FROM singer JOIN concert", singers)
    assert [item.unit.left.column for item in query.select] == ["concert.year", "singer.name"]


@pytest.mark.parametrize(
    ("item", "aggregate", "unit"),
    [
        ("count(*)", "count", ValueUnit("none", plain("*"), None)),
        ("max(age)", "max", ValueUnit("none", plain("singer.age"), None)),
        (
            "count(DISTINCT age)",
            "count",
            ValueUnit("none", plain("singer.age", "none", True), None),
        ),
        ("(age)", "none", ValueUnit("none", plain("singer.age"), None)),
        ("((age))", "none", ValueUnit("none", plain("singer.age"), None)),
        ("(max(age))", "none", ValueUnit("none", plain("singer.age", "max"), None)),
        ("age - singer_id", "none", ValueUnit("-", plain("singer.age"), plain("singer.singer_id"))),
        ("sum(age * age)", "sum", ValueUnit("*", plain("singer.age"), plain("singer.age"))),
        ("none(age)", "none", ValueUnit("none", plain("singer.age"), None)),
        ("age none age", "none", ValueUnit("none", plain("singer.age"), plain("singer.age"))),
    ],
)
def test_a_select_item_is_an_aggregate_and_one_or_two_columns(
    singers: SpiderSchema, item: str, aggregate: str, unit: ValueUnit
) -> None:
    (found,) = parse(f"SELECT {item} FROM singer", singers).select
    assert (found.aggregate, found.unit) == (aggregate, unit)


@pytest.mark.parametrize(
    ("condition", "negated", "operator", "value", "second"),
    [
        ("age = 1", False, "=", 1.0, None),
        ("age > -1.5e3", False, ">", -1500.0, None),
        ("age < = 1", False, "<=", 1.0, None),
        ("age = (1)", False, "=", 1.0, None),
        ("name NOT LIKE '%A%'", True, "like", '"%A%"', None),
        ("name IN ('x')", False, "in", '"x"', None),
        ("age BETWEEN 1 AND 2", False, "between", 1.0, 2.0),
        ("age = singer_id", False, "=", plain("singer.singer_id"), None),
        ("age = DISTINCT singer_id", False, "=", plain("singer.singer_id", "none", True), None),
        ("age = singer_id OR age = 3", False, "=", plain("singer.singer_id"), None),
        ("age IS 'x'", False, "is", '"x"', None),
        ("age = 1_000", False, "=", 1000.0, None),
        ("age = inf", False, "=", float("inf"), None),
    ],
)
def test_a_condition_is_a_unit_an_operator_and_a_value(
    singers: SpiderSchema,
    condition: str,
    negated: bool,
    operator: str,
    value: object,
    second: object,
) -> None:
    (found,) = parse(f"SELECT name FROM singer WHERE {condition}", singers).where
    assert not isinstance(found, str)
    assert found.unit.left.column in ("singer.age", "singer.name")
    assert (found.negated, found.operator, found.value, found.second) == (
        negated,
        operator,
        value,
        second,
    )


def test_conditions_keep_their_connectives_in_one_row(singers: SpiderSchema) -> None:
    sql = "SELECT name FROM singer WHERE age = 1 AND age = 2 OR age = 3 age = 4 AND"
    row = parse(sql, singers).where
    assert [item if isinstance(item, str) else item.value for item in row] == [
        1.0, "and", 2.0, "or", 3.0, 4.0, "and",
    ]  # fmt: skip


def test_on_conditions_of_several_joins_are_joined_by_and(singers: SpiderSchema) -> None:
    sql = (
        "SELECT name FROM singer AS a JOIN singer_in_concert AS b ON a.singer_id = b.singer_id "
        "AND a.age = 1 JOIN concert AS c ON b.concert_id = c.concert_id"
    )
    query = parse(sql, singers)
    assert query.tables == ("singer", "singer_in_concert", "concert")
    assert [item if isinstance(item, str) else item.unit.left.column for item in query.joins] == [
        "singer.singer_id", "and", "singer.age", "and", "singer_in_concert.concert_id",
    ]  # fmt: skip


def test_subqueries_stand_as_tables_and_values(singers: SpiderSchema) -> None:
    sql = "SELECT count(*) FROM (SELECT name FROM singer) WHERE x IN (SELECT name FROM concert)"
    with pytest.raises(SpiderSyntaxError, match="unknown column 'x'"):
        parse(sql, singers)
    query = parse(sql.replace("x IN", "* IN"), singers)
    (table,) = query.tables
    (condition,) = query.where
    assert isinstance(table, Query)
    assert table.tables == ("singer",)
    assert not isinstance(condition, str)
    assert isinstance(condition.value, Query)
    assert condition.value.tables == ("concert",)


@pytest.mark.parametrize("operator", ["UNION", "INTERSECT", "EXCEPT"])
def test_a_set_operation_hangs_on_the_query_before_it(singers: SpiderSchema, operator: str) -> None:
    sql = f"(SELECT * FROM singer); {operator} SELECT * FROM concert UNION SELECT * FROM singer"
    query = parse(sql, singers)
    assert query.set_operator == operator.lower()
    assert query.right is not None
    assert (query.right.tables, query.right.set_operator) == (("concert",), "union")


def test_clauses_are_read_in_their_order(singers: SpiderSchema) -> None:
    query = parse(
        "SELECT DISTINCT country FROM singer WHERE age > 1 GROUP BY country, name "
        "HAVING count(*) > 2 ORDER BY max(age) DESC, name LIMIT 3;;",
        singers,
    )
    assert query.distinct is True
    assert query.group == (plain("singer.country"), plain("singer.name"))
    assert len(query.having) == 1
    assert query.order is not None
    assert query.order.direction == "desc"
    assert [unit.left for unit in query.order.units] == [
        plain("singer.age", "max"),
        plain("singer.name"),
    ]
    assert query.limited


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM singer LIMIT 1 OFFSET 2",
        "SELECT name FROM singer LIMIT ;",
        "SELECT name FROM singer LIMIT many",
    ],
)
def test_whatever_follows_limit_is_its_number(singers: SpiderSchema, sql: str) -> None:
    assert parse(sql, singers).limited


@pytest.mark.parametrize(
    ("sql", "same_as"),
    [
        ("SELECT name FROM singer; DROP TABLE singer", "SELECT name FROM singer"),
        ("SELECT name FROM singer ORDER BY age NULLS LAST", "SELECT name FROM singer ORDER BY age"),
        ("SELECT name FROM singer WHERE", "SELECT name FROM singer"),
        ("SELECT name age FROM singer", "SELECT name, age FROM singer"),
        ("SELECT name, FROM singer", "SELECT name FROM singer"),
        ("SELECT name FROM singer concert", "SELECT name FROM singer JOIN concert"),
        ("SELECT name WHERE nonsense FROM singer", "SELECT name FROM singer"),
        ("SELECT name FROM (singer)", "SELECT name FROM singer"),
        ("SELECT s.name FROM singer AS s", "SELECT singer.name FROM singer"),
        (
            "SELECT name FROM singer JOIN concert ON year = age LEFT JOIN singer",
            "SELECT name FROM singer JOIN concert ON year = age JOIN singer",
        ),
    ],
)
def test_leniency_of_the_official_parser_is_kept(
    singers: SpiderSchema, sql: str, same_as: str
) -> None:
    assert parse(sql, singers) == parse(same_as, singers)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("", "no FROM"),
        ("SELECT 1", "no FROM"),
        ("SELECT name FROM singer UNION SELECT 1", "no FROM"),
        ("EXPLAIN SELECT name FROM singer", "'select' expected, not 'explain'"),
        ("SELECT name FROM singer UNION ALL SELECT name FROM singer", "not 'all'"),
        ("SELECT name AS n FROM singer", "unknown column 'as'"),
        ("SELECT name FROM singer AS concert", "alias 'concert' is the name of a table"),
        ("SELECT name FROM singer AS", "no alias after AS"),
        ("SELECT name FROM singer s", "unknown table or alias 's'"),
        ("SELECT name FROM nowhere", "unknown table or alias 'nowhere'"),
        ("SELECT name FROM singer, concert", "unknown table or alias ','"),
        ("SELECT name FROM singer LEFT JOIN concert", "unknown table or alias 'left'"),
        ("SELECT name FROM (SELECT name FROM singer) AS t", "unknown table or alias 'as'"),
        ("SELECT name FROM (singer", "'\\)' expected"),
        ("SELECT size FROM singer", "unknown column 'size'"),
        ("SELECT s.size FROM singer AS s", "unknown column 's.size'"),
        ("SELECT main.singer.name FROM singer", "unknown column 'main.singer.name'"),
        ("SELECT singer.* FROM singer", "unknown column 'singer.'"),
        ("SELECT a.name FROM singer AS b JOIN b AS a", "unknown table 'b'|unknown column 'a.name'"),
        ("SELECT 'x' FROM singer", "unknown column"),
        ("SELECT `name` FROM singer", "unknown column '`'"),
        ("SELECT [name] FROM singer", "unknown column '\\['"),
        ("SELECT max(age, name) FROM singer", "'\\)' expected, not ','"),
        ("SELECT round(age) FROM singer", "unknown column 'round'"),
        ("SELECT max(age) - min(age) FROM singer", "unknown column '-'"),
        ("SELECT age + 1 FROM singer", "unknown column '1'"),
        ("SELECT CASE WHEN age > 1 THEN 1 END FROM singer", "unknown column 'case'"),
        ("SELECT name FROM singer WHERE age", "where a comparison is expected"),
        ("SELECT name FROM singer WHERE age =", "where a value is expected"),
        ("SELECT name FROM singer WHERE age = AND", "where a value is expected"),
        ("SELECT name FROM singer WHERE age <> 1", "unknown column '>'"),
        ("SELECT name FROM singer WHERE age=1", "unknown column 'age=1'"),
        ("SELECT name FROM singer WHERE age>=1", "unknown column '=1'"),
        ("SELECT name FROM singer WHERE age IN (1, 2)", "'\\)' expected, not ','"),
        ("SELECT name FROM singer WHERE age IS NULL", "unknown column 'null'"),
        ("SELECT name FROM singer WHERE age IS NOT NULL", "unknown column 'not'"),
        ("SELECT name FROM singer WHERE NOT age = 1", "unknown column 'not'"),
        ("SELECT name FROM singer WHERE EXISTS (SELECT name FROM singer)", "unknown column 'exist"),
        ("SELECT name FROM singer WHERE age BETWEEN 1 OR 2", "'and' expected, not 'or'"),
        ("SELECT name FROM singer WHERE age = (singer_id)", "brackets around a column"),
        ("SELECT name FROM singer WHERE age = max(age)", "brackets around a column"),
        ("SELECT name FROM singer WHERE age = 1 HAVING age = 1", "unknown column 'having'"),
        ("SELECT name FROM singer WHERE country = 'it''s'", "unknown column '__val"),
        ("SELECT name FROM singer WHERE country = 'x", "odd number of quotes"),
        ("SELECT name FROM singer GROUP country", "'by' expected"),
        ("SELECT name FROM singer ORDER age", "'by' expected"),
        ("SELECT name FROM singer LIMIT", "no number after LIMIT"),
        ("-- SELECT name FROM singer", "'select' expected, not '--'"),
    ],
)
def test_sql_outside_the_subset_is_refused_with_its_reason(
    singers: SpiderSchema, sql: str, reason: str
) -> None:
    with pytest.raises(SpiderSyntaxError, match=reason):
        parse(sql, singers)


def test_the_last_meaning_of_an_alias_holds_everywhere(singers: SpiderSchema) -> None:
    sql = "SELECT a.name FROM singer AS a UNION SELECT a.name FROM concert AS a"
    query = parse(sql, singers)
    assert query.select[0].unit.left.column == "concert.name"
    # The table of the first SELECT is looked up through the alias only where it is used as a name.
    assert query.tables == ("singer",)


@pytest.mark.parametrize(
    "opening",
    ["SELECT * FROM (", "SELECT * FROM singer WHERE age IN (", "SELECT * FROM singer UNION "],
)
def test_nesting_is_limited(singers: SpiderSchema, opening: str) -> None:
    def nested(depth: int) -> str:
        closing = ")" if opening.endswith("(") else ""
        return opening * (depth - 1) + "SELECT * FROM singer" + closing * (depth - 1)

    deepest = nested(MAX_NESTING)
    assert exact_match(deepest, deepest + ";", singers, values=True).exact
    with pytest.raises(SpiderSyntaxError, match="nested more than"):
        parse(nested(MAX_NESTING + 1), singers)
    with pytest.raises(SpiderSyntaxError, match="nested more than"):
        parse(opening * 1500, singers)


def test_length_is_limited(singers: SpiderSchema) -> None:
    sql = "SELECT name FROM singer WHERE age = 1"
    assert parse(sql + " " * (MAX_LENGTH - len(sql)), singers).where
    with pytest.raises(SpiderSyntaxError, match="longer than 100000 characters"):
        parse(sql + " " * MAX_LENGTH, singers)


WORDS = st.sampled_from(
    [
        "select",
        "from",
        "where",
        "group",
        "by",
        "having",
        "order",
        "limit",
        "and",
        "or",
        "not",
        "between",
        "in",
        "like",
        "is",
        "exists",
        "=",
        ">",
        "<",
        ">=",
        "<=",
        "!=",
        "<>",
        "(",
        ")",
        ",",
        ";",
        "*",
        "-",
        "+",
        "/",
        "none",
        "max",
        "count",
        "distinct",
        "as",
        "join",
        "on",
        "union",
        "except",
        "asc",
        "desc",
        "singer",
        "s",
        "concert",
        "name",
        "age",
        "singer.age",
        "s.name",
        "singer.",
        ".",
        "1",
        "2.5",
        "-3",
        "nan",
        "'x'",
        '"',
        "'",
        "..",
        "--",
        "={}",
        "\x00",
        "�",
    ]
)


@settings(max_examples=300)
@given(st.one_of(st.text(), st.lists(WORDS, max_size=30).map(" ".join)))
def test_nothing_but_the_parsers_own_error_escapes(text: str) -> None:
    schema = SpiderSchema({"singer": ("name", "age"), "concert": ("name",)})
    for sql in (text, f"SELECT name FROM singer {text}", f"SELECT name FROM singer WHERE {text}"):
        try:
            assert parse(sql, schema) == parse(sql, schema) or "nan" in sql
        except SpiderSyntaxError as error:
            assert str(error)
