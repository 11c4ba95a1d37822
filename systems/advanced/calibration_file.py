"""`calibration.json` beside a checkpoint's weights: what was fitted on validation questions.

One object with a section for each part of the system that was calibrated (`confidence`,
`selection`, `recall_guard`, `trust`); a part reads its own section and leaves the others as they
are. A checkpoint without the file, or without a section, works with the part's stated defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from t2s_bench.errors import BadInput

NAME = "calibration.json"


def read_section(folder: Path, section: str) -> Mapping[str, object] | None:
    """One section, or None where it was not calibrated; raises BadInput for another shape."""
    found = _read(folder).get(section)
    if found is not None and not isinstance(found, dict):
        raise BadInput(f"{folder / NAME}: '{section}' is no object: calibrate the checkpoint again")
    return found


def write_section(folder: Path, section: str, content: Mapping[str, object]) -> None:
    """Writes one section and keeps the others; keys are sorted, so equal fits give equal bytes."""
    whole = {**_read(folder), section: dict(content)}
    text = json.dumps(whole, indent=2, sort_keys=True, allow_nan=False)
    (folder / NAME).write_text(text + "\n")


def number(section: Mapping[str, object], key: str, where: Path) -> float:
    """A number of a section; raises BadInput where it is none."""
    value = section.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadInput(f"{where / NAME}: '{key}' is {value!r}, no number: calibrate again")
    return float(value)


def _read(folder: Path) -> dict[str, object]:
    path = folder / NAME
    if not path.is_file():
        return {}
    try:
        whole = json.loads(path.read_text())
    except ValueError as error:
        raise BadInput(f"{path} is no JSON ({error}): calibrate the checkpoint again") from error
    if not isinstance(whole, dict):
        raise BadInput(f"{path} is no object: calibrate the checkpoint again")
    return whole
