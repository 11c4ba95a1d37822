"""User errors: one tree, one line each.

    UserError
    ├── UnknownName        a system, dataset, metric, option … that does not exist
    ├── BadInput           a file or value that cannot be used
    ├── NotARun            a folder that is not a run directory
    ├── NotComparable      a run that cannot be resumed or compared, naming what differs
    └── MissingExtra       an optional dependency that is not installed

The command line prints `error: <message>` and exits with 2; nobody sees a traceback for a mistake
of their own. A message says what is wrong, which values are possible and what to type next.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake that the user can mend; its text is the one line they see."""


class UnknownName(UserError):
    """A name that is not there, with the nearest one and the possible ones.

    >>> str(UnknownName("metric", "ex_spidr", ["ex", "ex_spider"]))
    "unknown metric 'ex_spidr': did you mean 'ex_spider'? Possible: ex, ex_spider"
    """

    def __init__(self, kind: str, name: str, possible: Iterable[str], hint: str = "") -> None:
        names = sorted(possible)
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        message = f"unknown {kind} '{name}'"
        message += f": did you mean '{near[0]}'?" if near else "."
        message += f" Possible: {', '.join(names) if names else 'none'}"
        if hint:
            message += f". {hint}"
        super().__init__(message)


class BadInput(UserError):
    """A file or a value that cannot be used as it is."""


class NotARun(UserError):
    """A folder that is not a run directory."""


class NotComparable(UserError):
    """Two things that may not be joined or compared, naming the keys that differ."""


class MissingExtra(UserError):
    """An optional dependency is not installed.

    >>> str(MissingExtra("openai", "openai", "an OpenAI-compatible server"))
    "an OpenAI-compatible server needs the package 'openai': pip install 't2s-bench[openai]'"
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package '{package}': pip install 't2s-bench[{extra}]'"
        )
