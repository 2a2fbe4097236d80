"""A grader takes the place of another whole: who opens it meanwhile, or after a crash in between, finds one."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from api import grading
from api.cli.encoder import encoder
from api.settings import SettingsError, read_settings
from student_model.encoder.place import replacing, steady
from student_model.storage import StorageError


def write(folder: Path, version: str) -> None:
    (folder / "encoder.json").write_text(version)


def fit(out: Path, version: str) -> None:
    with replacing(out) as fresh:
        write(fresh, version)


def version(folder: Path) -> str:
    with steady(folder) as place:
        return (place / "encoder.json").read_text()


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A grader alone in a folder."""
    fit(tmp_path / "grader", "old")
    return tmp_path / "grader"


@pytest.fixture
def cut(out: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same after a fit that ended when the old grader was out of its place and the new one not in it."""
    with monkeypatch.context() as broken, pytest.raises(SystemExit):
        rename = Path.rename

        def once(self: Path, target: Path) -> Path:
            broken.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(SystemExit("power cut")))
            return rename(self, target)

        broken.setattr(Path, "rename", once)
        fit(out, "new")
    assert names(out.parent) == [".grader.before"]
    return out


def test_the_new_one_is_there_and_nothing_else(out: Path) -> None:
    fit(out, "new")
    assert (version(out), names(out.parent)) == ("new", ["grader"])
    (out.parent / "empty").mkdir()
    fit(out.parent / "empty", "first")
    assert (version(out.parent / "empty"), names(out.parent)) == ("first", ["empty", "grader"])


def test_a_fit_that_fails_leaves_the_old_one_and_nothing_else(out: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(out) as fresh:
        write(fresh, "half")
        raise KeyboardInterrupt
    assert (version(out), names(out.parent)) == ("old", ["grader"])


def test_two_fits_at_a_time_do_not_touch_each_others_files(out: Path) -> None:
    with replacing(out) as one:
        write(one, "one")
        with replacing(out) as other:
            assert one != other and version(one) == "one"
            write(other, "other")
        assert version(out) == "other" and version(one) == "one"
    assert (version(out), names(out.parent)) == ("one", ["grader"])


def test_after_a_crash_at_the_worst_moment_the_old_one_is_put_back(cut: Path) -> None:
    assert version(cut) == "old"
    assert names(cut.parent) == ["grader"]


def test_where_nothing_may_be_written_it_is_opened_where_it_lies(cut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "rename", refused)
    assert version(cut) == "old" and not cut.exists()


def test_a_fit_after_the_crash_takes_the_place(cut: Path) -> None:
    fit(cut, "newer")
    assert (version(cut), names(cut.parent)) == ("newer", ["grader"])


def test_behind_a_link_too(cut: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(cut)
    assert version(link) == "old" and names(tmp_path) == ["grader", "link"]


def test_while_one_is_opened_none_takes_its_place(out: Path) -> None:
    fitting = Thread(target=fit, args=(out, "new"))
    with steady(out) as place, steady(out) as again:  # any number may open it at once
        fitting.start()
        fitting.join(0.2)
        assert fitting.is_alive() and place == again and (place / "encoder.json").read_text() == "old"
    fitting.join(10.0)
    assert version(out) == "new"


def test_what_is_wrong_while_it_is_opened_is_told_as_it_is(out: Path) -> None:
    with pytest.raises(FileNotFoundError), steady(out) as place:
        (place / "nothing").read_text()


def test_a_service_finds_the_grader_that_was_set_aside(cut: Path) -> None:
    """That of the course's own folder, and one that is named."""
    (cut.parent / "curriculum.yaml").touch()
    assert read_settings({}, curriculum=str(cut.parent)).grader == cut
    cut.rename(cut.with_name(".grader.before"))
    assert read_settings({}, grader=str(cut)).grader == cut
    cut.rename(cut.with_name(".grader.before"))
    with pytest.raises(StorageError, match="holds no whole grader"):  # but it is found, and put back
        grading.opened(cut)
    assert (cut / "encoder.json").read_text() == "old"
    with pytest.raises(SettingsError, match="is no folder of a fitted grader"):
        read_settings({}, grader=str(cut.with_name("other")))


def test_so_do_commands(cut: Path) -> None:
    ask = ["grade", "--question", "Why?", "--answer", "so", "--model"]
    told = CliRunner().invoke(encoder, [*ask, str(cut)])
    assert told.exit_code == 1 and "holds no whole grader" in told.stderr and version(cut) == "old"
    missing = CliRunner().invoke(encoder, [*ask, str(cut.with_name("other"))])
    assert missing.exit_code == 2 and "Invalid value for '--model': Directory" in missing.stderr
