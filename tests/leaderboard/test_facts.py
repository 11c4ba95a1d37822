"""What is kept of a benchmark: enough for slices and lists, nothing of its text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.errors import BadInput
from t2s_bench.leaderboard.facts import _packed_ids, _unpacked_ids, make_facts, read_facts

IDS = st.integers(0, 30).map(str) | st.sampled_from(["007", "a-1", "", "٣", "1.0"])


@given(st.lists(IDS))
def test_ids_come_back(ids: list[str]) -> None:
    assert _unpacked_ids(_packed_ids(ids)) == ids


def test_positions_take_two_numbers() -> None:
    assert _packed_ids(list(map(str, range(1034)))) == [[0, 1033]]


def test_facts_come_back_without_any_text_of_the_benchmark(shop: Path, tmp_path: Path) -> None:
    facts = make_facts(load(shop))
    path = tmp_path / "facts.json"
    path.write_text(facts.to_json())
    assert read_facts(path) == facts
    assert facts.complete and facts.difficulties[0] == "easy" and facts.databases[4] == "stall"
    assert "order by" in facts.features[2]
    assert "SELECT" not in path.read_text() and "Dearest" not in path.read_text()


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2}', '{"format": 1, "feature_names": []}'])
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "facts.json"
    path.write_text(text)
    with pytest.raises(BadInput, match="does not describe a benchmark"):
        read_facts(path)
