"""Where a grader may be written, and that what is opened stays one grader whatever becomes of its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from graders_fitted import AT, Made, planted, write
from test_encoder_cli import run

from student_model.encoder.export import place_for, save
from student_model.encoder.fit import Fitted, fit
from student_model.encoder.grader import GraderError
from student_model.encoder.recipe import Recipe


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
