"""The commands that docs/leaderboard.md shows, as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

from t2s_bench.leaderboard.folder import read_boards


def test_the_commands_of_the_page_work_as_written(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "leaderboard.md").read_text()
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()
    ]
    assert len(commands) == 4
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "t2s-bench"
        done = subprocess.run(
            [sys.executable, "-m", "t2s_bench.cli.app", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
    (board,) = read_boards(tmp_path / "leaderboard")
    assert [record.note for record in board.records] == ["the ceiling"]
    assert (tmp_path / "oracle.html").stat().st_size > 10_000
