"""Builds the embedded benchmark `mini` from its sources, byte for byte the same each time.

- `python data/mini/build.py`: all databases, questions.jsonl and the table in README.md
- `python data/mini/build.py clinic school`: these databases and their lines of questions.jsonl
- `python data/mini/build.py --check`: changes nothing; exit status 1 where a file differs
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import sqlite3
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mini_tools.databases import (  # noqa: E402
    fill_database,
    logical_content,
    open_database,
    quoted,
    reversed_copy,
    table_names,
    write_database,
)
from mini_tools.gold_checks import gold_faults  # noqa: E402
from mini_tools.sources import (  # noqa: E402
    DIFFICULTIES,
    VARIANTS,
    Question,
    SourceError,
    chosen_ids,
    database_ids,
    read_questions,
    read_rows,
    read_schema,
)

HERE = Path(__file__).resolve().parent
_MARKERS = ("<!-- databases: written by build.py -->", "<!-- databases: end -->")


@dataclass(frozen=True)
class Built:
    """One database as built: its files, its questions and its line of the README's table."""

    db_id: str
    questions: list[Question]
    tables: int
    rows: int
    about: str


def file_name(db_id: str, variant: int) -> str:
    """The main filling bears the database's own name; the further ones say which they are."""
    return f"{db_id}.sqlite" if variant == 0 else f"{db_id}.filling{variant}.sqlite"


def build_database(db_id: str, sources: Path, databases: Path) -> tuple[Built, list[str]]:
    """Writes the four files of one database; returns what it holds and every fault found."""
    folder, target = sources / db_id, databases / db_id
    schema = read_schema(folder)
    target.mkdir(parents=True, exist_ok=True)
    fillings = []
    for variant in VARIANTS:
        connection = fill_database(db_id, schema, read_rows(folder, variant))
        fillings.append(connection)
        path = target / file_name(db_id, variant)
        with tempfile.TemporaryDirectory(dir=target) as temporary:
            new = Path(temporary) / path.name
            write_database(connection, new)
            os.replace(new, path)
    faults = []
    contents = [logical_content(connection) for connection in fillings]
    for variant in VARIANTS[1:]:
        if contents[variant] in contents[:variant]:
            faults.append(f"{db_id}: filling {variant} holds the same rows as an earlier one")
    questions = read_questions(folder)
    backwards = [reversed_copy(connection) for connection in fillings]
    empty = []
    for question in questions:
        more, is_empty = gold_faults(question, fillings, backwards)
        faults.extend(more)
        empty.extend([question.id] if is_empty else [])
    if len(empty) > 1:
        faults.append(
            f"{db_id}: {', '.join(empty)} have no rows on the main filling; one a database may"
        )
    names = table_names(fillings[0])
    count = sum(
        fillings[0].execute(f"SELECT COUNT(*) FROM {quoted(name)}").fetchone()[0] for name in names
    )
    for connection in fillings + backwards:
        connection.close()
    return Built(db_id, questions, len(names), count, _about(folder)), faults


def _about(folder: Path) -> str:
    """What content.py's docstring says the database holds: the first line, after any colon."""
    module = ast.parse((folder / "content.py").read_text(encoding="utf-8"))
    first = (ast.get_docstring(module) or "").partition("\n")[0]
    return first.rpartition(": ")[2].rstrip(".")


def question_lines(questions: list[Question]) -> str:
    """The lines of questions.jsonl."""
    return "".join(json.dumps(q.as_record(), ensure_ascii=False) + "\n" for q in questions)


def with_lines_of_others(path: Path, chosen: list[str], built: list[Built]) -> str:
    """questions.jsonl with the lines of the databases built replaced, those of others kept."""
    lines = {one.db_id: question_lines(one.questions) for one in built}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            db_id = json.loads(line)["db_id"]
            if db_id not in chosen:
                lines[db_id] = lines.get(db_id, "") + line
    return "".join(lines[db_id] for db_id in sorted(lines))


def readme_table(built: list[Built]) -> str:
    """The table of databases, markers included."""
    head = ["database", "about", "tables", "rows", "questions", *DIFFICULTIES]
    counts = [
        [one.tables, one.rows, len(one.questions)]
        + [sum(q.difficulty == level for q in one.questions) for level in DIFFICULTIES]
        for one in built
    ]
    lines = [head, ["---", "---", *["---:"] * (len(head) - 2)]]
    for one, numbers in zip(built, counts, strict=True):
        lines.append([one.db_id, one.about, *map(str, numbers)])
    totals = [str(sum(column)) for column in zip(*counts, strict=True)]
    lines.append([f"**{len(built)} databases**", "", *totals])
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{_MARKERS[0]}\n{table}\n{_MARKERS[1]}"


