"""Measures the graph of a question: literals found, size, time, and the lexical linker.

    python bench/schema_graph.py [BENCHMARK] [QUESTIONS]

A seeded sample of the questions (default: 1,500 of spider-train). A literal of the gold counts as
found where a value candidate is written the same; LIMIT's 1 counts too.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.schema_graph.candidates import text_literal
from systems.advanced.schema_graph.lexical import LexicalLinker, lexical_linking
from systems.advanced.schema_graph.relevance import linking_quality, strict_recall_at, used_by

import t2s_bench


def gold_literals(sql: str) -> list[str]:
    """The literals of a statement as value candidates write them, without LIKE's %."""
    from sqlglot import TokenType
    from sqlglot.dialects.sqlite import SQLite

    tokens = SQLite().tokenize(sql)
    found = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        quoted = token.token_type is TokenType.STRING or (
            # Spider's golds write strings in double quotes, too.
            token.token_type is TokenType.IDENTIFIER and sql[token.start] == '"'
        )
        if quoted:
            found.append(text_literal(token.text.strip("%")))
        elif token.token_type is TokenType.NUMBER:
            number = float(token.text)
            minus = before is not None and before.token_type is TokenType.DASH
            plain = str(int(number)) if number.is_integer() and "." not in token.text else number
            found.append(f"{'-' * minus}{plain}")
    return found


def main() -> None:
    """Prints the figures."""
    name = sys.argv[1] if len(sys.argv) > 1 else "spider-train"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_500
    benchmark = t2s_bench.load(name)
    examples = list(benchmark.examples)
    random.Random(0).shuffle(examples)
    examples = sorted(examples[:count], key=lambda example: example.question.database)
    maker = TaskMaker()
    seconds, tasks, golds = [], [], []
    literals: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    whole = 0
    for example in examples:
        database = benchmark.databases[example.question.database]
        maker.task(example.question, database)  # the schema and the index are read here
        start = time.process_time()
        task = maker.task(example.question, database)
        seconds.append(time.process_time() - start)
        wanted = gold_literals(example.golds[0])
        lost = [one for one in wanted if one not in task.graph.value_items]
        literals.update(wanted)
        missing.update(lost)
        whole += not lost
        tasks.append(task)
        golds.append(used_by(example.golds[0], task.schema))
    maker.close()
    sizes = [len(task.graph.items) for task in tasks]
    values = [len(task.graph.value_items) for task in tasks]
    total, absent = sum(literals.values()), sum(missing.values())
    print(f"{name}, {len(tasks)} questions")
    print(
        f"literals found: {1 - absent / max(1, total):.3f} of {total}, "
        f"all of them in {whole / len(tasks):.3f} of the questions"
    )
    print("most often missing:", ", ".join(f"{one} {n}" for one, n in missing.most_common(25)))
    for what, numbers in (("items", sizes), ("values", values)):
        median, high = np.quantile(numbers, (0.5, 0.9))
        print(f"{what}: median {median:.0f}, 90th percentile {high:.0f}, most {max(numbers)}")
    median, high = 1_000 * np.quantile(seconds, (0.5, 0.9))
    print(f"milliseconds of CPU a graph: median {median:.2f}, 90th percentile {high:.2f}")
    for title, link in (("marks alone", lexical_linking), ("lexical linker", LexicalLinker().link)):
        linkings = [link(task) for task in tasks]
        print(f"{title}: {linking_quality(tasks, linkings, golds)}")
        for k in (5, 10, 20):
            print(f"  strict recall at {k}: {strict_recall_at(k, linkings, golds):.3f}")


if __name__ == "__main__":
    main()
