"""The benchmarks known by name, read from `registry.toml`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from t2s_bench.benchmarks.sources import SourceFile, read_file
from t2s_bench.errors import BadInput, UnknownName

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EMBEDDED = "embedded"


@dataclass(frozen=True)
class Split:
    """One list of questions of a benchmark; `dataset` is the name it is loaded by.

    The counts and the digest are those of the complete official release, None where unknown.
    """

    name: str
    dataset: str
    questions: int | None = None
    databases: int | None = None
    questions_digest: str | None = None


@dataclass(frozen=True)
class Entry:
    """A benchmark that is placed as a whole; `family` is the module that reads its layout.

    `base` is another benchmark whose databases it uses: that one must be imported first. A
    benchmark that `adds_to` another one is no list of questions of its own: its databases become
    further fillings there. `layout_verified` says that the layout was read from the published files
    themselves, not only from scripts that read them.
    """

    name: str
    title: str
    family: str
    version: str
    primary_metric: str
    licence: str
    citation: str
    homepage: str
    splits: Mapping[str, Split]
    files: tuple[SourceFile, ...] = ()
    base: str = ""
    adds_to: str = ""
    layout_verified: bool = True

    @property
    def archive(self) -> str:
        """The file it is published as, or the folder to put its several files into."""
        return self.files[0].name if len(self.files) == 1 else "FOLDER"

    @property
    def place(self) -> str:
        """The name of its folder in the data folder."""
        return self.adds_to or self.name


@cache
def entries() -> Mapping[str, Entry]:
    """Every benchmark by the name that `t2s-bench download` takes."""
    text = (Path(__file__).parent / "registry.toml").read_text(encoding="utf-8")
    found: dict[str, Entry] = {}
    for name, record in tomllib.loads(text).items():
        splits = {
            split: Split(split, **fields) for split, fields in record.pop("splits", {}).items()
        }
        files = tuple(map(read_file, record.pop("files", ())))
        found[name] = Entry(name=name, splits=splits, files=files, **record)
    return found


def datasets() -> Mapping[str, tuple[Entry, Split]]:
    """Every split by the name that `--dataset` takes."""
    return {
        split.dataset: (entry, split)
        for entry in entries().values()
        for split in entry.splits.values()
    }


def find_entry(name: str) -> Entry:
    """The benchmark of that name; the name of one of its splits will do.

    Raises:
        UnknownName: there is none, with the nearest name and all possible ones.
    """
    if name in entries():
        return entries()[name]
    if name in datasets():
        return datasets()[name][0]
    raise UnknownName("benchmark", name, entries())


def find(name: str, split: str | None = None) -> tuple[Entry, Split]:
    """The split of that name, or the named split of a benchmark: `spider-dev`, or `spider`, `dev`.

    Raises:
        UnknownName: there is no such name or no such split.
        BadInput: the name is that of several splits, or contradicts `split`.
    """
    if name in datasets() and (split is None or datasets()[name][1].name == split):
        return datasets()[name]
    if name not in entries():
        from t2s_bench.benchmarks.suites import suites  # built on this module

        if name in datasets():
            raise BadInput(f"'{name}' is the split '{datasets()[name][1].name}', not '{split}'")
        if name in suites():
            members = ", ".join(member.dataset for member in suites()[name].members)
            raise BadInput(f"'{name}' is a suite: give one of its datasets, {members}")
        raise UnknownName(
            "dataset", name, datasets(), hint="or the path of your own folder with questions.jsonl"
        )
    entry = entries()[name]
    if entry.adds_to:
        raise BadInput(f"'{name}' adds fillings to '{entry.adds_to}': load a split of that one")
    if split is None:
        names = ", ".join(f"'{part.dataset}'" for part in entry.splits.values())
        raise BadInput(f"'{name}' has several splits: say {names}")
    if split not in entry.splits:
        raise UnknownName(f"split of {name}", split, entry.splits)
    return entry, entry.splits[split]
