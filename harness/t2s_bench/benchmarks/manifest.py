"""The manifest of an imported benchmark: written last, so its presence means complete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from t2s_bench.errors import BadInput

FORMAT = 1
FILE = "manifest.json"


@dataclass(frozen=True)
class SplitManifest:
    """One list of questions: all are in `file`, those of `missing` databases are left out.

    `questions` counts the official file, `scored` what is left; `missing` gives the number of
    questions of every database that the source lacked. `digest` covers what is left.
    """

    file: str
    questions: int
    scored: int
    databases: int
    missing: Mapping[str, int]
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What was imported, from what; no time and no path, so that equal imports are equal."""

    name: str
    title: str
    version: str
    licence: str
    citation: str
    homepage: str
    primary_metric: str
    source: str
    source_sha256: str | None
    splits: Mapping[str, SplitManifest]
    databases: int
    missing: Mapping[str, int]
    digest: str
    notes: tuple[str, ...] = ()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest of a folder whose other files are complete."""
    text = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=2, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of an imported benchmark, or None where no import was completed.

    Raises:
        BadInput: the manifest is damaged or of another format.
    """
    try:
        record = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if record.pop("format") != FORMAT:
            raise BadInput(
                f"{folder} was imported by another version of t2s-bench: "
                f"import it again with t2s-bench download … --force"
            )
        record["splits"] = {
            name: SplitManifest(**split) for name, split in record["splits"].items()
        }
        record["notes"] = tuple(record["notes"])
        return Manifest(**record)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadInput(f"{folder / FILE} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(
            f"{folder / FILE} is damaged: import the benchmark again "
            f"with t2s-bench download … --force"
        ) from None
