"""A benchmark on a database server: its databases there, its golds in the server's dialect.

Golds written for the server's dialect are used as they are. Golds written for SQLite are used as
they are too, except where the benchmark's folder has a `dialects.toml` that gives others, or leaves
a question out because no query of that dialect is known to give SQLite's result:

    [postgresql.golds]
    question-id = ["SELECT …"]
    [postgresql.left_out]
    question-id = "why"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.databases.copying import copy_digest
from t2s_bench.databases.writers.writer import COPIES, HOME
from t2s_bench.errors import BadInput
from t2s_bench.execution import address as addresses
from t2s_bench.execution.address import Address
from t2s_bench.execution.dialects.link import CannotConnect
from t2s_bench.execution.server import Server
from t2s_bench.options import read_toml
from t2s_bench.types import Budget, Database, Example

DIALECTS = "dialects.toml"
_CHECK = Budget(seconds=30.0, rows=1_000_000)


def on_engine(benchmark: Benchmark, url: str) -> Benchmark:
    """The benchmark with every database on the server at `url` (see `execution.address`).

    Only the main filling of a database is there, so `ts` judges by that one. Questions left out are
    in `left_out`, and a note counts them.

    Raises:
        BadInput: the server cannot be used, a database was not copied there, or the golds are
            written for another server.
        MissingExtra: SQLAlchemy or the server's driver is not installed.
    """
    addressed = {id: addresses.parse(url, id) for id in benchmark.databases}
    first = next(iter(addressed.values()))
    _check_dialect(benchmark, first)
    version = _check_copies(benchmark, addressed)
    databases = {
        id: replace(
            database, files=database.files[:1], url=addressed[id].text(), dialect=first.dialect
        )
        for id, database in benchmark.databases.items()
    }
    written = _written(benchmark.folder / DIALECTS, first.dialect)
    left_out = written["left_out"]
    examples = tuple(
        _translated(example, written["golds"], databases[example.question.database])
        for example in benchmark.examples
        if example.id not in left_out
    )
    if not examples:
        raise BadInput(f"no question of {benchmark.name} has a gold for {first.dialect}")
    gone = [example.id for example in benchmark.examples if example.id in left_out]
    notes = benchmark.notes
    if gone:
        notes += (
            f"{len(gone):,} questions have no gold for {first.dialect} ({DIALECTS} says why): "
            + ", ".join(gone),
        )
    return replace(
        benchmark,
        examples=examples,
        databases=databases,
        left_out=(*benchmark.left_out, *gone),
        positions={example.id: benchmark.positions[example.id] for example in examples},
        notes=notes,
        engine={"server": version, "golds": _golds_digest(examples)},
    )


def _check_dialect(benchmark: Benchmark, address: Address) -> None:
    for database in benchmark.databases.values():
        if database.dialect not in ("sqlite", address.dialect):
            raise BadInput(
                f"the golds of {benchmark.name} are written for {database.dialect}, which "
                f"{address} is not: give a {database.dialect}:// engine"
            )


def _check_copies(benchmark: Benchmark, addressed: Mapping[str, Address]) -> str:
    """The server's name and version, once every database is known to be there."""
    servers: dict[str, tuple[Server, Mapping[object, object]]] = {}
    version, missing, stale = "", [], []
    try:
        for id, address in addressed.items():
            key = str(address.url)
            if key not in servers:
                server = Server(address)
                version = server.version
                servers[key] = server, _copies(server) if address.own_schema else {}
            found = servers[key][1].get(address.schema)
            if address.own_schema and not found:
                missing.append(id)
            elif address.own_schema and found != copy_digest(
                benchmark.databases[id], address.dialect
            ):
                stale.append(id)
    except CannotConnect as error:
        raise BadInput(str(error)) from error
    finally:
        for server, _ in servers.values():
            server.close()
    address = next(iter(addressed.values()))
    command = f"t2s-bench load-databases {benchmark.name} --to {address}"
    if missing:
        raise BadInput(f"not on {address}: {_some(missing)}. Copy with: {command}")
    if stale:
        raise BadInput(
            f"copies on {address} of other databases, or for golds of another dialect: "
            f"{_some(stale)}. Replace them with: {command} --force"
        )
    return version


def _copies(server: Server) -> Mapping[object, object]:
    """Schema → digest of what is copied; nothing where nothing was ever copied."""
    found = server.execute(f"SELECT name, digest FROM {COPIES}", _CHECK, HOME)
    return {row[0]: row[1] for row in found.rows}


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5:,} more" if len(ids) > 5 else "")


def _written(path: Path, dialect: str) -> Mapping[str, Mapping[str, Any]]:
    section = read_toml(path).get(dialect, {}) if path.is_file() else {}
    return {"golds": section.get("golds", {}), "left_out": section.get("left_out", {})}


def _translated(
    example: Example, golds: Mapping[str, Iterable[str]], database: Database
) -> Example:
    return replace(
        example,
        question=replace(example.question, dialect=database.dialect),
        golds=tuple(golds.get(example.id, example.golds)),
        database=database,
    )


def _golds_digest(examples: Iterable[Example]) -> str:
    """What tells these golds from those of another `dialects.toml`."""
    sha = sha256()
    for example in examples:
        sha.update("\0".join((example.id, *example.golds, "\n")).encode())
    return sha.hexdigest()[:16]
