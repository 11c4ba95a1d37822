from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Optional

import pytest

from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.options import (
    OptionHelp,
    describe_options,
    parse_options,
    read_options,
    resolved,
)


@dataclass(frozen=True, kw_only=True)
class Options:
    model: str = field(metadata={"help": "which model"})
    n: int = 1
    temperature: float = 0.0
    greedy: bool = True
    folder: Path | None = None
    seed: Optional[int] = None  # noqa: UP045  (both spellings must work)
    level: Literal["low", "high"] = "low"
    stop: tuple[str, ...] = ()
    key: str | None = field(default=None, metadata={"secret": True})

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError("n must be at least 1")


def test_texts_become_typed_values() -> None:
    options = parse_options(
        Options,
        {
            "model": "m",
            "n": "4",
            "temperature": "0.5",
            "greedy": "no",
            "folder": "~/x",
            "seed": "none",
            "level": "high",
            "stop": "a, b",
            "key": "k",
        },
    )
    assert options == Options(
        model="m",
        n=4,
        temperature=0.5,
        greedy=False,
        folder=Path("~/x"),
        seed=None,
        level="high",
        stop=("a", "b"),
        key="k",
    )


def test_toml_values_are_checked_not_converted(tmp_path: Path) -> None:
    file = tmp_path / "o.toml"
    file.write_text('model = "m"\nn = 2\nstop = ["a,b"]\ntemperature = 1\n', encoding="utf-8")
    options = parse_options(Options, read_options(["n=3"], file))
    assert (options.n, options.stop, options.temperature) == (3, ("a,b",), 1.0)
    assert isinstance(options.temperature, float)
    with pytest.raises(BadInput, match="option 'greedy' is 1: write greedy=true|false"):
        parse_options(Options, {"model": "m", "greedy": 1})
    with pytest.raises(BadInput, match="option 'n' is 2.5"):
        parse_options(Options, {"model": "m", "n": 2.5})
    with pytest.raises(BadInput, match="option 'n' is True"):
        parse_options(Options, {"model": "m", "n": True})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "option 'model' of x is needed: model=text"),
        ({"model": "m", "n": "many"}, "option 'n' is 'many': write n=integer"),
        ({"model": "m", "temperature": "nan"}, "write temperature=number"),
        ({"model": "m", "level": "mid"}, "write level=low|high"),
        ({"model": "m", "seed": "x"}, "write seed=integer"),
        ({"model": "m", "n": "0"}, "options of x: n must be at least 1"),
    ],
)
def test_wrong_values_are_told_with_what_is_possible(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput) as caught:
        parse_options(Options, options, "x")
    assert message in str(caught.value)


def test_unknown_keys_are_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownName, match="unknown option of x 'temprature': did you mean 'temp"):
        parse_options(Options, {"temprature": "1"}, "x")


def test_a_dash_is_an_underscore_and_a_pair_needs_an_equals_sign() -> None:
    assert read_options(["max-tokens = 5"]) == {"max_tokens": "5"}
    with pytest.raises(BadInput, match="'tokens' is not an option: write key=value"):
        read_options(["tokens"])
    with pytest.raises(BadInput, match="no file at"):
        read_options([], Path("nowhere.toml"))


def test_secrets_never_show() -> None:
    with_key = resolved(Options(model="m", key="sesame", folder=Path("x"), stop=("a",)))
    without = resolved(Options(model="m", folder=Path("x"), stop=("a",)))
    assert with_key == without
    assert with_key["key"] == "***"
    assert (with_key["folder"], with_key["stop"]) == ("x", ["a"])
    assert list(with_key) == [
        "model", "n", "temperature", "greedy", "folder", "seed", "level", "stop", "key",
    ]  # fmt: skip


def test_options_are_described_in_their_order() -> None:
    described = describe_options(Options)
    assert described[0] == OptionHelp("model", "text", None, "which model")
    assert described[4] == OptionHelp("folder", "path|none", "None", "")
    assert described[6].type == "low|high"


def test_a_class_that_cannot_hold_options_is_named() -> None:
    @dataclass
    class Loose:
        n: int = 1

    @dataclass(frozen=True)
    class Positional:
        n: int = 1

    @dataclass(frozen=True, kw_only=True)
    class Odd:
        n: dict[str, int] = field(default_factory=dict)

    for kind, message in ((Loose, "frozen=True"), (Positional, "kw_only"), (Odd, "cannot have")):
        with pytest.raises(BadInput, match=message):
            parse_options(kind, {})


def test_one_file_may_hold_the_options_of_both_commands(tmp_path: Path) -> None:
    path = tmp_path / "both.toml"
    path.write_text("[run]\nn = 1\n\n[train]\nn = 2\n")
    assert read_options(["m=3"], path) == {"n": 1, "m": "3"}
    assert read_options([], path, "train") == {"n": 2}
    path.write_text("n = 4\n")
    assert read_options([], path) == read_options([], path, "train") == {"n": 4}


def test_a_file_with_tables_holds_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "both.toml"
    path.write_text("n = 1\n\n[run]\n")
    with pytest.raises(UnknownName, match="Options stand in one of these"):
        read_options([], path)
    path.write_text("[run]\nn = 1\n")
    with pytest.raises(BadInput, match=r"no table \[train\]"):
        read_options([], path, "train")
