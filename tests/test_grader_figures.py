"""How good a grader is: the figures are those of the grades it gives, and other grades than its own are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graders_fitted import AT, Made, lines, planted, write
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from data.graded_answers import read_graded
from student_model.encoder.answers import GradedAnswer
from student_model.encoder.evaluation import OtherGrades, evaluate
from student_model.encoder.export import save
from student_model.encoder.fit import fit
from student_model.encoder.grader import Served, open_grader
from student_model.encoder.recipe import Recipe
from student_model.evaluation import expected_calibration_error
from student_model.judging.grades import Grade
from student_model.judging.wording import closeness

SCORES = {"correct": 1.0, "partially_correct_incomplete": 0.5}


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> list[GradedAnswer]:
    return read_graded([write(tmp_path_factory.mktemp("unseen") / "a.jsonl", lines("life", 8, 13))])


@pytest.fixture(scope="module")
def grades(made: Made, unseen: list[GradedAnswer]) -> list[Grade]:
    return [made.served.grade(a.question, a.reference_answers, a.answer) for a in unseen]


def test_figures_of_labels_are_those_of_its_grades(made: Made, unseen: list[GradedAnswer], grades: list[Grade]) -> None:
    shares: list[float] = []
    found = evaluate(made.served, unseen, done=shares.append)
    true, said = [one.label for one in unseen], [one.label for one in grades]
    assert (found["rows"], found["questions"], found["grader"]) == (40, 5, made.served.version)
    assert found["accuracy"] == pytest.approx(accuracy_score(true, said))
    assert found["macro_f1"] == pytest.approx(f1_score(true, said, average="macro", zero_division=0))
    assert found["weighted_f1"] == pytest.approx(f1_score(true, said, average="weighted", zero_division=0))
    assert tuple(found["labels"]) == made.served.labels
    for label, row in found["labels"].items():
        own = {"labels": [label], "average": "macro", "zero_division": 0}
        assert row["precision"] == pytest.approx(precision_score(true, said, **own))
        assert row["recall"] == pytest.approx(recall_score(true, said, **own))
        assert row["f1"] == pytest.approx(f1_score(true, said, **own)) and row["rows"] == true.count(label)
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_a_grade_does_not_depend_on_what_is_graded_beside_it_or_before_it(
    made: Made, unseen: list[GradedAnswer], grades: list[Grade]
) -> None:
    backwards = open_grader(made.folder).outcomes(unseen[::-1])
    assert backwards.score[::-1].tolist() == [one.score for one in grades]
    assert backwards.confidence[::-1].tolist() == [one.confidence for one in grades]


def test_beside_it_stand_the_most_frequent_label_and_the_wording(made: Made, unseen: list[GradedAnswer]) -> None:
    true = [one.label for one in unseen]
    baselines = evaluate(made.served, unseen)["baselines"]
    most = max(made.served.labels, key=true.count)
    assert baselines["most frequent label"]["accuracy"] == pytest.approx(true.count(most) / 40)
    other = max(made.served.labels[1:], key=true.count)
    near = [closeness(one.answer, one.reference_answers, one.question) >= 0.5 for one in unseen]
    worded = ["correct" if one else other for one in near]
    assert baselines["wording"]["accuracy"] == pytest.approx(accuracy_score(true, worded))
    assert baselines["wording"]["macro_f1"] == pytest.approx(f1_score(true, worded, average="macro", zero_division=0))


def test_a_grader_of_labels_is_measured_on_scores_by_what_its_labels_are_worth(
    made: Made, unseen: list[GradedAnswer], grades: list[Grade]
) -> None:
    scored = [replace(one, label=None, score=SCORES.get(one.label or "", 0.0), max_score=4.0) for one in unseen]
    found = evaluate(made.served, scored)
    true, said = np.array([one.score for one in scored]), np.array([one.score for one in grades])
    assert found["rmse"] == pytest.approx(4.0 * np.sqrt(np.mean((true - said) ** 2)), rel=1e-5)
    assert found["pearson"] == pytest.approx(np.corrcoef(true, said)[0, 1], rel=1e-4)
    assert found["labels"] == {} and found["baselines"]["mean score"]["rmse"] == pytest.approx(4.0 * true.std())
    worth = dict(zip(made.served.labels, made.served.task.worth, strict=True))
    near = [sum(p for label, p in one.probabilities.items() if abs(worth[label] - one.score) <= 0.15) for one in grades]
    right = (np.abs(true - said) <= 0.15).astype(np.float64)
    assert found["ece"] == pytest.approx(expected_calibration_error(np.array(near), right), abs=1e-6)
    other = [replace(one, label="7") for one in scored]  # labels that it does not know do not matter where scores are
    assert evaluate(made.served, other)["rmse"] == found["rmse"]


def test_other_labels_are_refused_with_a_way_out_and_may_be_renamed(made: Made, unseen: list[GradedAnswer]) -> None:
    whole = evaluate(made.served, unseen)
    foreign = [replace(one, label="off" if one.label == "irrelevant" else one.label) for one in unseen]
    many = sum(one.label == "off" for one in foreign)
    with pytest.raises(OtherGrades, match=rf"the answers have off \({many}\): name them anew with --rename off="):
        evaluate(made.served, foreign)
    again = evaluate(made.served, foreign, {"off": "irrelevant"})
    assert (again["accuracy"], again["labels"]) == (whole["accuracy"], whole["labels"])


def graded(label: str | None, score: float) -> list[GradedAnswer]:
    return [
        replace(one, label=label, score=score if one.label == "correct" else 0.0, max_score=2.0) for one in planted()
    ]


@pytest.fixture(scope="module")
def levels(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A grader of scores in whole marks, of 2."""
    recipe = Recipe(base=str(small), method="frozen", epochs=1, near=False, scores="ordinal")
    answers = graded(None, 1.0)
    return save(fit(answers, recipe), answers, tmp_path_factory.mktemp("levels") / "grader", AT, 1.0)


