"""Names from outside that may become folders, and those that may not."""

from __future__ import annotations

import pytest

from t2s_bench.benchmarks.names import check_database_id
from t2s_bench.errors import BadInput


@pytest.mark.parametrize(
    "db_id", ["", ".", "..", "a/b", "a\\b", "C:x", "a\0", "a\n", "x" * 201, "\ud800"]
)
def test_a_database_id_that_is_no_folder_name_is_refused(db_id: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name of a database folder"):
        check_database_id(db_id, "here")


@pytest.mark.parametrize("db_id", ["concert_singer", "scm.2", "ünï", "a b", "数据\u3000库"])
def test_a_folder_name_is_a_database_id(db_id: str) -> None:
    check_database_id(db_id, "here")
