from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from t2s_bench import plugins
from t2s_bench.errors import BadInput, UnknownName, UserError
from t2s_bench.plugins import find_system, folder_digest, list_systems, load_system, system_module
from t2s_bench.system import System
from t2s_bench.types import Database, Example, Prediction, Question

TOML = 'name = "mine"\nsummary = "a test"\nentry = "system:Mine"\n'
CODE = """
from dataclasses import dataclass
from t2s_bench.system import System
from t2s_bench.types import Prediction
from .helper import answer

@dataclass(frozen=True, kw_only=True)
class Options:
    sql: str = "SELECT 1"

class Mine(System):
    Options = Options

    def predict(self, question, database):
        return Prediction(answer(self.options.sql, self.setup.off))
"""
HELPER = "def answer(sql, off):\n    return sql + ''.join(sorted(off))\n"
DATABASE = Database("d", (Path("d.sqlite"),), "", "")
QUESTION = Question("1", "?", "d")


def write(folder: Path, toml: str = TOML, code: str = CODE, helper: str = HELPER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "system.toml").write_text(toml, encoding="utf-8")
    (folder / "system.py").write_text(code, encoding="utf-8")
    (folder / "helper.py").write_text(helper, encoding="utf-8")
    return folder


def predict(folder: Path) -> str:
    system = load_system(folder).start()
    assert isinstance(system, System)
    return system.predict(QUESTION, DATABASE).sql


def test_shipped_systems_load_by_name_and_by_path() -> None:
    by_name = load_system("oracle")
    by_path = load_system(by_name.folder)
    assert by_name == by_path
    assert by_name.ceiling and not load_system("nop").ceiling
    assert {"nop", "oracle"} <= {system.name for system in list_systems()}


def test_the_floor_and_the_ceiling_answer() -> None:
    floor, ceiling = load_system("nop").start(), load_system("oracle").start()
    assert isinstance(floor, System)
    assert floor.predict(QUESTION, DATABASE) == Prediction("")
    assert not isinstance(ceiling, System)
    assert ceiling.predict(Example(QUESTION, ("SELECT 1", "SELECT 2")), DATABASE).sql == "SELECT 1"


def test_dashes_and_underscores_are_the_same(tmp_path: Path) -> None:
    write(tmp_path / "my_system")
    assert find_system(tmp_path / "my-system").folder == tmp_path / "my_system"
    assert find_system("zero-shot").name == "zero_shot"


