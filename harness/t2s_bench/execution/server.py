"""Running untrusted SQL on a database server: read-only, bounded, with a typed result.

What `execution.sqlite` is for files. `Budget.seconds` is the limit, since a server counts no
virtual-machine steps: the server itself ends a statement past it, and a watch here cancels it by a
second connection should the server not. Rows come in portions, so that the caps on rows and bytes
bound memory. Executions on a server are not kept on disk: a server's data can change without its
files changing, and its values (Decimal, dates) are none that the disk cache holds.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from sys import getsizeof
from time import monotonic, perf_counter

from t2s_bench.errors import UserError
from t2s_bench.execution import address as addresses
from t2s_bench.execution.address import Address
from t2s_bench.execution.dialects.link import CannotConnect, Link, Result, connect
from t2s_bench.execution.sqlite import CannotOpen
from t2s_bench.execution.statement import find_fault
from t2s_bench.types import Budget, Execution, Row, Status

# Seconds past the budget after which a statement that the server has not ended is cancelled.
CANCEL_SECONDS = 0.25
# Seconds past the budget that a worker may take: to import a driver, to connect, to cancel.
EXTRA_SECONDS = 30.0
# Rows fetched between two checks of the caps: at first, and at most. In between a portion is as
# many rows as take about PORTION_BYTES at the size of the last ones.
FIRST_ROWS = 16
PORTION_ROWS = 2_000
PORTION_BYTES = 1_000_000

_LASTING = (Status.OK, Status.ERROR, Status.REFUSED, Status.TOO_LARGE)


def is_server(place: object) -> bool:
    """Whether a place is a server's URL and not a file's path.

    >>> is_server("postgresql://localhost/bench"), is_server("/data/shop.sqlite")
    (True, False)
    """
    return isinstance(place, str) and "://" in place


class Server:
    """One connection to one server, opened when needed; not for two threads at a time.

    `out_of_memory` stays true once an execution ran out of this process's memory.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._link: Link | None = None
        self.out_of_memory = False

    @property
    def version(self) -> str:
        """Name and version, `PostgreSQL 15.18`; raises CannotConnect."""
        return self._connected().version

    def execute(self, sql: str, budget: Budget, schema: str) -> Execution:
        """Run one statement; failures come back typed, never raised.

        A lost connection is opened again once, and the statement sent again.
        """
        started = perf_counter()
        fault = None
        if self._address.dialect != "duckdb":  # its own parser says more
            fault = find_fault(sql, self._address.dialect)
        if fault is not None:
            return Execution(fault[0], error=fault[1], seconds=perf_counter() - started)
        reason, deadline = "", None
        for _ in range(2):
            try:
                link = self._connected()
            except (CannotConnect, UserError) as error:
                reason = str(error)
                break
            # The budget is the statement's own, both tries together.
            deadline = deadline or monotonic() + budget.seconds
            execution = self._run(link, sql, budget, schema, deadline, started)
            if execution.status is not Status.INFRA:
                return execution
            reason = execution.error
        return Execution(Status.INFRA, error=reason, seconds=perf_counter() - started)

    def close(self) -> None:
        """Close the connection; harmless when repeated."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def _connected(self) -> Link:
        if self._link is None:
            self._link = connect(self._address)
        return self._link

    def _run(
        self, link: Link, sql: str, budget: Budget, schema: str, deadline: float, started: float
    ) -> Execution:
        status, message = Status.OK, ""
        columns: tuple[str, ...] = ()
        rows: list[Row] = []
        usable = False
        left = max(0.001, deadline - monotonic())
        watch = threading.Timer(left + CANCEL_SECONDS, link.cancel)
        watch.daemon = True
        watch.start()
        try:
            result = link.start(sql, schema, left)
            columns = result.columns
            status, message = _fetch(result, rows, budget, deadline)
            usable = status in (Status.OK, Status.ERROR)
        except MemoryError:
            self.out_of_memory = True
            status, message = Status.TOO_LARGE, "out of memory"
        except Exception as error:
            failure = link.failure(error)
            if failure is None:
                status, message = Status.INFRA, f"{self._address}: lost the connection"
            else:
                status, message = failure
                usable = status in (Status.ERROR, Status.REFUSED)
                self.out_of_memory |= status is Status.TOO_LARGE and "memory" in message.lower()
        finally:
            watch.cancel()
            watch.join()
        late = monotonic() > deadline
        if late or not usable or not _finished(link):
            # Rows left unread, or a cancel still on its way, must not reach the next statement.
            self.close()
        if late:
            # Whatever came of it: some servers give a wrong result for an expression cut short.
            status, message = Status.TIMEOUT, f"more than {budget.seconds:g} s of wall-clock time"
        elif status is Status.TIMEOUT:
            status, message = Status.INFRA, f"{self._address}: somebody else ended the statement"
        good = status is Status.OK
        return Execution(
            status,
            columns if good else (),
            rows if good else (),
            message,
            seconds=perf_counter() - started,
        )


class ServerReader:
    """One database on a server, as `execution.session` holds it; `execution.sqlite.Reader`'s twin.

    Readers of one process whose URLs differ in the schema alone share a connection. `repeatable`
    says whether the last execution may stand for its repetition in this process: it was not ended
    by the clock or for want of a connection.
    """

    repeatable = False
    out_of_memory = False

    def __init__(self, url: str) -> None:
        """Connects with the first statement; raises CannotOpen for what is no URL."""
        try:
            address = addresses.parse(url)
        except UserError as error:
            raise CannotOpen(str(error)) from error
        self._schema = address.schema
        self._key = address.url.render_as_string(hide_password=False)
        self._server, self._users = _shared.setdefault(self._key, (Server(address), []))
        self._users.append(self)

    def execute(self, sql: str, budget: Budget) -> Execution:
        """Run one statement; failures come back typed, never raised."""
        execution = self._server.execute(sql, budget, self._schema)
        self.repeatable = execution.status in _LASTING
        self.out_of_memory = self._server.out_of_memory
        return execution

    def close(self) -> None:
        """Let the connection go, and close it after its last user; harmless when repeated."""
        if self in self._users:
            self._users.remove(self)
            if not self._users:
                _shared.pop(self._key)
                self._server.close()


_shared: dict[str, tuple[Server, list[ServerReader]]] = {}


def _finished(link: Link) -> bool:
    try:
        link.finish()
    except Exception:  # each driver has its own; the connection is then opened anew
        return False
    return True


def _fetch(result: Result, rows: list[Row], budget: Budget, deadline: float) -> tuple[Status, str]:
    """Append all rows to `rows`, within the caps."""
    total, wanted = 0, FIRST_ROWS
    while True:
        portion = result.fetch(wanted)
        rows += portion
        if len(rows) > budget.rows:
            return Status.TOO_LARGE, f"more than {budget.rows:,} rows"
        size = _bytes(portion)
        total += size
        if total > budget.bytes:
            return Status.TOO_LARGE, f"more than {budget.bytes:,} bytes of rows"
        if len(portion) < wanted:
            break
        if monotonic() > deadline:
            return Status.TIMEOUT, ""
        wanted = max(1, min(PORTION_ROWS, PORTION_BYTES * len(portion) // size))
    try:
        deque(map(hash, rows), maxlen=0)
    except TypeError as error:
        # The official evaluator puts rows into a set; where that fails the answer is wrong.
        return Status.ERROR, f"a value that cannot be compared ({error}): JSON, an array or a map"
    return Status.OK, ""


def _bytes(rows: Sequence[Row]) -> int:
    """Bytes of the rows in Python's memory."""
    return sum(56 + 8 * len(row) + sum(map(getsizeof, row)) for row in rows)
