"""What is made is a benchmark: it runs, repeats with its seed, and is there whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import t2s_bench
from t2s_bench.errors import BadInput
from t2s_bench.synthesis import pairs as module
from t2s_bench.synthesis.pairs import make_all, make_pairs, write_pairs
from t2s_bench.types import Outcome


def test_the_same_seed_gives_the_same_pairs(concerts: Path) -> None:
    first, again = (list(make_pairs("concerts", concerts, 100, seed=3)) for _ in range(2))
    assert first == again and len(first) == 100
    assert first != list(make_pairs("concerts", concerts, 100, seed=4))
    assert list(make_pairs("concerts", concerts, 40, seed=3)) == first[:40]


def test_every_pair_is_new_runs_and_gives_rows(concerts: Path) -> None:
    made = list(make_pairs("concerts", concerts, 300))
    assert len({pair.sql for pair in made}) == len({pair.question for pair in made}) == len(made)
    with closing(sqlite3.connect(concerts)) as connection:
        for pair in made:
            rows = connection.execute(pair.sql).fetchall()
            assert any(cell is not None for row in rows for cell in row), pair
    assert {pair.difficulty for pair in made} >= {"easy", "medium", "hard", "extra"}


def test_every_shape_is_there(concerts: Path) -> None:
    text = "\n".join(pair.sql for pair in make_pairs("concerts", concerts, 400))
    for part in ("count(*)", "avg(", "GROUP BY", "HAVING count(*)", "ORDER BY", "LIMIT 1", "JOIN",
                 "NOT IN (SELECT", "> (SELECT avg(", "INTERSECT", "EXCEPT", "DISTINCT", "BETWEEN",
                 "LIKE '", "DESC", "ASC", " < ", " >= ", "!="):  # fmt: skip
        assert part in text, part


def test_keys_are_neither_summed_nor_compared(concerts: Path) -> None:
    for pair in make_pairs("concerts", concerts, 400):
        for name in ("singer_id", "concert_id"):
            for part in (f"sum({name}", f"avg({name}", f"{name} >", f"{name} <", "photo"):
                assert part not in pair.sql, pair
        assert "vacant" not in pair.sql


def test_the_output_loads_and_every_gold_scores(concerts: Path, tmp_path: Path) -> None:
    files = {"concerts": concerts}
    made = make_all(files, 30)
    write_pairs(made, files, tmp_path / "out")
    benchmark = t2s_bench.load(tmp_path / "out")
    assert [example.golds[0] for example in benchmark.examples] == [pair.sql for pair in made]
    score = t2s_bench.score(benchmark.examples[0], made[0].sql)
    assert score.outcome is Outcome.MATCH


def test_a_database_with_less_to_ask_leaves_its_share_to_the_next(
    concerts: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.sqlite"
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("CREATE TABLE t (a)")
    made = make_all({"empty": empty, "concerts": concerts}, 50)
    assert len(made) == 50 and {pair.database for pair in made} == {"concerts"}


def test_what_exists_is_not_overwritten_and_a_failure_leaves_nothing(
    concerts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"concerts": concerts}
    made = make_all(files, 5)
    (tmp_path / "there").mkdir()
    with pytest.raises(BadInput, match="exists: give another folder"):
        write_pairs(made, files, tmp_path / "there")

    def full(example: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr(module, "question_line", full)
    with pytest.raises(BadInput, match="no space left"):
        write_pairs(made, files, tmp_path / "out")
    assert not [name for name in os.listdir(tmp_path) if "out" in name]
