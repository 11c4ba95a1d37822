"""What execution shows to be wrong is located, with what to hold fixed."""

from __future__ import annotations

from pathlib import Path

import pytest
from systems.advanced.agents.faults import faults
from systems.advanced.agents.messages import Critique
from systems.advanced.evidence import Prober
from tests.systems.advanced.stage import make_task


def found(
    folder: Path, prober: Prober, sql: str, question: str = "Which singers?", values: str = ""
) -> tuple[Critique, ...]:
    task = make_task(folder, question, values=values)
    return faults(task, prober.run(task.database, [sql])[0], prober)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM singer",
        "SELECT name FROM singer WHERE country = 'France'",
        "SELECT count(*) FROM singer WHERE country = 'Peru'",
        "SELECT name FROM singer ORDER BY age DESC LIMIT 1",
    ],
)
def test_a_sound_statement_has_no_fault(tmp_path: Path, prober: Prober, sql: str) -> None:
    assert found(tmp_path, prober, sql) == ()


def test_an_unknown_column_is_located_and_forbidden(tmp_path: Path, prober: Prober) -> None:
    (one,) = found(tmp_path, prober, "SELECT name FROM singer WHERE land = 'France'")
    assert one.clause == "WHERE"
    assert "no such column: land" in one.reason
    assert "land" in one.constraint.forbid


def test_an_unknown_table_is_located_at_from(tmp_path: Path, prober: Prober) -> None:
    (one,) = found(tmp_path, prober, "SELECT name FROM singers")
    assert one.clause == "FROM"
    assert "singers" in one.constraint.forbid


def test_text_that_is_no_sql_is_a_fault_of_the_whole_statement(
    tmp_path: Path, prober: Prober
) -> None:
    (one,) = found(tmp_path, prober, "SELECT SELECT")
    assert one.clause == "statement"
    assert one.constraint.sentence


def test_a_misspelt_literal_is_replaced_by_the_cell(tmp_path: Path, prober: Prober) -> None:
    (one,) = found(tmp_path, prober, "SELECT name FROM singer WHERE country = 'france '")
    assert one.clause == "WHERE"
    assert one.constraint.require == {"'France'"}
    assert one.constraint.forbid == {"'france '"}


def test_a_literal_of_another_column_leads_there(tmp_path: Path, prober: Prober) -> None:
    sql = "SELECT name FROM singer WHERE country = 'Gala'"
    (one,) = found(tmp_path, prober, sql, values="'Gala'=concert.title")
    assert one.constraint.require == {"concert.title"}
    assert one.constraint.forbid == {"singer.country"}


def test_a_literal_that_is_nowhere_is_forbidden(tmp_path: Path, prober: Prober) -> None:
    (one,) = found(tmp_path, prober, "SELECT name FROM singer WHERE age = 99")
    assert one.constraint.forbid == {"99"}


def test_finding_nothing_is_a_fault_unless_the_question_is_yes_or_no(
    tmp_path: Path, prober: Prober
) -> None:
    sql = "SELECT name FROM singer WHERE age > 90"
    (one,) = found(tmp_path, prober, sql)
    assert (one.clause, one.reason) == ("WHERE", "it finds nothing")
    assert found(tmp_path, prober, sql, "Is any singer older than 90?") == ()


def test_a_null_that_is_sorted_to_the_top_is_a_fault(tmp_path: Path, prober: Prober) -> None:
    (one,) = found(tmp_path, prober, "SELECT name, age FROM singer ORDER BY age LIMIT 1")
    assert one.clause == "ORDER BY"
    assert one.constraint.require == {"IS NOT NULL"}
