from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.small_model.learner import SmallLearner
from systems.advanced.training.learners import small_config
from systems.advanced.training.options import TrainingOptions
from systems.advanced.training.trainer import AdvancedTrainer, answering_options

import t2s_bench
from t2s_bench.benchmarks import registry
from t2s_bench.plugins import load_system
from t2s_bench.runs import answering
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.experiment import system_identity
from t2s_bench.runs.lock import Lock
from t2s_bench.system import Setup
from t2s_bench.training import Request, TrainingRun
from t2s_bench.training.final_evaluation import development_benchmarks
from t2s_bench.types import Database, Question

FOLDER = Path(__file__).parents[4] / "systems" / "advanced"
OFF = frozenset({"mcts", "clarifier", "multi-agent"})


def trained(folder: Path, *, phases: int = 4) -> None:
    """What a training leaves: a tiny model of random weights and the marks of its phases."""
    example = t2s_bench.load("mini").examples[0]
    assert example.database is not None
    makers = TaskMaker()
    # Other chance may write joins without a condition, which take minutes.
    torch.manual_seed(0)
    config = small_config(
        TrainingOptions(schema_embedding_dim=16, schema_gat_heads=2, schema_gat_layers=1)
    )
    learner = SmallLearner.from_lessons(config, [makers.task(example.question, example.database)])
    makers.close()
    with running(folder) as run:
        run.save_final(learner.save)
        for number in range(1, phases + 1):
            run.finish(number, {})


def running(folder: Path, resume: bool = False) -> TrainingRun:
    return TrainingRun(
        folder, Lock({}, {}), Request((1, 2, 3, 4), data=folder.parent), resume=resume
    )


def evaluated(folder: Path, questions: int | None) -> dict[str, Any]:
    """What the trainer does at its end."""
    options = TrainingOptions(datasets=("mini",), final_questions=questions)
    trainer = AdvancedTrainer(options, Setup(FOLDER, off=OFF))
    with running(folder, resume=True) as run:
        return trainer._evaluated(run)


def test_the_final_model_is_run_as_the_command_runs_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    trained(out)
    reached = evaluated(out, 3)["evaluation"]
    assert list(reached) == ["mini"] and reached["mini"]["n"] == 3
    assert reached["mini"]["trained_on"] is True
    assert json.loads((out / "result.json").read_text()) == reached
    run = RunDirectory(out / "evaluation" / "mini")
    assert run.done and len(run.scores()) == 3 and (run.folder / "report.md").exists()
    own = load_system("advanced", answering_options(out / "final_model"), off=OFF)
    assert run.lock.identity["system"] == json.loads(json.dumps(system_identity(own)))
    assert json.loads((run.folder / "system.json").read_text())["arm"] == "final_model"


def test_an_interrupted_final_evaluation_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    trained(out)
    asked: list[str] = []
    ask = answering.ask

    def interrupted(system: Any, requests: Sequence[tuple[Question, Database]]) -> Any:
        asked.extend(question.id for question, _ in requests)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return ask(system, requests)

    monkeypatch.setattr(answering, "ask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluated(out, 4)
    assert not (out / "result.json").exists()
    assert evaluated(out, 4)["evaluation"]["mini"]["n"] == 4
    first = [example.id for example in t2s_bench.load("mini").examples[:4]]
    assert asked == [*first[:3], *first[2:]]
    # Another number of questions is another run, and replaces it.
    assert evaluated(out, 2)["evaluation"]["mini"]["n"] == 2
    assert asked == [*first[:3], *first[2:], *first[:2]]


def test_nothing_is_evaluated_before_the_end_or_where_it_is_not_wanted(tmp_path: Path) -> None:
    out = tmp_path / "out"
    trained(out, phases=3)
    assert evaluated(out, 3) == {}
    with running(out, resume=True) as run:
        run.finish(4, {})
    assert evaluated(out, 0) == {}
    assert not (out / "evaluation").exists()


def test_splits_to_develop_on_are_evaluated_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert development_benchmarks(tmp_path) == ("mini",)

    class Everything:
        splits = {
            split.name for entry in registry.entries().values() for split in entry.splits.values()
        }

    monkeypatch.setattr("t2s_bench.benchmarks.manifest.read_manifest", lambda folder: Everything)
    found = development_benchmarks(tmp_path)
    assert {"spider-dev", "spider-syn", "bird-dev", "mini-dev", "ehrsql-eicu-valid"} <= set(found)
    assert not {"mini", "spider-test", "spider-train", "mini-dev-mysql", "spider2-sqlite"} & set(
        found
    )
