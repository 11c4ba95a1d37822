"""Differences are settled by evidence, database, question and schema, or left open."""

from __future__ import annotations

from pathlib import Path

import pytest
from systems.advanced.clarifier.difference import differences
from systems.advanced.clarifier.probes import Finding, Source, settle
from systems.advanced.evidence import Prober
from tests.systems.advanced.stage import make_task


def found(
    folder: Path, prober: Prober, question: str, one: str, other: str, evidence: str = ""
) -> Finding | None:
    """The finding, which must not depend on the side that comes first."""
    task = make_task(folder, question, evidence)
    shown = prober.run(task.database, [one, other])
    (ahead, *_), (back, *_) = (
        differences(*pair, task.schema) for pair in ((one, other), (other, one))
    )
    finding = settle(task, ahead, (shown[0], shown[1]), prober)
    mirrored = settle(task, back, (shown[1], shown[0]), prober)
    assert (finding is None) == (mirrored is None)
    if finding is not None and mirrored is not None:
        assert (finding.side, finding.source) == (1 - mirrored.side, mirrored.source)
    return finding


SETTLED = [
    (
        Source.EVIDENCE,
        "Whose home is it?",
        "SELECT name FROM singer WHERE home = 'Spain'",
        "SELECT name FROM singer WHERE country = 'Spain'",
        "living there refers to home",
    ),
    (
        Source.DATABASE,
        "Which singers are from Italy?",
        "SELECT name FROM singer WHERE country = 'Italy'",
        "SELECT name FROM singer WHERE country = 'IT'",
        "",
    ),
    (
        Source.DATABASE,
        "How many singers are there?",
        "SELECT count(*) FROM singer",
        "SELECT age FROM singer",
        "",
    ),
    (
        Source.DATABASE,
        "How many singers are there for each country?",
        "SELECT count(*) FROM singer GROUP BY country",
        "SELECT count(*) FROM singer",
        "",
    ),
    (
        Source.QUESTION,
        "What is the average age of the singers?",
        "SELECT avg(age) FROM singer",
        "SELECT max(age) FROM singer",
        "",
    ),
    (
        Source.QUESTION,
        "Singers of at least 30 years?",
        "SELECT name FROM singer WHERE age >= 30",
        "SELECT name FROM singer WHERE age > 30",
        "",
    ),
    (
        Source.QUESTION,
        "Singers in descending order?",
        "SELECT name FROM singer ORDER BY name DESC",
        "SELECT name FROM singer ORDER BY name ASC",
        "",
    ),
    (
        Source.QUESTION,
        "The two oldest singers?",
        "SELECT name FROM singer ORDER BY age DESC LIMIT 2",
        "SELECT name FROM singer ORDER BY age DESC LIMIT 3",
        "",
    ),
    (
        Source.QUESTION,
        "Countries that are both of a singer's and a home?",
        "SELECT country FROM singer INTERSECT SELECT home FROM singer",
        "SELECT country FROM singer UNION SELECT home FROM singer",
        "",
    ),
    (
        Source.QUESTION,
        "Which different countries are there?",
        "SELECT DISTINCT country FROM singer",
        "SELECT country FROM singer",
        "",
    ),
    (
        Source.QUESTION,
        "Singers of concerts in 2014?",
        "SELECT title FROM concert WHERE year = 2014",
        "SELECT title FROM concert WHERE year = 2015",
        "",
    ),
    (
        Source.SCHEMA,
        "What are the names of all?",
        "SELECT name FROM singer",
        "SELECT country FROM singer",
        "",
    ),
]


@pytest.mark.parametrize(
    ("source", "question", "right", "wrong", "evidence"),
    SETTLED,
    ids=[f"{source}-{n}" for n, (source, *_) in enumerate(SETTLED)],
)
def test_each_probe_finds_the_right_side(
    tmp_path: Path,
    prober: Prober,
    source: Source,
    question: str,
    right: str,
    wrong: str,
    evidence: str,
) -> None:
    finding = found(tmp_path, prober, question, right, wrong, evidence)
    assert finding is not None
    assert (finding.side, finding.source) == (0, source)
    assert finding.reason


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("Wer?", "SELECT name FROM singer", "SELECT country FROM singer"),
        ("Wer?", "SELECT max(age) FROM singer", "SELECT min(age) FROM singer"),
        ("Ages and names?", "SELECT name FROM singer", "SELECT age FROM singer"),
    ],
)
def test_what_nothing_speaks_for_stays_open(
    tmp_path: Path, prober: Prober, question: str, one: str, other: str
) -> None:
    assert found(tmp_path, prober, question, one, other) is None
