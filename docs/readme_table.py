"""Puts the leaderboard's Spider table into the project's README: `python docs/readme_table.py`.

`--check` changes nothing and exits with 1 where the README differs from the generated leaderboard.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- table: spider-dev -->\n).*?(<!-- end -->)", re.DOTALL)


def leaderboard_table(title: str) -> str:
    """The table under a title of `leaderboard/README.md`, without failures and costs."""
    text = (ROOT / "leaderboard" / "README.md").read_text(encoding="utf-8")
    section = text[text.index(f"## {title}") :]
    lines = [line for line in section[: section.find("\n## ", 1)].splitlines() if line[:1] == "|"]
    return "".join("|".join(line.split("|")[:7]) + "|\n" for line in lines)


def with_table(readme: str) -> str:
    """The README with today's table in its block."""
    return BLOCK.sub(lambda found: found[1] + leaderboard_table("spider-dev") + found[2], readme)


def main() -> int:
    """Writes the README, or checks it."""
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    new = with_table(old)
    if "--check" in sys.argv:
        if new != old:
            print("README.md differs from leaderboard/README.md: run python docs/readme_table.py")
        return int(new != old)
    path.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
