"""A temperature found on few families is drawn towards 1 where these say nothing of others."""

from __future__ import annotations

import numpy as np
import pytest
from grader_temperature import Told, elsewhere, held

from student_model.encoder.answers import GradedAnswer, Task, task_of

TASK = Task("labels", ("correct", "incorrect"), (1.0, 0.0))


def sure(right: float, many: int = 400) -> Told:
    """Odds of 3 to 1 each time, right so often."""
    target = (np.arange(many) >= right * many).astype(np.float64)
    return np.tile([np.log(3.0), 0.0], (many, 1)), target


def test_where_families_differ_by_chance_one_is_better_than_what_each_of_them_tells() -> None:
    """Right in three of four on average, which is what is claimed; one says six of ten, another nine."""
    told = [sure(0.6), sure(0.75), sure(0.9)]
    free, drawn = elsewhere(TASK, told, 9.0), elsewhere(TASK, told, 0.02)
    assert free["temperatures"][0] == pytest.approx(np.log(3.0) / np.log(1.5), rel=0.02)
    assert free["temperatures"][1] == pytest.approx(1.0, abs=0.01)
    assert free["temperatures"][2] == pytest.approx(np.log(3.0) / np.log(9.0), rel=0.02)
    assert all(abs(one - 1.0) < 0.25 for one in drawn["temperatures"])
    assert drawn["log_loss"] < free["log_loss"] - 0.01 and drawn["ece"] < free["ece"]


def test_where_all_are_too_sure_the_temperature_holds_elsewhere() -> None:
    told = [sure(0.6), sure(0.62), sure(0.58)]
    assert elsewhere(TASK, told, 9.0)["log_loss"] < elsewhere(TASK, told, 0.02)["log_loss"]


def test_a_line_and_trees_learn_from_the_rest_what_they_say_of_families_held_back() -> None:
    """The only feature is the grade itself, in eight families of a word each."""
    answers = [
        GradedAnswer(f"{word}?", (word,), f"{word} {n}", label="correct" if n % 2 else "incorrect")
        for word in ("lamp", "path", "switch", "gap", "battery", "salt", "water", "heat")
        for n in range(12)
    ]
    features = np.array([[float(one.label == "correct")] for one in answers], dtype=np.float32)
    found, target = held(answers, features, task_of(answers), 0)
    assert 12 <= len(target) <= 36
    assert (found.argmax(axis=1) == target).all()
