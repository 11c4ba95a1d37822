"""`downloads.json` in the data folder: what every downloaded file was, at its first download.

Few benchmarks publish a digest of their files. The first download is trusted, its SHA-256 is kept
here, and a later one must be equal: a silent re-release is noticed, and so is an altered mirror.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from t2s_bench.errors import BadInput

FILE = "downloads.json"


@dataclass(frozen=True)
class Download:
    """One file as it came: from where, how long, with which digest."""

    source: str
    bytes: int
    sha256: str


def recorded(data: Path, benchmark: str, file: str) -> Mapping[str, Download]:
    """What that file of the benchmark was at its first download, by the part of it.

    The whole file is the part "". A folder of a larger archive that stands for the file has its own
    digest, under the folder's name.

    Raises:
        BadInput: the record is damaged.
    """
    name = f"{benchmark}/{file}"
    found = {}
    for key, download in _read(data).items():
        whole, _, part = key.partition("#")
        if whole == name:
            found[part] = download
    return found


def record(data: Path, benchmark: str, file: str, part: str, download: Download) -> None:
    """Keeps what a file was, if nothing is known of it yet; others may do so at the same time."""
    key = f"{benchmark}/{file}" + (f"#{part}" if part else "")
    data.mkdir(parents=True, exist_ok=True)
    with (data / f".{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        entries = _read(data)
        if key in entries:
            return
        entries[key] = download
        content = json.dumps({name: asdict(entries[name]) for name in sorted(entries)}, indent=2)
        new = data / f".{FILE}.new"
        new.write_text(content + "\n", encoding="utf-8")
        os.replace(new, data / FILE)


def _read(data: Path) -> dict[str, Download]:
    try:
        entries = json.loads((data / FILE).read_text(encoding="utf-8"))
        return {name: Download(**entry) for name, entry in entries.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        raise BadInput(
            f"{data / FILE} is damaged: it holds the digests of what was downloaded; mend it, "
            f"or delete it to trust the next downloads anew"
        ) from None
