"""The runs of one page: labelled, and two of them only where they may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from t2s_bench.analysis.scored_run import labelled, read_scored_run, require_comparable
from t2s_bench.errors import NotComparable
from t2s_bench.runs.directory import RunDirectory


def labelled_runs(folders: Sequence[Path]) -> list[tuple[str, RunDirectory]]:
    """One or two runs with what the page calls them.

    One run may be unfinished. Two must be complete, on the same questions under the same rules, and
    have their outcomes decided by the same metric; else NotComparable.
    """
    if len(folders) == 1:
        directory = RunDirectory(folders[0])
        system = directory.lock.identity["system"]
        assert isinstance(system, dict)
        return [(str(system["name"]), directory)]
    runs = labelled([read_scored_run(folder) for folder in folders], folders)
    metric = runs[0].metrics[0]
    require_comparable(runs, metric)
    for other in runs[1:]:
        if other.metrics[0] != metric:
            raise NotComparable(
                f"metric: outcomes of {runs[0].label} are by '{metric}', those of {other.label} by "
                f"'{other.metrics[0]}': t2s-bench score RUN --metrics {','.join(runs[0].metrics)}"
            )
    return [(run.label, RunDirectory(folder)) for run, folder in zip(runs, folders, strict=True)]
