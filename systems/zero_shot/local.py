"""Answers from a causal language model on this machine, through transformers.

Greedy answers are made for several questions at once. Sampled ones are made question by question
(its `n` answers at once), each question with its own seed, so that they do not depend on which
questions came before or beside it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2s_bench.errors import BadInput, MissingExtra
from t2s_bench.model_fingerprint import model_fingerprint

from .completion import Completion
from .options import ZeroShotOptions
from .prompts import Prompt

if TYPE_CHECKING:
    import torch


class LocalModel:
    """A causal model with a chat template, from a folder or from the hub by name."""

    def __init__(self, options: ZeroShotOptions) -> None:
        try:
            import torch
            import transformers
        except ImportError as error:
            raise MissingExtra("transformers", "train", "a local model") from error
        self._options = options
        self._torch: Any = torch
        folder = Path(options.model).expanduser()
        source = str(folder) if folder.is_dir() else options.model
        self._folder = folder if folder.is_dir() else None
        try:
            # In a folder with a config.json of its own, AutoTokenizer may choose another class than
            # the saved tokenizer has, and then splits words differently.
            saved = self._folder is not None and (self._folder / "tokenizer.json").is_file()
            kind = transformers.PreTrainedTokenizerFast if saved else transformers.AutoTokenizer
            self._tokenizer: Any = kind.from_pretrained(source, padding_side="left")
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(
                source, dtype=options.dtype
            )
            self._device = _device(torch, options.device)
            self._model: Any = model.to(self._device).eval()
        except (OSError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise BadInput(f"the model '{options.model}' cannot be loaded: {reason}") from error
        if not self._tokenizer.chat_template:
            raise BadInput(
                f"the model '{options.model}' has no chat template: choose one made for chat"
            )
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._ends = _end_tokens(self._model.generation_config, self._tokenizer)
        self._room = getattr(self._model.config, "max_position_embeddings", None)

    def complete_all(self, prompts: Sequence[tuple[Prompt, int]]) -> list[Completion]:
        """Answers prompts, each with the seed of its sampling, in their order."""
        texts = [self._text(prompt) for prompt, _ in prompts]
        done: dict[int, Completion] = {}
        fitting = []
        for place, text in enumerate(texts):
            length = len(self._tokenizer(text, add_special_tokens=False)["input_ids"])
            if self._room is not None and length + self._options.max_tokens > self._room:
                done[place] = Completion(
                    (),
                    prompt_tokens=length,
                    error=f"the prompt is too long for the model: {length} tokens, with "
                    f"{self._options.max_tokens} for the answer, are more than {self._room}",
                )
            else:
                fitting.append((length, place))
        size = self._options.batch if self._greedy else 1
        # Prompts of about one length are answered together, because the shorter ones are padded.
        fitting.sort(reverse=True)
        for start in range(0, len(fitting), size):
            places = [place for _, place in fitting[start : start + size]]
            made = self._generate([texts[place] for place in places], prompts[places[0]][1])
            done.update(zip(places, made, strict=True))
        return [done[place] for place in range(len(prompts))]

    def describe(self) -> Mapping[str, object]:
        """The fingerprint of a model in a folder, by names, sizes and ends of its files."""
        if self._folder is None:
            return {"model": self._options.model}
        return {"model_fingerprint": model_fingerprint(self._folder)}

    def close(self) -> None:
        """Frees the model's memory."""
        self._model = None
        if self._device.type == "cuda":
            self._torch.cuda.empty_cache()

    @property
    def _greedy(self) -> bool:
        return self._options.temperature == 0

    def _text(self, prompt: Prompt) -> str:
        try:
            text = self._tokenizer.apply_chat_template(
                prompt.as_chat(), add_generation_prompt=True, tokenize=False
            )
        except Exception as error:  # a template may raise what it likes
            raise BadInput(
                f"the chat template of '{self._options.model}' fails: {error}"
            ) from error
        return str(text) + prompt.start

    def _generate(self, texts: Sequence[str], seed: int) -> list[Completion]:
        started = time.perf_counter()
        options = self._options
        batch = self._tokenizer(
            list(texts), add_special_tokens=False, padding=True, return_tensors="pt"
        ).to(self._device)
        sampling: dict[str, Any] = {"do_sample": not self._greedy}
        if not self._greedy:
            # The model's own settings may narrow the choice further; here only temperature does.
            sampling.update(top_k=0, top_p=1.0, temperature=options.temperature or 1.0)
        else:
            sampling.update(top_k=None, top_p=None, temperature=None)
        devices = [self._device] if self._device.type == "cuda" else []
        with self._torch.random.fork_rng(devices), self._torch.inference_mode():
            self._torch.manual_seed(seed)
            output = self._model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=options.max_tokens,
                num_return_sequences=options.n,
                pad_token_id=self._tokenizer.pad_token_id,
                eos_token_id=self._ends,
                **sampling,
            )
        answers = [self._answer(row) for row in output[:, batch["input_ids"].shape[1] :].tolist()]
        seconds = (time.perf_counter() - started) / len(texts)
        completions = []
        for place in range(len(texts)):
            own = answers[place * options.n : (place + 1) * options.n]
            completions.append(
                Completion(
                    tuple(text for text, _, _ in own),
                    tuple(finish for _, finish, _ in own),
                    int(batch["attention_mask"][place].sum()),
                    sum(tokens for _, _, tokens in own),
                    seconds,
                )
            )
        return completions

    def _answer(self, tokens: list[int]) -> tuple[str, str, int]:
        """The text of a row of tokens, why it ended, and how many tokens it is with its end."""
        for place, token in enumerate(tokens):
            if token in self._ends:
                text = self._tokenizer.decode(tokens[:place], skip_special_tokens=True)
                return text, "stop", place + 1
        return self._tokenizer.decode(tokens, skip_special_tokens=True), "length", len(tokens)


def _device(torch: Any, name: str) -> torch.device:
    if name == "auto":
        if torch.cuda.is_available():
            name = "cuda"
        else:
            name = "mps" if torch.backends.mps.is_available() else "cpu"
    return torch.device(name)  # type: ignore[no-any-return]  # torch is passed as Any


def _end_tokens(generation_config: Any, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: the model's own, and the tokenizer's end of text or turn."""
    own = generation_config.eos_token_id
    ends = set(own if isinstance(own, list) else [own])
    ends |= {tokenizer.eos_token_id, tokenizer.get_added_vocab().get("<|im_end|>")}
    return sorted(end for end in ends if end is not None)
