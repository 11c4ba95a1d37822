"""Mutants: every family makes its mistake, rows decide, and equal queries are not made."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

MINI = Path(__file__).resolve().parents[2] / "data" / "mini"
# Its import names the version of sqlglot that is needed.
mutations = pytest.importorskip("mini_tools.mutations", exc_type=ImportError)
nulls = importlib.import_module("mini_tools.nulls")
query = importlib.import_module("mini_tools.query")
schema = importlib.import_module("mini_tools.schema")
sources = importlib.import_module("mini_tools.sources")
suite = importlib.import_module("mini_tools.suite")
databases = importlib.import_module("mini_tools.databases")

SCHEMA = """
CREATE TABLE team (team_id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, seats INTEGER);
CREATE TABLE player (
  player_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  team_id INTEGER NOT NULL REFERENCES team (team_id),
  loaned_to INTEGER REFERENCES team (team_id),
  goals INTEGER NOT NULL,
  fee REAL,
  signed_on DATE NOT NULL
);
"""
Rows = dict[str, list[tuple[Any, ...]]]
# One team and one player: on these rows most mistakes go unnoticed.
POOR: Rows = {
    "team": [(1, "Ajax", "Bern", 50)],
    "player": [(1, "Ana", 1, 1, 5, 10.25, "2024-02-29")],
}
RICH: Rows = {
    "team": [
        (1, "Ajax", "Bern", 50),
        (2, "Ajax", "Bern", 20),
        (3, "Brno", None, 30),
        (4, "Turm", "Ulm", 0),
    ],
    "player": [
        (1, "Ana", 1, 1, 5, 10.25, "2024-02-29"),
        (2, "Ana", 1, None, 4, 2.5, "2024-03-01"),
        (3, "Banana", 1, 3, 6, None, "2023-05-05"),
        (4, "Cy", 2, 1, 5, 2.5, "2024-02-28"),
        (5, "Dee", 3, None, 9, 0.0, "2022-07-01"),
        (6, "Ban", 3, 2, 9, 7.0, "2024-03-01"),
        (7, "CY", 3, 2, -1, 7.0, "2024-12-31"),
    ],
}


@pytest.fixture(scope="module")
def poor() -> Iterator[Any]:
    with filled(POOR) as fillings:
        yield fillings


@pytest.fixture(scope="module")
def rich() -> Iterator[Any]:
    with filled(RICH) as fillings:
        yield fillings


def filled(*rows: Rows) -> closing[Any]:
    return closing(suite.Fillings([databases.fill_database("league", SCHEMA, one) for one in rows]))


def made(gold: str, fillings: Any) -> list[Any]:
    """The mutants of a gold; it must survive being written by sqlglot."""
    connection = fillings.connections[0]
    tables = schema.read_tables(connection)
    assert suite.told_apart(gold, query.Query(gold, tables).sql, fillings) == []
    found: list[Any] = mutations.mutants(gold, tables, connection)
    return found


def of_family(name: str, gold: str, fillings: Any) -> list[str]:
    return [mutant.sql for mutant in made(gold, fillings) if mutant.family.name == name]


P = "SELECT player_id FROM player"
# Family, gold, a mutant it must make. The poor filling misses it, the rich one tells it apart.
MISTAKES = [
    ("condition", f"{P} WHERE goals = 5 AND fee > 3", f"{P} WHERE goals = 5"),
    ("condition", f"{P} WHERE goals = 5 OR fee > 3", f"{P} WHERE fee > 3"),
    ("condition", f"{P} WHERE goals = 5", P),
    (
        "condition",
        "SELECT team_id FROM player GROUP BY team_id HAVING COUNT(*) < 3",
        "SELECT team_id FROM player GROUP BY team_id",
    ),
    (
        "condition",
        "SELECT COUNT(*) FILTER(WHERE fee > 3) FROM player",
        "SELECT COUNT(*) FROM player",
    ),
    (
        "condition",
        "SELECT p.name, t.city FROM player AS p JOIN team AS t ON t.team_id = p.team_id",
        "SELECT p.name, t.city FROM player AS p, team AS t",
    ),
    ("connective", f"{P} WHERE goals > 4 AND fee > 3", f"{P} WHERE goals > 4 OR fee > 3"),
    (
        "connective",
        f"{P} WHERE goals > 4 AND (fee > 3 OR team_id = 1)",
        f"{P} WHERE goals > 4 AND (fee > 3 AND team_id = 1)",
    ),
    ("comparison", f"{P} WHERE goals > 4", f"{P} WHERE goals >= 4"),
    ("comparison", f"{P} WHERE fee <> 2.5", None),
    (
        "negation",
        f"{P} WHERE goals > 6 AND fee IS NULL",
        f"{P} WHERE goals > 6 AND NOT fee IS NULL",
    ),
    ("negation", f"{P} WHERE name LIKE 'B%'", None),
    ("negation", f"{P} WHERE NOT team_id IN (2, 3)", f"{P} WHERE team_id IN (2, 3)"),
    ("negation", f"{P} WHERE fee IS NULL", f"{P} WHERE NOT fee IS NULL"),
    ("number", f"{P} WHERE goals > 4", f"{P} WHERE goals > 3"),
    ("number", "SELECT ROUND(fee, 2) FROM player", "SELECT ROUND(fee, 1) FROM player"),
    ("number", "SELECT 1.0 * goals / 2 FROM player", "SELECT 1 * goals / 2 FROM player"),
    (
        "string",
        f"{P} WHERE goals > 6 AND name = 'Dee'",
        f"{P} WHERE goals > 6 AND name = 'Ana'",
    ),
    ("string", f"{P} WHERE name = 'Ana'", f"{P} WHERE name = 'Ban'"),
    ("string", f"{P} WHERE STRFTIME('%Y-%m', signed_on) = '2024-02'", None),
    ("string", "SELECT DATE(signed_on, '+1 day') FROM player", None),
    ("date", f"{P} WHERE signed_on >= '2024-02-29'", f"{P} WHERE signed_on >= '2024-03-01'"),
    (
        "date",
        f"{P} WHERE signed_on BETWEEN '2024-01-01' AND '2024-03-01'",
        f"{P} WHERE signed_on BETWEEN '2024-01-01' AND '2024-02-29'",
    ),
    ("pattern", f"{P} WHERE name LIKE '%an%'", f"{P} WHERE name LIKE 'an%'"),
    ("limit", f"{P} ORDER BY player_id LIMIT 3", f"{P} ORDER BY player_id LIMIT 4"),
    (
        "limit",
        f"{P} ORDER BY player_id LIMIT 3 OFFSET 2",
        f"{P} ORDER BY player_id LIMIT 3 OFFSET 1",
    ),
    (
        "join",
        "SELECT t.team_id, p.name FROM team AS t JOIN player AS p ON p.team_id = t.team_id",
        "SELECT t.team_id, p.name FROM team AS t LEFT JOIN player AS p ON p.team_id = t.team_id",
    ),
    (
        "join",
        "SELECT p.name, t.name FROM player AS p LEFT JOIN team AS t ON t.team_id = p.loaned_to",
        "SELECT p.name, t.name FROM player AS p JOIN team AS t ON t.team_id = p.loaned_to",
    ),
    (
        "join",
        "SELECT t.team_id, COUNT(p.player_id) FROM team AS t LEFT JOIN player AS p "
        "ON p.team_id = t.team_id AND p.fee > 3 GROUP BY t.team_id",
        "SELECT t.team_id, COUNT(p.player_id) FROM team AS t LEFT JOIN player AS p "
        "ON p.team_id = t.team_id WHERE p.fee > 3 GROUP BY t.team_id",
    ),
    (
        "table",
        "SELECT t.team_id FROM team AS t JOIN player AS p ON p.team_id = t.team_id",
        "SELECT t.team_id FROM team AS t",
    ),
    (
        "table",
        "SELECT p.name FROM player AS p JOIN team AS t ON t.team_id = p.team_id "
        "WHERE t.city = 'Bern' AND p.goals > 4",
        "SELECT p.name FROM player AS p WHERE p.goals > 4",
    ),
    ("aggregate", "SELECT MAX(goals) FROM player", "SELECT MIN(goals) FROM player"),
    ("aggregate", "SELECT SUM(goals) FROM player", "SELECT AVG(goals) FROM player"),
    ("aggregate", "SELECT COUNT(fee) FROM player", "SELECT COUNT(*) FROM player"),
    ("aggregate", "SELECT COUNT(*) FROM player", 'SELECT COUNT("player"."loaned_to") FROM player'),
    (
        "aggregate",
        "SELECT COUNT(*) FROM player",
        'SELECT COUNT(DISTINCT "player"."loaned_to") FROM player',
    ),
    ("distinct", "SELECT DISTINCT name FROM player", "SELECT name FROM player"),
    ("distinct", "SELECT name FROM player", "SELECT DISTINCT name FROM player"),
    (
        "distinct",
        "SELECT COUNT(DISTINCT team_id) FROM player",
        "SELECT COUNT(team_id) FROM player",
    ),
    ("distinct", "SELECT SUM(goals) FROM player", "SELECT SUM(DISTINCT goals) FROM player"),
    ("column", f"{P} WHERE team_id = 1", f'{P} WHERE "player"."loaned_to" = 1'),
    (
        "column",
        "SELECT a.name FROM team AS a JOIN team AS b ON b.city = a.city",
        'SELECT "a"."city" AS "name" FROM team AS a JOIN team AS b ON b.city = a.city',
    ),
    (
        "group",
        "SELECT goals, COUNT(*) FROM player GROUP BY goals, team_id",
        "SELECT goals, COUNT(*) FROM player GROUP BY goals",
    ),
    (
        "group",
        "SELECT t.name, COUNT(*) FROM team AS t GROUP BY t.name",
        'SELECT t.name, COUNT(*) FROM team AS t GROUP BY t.name, "t"."team_id"',
    ),
    (
        "set",
        "SELECT name FROM team UNION SELECT city FROM team",
        "SELECT name FROM team UNION ALL SELECT city FROM team",
    ),
    (
        "set",
        "SELECT team_id FROM team EXCEPT SELECT loaned_to FROM player WHERE fee > 100",
        "SELECT team_id FROM team INTERSECT SELECT loaned_to FROM player WHERE fee > 100",
    ),
    (
        "case",
        "SELECT CASE WHEN fee IS NULL THEN 'free' WHEN fee < 3 THEN 'low' ELSE 'high' END "
        "FROM player",
        "SELECT CASE WHEN fee IS NULL THEN 'low' WHEN fee < 3 THEN 'free' ELSE 'high' END "
        "FROM player",
    ),
    (
        "window",
        "SELECT player_id, SUM(goals) OVER (PARTITION BY team_id ORDER BY player_id) FROM player",
        "SELECT player_id, SUM(goals) OVER (ORDER BY player_id) FROM player",
    ),
    (
        "window",
        "SELECT player_id, RANK() OVER (ORDER BY goals) FROM player",
        "SELECT player_id, DENSE_RANK() OVER (ORDER BY goals) FROM player",
    ),
    (
        "order",
        "SELECT goals, player_id FROM player ORDER BY goals DESC, player_id",
        "SELECT goals, player_id FROM player ORDER BY goals DESC, player_id DESC",
    ),
    ("function", "SELECT CAST(goals AS REAL) / 2 FROM player", "SELECT goals / 2 FROM player"),
    ("function", "SELECT COALESCE(loaned_to, 0) FROM player", "SELECT loaned_to FROM player"),
    ("function", "SELECT LOWER(name) FROM player", "SELECT name FROM player"),
]


@pytest.mark.parametrize(("family", "gold", "mutant"), MISTAKES)
def test_a_family_makes_its_mistake_and_rows_tell_it_apart(
    family: str, gold: str, mutant: str | None, rich: Any
) -> None:
    found = of_family(family, gold, rich)
    chosen = mutant or found[0]
    assert chosen in found
    assert suite.told_apart(gold, chosen, rich) == [0]


@pytest.mark.parametrize("family", [family.name for family in mutations.FAMILIES])
def test_a_family_shows_a_weak_suite(family: str, poor: Any) -> None:
    """Rows too few to show the mistake leave a survivor, as they should."""
    cases = [(gold, mutant) for name, gold, mutant in MISTAKES if name == family and mutant]
    missed = [mutant for gold, mutant in cases if suite.told_apart(gold, mutant, poor) == []]
    assert missed


J = "SELECT p.name, t.name FROM player AS p JOIN team AS t ON t.team_id = p.team_id"
# Family, gold, part of the SQL that would mean the same as the gold.
SAME = [
    ("distinct", "SELECT team_id, name FROM team", "SELECT DISTINCT"),
    ("distinct", "SELECT name, COUNT(*) FROM player GROUP BY name", "SELECT DISTINCT"),
    ("distinct", "SELECT COUNT(*) FROM player", "SELECT DISTINCT"),
    ("distinct", "SELECT COUNT(player_id) FROM player", "COUNT(DISTINCT"),
    ("distinct", f"SELECT name FROM team WHERE team_id IN ({P})", "IN (SELECT DISTINCT"),
    ("distinct", "SELECT name FROM team UNION SELECT name FROM player", "DISTINCT"),
    (
        "distinct",
        "SELECT p.player_id, t.city FROM player AS p JOIN team AS t ON t.team_id = p.team_id",
        "DISTINCT",
    ),
    (
        "distinct",
        "SELECT name, ROW_NUMBER() OVER (PARTITION BY name ORDER BY player_id) FROM player",
        "DISTINCT",
    ),
    (
        "distinct",
        "SELECT t.team_id FROM team AS t LEFT JOIN player AS p ON p.team_id = t.team_id "
        "WHERE p.player_id IS NULL",
        "DISTINCT",
    ),
    ("join", J, "LEFT"),
    (
        "join",
        "SELECT p.name, t.name FROM player AS p LEFT JOIN team AS t ON t.team_id = p.team_id",
        " JOIN",
    ),
    (
        "join",
        "SELECT t.name FROM team AS t JOIN player AS p ON p.team_id = t.team_id WHERE p.goals > 4",
        "LEFT",
    ),
    (
        "join",
        "SELECT t.team_id FROM team AS t JOIN player AS p ON p.team_id = t.team_id "
        "GROUP BY t.team_id HAVING COUNT(*) > 1",
        "LEFT",
    ),
    (
        "join",
        "WITH top AS (SELECT team_id, MAX(goals) AS best FROM player GROUP BY team_id) "
        "SELECT t.name, top.best FROM top JOIN team AS t ON t.team_id = top.team_id",
        "LEFT",
    ),
    (
        "table",
        "SELECT p.name FROM player AS p JOIN team AS t ON t.team_id = p.team_id",
        "SELECT",
    ),
    ("aggregate", "SELECT COUNT(*) FROM player WHERE loaned_to > 0", 'COUNT("player"."loaned_to")'),
    ("aggregate", "SELECT COUNT(name) FROM player", "COUNT(*)"),
    (
        "aggregate",
        "SELECT name FROM player GROUP BY name HAVING SUM(goals) > 0",
        "AVG",
    ),
    (
        "column",
        "SELECT t.team_id, COUNT(p.player_id) FROM team AS t LEFT JOIN player AS p "
        "ON p.team_id = t.team_id GROUP BY t.team_id",
        'COUNT("p"."team_id")',
    ),
    ("column", f"SELECT name FROM team WHERE EXISTS({P})", 'EXISTS(SELECT "'),
    ("group", "SELECT team_id, name FROM team GROUP BY team_id, name", "GROUP BY team_id"),
    ("group", "SELECT COUNT(*) FROM team GROUP BY team_id", "team_id, "),
    ("set", f"SELECT name FROM team WHERE team_id IN ({P} UNION {P})", "UNION ALL"),
    (
        "set",
        "SELECT team_id, 'a' FROM team UNION ALL SELECT player_id, 'b' FROM player",
        "UNION SELECT",
    ),
    ("limit", "SELECT (SELECT name FROM team ORDER BY team_id LIMIT 1) AS first", "LIMIT 2"),
    ("number", "SELECT name FROM team WHERE EXISTS(SELECT 1 FROM player)", "SELECT 2"),
    ("number", "SELECT COUNT(CASE WHEN fee > 3 THEN 1 END) FROM player", "THEN 2"),
    ("number", "SELECT name FROM team ORDER BY 1", "BY 2"),
    (
        "order",
        "SELECT player_id, goals FROM player ORDER BY player_id, goals",
        "goals DESC",
    ),
    ("order", "SELECT name FROM (SELECT name FROM team ORDER BY name) AS t", "DESC"),
    ("window", "SELECT ROW_NUMBER() OVER (ORDER BY player_id) FROM player", "RANK()"),
    (
        "window",
        "SELECT name FROM (SELECT name, RANK() OVER (ORDER BY goals) AS place FROM player) AS r "
        "WHERE place = 1",
        "DENSE_RANK",
    ),
    ("function", "SELECT COALESCE(name, '?') FROM player", "SELECT name"),
    ("function", "SELECT CAST(AVG(fee) AS REAL) FROM player", "SELECT AVG"),
    ("function", "SELECT goals / NULLIF(fee, 0) FROM player", "goals / fee"),
]


@pytest.mark.parametrize(("family", "gold", "part"), SAME)
def test_what_the_schema_proves_equal_is_not_made(
    family: str, gold: str, part: str, rich: Any
) -> None:
    assert [sql for sql in of_family(family, gold, rich) if part in sql] == []


@pytest.mark.parametrize(
    ("family", "gold", "part"),
    [
        # loaned_to may be NULL, so its join may find no partner.
        ("join", J.replace("p.team_id", "p.loaned_to"), "LEFT"),
        ("distinct", J.replace("p.name, ", ""), "DISTINCT"),
        # The condition itself is what keeps the NULLs out.
        ("column", f"{P} WHERE NOT loaned_to IS NULL", '"team_id" IS NULL'),
        (
            "aggregate",
            "SELECT COUNT(*) FROM player WHERE loaned_to > 0 OR goals > 1",
            '"loaned_to"',
        ),
        (
            "join",
            "SELECT t.city FROM team AS t JOIN player AS p ON p.team_id = t.team_id "
            "GROUP BY t.city HAVING COUNT(*) > 1",
            "LEFT",
        ),
    ],
)
def test_near_proofs_do_not_hide_a_mistake(family: str, gold: str, part: str, rich: Any) -> None:
    assert [sql for sql in of_family(family, gold, rich) if part in sql] != []


def test_results_are_bags_and_their_order_counts_where_the_gold_orders(rich: Any) -> None:
    apart: Callable[..., list[int]] = suite.told_apart
    up, down = f"{P} ORDER BY player_id", f"{P} ORDER BY player_id DESC"
    assert apart(up, down, rich) == [0]
    assert apart(P, down, rich) == []
    assert apart(f"SELECT * FROM ({up})", down, rich) == []
    assert apart("SELECT name FROM player", "SELECT DISTINCT name FROM player", rich) == [0]
    assert apart("SELECT 1, 2", "SELECT 2, 1", rich) == [0]
    assert apart("SELECT 1", "SELECT 1.0", rich) == []
    assert apart("SELECT 0.1 + 0.2", "SELECT 0.3", rich) == []
    assert apart("SELECT 1", "SELECT '1'", rich) == [0]
    assert apart("SELECT 0", "SELECT NULL", rich) == [0]


def test_the_fillings_that_tell_apart_are_named() -> None:
    with filled(RICH, POOR, RICH) as fillings:
        assert suite.told_apart(P, f"{P} WHERE goals > 4", fillings) == [0, 2]


def test_what_fails_or_never_ends_is_no_near_miss(rich: Any) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n"
    for sql in ("SELECT wages FROM player", endless):
        with pytest.raises(databases.QueryError):
            suite.told_apart(P, sql, rich)


CONDITIONS = st.sampled_from(
    ["goals > 4", "fee IS NULL", "name LIKE 'A%'", "team_id IN (1, 2)", "NOT loaned_to IS NULL",
     "goals BETWEEN 4 AND 5", "name = 'Ana'", "signed_on < '2024-02-29'",
     "team_id NOT IN (SELECT team_id FROM team WHERE city = 'Bern')",
     "goals = (SELECT MAX(goals) FROM player)"]
)  # fmt: skip
OUTPUTS = st.lists(
    st.sampled_from(["player_id", "name", "goals", "fee * 2", "COALESCE(fee, 0)", "UPPER(name)",
                     "CASE WHEN goals > 4 THEN 'a' ELSE 'b' END", "STRFTIME('%Y', signed_on)",
                     "ROW_NUMBER() OVER (PARTITION BY team_id ORDER BY player_id)"]),
    min_size=1, max_size=3,
)  # fmt: skip


@st.composite
def golds(draw: st.DrawFn) -> str:
    where = draw(CONDITIONS)
    for connective in draw(st.lists(st.sampled_from(["AND", "OR"]), max_size=2)):
        where = f"({where} {connective} {draw(CONDITIONS)})"
    sql = f"SELECT {', '.join(draw(OUTPUTS))} FROM player WHERE {where}"
    tail = ["", " UNION SELECT name FROM team", " ORDER BY player_id LIMIT 2"]
    chosen = draw(st.sampled_from(tail))
    return sql if "UNION" in chosen and ", " in sql else sql + chosen


@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(golds())
def test_mutants_are_stable_distinct_and_read_back_as_they_are_written(gold: str) -> None:
    with filled(RICH) as fillings:
        found = made(gold, fillings)
        texts = [mutant.sql for mutant in found]
        assert texts == [mutant.sql for mutant in made(gold, fillings)]
        assert len(set(texts)) == len(texts)
        own = query.Query(gold, schema.read_tables(fillings.connections[0])).sql
        assert own not in texts
        assert all(query.render(query.parse(text)) == text for text in texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sources whose only filling rows cannot tell `goals > 4` from `goals >= 4`."""
    place = tmp_path / "league"
    place.mkdir()
    (place / "schema.sql").write_text(SCHEMA)
    (place / "content.py").write_text(f"def fill(rng, variant):\n    return {POOR!r}\n")
    (place / "questions.toml").write_text(
        '[[question]]\nid = "league-01"\nquestion = "Who scored more than four?"\n'
        'gold = "SELECT name FROM player WHERE goals > 4"\ndifficulty = "easy"\n'
    )
    return place


