"""What answering takes, told before any weight is loaded: parameters, memory, tokens a question.

Parameters are exact, memory leaves out what allocators and kernels take on top (see
`language_model/memory.py`). Tokens are counted from the settings of each part: `usual` with prompts
and statements of the usual length, `most` where each is as long as it may be and nothing ends
early. A question whose answer is sure costs far less than either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from t2s_bench.errors import BadInput

from .agents.team import TeamBudget
from .clarifier.refine import ClarifierSettings
from .models import CHAT, local_options, saved_options, small_arm
from .options import AdvancedOptions
from .policy.settings import SearchSettings

if TYPE_CHECKING:
    from .language_model.memory import Precision

GIGABYTE = 1e9


@dataclass(frozen=True)
class Lengths:
    """Tokens of a prompt, a statement, one of its clauses, a shown result, a list or critique."""

    prompt: int
    statement: int
    clause: int
    result: int
    answer: int


# Spider's questions: medians of graphs and statements of the small model; prompts and statements
# with the vocabulary of Qwen2.5. The most are the limits of `ChatSettings` at 3.5 characters a
# token, and of the small model's `longest_sql`; graphs have no limit but the schema's size.
USUAL = {
    "small": Lengths(42, 11, 3, 0, 0),
    "chat": Lengths(700, 48, 12, 40, 40),
}
MOST = {
    "small": Lengths(1000, 96, 24, 0, 0),
    "chat": Lengths(6000, 256, 64, 200, 256),
}


def make_plan(options: AdvancedOptions, folder: Path, off: frozenset[str]) -> dict[str, object]:
    """By name: the model's size, memory, and each part's tokens a question."""
    model = _small(options, folder, off) if options.backend == "small" else _pretrained(options)
    kind = "small" if options.backend == "small" else "chat"
    usual, most = (budget(options, off, lengths[kind]) for lengths in (USUAL, MOST))
    tokens = {
        part: f"{usual[part]:,} usual, {most[part]:,} at most" for part in usual if most[part]
    }
    tokens["all"] = f"{sum(usual.values()):,} usual, {sum(most.values()):,} at most"
    return {
        **model,
        "components off": ", ".join(sorted(off)) or "none",
        "tokens a question": tokens,
    }


def budget(options: AdvancedOptions, off: frozenset[str], each: Lengths) -> dict[str, int]:
    """Tokens that each part reads or writes for one question; 0 for a part that is off."""
    team, search = TeamBudget(rounds=options.revision_rounds), SearchSettings()
    clarifier = ClarifierSettings(clarification_iterations=options.clarification_iterations)
    bare = {"gat", "mcts", "clarifier", "multi-agent"} <= off
    found, searched, drawn = 0, 0, 0
    if "mcts" not in off:
        beam = min(search.beam, options.mcts_simulations - 1)
        left = max(0, options.mcts_simulations - 1 - beam)
        leaves = left // search.rollouts
        searched = (1 + beam + left) * each.statement + leaves * search.children * each.clause
        found = 1 + beam + left
    elif bare:
        drawn = options.base_samples * each.statement
    else:
        found = options.beam + options.samples
        drawn = found * each.statement
    judged = each.statement + each.result
    linked = agreed = settled = 0
    if "multi-agent" not in off:
        linked = (each.prompt + each.answer) if each.answer else 0
        revised = team.revisions * (each.statement + judged) + each.answer
        validation = each.prompt if each.answer else 0
        agreed = validation + found * judged + team.rounds * revised
    if "clarifier" not in off:
        round_ = clarifier.rewrites * (2 * each.statement + (judged if agreed else 0))
        # A constraint is told in a prompt of its own.
        round_ += each.prompt if each.answer else 0
        settled = clarifier.clarification_iterations * round_
    return {
        "prompt": each.prompt,
        "beam and samples": drawn,
        "mcts": searched,
        "multi-agent, schema role": linked,
        "multi-agent, validation and revision": agreed,
        "clarifier": settled,
    }


def _small(options: AdvancedOptions, folder: Path, off: frozenset[str]) -> dict[str, object]:
    """The small model's sizes are counted on a copy without memory (torch's meta device)."""
    import torch

    from .small_model.configuration import SmallConfig
    from .small_model.model import CONFIG, FELLOW, WEIGHTS, SmallModel, SmallWriter
    from .small_model.word_table import WordTable

    arm = small_arm(options, folder, off)
    fellow = [arm / FELLOW] if (arm / FELLOW).is_dir() else []
    parameters, on_disk = 0, 0
    for place, kind in ((arm, SmallModel), *((one, SmallWriter) for one in fellow)):
        try:
            config = SmallConfig(**json.loads((place / CONFIG).read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise BadInput(f"{place / CONFIG} describes no small model: {error}") from error
        with torch.device("meta"):
            model = kind(config, WordTable((), config.ngram_buckets))
        parameters += sum(parameter.numel() for parameter in model.parameters())
        on_disk += (place / WEIGHTS).stat().st_size
    return {
        "model": str(arm),
        "parameters": parameters,
        "memory, GB": {
            "weights": round(4 * parameters / GIGABYTE, 3),
            "on disk": round(on_disk / GIGABYTE, 3),
        },
    }


def _pretrained(options: AdvancedOptions) -> dict[str, object]:
    if not options.model:
        raise BadInput("which model? give model=NAME (a folder, a hub name, a served name)")
    if options.backend == "openai":
        return {"model": options.model, "parameters": "the server's", "memory, GB": "the server's"}
    from .language_model.memory import serving_memory, shape_of

    folder = Path(options.model).expanduser()
    saved = saved_options(folder)
    local = local_options(options, saved)
    lengths = MOST["chat"]
    rank = _rank(folder) if saved is not None else 0
    devices = _devices() if local.device_map is not None else 1
    memory = serving_memory(
        local.model,
        _precision(local.load_in_4bit, local.load_in_8bit, local.dtype),
        prompt_tokens=lengths.prompt,
        new_tokens=lengths.statement,
        rows=max(local.batch, SearchSettings().beam),
        adapters=3 if rank else 0,
        rank=rank or 16,
        devices=devices,
    )
    kept = shape_of(local.model).cache_bytes(local.kept_tokens)
    parts = {
        "weights": memory.weights,
        "adapters": memory.adapters,
        "keys and values of a batch": memory.cache,
        "keys and values that are kept": kept // devices,
        "activations": memory.activations,
    }
    gigabytes = {name: round(size / GIGABYTE, 2) for name, size in parts.items() if size}
    gigabytes["all"] = round(sum(parts.values()) / GIGABYTE, 2)
    return {
        "model": local.model,
        "adapters": str(folder) if saved is not None else "none",
        "parameters": memory.parameters,
        "devices": devices,
        "memory a device, GB": gigabytes,
    }


def _precision(four: bool, eight: bool, dtype: str) -> Precision:
    if four or eight:
        return "4bit" if four else "8bit"
    # Pretrained weights are stored in 16 bits, and 'auto' keeps them.
    known: dict[str, Precision] = {"float32": "float32", "float16": "float16"}
    return known.get(dtype, "bfloat16")


def _rank(folder: Path) -> int:
    said: Mapping[str, dict[str, dict[str, int]]] = json.loads((folder / CHAT).read_text())
    return int(said["size"]["lora"]["rank"])


def _devices() -> int:
    import torch

    return max(1, torch.cuda.device_count())
