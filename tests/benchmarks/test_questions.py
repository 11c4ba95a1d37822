"""The questions file: what is accepted, and one line for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.benchmarks.questions import QuestionsDigest, question_line, read_questions
from t2s_bench.errors import BadInput
from t2s_bench.types import Example, Question

GOOD = {"id": "a", "question": "How many?", "db_id": "zoo", "gold": "SELECT 1"}


def read(tmp_path: Path, *lines: object) -> list[Example]:
    path = tmp_path / "questions.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return list(read_questions(path))


def test_all_fields_are_read(tmp_path: Path) -> None:
    record = {
        **GOOD,
        "id": 7,
        "gold": ["SELECT 1", "SELECT 2"],
        "evidence": "e",
        "difficulty": "hard",
        "dialect": "mysql",
    }
    question = Question("7", "How many?", "zoo", "e", "mysql")
    assert read(tmp_path, record) == [Example(question, ("SELECT 1", "SELECT 2"), "hard")]


def test_blank_lines_and_a_byte_order_mark_do_not_count(tmp_path: Path) -> None:
    found = read(tmp_path, "\ufeff" + json.dumps(GOOD), "  ", {**GOOD, "id": "b"}, "")
    assert [example.id for example in found] == ["a", "b"]


TEXTS = st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip)


@given(TEXTS, TEXTS, st.lists(TEXTS, min_size=1, max_size=3), st.text(), st.text())
def test_a_written_line_reads_back(
    tmp_path_factory: pytest.TempPathFactory,
    identity: str,
    question: str,
    golds: list[str],
    evidence: str,
    difficulty: str,
) -> None:
    example = Example(Question(identity, question, "zoo", evidence), tuple(golds), difficulty)
    path = tmp_path_factory.getbasetemp() / "line.jsonl"
    path.write_text(question_line(example) + "\n", encoding="ascii")
    assert list(read_questions(path)) == [example]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("{", "line 2 is not JSON"),
        ("[1]", "line 2 is not a JSON object"),
        ('{"id": ' + "9" * 5000 + "}", "line 2 is not JSON"),
        (GOOD, "line 2: id 'a' is already that of line 1"),
        ({**GOOD, "id": ""}, "line 2: 'id' must be"),
        ({**GOOD, "id": None}, "line 2: 'id' must be"),
        ({**GOOD, "id": True}, "line 2: 'id' must be"),
        ({**GOOD, "id": "b\n"}, "line 2: 'id' must be"),
        ({"id": "b", "question": "?", "db_id": "zoo"}, "line 2 lacks 'gold'"),
        ({"id": "b"}, "line 2 lacks 'question' and 'db_id' and 'gold'"),
        ({**GOOD, "id": "b", "gold": ""}, "line 2: 'gold' must be"),
        ({**GOOD, "id": "b", "gold": []}, "line 2: 'gold' must be"),
        ({**GOOD, "id": "b", "gold": ["SELECT 1", 2]}, "line 2: 'gold' must be"),
        ({**GOOD, "id": "b", "question": " "}, "line 2: 'question' is empty"),
        ({**GOOD, "id": "b", "question": 3}, "line 2: 'question' must be a text, not 3"),
        ({**GOOD, "id": "b", "evidense": ""}, "unknown key 'evidense', did you mean 'evidence'?"),
        (
            {"id": "b", "question": "?", "db_id": "zoo", "query": "SELECT 1"},
            "unknown key 'query', did you mean 'gold'?",
        ),
        ({**GOOD, "id": "b", "zzzz": ""}, "line 2: unknown key 'zzzz'. Possible: id, question,"),
        ({**GOOD, "id": "b", "dialect": "oracle"}, "line 2: unknown dialect 'oracle'. Possible:"),
        ({**GOOD, "id": "b", "db_id": "../zoo"}, "line 2: db_id '../zoo' cannot be"),
    ],
)
def test_every_mistake_is_one_line_with_its_number(
    tmp_path: Path, record: object, message: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, GOOD, record)
    assert message in str(caught.value)
    assert "questions.jsonl, line 2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    with pytest.raises(BadInput, match="has no questions.jsonl: write one question a line"):
        list(read_questions(path))
    path.write_bytes(b'{"id": "\xe9"}')
    with pytest.raises(BadInput, match="is not UTF-8"):
        list(read_questions(path))
    path.unlink()
    path.mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        list(read_questions(path))


def test_the_digest_tells_content_and_order_apart() -> None:
    def digest(*examples: Example) -> str:
        sha = QuestionsDigest()
        for example in examples:
            sha.add(example)
        return sha.hexdigest()

    one = Example(Question("1", "a", "zoo"), ("SELECT 1",))
    two = Example(Question("2", "a", "zoo"), ("SELECT 1",))
    other = Example(Question("1", "a", "zoo"), ("SELECT 1", "SELECT 2"))
    assert len({digest(one, two), digest(two, one), digest(one), digest(other)}) == 4
