"""Predictions made elsewhere: the formats that systems publish, paired with a benchmark.

    .sql .txt   Spider's: one SQL a line, in the official order, blank = no SQL; a TAB ends the SQL
    .json       BIRD's: {"0": "SQL<TAB>----- bird -----<TAB>db_id", …} by position or question id;
                or a list of SQL strings in the official order
    .jsonl      {"id": …, "sql": …} a line, optionally confidence, candidates, tokens
    .csv        with columns id and sql

Pairs by id where there is one and by official position else; never truncates, never guesses:
a wrong count, an unknown or repeated id, or a prediction made for another database is refused.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.errors import BadInput
from t2s_bench.runs import records
from t2s_bench.runs.directory import prediction_from
from t2s_bench.types import Prediction

_BIRD_MARK = "\t----- bird -----\t"
_FIELDS = {field.name for field in fields(Prediction)} - {"seconds"}


def read_predictions(path: Path, benchmark: Benchmark) -> dict[str, Prediction]:
    """The predictions for the questions that are present, by id; BadInput says what is wrong."""
    readers: dict[str, Callable[[Path, Benchmark], dict[str, Prediction]]] = {
        ".sql": _read_lines,
        ".txt": _read_lines,
        ".json": _read_json,
        ".jsonl": _read_json_lines,
        ".csv": _read_csv,
    }
    if not path.is_file():
        raise BadInput(
            f"no file {path}: give a file of predictions ({', '.join(readers)}) or a run"
        )
    if path.suffix not in readers:
        raise BadInput(f"cannot read {path}: its name must end in {', '.join(readers)}")
    try:
        return readers[path.suffix](path, benchmark)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start})") from error


def _by_position(path: Path, sqls: list[str], benchmark: Benchmark) -> dict[str, Prediction]:
    if len(sqls) != benchmark.total:
        raise BadInput(
            f"{path} has {len(sqls):,} predictions, but {benchmark.name} has {benchmark.total:,} "
            "questions: one a question is needed, in the official order (a blank one for no SQL)"
        )
    return {id: Prediction(sqls[place]) for id, place in benchmark.positions.items()}


def _by_id(
    path: Path, predictions: Iterable[tuple[str, Prediction]], benchmark: Benchmark
) -> dict[str, Prediction]:
    left_out = set(benchmark.left_out)
    found: dict[str, Prediction] = {}
    for id, prediction in predictions:
        if id in found:
            raise BadInput(f"{path} has two predictions for question '{id}'")
        if id not in benchmark.positions and id not in left_out:
            raise BadInput(
                f"{path} has a prediction for '{id}', which is no question of {benchmark.name}"
            )
        found[id] = prediction
    missing = [id for id in benchmark.positions if id not in found]
    if missing:
        raise BadInput(
            f"{path} lacks {len(missing):,} of {len(benchmark.positions):,} questions of "
            f"{benchmark.name} (first: '{missing[0]}'): give every question a line, with an empty "
            "sql where there is none"
        )
    return {id: found[id] for id in benchmark.positions}


def _read_lines(path: Path, benchmark: Benchmark) -> dict[str, Prediction]:
    # Only \n and \r\n end a line: str.splitlines would also cut at form feeds inside a literal.
    text = path.read_bytes().decode(errors="surrogateescape").replace("\r\n", "\n")
    lines = text.removesuffix("\n").split("\n")
    while len(lines) > benchmark.total and not lines[-1].strip():
        lines.pop()
    return _by_position(path, [line.strip().split("\t")[0] for line in lines], benchmark)


def _read_json(path: Path, benchmark: Benchmark) -> dict[str, Prediction]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON ({error})") from error
    if isinstance(content, list):
        return _by_position(
            path, [_text(path, str(n), v) for n, v in enumerate(content)], benchmark
        )
    if not isinstance(content, dict):
        raise BadInput(f"{path} is neither a JSON object nor a list")
    if content.keys() == {str(place) for place in range(len(content))}:
        sqls = [""] * len(content)
        for key, value in content.items():
            sqls[int(key)] = _text(path, key, value)
        found = _by_position(path, [sql.split(_BIRD_MARK)[0] for sql in sqls], benchmark)
        named = {id: sqls[place] for id, place in benchmark.positions.items()}
    else:
        named = {key: _text(path, key, value) for key, value in content.items()}
        pairs = ((key, Prediction(sql.split(_BIRD_MARK)[0])) for key, sql in named.items())
        found = _by_id(path, pairs, benchmark)
    _check_databases(path, named, benchmark)
    return found


def _check_databases(path: Path, named: Mapping[str, str], benchmark: Benchmark) -> None:
    """BIRD's format names the database: one that is not the question's shows a shifted file."""
    for example in benchmark.examples:
        parts = named[example.id].split(_BIRD_MARK)
        if len(parts) == 2 and parts[1].strip() != example.question.database:
            raise BadInput(
                f"{path} answers question '{example.id}' for database '{parts[1].strip()}', but it "
                f"is about '{example.question.database}': is the file in another order?"
            )


def _text(path: Path, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{path}: the prediction for '{key}' is not a text but {value!r}")
    return value


def _read_json_lines(path: Path, benchmark: Benchmark) -> dict[str, Prediction]:
    def predictions() -> Iterable[tuple[str, Prediction]]:
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):
            raise BadInput(f"{path} does not end with a newline: its last line may be cut off")
        for number, line in enumerate(records.read(path), start=1):
            if "id" not in line or not isinstance(line.get("sql"), str):
                raise BadInput(f'{path} line {number} lacks "id" or "sql"')
            known = {key: value for key, value in line.items() if key in _FIELDS}
            try:
                yield str(line["id"]), prediction_from(known)
            except (TypeError, AssertionError) as error:
                raise BadInput(f"{path} line {number} is not a prediction ({error})") from error

    return _by_id(path, predictions(), benchmark)


def _read_csv(path: Path, benchmark: Benchmark) -> dict[str, Prediction]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if not {"id", "sql"} <= set(reader.fieldnames or ()):
            raise BadInput(f"{path} needs the columns id and sql in its first line")
        lines = [(line["id"], Prediction(line["sql"] or "")) for line in reader]
    return _by_id(path, lines, benchmark)
