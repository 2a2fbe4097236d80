"""Settings come from options, then from the environment, and every fault of them is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import REVIEW_BELOW, SettingsError, embedded_course, read_settings


def test_without_anything_the_embedded_course_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = read_settings({})
    assert found.curriculum == embedded_course()
    assert found.database == f"sqlite:///{tmp_path / 'wayline-data' / 'wayline.db'}"
    assert found.key_file == tmp_path / "wayline-data" / "pseudonym.key"
    assert found.model == "wayline"
    assert list(tmp_path.iterdir()) == [], "reading settings writes nothing"


def test_the_environment_counts_and_an_option_goes_before_it(tmp_path: Path) -> None:
    course = str(embedded_course())
    environ = {
        "WAYLINE_CURRICULUM": course,
        "WAYLINE_DATABASE": "postgresql://host/name",
        "WAYLINE_MODEL": "elo",
        "WAYLINE_STATE_DIR": str(tmp_path),
        "WAYLINE_KEY_FILE": str(tmp_path / "other.key"),
    }
    found = read_settings(environ)
    assert (found.database, found.model, found.key_file.name) == (
        "postgresql://host/name",
        "elo",
        "other.key",
    )
    assert read_settings(environ, model="bkt", database="sqlite:///x.db").model == "bkt"
    assert read_settings({"WAYLINE_MODEL": ""}).model == "wayline"


def test_every_fault_is_told_and_no_password() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({}, curriculum="/nowhere", database="mysql://me:hunter2@host/name", model="oracle")
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert "/nowhere" in text
    assert "'mysql'" in text
    assert "bkt" in text
    assert "hunter2" not in text


def test_a_folder_may_be_the_model(tmp_path: Path) -> None:
    assert read_settings({}, model=str(tmp_path)).model == str(tmp_path)


def test_the_key_lies_beside_the_file_it_unlocks_wherever_the_command_is_run(tmp_path: Path) -> None:
    found = read_settings({}, database=f"sqlite:///{tmp_path / 'school' / 'log.db'}")
    assert found.key_file == tmp_path / "school" / "pseudonym.key"


def test_a_folder_may_be_the_grader_and_a_share_when_its_grades_wait(tmp_path: Path) -> None:
    course = tmp_path / "course"
    (course / "grader").mkdir(parents=True)
    (course / "curriculum.yaml").touch()
    alone = read_settings({}, curriculum=str(course))
    assert (alone.grader, alone.review_below) == (None, REVIEW_BELOW)
    (course / "grader" / "encoder.json").touch()  # a grader in the course's own folder is taken unasked
    assert read_settings({}, curriculum=str(course)).grader == course / "grader"
    environ = {"WAYLINE_GRADER": "/nowhere", "WAYLINE_REVIEW_BELOW": "0.25"}
    found = read_settings(environ, grader=str(tmp_path))
    assert (found.grader, found.review_below) == (tmp_path, 0.25)
    with pytest.raises(SettingsError, match="/nowhere is no folder of a fitted grader"):
        read_settings(environ)


@pytest.mark.parametrize("told", ["most", "nan", "1.1", "-0.1", "inf"])
def test_when_grades_wait_is_a_share(told: str) -> None:
    with pytest.raises(SettingsError, match="WAYLINE_REVIEW_BELOW"):
        read_settings({"WAYLINE_REVIEW_BELOW": told})