def listed(folder: Path, *sqls: str, reason: str = "so it is") -> None:
    entries = [
        f'[[equivalent]]\nid = "league-01"\nsql = "{sql}"\nreason = "{reason}"\n' for sql in sqls
    ]
    (folder / "equivalent.toml").write_text("\n".join(entries))


def test_a_mutant_no_filling_tells_apart_is_a_survivor_until_it_is_listed(folder: Path) -> None:
    (before,) = suite.examine_database(folder)
    survivor = "SELECT name FROM player WHERE goals >= 4"
    assert survivor in [mutant.sql for mutant in before.survivors]
    listed(folder, "select name from player where goals >= 4")
    (after,) = suite.examine_database(folder)
    assert survivor not in [mutant.sql for mutant in after.survivors]
    assert after.listed == 1
    assert len(after.survivors) == len(before.survivors) - 1


def test_a_listed_mutant_that_is_told_apart_is_a_fault(folder: Path) -> None:
    listed(
        folder,
        "SELECT name FROM player WHERE goals <= 4",
        "SELECT name FROM player WHERE goals > 5",
    )
    (report,) = suite.examine_database(folder)
    assert [fault for fault in report.faults if "not equivalent" in fault] == [
        "league-01: equivalent.toml lists a mutant that filling 0 tells apart, so it is not "
        "equivalent: SELECT name FROM player WHERE goals > 5"
    ]
    assert report.notes == [
        "league-01: equivalent.toml lists what is no mutant now: "
        "SELECT name FROM player WHERE goals <= 4"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[equivalent]]\nid = "league-01"\nsql = "SELECT 1"', "must have exactly id, sql and"),
        ('[[equivalent]]\nid = "a"\nsql = "SELECT 1"\nreason = " "', "give the reason"),
        ('[[equivalent]]\nid = "a"\nsql = "SELEC 1"\nreason = "x"', "the sql cannot be parsed"),
        ('[[equivalent]]\nid = "a"\nsql = "SELECT 1"\nreason = "x"', "no question 'a'"),
        ("[[equivalent", "equivalent.toml is not TOML"),
    ],
)
def test_a_malformed_list_is_named(folder: Path, text: str, message: str) -> None:
    (folder / "equivalent.toml").write_text(text)
    with pytest.raises(sources.SourceError, match=message):
        suite.examine_database(folder)


