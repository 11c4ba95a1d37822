"""The system: a task goes through agents, search and clarifier, each of which can be off.

Heavy packages load when an instance is made, so that its options can be read without them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from t2s_bench.system import SelfConsistency, Setup, System
from t2s_bench.types import Candidate, Database, Prediction, Question

from .agents.candidate import Candidate as Considered
from .agents.recall_guard import RecallGuard
from .agents.schema import SchemaAgent
from .agents.selection import Blend
from .agents.sql import Drawing, Search, SqlAgent
from .agents.team import Deliberation, Solo, Team, TeamBudget
from .agents.validation import ValidationAgent
from .clarifier.calibration import Calibration
from .clarifier.refine import Ask, Clarified, Clarifier, ClarifierSettings
from .clarifier.trust import SECTION, SOLO, Trust
from .codec.codec import Session
from .evidence import Prober
from .models import Opened, open_model
from .options import AdvancedOptions
from .policy.search import SearchResult, search
from .policy.settings import SearchSettings
from .schema_graph.build import TaskMaker
from .task import Task

COMPONENTS = ("gat", "mcts", "clarifier", "multi-agent")


class Advanced(System):
    """Answers a question by what is on of search, agents and clarifier.

    With all four components off it is the bare base: greedy, or the majority of `base_samples`.
    """

    Options = AdvancedOptions

    def __init__(
        self, options: AdvancedOptions, setup: Setup, opened: Opened | None = None
    ) -> None:
        """`opened` is a model that is open already (one in training), else the options' is."""
        super().__init__(options, setup)
        self._settings = options
        self._opened = opened or open_model(options, setup.folder, setup.off)
        self._tasks = TaskMaker()
        self._prober = Prober()
        folder = self._opened.folder
        self._blend = Blend.load(folder)
        self._searched: SearchResult | None = None
        self._sql = SqlAgent(self._prober, self._drawing(), self._search())
        self._answerer: Team | Solo
        if self._on("multi-agent"):
            self._answerer = Team(
                self._opened.policy,
                SchemaAgent(self._opened.policy, RecallGuard.load(folder)),
                self._sql,
                ValidationAgent(self._prober, self._blend.accept_logit),
                self._blend,
                TeamBudget(rounds=options.revision_rounds),
            )
        else:
            self._answerer = Solo(self._opened.policy, self._sql)
        self._clarifier = self._made_clarifier()

    @classmethod
    def side_by_side(cls, options: object) -> bool:
        """The small model on one thread; a pretrained one or a server is loaded once."""
        assert isinstance(options, AdvancedOptions)
        return options.backend == "small" and options.threads == 1

    @classmethod
    def self_consistency(cls, options: object, samples: int) -> SelfConsistency | None:
        """The majority of so many samples of the bare base."""
        return SelfConsistency({"base_samples": samples})

    @classmethod
    def plan(cls, options: AdvancedOptions, setup: Setup) -> Mapping[str, object]:
        """The model's size, its memory and the tokens a question (see `plan.py`)."""
        from .plan import make_plan

        return make_plan(options, setup.folder, setup.off)

    def describe(self) -> Mapping[str, object]:
        """Which weights answer, and which parts are off that they were trained with."""
        at_inference = list(self._opened.ablated_at_inference)
        more = {"ablated_at_inference": at_inference} if at_inference else {}
        return {**self._opened.identity, **more}

    def predict(self, question: Question, database: Database) -> Prediction:
        """Answers one question; never raises for what a question or database holds."""
        return self.answer(question, database)

    def answer(self, question: Question, database: Database, ask: Ask | None = None) -> Prediction:
        """Answers, and asks a human where one is there and the evidence settles nothing."""
        task = self._tasks.task(question, database)
        said = self.deliberate(task)
        trace: dict[str, object] = {"agents": said.trace()}
        if self._searched is not None:
            trace["search"] = dict(self._searched.trace)
        clarified: Clarified | None = None
        if self._clarifier is not None:
            clarified = self._clarifier.refine(said, ask, self._seed(question))
            trace["rounds"] = clarified.trace()
            trace["signals"] = dict(clarified.signals.__dict__)
        cost = said.session.cost
        return Prediction(
            sql=clarified.sql if clarified is not None else said.answer.sql,
            candidates=self._shown(said, clarified),
            confidence=clarified.confidence if clarified is not None else self._share(said),
            prompt_tokens=cost.prompt_tokens,
            completion_tokens=cost.completion_tokens,
            trace=trace,
        )

    def deliberate(self, task: Task) -> Deliberation:
        """What agents (or one agent) come to, before the clarifier; for calibration, too."""
        return self._answerer.answer(task, self._seed(task.question))

    @property
    def clarifier(self) -> Clarifier | None:
        """What settles differences after that, where it is on; for calibration, too."""
        return self._clarifier

    def close(self) -> None:
        """Ends the workers and closes the indexes."""
        self._prober.close()
        self._tasks.close()

    def _on(self, component: str) -> bool:
        return component not in self.setup.off

    def _bare(self) -> bool:
        return set(COMPONENTS) <= set(self.setup.off)

    def _drawing(self) -> Drawing:
        options = self._settings
        if not self._bare():
            return Drawing(options.beam, options.samples, options.policy_temperature)
        if options.base_samples == 1:
            return Drawing(1, 0)
        return Drawing(0, options.base_samples, options.policy_temperature)

    def _search(self) -> Search | None:
        if not self._on("mcts"):
            return None
        options = self._settings
        settings = SearchSettings(
            simulations=options.mcts_simulations,
            exploration=options.mcts_exploration,
            temperature=options.policy_temperature,
            worth=options.mcts_worth,
        )

        def searched(session: Session, seed: int) -> Sequence[Considered]:
            self._searched = search(session, self._prober, settings, seed)
            return self._searched.candidates

        return searched

    def _made_clarifier(self) -> Clarifier | None:
        if not self._on("clarifier"):
            return None
        team = self._on("multi-agent")
        options = self._settings
        folder = self._opened.folder
        calibration = Calibration.load(folder, "confidence" if team else "confidence_solo")
        return Clarifier(
            self._sql,
            self._prober,
            calibration,
            ClarifierSettings(
                uncertainty_threshold=options.uncertainty_threshold,
                clarification_iterations=options.clarification_iterations,
                abstain_below=options.abstain_below,
            ),
            self._blend if team else None,
            Trust.load(folder, SECTION if team else SOLO),
        )

    def _share(self, said: Deliberation) -> float | None:
        """The chosen result's score; one greedy statement claims nothing."""
        if len(said.candidates) < 2:
            return None
        return min(1.0, max(0.0, said.selection.scores[0]))

    def _shown(self, said: Deliberation, clarified: Clarified | None) -> tuple[Candidate, ...]:
        """The candidates by result, best first, with their results' scores."""
        candidates = clarified.candidates if clarified is not None else said.candidates
        selection = clarified.selection if clarified is not None else said.selection
        return tuple(
            Candidate(candidates[place].sql, round(score, 6))
            for group, score in zip(selection.groups, selection.scores, strict=True)
            for place in group.places
            if candidates[place].sql
        )

    def _seed(self, question: Question) -> int:
        """A question's own chance, so that it does not depend on the others."""
        text = f"{self.setup.seed}:{question.id}:{question.question}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
