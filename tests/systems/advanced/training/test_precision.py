"""bfloat16 is used where the machine computes in it, and its absence is said once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from systems.advanced.training.options import TrainingOptions
from systems.advanced.training.trainer import AdvancedTrainer
from tests.systems.advanced.training.tiny import TinyLearner, make_towns, small_options

from systems.advanced.training import learners, precision
from t2s_bench.runs.lock import Lock
from t2s_bench.system import Setup
from t2s_bench.training import Request, TrainingRun


@pytest.mark.parametrize(
    ("wanted", "num_gpus", "gpu", "processor", "used"),
    [
        (True, None, False, True, True),
        (True, None, False, False, False),
        (True, None, True, False, True),
        (True, 0, True, False, False),
        (False, None, False, True, False),
    ],
)
def test_bfloat16_is_used_where_it_is_had(
    wanted: bool,
    num_gpus: int | None,
    gpu: bool,
    processor: bool,
    used: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(precision, "has_bfloat16", lambda: processor)
    options = TrainingOptions(bf16=wanted, num_gpus=num_gpus, batch_size=3)
    found = precision.on_this_machine(options)
    assert (found.bf16, found.batch_size) == (used, 3)


def test_the_check_asks_this_processor() -> None:
    assert precision.has_bfloat16() in (True, False)


@pytest.mark.parametrize("processor", [True, False])
def test_plan_and_log_say_which_precision_it_is(
    processor: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda: processor)
    monkeypatch.setattr(learners, "make_learner", lambda *_: TinyLearner())
    towns = make_towns(tmp_path / "towns")
    folder = tmp_path / "out"
    trainer = AdvancedTrainer(small_options(towns, bf16=True), Setup(folder))
    request = Request((1,), data=folder)
    assert trainer.plan(request)["precision"] == ("bfloat16" if processor else "single")
    with TrainingRun(folder, Lock({}, {}), request) as run:
        trainer.train(run)
    assert (precision.NO_BFLOAT16 in (folder / "training.log").read_text()) is not processor
