"""What a statement's text speaks against is told by schema, cells and question, and counts."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from systems.advanced.agents.candidate import Candidate
from systems.advanced.agents.objections import (
    ABSENT,
    CROSSED,
    MISMATCHED,
    PARTIAL,
    UNSAID,
    objections,
    weighed,
)
from systems.advanced.codec.codec import Partial
from systems.advanced.evidence import Prober
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.schema_graph.features import FEATURES
from systems.advanced.task import Task
from tests.systems.advanced.stage import make_task

from t2s_bench.types import Question


def task(folder: Path, question: str = "Which singers?") -> Task:
    """The stage's database with the graph that a question really has."""
    made = make_task(folder)
    with closing(TaskMaker()) as makers:
        return makers.task(Question("q", question, "stage"), made.database)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM singer",
        "SELECT name FROM singer WHERE country = 'France'",
        "SELECT name FROM singer WHERE NOT country = 'France' OR name LIKE 'A%'",
        "SELECT singer.name FROM singer JOIN plays ON plays.singer_id = singer.id",
        "SELECT s.name FROM singer AS s, plays AS p WHERE p.singer_id = s.id",
        "SELECT name FROM singer JOIN plays ON singer_id = singer.id JOIN concert USING (id)",
        "SELECT name FROM singer NATURAL JOIN concert",
        "SELECT a.name FROM singer AS a JOIN singer AS b ON a.home = b.country",
        "SELECT name FROM singer WHERE id IN (SELECT singer_id FROM plays)",
        "SELECT n FROM (SELECT name AS n FROM singer), concert",
        "SELECT name FROM singer WHERE age > 25",
        "SELECT title FROM concert WHERE year BETWEEN 2014 AND 2015",
        "SELECT SELECT",
        "",
    ],
)
def test_there_is_none_to_a_sound_statement_nor_to_what_is_none(
    tmp_path: Path, prober: Prober, sql: str
) -> None:
    assert objections(task(tmp_path), [sql], prober) == [frozenset()]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT name FROM singer JOIN concert", CROSSED),
        ("SELECT name FROM singer, concert WHERE year > 2000", CROSSED),
        ("SELECT 1 FROM singer WHERE id IN (SELECT c.id FROM concert AS c, plays)", CROSSED),
        ("SELECT name FROM singer WHERE age > 'France'", MISMATCHED),
        ("SELECT name FROM singer WHERE country = 3 OR age = 20", MISMATCHED),
        ("SELECT name FROM singer WHERE country != -1.5", MISMATCHED),
        ("SELECT title FROM concert WHERE year BETWEEN 'a' AND 'b'", MISMATCHED),
        ("SELECT name FROM singer WHERE country = 'Peru'", ABSENT),
        ("SELECT name FROM singer WHERE country IN ('France', 'Peru')", ABSENT),
        ("SELECT name FROM singer WHERE age = 99", ABSENT),
    ],
)
def test_each_kind_is_found_where_it_is(
    tmp_path: Path, prober: Prober, sql: str, kind: str
) -> None:
    (found,) = objections(task(tmp_path), [sql], prober)
    assert kind in found
    assert found <= {kind, ABSENT}  # what is no cell of a column may be of another kind, too


def test_what_must_not_equal_a_cell_may_be_none(tmp_path: Path, prober: Prober) -> None:
    asked = [
        "SELECT name FROM singer WHERE country != 'Peru'",
        "SELECT name FROM singer WHERE country NOT IN ('Peru')",
    ]
    assert objections(task(tmp_path), asked, prober) == [frozenset(), frozenset()]


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        ("Who is older than 25?", "SELECT name FROM singer WHERE age > 20"),
        ("The 3 oldest?", "SELECT name FROM singer ORDER BY age LIMIT 13"),
    ],
)
def test_a_number_of_the_question_that_is_not_said_is_one(
    tmp_path: Path, prober: Prober, question: str, sql: str
) -> None:
    assert objections(task(tmp_path, question), [sql], prober) == [frozenset({UNSAID})]


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        ("Who is older than 25?", "SELECT name FROM singer WHERE age > 25"),
        ("The 3 oldest?", "SELECT name FROM singer ORDER BY age DESC LIMIT 3"),
        ("Concerts since 2014-03-01?", "SELECT title FROM concert WHERE year > '2014-03-01'"),
        ("The one oldest singer?", "SELECT name FROM singer ORDER BY age DESC"),
    ],
)
def test_a_number_may_be_said_in_any_literal_and_a_number_word_need_not_be(
    tmp_path: Path, prober: Prober, question: str, sql: str
) -> None:
    (found,) = objections(task(tmp_path, question), [sql], prober)
    assert UNSAID not in found


def test_a_text_that_the_question_names_in_part_is_one(tmp_path: Path, prober: Prober) -> None:
    made = task(tmp_path, "Concerts in Land's End Airport or at the Airport Hotel?")
    named, part, other = (
        f"SELECT title FROM concert WHERE title LIKE '{text}'"
        for text in ("%airport hotel%", "%Land Airport Lisbon%", "%Rome Arena%")
    )
    assert objections(made, [named, part, other], prober) == [
        frozenset(),
        frozenset({PARTIAL}),
        frozenset(),
    ]


def test_the_question_s_numbers_are_known_by_their_marks(tmp_path: Path) -> None:
    made = task(tmp_path, "Who is older than 25?")
    marks = made.graph.features[made.graph.value_items["25"]]
    assert marks[FEATURES.index("numeric literal")] and not marks[FEATURES.index("number word")]
    assert np.all(marks <= 1)


def test_candidates_that_fail_are_not_looked_at(tmp_path: Path, prober: Prober) -> None:
    made = task(tmp_path)
    sqls = ["SELECT name FROM singer JOIN concert", "SELECT nme FROM singer JOIN concert"]
    seen = prober.run(made.database, sqls)
    candidates = [
        Candidate(Partial((), sql, -1.0, True), one) for sql, one in zip(sqls, seen, strict=True)
    ]
    assert [one.objections for one in weighed(made, candidates, prober)] == [1, 0]


def test_words_that_a_statement_does_not_answer_are_counted(tmp_path: Path, prober: Prober) -> None:
    made = task(tmp_path, "What is the average age of the singers?")
    sqls = ["SELECT AVG(age) FROM singer", "SELECT MIN(age) FROM singer", "SELECT age FROM singers"]
    seen = prober.run(made.database, sqls)
    candidates = [
        Candidate(Partial((), sql, -1.0, True), one) for sql, one in zip(sqls, seen, strict=True)
    ]
    assert [one.cues for one in weighed(made, candidates, prober)] == [0, 2, 0]
