"""Writing a layout into the standard layout, counting and digesting on the way."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from t2s_bench.benchmarks.archive import Member
from t2s_bench.benchmarks.benchmark import content_digest
from t2s_bench.benchmarks.layout import Layout, Questions
from t2s_bench.benchmarks.manifest import Manifest, SplitManifest, write_manifest
from t2s_bench.benchmarks.names import check_database_id
from t2s_bench.benchmarks.placing import NoSpace
from t2s_bench.benchmarks.questions import QuestionsDigest, question_line
from t2s_bench.benchmarks.registry import Entry
from t2s_bench.benchmarks.tables_json import FILE as TABLES
from t2s_bench.databases.digest import BLOCK, file_digest, suite_digest
from t2s_bench.errors import BadInput

Progress = Callable[[int, int], None]
"""Called with the bytes of databases written so far, and those to be written."""

SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class _Counted:
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

    def write(self, entry: Entry, source: Path | Manifest) -> Manifest:
        """Writes the questions, then the databases they need, then the manifest.

        `source` is what it comes from, or the manifest of the import that it adds to.

        Raises:
            BadInput: damaged content.
            NoSpace: more of it than the disk has space for.
        """
        questions = {
            split: self._write_questions(split, examples())
            for split, examples in self.layout.splits.items()
        }
        used = {db_id for part in questions.values() for db_id in part.counts}
        if not self.layout.databases:
            raise BadInput(f"{_name(source)} holds no database (looked for <db_id>/<db_id>.sqlite)")
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
            source=_name(source),
            source_sha256=_sha256(source),
            splits=splits,
            databases=len(self._suites),
            missing=dict(sorted(missing.items())),
            digest=content_digest(
                " ".join(f"{name}={splits[name].digest}" for name in sorted(splits)), self._suites
            ),
            notes=tuple(dict.fromkeys((*self.layout.notes, *strange))),
        )
        write_manifest(self.folder, manifest)
        return manifest

    def _write_questions(self, split: str, examples: Questions) -> _Counted:
        every, scored, counts = QuestionsDigest(), QuestionsDigest(), Counter[str]()
        path = self.folder / f"{split}.jsonl"
        with closing(examples), path.open("w", encoding="ascii") as file:
            for number, example in enumerate(examples, 1):
                db_id = example.question.database
                if db_id not in counts:
                    check_database_id(db_id, f"{split}, question {number}")
                counts[db_id] += 1
                every.add(example)
                if db_id in self.layout.databases:
                    scored.add(example)
                file.write(question_line(example) + "\n")
        return _Counted(every.hexdigest(), scored.hexdigest(), counts)

    def _write_databases(self, db_ids: Sequence[str]) -> None:
        databases = self.layout.databases
        total = sum(member.size for db_id in db_ids for member in databases[db_id].values())
        free = shutil.disk_usage(self.folder).free
        if total > free:
            raise NoSpace(
                f"the databases need {total:,} bytes, and {self.folder.parent} has {free:,} left: "
                f"free some, or choose another folder with --data"
            )
        done = 0
        for db_id in db_ids:
            folder = Path("databases", db_id)
            (self.folder / folder).mkdir(parents=True)
            for name, member in databases[db_id].items():
                sha = hashlib.sha256()
                path, blocks = self.folder / folder / name, _blocks(member)
                with closing(blocks), path.open("wb") as file:
                    for block in blocks:
                        file.write(block)
                        sha.update(block)
                        done += len(block)
                        if self.progress:
                            self.progress(done, total)
                self.digests[folder / name] = sha.hexdigest()
            main, *further = (self.digests[folder / name] for name in databases[db_id])
            self._suites[db_id] = suite_digest(main, further)
            self._write_json(folder / "schema.json", self.layout.schema(db_id))
            if db_id in self.layout.tables:
                self._write_json(folder / TABLES, [self.layout.tables[db_id]])

    def _write_json(self, relative: Path, content: object) -> None:
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (self.folder / relative).write_text(text + "\n", encoding="utf-8")

    def _split(self, split: str, part: _Counted) -> SplitManifest:
        missing = {
            db_id: count
            for db_id, count in sorted(part.counts.items())
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


def _name(source: Path | Manifest) -> str:
    return source.source if isinstance(source, Manifest) else source.resolve().name


def _sha256(source: Path | Manifest) -> str | None:
    if isinstance(source, Manifest):
        return source.source_sha256
    return file_digest(source) if source.is_file() else None


def _blocks(member: Member) -> Generator[bytes, None, None]:
    with member.open() as file:
        block = file.read(BLOCK)
        if not block.startswith(SQLITE):
            pointer = block.startswith(b"version https://git-lfs")
            raise BadInput(
                f"{member} is not a SQLite database" + (" but a Git LFS pointer" * pointer)
            )
        while block:
            yield block
            block = file.read(BLOCK)


def _unrecognised(entry: Entry, questions: dict[str, _Counted]) -> Iterator[str]:
    """A line for every split whose questions are not those of the known release."""
    for name, part in questions.items():
        split, count = entry.splits[name], sum(part.counts.values())
        if split.questions not in (None, count):
            yield f"'{name}' has {count:,} questions, {entry.version} has {split.questions:,}"
        elif split.questions_digest not in (None, part.digest):
            yield f"the questions of '{name}' are not word for word those of {entry.version}"
