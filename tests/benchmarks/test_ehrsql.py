"""EHRSQL in both its releases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.ehrsql import filled_in
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def test_the_sqlite_release_has_both_databases_in_one_list(
    layouts: Layouts, tmp_path: Path
) -> None:
    made = import_benchmark("ehrsql", layouts.zip(layouts.ehrsql(), tmp_path / "EHRSQL.zip"))
    loaded = load("ehrsql")
    assert [(e.id, e.question.database) for e in loaded.examples] == [
        ("mimic_iii1", "mimic_iii"),
        ("eicu1", "eicu"),
    ]
    assert made.splits["dev"].databases == 2
    assert loaded.primary_metric == "ex"


def test_the_official_release_has_a_split_for_every_file(layouts: Layouts) -> None:
    made = import_benchmark("ehrsql-official", layouts.ehrsql_official())
    assert list(made.splits) == [
        "mimic_iii-train",
        "mimic_iii-valid",
        "mimic_iii-test",
        "eicu-train",
        "eicu-valid",
        "eicu-test",
    ]
    (example,) = load("ehrsql-mimic-iii-valid").examples
    assert example.id == "mimic_iiivalid1"
    assert "strftime('%Y', '2105-12-31 23:59:00')" in example.golds[0]
    assert "'mimic_iii-valid': 1 unanswerable questions have no gold and are not in" in made.notes
    assert made.splits["eicu-test"].missing == {"eicu": 1}
    assert load("ehrsql-mimic-iii-valid").databases["mimic_iii"].path.name == "mimic_iii.sqlite"
    with pytest.raises(BadInput, match="none of the 1 questions of 'ehrsql-eicu-valid'"):
        load("ehrsql-eicu-valid")


def test_placeholders_are_filled_in_as_officially() -> None:
    assert filled_in("a > ' temperature_lower") == "a > ' temperature_lower"
    vital = "v between temperature_lower and temperature_upper"
    assert filled_in(vital) == "v between 35.5 and 38.1"
    assert filled_in("v between heart_rate_lower and heart_rate_upper").endswith("60.0 and 100.0")
    assert filled_in("v < = sao2_upper") == "v <= sao2_upper"
    assert filled_in("datetime('current_time')") == "datetime('2105-12-31 23:59:00')"


def test_other_layouts_are_named(layouts: Layouts) -> None:
    with pytest.raises(BadInput, match=r"\(it is laid out as 'spider'\)"):
        import_benchmark("ehrsql", layouts.spider())
    with pytest.raises(BadInput, match=r"\(it is laid out as 'ehrsql'\)"):
        import_benchmark("spider", layouts.ehrsql())
