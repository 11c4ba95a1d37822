"""`t2s-bench run --dry-run`: everything is checked and told, nothing is run."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_app import mistake, t2s

CONFIGS = Path(__file__).resolve().parents[2] / "systems" / "advanced" / "configs"


def test_a_dry_run_tells_options_questions_and_arms_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run"
    said = t2s("run", "oracle", "--dry-run", "--limit", "3", "--seed", "7", "--out", out)
    assert said.returncode == 0, said.stderr
    for text in ("benchmark", "mini", "questions", "3", "seed", "7", str(out)):
        assert text in said.stdout
    assert not out.exists()


def test_a_system_tells_its_plan(tmp_path: Path) -> None:
    command = ("run", "advanced", "--config", CONFIGS / "qwen2.5-7b.toml", "--dry-run")
    said = t2s(*command, "--ablate", "each", "--out", tmp_path / "run", "--json")
    assert said.returncode == 0, said.stderr
    content = json.loads(said.stdout)
    assert content["options"]["model"] == "Qwen/Qwen2.5-7B-Instruct"
    assert content["parameters"] == 7_615_616_512
    assert "mcts" in content["tokens a question"]
    assert content["arms"].startswith("full, without-gat")
    assert not (tmp_path / "run").exists()


def test_mistakes_in_a_configuration_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[run]\nmcts_simulation = 3\n\n[train]\nmodel_name = "small"\n')
    line = mistake("run", "advanced", "--config", path, "--dry-run")
    assert "did you mean 'mcts_simulations'" in line
    path.write_text('[train]\nmodel_name = "small"\n')
    assert "has no table [run]" in mistake("run", "advanced", "--config", path, "--dry-run")
    path.write_text("[rum]\n\n[train]\n")
    assert "did you mean 'run'" in mistake("run", "advanced", "--config", path, "--dry-run")
