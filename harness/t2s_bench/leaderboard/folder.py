"""The leaderboard's folder: what is in it, how a run comes into it, and how it is read.

records/BENCHMARK/SYSTEM.json   one run each (see `runs.record`)
benchmarks/BENCHMARK-DIGEST.json  what is known of each benchmark's questions
published.toml                  others' figures, each with its source
README.md, plots/               generated from all of this
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from t2s_bench.analysis.scored_run import rules
from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.errors import BadInput, NotComparable
from t2s_bench.leaderboard.facts import BenchmarkFacts, make_facts, read_facts
from t2s_bench.runs import records as files
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.lock import differences
from t2s_bench.runs.record import Record, check_name, make_record, read_record


@dataclass(frozen=True)
class Board:
    """Records that may be compared: same questions, same rules; systems in the order of names."""

    facts: BenchmarkFacts
    rules: Mapping[str, Any]
    records: tuple[Record, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that any record has, the benchmark's primary one first."""
        found = dict.fromkeys(name for record in self.records for name in record.metrics)
        primary = self.facts.primary_metric
        return tuple(sorted(found, key=lambda name: name != primary))

    @property
    def metric(self) -> str:
        """The metric that ranks: the benchmark's primary one, where a record has it."""
        return self.metrics[0]


def submit(
    folder: Path,
    directory: RunDirectory,
    benchmark: Benchmark,
    *,
    name: str | None = None,
    note: str = "",
    force: bool = False,
) -> tuple[Path, bool]:
    """Writes a run's record; its path, and whether anything but times differs from what was there.

    A run whose outcome was recorded before leaves the old record as it is, so that repeating one
    changes no file. NotComparable for a record of another identity, unless `force`.
    """
    check_name(benchmark.name)
    facts = make_facts(benchmark)
    identity: Any = directory.lock.identity
    record = make_record(directory, facts.ids, name or identity["system"]["name"], note)
    path = folder / "records" / benchmark.name / f"{record.name}.json"
    if path.exists() and not force:
        old = read_record(path)
        found = list(differences(old.identity, record.identity))
        if found:
            raise NotComparable(
                f"{path} records another run ({'; '.join(found)}): give this one another name with "
                "--name, or replace that one with --force"
            )
        if replace(record, date=old.date, cost=old.cost, hardware=old.hardware) == old:
            return path, False
    facts_path = _facts_path(folder, facts.name, facts.digest)
    for target, text in ((facts_path, facts.to_json()), (path, record.to_json())):
        target.parent.mkdir(parents=True, exist_ok=True)
        files.replace(target, text.encode())
    return path, True


def read_boards(folder: Path) -> list[Board]:
    """Every benchmark's records, by its name; those under other rules are a board of their own."""
    paths = sorted((folder / "records").glob("*/*.json"))
    if not paths:
        raise BadInput(
            f"there are no records in {folder}: put a run there with t2s-bench submit RUN, or name "
            "the leaderboard's folder with --folder"
        )
    boards: list[Board] = []
    for path in paths:
        record = read_record(path)
        benchmark = record.identity["benchmark"]
        if (path.parent.name, path.stem) != (benchmark["name"], record.name):
            raise BadInput(f"{path} is the record of {record.name} on {benchmark['name']}")
        facts = _read_facts(folder, path, record)
        for place, board in enumerate(boards):
            if board.facts == facts and board.rules == rules(record.identity):
                boards[place] = replace(board, records=(*board.records, record))
                break
        else:
            boards.append(Board(facts, rules(record.identity), (record,)))
    return boards


def _read_facts(folder: Path, path: Path, record: Record) -> BenchmarkFacts:
    benchmark = record.identity["benchmark"]
    facts_path = _facts_path(folder, benchmark["name"], benchmark["digest"])
    if not facts_path.exists():
        raise BadInput(
            f"{path} is about a benchmark that {facts_path} should describe: submit again"
        )
    facts = read_facts(facts_path)
    if facts.digest != benchmark["digest"] or len(facts.ids) != benchmark["questions"]:
        raise BadInput(f"{facts_path} is not the benchmark of {path}: submit again")
    return facts


def _facts_path(folder: Path, name: str, digest: str) -> Path:
    return folder / "benchmarks" / f"{name}-{digest[:12]}.json"
