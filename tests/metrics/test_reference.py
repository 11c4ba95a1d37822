"""Official verdicts, thousands of them, reproduced by profile `official` through the real pool.

Where ours differs on purpose, the case stands in the table of `docs/scoring.md`, and nowhere else:
a difference that is not listed fails, and so does a listed one that is none.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Database, Example, Question, Score

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scoring.md"
# Enough for every query that ends at all.
BUDGET = Budget(steps=20_000_000, seconds=30)
# evaluator → our metric, and where in its verdict the number stands
EVALUATORS: dict[str, tuple[str, Callable[[Any], float]]] = {
    "bird_ex": ("ex", float),
    "damo_ex": ("ex", float),
    "omni_ex": ("ex", float),
    "arctic_ex": ("ex", float),
    "bird_f1": ("soft_f1", float),
    "spider_exec": ("ex_spider", lambda verdict: verdict["exec"]),
    "spider_exec_keep": ("ex_spider_keep", lambda verdict: verdict["exec"]),
    "spider_exec_plug": ("ex_spider_plug", lambda verdict: verdict["exec"]),
    "spider_exec_keep_plug": ("ex_spider_keep_plug", lambda verdict: verdict["exec"]),
    "spider_match": ("em", lambda verdict: verdict["exact"]),
    "spider_match_values": ("em_values", lambda verdict: verdict["exact"]),
}


def listed_differences() -> set[tuple[str, str]]:
    """(case, evaluator) pairs of the page's table of single cases."""
    text = PAGE.read_text()
    table = text[text.index("<!-- differences -->") : text.index("<!-- end differences -->")]
    pairs = set()
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"s\d{4}", cells[0]):
            pairs |= {(cells[0], name) for name in cells[1].replace("`", "").split(", ")}
    return pairs


def verdicts(shared: Path, evaluator: str) -> Mapping[str, Any]:
    path = shared / "eval_reference" / "verdicts" / f"{evaluator}.json"
    found: Mapping[str, Any] = json.loads(path.read_text())
    return found


@pytest.fixture(scope="module")
def scores(
    shared: Path,
    spider_databases: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Score]:
    """Every reference case scored by every metric that has an official counterpart."""
    reference = shared / "eval_reference"
    cases = json.loads((reference / "cases.json").read_text())
    entries = {
        entry["db_id"]: entry for entry in json.loads((reference / "tables.json").read_text())
    }
    folder = tmp_path_factory.mktemp("databases")

    def database(case: Mapping[str, Any]) -> Database:
        """Laid out as an import does: the official tables.json entry beside the file."""
        name = case["db"]
        path: Path = folder / name / f"{name}.sqlite"
        if not path.exists():
            path.parent.mkdir()
            path.write_bytes(spider_databases(name).read_bytes())
            if name in entries:
                (path.parent / "tables.json").write_text(json.dumps([entries[name]]))
        return Database(name, (path,), name, name)

    def items() -> Any:
        for case in cases:
            question = Question(case["id"], case["question"], case["db"])
            yield Example(question, (case["gold"],)), database(case), case["pred"]

    metrics = list(dict.fromkeys(metric for metric, _ in EVALUATORS.values()))
    with Scorer(metrics, workers=2, budget=BUDGET, profile="official") as scorer:
        return {judgement.score.id: judgement.score for _, judgement in scorer.judge_all(items())}


@pytest.mark.slow
@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_every_official_verdict_is_ours_but_for_the_listed_differences(
    evaluator: str, shared: Path, scores: dict[str, Score]
) -> None:
    metric, number = EVALUATORS[evaluator]
    compared, differing = 0, {}
    for id, verdict in verdicts(shared, evaluator).items():
        if verdict.get("v") is None:
            continue  # it crashed or hung: there is no verdict to agree with
        official = number(verdict["v"])
        if official is None:
            continue
        compared += 1
        if scores[id].metrics[metric] != official:
            differing[id] = (official, scores[id])
    listed = {id for id, name in listed_differences() if name == evaluator}
    unlisted = {id: differing[id] for id in differing.keys() - listed}
    assert not unlisted, list(unlisted.items())[:5]
    assert listed <= differing.keys(), f"listed but equal: {sorted(listed - differing.keys())}"
    assert compared >= 180


@pytest.mark.slow
def test_what_officially_hangs_or_crashes_has_a_typed_outcome(
    shared: Path, scores: dict[str, Score]
) -> None:
    broken = {
        id
        for evaluator in EVALUATORS
        for id, verdict in verdicts(shared, evaluator).items()
        if "hang" in verdict or "crash" in verdict or "died" in verdict
    }
    outcomes = Counter(str(scores[id].outcome) for id in broken)
    assert sum(outcomes.values()) == len(broken) > 50
    assert outcomes["pred_timeout"] >= 1 and outcomes["infra"] == 0


@pytest.mark.slow
def test_nothing_that_damages_a_database_scores(shared: Path, scores: dict[str, Score]) -> None:
    damaging = [
        id
        for id, verdict in verdicts(shared, "bird_ex").items()
        if verdict.get("db_mutated") or verdict.get("files_created")
    ]
    assert damaging
    assert all(str(scores[id].outcome) == "refused" for id in damaging)
