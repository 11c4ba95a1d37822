"""What the shipped parts claim of themselves, on questions that nothing was trained on.

    python bench/claims.py [--every 1] [--data FOLDER]

On Spider dev, every so-manieth question: how well the schema role and the lexical linker rank what
golds use; how far raw and calibrated confidences are off; and how often the validation agent
accepts the gold, wrong candidates, and the gold with a column that is not there.
"""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from systems.advanced.agents.candidate import Candidate  # noqa: E402
from systems.advanced.agents.selection import Blend  # noqa: E402
from systems.advanced.agents.validation import ValidationAgent  # noqa: E402
from systems.advanced.codec.codec import Partial, Session  # noqa: E402
from systems.advanced.evidence import Prober  # noqa: E402
from systems.advanced.models import open_model  # noqa: E402
from systems.advanced.options import AdvancedOptions  # noqa: E402
from systems.advanced.schema_graph.build import TaskMaker  # noqa: E402
from systems.advanced.schema_graph.lexical import lexical_linking  # noqa: E402
from systems.advanced.schema_graph.relevance import linking_quality, used_by  # noqa: E402
from systems.advanced.system import Advanced  # noqa: E402
from systems.advanced.task import Task  # noqa: E402

from t2s_bench.benchmarks.benchmark import Benchmark, load  # noqa: E402
from t2s_bench.metrics.calibration import expected_calibration_error  # noqa: E402
from t2s_bench.scoring import Scorer  # noqa: E402
from t2s_bench.system import Setup  # noqa: E402

_FROM = re.compile(r"\bfrom\b", re.IGNORECASE)
SYSTEM = ROOT / "systems" / "advanced"


@dataclass(frozen=True)
class Claims:
    """Average precision, calibration error (15 bins), and shares that the validator accepts."""

    questions: int
    gat_average_precision: float
    lexical_average_precision: float
    raw_ece: float
    calibrated_ece: float
    gold_accepted: float
    wrong_accepted: float
    broken_accepted: float


def measure(benchmark: Benchmark, every: int) -> Claims:
    """Asks the shipped system every so-manieth question."""
    opened = open_model(AdvancedOptions(), SYSTEM, frozenset())
    system = Advanced(AdvancedOptions(), Setup(SYSTEM, 0, frozenset()), opened)
    clarifier = system.clarifier
    assert clarifier is not None
    maker, prober = TaskMaker(), Prober()
    agent = ValidationAgent(prober, Blend.load(opened.folder).accept_logit)
    tasks, golds = [], []
    raw, sure = [], []
    accepted: dict[str, list[bool]] = {"gold": [], "wrong": [], "broken": []}
    with closing(system), closing(maker), closing(prober), Scorer(["ex_spider"]) as scorer:
        for example in benchmark.examples[::every]:
            database = benchmark.databases[example.question.database]
            task = maker.task(example.question, database)
            said = system.deliberate(task)
            answer = clarifier.refine(said, None, 0)
            sqls = [said.answer.sql, answer.sql, *(one.sql for one in said.candidates)]
            judged = scorer.judge_all((example, database, sql) for sql in sqls)
            right = [bool(one.score.metrics["ex_spider"]) for _, one in judged]
            raw.append((said.selection.scores[0], right[0]))
            sure.append((answer.confidence, right[1]))
            gold = example.golds[0]
            shown = {"gold": gold, "broken": _FROM.sub(", no_such_column FROM", gold, count=1)}
            wrong = [sql for sql, fits in zip(sqls[2:], right[2:], strict=True) if not fits]
            shown |= {"wrong": wrong[0]} if wrong else {}
            for kind, sql in shown.items():
                accepted[kind].append(_accepts(agent, said.session, prober, task, sql))
            tasks.append(task)
            golds.append(used_by(gold, task.schema))
    gat, lexical = (
        linking_quality(tasks, [link(task) for task in tasks], golds).average_precision
        for link in (opened.policy.link, lexical_linking)
    )
    shares = {kind: sum(those) / max(1, len(those)) for kind, those in accepted.items()}
    return Claims(
        questions=len(tasks),
        gat_average_precision=gat,
        lexical_average_precision=lexical,
        raw_ece=expected_calibration_error(raw),
        calibrated_ece=expected_calibration_error(sure),
        gold_accepted=shares["gold"],
        wrong_accepted=shares["wrong"],
        broken_accepted=shares["broken"],
    )


def _accepts(
    agent: ValidationAgent, session: Session, prober: Prober, task: Task, sql: str
) -> bool:
    (evidence,) = prober.run(task.database, [sql])
    candidate = Candidate(Partial((), sql, session.logprobs([sql])[0], True), evidence)
    (logit,) = agent.judge(session, [candidate])
    return agent.verdict(session, candidate, logit).accepted


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    found = asdict(measure(load("spider-dev", data=asked.data), asked.every))
    for name, value in found.items():
        print(
            f"{name.replace('_', ' ')}: {value:.3f}"
            if name != "questions"
            else f"{name}: {value:,}"
        )


if __name__ == "__main__":
    main()
