"""The system `altered` judges a scorer: every alteration has its verdict."""

from __future__ import annotations

from pathlib import Path

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.plugins import load_system, system_module
from t2s_bench.scoring import Scorer
from t2s_bench.system import OracleSystem


def test_alterations_are_judged_by_what_each_metric_sees(shop: Path) -> None:
    """The order question: rows 20, 20, 10, NULL, for which order and duplicates count.

    DISTINCT changes no verdict of Spider's, which drops it from both sides.
    """
    loaded = load_system("altered")
    alterations = system_module(loaded.folder, "system").ALTERATIONS
    benchmark = load(shop)
    example = next(example for example in benchmark.examples if example.id == "order")
    sqls = [alteration.format(gold=example.golds[0]) for alteration in alterations]
    database = benchmark.databases["shop"]
    with Scorer(("ex", "ex_spider")) as scorer:
        found = dict(scorer.judge_all([(example, database, sql) for sql in sqls]))
    verdicts = [
        (found[place].score.metrics["ex"], found[place].score.metrics["ex_spider"])
        for place in range(len(sqls))
    ]
    both, sets, neither = (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)
    assert verdicts == [both, both, both, both, sets, sets] + [neither] * 4


def test_the_alteration_depends_on_the_question_alone(shop: Path) -> None:
    benchmark = load(shop)
    system = load_system("altered").start()
    assert isinstance(system, OracleSystem)
    answers = [
        system.predict(example, benchmark.databases[example.question.database])
        for example in (*benchmark.examples, *reversed(benchmark.examples))
    ]
    assert answers == answers[:6] + answers[5::-1]
