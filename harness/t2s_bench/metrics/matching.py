"""Whether everybody on one side finds a partner on the other: a bipartite matching with counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


def all_find_partners(
    partners: Sequence[Sequence[int]], supply: Sequence[int], demand: Sequence[int]
) -> bool:
    """Whether all of `supply` can be handed out, no place getting more than its `demand`.

    `partners[i]` lists the places that may take what giver `i` has. First come, first served; what
    is then left finds its place by shortest augmenting paths.

    >>> all_find_partners([[0, 1], [0]], [1, 1], [1, 1])
    True
    >>> all_find_partners([[0, 1], [0], [0]], [1, 1, 1], [1, 2])
    False
    """
    left, room = list(supply), list(demand)
    # given[place][giver] is how much the place has got from whom
    given: list[dict[int, int]] = [{} for _ in demand]
    for giver, places in enumerate(partners):
        for place in places:
            amount = min(left[giver], room[place])
            if amount:
                given[place][giver] = amount
                left[giver] -= amount
                room[place] -= amount
    return all(_handed_out(giver, partners, left, room, given) for giver in range(len(partners)))


def _handed_out(
    start: int,
    partners: Sequence[Sequence[int]],
    left: list[int],
    room: list[int],
    given: list[dict[int, int]],
) -> bool:
    """Finds places for what one giver has left, moving others' along; False if impossible."""
    while left[start]:
        came_from: dict[int, int] = {}  # place: the giver that reached it
        through: dict[int, int] = {}  # giver: the place it would move away from
        queue = deque([start])
        end = None
        while queue and end is None:
            giver = queue.popleft()
            for place in partners[giver]:
                if place in came_from:
                    continue
                came_from[place] = giver
                if room[place]:
                    end = place
                    break
                for other in given[place]:
                    if other != start and other not in through:
                        through[other] = place
                        queue.append(other)
        if end is None:
            return False
        _move_along(start, end, came_from, through, left, room, given)
    return True


def _move_along(
    start: int,
    end: int,
    came_from: dict[int, int],
    through: dict[int, int],
    left: list[int],
    room: list[int],
    given: list[dict[int, int]],
) -> None:
    path = []
    amount, place = min(left[start], room[end]), end
    while (giver := came_from[place]) != start:
        path.append((giver, place, through[giver]))
        place = through[giver]
        amount = min(amount, given[place][giver])
    left[start] -= amount
    room[end] -= amount
    given[place][start] = given[place].get(start, 0) + amount
    for giver, to, away in path:
        given[to][giver] = given[to].get(giver, 0) + amount
        given[away][giver] -= amount
        if not given[away][giver]:
            del given[away][giver]
