"""The README and the docs only show commands that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from t2s_bench.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "systems/*/README.md")
    for path in ROOT.glob(pattern)
)


def commands(page: Path) -> Iterator[str]:
    """Every `t2s-bench …` line of a page's shell blocks."""
    for block in re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|", line):
                words = part.strip().removeprefix("$ ").removeprefix(".venv/bin/")
                if words.startswith("t2s-bench "):
                    yield words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_shown_command_line_parses(page: Path) -> None:
    group = typer.main.get_command(app)
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        name, arguments = words[0], words[1:]
        assert name in group.commands or name.startswith("--"), f"{line}: no such command"  # type: ignore[attr-defined]
        if name in group.commands and "--help" not in arguments:  # type: ignore[attr-defined]
            group.commands[name].make_context(name, list(arguments), resilient_parsing=False)  # type: ignore[attr-defined]


def test_the_readme_holds_the_two_commands_that_ci_runs() -> None:
    text = (ROOT / "README.md").read_text()
    for marker in ("run", "test"):
        block = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)\n```\n<!-- end -->", text, re.DOTALL)
        assert block, f"the README lost its block '{marker}'"
        assert "\n" not in block.group(1), "one command line"


def test_the_readmes_table_is_the_leaderboards() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "readme_table.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} → {target}"
