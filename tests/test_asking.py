"""Asking on databases that users bring: an answer, or a reason why there is none."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from t2s_bench import asking
from t2s_bench.errors import BadInput
from t2s_bench.plugins import LoadedSystem, load_system
from t2s_bench.system import Clarification, Interactive
from t2s_bench.testing.chat_server import ChatServer

# Answers with the question itself; asks back where it ends in '??'.
ECHO = """
from dataclasses import dataclass
from t2s_bench.system import System
from t2s_bench.types import Candidate, Prediction

@dataclass(frozen=True)
class Which:
    text: str = "Rows or names?"
    choices: tuple[str, str] = ("rows", "names")

class Echo(System):
    def predict(self, question, database):
        return self.answer(question, database)

    def answer(self, question, database, ask=None):
        if question.question == "fail":
            raise ValueError("lost")
        sql = question.question
        if sql.endswith("??"):
            sql = "SELECT count(*) FROM t" if ask and ask(Which()) == "rows" else ""
        if sql == "nothing":
            sql = ""
        rounds = [{"difference": "rows or names.", "settled_by": "human", "reason": "rows"}]
        other = (Candidate("SELECT 1", 0.1),)
        trace = {"rounds": rounds} if question.question.endswith("??") else {}
        return Prediction(sql, other, confidence=0.5, trace=trace)
