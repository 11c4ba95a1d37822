"""Finds and loads systems: by folder, by name, or by entry point.

A system is a folder with a `system.toml` (see `t2s_bench.system`). It is named in three ways:

- a path to such a folder (`systems/advanced`, `~/my_system`);
- the name of a system that comes with t2s-bench (`oracle`), from the source checkout or the wheel;
- an entry point of the group `t2s_bench.systems` whose value is an importable package
  (`my_package`) with a `system.toml` in its folder.

`_` and `-` are the same in names. Listing reads only `system.toml` files and imports no system.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.machinery
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from t2s_bench.benchmarks.location import source_checkout
from t2s_bench.errors import BadInput, UnknownName, UserError
from t2s_bench.options import parse_options, read_toml, resolved
from t2s_bench.system import OracleSystem, Planned, SelfConsistency, Setup, System

ENTRY_POINTS = "t2s_bench.systems"
DESCRIPTION = "system.toml"
_IGNORED_SUFFIXES = (".pyc", ".pyo")


@dataclass(frozen=True)
class SystemDescription:
    """A system's `system.toml`: `entry` is 'file:Class', the file without `.py`.

    `trainer` names the class that trains its model in the same way; "" where there is none.
    """

    name: str
    summary: str
    entry: str
    components: Mapping[str, str]
    folder: Path
    trainer: str = ""


@dataclass(frozen=True)
class LoadedSystem:
    """A system with its options checked, ready to be started.

    `ceiling` says that it may see the gold. `digest` is the SHA-256 of the folder's files.
    `options` holds every option's value (a secret one as '***'), `off` the components switched off.
    `given` is what `load_system` was given as options, secrets in the clear.
    """

    name: str
    summary: str
    components: Mapping[str, str]
    ceiling: bool
    digest: str
    options: Mapping[str, object]
    off: frozenset[str]
    seed: int
    folder: Path
    given: Mapping[str, object] = field(repr=False)
    _kind: type[System] | type[OracleSystem] = field(repr=False)
    _options: object = field(repr=False)

    def start(self) -> System | OracleSystem:
        """Makes the instance (models load here); an error in the user's file is a BadInput."""
        with self._own_errors():
            return self._kind(self._options, self._setup)

    def plan(self) -> Mapping[str, object]:
        """What a run would take, as far as the system tells; nothing is loaded."""
        kind: object = self._kind
        if not isinstance(kind, Planned):
            return {}
        with self._own_errors():
            return kind.plan(self._options, self._setup)

    @property
    def side_by_side(self) -> bool:
        """Whether several processes may answer at once."""
        if not issubclass(self._kind, System):
            return False
        with self._own_errors():
            return self._kind.side_by_side(self._options)

    @property
    def _setup(self) -> Setup:
        return Setup(self.folder, self.seed, self.off)

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            raise BadInput(f"system '{self.name}': {error_text(error, self.folder)}") from error

    def self_consistency(self, samples: int) -> SelfConsistency | None:
        """How its bare base takes the majority of so many answers, where it can."""
        if not issubclass(self._kind, System):
            return None
        return self._kind.self_consistency(self._options, samples)


def load_system(
    spec: str | Path,
    options: Mapping[str, object] | None = None,
    *,
    seed: int = 0,
    off: Iterable[str] = (),
) -> LoadedSystem:
    """Finds a system, imports its entry file and checks its options and components.

    `options` are texts or TOML's values (see `options.read_options`). Raises UnknownName for an
    unknown system, option or component, and BadInput for a folder, `system.toml` or Python file
    that cannot be used, naming the file and the line.
    """
    description = find_system(spec)
    kind = _system_class(description)
    switched_off = frozenset(off)
    for component in sorted(switched_off - description.components.keys()):
        raise UnknownName(f"component of {description.name}", component, description.components)
    chosen: object = parse_options(kind.Options, options or {}, description.name)
    return LoadedSystem(
        name=description.name,
        summary=description.summary,
        components=description.components,
        ceiling=issubclass(kind, OracleSystem),
        digest=folder_digest(description.folder),
        options=resolved(chosen),
        off=switched_off,
        seed=seed,
        folder=description.folder,
        given=dict(options or {}),
        _kind=kind,
        _options=chosen,
    )


