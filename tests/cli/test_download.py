"""`t2s-bench download`: what it prints, and one line for every mistake."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from t2s_bench.cli.app import app
from t2s_bench.errors import UserError


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T2S_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("T2S_CACHE", str(tmp_path / "cache"))


def t2s(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["download", *map(str, arguments)])


def mistake(*arguments: str | Path) -> str:
    result = t2s(*arguments)
    assert isinstance(result.exception, UserError)
    assert result.stdout == ""
    assert "\n" not in str(result.exception)
    return str(result.exception)


@pytest.fixture
def spider(tmp_path: Path) -> Path:
    """A small spider_data.zip; one of its two databases is missing."""
    with sqlite3.connect(tmp_path / "zoo.sqlite") as connection:
        connection.execute("CREATE TABLE animal (name TEXT)")
    connection.close()
    records = [{"db_id": db, "question": "?", "query": "SELECT 1"} for db in ("zoo", "farm")]
    with zipfile.ZipFile(tmp_path / "spider_data.zip", "w") as archive:
        archive.writestr("spider_data/dev.json", json.dumps(records))
        archive.writestr("spider_data/tables.json", "[]")
        archive.write(tmp_path / "zoo.sqlite", "spider_data/database/zoo/zoo.sqlite")
    return tmp_path / "spider_data.zip"


def test_it_says_what_was_imported_and_what_to_type_next(spider: Path, tmp_path: Path) -> None:
    result = t2s("spider", "--from", spider)
    assert result.exit_code == 0, result.exception
    first, dev, note, following = result.stdout.splitlines()
    assert f"imported from spider_data.zip into {tmp_path / 'data' / 'spider'}" in first
    assert "databases: 1" in first
    assert "CC BY-SA 4.0" in first
    assert dev == "  spider-dev  scored 1 of 2, farm missing (1 question)"
    assert note == "note: 'dev' has 2 questions, 1.0 has 1,034"
    assert following == "Next: t2s-bench run oracle --dataset spider-dev"
    assert result.stderr == ""


def test_json_is_one_object(spider: Path, tmp_path: Path) -> None:
    result = t2s("spider", "--from", spider, "--json", "--data", tmp_path / "other")
    record = json.loads(result.stdout)
    assert record["missing"] == {"farm": 1}
    assert record["splits"]["dev"]["scored"] == 1
    assert record["folder"] == str(tmp_path / "other" / "spider")


def test_the_name_of_a_split_will_do_and_force_replaces(spider: Path) -> None:
    assert t2s("spider-dev", "--from", spider).exit_code == 0
    assert "add --force to replace it" in mistake("spider", "--from", spider)
    assert t2s("spider", "--from", spider, "--force").exit_code == 0


def test_only_some_splits(spider: Path) -> None:
    assert "unknown split of this spider 'train'" in mistake(
        "spider", "--from", spider, "--only", "train"
    )
    assert t2s("spider", "--from", spider, "--only", " dev,").exit_code == 0


def test_without_network_it_says_how_to_get_it_with_a_browser(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    message = mistake("spider")
    assert message.startswith("'spider' could not be downloaded: Google Drive: no connection")
    assert "Hugging Face" in message
    assert "In a browser: get spider_data.zip from https://yale-lily.github.io/spider" in message
    assert message.endswith("then t2s-bench download spider --from spider_data.zip")
    assert not (tmp_path / "data" / "spider").exists()


def test_offline_asks_no_server(monkeypatch: pytest.MonkeyPatch, spider: Path) -> None:
    monkeypatch.setattr("t2s_bench.benchmarks.fetching.transfer", lambda *_, **__: pytest.fail())
    assert "cannot be had offline" in mistake("mini-dev", "--offline")


def test_mistakes_say_what_to_type(spider: Path, tmp_path: Path) -> None:
    assert "did you mean 'spider'" in mistake("spidre")
    assert "part of t2s-bench" in mistake("mini")
    assert "there is no file or folder" in mistake("spider", "--from", tmp_path / "none.zip")
    assert "is not BIRD dev: looked for" in mistake("bird-dev", "--from", spider)
