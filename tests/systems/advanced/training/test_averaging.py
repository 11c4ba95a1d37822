from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from systems.advanced.training.averaging import Average
from systems.advanced.training.supervised import supervised
from tests.systems.advanced.training.tiny import TinyLearner, make_towns, small_options, working

from systems.advanced.training import checkpoints
from t2s_bench.errors import UserError


def test_an_average_follows_its_formula_and_takes_the_weights_place() -> None:
    module = torch.nn.Linear(1, 1)
    module.bias.requires_grad_(False)
    with torch.no_grad():
        module.weight.fill_(1.0)
    average = Average(module, decay=0.5)
    expected = 1.0
    for step, value in enumerate((3.0, 5.0, -2.0), start=1):
        with torch.no_grad():
            module.weight.fill_(value)
        average.update(step)
        kept = min(0.5, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept) * value
    assert module.weight.item() == -2.0
    assert average.state().keys() == {"weight"}
    average.take_over()
    assert module.weight.item() == pytest.approx(expected, abs=1e-5)


def test_a_loaded_average_goes_on_as_the_one_that_was_saved() -> None:
    module = torch.nn.Linear(2, 2)
    first = Average(module, 0.9)
    with torch.no_grad():
        module.weight += 1
    first.update(1)
    saved = {name: value.clone() for name, value in first.state().items()}
    second = Average(module, 0.9)
    second.load(saved)
    for one in (first, second):
        one.update(2)
    assert torch.equal(first.state()["weight"], second.state()["weight"])
    with pytest.raises(KeyError):
        second.load({})


def test_the_writing_stage_ends_with_the_average(tmp_path: Path) -> None:
    towns = make_towns(tmp_path / "towns")
    plain: dict[int, torch.Tensor] = {}
    averaged: dict[int, torch.Tensor] = {}
    for decay, into in ((0.0, plain), (0.9, averaged)):
        options = small_options(
            towns, weight_averaging=decay, use_multi_agent_rl=False, checkpoint_every=1
        )
        seen: list[torch.Tensor] = []
        learner = TinyLearner()
        with pytest.MonkeyPatch.context() as patch:
            save = checkpoints.save
            patch.setattr(
                checkpoints,
                "save",
                lambda *all_, seen=seen, learner=learner, save=save: (
                    seen.append(learner.net.write.weight.detach().clone()),
                    save(*all_),
                ),
            )
            with working(tmp_path / f"out{decay}", options, learner) as work:
                supervised(work)
        into.update(dict(enumerate(seen)))
    # The steps are the same, up to the last, whose weights are the average of all.
    assert len(plain) == len(averaged) == 12
    for step in range(11):
        assert torch.equal(plain[step], averaged[step])
    torch.manual_seed(0)
    expected = TinyLearner().net.write.weight.detach().clone()
    for step in range(12):
        kept = min(0.9, (2 + step) / (11 + step))
        expected = kept * expected + (1 - kept) * plain[step]
    assert torch.allclose(averaged[11], expected, atol=1e-6)


def test_weights_that_are_spread_over_devices_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "is_spread", lambda optimiser: True)
    options = small_options(make_towns(tmp_path / "towns"), weight_averaging=0.9)
    with (
        working(tmp_path / "out", options, TinyLearner()) as work,
        pytest.raises(UserError, match="set weight_averaging=0"),
    ):
        supervised(work)
    # The refusal is about what accelerate says.
    for kind, spread in (("FSDP", True), ("DEEPSPEED", True), ("MULTI_GPU", False), ("NO", False)):
        accelerator = SimpleNamespace(distributed_type=f"DistributedType.{kind}")
        monkeypatch.undo()
        assert checkpoints.is_spread(SimpleNamespace(accelerator=accelerator)) is spread  # type: ignore[arg-type]
