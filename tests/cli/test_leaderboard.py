"""submit, leaderboard and view as a user types them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from t2s_bench.cli.app import main

# Exit code, stdout, stderr.
T2S = Callable[..., tuple[int, str, str]]


@pytest.fixture
def t2s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> T2S:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["t2s-bench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), captured.out, captured.err

    return call


@pytest.fixture
def run(shop: Path, tmp_path: Path, t2s: T2S) -> Path:
    t2s("run", "oracle", "--dataset", shop, "--out", "run", "--jobs", "1")
    return Path("run")


def test_from_a_run_to_a_checked_leaderboard_and_a_page(run: Path, t2s: T2S) -> None:
    submit = ("submit", run, "--note", "the ceiling")
    record = json.loads(t2s(*submit, "--json")[1])
    assert record["record"] == "leaderboard/records/shop/oracle.json" and record["changed"]
    assert "records this run already" in t2s(*submit)[1]
    code, out, error = t2s("leaderboard", "--check")
    assert code == 1 and out.splitlines() == [
        "leaderboard/README.md is missing",
        "leaderboard/plots/shop.svg is missing",
    ]
    assert error == "bring it up to date: t2s-bench leaderboard\n"
    code, out, _ = t2s("leaderboard", "--html", "board.html")
    assert code == 0 and out.count("written") == 3
    assert "<!doctype html>" in Path("board.html").read_text()
    assert t2s("leaderboard", "--check") == (0, "", "")
    assert "is up to date" in t2s("leaderboard")[1]


def test_mistakes_are_one_line(run: Path, t2s: T2S) -> None:
    for arguments in (
        ("leaderboard",),
        ("submit", "nothing"),
        ("submit", run, "--name", "a/b"),
        ("view", "nothing"),
    ):
        code, out, error = t2s(*arguments)
        assert code == 2 and not out
        assert error.startswith("error: ") and error.count("\n") == 1


def test_view_writes_a_page_into_the_run_or_where_it_is_told(run: Path, t2s: T2S) -> None:
    assert "run/view.html" in t2s("view", run, "--jobs", "1")[1]
    assert (run / "view.html").read_text().startswith("<!doctype html>")
    assert t2s("view", run, run, "--out", "two.html", "--jobs", "1")[0] == 0
    assert Path("two.html").stat().st_size > 10_000
    # The page beside a run's files does not get in the way of the run.
    assert t2s("run", "oracle", "--dataset", "shop", "--out", run, "--resume")[0] == 0
