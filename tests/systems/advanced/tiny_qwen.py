"""A Qwen2 of random weights with a chat template, over bytes or over the real vocabulary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# How Qwen2.5 splits text before its merges (tokenizer.json of Qwen/Qwen2.5-7B).
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def make_tokenizer(vocabulary: Path | None = None, texts: Sequence[str] = ()) -> Any:
    """Bytes with merges learnt from texts, or Qwen2.5's merges with its own splitting of text."""
    import transformers
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    if vocabulary is None:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        if texts:
            tokenizer.train_from_iterator(
                texts, trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet)
            )
    else:
        known = json.loads((vocabulary / "vocab.json").read_text())
        lines = (vocabulary / "merges.txt").read_text().splitlines()
        pairs = [line.split(" ") for line in lines if line and not line.startswith("#v")]
        merges = [(left, right) for left, right in pairs]
        tokenizer = Tokenizer(models.BPE(known, merges))
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    tokenizer.decoder = decoders.ByteLevel()
    make: Any = transformers.PreTrainedTokenizerFast
    fast = make(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>"],
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = TEMPLATE
    return fast


def make_causal(words: int, hidden: int = 16, spread: float = 1.0, **more: Any) -> Any:
    """Two layers of random weights, the same every time; `spread` sets how sure it is."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=words,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=None,
        initializer_range=spread,
        **{"tie_word_embeddings": True, **more},
    )
    return transformers.Qwen2ForCausalLM(config)


def make_folder(
    folder: Path, vocabulary: Path | None = None, texts: Sequence[str] = (), **more: Any
) -> Path:
    """Saves a tiny model with its tokenizer."""
    tokenizer = make_tokenizer(vocabulary, texts)
    tokenizer.save_pretrained(folder)
    make_causal(len(tokenizer), **more).save_pretrained(folder)
    return folder
