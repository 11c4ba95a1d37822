"""How much of a schema may be left out without losing what an answer needs.

Strict recall of a question is 1 where every table and column of its gold is kept, else 0. The guard
holds the highest relevance below which items may go while the mean strict recall on validation
questions stays at `RECALL` or above. Whether it holds on other questions is measured, not promised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..calibration_file import number, read_section, write_section
from ..task import Linking

RECALL = 0.99
SECTION = "recall_guard"
# With fewer questions than this, one miss more or less decides whether 0.99 is reached.
LEAST_QUESTIONS = round(1 / (1 - RECALL))


@dataclass(frozen=True)
class RecallGuard:
    """Items of a relevance below `threshold` may go; 0 keeps everything.

    `recall` is the strict recall on the `questions` that it was fitted on, and `kept` the mean
    share of columns that they keep.
    """

    threshold: float = 0.0
    recall: float = 1.0
    kept: float = 1.0
    questions: int = 0

    @classmethod
    def fit(cls, cases: Sequence[tuple[Linking, Sequence[float]]]) -> RecallGuard:
        """From linkings of validation questions, each with the relevances of what its gold uses.

        Too few questions (`LEAST_QUESTIONS`) give a guard that keeps everything.
        """
        if len(cases) < LEAST_QUESTIONS:
            return cls(questions=len(cases))
        lowest = sorted(min(used, default=1.0) for _, used in cases)
        misses = math.floor(len(cases) * (1 - RECALL) + 1e-9)
        threshold = lowest[misses]
        recall = sum(low >= threshold for low in lowest) / len(lowest)
        shares = [
            [relevance >= threshold for table in linking.columns for relevance in table]
            for linking, _ in cases
        ]
        kept = sum(sum(one) / max(1, len(one)) for one in shares) / len(shares)
        return cls(threshold, recall, kept, len(cases))

    @classmethod
    def load(cls, folder: Path) -> RecallGuard:
        """The checkpoint's guard; one that keeps everything where it has none."""
        found = read_section(folder, SECTION)
        if found is None:
            return cls()
        threshold, recall, kept, questions = (
            number(found, key, folder) for key in ("threshold", "recall", "kept", "questions")
        )
        return cls(threshold, recall, kept, int(questions))

    def save(self, folder: Path) -> None:
        """Writes the guard into the checkpoint's calibration file."""
        content = {"threshold": self.threshold, "recall": self.recall, "kept": self.kept}
        write_section(folder, SECTION, {**content, "questions": self.questions})
