"""Which weights a run takes, how they are loaded, and which linker ranks their schema."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from systems.advanced.codec.chat import ChatPolicy  # noqa: E402
from systems.advanced.codec.chat_learner import LINKER, ChatLearner, ChatSize  # noqa: E402
from systems.advanced.codec.chat_prompts import ChatSettings  # noqa: E402
from systems.advanced.language_model.adapters import Lora  # noqa: E402
from systems.advanced.language_model.loading import LocalOptions  # noqa: E402
from systems.advanced.language_model.openai import ServerModel  # noqa: E402
from systems.advanced.language_model.transformers import TransformersModel  # noqa: E402
from systems.advanced.models import open_model, saved_options  # noqa: E402
from systems.advanced.options import AdvancedOptions  # noqa: E402
from systems.advanced.plan import make_plan  # noqa: E402
from systems.advanced.schema_graph.lexical import LexicalLinker  # noqa: E402
from tests.systems.advanced.tiny_qwen import make_folder  # noqa: E402

from t2s_bench.errors import BadInput  # noqa: E402
from t2s_bench.options import parse_options  # noqa: E402

HERE = Path()
NONE: frozenset[str] = frozenset()
GAT = frozenset(["gat"])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def options(base: Path) -> AdvancedOptions:
    return AdvancedOptions(backend="transformers", model=str(base), device="cpu")


def trained(base: Path, folder: Path, linker: Any = None, size: int = 0) -> Path:
    """What a training writes: adapters and, with a linker, its network in `linker/`."""
    learner = ChatLearner.create(
        LocalOptions(str(base), dtype="float32", device="cpu"),
        ChatSettings(max_sql_tokens=12),
        ChatSize(Lora(rank=2), size),
        linker,
    )
    folder.mkdir()
    learner.save(folder)
    return folder


def network() -> Any:
    pytest.importorskip("torch_geometric")
    from systems.advanced.schema_graph.disambiguator import Disambiguator
    from systems.advanced.schema_graph.gat import GatConfig, SchemaGat

    return Disambiguator(SchemaGat(GatConfig(heads=2, layers=1, size=8)))


def chat(policy: object) -> ChatPolicy:
    assert isinstance(policy, ChatPolicy)
    return policy


def local(policy: object) -> TransformersModel:
    model = chat(policy).model
    assert isinstance(model, TransformersModel)
    return model


def test_batch_and_kept_tokens_reach_the_model(options: AdvancedOptions) -> None:
    opened = open_model(replace(options, batch=3, kept_tokens=99), HERE, NONE)
    model = local(opened.policy)
    assert (model.options.batch, model.options.kept_tokens) == (3, 99)
    assert "model_fingerprint" in opened.identity


def test_batch_is_how_many_requests_a_server_gets_at_once() -> None:
    pytest.importorskip("openai")
    options = AdvancedOptions(backend="openai", model="m", base_url="http://localhost:1/v1")
    opened = open_model(replace(options, batch=5), HERE, NONE)
    model = chat(opened.policy).model
    assert isinstance(model, ServerModel) and model.options.concurrency == 5


def test_a_pretrained_model_without_a_network_is_ranked_lexically(
    options: AdvancedOptions,
) -> None:
    for off in (NONE, GAT):
        opened = open_model(options, HERE, off)
        assert isinstance(chat(opened.policy).linker, LexicalLinker)
        assert opened.ablated_at_inference == ()


def test_the_network_of_a_training_is_loaded_and_gat_off_takes_the_lexical_linker(
    base: Path, options: AdvancedOptions, tmp_path: Path
) -> None:
    folder = trained(base, tmp_path / "final_model", network(), 8)
    assert (folder / LINKER).is_dir()
    own = replace(options, model=str(folder))
    opened = open_model(own, HERE, NONE)
    assert type(chat(opened.policy).linker).__name__ == "Disambiguator"
    assert opened.identity["linker"] == "graph network"
    assert opened.ablated_at_inference == () and opened.folder == folder
    off = open_model(own, HERE, GAT)
    assert isinstance(chat(off.policy).linker, LexicalLinker)
    assert off.identity["linker"] == "lexical"
    assert off.ablated_at_inference == ("gat",)


def test_a_training_without_a_network_is_ranked_lexically_and_has_lost_nothing(
    base: Path, options: AdvancedOptions, tmp_path: Path
) -> None:
    folder = trained(base, tmp_path / "final_model")
    for off in (NONE, GAT):
        opened = open_model(replace(options, model=str(folder)), HERE, off)
        assert isinstance(chat(opened.policy).linker, LexicalLinker)
        assert opened.ablated_at_inference == ()


def test_what_a_run_says_goes_before_what_its_training_said(
    base: Path, options: AdvancedOptions, tmp_path: Path
) -> None:
    folder = trained(base, tmp_path / "final_model")
    own = replace(options, model=str(folder), batch=2, kept_tokens=50)
    model = local(open_model(own, HERE, NONE).policy)
    assert (model.options.model, model.options.dtype) == (str(base), "float32")
    assert (model.options.batch, model.options.kept_tokens) == (2, 50)
    changed = local(open_model(replace(own, dtype="bfloat16"), HERE, NONE).policy)
    assert changed.options.dtype == "bfloat16"
    plan = make_plan(own, HERE, NONE)
    assert plan["adapters"] == str(folder) and plan["model"] == str(base)


def test_a_damaged_folder_of_a_training_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "chat.json").write_text("{}")
    with pytest.raises(BadInput, match="describes no trained chat model"):
        saved_options(tmp_path)
    assert saved_options(tmp_path / "other") is None


@pytest.mark.parametrize("name", ["load_in_8bit", "load_in_4bit"])
def test_fewer_bits_without_bitsandbytes_are_refused_in_one_line(
    options: AdvancedOptions, name: str
) -> None:
    with pytest.raises(BadInput, match=f"{name} needs the package 'bitsandbytes'") as caught:
        open_model(replace(options, **{name: True}), HERE, NONE)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_both_at_once_are_refused_before_anything_is_loaded() -> None:
    with pytest.raises(BadInput, match="exclude each other"):
        parse_options(AdvancedOptions, {"load_in_8bit": "true", "load_in_4bit": "true"})


class Asked(Exception):
    """Ends the loading where the arguments are known."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments that transformers would load a model with, bitsandbytes being there."""
    import transformers

    from systems.advanced.language_model import loading

    said: dict[str, Any] = {}

    def from_pretrained(source: str, **more: Any) -> None:
        said.update(more, source=source)
        raise Asked

    class Config:
        def __init__(self, **more: Any) -> None:
            self.more = more

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", from_pretrained)
    monkeypatch.setattr(transformers, "BitsAndBytesConfig", Config)
    monkeypatch.setattr(loading, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "bitsandbytes", ModuleType("bitsandbytes"))
    return said


def test_four_and_eight_bits_are_asked_for(options: AdvancedOptions, asked: dict[str, Any]) -> None:
    with pytest.raises(Asked):
        open_model(replace(options, load_in_4bit=True), HERE, NONE)
    four = asked["quantization_config"].more
    assert four["load_in_4bit"] and four["bnb_4bit_quant_type"] == "nf4"
    assert list(asked["device_map"]) == [""]
    asked.clear()
    with pytest.raises(Asked):
        open_model(replace(options, load_in_8bit=True), HERE, NONE)
    assert asked["quantization_config"].more == {"load_in_8bit": True}


def test_a_device_map_goes_to_the_loader_and_before_the_device(
    options: AdvancedOptions, asked: dict[str, Any]
) -> None:
    for more in ({}, {"load_in_4bit": True}):
        asked.clear()
        with pytest.raises(Asked):
            open_model(replace(options, device_map="balanced", **more), HERE, NONE)  # type: ignore[arg-type]
        assert asked["device_map"] == "balanced"
    asked.clear()
    with pytest.raises(Asked):
        open_model(options, HERE, NONE)
    assert "device_map" not in asked
