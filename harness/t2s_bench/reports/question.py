"""One question of a run: what was asked, what was answered, and both results side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.execution.pool import Pool
from t2s_bench.runs.directory import RunDirectory, score_record
from t2s_bench.types import Budget, Execution, Outcome

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

ROWS_SHOWN = 12
_CELL = 60


def lost_questions(directory: RunDirectory, benchmark: Benchmark) -> list[dict[str, object]]:
    """The questions of a run that are not a match, in the benchmark's order."""
    scores = directory.scores()
    return [
        {"id": e.id, "outcome": str(score.outcome), "question": e.question.question}
        for e in benchmark.examples
        if (score := scores.get(e.id)) is not None and score.outcome is not Outcome.MATCH
    ]


def question_view(directory: RunDirectory, benchmark: Benchmark, id: str) -> dict[str, object]:
    """Everything about one question of a run; gold and prediction are run again for it."""
    examples = {example.id: example for example in benchmark.examples}
    predictions = directory.predictions()
    if id not in predictions:
        lost = [str(line["id"]) for line in lost_questions(directory, benchmark)[:5]]
        raise UnknownName("question of this run", id, [*lost, "…"] if lost else predictions)
    example, prediction = examples[id], predictions[id]
    score = directory.scores().get(id)
    if score is None:
        raise BadInput(f"question '{id}' is not scored yet: finish the run with --resume")
    database = benchmark.databases[example.question.database]
    scoring: Any = directory.lock.identity["scoring"]
    budget = replace(Budget(**scoring["budget"]), bytes=50_000_000)
    sqls = [example.golds[0], prediction.sql]
    with Pool(1) as pool:
        place = database.url or database.path
        gold, predicted = pool.execute(((place, sql) for sql in sqls), budget)
    return {
        "id": id,
        "database": example.question.database,
        "question": example.question.question,
        "evidence": example.question.evidence,
        "difficulty": example.difficulty,
        "score": score_record(score),
        "schema": _schema_part(database.path, sqls),
        "golds": list(example.golds),
        "gold_result": _result(gold),
        "prediction": prediction.sql,
        "prediction_result": _result(predicted),
        "confidence": prediction.confidence,
        "candidates": [[candidate.sql, candidate.score] for candidate in prediction.candidates],
        "trace": prediction.trace,
        "reason": explain(score.outcome, score.error, gold, predicted, len(example.golds)),
    }


def explain(outcome: Outcome, error: str, gold: Execution, predicted: Execution, golds: int) -> str:
    """Why a question was won or lost, in words."""
    if outcome is Outcome.MATCH:
        return "the results agree"
    if outcome is Outcome.NO_SQL:
        return "the system gave no SQL"
    if outcome is not Outcome.MISMATCH or not (gold.ok and predicted.ok):
        return {
            Outcome.PRED_ERROR: "the predicted SQL fails",
            Outcome.PRED_TIMEOUT: "the predicted SQL does not end within its budget",
            Outcome.GOLD_ERROR: "the gold SQL itself fails",
            Outcome.GOLD_TIMEOUT: "the gold SQL itself does not end within its budget",
            Outcome.REFUSED: "the predicted SQL does more than read",
            Outcome.INFRA: "the worker process was lost twice",
        }.get(outcome, "the results differ") + (f": {error}" if error else "")
    return _difference(gold, predicted) + (f" (first of {golds} golds)" if golds > 1 else "")


def _difference(gold: Execution, predicted: Execution) -> str:
    if gold.rows and not predicted.rows:
        return f"the prediction returns nothing, the gold {len(gold.rows):,} rows"
    if predicted.rows and not gold.rows:
        return f"the gold returns nothing, the prediction {len(predicted.rows):,} rows"
    if len(gold.columns) != len(predicted.columns):
        return f"{len(predicted.columns)} columns instead of {len(gold.columns)}"
    missing = len(set(gold.rows) - set(predicted.rows))
    extra = len(set(predicted.rows) - set(gold.rows))
    if missing or extra:
        return f"{missing:,} rows of the gold are missing, {extra:,} rows are too many"
    if len(gold.rows) != len(predicted.rows):
        return f"the same rows, but {len(predicted.rows):,} instead of {len(gold.rows):,}"
    return "the same rows in another order"


def _result(execution: Execution) -> dict[str, object]:
    return {
        "status": str(execution.status),
        "error": execution.error,
        "columns": list(execution.columns),
        "rows": [[_json_value(value) for value in row] for row in execution.rows[:ROWS_SHOWN]],
        "row_count": len(execution.rows),
        "steps": execution.steps,
    }


def _json_value(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _schema_part(path: Path, sqls: Sequence[str]) -> dict[str, list[str]]:
    """The tables that gold or prediction name, with their columns and types."""
    from t2s_bench.databases.schema import read_schema

    text = " ".join(sqls).lower()
    schema = read_schema(path, samples=0)
    return {
        table.name: [f"{column.name} {column.type}".strip() for column in table.columns]
        for table in schema.tables
        if table.name.lower() in text
    }


def print_lost(lost: Sequence[Mapping[str, object]], run: Path, console: Console) -> None:
    """A line for each lost question, and how to look at one."""
    if not lost:
        console.print("no question was lost")
        return
    for line in lost:
        console.print(f"{line['id']}  {line['outcome']}  {line['question']}", highlight=False)
    console.print(
        f"{len(lost):,} lost; look at one: t2s-bench show {run} {lost[0]['id']}", highlight=False
    )


def print_question(view: Mapping[str, Any], console: Console) -> None:
    """The view on a terminal."""
    from rich.columns import Columns
    from rich.markup import escape
    from rich.panel import Panel
    from rich.syntax import Syntax

    heading = f"{view['id']} · database {view['database']}"
    if view["difficulty"]:
        heading += f" · {view['difficulty']}"
    text = escape(view["question"])
    if view["evidence"]:
        text += f"\n[dim]evidence: {escape(view['evidence'])}[/dim]"
    console.print(Panel(text, title=heading, title_align="left"))
    for table, columns in view["schema"].items():
        console.print(
            f"[bold]{escape(table)}[/bold] ({escape(', '.join(columns))})", highlight=False
        )
    for label, sqls in (("gold", view["golds"]), ("prediction", [view["prediction"]])):
        for sql in sqls:
            body = Syntax(sql or "(no SQL)", "sql", word_wrap=True, background_color="default")
            console.print(Panel(body, title=label, title_align="left"))
    tables = [
        _result_table("gold", view["gold_result"]),
        _result_table("prediction", view["prediction_result"]),
    ]
    console.print(Columns(tables, padding=(0, 4)))
    score = {k: v for k, v in view["score"].items() if k not in ("id", "outcome", "error")}
    shown = " · ".join(f"{name} {value}" for name, value in score.items())
    if view["confidence"] is not None:
        shown += f" · confidence {view['confidence']:.2f}"
    console.print(
        f"[bold]{view['score']['outcome']}[/bold]: {escape(view['reason'])}\n{shown}",
        highlight=False,
    )


def _result_table(label: str, result: Mapping[str, Any]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=label, title_justify="left", box=box.SIMPLE_HEAD)
    if result["status"] != "ok":
        table.add_column(f"{result['status']}: {result['error']}"[:_CELL])
        return table
    for name in result["columns"]:
        table.add_column(Text(name[:_CELL]))
    for row in result["rows"]:
        table.add_row(*(Text(_cell(value)) for value in row))
    more = result["row_count"] - len(result["rows"])
    if more:
        table.caption = f"and {more:,} more rows"
    elif not result["row_count"]:
        table.caption = "no rows"
    return table


def _cell(value: object) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"
