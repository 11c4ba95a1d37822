"""DuckDB files through its own Python package.

Locks: the file is opened read-only, without any other file, extension or Python variable in reach,
and the settings are locked. DuckDB's parser says what kind each statement is. One thread and no
temporary files: the order of unordered rows repeats, and memory is bounded by `MEMORY`.

Values are the package's: DECIMAL a Decimal, HUGEINT an int, dates Python's; lists, structs and maps
cannot be hashed and count as an error, as arrays do in the official BIRD evaluator.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from t2s_bench.execution.address import Address
from t2s_bench.execution.dialects.link import CannotConnect, Result, missing_driver, one_line
from t2s_bench.types import Row, Status

try:
    import duckdb
except ImportError as error:
    raise missing_driver("duckdb", "DuckDB") from error

MEMORY = "300MB"
# What the file is called inside DuckDB.
CATALOG = "benchmark_file"
# In this order: nothing can be set after the last.
_SETTINGS = (
    "threads = 1",
    f"memory_limit = '{MEMORY}'",
    "temp_directory = ''",
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "python_enable_replacements = false",
    "enable_external_access = false",
    "lock_configuration = true",
)


class Refused(Exception):
    """A statement that is not sent."""


class Cursor:
    """The rows of a streaming result."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.columns = tuple(str(column[0]) for column in connection.description or ())

    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows, at most `count`."""
        return self._connection.fetchmany(count)


class DuckDB:
    """An open DuckDB file; see `link.Link`. A missing time limit is made up for by `cancel`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.version = f"DuckDB {duckdb.__version__}"
        self._schema = ""
        for setting in _SETTINGS:
            connection.execute(f"SET {setting}")

    def start(self, sql: str, schema: str, seconds: float) -> Result:
        """See `link.Link`; `seconds` is left to the caller's `cancel`."""
        if schema != self._schema:
            self._connection.execute(f"USE {CATALOG}.{quoted(schema)}")
            self._schema = schema
        statements = self._connection.extract_statements(sql)
        kinds = [str(statement.type).rpartition(".")[2] for statement in statements]
        if kinds != ["SELECT"]:
            what = "a second statement" if len(kinds) > 1 else kinds[0] if kinds else "no statement"
            raise Refused(f"{what} refused")
        self._connection.execute(statements[0])
        return Cursor(self._connection)

    def finish(self) -> None:
        """See `link.Link`; a statement is a transaction of its own."""

    def cancel(self) -> None:
        """See `link.Link`."""
        self._connection.interrupt()

    def failure(self, error: Exception) -> tuple[Status, str] | None:
        """See `link.Link`."""
        message = one_line(str(error).partition("\n")[0])
        if isinstance(error, duckdb.FatalException | duckdb.ConnectionException):
            return None
        if isinstance(error, duckdb.InterruptException):
            return Status.TIMEOUT, message
        if isinstance(error, duckdb.OutOfMemoryException):
            return Status.TOO_LARGE, message
        if (
            isinstance(error, Refused | duckdb.PermissionException)
            or "read-only mode" in message
            or "configuration has been locked" in message
        ):
            return Status.REFUSED, f"only reading is allowed: {message}"
        return Status.ERROR, message

    def close(self) -> None:
        """See `link.Link`."""
        with suppress(duckdb.Error):
            self._connection.close()


def connect(address: Address) -> DuckDB:
    """Opens the file for reading; raises CannotConnect."""
    path = file_of(address)
    if not path.is_file():
        raise CannotConnect(f"there is no DuckDB file at {path}")
    try:
        return DuckDB(attached(path, "(READ_ONLY)"))
    except duckdb.Error as error:
        raise CannotConnect(f"cannot use {address}: {one_line(error)}") from error


def attached(path: Path, options: str = "") -> duckdb.DuckDBPyConnection:
    """A connection whose default catalog is the file, always under one name.

    Opened directly, a file `shop.duckdb` is a catalog `shop`, which a schema `shop` cannot be told
    from.
    """
    connection = duckdb.connect(":memory:")
    literal = str(path).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{literal}' AS {CATALOG} {options}")
        connection.execute(f"USE {CATALOG}")
    except duckdb.Error:
        connection.close()
        raise
    return connection


def file_of(address: Address) -> Path:
    """The file that the URL names; raises CannotConnect where it names none."""
    if not address.url.database:
        raise CannotConnect("the engine names no DuckDB file: write duckdb:///FILE.duckdb")
    return Path(address.url.database)


def quoted(name: str) -> str:
    """A name in SQL's double quotes."""
    return '"' + name.replace('"', '""') + '"'