def test_a_folder_loads_with_relative_imports_options_and_components(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", TOML + '[components]\nvoting = "votes"\n')
    loaded = load_system(str(folder), {"sql": "SELECT 2"}, seed=7, off=["voting"])
    assert (loaded.name, loaded.summary, loaded.seed) == ("mine", "a test", 7)
    assert loaded.components == {"voting": "votes"}
    assert loaded.options == {"sql": "SELECT 2"}
    system = loaded.start()
    assert isinstance(system, System)
    assert system.predict(QUESTION, DATABASE).sql == "SELECT 2voting"
    assert system.setup.folder == folder and system.setup.seed == 7


def test_two_systems_may_have_files_of_one_name_and_edits_are_seen(tmp_path: Path) -> None:
    one = write(tmp_path / "one")
    two = write(tmp_path / "two", helper="def answer(sql, off):\n    return 'two'\n")
    assert (predict(one), predict(two)) == ("SELECT 1", "two")
    write(one, helper="def answer(sql, off):\n    return 'edited'\n")
    assert predict(one) == "edited"


def test_a_system_folder_may_be_a_package(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", code=CODE.replace(".helper", "."))
    (folder / "__init__.py").write_text(HELPER, encoding="utf-8")
    assert predict(folder) == "SELECT 1"


def test_the_digest_follows_the_files_and_not_the_byte_code(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine")
    first = load_system(folder).digest
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "system.pyc").write_bytes(b"1")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_bytes(b"1")
    assert folder_digest(folder) == first
    (folder / "helper.py").rename(folder / "helped.py")
    assert folder_digest(folder) != first


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("name = ", "is not TOML"),
        (TOML.replace("name", "nmae"), "'nmae': did you mean 'name'?"),
        ('name = "x"\nentry = "a:B"\n', 'write summary = "…"'),
        (TOML.replace("system:Mine", "system.py"), 'write entry = "file:Class"'),
        (TOML + "[components]\nx = 1\n", "[components] holds lines"),
        (TOML.replace("system:", "sistem:"), "has no file sistem.py"),
        (TOML.replace(":Mine", ":Mien"), "'Mien': did you mean 'Mine'? Possible: Mine, Options"),
    ],
)
def test_a_wrong_system_toml_is_told_in_one_line(tmp_path: Path, toml: str, message: str) -> None:
    folder = write(tmp_path / "mine", toml)
    with pytest.raises(UserError) as caught:
        load_system(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "helper", "message"),
    [
        ("def f(:\n", HELPER, "system.py:1: SyntaxError: "),
        (CODE, "\n1 / 0\n", "helper.py:2: ZeroDivisionError: division by zero"),
        ("import nowhere_to_be_found\n", HELPER, "system.py:1: ModuleNotFoundError: No module"),
        ("class Mine: pass\n", HELPER, "Mine must derive from t2s_bench.system.System"),
        (
            "from t2s_bench.system import System\nclass Mine(System): pass\n",
            HELPER,
            "Mine must define predict",
        ),
    ],
)
def test_an_error_in_the_users_file_is_shown_as_theirs(
    tmp_path: Path, code: str, helper: str, message: str
) -> None:
    folder = write(tmp_path / "mine", code=code, helper=helper)
    with pytest.raises(BadInput) as caught:
        load_system(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_while_starting_names_file_and_line(tmp_path: Path) -> None:
    code = CODE + "\n    def __init__(self, options, setup):\n        {}['weights']\n"
    loaded = load_system(write(tmp_path / "mine", code=code))
    with pytest.raises(BadInput, match=r"system 'mine': .*system\.py:\d+: KeyError: 'weights'"):
        loaded.start()


def test_unknown_names_are_answered_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="unknown system 'oracel': did you mean 'oracle'?"):
        load_system("oracel")
    with pytest.raises(BadInput, match="no system.toml in .*: give a system's folder"):
        load_system(tmp_path)
    with pytest.raises(UnknownName, match="unknown component of nop 'gat'. Possible: none"):
        load_system("nop", off=["gat"])
    with pytest.raises(UnknownName, match="unknown option of nop 'model'"):
        load_system("nop", {"model": "x"})


def test_an_installed_package_offers_systems_by_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "offered_package")
    (folder / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [
        EntryPoint("offered", "offered_package", plugins.ENTRY_POINTS),
        EntryPoint("oracle", "offered_package", plugins.ENTRY_POINTS),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points)
    assert load_system("offered").folder == folder
    assert load_system("oracle").name == "oracle"  # a shipped name is not taken over
    assert [system.name for system in list_systems()].count("mine") == 1
    points.append(EntryPoint("lost", "no_such_package", plugins.ENTRY_POINTS))
    with pytest.raises(BadInput, match="entry point 'lost' = 'no_such_package' must name"):
        load_system("lost")


def test_a_folder_in_the_current_directory_needs_no_separator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert load_system("mine").folder == tmp_path / "mine"


def test_one_file_of_a_system_can_be_imported_for_tests(tmp_path: Path) -> None:
    helper = system_module(write(tmp_path / "mine"), "helper")
    assert helper.answer("a", {"b"}) == "ab"


def test_listing_and_loading_import_nothing_heavy() -> None:
    code = (
        "import sys\nfrom t2s_bench.plugins import list_systems, load_system\n"
        "list_systems(); load_system('oracle'); load_system('nop')\n"
        "print(*[m for m in ('torch', 'transformers', 'openai', 'pandas', 'datasets')"
        " if m in sys.modules])"
    )
    harness = str(Path(plugins.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": harness},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
