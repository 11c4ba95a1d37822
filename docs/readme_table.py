"""Puts generated tables into the pages that show them: `python docs/readme_table.py`.

The leaderboard's Spider table and the ablations (`leaderboard/ablations/*.json`, the
`ablation.json` of recorded runs) stand between markers. `--check` changes nothing and exits with 1
where a page differs from its record.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ABLATIONS = ROOT / "leaderboard" / "ablations"


def leaderboard_table(title: str) -> str:
    """The table under a title of `leaderboard/README.md`, without failures and costs."""
    text = (ROOT / "leaderboard" / "README.md").read_text(encoding="utf-8")
    section = text[text.index(f"## {title}") :]
    lines = [line for line in section[: section.find("\n## ", 1)].splitlines() if line[:1] == "|"]
    return "".join("|".join(line.split("|")[:7]) + "|\n" for line in lines)


def ablation_table(name: str) -> str:
    """A recorded ablation: score, difference with interval, p, ECE, tokens and seconds."""
    lines = [
        "| arm | score | difference | 95 % interval | p | ECE | tokens | seconds |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for arm in _ablation(name)["arms"]:
        compared = ["", "", ""]
        if "difference" in arm:
            compared = [f"{arm['difference']:+.2f}", _interval(arm), _p(arm)]
        ece = "" if arm["ece"] is None else f"{arm['ece']:.3f}"
        figures = [f"{arm['score']:.2f}", *compared, ece, f"{arm['completion_tokens']:,.0f}"]
        lines.append(f"| {arm['name']} | {' | '.join(figures)} | {arm['seconds']:.2f} |")
    return "\n".join(lines) + "\n"


def shapley_table(name: str) -> str:
    """Every component's Shapley value in a recorded ablation of all subsets."""
    lines = ["| component | share of the gain | 95 % interval |", "|---|--:|--:|"]
    for share in _ablation(name)["shapley"]:
        lines.append(f"| {share['component']} | {share['value']:+.2f} | {_interval(share)} |")
    return "\n".join(lines) + "\n"


def subsets_table(text: str) -> str:
    """The arms of all subsets with a component on; `text` is 'NAME:COMPONENT'."""
    name, component = text.split(":")
    content = _ablation(name)
    lines = ["| on | score | ECE | tokens | seconds |", "|---|--:|--:|--:|--:|"]
    for arm in sorted(content["arms"], key=lambda arm: -len(arm["off"])):
        if component in arm["off"] or arm["name"] == "control":
            continue
        on = " + ".join(one for one in content["components"] if one not in arm["off"])
        ece = "" if arm["ece"] is None else f"{arm['ece']:.3f}"
        figures = f"{arm['score']:.2f} | {ece} | {arm['completion_tokens']:,.0f}"
        lines.append(f"| {on} | {figures} | {arm['seconds']:.2f} |")
    return "\n".join(lines) + "\n"


def component_line(text: str) -> str:
    """What a component gave in a recorded ablation; `text` is 'NAME:COMPONENT'."""
    name, component = text.split(":")
    content = _ablation(name)
    full = content["arms"][0]
    arm = next(one for one in content["arms"] if one["off"] == [component])
    p = _p(arm) if _p(arm).startswith("<") else f"= {_p(arm)}"
    return (
        f"Measured on {content['benchmark']['name']} ({content['benchmark']['questions']} "
        f"questions, {content['metric']['name']}): {full['score']:.2f} with it, "
        f"{arm['score']:.2f} without, {-arm['difference']:+.2f} points (95 % interval of the "
        f"difference without it {_interval(arm)}, p {p}); "
        f"ECE {full['ece']:.3f} with it, {arm['ece']:.3f} without; "
        f"{full['completion_tokens'] - arm['completion_tokens']:+,.0f} tokens and "
        f"{full['seconds'] - arm['seconds']:+.2f} s a question.\n"
    )


def _interval(arm: Mapping[str, Any]) -> str:
    return f"{arm['low']:+.2f} to {arm['high']:+.2f}"


def _p(arm: Mapping[str, Any]) -> str:
    return "<0.001" if arm["p_adjusted"] < 0.001 else f"{arm['p_adjusted']:.3f}"


def _ablation(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ABLATIONS / f"{name}.json").read_text(encoding="utf-8"))
    return content


BLOCKS: dict[str, Callable[[str], str]] = {
    "table": leaderboard_table,
    "ablation": ablation_table,
    "component": component_line,
    "shapley": shapley_table,
    "subsets": subsets_table,
}
BLOCK = re.compile(rf"(<!-- ({'|'.join(BLOCKS)}): (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
PAGES = (
    ROOT / "README.md",
    ROOT / "systems" / "advanced" / "README.md",
    ROOT / "systems" / "advanced" / "checkpoints" / "README.md",
)


def generated(page: str) -> str:
    """A page with today's content in its blocks."""
    return BLOCK.sub(lambda found: found[1] + BLOCKS[found[2]](found[3]) + found[4], page)


def main() -> int:
    """Writes the pages, or checks them."""
    differs = 0
    for path in PAGES:
        old = path.read_text(encoding="utf-8")
        new = generated(old)
        if "--check" not in sys.argv:
            path.write_text(new, encoding="utf-8")
        elif new != old:
            differs = 1
            print(f"{path.relative_to(ROOT)} differs from its records: python docs/readme_table.py")
    return differs


if __name__ == "__main__":
    sys.exit(main())
