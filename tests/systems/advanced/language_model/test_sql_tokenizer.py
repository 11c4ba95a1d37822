"""SQL tokens shorten SQL and change nothing else."""

from __future__ import annotations

import json
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from tests.systems.advanced.tiny_qwen import make_causal, make_tokenizer

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from systems.advanced.language_model.loading import load_tokenizer  # noqa: E402
from systems.advanced.language_model.sql_tokenizer import (  # noqa: E402
    extend,
    forms,
    grow,
    shortening,
)

FILES = {
    "spider_data.zip": ("train_spider.json", "train_others.json", "dev.json"),
    "dev.zip": ("dev.json",),
    "minidev.zip": ("mini_dev_sqlite.json",),
}


def golds(shared: Path, archive: str) -> list[str]:
    path = shared / "benchmarks" / archive
    if not path.is_file():
        pytest.skip(f"no {archive} among the third-party benchmarks")
    found: list[str] = []
    with zipfile.ZipFile(path) as file:
        for member in file.namelist():
            own = member.rsplit("/", 1)[-1]
            if own in FILES[archive] and "__MACOSX" not in member:
                for entry in json.loads(file.read(member)):
                    found.append(entry.get("query") or entry["SQL"])
    return found


def tokens(tokenizer: Any, text: str) -> list[int]:
    made: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return made


def text(tokenizer: Any, made: list[int]) -> str:
    return str(tokenizer.decode(made, clean_up_tokenization_spaces=False))


@pytest.fixture(scope="module")
def real(shared: Path) -> Any:
    return make_tokenizer(shared / "tokenizers" / "qwen2")


@pytest.mark.parametrize(
    ("archive", "least"), [("spider_data.zip", 9000), ("dev.zip", 1500), ("minidev.zip", 499)]
)
def test_every_gold_round_trips_on_the_real_vocabulary_and_gets_shorter(
    real: Any, shared: Path, archive: str, least: int
) -> None:
    extended = deepcopy(real)
    extend(extended)
    sqls = golds(shared, archive)
    assert len(sqls) > least
    made = extended(sqls, add_special_tokens=False)["input_ids"]
    plain = real(sqls, add_special_tokens=False)["input_ids"]
    # The vocabulary's own normaliser composes accents (NFC); nothing else may differ.
    assert [text(extended, one) for one in made] == [text(real, one) for one in plain]
    changed = [sql for sql, one in zip(sqls, made, strict=True) if text(extended, one) != sql]
    assert changed == []
    report = shortening(real, extended, sqls)
    print(archive, report)
    assert report.texts == len(sqls)
    assert report.saved > 0.15


def test_new_tokens_are_only_what_was_split(real: Any) -> None:
    extended = deepcopy(real)
    extension = extend(extended)
    assert len(extension.texts) > 50
    assert len(extended) == len(real) + len(extension.texts)
    for form, token, pieces in zip(
        extension.texts, extension.tokens, extension.pieces, strict=True
    ):
        assert tokens(extended, form) == [token]
        assert list(pieces) == tokens(real, form) and len(pieces) > 1
    assert "SELECT" not in extension.texts  # whole already
    assert extend(extended).texts == ()


def test_only_forms_that_occur_are_added_where_texts_are_given() -> None:
    tokenizer = make_tokenizer()
    extension = extend(tokenizer, ["SELECT COUNT(*) FROM t ORDER BY a"])
    assert {"COUNT(*)", " COUNT(*)", "ORDER BY", " ORDER BY"} <= set(extension.texts)
    assert " GROUP BY" not in extension.texts
    assert set(extension.texts) < set(forms())


def test_an_extended_tokenizer_is_saved_and_loaded(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    extend(tokenizer)
    tokenizer.save_pretrained(tmp_path)
    loaded = load_tokenizer(str(tmp_path))
    sql = "SELECT  T1.a, count(*) FROM t AS T1 GROUP BY T1.a\nORDER BY COUNT(*) DESC LIMIT 1"
    assert tokens(loaded, sql) == tokens(tokenizer, sql)
    assert text(loaded, tokens(loaded, sql)) == sql


@pytest.mark.parametrize("tied", [True, False])
def test_new_rows_start_as_the_mean_of_their_pieces(tied: bool) -> None:
    tokenizer = make_tokenizer()
    causal = make_causal(len(tokenizer), tie_word_embeddings=tied)
    before = causal.get_input_embeddings().weight.detach().clone()
    head_before = causal.get_output_embeddings().weight.detach().clone()
    extension = extend(tokenizer)
    grow(causal, extension)
    embedding = causal.get_input_embeddings().weight
    head = causal.get_output_embeddings().weight
    assert embedding.shape[0] == head.shape[0] == len(tokenizer)
    assert (head is embedding) is tied
    assert torch.equal(embedding[: len(before)], before)
    assert torch.equal(head[: len(before)], head_before)
    for token, pieces in zip(extension.tokens, extension.pieces, strict=True):
        old = torch.tensor(pieces)
        assert torch.allclose(embedding[token], before[old].mean(0), atol=1e-6)
        assert torch.allclose(head[token], head_before[old].mean(0), atol=1e-6)


def test_a_matrix_with_spare_rows_keeps_its_size() -> None:
    tokenizer = make_tokenizer()
    causal = make_causal(len(tokenizer) + 1000)
    grow(causal, extend(tokenizer))
    assert causal.get_input_embeddings().weight.shape[0] == len(make_tokenizer()) + 1000


@pytest.mark.parametrize("tied", [True, False])
def test_under_lora_exactly_the_new_rows_learn(tied: bool) -> None:
    from systems.advanced.language_model.adapters import Adapters, Lora

    tokenizer = make_tokenizer()
    causal = make_causal(len(tokenizer), tie_word_embeddings=tied)
    extension = extend(tokenizer)
    grow(causal, extension)
    ids = torch.tensor([tokens(tokenizer, "SELECT a FROM t ORDER BY b")])
    new = [token for token in extension.tokens if token in ids[0].tolist()]
    assert new
    adapters = Adapters(causal)
    adapters.add("sql", Lora(rank=2), extension.tokens)
    adapters.learn(["sql"])
    table = causal.get_input_embeddings()
    parameters = adapters.parameters("sql")
    optimiser = torch.optim.SGD(parameters, lr=1.0)
    with adapters.using("sql"):
        before = table(ids).detach().clone()
        causal(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()
        after = table(ids).detach()
    moved = (before != after).any(-1)[0].tolist()
    assert moved == [token in extension.tokens for token in ids[0].tolist()]
    with adapters.using(""):
        assert torch.equal(table(ids), before)


def test_schema_text_round_trips_and_gets_shorter(real: Any) -> None:
    from t2s_bench.databases.prompt import ddl
    from t2s_bench.databases.schema import read_schema

    extended = deepcopy(real)
    extend(extended)
    folder = Path(__file__).resolve().parents[4] / "data" / "mini" / "databases"
    texts = [ddl(read_schema(path)) for path in sorted(folder.glob("*/*.sqlite"))]
    assert len(texts) > 5
    assert [text(extended, tokens(extended, one)) for one in texts] == texts
    assert shortening(real, extended, texts).saved > 0.1
