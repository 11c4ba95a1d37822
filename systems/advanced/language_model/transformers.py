"""A causal language model on this machine, through transformers: any with a chat template.

A prompt is read once; its keys and values are kept and shared by everything that is written or
scored after it, and so are those of the clauses written since (see `rows.py`). Prompts are read in
padded batches, rows are written in batches of at most `batch`.

What it deliberately does not do: split one model over machines (a server does that, see
`openai.py`), or hold prompts longer than the model's own limit.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from t2s_bench.errors import BadInput, MissingExtra
from t2s_bench.model_fingerprint import model_fingerprint

from .adapters import Adapters
from .cache import piece_of
from .loading import LocalOptions, device_of, end_tokens, load_tokenizer, quantised
from .local_reading import LocalReading
from .model import Prompt, Reading, Stop, Tokens, Written
from .rows import Output, Writing, beam, sample


class TransformersModel:
    """A `LanguageModel` in this process."""

    def __init__(
        self, causal: Any, tokenizer: Any, options: LocalOptions, folder: Path | None = None
    ) -> None:
        if not tokenizer.chat_template:
            raise BadInput(
                f"the model '{options.model}' has no chat template: choose one made for chat"
            )
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        self.causal = causal.eval()
        self.tokenizer = tokenizer
        self.options = options
        self.adapters = Adapters(causal)
        self.ends = end_tokens(causal.generation_config, tokenizer)
        self._folder = folder
        self._room = getattr(causal.config.get_text_config(), "max_position_embeddings", None)
        taken = inspect.signature(causal.forward).parameters
        # transformers 5.18 renamed the argument.
        self._cache_name = "cache" if "cache" in taken else "past_key_values"

    @classmethod
    def load(cls, options: LocalOptions) -> TransformersModel:
        """Loads model and tokenizer; BadInput tells in one line what cannot be."""
        try:
            import transformers
        except ImportError as error:
            raise MissingExtra("transformers", "train", "a local model") from error
        folder = Path(options.model).expanduser()
        source = str(folder) if folder.is_dir() else options.model
        more = quantised(options)
        if options.device_map is not None:
            more["device_map"] = options.device_map
        try:
            tokenizer = load_tokenizer(source)
            causal: Any = transformers.AutoModelForCausalLM.from_pretrained(
                source, dtype=options.dtype, **more
            )
            if "device_map" not in more:
                causal = causal.to(device_of(options.device))
        except (OSError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise BadInput(f"the model '{options.model}' cannot be loaded: {reason}") from error
        return cls(causal, tokenizer, options, folder if folder.is_dir() else None)

    @property
    def hidden_size(self) -> int:
        """The size of hidden states and embeddings."""
        return int(self.causal.config.get_text_config().hidden_size)

    @property
    def device(self) -> torch.device:
        """Where inputs go."""
        return torch.device(self.causal.get_input_embeddings().weight.device)

    def encode(self, text: str) -> Tokens:
        """See `LanguageModel`."""
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, tokens: Sequence[int]) -> str:
        """See `LanguageModel`."""
        return str(
            self.tokenizer.decode(
                list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    def length(self, tokens: Sequence[int]) -> int:
        """See `LanguageModel`."""
        return len(tokens)

    def text(self, prompt: Prompt) -> str:
        """A prompt as the chat template writes it, with the start of the answer."""
        try:
            text = self.tokenizer.apply_chat_template(
                prompt.as_chat(), add_generation_prompt=True, tokenize=False
            )
        except Exception as error:  # a template may raise what it likes
            raise BadInput(f"the chat template of '{self.options.model}' fails: {error}") from error
        return str(text) + prompt.start

    def tokens_of(self, prompt: Prompt) -> tuple[Tokens, tuple[tuple[int, int], ...]]:
        """The tokens of a prompt, and which (token, row of its vectors) belong together."""
        text = self.text(prompt)
        if not prompt.marks:
            return self.encode(text), ()
        made = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        at = text.find(prompt.schema)
        pairs = []
        if at >= 0:
            row_at = {
                place: mark.row
                for mark in prompt.marks
                for place in range(at + mark.start, at + mark.end)
            }
            for token, (start, end) in enumerate(made["offset_mapping"]):
                # A token may begin with the space before the name.
                row = next((row_at[p] for p in range(start, end) if p in row_at), None)
                if row is not None:
                    pairs.append((token, row))
        return tuple(made["input_ids"]), tuple(pairs)

    def read(self, prompts: Sequence[Prompt], adapter: str = "") -> list[Reading]:
        """See `LanguageModel`; BadInput for a prompt that is too long for the model."""
        made = [self.tokens_of(prompt) for prompt in prompts]
        for tokens, _ in made:
            if self._room is not None and len(tokens) >= self._room:
                raise BadInput(
                    f"a prompt of {len(tokens)} tokens is too long for the model, which reads "
                    f"{self._room}: give fewer schema_characters"
                )
        readings: dict[int, Reading] = {}
        # Prompts of about one length are read together, because the shorter ones are padded.
        order = sorted(range(len(prompts)), key=lambda place: -len(made[place][0]))
        for start in range(0, len(order), self.options.batch):
            places = order[start : start + self.options.batch]
            read = self._read([made[p] for p in places], [prompts[p] for p in places], adapter)
            readings.update(zip(places, read, strict=True))
        return [readings[place] for place in range(len(prompts))]

    def generate(
        self,
        readings: Sequence[Reading],
        n: int,
        *,
        temperature: float,
        seed: int = 0,
        max_tokens: int = 256,
        stop: Stop | None = None,
    ) -> list[list[Written]]:
        """Answers to several prompts of one adapter, written together in one padded batch."""
        own = [reading for reading in readings if isinstance(reading, LocalReading)]
        starts: list[tuple[LocalReading, Tokens]] = [(reading, ()) for reading in own]
        return self.write(starts, n, temperature, seed, max_tokens, stop)

    def write(
        self,
        starts: Sequence[tuple[LocalReading, Tokens]],
        n: int,
        temperature: float,
        seed: int,
        max_tokens: int,
        stop: Stop | None,
    ) -> list[list[Written]]:
        """`Reading.generate` for starts of one or several readings of one adapter."""
        writing = Writing(self.decode, self.ends, stop, max_tokens)
        written: list[list[Written]] = []
        if n < 1:
            return [[] for _ in starts]
        # n rows a start; one start is never split, so its rows may be more than a batch.
        size = max(1, self.options.batch // n)
        for first in range(0, len(starts), size):
            some = starts[first : first + size]
            with torch.inference_mode(), self.adapters.using(some[0][0].adapter):
                if temperature > 0:
                    written += sample(self.forward, some, n, writing, temperature, seed)
                else:
                    written += beam(self.forward, some, n, writing)
        return written

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The mean of the base model's last hidden states over each text's tokens."""
        found = np.zeros((len(texts), self.hidden_size), dtype=np.float32)
        encoded = [self.encode(text) or (self.tokenizer.eos_token_id,) for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(encoded[place]))
        # Item names are a few tokens long: many fit where one written row does.
        size = 8 * self.options.batch
        with torch.inference_mode(), self.adapters.using(""):
            for start in range(0, len(order), size):
                places = order[start : start + size]
                ids, mask = right_padded([encoded[place] for place in places], self.device)
                output = self.causal.base_model(input_ids=ids, attention_mask=mask)
                states = output.last_hidden_state.float() * mask[..., None]
                mean = states.sum(1) / mask.sum(1, keepdim=True)
                found[places] = mean.cpu().numpy()
        return found

    def describe(self) -> Mapping[str, object]:
        """The fingerprint of a model in a folder, by names, sizes and ends of its files."""
        if self._folder is None:
            return {"model": self.options.model}
        return {"model_fingerprint": model_fingerprint(self._folder)}

    def close(self) -> None:
        """Frees the model's memory."""
        self.causal = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def logprobs(self, logits: torch.Tensor) -> torch.Tensor:
        """Over the tokens that the tokenizer has; a model's matrix may hold unused rows."""
        return logits[..., : len(self.tokenizer)].float().log_softmax(-1)

    def forward(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor,
        positions: torch.Tensor,
        cache: Any,
        states: bool = False,
    ) -> Output:
        """One pass over new tokens (see `rows.Forward`)."""
        with self.watched() as seen:
            output = self.causal(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                use_cache=True,
                **{self._cache_name: cache},
            )
        return Output(self.logprobs(output.logits), seen[0] if states else None)

    @contextmanager
    def watched(self) -> Iterator[list[torch.Tensor]]:
        """Collects what the head of the model is given: its last hidden states."""
        seen: list[torch.Tensor] = []

        def note(_: Any, given: tuple[torch.Tensor, ...]) -> None:
            seen.append(given[0])

        handle = self.causal.get_output_embeddings().register_forward_pre_hook(note)
        try:
            yield seen
        finally:
            handle.remove()

    def embeddings_of(
        self,
        ids: torch.Tensor,
        pairs: Sequence[Sequence[tuple[int, int]]],
        vectors: Sequence[torch.Tensor | None],
    ) -> torch.Tensor:
        """Token embeddings with a prompt's vectors added where its marks are.

        `pairs` are the (token, vector) places of each row of ids, shifted by its padding.
        """
        embedded: torch.Tensor = self.causal.get_input_embeddings()(ids)
        added = torch.zeros_like(embedded)
        for row, (own, vector) in enumerate(zip(pairs, vectors, strict=True)):
            if own and vector is not None:
                places = torch.tensor(own, device=ids.device)
                chosen = vector.to(embedded)[places[:, 1]]
                added = added.index_put((torch.full_like(places[:, 0], row), places[:, 0]), chosen)
        return embedded + added

    def _read(
        self,
        made: Sequence[tuple[Tokens, tuple[tuple[int, int], ...]]],
        prompts: Sequence[Prompt],
        adapter: str,
    ) -> list[LocalReading]:
        from transformers import DynamicCache

        longest = max(len(tokens) for tokens, _ in made)
        ids = torch.zeros((len(made), longest), dtype=torch.long)
        mask = torch.zeros_like(ids)
        positions = torch.zeros_like(ids)
        for row, (tokens, _) in enumerate(made):
            ids[row, longest - len(tokens) :] = torch.tensor(tokens)
            mask[row, longest - len(tokens) :] = 1
            positions[row, longest - len(tokens) :] = torch.arange(len(tokens))
        ids, mask, positions = (tensor.to(self.device) for tensor in (ids, mask, positions))
        cache: Any = DynamicCache()
        inputs: dict[str, Any] = {"input_ids": ids}
        with torch.inference_mode(), self.adapters.using(adapter):
            if any(pairs for _, pairs in made):
                shifted = [
                    [(token + longest - len(tokens), row) for token, row in pairs]
                    for tokens, pairs in made
                ]
                vectors = [
                    torch.from_numpy(prompt.vectors) if prompt.vectors is not None else None
                    for prompt in prompts
                ]
                inputs = {"inputs_embeds": self.embeddings_of(ids, shifted, vectors)}
            with self.watched() as seen:
                output = self.causal(
                    **inputs,
                    attention_mask=mask,
                    position_ids=positions,
                    use_cache=True,
                    logits_to_keep=1,
                    **{self._cache_name: cache},
                )
            firsts = self.logprobs(output.logits[:, -1])
            return [
                LocalReading(
                    self,
                    adapter,
                    piece_of(cache, row, mask[row].nonzero().squeeze(1)),
                    firsts[row],
                    seen[0][row, -1],
                )
                for row in range(len(made))
            ]


def right_padded(
    rows: Sequence[Sequence[int]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens as one tensor with zeros behind, and the mask of what is real."""
    longest = max(map(len, rows))
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    return ids.to(device), mask.to(device)
