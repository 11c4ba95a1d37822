"""The model behind the system: which weights a run takes, and what lies beside them.

The shipped small model is a folder with an arm for each way in which it was trained (`full`,
`without-gat`), each with its calibration. A folder from `t2s-bench train` has one arm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from t2s_bench.errors import BadInput, MissingExtra

from .codec.codec import Policy
from .options import AdvancedOptions

SHIPPED = "checkpoints"
FULL = "full"


@dataclass(frozen=True)
class Opened:
    """A policy ready to answer; `folder` has its calibration, where there is one.

    `ablated_at_inference` are components that are off although the weights were trained with them.
    """

    policy: Policy
    folder: Path
    identity: Mapping[str, object]
    ablated_at_inference: tuple[str, ...] = ()


def open_model(options: AdvancedOptions, folder: Path, off: frozenset[str]) -> Opened:
    """Loads the weights that fit what is off; raises BadInput where there are none."""
    if options.backend == "small":
        return _small(options, folder, off)
    return _pretrained(options, off)


def _small(options: AdvancedOptions, folder: Path, off: frozenset[str]) -> Opened:
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("torch", "advanced", "the small model") from error
    from .small_model.model import WEIGHTS, SmallModel
    from .small_model.session import SmallPolicy

    torch.set_num_threads(options.threads)
    root = Path(options.model).expanduser() if options.model else folder / SHIPPED
    arms = [root]
    if not (root / WEIGHTS).is_file():
        wanted = "without-gat" if "gat" in off else FULL
        arms = [root / wanted, root / FULL]
    place = next((arm for arm in arms if (arm / WEIGHTS).is_file()), None)
    if place is None:
        raise BadInput(
            f"no small model in {root}: give model=FOLDER with a {WEIGHTS} "
            "(t2s-bench train advanced writes results/advanced/final_model)"
        )
    model = SmallModel.load(place)
    policy = SmallPolicy(model, typed="gat" not in off)
    digest = hashlib.sha256((place / WEIGHTS).read_bytes()).hexdigest()[:16]
    at_inference = ("gat",) if "gat" in off and model.config.typed else ()
    return Opened(policy, place, {"weights": digest, "arm": place.name}, at_inference)


def _pretrained(options: AdvancedOptions, off: frozenset[str]) -> Opened:
    from .codec.chat import ChatPolicy
    from .language_model.loading import LocalOptions
    from .language_model.model import LanguageModel
    from .schema_graph.lexical import LexicalLinker

    if not options.model:
        raise BadInput("which model? give model=NAME (a folder, a hub name, a served name)")
    model: LanguageModel
    if options.backend == "openai":
        from .language_model.openai import ServerModel, ServerOptions

        model = ServerModel(ServerOptions(options.model, options.base_url, options.api_key))
        return Opened(ChatPolicy(model, linker=LexicalLinker()), Path(), {"served": options.model})
    folder = Path(options.model).expanduser()
    from .codec.chat_learner import FILE, ChatLearner

    if (folder / FILE).is_file():
        learner = ChatLearner.load(folder)
        return Opened(learner.policy(), folder, {"folder": str(folder)})
    from .language_model.transformers import TransformersModel

    model = TransformersModel.load(
        LocalOptions(
            options.model,
            dtype=options.dtype,
            device=options.device,
            load_in_8bit=options.load_in_8bit,
            load_in_4bit=options.load_in_4bit,
        )
    )
    return Opened(ChatPolicy(model, linker=LexicalLinker()), folder, {"model": options.model})
