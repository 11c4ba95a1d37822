"""A comparison as one HTML file: no script or style from elsewhere, readable in the dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from t2s_bench.reports.comparison import (
    COLUMNS,
    SLICE_COLUMNS,
    Content,
    footer,
    heading,
    score_rows,
    slice_row,
    verdict_line,
)

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --won: #1a7f37; --lost: #cf222e; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --won: #3fb950; --lost: #f85149; } }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.35rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; white-space: nowrap; } td { white-space: nowrap; }
small, .about { opacity: .72; }
summary { cursor: pointer; padding: .25rem 0; }
.flips > details { border-bottom: 1px solid var(--line); }
.won > summary b { color: var(--won); } .lost > summary b { color: var(--lost); }
.sqls { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
  gap: .8rem; margin: .3rem 0 1rem; }
pre { background: var(--soft); padding: .6rem; margin: .2rem 0; white-space: pre-wrap;
  overflow-wrap: anywhere; font-size: 13px; }
input, select { font: inherit; padding: .25rem .4rem; margin-right: .5rem; max-width: 100%; }
"""

_SCRIPT = """
for (const part of document.querySelectorAll('section')) {
  const words = part.querySelector('input'), kind = part.querySelector('select');
  if (!words) continue;
  const flips = [...part.querySelectorAll('.flips > details')];
  const count = part.querySelector('output');
  const show = () => {
    const text = words.value.toLowerCase();
    let left = 0;
    for (const flip of flips) {
      const fits = (!kind.value || flip.classList.contains(kind.value))
        && flip.textContent.toLowerCase().includes(text);
      flip.hidden = !fits;
      left += fits;
    }
    count.textContent = left + ' of ' + flips.length;
  };
  words.addEventListener('input', show);
  kind.addEventListener('change', show);
  show();
}
"""


def to_html(content: Content) -> str:
    """The whole comparison with every flipped question, to be searched and filtered."""
    title = escape(f"Comparison on {heading(content)}")
    verdicts = "".join(f"<li>{escape(verdict_line(p))}</li>" for p in content["comparisons"])
    notes = "".join(f"<p>Note: {escape(note)}</p>" for note in content["notes"])
    sections = "".join(_section(pair) for pair in content["comparisons"])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1>{_table(COLUMNS, score_rows(content))}<ul>{verdicts}</ul>{notes}"
        f'<p class="about">{escape(footer(content))}</p>{sections}'
        f"<script>{_SCRIPT}</script></body></html>\n"
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _section(pair: Mapping[str, Any]) -> str:
    parts = [f"<section><h2>{escape(pair['second'])} against {escape(pair['first'])}</h2>"]
    for kind, groups in pair["slices"].items():
        if groups:
            rows = [slice_row(name, group) for name, group in groups.items()]
            opened = " open" if kind == "difficulty" else ""
            parts.append(
                f"<details{opened}><summary>By {kind}</summary>"
                f"{_table([kind, *SLICE_COLUMNS], rows)}</details>"
            )
    if pair["flips"]:
        parts.append(
            "<h3>Flipped questions</h3><p><input type='search' placeholder='Search' "
            "aria-label='Search in flipped questions'><select aria-label='Won or lost'>"
            "<option value=''>won and lost</option><option value='won'>won</option>"
            "<option value='lost'>lost</option></select><output></output></p><div class='flips'>"
        )
        parts += [_flip(flip, pair) for flip in pair["flips"]]
        parts.append("</div>")
    return "".join(parts) + "</section>"


def _flip(flip: Mapping[str, Any], pair: Mapping[str, Any]) -> str:
    word = "won" if flip["won"] else "lost"
    about = " · ".join(filter(None, (flip["database"], flip["difficulty"])))
    titles = [
        f"{pair[place]}: {outcome}"
        for place, outcome in zip(("first", "second"), flip["outcomes"], strict=True)
    ]
    blocks = list(zip(titles, flip["sqls"], strict=True))
    if flip["gold"]:
        blocks.append(("gold", flip["gold"]))
    shown = "".join(
        f"<div><small>{escape(name)}</small><pre>{escape(sql or '(no SQL)')}</pre></div>"
        for name, sql in blocks
    )
    return (
        f'<details class="{word}"><summary><b>{word}</b> {escape(flip["id"])} · '
        f"{escape(flip['question'])} <small>{escape(about)}</small></summary>"
        f'<div class="sqls">{shown}</div></details>'
    )
