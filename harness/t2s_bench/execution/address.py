"""Where a benchmark's databases lie on a server: one SQLAlchemy URL, told apart by their schema.

A URL is SQLAlchemy's, with one parameter of our own: `?schema=NAME` is the schema (MySQL: the
database) that unqualified names mean. `{database}` anywhere in it stands for the database's id.
Without `schema` each database has the schema of its own name, as `t2s-bench load-databases` makes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from t2s_bench.errors import BadInput, MissingExtra

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

PLACE = "{database}"
# SQLAlchemy's name of the back end → the dialect of its SQL, and the driver that is used.
DIALECTS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql", "duckdb": "duckdb"}
_DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "duckdb": "duckdb"}
_PASSWORD_PARAMETER = re.compile(r"(?<=[?&]password=)[^&\s]*")
EXAMPLES = (
    "postgresql://USER:PASSWORD@HOST/DATABASE, mysql://USER:PASSWORD@HOST/, duckdb:///FILE.duckdb"
)


class ServerUrl(str):
    """A URL as text that may hold a password: its repr, which tracebacks show, hides it."""

    def __repr__(self) -> str:
        return repr(shown(self))


@dataclass(frozen=True)
class Address:
    """A server and a schema on it; `url` has no `schema` and its text form hides the password.

    `own_schema` says that the URL names no schema, so that it is the database's own.
    """

    dialect: str
    url: URL
    schema: str
    own_schema: bool

    @property
    def first_class(self) -> bool:
        """Whether this is one of the servers with locks and limits of their own."""
        return self.dialect in _DRIVERS

    def text(self) -> ServerUrl:
        """The whole URL with its password, as `Database.url` holds it."""
        url = self.url.update_query_dict({"schema": self.schema}) if self.schema else self.url
        return ServerUrl(url.render_as_string(hide_password=False))

    def __str__(self) -> str:
        return shown(self.url.render_as_string(hide_password=True))


def parse(text: str, database: str = "") -> Address:
    """Reads a URL, for the database of that id.

    Raises BadInput for a text that is no URL or names another driver than the one used here, and
    MissingExtra where SQLAlchemy is not installed. No message repeats the URL: it may be secret.
    """
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError as error:
        raise MissingExtra("sqlalchemy", "servers", "a database server") from error
    try:
        url = make_url(text.replace(PLACE, quote(database, safe="")))
    except (ArgumentError, ValueError) as error:
        raise BadInput(f"the engine is not a URL that can be read; write {EXAMPLES}") from error
    backend = url.get_backend_name()
    dialect = DIALECTS.get(backend, backend)
    driver = _DRIVERS.get(dialect)
    if driver and url.drivername not in (backend, f"{backend}+{driver}"):
        raise BadInput(f"{backend} is used through {driver}: write {backend}:// in the engine")
    schema = url.query.get("schema", "")
    if not isinstance(schema, str):
        raise BadInput("the engine names more than one schema: give one")
    own = not schema and driver is not None
    return Address(dialect, url.difference_update_query(["schema"]), schema or database, own)


def shown(text: str) -> str:
    """A URL, or any text with URLs in it, without the passwords.

    >>> shown("--engine postgresql://me:secret@localhost/bench")
    '--engine postgresql://me:***@localhost/bench'
    >>> shown("mysql://me:p@ss@localhost/ mysql://me@localhost/")
    'mysql://me:***@localhost/ mysql://me@localhost/'
    """
    words = text.split(" ")
    for place, word in enumerate(words):
        scheme, mark, rest = word.partition("://")
        # A path may hold an @, too, but hiding more than the password harms nobody.
        credentials, at, host = rest.rpartition("@")
        user, colon, _ = credentials.partition(":")
        if mark and at and colon:
            words[place] = f"{scheme}://{user}:***@{host}"
    return _PASSWORD_PARAMETER.sub("***", " ".join(words))
