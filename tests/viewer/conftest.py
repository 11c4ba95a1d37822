"""Runs to look at: hostile text everywhere, traces, candidates, every kind of outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.runs.lock import Scoring
from t2s_bench.runs.rescore import score_file

HOSTILE = "</script><script>document.title='out'</script><img src=x onerror=alert(1)>"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")


@pytest.fixture
def hostile_shop(shop: Path) -> Path:
    """The shop, with questions that try to break out of a page."""
    path = shop / "questions.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0] |= {"question": f"{HOSTILE} how many?", "evidence": HOSTILE}
    lines[1]["id"] = "top/</script> &é"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return shop


@pytest.fixture
def make_run(hostile_shop: Path, tmp_path: Path) -> Callable[..., Path]:
    """Scores predictions for the shop's questions into a folder of this name."""

    def make(name: str, sqls: list[str], metrics: tuple[str, ...] = ("ex",)) -> Path:
        benchmark = load(hostile_shop)
        lines = [
            {
                "id": example.id,
                "sql": sql,
                "confidence": 0.75,
                "prompt_tokens": 900,
                "completion_tokens": 60,
                "candidates": [{"sql": f"SELECT '{HOSTILE}'", "score": float("nan")}],
                "trace": {
                    "tree": {"visits": 3, "children": [{"action": HOSTILE, "children": []}]},
                    "entropy": float("inf"),
                },
            }
            for example, sql in zip(benchmark.examples, sqls, strict=True)
        ]
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        score_file(file, benchmark, tmp_path / name, Scoring(metrics))
        return tmp_path / name

    return make


FIRST = [
    "SELECT count(*) FROM item",
    "SELECT 99",
    "",
    "SELECT oops FROM item",
    "SELECT sum(price) FROM item",
    f"SELECT '{HOSTILE}'",
]
SECOND = ["SELECT 1", "SELECT max(price) FROM item", *FIRST[2:]]


@pytest.fixture
def first(make_run: Callable[..., Path]) -> Path:
    return make_run("first", FIRST)


@pytest.fixture
def second(make_run: Callable[..., Path]) -> Path:
    return make_run("second", SECOND)
