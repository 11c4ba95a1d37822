"""A fixed mixture of right, nearly right and wrong answers, made from the gold.

It is for regression gates: a comparator that becomes laxer or stricter about order, duplicates,
missing rows, further columns or failures changes some question's score. It sees the gold, so it is
marked as a ceiling, though its score means nothing.
"""

from __future__ import annotations

from zlib import crc32

from t2s_bench.system import OracleSystem
from t2s_bench.types import Database, Example, Prediction

ALTERATIONS = (
    "{gold}",
    "SELECT * FROM (\n{gold}\n) AS gold",
    "SELECT * FROM (\n{gold}\n) AS gold ORDER BY 1 DESC",
    "SELECT DISTINCT * FROM (\n{gold}\n) AS gold",
    "SELECT * FROM (\n{gold}\n) AS gold UNION ALL SELECT * FROM (\n{gold}\n) AS again",
    "SELECT * FROM (\n{gold}\n) AS gold LIMIT 1000000 OFFSET 1",
    "SELECT *, 1 FROM (\n{gold}\n) AS gold",
    "SELECT * FROM (\n{gold}\n) AS gold WHERE 1 = 0",
    "SELECT * FROM (\n{gold}\n",
    "",
)


class Altered(OracleSystem):
    """Alters the first gold; which way depends on the question's id alone."""

    def predict(self, example: Example, database: Database) -> Prediction:
        """Gives the altered gold."""
        alteration = ALTERATIONS[crc32(example.id.encode()) % len(ALTERATIONS)]
        return Prediction(alteration.format(gold=example.golds[0].rstrip().rstrip(";")))
