from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.databases.digest import file_digest
from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.plugins import load_system
from t2s_bench.system import System
from t2s_bench.types import Database, Prediction, Question

COMPONENTS = ("gat", "mcts", "clarifier", "multi-agent")
CHECKPOINTS = Path(__file__).resolve().parents[3] / "systems" / "advanced" / "checkpoints"


@pytest.fixture(scope="module")
def mini() -> Benchmark:
    return load("mini")


def answers(
    mini: Benchmark, off: Sequence[str] = (), count: int = 6, seed: int = 0, **options: object
) -> list[Prediction]:
    system = load_system("advanced", options, seed=seed, off=off).start()
    assert isinstance(system, System)
    try:
        return [
            system.predict(example.question, mini.databases[example.question.database])
            for example in mini.examples[::40][:count]
        ]
    finally:
        system.close()


def said(predictions: Sequence[Prediction]) -> str:
    return json.dumps([asdict(one) for one in predictions], sort_keys=True)


@pytest.fixture(scope="module")
def full(mini: Benchmark) -> list[Prediction]:
    return answers(mini)


def test_the_shipped_checkpoint_is_small_and_has_an_arm_trained_without_gat() -> None:
    files = {path for path in CHECKPOINTS.rglob("*") if path.is_file()}
    fellows = set((CHECKPOINTS / "fellows").rglob("*"))
    assert sum(path.stat().st_size for path in files - fellows) < 25_000_000
    assert sum(path.stat().st_size for path in files & fellows) < 12_000_000
    for arm, typed in (("full", True), ("without-gat", False)):
        config = json.loads((CHECKPOINTS / arm / "config.json").read_text())
        assert config["typed"] is typed
        assert (CHECKPOINTS / arm / "calibration.json").is_file()


def test_the_writers_beside_the_arms_are_fellows_for_them() -> None:
    pytest.importorskip("torch")
    from systems.advanced.small_model.model import SmallModel
    from systems.advanced.training.learners import fellow_of

    for arm in ("full", "without-gat"):
        model = SmallModel.load(CHECKPOINTS / arm)
        model.join(fellow_of(str(CHECKPOINTS / "fellows" / arm)))
        own, other = (one.decoder.state_dict() for one in model.writers)
        assert any(bool((weight != other[name]).any()) for name, weight in own.items())
        assert sum(one.numel() for one in model.parameters()) < 20_000_000


def test_the_same_seed_gives_the_same_bytes(mini: Benchmark, full: list[Prediction]) -> None:
    assert said(answers(mini)) == said(full)


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_changes_what_is_said(
    mini: Benchmark, full: list[Prediction], component: str
) -> None:
    without = answers(mini, off=[component])
    assert said(without) != said(full)
    rounds = [("rounds" in one.trace) for one in without]
    assert all(rounds) is (component != "clarifier")
    judged = [bool(one.trace["agents"]["verdicts"]) for one in without]  # type: ignore[index]
    assert all(judged) is (component != "multi-agent")


def test_the_bare_base_is_greedy_and_votes_where_asked_to(mini: Benchmark) -> None:
    greedy = answers(mini, off=COMPONENTS)
    assert all(len(one.candidates) <= 1 and one.confidence is None for one in greedy)
    voted = answers(mini, off=COMPONENTS, base_samples=8)
    assert max(len(one.candidates) for one in voted) > 1
    assert sum(p.completion_tokens for p in voted) > sum(p.completion_tokens for p in greedy)


def test_more_simulations_cost_more(mini: Benchmark, full: list[Prediction]) -> None:
    few = answers(mini, mcts_simulations=4)
    assert sum(p.completion_tokens for p in few) < sum(p.completion_tokens for p in full)


def test_it_abstains_below_a_confidence_where_asked_to(mini: Benchmark) -> None:
    assert all(one.sql == "" for one in answers(mini, abstain_below=1.0, count=3))


def test_confidences_are_probabilities(full: list[Prediction]) -> None:
    assert all(one.confidence is not None and 0 < one.confidence < 1 for one in full)


def test_without_its_own_weights_an_ablation_says_that_it_is_at_inference_only() -> None:
    loaded = load_system("advanced", {"model": str(CHECKPOINTS / "full")}, off=["gat"])
    system = loaded.start()
    assert isinstance(system, System)
    assert system.describe()["ablated_at_inference"] == ["gat"]
    system.close()
    shipped = load_system("advanced", off=["gat"]).start()
    assert isinstance(shipped, System)
    assert "ablated_at_inference" not in shipped.describe()
    shipped.close()


@pytest.mark.parametrize(
    ("schema", "question"),
    [
        ("", "How many are there?"),
        ("CREATE TABLE 'order details' ('unit price' REAL, 'naïve –' TEXT)", "unit price?"),
        ("CREATE TABLE t (a)", ""),
        ("CREATE TABLE t (a)", "在北京有多少家餐馆？"),
        ("CREATE TABLE t (a)", "?" * 5_000),
        (";".join(f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, v TEXT)" for n in range(300)), "v?"),
    ],
    ids=["no tables", "odd names", "no question", "another language", "long", "300 tables"],
)
def test_any_database_and_question_is_answered_or_abstained_from(
    tmp_path: Path, schema: str, question: str
) -> None:
    path = tmp_path / "own.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 1")
        connection.executescript(schema)
    digest = file_digest(path)
    system = load_system("advanced").start()
    assert isinstance(system, System)
    found = system.predict(Question("q", question, "own"), Database("own", (path,), digest, digest))
    system.close()
    if found.sql:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"EXPLAIN {found.sql}")


def test_a_user_is_told_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no small model in"):
        load_system("advanced", {"model": str(tmp_path)}).start()
    with pytest.raises(BadInput, match="model=NAME"):
        load_system("advanced", {"backend": "openai"}).start()
    with pytest.raises(UnknownName, match="did you mean 'mcts_simulations'"):
        load_system("advanced", {"mcts_simulation": 3})
    with pytest.raises(BadInput, match="the least is 1"):
        load_system("advanced", {"mcts_simulations": 0})
