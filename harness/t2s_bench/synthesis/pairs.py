"""The pairs: made for one database after another, and written as a benchmark folder."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from t2s_bench.benchmarks.questions import question_line
from t2s_bench.databases.connection import open_read_only
from t2s_bench.databases.schema_file import FILE_NAME as SCHEMA
from t2s_bench.errors import BadInput
from t2s_bench.execution.session import Session
from t2s_bench.synthesis.filtering import Filter
from t2s_bench.synthesis.grammar import Grammar
from t2s_bench.synthesis.phrases import Phrases
from t2s_bench.synthesis.profile import read_profile
from t2s_bench.synthesis.query import sql_of
from t2s_bench.types import Example, Question

# Draws for every pair wanted, after which a database has no more to give.
DRAWS = 25


@dataclass(frozen=True)
class Pair:
    """One question with its SQL; `difficulty` is Spider's hardness."""

    question: str
    sql: str
    database: str
    difficulty: str

    def example(self, id: str) -> Example:
        """As a benchmark holds it."""
        return Example(Question(id, self.question, self.database), (self.sql,), self.difficulty)


def make_pairs(database: str, path: Path, count: int, seed: int = 0,
               session: Session | None = None) -> Iterator[Pair]:  # fmt: skip
    """Up to `count` different pairs for one SQLite file; fewer where there is not more to ask.

    The same file, id and seed give the same pairs, and a smaller count their beginning as long as
    it is not cut off by `DRAWS`. `session` executes; without one, a new one does.
    """
    profile = read_profile(path)
    if not profile.tables:
        return
    chance = Random(f"{seed}/{database}")
    grammar, phrases = Grammar(profile, chance), Phrases(profile, chance)
    kept = 0
    with Session() if session is None else nullcontext(session) as running:
        judge = Filter(path, running)
        for _ in range(DRAWS * count):
            query = grammar.draw()
            if query is None:
                continue
            question, sql = phrases.question(query), sql_of(query)
            if judge.keeps(question, sql):
                yield Pair(question, sql, database, judge.difficulty(sql))
                kept += 1
                if kept == count:
                    return


def make_all(
    databases: Mapping[str, Path],
    count: int,
    seed: int = 0,
    listener: Callable[[int, int], None] | None = None,
) -> list[Pair]:
    """`count` pairs over several databases, evenly; what one cannot give the following do."""
    pairs: list[Pair] = []
    with Session() as session:
        for place, (name, path) in enumerate(databases.items()):
            left = len(databases) - place
            share = -(-(count - len(pairs)) // left)
            for pair in make_pairs(name, path, share, seed, session):
                pairs.append(pair)
                if listener is not None:
                    listener(len(pairs), count)
    return pairs


def write_pairs(
    pairs: Sequence[Pair], databases: Mapping[str, Path], folder: Path, *, link: bool = False
) -> None:
    """Writes a folder that `t2s_bench.load` reads; it is there whole or not at all.

    Databases are copied by SQLite itself, so that one in use is copied in one consistent state;
    `link` makes hard links instead where the disk can (files that never change).

    Raises BadInput where the folder exists or cannot be written.
    """
    if folder.exists():
        raise BadInput(f"{folder} exists: give another folder with -o, or remove it")
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        temporary.mkdir(parents=True)
        for name in sorted({pair.database for pair in pairs}):
            _place(databases[name], temporary / "databases" / name / f"{name}.sqlite", link)
        lines = (f"{question_line(example)}\n" for example in numbered(pairs))
        with (temporary / "questions.jsonl").open("w", encoding="ascii") as file:
            file.writelines(lines)
        temporary.rename(folder)
    except (OSError, sqlite3.Error) as error:
        raise BadInput(f"cannot write {folder}: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def numbered(pairs: Iterable[Pair]) -> Iterator[Example]:
    """Examples with ids of their own: the database's name and a number from 1."""
    counts: dict[str, int] = {}
    for pair in pairs:
        counts[pair.database] = counts.get(pair.database, 0) + 1
        yield pair.example(f"{pair.database}-{counts[pair.database]}")


def _place(source: Path, target: Path, link: bool) -> None:
    target.parent.mkdir(parents=True)
    said = source.with_name(SCHEMA)
    if said.is_file():
        shutil.copyfile(said, target.with_name(SCHEMA))
    if link:
        with suppress(OSError):
            os.link(source.resolve(), target)
            return
    with closing(open_read_only(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
