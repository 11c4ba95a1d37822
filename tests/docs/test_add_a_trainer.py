from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from t2s_bench.training import train

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-trainer.md").read_text(encoding="utf-8")
SYSTEM = """
from t2s_bench.system import System
class CommonTable(System):
    def predict(self, question, database):
        raise NotImplementedError
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "common_table"
    folder.mkdir()
    (folder / "system.toml").write_text(blocks("toml")[0], encoding="utf-8")
    (folder / "system.py").write_text(SYSTEM, encoding="utf-8")
    (folder / "trainer.py").write_text(blocks("python")[0], encoding="utf-8")
    return folder


def test_the_example_of_the_page_trains(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(blocks("python")[1])
    results = tmp_path / "results" / "common_table"
    assert (results / "final_model" / "table.txt").read_text() != ""
    assert json.loads((results / "report.json").read_text())["tables"] == 12
    assert (results / "done.json").exists()
    assert train(folder, resume=True)["tables"] == 12


def test_the_example_is_ten_lines_long() -> None:
    lines = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(lines) <= 10
