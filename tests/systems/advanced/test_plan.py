"""A dry run tells what answering takes and loads nothing; the budget bounds what is spent."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from systems.advanced.language_model.memory import serving_memory
from systems.advanced.options import AdvancedOptions
from systems.advanced.plan import MOST, USUAL, budget, make_plan
from systems.advanced.system import COMPONENTS, Advanced
from tests.systems.advanced.tiny_small import make_small_folder

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.options import parse_options, read_table
from t2s_bench.plugins import load_system
from t2s_bench.system import Planned, System

FOLDER = Path(__file__).resolve().parents[3] / "systems" / "advanced"
CONFIGS = FOLDER / "configs"
MODELS = {
    "qwen2.5-7b": "Qwen/Qwen2.5-7B-Instruct",
    "qwen2.5-coder-7b": "Qwen/Qwen2.5-Coder-7B-Instruct",
    "arctic-text2sql-r1-7b": "Snowflake/Arctic-Text2SQL-R1-7B",
}
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize("name", MODELS)
def test_a_shipped_configuration_serves_run_and_train(name: str) -> None:
    path = CONFIGS / f"{name}.toml"
    loaded = load_system("advanced", read_table(path, "run"))
    assert loaded.options["model"] == MODELS[name] == read_table(path, "train")["model_name"]
    plan = loaded.plan()
    # 7.62 billion weights of 16 bits (Qwen2.5's model card), and they fit one GPU of 80 GB.
    assert plan["parameters"] == 7_615_616_512
    memory = plan["memory a device, GB"]
    assert isinstance(memory, dict)
    assert memory["weights"] == 15.23
    assert memory["weights"] < memory["all"] < 70
    assert memory["all"] == pytest.approx(sum(memory.values()) - memory["all"], abs=0.05)


def test_fewer_bits_take_less_memory() -> None:
    options = AdvancedOptions(backend="transformers", model=MODELS["qwen2.5-7b"])
    weights = [
        make_plan(one, FOLDER, NONE)["memory a device, GB"]["weights"]  # type: ignore[index]
        for one in (
            replace(options, dtype="float32"),
            options,
            replace(options, load_in_8bit=True),
            replace(options, load_in_4bit=True),
        )
    ]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == pytest.approx(2 * weights[1], abs=0.02)
    assert weights[1] == pytest.approx(2 * weights[2], abs=0.02)


def test_memory_is_that_of_the_models_own_sizes() -> None:
    options = AdvancedOptions(backend="transformers", model=MODELS["qwen2.5-7b"], batch=32)
    plan = make_plan(options, FOLDER, NONE)["memory a device, GB"]
    memory = serving_memory(
        options.model, prompt_tokens=MOST["chat"].prompt, new_tokens=256, rows=32
    )
    assert isinstance(plan, dict)
    assert plan["keys and values of a batch"] == round(memory.cache / 1e9, 2)


@pytest.mark.parametrize("component", ["mcts", "clarifier", "multi-agent"])
def test_a_component_that_is_off_has_no_tokens(component: str) -> None:
    options, lengths = AdvancedOptions(), USUAL["chat"]
    on, off = budget(options, NONE, lengths), budget(options, frozenset([component]), lengths)
    names = [name for name in on if name.startswith(component)]
    assert names and all(on[name] > 0 == off[name] for name in names)


def test_the_bare_base_costs_its_prompt_and_a_statement() -> None:
    off = frozenset(COMPONENTS)
    for samples in (1, 8):
        spent = budget(AdvancedOptions(base_samples=samples), off, USUAL["chat"])
        assert sum(spent.values()) == USUAL["chat"].prompt + samples * USUAL["chat"].statement


@pytest.mark.parametrize("off", [(), ("mcts",), ("mcts", "multi-agent")])
def test_what_is_spent_stays_within_the_most(tmp_path: Path, off: tuple[str, ...]) -> None:
    pytest.importorskip("torch")
    options = {"model": str(make_small_folder(tmp_path)), "mcts_simulations": 12}
    system = load_system("advanced", options, off=off).start()
    assert isinstance(system, System) and isinstance(Advanced, Planned)
    most = budget(parse_options(AdvancedOptions, options), frozenset(off), MOST["small"])
    benchmark = load("mini")
    for example in benchmark.examples[:30:15]:
        found = system.predict(example.question, benchmark.databases[example.question.database])
        assert 0 < (found.completion_tokens or 0) <= sum(most.values()) - most["prompt"]
        assert 0 < (found.prompt_tokens or 0) <= most["prompt"]
    system.close()


def test_a_plan_loads_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    folder = make_small_folder(tmp_path)
    (folder / "weights.pt").write_bytes(b"no weights at all")
    monkeypatch.setattr(torch, "load", None)
    plan = load_system("advanced", {"model": str(folder)}).plan()
    parameters = plan["parameters"]
    assert isinstance(parameters, int) and 10_000 < parameters < 1_000_000
    assert plan["model"] == str(folder)
    (folder / "fellow").mkdir()
    for name in ("config.json", "words.txt", "weights.pt"):
        shutil.copy(folder / name, folder / "fellow")
    more = load_system("advanced", {"model": str(folder)}).plan()["parameters"]
    # A writer without its critic.
    assert isinstance(more, int) and parameters < more < 2 * parameters


def test_a_server_keeps_its_memory_to_itself() -> None:
    options = AdvancedOptions(backend="openai", model="qwen", base_url="http://localhost:1/v1")
    plan = make_plan(options, FOLDER, NONE)
    assert plan["memory, GB"] == "the server's"
    assert "tokens a question" in plan


def test_what_cannot_be_told_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="unknown model 'nobody/knows-me'"):
        make_plan(AdvancedOptions(backend="transformers", model="nobody/knows-me"), FOLDER, NONE)
    with pytest.raises(BadInput, match="model=NAME"):
        make_plan(AdvancedOptions(backend="transformers"), FOLDER, NONE)
    with pytest.raises(BadInput, match="no small model in"):
        make_plan(AdvancedOptions(model=str(tmp_path)), FOLDER, NONE)
