"""Prediction files are paired by id or position, and every mistake is one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.errors import BadInput
from t2s_bench.runs.prediction_files import read_predictions

IDS = ("count", "top", "order", "none", "sum", "empty")


@pytest.fixture
def benchmark(shop: Path) -> Benchmark:
    return load(shop)


def sqls(path: Path, benchmark: Benchmark) -> Mapping[str, str]:
    return {id: item.sql for id, item in read_predictions(path, benchmark).items()}


EXPECTED = {id: f"SELECT '{id}'" for id in IDS}
BIRD = {id: f"{sql}\t----- bird -----\t" for id, sql in EXPECTED.items()}
DATABASES = dict.fromkeys(IDS[:4], "shop") | dict.fromkeys(IDS[4:], "stall")


def files(folder: Path) -> dict[str, str]:
    by_place = {str(n): BIRD[id] + DATABASES[id] for n, id in enumerate(IDS)}
    shuffled = sorted(IDS)
    return {
        "lines.sql": "".join(f"{EXPECTED[id]}\n" for id in IDS),
        "tabs.txt": "".join(f"{EXPECTED[id]}\tshop\r\n" for id in IDS),
        "no_end.sql": "\n".join(EXPECTED[id] for id in IDS),
        "bird.json": json.dumps(by_place),
        "bird_sorted.json": json.dumps(by_place, sort_keys=True),
        "bird_ids.json": json.dumps({id: BIRD[id] + DATABASES[id] for id in shuffled}),
        "list.json": json.dumps([EXPECTED[id] for id in IDS]),
        "lines.jsonl": "".join(
            json.dumps({"id": id, "sql": EXPECTED[id], "model": "x"}) + "\n" for id in shuffled
        ),
        "table.csv": "\ufeffid,sql\n" + "".join(f'{id},"{EXPECTED[id]}"\n' for id in shuffled),
    }


@pytest.mark.parametrize("name", list(files(Path())))
def test_every_format_gives_the_same_predictions(
    name: str, tmp_path: Path, benchmark: Benchmark
) -> None:
    path = tmp_path / name
    path.write_text(files(tmp_path)[name], newline="")
    assert sqls(path, benchmark) == EXPECTED


def test_a_blank_line_is_a_question_without_sql(tmp_path: Path, benchmark: Benchmark) -> None:
    path = tmp_path / "p.sql"
    path.write_text("SELECT 1\n\n\nSELECT 2\n\n\n")
    assert list(sqls(path, benchmark).values()) == ["SELECT 1", "", "", "SELECT 2", "", ""]


def test_json_lines_carry_confidence_and_candidates(tmp_path: Path, benchmark: Benchmark) -> None:
    path = tmp_path / "p.jsonl"
    line = {"sql": "SELECT 1", "confidence": 0.5, "candidates": [{"sql": "SELECT 1", "score": 2}]}
    path.write_text("".join(json.dumps({"id": id, **line}) + "\n" for id in IDS))
    prediction = read_predictions(path, benchmark)["top"]
    assert prediction.confidence == 0.5
    assert prediction.candidates[0].score == 2


MISTAKES = {
    "short.sql": ("SELECT 1\n" * 5, "has 5 predictions, but shop has 6 questions"),
    "long.sql": ("SELECT 1\n" * 7, "has 7 predictions, but shop has 6 questions"),
    "short.json": (json.dumps({"0": "SELECT 1"}), "has 1 predictions"),
    "number.json": (json.dumps({str(n): 5 for n in range(6)}), "'0' is not a text but 5"),
    "text.json": ("SELECT 1", "is not JSON"),
    "scalar.json": ("5", "neither a JSON object nor a list"),
    "shifted.json": (
        json.dumps({str(n): BIRD[id] + "stall" for n, id in enumerate(IDS)}),
        "is about 'shop': is the file in another order",
    ),
    "unknown.jsonl": ('{"id": "tpo", "sql": ""}\n', "'tpo', which is no question of shop"),
    "twice.jsonl": ('{"id": "top", "sql": ""}\n' * 2, "two predictions for question 'top'"),
    "missing.jsonl": ('{"id": "top", "sql": ""}\n', "lacks 5 of 6 questions"),
    "no_sql.jsonl": ('{"id": "top"}\n', 'line 1 lacks "id" or "sql"'),
    "torn.jsonl": ('{"id": "top", "sql": ""}\n{"id"', "last line may be cut off"),
    "columns.csv": ("id,query\n1,2\n", "needs the columns id and sql"),
    "binary.csv": ("id,sql\n\udcff,2\n", "is not UTF-8 text"),
    "weird.xml": ("", "its name must end in .sql"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_is_one_clear_line(name: str, tmp_path: Path, benchmark: Benchmark) -> None:
    content, message = MISTAKES[name]
    path = tmp_path / name
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(BadInput) as caught:
        read_predictions(path, benchmark)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_formats(tmp_path: Path, benchmark: Benchmark) -> None:
    with pytest.raises(BadInput, match=r"no file .* \(\.sql, \.txt, \.json, \.jsonl, \.csv\)"):
        read_predictions(tmp_path / "none.sql", benchmark)
