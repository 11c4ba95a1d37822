from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from t2s_bench.cli.app import app
from t2s_bench.errors import BadInput, NotComparable, UnknownName, UserError
from t2s_bench.runs.records import held
from t2s_bench.training import Listener, train
from t2s_bench.training.atomic import newest, write_folder, write_numbered
from t2s_bench.training.directory import read_metrics
from t2s_bench.training.live import View
from t2s_bench.training.loading import load_trainer
from t2s_bench.training.plots import draw, placed

TOML = """
name = "learner"
summary = "a trainer of two phases"
entry = "system:Nothing"
trainer = "trainer:Learns"
[components]
gat = "graph attention"
"""
SYSTEM = """
from t2s_bench.system import System
class Nothing(System):
    def predict(self, question, database):
        raise NotImplementedError
"""
TRAINER = """
from dataclasses import dataclass, field
from pathlib import Path
from t2s_bench.training import Trainer

@dataclass(frozen=True, kw_only=True)
class Options:
    steps: int = 4
    stop_at: int = field(default=99, metadata={"identity": False})
    output_dir: Path = field(default=Path("results"), metadata={"identity": False})

class Learns(Trainer):
    Options = Options
    phases = ("read", "write")

    def folder(self, name):
        return self.options.output_dir / name

    def plan(self, request):
        return {"steps": self.options.steps * len(request.phases)}

    def train(self, run):
        for phase in run.request.phases:
            if run.finished(phase):
                continue
            for step in range(1, self.options.steps + 1):
                if phase * step == self.options.stop_at:
                    raise KeyboardInterrupt
                run.record(phase, step, "train", {"loss": 1 / step, "reward": step / 4})
            run.record(phase, step, "eval", {"ex": 0.5, "ex_easy": 0.75})
            run.log(f"phase {phase} is done")
            run.finish(phase, {})
        run.save_final(lambda folder: (folder / "weights").write_text("x"))
        return {"off": sorted(self.setup.off)}
"""


@pytest.fixture
def system(tmp_path: Path) -> Path:
    folder = tmp_path / "learner"
    (folder / "configs").mkdir(parents=True)
    for name, text in (("system.toml", TOML), ("system.py", SYSTEM), ("trainer.py", TRAINER)):
        (folder / name).write_text(text)
    (folder / "configs" / "smoke.toml").write_text("steps = 2\n")
    return folder


