"""Easy before hard: which examples a step may draw, and which it draws.

Competence-based (Platanios et al., NAACL 2019): examples are ordered by difficulty, and step t
draws from the easiest share c(t), which the pacing function lets grow from `start` to 1. Once all
are open, they are gone through in permutations, each once an epoch. A batch depends on the seed
and the step alone, so a training that goes on at a step needs no other state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from t2s_bench.metrics.em import spider_schema
from t2s_bench.metrics.hardness import LEVELS, hardness
from t2s_bench.metrics.spider_sql import parse
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError
from t2s_bench.types import Example

_LABELS = {
    **{level: number / 3 for number, level in enumerate(LEVELS)},
    **{"simple": 0.0, "moderate": 0.5, "challenging": 1.0},
}
# So many batches (at most) are drawn together and cut by length, so that they have little padding.
BUCKET = 16


def linear(progress: float, start: float) -> float:
    """Grows evenly."""
    return start + (1 - start) * progress


def root(progress: float, start: float) -> float:
    """Grows fast first: each new example has as much time as each earlier one."""
    return math.sqrt(start**2 + (1 - start**2) * progress)


def stepwise(progress: float, start: float) -> float:
    """A third of the way the easiest third, then two thirds, then all."""
    return max(start, min(1.0, (math.floor(3 * progress) + 1) / 3))


def at_once(progress: float, start: float) -> float:
    """Everything from the beginning: no curriculum."""
    return 1.0


PACING: dict[str, Callable[[float, float], float]] = {
    "linear": linear,
    "root": root,
    "step": stepwise,
    "none": at_once,
}


def difficulty(example: Example) -> float:
    """0 (easy) to 1: the benchmark's own label, else Spider's hardness, else by length.

    A gold that is outside Spider's subset of SQL counts as extra hard.
    """
    if example.difficulty in _LABELS:
        return _LABELS[example.difficulty]
    return _LABELS[level(example)]


def level(example: Example) -> str:
    """The benchmark's label, or Spider's hardness where it has none."""
    if example.difficulty:
        return example.difficulty
    assert example.database is not None
    return _hardness(example.database.path, example.golds[0])


@lru_cache(maxsize=65536)
def _hardness(path: Path, gold: str) -> str:
    try:
        return hardness(parse(gold, spider_schema(path)))
    except SpiderSyntaxError:
        return "extra"


class Curriculum:
    """Draws batches of places (numbers into the list that `difficulties` describes).

    `over` is the number of steps after which all is open; `lengths`, where given, group examples
    of like length into batches.
    """

    def __init__(
        self,
        difficulties: Sequence[float],
        *,
        batch: int,
        over: int,
        pacing: str = "root",
        start: float = 0.2,
        seed: int = 0,
        lengths: Sequence[int] | None = None,
    ) -> None:
        self._order = np.argsort(np.asarray(difficulties), kind="stable")
        self._batch = batch
        self._over = max(over, 1)
        self._pacing = PACING[pacing]
        self._start = start
        self._seed = seed
        self._lengths = None if lengths is None else np.asarray(lengths)
        # A chunk has one share: short curricula have short chunks.
        self._bucket = 1 if lengths is None else max(1, min(BUCKET, self._over // 8))
        self._first_open = next(
            chunk for chunk in range(self._over + 1) if self.share(chunk * self._bucket) >= 1.0
        )

    def share(self, step: int) -> float:
        """The share of examples that is open at a step (counted from 0)."""
        if step >= self._over:
            return 1.0
        return min(1.0, max(0.0, self._pacing(step / self._over, self._start)))

    def batch(self, step: int) -> list[int]:
        """The places of a step's examples; where too few are open, some come twice."""
        chunk, place = divmod(step, self._bucket)
        drawn = self._drawn(chunk)
        batches = [drawn[at : at + self._batch] for at in range(0, len(drawn), self._batch)]
        if self._lengths is not None:
            chance = np.random.default_rng((self._seed, 2, chunk))
            batches = [batches[n] for n in chance.permutation(len(batches))]
        return [int(n) for n in batches[place]]

    @lru_cache(maxsize=2)  # noqa: B019 (two chunks, for one training)
    def _drawn(self, chunk: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The examples of a chunk of steps."""
        need = self._bucket * self._batch
        count = math.ceil(self.share(chunk * self._bucket) * len(self._order))
        count = max(count, min(self._batch, len(self._order)))
        if chunk < self._first_open:
            chance = np.random.default_rng((self._seed, 0, chunk))
            rounds = [chance.permutation(count) for _ in range(math.ceil(need / count))]
            drawn = np.concatenate(rounds)[:need]
        else:
            begin = (chunk - self._first_open) * need
            epochs = range(begin // count, (begin + need - 1) // count + 1)
            rounds = [np.random.default_rng((self._seed, 1, e)).permutation(count) for e in epochs]
            offset = begin - epochs[0] * count
            drawn = np.concatenate(rounds)[offset : offset + need]
        drawn = self._order[drawn]
        if self._lengths is not None:
            drawn = drawn[np.argsort(self._lengths[drawn], kind="stable")]
        return drawn