"""


@pytest.fixture
def echo(tmp_path: Path) -> LoadedSystem:
    folder = tmp_path / "echo"
    folder.mkdir()
    (folder / "system.toml").write_text(
        'name = "echo"\nsummary = "the question is the SQL"\nentry = "system:Echo"\n'
    )
    (folder / "system.py").write_text(ECHO)
    return load_system(folder)


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    def make(script: str, name: str = "d.sqlite") -> Path:
        path = tmp_path / name
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)
        return path

    return make


def ask(system: LoadedSystem, path: Path | str, question: str, **more: object) -> asking.Answer:
    folder = Path(path).parent if isinstance(path, Path) else Path()
    return asking.ask(system, asking.open_database(str(path), folder), question, **more)  # type: ignore[arg-type]


def test_an_answer_has_rows_confidence_and_other_readings(
    echo: LoadedSystem, made: Callable[..., Path]
) -> None:
    path = made("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3);")
    answer = ask(echo, path, "SELECT a FROM t", rows=2)
    assert answer.ok and answer.columns == ("a",) and answer.rows == ((1,), (2,))
    assert (answer.total, answer.more, answer.confidence) == (3, True, 0.5)
    assert answer.unsure == ("it could also be: SELECT 1",)


def test_what_a_human_says_reaches_the_system(
    echo: LoadedSystem, made: Callable[..., Path]
) -> None:
    path = made("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);")
    heard: list[Clarification] = []

    def human(question: Clarification) -> str | None:
        heard.append(question)
        return question.choices[0]

    answer = ask(echo, path, "how many??", human=human)
    assert answer.rows == ((2,),) and [one.text for one in heard] == ["Rows or names?"]
    assert answer.unsure == ("rows or names (settled by human: rows)",)
    assert not ask(echo, path, "how many??").ok


def test_names_with_spaces_other_languages_and_empty_tables(
    echo: LoadedSystem, made: Callable[..., Path]
) -> None:
    path = made('CREATE TABLE "Größe der Stadt" ("Einwohner am 1.1." INT); ', "my data (1).db")
    answer = ask(echo, path, 'SELECT "Einwohner am 1.1." FROM "Größe der Stadt"')
    assert answer.ok and answer.rows == ()


def test_three_hundred_tables(echo: LoadedSystem, made: Callable[..., Path]) -> None:
    tables = "".join(f"CREATE TABLE t{i} (a INT, b TEXT);" for i in range(300))
    assert ask(echo, made(tables), "SELECT count(*) FROM t299").rows == ((0,),)


def test_an_empty_file_is_a_database_without_tables(echo: LoadedSystem, tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    path.touch()
    answer = ask(echo, path, "SELECT 1")
    assert answer.sql == "" and answer.reason == "the database has no tables"


def test_a_read_only_folder_is_left_as_it_is(
    echo: LoadedSystem, made: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    path = made("CREATE TABLE t (a); PRAGMA journal_mode = wal;", "closed/d.sqlite")
    before = sorted(p.name for p in folder.iterdir())
    folder.chmod(0o555)
    try:
        assert ask(echo, path, "SELECT count(*) FROM t").rows == ((0,),)
        assert sorted(p.name for p in folder.iterdir()) == before
    finally:
        folder.chmod(0o755)


def test_what_writes_is_refused_and_nothing_changes(
    echo: LoadedSystem, made: Callable[..., Path]
) -> None:
    path = made("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    before = path.read_bytes()
    answer = ask(echo, path, "DELETE FROM t")
    assert not answer.ok and answer.reason.startswith("refused") and path.read_bytes() == before


def test_sql_that_fails_is_a_reason(echo: LoadedSystem, made: Callable[..., Path]) -> None:
    answer = ask(echo, made("CREATE TABLE t (a);"), "SELECT nope FROM t")
    assert answer.sql and not answer.ok and "nope" in answer.reason
    assert not ask(echo, made("CREATE TABLE u (a);"), "nothing").sql


def test_a_result_too_large_is_cut_to_its_beginning(
    echo: LoadedSystem, made: Callable[..., Path]
) -> None:
    path = made(
        "CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " LIMIT 600) INSERT INTO t SELECT i FROM n;"
    )
    answer = ask(echo, path, "SELECT t.a, u.a FROM t JOIN t AS u ORDER BY t.a DESC", rows=3)
    assert answer.ok and len(answer.rows) == 3 and answer.more and answer.total is None
    assert answer.rows[0][0] == 600


@pytest.mark.parametrize(
    ("place", "message"),
    [("gone.sqlite", "no database at"), ("", "is no file"), ("text.txt", "not a readable SQLite")],
)
def test_what_is_no_database_is_one_line(
    echo: LoadedSystem, tmp_path: Path, place: str, message: str
) -> None:
    (tmp_path / "text.txt").write_text("not a database, only a text\n" * 200)
    with pytest.raises(BadInput, match=message):
        ask(echo, tmp_path / place, "SELECT 1")


def test_a_system_that_fails_is_one_line(echo: LoadedSystem, made: Callable[..., Path]) -> None:
    with pytest.raises(BadInput, match="'echo' failed on this question: .*ValueError: lost"):
        ask(echo, made("CREATE TABLE t (a);"), "fail")


def test_a_ceiling_is_refused(made: Callable[..., Path]) -> None:
    with pytest.raises(BadInput, match="give another --system"):
        ask(load_system("oracle"), made("CREATE TABLE t (a);"), "How many?")


def test_zero_shot_answers_in_any_language(made: Callable[..., Path]) -> None:
    pytest.importorskip("openai")
    path = made("CREATE TABLE sänger (id INTEGER PRIMARY KEY, name TEXT);")
    with ChatServer({"Wie viele": "```sql\nSELECT count(*) FROM sänger\n```"}) as server:
        system = load_system("zero_shot", {"base_url": server.url, "model": "test"})
        answer = ask(system, path, "Wie viele Sänger gibt es?")
    assert answer.rows == ((0,),) and answer.confidence is None and answer.unsure == ()


def test_advanced_can_ask_back() -> None:
    from systems.advanced.system import Advanced

    assert issubclass(Advanced, Interactive)


def test_an_explanation_needs_no_system() -> None:
    assert asking.explain("SELECT count(*) FROM singer").startswith("Takes the rows of singer.")


def test_a_duckdb_file_is_asked_through_its_outline(echo: LoadedSystem, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("sqlalchemy")
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE maker (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute(
            "CREATE TABLE item (id INTEGER, maker INTEGER REFERENCES maker (id), d DECIMAL(9,2))"
        )
        connection.execute("INSERT INTO maker VALUES (1, 'Ada')")
        connection.execute("INSERT INTO item VALUES (7, 1, 1.25)")
    from t2s_bench.databases.schema import read_schema

    database = asking.open_database(f"duckdb:///{path}", tmp_path)
    schema = read_schema(database)
    (key,) = schema.foreign_keys
    assert (key.table, key.columns, key.parent) == ("item", ("maker",), "maker")
    name = schema.tables[[t.name for t in schema.tables].index("maker")].column("name")
    assert name is not None and name.samples == ("Ada",)
    assert database.dialect == "duckdb"
    assert asking.ask(echo, database, "SELECT len(name) FROM maker").rows == ((3,),)


def test_sqlite_urls_are_files(made: Callable[..., Path], tmp_path: Path) -> None:
    path = made("CREATE TABLE t (a);")
    assert asking.open_database(f"sqlite:///{path}", tmp_path).path == path
