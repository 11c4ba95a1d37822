"""What every dialect provides: a connection that runs one read-only statement at a time."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol

from t2s_bench.errors import MissingExtra
from t2s_bench.execution.address import Address
from t2s_bench.types import Row, Status

# Seconds to wait for a server to take a connection.
CONNECT_SECONDS = 10
_MODULES = {"postgresql": "postgresql", "mysql": "mysql", "duckdb": "duckdb"}


class CannotConnect(Exception):
    """No connection; the text is one line without the password."""


class Result(Protocol):
    """The rows of one statement, taken from the server bit by bit."""

    columns: tuple[str, ...]

    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows, at most `count`; fewer only at the end."""


class Link(Protocol):
    """One connection. All but `cancel` are called from one thread."""

    version: str
    """The server's name and version, as people write it: `PostgreSQL 15.18`."""

    def start(self, sql: str, schema: str, seconds: float) -> Result:
        """Begins a read-only transaction and sends the statement; the server limits its time."""

    def finish(self) -> None:
        """Ends the transaction after a statement whose rows were all fetched, or that failed."""

    def cancel(self) -> None:
        """Makes the server end the running statement; called from another thread."""

    def failure(self, error: Exception) -> tuple[Status, str] | None:
        """What an error of `start` or `fetch` means; None where the connection is lost."""

    def close(self) -> None:
        """Closes the connection at once, even with rows left; never raises."""


def connect(address: Address) -> Link:
    """Opens a connection; raises CannotConnect, or MissingExtra where the driver is absent."""
    module = importlib.import_module(
        f"t2s_bench.execution.dialects.{_MODULES.get(address.dialect, 'other')}"
    )
    link: Link = module.connect(address)
    return link


def missing_driver(package: str, dialect: str) -> MissingExtra:
    """The error for a driver that cannot be imported."""
    return MissingExtra(package, "servers", dialect)


def one_line(error: object) -> str:
    """An error's text in one line of bounded length."""
    return " ".join(str(error).split())[:500] or type(error).__name__
