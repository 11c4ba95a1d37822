"""Agents, clarifier and explanations: light to import, and the same under every hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MODULES = (
    "systems.advanced.explain",
    "systems.advanced.agents.team",
    "systems.advanced.clarifier.refine",
    "systems.advanced.clarifier.calibration",
)
DELIBERATE = """
import json, sys
from pathlib import Path
from systems.advanced.agents.schema import SchemaAgent
from systems.advanced.agents.sql import SqlAgent
from systems.advanced.agents.team import Team
from systems.advanced.agents.validation import ValidationAgent
from systems.advanced.clarifier.refine import Clarifier
from systems.advanced.evidence import Prober
from tests.systems.advanced.stage import StagePolicy, make_task

wide = [f"SELECT {a} FROM singer WHERE {b} = 'France'" for a in ("name", "age", "home")
        for b in ("country", "home")]
wide += ["SELECT nme, land FROM singer", "SELECT max(age) FROM singer"]
policy = StagePolicy([(sql, -1.0) for sql in wide])
if __name__ == "__main__":
    with Prober() as prober:
        sql = SqlAgent(prober)
        team = Team(policy, SchemaAgent(policy), sql, ValidationAgent(prober, 1.0))
        said = team.answer(make_task(Path(sys.argv[1])))
        refined = Clarifier(sql, prober).refine(said)
    print(json.dumps([said.trace(), refined.trace(), refined.sql, refined.signals.vector()]))
"""


def run(code: str, *arguments: str, seed: str = "0") -> str:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": f"{ROOT / 'harness'}{os.pathsep}{ROOT}",
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_nothing_heavy_is_imported() -> None:
    heavy = ("torch", "transformers", "sqlglot", "pandas", "datasets")
    code = f"import sys, {', '.join(MODULES)}; print([n for n in {heavy} if n in sys.modules])"
    assert run(code).strip() == "[]"


def test_the_order_of_hashes_changes_nothing(tmp_path: Path) -> None:
    said = {run(DELIBERATE, str(tmp_path), seed=seed) for seed in ("1", "2", "3")}
    assert len(said) == 1
    assert "settled_by" in said.pop()
