"""Suites: the average over several datasets, each by its own metric.

An average is given as such only where every dataset of the suite has a score; over fewer it is a
'partial average of k of n', which is no figure to compare with a published one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.location import data_folder
from t2s_bench.benchmarks.manifest import read_manifest
from t2s_bench.benchmarks.registry import datasets
from t2s_bench.errors import BadInput, UnknownName, UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Member:
    """One dataset of a suite and the metric that it counts by there."""

    dataset: str
    metric: str

    @property
    def benchmark(self) -> str:
        """The benchmark that the dataset is a split of: what `t2s-bench download` takes."""
        return datasets()[self.dataset][0].name


@dataclass(frozen=True)
class Suite:
    """Datasets whose scores are averaged with equal weight."""

    name: str
    title: str
    source: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Presence:
    """Whether a dataset of a suite is here, and how much of it.

    `questions` of `total` have their database; None and None where it is not imported.
    """

    member: Member
    questions: int | None = None
    total: int | None = None
    version: str = ""

    @property
    def here(self) -> bool:
        """Whether it can be run at all."""
        return bool(self.questions)


@dataclass(frozen=True)
class SuiteScore:
    """The scores of one system on a suite, in per cent, None where there is none.

    `partial` has the datasets of which not every question was scored.
    """

    system: str
    values: Mapping[str, float | None]
    average: float | None
    label: str
    partial: Mapping[str, str]


@cache
def suites() -> Mapping[str, Suite]:
    """Every suite by its name."""
    text = (Path(__file__).parent / "suites.toml").read_text(encoding="utf-8")
    return {
        name: Suite(
            name,
            record["title"],
            record["source"],
            tuple(Member(**member) for member in record["members"]),
        )
        for name, record in tomllib.loads(text).items()
    }


def find_suite(name: str) -> Suite:
    """The suite of that name.

    Raises:
        UnknownName: there is none.
    """
    if name not in suites():
        raise UnknownName("suite", name, suites())
    return suites()[name]


def presence(suite: Suite, data: str | os.PathLike[str] | None = None) -> list[Presence]:
    """Which of the suite's datasets are in the data folder; only manifests are read."""
    found = []
    for member in suite.members:
        entry, split = datasets()[member.dataset]
        try:
            manifest = read_manifest(data_folder(data) / entry.name)
        except BadInput:  # a damaged import is not there; `t2s-bench datasets` says why
            manifest = None
        part = manifest.splits.get(split.name) if manifest else None
        found.append(
            Presence(member, part.scored, part.questions, manifest.version)
            if manifest and part
            else Presence(member)
        )
    return found


def average(suite: Suite, values: Mapping[str, float | None]) -> tuple[float | None, str]:
    """The average of the scores that are there, and what it may be called.

    >>> one = Suite("x", "two-set average", "", (Member("mini", "ex"), Member("spider-dev", "ex")))
    >>> average(one, {"mini": 80.0, "spider-dev": 70.0})
    (75.0, 'two-set average')
    >>> average(one, {"mini": 80.0})
    (80.0, 'partial average of 1 of 2')
    >>> average(one, {})
    (None, 'partial average of 0 of 2')
    """
    there = [v for member in suite.members if (v := values.get(member.dataset)) is not None]
    complete = len(there) == len(suite.members)
    label = suite.title if complete else f"partial average of {len(there)} of {len(suite.members)}"
    return (sum(there) / len(there) if there else None), label


def suite_scores(suite: Suite, folders: Iterable[Path]) -> list[SuiteScore]:
    """The scores of every system that has runs on datasets of the suite, by its metrics.

    `folders` are run directories or folders that hold some; incomplete runs are left aside. Of
    several runs of a system on a dataset the one with most questions counts, then the last by name.

    Raises:
        BadInput: a run lacks the metric that its dataset counts by, or there is no run at all.
    """
    wanted = {member.dataset: member.metric for member in suite.members}
    found: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for folder, report in _reports(folders):
        system, benchmark = report["system"], report["benchmark"]
        name = benchmark["name"]
        if name not in wanted:
            continue
        if wanted[name] not in report["metrics"]:
            raise BadInput(
                f"the run {folder} has no '{wanted[name]}', by which {name} counts in "
                f"{suite.name}: t2s-bench run … --metrics {wanted[name]}"
            )
        runs = found.setdefault((system["name"], str(system.get("digest", ""))), {})
        kept = runs.get(name)
        if kept is None or kept["benchmark"]["questions"] <= benchmark["questions"]:
            runs[name] = report
    return [_score(suite, _label(key, found), runs) for key, runs in sorted(found.items())]


def download_suite(
    suite: Suite,
    *,
    data: str | os.PathLike[str] | None = None,
    only: Iterable[str] = (),
    force: bool = False,
    **options: Any,
) -> dict[str, str]:
    """Downloads the benchmarks of a suite that are not here, or with `force` all of them.

    What fails does not stop the others: the reasons are returned, by benchmark. `only` names
    datasets or benchmarks of the suite; the other options are those of `download`.

    Raises:
        UnknownName: `only` names something else.
    """
    from t2s_bench.benchmarks.download import download

    wanted = set(only)
    names = {member.dataset for member in suite.members}
    names |= {member.benchmark for member in suite.members}
    for name in wanted - names:
        raise UnknownName(f"dataset of {suite.name}", name, names)
    failures: dict[str, str] = {}
    for row in presence(suite, data):
        member = row.member
        chosen = not wanted or {member.dataset, member.benchmark} & wanted
        if not chosen or (row.here and not force):
            continue
        try:
            download(member.benchmark, data=data, force=force, **options)
        except UserError as error:
            failures[member.benchmark] = str(error)
    return failures


def _score(suite: Suite, system: str, runs: Mapping[str, Mapping[str, Any]]) -> SuiteScore:
    values: dict[str, float | None] = {}
    partial = {}
    for member in suite.members:
        report = runs.get(member.dataset)
        values[member.dataset] = report["metrics"][member.metric]["value"] if report else None
        if report and not _whole(report["benchmark"]["summary"]):
            partial[member.dataset] = report["benchmark"]["summary"]
    mean, label = average(suite, values)
    if partial and label == suite.title:
        label = f"{suite.title}, {len(partial)} of {len(suite.members)} sets incomplete"
    return SuiteScore(system, values, mean, label, partial)


def _whole(summary: str) -> bool:
    """Whether a report's summary line says that every question was scored."""
    words = summary.removeprefix("scored ").split(" of ")
    return len(words) == 2 and words[0] == words[1]


def _label(key: tuple[str, str], found: Mapping[tuple[str, str], object]) -> str:
    name, digest = key
    alone = sum(other == name for other, _ in found) == 1
    return name if alone else f"{name} {digest[:6]}"


def _reports(folders: Iterable[Path]) -> Sequence[tuple[Path, Mapping[str, Any]]]:
    from t2s_bench.runs.directory import RunDirectory

    found = []
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"there is no folder {folder} with runs")
        for lock in sorted(folder.rglob("lock.json")):
            run = RunDirectory(lock.parent)
            if run.done:
                found.append((lock.parent, run.report()))
    if not found:
        raise BadInput(
            f"no complete run below {', '.join(map(str, folders))}: make one with "
            f"t2s-bench run SYSTEM --dataset DATASET"
        )
    return found
