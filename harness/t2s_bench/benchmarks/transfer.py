"""One file over HTTP: resumed where it was cut, and never taken for another one.

What arrives goes to a partial file with a note beside it (`….json`: the address, the length and the
version that the server told). An interrupted transfer goes on where it stopped, in this process or
in a later one, by a range request; the last bytes that are there are asked for again and compared.
A server that ignores ranges, or whose file has changed, gives it from the start. A web page in
place of the file is refused at its first bytes.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import t2s_bench
from t2s_bench.benchmarks.archive import kind_of
from t2s_bench.benchmarks.placing import NoSpace
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from requests import Response

Report = Callable[[int, int], None]
"""Called with the bytes there are and those there are to be (0 where the server does not say)."""

BLOCK = 1 << 16
# So many bytes that are there already are asked for again when a transfer goes on.
OVERLAP = 4096
# An attempt that brings less than this share of the file does not count as progress.
PROGRESS = 1 / 1000
BUSY = (408, 425, 429, 500, 502, 503, 504)
LONGEST_PAUSE = 30.0
# By so many bytes at its start a file is judged.
HEAD = 512
# Attempts at a server that has not answered once: there may be no network at all.
NO_ANSWER = 3


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server; times in seconds.

    `attempts` that bring nothing new may follow one another. Each `pause` is twice the one before.
    A server that sends nothing for `silence`, or less than `slow_bytes` in `slow_seconds`, has
    interrupted the transfer.
    """

    attempts: int = 5
    pause: float = 1.0
    connect: float = 15.0
    silence: float = 30.0
    slow_seconds: float = 60.0
    slow_bytes: int = 60_000


class SourceFailed(BadInput):
    """A source that does not give the file; the text is the reason, for a list of such reasons."""


class LoginNeeded(SourceFailed):
    """A source that gives the file to those it knows only."""


class PageInstead(SourceFailed):
    """A source that gives a web page in place of the file."""


