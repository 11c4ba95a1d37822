"""Writing a layout into the standard layout, counting and digesting on the way."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from t2s_bench.benchmarks.archive import Member
from t2s_bench.benchmarks.benchmark import content_digest
from t2s_bench.benchmarks.layout import Layout
from t2s_bench.benchmarks.manifest import Manifest, SplitManifest, write_manifest
from t2s_bench.benchmarks.questions import QuestionsDigest, check_database_id, question_line
from t2s_bench.benchmarks.registry import Entry
from t2s_bench.databases.digest import BLOCK, file_digest, suite_digest
from t2s_bench.errors import BadInput
from t2s_bench.types import Example

Progress = Callable[[int, int], None]
"""Called with the bytes of databases written so far, and those to be written."""

SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class _Questions:
    """What was counted while the questions of a split were written."""

    digest: str
    scored_digest: str
    counts: Counter[str]


class LayoutWriter:
    """Writes one layout into a folder.

    `digests` has the digest of every database file written, by its path in the folder.
    """

    def __init__(self, folder: Path, layout: Layout, progress: Progress | None = None) -> None:
        self.folder, self.layout, self.progress = folder, layout, progress
        self.digests: dict[Path, str] = {}
        self._suites: dict[str, str] = {}

    def write(self, entry: Entry, source: Path) -> Manifest:
        """Writes the questions, then the databases they need, then the manifest.

        Raises:
            BadInput: damaged content, or more of it than the disk has space for.
        """
        questions = {
            split: self._write_questions(split, examples())
            for split, examples in self.layout.splits.items()
        }
        used = {db_id for part in questions.values() for db_id in part.counts}
        self._write_databases(sorted(used & self.layout.databases.keys()))
        splits = {split: self._split(split, part) for split, part in questions.items()}
        missing = sum((Counter(part.missing) for part in splits.values()), Counter[str]())
        strange = list(_unrecognised(entry, questions))
        manifest = Manifest(
            name=entry.name,
            title=entry.title,
            version="unrecognised" if strange else entry.version,
            licence=entry.licence,
            citation=entry.citation,
            homepage=entry.homepage,
            primary_metric=entry.primary_metric,
            source=source.resolve().name,
            source_sha256=file_digest(source) if source.is_file() else None,
            splits=splits,
            databases=len(self._suites),
            missing=dict(sorted(missing.items())),
            digest=content_digest(
                " ".join(f"{name}={splits[name].digest}" for name in sorted(splits)), self._suites
            ),
            notes=(*self.layout.notes, *strange),
        )
        write_manifest(self.folder, manifest)
        return manifest

    def _write_questions(self, split: str, examples: Iterable[Example]) -> _Questions:
        every, scored, counts = QuestionsDigest(), QuestionsDigest(), Counter[str]()
        with (self.folder / f"{split}.jsonl").open("w", encoding="ascii") as file:
            for number, example in enumerate(examples, 1):
                db_id = example.question.database
                if db_id not in counts:
                    check_database_id(db_id, f"{split}, question {number}")
                counts[db_id] += 1
                every.add(example)
                if db_id in self.layout.databases:
                    scored.add(example)
                file.write(question_line(example) + "\n")
        return _Questions(every.hexdigest(), scored.hexdigest(), counts)

    def _write_databases(self, db_ids: Iterable[str]) -> None:
        files = [
            (db_id, name, member)
            for db_id in db_ids
            for name, member in self.layout.databases[db_id].items()
        ]
        total = sum(member.size for _, _, member in files)
        free = shutil.disk_usage(self.folder).free
        if total > free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = 0
        for db_id, name, member in files:
            relative = Path("databases", db_id, name)
            (self.folder / relative).parent.mkdir(parents=True, exist_ok=True)
            self.digests[relative] = _copy(member, self.folder / relative)
            done += member.size
            if self.progress:
                self.progress(done, total)
        for db_id, names in _grouped(files):
            folder = Path("databases", db_id)
            main, *further = (self.digests[folder / name] for name in names)
            self._suites[db_id] = suite_digest(main, further)
            schema = self.layout.schema(db_id)
            if schema:
                text = json.dumps(schema, indent=1, ensure_ascii=False)
                (self.folder / folder / "schema.json").write_text(text + "\n", encoding="utf-8")

    def _split(self, split: str, part: _Questions) -> SplitManifest:
        missing = {
            db_id: count for db_id, count in sorted(part.counts.items())
            if db_id not in self._suites
        }
        there = {db_id: self._suites[db_id] for db_id in part.counts if db_id in self._suites}
        total = sum(part.counts.values())
        return SplitManifest(
            file=f"{split}.jsonl",
            questions=total,
            scored=total - sum(missing.values()),
            databases=len(there),
            missing=missing,
            digest=content_digest(part.scored_digest, there),
        )


def _copy(member: Member, target: Path) -> str:
    sha = hashlib.sha256()
    with member.open() as source, target.open("wb") as file:
        block = source.read(BLOCK)
        if not block.startswith(SQLITE):
            raise BadInput(
                f"{member} is not a SQLite database"
                + (" but a Git LFS pointer" if block.startswith(b"version https://git-lfs") else "")
            )
        while block:
            sha.update(block)
            file.write(block)
            block = source.read(BLOCK)
    return sha.hexdigest()


def _grouped(files: Iterable[tuple[str, str, Member]]) -> Iterator[tuple[str, list[str]]]:
    names: dict[str, list[str]] = {}
    for db_id, name, _ in files:
        names.setdefault(db_id, []).append(name)
    yield from names.items()


def _unrecognised(entry: Entry, questions: dict[str, _Questions]) -> Iterator[str]:
    """A line for every split whose questions are not those of the known release."""
    for name, part in questions.items():
        split, count = entry.splits[name], sum(part.counts.values())
        if split.questions not in (None, count):
            yield f"'{name}' has {count:,} questions, {entry.version} has {split.questions:,}"
        elif split.questions_digest not in (None, part.digest):
            yield f"the questions of '{name}' are not word for word those of {entry.version}"
