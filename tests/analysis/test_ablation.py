"""Arms are named once, Shapley values add up, and cost stands beside every arm."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from tests.analysis.runs import run

from t2s_bench.analysis.ablation import ablate
from t2s_bench.analysis.arms import CONTROL, Arm, design
from t2s_bench.analysis.shapley import shapley_values
from t2s_bench.analysis.statistics import holm, mcnemar
from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.types import Prediction

COMPONENTS = ("gat", "mcts", "clarifier")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["gat"], ["full", "without-gat"]),
        (["mcts", "gat"], ["full", "without-mcts", "without-gat"]),
        (["mcts+gat"], ["full", "without-gat+mcts"]),
        (["gat+mcts+clarifier"], ["full", "base"]),
        (["each", "gat"], ["full", "without-gat", "without-mcts", "without-clarifier"]),
    ],
)
def test_every_set_of_components_is_one_arm(wanted: list[str], names: list[str]) -> None:
    assert [arm.name for arm in design("s", COMPONENTS, wanted).arms] == names


def test_all_adds_the_base_and_shapley_every_subset() -> None:
    found = design("s", COMPONENTS, ["all"])
    assert len(found.arms) == 5 and found.control and not found.shapley
    found = design("s", COMPONENTS, ["shapley", "gat"])
    assert len({arm.off for arm in found.arms}) == 8 == len(found.arms)
    assert found.shapley and found.control


def test_mistakes_are_named() -> None:
    with pytest.raises(UnknownName, match="did you mean 'gat'"):
        design("s", COMPONENTS, ["gta"])
    with pytest.raises(BadInput, match="at most 6 components"):
        design("s", [f"c{n}" for n in range(7)], ["shapley"])
    with pytest.raises(BadInput, match="declares no components"):
        design("s", (), ["each"])


def test_shapley_values_add_up_and_are_the_mean_over_all_orders() -> None:
    generator = np.random.default_rng(0)
    subsets = [frozenset(on) for size in range(4) for on in combinations(COMPONENTS, size)]
    scores = {on: generator.random(40).tolist() for on in subsets}
    found = {share.component: share for share in shapley_values(COMPONENTS, scores)}
    mean = {on: float(np.mean(values)) for on, values in scores.items()}
    total = mean[frozenset(COMPONENTS)] - mean[frozenset()]
    assert sum(share.value for share in found.values()) == pytest.approx(total)
    gat = [
        mean[frozenset({"gat", *before})] - mean[frozenset(before)]
        for before in ((), (), ("mcts",), ("clarifier",), ("mcts", "clarifier"))
    ]
    # Of the six orders, gat is first in two, after one other in one each, last in two.
    weights = (1, 1, 1, 1, 2)
    expected = sum(w * gain for w, gain in zip(weights, gat, strict=True)) / 6
    assert found["gat"].value == pytest.approx(expected)
    assert all(share.low <= share.value <= share.high for share in found.values())


def test_arms_are_held_against_full_and_share_one_error_rate() -> None:
    full = run("full", [1] * 12)
    full.predictions["q0"] = Prediction("", prompt_tokens=24, completion_tokens=12)  # type: ignore[index]
    runs = {
        Arm("full", frozenset()): full,
        Arm("without-gat", frozenset({"gat"})): run("g", [0] * 8 + [1] * 4),
        Arm(CONTROL, frozenset({"gat"})): run("c", [0] * 7 + [1] * 5),
    }
    result = ablate(runs, "ex", ["gat"])
    assert [arm.p for arm in result.arms] == [None, *holm([mcnemar(0, 8), mcnemar(0, 7)])]
    assert result.arms[0].cost.prompt_tokens == 2
    assert result.arms[1].pair is not None and result.arms[1].pair.lost == 8
    assert result.arms[0].ece is None
    # The control has the base's components off, but is not the base.
    assert result.contributions[0].value == pytest.approx(8 / 12)


def test_an_arm_s_confidences_are_held_against_its_answers() -> None:
    full, other = run("full", [1] * 12), run("c", [1] * 6 + [0] * 6)
    for id in full.predictions:
        full.predictions[id] = Prediction("", confidence=0.75)  # type: ignore[index]
        other.predictions[id] = Prediction("", confidence=0.75)  # type: ignore[index]
    # No probability: left out.
    full.predictions["q0"] = Prediction("", confidence=7.0)  # type: ignore[index]
    result = ablate(
        {Arm("full", frozenset()): full, Arm("without-c", frozenset({"c"})): other}, "ex"
    )
    assert [arm.ece for arm in result.arms] == [pytest.approx(0.25), pytest.approx(0.25)]
