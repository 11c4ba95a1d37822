"""Datasets, databases and questions can be looked at on a terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from tests.conftest import make_shop

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.dataset_view import View, as_json, dataset_view, print_view, view_of
from t2s_bench.errors import UnknownName


def printed(view: View) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_view(view, console)
    json.dumps(as_json(view))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_dataset_is_listed_with_its_databases() -> None:
    text = printed(dataset_view(load("mini")))
    assert "mini 1: scored" in text
    assert "easy" in text
    assert "bank" in text
    assert "More: t2s-bench datasets show mini bank (a database)" in text


def test_a_database_is_drawn_with_its_keys_and_rows() -> None:
    text = printed(view_of(load("mini"), "bank"))
    assert "PK branch_id" in text
    assert "FK branch_id" in text
    assert "→ branch.branch_id" in text
    assert "Head Office" in text
    assert "4 fillings" in text
    assert text.index("─ branch ─") < text.index("─ loan ─")


def test_a_question_is_shown_with_its_gold_and_what_it_returns(tmp_path: Path) -> None:
    shop = load(make_shop(tmp_path / "shop"))
    text = printed(view_of(shop, "top"))
    assert "Dearest price?" in text
    assert "SELECT max(price) FROM item" in text
    assert "1 row" in text
    assert "20" in text
    assert "PK id" in text
    assert "0 rows" in printed(view_of(shop, "empty"))


def test_a_gold_that_fails_is_shown_as_such(tmp_path: Path) -> None:
    folder = make_shop(tmp_path / "shop")
    line = {"id": "x", "db_id": "shop", "question": "?", "gold": "SELECT absent"}
    (folder / "questions.jsonl").write_text(json.dumps(line))
    text = printed(view_of(load(folder), "x"))
    assert "the gold gives no result: error no such column: absent" in text


def test_unknown_ids_are_named(tmp_path: Path) -> None:
    shop = load(make_shop(tmp_path / "shop"))
    with pytest.raises(UnknownName, match="did you mean 'shop'"):
        view_of(shop, "shoop")


def test_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    folder = make_shop(tmp_path / "shop")
    line = {"id": "x", "db_id": "shop", "question": "[red]?[/blue]", "gold": "SELECT '[b]x'"}
    (folder / "questions.jsonl").write_text(json.dumps(line))
    text = printed(view_of(load(folder), "x"))
    assert "[red]?[/blue]" in text
    assert "[b]x" in text
