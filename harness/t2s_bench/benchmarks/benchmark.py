"""One benchmark as everything downstream sees it, and how it is loaded by name or path."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from t2s_bench.benchmarks import registry
from t2s_bench.benchmarks.location import data_folder, embedded_folder
from t2s_bench.benchmarks.manifest import Manifest, SplitManifest, read_manifest
from t2s_bench.benchmarks.questions import QuestionsDigest, read_questions
from t2s_bench.databases.digest import DigestCache, suite_digest
from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.types import Database, Example

if TYPE_CHECKING:
    import datasets  # type: ignore[import-untyped]

QUESTIONS = "questions.jsonl"
OWN_METRIC = "ex"


@dataclass(frozen=True)
class Benchmark:
    """Questions in their official order, and the databases they are about.

    `digest` covers the questions and every filling of every database, and nothing else: not where
    they lie, nor how or when they came. `total` counts the questions of the source; those of
    `missing` databases (id → number of questions) are not among `examples`, and `left_out` has
    their ids. `positions` gives an example's line in the official file, from 0, by its id:
    prediction files in the official order are paired by it. `engine` has the server's name and
    version and a digest of the golds where they run on a server (see `benchmarks.engine`).
    """

    name: str
    folder: Path
    examples: tuple[Example, ...]
    databases: Mapping[str, Database]
    digest: str
    total: int
    missing: Mapping[str, int]
    positions: Mapping[str, int]
    primary_metric: str
    version: str = ""
    licence: str = ""
    citation: str = ""
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    engine: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def summary_line(self) -> str:
        """How much of the source is scored, in one line: 'scored 972 of 1,034, wta_1 missing …'."""
        return coverage(len(self.examples), self.total, self.missing)

    def to_datasets(self) -> datasets.Dataset:
        """The questions as a Hugging Face `datasets.Dataset`, a row each, in their order.

        Columns: id, question, evidence, db_id, golds (a list), difficulty, dialect, and
        database_file, the path of the SQLite file. It has the golds: do not hand it to a system.
        """
        import datasets

        asked = [example.question for example in self.examples]
        features = dict.fromkeys(
            ("id", "question", "evidence", "db_id", "difficulty", "dialect", "database_file"),
            datasets.Value("string"),
        )
        return datasets.Dataset.from_dict(
            {
                "id": [question.id for question in asked],
                "question": [question.question for question in asked],
                "evidence": [question.evidence for question in asked],
                "db_id": [question.database for question in asked],
                "golds": [list(example.golds) for example in self.examples],
                "difficulty": [example.difficulty for example in self.examples],
                "dialect": [question.dialect for question in asked],
                "database_file": [str(self.databases[q.database].path) for q in asked],
            },
            features=datasets.Features(
                {**features, "golds": datasets.Sequence(datasets.Value("string"))}
            ),
        )


def coverage(scored: int, total: int, missing: Mapping[str, int]) -> str:
    """How much of a source is scored, and which databases are missing.

    >>> coverage(972, 1034, {"wta_1": 62})
    'scored 972 of 1,034, wta_1 missing (62 questions)'
    >>> coverage(10, 13, {"a": 2, "b": 1})
    'scored 10 of 13, 2 databases missing (3 questions): a, b'
    >>> coverage(240, 240, {})
    'scored 240 of 240'
    """
    line = f"scored {scored:,} of {total:,}"
    count = sum(missing.values())
    questions = f"({count:,} question{'s' * (count != 1)})"
    if len(missing) == 1:
        return f"{line}, {next(iter(missing))} missing {questions}"
    if missing:
        return f"{line}, {len(missing)} databases missing {questions}: {', '.join(missing)}"
    return line


def load(
    name: str | os.PathLike[str],
    split: str | None = None,
    *,
    data: str | os.PathLike[str] | None = None,
) -> Benchmark:
    """Loads a benchmark by its registered name, or a folder of your own by its path.

    `name` is one of `mini`, `spider-dev`, `bird-dev` …, or `spider` with `split="dev"`, or a folder
    with `questions.jsonl` and `databases/<db_id>/<db_id>.sqlite`. A path needs a separator where a
    benchmark has the same name (`./mini`). `data` is the data folder (see `data_folder`). Nothing
    is downloaded or changed.

    Raises:
        UnknownName: neither a known name nor a folder, or no such split.
        BadInput: not imported yet, changed since its import, or a mistake in a folder of one's own.
    """
    text = os.fspath(name)
    known = text in registry.datasets() or text in registry.entries()
    if not known and (os.sep in text or text[:1] in ".~" or Path(text).is_dir()):
        folder = Path(text).expanduser()
        if not folder.is_dir():
            raise BadInput(f"there is no folder {folder}: give one that holds {QUESTIONS}")
        manifest = read_manifest(folder)
        if manifest:
            return _imported(manifest, folder, split)
        return _own(folder.resolve().name, folder, split)
    entry, part = registry.find(text, split)
    if entry.family == registry.EMBEDDED:
        return _own(part.dataset, embedded_folder(entry.name), None, entry)
    folder = data_folder(data) / entry.name
    manifest = read_manifest(folder)
    if not manifest:
        raise BadInput(
            f"'{part.dataset}' is not in {data_folder(data)}: t2s-bench download {entry.name}"
        )
    return _imported(manifest, folder, part.name)


def content_digest(questions: str, databases: Mapping[str, str]) -> str:
    """The digest of a benchmark from that of its questions and those of its databases' suites."""
    lines = [f"questions {questions}"]
    lines += [f"{name} {digest}" for name, digest in sorted(databases.items())]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()


