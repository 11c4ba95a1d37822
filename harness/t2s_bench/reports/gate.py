"""A gate's verdict: Markdown for a pull request, GitHub's annotations, JUnit XML, terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from t2s_bench.analysis.gate import Change, GateResult, Status
from t2s_bench.analysis.scored_run import ScoredRun
from t2s_bench.reports.comparison import p_value, pair_content, points, signed_interval
from t2s_bench.reports.markdown import percent, table

# By this line a workflow finds its own earlier comment, to replace it.
MARK = "<!-- t2s-bench gate: {} -->"
CHANGES_SHOWN = 50
_TITLES = {
    Status.FINE: "No regression",
    Status.WARNING: "No regression shown",
    Status.REGRESSION: "Regression",
}


def gate_content(result: GateResult) -> Mapping[str, Any]:
    """The verdict as JSON, in percentage points."""
    return {
        "status": str(result.status),
        "reason": result.reason,
        "tier": result.tier,
        "system": result.name,
        "metrics": {metric: pair_content(pair) for metric, pair in result.pairs.items()},
        "changes": [
            {
                "id": change.id,
                "metric": change.metric,
                "before": change.before,
                "after": change.after,
                "outcome": str(change.outcome),
            }
            for change in result.changes
        ],
        "identity": list(result.identity),
    }


def to_markdown(result: GateResult, heading: str) -> str:
    """The comment on a pull request; `heading` names system and benchmark."""
    parts = [MARK.format(heading), f"### {_TITLES[result.status]}: {heading}", _sentence(result)]
    header = ["metric", "baseline", "now", "difference", "95 % interval", "p", "won", "lost"]
    rows = []
    for metric, pair in result.pairs.items():
        content = pair_content(pair)
        rows.append(
            [
                f"`{metric}`",
                percent(content["first_score"]),
                percent(content["second_score"]),
                points(content["difference"]),
                signed_interval(content),
                p_value(pair.p),
                f"{pair.won:,}",
                f"{pair.lost:,}",
            ]
        )
    parts.append(table(header, rows))
    if result.identity:
        changed = "\n".join(f"- `{line}`" for line in result.identity)
        parts.append(f"What differs between the runs:\n\n{changed}")
    if result.changes:
        shown = [_change_row(change) for change in result.changes[:CHANGES_SHOWN]]
        title = f"{len(result.changes):,} changed values"
        if len(shown) < len(result.changes):
            title += f", the first {len(shown)}"
        listing = table(["question", "metric", "before", "now", "outcome"], shown)
        parts.append(f"<details><summary>{title}</summary>\n\n{listing}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def refusal_markdown(message: str, heading: str) -> str:
    """The comment where run and baseline are not comparable."""
    return f"{MARK.format(heading)}\n\n### Not comparable: {heading}\n\n{message}\n"


def annotation(status: Status | None, heading: str, message: str) -> str:
    r"""One of GitHub's workflow commands; None stands for a run that is not comparable.

    >>> annotation(Status.WARNING, "a on b", "a loss of 0.40 points\nthat chance explains")
    '::warning title=t2s-bench gate%3A a on b::a loss of 0.40 points%0Athat chance explains'
    """
    kinds = {Status.FINE: "notice", Status.WARNING: "warning"}
    kind = kinds.get(status, "error") if status is not None else "error"
    text = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    title = f"t2s-bench gate: {heading}".replace("%", "%25").replace("\n", "%0A")
    title = title.replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={title}::{text}"


def to_junit(result: GateResult, run: ScoredRun, heading: str) -> str:
    """JUnit XML: at tier 1 a test case a question, at tier 2 one for the whole run."""
    by_id: dict[str, list[Change]] = {}
    for change in result.changes:
        by_id.setdefault(change.id, []).append(change)
    if result.tier == 1:
        failures = {id: _change_text(by_id[id]) if id in by_id else "" for id in run.scores}
    else:
        failed = result.status is Status.REGRESSION
        failures = {"no significant loss": result.reason if failed else ""}
    return _junit(heading, failures, f"{result.status}: {result.reason}")


def refusal_junit(message: str, heading: str) -> str:
    """JUnit XML of a run that is not comparable: one case that failed."""
    return _junit(heading, {"comparable with the baseline": message}, message)


def _junit(heading: str, cases: Mapping[str, str], output: str) -> str:
    failed = sum(1 for message in cases.values() if message)
    about = {"name": f"t2s-bench gate: {heading}", "tests": str(len(cases)), "errors": "0"}
    suite = ElementTree.Element("testsuite", {**about, "failures": str(failed)})
    for name, message in cases.items():
        case = ElementTree.SubElement(suite, "testcase", {"name": name, "classname": heading})
        if message:
            ElementTree.SubElement(case, "failure", {"message": message})
    ElementTree.SubElement(suite, "system-out").text = output
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def to_text(result: GateResult, heading: str) -> str:
    """The verdict on a terminal, with the first changed questions."""
    lines = [f"{_TITLES[result.status]}: {heading}", _sentence(result)]
    for metric, pair in result.pairs.items():
        content = pair_content(pair)
        lines.append(
            f"  {metric}: {percent(content['first_score'])} → {percent(content['second_score'])} "
            f"({points(content['difference'])}; {signed_interval(content)})"
        )
    lines += [f"  differs: {line}" for line in result.identity]
    grouped: dict[str, list[Change]] = {}
    for change in result.changes:
        grouped.setdefault(change.id, []).append(change)
    lines += [f"  {id}: {_change_text(changes)}" for id, changes in list(grouped.items())[:10]]
    if len(grouped) > 10:
        lines.append(f"  and {len(grouped) - 10:,} more questions: --md FILE or --json lists them")
    return "\n".join(lines)


def _sentence(result: GateResult) -> str:
    return f"{result.reason[:1].upper()}{result.reason[1:]} (tier {result.tier})."


def _change_row(change: Change) -> Sequence[str]:
    before, after = _number(change.before), _number(change.after)
    return [change.id, f"`{change.metric}`", before, after, str(change.outcome)]


def _change_text(changes: Sequence[Change]) -> str:
    shown = [f"{c.metric} {_number(c.before)} → {_number(c.after)}" for c in changes]
    return f"{', '.join(shown)} ({changes[0].outcome})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
