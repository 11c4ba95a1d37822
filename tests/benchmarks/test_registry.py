"""The registry is complete, and its names lead to one split each."""

from __future__ import annotations

import pytest

from t2s_bench.benchmarks.importing import _family
from t2s_bench.benchmarks.registry import EMBEDDED, datasets, entries, find, find_entry
from t2s_bench.errors import BadInput, UnknownName


def test_every_entry_says_what_users_must_know() -> None:
    for entry in entries().values():
        assert entry.title
        assert entry.version
        assert entry.licence
        assert entry.citation
        assert entry.primary_metric in {"ex", "ex_spider"}
        if entry.family != EMBEDDED:
            assert entry.homepage.startswith("https://")
            assert entry.archive
            assert entry.name in _family(entry).LOOKED_FOR


def test_the_known_datasets() -> None:
    assert list(datasets()) == [
        "mini", "spider-dev", "spider-train", "spider-test", "bird-dev",
        "mini-dev", "mini-dev-postgresql", "mini-dev-mysql",
    ]


def test_every_dataset_has_one_name() -> None:
    splits = sum(len(entry.splits) for entry in entries().values())
    assert len(datasets()) == splits
    for name, (entry, split) in datasets().items():
        assert find(name) == find(entry.name, split.name) == (entry, split)


def test_a_benchmark_is_found_by_its_name_and_by_that_of_a_split() -> None:
    assert find_entry("spider") is find_entry("spider-dev")
    with pytest.raises(UnknownName, match="did you mean 'bird-dev'"):
        find_entry("bird")


def test_a_benchmark_of_several_splits_needs_one() -> None:
    with pytest.raises(BadInput, match="several splits"):
        find("spider")
    assert find("mini-dev")[1].name == "sqlite"
    assert find("mini-dev", "mysql")[1].dataset == "mini-dev-mysql"
