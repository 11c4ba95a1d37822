"""`t2s-bench gate`: may this run pass, held against a baseline?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from t2s_bench.cli.common import JsonOption, print_json

if TYPE_CHECKING:
    from t2s_bench.analysis.gate import Status
    from t2s_bench.analysis.scored_run import ScoredRun


def gate(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    baseline: Annotated[Path, typer.Option(help="The baseline's JSON file.")],
    update: Annotated[
        bool, typer.Option("--update", help="Write the baseline and say what changed.")
    ] = False,
    tier: Annotated[
        int | None,
        typer.Option(
            help="With --update: 1, where any changed question fails, or 2, where only a "
            "significant loss does (default: as before; else 1 for recorded predictions and "
            "systems that use no tokens)."
        ),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--md", help="Also write Markdown, for a pull request.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Also write JUnit XML.")] = None,
    json: JsonOption = False,
) -> None:
    """Hold a run against a baseline: 0 fine, 1 a regression, 2 not comparable.

    In GitHub Actions it also annotates and writes the step's summary.

    Example: t2s-bench gate runs/mini/oracle --baseline leaderboard/baselines/mini-oracle.json
    """
    from t2s_bench.analysis.baseline import read_baseline
    from t2s_bench.analysis.gate import Status
    from t2s_bench.analysis.gate import gate as hold
    from t2s_bench.analysis.scored_run import read_scored_run
    from t2s_bench.errors import BadInput, NotComparable
    from t2s_bench.reports import gate as reports

    if tier is not None and not update:
        raise BadInput("--tier is written into a baseline: give it with --update")
    if tier not in (None, 1, 2):
        raise BadInput(f"tier {tier} is unknown: possible are 1 and 2")
    scored = read_scored_run(run)
    if update:
        _update(scored, baseline, tier, json)
        return
    heading = f"{scored.label} on {scored.identity['benchmark']['name']}"
    try:
        result = hold(scored, read_baseline(baseline), baseline)
    except NotComparable as error:
        refusal = reports.refusal_markdown(str(error), heading)
        _leave(markdown, junit, refusal, reports.refusal_junit(str(error), heading))
        _tell_github(None, heading, str(error), refusal)
        raise
    text = reports.to_markdown(result, heading)
    _leave(markdown, junit, text, reports.to_junit(result, scored, heading))
    _tell_github(result.status, heading, result.reason, text)
    if json:
        print_json(reports.gate_content(result))
    else:
        typer.echo(reports.to_text(result, heading))
    if result.status is Status.REGRESSION:
        raise typer.Exit(1)


def _update(scored: ScoredRun, path: Path, tier: int | None, json: bool) -> None:
    from t2s_bench.analysis.baseline import (
        likely_tier,
        make_baseline,
        read_baseline,
        write_baseline,
    )
    from t2s_bench.analysis.gate import gate as hold
    from t2s_bench.errors import NotComparable
    from t2s_bench.reports import gate as reports

    old = read_baseline(path) if path.exists() else None
    new = make_baseline(scored, tier or (old.tier if old else likely_tier(scored)))
    lines = [f"{path}: {'a new baseline' if old is None else 'updated'}, tier {new.tier}"]
    changed: object = None
    if old is not None:
        try:
            result = hold(scored, old, path)
            questions = len({change.id for change in result.changes})
            changed = reports.gate_content(result)
            lines.append(f"questions that score otherwise than before: {questions:,}")
            lines += reports.to_text(result, "").splitlines()[2:]
        except NotComparable as error:
            changed = {"status": "not comparable", "reason": str(error)}
            lines.append(f"what was there cannot be compared: {error}")
        if old.tier != new.tier:
            lines.append(f"tier: {old.tier} → {new.tier}")
    write_baseline(new, path)
    if json:
        print_json({"baseline": str(path), "tier": new.tier, "changed": changed})
    else:
        typer.echo("\n".join(lines))


def _leave(markdown: Path | None, junit: Path | None, text: str, xml: str) -> None:
    from t2s_bench.runs import records

    for path, content in ((markdown, text), (junit, xml)):
        if path is not None:
            records.replace(path, content.encode())


def _tell_github(status: Status | None, heading: str, message: str, text: str) -> None:
    from t2s_bench.reports.gate import annotation

    if os.environ.get("GITHUB_ACTIONS") == "true":
        # On stderr, which GitHub reads too: stdout may be JSON.
        typer.echo(annotation(status, heading, message), err=True)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(text + "\n")
