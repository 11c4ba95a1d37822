"""Leaderboards of invented records, for tests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from t2s_bench.analysis.scored_run import rules
from t2s_bench.leaderboard.facts import BenchmarkFacts
from t2s_bench.leaderboard.folder import Board
from t2s_bench.runs.record import Record
from t2s_bench.types import Outcome


def make_facts(
    questions: int = 8, name: str = "town", total: int | None = None, difficulties: bool = True
) -> BenchmarkFacts:
    """A benchmark of easy and hard questions on two databases; every third gold has a join."""
    return BenchmarkFacts(
        name=name,
        version="1",
        digest=sha256(f"{name} {questions}".encode()).hexdigest(),
        total=questions if total is None else total,
        summary=f"scored {questions} of {questions}",
        primary_metric="ex",
        licence="MIT",
        citation="Somebody",
        ids=tuple(f"{name}-{n}" for n in range(questions)),
        databases=tuple("ab"[n % 2] for n in range(questions)),
        difficulties=tuple(
            ("easy", "hard")[n % 2] if difficulties else "" for n in range(questions)
        ),
        features=tuple(("join", "subquery") if n % 3 == 0 else () for n in range(questions)),
    )


def make_record(
    facts: BenchmarkFacts,
    name: str,
    right: Sequence[float | None],
    *,
    ceiling: bool = False,
    elsewhere: bool = False,
    confidences: Sequence[float | None] = (),
    tokens: int = 1000,
    sqlite: str = "3.40.1",
    metrics: Sequence[str] = ("ex",),
    note: str = "",
    off: Sequence[str] = (),
) -> Record:
    """A record of a system with these scores under every metric."""
    system: dict[str, Any] = {"name": name, "digest": sha256(name.encode()).hexdigest()}
    if elsewhere:
        system |= {"ceiling": False, "predictions_file": f"{name}.sql"}
    else:
        system |= {"ceiling": ceiling, "options": {"beam": 8}, "off": list(off), "seed": 0}
    ids = sha256("\n".join(facts.ids).encode()).hexdigest()[:16]
    identity = {
        "format": 1,
        "benchmark": {
            "name": facts.name,
            "version": facts.version,
            "digest": facts.digest,
            "questions": len(facts.ids),
            "ids": ids,
        },
        "system": system,
        "scoring": {
            "metrics": list(metrics),
            "profile": "safe",
            "budget": {"steps": 3_000_000_000, "seconds": 120.0, "rows": 10, "bytes": 10},
        },
        "versions": {"t2s-bench": "0.1.0", "python": "3.11.7", "sqlite": sqlite},
    }
    outcomes = [Outcome.MATCH if value == 1 else Outcome.MISMATCH for value in right]
    return Record(
        name=name,
        identity=identity,
        date="2026-01-02",
        hardware={"machine": "x86_64", "system": "Linux"},
        cost={
            "prompt_tokens": 0 if elsewhere else tokens,
            "completion_tokens": 0,
            "predict_seconds": 0.0 if elsewhere else 2.0,
            "execute_seconds": 0.5,
            "steps": 64_000,
        },
        ceilings=dict.fromkeys(metrics, 100.0),
        outcomes=tuple(outcomes),
        scores={metric: tuple(right) for metric in metrics},
        confidences=tuple(confidences),
        note=note,
    )


def make_board(facts: BenchmarkFacts, records: Sequence[Record]) -> Board:
    """A board of these records."""
    return Board(facts, rules(records[0].identity), tuple(records))


def large_board(systems: int = 20, questions: int = 1034) -> Board:
    """As many systems and questions as a busy leaderboard has; every other one is confident."""
    facts = make_facts(questions, "metropolis")
    chance = random.Random(7)
    return make_board(
        facts,
        [
            make_record(
                facts,
                f"system-{number:02}",
                [float(chance.random() < 0.5 + 0.02 * number) for _ in facts.ids],
                metrics=("ex", "ex_spider", "em"),
                confidences=[chance.random() for _ in facts.ids] if number % 2 else (),
                tokens=1034 * (100 + 57 * number),
            )
            for number in range(systems)
        ],
    )


def write_board(folder: Path, board: Board) -> None:
    """Writes a board as `submit` would."""
    facts = board.facts
    path = folder / "benchmarks" / f"{facts.name}-{facts.digest[:12]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(facts.to_json())
    for record in board.records:
        path = folder / "records" / facts.name / f"{record.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record.to_json())
