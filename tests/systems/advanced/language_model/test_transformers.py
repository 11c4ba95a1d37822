"""What is written and scored on a shared prompt is what the whole text would give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.systems.advanced.tiny_qwen import make_folder

from t2s_bench.errors import BadInput, UnknownName

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from systems.advanced.language_model.adapters import Lora  # noqa: E402
from systems.advanced.language_model.loading import LocalOptions  # noqa: E402
from systems.advanced.language_model.local_reading import LocalReading  # noqa: E402
from systems.advanced.language_model.model import Mark, Prompt, Stop  # noqa: E402
from systems.advanced.language_model.transformers import TransformersModel  # noqa: E402

PROMPT = Prompt((("user", "How many singers are there in France?"),), "```sql\n")
OTHER = Prompt((("user", "Who?"),))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("qwen2"))


@pytest.fixture
def model(folder: Path) -> TransformersModel:
    return load(folder)


def load(folder: Path, **options: Any) -> TransformersModel:
    given = {"dtype": "float32", "device": "cpu", **options}
    return TransformersModel.load(LocalOptions(str(folder), **given))


def read(model: TransformersModel, prompt: Prompt = PROMPT, adapter: str = "") -> LocalReading:
    (reading,) = model.read([prompt], adapter)
    assert isinstance(reading, LocalReading)
    return reading


def whole(model: TransformersModel, tokens: Sequence[int], prompt: Prompt = PROMPT) -> list[float]:
    """Log-probabilities of tokens after a prompt, by one pass over everything, without a cache."""
    before, _ = model.tokens_of(prompt)
    with torch.inference_mode():
        logits = model.causal(input_ids=torch.tensor([[*before, *tokens]])).logits[0]
    scores = model.logprobs(logits)[len(before) - 1 : -1]
    return [float(scores[place, token]) for place, token in enumerate(tokens)]


def random_tokens(count: int, longest: int = 30) -> list[tuple[int, ...]]:
    chance = np.random.default_rng(0)
    lengths = chance.integers(1, longest, count)
    return [tuple(int(t) for t in chance.integers(0, 256, length)) for length in lengths]


def test_scores_on_a_shared_prompt_are_those_of_the_whole_text(model: TransformersModel) -> None:
    continuations = [*random_tokens(20), ()]
    found = read(model).score(continuations)
    for tokens, scores in zip(continuations, found, strict=True):
        assert scores == pytest.approx(whole(model, tokens) if tokens else [], abs=1e-4)


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_written_tokens_have_the_scores_of_the_whole_text(
    model: TransformersModel, temperature: float
) -> None:
    reading = read(model)
    prefixes = [(), *random_tokens(5)]
    found = reading.generate(prefixes, 3, temperature=temperature, seed=1, max_tokens=9)
    assert [len(written) for written in found] == [3] * 6
    for prefix, written in zip(prefixes, found, strict=True):
        for one in written:
            expected = whole(model, (*prefix, *one.tokens))[len(prefix) :]
            assert one.logprobs == pytest.approx(expected, abs=1e-4)
            assert one.logprob == pytest.approx(sum(expected), abs=1e-3)


def test_greedy_writing_is_that_of_transformers(model: TransformersModel) -> None:
    before, _ = model.tokens_of(PROMPT)
    ids = torch.tensor([before])
    output = model.causal.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=20,
        do_sample=False,
        eos_token_id=sorted(model.ends),
        pad_token_id=model.tokenizer.pad_token_id,
    )
    (written,) = read(model).generate([()], 1, temperature=0.0, max_tokens=20)
    assert list(written[0].tokens) == output[0, len(before) :].tolist()


def test_a_beam_finds_the_likeliest_of_all_continuations(model: TransformersModel) -> None:
    reading = read(model)
    words = len(model.tokenizer)
    pairs = [(a, b) for a in range(words) for b in range(words)]
    first = [score for (score,) in reading.score([(a,) for a in range(words)])]
    likely = sorted(range(words), key=lambda a: -first[a])[:6]
    some = [pair for pair in pairs if pair[0] in likely and pair[0] not in model.ends]
    scores = dict(zip(some, map(sum, reading.score(some)), strict=True))
    best = sorted(some, key=lambda pair: -scores[pair])[:3]
    (written,) = reading.generate([()], 50, temperature=0.0, max_tokens=2)
    beams = [one.tokens for one in written if len(one.tokens) == 2][:3]
    assert beams == best
    logprobs = [one.logprob for one in written]
    assert logprobs == sorted(logprobs, reverse=True)


def test_samples_follow_the_distribution(model: TransformersModel) -> None:
    reading = read(model)
    (written,) = reading.generate([()], 4000, temperature=0.7, seed=3, max_tokens=1)
    drawn = np.bincount([one.tokens[0] for one in written], minlength=len(model.tokenizer)) / 4000
    expected = (reading.first / 0.7).softmax(-1).numpy()
    assert np.abs(drawn - expected).max() < 0.03


def test_samples_repeat_with_their_seed_whatever_is_asked_beside_them(
    model: TransformersModel,
) -> None:
    prefix, *others = random_tokens(4)

    def drawn(prefixes: list[tuple[int, ...]], seed: int) -> list[tuple[int, ...]]:
        found = read(model).generate(prefixes, 3, temperature=1.0, seed=seed, max_tokens=8)
        return [one.tokens for one in found[prefixes.index(prefix)]]

    alone = drawn([prefix], 5)
    torch.rand(3)
    assert drawn([*others, prefix], 5) == alone
    assert drawn([prefix], 6) != alone
    assert len(set(alone)) > 1


def test_a_stop_ends_a_row_at_its_place(model: TransformersModel) -> None:
    def find(text: str, start: int) -> int | None:
        found = re.compile("[aeiou]").search(text, start)
        return found.end() if found else None

    prefix = model.encode("ee")
    (written,) = read(model).generate(
        [prefix], 8, temperature=1.5, seed=2, max_tokens=200, stop=Stop(find)
    )
    stopped = [one for one in written if one.finish == "stop"]
    assert stopped
    for one in stopped:
        assert one.text[-1] in "aeiou" and not re.search("[aeiou]", one.text[:-1])


def test_going_on_reads_only_what_is_new(model: TransformersModel) -> None:
    def find(text: str, start: int) -> int | None:
        return start + 3 if len(text) >= start + 3 else None

    reading = read(model)
    (written,) = reading.generate([()], 4, temperature=1.0, seed=1, stop=Stop(find))
    clauses = [one.tokens for one in written if one.finish == "stop"]
    before = reading.usage.forward_tokens
    found = reading.generate(clauses, 1, temperature=1.0, seed=1, max_tokens=5)
    # The last token of a clause, and all but the last of what follows it.
    new = sum(len(one.tokens) for (one,) in found)
    assert reading.usage.forward_tokens - before == new
    for clause, (one,) in zip(clauses, found, strict=True):
        expected = whole(model, (*clause, *one.tokens))[len(clause) :]
        assert one.logprobs == pytest.approx(expected, abs=1e-4)


def test_fifty_continuations_cost_a_fraction_of_separate_calls(model: TransformersModel) -> None:
    """As a search asks: each goes on from a clause that was written before."""

    def find(text: str, start: int) -> int | None:
        return start + 4 if len(text) >= start + 4 else None

    chance = np.random.default_rng(1)
    reading = read(model)
    tree: list[tuple[int, ...]] = [()]
    prompt = reading.usage.prompt_tokens
    separate = 0
    for turn in range(50):
        prefix = tree[int(chance.integers(len(tree)))]
        (written,) = reading.generate([prefix], 1, temperature=1.0, seed=turn, stop=Stop(find))
        separate += prompt + len(prefix) + len(written[0].tokens) - 1
        if written[0].finish == "stop" and len(prefix) < 40:
            tree.append((*prefix, *written[0].tokens))
    together = prompt + reading.usage.forward_tokens
    assert max(map(len, tree)) > 10
    assert together < 0.1 * separate


def test_a_small_cache_forgets_and_stays_right(folder: Path) -> None:
    def find(text: str, start: int) -> int | None:
        return start + 3 if len(text) >= start + 3 else None

    large, small = read(load(folder)), read(load(folder, kept_tokens=4))
    ends = []
    for reading in (large, small):
        (written,) = reading.generate([()], 6, temperature=1.0, seed=4, stop=Stop(find))
        more = reading.generate([one.tokens for one in written], 1, temperature=0.0, max_tokens=4)
        ends.append([one.tokens for (one,) in more])
    assert ends[0] == ends[1]
    assert small.usage.forward_tokens > large.usage.forward_tokens


def test_prompts_read_and_answered_together_are_as_alone(model: TransformersModel) -> None:
    together = model.read([PROMPT, OTHER, PROMPT])
    alone = [read(model, prompt) for prompt in (PROMPT, OTHER, PROMPT)]
    tokens = random_tokens(3)
    for one, other in zip(together, alone, strict=True):
        for scores, expected in zip(one.score(tokens), other.score(tokens), strict=True):
            assert scores == pytest.approx(expected, abs=1e-4)
    written = model.generate(together, 2, temperature=0.0, max_tokens=6)
    for found, reading in zip(written, alone, strict=True):
        (expected_one,) = reading.generate([()], 2, temperature=0.0, max_tokens=6)
        assert [one.tokens for one in found] == [one.tokens for one in expected_one]


def test_states_are_those_of_the_whole_text(model: TransformersModel) -> None:
    continuations = [(), *random_tokens(6)]
    found = read(model).states(continuations)
    before, _ = model.tokens_of(PROMPT)
    for tokens, state in zip(continuations, found, strict=True):
        with torch.inference_mode():
            output = model.causal.base_model(input_ids=torch.tensor([[*before, *tokens]]))
        assert state == pytest.approx(output.last_hidden_state[0, -1].numpy(), abs=1e-4)


@pytest.mark.parametrize("texts", [("Yes", "No"), ("Y", "N")])
def test_chosen_texts_are_scored_as_their_tokens(
    model: TransformersModel, texts: tuple[str, str]
) -> None:
    prefixes = [(), *random_tokens(2)]
    for prefix, scores in zip(prefixes, read(model).choose(prefixes, texts), strict=True):
        for text, score in zip(texts, scores, strict=True):
            expected = whole(model, (*prefix, *model.encode(text)))[len(prefix) :]
            assert score == pytest.approx(sum(expected), abs=1e-4)


def test_texts_are_embedded_alike_in_any_company(model: TransformersModel) -> None:
    names = ["singer", "a very long column name", "", "id"]
    together = model.embed(names)
    assert together.shape == (4, model.hidden_size)
    for name, vector in zip(names, together, strict=True):
        assert vector == pytest.approx(model.embed([name])[0], abs=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.1


def test_vectors_reach_the_tokens_they_mark_and_no_others(model: TransformersModel) -> None:
    schema = "singer(name)"
    vectors = np.full((2, model.hidden_size), 3.0, dtype=np.float32)
    plain = Prompt((("user", f"Schema: {schema}"),), schema=schema)
    marked = Prompt(plain.messages, "", schema, (Mark(0, 6, 0), Mark(7, 11, 1)), vectors)
    nought = Prompt(plain.messages, "", schema, marked.marks, 0 * vectors)
    tokens = random_tokens(1)
    assert read(model, nought).score(tokens)[0] == pytest.approx(
        read(model, plain).score(tokens)[0]
    )
    assert read(model, marked).score(tokens)[0] != pytest.approx(
        read(model, plain).score(tokens)[0], abs=1e-3
    )
    _, pairs = model.tokens_of(marked)
    text = model.text(marked)
    at = len(model.encode(text[: text.index(schema)]))
    assert pairs == tuple(
        [(at + place, 0) for place in range(6)] + [(at + place, 1) for place in range(7, 11)]
    )
    both = model.read([marked, OTHER])  # beside a shorter prompt
    assert both[0].score(tokens)[0] == pytest.approx(read(model, marked).score(tokens)[0], abs=1e-4)


def test_adapters_speak_for_themselves(model: TransformersModel, tmp_path: Path) -> None:
    tokens = random_tokens(1)
    base = read(model).score(tokens)[0]
    for name in ("sql", "schema"):
        model.adapters.add(name, Lora(rank=4))
        assert read(model, adapter=name).score(tokens)[0] == pytest.approx(base, abs=1e-5)
    with torch.no_grad():
        for parameter in model.adapters.parameters("sql"):
            parameter.add_(0.1)
    changed = read(model, adapter="sql").score(tokens)[0]
    assert changed != pytest.approx(base, abs=1e-2)
    assert read(model, adapter="schema").score(tokens)[0] == pytest.approx(base, abs=1e-5)
    assert read(model).score(tokens)[0] == pytest.approx(base, abs=1e-5)
    model.adapters.save("sql", tmp_path / "sql")
    fresh = load(Path(model.options.model))
    fresh.adapters.load("other", tmp_path / "sql")
    assert read(fresh, adapter="other").score(tokens)[0] == pytest.approx(changed, abs=1e-5)
    model.adapters.copy("sql", "kept")
    with torch.no_grad():
        for parameter in model.adapters.parameters("sql"):
            parameter.add_(0.1)
    assert read(model, adapter="kept").score(tokens)[0] == pytest.approx(changed, abs=1e-5)
    with pytest.raises(UnknownName, match="did you mean 'sql'"):
        read(model, adapter="sq")


def test_gradients_go_to_the_adapters_that_learn(model: TransformersModel) -> None:
    for name in ("sql", "schema", "validation"):
        model.adapters.add(name, Lora(rank=4))
    model.adapters.learn(["sql", "schema"])
    with model.adapters.using("schema"), model.adapters.using("sql"):
        pass
    with model.adapters.using(""):
        pass
    learning = {n for n, p in model.causal.named_parameters() if p.requires_grad}
    assert learning and all(".sql." in name or ".schema." in name for name in learning)
    assert any(".sql." in name for name in learning)


def test_what_cannot_be_loaded_is_told_in_one_line(
    folder: Path, tmp_path: Path, model: TransformersModel
) -> None:
    for options, text in (
        ({"load_in_8bit": True}, "bitsandbytes"),
        ({"load_in_8bit": True, "load_in_4bit": True}, "exclude each other"),
    ):
        with pytest.raises(BadInput, match=text):
            load(folder, **options)
    with pytest.raises(BadInput, match="cannot be loaded") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="no adapter of this model"):
        model.adapters.load("sql", tmp_path)
    with pytest.raises(BadInput, match="too long for the model"):
        model.read([Prompt((("user", "word " * 1000),))])
