"""Finds a system's trainer and checks its options, as `plugins.load_system` does for a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from t2s_bench.errors import BadInput, UnknownName, UserError
from t2s_bench.options import parse_options, read_toml, resolved
from t2s_bench.plugins import (
    SystemDescription,
    entry_class,
    error_text,
    find_system,
    folder_digest,
    list_systems,
)
from t2s_bench.system import Setup
from t2s_bench.training.directory import identity_options
from t2s_bench.training.trainer import Trainer

SMOKE = Path("configs") / "smoke.toml"


@dataclass(frozen=True)
class LoadedTrainer:
    """A trainer with its options checked; `start` makes it, which loads no model yet.

    `options` holds every option's value, `identity` those that identify a training.
    """

    name: str
    digest: str
    options: Mapping[str, object]
    identity: Mapping[str, object]
    off: frozenset[str]
    seed: int
    folder: Path
    phases: tuple[str, ...]
    _kind: type[Trainer] = field(repr=False)
    _options: object = field(repr=False)

    def start(self) -> Trainer:
        """Makes the instance; an error in the user's file is a BadInput."""
        try:
            return self._kind(self._options, Setup(self.folder, self.seed, self.off))
        except UserError:
            raise
        except Exception as error:
            raise BadInput(f"trainer of '{self.name}': {error_text(error, self.folder)}") from error


def load_trainer(
    spec: str | Path,
    options: Mapping[str, object] | None = None,
    *,
    seed: int = 0,
    off: Iterable[str] = (),
) -> LoadedTrainer:
    """Finds a system's trainer and checks options and components; imports no model.

    Raises BadInput where the system has no trainer, UnknownName for an unknown system, option or
    component.
    """
    description = find_system(spec)
    kind = trainer_class(description)
    switched_off = frozenset(off)
    for component in sorted(switched_off - description.components.keys()):
        raise UnknownName(f"component of {description.name}", component, description.components)
    owner = f"the trainer of {description.name}"
    chosen: object = parse_options(kind.Options, options or {}, owner)
    return LoadedTrainer(
        name=description.name,
        digest=folder_digest(description.folder),
        options=resolved(chosen),
        identity=identity_options(chosen),
        off=switched_off,
        seed=seed,
        folder=description.folder,
        phases=kind.phases,
        _kind=kind,
        _options=chosen,
    )


def trainer_class(description: SystemDescription) -> type[Trainer]:
    """The class that `system.toml` declares as trainer."""
    if not description.trainer:
        able = [one.name for one in list_systems() if one.trainer]
        raise BadInput(
            f"{description.name} has no trainer: its system.toml needs a line "
            f'trainer = "file:Class". Systems that have one: {", ".join(able) or "none"}'
        )
    kind = entry_class(description, description.trainer, (Trainer,), "t2s_bench.training.Trainer")
    assert issubclass(kind, Trainer)
    return kind


def smoke_options(spec: str | Path) -> dict[str, object]:
    """The options of `--smoke`: the system's own `configs/smoke.toml`."""
    path = find_system(spec).folder / SMOKE
    if not path.is_file():
        raise BadInput(f"no {SMOKE} in the system's folder: --smoke takes its options from there")
    return dict(read_toml(path))
