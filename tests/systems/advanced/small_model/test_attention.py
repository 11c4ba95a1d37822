"""One row of keys serves all rows of queries."""

from __future__ import annotations

import torch
from systems.advanced.small_model.attention import Attention


def test_shared_keys_give_what_a_copy_for_each_row_gives() -> None:
    torch.manual_seed(0)
    attention = Attention(12, 3, 0.0).eval()
    key, value = attention.keys_values(torch.randn(1, 7, 12))
    hidden = torch.tensor([0.0, 0, -1e9, 0, 0, -1e9, 0])[None, None, None]
    for count in (1, 4):
        x = torch.randn(5, count, 12)
        copies = key.expand(5, -1, -1, -1), value.expand(5, -1, -1, -1)
        shared = attention(x, (key, value), hidden)
        torch.testing.assert_close(shared, attention(x, copies, hidden.expand(5, -1, -1, -1)))
        assert not torch.allclose(shared[0], shared[1])
