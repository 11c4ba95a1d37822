from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from t2s_bench.databases import value_index
from t2s_bench.databases.values import ValueIndex, ValueMatch
from t2s_bench.errors import BadInput
from t2s_bench.types import Database

SCRIPT = """
CREATE TABLE city (name TEXT, "country code" TEXT, founded INTEGER, picture BLOB);
INSERT INTO city VALUES
    ('New York', 'USA', 1624, x'00'), ('York', 'GBR', 71, NULL), ('Zürich', 'CHE', 15, NULL),
    ('São Paulo', 'BRA', 1554, NULL), ('北京', 'CHN', NULL, NULL), ('The Hague', 'NLD', 1230, NULL);
CREATE TABLE airline (name TEXT, grade TEXT, motto TEXT);
INSERT INTO airline VALUES
    ('JetBlue Airways', 'A', NULL), ('Delta Airlines', 'h', ''),
    ('Caribbean Airlines', 'B', 'x' || hex(zeroblob(80)));
CREATE VIEW hidden AS SELECT 'only in a view' AS text;
"""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("T2S_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "d.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(SCRIPT)
    connection.close()
    return path


def found(database: Path, question: str, limit: int = 20) -> list[str]:
    with ValueIndex.open(database) as index:
        return [match.value for match in index.search(question, limit)]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How big is New York?", "New York"),
        ("how big is zurich", "Zürich"),
        ("Flights to sao paulo", "São Paulo"),
        ("flights of jetblue", "JetBlue Airways"),
        ("flights of Jet Blue Airway", "JetBlue Airways"),
        ("who flies with the Carribean airline", "Caribbean Airlines"),
        ("北京有多少人口？", "北京"),
        ("Which are in the usa?", "USA"),
        ("Airlines with grade A", "A"),
        ("Describe the section h.", "h"),
        ("Who lives in 'The Hague'?", "The Hague"),
    ],
)
def test_the_best_match_has_the_cells_own_spelling(
    database: Path, question: str, value: str
) -> None:
    assert found(database, question)[0] == value


def test_a_match_says_where_it_stands_in_both(database: Path) -> None:
    question = "How many people live in New York?"
    with ValueIndex.open(database) as index:
        best, part = index.search(question)[:2]
    assert best == ValueMatch("city", "name", "New York", 1.0, (24, 32))
    assert question[slice(*part.span)] == "York" and part.value == "York"
    assert part.score < best.score


def test_words_that_ask_are_not_values(database: Path) -> None:
    assert found(database, "What is the name of a city?") == []
    assert found(database, "") == found(database, "?!") == []


def test_numbers_blobs_views_and_long_texts_are_not_indexed(database: Path) -> None:
    with ValueIndex.open(database) as index:
        assert index.size == 18
    assert found(database, "founded in 1624, only in a view") == []


def test_no_more_than_the_limit_and_always_in_the_same_order(database: Path) -> None:
    question = "airlines of York, New York, Zürich"
    assert found(database, question, 2) == found(database, question)[:2]
    assert found(database, question) == found(database, question)


def test_the_index_is_built_once_for_a_digest(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(database, "York") == ["York", "New York"]
    monkeypatch.setattr(value_index, "_fill", pytest.fail)
    moved = database.rename(database.with_name("e.sqlite"))
    assert found(moved, "York") == ["York", "New York"]


def test_a_changed_database_gets_its_own_index(database: Path) -> None:
    assert found(database, "Oslo") == []
    connection = sqlite3.connect(database)
    connection.execute("INSERT INTO city (name) VALUES ('Oslo')")
    connection.commit()
    connection.close()
    assert found(database, "Oslo") == ["Oslo"]


def test_many_may_build_and_search_at_once(database: Path) -> None:
    barrier = threading.Barrier(4)

    def work(number: int) -> list[str]:
        barrier.wait()
        return found(database, "How big is New York?", 1)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [["New York"]] * 4
    with ValueIndex.open(database) as index, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(index.search, ["flights to York"] * 50))
    assert len(set(answers)) == 1
    cache = database.parent / "cache" / "values"
    assert len(list(cache.iterdir())) == 1  # nothing half-made is left


def test_a_build_that_fails_leaves_nothing(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(value_index, "fold", fail)
    with pytest.raises(KeyboardInterrupt):
        ValueIndex.open(database)
    assert list((database.parent / "cache" / "values").iterdir()) == []


def test_a_column_gives_no_more_values_than_its_share(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_index, "VALUES_PER_COLUMN", 2)
    monkeypatch.setattr(value_index, "VALUES_IN_ALL", 5)
    with ValueIndex.open(database) as index:
        assert index.size == 5


def test_a_cache_that_cannot_be_written_is_a_user_error(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T2S_CACHE", str(database))
    with pytest.raises(BadInput, match="set T2S_CACHE to a folder"):
        ValueIndex.open(Database("d", (database,), "0" * 64, ""))


def test_common_words_choose_only_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T2S_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "d.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a TEXT)")
    rows = [(f"north street {i:04}",) for i in range(1500)]
    rows += [(f"station {i:04}",) for i in range(1500)]
    connection.executemany("INSERT INTO t VALUES (?)", [*rows, ("north station old",)])
    connection.commit()
    connection.close()
    assert found(path, "Who lives in the north?") == []
    assert found(path, "the trains of north station")[0] == "north station old"
