from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from t2s_bench.errors import BadInput, UserError
from t2s_bench.plugins import find_system, load_system, system_module
from t2s_bench.system import System
from t2s_bench.testing.chat_server import ChatServer, Fault
from t2s_bench.types import Database, Prediction, Question

pytest.importorskip("openai")
server_module = system_module(find_system("zero_shot").folder, "server")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "FIRST_PAUSE", 0.001)


@contextmanager
def started(server: ChatServer, off: Sequence[str] = (), **options: Any) -> Iterator[System]:
    given = {"base_url": server.url, "model": "test", **options}
    system = load_system("zero_shot", given, seed=1, off=off).start()
    assert isinstance(system, System)
    try:
        yield system
    finally:
        system.close()


def ask(
    server: ChatServer, database: Database, question: str = "How many singers?", **options: Any
) -> Prediction:
    with started(server, **options) as system:
        return system.predict(Question("q1", question, "d"), database)


COUNT = "```sql\nSELECT count(*) FROM singer\n```"


def test_a_question_becomes_a_request_and_its_answer_sql(database: Database) -> None:
    with ChatServer({"How many singers": COUNT}) as server:
        made = ask(server, database, "How many singers are from France?", api_key="sesame")
    assert made.sql == "SELECT count(*) FROM singer"
    assert made.confidence is None
    (request,) = server.requests
    assert request["model"] == "test" and request["temperature"] == 0.0
    assert request["max_tokens"] == 2048 and "n" not in request
    (message,) = request["messages"]
    assert "country TEXT, -- example: ['France', 'Norway']" in message["content"]
    assert server.headers[0]["authorization"] == "Bearer sesame"
    assert made.prompt_tokens == len(message["content"].split())
    assert made.completion_tokens == len(COUNT.split())
    assert made.trace["values"] == [["singer", "country", "France", 1.0]]
    assert made.trace["texts"] == [COUNT]
    assert len(str(made.trace["prompt_sha256"])) == 64


def test_components_switched_off_leave_the_prompt(database: Database) -> None:
    question = Question("q1", "How many singers are from Norway?", "d")
    with ChatServer(default=COUNT) as server:
        for off in ((), ("values",), ("values", "examples")):
            with started(server, off) as system:
                system.predict(question, database)
    contents = [request["messages"][0]["content"] for request in server.requests]
    assert "['Norway', 'France']" in contents[0]
    assert "['France', 'Norway']" in contents[1]
    assert "example" not in contents[2]


def test_a_batch_is_asked_at_once_and_answered_in_order(database: Database) -> None:
    table = {f"number {i}?": f"```sql\nSELECT {i}\n```" for i in range(12)}
    requests = [(Question(str(i), f"number {i}?", "d"), database) for i in range(12)]
    with ChatServer(table, delay=0.05) as server, started(server, concurrency=4) as system:
        assert system.batch_size == 16
        made = system.predict_batch(requests)
    assert [prediction.sql for prediction in made] == [f"SELECT {i}" for i in range(12)]
    assert 1 < server.open_requests_peak <= 4


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 429, retry_after=0.01),
        Fault("status", 500),
        Fault("status", 503),
        Fault("cut"),
        Fault("garbage"),
        Fault("empty"),
        Fault("stall", seconds=30),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_what_may_pass_is_tried_again(database: Database, fault: Fault) -> None:
    with ChatServer(default=COUNT, faults=[fault, fault]) as server:
        made = ask(server, database, timeout=0.3 if fault.kind == "stall" else 30)
    assert made.sql == "SELECT count(*) FROM singer"
    assert made.trace["attempts"] == 3
    assert server.requests[0] == server.requests[2]


def test_the_pause_is_the_one_that_the_server_asks_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []
    wait = threading.Event.wait

    def recorded(self: threading.Event, timeout: float | None = None) -> bool:
        if threading.current_thread().name.startswith("chat"):
            pauses.append(timeout)
            return wait(self, 0)
        return wait(self, timeout)

    monkeypatch.setattr(threading.Event, "wait", recorded)
    faults = [Fault("status", 429, retry_after=7.5), Fault("status", 500), Fault("status", 500)]
    with ChatServer(default=COUNT, faults=faults) as server:
        ask(server, database)
    assert pauses[0] == 7.5
    assert [0.0005 * 2**k <= p <= 0.001 * 2**k for k, p in enumerate(pauses[1:], 1) if p] == [
        True, True,
    ]  # fmt: skip


def test_a_server_that_stays_down_ends_the_run_and_is_no_answer(database: Database) -> None:
    with ChatServer(faults=[Fault("status", 503)] * 3) as server:  # noqa: SIM117
        with pytest.raises(BadInput, match="gave no answer in 3 tries; the last: 503 .*injected"):
            ask(server, database, retries=2)
    assert len(server.requests) == 3
    with pytest.raises(BadInput, match="gave no answer in 2 tries; the last: Connection error"):
        ask(server, database, retries=1)  # nobody listens any more


