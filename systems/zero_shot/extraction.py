"""The SQL in a model's answer.

In this order, the first that is there: the last closed ```sql block; the last <answer> element (the
block in it, if it has one); the last other ``` block that reads as a query; a ```sql block that was
never closed; the first line that starts a query, up to a semicolon, an empty line or the end. What
was thought aloud in a closed <think> element counts only for ```sql blocks. `strict` takes ```sql
blocks alone, as Arctic-Text2SQL-R1's own script does.
"""

from __future__ import annotations

import re

_SQL_BLOCK = re.compile(r"```[ \t]*sql(?:ite)?\b[ \t]*\n?(.*?)```", re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(r"```[ \t]*\w*[ \t]*\n(.*?)```", re.DOTALL)
_OPEN_BLOCK = re.compile(r"```[ \t]*sql(?:ite)?\b(.*)\Z", re.DOTALL | re.IGNORECASE)
_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL | re.IGNORECASE)
_THOUGHT = re.compile(r"\A.*</think>", re.DOTALL | re.IGNORECASE)
_QUERY_START = re.compile(r"\s*(?:--[^\n]*\n\s*)*\(?\s*(?:SELECT|WITH|VALUES)\b", re.IGNORECASE)
_QUERY_LINE = re.compile(
    r"^[ \t]*(?:SQL[ \t]*:[ \t]*)?((?:SELECT|WITH)\b.*?)(?:;|\n[ \t]*\n|\Z)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)


def extract_sql(text: str, strict: bool = False) -> str:
    r"""The SQL of an answer, or an empty text.

    >>> extract_sql("First ```sql\nSELECT 1\n```, better:\n```sql\nSELECT 2;\n```")
    'SELECT 2;'
    >>> extract_sql("<think>easy</think><answer>SELECT 3</answer>")
    'SELECT 3'
    >>> extract_sql("The query is:\nSELECT a\nFROM t;\nIt lists a.")
    'SELECT a\nFROM t'
    >>> extract_sql("I cannot select anything.")
    ''
    """
    blocks: list[str] = _SQL_BLOCK.findall(text)
    if blocks or strict:
        return blocks[-1].strip() if blocks else ""
    said = _THOUGHT.sub("", text)
    answers: list[str] = _ANSWER.findall(said)
    if answers:
        inner: list[str] = _BLOCK.findall(answers[-1]) or answers
        answer = inner[-1].strip()
        if _QUERY_START.match(answer):
            return answer
    queries: list[str] = [
        block.strip() for block in _BLOCK.findall(said) if _QUERY_START.match(block)
    ]
    if queries:
        return queries[-1]
    found = _OPEN_BLOCK.search(said) or _QUERY_LINE.search(said)
    return str(found.group(1)).strip() if found else ""
