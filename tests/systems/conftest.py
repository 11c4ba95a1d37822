"""Spider, for the tests of systems that need real questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2s_bench.benchmarks.importing import import_benchmark


@pytest.fixture(scope="session")
def spider(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with Spider, imported from its archive; a skip where that is not at hand."""
    data = tmp_path_factory.mktemp("data")
    import_benchmark("spider", shared / "benchmarks" / "spider_data.zip", data=data)
    return data
