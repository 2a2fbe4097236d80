"""Which weights learn by each method, and that what is added changes nothing at first and nothing when it is merged."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from student_model.encoder.base import load
from student_model.encoder.recipe import METHODS
from student_model.encoder.tuning import blocks, merged, tuned, uneven

TOKENS = torch.tensor([[101, 2054, 2003, 102], [101, 3000, 102, 0]])
MASK = (TOKENS > 0).long()


@pytest.fixture
def encoder(small: Path) -> nn.Module:
    return load(str(small)).model


def said(encoder: nn.Module) -> Tensor:
    with torch.no_grad():
        states: Tensor = encoder.eval()(input_ids=TOKENS, attention_mask=MASK).last_hidden_state
    return states[0]


def learning(encoder: nn.Module) -> set[str]:
    return {name for name, one in encoder.named_parameters() if one.requires_grad}


def test_all_weights_but_those_of_words_the_last_layers_or_none(encoder: nn.Module) -> None:
    everything = {name for name, _ in encoder.named_parameters()}
    words = "embeddings.word_embeddings.weight"
    assert learning(tuned(copy.deepcopy(encoder), "full", 1, 4, 10).encoder) == everything - {words}
    last = {name for name in everything if name.startswith("encoder.layer.1.")}
    assert learning(tuned(copy.deepcopy(encoder), "last", 1, 4, 10).encoder) == last
    both = {name for name in everything if name.startswith("encoder.layer.")}
    assert learning(tuned(copy.deepcopy(encoder), "last", 3, 4, 10).encoder) == both
    assert learning(tuned(encoder, "frozen", 1, 4, 10).encoder) == set()


@pytest.mark.parametrize(
    ("method", "mark", "many"),
    [
        ("lora", "lora_", 2 * 6 * 2),
        ("adalora", "lora_", 2 * 6 * 3),
        ("prefix", "prompt_encoder", 1),
        ("adapters", ".dense.1.", 2 * 2 * 4),
    ],
)
def test_only_what_was_added_learns(encoder: nn.Module, method: str, mark: str, many: int) -> None:
    """Two layers of six matrices each; adapters stand after two of them, with two matrices and two biases."""
    found = learning(tuned(encoder, method, 1, 4, 20).encoder)
    assert len(found) == many and all(mark in name for name in found)


@pytest.mark.parametrize("method", ["full", "last", "frozen", "lora", "adalora", "adapters"])
def test_at_first_the_encoder_says_what_it_said(encoder: nn.Module, method: str) -> None:
    before = said(encoder)
    assert torch.allclose(said(tuned(encoder, method, 1, 4, 20).encoder), before, atol=1e-6)


def test_a_prefix_is_read_and_the_rows_stay_as_long(encoder: nn.Module) -> None:
    before = said(encoder)
    with_prefix = said(tuned(encoder, "prefix", 1, 4, 20).encoder)
    assert with_prefix.shape == before.shape and not torch.allclose(with_prefix, before, atol=1e-3)


@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_merged_it_says_the_same_and_nothing_is_left_beside(encoder: nn.Module, method: str) -> None:
    names = {name for name, _ in encoder.named_parameters()}
    before, own = said(encoder), tuned(encoder, method, 1, 4, 20).encoder
    with torch.no_grad():
        for name, one in own.named_parameters():
            if "lora_" in name:
                one.normal_(0.0, 0.3)
    learned = said(own)
    assert not torch.allclose(learned, before, atol=1e-2)
    whole = merged(own)
    assert torch.allclose(said(whole), learned, atol=1e-4)
    assert {name for name, _ in whole.named_parameters()} == names


@pytest.mark.parametrize("method", ["full", "prefix", "adapters"])
def test_what_cannot_be_merged_stays_as_it_is(encoder: nn.Module, method: str) -> None:
    own = tuned(encoder, method, 1, 4, 20).encoder
    assert merged(own) is own


def test_the_budget_of_adalora_falls_to_its_rank(encoder: nn.Module) -> None:
    """Of 12 matrices with 6 ranks each, 48 are left at the end: 4 each on average."""
    own = tuned(encoder, "adalora", 1, 4, 40)
    parameters = [one for one in own.encoder.parameters() if one.requires_grad]
    steps = torch.optim.SGD(parameters, lr=0.01)
    for step in range(40):
        own.encoder(input_ids=TOKENS, attention_mask=MASK).last_hidden_state.square().sum().backward()
        steps.step()
        own.stepped(step)
        steps.zero_grad()
    left = [int((one != 0).sum()) for name, one in own.encoder.named_parameters() if "lora_E" in name]
    assert len(left) == 12 and sum(left) <= 48 + 1


def test_ranks_are_drawn_apart_from_each_other(encoder: nn.Module) -> None:
    """Of two rows (1, 0) and (1, 0), PPᵀ − I is 1 off the diagonal twice: √2; of (1, 0), (0, 1) nothing."""
    alike, apart = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    assert [float(uneven([one])) for one in (alike, apart, alike.T)] == pytest.approx([2**0.5, 0.0, 2**0.5])
    assert float(uneven([alike, apart])) == pytest.approx(2**0.5 / 2)
    assert tuned(copy.deepcopy(encoder), "lora", 1, 4, 20).penalty() == 0.0
    own = tuned(encoder, "adalora", 1, 4, 20)
    steps = torch.optim.Adam([one for one in own.encoder.parameters() if one.requires_grad], lr=0.01)
    before = float(own.penalty())
    for _ in range(30):
        penalty = own.penalty()
        assert isinstance(penalty, torch.Tensor)
        torch.autograd.backward(penalty)
        steps.step()
        steps.zero_grad()
    assert float(own.penalty()) < 0.5 * before


def test_what_cannot_be_tuned_is_refused(encoder: nn.Module) -> None:
    with pytest.raises(ValueError, match=f"tuning method 'magic': one of {', '.join(METHODS)}"):
        tuned(encoder, "magic", 1, 4, 10)
    with pytest.raises(ValueError, match="has no list of layers"):
        blocks(nn.Linear(2, 2))
    assert len(blocks(encoder)) == 2