def test_a_gold_with_few_mutants_told_apart_is_a_fault(folder: Path) -> None:
    (report,) = suite.examine_database(folder)
    assert any("mutants told apart, 5 needed" in fault for fault in report.faults)


def test_doctests_of_the_tools_hold() -> None:
    for name in ("sources", "databases", "gold_checks"):
        result = doctest.testmod(importlib.import_module(f"mini_tools.{name}"))
        assert result.attempted > 0
        assert result.failed == 0


class _Unproved:
    """Stands in for the proofs: nothing is ever proved."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def __call__(self, *_: Any, **__: Any) -> bool:
        return self.answer


@pytest.mark.slow
@pytest.mark.parametrize("db_id", ["energy", "festival", "staff"])
def test_no_proof_hides_a_mutant_that_the_fillings_tell_apart(
    db_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fillings = suite.open_fillings(MINI / "sources" / db_id)
    connection = fillings.connections[0]
    tables = schema.read_tables(connection)
    pairs = []
    for question in sources.read_questions(MINI / "sources" / db_id):
        for gold in question.golds:
            pairs.append((gold, {m.sql for m in mutations.mutants(gold, tables, connection)}))
    for name in ("unique_given", "has_key", "rows_fixed"):
        monkeypatch.setattr(query.Query, name, _Unproved(False))
    for name in ("never_null", "rejects_null", "present_with_row"):
        monkeypatch.setattr(nulls, name, _Unproved(False))
    monkeypatch.setattr(nulls, "is_nullable", _Unproved(True))
    hidden = 0
    for gold, seen in pairs:
        for mutant in mutations.mutants(gold, tables, connection):
            # Which column COUNT(DISTINCT …) counts is a choice that the proofs inform.
            if mutant.sql in seen or "became COUNT(DISTINCT" in mutant.description:
                continue
            hidden += 1
            try:
                where = suite.told_apart(gold, mutant.sql, fillings)
            except databases.QueryError:
                continue
            assert where == [], mutant.sql
    fillings.close()
    assert hidden > 20
