"""`t2s-bench ask`: one question on a database that the user brings."""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from t2s_bench.cli.common import JsonOption, print_json, stdout_console

if TYPE_CHECKING:
    from t2s_bench.asking import Answer
    from t2s_bench.system import Ask, Clarification


def ask(
    database: Annotated[str, typer.Argument(help="A SQLite file, or a server's SQLAlchemy URL.")],
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    system: Annotated[
        str, typer.Option(help="The system that answers, by name or folder.")
    ] = "advanced",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the system, as key=value; repeatable."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say in plain words what the SQL does.")
    ] = False,
    rows: Annotated[int, typer.Option(min=1, help="Show at most this many rows.")] = 50,
    seed: Annotated[int, typer.Option(help="Seed of all chance.")] = 0,
    json: JsonOption = False,
) -> None:
    """Ask a question on a database of your own: SQL, result, and how sure the system is.

    Nothing is ever written to the database. In a terminal a system may ask one question back. The
    exit code is 1 where there is no result: the system abstained, or its SQL did not run.

    Example: t2s-bench ask shop.sqlite "Which customers have no orders?" --explain
    """
    from t2s_bench import asking
    from t2s_bench.options import read_options
    from t2s_bench.plugins import load_system

    human = _in_terminal() if not json and sys.stdin.isatty() and sys.stderr.isatty() else None
    try:
        with tempfile.TemporaryDirectory(prefix="t2s-ask-") as folder:
            opened = asking.open_database(database, Path(folder))
            loaded = load_system(system, read_options(option or ()), seed=seed)
            answer = asking.ask(loaded, opened, question, human, rows)
            words = asking.explain(answer.sql, opened.dialect) if explain and answer.sql else ""
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(130) from None
    if json:
        _print_json(question, answer, words)
    else:
        _show(answer, words)
    if not answer.ok:
        raise typer.Exit(1)


def _in_terminal() -> Ask:
    """Asks on the terminal, once; further questions are left to the system."""
    asked = False

    def human(question: Clarification) -> str | None:
        nonlocal asked
        if asked:
            return None
        asked = True
        typer.echo(f"\n{question.text}", err=True)
        for number, choice in enumerate(question.choices, 1):
            typer.echo(f"  {number}. {choice}", err=True)
        said = typer.prompt("(1, 2, your own words, or Enter to skip)", default="",
                            show_default=False, err=True)  # fmt: skip
        return str(said).strip() or None

    return human


def _show(answer: Answer, words: str) -> None:
    from rich.table import Table
    from rich.text import Text

    console = stdout_console()
    if answer.sql:
        console.print(Text(_printable(answer.sql)), soft_wrap=True)
    if words:
        console.print(Text("\n" + _printable(words)), soft_wrap=True)
    if answer.ok:
        table = Table()
        for column in answer.columns:
            table.add_column(Text(_printable(column)), overflow="fold")
        for row in answer.rows:
            table.add_row(*(Text(_printable(_text(cell))) for cell in row))
        console.print()
        console.print(table)
        console.print(_counted(answer))
    else:
        console.print(Text(f"no answer: {_printable(answer.reason)}"), soft_wrap=True)
    if answer.confidence is not None:
        console.print(f"confidence {answer.confidence:.2f}")
    for line in answer.unsure:
        console.print(Text(f"unsure: {_printable(line)}"), soft_wrap=True)


def _counted(answer: Answer) -> str:
    if answer.more:
        of = f"of {answer.total:,}" if answer.total is not None else "of many"
        return f"the first {len(answer.rows):,} rows {of}"
    return f"{len(answer.rows):,} row{'s' * (len(answer.rows) != 1)}"


def _print_json(question: str, answer: Answer, words: str) -> None:
    content: dict[str, object] = {
        "question": question,
        "sql": answer.sql,
        "columns": list(answer.columns),
        "rows": [[_json_cell(cell) for cell in row] for row in answer.rows],
        "rows_in_all": answer.total,
        "confidence": answer.confidence,
        "unsure": list(answer.unsure),
        "reason": answer.reason,
    }
    if words:
        content["explanation"] = words.splitlines()
    print_json(content)


def _json_cell(cell: object) -> object:
    finite = isinstance(cell, float) and math.isfinite(cell)
    return cell if cell is None or finite or isinstance(cell, (bool, int, str)) else _text(cell)


def _text(cell: object) -> str:
    if cell is None:
        return "NULL"
    return f"<{len(cell):,} bytes>" if isinstance(cell, bytes) else str(cell)


def _printable(text: str) -> str:
    """Without what would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
