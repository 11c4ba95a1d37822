"""Databases and schemas for the tests of the metrics."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from t2s_bench.metrics.spider_schema import SpiderSchema

SINGERS = {
    "singer": ("singer_id", "name", "age", "country"),
    "concert": ("concert_id", "name", "year"),
    "singer_in_concert": ("concert_id", "singer_id"),
}
SINGER_KEYS = {
    "singer.singer_id": "singer.singer_id",
    "singer_in_concert.singer_id": "singer.singer_id",
    "concert.concert_id": "concert.concert_id",
    "singer_in_concert.concert_id": "concert.concert_id",
}


@pytest.fixture(scope="session")
def singers() -> SpiderSchema:
    """Three tables, two foreign keys: the schema of docs/metrics/exact-match.md."""
    return SpiderSchema(SINGERS, SINGER_KEYS)


@pytest.fixture(scope="session")
def spider_databases(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Database id to SQLite file: a reference database, else Spider's, unzipped on first use."""
    unzipped = tmp_path_factory.mktemp("spider_databases")

    def find(name: str) -> Path:
        own = shared / "eval_reference" / "database" / name / f"{name}.sqlite"
        if own.is_file():
            return own
        target = unzipped / f"{name}.sqlite"
        if not target.is_file():
            with zipfile.ZipFile(shared / "benchmarks" / "spider_data.zip") as archive:
                target.write_bytes(archive.read(f"spider_data/database/{name}/{name}.sqlite"))
        return target

    return find
