"""A check-up as people read it, and the files that it leaves beside the data."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.benchmarks.doctor import Checkup, Leak
from t2s_bench.benchmarks.location import data_folder
from t2s_bench.benchmarks.registry import EMBEDDED, datasets
from t2s_bench.errors import BadInput
from t2s_bench.reports.markdown import percent

# So many cases of one kind are spelled out in Markdown; the JSON file has all.
SHOWN = 50


def report_place(benchmark: Benchmark, data: str | os.PathLike[str] | None = None) -> Path:
    """Where the report of a dataset lies, without the ending: beside the data.

    The folder of the embedded benchmark is not written into; its report lies in the data folder.
    """
    known = datasets().get(benchmark.name)
    name = f"check-{benchmark.name}"
    if known and known[0].family == EMBEDDED:
        return data_folder(data) / name
    return benchmark.folder / name


def write_report(checkup: Checkup, place: Path) -> Path:
    """Writes `<place>.json`, with everything, and `<place>.md`; gives the path of the latter.

    Raises:
        BadInput: the folder cannot be written to.
    """
    paths = [place.with_name(place.name + ending) for ending in (".json", ".md")]
    content = json.dumps(record(checkup), indent=1, ensure_ascii=False)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        paths[0].write_text(content + "\n", encoding="utf-8", errors="backslashreplace")
        paths[1].write_text(markdown(checkup), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise BadInput(
            f"the report cannot be written to {place.parent}: {error.strerror}"
        ) from None
    return paths[1]


def record(checkup: Checkup) -> dict[str, object]:
    """The check-up as JSON; equal data give equal records."""
    return {**asdict(checkup), "left_out": checkup.left_out}


def findings(checkup: Checkup) -> list[str]:
    """What was found, a line each, for a terminal and for the head of the report."""
    kinds = Counter(problem.kind for problem in checkup.problems)
    lines = [
        f"questions: {checkup.questions:,} of {checkup.total:,}, "
        + (
            f"{checkup.left_out:,} left out for want of their database ("
            + _counts(checkup.missing)
            + ")"
            if checkup.left_out
            else "none left out"
        )
    ]
    if checkup.skipped:
        lines.append(f"golds: not run: {checkup.skipped}")
    else:
        lines.append(
            f"golds: {checkup.golds_run:,} of {checkup.golds:,} run, "
            f"{checkup.with_rows:,} with rows, {len(checkup.empty):,} empty; "
            f"{kinds['error']:,} errors, {kinds['over budget']:,} over budget"
        )
        lines.append(f"ceiling, the golds scored against themselves: {_ceilings(checkup)}")
    lines += [
        "ids: "
        + (
            f"{len(checkup.duplicate_ids):,} repeat: " + ", ".join(checkup.duplicate_ids)
            if checkup.duplicate_ids
            else "each occurs once"
        ),
        f"questions asked again word for word on the same database: {len(checkup.repeated):,}",
        *(_leak_line(leak) for leak in checkup.leaks),
        "tables.json and the databases: "
        + (
            f"{sum(map(len, checkup.schema.values())):,} mismatches in {', '.join(checkup.schema)}"
            if checkup.schema
            else "no mismatch"
        ),
    ]
    return lines + [f"note: {note}" for note in checkup.notes]


def markdown(checkup: Checkup) -> str:
    """The report in Markdown."""
    version = f" {checkup.version}" if checkup.version else ""
    blocks = [
        f"# Check-up of {checkup.name}{version}",
        "\n".join(f"- {line}" for line in findings(checkup)),
        f"Digest {checkup.digest[:12]} · budget {checkup.budget.steps:,} steps, "
        f"{checkup.budget.seconds:g} s · t2s-bench {checkup.t2s_bench} · SQLite {checkup.sqlite}",
    ]
    problems = [
        (
            problem.id + (f" (gold {problem.gold + 1})" if problem.gold else ""),
            problem.kind,
            problem.message,
        )
        for problem in checkup.problems
    ]
    blocks += _section("Golds without a result", ("question", "", "message"), problems)
    if checkup.empty:
        blocks += ["## Golds that return no row", _listed(checkup.empty)]
    below = {m: ceiling.below for m, ceiling in checkup.ceilings.items() if ceiling.below}
    if below:
        blocks += ["## Golds that do not get the full score from themselves"]
        blocks += [f"- {metric}: {_listed(ids)}" for metric, ids in below.items()]
    repeats = [(official, ", ".join(ids)) for official, ids in checkup.duplicate_ids.items()]
    blocks += _section("Official ids that repeat", ("official id", "ids here"), repeats)
    blocks += _section("Questions asked again", ("question", "first asked as"), checkup.repeated)
    for leak in checkup.leaks:
        pairs = [
            (
                pair.id,
                pair.other,
                f"{pair.similarity:.2f}",
                "yes" if pair.same_gold else "",
                pair.question,
                pair.other_question,
            )
            for pair in leak.pairs
        ]
        header = (checkup.name, leak.split, "similarity", "same gold", "question", "the other")
        blocks += _section(f"Near duplicates in {leak.split}", header, pairs)
    lines = [(db_id, line) for db_id, found in checkup.schema.items() for line in found]
    blocks += _section("tables.json against the databases", ("database", ""), lines)
    return "\n\n".join(blocks) + "\n"


def _ceilings(checkup: Checkup) -> str:
    """What the golds reach by each metric; those that are full are named together."""
    known = {name: found for name, found in checkup.ceilings.items() if found.value is not None}
    parts = [
        f"{name} {percent(found.value)} ({len(found.below):,} below)"
        for name, found in known.items()
        if found.below
    ]
    full = [name for name, found in known.items() if not found.below]
    if full:
        parts.append(f"{percent(100.0)} by {', '.join(full)}")
    return ", ".join(parts)


def _leak_line(leak: Leak) -> str:
    if leak.same:
        return f"near duplicates in {leak.split}: it asks the same questions"
    equal = sum(pair.similarity == 1 for pair in leak.pairs)
    golds = sum(pair.same_gold for pair in leak.pairs)
    shared = len(leak.databases)
    return (
        f"near duplicates in {leak.split}: {len(leak.pairs):,} ({equal:,} of equal words, "
        f"{golds:,} with the same gold); databases in common: {shared:,}"
    )


def _section(title: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    rows = list(rows)
    if not rows:
        return []
    shown = [tuple(_cell(cell) for cell in row) for row in rows[:SHOWN]]
    more = [f"… and {len(rows) - SHOWN:,} more"] if len(rows) > SHOWN else []
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *shown)]
    return [f"## {title}", "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]]), *more]


def _listed(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
    return ", ".join(ids[:SHOWN]) + more


def _counts(missing: Mapping[str, int]) -> str:
    return ", ".join(f"{db_id} {count:,}" for db_id, count in missing.items())


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