def test_a_grader_of_levels_is_measured_on_whatever_scores_there_are(levels: Served) -> None:
    """It is quite right on what was planted; half off where each right answer has half as much."""
    right = evaluate(levels, graded(None, 1.0))
    assert right["rmse"] < 0.2 and right["pearson"] > 0.98 and right["accuracy"] == 1.0
    half = evaluate(levels, graded(None, 0.5))
    said = np.array([levels.grade(a.question, a.reference_answers, a.answer).score for a in planted()])
    true = np.array([0.5 if one.label == "correct" else 0.0 for one in planted()])
    assert half["rmse"] == pytest.approx(2.0 * np.sqrt(np.mean((said - true) ** 2)), rel=1e-4)
    assert half["labels"] == {} and set(half["baselines"]) == {"mean score", "wording"}
    assert levels.labels == () and levels.grade("Q?", ["A red box"], "a red box").label in ("0", "2")


def test_a_grader_of_scores_refuses_labels(levels: Served) -> None:
    with pytest.raises(OtherGrades, match=r"the grader gives scores; the answers have the labels correct \(24\), inc"):
        evaluate(levels, planted())


def test_answers_without_a_grade_of_its_kind_are_refused_by_what_they_lack(made: Made, levels: Served) -> None:
    mixed = planted()[:4]
    scored = replace(mixed[3], label=None, score=0.5)
    with pytest.raises(OtherGrades) as error:
        evaluate(made.served, [*(replace(one, label="correct") for one in mixed[:3]), scored])
    assert str(error.value).endswith("1 of 4 answers have no label: give them one, or leave them out")
    with pytest.raises(OtherGrades, match=r"the answers have the labels correct \(2\), incorrect \(1\) and no scores"):
        evaluate(levels, [*mixed[:3], scored])
    with pytest.raises(OtherGrades, match=r"the grader gives scores; 1 of 2 answers have no score: give them one"):
        evaluate(levels, [scored, replace(scored, score=None)])
