from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems.advanced.training.rewards import (
    Level,
    Reward,
    Rewarder,
    Weights,
    combine,
    mean_terms,
)

from t2s_bench import Scorer, load, score
from t2s_bench.errors import BadInput
from t2s_bench.types import Example

NAMES = [field.name for field in fields(Weights)]
unit = st.floats(0, 1)
GOLD = "SELECT name FROM city WHERE size > 2 ORDER BY name"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("town")
    path = folder / "databases" / "town" / "town.sqlite"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT, size INTEGER)")
        connection.executemany(
            "INSERT INTO city (name, size) VALUES (?, ?)",
            [(f"c{n % 40}", n % 7) for n in range(60)],
        )
    (folder / "questions.jsonl").write_text(
        f'{{"id": "1", "db_id": "town", "question": "Big cities?", "gold": "{GOLD}"}}\n'
    )
    return load(folder).examples[0]


@pytest.fixture(scope="module")
def rewarder() -> Iterator[Rewarder]:
    with Scorer(Rewarder.metrics("ex_spider")) as scorer:
        yield Rewarder(scorer)


@given(
    weights=st.lists(st.floats(0, 1e308), min_size=len(NAMES), max_size=len(NAMES)),
    low=st.lists(unit, min_size=len(NAMES), max_size=len(NAMES)),
    high=st.lists(unit, min_size=len(NAMES), max_size=len(NAMES)),
    running=st.floats(0.001, 0.999),
)
def test_failing_earns_less_than_running_and_that_less_than_right_whatever_the_weights(
    weights: list[float], low: list[float], high: list[float], running: float
) -> None:
    chosen = Weights(**dict(zip(NAMES, weights, strict=True)))
    worst, best = dict(zip(NAMES, low, strict=True)), dict(zip(NAMES, high, strict=True))
    fails = combine(Level.FAILS, best, chosen, running)
    runs_badly, runs_well = (combine(Level.RUNS, t, chosen, running) for t in (worst, best))
    right = combine(Level.RIGHT, worst, chosen, running)
    assert 0 <= fails < runs_badly
    assert runs_well < right


def test_the_levels_are_those_of_the_scorer(example: Example, rewarder: Rewarder) -> None:
    right, other, running, failing = rewarder(
        [
            (example, GOLD),
            (example, "SELECT c.name FROM city AS c WHERE c.size >= 3 ORDER BY 1"),
            (example, "SELECT name FROM city WHERE size > 3"),
            (example, GOLD.replace("name", "nmae")),
        ]
    )
    assert [one.level for one in (right, other, running, failing)] == [2, 2, 1, 0]
    assert right.value > running.value > failing.value > 0
    for sql, reward in ((GOLD, right), ("SELECT name FROM city WHERE size > 3", running)):
        match = str(score(example, sql, ["ex_spider"]).outcome) == "match"
        assert match == (reward.level is Level.RIGHT)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO city (name) VALUES ('x')",
        "DELETE FROM city",
        "DROP TABLE city",
        "UPDATE city SET size = 9",
        "PRAGMA writable_schema = 1",
        "ATTACH 'x.sqlite' AS x",
        f"DELETE FROM city; {GOLD}",
        f"{GOLD}; DELETE FROM city",
        f"{GOLD}; {GOLD}",
        "",
        "-- SELECT name FROM city WHERE size > 2 ORDER BY name",
    ],
)
def test_what_is_no_single_query_earns_exactly_nothing(
    sql: str, example: Example, rewarder: Rewarder
) -> None:
    (reward,) = rewarder([(example, sql)])
    assert reward.value == 0.0
    assert example.database is not None
    with closing(sqlite3.connect(example.database.path)) as connection:
        assert connection.execute("SELECT count(*) FROM city").fetchone() == (60,)


@pytest.mark.parametrize(
    "wrong",
    [
        "SELECT name FROM city ORDER BY name",
        "SELECT name FROM city WHERE size > 2 ORDER BY size",
        "SELECT name FROM city WHERE size > 2 ORDER BY name DESC",
    ],
)
@pytest.mark.parametrize("limit", [1, 10, 33, 34, 35, 5000])
def test_no_limit_makes_wrong_sql_right_or_worth_more(
    wrong: str, limit: int, example: Example, rewarder: Rewarder
) -> None:
    plain, limited = rewarder([(example, wrong), (example, f"{wrong} LIMIT {limit}")])
    assert limited.level is Level.RUNS
    assert limited.value <= plain.value


def test_a_limit_that_cuts_right_sql_makes_it_wrong(example: Example, rewarder: Rewarder) -> None:
    (cut,) = rewarder([(example, f"{GOLD} LIMIT 20")])
    assert cut.level is Level.RUNS


