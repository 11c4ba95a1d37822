"""Measures the value look-up: time and size on a million rows, recall on Spider's dev questions.

Times are CPU seconds of this process, so that a busy machine matters less.

    python bench/values.py speed [--rows 1000000]
    python bench/values.py recall [--shared ../shared] [--limit 20] [--missed 30]

Recall: of the string literals in the gold SQL that are cells of the database, the share that is
among the matches returned for the question, spelled as the gold spells it. Literals of LIKE are
counted apart: found where some returned value fits the pattern.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sqlite3
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from t2s_bench.databases.connection import open_read_only
from t2s_bench.databases.value_index import FORMAT
from t2s_bench.databases.values import ValueIndex

SYLLABLES = re.findall("..", "bacedifoguhajekilomunapeqirosutavewixozu")


def main() -> None:
    """Runs the measurement that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    speed_parser = commands.add_parser("speed")
    speed_parser.add_argument("--rows", type=int, default=1_000_000)
    recall_parser = commands.add_parser("recall")
    recall_parser.add_argument("--shared", type=Path, default=Path("../shared"))
    recall_parser.add_argument("--limit", type=int, default=20)
    recall_parser.add_argument("--missed", type=int, default=0, help="show so many misses")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["T2S_CACHE"] = folder + "/cache"
        if arguments.command == "speed":
            speed(Path(folder), arguments.rows)
        else:
            recall(Path(folder), arguments.shared, arguments.limit, arguments.missed)


def speed(folder: Path, rows: int) -> None:
    """A table of people and one of orders: names, towns, e-mails, notes, with common words."""
    chance = random.Random(0)
    lexicon = ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(20_000)]
    towns = [f"{chance.choice(lexicon).title()} City" for _ in range(3_000)]
    path = folder / "big.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, town TEXT, email TEXT, note TEXT)"
    )

    def person(number: int) -> tuple[object, ...]:
        first, last = chance.choices(lexicon, k=2)
        note = " ".join(chance.choices(lexicon, k=8)) + " of the street company"
        name = f"{first.title()} {last.title()}"
        return number, name, chance.choice(towns), f"{first}.{last}{number}@mail.example", note

    connection.executemany(
        "INSERT INTO person VALUES (?, ?, ?, ?, ?)", (person(i) for i in range(rows))
    )
    connection.commit()
    connection.close()
    print(f"database: {rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
    start = time.process_time()
    index = ValueIndex.open(path)
    print(f"build:    {time.process_time() - start:.1f} s for {index.size:,} values")
    (file,) = (folder / "cache" / "values").glob(f"*-{FORMAT}.sqlite")
    print(f"index:    {file.stat().st_size / 1e6:.0f} MB")
    reader = sqlite3.connect(path)
    seconds = []
    hits = 0
    for _ in range(200):
        name, town = reader.execute(
            "SELECT name, town FROM person WHERE id = ?", (chance.randrange(rows),)
        ).fetchone()
        question = f"How many orders did {name} from {town} send to the street company in 2019?"
        start = time.process_time()
        matches = index.search(question)
        seconds.append(time.process_time() - start)
        hits += {name, town} <= {match.value for match in matches}
    seconds.sort()
    print(
        f"query:    median {statistics.median(seconds) * 1e3:.1f} ms, "
        f"95 % under {seconds[int(len(seconds) * 0.95)] * 1e3:.1f} ms, "
        f"slowest {seconds[-1] * 1e3:.1f} ms; {hits} of 200 found name and town"
    )


def recall(folder: Path, shared: Path, limit: int, shown: int) -> None:
    """Recall over all dev questions whose database is there."""
    with zipfile.ZipFile(shared / "benchmarks" / "spider_data.zip") as archive:
        examples = json.loads(archive.read("spider_data/dev.json"))
        wanted = {f"spider_data/database/{e['db_id']}/{e['db_id']}.sqlite" for e in examples}
        archive.extractall(folder, wanted & set(archive.namelist()))
    indexes: dict[str, tuple[ValueIndex, sqlite3.Connection]] = {}
    exact = folded = of_cells = patterns = fitted = absent = 0
    seconds = []
    missed = []
    for example in examples:
        name = example["db_id"]
        path = folder / "spider_data" / "database" / name / f"{name}.sqlite"
        if not path.is_file():
            continue
        if name not in indexes:
            indexes[name] = ValueIndex.open(path), open_read_only(path)
        index, connection = indexes[name]
        start = time.process_time()
        found = {match.value for match in index.search(example["question"], limit)}
        seconds.append(time.process_time() - start)
        for text, is_pattern in literals(example["query"]):
            if is_pattern:
                patterns += 1
                glob = text.lower().replace("%", "*").replace("_", "?")
                fitted += any(fnmatchcase(value.lower(), glob) for value in found)
            elif not is_cell(connection, text):
                absent += 1
            else:
                of_cells += 1
                exact += text in found
                folded += text.lower() in {value.lower() for value in found}
                if text not in found:
                    missed.append(f"{name}: {text!r} in {example['question']!r}")
    print(f"{len(seconds)} questions, {len(indexes)} databases, {limit} matches at most")
    print(f"literals that are cells: {of_cells}; exactly found {exact / of_cells:.1%}, ", end="")
    print(f"in any case {folded / of_cells:.1%}")
    print(f"LIKE patterns: {patterns}; fitted by a match {fitted / max(1, patterns):.1%}")
    print(f"literals that are no cell: {absent} (left out)")
    print(f"query: median {statistics.median(seconds) * 1e3:.2f} ms")
    for line in missed[:shown]:
        print("missed", line)


def literals(sql: str) -> Iterator[tuple[str, bool]]:
    """The string literals of a SQL (Spider also writes them in double quotes), and if of LIKE."""
    try:
        tree = parse_one(sql, dialect="mysql")  # MySQL's dialect reads "…" as a string
    except SqlglotError:
        return
    for literal in tree.find_all(exp.Literal):
        if literal.is_string:
            yield literal.this, isinstance(literal.parent, exp.Like)


def is_cell(connection: sqlite3.Connection, text: str) -> bool:
    """Whether some column has just this text."""
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        where = " OR ".join(f'"{column[1]}" = ?1' for column in columns)
        if connection.execute(
            f'SELECT EXISTS (SELECT 1 FROM "{table}" WHERE {where})', (text,)
        ).fetchone()[0]:
            return True
    return False


if __name__ == "__main__":
    main()
