from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from t2s_bench.cli.app import app
from t2s_bench.training.directory import read_metrics


@pytest.mark.slow
def test_loss_reward_and_accuracy_of_the_smoke_training_move_in_the_right_direction(
    tmp_path: Path,
) -> None:
    asked = ["train", "advanced", "--smoke", "--json", "--jobs", "1", "-o"]
    done = CliRunner().invoke(app, [*asked, f"output_dir={tmp_path}"])
    assert done.exit_code == 0, done.output
    lines = read_metrics(tmp_path / "smoke")

    def values(stage: str, name: str) -> list[float]:
        return [float(str(one[name])) for one in lines if one.get("stage") == stage]

    for stage in ("fold1", "writing"):
        losses = values(stage, "loss")
        assert losses[-1] < 0.8 * losses[0], stage
    # Each step has other questions: what counts is the mean of many.
    judged = values("validation", "loss_validation")
    assert len(judged) == 24 and sum(judged[-8:]) < 0.8 * sum(judged[:8])
    rewards = values("grpo", "reward")
    half = len(rewards) // 2
    assert half == 20 and sum(rewards[half:]) > 1.1 * sum(rewards[:half])
    # On questions of databases that nothing was trained on.
    ex = [float(str(one["ex"])) for one in lines if one["kind"] == "eval"]
    assert ex[0] == 0.0 and ex[-1] >= 0.1
