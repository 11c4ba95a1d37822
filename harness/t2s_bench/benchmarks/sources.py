"""Where a benchmark's files can be had: sources in the order in which they are tried.

In `registry.toml` a source is one of

    {url = "https://…"}
    {google_drive = "FILE ID"}
    {hugging_face = "OWNER/DATASET", file = "PATH", revision = "COMMIT"}
    {browser = "https://…"}                   a page on which a person has to click or log in

Each may say `verified = true`: the benchmark's own page or code names this address. `inside` is the
folder of a large archive that holds the benchmark; only that part of it is transferred.

`T2S_MIRROR` names a web folder that is asked before all others, for `BENCHMARK/FILE`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from t2s_bench.errors import BadInput

URL, GOOGLE_DRIVE, HUGGING_FACE, BROWSER = "url", "google_drive", "hugging_face", "browser"
KINDS = (URL, GOOGLE_DRIVE, HUGGING_FACE, BROWSER)


@dataclass(frozen=True)
class Source:
    """One place; `address` is a URL, a Google Drive file id or a Hugging Face dataset."""

    kind: str
    address: str
    file: str = ""
    revision: str = "main"
    inside: str = ""
    verified: bool = False

    @property
    def url(self) -> str:
        """The URL that gives the file (or, for a browser, the page that leads to it).

        >>> Source(HUGGING_FACE, "owner/set", "data/a b.json").url
        'https://huggingface.co/datasets/owner/set/resolve/main/data/a%20b.json'
        """
        if self.kind == GOOGLE_DRIVE:
            # `confirm=t` skips the page that says that a large file was not searched for viruses.
            return (
                "https://drive.usercontent.google.com/download"
                f"?id={quote(self.address)}&export=download&confirm=t"
            )
        if self.kind == HUGGING_FACE:
            host = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
            path = f"{self.address}/resolve/{self.revision}/{self.file}"
            return f"{host}/datasets/{quote(path)}"
        return self.address

    @property
    def name(self) -> str:
        """How messages name it.

        >>> Source(GOOGLE_DRIVE, "1403").name, Source(URL, "https://a.org/b.zip").name
        ('Google Drive', 'a.org')
        """
        if self.kind == GOOGLE_DRIVE:
            return "Google Drive"
        if self.kind == HUGGING_FACE:
            return f"Hugging Face ({self.address})"
        return urlsplit(self.address).hostname or self.address


@dataclass(frozen=True)
class SourceFile:
    """One file of a benchmark, under the name by which it is published.

    `sha256` is that of the published file, None where nobody publishes one: it is then recorded at
    the first download and compared ever after.
    """

    name: str
    sources: tuple[Source, ...]
    sha256: str | None = None

    def sources_for(self, benchmark: str) -> tuple[Source, ...]:
        """The sources to try, in order; the mirror of `T2S_MIRROR` first."""
        mirror = os.environ.get("T2S_MIRROR", "").rstrip("/")
        if not mirror:
            return self.sources
        return (Source(URL, f"{mirror}/{benchmark}/{quote(self.name)}"), *self.sources)


def read_file(record: Mapping[str, Any]) -> SourceFile:
    """A file as `registry.toml` writes it.

    Raises:
        BadInput: a source of no known kind.
    """
    fields = dict(record)
    return SourceFile(sources=tuple(_source(part) for part in fields.pop("sources")), **fields)


def _source(record: Mapping[str, Any]) -> Source:
    fields = dict(record)
    kinds = [kind for kind in KINDS if kind in fields]
    if len(kinds) != 1:
        raise BadInput(f"a source in the registry must have one of {', '.join(KINDS)}: {record}")
    return Source(kinds[0], fields.pop(kinds[0]), **fields)
