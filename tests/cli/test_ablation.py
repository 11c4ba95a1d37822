"""`t2s-bench run --ablate`: paired arms, known effects recovered, nothing lost when killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.test_app import mistake, t2s

TOML = """
name = "toy"
summary = "four components of known effect"
entry = "system:Toy"

[components]
a = "mends copies 2 and 3 of every question"
b = "mends copy 4"
c = "mends copies 5 and 6, together with d"
d = "mends copies 5 and 6 together with c, and spoils copy 7"
"""
CODE = """
from dataclasses import dataclass
from t2s_bench import Prediction, System
from t2s_bench.system import SelfConsistency

SQL = {
    "count": "SELECT count(*) FROM item",
    "top": "SELECT max(price) FROM item",
    "order": "SELECT price FROM item ORDER BY price DESC, id",
    "none": "SELECT id FROM item WHERE price IS NULL",
    "sum": "SELECT sum(price) FROM item",
    "empty": "SELECT id FROM item WHERE price > 99",
}

@dataclass(frozen=True, kw_only=True)
class Options:
    samples: int = 1

class Toy(System):
    Options = Options

    def predict(self, question, database):
        on = set("abcd") - self.setup.off
        copy, _, name = question.id.partition("-")
        right = {
            2: "a" in on, 3: "a" in on, 4: "b" in on, 5: {"c", "d"} <= on, 6: {"c", "d"} <= on,
            7: "d" not in on, 8: self.options.samples > 1, 9: False,
        }.get(int(copy), True)
        tokens = self.options.samples * (10 + 5 * len(on))
        sql = SQL[name] if right else "SELECT 'wrong'"
        return Prediction(sql, prompt_tokens=100, completion_tokens=tokens)

    @classmethod
    def self_consistency(cls, options, samples):
        return SelfConsistency({"samples": samples})
"""
# Copies 0 and 1 are always right: full 7 of 10, base 3 (0, 1 and 7).
EFFECTS = {"a": 20.0, "b": 10.0, "c": 10.0, "d": 0.0}


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "system.toml").write_text(TOML)
    (folder / "system.py").write_text(CODE)
    return folder


@pytest.fixture
def long_shop(shop: Path) -> Path:
    """Ten copies of the shop's six questions."""
    path = shop / "questions.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    copies = [line.replace('{"id": "', f'{{"id": "{n}-') for n in range(10) for line in lines]
    path.write_text("".join(copies))
    return shop


def command(toy: Path, dataset: Path, out: Path, *more: str) -> tuple[str | Path, ...]:
    return ("run", toy, "--dataset", dataset, "--jobs", "1", "--out", out, *more)


def test_shapley_recovers_known_effects(toy: Path, long_shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = t2s(*command(toy, long_shop, out, "--ablate", "shapley", "--json"))
    assert result.returncode == 0, result.stderr
    content = json.loads(result.stdout)
    shares = {share["component"]: share for share in content["shapley"]}
    assert {name: share["value"] for name, share in shares.items()} == pytest.approx(EFFECTS)
    assert all(share["low"] <= EFFECTS[name] <= share["high"] for name, share in shares.items())
    arms = {arm["name"]: arm for arm in content["arms"]}
    assert len(arms) == 17
    assert arms["full"]["score"] - arms["base"]["score"] == pytest.approx(sum(EFFECTS.values()))
    lost = arms["without-a"]
    assert (lost["won"], lost["lost"], lost["off"]) == (0, 12, ["a"])
    assert lost["difference"] == pytest.approx(-20)
    assert lost["p"] < lost["p_adjusted"] < 0.05 and lost["verdict"] == "worse"
    assert arms["without-b+d"]["completion_tokens"] == 20
    # Full spends 30 completion tokens, the base 10: it may vote over three answers.
    assert arms["control"]["completion_tokens"] == 30
    assert arms["control"]["score"] == pytest.approx(40)
    assert "majority of 3 answers" in content["notes"][0]
    assert content["folder"] == str(out)


def test_arms_are_runs_that_are_resumed_and_compared(
    toy: Path, long_shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = t2s(*command(toy, long_shop, out, "--ablate", "a", "--ablate", "b+c"))
    assert first.returncode == 0, first.stderr
    assert "without-a is worse than full" in first.stdout
    assert {path.name for path in out.iterdir() if path.is_dir()} == {
        "full",
        "without-a",
        "without-b+c",
    }
    saved = json.loads((out / "ablation.json").read_text())
    assert [arm["name"] for arm in saved["arms"]] == ["full", "without-a", "without-b+c"]
    assert "| without-b+c | 40.00 | -30.00 |" in (out / "ablation.md").read_text()

    assert "--resume" in mistake(*command(toy, long_shop, out, "--ablate", "a"))
    assert json.loads((out / "ablation.json").read_text()) == saved
    before = (out / "full" / "executions.jsonl").read_bytes()
    (out / "without-a" / "done.json").unlink()
    again = t2s(*command(toy, long_shop, out, "--ablate", "each", "--resume"))
    assert again.returncode == 0, again.stderr
    assert (out / "full" / "executions.jsonl").read_bytes() == before
    arms = json.loads((out / "ablation.json").read_text())["arms"]
    assert [arm["name"] for arm in arms] == ["full", *(f"without-{name}" for name in "abcd")]
    compared = t2s("compare", out / "full", out / "without-a", "--json")
    assert json.loads(compared.stdout)["comparisons"][0]["lost"] == 12


def test_mistakes_are_one_line(toy: Path, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "unknown component of toy 'aa'" in mistake(*command(toy, shop, out, "--ablate", "aa"))
    line = mistake("run", "nop", "--dataset", shop, "--ablate", "each", "--out", out)
    assert "declares no components" in line
    more = "".join(f'e{number} = "another"\n' for number in range(3))
    (toy / "system.toml").write_text(TOML + more)
    line = mistake(*command(toy, shop, out, "--ablate", "shapley"))
    assert "7 components" in line and "--ablate each" in line
    assert not out.exists()
