"""`load-databases`, and run, score and show with `--engine`: as typed, on each engine."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.servers import PASSWORD, Engine, Server

from t2s_bench.cli.app import main


@dataclass
class Shell:
    """Runs commands in this process, as typed."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        self.monkeypatch.setattr(sys, "argv", ["t2s-bench", *map(str, arguments)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as exit:
            main()
        shown = self.capsys.readouterr()
        assert PASSWORD not in shown.out + shown.err
        return int(exit.value.code or 0), shown.out, shown.err

    def done(self, *arguments: str | Path) -> str:
        """What a command that works prints."""
        code, out, err = self.run(*arguments)
        assert code == 0, (out, err)
        return out

    def mistake(self, *arguments: str | Path) -> str:
        """The one line that a mistaken command gives."""
        code, out, err = self.run(*arguments)
        assert code == 2 and not out, (code, out, err)
        assert err.startswith("error: ") and err.count("\n") == 1, err
        return err


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("COLUMNS", "120")
    return Shell(monkeypatch, capsys)


def test_databases_are_copied_once(shell: Shell, shop: Path, tmp_path: Path) -> None:
    url = f"duckdb:///{tmp_path}/new/shop.duckdb"
    first = shell.done("load-databases", shop, "--to", url, "--only", "stall")
    assert first.splitlines() == [
        "stall: 1 tables, 4 rows",
        f"1 databases on {url}, 1 of them new",
    ]
    shell.monkeypatch.setenv("T2S_ENGINE", url)
    report = json.loads(shell.done("load-databases", shop, "--json"))
    assert {id: found["skipped"] for id, found in report["databases"].items()} == {
        "shop": False,
        "stall": True,
    }
    assert report["to"] == url


def test_a_run_on_an_engine_is_scored_there(
    shell: Shell, engine: Engine, shop_folder: Path, tmp_path: Path
) -> None:
    shell.done("load-databases", shop_folder, "--to", engine.url)
    run = tmp_path / "run"
    arguments = ("run", "oracle", "--dataset", shop_folder, "--jobs", "1", "--json", "--out", run)
    report = json.loads(shell.done(*arguments, "--engine", engine.url))
    # total() is SQLite's own, but one gold of two is enough.
    assert report["metrics"]["ex"]["value"] == 100 and report["benchmark"]["questions"] == 6
    lock = (run / "lock.json").read_text()
    assert PASSWORD not in lock and json.loads(lock)["identity"]["engine"]["server"]
    for path in run.rglob("*"):
        assert PASSWORD.encode() not in path.read_bytes(), path

    refused = shell.mistake("run", "oracle", "--dataset", shop_folder, "--out", run, "--resume")
    assert "engine" in refused
    assert "say where with --engine" in shell.mistake("score", run)
    again = json.loads(shell.done("score", run, "--engine", engine.url, "--json", "--jobs", "1"))
    assert again["metrics"]["ex"]["value"] == 100
    shown = shell.done("show", run, "top", "--engine", engine.url)
    assert "the results agree" in shown


def test_predictions_are_judged_by_the_server(
    shell: Shell, engine: Engine, shop_folder: Path, tmp_path: Path
) -> None:
    answers = {
        "count": "SELECT count(*) FROM item",
        "top": "SELECT 20",
        "order": "SELECT price FROM item ORDER BY nothing",
        "none": "DELETE FROM item",
        "sum": "",
        "empty": "SELECT id FROM item WHERE id < 0",
    }
    file = tmp_path / "answers.jsonl"
    lines = [json.dumps({"id": id, "sql": sql}) for id, sql in answers.items()]
    file.write_text("\n".join([*lines, ""]))
    run = tmp_path / "run"
    arguments = ("--dataset", shop_folder, "--engine", engine.url, "--out", run, "--json")
    report = json.loads(shell.done("score", file, *arguments, "--jobs", "1"))
    assert report["outcomes"] == {"match": 3, "pred_error": 1, "refused": 1, "no_sql": 1}


@pytest.mark.servers
def test_mistakes_about_servers_are_one_line(
    shell: Shell, postgresql: Server, mariadb: Server, shop_folder: Path, tmp_path: Path
) -> None:
    wrong = postgresql.admin.replace(PASSWORD, "guess-7")
    said = shell.mistake("load-databases", shop_folder, "--to", wrong)
    assert "password authentication failed" in said and "guess-7" not in said
    said = shell.mistake("run", "oracle", "--dataset", shop_folder, "--engine", wrong)
    assert "password authentication failed" in said and "guess-7" not in said
    said = shell.mistake(
        "load-databases", shop_folder, "--to", mariadb.admin.replace(PASSWORD, "guess-7")
    )
    assert "Access denied" in said and "guess-7" not in said
    said = shell.mistake("load-databases", shop_folder, "--to", mariadb.reader)
    assert "does not take the database 'shop'" in said or "cannot use" in said


def test_mistakes_about_urls_are_one_line(shell: Shell, shop: Path, tmp_path: Path) -> None:
    assert "unknown database of shop 'shp': did you mean 'shop'?" in shell.mistake(
        "load-databases", shop, "--to", "duckdb:///x.duckdb", "--only", "shp"
    )
    assert "not a URL that can be read; write postgresql://" in shell.mistake(
        "load-databases", shop, "--to", f"postgres:{PASSWORD}@localhost"
    )
    assert "cannot be copied to oracle" in shell.mistake(
        "load-databases", shop, "--to", f"oracle://u:{PASSWORD}@localhost/x"
    )
    assert "psycopg" in shell.mistake(
        "load-databases", shop, "--to", f"postgresql+psycopg2://u:{PASSWORD}@localhost/x"
    )
    nothing = f"duckdb:///{tmp_path}/nothing.duckdb"
    assert "there is no DuckDB file" in shell.mistake(
        "run", "oracle", "--dataset", shop, "--engine", nothing
    )
    shell.done("load-databases", shop, "--to", nothing, "--only", "shop")
    said = shell.mistake("run", "oracle", "--dataset", shop, "--engine", nothing)
    assert f"stall. Copy with: t2s-bench load-databases shop --to {nothing}" in said


def test_a_terminal_sees_a_bar_and_a_pipe_does_not(
    shell: Shell, shop: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "t2s_bench.cli.app", "load-databases", str(shop), "--to"]
    code, _, err = shell.run(*command[3:], f"duckdb:///{tmp_path}/a.duckdb")
    assert code == 0 and err == ""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command, f"duckdb:///{tmp_path}/b.duckdb"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    assert process.returncode == 0 and b"stall" in seen and b"rows" in seen
