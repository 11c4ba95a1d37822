"""Shows how well the fillings of `mini` tell each gold from its near misses.

- `python data/mini/mutants.py`: every database
- `python data/mini/mutants.py clinic school`: these databases
- `python data/mini/mutants.py --question clinic-07 --verbose`: every mutant of one question
- `python data/mini/mutants.py clinic --toml`: survivors ready to paste into equivalent.toml

A gold needs five mutants told apart, and no survivor that equivalent.toml does not list. Reads
the sources, not the built files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mini_tools.sources import SOURCES, SourceError, chosen_ids  # noqa: E402

try:
    from mini_tools.suite import QuestionReport, examine_database
except ImportError as error:  # sqlglot is missing, or too old
    raise SystemExit(f"mutants.py cannot run: {error}") from None


def show(report: QuestionReport, verbose: bool, toml: bool) -> None:
    """One line for a question, and two for each survivor."""
    if toml:
        for mutant in report.survivors:
            sql = mutant.sql.replace("\\", "\\\\").replace('"', '\\"')
            print(f'# {mutant.description}\n[[equivalent]]\nid = "{report.id}"')
            print(f'sql = "{sql}"\nreason = ""\n')
        return
    print(
        f"{report.id:<16} mutants {report.made:>3}   told apart by the main filling "
        f"{report.by_main:>3}, by the suite {report.by_suite:>3}   "
        f"equivalent {report.listed}   survivors {len(report.survivors)}"
    )
    for mutant, where in report.told if verbose else []:
        print(f"    told apart on {where} {mutant.family.name}: {mutant.description}")
    for mutant in report.survivors:
        print(f"    SURVIVOR {mutant.family.name}: {mutant.description}\n        {mutant.sql}")
        print(f"        needs, in any filling: {mutant.family.remedy}")
    for note in report.notes:
        print(f"    NOTE {note}")
    for fault in report.faults:
        print(f"    FAULT {fault}")


def summary(reports: list[QuestionReport]) -> str:
    """What the suite is worth beyond the main filling, in one line."""
    made, main_alone, suite, listed, survivors = (
        sum(counts)
        for counts in zip(
            *((r.made, r.by_main, r.by_suite, r.listed, len(r.survivors)) for r in reports),
            strict=True,
        )
    )
    share = 100 * (suite - main_alone) / suite if suite else 0.0
    return (
        f"{len(reports)} questions, {made} mutants: {suite} told apart, of these "
        f"{suite - main_alone} ({share:.1f} %) by the further fillings alone; "
        f"{listed} equivalent, {survivors} survivors"
    )


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status is 1 where a gold breaks the rule."""
    parser = argparse.ArgumentParser(description="Test the fillings of mini with mutants.")
    parser.add_argument("databases", nargs="*", metavar="db_id", help="default: all")
    parser.add_argument("--question", metavar="ID", help="only this question, such as clinic-07")
    parser.add_argument("--verbose", action="store_true", help="show what is told apart, too")
    parser.add_argument(
        "--toml", action="store_true", help="survivors in the form of equivalent.toml"
    )
    options = parser.parse_args(arguments)
    names = options.databases
    if options.question and not names:
        names = [options.question.rpartition("-")[0]]
    broken = False
    reports: list[QuestionReport] = []
    try:
        chosen = chosen_ids(names)
    except SourceError as error:
        print(f"FAULT {error}", file=sys.stderr)
        return 1
    for db_id in chosen:
        try:
            found = examine_database(SOURCES / db_id, options.question)
        except SourceError as error:
            print(f"FAULT {error}", file=sys.stderr)
            broken = True
            continue
        for report in found:
            show(report, options.verbose, options.toml)
            broken = broken or bool(report.survivors or report.faults)
        reports.extend(found)
    if not reports:
        print("no question to examine", file=sys.stderr)
        return 1
    if not options.toml:
        print(summary(reports))
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
