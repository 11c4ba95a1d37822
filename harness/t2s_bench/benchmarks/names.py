"""Names that come from outside and become names of files."""

from __future__ import annotations

from t2s_bench.errors import BadInput


def is_plain(name: str) -> bool:
    r"""Whether a name is text that a terminal and a file system take as it is.

    >>> is_plain("concert singer"), is_plain("a\x1b[2J"), is_plain("\ud800"), is_plain("")
    (True, False, False, False)
    """
    return bool(name) and not any(
        char < " " or "\x7f" <= char < "\xa0" or "\ud800" <= char <= "\udfff" for char in name
    )


def check_database_id(db_id: str, where: str) -> None:
    """Refuses a database id that could not be the name of a folder.

    Raises:
        BadInput: the id is empty, too long, or has a path separator or a control character.
    """
    plain = is_plain(db_id) and not set(db_id) & set('/\\:"*?<>|') and db_id.strip(". ")
    if not plain or len(db_id.encode()) > 200:
        raise BadInput(f"{where}: db_id {db_id[:60]!r} cannot be the name of a database folder")