def _own(
    name: str, folder: Path, split: str | None, entry: registry.Entry | None = None
) -> Benchmark:
    if split is not None:
        raise BadInput(f"{folder} is one list of questions, it has no split '{split}'")
    examples = tuple(read_questions(folder / QUESTIONS))
    if not examples:
        raise BadInput(f"{folder / QUESTIONS} holds no question")
    databases = _databases(folder, examples)
    return Benchmark(
        name=name,
        folder=folder,
        examples=_with_databases(examples, databases),
        databases=databases,
        digest=_digest(examples, databases),
        total=len(examples),
        missing={},
        positions={example.id: position for position, example in enumerate(examples)},
        primary_metric=entry.primary_metric if entry else OWN_METRIC,
        version=entry.version if entry else "",
        licence=entry.licence if entry else "",
        citation=entry.citation if entry else "",
    )


def _imported(manifest: Manifest, folder: Path, split: str | None) -> Benchmark:
    part = _choose(manifest, split)
    everything = list(read_questions(folder / part.file))
    positions = {example.id: position for position, example in enumerate(everything)}
    examples = tuple(
        example for example in everything if example.question.database not in part.missing
    )
    name = _dataset(manifest.name, part.file.removesuffix(".jsonl"))
    present = {example.id for example in examples}
    if not examples:
        raise BadInput(
            f"none of the {part.questions:,} questions of '{name}' has its database: "
            f"{', '.join(part.missing)} missing from {manifest.source}"
        )
    databases = _databases(folder, examples)
    digest = _digest(examples, databases)
    if digest != part.digest:
        raise BadInput(
            f"the files of '{name}' in {folder} were changed since their import: "
            f"import again with t2s-bench download {manifest.name} --force"
        )
    return Benchmark(
        name=name,
        folder=folder,
        examples=_with_databases(examples, databases),
        databases=databases,
        digest=digest,
        total=part.questions,
        missing=part.missing,
        positions={example.id: positions[example.id] for example in examples},
        primary_metric=manifest.primary_metric,
        version=manifest.version,
        licence=manifest.licence,
        citation=manifest.citation,
        notes=manifest.notes,
        left_out=tuple(example.id for example in everything if example.id not in present),
    )


def _with_databases(
    examples: Iterable[Example], databases: Mapping[str, Database]
) -> tuple[Example, ...]:
    return tuple(
        dataclasses.replace(example, database=databases[example.question.database])
        for example in examples
    )


def _choose(manifest: Manifest, split: str | None) -> SplitManifest:
    if split is None and len(manifest.splits) == 1:
        return next(iter(manifest.splits.values()))
    if split is None:
        raise BadInput(f"{manifest.name} has several splits: say {', '.join(manifest.splits)}")
    if split not in manifest.splits:
        raise UnknownName(
            f"split of this {manifest.name}",
            split,
            manifest.splits,
            hint=f"What was imported ({manifest.source}) has no other",
        )
    return manifest.splits[split]


def _dataset(name: str, split: str) -> str:
    entry = registry.entries().get(name)
    return entry.splits[split].dataset if entry and split in entry.splits else f"{name}-{split}"


def _databases(folder: Path, examples: Iterable[Example]) -> dict[str, Database]:
    dialects: dict[str, Counter[str]] = {}
    for example in examples:
        question = example.question
        dialects.setdefault(question.database, Counter())[question.dialect] += 1
    with DigestCache() as digests:
        return {
            db_id: _database(folder / "databases" / db_id, db_id, dialects[db_id], digests)
            for db_id in sorted(dialects)
        }


def _database(folder: Path, db_id: str, dialects: Counter[str], digests: DigestCache) -> Database:
    main = folder / f"{db_id}.sqlite"
    if not main.is_file():
        there = folder.parent.glob("*/*.sqlite")
        possible = {path.stem for path in there if path.stem == path.parent.name}
        raise UnknownName("database", db_id, possible, hint=f"A question's db_id needs {main}")
    if len(dialects) > 1:
        raise BadInput(
            f"the questions on database '{db_id}' are in several dialects "
            f"({', '.join(sorted(dialects))}): make one benchmark for each"
        )
    further = sorted(path for path in folder.glob("*.sqlite") if path != main)
    for path in (main, *further):
        _check_sqlite(path)
    main_digest = digests.digest(main)
    return Database(
        id=db_id,
        files=(main, *further),
        digest=main_digest,
        suite_digest=suite_digest(main_digest, [digests.digest(path) for path in further]),
        dialect=next(iter(dialects)),
    )


def _check_sqlite(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise BadInput(f"{path} is not a SQLite database")


def _digest(examples: Iterable[Example], databases: Mapping[str, Database]) -> str:
    questions = QuestionsDigest()
    for example in examples:
        questions.add(example)
    return content_digest(
        questions.hexdigest(), {name: base.suite_digest for name, base in databases.items()}
    )
