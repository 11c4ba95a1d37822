"""What a training will cost, from its options and the number of its questions; no model is loaded.

Parameters are counted on a model without memory (torch's meta device). Memory is weights,
gradients, AdamW's two moments and a rule of thumb for activations; time is 6 floating-point
operations a weight and token (2 where no gradient is needed) at the speed of `_SPEED`. Both tell
the order of magnitude, not the figure.
"""

from __future__ import annotations

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.errors import BadInput
from t2s_bench.training.trainer import Request

from .cross_fitting import synthetic_count
from .data import MADE
from .options import TrainingOptions

# Operations a second that training reached: of two CPU cores (a small decoder, bfloat16 and single
# precision), and a tenth of the bfloat16 peak of an H200.
_SPEED = {"cpu bf16": 0.25e12, "cpu": 0.11e12, "gpu": 79e12}
# Tokens a question on average: items of its graph and its SQL, or Spider's prompt with its SQL.
_SMALL_TOKENS, _CHAT_TOKENS = 53, 440
_SQL_TOKENS = {"small": 11, "chat": 48}
# Words of Spider's training questions and schemas that occur three times.
_WORDS = 4500
# Bytes of activations a token, layer and unit of width, in 16 bits, without checkpointing.
_ACTIVATIONS = 34


def make_plan(options: TrainingOptions, request: Request, devices: int) -> dict[str, object]:
    """Parameters, memory, tokens, steps and time, by name."""
    own = sum(_questions(name, options, request) for name in options.datasets)
    made = sum(_questions(name, options, request) for name in options.synthetic)
    questions = own + made
    parameters, trained, layers, width = _sizes(options)
    small = options.model_name == "small"
    per_question = _SMALL_TOKENS if small else min(_CHAT_TOKENS, options.max_length)
    written = _SQL_TOKENS["small" if small else "chat"]
    batch = options.batch_size * options.gradient_accumulation_steps * max(1, devices)
    # Synthetic ones among those that the folds' writers write for.
    asked = own + synthetic_count(own, made)
    phases = _phases(options, batch, per_question, written, max(1, devices), asked)
    chosen = {name: phases[name] for n, name in enumerate(phases, 1) if n in request.phases}
    operations = sum(
        parameters * (6 * one["trained tokens"] + 2 * one["generated tokens"])
        for one in chosen.values()
    )
    kind = "gpu" if devices else "cpu bf16" if options.bf16 else "cpu"
    hours = operations / (_SPEED[kind] * max(1, devices)) / 3600
    return {
        "model": options.model_name,
        "parameters": parameters,
        "trained parameters": trained,
        "devices": f"{devices} GPU" if devices else "CPU",
        "memory a device, GB": round(
            _memory(options, parameters, trained, layers, width, per_question) / 1e9, 2
        ),
        "precision": {"no": "single", "fp16": "half", "bf16": "bfloat16"}[options.mixed_precision],
        "questions": questions,
        "questions in a step": batch,
        "phases": chosen,
        "hours (order of magnitude)": round(hours, 2),
        "options": dict(line.split(" = ", 1) for line in options.shown().splitlines()),
    }


def _questions(name: str, options: TrainingOptions, request: Request) -> int:
    wanted = MADE.fullmatch(name)
    found = int(wanted["count"]) if wanted else len(load(name, data=request.data).examples)
    return min(found, options.limit or found)


def _phases(
    options: TrainingOptions, batch: int, tokens: int, written: int, devices: int, asked: int
) -> dict[str, dict[str, int]]:
    roles = 3 if options.use_multi_agent_rl else 1
    writing = options.phase1_steps + options.writers * options.fold_steps
    judging = options.validation_steps
    judged = options.refine_questions * 6
    if options.writers:
        judged = asked * options.writers // options.validation_folds
        judged *= 2 * options.validation_candidates
    expert = options.expert_rounds * options.expert_steps
    rollouts = options.grpo_questions * options.grpo_rollouts * devices
    searched = options.expert_rounds * options.search_questions * options.mcts_simulations
    joint = options.phase3_steps if options.use_schema_disambiguator else 0
    refined = options.phase4_steps if options.use_query_clarifier else 0
    looked = options.clarification_iterations * options.refine_questions * 6
    # With the team and without it.
    ways = 2 if roles > 1 else 1
    calibrated = ways * options.calibration_questions * options.mcts_simulations
    return {
        "1 curriculum": {
            "steps": writing + judging,
            "trained tokens": (writing + judging) * batch * tokens,
            "generated tokens": judged * written if roles > 1 else 0,
        },
        "2 policy-guided": {
            "steps": expert + options.grpo_steps,
            "trained tokens": expert * batch * tokens + options.grpo_steps * rollouts * tokens,
            "generated tokens": (searched + options.grpo_steps * rollouts) * written,
        },
        "3 schema-aware": {
            "steps": joint,
            "trained tokens": joint * batch * tokens,
            "generated tokens": 0,
        },
        "4 uncertainty": {
            "steps": refined,
            "trained tokens": refined * batch * tokens,
            "generated tokens": (looked + calibrated) * written
            if options.use_query_clarifier
            else 0,
        },
    }


def _sizes(options: TrainingOptions) -> tuple[int, int, int, int]:
    """Parameters, those trained, layers, width."""
    import torch

    if options.model_name == "small":
        from ..small_model.model import SmallModel
        from ..small_model.word_table import WordTable
        from .learners import fellow_of, small_config

        config = small_config(options, _WORDS)
        with torch.device("meta"):
            model: torch.nn.Module = SmallModel(config, WordTable((), config.ngram_buckets))
        trained = sum(parameter.numel() for parameter in model.parameters())
        count = trained
        if options.fellow is not None:
            count += sum(one.numel() for one in fellow_of(options.fellow).parameters())
        return count, trained, config.encoder_layers + config.decoder_layers, config.width
    import transformers

    try:
        known = transformers.AutoConfig.from_pretrained(options.model_name)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"model_name '{options.model_name}' has no configuration here: give 'small', a folder, "
            f"or a model's full name ({' '.join(str(error).split())[:100]})"
        ) from error
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(known)  # type: ignore[no-untyped-call]
    count = sum(parameter.numel() for parameter in model.parameters())
    trained = count
    if options.tuning == "lora":
        roles = 3 if options.use_multi_agent_rl else 1
        trained = roles * sum(
            options.lora_rank * (layer.in_features + layer.out_features)
            for name, layer in model.named_modules()
            if isinstance(layer, torch.nn.Linear) and not name.endswith("lm_head")
        )
    return count, trained, int(known.num_hidden_layers), int(known.hidden_size)


def _memory(
    options: TrainingOptions, parameters: int, trained: int, layers: int, width: int, tokens: int
) -> float:
    """Bytes on one device, with nothing spread over several."""
    size = 1 if options.load_in_8bit else 2 if options.tuning == "lora" else 4
    kept = 1 if options.use_gradient_checkpointing else layers
    wide = 2 if options.mixed_precision == "no" else 1
    activations = options.batch_size * tokens * width * kept * _ACTIVATIONS * wide
    return parameters * size + trained * 12 + activations
