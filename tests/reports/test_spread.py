"""The spread tells where profiles disagree."""

from __future__ import annotations

from t2s_bench.reports.spread import spread, spread_markdown
from t2s_bench.types import Outcome, Score


def score(id: str, ex: float, em: float | None) -> Score:
    return Score(id, Outcome.MATCH, {"ex": ex, "em": em})


def test_questions_that_a_profile_judges_otherwise_are_named() -> None:
    content = spread(
        {
            "official": [score("a", 1.0, None), score("b", 1.0, 1.0)],
            "safe": [score("a", 0.0, None), score("b", 1.0, 1.0)],
        },
        ["ex", "em"],
    )
    assert spread_markdown(content).splitlines()[2:] == [
        "| ex | 100.00 | 50.00 | 1 (a) |",
        "| em | 100.00 | 100.00 | 0 |",
    ]
