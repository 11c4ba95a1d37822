"""The model behind the system: which weights a run takes, and what lies beside them.

The shipped small model is a folder with an arm for each way in which it was trained (`full`,
`without-gat`), each with its calibration. A folder from `t2s-bench train` has one arm; that of a
pretrained model has its adapters and, where it was trained with `gat`, the graph network in
`linker/`. Without a network, or with `gat` off, a lexical linker ranks the schema of prompts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2s_bench.errors import BadInput, MissingExtra

from .codec.codec import Policy
from .options import AdvancedOptions

if TYPE_CHECKING:
    from .language_model.loading import LocalOptions

SHIPPED = "checkpoints"
FULL = "full"
# The files that tell a folder of the small model, and one of adapters on a chat model.
WEIGHTS = "weights.pt"
CHAT = "chat.json"


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


def small_arm(options: AdvancedOptions, folder: Path, off: frozenset[str]) -> Path:
    """The folder of the small model's weights that fit what is off."""
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
    return place


def saved_options(folder: Path) -> Mapping[str, Any] | None:
    """How the base model was loaded that a folder from training has adapters for; None: no such."""
    if not (folder / CHAT).is_file():
        return None
    try:
        options: Mapping[str, Any] = json.loads((folder / CHAT).read_text())["options"]
    except (ValueError, KeyError) as error:
        raise BadInput(f"{folder / CHAT} describes no trained chat model: {error}") from error
    return options


def local_options(options: AdvancedOptions, saved: Mapping[str, Any] | None) -> LocalOptions:
    """How a local model is loaded: what the run says, else what its training said."""
    from .language_model.loading import LocalOptions

    own = LocalOptions(
        options.model,
        dtype=options.dtype,
        device=options.device,
        device_map=options.device_map,
        load_in_8bit=options.load_in_8bit,
        load_in_4bit=options.load_in_4bit,
        batch=options.batch,
        kept_tokens=options.kept_tokens,
    )
    if saved is None:
        return own
    kept: dict[str, Any] = {"model": saved["model"]}
    if own.dtype == "auto":
        kept["dtype"] = saved["dtype"]
    if not (own.load_in_8bit or own.load_in_4bit):
        kept |= {name: saved[name] for name in ("load_in_8bit", "load_in_4bit")}
    return replace(own, **kept)


def _small(options: AdvancedOptions, folder: Path, off: frozenset[str]) -> Opened:
    try:
        import threadpoolctl  # noqa: F401
        import torch
    except ImportError as error:
        raise MissingExtra(error.name or "torch", "advanced", "the small model") from error
    from .small_model.model import FELLOW, SmallModel
    from .small_model.session import SmallPolicy

    torch.set_num_threads(options.threads)
    place = small_arm(options, folder, off)
    model = SmallModel.load(place)
    policy = SmallPolicy(model, typed="gat" not in off, fixed=True)
    identity = {"weights": _digest(place / WEIGHTS), "arm": place.name}
    if model.fellow is not None:
        identity["fellow"] = _digest(place / FELLOW / WEIGHTS)
    at_inference = ("gat",) if "gat" in off and model.config.typed else ()
    return Opened(policy, place, identity, at_inference)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _pretrained(options: AdvancedOptions, off: frozenset[str]) -> Opened:
    from .codec.chat import ChatPolicy
    from .schema_graph.lexical import LexicalLinker

    if not options.model:
        raise BadInput("which model? give model=NAME (a folder, a hub name, a served name)")
    if options.backend == "openai":
        from .language_model.openai import ServerModel, ServerOptions

        server = ServerModel(
            ServerOptions(
                options.model, options.base_url, options.api_key, concurrency=options.batch
            )
        )
        return Opened(ChatPolicy(server, linker=LexicalLinker()), Path(), {"served": options.model})
    folder = Path(options.model).expanduser()
    saved = saved_options(folder)
    if saved is not None:
        return _trained(options, folder, saved, off)
    from .language_model.transformers import TransformersModel

    model = TransformersModel.load(local_options(options, None))
    identity = {"model": options.model, **model.describe()}
    return Opened(ChatPolicy(model, linker=LexicalLinker()), folder, identity)


def _trained(
    options: AdvancedOptions, folder: Path, saved: Mapping[str, Any], off: frozenset[str]
) -> Opened:
    """Adapters from training, with the graph network that was trained beside them, if any."""
    from .codec.chat_learner import LINKER, ChatLearner
    from .schema_graph.lexical import LexicalLinker

    has_network = (folder / LINKER).is_dir()
    lexical = LexicalLinker() if "gat" in off or not has_network else None
    learner = ChatLearner.load(folder, local_options(options, saved), lexical)
    identity = {"folder": str(folder), "linker": "lexical" if lexical else "graph network"}
    at_inference = ("gat",) if "gat" in off and has_network else ()
    return Opened(learner.policy(), folder, identity, at_inference)
