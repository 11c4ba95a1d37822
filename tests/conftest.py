"""Fixtures shared by all tests."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with third-party benchmarks and reference verdicts, or a skip."""
    folder = Path(os.environ.get("T2S_SHARED", ROOT.parent / "shared"))
    if not (folder / "eval_reference").is_dir():
        pytest.skip(f"no third-party data at {folder} (set T2S_SHARED to its folder)")
    return folder


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tests never read or fill the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("T2S_CACHE", str(folder))
        yield folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small benchmark folder of one's own: six questions on two databases, two fillings."""
    return make_shop(tmp_path / "shop")


def make_shop(folder: Path) -> Path:
    """Writes the benchmark of the fixture `shop`."""
    for database, prices in (("shop", (10, 20, 20, None)), ("stall", (1, 2, 3, 4))):
        for filling, factor in (("", 1), (".filling1", 3)):
            path = folder / "databases" / database / f"{database}{filling}.sqlite"
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, price INTEGER)")
                connection.executemany(
                    "INSERT INTO item (price) VALUES (?)",
                    [(price and price * factor,) for price in prices],
                )
    questions = [
        ("count", "shop", "How many items are there?", "SELECT count(*) FROM item", "easy"),
        ("top", "shop", "Dearest price?", "SELECT max(price) FROM item", "easy"),
        (
            "order",
            "shop",
            "Prices, dearest first?",
            "SELECT price FROM item ORDER BY price DESC, id",
            "medium",
        ),
        (
            "none",
            "shop",
            "Items without a price?",
            "SELECT id FROM item WHERE price IS NULL",
            "hard",
        ),
        (
            "sum",
            "stall",
            "Sum of prices?",
            ["SELECT sum(price) FROM item", "SELECT total(price) FROM item"],
            "easy",
        ),
        (
            "empty",
            "stall",
            "Items dearer than 99?",
            "SELECT id FROM item WHERE price > 99",
            "medium",
        ),
    ]
    keys = ("id", "db_id", "question", "gold", "difficulty")
    lines = [json.dumps(dict(zip(keys, question, strict=True))) + "\n" for question in questions]
    (folder / "questions.jsonl").write_text("".join(lines))
    return folder