def with_table(readme: str, table: str) -> str:
    """The README with the text between its markers replaced."""
    pattern = re.escape(_MARKERS[0]) + ".*" + re.escape(_MARKERS[1])
    if not re.search(pattern, readme, re.DOTALL):
        raise SourceError(f"README.md lacks the markers {_MARKERS[0]} and {_MARKERS[1]}")
    return re.sub(pattern, lambda _: table, readme, flags=re.DOTALL)


def replace_text(path: Path, text: str) -> None:
    """Writes a text file in one step, so that a reader sees the old or the new one."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text, encoding="utf-8", newline="\n")
    os.replace(new, path)


def build(chosen: list[str], root: Path = HERE) -> tuple[list[Built], list[str]]:
    """Builds the named databases in place; faults stop no database but the one at fault."""
    complete = chosen == database_ids(root / "sources")
    recorded = root / "databases" / "sqlite_version.txt"
    here = sqlite3.sqlite_version
    if not complete and recorded.is_file() and recorded.read_text().strip() != here:
        raise SourceError(
            f"the databases were built with SQLite {recorded.read_text().strip()}, this is {here}; "
            "build all of them: python data/mini/build.py"
        )
    built, faults = [], []
    for db_id in chosen:
        try:
            one, more = build_database(db_id, root / "sources", root / "databases")
        except SourceError as error:
            faults.append(str(error))
            continue
        built.append(one)
        faults.extend(more)
    path = root / "questions.jsonl"
    replace_text(path, with_lines_of_others(path, [one.db_id for one in built], built))
    replace_text(recorded, here + "\n")
    if complete and len(built) == len(chosen):
        readme = root / "README.md"
        replace_text(readme, with_table(readme.read_text(encoding="utf-8"), readme_table(built)))
    return built, faults


def differences(chosen: list[str], root: Path = HERE) -> list[str]:
    """One line for every committed file that a rebuild from the sources would change."""
    recorded = root / "databases" / "sqlite_version.txt"
    version = recorded.read_text().strip() if recorded.is_file() else "none"
    complete = chosen == database_ids(root / "sources")
    found: list[str] = []
    built = []
    with tempfile.TemporaryDirectory() as temporary:
        for db_id in chosen:
            try:
                one, faults = build_database(db_id, root / "sources", Path(temporary))
            except SourceError as error:
                found.append(str(error))
                continue
            built.append(one)
            found.extend(faults)
            for variant in VARIANTS:
                name = file_name(db_id, variant)
                fault = _difference(
                    root / "databases" / db_id / name, Path(temporary) / db_id / name, version
                )
                found.extend([f"databases/{db_id}/{name}: {fault}"] if fault else [])
    path = root / "questions.jsonl"
    names = [one.db_id for one in built]
    if not path.is_file() or path.read_text("utf-8") != with_lines_of_others(path, names, built):
        found.append("questions.jsonl: differs from the questions.toml of the sources")
    if complete and names == chosen:
        readme = (root / "README.md").read_text(encoding="utf-8")
        if readme != with_table(readme, readme_table(built)):
            found.append("README.md: its table of databases is not the one of the sources")
        expected = {file_name(db_id, variant) for db_id in chosen for variant in VARIANTS}
        for stray in sorted((root / "databases").rglob("*.sqlite")):
            if stray.name not in expected or stray.parent.name != stray.name.split(".")[0]:
                found.append(f"{stray.relative_to(root)}: no source builds this file")
    return found


def _difference(committed: Path, rebuilt: Path, version: str) -> str | None:
    if not committed.is_file():
        return "is missing"
    if committed.read_bytes() == rebuilt.read_bytes():
        return None
    old, new = open_database(committed), open_database(rebuilt)
    try:
        same = logical_content(old) == logical_content(new)
    finally:
        old.close()
        new.close()
    if not same:
        return "holds other tables or rows than its sources give"
    if version != sqlite3.sqlite_version:
        return None
    return f"same rows, other bytes, although both are by SQLite {version}"


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Build the embedded benchmark from its sources.",
        epilog="The strength of the fillings is shown by mutants.py.",
    )
    parser.add_argument("databases", nargs="*", metavar="db_id", help="default: all")
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    options = parser.parse_args(arguments)
    try:
        chosen = chosen_ids(options.databases)
        built, faults = ([], differences(chosen)) if options.check else build(chosen)
    except SourceError as error:
        chosen, built, faults = [], [], [str(error)]
    for one in built:
        levels = ", ".join(
            f"{sum(q.difficulty == d for q in one.questions)} {d}" for d in DIFFICULTIES
        )
        main_file = HERE / "databases" / one.db_id / file_name(one.db_id, 0)
        print(
            f"{one.db_id}: {one.tables} tables, {one.rows} rows, "
            f"{main_file.stat().st_size / 1024:.0f} KiB, {len(one.questions)} questions ({levels})"
        )
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    if faults:
        print(f"{len(faults)} fault{'s' * (len(faults) > 1)}", file=sys.stderr)
    elif options.check:
        print(f"{len(chosen)} databases are what their sources give")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
