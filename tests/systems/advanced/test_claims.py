"""On Spider dev's questions, every fourth: the shipped parts do what they say of themselves."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT

from t2s_bench.benchmarks.benchmark import load

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def claims(spider: Path) -> Any:
    spec = importlib.util.spec_from_file_location("bench_claims", ROOT / "bench" / "claims.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.measure(load("spider-dev", data=spider), every=4)


def test_the_schema_role_ranks_what_golds_use_better_than_the_lexical_linker(claims: Any) -> None:
    assert claims.gat_average_precision > claims.lexical_average_precision + 0.1


def test_calibrated_confidences_are_less_far_off_than_raw_ones(claims: Any) -> None:
    assert claims.calibrated_ece < claims.raw_ece


def test_the_validator_rejects_what_is_broken_and_accepts_golds_more_often_than_wrong_ones(
    claims: Any,
) -> None:
    assert claims.broken_accepted == 0
    assert claims.gold_accepted > claims.wrong_accepted + 0.15
