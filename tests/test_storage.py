"""Fitted tracers on disk: what is kept, and what is refused with a word on why."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.evaluation import Scores
from student_model.guard import Verdict
from student_model.log import Log
from student_model.origin import Data, Origin, code_version
from student_model.storage import StorageError, model_version, open_tracer, read_manifest, save
from student_model.tracing import Parameters
from student_model.tracing.bkt import Bkt, fit
from student_model.types import LearnerId

A, B = ConceptId("a"), ConceptId("ü;b")
WORDS = Vocabulary.build([A, B], {ItemId("x"): [A, B], ItemId("y"): [], ItemId("z"): [B]})


@pytest.fixture
def tracer() -> Bkt:
    return fit(Log.from_unordered(WORDS, [], np.zeros(0, np.int32), np.zeros(0)))


def test_the_vocabulary_comes_back_whole(tracer: Bkt, tmp_path: Path) -> None:
    save(tracer, tmp_path / "deep" / "down")
    words = open_tracer(tmp_path / "deep" / "down").vocabulary
    assert (words.concepts, words.items, words.tags()) == (WORDS.concepts, WORDS.items, WORDS.tags())


def test_a_version_depends_on_content_alone(tracer: Bkt, tmp_path: Path) -> None:
    version = model_version(tracer)
    assert len(version) == 12 and set(version) <= set("0123456789abcdef")
    assert save(tracer, tmp_path / "a") == save(tracer, tmp_path / "b") == version
    other = replace(tracer, values=tracer.values + 1e-12)
    wider = tracer.bind(WORDS.extended({ItemId("w"): [A]}))
    slower = replace(tracer, half_life_days=8.0)
    assert len({version, *map(model_version, (other, wider, slower))}) == 4


def test_files_are_the_same_each_time_and_plain(tracer: Bkt, tmp_path: Path) -> None:
    save(tracer, tmp_path / "a"), save(tracer, tmp_path / "b")
    assert (tmp_path / "a/tracer.json").read_bytes() == (tmp_path / "b/tracer.json").read_bytes()
    written = json.loads((tmp_path / "a/tracer.json").read_text("utf-8"))
    assert list(written) == sorted(written)
    assert {path.name for path in (tmp_path / "a").iterdir()} == {
        "MODEL_CARD.md", "arrays.npz", "manifest.json", "tracer.json",
    }  # fmt: skip


class Older(Bkt):
    """As if an earlier version had kept less."""

    def parameters(self) -> Parameters:
        whole = super().parameters()
        return replace(whole, arrays={name: one for name, one in whole.arrays.items() if name != "values"})


def test_what_another_version_wrote_is_refused_with_a_word_on_why(tracer: Bkt, tmp_path: Path) -> None:
    save(Older(tracer.vocabulary, tracer.values, tracer.shared, tracer.rate), tmp_path)
    with pytest.raises(StorageError, match=r"another version of bkt \('values'\): fit it again"):
        open_tracer(tmp_path)


def test_saving_again_replaces(tracer: Bkt, tmp_path: Path) -> None:
    save(tracer, tmp_path)
    version = save(replace(tracer, rate=0.25), tmp_path)
    assert model_version(open_tracer(tmp_path)) == version


def test_a_missing_or_foreign_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is not a directory"):
        open_tracer(tmp_path / "nowhere")
    with pytest.raises(StorageError, match=r"has no manifest\.json.*fit --out"):
        open_tracer(tmp_path)


@pytest.mark.parametrize(("change", "message"), [
    (lambda text: text[:40], "damaged"),
    (lambda text: "[]", "damaged"),
    (lambda text: "{}", "format None"),
    (lambda text: text.replace("wayline tracer 2", "wayline tracer 9"), "wayline tracer 9"),
    (lambda text: text.replace('"bkt"', '"oracle"'), "this version has: attentive, bkt"),
    (lambda text: text.replace('"version"', '"verse"'), "names no version"),
    (lambda text: text.replace("arrays.npz", "other.npz"), "not the files of a tracer"),
    (lambda text: re.sub(r'"version": "\w+"', '"version": "0123456789ab"', text), "its content is not that of version"),
    (lambda text: re.sub(r'"bytes": \d+', '"bytes": 7', text), "is not the file that manifest.json names"),
])  # fmt: skip
def test_a_changed_manifest_is_refused(tracer: Bkt, tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    save(tracer, tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(StorageError, match=message):
        open_tracer(tmp_path)


@pytest.mark.parametrize("name", ["tracer.json", "arrays.npz", "MODEL_CARD.md"])
def test_any_changed_or_missing_file_is_refused(tracer: Bkt, tmp_path: Path, name: str) -> None:
    save(tracer, tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b" ")
    with pytest.raises(StorageError, match=f"{name} is damaged: it is not the file that manifest"):
        open_tracer(tmp_path)
    path.unlink()
    with pytest.raises(StorageError, match=f"{name} is missing"):
        open_tracer(tmp_path)


def test_pickles_are_refused_even_under_their_right_digest(tracer: Bkt, tmp_path: Path) -> None:
    save(tracer, tmp_path)
    np.savez(tmp_path / "arrays.npz", values=np.array([{"a": 1}], dtype=object))
    content = (tmp_path / "arrays.npz").read_bytes()
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    manifest["files"]["arrays.npz"] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(StorageError, match="allow_pickle=False"):
        open_tracer(tmp_path)


def test_where_it_comes_from_is_written_down_for_people_and_machines(tracer: Bkt, tmp_path: Path) -> None:
    log = Log.from_unordered(WORDS, [LearnerId("l")] * 2, np.array([0, 2], np.int32), np.array([1.0, 0.0]))
    verdict = Verdict(5, 40, {"bkt": Scores(40, 0.7, 0.6, 0.2, 0.01)}, ("bkt loses to elo: much",))
    origin = Origin(Data.of(log), "2026-01-01T00:00:00+00:00", 1.5, 7, code_version(), verdict, forced=True)
    version = save(tracer, tmp_path, origin)
    kept = read_manifest(tmp_path)
    assert (kept.model, kept.version) == ("bkt", version)
    assert kept.origin == json.loads(json.dumps(origin.to_json()))
    card = (tmp_path / "MODEL_CARD.md").read_text("utf-8")
    for told in (version, "2 responses of 1 learners to 3 items of 2 concepts", Data.of(log).sha256, code_version(),
                 "| **bkt** | 0.7000 | 0.6000 | 0.2000 | 0.0100 |", "bkt loses to elo: much", "by force"):  # fmt: skip
        assert told in card


def test_a_fingerprint_depends_on_every_column() -> None:
    def made(who: str = "l", item: int = 0, right: float = 1.0, at: float = 0.0, weight: float = 1.0) -> str:
        columns = (np.array([item], np.int32), np.array([right]), np.array([at]), np.array([weight]))
        return Data.of(Log.from_unordered(WORDS, [LearnerId(who)], *columns)).sha256

    found = [made(), made("m"), made(item=1), made(right=0.0), made(at=1.0), made(weight=0.5)]
    assert len(set(found)) == len(found) and made() == made()
