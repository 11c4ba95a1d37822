from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from t2s_bench.errors import BadInput
from t2s_bench.plugins import load_system
from t2s_bench.system import System
from t2s_bench.types import Database, Question

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_model(folder: Path, vocabulary: Path | None = None) -> Path:
    """Saves a Qwen2 of random weights over bytes, or over a real vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    if vocabulary is not None:
        files = (str(vocabulary / "vocab.json"), str(vocabulary / "merges.txt"))
        tokenizer = Tokenizer(models.BPE.from_file(*files))
    else:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>"],
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=len(fast),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=fast.eos_token_id,
        tie_word_embeddings=True,
        initializer_range=1.0,  # so that answers differ from question to question
    )
    transformers.Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"))


@contextmanager
def started(folder: Path, **options: Any) -> Iterator[System]:
    given = {"backend": "transformers", "model": str(folder), "max_tokens": 8, **options}
    system = load_system("zero_shot", {"device": "cpu", **given}, seed=1).start()
    assert isinstance(system, System)
    try:
        yield system
    finally:
        system.close()


def questions(database: Database, *texts: str) -> list[tuple[Question, Database]]:
    return [(Question(text, text, "d"), database) for text in texts]


def texts(predictions: Any) -> list[object]:
    return [prediction.trace["texts"] for prediction in predictions]


def test_a_local_model_answers_with_tokens_counted(database: Database, model_folder: Path) -> None:
    with started(model_folder, max_tokens=5) as system:
        made = system.predict(Question("1", "How many singers?", "d"), database)
        assert set(system.describe()) == {"model_fingerprint"}
    assert isinstance(made.trace["texts"], list) and len(made.trace["texts"]) == 1
    assert made.trace["finishes"] in (["length"], ["stop"])
    assert 1 <= made.completion_tokens <= 5
    assert made.prompt_tokens > 20
    assert made.seconds > 0


def test_greedy_answers_do_not_depend_on_the_batch(database: Database, model_folder: Path) -> None:
    asked = questions(database, "How many singers are there in all?", "Who?", "List all names.")
    with started(model_folder, batch=3, dtype="float32") as system:
        assert system.batch_size == 3
        together = texts(system.predict_batch(asked))
    with started(model_folder, batch=1, dtype="float32") as system:
        alone = texts(system.predict_batch(asked))
    assert together == alone
    assert len({str(text) for text in together}) == 3


def test_sampling_repeats_with_its_seed_whatever_came_before(
    database: Database, model_folder: Path
) -> None:
    asked = questions(database, "How many singers?", "Who is it?")
    options = {"n": 3, "temperature": 1.0}
    with started(model_folder, **options) as system:
        first = texts(system.predict_batch(asked))
        torch.rand(7)
        assert texts(system.predict_batch(asked[::-1])) == first[::-1]
        made = system.predict(*asked[0])
    assert len(set(made.trace["texts"])) > 1  # type: ignore[call-overload]
    assert made.confidence == 0.0  # random weights write no SQL
    with started(model_folder, seed=2, **options) as system:
        assert texts(system.predict_batch(asked)) != first


def test_sampling_leaves_the_callers_random_numbers_alone(
    database: Database, model_folder: Path
) -> None:
    with started(model_folder, temperature=1.0) as system:
        torch.manual_seed(3)
        expected = torch.rand(1)
        torch.manual_seed(3)
        system.predict(Question("1", "?", "d"), database)
        assert torch.equal(torch.rand(1), expected)


def test_the_arctic_profile_ends_with_the_start_of_the_answer(
    database: Database, model_folder: Path
) -> None:
    with started(model_folder, profile="arctic") as system:
        seen: list[str] = []
        model = system._model  # type: ignore[attr-defined]
        generate = model._generate

        def watched(texts: list[str], seed: int) -> object:
            seen.extend(texts)
            return generate(texts, seed)

        model._generate = watched
        system.predict(Question("1", "How many?", "d"), database)
    assert seen[0].startswith("<|im_start|>system\n")
    assert seen[0].endswith(
        "<|im_end|>\n<|im_start|>assistant\nLet me solve this step by step. \n<think>"
    )


def test_a_prompt_too_long_for_the_model_is_an_empty_answer(
    database: Database, model_folder: Path
) -> None:
    asked = questions(database, "How many?", "word " * 1000)
    with started(model_folder) as system:
        short, long = system.predict_batch(asked)
    assert "error" not in short.trace
    assert long.sql == "" and "are more than 4096" in str(long.trace["error"])
    assert long.prompt_tokens > 4096


def test_the_real_vocabulary_is_used_as_it_was_saved(
    database: Database, shared: Path, tmp_path: Path
) -> None:
    folder = make_model(tmp_path / "qwen2", shared / "tokenizers" / "qwen2")
    saved = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    text = "SELECT 12345 FROM x  WHERE y = 'ü'"
    with started(folder) as system:
        own = system._model._tokenizer  # type: ignore[attr-defined]
        assert own(text)["input_ids"] == saved(text)["input_ids"]
        assert own.decode(own(text)["input_ids"]) == text
        assert system.predict(Question("1", "How many?", "d"), database).prompt_tokens < 200


def test_what_is_no_model_is_told_in_one_line(
    database: Database, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="cannot be loaded") as caught, started(tmp_path):
        pass
    assert "\n" not in str(caught.value)
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in model_folder.iterdir():
        if file.name != "chat_template.jinja":
            (bare / file.name).symlink_to(file)
    with pytest.raises(BadInput, match="has no chat template"), started(bare):
        pass
