"""Several processes answer a run: the same bytes as one, the same errors, and none is left over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.errors import BadInput, NotComparable
from t2s_bench.plugins import load_system
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.experiment import run_system
from t2s_bench.runs.lock import Scoring
from t2s_bench.runs.side_by_side import Crew

SYSTEM = '''
import os, random, signal, sys, time
from dataclasses import dataclass, field
from pathlib import Path
from t2s_bench import Candidate, Prediction, System

HERE = Path(__file__).parent

class Own(str):
    """What is no plain data: it can only be pickled where this file is a module."""

def log(line):
    with (HERE.parent / "log.txt").open("a") as file:
        file.write(line + "\\n")

@dataclass(frozen=True, kw_only=True)
class Options:
    words: tuple[str, ...] = ()
    key: str = field(default="", metadata={"secret": True})
    alone: bool = False

class Fake(System):
    Options = Options

    def __init__(self, options, setup):
        super().__init__(options, setup)
        START

    @classmethod
    def side_by_side(cls, options):
        return not options.alone

    def describe(self):
        return {"checkpoint": (HERE.parent / "checkpoint").read_text()}

    def predict(self, question, database):
        log(f"{os.getpid()} {question.id}")
        if question.id == "00-count":
            time.sleep(0.3)
        PREDICT
        chance = random.Random(f"{self.setup.seed} {question.id}")
        sqls = ["SELECT count(*) FROM item", "SELECT 20", "SELEC", "DROP TABLE item"]
        return Prediction(
            chance.choice(sqls),
            (Candidate("SELECT 'é'", chance.random()), Candidate("SELECT '\\ud800'", 0.5)),
            chance.random(),
            trace={"own": Own(self.options.key), "of": (self.options.words, sorted(self.setup.off))}
        )

    def close(self):
        log(f"{os.getpid()} closed")
'''


def write(folder: Path, predict: str = "pass", start: str = "pass") -> None:
    text = SYSTEM.replace("START", start).replace("PREDICT", predict)
    (folder / "system.py").write_text(text)


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    folder = tmp_path / "fake"
    folder.mkdir()
    (folder / "system.toml").write_text(
        'name = "fake"\nsummary = "s"\nentry = "system:Fake"\n[components]\npart = "a part"\n'
    )
    (tmp_path / "checkpoint").write_text("first")
    write(folder)
    return folder


@pytest.fixture
def long_shop(shop: Path) -> Path:
    """The shop's six questions four times over."""
    path = shop / "questions.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(
        "".join(line.replace('{"id": "', f'{{"id": "{n:02}-') for n in range(4) for line in lines)
    )
    return shop


def run(
    fake: Path,
    shop: Path,
    out: Path,
    jobs: int,
    *,
    resume: bool = False,
    fresh: bool = False,
    crew: Crew | None = None,
    **options: object,
) -> None:
    benchmark = load(shop)
    run_system(
        load_system(fake, options, seed=3, off=["part"]),
        benchmark,
        benchmark.examples,
        out,
        Scoring(("ex",)),
        workers=jobs,
        resume=resume,
        fresh=fresh,
        crew=crew,
    )


def logged(fake: Path) -> list[list[str]]:
    lines = (fake.parent / "log.txt").read_text().splitlines()
    (fake.parent / "log.txt").unlink()
    return [line.split() for line in lines]


