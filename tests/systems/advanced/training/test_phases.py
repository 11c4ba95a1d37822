from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from systems.advanced.training.loop import TrainingStopped
from systems.advanced.training.optimisation import OutOfMemory
from systems.advanced.training.phases import run_phases, save_final
from systems.advanced.training.supervised import supervised
from systems.advanced.training.teaching import lessons
from tests.systems.advanced.training.tiny import (
    TinyLearner,
    make_towns,
    small_options,
    working,
)

from systems.advanced.training import checkpoints, phases
from t2s_bench.errors import BadInput
from t2s_bench.training.directory import read_metrics

ROOT = Path(__file__).parents[4]
RUN = Path(__file__).with_name("run_tiny.py")


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_towns(tmp_path_factory.mktemp("data") / "towns")


def run_tiny(folder: Path, towns: Path, *more: str, launch: tuple[str, ...] = ()) -> int:
    """Trains in a process of its own; what went wrong is shown."""
    command = [sys.executable, *launch, str(RUN), str(folder), str(towns), *more]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'harness'}",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    if done.returncode > 0:
        print(done.stdout, done.stderr)
    return done.returncode


def curve(folder: Path) -> dict[tuple[object, object], float]:
    """Losses by phase and step."""
    return {
        (line["phase"], line["step"]): float(str(line["loss"]))
        for line in read_metrics(folder)
        if line["kind"] == "train"
    }


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(folder / "final_model" / "net.pt")
    return found


