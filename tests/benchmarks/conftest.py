"""Small benchmarks in their true official layouts, made by the tests."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from t2s_bench.benchmarks.importing import import_benchmark


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's data and cache folders."""
    monkeypatch.setenv("T2S_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("T2S_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def official(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the real archives, imported; tests only read it."""
    data = tmp_path_factory.mktemp("official")
    for name, archive in (("spider", "spider_data"), ("bird-dev", "dev"), ("mini-dev", "minidev")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("T2S_CACHE", str(data / "cache"))
            import_benchmark(name, shared / "benchmarks" / f"{archive}.zip", data=data)
    return data


class Layouts:
    """Writes official layouts below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def database(self, path: Path, *, rows: Sequence[tuple[int, str]] = ((1, "a"),)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT)")
            connection.executemany("INSERT INTO singer VALUES (?, ?)", rows)
        connection.close()
        return path

    def tables(self, *db_ids: str) -> list[dict[str, Any]]:
        return [
            {
                "db_id": db_id,
                "table_names": ["singer", "concert of singer", "sqlite sequence"],
                "table_names_original": ["singer", "concert", "sqlite_sequence"],
                "column_names": [
                    [-1, "*"], [0, "singer id"], [0, "name"], [1, "singer"], [1, "day"], [2, "seq"]
                ],
                "column_names_original": [
                    [-1, "*"], [0, "id"], [0, "Name"], [1, "Singer"], [1, "day"], [2, "seq"]
                ],
                "column_types": ["text", "number", "text", "integer", "date", "text"],
                "primary_keys": [1, [3, 4]],
                "foreign_keys": [[3, 1]],
            }
            for db_id in db_ids
        ]

    def json(self, path: Path, content: object) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")

    def spider(self, name: str = "spider_data", there: Iterable[str] = ("arena", "zoo")) -> Path:
        """Three dev questions on two databases, two training questions, in the official layout."""
        root = self.folder / name
        dev = [("arena", "How many?"), ("zoo", "Which?"), ("arena", "Who “sings”?")]
        self.json(
            root / "dev.json",
            [{"db_id": db, "question": q, "query": f"SELECT '{q}'", "sql": {}} for db, q in dev],
        )
        for file in ("train_spider", "train_others"):
            self.json(
                root / f"{file}.json",
                [{"db_id": "zoo", "question": f"{file}?", "query": "SELECT 1 ;"}],
            )
        self.json(root / "tables.json", self.tables("arena", "zoo"))
        for db_id in there:
            self.database(root / "database" / db_id / f"{db_id}.sqlite", rows=[(1, db_id)])
            (root / "database" / db_id / "schema.sql").write_text("-- not needed")
        return root

    def bird(self, name: str = "dev_20240627", *, nested: bool = False) -> Path:
        root = self.folder / name
        self.json(root / "dev.json", self.bird_questions("SELECT count(*) FROM singer"))
        self.json(root / "dev_tables.json", self.tables("arena", "zoo"))
        databases = root / "dev_databases"
        self.database(databases / "arena" / "arena.sqlite")
        described = databases / "arena" / "database_description" / "singer.csv"
        described.parent.mkdir()
        described.write_bytes(
            b"original_column_name,column_name,column_description,data_format,value_description,\n"
            b'ID ,,the number,integer,"first line\nsecond \x96 line"\n'
            b"extra,more,not in tables.json,real,\n"
        )
        if nested:
            self.zip(databases, root / "dev_databases.zip")
            for path in sorted(databases.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            databases.rmdir()
        return root

    def mini_dev(self) -> Path:
        root = self.bird("MINIDEV")
        (root / "dev.json").unlink()
        for dialect in ("sqlite", "mysql", "postgresql"):
            self.json(root / f"mini_dev_{dialect}.json", self.bird_questions(f"-- {dialect}"))
        return root

    def bird_questions(self, sql: str) -> list[dict[str, object]]:
        rows = [(7, "arena", "simple"), (9, "arena", "moderate"), (7, "zoo", "simple"),
                (8, "arena", "challenging")]
        return [
            {"question_id": number, "db_id": db_id, "question": f"Question {place}?",
             "evidence": "", "SQL": sql, "difficulty": level}
            for place, (number, db_id, level) in enumerate(rows)
        ]

    def zip(self, folder: Path, path: Path, *, top: bool = True) -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder.parent if top else folder))
        return path

    def own(self, name: str = "own", lines: Iterable[object] | None = None) -> Path:
        """A user's own folder with one database."""
        root = self.folder / name
        self.database(root / "databases" / "arena" / "arena.sqlite")
        if lines is None:
            lines = [{"id": "a", "question": "How many?", "db_id": "arena", "gold": "SELECT 1"}]
        text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
        (root / "questions.jsonl").write_text(text, encoding="utf-8")
        return root


@pytest.fixture
def layouts(tmp_path: Path) -> Layouts:
    return Layouts(tmp_path)
