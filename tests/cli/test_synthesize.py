"""`t2s-bench synthesize` as a person and a script see it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_app import mistake, t2s

import t2s_bench


def test_a_dataset_becomes_another(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = t2s("synthesize", "--dataset", shop, "-n", "6", "-o", out, "--json")
    assert result.returncode == 0, result.stderr
    made = t2s_bench.load(out)
    assert json.loads(result.stdout)["pairs"] == len(made.examples) > 0
    assert set(made.databases) <= {"shop", "stall"}


def test_mistakes_are_one_line(shop: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "out")
    assert "give SQLite files, or --dataset" in mistake("synthesize", *out)
    assert "no database file at" in mistake("synthesize", tmp_path / "gone.sqlite", *out)
    assert "exists: give another" in mistake("synthesize", "--dataset", shop, "-o", shop)
    needed = mistake("synthesize", "--dataset", shop, "--model", "m", *out)
    assert "need both --base-url and --model" in needed
    assert not (tmp_path / "out").exists()
