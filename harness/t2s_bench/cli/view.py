"""`t2s-bench view`: a page to browse the questions of one run or of two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from t2s_bench.cli.common import CORES, DataOption, EngineOption, JobsOption


def view(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    other: Annotated[
        Path | None, typer.Argument(help="A second run on the same questions, to set beside it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The page (default: RUN/view.html).")] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the page on this machine until Ctrl-C.")
    ] = False,
    jobs: JobsOption = CORES,
    engine: EngineOption = None,
    data: DataOption = None,
) -> None:
    """Write a self-contained page to browse a run: SQL with a diff, results, schema, trace.

    Example: t2s-bench view runs/mini/oracle --out oracle.html
    """
    from t2s_bench.runs import records
    from t2s_bench.runs.directory import RunDirectory
    from t2s_bench.runs.rescore import benchmark_of, on_engine_of
    from t2s_bench.viewer.content import collect
    from t2s_bench.viewer.page import viewer_page
    from t2s_bench.viewer.pair import labelled_runs

    runs = labelled_runs([run] if other is None else [run, other])
    directory = RunDirectory(run)
    benchmark = on_engine_of(directory, benchmark_of(directory, data=data), engine)
    text = viewer_page(collect(runs, benchmark, workers=jobs))
    path = out or run / "view.html"
    records.replace(path, text.encode())
    typer.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    if serve:
        _serve(text)


def _serve(text: str) -> None:
    from t2s_bench.viewer.serving import LOOPBACK, page_server

    with page_server(text) as server:
        typer.echo(f"http://{LOOPBACK}:{server.server_port}/ (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("")
