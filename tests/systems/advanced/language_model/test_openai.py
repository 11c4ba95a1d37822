"""A served model says what the same model says locally, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("openai")

from systems.advanced.language_model.adapters import Lora  # noqa: E402
from systems.advanced.language_model.loading import LocalOptions  # noqa: E402
from systems.advanced.language_model.model import Prompt, Reading, Stop  # noqa: E402
from systems.advanced.language_model.openai import ServerModel, ServerOptions  # noqa: E402
from systems.advanced.language_model.transformers import TransformersModel  # noqa: E402
from tests.systems.advanced.model_server import ModelServer, serving  # noqa: E402
from tests.systems.advanced.tiny_qwen import make_folder  # noqa: E402

from t2s_bench.errors import BadInput  # noqa: E402
from t2s_bench.testing.chat_server import ChatServer, Fault  # noqa: E402

# Letters that random weights write often enough.
MARKS = "5cTGUK"
PROMPT = Prompt((("user", "How many singers are there?"),), "```sql\n")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    # Plain letters alone, so that every byte of the text is a token.
    folder: Path = make_folder(tmp_path_factory.mktemp("qwen2"), spread=0.7)
    model = TransformersModel.load(LocalOptions(str(folder), dtype="float32", device="cpu"))
    model.adapters.add("sql", Lora(rank=2))
    for parameter in model.adapters.parameters("sql"):
        parameter.data.add_(0.1)
    return model


@pytest.fixture
def server(local: TransformersModel) -> Iterator[ModelServer]:
    with serving(local) as server:
        yield server


@pytest.fixture
def served(server: ModelServer) -> Iterator[ServerModel]:
    model = ServerModel(ServerOptions("tiny", server.url, retries=0))
    yield model
    model.close()


def read(model: Any, prompt: Prompt = PROMPT, adapter: str = "") -> Reading:
    (reading,) = model.read([prompt], adapter)
    assert reading.usage is not None
    return reading  # type: ignore[no-any-return]


def test_a_sample_goes_on_from_its_prefix(
    local: TransformersModel, served: ServerModel, server: ModelServer
) -> None:
    prefix = "SELECT name"
    (written,) = read(served).generate(
        [served.encode(prefix)], 3, temperature=1.0, seed=4, max_tokens=6
    )
    before = Prompt(PROMPT.messages, PROMPT.start + prefix)
    (expected,) = read(local, before).generate([()], 3, temperature=1.0, seed=4, max_tokens=6)
    assert [one.text for one in written] == [one.text for one in expected]
    for one, other in zip(written, expected, strict=True):
        assert one.tokens == served.encode(one.text)
        assert one.finish == other.finish
        assert one.logprobs[:3] == pytest.approx(other.logprobs[:3], abs=1e-4)
    assert server.requests[-1]["messages"][-1] == {
        "role": "assistant",
        "content": "```sql\nSELECT name",
    }


def test_clauses_end_where_they_end_locally(served: ServerModel) -> None:
    """The stop strings of a server are only a hint: `find` decides, and the rest is asked for."""

    def find(text: str, start: int) -> int | None:
        places = [place + 1 for place, letter in enumerate(text) if letter in MARKS]
        # Every other one counts, as a keyword in quotes would not.
        return next((place for place in places[1::2] if place > start), None)

    (written,) = read(served).generate(
        [()], 4, temperature=1.0, seed=2, max_tokens=60, stop=Stop(find, tuple(MARKS))
    )
    stopped = [one for one in written if one.finish == "stop"]
    assert stopped
    for one in stopped:
        assert sum(letter in MARKS for letter in one.text) == 2 and one.text[-1] in MARKS
        assert len(one.logprobs) >= 2


def test_given_text_is_scored(local: TransformersModel, served: ServerModel) -> None:
    texts = ["SELECT 1", "x", ""]
    found = read(served).score([served.encode(text) for text in texts])
    for text, scores in zip(texts, found, strict=True):
        before = Prompt(PROMPT.messages, PROMPT.start)
        (expected,) = read(local, before).score([local.encode(text)])
        assert sum(scores) == pytest.approx(sum(expected), abs=1e-3)
        assert len(scores) == len(text.encode())


def test_choices_are_the_next_tokens(local: TransformersModel, served: ServerModel) -> None:
    (scores,) = read(served).choose([served.encode("x")], [" Y", "n", "Zebra"])
    reading = read(local, Prompt(PROMPT.messages, PROMPT.start + "x"))
    tops, places = reading.first.topk(20)  # type: ignore[attr-defined]
    odds = {"y": 0.0, "n": 0.0}
    for value, place in zip(tops.tolist(), places.tolist(), strict=True):
        letter = local.decode([place]).strip().lower()
        if letter in odds:
            odds[letter] += float(np.exp(value))
    floor = float(tops[-1])
    for score, letter in zip(scores, ("y", "n"), strict=False):
        expected = np.log(odds[letter]) if odds[letter] else floor
        assert score == pytest.approx(expected, abs=1e-4)
    assert scores[2] == pytest.approx(floor, abs=1e-4)


def test_embeddings_come_in_their_order(local: TransformersModel, served: ServerModel) -> None:
    texts = ["singer", "country of birth"]
    assert served.embed(texts) == pytest.approx(local.embed(texts), abs=1e-5)


def test_an_adapter_is_a_served_model(local: TransformersModel, served: ServerModel) -> None:
    tokens = served.encode("SELECT")
    own = sum(read(served, adapter="sql").score([tokens])[0])
    assert own == pytest.approx(
        sum(read(local, adapter="sql").score([local.encode("SELECT")])[0]), abs=1e-3
    )
    assert own != pytest.approx(sum(read(served).score([tokens])[0]), abs=1e-2)
    with pytest.raises(BadInput, match="is 'other' served"):
        read(served, adapter="other").score([tokens])


def test_usage_counts_the_prompt_once(served: ServerModel) -> None:
    reading = read(served)
    reading.generate([()], 2, temperature=1.0, max_tokens=4)
    first = reading.usage
    reading.generate([()], 2, temperature=1.0, max_tokens=4)
    assert reading.usage.prompt_tokens == first.prompt_tokens > 10
    assert reading.usage.forward_tokens > first.forward_tokens > 0


def test_a_server_that_starts_anew_is_told_apart(local: TransformersModel) -> None:
    with serving(local, plain=True) as plain:
        model = ServerModel(ServerOptions("tiny", plain.url, retries=0))
        with pytest.raises(BadInput, match="does not go on from a given beginning.*vLLM"):
            read(model).generate([()], 1, temperature=1.0)
        # Without a beginning it serves: one answer at a time is asked for again.
        bare = read(model, Prompt(PROMPT.messages))
        (written,) = bare.generate([()], 3, temperature=1.0, max_tokens=4)
        assert len(written) == 3 and len({one.text for one in written}) > 1
        with pytest.raises(BadInput, match="has the server embeddings"):
            model.embed(["x"])
        model.close()


def test_servers_without_what_is_needed_are_told_in_one_line() -> None:
    with ChatServer(default="SELECT 1") as server:
        model = ServerModel(ServerOptions("test", server.url, retries=0))
        with pytest.raises(BadInput, match="gives no log-probabilities"):
            read(model, Prompt(PROMPT.messages)).generate([()], 1, temperature=0.0)
        with pytest.raises(BadInput, match="hidden states"):
            read(model).states([()])
        model.close()
    faults = [Fault("status", 401, message="no"), Fault("status", 503), None]
    with ChatServer(default="x", faults=faults) as server:
        model = ServerModel(ServerOptions("test", server.url, retries=0))
        bare = read(model, Prompt(PROMPT.messages))
        with pytest.raises(BadInput, match="give a valid key"):
            bare.generate([()], 1, temperature=0.0)
        with pytest.raises(BadInput, match="gave no answer in 1 tries"):
            bare.generate([()], 1, temperature=0.0)
        model.close()
