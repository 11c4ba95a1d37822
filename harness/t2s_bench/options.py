"""Options of a system: `key=value` texts and TOML files become a typed frozen dataclass.

A system declares its options as a keyword-only frozen dataclass with fields of the types int,
float, bool, str, Path, Literal[…], tuple[str, ...] and Optional of these. `metadata={"help": …}`
explains a field; `metadata={"secret": True}` keeps its value out of everything that is shown or
stored.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

from t2s_bench.errors import BadInput, UnknownName

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OptionsType = TypeVar("OptionsType")

HIDDEN = "***"
# The commands whose options one file may hold.
COMMANDS = ("run", "train")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


@dataclass(frozen=True)
class OptionHelp:
    """One option as a help text shows it; `default` is None where a value must be given."""

    name: str
    type: str
    default: str | None
    help: str


def read_toml(path: Path) -> dict[str, Any]:
    """Reads a TOML file; raises BadInput with the file, and the place where it is not TOML."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"no file at {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}") from error
    return content


def read_table(path: Path, command: str) -> dict[str, object]:
    """The options that a TOML file holds for a command, `run` or `train`.

    A file that serves both has them in the tables [run] and [train], and nothing outside these; in
    any other file they are the top-level keys. Raises BadInput where the command's table is missing
    and UnknownName for another table.
    """
    content = read_toml(path)
    if not any(isinstance(content.get(name), dict) for name in COMMANDS):
        return content
    for key in content:
        if key not in COMMANDS:
            raise UnknownName(f"table in {path}", key, COMMANDS, "Options stand in one of these")
    own = content.get(command)
    if not isinstance(own, dict):
        raise BadInput(f"{path} has no table [{command}]: its options are for another command")
    return dict(own)


def read_options(
    pairs: Iterable[str], file: Path | None = None, command: str = "run"
) -> dict[str, object]:
    """Joins the options of a TOML file (see `read_table`) with `key=value` texts; the texts win.

    >>> read_options(["model=qwen", "stop=a=b"])
    {'model': 'qwen', 'stop': 'a=b'}
    """
    options: dict[str, object] = {}
    for key, content in (read_table(file, command) if file is not None else {}).items():
        options[key.replace("-", "_")] = content
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise BadInput(f"'{pair}' is not an option: write key=value")
        options[key.strip().replace("-", "_")] = value.strip()
    return options


def parse_options(
    kind: type[OptionsType], options: Mapping[str, object], owner: str = ""
) -> OptionsType:
    """Makes the options dataclass from texts (or TOML's values), checking names and types.

    Raises UnknownName for a key that is no field and BadInput for a value of the wrong type, a
    missing value, or a value that the dataclass itself refuses with ValueError.
    """
    fields = _fields(kind)
    place = f" of {owner}" if owner else ""
    values: dict[str, object] = {}
    for key, value in options.items():
        name = key.replace("-", "_")
        if name not in fields:
            raise UnknownName(f"option{place}", key, fields)
        values[name] = _coerced(name, value, fields[name][1])
    for name, (field, wanted) in fields.items():
        if name not in values and _default(field) is dataclasses.MISSING:
            raise BadInput(f"option '{name}'{place} is needed: {name}={_type_text(wanted)}")
    try:
        return kind(**values)
    except ValueError as error:
        raise BadInput(f"options{place}: {error}") from error


def resolved(options: object) -> dict[str, object]:
    """All values by name, as JSON can hold them; a secret one is always '***'."""
    shown: dict[str, object] = {}
    for name, (field, _) in _fields(type(options)).items():
        value = getattr(options, name)
        if field.metadata.get("secret"):
            value = HIDDEN
        elif isinstance(value, Path):
            value = str(value)
        elif isinstance(value, tuple):
            value = list(value)
        shown[name] = value
    return shown


def describe_options(kind: type) -> tuple[OptionHelp, ...]:
    """What can be set, in the order of declaration."""
    described = []
    for name, (field, wanted) in _fields(kind).items():
        default = _default(field)
        if default is dataclasses.MISSING:
            text = None
        elif field.metadata.get("secret") and default is not None:
            text = HIDDEN
        else:
            text = ",".join(default) if isinstance(default, tuple) else str(default)
        described.append(
            OptionHelp(name, _type_text(wanted), text, str(field.metadata.get("help", "")))
        )
    return tuple(described)


def _fields(kind: type) -> dict[str, tuple[dataclasses.Field[Any], Any]]:
    parameters = getattr(kind, "__dataclass_params__", None)
    if parameters is None or not parameters.frozen:
        raise BadInput(f"{kind.__name__} must be a dataclass(frozen=True, kw_only=True)")
    hints = typing.get_type_hints(kind)
    fields = {}
    for field in dataclasses.fields(kind):
        if not field.kw_only:
            raise BadInput(f"{kind.__name__}.{field.name} must be keyword-only (kw_only=True)")
        _type_text(hints[field.name])
        fields[field.name] = (field, hints[field.name])
    return fields


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _optional(wanted: Any) -> Any:
    """The T of Optional[T], or None."""
    if typing.get_origin(wanted) in (Union, types.UnionType):
        others = [part for part in typing.get_args(wanted) if part is not type(None)]
        if len(others) == 1 and len(typing.get_args(wanted)) == 2:
            return others[0]
    return None


def _type_text(wanted: Any) -> str:
    inner = _optional(wanted)
    if inner is not None:
        return f"{_type_text(inner)}|none"
    if typing.get_origin(wanted) is Literal:
        return "|".join(str(choice) for choice in typing.get_args(wanted))
    if wanted == tuple[str, ...]:
        return "text,text,…"
    names = {int: "integer", float: "number", bool: "true|false", str: "text", Path: "path"}
    if wanted not in names:
        raise BadInput(
            f"an option cannot have the type {wanted}: use int, float, bool, str, Path, "
            "Literal, tuple[str, ...] or Optional of these"
        )
    return names[wanted]


def _coerced(name: str, value: object, wanted: Any) -> object:
    inner = _optional(wanted)
    if inner is not None:
        if value is None or (isinstance(value, str) and value.lower() == "none"):
            return None
        return _coerced(name, value, inner)
    if typing.get_origin(wanted) is Literal:
        for choice in typing.get_args(wanted):
            if value == choice or str(choice) == value:
                return choice
    elif wanted == tuple[str, ...]:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
            return tuple(value)
    elif wanted is bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
            return value.lower() in _TRUE
    elif wanted in (str, Path):
        if isinstance(value, (str, Path)):
            return wanted(value)
    elif not isinstance(value, bool) and isinstance(value, (str, int, float)):
        number = _number(value, wanted)
        if number is not None:
            return number
    raise BadInput(f"option '{name}' is {value!r}: write {name}={_type_text(wanted)}")


def _number(value: str | int | float, wanted: type) -> int | float | None:
    if wanted is int and isinstance(value, float):
        return None
    try:
        number: int | float = wanted(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
