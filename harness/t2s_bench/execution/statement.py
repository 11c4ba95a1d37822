"""What may be sent to a server: one statement that only reads. Looked at before it is sent.

The first of two locks; the second is the server's own (a read-only transaction, a role that may
only read). The text is cut into tokens by sqlglot's tokenizer of the dialect, which knows its
strings, comments and quotes. It is not parsed: a construct that a parser does not know must not
make a correct prediction count as refused. DuckDB classifies statements itself.
"""

from __future__ import annotations

from t2s_bench.types import Status

# Longest SQL text, in characters; reading the tokens of one this long takes about 3 s.
SQL_LENGTH = 1_000_000

_STARTS = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"})
_LOCKS = frozenset({"UPDATE", "SHARE", "NO", "KEY"})
# Functions that reach files, other sessions, settings or other servers, that wait on locks, or
# that run a text as SQL, which this check then has not seen. A * ends a prefix.
_FUNCTIONS = {
    "postgresql": (
        "pg_* lo_* loread lowrite dblink* set_config setval nextval query_to_xml* cursor_to_xml* "
        "ts_stat ts_rewrite crosstab* connectby xpath_table binary_upgrade_*"
    ),
    "mysql": (
        "load_file sleep benchmark get_lock release_lock release_all_locks is_free_lock "
        "is_used_lock master_pos_wait master_gtid_wait source_pos_wait "
        "wait_for_executed_gtid_set wait_until_sql_thread_after_gtids nextval setval "
        "sys_eval sys_exec sys_get sys_set"
    ),
}
# Harmless members of a refused prefix. pg_sleep only takes its time, which is limited.
_HARMLESS = frozenset(
    {"pg_typeof", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_size_pretty", "pg_size_bytes"}
    | {"pg_column_size", "pg_table_size", "pg_relation_size", "pg_total_relation_size"}
    | {"pg_get_viewdef", "pg_get_expr", "pg_get_constraintdef", "pg_get_indexdef"}
    | {"pg_table_is_visible", "pg_client_encoding"}
)
_TOKENIZERS = {"postgresql": "postgres", "mysql": "mysql"}


def find_fault(sql: str, dialect: str) -> tuple[Status, str] | None:
    """Why a statement is not sent, or None where it may be.

    `dialect` is `postgresql`, `mysql` or any other name; what sqlglot does not know under its name
    is read as plain SQL.
    """
    if len(sql) > SQL_LENGTH:
        return Status.TOO_LARGE, f"SQL longer than {SQL_LENGTH:,} characters"
    if "\0" in sql:
        return Status.ERROR, "the SQL holds a NUL character"
    try:
        sql.encode()
    except UnicodeEncodeError:
        return Status.ERROR, "the SQL holds half a surrogate pair, which is no text"
    refused = _refused(sql, dialect)
    if isinstance(refused, Exception):
        return Status.ERROR, f"the SQL cannot be read: {' '.join(str(refused).split())[:200]}"
    return (Status.REFUSED, f"only reading is allowed: {refused}") if refused else None


def _refused(sql: str, dialect: str) -> str | Exception | None:
    from sqlglot import Dialect, TokenError, TokenType, tokenize

    name = _TOKENIZERS.get(dialect, dialect)
    try:
        tokens = tokenize(sql, dialect=name if name in Dialect.classes else None)
    except TokenError as error:
        return error
    if dialect == "mysql" and any(
        comment.startswith(("!", "M!")) for token in tokens for comment in token.comments
    ):
        return "a comment that MySQL executes refused"
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    quoted = (TokenType.IDENTIFIER, TokenType.STRING)
    words = ["" if token.token_type in quoted else token.text.upper() for token in tokens]
    start = next((word for word in words if word != "("), "no statement")
    if start not in _STARTS:
        return f"{start[:40] or 'a quoted name'} refused"
    if TokenType.SEMICOLON in (token.token_type for token in tokens):
        return "a second statement refused"
    patterns = _FUNCTIONS.get(dialect, "").split()
    exact = frozenset(pattern for pattern in patterns if not pattern.endswith("*"))
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    before = ""
    for place, (word, after) in enumerate(zip(words, [*words[1:], ""], strict=True)):
        if word == "INTO":
            return f"INTO {after}".strip() + " refused"
        if word in _WRITES and before in ("(", ")") and after != "(":
            return f"{word} refused"
        if word == "FOR" and after in _LOCKS:
            return f"FOR {after} refused"
        if after == "(" and tokens[place].token_type is not TokenType.STRING:
            called = tokens[place].text.lower()
            if called not in _HARMLESS and (called in exact or called.startswith(prefixes)):
                return f"{called}() refused"
        if before == "&" and words[place - 2] == "U" and _quoted_by_code(tokens[place].text, word):
            # PostgreSQL's U&"\0070g" spells a name by its code points.
            return 'a name in U&"…" refused'
        before = word
    return None


def _quoted_by_code(text: str, word: str) -> bool:
    return not word and "\\" in text
