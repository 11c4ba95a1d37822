"""Golds of `mini` for database servers: writes `dialects.toml`, one section a dialect.

    t2s-bench load-databases mini --to URL
    python data/mini/transpile.py --to URL            # writes the section of URL's dialect
    python data/mini/transpile.py --to URL --check    # changes nothing; exit status 1 if it differs

Each gold is transpiled (`mini_tools/transpiling.py`), run on the server, and kept if it gives what
SQLite gives: the same rows, in the same order where the gold orders, numbers equal to a millionth,
dates and truth values as SQLite writes them. A gold that needs no change is not listed. A question
none of whose golds passes is left out on that dialect, with the reason.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from mini_tools.transpiling import (  # noqa: E402
    CannotTranspile,
    is_ordered,
    transpile,
    types_of,
    unchanged,
)

from t2s_bench.benchmarks.benchmark import load  # noqa: E402
from t2s_bench.databases.copy_plan import make_plan  # noqa: E402
from t2s_bench.errors import UserError  # noqa: E402
from t2s_bench.execution import address as addresses  # noqa: E402
from t2s_bench.execution import sqlite  # noqa: E402
from t2s_bench.execution.dialects.link import CannotConnect  # noqa: E402
from t2s_bench.execution.server import Server  # noqa: E402
from t2s_bench.options import read_toml  # noqa: E402
from t2s_bench.types import Budget, Example, Row  # noqa: E402

FILE = HERE / "dialects.toml"
DIALECTS = ("postgresql", "mysql", "duckdb")
# Relative difference of two numbers that count as equal, and absolute near zero.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
_BUDGET = Budget(seconds=30.0)


@dataclass
class Section:
    """What one dialect's section of `dialects.toml` says."""

    server: str
    source: str
    golds: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def golds_digest(examples: Sequence[Example]) -> str:
    """What the golds were that a section was made from."""
    listed = [[example.id, *example.golds] for example in examples]
    return sha256(json.dumps(listed).encode()).hexdigest()[:16]


def make_section(url: str) -> tuple[str, Section]:
    """Transpiles and runs every gold on the server; returns its dialect and section."""
    benchmark = load("mini")
    addressed = {id: addresses.parse(url, id) for id in benchmark.databases}
    dialect = next(iter(addressed.values())).dialect
    server = Server(next(iter(addressed.values())))
    section = Section(server.version, golds_digest(benchmark.examples))
    schemas = {id: types_of(make_plan(base)) for id, base in benchmark.databases.items()}
    for example in benchmark.examples:
        id = example.question.database
        kept, reasons = [], []
        for gold in example.golds:
            expected = sqlite.execute(benchmark.databases[id].path, gold)
            assert expected.ok, f"{example.id}: {expected.error}"
            try:
                sql = transpile(gold, dialect, schemas[id])
            except CannotTranspile as error:
                reasons.append(str(error))
                continue
            for candidate in [gold, sql] if unchanged(gold, sql, dialect) else [sql]:
                found = server.execute(candidate, _BUDGET, addressed[id].schema)
                if found.ok and same_rows(expected.rows, found.rows, ordered=is_ordered(gold)):
                    kept.append(candidate)
                    break
            else:
                reasons.append("gives another result" if found.ok else found.error)
        if not kept:
            section.left_out[example.id] = "; ".join(dict.fromkeys(reasons))
        elif tuple(kept) != example.golds:
            section.golds[example.id] = kept
    server.close()
    return dialect, section


def same_rows(expected: Sequence[Row], found: Sequence[Row], *, ordered: bool) -> bool:
    """Whether a server's rows are SQLite's.

    >>> same_rows([(1, "2024-02-29")], [(True, date(2024, 2, 29))], ordered=True)
    True
    >>> same_rows([(1,), (2,)], [(2,), (1,)], ordered=True)
    False
    """
    first, second = ([tuple(map(_plain, row)) for row in rows] for rows in (expected, found))
    if not ordered:
        first, second = sorted(first, key=_key), sorted(second, key=_key)
    return len(first) == len(second) and all(map(_same_row, first, second))


def _plain(value: object) -> object:
    """A server's value as SQLite has it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds" if not value.microsecond else "auto")
    return value.isoformat() if isinstance(value, date) else value


def _key(row: Row) -> tuple[tuple[int, float, str], ...]:
    return tuple(
        (0, 0.0, "")
        if value is None
        else (1, round(value, 4), "")
        if isinstance(value, int | float)
        else (2, 0.0, str(value))
        for value in row
    )


def _same_row(first: Row, second: Row) -> bool:
    return len(first) == len(second) and all(map(_same_value, first, second))


def _same_value(first: object, second: object) -> bool:
    if isinstance(first, int | float) and isinstance(second, int | float):
        return math.isclose(first, second, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return first == second


def read_sections() -> dict[str, Section]:
    """What `dialects.toml` says now."""
    content = read_toml(FILE) if FILE.exists() else {}
    return {dialect: Section(**content[dialect]) for dialect in DIALECTS if dialect in content}


def as_toml(sections: Mapping[str, Section]) -> str:
    """The file's text."""
    lines = ["# Golds of mini for database servers. Written by transpile.py; do not edit."]
    for dialect in DIALECTS:
        if dialect not in sections:
            continue
        section = sections[dialect]
        lines += ["", f"[{dialect}]", f"server = {_quoted(section.server)}"]
        lines += [f"source = {_quoted(section.source)}", "", f"[{dialect}.left_out]"]
        lines += [f"{id} = {_quoted(reason)}" for id, reason in sorted(section.left_out.items())]
        lines += ["", f"[{dialect}.golds]"]
        for id, golds in sorted(section.golds.items()):
            lines.append(f"{id} = [{', '.join(map(_quoted, golds))}]")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False)


def main() -> int:
    """Writes or checks one section; returns the exit status."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--to", required=True, metavar="URL")
    parser.add_argument("--check", action="store_true", help="change nothing")
    arguments = parser.parse_args()
    try:
        dialect, section = make_section(arguments.to)
    except (UserError, CannotConnect) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    sections = {**read_sections(), dialect: section}
    questions = len(load("mini").examples)
    print(
        f"{section.server}: {questions - len(section.left_out)} of {questions} questions, "
        f"{len(section.golds)} with golds of their own"
    )
    for id, reason in section.left_out.items():
        print(f"  left out: {id}: {reason}")
    text = as_toml(sections)
    if arguments.check:
        return 0 if text == FILE.read_text(encoding="utf-8") else 1
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
