"""MySQL and MariaDB through PyMySQL, the official BIRD evaluator's driver.

Locks: the session and every transaction are READ ONLY, which the server also holds against
statements that would commit by themselves (DROP, CREATE TABLE, TRUNCATE …). It does not hold
INTO OUTFILE, LOAD_FILE() or SET back: `execution.statement` does, and a user without the FILE
privilege. Rows are streamed, so memory stays bounded.

Values are PyMySQL's: DECIMAL (and SUM and AVG of integers) a Decimal, dates Python's, TIME a
timedelta, zero dates and JSON text, BIT bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from t2s_bench.errors import UnknownName
from t2s_bench.execution.address import Address
from t2s_bench.execution.dialects.link import (
    CONNECT_SECONDS,
    CannotConnect,
    Result,
    missing_driver,
    one_line,
)
from t2s_bench.types import Row, Status

try:
    import pymysql
    from pymysql.cursors import SSCursor
except ImportError as error:
    raise missing_driver("pymysql", "MySQL") from error

_PARAMETERS = frozenset({"unix_socket", "ssl_ca", "ssl_cert", "ssl_key"})
# https://mariadb.com/kb/en/mariadb-error-code-reference/ and MySQL's error reference
_TIMEOUT = frozenset({1317, 1969, 3024})
_REFUSED = frozenset({1044, 1142, 1143, 1227, 1290, 1370, 1792})
_TOO_LARGE = frozenset({1037, 1038, 1041, 1104, 1114, 1153, 1301})
_LOST = frozenset({0, 1049, 1053, 1080, 1927, 2006, 2013, 2014, 2055})


class Cursor:
    """The rows of a streaming cursor."""

    def __init__(self, cursor: SSCursor) -> None:
        self.cursor = cursor
        self.columns = tuple(column[0] for column in cursor.description or ())

    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows, at most `count`."""
        return list(self.cursor.fetchmany(count))


class MySQL:
    """A connection to MySQL or MariaDB; see `link.Link`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._connection = pymysql.connect(**options)
        text = str(self._query("SELECT VERSION()"))
        self._maria = "mariadb" in text.lower()
        self.version = f"{'MariaDB' if self._maria else 'MySQL'} {text.split('-')[0]}"
        self._thread = int(self._query("SELECT CONNECTION_ID()"))
        self._schema = ""
        self._seconds = 0.0
        self._cursor: SSCursor | None = None
        self._query("SET SESSION TRANSACTION READ ONLY")
        # The two modes change where a string ends, which `execution.statement` must know.
        self._query(
            "SET SESSION sql_mode = REPLACE(REPLACE(REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES',"
            " ''), 'ANSI_QUOTES', ''), ',,', ',')"
        )

    def start(self, sql: str, schema: str, seconds: float) -> Result:
        """See `link.Link`; MariaDB limits every statement, MySQL those that begin with SELECT."""
        if schema != self._schema:
            self._connection.select_db(schema)
            self._schema = schema
        if seconds != self._seconds:
            limit = (
                f"max_statement_time = {seconds:.3f}"
                if self._maria
                else f"max_execution_time = {max(1, int(seconds * 1000))}"
            )
            self._query(f"SET SESSION {limit}")
            self._seconds = seconds
        self._query("START TRANSACTION READ ONLY")
        self._cursor = SSCursor(self._connection)
        self._cursor.execute(sql)
        return Cursor(self._cursor)

    def finish(self) -> None:
        """See `link.Link`."""
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None
        self._query("ROLLBACK")

    def cancel(self) -> None:
        """See `link.Link`; kills the statement by a second connection."""
        with suppress(pymysql.MySQLError, OSError):
            other = pymysql.connect(**self._options)
            with other.cursor() as cursor:
                cursor.execute(f"KILL QUERY {self._thread}")
            other.close()

    def failure(self, error: Exception) -> tuple[Status, str] | None:
        """See `link.Link`."""
        code = error.args[0] if error.args and isinstance(error.args[0], int) else -1
        message = one_line(error.args[1] if len(error.args) > 1 else error)
        if code in _LOST or isinstance(error, OSError) or not self._connection.open:
            return None
        if code in _TIMEOUT:
            return Status.TIMEOUT, message
        if code in _REFUSED:
            return Status.REFUSED, f"only reading is allowed: {message}"
        return (Status.TOO_LARGE if code in _TOO_LARGE else Status.ERROR), message

    def close(self) -> None:
        """See `link.Link`; rows not fetched are not waited for."""
        # A streaming result reads its rest when it is closed or forgotten, however long that is.
        result = getattr(self._cursor, "_result", None)
        if result is not None:
            result.unbuffered_active = False
        self._cursor = None
        with suppress(Exception):
            self._connection.close()

    def _query(self, sql: str) -> Any:
        """The first value of the first row, if there is any."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def connect(address: Address) -> MySQL:
    """Opens a connection; raises CannotConnect."""
    options = connection_options(address)
    try:
        return MySQL(options)
    except (pymysql.MySQLError, OSError) as error:
        message = one_line(error.args[1] if len(error.args) > 1 else error)
        raise CannotConnect(f"cannot use {address}: {message}") from error


def connection_options(address: Address) -> dict[str, Any]:
    """What PyMySQL is called with; raises UnknownName for a parameter it is not given."""
    for name in address.url.query:
        if name not in _PARAMETERS:
            raise UnknownName("parameter of the engine's URL", name, [*_PARAMETERS, "schema"])
    return {
        "connect_timeout": CONNECT_SECONDS,
        "charset": "utf8mb4",
        "autocommit": True,
        **address.url.translate_connect_args(username="user"),
        **address.url.query,
    }
