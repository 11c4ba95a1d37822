"""PostgreSQL through psycopg 3.

Locks: every statement is the query of a server-side cursor (`DECLARE … CURSOR FOR`), whose grammar
takes nothing but one SELECT, VALUES, TABLE or WITH that does not change data, in a transaction that
is READ ONLY and rolled back. A superuser becomes `pg_read_all_data` in it (PostgreSQL 14), so that
functions on files and other sessions are denied by the server. A cursor also keeps memory bounded.

Values are what psycopg2, the official BIRD evaluator's driver, gives: NUMERIC a Decimal, dates and
times Python's, infinite dates the largest and smallest, UUID, network addresses and composite types
text. JSON objects and arrays are dict and list, which that evaluator cannot hash and counts wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timezone
from typing import Any

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
    import psycopg
    from psycopg import sql as compose
    from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
    from psycopg.types.string import TextLoader
except ImportError as error:
    raise missing_driver("psycopg", "PostgreSQL") from error

# Seconds between two looks of a busy server whether its client is still there.
_CLIENT_CHECK_SECONDS = 1
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_CANCELED = "57014"
_REFUSED = ("25001", "25006", "42501")
_TOO_LARGE = ("53100", "53200", "53400", "54000")
_LOST = ("08", "57P")
_AS_TEXT = ("uuid", "inet", "cidr", "record")


class _Date(DateLoader):
    def load(self, data: Any) -> Any:
        infinite = {b"infinity": date.max, b"-infinity": date.min}
        return infinite.get(bytes(data)) or super().load(data)


class _Timestamp(TimestampLoader):
    def load(self, data: Any) -> Any:
        infinite = {b"infinity": datetime.max, b"-infinity": datetime.min}
        return infinite.get(bytes(data)) or super().load(data)


class _TimestampWithZone(TimestamptzLoader):
    def load(self, data: Any) -> Any:
        infinite = {
            b"infinity": datetime.max.replace(tzinfo=timezone.utc),
            b"-infinity": datetime.min.replace(tzinfo=timezone.utc),
        }
        return infinite.get(bytes(data)) or super().load(data)


class Cursor:
    """The rows of a server-side cursor."""

    def __init__(self, cursor: psycopg.ServerCursor[Row]) -> None:
        self._cursor = cursor
        self.columns = tuple(column.name for column in cursor.description or ())

    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows, at most `count`."""
        return self._cursor.fetchmany(count)


class PostgreSQL:
    """A connection to PostgreSQL; see `link.Link`."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        self._cursor: psycopg.ServerCursor[Row] | None = None
        info = connection.info
        self.version = f"PostgreSQL {str(info.parameter_status('server_version')).split()[0]}"
        settings = {
            "default_transaction_read_only": "on",
            "cursor_tuple_fraction": "1.0",
        }
        self._role = ""
        if info.server_version >= 140_000:
            settings["client_connection_check_interval"] = f"{_CLIENT_CHECK_SECONDS}s"
            if info.parameter_status("is_superuser") == "on":
                self._role = "SET LOCAL ROLE pg_read_all_data;"
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        adapters = connection.adapters
        adapters.register_loader("date", _Date)
        adapters.register_loader("timestamp", _Timestamp)
        adapters.register_loader("timestamptz", _TimestampWithZone)
        for name in _AS_TEXT:
            adapters.register_loader(name, TextLoader)

    def start(self, sql: str, schema: str, seconds: float) -> Result:
        """See `link.Link`."""
        self._connection.execute(
            compose.SQL(
                "BEGIN READ ONLY; {role} SET LOCAL search_path TO {schema};"
                "SET LOCAL statement_timeout = {limit}"
            ).format(
                role=compose.SQL(self._role),
                schema=compose.Identifier(schema),
                limit=compose.Literal(max(1, int(seconds * 1000))),
            )
        )
        self._cursor = psycopg.ServerCursor(self._connection, "t2s_bench")
        self._cursor.execute(sql.encode())
        return Cursor(self._cursor)

    def finish(self) -> None:
        """See `link.Link`."""
        self._connection.execute("ROLLBACK")
        self._forget_cursor()

    def cancel(self) -> None:
        """See `link.Link`; asks by a second connection."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=CONNECT_SECONDS)

    def failure(self, error: Exception) -> tuple[Status, str] | None:
        """See `link.Link`."""
        code = getattr(error, "sqlstate", None) or ""
        message = one_line(error)
        if isinstance(error, psycopg.Error) and error.diag.message_primary:
            # The full text quotes the statement with our DECLARE before it.
            message = one_line(error.diag.message_primary)
        if "out of memory" in message or code in _TOO_LARGE:
            return Status.TOO_LARGE, message
        if self._connection.closed or code.startswith(_LOST) and code != _CANCELED:
            return None
        if code == _CANCELED:
            return Status.TIMEOUT, message
        if code in _REFUSED:
            return Status.REFUSED, f"only reading is allowed: {message}"
        return Status.ERROR, message

    def close(self) -> None:
        """See `link.Link`."""
        with suppress(psycopg.Error):
            self._connection.close()
        self._forget_cursor()

    def _forget_cursor(self) -> None:
        """Outside a transaction nothing is sent for it any more."""
        if self._cursor is not None:
            with suppress(psycopg.Error):
                self._cursor.close()
            self._cursor = None


def connect(address: Address) -> PostgreSQL:
    """Opens a connection; raises CannotConnect."""
    try:
        connection = psycopg.connect(**connection_options(address), autocommit=True)
        return PostgreSQL(connection)
    except psycopg.Error as error:
        raise CannotConnect(f"cannot use {address}: {one_line(error)}") from error


def connection_options(address: Address) -> dict[str, Any]:
    """What psycopg is called with; a URL's parameters are libpq's (sslmode, host, …)."""
    return {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "t2s-bench",
        "client_encoding": "utf8",
        **address.url.translate_connect_args(username="user", database="dbname"),
        **address.url.query,
    }
