from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from systems.advanced.agents.selection import Blend, Weights
from systems.advanced.agents.team import Deliberation, Solo, Team
from systems.advanced.clarifier.refine import Clarifier
from systems.advanced.clarifier.trust import Trust
from systems.advanced.models import Opened
from systems.advanced.options import AdvancedOptions
from systems.advanced.policy.search import Found
from systems.advanced.system import Advanced
from systems.advanced.training.pipeline import calibrate, system
from systems.advanced.training.supervised import supervised
from tests.systems.advanced.training.tiny import TinyLearner, make_towns, small_options, working

from t2s_bench.system import Setup


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_towns(tmp_path_factory.mktemp("data") / "towns")


def calibrated(
    towns: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> tuple[dict[str, Any], list[tuple[bool, Deliberation]]]:
    """The calibration file, and all that was deliberated, with whether a team did."""
    said: list[tuple[bool, Deliberation]] = []
    for kind in (Team, Solo):
        answer = kind.answer

        def spied(
            self: Any, task: Any, seed: int = 0, answer: Any = answer, kind: Any = kind
        ) -> Any:
            found = answer(self, task, seed)
            said.append((kind is Team, found))
            return found

        monkeypatch.setattr(kind, "answer", spied)
    with working(folder / "run", small_options(towns, **changes), TinyLearner()) as work:
        supervised(work)
        (folder / "calibration").mkdir()
        calibrate(work, folder / "calibration")
    return json.loads((folder / "calibration" / "calibration.json").read_text()), said


def test_calibration_looks_at_what_the_whole_system_answers(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, said = calibrated(towns, tmp_path, monkeypatch)
    assert found.keys() == {
        "confidence",
        "confidence_solo",
        "recall_guard",
        "selection",
        "trust",
        "trust_solo",
    }
    # Twelve questions of two databases, first by the team and then without it.
    assert [team for team, _ in said] == [True] * 12 + [False] * 12
    assert all((one.logits is not None) == team for team, one in said)
    # A search proposed.
    assert all(isinstance(one.candidates[0], Found) for _, one in said)
    assert found["selection"]["questions"] == 12
    assert found["confidence"]["cross_fitted"]["questions"] == 12
    assert found["confidence_solo"]["cross_fitted"]["questions"] == 12
    assert found["recall_guard"]["questions"] == 12


def test_without_a_search_the_beam_and_samples_are_what_is_calibrated(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, said = calibrated(towns, tmp_path, monkeypatch, use_policy_solver=False)
    assert not any(isinstance(c, Found) for _, one in said for c in one.candidates)


def test_without_a_validator_only_the_lone_answer_is_calibrated(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, said = calibrated(towns, tmp_path, monkeypatch, use_multi_agent_rl=False)
    assert not any(team for team, _ in said)
    assert found.keys() == {"confidence_solo", "recall_guard", "selection", "trust_solo"}
    assert found["selection"]["questions"] == 0


def test_the_fits_are_in_force_for_what_is_fitted_after_them(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[tuple[Any, ...]] = []

    class Spied(Clarifier):
        def __init__(self, *given: Any) -> None:
            built.append(given)
            super().__init__(*given)

    monkeypatch.setattr("systems.advanced.system.Clarifier", Spied)
    folder = tmp_path / "fitted"
    folder.mkdir()
    Blend(Weights(judgement=0.85), accept_logit=1.5).save(folder)
    Trust.fit([]).save(folder)
    with working(tmp_path / "out", small_options(towns), TinyLearner()) as work:
        # Without dropout both have one model.
        work.learner.module.eval()
        policy = work.learner.policy()
        with system(work, policy, folder, frozenset()) as made:
            # As the system itself opens a model that lies there.
            other = Advanced(
                AdvancedOptions(mcts_simulations=6, mcts_exploration=1.4, policy_temperature=1.0),
                Setup(folder, 0, frozenset()),
                Opened(policy, folder, {}),
            )
            task = work.task(work.data.calibration[0])
            one, two = made.deliberate(task), other.deliberate(task)
            other.close()
    assert [c.sql for c in one.candidates] == [c.sql for c in two.candidates]
    assert one.selection == two.selection and one.logits == two.logits
    # Blend and trust that lie there reach the clarifier of both.
    assert len(built) == 2
    for given in built:
        assert Blend.load(folder) in given and Trust.load(folder) in given
