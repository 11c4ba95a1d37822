from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from systems.advanced.training.curriculum import Curriculum
from systems.advanced.training.data import Data
from systems.advanced.training.mixture import Mixture, sizes
from systems.advanced.training.teaching import drawn, lessons
from tests.systems.advanced.training.tiny import TinyLearner, make_towns, small_options, working


def test_every_batch_has_its_shares_and_each_kind_comes_easy_first() -> None:
    # Places 0 to 39 are own, 40 to 99 synthetic; the higher, the harder within each kind.
    own, made = range(40), range(40, 100)
    count = sizes(12, 0.33)
    assert count == (8, 4)

    def part(places: Sequence[int], batch: int) -> Curriculum:
        return Curriculum([float(place) for place in places], batch=batch, over=50, start=0.2)

    mixture = Mixture([(part(own, count[0]), own), (part(made, count[1]), made)])
    for step in range(60):
        batch = mixture.batch(step)
        assert sum(place >= 40 for place in batch) == 4 and len(batch) == 12
        # Both kinds in each half, so that parts of a batch are alike.
        assert sum(place >= 40 for place in batch[:6]) == 2
        opened = mixture.share(step)
        assert max(place for place in batch if place < 40) < max(8, 40 * opened + 1)
        assert max(place for place in batch if place >= 40) < 40 + max(4, 60 * opened + 1)
    assert {place for step in range(50, 60) for place in mixture.batch(step)} >= set(own)


def test_the_short_of_both_kinds_meet() -> None:
    lengths = [*range(64), *range(64)]
    own, made = range(64), range(64, 128)

    def part(places: Sequence[int]) -> Curriculum:
        return Curriculum(
            [0.0 for _ in places],
            batch=8,
            over=64,
            pacing="none",
            lengths=[lengths[place] for place in places],
        )

    mixture = Mixture([(part(own), own), (part(made), made)])
    for step in range(8):
        found = [lengths[place] for place in mixture.batch(step)]
        assert max(found) - min(found) <= 8


@pytest.mark.parametrize(("share", "count"), [(None, 4), (0.25, 2), (0.75, 6)])
def test_the_share_reaches_the_batches_of_a_training(
    share: float | None, count: int, tmp_path: Path
) -> None:
    towns = make_towns(tmp_path / "towns")
    made = make_towns(tmp_path / "made")
    text = (made / "questions.jsonl").read_text()
    (made / "questions.jsonl").write_text(text.replace('"question": "', '"question": "Please: '))
    options = small_options(
        towns,
        synthetic=(str(made),),
        synthetic_share=share,
        pacing="none",
        use_multi_agent_rl=False,
    )
    with working(tmp_path / "out", options, TinyLearner()) as work:
        assert isinstance(work.data, Data) and len(work.data.synthetic) == 18
        draw = drawn(work, [[one] for one in lessons(work)], 12, curriculum=True)
        counts = [
            sum(one.example.id in work.data.synthetic for part in draw(step).parts for one in part)
            for step in range(9)
        ]
    if share is None:
        # In proportion to their number, batch by batch by chance.
        assert sum(counts) == pytest.approx(9 * count, abs=4) and len(set(counts)) > 1
    else:
        assert set(counts) == {count}
