"""Contrastive training before grading: two views of a text come together, the base stays, and training can go on."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from student_model.encoder import fit as fitting
from student_model.encoder.answers import GradedAnswer
from student_model.encoder.base import Base, load
from student_model.encoder.fit import Asked, fit
from student_model.encoder.pretrain import Views, batches, contrast, pretrained, texts_of
from student_model.encoder.recipe import Recipe
from student_model.tracing import CheckpointError
from student_model.training import Watch, one_thread

THINGS = ("water", "salt", "iron", "light", "sound", "heat")
ENDS = ("melts", "moves", "shines", "rusts", "falls", "grows")
TEXTS = [f"The {thing} {end} in the sun." for thing in THINGS for end in ENDS]


@pytest.fixture(scope="module")
def base() -> Base:
    return load()


def agreement(encoder: nn.Module, base: Base) -> tuple[float, float]:
    """The contrast of two views of all texts, and how near other texts are on average, with dropout."""
    views, together = (
        Views(copy.deepcopy(encoder)).train(),
        base.pairs.together([base.pairs.alone(t, 96) for t in TEXTS]),
    )
    torch.manual_seed(5)
    with torch.no_grad(), one_thread():
        one, other = (views(torch.from_numpy(together.tokens), torch.from_numpy(together.mask)) for _ in range(2))
    near = one @ other.T
    away = ~torch.eye(len(TEXTS), dtype=torch.bool)
    return float(contrast(one, other)), float(near[away].mean())


def state(encoder: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in encoder.state_dict().items()}


def test_two_views_of_a_text_come_together_and_other_texts_apart(base: Base) -> None:
    before, told = state(base.model), list[str]()
    with one_thread():
        encoder, epochs = pretrained(base, TEXTS, Recipe(pretrain=4, warmup=0.0), Watch("pre-training", told.append))
    assert epochs == 4 and len(told) == 4
    assert "contrast on texts held back" in told[0]
    then, now = agreement(base.model, base), agreement(encoder, base)
    assert now[0] < 0.8 * then[0]
    assert now[1] < then[1] - 0.03
    assert all(torch.equal(value, before[name]) for name, value in base.model.state_dict().items())
    words = encoder.get_input_embeddings().weight  # type: ignore[operator]
    assert torch.equal(words, base.model.get_input_embeddings().weight)  # type: ignore[operator]


def test_it_goes_on_where_it_was_as_if_never_stopped(base: Base, tmp_path: Path) -> None:
    some, recipe = TEXTS[:12], Recipe(pretrain=2)

    def stop(share: float) -> None:
        if share == 1.0:  # in the last epoch, before it is kept
            raise KeyboardInterrupt

    told: list[str] = []
    with one_thread():
        whole, _ = pretrained(base, some, recipe, Watch("whole"))
        pretrained(base, some, recipe, Watch("cut", told.append, checkpoint=tmp_path, done=stop))
        again, epochs = pretrained(base, some, recipe, Watch("again", told.append, checkpoint=tmp_path))
    assert "interrupted" in told[-3] and "going on after epoch 1" in told[-2]
    assert epochs == 2
    pairs = zip(state(whole).values(), state(again).values(), strict=True)
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in pairs)


def test_another_text_is_another_training(base: Base, tmp_path: Path) -> None:
    with one_thread():
        pretrained(base, TEXTS[:10], Recipe(pretrain=1), Watch("one", checkpoint=tmp_path))
        with pytest.raises(CheckpointError, match="keeps another training"):
            pretrained(base, [*TEXTS[:9], "Ice melts."], Recipe(pretrain=1), Watch("two", checkpoint=tmp_path))


def test_a_handful_of_texts_is_left_out(base: Base) -> None:
    told: list[str] = []
    encoder, epochs = pretrained(base, TEXTS[:7], Recipe(pretrain=3), Watch("pre-training", told.append))
    assert epochs == 0 and "7 texts are too few" in told[0]
    assert all(torch.equal(one, base.model.state_dict()[name]) for name, one in encoder.state_dict().items())


def test_texts_are_answers_and_references_each_once() -> None:
    answers = [GradedAnswer("q", ("because", " it melts"), "it melts"), GradedAnswer("r", ("because",), " ")]
    assert texts_of(answers) == ["it melts", "because"]


def test_every_text_is_in_one_batch_with_others_of_its_length() -> None:
    lengths = [*range(5, 70), *range(5, 70)]
    found = batches(lengths, np.random.default_rng(0))
    assert sorted(np.concatenate(found).tolist()) == sorted(set(np.concatenate(found).tolist()))
    assert sum(map(len, found)) >= len(lengths) - 1 and min(map(len, found)) > 1
    assert min(max(lengths[n] for n in one) - min(lengths[n] for n in one) for one in found) < 40


def test_the_grader_begins_where_pretraining_ended_and_its_features_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing else to learn, the network's transformer is the pre-trained one, and the features' is the base."""
    answers = [
        GradedAnswer("Why?", ("It melts.",), text, "correct" if n % 2 else "incorrect") for n, text in enumerate(TEXTS)
    ]
    written: list[dict[str, torch.Tensor]] = []

    def write(net: Any, base: Base, path: Path) -> Path:
        written.append(state(net.model))
        return path

    monkeypatch.setattr(fitting, "write_graph", write)
    told: list[str] = []
    asked = Asked(told.append, checkpoint=tmp_path)
    with one_thread():
        fitted = fit(
            answers[:16], Recipe(pretrain=1, method="frozen", epochs=1, forest=False, near=False), asked, answers[16:]
        )
    first = fitted.members[0].net.encoder.state_dict()
    kept = written[0]  # what features are read with
    moved = [name for name, value in kept.items() if not torch.equal(value, first[name])]
    assert moved and not any("word_embeddings" in name for name in moved)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["grader", "pre-training"]
    assert any(one.startswith("pre-training: epoch 1 of 1") for one in told)
