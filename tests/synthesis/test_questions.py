"""A model words the questions through a real HTTP server; the SQL stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2s_bench.errors import BadInput
from t2s_bench.synthesis.pairs import make_all
from t2s_bench.testing.chat_server import ChatServer

pytest.importorskip("openai")


def test_questions_are_the_model_s_and_repeats_keep_the_template(concerts: Path) -> None:
    from t2s_bench.synthesis.questions import reworded

    files = {"concerts": concerts}
    pairs = make_all(files, 4)
    with ChatServer({"SQL": "Who sings?"}) as server:
        found = reworded(pairs, files, server.url, "test")
    assert found[0].question == "Who sings?"
    assert [pair.sql for pair in found] == [pair.sql for pair in pairs]
    assert [pair.question for pair in found[1:]] == [pair.question for pair in pairs[1:]]
    (shown,) = {message["content"] for message in server.requests[0]["messages"][1:]}
    assert any(pair.sql in shown for pair in pairs)


def test_a_server_that_refuses_is_one_line(concerts: Path) -> None:
    from t2s_bench.synthesis.questions import reworded

    files = {"concerts": concerts}
    with ChatServer({"SQL": "?"}) as server, pytest.raises(BadInput, match="gives no questions"):
        reworded(make_all(files, 2), files, server.url, "another")
