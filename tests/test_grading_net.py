"""The network that grades: its losses and its head by hand, and what the transformer is told."""

from __future__ import annotations

from dataclasses import replace
from math import log
from pathlib import Path

import pytest
import torch
from torch import tensor

from student_model.encoder.answers import Task
from student_model.encoder.base import load
from student_model.encoder.net import Batch, GradingNet, Head, apart, kinds_of, loss, loss_of
from student_model.encoder.pairs import ASIDE, COMPARED, OTHER, SAID
from student_model.encoder.recipe import Recipe

LABELS = Task("labels", ("a", "b", "c"), (1.0, 0.5, 0.0))
TWO = Task("labels", ("a", "b"), (1.0, 0.0))
ORDINAL = Task("ordinal", ("0", "1", "2"), (0.0, 0.5, 1.0))
LINE = Task("regression")
ONE, NO = tensor([1.0]), torch.zeros(0)
QUARTER, THREE_QUARTERS = -log(0.25), -log(0.75)


def test_the_loss_of_labels_is_cross_entropy_smoothed_where_asked() -> None:
    found, target = tensor([[log(3.0), 0.0]]), tensor([0.0])
    assert float(loss_of(TWO, found, target, ONE)) == pytest.approx(THREE_QUARTERS)
    smooth = 0.9 * THREE_QUARTERS + 0.1 * QUARTER
    assert float(loss_of(TWO, found, target, ONE, smoothing=0.2)) == pytest.approx(smooth)


def test_the_loss_of_levels_asks_of_each_whether_the_answer_is_above_it() -> None:
    found = tensor([[log(3.0), log(3.0)]])  # above the first at .75, which is so; above the second, which is not
    assert float(loss_of(ORDINAL, found, tensor([1.0]), ONE)) == pytest.approx((THREE_QUARTERS + QUARTER) / 2)
    assert float(loss_of(ORDINAL, found, tensor([2.0]), ONE)) == pytest.approx(THREE_QUARTERS)


def test_the_loss_of_a_score_is_cross_entropy_with_its_share() -> None:
    found = tensor([[log(3.0)]])
    assert float(loss_of(LINE, found, tensor([0.5]), ONE)) == pytest.approx((THREE_QUARTERS + QUARTER) / 2)
    assert float(loss_of(LINE, found, tensor([1.0]), ONE)) == pytest.approx(THREE_QUARTERS)


def test_answers_count_by_their_weight() -> None:
    found, target = tensor([[log(3.0), 0.0], [log(3.0), 0.0]]), tensor([0.0, 1.0])
    heavy = loss_of(TWO, found, target, tensor([3.0, 1.0]))
    assert float(heavy) == pytest.approx((3 * THREE_QUARTERS + QUARTER) / 4)
    assert float(loss_of(TWO, found, target, torch.zeros(2))) == 0.0


@pytest.mark.parametrize("task", [LABELS, ORDINAL, LINE])
def test_two_passes_that_agree_are_not_apart_and_it_is_the_same_either_way(task: Task) -> None:
    torch.manual_seed(0)
    one, other = torch.randn(6, task.outputs), torch.randn(6, task.outputs)
    assert float(apart(task, one, one)) == 0.0
    assert float(apart(task, one, other)) == pytest.approx(float(apart(task, other, one)))
    assert float(apart(task, one, other)) > 0.0


def test_how_far_apart_by_hand() -> None:
    """Half the sum of both divergences: of .75 and .5 it is half of a quarter times log 3, on both sides of a label."""
    half = 0.5 * 0.25 * log(3.0)
    assert float(apart(LINE, tensor([[log(3.0)]]), tensor([[0.0]]))) == pytest.approx(half)
    assert float(apart(TWO, tensor([[log(3.0), 0.0]]), tensor([[0.0, 0.0]]))) == pytest.approx(half)


