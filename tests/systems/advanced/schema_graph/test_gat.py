"""The graph attention network learns which tables and columns a question needs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")

from systems.advanced.reading import names, resolved  # noqa: E402
from systems.advanced.schema_graph.build import TaskMaker  # noqa: E402
from systems.advanced.schema_graph.disambiguator import (  # noqa: E402
    Disambiguator,
    Guard,
    pruned,
    used_items,
)
from systems.advanced.schema_graph.gat import (  # noqa: E402
    GatConfig,
    SchemaGat,
)
from systems.advanced.schema_graph.graph import Kind  # noqa: E402
from systems.advanced.schema_graph.lexical import LexicalLinker  # noqa: E402
from systems.advanced.schema_graph.relevance import average_precision, flat  # noqa: E402
from systems.advanced.task import Linking, Task  # noqa: E402

import t2s_bench  # noqa: E402
from t2s_bench.errors import BadInput  # noqa: E402

SMALL = GatConfig(heads=4, layers=2, size=64, edge_size=16, dropout=0.0)
Known = tuple[Task, Linking]


def used_by(task: Task, sql: str) -> Linking:
    tree = resolved(sql, task.schema)
    found = names(tree, task.schema) if tree is not None else frozenset()
    return Linking(
        tuple(float(table.name in found) for table in task.schema.tables),
        tuple(
            tuple(float(f"{table.name}.{column.name}" in found) for column in table.columns)
            for table in task.schema.tables
        ),
    )


def precision(linkings: Sequence[Linking], known: Sequence[Known]) -> float:
    found = [
        average_precision(flat(linking), flat(used))
        for linking, (_, used) in zip(linkings, known, strict=True)
    ]
    return float(np.mean(found))


def trained(gat: SchemaGat, known: Sequence[Known], epochs: int, seed: int = 0) -> list[float]:
    chance = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(gat.parameters(), lr=2e-3)
    losses = []
    gat.train()
    for _ in range(epochs):
        order = chance.permutation(len(known))
        for start in range(0, len(order), 16):
            some = [known[place] for place in order[start : start + 16]]
            targets = [used_items(task, used) for task, used in some]
            loss = gat.loss([task.graph for task, _ in some], targets)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            losses.append(loss.item())
    gat.eval()
    return losses


@pytest.fixture(scope="module")
def known() -> Iterator[list[Known]]:
    """Questions of `mini` with what their golds use."""
    maker = TaskMaker()
    found = []
    for example in t2s_bench.load("mini").examples[::2]:
        assert example.database is not None
        task = maker.task(example.question, example.database)
        used = used_by(task, example.golds[0])
        if any(used.tables):
            found.append((task, used))
    yield found
    maker.close()


@pytest.fixture(scope="module")
def split(known: list[Known]) -> tuple[list[Known], list[Known]]:
    """Training questions, and those of other databases."""
    databases = sorted({task.question.database for task, _ in known})
    held = set(databases[::3])
    return (
        [one for one in known if one[0].question.database not in held],
        [one for one in known if one[0].question.database in held],
    )


@pytest.fixture(scope="module")
def gat(split: tuple[list[Known], list[Known]]) -> SchemaGat:
    torch.manual_seed(0)
    gat = SchemaGat(SMALL)
    losses = trained(gat, split[0], 12)
    assert losses[-1] < 0.5 * losses[0]
    return gat


def test_it_ranks_unseen_databases_better_than_words_alone(
    gat: SchemaGat, split: tuple[list[Known], list[Known]]
) -> None:
    linker = Disambiguator(gat)
    for part in split:
        own = precision([linker.link(task) for task, _ in part], part)
        lexical = precision([LexicalLinker().link(task) for task, _ in part], part)
        print(f"{len(part)} questions: {own:.3f} against {lexical:.3f}")
        assert own > lexical


def test_a_graph_is_judged_alike_in_any_company(gat: SchemaGat, known: list[Known]) -> None:
    graphs = [task.graph for task, _ in known[:5]]
    with torch.inference_mode():
        together = gat(gat.batch(graphs)).tolist()
        alone = [logit for graph in graphs for logit in gat(gat.batch([graph])).tolist()]
    assert together == pytest.approx(alone, abs=1e-4)
    judged = [item for graph in graphs for item in graph.items]
    assert len(together) == sum(item.kind in (Kind.TABLE, Kind.COLUMN) for item in judged)


def test_the_kind_of_an_edge_matters(gat: SchemaGat, known: list[Known]) -> None:
    graph = known[0][0].graph
    batch = gat.batch([graph])
    swapped = replace(batch, types=batch.types.flip(0))
    with torch.inference_mode():
        assert not torch.allclose(gat(batch), gat(swapped), atol=1e-3)
    missing = replace(batch, edges=batch.edges[:, :0], types=batch.types[:0])
    with torch.inference_mode():
        assert not torch.allclose(gat(batch), gat(missing), atol=1e-3)


def test_the_published_size_is_the_default() -> None:
    config = GatConfig()
    assert (config.heads, config.layers, config.size) == (8, 3, 512)
    gat = SchemaGat(config)
    assert len(gat.convolutions) == 3
    assert gat.convolutions[0].heads == 8 and gat.convolutions[0].out_channels == 64
    with pytest.raises(BadInput, match="schema_embedding_dim 100 must be a multiple"):
        GatConfig(size=100)


def test_words_may_come_from_a_language_model(known: list[Known]) -> None:
    asked: list[str] = []

    def embedder(texts: Sequence[str]) -> Any:
        asked.extend(texts)
        found = [hashlib.sha256(text.encode()).digest() for text in texts]
        return np.array([[byte / 128 - 1 for byte in one] for one in found], dtype=np.float32)

    torch.manual_seed(0)
    gat = SchemaGat(replace(SMALL, text_size=32), embedder)
    losses = trained(gat, known[:16], 6)
    assert losses[-1] < losses[0]
    assert len(set(asked)) > 20
    with pytest.raises(ValueError, match="belong together"):
        SchemaGat(SMALL, embedder)


def test_a_guard_keeps_what_the_gold_uses(gat: SchemaGat, known: list[Known]) -> None:
    linker = Disambiguator(gat)
    task, _ = known[0]
    assert linker.shown(task, linker.link(task)) is None  # nothing is known yet
    guard = linker.measure([task for task, _ in known], [used for _, used in known])
    assert guard.questions == len(known) and guard.strict_recall >= 0.99
    assert guard.allows == (guard.threshold > 0)
    for one, used in known[:20]:
        part = pruned(one.schema, linker.link(one), guard.threshold)
        kept = {(t.name, c.name) for t in part.tables for c in t.columns}
        needed = {
            (table.name, column.name)
            for place, table in enumerate(one.schema.tables)
            for number, column in enumerate(table.columns)
            if used.columns[place][number]
        }
        assert needed <= kept or guard.strict_recall < 1
    # A network that has learnt nothing keeps everything, or is not allowed to prune.
    torch.manual_seed(1)
    blank = Disambiguator(SchemaGat(SMALL))
    assert blank.measure([t for t, _ in known], [u for _, u in known]).shown > guard.shown


def test_a_guard_below_its_recall_prunes_nothing(gat: SchemaGat, known: list[Known]) -> None:
    task, _ = known[0]
    wrong = Disambiguator(gat, Guard(0.9, 0.98, 0.3, 100))
    assert wrong.shown(task, wrong.link(task)) is None
    right = Disambiguator(gat, Guard(0.5, 0.99, 0.3, 100))
    part = right.shown(task, right.link(task))
    assert part is not None and len(part.tables) <= len(task.schema.tables)


def test_what_is_saved_comes_back(gat: SchemaGat, known: list[Known], tmp_path: Path) -> None:
    linker = Disambiguator(gat)
    linker.measure([task for task, _ in known[:10]], [used for _, used in known[:10]])
    linker.save(tmp_path)
    loaded = Disambiguator.load(tmp_path)
    task, _ = known[3]
    assert flat(loaded.link(task)) == pytest.approx(flat(linker.link(task)), abs=1e-6)
    assert loaded.guard == linker.guard
    nodes = loaded.embeddings(task)
    assert nodes is not None and nodes.shape == (len(task.graph.items), SMALL.size)
    (tmp_path / "gat.json").write_text((tmp_path / "gat.json").read_text().replace("none", "nil"))
    with pytest.raises(BadInput, match="train it again"):
        Disambiguator.load(tmp_path)
    with pytest.raises(BadInput, match="no schema graph network"):
        Disambiguator.load(tmp_path / "nowhere")
