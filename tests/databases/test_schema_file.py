from __future__ import annotations

from pathlib import Path

import pytest

from t2s_bench.databases.schema_file import SchemaFile, read_schema_file
from t2s_bench.errors import BadInput


def test_no_file_is_none_and_an_empty_object_says_nothing(tmp_path: Path) -> None:
    assert read_schema_file(tmp_path / "d.sqlite") is None
    (tmp_path / "schema.json").write_text("{}", encoding="utf-8")
    assert read_schema_file(tmp_path / "d.sqlite") == SchemaFile()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n,}", "schema.json:2: not JSON"),
        ("[]", "the file must be an object"),
        ('{"table": {}}', "unknown key 'table' in the file. Possible: foreign_keys, primary_keys"),
        ('{"tables": {"t": {"columns": {"c": {"label": ""}}}}}', "'label' in tables.t.columns.c"),
        ('{"tables": {"t": {"name": 1}}}', "name in tables.t must be text"),
        ('{"primary_keys": [["t"]]}', "each entry of primary_keys must be a list of 2 names"),
        ('{"foreign_keys": {}}', "foreign_keys must be a list"),
    ],
)
def test_another_shape_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "schema.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_schema_file(tmp_path / "d.sqlite")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
