"""The contract of a system: Question and Database in, Prediction out.

A system is a folder under `systems/` (or anywhere) with a `system.toml` that describes it and a
Python file that holds its class:

    name = "nop"
    summary = "answers nothing: the floor"
    entry = "system:Nop"            # file without .py, class name

    [components]                    # optional: what can be switched off, one line each
    gat = "graph attention over the schema"

The class derives from `System`, or from `OracleSystem` if it may see the gold SQL: such a system is
a ceiling and is marked so everywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from t2s_bench.types import Database, Example, Prediction, Question


@dataclass(frozen=True, kw_only=True)
class NoOptions:
    """The options of a system that has none."""


@dataclass(frozen=True)
class Setup:
    """What every system is given besides its own options.

    `off` names the components that are switched off; `folder` is the system's own folder.
    """

    folder: Path
    seed: int = 0
    off: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class SelfConsistency:
    """How a bare base answers by majority: options to change, and components that stay on."""

    options: Mapping[str, object]
    on: frozenset[str] = field(default_factory=frozenset)


class System(ABC):
    """A Text-to-SQL system that never sees the gold.

    `Options` is a keyword-only frozen dataclass: its fields are what `-o key=value` can set, with
    their types and defaults. `batch_size` is how many questions `predict_batch` takes at once.
    """

    Options: ClassVar[type] = NoOptions
    batch_size: int = 1

    def __init__(self, options: object, setup: Setup) -> None:
        self.options = options
        self.setup = setup

    @abstractmethod
    def predict(self, question: Question, database: Database) -> Prediction:
        """Answers one question."""

    def predict_batch(self, requests: Sequence[tuple[Question, Database]]) -> Sequence[Prediction]:
        """Answers many questions, in the same order; a GPU system overrides this."""
        return [self.predict(question, database) for question, database in requests]

    def describe(self) -> Mapping[str, object]:
        """What identifies this system beyond its files and options (a checkpoint's digest, say).

        A run records it when the system first starts, and is only continued while it is the same.
        `ablated_at_inference`, a list of components, says that these are off although the weights
        were trained with them; an ablation tells it beside its table.
        """
        return {}

    @classmethod
    def side_by_side(cls, options: object) -> bool:
        """Whether a run may start it in several processes (`--jobs`), each with its share.

        For a system that keeps one core busy and is small enough to be loaded several times. Its
        answers must not depend on which questions were asked before. No: one process, as for a
        system that has a GPU, a server or several threads to itself.
        """
        return False

    @classmethod
    def self_consistency(cls, options: object, samples: int) -> SelfConsistency | None:
        """How this system, all components off, takes the majority of `samples` answers.

        An ablation runs it beside the full system at the same number of completion tokens, so that
        a gain can be told from what mere sampling buys. None: the system has no such mode.
        """
        return None

    def close(self) -> None:  # noqa: B027 (most systems hold nothing)
        """Frees what the system holds (servers, models)."""


class OracleSystem(ABC):
    """A system that may see the gold: an upper bound, never a competitor."""

    Options: ClassVar[type] = NoOptions

    def __init__(self, options: object, setup: Setup) -> None:
        self.options = options
        self.setup = setup

    @abstractmethod
    def predict(self, example: Example, database: Database) -> Prediction:
        """Answers one question, gold in hand."""


class Clarification(Protocol):
    """What a system asks its user: one sentence, and the two answers that it can tell apart."""

    @property
    def text(self) -> str:
        """The question."""

    @property
    def choices(self) -> tuple[str, str]:
        """The answers to choose from; a user may also answer in words of their own."""


Ask = Callable[[Clarification], str | None]
"""Gives the user's answer, or None where there is nobody to ask or nobody answers."""


@runtime_checkable
class Interactive(Protocol):
    """A `System` that can ask back has this method, too; a run never calls it."""

    def answer(self, question: Question, database: Database, ask: Ask | None = None) -> Prediction:
        """Answers like `predict`, asking only where nothing else settles what is meant."""


@runtime_checkable
class Planned(Protocol):
    """A `System` class that tells what a run would take has this class method, too."""

    def plan(self, options: object, setup: Setup) -> Mapping[str, object]:
        """Names and values (numbers, texts, and such mappings again); no weights are loaded."""
