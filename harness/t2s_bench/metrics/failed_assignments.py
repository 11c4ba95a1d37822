"""Which assignments of values (see `plugged_values`) SQLite cannot run, from those that failed.

Of the thousand ways to fill the places of one prediction most fail to compile for one reason:
a name that values in other places make unknown or ambiguous, or the query's grammar. What fails for
such a reason fails again with every assignment that is alike in what the reason depends on.
"""

from __future__ import annotations

from functools import lru_cache

from t2s_bench.metrics.plugged_values import TakenApart, name_of, names_no_table

# A value right after one of these is an operand: it names nothing that other places refer to.
_COMPARISONS = frozenset(("=", "<", ">", "<=", ">=", "!=", "<>", "like"))
_OF_NAMES = ("no such column: ", "ambiguous column name: ")

Assignment = tuple[str, ...]


class FailedAssignments:
    """What is known to fail of one prediction's assignments; for plain golds and predictions.

    Only failures to compile are concluded from others, never one of running, and none where a
    value itself is the name at fault.
    """

    def __init__(self, gold: TakenApart, predicted: TakenApart) -> None:
        self._parts = predicted
        self._known = gold.plain and predicted.plain
        self._names = {name_of(value) for value in gold.values}
        words = predicted.words
        self._naming = [
            number
            for number, place in enumerate(predicted.places)
            if not place
            or words[place - 1] not in _COMPARISONS
            or words[place + 1 : place + 2] == (".",)
        ]
        # By the values in the places that may name something.
        self._by_names: dict[Assignment, bool] = {}
        self._by_kinds: set[Assignment] = set()

    def holds(self, chosen: Assignment) -> bool:
        """Whether this assignment cannot compile."""
        names = self._names_of(chosen)
        fails = self._by_names.get(names)
        if fails is None:
            fails = self._by_names[names] = names_no_table(self._parts, chosen)
        return fails or (bool(self._by_kinds) and self._kinds_of(chosen) in self._by_kinds)

    def add(self, chosen: Assignment, error: str) -> None:
        """An assignment failed with this message of SQLite's; it may be the prediction's own."""
        if not self._known:
            return
        values = self._names.union(map(name_of, chosen))
        if error.endswith(": syntax error"):
            self._by_kinds.add(self._kinds_of(chosen))
        for start in _OF_NAMES:
            if error.startswith(start) and error[len(start) :].lower() not in values:
                self._by_names[self._names_of(chosen)] = True

    def _names_of(self, chosen: Assignment) -> Assignment:
        return tuple([chosen[number] for number in self._naming])

    def _kinds_of(self, chosen: Assignment) -> Assignment:
        return tuple(map(_kind, chosen))


@lru_cache(maxsize=1024)
def _kind(value: str) -> str:
    """What SQLite's grammar sees of a value: either quote, a number with or without a point."""
    if value[0].isdigit():
        return "1." if "." in value else "1"
    return value[0] if value[0] in "'\"" else "a"
