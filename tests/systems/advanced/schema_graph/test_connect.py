"""Chosen tables are joined by the shortest paths through the foreign keys."""

from __future__ import annotations

import pytest
from systems.advanced.schema_graph.connect import connected
from systems.advanced.schema_graph.disambiguator import pruned
from systems.advanced.task import Linking

from t2s_bench.databases.schema import Column, ForeignKey, Schema, Table


def schema(tables: str, *keys: str) -> Schema:
    """Tables by letters; a key 'ab' leads from a's column b_id to b's id."""
    made = []
    for name in tables:
        own = [Column("id", primary_key=1), Column("name"), Column("note")]
        own += [Column(f"{key[1]}_id") for key in keys if key[0] == name]
        made.append(Table(name, tuple(own)))
    return Schema(
        tuple(made),
        tuple(ForeignKey(key[0], (f"{key[1]}_id",), key[1], ("id",)) for key in keys),
    )


@pytest.mark.parametrize(
    ("keys", "chosen", "expected"),
    [
        (("ab", "bc", "cd"), "ad", "abcd"),
        (("ab", "bc", "cd"), "a", "a"),
        (("ab", "bc", "ac"), "ac", "ac"),  # the direct way
        (("ba", "bc", "da", "dc"), "ac", "abc"),  # at equal length the first
        (("ab", "cd"), "ad", "ad"),  # nothing leads there
        (("ab", "cd"), "abcd", "abcd"),
        (("ba", "bc", "bd"), "acd", "abcd"),  # one hub for all
        ((), "", ""),
    ],
)
def test_paths_join_what_is_chosen(keys: tuple[str, ...], chosen: str, expected: str) -> None:
    letters = "abcd"
    found = connected(schema(letters, *keys), [letters.index(one) for one in chosen])
    assert "".join(letters[place] for place in sorted(found)) == expected


def test_a_pruned_schema_keeps_what_joins_it() -> None:
    whole = schema("abcd", "ab", "bc", "cd")
    nothing = (0.0,) * 5
    linking = Linking(
        (0.9, 0.0, 0.0, 0.0), ((0.0, 0.9, 0.0, 0.0), nothing, (0.0, 0.0, 0.9, 0.0), nothing)
    )
    part = pruned(whole, linking, 0.5)
    shown = {table.name: [column.name for column in table.columns] for table in part.tables}
    assert shown == {"a": ["id", "name", "b_id"], "b": ["id", "c_id"], "c": ["id", "note"]}
    assert [(key.table, key.parent) for key in part.foreign_keys] == [("a", "b"), ("b", "c")]


def test_a_schema_of_which_nothing_is_relevant_stays_whole() -> None:
    whole = schema("ab", "ab")
    linking = Linking((0.1, 0.1), ((0.0,) * 4, (0.0,) * 3))
    assert pruned(whole, linking, 0.5) is whole