@pytest.mark.parametrize(
    ("fault", "options", "message"),
    [
        (Fault("status", 401), {}, "give a valid key in OPENAI_API_KEY"),
        (None, {"model": "tset"}, "no model 'tset'? Possible: test"),
        (Fault("status", 400, message="no such thing as top_k"), {}, "no such thing as top_k"),
        (Fault("status", 429, code="insufficient_quota"), {}, "refuses the request (429)"),
        (Fault("status", 429, retry_after=3600), {}, "refuses the request (429)"),
    ],
)
def test_what_will_not_pass_is_told_at_once(
    database: Database, fault: Fault | None, options: dict[str, Any], message: str
) -> None:
    with ChatServer(faults=[fault]) as server, pytest.raises(UserError) as caught:
        ask(server, database, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_prompt_too_long_for_the_model_is_an_empty_answer(database: Database) -> None:
    fault = Fault("status", 400, message="This model's maximum context length is 4096 tokens.")
    with ChatServer(default=COUNT, faults=[fault]) as server:
        made = ask(server, database, n=2, temperature=1.0)
    assert (made.sql, made.candidates, made.confidence) == ("", (), None)
    assert "maximum context length" in str(made.trace["error"])


def test_a_server_that_wants_the_newer_limit_gets_it(database: Database) -> None:
    fault = Fault("status", 400, message="Unsupported: use 'max_completion_tokens' instead.")
    with ChatServer(default=COUNT, faults=[fault]) as server:
        assert ask(server, database, temperature="none").sql
    assert "max_tokens" not in server.requests[1]
    assert server.requests[1]["max_completion_tokens"] == 2048
    assert "temperature" not in server.requests[1]


ANSWERS = [
    "```sql\nSELECT nothing FROM nowhere\n```",
    "```sql\nSELECT 7\n```",
    "I cannot say.",
    "```sql\nSELECT count(*) FROM singer\n```",
    "```sql\nSELECT count(id) FROM singer\n```",
]


def test_several_answers_vote_by_their_results(database: Database) -> None:
    with ChatServer(default="", table={"singers": ANSWERS}) as server:
        made = ask(server, database, n=5, temperature=0.8)
    assert made.sql == "SELECT count(*) FROM singer"
    assert made.confidence == 0.4
    assert [candidate.score for candidate in made.candidates] == [0.0, 0.2, 0.0, 0.4, 0.4]
    assert [candidate.sql for candidate in made.candidates][2] == ""
    assert server.requests[0]["n"] == 5
    assert made.completion_tokens == sum(len(text.split()) for text in ANSWERS)


def test_without_voting_the_first_answer_counts(database: Database) -> None:
    with ChatServer(default="", table={"singers": ANSWERS}) as server:  # noqa: SIM117
        with started(server, ["voting"], n=5, temperature=0.8) as system:
            made = system.predict(Question("q1", "How many singers?", "d"), database)
    assert made.sql == "SELECT nothing FROM nowhere" and made.confidence is None


def test_a_server_that_ignores_n_is_asked_until_there_are_n(database: Database) -> None:
    with ChatServer(default="", table={"singers": ANSWERS}, one_choice=True) as server:
        made = ask(server, database, n=5, temperature=0.8)
    seeds = [request["seed"] for request in server.requests]
    assert seeds == list(range(seeds[0], seeds[0] + 5))
    assert made.sql == "SELECT count(*) FROM singer"
    assert sum(request.get("n", 1) for request in server.requests) == 5 + 4 + 3 + 2 + 1


def test_a_questions_seed_depends_on_nothing_but_the_run_and_the_question(
    database: Database,
) -> None:
    requests = [(Question(id, "How many singers?", "d"), database) for id in ("a", "b", "a")]
    with ChatServer(default=COUNT) as server:
        with started(server, concurrency=1) as system:
            system.predict_batch(requests)
        with started(server, concurrency=1, seed=5) as system:
            system.predict_batch(requests[:1])
    seeds = [request["seed"] for request in server.requests]
    assert seeds[0] == seeds[2] != seeds[1]
    assert seeds[3] != seeds[0]


def test_the_arctic_profile_starts_the_answer(database: Database) -> None:
    with ChatServer(default="…</think><answer>SELECT 1</answer>") as server:
        made = ask(server, database, profile="arctic")
        ask(server, database, profile="arctic", prefill="no")
    first, second = server.requests
    assert first["messages"][-1]["role"] == "assistant"
    assert first["continue_final_message"] is True and first["add_generation_prompt"] is False
    assert second["messages"][-1]["role"] == "user" and "continue_final_message" not in second
    assert made.sql == ""  # its own rule: no ```sql block, no answer


def test_an_interrupt_does_not_wait_for_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [(Question(str(i), "How many singers?", "d"), database) for i in range(20)]
    faults = [Fault("status", 401), *[Fault("status", 429, retry_after=500)] * 40]
    begun = time.monotonic()
    with ChatServer(faults=faults) as server, started(server, concurrency=2) as system:  # noqa: SIM117
        with pytest.raises(BadInput, match="give a valid key"):
            system.predict_batch(requests)
    assert len(server.requests) < 10
    assert time.monotonic() - begun < 100  # and not the 500 seconds that the server asked for


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "model is needed: model=<name>, or set OPENAI_MODEL"),
        ({"model": "m", "n": "4"}, "n > 1 needs a temperature above 0"),
        ({"model": "m", "base_url": "http://me:secret@host"}, "give the key as api_key instead"),
        ({"model": "m", "backend": "opanai"}, "write backend=openai|transformers"),
    ],
)
def test_wrong_options_are_told_in_one_line(
    database: Database, options: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput) as caught:
        load_system("zero_shot", options)
    assert message in str(caught.value)


def test_no_server_is_told_with_what_to_type(database: Database) -> None:
    with pytest.raises(BadInput, match="set OPENAI_API_KEY, or give base_url"):
        load_system("zero_shot", {"model": "m"}).start()


def test_the_environment_names_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_MODEL", "env-model")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    shown = load_system("zero_shot").options
    assert (shown["model"], shown["base_url"]) == ("env-model", "http://localhost:1/v1")
    assert shown["api_key"] == "***"


def test_voting_is_for_sqlite(database: Database) -> None:
    question = Question("q", "?", "d", dialect="mysql")
    with ChatServer() as server, started(server, n=2, temperature=1.0) as system:  # noqa: SIM117
        with pytest.raises(BadInput, match="votes on SQLite only: set n=1 for mysql"):
            system.predict(question, database)
