"""From options to a model that can be trained: the small one, or a pretrained chat model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2s_bench.errors import BadInput

from ..task import Task
from .lessons import Learner
from .options import TrainingOptions

if TYPE_CHECKING:
    from ..small_model.configuration import SmallConfig
    from ..small_model.model import SmallWriter

SMALL = "small"


def make_learner(options: TrainingOptions, tasks: Iterable[Task]) -> Learner:
    """A new small model over the tasks' words, a saved small model, or a pretrained model.

    `model_name` is 'small', a folder that a small model was saved to, or what transformers loads.
    Raises BadInput where `fellow` is no folder of a small model.
    """
    from ..small_model.learner import SmallLearner
    from ..small_model.model import WORDS, SmallModel

    folder = Path(options.model_name).expanduser()
    if options.model_name == SMALL:
        learner = SmallLearner.from_lessons(small_config(options), tasks)
    elif (folder / WORDS).is_file():
        learner = SmallLearner(SmallModel.load(folder))
    else:
        return _chat_learner(options, folder)
    if options.fellow is not None:
        learner.model.join(fellow_of(options.fellow))
    return learner


def fellow_of(name: str) -> SmallWriter:
    """The writer of the option `fellow`; raises BadInput where there is none."""
    from ..small_model.model import WORDS, SmallWriter

    folder = Path(name).expanduser()
    if not (folder / WORDS).is_file():
        raise BadInput(
            f"fellow '{name}' is no folder of a small model: give one that has a {WORDS} "
            "(t2s-bench train advanced writes results/advanced/final_model)"
        )
    return SmallWriter.load(folder)


def _chat_learner(options: TrainingOptions, folder: Path) -> Learner:
    """A pretrained model, or one that a training has saved to `folder`."""
    from ..codec.chat_learner import FILE, ChatLearner, ChatSize
    from ..language_model.adapters import Lora
    from ..language_model.loading import LocalOptions

    if (folder / FILE).is_file():
        learner = ChatLearner.load(folder)
        saved = "full" if learner.size.lora is None else "lora"
        if saved != options.tuning:
            raise BadInput(f"'{folder}' was trained with tuning={saved}: set that")
    else:
        # Steps of all weights are too small for half precision: there it is autocast's alone.
        dtype = "float16" if options.fp16 else "bfloat16" if options.bf16 else "float32"
        dtype = dtype if options.tuning == "lora" else "float32"
        local = LocalOptions(
            options.model_name,
            dtype=dtype,  # type: ignore[arg-type]
            load_in_8bit=options.load_in_8bit,
            device="cpu" if options.num_gpus == 0 else "auto",
        )
        lora = None
        if options.tuning == "lora":
            lora = Lora(options.lora_rank, options.lora_alpha, options.lora_dropout)
        size = options.schema_embedding_dim if options.use_schema_disambiguator else 0
        learner = ChatLearner.create(local, size=ChatSize(lora, size))
    if options.use_gradient_checkpointing:
        causal: Any = learner.model.causal
        # Newer transformers have renamed it.
        name = "activation_checkpointing_enable"
        getattr(causal, name, causal.gradient_checkpointing_enable)()
        # The frozen embeddings would end the gradient before the first checkpoint.
        causal.enable_input_require_grads()
    return learner


def small_config(options: TrainingOptions, words: int = 0) -> SmallConfig:
    """The small model's sizes; its other sizes are its own defaults."""
    from ..codec.pointer.vocabulary import TOKENS
    from ..schema_graph.build import FEATURES, RELATIONS
    from ..small_model.configuration import SmallConfig

    return SmallConfig(
        relations=len(RELATIONS),
        features=len(FEATURES),
        vocabulary=len(TOKENS),
        words=words,
        typed=options.use_schema_disambiguator,
        width=options.schema_embedding_dim,
        heads=options.schema_gat_heads,
        feedforward=4 * options.schema_embedding_dim,
        encoder_layers=options.schema_gat_layers,
    )
