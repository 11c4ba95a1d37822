"""The floor: a system that answers nothing."""

from __future__ import annotations

from t2s_bench.system import System
from t2s_bench.types import Database, Prediction, Question


class Nop(System):
    """Gives no SQL to any question; its score is what a benchmark gives away."""

    def predict(self, question: Question, database: Database) -> Prediction:
        """Gives an empty SQL."""
        return Prediction("")