@pytest.mark.parametrize(
    "comment",
    [
        "-- name size city WHERE ORDER BY count(*)",
        "/* SELECT name FROM city WHERE size > 2 ORDER BY name */",
        "--",
    ],
)
@pytest.mark.parametrize("sql", [GOLD, "SELECT id FROM city", "SELECT nothing FROM city"])
def test_a_comment_never_earns_anything(
    sql: str, comment: str, example: Example, rewarder: Rewarder
) -> None:
    for commented in (f"{sql} {comment}", f"{comment}\n{sql}"):
        plain, other = rewarder([(example, sql), (example, commented)])
        assert other.level <= plain.level
        assert other.value < plain.value


def test_comment_signs_in_a_string_are_no_comment(example: Example, rewarder: Rewarder) -> None:
    (reward,) = rewarder([(example, "SELECT name FROM city WHERE name = '--'")])
    assert reward.terms["format"] == 1.0


def test_a_memorised_constant_is_not_right(rewarder: Rewarder, example: Example) -> None:
    from dataclasses import replace

    counted = replace(example, golds=("SELECT count(*) FROM city",))
    constant, read = rewarder([(counted, "SELECT 60"), (counted, "SELECT count(id) FROM city")])
    assert constant.level is Level.RUNS
    assert read.level is Level.RIGHT


def test_naming_everything_earns_less_than_naming_what_is_needed(
    example: Example, rewarder: Rewarder
) -> None:
    needed, everything = rewarder(
        [
            (example, "SELECT name FROM city WHERE size > 3"),
            (example, "SELECT name FROM city WHERE size > 3 AND id > 0"),
        ]
    )
    assert everything.terms["schema"] < needed.terms["schema"] == 1.0


def test_padding_earns_less(example: Example, rewarder: Rewarder) -> None:
    plain, padded = rewarder([(example, GOLD), (example, GOLD.replace("> 2", "> 2" + " + 0" * 40))])
    assert padded.level is Level.RIGHT
    assert padded.value < plain.value


@pytest.mark.parametrize("name", ["schema", "clauses", "format", "length"])
def test_every_weight_changes_the_reward(name: str, example: Example) -> None:
    sql = "SELECT id, size FROM city WHERE size + 0 + 0 + 0 + 0 + 0 + 0 + 0 + 0 > 3 AND 1 = 1 -- x"
    with Scorer(Rewarder.metrics("ex_spider")) as scorer:
        one, other = (
            Rewarder(scorer, weights)([(example, sql)])[0].value
            for weights in (Weights(), Weights(**{name: 50.0}))
        )
    assert one != other


def test_efficiency_counts_for_right_answers(example: Example) -> None:
    slow = GOLD.replace("FROM city", "FROM city").replace(
        "size > 2", "size > 2 AND (SELECT count(*) FROM city a, city b, city c) > 0"
    )
    with Scorer(Rewarder.metrics("ex_spider")) as scorer:
        fast, slower = Rewarder(scorer)([(example, GOLD), (example, slow)])
    assert slower.level is Level.RIGHT
    assert slower.terms["efficiency"] < 0.1 < fast.terms["efficiency"]


def test_nothing_is_executed_twice(example: Example) -> None:
    with Scorer(Rewarder.metrics("ex_spider")) as scorer:
        rewarder = Rewarder(scorer)
        first = rewarder([(example, GOLD), (example, "SELECT 1"), (example, GOLD)])
        second = rewarder([(example, GOLD)])
    assert (rewarder.asked, rewarder.run) == (4, 2)
    assert first[0] == first[2] == second[0]


def test_a_broken_gold_gives_no_reward_at_all(example: Example, rewarder: Rewarder) -> None:
    from dataclasses import replace

    (reward,) = rewarder([(replace(example, golds=("SELECT no FROM where",)), "SELECT 1")])
    assert not reward.known
    assert mean_terms([reward]) == {}
    known = Reward(1.0, Level.RIGHT, {"runs": 1.0})
    assert mean_terms([reward, known]) == {"reward": 1.0, "reward_runs": 1.0}


def test_weights_are_checked() -> None:
    with pytest.raises(BadInput, match="reward_schema"):
        Weights(schema=-1)
    with pytest.raises(BadInput, match="between 0 and 1"):
        Rewarder(None, running=1.0)  # type: ignore[arg-type]


def test_mini_golds_are_right(rewarder: Rewarder) -> None:
    examples = [e for e in load("mini").examples if e.question.database == "bank"]
    rewards = rewarder([(example, example.golds[0]) for example in examples])
    assert {reward.level for reward in rewards} == {Level.RIGHT}
    assert min(reward.value for reward in rewards) > 1.0


def test_no_path_but_the_scorers(example: Example, tmp_path: Path) -> None:
    """The reward asks the scorer and opens no database itself."""
    with Scorer(Rewarder.metrics("ex_spider")) as scorer:
        asked = []

        class Spy:
            def judge_all(self, items: object) -> object:
                asked.append(items)
                return scorer.judge_all(items)  # type: ignore[arg-type]

        Rewarder(Spy())([(example, GOLD)])  # type: ignore[arg-type]
    assert len(asked) == 1
