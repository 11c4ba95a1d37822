"""Running an ablation: every arm a run directory of its own under one experiment folder.

    full/ without-gat/ …           one run each, resumable as any run is
    ablation.json, ablation.md     written last: their presence means complete

All arms answer the same questions with the same seed and are scored under the same rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path

from t2s_bench.analysis.ablation import Ablation, ablate, cost_of
from t2s_bench.analysis.arms import CONTROL, FULL, Arm, Design
from t2s_bench.analysis.scored_run import ScoredRun, read_scored_run
from t2s_bench.errors import BadInput
from t2s_bench.plugins import LoadedSystem
from t2s_bench.reports.ablation import ablation_content, to_markdown
from t2s_bench.runs import records

# How an arm's system is loaded: what is off, and options that differ from the full system's.
Load = Callable[[frozenset[str], Mapping[str, object]], LoadedSystem]
REPORTS = ("ablation.json", "ablation.md")


def run_ablation(
    load: Load,
    run_arm: Callable[[LoadedSystem, Path], object],
    design: Design,
    folder: Path,
    *,
    replace: bool = False,
) -> Mapping[str, object]:
    """Runs all arms, one after the other, and returns the report that now stands in the folder.

    `run_arm(system, folder)` makes or resumes one run. `replace` says that a finished report there
    may be replaced (the arms are resumed or started over); without it, arms that exist raise.
    """
    if (folder / "lock.json").exists():
        raise BadInput(f"{folder} holds a single run: take another folder with --out")
    if replace:
        for name in REPORTS:
            (folder / name).unlink(missing_ok=True)
    runs: dict[Arm, ScoredRun] = {}

    def run(arm: Arm, system: LoadedSystem) -> None:
        run_arm(system, folder / arm.name)
        runs[arm] = read_scored_run(folder / arm.name, arm.name)

    for arm in design.arms:
        run(arm, load(arm.off, {}))
    full = load(frozenset(), {})
    note = _run_control(full, load, runs, run) if design.control else ""
    metric = next(iter(runs.values())).metrics[0]
    components = list(full.components) if design.shapley else []
    result: Ablation = ablate(runs, metric, components)
    notes = [*_inference_only(folder, runs), *([note] if note else [])]
    content = ablation_content(result, runs[design.arms[0]], full.components, notes)
    records.replace(folder / "ablation.md", to_markdown(content).encode())
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    records.replace(folder / "ablation.json", text.encode())
    return content


def _inference_only(folder: Path, runs: Mapping[Arm, ScoredRun]) -> list[str]:
    """A line for each arm whose system says that its weights were trained with what is off."""
    lines = []
    for arm in runs:
        path = folder / arm.name / "system.json"
        said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for component in said.get("ablated_at_inference", ()):
            lines.append(
                f"{arm.name}: {component} is off at inference only; its weights were trained with "
                "it, which overstates what it is worth"
            )
    return lines


def _run_control(
    system: LoadedSystem,
    load: Load,
    runs: Mapping[Arm, ScoredRun],
    run: Callable[[Arm, LoadedSystem], None],
) -> str:
    """Runs the equal-token control where the system has one; returns a line about it.

    The base votes over as many answers as the full system's completion tokens would buy, rounded
    up, so that the control never has less to spend.
    """
    by_name = {arm.name: (arm, cost_of(found)) for arm, found in runs.items()}
    bare = [(arm, cost) for arm, cost in by_name.values() if arm.off == set(system.components)]
    full, (base, base_cost) = by_name[FULL][1], bare[0]
    if system.self_consistency(2) is None:
        return f"no equal-token control: {system.name} has no self-consistency of its base"
    if base_cost.completion_tokens == 0:
        return f"no equal-token control: {base.name} reports no completion tokens"
    samples = ceil(full.completion_tokens / base_cost.completion_tokens)
    if samples < 2:
        return f"no equal-token control: full spends no more completion tokens than {base.name}"
    control = system.self_consistency(samples)
    assert control is not None
    off = base.off - control.on
    run(Arm(CONTROL, off), load(off, control.options))
    return (
        f"{CONTROL}: {base.name} with the majority of {samples} answers, which is what full's "
        "completion tokens buy"
    )
