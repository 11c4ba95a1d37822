"""The file behind the value look-up: the distinct texts of a database, indexed by their words.

One SQLite file per database digest in the cache folder (`T2S_CACHE`), made on first use: a table
of cells with a key for equality, an FTS5 index of their words, and how many cells have each word.
It is written under another name and moved into place, so that two processes can build it at once
and a killed one leaves nothing behind that is taken for an index.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from t2s_bench.databases.connection import open_read_only, quote_identifier
from t2s_bench.databases.schema import read_schema
from t2s_bench.databases.value_words import fold
from t2s_bench.errors import BadInput
from t2s_bench.settings import cache_folder

# The number goes up whenever what is indexed or how it is folded changes.
FORMAT = 1
# Longer texts are descriptions, not values that a question repeats.
VALUE_LENGTH = 100
VALUES_PER_COLUMN = 250_000
VALUES_IN_ALL = 1_000_000
# At most this many rows of a table are looked at for distinct values of a column.
SCANNED_ROWS = 5_000_000
_ABANDONED_SECONDS = 24 * 3600

_TABLES = """
CREATE TABLE place (id INTEGER PRIMARY KEY, table_name TEXT, column_name TEXT);
CREATE TABLE value (id INTEGER PRIMARY KEY, place INTEGER, text TEXT, key TEXT);
CREATE VIRTUAL TABLE words USING fts5(
    folded, content='', columnsize=0, detail=none, tokenize='ascii'
);
CREATE VIRTUAL TABLE temp.counted USING fts5vocab(main, words, row);
"""
_INDEXES = """
INSERT INTO words (words) VALUES ('optimize');
CREATE INDEX value_key ON value (key, place);
CREATE TABLE word (folded TEXT PRIMARY KEY, cells INTEGER) WITHOUT ROWID;
INSERT INTO word SELECT term, doc FROM temp.counted;
"""


def open_index(database: Path, digest: str) -> sqlite3.Connection:
    """Opens the index of a database file of that digest for reading, building it if need be.

    Raises BadInput where the cache folder cannot be written or this SQLite lacks FTS5.
    """
    path = cache_folder() / "values" / f"{digest}-{FORMAT}.sqlite"
    if not path.is_file():
        _build(database, path)
    connection = sqlite3.connect(
        path.resolve().as_uri() + "?mode=ro&immutable=1",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    # Cells are read by thousands at random: mapping the file saves a copy of every page.
    connection.execute("PRAGMA mmap_size = 1073741824")
    return connection


def _build(database: Path, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".building-", suffix=".sqlite")
        os.close(handle)
    except OSError as error:
        raise BadInput(
            f"the value index cannot be written to {path.parent}: {error.strerror}; "
            "set T2S_CACHE to a folder that can be written"
        ) from error
    temporary = Path(name)
    try:
        _fill(database, temporary)
        os.replace(temporary, path)
    except PermissionError:  # on Windows, while another process reads the index it has just made
        if not path.is_file():
            raise
    except sqlite3.OperationalError as error:
        raise BadInput(f"the value index of {database} cannot be made: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Removes what killed builds have left, once it is too old to be in the making."""
    for path in folder.glob(".building-*"):
        try:
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()
        except FileNotFoundError:  # another process was quicker
            continue


def _fill(database: Path, path: Path) -> None:
    target = sqlite3.connect(path, isolation_level=None)
    source = open_read_only(database)
    try:
        # The file is thrown away if the build fails, so nothing need survive a crash.
        target.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        target.executescript(_TABLES)
        target.execute("BEGIN")
        left = VALUES_IN_ALL
        schema = read_schema(database, samples=0)
        for table in schema.tables:
            if table.kind == "view":
                continue
            for column in table.columns:
                place = target.execute(
                    "INSERT INTO place (table_name, column_name) VALUES (?, ?)",
                    (table.name, column.name),
                ).lastrowid
                limit = min(left, VALUES_PER_COLUMN)
                first = _last_id(target) + 1
                target.executemany(
                    "INSERT INTO value (place, text, key) VALUES (?, ?, ?)",
                    (
                        (place, text, folded)
                        for text in _distinct(source, table.name, column.name, limit)
                        if (folded := fold(text))
                    ),
                )
                left -= _last_id(target) + 1 - first
        target.execute("INSERT INTO words (rowid, folded) SELECT id, key FROM value")
        target.execute("UPDATE value SET key = replace(key, ' ', '')")
        target.execute("COMMIT")
        target.executescript(_INDEXES)
    finally:
        source.close()
        target.close()


def _last_id(target: sqlite3.Connection) -> int:
    (last,) = target.execute("SELECT coalesce(max(id), 0) FROM value").fetchone()
    return int(last)


def _distinct(source: sqlite3.Connection, table: str, column: str, limit: int) -> Iterator[str]:
    name = quote_identifier(column)
    rows = source.execute(
        f"SELECT DISTINCT value FROM (SELECT {name} AS value FROM {quote_identifier(table)}"
        f" LIMIT {SCANNED_ROWS}) WHERE typeof(value) = 'text'"
        f" AND length(value) <= {VALUE_LENGTH} LIMIT {limit}"
    )
    for (text,) in rows:
        yield text
