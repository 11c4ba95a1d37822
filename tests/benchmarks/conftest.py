"""Small benchmarks in their true official layouts, made by the tests."""

from __future__ import annotations

import json
import random
import shutil
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
                    [-1, "*"],
                    [0, "singer id"],
                    [0, "name"],
                    [1, "singer"],
                    [1, "day"],
                    [2, "seq"],
                ],
                "column_names_original": [
                    [-1, "*"],
                    [0, "id"],
                    [0, "Name"],
                    [1, "Singer"],
                    [1, "day"],
                    [2, "seq"],
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
        rows = [
            (7, "arena", "simple"),
            (9, "arena", "moderate"),
            (7, "zoo", "simple"),
            (8, "arena", "challenging"),
        ]
        return [
            {
                "question_id": number,
                "db_id": db_id,
                "question": f"Question {place}?",
                "evidence": "",
                "SQL": sql,
                "difficulty": level,
            }
            for place, (number, db_id, level) in enumerate(rows)
        ]

    def bird_train(self, *, nested: bool = False) -> Path:
        """train.zip: no question_id, no difficulty."""
        root = self.folder / "train"
        self.json(
            root / "train.json",
            [
                {
                    "db_id": "arena",
                    "question": f"Question {place}?",
                    "evidence": "a hint",
                    "SQL": "SELECT count(*) FROM singer",
                }
                for place in range(3)
            ],
        )
        self.json(root / "train_tables.json", self.tables("arena"))
        databases = root / "train_databases"
        self.database(databases / "arena" / "arena.sqlite")
        if nested:
            self.zip(databases, root / "train_databases.zip")
            shutil.rmtree(databases)
        return root

    def spider_dk(self, name: str = "Spider-DK-5e16fa1") -> Path:
        """The repository: two questions on Spider's databases, one on its own."""
        root = self.folder / name
        asked = [("arena", "How many?"), ("new_zoo", "Which?"), ("zoo", "Who?")]
        self.json(
            root / "Spider-DK.json",
            [
                {"db_id": db, "question": q, "query": f"SELECT '{q}'", "type": "1", "sql": {}}
                for db, q in asked
            ],
        )
        self.json(root / "tables.json", self.tables("arena", "zoo", "new_zoo"))
        path = self.database(root / "database" / "new_zoo" / "new_zoo.sqlite", rows=[(1, "new")])
        (path.parent / "schema.sql").write_text("-- not needed")
        return root

    def spider_syn(self, name: str = "Spider-Syn-7efaf37") -> Path:
        """The repository, with files of the same names elsewhere in it."""
        root = self.folder / name
        for file, split in (("dev.json", "dev"), ("train_spider.json", "train")):
            self.json(
                root / "Spider-Syn" / file,
                [
                    {
                        "db_id": db,
                        "SpiderQuestion": f"{split} original?",
                        "query": "SELECT 1",
                        "SpiderSynQuestion": f"{split} {db} synonym?",
                    }
                    for db in ("arena", "zoo")
                ],
            )
        self.json(root / "preprocessed_dataset" / "tables.json", self.tables("arena"))
        return root

    def spider_realistic(self, name: str = "spider-realistic") -> Path:
        path = self.folder / name / "spider-realistic.json"
        self.json(path, [{"db_id": "zoo", "question": "Realistic?", "query": "SELECT 2"}])
        return path

    def test_suites(self, name: str = "suites") -> Path:
        """Fillings for zoo, whose own comes along unchanged, arena, and one unknown database."""
        root = self.folder / name
        for db_id in ("arena", "zoo"):
            for number in range(3):
                self.database(
                    root / "database" / db_id / f"{db_id}v{number}.sqlite",
                    rows=[(number + 5, f"filling {number}")],
                )
        self.database(root / "database" / "zoo" / "zoo.sqlite", rows=[(1, "zoo")])
        self.database(root / "database" / "arena" / "arena.sqlite", rows=[(1, "another")])
        self.database(root / "database" / "atis" / "atis1.sqlite")
        return root

    def bird_1106(self) -> Path:
        path = self.folder / "dev_20251106-00000-of-00001.json"
        records = self.bird_questions("SELECT count(*) FROM singer WHERE id > 0")
        for number, record in enumerate(records):
            record["question_id"] = number
        self.json(path, records)
        return path

    def mini_dev_hf(self) -> Path:
        """Three files of JSON Lines beside one another."""
        root = self.folder / "mini_dev_hf"
        root.mkdir()
        for dialect in ("sqlite", "pg", "mysql"):
            lines = [json.dumps(record) for record in self.bird_questions(f"-- new {dialect}")]
            path = root / f"mini_dev_{dialect}-00000-of-00001.json"
            path.write_text("\n".join(lines) + "\n")
        return root

    def ehrsql(self, root: Path | None = None) -> Path:
        """OmniSQL's folder: both databases in one list."""
        root = root or self.folder / "EHRSQL"
        self.json(
            root / "dev.json",
            [
                {
                    "db_id": db,
                    "question": f"On {db}?",
                    "query": "SELECT count(*) FROM singer",
                    "id": f"{db}1",
                }
                for db in ("mimic_iii", "eicu")
            ],
        )
        self.json(root / "tables.json", self.tables("mimic_iii", "eicu"))
        for db in ("mimic_iii", "eicu"):
            self.database(root / "database" / db / f"{db}.sqlite")
        return root

    def ehrsql_official(self) -> Path:
        """The repository's dataset/ehrsql, with one database built and one not."""
        root = self.folder / "dataset" / "ehrsql"
        for db in ("mimic_iii", "eicu"):
            for part in ("train", "valid", "test"):
                gold = "select id from singer where strftime('%y', current_time) > '2100'"
                self.json(
                    root / db / f"{part}.json",
                    [
                        {
                            "db_id": db,
                            "question": f"{db} {part}?",
                            "query": gold,
                            "value": {},
                            "is_impossible": False,
                            "split": part,
                            "id": f"{db}{part}1",
                        },
                        {
                            "db_id": db,
                            "question": "Impossible?",
                            "query": "nan",
                            "is_impossible": True,
                            "split": part,
                            "id": f"{db}{part}2",
                        },
                    ],
                )
            (root / db / f"{db}.sql").write_text("create table …")
        self.json(root / "tables.json", self.tables("mimic_iii", "eicu"))
        self.database(root / "mimic_iii" / "mimic_iii.db")
        return root

    def sciencebenchmark(self, root: Path | None = None) -> Path:
        root = root or self.folder / "sciencebenchmark"
        self.json(
            root / "dev.json",
            [{"db_id": "cordis", "question": "How many projects?", "query": "SELECT 3"}],
        )
        self.json(root / "tables.json", self.tables("cordis"))
        self.database(root / "databases" / "cordis" / "cordis.sqlite")
        return root

    def spider2(self, root: Path | None = None) -> Path:
        """OmniSQL's folder: one task with two golds, one with one, one without."""
        root = root or self.folder / "spider2_sqlite"
        tasks = [("local001", "Top?"), ("local002", "All?"), ("local003", "None?")]
        self.json(
            root / "test.json",
            [
                {"instance_id": id, "db_id": "Shop", "question": q, "external_knowledge": None}
                for id, q in tasks
            ],
        )
        self.json(root / "tables.json", self.tables("Shop"))
        self.database(root / "databases" / "Shop" / "Shop.sqlite")
        self.golds(root / "gold_exec_result", root / "spider2_sqlite_eval.jsonl")
        return root

    def spider2_lite(self) -> Path:
        """The repository's folder spider2-lite, with tasks of other engines."""
        root = self.folder / "Spider2" / "spider2-lite"
        root.mkdir(parents=True)
        tasks = [
            ("bq001", "Cloud?", None),
            ("local001", "Top?", "rfm.md"),
            ("local002", "All?", None),
        ]
        lines = [
            json.dumps({"instance_id": id, "db": "Shop", "question": q, "external_knowledge": k})
            for id, q, k in tasks
        ]
        (root / "spider2-lite.jsonl").write_text("\n".join(lines))
        documents = root / "resource" / "documents"
        documents.mkdir(parents=True)
        (documents / "rfm.md").write_text("RFM means recency, frequency, money.")
        self.database(root / "resource" / "databases" / "spider2-localdb" / "Shop.sqlite")
        gold = root / "evaluation_suite" / "gold"
        self.golds(gold / "exec_result", gold / "spider2lite_eval.jsonl")
        return root

    def golds(self, results: Path, rules: Path) -> None:
        results.mkdir(parents=True)
        (results / "local001_a.csv").write_text("name,total\nx,1.50\ny,2\n")
        (results / "local001_b.csv").write_text("name,total\ny,2\nx,1.50\n")
        (results / "local002.csv").write_text("id,note,n\n1,,7\n2,it's,8\n")
        lines = [
            {
                "instance_id": "local001",
                "condition_cols": [[0, 1], [1]],
                "ignore_order": [False, True],
                "toks": 3,
            },
            {"instance_id": "local002", "condition_cols": [0, 1], "ignore_order": True},
        ]
        rules.write_text("\n".join(map(json.dumps, lines)) + "\n")

    def omnisql(self) -> Path:
        """OmniSQL's data.zip, with all its benchmarks and many databases that nobody asks for."""
        root = self.folder / "omnisql" / "data"
        self.ehrsql(root / "EHRSQL")
        self.sciencebenchmark(root / "sciencebenchmark")
        self.spider2(root / "spider2_sqlite")
        for made, name in (
            (self.spider(), "spider"),
            (self.spider_dk(), "Spider-DK"),
            (self.spider_syn() / "Spider-Syn", "Spider-Syn"),
            (self.spider_realistic().parent, "spider-realistic"),
            (self.bird(), "bird/dev_20240627"),
            (self.bird_train(), "bird/train"),
        ):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            made.rename(root / name)
        noise = random.Random(3)
        for number in range(40):
            path = root / "SynSQL-2.5M" / "databases" / f"d{number}" / f"d{number}.sqlite"
            path.parent.mkdir(parents=True)
            path.write_bytes(noise.randbytes(50_000))
        return root.parent

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
