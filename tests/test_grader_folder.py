"""Where a grader may be written, and that what is opened stays one grader whatever becomes of its folder."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from graders_fitted import AT, Made, planted, write
from test_encoder_cli import run

from student_model.encoder import export
from student_model.encoder.answers import GradedAnswer
from student_model.encoder.base import embed
from student_model.encoder.export import Whole, _answering, _sealed, place_for, save
from student_model.encoder.fit import Fitted, fit
from student_model.encoder.grader import GraderError, open_grader
from student_model.encoder.precedents import Trust
from student_model.encoder.reader import AT_ONCE
from student_model.encoder.reading import features, how_many_features
from student_model.encoder.recipe import Recipe
from student_model.encoder.similar import Reading


@pytest.fixture(scope="module")
def fitted(small: Path) -> Fitted:
    return fit(planted(6), Recipe(base=str(small), method="frozen", epochs=1, disguise=0.0))


@pytest.fixture
def copied(made: Made, tmp_path: Path) -> Path:
    """A folder with a grader, which a test may spoil."""
    return shutil.copytree(made.folder, tmp_path / "grader")


def test_a_folder_with_other_files_is_refused_before_training_and_keeps_them(tmp_path: Path) -> None:
    course = tmp_path / "course"
    course.mkdir()
    for name in ("a", "b", "items.jsonl", "z"):
        (course / name).write_text("precious")
    train = write(tmp_path / "train.jsonl", [])  # which would be refused next
    told = run("fit", "--train", train, "--out", course)
    assert told.exit_code == 1
    assert "holds a, b, items.jsonl and 1 more, which a grader in its place would delete" in told.stderr
    assert f"name a folder in it, such as --out {course / 'grader'}" in told.stderr
    assert (course / "items.jsonl").read_text() == "precious"


def test_nor_does_saving_delete_them(fitted: Fitted, tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text("precious")
    with pytest.raises(GraderError, match=r"holds items\.jsonl, which"):
        save(fitted, planted(6), tmp_path, AT, 1.0)
    assert [one.name for one in tmp_path.iterdir()] == ["items.jsonl"]


def test_a_new_folder_an_empty_one_and_that_of_a_grader_alone_are_taken(copied: Path, tmp_path: Path) -> None:
    empty, new = tmp_path / "empty", tmp_path / "some" / "new"
    empty.mkdir()
    assert [place_for(one) for one in (empty, new, copied)] == [empty, new, copied]
    assert not new.parent.exists() and list(empty.iterdir()) == []
    (copied / "notes.txt").write_text("precious")
    with pytest.raises(GraderError, match=r"holds notes\.txt"):
        place_for(copied)


def test_a_link_is_followed_and_the_grader_behind_it_replaced(fitted: Fitted, tmp_path: Path) -> None:
    own, link = tmp_path / "own", tmp_path / "link"
    link.symlink_to(own)
    first = save(fitted, planted(6), link, AT, 1.0)
    (own / "encoder.json").write_bytes((own / "encoder.json").read_bytes().replace(b'"seconds": 1.0', b'"seconds": 9'))
    assert save(fitted, planted(6), link, AT, 1.0).manifest == first.manifest
    assert link.is_symlink() and sorted(one.name for one in tmp_path.iterdir()) == ["link", "own"]


def test_where_writing_fails_the_old_one_stays_and_nothing_lies_beside_it(
    fitted: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = save(fitted, planted(6), tmp_path / "grader", AT, 1.0)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(export, "write_graph", full)
    with pytest.raises(OSError, match="no space left"):
        save(fitted, planted(6), tmp_path / "grader", AT, 2.0)
    assert open_grader(tmp_path / "grader").manifest == first.manifest
    assert [one.name for one in tmp_path.iterdir()] == ["grader"]


def test_the_folder_one_is_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "grader" / "inside"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    for out in (".", inside.parent, "/"):
        with pytest.raises(GraderError, match=r"the folder you are in or a mounted one: name a folder in it"):
            place_for(Path(out))


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "grader", Path("/proc/nowhere/grader")):
        with pytest.raises(GraderError, match=r"cannot be written \(.+\): name another folder with --out"):
            place_for(out)


def test_a_grader_that_was_opened_stays_itself_when_another_takes_its_folder(
    made: Made, fitted: Fitted, copied: Path
) -> None:
    """As in a worker that starts late: neither the base encoder nor the network has been read before."""
    asked = ("Why does it float?", ["It is less dense than water."], "it is lighter than water")
    late = open_grader(copied)
    save(fitted, planted(6), copied, AT, 1.0)
    assert open_grader(copied).grade(*asked).grader != made.served.version
    assert late.grade(*asked) == made.served.grade(*asked)
    shutil.rmtree(copied)
    late._nets[0]._session = None  # and in one that starts later still
    assert late.grade(*asked) == made.served.grade(*asked)


def test_nothing_stays_open_when_a_grader_is_let_go(copied: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    grader = open_grader(copied)
    assert len(os.listdir("/proc/self/fd")) == before + 2
    del grader
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_is_written_over_is_refused_and_not_mixed_in(copied: Path) -> None:
    grader = open_grader(copied)
    (copied / "net-0.onnx").write_bytes((copied / "base.onnx").read_bytes())
    with pytest.raises(GraderError, match=r"net-0\.onnx is changed or damaged: restart what serves it"):
        grader.grade("Why?", ["So."], "so")
    with pytest.raises(GraderError, match=r"net-0\.onnx is changed or damaged: fit the grader again, or copy it anew"):
        open_grader(copied)


def test_a_grader_of_other_features_than_the_program_makes_is_refused(made: Made, copied: Path) -> None:
    width = len(made.served._beside[0].line.centre)  # type: ignore[union-attr]
    manifest = orjson.loads((copied / "encoder.json").read_bytes())
    assert manifest["features"] == width
    (copied / "encoder.json").write_bytes(orjson.dumps({**manifest, "features": 23}))
    with pytest.raises(GraderError, match=rf"takes 23 features, this program makes {width}: fit it again"):
        open_grader(copied)


@pytest.mark.parametrize(("near", "count", "many"), [(False, False, 0), (True, False, 22), (True, True, 45)])
def test_features_are_as_many_as_are_told(near: bool, count: bool, many: int, made: Made) -> None:
    known = made.served._known(GradedAnswer("Why?", ("So.",), "so")) if near else None
    assert how_many_features(near, count) == len(features("Why?", ("So.",), "so", known, count)) == many


def test_the_grader_of_32_bits_that_it_is_compared_with_reads_in_32_bits(
    fitted: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [one.answer for one in planted(6)]
    whole, small = Whole(fitted.base).read(texts), fitted.reader.read(texts)
    right = embed(texts, base=str(fitted.base.place))
    assert np.array([whole[text].mean for text in texts]) == pytest.approx(right, abs=1e-6)
    assert np.abs(np.array([small[text].mean for text in texts]) - right).max() > 1e-4

    def refused(texts: Iterable[str], tell: object = None) -> dict[str, Reading]:
        raise AssertionError("read in eight bits")

    monkeypatch.setattr(fitted.reader, "read", refused)
    assert save(fitted, planted(6), tmp_path / "grader", AT, 1.0).manifest["agreement"] > 0.9


def test_many_texts_are_read_side_by_side_each_as_it_is_alone(fitted: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    texts = [f"box {n} holds {n % 7} red ribbons" for n in range(AT_ONCE + 5)]
    many = fitted.reader.read([*texts, texts[0]], said.append)
    assert list(many) == texts and said == ["reading texts, 0 of 105"]
    for text in texts[:: AT_ONCE // 4]:
        alone = fitted.reader.read([text])[text]
        assert np.array_equal(alone.mean, many[text].mean) and np.array_equal(alone.inner, many[text].inner)
    assert fitted.reader.read([]) == {}


def test_graders_that_answer_differently_have_different_versions(fitted: Fitted, tmp_path: Path) -> None:
    """Though none of their files differs; where only the hour does, it is one version."""

    def version(one: Fitted, **origin: object) -> str:
        _sealed(tmp_path, _answering(one), origin)
        return str(orjson.loads((tmp_path / "encoder.json").read_bytes())["version"])

    told = fitted.told
    others = [
        *(replace(told, **{name: 0.123}) for name in ("share", "known_share", "temperature", "error")),  # type: ignore[arg-type]
        replace(told, trust=Trust(9.0, 0.5)),
    ]
    versions = {version(replace(fitted, told=one)) for one in (told, *others)}
    assert len(versions) == 6 and version(fitted, at="now") == version(fitted, at="then") in versions


def test_the_agreement_is_that_of_the_labels_of_both(fitted: Fitted, tmp_path: Path) -> None:
    answers = planted(6)
    served = save(fitted, answers, tmp_path / "grader", AT, 1.0)
    found = replace(fitted, reader=Whole(fitted.base)).found(answers)
    same = found.argmax(axis=1) == served.outcomes(answers, precedents=False).place
    assert served.manifest["agreement"] == same.mean()


def test_a_grader_knows_the_answers_that_it_was_fitted_to_whatever_their_grades(fitted: Fitted, tmp_path: Path) -> None:
    answers = planted(6)
    served = save(fitted, answers, tmp_path / "grader", AT, 1.0)
    assert served.learned(answers[::-1]) == len(answers) and served.learned([]) == 0
    one = answers[0]
    others = [replace(one, label="other"), replace(one, answer="new"), replace(one, question="new?"),
              replace(one, reference_answers=()), replace(one, passage="new")]  # fmt: skip
    assert [served.learned([each]) for each in others] == [1, 0, 0, 0, 0]