def test_a_training_leaves_everything_and_its_end_mark_last(system: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    seen: list[str] = []
    train(system, folder=out, listener=Listener(say=seen.append))
    assert {path.name for path in out.iterdir()} == {
        "lock.json",
        "training.log",
        "metrics.jsonl",
        "phase1",
        "phase2",
        "final_model",
        "report.json",
        "done.json",
        "loss.png",
        "reward.png",
        "ex.png",
        "ex_by_difficulty.png",
    }
    newest_file = max(out.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert newest_file.name == "done.json"
    assert "phase 2 is done" in seen
    assert (out / "loss.png").read_bytes()[:4] == b"\x89PNG"


def test_phases_one_by_one_make_a_whole(system: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    train(system, folder=out, phases=[1])
    assert not (out / "done.json").exists()
    train(system, folder=out, phases=[2], resume=True)
    assert (out / "done.json").exists()
    with pytest.raises(BadInput, match="no phase 3. Possible: 1 read, 2 write"):
        train(system, folder=out, phases=[3], resume=True)


def test_a_training_is_never_overwritten_unasked(system: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    train(system, folder=out)
    with pytest.raises(BadInput, match="finished training: go on with --resume"):
        train(system, folder=out)
    with pytest.raises(NotComparable, match="steps: 4 → 5"):
        train(system, {"steps": 5}, folder=out, resume=True)
    train(system, {"stop_at": 50}, folder=out, resume=True)
    (out / "evaluation" / "mini").mkdir(parents=True)
    (out / "result.json").write_text("{}")
    train(system, {"steps": 5}, folder=out, fresh=True)
    assert not (out / "evaluation").exists() and not (out / "result.json").exists()
    assert max(line["step"] for line in read_metrics(out)) == 5  # type: ignore[type-var]
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="not a training"):
        train(system, folder=other, fresh=True)
    assert (other / "thesis.txt").exists()


def test_a_training_that_another_process_is_at_is_left_alone(system: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    train(system, folder=out)
    before = sorted(path.relative_to(out) for path in out.rglob("*"))
    guard = held(out / "lock.json", "")
    for fresh in (False, True):
        with pytest.raises(BadInput, match="another process is training in .*: wait for it"):
            train(system, folder=out, resume=not fresh, fresh=fresh)
    assert sorted(path.relative_to(out) for path in out.rglob("*")) == before
    os.close(guard)
    train(system, folder=out, fresh=True)


def test_an_interrupted_training_goes_on_and_counts_each_step_once(
    system: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        train(system, {"stop_at": 6}, folder=out)
    assert not (out / "done.json").exists()
    train(system, folder=out, resume=True)
    assert (out / "done.json").exists()
    lines = [line for line in read_metrics(out) if line["kind"] == "train"]
    assert [(line["phase"], line["step"]) for line in lines] == [
        (phase, step) for phase in (1, 2) for step in (1, 2, 3, 4)
    ]


def test_only_the_main_process_writes(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setenv("RANK", "1")
    train(system, folder=out)
    assert not (out / "lock.json").exists()
    assert not (out / "final_model").exists()


def test_the_command_trains_plans_and_refuses(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    planned = run.invoke(app, ["train", str(system), "--plan", "--phase", "2", "--smoke", "--json"])
    assert json.loads(planned.stdout) == {"steps": 2}
    assert not (tmp_path / "results").exists()
    made = run.invoke(app, ["train", str(system), "--smoke", "-o", "steps=3", "--ablate", "gat"])
    assert made.exit_code == 0, made.output
    out = tmp_path / "results" / "learner"
    assert json.loads((out / "report.json").read_text())["off"] == ["gat"]
    assert json.loads((out / "lock.json").read_text())["identity"]["system"]["options"] == {
        "steps": 3
    }
    stopped = run.invoke(
        app, ["train", str(system), "-o", "stop_at=2", "-o", f"output_dir={tmp_path / 'new'}"]
    )
    assert stopped.exit_code == 130
    assert "go on with --resume" in stopped.output
    for wrong, message in (
        (["-o", "stepz=1"], "did you mean 'steps'"),
        (["--ablate", "gta"], "did you mean 'gat'"),
        (["--resume", "--fresh"], "exclude each other"),
    ):
        with pytest.raises(UserError, match=message):
            run.invoke(app, ["train", str(system), *wrong], catch_exceptions=False)


def test_a_trainer_that_cannot_be_one_is_refused(system: Path) -> None:
    for text, message in (
        ("trainer:Learnz", "did you mean 'Learns'"),
        ("system:Nothing", "must derive from t2s_bench.training.Trainer"),
        ("trainer", 'write trainer = "file:Class"'),
    ):
        (system / "system.toml").write_text(TOML.replace("trainer:Learns", text))
        with pytest.raises(UserError, match=message):
            load_trainer(system)
    with pytest.raises(BadInput, match="zero_shot has no trainer"):
        load_trainer("zero_shot")
    with pytest.raises(UnknownName, match="component of learner"):
        (system / "system.toml").write_text(TOML)
        load_trainer(system, off=["mcts"])


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path: Path) -> None:
    good = write_numbered(tmp_path, "checkpoint", 1, lambda f: _fill(f, "first"))

    def fails(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(BadInput, match="No space left.*--resume"):
        write_numbered(tmp_path, "checkpoint", 2, fails)
    with pytest.raises(BadInput):
        write_folder(good, fails)
    assert newest(tmp_path, "checkpoint") == good
    assert (good / "weights").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == [good.name]


def test_a_newer_checkpoint_replaces_the_older(tmp_path: Path) -> None:
    for number in (9, 10):
        write_numbered(tmp_path, "checkpoint", number, lambda f: _fill(f, "x"))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-00000010"]
    write_folder(tmp_path / "checkpoint-00000010", lambda f: _fill(f, "second"))
    assert (tmp_path / "checkpoint-00000010" / "weights").read_text() == "second"


def test_steps_count_on_through_the_phases() -> None:
    lines = [
        {"phase": 1, "step": 3, "kind": "train"},
        {"phase": 2, "step": 0, "kind": "eval"},
        {"phase": 2, "step": 2, "kind": "train"},
    ]
    assert [line["place"] for line in placed(lines)] == [3, 3, 5]


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    assert draw(tmp_path) == []


def test_the_view_shows_the_newest_figures() -> None:
    from io import StringIO

    from rich.console import Console

    view = View()
    for step in range(3):
        view.record({"phase": 1, "step": step, "kind": "train", "loss": 3.0 - step})
    view.say("phase 1")
    console = Console(file=StringIO(), width=100)
    console.print(view.shown())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "█▅▁" in text and "step 2" in text and "phase 1" in text


def _fill(folder: Path, text: str) -> None:
    (folder / "weights").write_text(text)
