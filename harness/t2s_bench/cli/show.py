"""`t2s-bench show`: one question of a run, gold and prediction side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from t2s_bench.cli.common import DataOption, EngineOption, JsonOption, print_json, stdout_console


def show(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    id: Annotated[
        str | None,
        typer.Argument(help="A question's id; without one, the questions that were lost."),
    ] = None,
    engine: EngineOption = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Show why a question was won or lost: SQL, both results, the schema it is about.

    Example: t2s-bench show runs/mini/nop clinic-01
    """
    from t2s_bench.reports.question import lost_questions, print_lost, print_question, question_view
    from t2s_bench.runs.directory import RunDirectory
    from t2s_bench.runs.rescore import benchmark_of, on_engine_of

    directory = RunDirectory(run)
    benchmark = benchmark_of(directory, data=data)
    if id is None:
        lost = lost_questions(directory, benchmark)
        if json:
            print_json({"lost": lost})
        else:
            print_lost(lost, run, stdout_console())
        return
    view = question_view(directory, on_engine_of(directory, benchmark, engine), id)
    if json:
        print_json(view)
    else:
        print_question(view, stdout_console())