def test_two_processes_leave_the_bytes_of_one_in_the_order_of_the_benchmark(
    fake: Path, long_shop: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    run(fake, long_shop, one, 1, words="a,b", key="hush")
    assert {line[0] for line in logged(fake)} == {str(os.getpid())}
    run(fake, long_shop, two, 2, words="a,b", key="hush")
    lines = logged(fake)
    processes = {line[0] for line in lines}
    assert len(processes) == 2 and str(os.getpid()) not in processes
    assert sorted(line[0] for line in lines if line[1] == "closed") == sorted(processes)
    ids = [example.id for example in load(long_shop).examples]
    assert sorted(line[1] for line in lines if line[1] != "closed") == sorted(ids)
    for name in ("predictions.jsonl", "scores.jsonl", "system.json"):
        assert (two / name).read_bytes() == (one / name).read_bytes()
    found = RunDirectory(two).predictions()
    assert list(found) == ids
    assert found["00-count"].trace == {"own": "hush", "of": [["a", "b"], ["part"]]}
    seconds = RunDirectory(two).costs()
    assert isinstance(slow := seconds["00-count"]["predict_seconds"], float) and slow >= 0.3
    assert isinstance(quick := seconds["00-top"]["predict_seconds"], float) and 0 < quick < 0.3


def test_the_processes_of_one_run_answer_the_next_with_its_own_system(
    fake: Path, long_shop: Path, tmp_path: Path
) -> None:
    with Crew() as crew:
        run(fake, long_shop, tmp_path / "first", 2, crew=crew, words="a")
        first = logged(fake)
        run(fake, long_shop, tmp_path / "second", 2, crew=crew, words="b")
        between = logged(fake)
    last = logged(fake)
    answered = [line for line in first + between if line[1] != "closed"]
    assert len({process for process, _ in answered}) == 2
    # The first system is closed before the second starts, the second when the crew goes home.
    assert [line[1] for line in first].count("closed") == 0
    assert [line[1] for line in between[:3]].count("closed") >= 1
    assert sorted(line[1] for line in last) == ["closed", "closed"]
    run(fake, long_shop, tmp_path / "alone", 1, words="b")
    for name in ("predictions.jsonl", "scores.jsonl", "system.json"):
        found, expected = (tmp_path / one / name for one in ("second", "alone"))
        assert found.read_bytes() == expected.read_bytes()


def test_after_an_error_a_crew_begins_anew(fake: Path, long_shop: Path, tmp_path: Path) -> None:
    write(fake, "if question.id == '02-none': [][0]")
    with Crew() as crew:
        with pytest.raises(BadInput):
            run(fake, long_shop, tmp_path / "run", 2, crew=crew)
        failed = logged(fake)
        write(fake)
        run(fake, long_shop, tmp_path / "run", 2, crew=crew, fresh=True)
    assert not {line[0] for line in failed} & {line[0] for line in logged(fake)}


def test_no_process_is_started_for_a_system_that_does_not_want_it_or_for_few_questions(
    fake: Path, long_shop: Path, tmp_path: Path
) -> None:
    run(fake, long_shop, tmp_path / "alone", 2, alone="yes")
    questions = long_shop / "questions.jsonl"
    questions.write_text("".join(questions.read_text().splitlines(keepends=True)[:6]))
    run(fake, long_shop, tmp_path / "few", 2)
    assert {line[0] for line in logged(fake)} == {str(os.getpid())}


@pytest.mark.parametrize(
    ("predict", "start", "answered"),
    [
        ("if question.id >= '01': [][0]", "pass", 6),
        ("return None", "pass", 0),
        ("from t2s_bench.errors import UnknownName; raise UnknownName('x', 'y', 'z')", "pass", 0),
        ("pass", "raise KeyError('weights')", 0),
    ],
)
def test_an_error_is_told_as_by_one_process_and_what_is_answered_stays(
    predict: str, start: str, answered: int, fake: Path, long_shop: Path, tmp_path: Path
) -> None:
    write(fake, predict, start)
    said = []
    for jobs in (1, 2):
        out = tmp_path / f"run{jobs}"
        with pytest.raises(BadInput if "UnknownName" not in predict else Exception) as caught:
            run(fake, long_shop, out, jobs)
        said.append(str(caught.value))
        assert len(RunDirectory(out).predictions()) == answered
    assert said[0] == said[1] and "\n" not in said[1]


@pytest.mark.parametrize(
    ("death", "named"),
    [
        ("os._exit(3)", "ended with exit code 3 on question '02-none'. Mend it, then go on"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL on question '02-none'"),
        # Its own child, a fork, still holds the socket.
        ("os.fork() or time.sleep(10); os._exit(4)", "exit code 4 on question '02-none'"),
    ],
)
def test_a_process_that_dies_is_one_line_and_the_run_goes_on_after_it(
    death: str, named: str, fake: Path, long_shop: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "mended"
    write(fake, f"if question.id == '02-none' and not Path({str(marker)!r}).exists(): {death}")
    begun = time.monotonic()
    with pytest.raises(BadInput) as caught:
        run(fake, long_shop, tmp_path / "two", 2)
    assert time.monotonic() - begun < 9
    assert named in str(caught.value) and "\n" not in str(caught.value)
    kept = RunDirectory(tmp_path / "two").predictions()
    ids = [example.id for example in load(long_shop).examples]
    assert set(ids[: ids.index("02-none")]) <= set(kept) and "02-none" not in kept
    marker.touch()
    run(fake, long_shop, tmp_path / "two", 2, resume=True)
    run(fake, long_shop, tmp_path / "one", 1)
    for name in ("predictions.jsonl", "scores.jsonl"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_a_process_that_dies_at_its_start_is_one_line(
    fake: Path, long_shop: Path, tmp_path: Path
) -> None:
    write(fake, start="os._exit(1)")
    with pytest.raises(BadInput, match="ended with exit code 1 while it started"):
        run(fake, long_shop, tmp_path / "run", 2)


def test_other_weights_or_other_files_than_at_the_beginning_are_refused(
    fake: Path, long_shop: Path, tmp_path: Path
) -> None:
    write(fake, "if question.id == '01-none': [][0]")
    with pytest.raises(BadInput):
        run(fake, long_shop, tmp_path / "run", 2)
    (tmp_path / "checkpoint").write_text("second")
    with pytest.raises(NotComparable, match="checkpoint: first → second"):
        run(fake, long_shop, tmp_path / "run", 2, resume=True)
    benchmark = load(long_shop)
    system = load_system(fake)
    write(fake)
    with pytest.raises(BadInput, match="was changed while its run began"):
        run_system(
            system, benchmark, benchmark.examples, tmp_path / "new", Scoring(("ex",)), workers=2
        )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_ended_from_outside_leaves_no_process_and_goes_on(
    number: signal.Signals, fake: Path, long_shop: Path, tmp_path: Path
) -> None:
    write(fake, "time.sleep(0.1)")
    out = tmp_path / "run"
    command = [sys.executable, "-m", "t2s_bench.cli.app", "run", str(fake), "--jobs", "2"]
    command += ["--dataset", str(long_shop), "--metrics", "ex", "--seed", "3", "--out", str(out)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell that starts tests in the background ignores Ctrl-C for all its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

    def both_answer() -> bool:
        log, predictions = tmp_path / "log.txt", out / "predictions.jsonl"
        if not log.exists() or not predictions.exists() or not predictions.stat().st_size:
            return False
        return len({line.split()[0] for line in log.read_text().splitlines()}) == 2

    while not both_answer():
        assert process.poll() is None
        time.sleep(0.01)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.kill()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert "Traceback" not in errors and errors.count("\n") == (number == signal.SIGINT)
    with pytest.raises(ProcessLookupError):
        while True:
            os.killpg(process.pid, 0)
            time.sleep(0.05)
    kept = RunDirectory(out).predictions()
    assert 0 < len(kept) < 24
    if number == signal.SIGINT:
        lines = logged(fake)
        assert [line[1] for line in lines].count("closed") == 2
    else:
        (tmp_path / "log.txt").unlink()
    subprocess.run([*command, "--resume"], check=True, capture_output=True, timeout=60)
    asked = {line[1] for line in logged(fake)} - {"closed"}
    assert not asked & kept.keys()
    whole = tmp_path / "whole"
    subprocess.run([*command[:-1], str(whole)], check=True, capture_output=True, timeout=60)
    for name in ("predictions.jsonl", "scores.jsonl"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert json.loads((out / "done.json").read_text())["questions"] == 24
