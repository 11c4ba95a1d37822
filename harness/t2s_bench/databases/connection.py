"""Opening a SQLite file so that nothing is written, and writing names into SQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from t2s_bench.errors import BadInput


def quote_identifier(name: str) -> str:
    """A name in SQL's double quotes.

    >>> print(quote_identifier('a "b" c'))
    "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'


def open_read_only(path: Path) -> sqlite3.Connection:
    """Opens a SQLite file for reading, leaving no file beside it; bad UTF-8 bytes are left out.

    `mode=ro` alone makes SQLite create `-wal` and `-shm` files beside a database in WAL mode;
    `immutable` does not, but ignores a `-wal` file that is there. Raises BadInput where the file is
    missing or no SQLite database.
    """
    if not path.is_file():
        raise BadInput(f"no database file at {path}")
    wal = path.with_name(path.name + "-wal")
    pending = wal.is_file() and wal.stat().st_size > 0
    uri = path.resolve().as_uri() + ("?mode=ro" if pending else "?mode=ro&immutable=1")
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    connection.text_factory = lambda data: data.decode("utf-8", "ignore")
    try:
        connection.execute("PRAGMA query_only = 1")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise BadInput(f"{path} is not a readable SQLite database: {error}") from error
    return connection
