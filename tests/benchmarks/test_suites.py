"""An average is one only where every dataset of the suite has its score."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from tests.benchmarks import hostile
from tests.benchmarks.hostile import Server, status
from typer.testing import CliRunner

from t2s_bench.benchmarks import suites as module
from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.benchmarks.registry import datasets
from t2s_bench.benchmarks.suite_view import print_suite, suite_record
from t2s_bench.benchmarks.suites import (
    Suite,
    average,
    download_suite,
    find_suite,
    presence,
    suite_scores,
    suites,
)
from t2s_bench.benchmarks.transfer import Patience
from t2s_bench.cli.app import app
from t2s_bench.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts

SIX = find_suite("arctic-six")
VALUES = {
    "bird-dev": 68.9,
    "spider-test": 88.8,
    "spider2-sqlite": 15.6,
    "spider-dk": 81.4,
    "ehrsql": 36.7,
    "sciencebenchmark": 51.8,
}


def a_run(
    folder: Path,
    dataset: str,
    value: float,
    *,
    metric: str = "",
    system: str = "nop",
    questions: int = 10,
    total: int = 10,
    digest: str = "d",
    done: bool = True,
) -> Path:
    """A run directory, as far as a suite looks into it."""
    folder.mkdir(parents=True)
    metric = metric or next((m.metric for m in SIX.members if m.dataset == dataset), "ex")
    identity = {"benchmark": {"name": dataset}, "system": {"name": system, "digest": digest}}
    (folder / "lock.json").write_text(json.dumps({"identity": identity, "about": {}}))
    report = {
        "system": {"name": system, "digest": digest},
        "benchmark": {
            "name": dataset,
            "questions": questions,
            "summary": f"scored {questions:,} of {total:,}",
        },
        "metrics": {metric: {"value": value}},
    }
    (folder / "report.json").write_text(json.dumps(report))
    if done:
        (folder / "done.json").write_text("{}")
    return folder


def six_runs(folder: Path, **options: Any) -> Path:
    for dataset, value in VALUES.items():
        a_run(folder / dataset, dataset, value, **options)
    return folder


def test_the_six_sets_count_by_their_own_metrics() -> None:
    assert [(m.dataset, m.metric) for m in SIX.members] == [
        ("bird-dev", "ex"),
        ("spider-test", "ex_spider"),
        ("spider2-sqlite", "subset"),
        ("spider-dk", "ex_spider"),
        ("ehrsql", "ex"),
        ("sciencebenchmark", "ex"),
    ]
    for suite in suites().values():
        for member in suite.members:
            entry, _ = datasets()[member.dataset]
            assert entry.primary_metric == member.metric
            assert member.benchmark == entry.name


def test_the_average_only_when_all_are_there() -> None:
    value, label = average(SIX, VALUES)
    assert (round(value or 0, 2), label) == (57.2, "six-set average")
    del (five := dict(VALUES))["ehrsql"]
    value, label = average(SIX, five)
    assert (round(value or 0, 2), label) == (61.3, "partial average of 5 of 6")
    assert average(SIX, {}) == (None, "partial average of 0 of 6")


def test_runs_are_gathered_by_system(tmp_path: Path) -> None:
    six_runs(tmp_path / "one", system="zero_shot")
    a_run(tmp_path / "two" / "a", "ehrsql", 10.0, system="advanced")
    a_run(tmp_path / "two" / "b", "mini", 99.0, system="advanced")
    a_run(tmp_path / "two" / "c", "spider-dk", 50.0, system="advanced", done=False)
    second, first = suite_scores(SIX, [tmp_path])
    assert (first.system, first.label) == ("zero_shot", "six-set average")
    assert round(first.average or 0, 2) == 57.2
    assert (second.system, second.average) == ("advanced", 10.0)
    assert second.label == "partial average of 1 of 6"
    assert second.values["spider-dk"] is None


def test_the_run_with_most_questions_counts(tmp_path: Path) -> None:
    a_run(tmp_path / "a", "ehrsql", 30.0, questions=9)
    a_run(tmp_path / "b", "ehrsql", 40.0, questions=10)
    a_run(tmp_path / "c", "ehrsql", 50.0, questions=3)
    (score,) = suite_scores(SIX, [tmp_path])
    assert score.values["ehrsql"] == 40.0


def test_incomplete_sets_are_marked(tmp_path: Path) -> None:
    six_runs(tmp_path, questions=972, total=1034)
    (score,) = suite_scores(SIX, [tmp_path])
    assert score.label == "six-set average, 6 of 6 sets incomplete"
    assert score.partial["ehrsql"] == "scored 972 of 1,034"


def test_systems_of_one_name_are_told_apart(tmp_path: Path) -> None:
    a_run(tmp_path / "a", "ehrsql", 30.0, digest="1111111111")
    a_run(tmp_path / "b", "ehrsql", 40.0, digest="2222222222")
    assert [score.system for score in suite_scores(SIX, [tmp_path])] == ["nop 111111", "nop 222222"]


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no folder .*/none with runs"):
        suite_scores(SIX, [tmp_path / "none"])
    with pytest.raises(BadInput, match="no complete run below"):
        suite_scores(SIX, [tmp_path])
    a_run(tmp_path / "a", "spider2-sqlite", 1.0, metric="ex")
    with pytest.raises(BadInput, match="has no 'subset', by which spider2-sqlite counts"):
        suite_scores(SIX, [tmp_path])
    with pytest.raises(UnknownName, match="did you mean 'arctic-six'"):
        find_suite("arctic-sx")
    with pytest.raises(BadInput, match="'arctic-six' is a suite: give one of its datasets"):
        load("arctic-six")


def test_presence_counts_what_can_be_run(layouts: Layouts) -> None:
    import_benchmark("bird-dev", layouts.bird())
    import_benchmark("ehrsql", layouts.ehrsql())
    rows = {row.member.dataset: row for row in presence(SIX)}
    assert (rows["bird-dev"].questions, rows["bird-dev"].total) == (3, 4)
    assert rows["ehrsql"].here
    assert not rows["spider-test"].here


def test_the_table_shows_what_is_here_and_what_was_scored(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("bird-dev", layouts.bird())
    six_runs(tmp_path / "runs", questions=972, total=1034)
    scores = suite_scores(SIX, [tmp_path / "runs"])
    console = Console(file=io.StringIO(), width=120)
    print_suite(SIX, presence(SIX), scores, console)
    json.dumps(suite_record(SIX, presence(SIX), scores))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "3 of 4" in text
    assert "68.90*" in text
    assert "57.20" in text
    assert "1 of 6 datasets are here" in text
    assert "The others: t2s-bench download arctic-six" in text


def test_the_command_shows_it(layouts: Layouts, tmp_path: Path) -> None:
    six_runs(tmp_path / "runs")
    arguments = ["datasets", "show", "arctic-six", "--runs", str(tmp_path / "runs")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.exception
    assert "nop: six-set average" in result.stdout
    record = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert record["present"] == 0
    assert round(record["scores"][0]["average"], 2) == 57.2


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with hostile.running() as server:
        monkeypatch.setenv("T2S_MIRROR", server.address)
        yield server


def test_a_suite_is_downloaded_set_by_set(server: Server, layouts: Layouts, tmp_path: Path) -> None:
    ehrsql = layouts.zip(layouts.ehrsql(), tmp_path / "e.zip").read_bytes()
    science = layouts.zip(layouts.sciencebenchmark(), tmp_path / "s.zip").read_bytes()
    server.serve("ehrsql/EHRSQL.zip", ehrsql)
    server.serve("sciencebenchmark/sciencebenchmark.zip", science, *[status(404)] * 1)
    quick = Patience(attempts=1, pause=0.0)
    only = ["ehrsql", "sciencebenchmark"]
    failures = download_suite(SIX, only=only, patience=quick)
    assert list(failures) == ["sciencebenchmark"]
    assert "127.0.0.1: answers 404" in failures["sciencebenchmark"]
    asked = len(server.requests)
    assert download_suite(SIX, only=only, patience=quick) == {}
    assert [request.path for request in server.requests[asked:]] == [
        "sciencebenchmark/sciencebenchmark.zip"
    ]
    with pytest.raises(UnknownName, match="unknown dataset of arctic-six 'spider-syn'"):
        download_suite(SIX, only=["spider-syn"])


def test_the_command_goes_on_after_a_failure(
    server: Server, layouts: Layouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = replace(SIX, members=SIX.members[-2:])
    monkeypatch.setattr(module, "suites", lambda: {"arctic-six": two})
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    result = CliRunner().invoke(app, ["download", "arctic-six"])
    assert result.exit_code == 2
    assert "0 of 2 datasets are here" in result.stdout
    assert "ehrsql: 'ehrsql' could not be downloaded: 127.0.0.1: answers 404" in result.stderr
    assert "sciencebenchmark: 'sciencebenchmark' could not be downloaded" in result.stderr


def test_a_suite_comes_from_no_single_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["download", "arctic-six", "--from", str(tmp_path)])
    assert "give --from with one of its benchmarks" in str(result.exception)


def test_suites_are_data_only() -> None:
    assert isinstance(SIX, Suite)
    assert "OmniSQL" in SIX.source
