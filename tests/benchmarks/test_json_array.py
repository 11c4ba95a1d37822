"""A JSON list is read element by element, whole or not at all."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2s_bench.benchmarks import json_array
from t2s_bench.benchmarks.json_array import read_array
from t2s_bench.errors import BadInput

VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)


class Slowly:
    """A file that gives a few bytes at a time, as a network or a zip may."""

    def __init__(self, content: bytes, step: int) -> None:
        self.file, self.step = io.BytesIO(content), step

    def read(self, size: int = -1, /) -> bytes:
        return self.file.read(min(self.step, size) if size >= 0 else self.step)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), max_size=4),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
    st.integers(1, 9),
)
def test_every_list_of_objects_reads_back(
    elements: list[dict[str, object]], indent: int | None, escaped: bool, step: int
) -> None:
    text = json.dumps(elements, indent=indent, ensure_ascii=escaped)
    content = text.encode("utf-8", "surrogatepass" if escaped else "strict")
    assert list(read_array(Slowly(content, step), "x")) == elements
    assert list(read_array(io.BytesIO(b"\xef\xbb\xbf" + content + b"\n"), "x")) == elements


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x is not a JSON list"),
        (b'"a"', "x is not a JSON list"),
        (b'{"a": 1} 2', "x is damaged after element 1"),
        (b'{"a": 1}\n{"b', "x: element 2 is cut off or damaged"),
        (b'[{"a": 1}', "x is cut off after element 1"),
        (b'[{"a": 1},', "x is cut off after element 1"),
        (b'[{"a": 1}, {"b"', "x: element 2 is cut off or damaged"),
        (b'[{"a": 1} {"b": 1}]', "x is damaged after element 1"),
        (b'[{"a": 1}, 2]', "x is damaged after element 1"),
        (b'[{"a": 1},]', "x is damaged after element 1"),
        (b'[{"a": 1}] 2', "x goes on after its list of 1 elements"),
        (b'[{"a": "\xff"}]', "x is not UTF-8"),
        (b'[{"a": ' + b"1" * 5000 + b"}]", "x: element 1 is cut off or damaged"),
        (b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "x: element 1 is nested too deeply"),
    ],
)
def test_damage_is_named_with_its_element(content: bytes, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        list(read_array(io.BytesIO(content), "x"))
    assert str(caught.value).startswith(message)


def test_an_element_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "LONGEST", 1000)
    monkeypatch.setattr(json_array, "CHUNK", 100)
    with pytest.raises(BadInput, match="element 1 is too long"):
        list(read_array(io.BytesIO(b'[{"a": "' + b"x" * 100_000), "x"))


def test_memory_does_not_grow_with_the_list() -> None:
    class Endless:
        left = 40_000

        def read(self, size: int = -1, /) -> bytes:
            if self.left == 0:
                return b""
            start = b"[" if self.left == 40_000 else b","
            self.left -= 1
            return start + b'{"question": "' + b"x" * 500 + b'"}' + b"]" * (self.left == 0)

    tracemalloc.start()
    try:
        assert sum(1 for _ in read_array(Endless(), "x")) == 40_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # of 20 MB
    finally:
        tracemalloc.stop()
