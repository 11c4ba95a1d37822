"""Parameters and memory are known from config.json alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from systems.advanced.language_model.memory import (
    KNOWN,
    Shape,
    serving_memory,
    shape_of,
    training_memory,
)

from t2s_bench.errors import BadInput, UnknownName

GIB = 1 << 30
CODER = "Qwen/Qwen2.5-Coder-7B-Instruct"


def test_a_known_model_has_the_parameters_of_its_card() -> None:
    # 7.61 billion, 6.53 without embeddings (Qwen2.5's model card).
    shape = shape_of(CODER)
    assert shape.parameters == 7_615_616_512
    embeddings = 2 * shape.words * shape.hidden
    assert round((shape.parameters - embeddings) / 1e9, 2) == 6.53
    assert set(KNOWN) == {
        "Qwen/Qwen2.5-7B-Instruct",
        CODER,
        "Snowflake/Arctic-Text2SQL-R1-7B",
    }


@pytest.mark.parametrize("kind", ["Qwen2", "Qwen3", "Llama", "Mistral"])
@pytest.mark.parametrize("tied", [True, False])
def test_parameters_are_those_of_the_model(kind: str, tied: bool, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    more = {"head_dim": 12} if kind == "Qwen3" else {}
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=tied,
        **more,
    )
    config.save_pretrained(tmp_path)
    with torch.device("meta"):
        model = getattr(transformers, f"{kind}ForCausalLM")(config)
    shape = shape_of(str(tmp_path))
    assert shape.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_an_adapter_has_the_parameters_that_peft_makes(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    from systems.advanced.language_model.adapters import Adapters, Lora
    from tests.systems.advanced.tiny_qwen import make_causal

    causal = make_causal(300)
    causal.config.save_pretrained(tmp_path)
    adapters = Adapters(causal)
    adapters.add("sql", Lora(rank=5))
    own = sum(parameter.numel() for parameter in adapters.parameters("sql"))
    assert shape_of(str(tmp_path)).adapter_parameters(5) == own


def test_a_cache_is_as_large_as_what_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from systems.advanced.language_model.loading import LocalOptions
    from systems.advanced.language_model.model import Prompt
    from systems.advanced.language_model.transformers import TransformersModel
    from tests.systems.advanced.tiny_qwen import make_folder

    folder = make_folder(tmp_path)
    model = TransformersModel.load(LocalOptions(str(folder), dtype="float32", device="cpu"))
    (reading,) = model.read([Prompt((("user", "How many?"),))])
    piece: Any = reading.piece  # type: ignore[attr-defined]
    size = piece.numel() * piece.element_size()
    assert shape_of(str(folder)).cache_bytes(reading.usage.prompt_tokens, 4.0) == size


def test_seven_billion_fit_a_large_device_and_not_a_small_one() -> None:
    given: dict[str, Any] = {"prompt_tokens": 4_000, "new_tokens": 200, "rows": 8}
    plain = serving_memory(CODER, device_bytes=80 * GIB, **given)
    assert 14 < plain.weights / GIB < 15
    assert plain.total < 20 * GIB
    assert plain.tokens is not None and plain.tokens > 500_000
    assert serving_memory(CODER, device_bytes=12 * GIB, **given).tokens == 0
    small = serving_memory(CODER, "4bit", device_bytes=12 * GIB, **given)
    assert small.tokens is not None and small.tokens > 30_000
    halves = serving_memory(CODER, devices=2, **given)
    assert halves.weights == plain.weights / 2 and halves.tokens is None


def test_training_grows_with_what_it_holds() -> None:
    given: dict[str, Any] = {"batch": 2, "length": 2_048}
    one = training_memory(CODER, **given)
    assert one.trained == 3 * shape_of(CODER).adapter_parameters(16)
    assert training_memory(CODER, checkpointing=False, **given).activations > 5 * one.activations
    assert training_memory(CODER, batch=4, length=2_048).activations == 2 * one.activations
    assert training_memory(CODER, devices=4, **given).weights == one.weights
    assert training_memory(CODER, devices=4, sharded=True, **given).weights < one.weights / 3


def test_what_is_not_known_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'Qwen/Qwen2.5-7B-Instruct'"):
        shape_of("Qwen/Qwen2.5-7B-Instuct")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mamba"}))
    with pytest.raises(BadInput, match="type 'mamba'"):
        shape_of(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(BadInput, match="is not JSON"):
        shape_of(str(tmp_path))


def test_a_plan_needs_no_heavy_import() -> None:
    import subprocess

    code = (
        "import sys; from systems.advanced.language_model.memory import serving_memory as m;"
        f"m({CODER!r}, prompt_tokens=1, new_tokens=1, rows=1);"
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[4]
    path = f"{root / 'harness'}:{root}"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": path})
    assert isinstance(shape_of(CODER), Shape)
