from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from t2s_bench.errors import UnknownName
from t2s_bench.plugins import load_system
from t2s_bench.system import System
from t2s_bench.types import Database, Question

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-system.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The system of the page, with its options and components."""
    folder = tmp_path / "count_rows"
    folder.mkdir()
    description = blocks("toml")[0] + blocks("toml")[2]
    (folder / "system.toml").write_text(description, encoding="utf-8")
    (folder / "system.py").write_text("\n\n".join(blocks("python")), encoding="utf-8")
    return folder


def test_the_example_of_the_page_runs(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE city (a); CREATE TABLE singer (a);")
    connection.close()
    system = load_system(folder, off=["linking"]).start()
    assert isinstance(system, System)
    made = system.predict(
        Question("1", "How many singers are there?", "d"), Database("d", (path,), "", "")
    )
    assert made.sql == 'SELECT count(*) FROM "singer"'


def test_the_options_of_the_page_are_read(folder: Path) -> None:
    text = (folder / "system.toml").read_text(encoding="utf-8")
    (folder / "system.toml").write_text(
        text.replace(":CountRows", ":CountRowsWithOptions"), encoding="utf-8"
    )
    loaded = load_system(folder, {"distinct": "yes", "api_key": "sesame"})
    assert loaded.options == {"distinct": True, "api_key": "***"}
    with pytest.raises(UnknownName, match="did you mean 'distinct'"):
        load_system(folder, {"distinkt": "yes"})


def test_the_plan_of_the_page_is_told_without_an_instance(folder: Path) -> None:
    assert load_system(folder).plan() == {}
    text = (folder / "system.toml").read_text(encoding="utf-8")
    (folder / "system.toml").write_text(
        text.replace(":CountRows", ":CountRowsPlanned"), encoding="utf-8"
    )
    assert load_system(folder).plan() == {"statements a question": 1}


def test_the_example_is_ten_lines_long() -> None:
    lines = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(lines) <= 10
