"""The attentive network in torch, for training; what it computes is written down in `_attention`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from student_model.tracing._attention import HEADS, WINDOW, Heads, slopes
from student_model.tracing._recurrent_net import Net


class AttentiveNet(Net):
    """A `Net` whose states come of attention over the last responses."""

    def made_cell(self, width: int, hidden: int) -> nn.Module:
        """Queries, keys and values, what goes past them, and what joins both."""
        parts = {"query": (width, hidden), "key_value": (width, 2 * hidden), "out": (hidden, hidden)}
        cell = nn.ModuleDict({name: nn.Linear(*shape, bias=False) for name, shape in parts.items()})
        cell["skip"] = nn.Linear(width, hidden)
        return cell

    def begin(self, learners: int) -> Tensor:
        """The last state, and keys and values before the span, (B, 1 + m, 2 H): of new learners only the former."""
        first = torch.cat((self.start, torch.zeros_like(self.start)))
        return first.expand(learners, 1, -1).contiguous()

    def read(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Net.read`."""
        cell: Any = self.cell
        hidden, (learners, steps) = self.shape.hidden, x.shape[:2]
        first, before = h[:, :1, :hidden], h[:, 1:]
        kept = torch.cat((before, cell["key_value"](x)), 1)
        wide = hidden // HEADS
        query = cell["query"](x).view(learners, steps, HEADS, wide).transpose(1, 2)
        key, value = kept.view(learners, -1, 2, HEADS, wide).permute(2, 0, 3, 1, 4)
        behind = torch.arange(kept.shape[1])[None] - torch.arange(before.shape[1], kept.shape[1])[:, None]
        bias = torch.from_numpy(slopes())[:, None, None] * behind
        bias = bias.masked_fill((behind > 0) | (behind <= -WINDOW), float("-inf")).to(x.device)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias.expand(learners, -1, -1, -1))
        seen = seen.transpose(1, 2).reshape(learners, steps, hidden)
        states = torch.tanh(cell["skip"](x) + cell["out"](seen))
        last = torch.cat((states[:, -1:], torch.zeros_like(states[:, -1:])), 2)
        return first, states, torch.cat((last, kept[:, -WINDOW + 1 :]), 1)

    def gates(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """None: there is no recurrent cell."""
        cell: Any = self.cell
        none = torch.zeros(0)
        return torch.zeros(cell["skip"].in_features, 0), torch.zeros(self.shape.hidden, 0), none, none

    def heads(self) -> Heads:
        """The attention's weights for NumPy."""
        cell: Any = self.cell
        weights = [cell[name].weight.T for name in ("query", "key_value", "skip", "out")]
        found = (one.detach().cpu().numpy().astype(np.float32) for one in (*weights, cell["skip"].bias))
        return Heads(*(np.ascontiguousarray(one) for one in found))
