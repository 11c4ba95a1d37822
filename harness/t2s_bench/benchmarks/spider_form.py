"""Questions in Spider's form, which several benchmarks have: `question`, `db_id`, `query`."""

from __future__ import annotations

from t2s_bench.benchmarks.archive import Member
from t2s_bench.benchmarks.json_array import read_array
from t2s_bench.benchmarks.layout import Questions, text_of
from t2s_bench.types import Example, Question


def examples_of(files: list[Member], question: str = "question") -> Questions:
    """The questions of these files, one after the other; `question` is the key of their text.

    They have no ids: a question's id is its position, from 0.
    """
    position = 0
    for member in files:
        with member.open() as file:
            for record in read_array(file, str(member)):
                where = f"{member}: question {position}"
                asked = Question(
                    str(position),
                    text_of(record, question, where),
                    text_of(record, "db_id", where),
                )
                yield Example(asked, (text_of(record, "query", where),))
                position += 1
