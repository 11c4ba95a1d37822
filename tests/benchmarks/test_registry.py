"""The registry is complete, and its names lead to one split each."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from t2s_bench.benchmarks.registry import EMBEDDED, datasets, entries, find, find_entry
from t2s_bench.benchmarks.sources import BROWSER, URL, read_file
from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.metrics.catalog import METRICS


def test_every_entry_says_what_users_must_know() -> None:
    for entry in entries().values():
        assert entry.title
        assert entry.version
        assert entry.licence
        assert entry.citation
        assert entry.primary_metric in METRICS
        if entry.family != EMBEDDED:
            assert entry.homepage.startswith("https://")
            family = import_module(f"t2s_bench.benchmarks.{entry.family}")
            assert entry.name in family.LOOKED_FOR
        assert not entry.base or entry.base in entries()


def test_every_file_can_be_had_somewhere() -> None:
    for entry in entries().values():
        if entry.family == EMBEDDED or entry.name == "ehrsql-official":
            continue
        assert entry.files, entry.name
        assert any(s.kind == BROWSER for file in entry.files for s in file.sources), entry.name
        for file in entry.files:
            assert file.sha256 is None or len(file.sha256) == 64
            # What is not known from the benchmark's own page is said to be so.
            assert any(source.verified for source in file.sources), (entry.name, file.name)
            for source in file.sources:
                assert source.url.startswith("https://")
                assert source.name
                assert source.inside == "" or source.inside.endswith("/")


def test_the_known_benchmarks() -> None:
    assert list(entries()) == [
        "mini",
        "spider",
        "spider-test-suites",
        "spider-dk",
        "spider-syn",
        "spider-realistic",
        "bird-dev",
        "bird-dev-1106",
        "bird-train",
        "mini-dev",
        "mini-dev-hf",
        "ehrsql",
        "ehrsql-official",
        "sciencebenchmark",
        "spider2-sqlite",
    ]


def test_releases_with_other_content_are_other_benchmarks() -> None:
    for one, other in (("bird-dev", "bird-dev-1106"), ("mini-dev", "mini-dev-hf")):
        assert entries()[one].version != entries()[other].version
        assert entries()[other].base == one


def test_every_dataset_has_one_name() -> None:
    splits = sum(len(entry.splits) for entry in entries().values())
    assert len(datasets()) == splits
    for name, (entry, split) in datasets().items():
        assert find(name) == find(entry.name, split.name) == (entry, split)


def test_a_benchmark_is_found_by_its_name_and_by_that_of_a_split() -> None:
    assert find_entry("spider") is find_entry("spider-dev")
    with pytest.raises(UnknownName, match="did you mean 'bird-dev'"):
        find_entry("bird-de")


def test_a_benchmark_of_several_splits_needs_one() -> None:
    with pytest.raises(BadInput, match="several splits"):
        find("spider")
    assert find("mini-dev")[1].name == "sqlite"
    assert find("mini-dev", "mysql")[1].dataset == "mini-dev-mysql"


def test_a_source_of_no_known_kind_is_refused() -> None:
    file = read_file({"name": "x.zip", "sources": [{"url": "https://a.org/x.zip"}]})
    assert file.sources[0].kind == URL
    with pytest.raises(BadInput, match="must have one of url, google_drive"):
        read_file({"name": "x.zip", "sources": [{"torrent": "x"}]})


def test_the_page_lists_every_benchmark() -> None:
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text()
    table = page.split("<!-- table: registry -->\n")[1].split("<!-- end -->")[0].splitlines()
    rows = []
    for entry in entries().values():
        names = ", ".join(f"`{split.dataset}`" for split in entry.splits.values())
        cells = (
            f"`{entry.name}`" + (" ¹" if not entry.layout_verified else ""),
            names or f"more fillings for `{entry.adds_to}`",
            entry.version,
            f"`{entry.primary_metric}`",
            f"`{entry.base}`" if entry.base else "",
            entry.licence,
        )
        rows.append(f"| {' | '.join(cells)} |")
    assert table[2:] == rows