@pytest.fixture(scope="module")
def whole(towns: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that nothing stopped."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert run_tiny(out, towns) == 0
    return out


def test_loss_reward_and_accuracy_move_in_the_right_direction(whole: Path) -> None:
    lines = read_metrics(whole)
    losses = [line["loss"] for line in lines if line.get("stage") == "writing"]
    assert losses[-1] < 0.7 * losses[0]  # type: ignore[operator]
    rewards = [line["reward"] for line in lines if line.get("stage") == "grpo"]
    assert sum(rewards[-4:]) > sum(rewards[:4])  # type: ignore[arg-type]
    tests = [float(str(line["ex"])) for line in lines if line["kind"] == "eval"]
    assert tests == sorted(tests)
    assert tests[0] < 0.4 and tests[-1] == 1.0
    stages = list(dict.fromkeys(line["stage"] for line in lines if "stage" in line))
    assert stages == ["writing", "validation", "search1", "grpo", "joint", "refine1"]


def test_what_is_left_behind_is_as_announced(whole: Path) -> None:
    assert (whole / "final_model" / "net.pt").exists()
    calibration = json.loads((whole / "final_model" / "calibration.json").read_text())
    assert {"selection", "recall_guard"} <= calibration.keys()
    for phase in (1, 2, 3, 4):
        assert (whole / f"phase{phase}" / "done.json").exists()
        assert (whole / f"phase{phase}" / "weights" / "state.pt").exists()


CROSS_FITTED = ("weight_averaging=0.9", "validation_folds=2", "fold_steps=6", "--phases", "1")


@pytest.fixture(scope="module")
def whole_cross_fitted(towns: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first phase with writers of folds and averaged weights that nothing stopped."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert run_tiny(out, towns, *CROSS_FITTED) == 0
    return out


# In the first fold, in the second, in the writing stage, and in the validation stage.
@pytest.mark.parametrize("calls", [6, 11, 19, 26])
def test_a_killed_cross_fitting_goes_on_with_the_same_losses(
    calls: int, towns: Path, whole_cross_fitted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert run_tiny(out, towns, *CROSS_FITTED, "--kill", str(calls)) == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in out.glob("phase1/candidates*/*.jsonl")}
    assert len(kept) == (0 if calls < 7 else 1 if calls < 13 else 2)
    assert run_tiny(out, towns, *CROSS_FITTED, "--resume") == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    expected, found = curve(whole_cross_fitted), curve(out)
    assert found.keys() == expected.keys() and len(expected) == 2 * 6 + 12 + 3
    for key, loss in expected.items():
        assert found[key] == pytest.approx(loss, abs=1e-5), key
    for name, value in weights(whole_cross_fitted).items():
        assert torch.allclose(weights(out)[name], value, atol=1e-5)


@pytest.mark.parametrize("calls", [7, 30, 46])
def test_a_killed_training_goes_on_with_the_same_losses(
    calls: int, towns: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert run_tiny(out, towns, "--kill", str(calls)) == -signal.SIGKILL
    assert not (out / "final_model").exists()
    assert run_tiny(out, towns, "--resume") == 0
    expected, found = curve(whole), curve(out)
    assert found.keys() == expected.keys()
    for key, loss in expected.items():
        assert found[key] == pytest.approx(loss, abs=1e-5), key
    for name, value in weights(whole).items():
        assert torch.allclose(weights(out)[name], value, atol=1e-5)


@pytest.mark.parametrize(
    ("more", "steps"),
    [((), 15), (("weight_averaging=0.9", "validation_folds=2", "fold_steps=6"), 27)],
    ids=["plain", "cross-fitted"],
)
def test_two_processes_give_the_losses_of_one(
    more: tuple[str, ...], steps: int, towns: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    only = ("--dropout", "0", "--phases", "1", *more)
    assert run_tiny(one, towns, *only, "batch_size=8") == 0
    # What `accelerate launch` starts for several GPUs; for several CPUs it wants MPI.
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    assert run_tiny(two, towns, *only, "batch_size=4", launch=launch) == 0
    expected, found = curve(one), curve(two)
    assert len(expected) == steps and found.keys() == expected.keys()
    for key, loss in expected.items():
        assert found[key] == pytest.approx(loss, abs=1e-4), key
    for name, value in weights(one).items():
        assert torch.allclose(weights(two)[name], value, atol=1e-4)


def test_accumulated_batches_give_the_losses_of_one(towns: Path, tmp_path: Path) -> None:
    curves = []
    for name, size, times in (("one", 8, 1), ("four", 2, 4)):
        options = small_options(
            towns, batch_size=size, gradient_accumulation_steps=times, use_multi_agent_rl=False
        )
        with working(tmp_path / name, options, TinyLearner(dropout=0)) as work:
            supervised(work)
        curves.append(curve(tmp_path / name))
    assert curves[0].keys() == curves[1].keys()
    for key, loss in curves[0].items():
        assert curves[1][key] == pytest.approx(loss, abs=1e-4)


class Broken(TinyLearner):
    """Its loss goes wrong at one call."""

    def __init__(self, at: int, error: BaseException | None = None) -> None:
        super().__init__()
        self.calls, self.at, self.error = 0, at, error

    def loss(self, lessons: Any) -> Any:
        self.calls += 1
        found = super().loss(lessons)
        if self.calls != self.at:
            return found
        if self.error is not None:
            raise self.error
        return type(found)(found.total * math.nan, found.parts, found.tokens)


def test_a_loss_that_is_no_number_stops_with_its_batch_saved(towns: Path, tmp_path: Path) -> None:
    learner = Broken(at=6)
    with (
        working(tmp_path / "out", small_options(towns), learner) as work,
        pytest.raises(TrainingStopped, match="step 6: loss nan.*lower learning_rate"),
    ):
        supervised(work)
    (path,) = (tmp_path / "out" / "phase1").glob("not_finite_writing_step6_0.jsonl")
    saved = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(saved) == 8 and saved[0]["gold"].startswith("SELECT")
    assert all(bool(value.isfinite().all()) for value in learner.net.state_dict().values())
    assert checkpoints.saved(tmp_path / "out" / "phase1" / "writing") == 4


@pytest.mark.parametrize(
    ("error", "changes", "advice"),
    [
        (torch.OutOfMemoryError("CUDA"), {}, "batch_size=4 and gradient_accumulation_steps=2"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), {}, "batch_size=4"),
        (MemoryError(), {"batch_size": 1}, "use_gradient_checkpointing=true"),
        (
            MemoryError(),
            {"batch_size": 1, "use_gradient_checkpointing": True},
            "max_length=1024",
        ),
    ],
)
def test_running_out_of_memory_names_the_option_to_change(
    error: BaseException, changes: dict[str, Any], advice: str, towns: Path, tmp_path: Path
) -> None:
    options = small_options(towns, **changes)
    with (
        working(tmp_path / "out", options, Broken(2, error)) as work,
        pytest.raises(OutOfMemory, match=advice),
    ):
        supervised(work)


def test_a_full_disk_leaves_the_last_good_checkpoint(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = torch.save
    written = []

    def full(state: object, path: Path) -> None:
        written.append(path)
        if len(written) == 2:
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        save(state, path)

    monkeypatch.setattr(torch, "save", full)
    out = tmp_path / "out"
    with (
        working(out, small_options(towns), TinyLearner()) as work,
        pytest.raises(BadInput, match="No space left on device.*--resume"),
    ):
        supervised(work)
    stage = out / "phase1" / "writing"
    assert [path.name for path in stage.iterdir()] == ["checkpoint-00000004"]
    monkeypatch.undo()
    with working(out, small_options(towns), TinyLearner(), resume=True) as work:
        supervised(work)
    assert checkpoints.saved(stage) == 12


def test_phases_without_their_component_are_left_out(towns: Path, tmp_path: Path) -> None:
    options = small_options(
        towns,
        use_schema_disambiguator=False,
        use_query_clarifier=False,
        use_multi_agent_rl=False,
        use_policy_solver=False,
    )
    with working(tmp_path / "out", options, TinyLearner()) as work:
        run_phases(work)
        save_final(work)
        assert {str(one.role) for one in lessons(work)} == {"sql"}
    lines = read_metrics(tmp_path / "out")
    assert {line.get("stage") for line in lines} == {None, "writing", "search1", "grpo"}
    assert not (tmp_path / "out" / "final_model" / "calibration.json").exists()


def test_a_later_call_reports_what_earlier_ones_reached(towns: Path, tmp_path: Path) -> None:
    out, options = tmp_path / "out", small_options(towns)
    with working(out, options, TinyLearner(), phases=(1,)) as work:
        first = run_phases(work)
    assert first.keys() == {"before", "phase 1"}
    with working(out, options, TinyLearner(), resume=True, phases=(3,)) as work:
        second = run_phases(work)
    assert second.keys() == {"before", "phase 1", "phase 3"}
    assert {name: second[name] for name in first} == first
    assert second["phase 3"] == json.loads((out / "phase3" / "done.json").read_text())


def test_the_phases_are_those_that_are_announced() -> None:
    from systems.advanced.training.trainer import AdvancedTrainer

    assert tuple(phases.PHASES) == AdvancedTrainer.phases
