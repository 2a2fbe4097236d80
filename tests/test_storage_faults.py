"""Tracers on a disk that fails, under digests that are right and content that is not; and what versions tell apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.storage import StorageError, model_version, open_tracer, opened, save
from student_model.tracing import Parameters
from student_model.tracing.bkt import Bkt, fit

A, B = ConceptId("a"), ConceptId("b")
WORDS = Vocabulary.build([A, B], {ItemId("x"): [A, B], ItemId("y"): []})


@pytest.fixture
def tracer() -> Bkt:
    return fit(Log.from_unordered(WORDS, [], np.zeros(0, np.int32), np.zeros(0)))


@pytest.mark.parametrize("cut", range(8))
def test_a_save_that_is_cut_short_leaves_one_whole_tracer_or_none(
    cut: int, tracer: Bkt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails at the first, second, ... of four writes and four moves: no half of each is ever opened."""
    before = save(tracer, tmp_path)
    other, steps, write, move = replace(tracer, rate=0.25), [0], Path.write_bytes, Path.replace

    def failing(does: Any) -> Any:
        def step(*given: Any) -> Any:
            if steps[0] == cut:
                raise OSError("no space left")
            steps[0] += 1
            return does(*given)

        return step

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
        broken.setattr(Path, "write_bytes", failing(write))
        broken.setattr(Path, "replace", failing(move))
        save(other, tmp_path)
    if cut <= 4:  # nothing has taken its place yet
        assert opened(tmp_path)[1] == before
    else:
        with pytest.raises(StorageError, match="is not the file that manifest"):
            open_tracer(tmp_path)
    after = save(other, tmp_path)  # and the next save puts all right
    assert opened(tmp_path)[1] == after == model_version(open_tracer(tmp_path)) != before


def test_the_manifest_is_written_last(tracer: Bkt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing was before, a save that is cut short leaves nothing that says it is a tracer."""
    move = Path.replace

    def until_the_last(path: Path, target: Path) -> Path:
        if len(list(tmp_path.glob("*.new"))) == 1:
            raise OSError("no space left")
        return move(path, target)

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
        broken.setattr(Path, "replace", until_the_last)
        save(tracer, tmp_path)
    with pytest.raises(StorageError, match=r"has no manifest\.json"):
        open_tracer(tmp_path)


class Holding(Bkt):
    """BKT that keeps some other arrays or settings, to see what a version depends on."""

    held: ClassVar[dict[str, Any]] = {}

    def parameters(self) -> Parameters:
        return replace(super().parameters(), **self.held)


def test_settings_of_another_version_are_refused_with_a_word_on_why(tracer: Bkt, tmp_path: Path) -> None:
    class Other(Holding):
        held: ClassVar[dict[str, Any]] = {"settings": {"pace": 0.5}}

    save(Other(tracer.vocabulary, tracer.values, tracer.shared, tracer.rate), tmp_path)
    with pytest.raises(StorageError, match=r"another version of bkt \(the setting 'rate' .*\): fit it again"):
        open_tracer(tmp_path)


def test_a_version_tells_arrays_apart_that_have_the_same_bytes(tracer: Bkt) -> None:
    """Shape, type and name count; the order in which a model names its arrays and settings does not."""

    def version(**held: Any) -> str:
        class One(Holding):
            pass

        One.held = held
        return model_version(One(tracer.vocabulary, tracer.values, tracer.shared, tracer.rate))

    zeros = np.zeros(6)
    different = [
        {"x": zeros}, {"x": zeros.reshape(2, 3)}, {"x": zeros.reshape(3, 2)}, {"x": zeros.astype(np.int64)},
        {"y": zeros}, {"x": zeros, "y": zeros},
    ]  # fmt: skip
    assert len({version(arrays=arrays) for arrays in different}) == len(different)
    ones = np.ones(6)
    assert version(arrays={"x": zeros, "y": ones}) == version(arrays={"y": ones, "x": zeros})
    assert version(arrays={"x": zeros, "y": ones}) != version(arrays={"x": ones, "y": zeros})
    assert version(settings={"a": 1, "b": 2}) == version(settings={"b": 2, "a": 1}) != version(settings={"a": 1})
    turned = np.arange(6.0).reshape(2, 3)
    assert version(arrays={"x": turned}) == version(arrays={"x": np.asfortranarray(turned)})


@pytest.mark.parametrize(("name", "content", "message"), [
    ("arrays.npz", b"no archive at all", "arrays.npz is missing or damaged"),
    ("arrays.npz", b"PK\x03\x04 the head of one alone", "arrays.npz is missing or damaged"),
    ("arrays.npz", b"", "arrays.npz is missing or damaged"),
    ("tracer.json", b"\xff\xfe{}", "tracer.json is damaged"),
    ("tracer.json", b"[1]", "holds no JSON object"),
    ("tracer.json", b"{}", "its content is not that of version"),
])  # fmt: skip
def test_nonsense_is_refused_even_under_its_right_digest(
    name: str, content: bytes, message: str, tracer: Bkt, tmp_path: Path
) -> None:
    save(tracer, tmp_path)
    (tmp_path / name).write_bytes(content)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(StorageError, match=message):
        open_tracer(tmp_path)


@pytest.mark.parametrize("files", [None, ["tracer.json", "arrays.npz", "MODEL_CARD.md"], {}, "each-a-word"])
def test_a_manifest_with_an_odd_list_of_files_is_refused(files: Any, tracer: Bkt, tmp_path: Path) -> None:
    save(tracer, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    odd = dict.fromkeys(manifest["files"], 5) if files == "each-a-word" else files
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "files": odd}), "utf-8")
    with pytest.raises(StorageError, match="is damaged"):
        open_tracer(tmp_path)