def options_of(spec: str | Path) -> type:
    """The options dataclass of a system, for `options.describe_options`."""
    return _system_class(find_system(spec)).Options


def list_systems() -> tuple[SystemDescription, ...]:
    """The systems that can be named: the shipped ones, then those of installed packages."""
    shipped = [read_description(folder) for folder in _shipped_folders()]
    names = {_normal(description.name) for description in shipped}
    installed = [
        read_description(_entry_point_folder(point))
        for point in _entry_points()
        if _normal(point.name) not in names
    ]
    return (*shipped, *installed)


def find_system(spec: str | Path) -> SystemDescription:
    """Finds a system by path, name or entry point, without importing it.

    A text with a path separator, or one that starts with '.' or '~', is a path; any other text is a
    name first, and a folder in the current directory only where no such name is known.
    """
    text = str(spec)
    path = Path(text).expanduser()
    if isinstance(spec, Path) or any(s in text for s in ("/", os.sep)) or text[:1] in (".", "~"):
        return read_description(_existing_folder(path))
    for folder in _shipped_folders():
        if _normal(folder.name) == _normal(text):
            return read_description(folder)
    for point in _entry_points():
        if _normal(point.name) == _normal(text):
            return read_description(_entry_point_folder(point))
    if (path / DESCRIPTION).is_file():
        return read_description(path)
    names = [folder.name for folder in _shipped_folders()] + [p.name for p in _entry_points()]
    raise UnknownName("system", text, names, f"Or a path to a folder with a {DESCRIPTION}")


def read_description(folder: Path) -> SystemDescription:
    """Reads and checks a folder's `system.toml`."""
    folder = folder.resolve()
    path = folder / DESCRIPTION
    content = read_toml(path)
    keys = ("name", "summary", "entry", "trainer", "components")
    for key in content:
        if key not in keys:
            raise UnknownName(f"key in {path}", key, keys)
    for key in ("name", "summary", "entry"):
        if not isinstance(content.get(key), str) or not content[key].strip():
            raise BadInput(f'{path}: write {key} = "…"')
    components = content.get("components", {})
    if not isinstance(components, dict) or not all(isinstance(v, str) for v in components.values()):
        raise BadInput(f'{path}: [components] holds lines of the form name = "what it does"')
    for key in ("entry", "trainer"):
        if key in content and not _names_a_class(content[key]):
            raise BadInput(f'{path}: write {key} = "file:Class", the file without .py')
    return SystemDescription(
        content["name"],
        content["summary"],
        content["entry"],
        components,
        folder,
        content.get("trainer", ""),
    )


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and bytes of a folder's files; byte code and caches do not count."""
    digest = hashlib.sha256()
    for path in sorted(_content_files(folder), key=lambda p: p.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix().encode()
        digest.update(b"%d:%b%d:" % (len(name), name, path.stat().st_size))
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def system_module(folder: str | Path, name: str) -> ModuleType:
    """Imports one file of a system's folder (`name` without `.py`, dots for subfolders).

    The folder becomes a package of a unique name, so relative imports between its files work and
    two systems may have files of one name. An edited file is seen by the next call in the same
    process. Raises BadInput with the file and line of an error in the user's code.
    """
    root = Path(folder).resolve()
    identity = hashlib.sha256(f"{root}\0{folder_digest(root)}".encode()).hexdigest()[:16]
    label = "".join(letter if letter.isidentifier() else "_" for letter in root.name)
    package = f"t2s_bench_system_{label}_{identity}"
    if not (root.joinpath(*name.split(".")).with_suffix(".py")).is_file():
        raise BadInput(f"{root} has no file {name.replace('.', '/')}.py, which its entry names")
    try:
        if package not in sys.modules:
            _make_package(package, root)
        return importlib.import_module(f"{package}.{name}")
    except UserError:
        raise
    except Exception as error:
        for loaded in [m for m in sys.modules if m == package or m.startswith(package + ".")]:
            del sys.modules[loaded]
        raise BadInput(error_text(error, root)) from error


def error_text(error: BaseException, folder: Path) -> str:
    """One line for an error in a system's own files: file, line, type and message."""
    place = ""
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno}: "
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename).is_relative_to(folder):
                place = f"{frame.filename}:{frame.lineno}: "
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{place}{type(error).__name__}: {' '.join(message.split())}".rstrip(": ")


