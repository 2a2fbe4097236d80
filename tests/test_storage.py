"""Fitted tracers on disk: what is kept, and what is refused with a word on why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.storage import StorageError, model_version, open_tracer, save
from student_model.tracing.bkt import Bkt, fit

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
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["arrays.npz", "tracer.json"]


def test_saving_again_replaces(tracer: Bkt, tmp_path: Path) -> None:
    save(tracer, tmp_path)
    version = save(replace(tracer, rate=0.25), tmp_path)
    assert model_version(open_tracer(tmp_path)) == version


def test_a_missing_or_foreign_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is not a directory"):
        open_tracer(tmp_path / "nowhere")
    with pytest.raises(StorageError, match=r"has no tracer\.json.*fit --out"):
        open_tracer(tmp_path)


@pytest.mark.parametrize(("change", "message"), [
    (lambda text: text[:40], "damaged"),
    (lambda text: "[]", "format None"),
    (lambda text: text.replace("wayline tracer 1", "wayline tracer 9"), "wayline tracer 9"),
    (lambda text: text.replace('"bkt"', '"oracle"'), "this version has: bkt"),
    (lambda text: text.replace("0.5", "0.6"), "its content is not that of version"),
    (lambda text: json.dumps({key: v for key, v in json.loads(text).items() if key != "version"}), "damaged"),
])  # fmt: skip
def test_changed_settings_are_refused(tracer: Bkt, tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    save(tracer, tmp_path)
    path = tmp_path / "tracer.json"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(StorageError, match=message):
        open_tracer(tmp_path)


@pytest.mark.parametrize("length", [0, 50, 400])
def test_cut_arrays_are_refused(tracer: Bkt, tmp_path: Path, length: int) -> None:
    save(tracer, tmp_path)
    path = tmp_path / "arrays.npz"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(StorageError, match=r"arrays\.npz is missing or damaged"):
        open_tracer(tmp_path)


def test_arrays_of_another_tracer_and_pickles_are_refused(tracer: Bkt, tmp_path: Path) -> None:
    save(tracer, tmp_path)
    np.savez(tmp_path / "arrays.npz", values=tracer.values * 0.5, item_offsets=[0], item_concepts=[0])
    with pytest.raises(StorageError, match="damaged"):
        open_tracer(tmp_path)
    np.savez(tmp_path / "arrays.npz", values=np.array([{"a": 1}], dtype=object))
    with pytest.raises(StorageError, match="damaged"):
        open_tracer(tmp_path)
