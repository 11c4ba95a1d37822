"""Measures the clarifier without a model: golds against their mutants.

For each question up to six mutants of its gold (one part changed: a column, a literal, a join …)
whose result differs from the gold's. Printed is how many of these pairs have a difference in words,
and for each source how often its finding chose the gold. A model's own errors are harder than
mutants: these figures are an upper bound of what the probes are worth.

    python bench/clarifier_probes.py [--benchmark mini] [--questions 700] [--seed 1]
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "data" / "mini")]

from mini_tools.databases import QueryError  # noqa: E402
from mini_tools.mutations import mutants  # noqa: E402
from mini_tools.schema import read_tables  # noqa: E402
from sqlglot.errors import SqlglotError  # noqa: E402
from systems.advanced.clarifier.difference import differences  # noqa: E402
from systems.advanced.clarifier.probes import settle  # noqa: E402
from systems.advanced.evidence import Prober  # noqa: E402
from systems.advanced.schema_graph.graph import SchemaGraph  # noqa: E402
from systems.advanced.task import Task  # noqa: E402

import t2s_bench  # noqa: E402
from t2s_bench.databases.schema import read_schema  # noqa: E402
from t2s_bench.types import Database  # noqa: E402

MUTANTS = 6
# The probes read names and literals themselves: they need no graph.
NO_GRAPH = SchemaGraph((), np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.uint8))


def main() -> None:
    """Prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", default="mini")
    parser.add_argument("--questions", type=int, default=700)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    benchmark = t2s_bench.load(options.benchmark)
    examples = list(benchmark.examples)
    random.Random(options.seed).shuffle(examples)
    chosen = sorted(examples[: options.questions], key=lambda one: one.question.database)
    counts: Counter[str] = Counter()
    settled: dict[str, Counter[bool]] = {}
    with Prober() as prober:
        for example in chosen:
            database = benchmark.databases[example.question.database]
            task = Task(example.question, database, read_schema(database), NO_GRAPH)
            gold = example.golds[0]
            sqls = [gold, *_mutants(gold, database, example.id)]
            right, *others = prober.run(database, sqls)
            for sql, wrong in zip(sqls[1:], others, strict=True):
                if not right.runs or not wrong.runs or wrong.result == right.result:
                    continue
                counts["pairs"] += 1
                found = differences(gold, sql, task.schema)
                if not found:
                    counts["without a difference"] += 1
                    continue
                finding = settle(task, found[0], (right, wrong), prober)
                if finding is None:
                    counts["silent"] += 1
                    continue
                settled.setdefault(str(finding.source), Counter())[finding.side == 0] += 1
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    for source, verdicts in sorted(settled.items()):
        share = verdicts[True] / verdicts.total()
        print(f"{source:<10} {verdicts.total():>5} findings, {100 * share:.1f} % chose the gold")


def _mutants(gold: str, database: Database, seed: str) -> list[str]:
    with closing(sqlite3.connect(database.path)) as connection:
        connection.text_factory = lambda data: data.decode("utf-8", "ignore")
        try:
            found = [one.sql for one in mutants(gold, read_tables(connection), connection)]
        except (QueryError, SqlglotError, sqlite3.Error):
            return []
    random.Random(seed).shuffle(found)
    return found[:MUTANTS]


if __name__ == "__main__":
    main()
