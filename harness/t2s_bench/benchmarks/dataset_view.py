"""How a dataset, one of its databases or one of its questions looks, as data and on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.benchmarks.diagram import cell, diagram, first_rows, rows_table
from t2s_bench.databases.schema import Schema, read_schema
from t2s_bench.errors import UnknownName
from t2s_bench.execution.pool import Pool
from t2s_bench.types import Budget, Database, Example

if TYPE_CHECKING:
    from rich.console import Console

View = Mapping[str, Any]
ROWS_SHOWN = 10


def dataset_view(benchmark: Benchmark) -> View:
    """A dataset as a whole: what it is, and its databases with their sizes."""
    asked = Counter(example.question.database for example in benchmark.examples)
    databases = []
    for db_id, database in benchmark.databases.items():
        schema = read_schema(database, samples=0)
        databases.append(
            {
                "id": db_id,
                "questions": asked[db_id],
                "tables": len(schema.tables),
                "columns": sum(len(table.columns) for table in schema.tables),
                "rows": sum(table.rows or 0 for table in schema.tables),
                "fillings": len(database.files),
                "bytes": database.path.stat().st_size,
            }
        )
    return {
        "name": benchmark.name,
        "version": benchmark.version,
        "summary": benchmark.summary_line(),
        "digest": benchmark.digest,
        "primary_metric": benchmark.primary_metric,
        "licence": benchmark.licence,
        "citation": benchmark.citation,
        "folder": str(benchmark.folder),
        "difficulties": dict(Counter(e.difficulty for e in benchmark.examples if e.difficulty)),
        "databases": databases,
        "first_question": benchmark.examples[0].id,
        "notes": list(benchmark.notes),
    }


def view_of(benchmark: Benchmark, id: str) -> View:
    """One question by its id, or one database by its.

    Raises:
        UnknownName: there is neither.
    """
    for example in benchmark.examples:
        if example.id == id:
            return _question_view(example, benchmark.databases[example.question.database])
    if id in benchmark.databases:
        return _database_view(benchmark.databases[id])
    few = [example.id for example in benchmark.examples[:3]]
    raise UnknownName(
        f"question or database of {benchmark.name}", id, [*benchmark.databases, *few, "…"]
    )


def _database_view(database: Database) -> dict[str, Any]:
    schema = read_schema(database)
    return {
        "database": database.id,
        "digest": database.digest,
        "fillings": [path.name for path in database.files],
        "schema": schema,
        "rows": {table.name: first_rows(database.path, table) for table in schema.tables},
    }


def _question_view(example: Example, database: Database) -> dict[str, Any]:
    view = _database_view(database)
    words = " ".join(example.golds).lower()
    used = [table.name for table in view["schema"].tables if table.name.lower() in words]
    with Pool(1) as pool:
        (execution,) = pool.execute([(database.path, example.golds[0])], Budget(bytes=50_000_000))
    return {
        **view,
        "rows": {name: rows for name, rows in view["rows"].items() if name in used},
        "used": used,
        "id": example.id,
        "question": example.question.question,
        "evidence": example.question.evidence,
        "difficulty": example.difficulty,
        "golds": list(example.golds),
        "result": {
            "status": str(execution.status),
            "error": execution.error,
            "columns": list(execution.columns),
            "rows": [list(map(cell, row)) for row in execution.rows[:ROWS_SHOWN]],
            "row_count": len(execution.rows),
        },
    }


def as_json(view: View) -> dict[str, Any]:
    """A view as JSON."""
    from dataclasses import asdict

    schema = view.get("schema")
    return {**view, "schema": asdict(schema)} if isinstance(schema, Schema) else dict(view)


def print_view(view: View, console: Console) -> None:
    """A view on a terminal."""
    if "schema" not in view:
        _print_dataset(view, console)
        return
    if "question" in view:
        _print_question(view, console)
    from rich.columns import Columns
    from rich.text import Text

    schema: Schema = view["schema"]
    fillings = len(view["fillings"])
    console.print(
        Text(
            f"database {view['database']} · {len(schema.tables):,} tables · "
            f"{fillings:,} filling{'s' * (fillings != 1)} · digest {view['digest'][:12]}",
            style="bold",
        )
    )
    console.print(Columns(diagram(schema, view.get("used") or None), padding=(0, 1)))
    for table in schema.tables:
        if table.name in view["rows"]:
            names = [column.name for column in table.columns]
            console.print(rows_table(table.name, names, view["rows"][table.name]))
    for note in schema.notes:
        console.print(Text(f"note: {note}"))


def _print_dataset(view: View, console: Console) -> None:
    from rich.text import Text

    version = f" {view['version']}" if view["version"] else ""
    lines = [
        f"{view['name']}{version}: {view['summary']}",
        f"digest {view['digest'][:12]} · metric {view['primary_metric']} · in {view['folder']}",
        " · ".join(part for part in (view["licence"], view["citation"]) if part),
        ", ".join(f"{name} {count:,}" for name, count in view["difficulties"].items()),
        *(f"note: {note}" for note in view["notes"]),
    ]
    for line in filter(None, lines):
        console.print(Text(line))
    header = ("database", "questions", "tables", "columns", "rows", "fillings", "bytes")
    rows = [[base["id"], *(f"{base[key]:,}" for key in header[1:])] for base in view["databases"]]
    console.print(rows_table("", header, rows))
    first = view["databases"][0]["id"]
    console.print(
        Text(
            f"More: t2s-bench datasets show {view['name']} {first} (a database), "
            f"… {view['first_question']} (a question)"
        )
    )


def _print_question(view: View, console: Console) -> None:
    from rich.panel import Panel
    from rich.syntax import Syntax
    from rich.text import Text

    heading = " · ".join(filter(None, (view["id"], view["database"], view["difficulty"])))
    text = view["question"] + (f"\nevidence: {view['evidence']}" if view["evidence"] else "")
    console.print(Panel(Text(text), title=Text(heading), title_align="left"))
    for sql in view["golds"]:
        body = Syntax(sql, "sql", word_wrap=True, background_color="default")
        console.print(Panel(body, title="gold", title_align="left"))
    result = view["result"]
    if result["status"] != "ok":
        console.print(Text(f"the gold gives no result: {result['status']} {result['error']}"))
        return
    title = f"{result['row_count']:,} row{'s' * (result['row_count'] != 1)}"
    console.print(rows_table(title, result["columns"], result["rows"]))