def _make_package(package: str, root: Path) -> None:
    start = root / "__init__.py"
    if start.is_file():
        spec = importlib.util.spec_from_file_location(
            package, start, submodule_search_locations=[str(root)]
        )
    else:
        spec = importlib.machinery.ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(root)]
    assert spec is not None  # a .py file always has a spec
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    if spec.loader is not None:
        spec.loader.exec_module(module)


def entry_class(
    description: SystemDescription, entry: str, bases: tuple[type, ...], needed: str
) -> type:
    """The class that `entry` ('file:Class') names in a system's folder.

    Raises UnknownName where the file has no such class and BadInput where it derives from none of
    `bases` (`needed` says it in words) or leaves something undefined.
    """
    file, _, name = entry.partition(":")
    module = system_module(description.folder, file)
    kind = getattr(module, name, None)
    if kind is None:
        classes = [
            n
            for n, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == module.__name__
        ]
        raise UnknownName(f"class in {module.__file__}", name, classes)
    if not isinstance(kind, type) or not issubclass(kind, bases):
        raise BadInput(f"{module.__file__}: {name} must derive from {needed}")
    if inspect.isabstract(kind):
        missing = ", ".join(sorted(kind.__abstractmethods__))  # type: ignore[attr-defined]
        raise BadInput(f"{module.__file__}: {name} must define {missing}")
    return kind


def _system_class(description: SystemDescription) -> type[System] | type[OracleSystem]:
    needed = "t2s_bench.system.System (or OracleSystem)"
    return entry_class(description, description.entry, (System, OracleSystem), needed)


def _names_a_class(entry: object) -> bool:
    if not isinstance(entry, str):
        return False
    module, colon, kind = entry.partition(":")
    return bool(colon) and kind.isidentifier() and all(p.isidentifier() for p in module.split("."))


def _content_files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f != "__pycache__" and not f.startswith(".")]
        for name in files:
            if not name.startswith(".") and not name.endswith(_IGNORED_SUFFIXES):
                yield Path(parent, name)


def _shipped_folders() -> list[Path]:
    root = source_checkout()
    root = root / "systems" if root is not None else Path(__file__).resolve().parent / "_systems"
    return sorted(path.parent for path in root.glob(f"*/{DESCRIPTION}"))


def _entry_points() -> list[EntryPoint]:
    return sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)


def _entry_point_folder(point: EntryPoint) -> Path:
    try:
        spec = importlib.util.find_spec(point.value)
    except (ImportError, ValueError) as error:
        raise BadInput(f"entry point '{point.name}' = '{point.value}': {error}") from error
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        if Path(place, DESCRIPTION).is_file():
            return Path(place)
    raise BadInput(
        f"entry point '{point.name}' = '{point.value}' must name a package "
        f"with a {DESCRIPTION} in its folder"
    )


def _existing_folder(path: Path) -> Path:
    for candidate in (
        path,
        path.with_name(path.name.replace("-", "_")),
        path.with_name(path.name.replace("_", "-")),
    ):
        if (candidate / DESCRIPTION).is_file():
            return candidate
    known = ", ".join(folder.name for folder in _shipped_folders())
    raise BadInput(f"no {DESCRIPTION} in {path}: give a system's folder, or a name: {known}")


def _normal(name: str) -> str:
    return name.replace("-", "_").lower()