class _Interrupted(Exception):
    """The transfer may go on where it stopped; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _FromTheStart(_Interrupted):
    """What is there is not the beginning of what the server has now."""


def transfer(
    url: str,
    partial: Path,
    *,
    name: str = "",
    patience: Patience | None = None,
    report: Report | None = None,
) -> None:
    """Leaves the file of `url` complete at `partial`; of a file that is there, what is missing.

    `name` (default: that of the URL) says by its ending what the file must be. Complete means of
    the length that the server told; whether it is the right file is for the caller to check.

    Raises:
        SourceFailed: the server has no such file, gives a web page, or gave up again and again.
        NoSpace: the file is larger than the space on the disk.
    """
    patience = patience or Patience()
    incoming = _Incoming(url, partial, name or url, patience, report)
    strikes, best = 0, incoming.size
    while not incoming.complete():
        try:
            incoming.fetch()
        except _Interrupted as error:
            if isinstance(error, _FromTheStart) or incoming.state.get("encoded"):
                incoming.forget()
            gained = incoming.reached - best
            best = max(best, incoming.reached)
            strikes = strikes + 1 if gained <= PROGRESS * incoming.total else 0
            if strikes >= (patience.attempts if incoming.answered else NO_ANSWER):
                raise SourceFailed(str(error)) from None
            pause = patience.pause * 2 ** max(0, strikes - 1)
            time.sleep(min(max(pause, error.wait), LONGEST_PAUSE))


class _Incoming:
    """The partial file, as what pooch writes into and as what judges the server's answers."""

    def __init__(
        self, url: str, partial: Path, name: str, patience: Patience, report: Report | None
    ) -> None:
        self.url, self.partial, self.name = url, partial, name
        self.patience, self.report = patience, report
        self.note = partial.with_name(partial.name + ".json")
        self.state = self._read_note()
        self.reached = self.size
        self.answered = False
        self._file: IO[bytes] | None = None
        self._response: Response | None = None
        self._known = self._head = b""
        self._asked = 0
        self._window = (0.0, 0)

    @property
    def size(self) -> int:
        """The bytes there are."""
        return self.partial.stat().st_size if self.state else 0

    @property
    def total(self) -> int:
        """The bytes there are to be, 0 where unknown."""
        return int(self.state.get("total") or 0)

    def complete(self) -> bool:
        """Whether the whole file is there."""
        return 0 < self.size in (self.total, self.state.get("ended"))

    def forget(self) -> None:
        """Drops what is there."""
        self.partial.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)
        self.state = {}

    def fetch(self) -> None:
        """One attempt: asks for what is missing and writes it."""
        import pooch  # type: ignore[import-untyped]
        import requests
        from requests import exceptions

        self._asked = max(0, self.size - OVERLAP)
        ask = pooch.HTTPDownloader(
            chunk_size=BLOCK,
            timeout=(self.patience.connect, self.patience.silence),
            headers=self._headers(),
            hooks={"response": self._judge},
        )
        try:
            ask(self.url, output_file=self, pooch=None)
            self._ended()
        except requests.HTTPError as error:
            assert error.response is not None
            raise self._refused(error.response) from None
        except exceptions.SSLError as error:
            raise SourceFailed(f"no secure connection ({_short(error)})") from None
        except (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema) as error:
            raise SourceFailed(f"not an address ({_short(error)})") from None
        except requests.Timeout:
            raise _Interrupted(f"no answer, or none any more, {self._where()}") from None
        except requests.RequestException as error:
            raise _Interrupted(self._broken(error)) from None
        finally:
            if self._response is not None:
                self._response.close()
            if self._file:
                self._file.close()
            self._response = self._file = None

    def write(self, block: bytes) -> None:
        """Takes the next bytes of the answer (called by pooch)."""
        assert self._file
        if self._known:
            length = min(len(self._known), len(block))
            if block[:length] != self._known[:length]:
                raise _FromTheStart("the file changed while it was transferred")
            block, self._known = block[length:], self._known[length:]
        if self._file.tell() < HEAD <= self._file.tell() + len(block):
            self._check_start(self._head + block)
        self._head += block[: HEAD - len(self._head)]
        self._file.write(block)
        self.reached = self._file.tell()
        self._check_pace(len(block))
        if self.report and block:
            self.report(self.reached, self.total)

    def flush(self) -> None:
        """Nothing: the file is written out when it is closed."""

    def _headers(self) -> Mapping[str, str]:
        headers = {
            "User-Agent": f"t2s-bench/{t2s_bench.__version__}",
            # Compressed on the way, a file has neither its own length nor its own ranges.
            "Accept-Encoding": "identity",
        }
        if self._asked or self.size:
            headers["Range"] = f"bytes={self._asked}-"
            if self.state["version"]:
                headers["If-Range"] = str(self.state["version"])
        return headers

    def _judge(self, response: Response, **_: object) -> None:
        """Decides, before its body is read, where an answer belongs (a hook of requests)."""
        self.answered = True
        if response.is_redirect or response.status_code >= 400:
            return
        self._response = response
        if response.status_code == 206:
            self._go_on(response)
        elif response.status_code == 200:
            self._start(response)
        else:
            raise SourceFailed(f"answers {response.status_code} instead of the file")
        self._window = (time.monotonic(), 0)
        # As they arrive: requests waits until a block is full, which one byte a minute never does.
        response.iter_content = functools.partial(_arriving, response)  # type: ignore[method-assign]

    def _go_on(self, response: Response) -> None:
        told = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if (
            not self.state
            or not told
            or int(told[1]) != self._asked
            or (told[2] != "*" and self.total and int(told[2]) != self.total)
            or _version(response) != self.state["version"]
        ):
            raise _FromTheStart("the file changed while it was transferred")
        self._file = self.partial.open("r+b")
        self._file.seek(self._asked)
        self._known = self._file.read()
        self._head = self._known[:HEAD]

    def _start(self, response: Response) -> None:
        length = response.headers.get("Content-Length", "")
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        total = int(length) if length.isdecimal() and not encoded else 0
        self.partial.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.partial.parent).free + self.size
        if total > free:
            raise NoSpace(
                f"{self.name} has {total:,} bytes, and {self.partial.parent} has {free:,} left: "
                f"free some, or choose another folder with --data"
            )
        self.forget()
        self._file = self.partial.open("wb")
        self._known = self._head = b""
        self.state = {"url": self.url, "total": total, "version": _version(response)}
        if encoded:  # its ranges would be those of what is sent, not of the file
            self.state["encoded"] = True
        self._write_note()

    def _ended(self) -> None:
        """The answer came to its end as HTTP sees it."""
        assert self._file
        self._file.flush()
        if self._known:
            raise _FromTheStart("the file became shorter while it was transferred")
        if self.total and self.size != self.total:
            raise _Interrupted(f"the connection was cut {self._where()}")
        if not self.size:
            raise SourceFailed("gives an empty file")
        if self.size < HEAD:
            self._check_start(self.partial.read_bytes())
        self.state["ended"] = self.size
        self._write_note()

    def _check_start(self, start: bytes) -> None:
        kind = kind_of(start)
        if kind.startswith("a web page"):
            raise PageInstead("a web page came instead of the file (a login or error page)")
        if self.name.endswith(".zip") and not start.startswith(b"PK"):
            raise SourceFailed(f"what came is not a zip file but {kind}")

    def _check_pace(self, length: int) -> None:
        start, count = self._window[0], self._window[1] + length
        self._window = (start, count)
        now = time.monotonic()
        if now - start >= self.patience.slow_seconds:
            if count < self.patience.slow_bytes:
                raise _Interrupted(f"too slow to wait for {self._where()}")
            self._window = (now, 0)

    def _refused(self, response: Response) -> Exception:
        code, reason = response.status_code, response.reason
        response.close()
        if code == 416:
            return _FromTheStart("the file changed while it was transferred")
        if code in BUSY:
            wait = response.headers.get("Retry-After", "")
            return _Interrupted(
                f"answers {code} ({reason})", float(wait) if wait.isdecimal() else 0.0
            )
        kind = LoginNeeded if code in (401, 403) else SourceFailed
        return kind(f"answers {code} ({reason})")

    def _broken(self, error: Exception) -> str:
        if self._response is None:
            return f"no connection ({_short(error)})"
        return f"the connection was cut {self._where()}"

    def _where(self) -> str:
        return f"at byte {self.reached:,}" + (f" of {self.total:,}" if self.total else "")

    def _read_note(self) -> dict[str, Any]:
        try:
            state = json.loads(self.note.read_text(encoding="utf-8"))
            good = state["url"] == self.url and "version" in state and self.partial.is_file()
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return state if good else {}

    def _write_note(self) -> None:
        self.note.write_text(json.dumps(self.state), encoding="utf-8")


def _arriving(response: Response, chunk_size: int) -> Iterator[bytes]:
    """The body of an answer in the pieces in which it arrives."""
    import requests
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    read = getattr(response.raw, "read1", response.raw.read)  # urllib3 1 has no read1
    try:
        while block := read(chunk_size):
            yield block
    except ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except HTTPError as error:
        raise requests.ConnectionError(error) from error


def _version(response: Response) -> str:
    """What tells one version of a file from another: a strong entity tag, else its date."""
    tag = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified", "")


def _short(error: Exception) -> str:
    """The reason at the end of a chain of errors, as short as it can be had."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    text = str(getattr(error, "strerror", None) or error)
    return text.splitlines()[0][:100] if text else type(error).__name__
