"""Agreement with the official evaluator on all cases; a typed reason where it crashed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from t2s_bench.metrics.exact_match import (
    ExactMatch,
    exact_match,
    official_prediction_text,
    prepare,
)
from t2s_bench.metrics.spider_schema import SpiderSchema, foreign_key_classes, read_tables
from t2s_bench.metrics.spider_sql import parse
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError

EVALUATORS = [
    ("spider_match", {"values": False, "distinct": False}),
    ("spider_match_values", {"values": True, "distinct": True}),
]


class Reference:
    """Cases, official verdicts and schemas."""

    def __init__(self, folder: Path, find_database: Callable[[str], Path]) -> None:
        self.folder = folder
        self.find_database = find_database
        self.cases = {case["id"]: case for case in self.read("cases.json")}
        self.entries = {entry["db_id"]: entry for entry in self.read("tables.json")}
        self.schemas: dict[str, SpiderSchema] = {}

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text("utf-8"))

    def schema(self, database: str) -> SpiderSchema:
        if database not in self.schemas:
            uri = f"file:{self.find_database(database)}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                tables = read_tables(connection)
            entry = self.entries.get(database)
            self.schemas[database] = SpiderSchema(
                tables, foreign_key_classes(entry) if entry else {}
            )
        return self.schemas[database]

    def ours(self, case_id: str, options: dict[str, bool]) -> ExactMatch:
        case = self.cases[case_id]
        schema = self.schema(case["db"])
        return exact_match(case["gold"], official_prediction_text(case["pred"]), schema, **options)


@pytest.fixture(scope="session")
def reference(shared: Path, spider_databases: Callable[[str], Path]) -> Reference:
    return Reference(shared / "eval_reference", spider_databases)


def as_official(found: ExactMatch) -> dict[str, Any]:
    return {
        "exact": int(found.exact),
        "hardness": found.hardness,
        "partial": {
            name: [score.acc, score.rec, score.f1, score.label_total, score.pred_total]
            for name, score in found.partial.items()
        },
    }


@pytest.mark.parametrize(("evaluator", "options"), EVALUATORS)
def test_every_official_verdict_is_ours(
    reference: Reference, evaluator: str, options: dict[str, bool]
) -> None:
    agreed, silent, disagreed = 0, [], []
    for case_id, verdict in reference.read(f"verdicts/{evaluator}.json").items():
        if "v" not in verdict:
            continue
        found = reference.ours(case_id, options)
        if verdict["v"]["hardness"] is None:
            silent.append((reference.cases[case_id]["pred"].strip(), found.exact, found.unparsed))
        elif as_official(found) == verdict["v"]:
            agreed += 1
        else:
            disagreed.append(case_id)
    assert disagreed == []
    # An empty prediction is no line of the official file: it is never judged there.
    assert silent == [("", False, "no FROM")] * 2
    assert agreed == 5311


OFFICIAL_REASONS = {
    "AssertionError: 'from' not found": "no FROM",
    "AssertionError: ": "')' expected, not ','",
    "KeyError: 'c'": "unknown table or alias 'c'",
}


@pytest.mark.parametrize(("evaluator", "options"), EVALUATORS)
def test_where_the_official_evaluator_crashed_the_reason_is_typed(
    reference: Reference, evaluator: str, options: dict[str, bool]
) -> None:
    refused_alike, others = 0, []
    for case_id, verdict in reference.read(f"verdicts/{evaluator}.json").items():
        if "crash" not in verdict:
            continue
        crash = verdict["crash"]
        try:
            ours = "match" if reference.ours(case_id, options).exact else "no match"
        except SpiderSyntaxError as error:
            ours = str(error)
        column = crash.removeprefix("AssertionError: Error col: ")
        if ours == OFFICIAL_REASONS.get(crash, f"unknown column '{column}'"):
            refused_alike += 1
        else:
            others.append((crash.partition(":")[0], ours))
    # Golds outside the subset: refused for the official reason.
    assert refused_alike == 50
    assert sorted(others) == [
        # A database with a table called "order list", which cannot be read officially.
        ("OperationalError", "match"),
        ("OperationalError", "no match"),
        ("OperationalError", "unknown table or alias '\"order list\"'"),
        # A lone surrogate in the prediction: the official file cannot be decoded.
        ("UnicodeDecodeError", "no match"),
    ]


def test_each_readable_gold_matches_itself(reference: Reference) -> None:
    refused = 0
    golds = {(case["db"], case["gold"]) for case in reference.cases.values()}
    for database, sql in golds:
        schema = reference.schema(database)
        try:
            gold = prepare(sql, schema)
        except SpiderSyntaxError:
            refused += 1
            continue
        assert exact_match(gold.query, sql, schema).unparsed is None
        assert exact_match(sql, sql, schema).exact
    assert refused < len(golds) / 4


WORDS = ("(", ")", ",", ";", "'", '"', "and", "or", "not", "as", "from")
SPLICES = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 12),
        st.one_of(
            st.text(max_size=4),
            st.sampled_from(WORDS),
        ),
    ),
    max_size=4,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), SPLICES)
def test_mutated_queries_raise_only_the_parsers_own_error(
    reference: Reference, number: int, splices: list[tuple[float, int, str]]
) -> None:
    cases = list(reference.cases.values())
    case = cases[number % len(cases)]
    sql = case["pred"]
    for place, removed, inserted in splices:
        at = int(place * len(sql))
        sql = f"{sql[:at]}{inserted}{sql[at + removed :]}"
    schema = reference.schema(case["db"])
    try:
        parse(sql, schema)
    except SpiderSyntaxError as error:
        assert str(error)
