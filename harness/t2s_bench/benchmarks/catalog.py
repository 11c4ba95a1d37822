"""What can be loaded here and now, and what could be imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.location import data_folder
from t2s_bench.benchmarks.manifest import read_manifest
from t2s_bench.benchmarks.registry import EMBEDDED, Entry, entries
from t2s_bench.benchmarks.spider_suites import ADDED
from t2s_bench.errors import BadInput


@dataclass(frozen=True)
class Dataset:
    """A dataset that can be loaded by its name, as its manifest describes it.

    `questions` are those whose database is there; `missing` counts the others by database.
    """

    name: str
    title: str
    version: str
    questions: int
    total: int
    databases: int
    missing: Mapping[str, int]
    digest: str
    primary_metric: str
    licence: str
    citation: str
    folder: Path
    notes: tuple[str, ...] = ()

    @property
    def left_out(self) -> int:
        """How many questions of the source lack their database."""
        return self.total - self.questions


@dataclass(frozen=True)
class Absent:
    """A benchmark that is known but not imported; `problem` says so of a damaged import."""

    name: str
    title: str
    datasets: tuple[str, ...]
    homepage: str
    command: str
    problem: str = ""


def datasets_here(data: str | os.PathLike[str] | None = None) -> list[Dataset | Absent]:
    """Every registered dataset in the registry's order: those that are here, those that are not.

    Only manifests are read, so databases changed since their import show when they are loaded.
    """
    found: list[Dataset | Absent] = []
    for entry in entries().values():
        if entry.adds_to:
            found += _addition(entry, data)
        else:
            found += _embedded(entry) if entry.family == EMBEDDED else _imported(entry, data)
    return found


def import_command(entry: Entry) -> str:
    """What to type to get it.

    >>> import_command(entries()["spider"])
    't2s-bench download spider'
    """
    return f"t2s-bench download {entry.name}"


def _embedded(entry: Entry) -> list[Dataset | Absent]:
    benchmark = load(entry.name)
    return [
        Dataset(
            name=benchmark.name,
            title=entry.title,
            version=benchmark.version,
            questions=len(benchmark.examples),
            total=benchmark.total,
            databases=len(benchmark.databases),
            missing=benchmark.missing,
            digest=benchmark.digest,
            primary_metric=benchmark.primary_metric,
            licence=benchmark.licence,
            citation=benchmark.citation,
            folder=benchmark.folder,
        )
    ]


def _addition(entry: Entry, data: str | os.PathLike[str] | None) -> list[Dataset | Absent]:
    """Fillings for another benchmark: absent until that one has some."""
    place = data_folder(data) / entry.place
    try:
        manifest = read_manifest(place)
    except BadInput:  # the other benchmark's own line says so
        return []
    if manifest and any(note.startswith(ADDED) for note in manifest.notes):
        return []
    return [Absent(entry.name, entry.title, (), entry.homepage, import_command(entry))]


def _imported(entry: Entry, data: str | os.PathLike[str] | None) -> list[Dataset | Absent]:
    folder, problem = data_folder(data) / entry.name, ""
    try:
        manifest = read_manifest(folder)
    except BadInput as error:
        manifest, problem = None, str(error)
    if not manifest:
        names = tuple(split.dataset for split in entry.splits.values())
        return [
            Absent(entry.name, entry.title, names, entry.homepage, import_command(entry), problem)
        ]
    return [
        Dataset(
            name=entry.splits[split].dataset,
            title=manifest.title,
            version=manifest.version,
            questions=part.scored,
            total=part.questions,
            databases=part.databases,
            missing=part.missing,
            digest=part.digest,
            primary_metric=manifest.primary_metric,
            licence=manifest.licence,
            citation=manifest.citation,
            folder=folder,
            notes=manifest.notes,
        )
        for split, part in manifest.splits.items()
    ]
