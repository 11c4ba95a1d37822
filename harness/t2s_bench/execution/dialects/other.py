"""Any other server that SQLAlchemy knows, with what all of them have in common.

Locks: `execution.statement` before, a rollback after. There is no server-side limit and no cancel:
a statement past its time is left behind with its connection, and a worker stuck in it is killed.
Use a role on the server that may only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from t2s_bench.execution.address import Address
from t2s_bench.execution.dialects.link import CannotConnect, Result, missing_driver, one_line
from t2s_bench.types import Row, Status

try:
    import sqlalchemy
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError
except ImportError as error:
    raise missing_driver("sqlalchemy", "a database server") from error


class Cursor:
    """The rows of a streaming result."""

    def __init__(self, result: sqlalchemy.CursorResult[Any]) -> None:
        self._result = result
        self.columns = tuple(result.keys())

    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows, at most `count`."""
        return [tuple(row) for row in self._result.fetchmany(count)]


class Other:
    """A connection through SQLAlchemy; see `link.Link`. The URL alone says the schema."""

    def __init__(self, connection: sqlalchemy.Connection) -> None:
        self._connection = connection
        dialect = connection.dialect
        numbers = ".".join(map(str, dialect.server_version_info or ()))
        self.version = f"{dialect.name} {numbers}".strip()
        connection.rollback()

    def start(self, sql: str, schema: str, seconds: float) -> Result:
        """See `link.Link`; neither `schema` nor `seconds` is heeded."""
        options = {"stream_results": True, "no_parameters": True}
        return Cursor(self._connection.exec_driver_sql(sql, execution_options=options))

    def finish(self) -> None:
        """See `link.Link`."""
        self._connection.rollback()

    def cancel(self) -> None:
        """Nothing that all drivers share."""

    def failure(self, error: Exception) -> tuple[Status, str] | None:
        """See `link.Link`."""
        if isinstance(error, DBAPIError):
            if error.connection_invalidated:
                return None
            return Status.ERROR, one_line(error.orig)
        return Status.ERROR, one_line(error)

    def close(self) -> None:
        """See `link.Link`."""
        with suppress(SQLAlchemyError):
            self._connection.invalidate()
            self._connection.close()


def connect(address: Address) -> Other:
    """Opens a connection; raises CannotConnect, or MissingExtra without the URL's driver."""
    try:
        engine = sqlalchemy.create_engine(address.url, poolclass=sqlalchemy.NullPool)
        return Other(engine.connect())
    except ModuleNotFoundError as error:
        raise missing_driver(str(error.name), address.dialect) from error
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise CannotConnect(f"cannot use {address}: {one_line(cause)}") from error