def test_a_head_reads_the_mean_of_the_tokens_that_are_there_and_how_far_both_sides_are_apart() -> None:
    """Tokens are begin, answer, answer, end, reference, end and padding."""
    torch.manual_seed(0)
    head = Head(3, 2, 0.5).eval()
    states, mask, sides = torch.randn(1, 7, 3), tensor([[1, 1, 1, 1, 1, 1, 0]]), tensor([[0, 1, 1, 0, 2, 0, 0]])
    assert head(states, mask, sides).tolist() == [[0.0, 0.0]]  # it begins with nothing
    torch.nn.init.normal_(head.meaning.weight)
    said, compared = states[:, 1:3].mean(1), states[:, 4]
    wanted = head.meaning(torch.cat((states[:, :6].mean(1), (said - compared).abs(), said * compared), 1))
    assert torch.allclose(head(states, mask, sides), wanted)
    states[:, 6:] = 99.0
    assert torch.allclose(head(states, mask, sides), wanted)


def test_an_answer_without_tokens_is_nothing_beside_its_reference() -> None:
    head = Head(1, 1, 0.0).eval()
    torch.nn.init.ones_(head.meaning.weight)
    found = head(tensor([[[4.0], [4.0], [7.0], [1.0]]]), torch.ones(1, 4), tensor([[0, 0, 2, 0]]))
    assert found.tolist() == [[4.0 + 7.0 + 0.0]]


@pytest.fixture
def net(small: Path) -> GradingNet:
    torch.manual_seed(5)
    net = GradingNet(load(str(small)).model, 24, TWO, dropout=0.0, kinds=True).eval()
    torch.nn.init.normal_(net.head.meaning.weight)
    return net


def batch() -> Batch:
    tokens = tensor([[101, 2054, 102, 3000, 102], [101, 2001, 102, 0, 0]])
    mask = (tokens > 0).long()
    sides = tensor([[0, 1, 0, 2, 0], [0, 1, 0, 0, 0]])
    return Batch(tokens, mask, sides, tensor([0.0, 1.0]), torch.ones(2))


def test_the_transformer_is_told_the_kinds_and_takes_embeddings_in_place_of_tokens(net: GradingNet) -> None:
    torch.manual_seed(0)
    given = batch()
    found = net(given)
    assert torch.allclose(net(given, net.words(given)), found, atol=1e-6)
    net.head.meaning.weight.data[:, 24:] = 0.0  # the head reads the row alone, and not its sides
    found = net(given)
    other = net(replace(given, sides=torch.zeros_like(given.sides)))
    assert not torch.allclose(other[0], found[0], atol=1e-4) and torch.allclose(other[1], found[1], atol=1e-6)


def test_the_answer_is_the_first_text_and_all_beside_it_the_second() -> None:
    assert kinds_of(tensor([[OTHER, SAID, COMPARED, ASIDE]])).tolist() == [[0, 0, 1, 1]]


def test_what_a_recipe_adds_to_the_loss(net: GradingNet) -> None:
    """An adversarial step makes the second loss the larger; two passes without dropout are not apart."""
    torch.manual_seed(0)
    given = batch()
    clean = float(loss_of(TWO, net(given), given.target, given.weight).detach())
    assert float(loss(net, TWO, given, Recipe()).detach()) == pytest.approx(clean)
    assert float(loss(net, TWO, given, Recipe(rdrop=4.0)).detach()) == pytest.approx(clean)
    small_step = float(loss(net, TWO, given, Recipe(fgm=0.1)).detach())
    assert 2 * clean < small_step < float(loss(net, TWO, given, Recipe(fgm=0.5)).detach())
    dropped = GradingNet(net.encoder, 24, TWO, dropout=0.5).train()
    torch.nn.init.normal_(dropped.head.meaning.weight)
    torch.manual_seed(1)
    apart_too = float(loss(dropped, TWO, given, Recipe(rdrop=4.0)).detach())
    torch.manual_seed(1)
    assert apart_too > float(loss(dropped, TWO, given, Recipe(rdrop=1e-9)).detach())
