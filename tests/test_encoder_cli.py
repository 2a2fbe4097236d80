"""`wayline encoder`: fit, evaluate and grade from the command line, what they print where, and their exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from graders_fitted import Made, lines, planted, write
from services import geography

from api.cli.encoder import encoder
from knowledge_graph.formats import folder

QUICK = ("--method", "frozen", "--epochs", 1)
LABELS = ["correct", "partially_correct_incomplete", "contradictory", "irrelevant", "non_domain"]
QUESTION, REFERENCE = "Why does it float?", "It is less dense than water."


def run(*arguments: object) -> Result:
    return CliRunner().invoke(encoder, [str(one) for one in arguments])


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return write(tmp_path / "train.jsonl", lines("earth", 0, 5))


@pytest.fixture
def test(tmp_path: Path) -> Path:
    return write(tmp_path / "test.jsonl", lines("earth", 5, 10))


def test_labels_from_fit_to_grade(train: Path, test: Path, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "grader"
    fitted = run("fit", "--train", train, "--out", out, "--base", small, *QUICK, "--json")
    assert fitted.exit_code == 0, fitted.output
    told = json.loads(fitted.stdout)
    assert (told["task"], told["labels"], told["out"]) == ("labels", LABELS, str(out))
    assert told["trained_on"]["answers"] == 40 and told["trained_on"]["questions"] == 5
    assert set(told["held"]) >= {"accuracy", "macro_f1", "weighted_f1"} and told["agreement"] > 0.8
    assert "40 graded answers to 5 questions" in fitted.stderr and "epoch 1 of 1" in fitted.stderr
    assert told["held_known"].keys() == told["held"].keys()
    measured = run("evaluate", "--model", out, "--test", test, "--json")
    assert measured.exit_code == 0, measured.output
    found = json.loads(measured.stdout)
    assert set(found) >= {"rows", "accuracy", "macro_f1", "weighted_f1", "labels", "baselines"}
    assert found["rows"] == 40 and list(found["labels"]) == LABELS and "grading 40 answers" in measured.stderr
    graded = run("grade", "--model", out, "--file", test)
    rows = [json.loads(line) for line in graded.stdout.splitlines()]
    true = [label for line in lines("earth", 5, 10) for label, _ in line["answers"]]
    assert sum(one["label"] == label for one, label in zip(rows, true, strict=True)) == round(40 * found["accuracy"])
    assert rows[0]["answer_id"] == f"{lines('earth', 5, 6)[0]['question_id']}/1"
    assert rows[0]["grader"] == found["grader"] == f"encoder {told['version']}"


def test_answers_to_known_questions_are_judged_by_what_is_known_of_them_unless_told_not_to(
    made: Made, tmp_path: Path
) -> None:
    rows = lines("life", 0, 8)
    rows[0]["answers"].pop()
    for row in rows:  # the very answers would be refused
        row["answers"] = [(label, f"{text} indeed") for label, text in row["answers"]]
    own = write(tmp_path / "most.jsonl", rows)
    known, alone = (
        json.loads(run("evaluate", "--model", made.folder, "--test", own, *more, "--json").stdout)
        for more in ((), ("--no-precedents",))
    )
    assert (known["rows"], known["known"], alone["known"]) == (63, 63, 63)
    assert known["ece"] != alone["ece"]
    shown = run("evaluate", "--model", made.folder, "--test", own)
    assert "63 of 63 answers are to questions it was trained on" in shown.stdout
    assert 0.0 < known["ece_by_chance"] < known["ece_by_chance_95"]
    assert f"would be {known['ece_by_chance']:.3f} on average, under {known['ece_by_chance_95']:.3f}" in shown.stdout


def test_what_a_grader_was_fitted_to_does_not_measure_it(made: Made, tmp_path: Path) -> None:
    whole = made.folder.parent / "train.jsonl"
    parts = [write(tmp_path / f"{n}.jsonl", lines("life", 4 * n, 4 * n + 4)) for n in range(2)]
    for files, many in (([whole], 64), (parts, 64), (parts[::-1], 64), (parts[1:], 32)):
        told = run("evaluate", "--model", made.folder, *(part for one in files for part in ("--test", one)), "--json")
        assert (told.exit_code, told.stdout) == (1, "")
        assert f"{files[-1]}: seen before: {made.folder} was fitted to {many} of these answers. Measure" in told.stderr
        assert "Measure it on answers to other questions." in told.stderr


def test_some_answers_may_be_written_as_some_that_it_was_fitted_to(made: Made, tmp_path: Path) -> None:
    rows = lines("life", 0, 1) + lines("life", 8, 9)
    told = run("evaluate", "--model", made.folder, "--test", write(tmp_path / "half.jsonl", rows), "--json")
    assert json.loads(told.stdout)["known"] == 8
    assert "8 of 16 answers are written just as some that it was fitted to" in told.stderr


def test_a_grader_without_precedents_does_not_know_which_questions_it_was_trained_on(
    train: Path, test: Path, small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "grader"
    run("fit", "--train", train, "--out", out, "--base", small, *QUICK, "--no-precedents")
    assert json.loads(run("evaluate", "--model", out, "--test", test, "--json").stdout)["known"] is None
    assert "trained on" not in run("evaluate", "--model", out, "--test", test).stdout


def test_labels_that_nothing_gives_a_worth_are_warned_of(train: Path, small: Path, tmp_path: Path) -> None:
    rows = lines("earth", 0, 5)
    for row in rows:
        row["answers"] = [["blue" if label == "correct" else "red", said] for label, said in row["answers"]]
    strange = write(tmp_path / "strange.jsonl", rows)
    fitted = run("fit", "--train", strange, "--out", tmp_path / "grader", "--base", small, *QUICK)
    assert fitted.exit_code == 0 and "warning: nothing says what blue, red are worth" in fitted.stderr
    told = run("fit", "--train", strange, "--out", tmp_path / "other", "--base", small, *QUICK, "--worth", "blue=1")
    assert told.exit_code == 0 and "warning" not in told.stderr


@pytest.mark.parametrize("kept", [True, False])
def test_broken_off_between_trainings_it_says_what_is_kept_of_them(
    kept: bool, train: Path, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the guard is grown, after the first training; then the same command once more."""

    def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "kept"
    asked = ("fit", "--train", train, "--out", tmp_path / "grader", "--base", small, *QUICK)
    more = ("--checkpoint", folder) if kept else ()
    with monkeypatch.context() as patched:
        patched.setattr("student_model.encoder.fit.grow_guard", interrupted)
        cut = run(*asked, *more)
    assert cut.exit_code != 0 and "broken off before the grader was whole" in cut.stderr
    assert (f"goes on with what was trained, from {folder}" in cut.stderr) == kept
    assert ("with --checkpoint DIR" in cut.stderr) == (not kept) and not (tmp_path / "grader").exists()
    again = run(*asked, *more)
    assert again.exit_code == 0 and ("going on after epoch 1" in again.stderr) == kept


def test_scores_from_fit_to_evaluate(small: Path, tmp_path: Path) -> None:
    """Marks up to 100, and on other answers up to 6."""

    def file(name: str, most: float, questions: int = 11, more: str = " so") -> Path:
        rows = [
            {
                "question": one.question, "reference_answers": one.reference_answers, "answer": one.answer + more,
                "score": most if one.label == "correct" else 0, "max_score": most,
            }
            for one in planted(questions)
        ]  # fmt: skip
        return write(tmp_path / name, rows)

    out = tmp_path / "grader"
    chosen = ("--scores", "regression", "--no-near", "--base", small)
    fitted = run("fit", "--train", file("train.jsonl", 100, 12, ""), "--out", out, *QUICK, *chosen)
    assert fitted.exit_code == 0, fitted.output
    assert f"regression scores up to 100 -> {out}" in fitted.stdout and "on questions held back: rmse" in fitted.stdout
    assert "where other answers to the question are known: rmse" in fitted.stdout
    measured = run("evaluate", "--model", out, "--test", file("test.jsonl", 6), "--json")
    found = json.loads(measured.stdout)
    assert (found["rows"], found["labels"]) == (44, {}) and 0.0 < found["rmse"] < 1.0 and found["pearson"] > 0.98
    shown = run("evaluate", "--model", out, "--test", file("test.jsonl", 6))
    assert f"rmse {found['rmse']:.3f}  pearson {found['pearson']:.3f}" in shown.stdout
    grade = json.loads(run("grade", "--model", out, "--file", file("test.jsonl", 6)).stdout.splitlines()[0])
    assert float(grade["label"]) == pytest.approx(100 * grade["score"], abs=0.02) and grade["probabilities"] == {}
    assert "e" not in grade["label"], "marks are told as people write them"


def test_what_is_shown_to_people(made: Made, tmp_path: Path) -> None:
    test = write(tmp_path / "a.jsonl", lines("life", 8, 10))
    measured = run("evaluate", "--model", made.folder, "--test", test)
    assert measured.exit_code == 0, measured.output
    assert f"{made.served.version} on 16 answers to 2 questions" in measured.stdout
    assert "0 of 16 answers are to questions it was trained on" in measured.stdout
    assert all(name in measured.stdout for name in ("this grader", "wording", "contradictory", "ms an answer"))
    answer = "less dense than water, it is"
    one = run("grade", "--model", made.folder, "--question", QUESTION, "--reference", REFERENCE, "--answer", answer)
    found = made.served.grade(QUESTION, [REFERENCE], answer)
    told = one.stdout.splitlines()
    assert told[0] == f"{found.label}: score {found.score:.2f}, confidence {found.confidence:.2f}"
    assert told[1].startswith("  “less dense than water” is like “It is less dense than water” (0.")
    nothing = run("grade", "--model", made.folder, "--question", QUESTION, "--reference", REFERENCE, "--answer", "")
    assert nothing.stdout.splitlines()[1:] == ["  not said: “It is less dense than water”"]


def test_one_answer_as_json_is_the_grade(made: Made) -> None:
    asked = ("--question", QUESTION, "--reference", "Magic.", "--reference", REFERENCE, "--answer", "it is lighter")
    found = made.served.grade(QUESTION, ["Magic.", REFERENCE], "it is lighter")
    document: dict[str, Any] = json.loads(run("grade", "--model", made.folder, *asked, "--json").stdout)
    assert document == {
        "label": found.label, "score": round(found.score, 4), "confidence": round(found.confidence, 4),
        "probabilities": found.probabilities, "missing": list(found.missing), "grader": made.served.version,
        "evidence": [[one.said, one.reference, one.likeness] for one in found.evidence],
    }  # fmt: skip


def test_the_embedding_of_an_answer_is_given_out_when_it_is_asked_for(made: Made) -> None:
    asked = ("--question", QUESTION, "--reference", REFERENCE, "--answer", "salt stays", "--embedding")
    document = json.loads(run("grade", "--model", made.folder, *asked, "--json").stdout)
    (wanted,) = made.served.embed(["salt stays"])
    assert document["embedding"] == pytest.approx(wanted.tolist(), abs=1e-5)
    assert run("grade", "--model", made.folder, *asked).exit_code == 2


def test_rows_may_name_items_of_a_course(made: Made, tmp_path: Path) -> None:
    folder.write(geography().curriculum, tmp_path / "course")
    file = write(
        tmp_path / "a.jsonl", [{"question_id": "why", "answer": "the government is there", "label": "correct"}]
    )
    graded = run("grade", "--model", made.folder, "--file", file, "--curriculum", tmp_path / "course")
    (row,) = graded.stdout.splitlines()
    (item,) = (one for one in geography().curriculum.items if one.item_id == "why")
    found = made.served.grade(item.text, item.reference_answers, "the government is there")
    assert json.loads(row)["score"] == round(found.score, 4)
    assert run("grade", "--model", made.folder, "--file", file).exit_code == 1


def test_other_labels_are_refused_on_stderr_and_may_be_renamed(made: Made, tmp_path: Path) -> None:
    rows = [
        {**line, "answers": [["off" if label == "irrelevant" else label, said] for label, said in line["answers"]]}
        for line in lines("life", 8, 10)
    ]
    test = write(tmp_path / "a.jsonl", rows)
    refused = run("evaluate", "--model", made.folder, "--test", test, "--json")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "the answers have off (" in refused.stderr and "name them anew with --rename off=" in refused.stderr
    renamed = run("evaluate", "--model", made.folder, "--test", test, "--rename", "off=irrelevant", "--json")
    whole = run(
        "evaluate", "--model", made.folder, "--test", write(tmp_path / "b.jsonl", lines("life", 8, 10)), "--json"
    )
    assert json.loads(renamed.stdout)["labels"] == json.loads(whole.stdout)["labels"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fit", "--worth", "good"), "'good': LABEL=VALUE"),
        (("fit", "--worth", "good=much"), "'much' is no number"),
        (("fit", "--worth", "good=2"), "2: a share from 0 to 1"),
        (("fit", "--worth", "=1"), "'=1': LABEL=VALUE"),
        (("fit", "--method", "magic"), "'magic' is not one of 'full', 'last', 'lora'"),
    ],
)
def test_wrong_use_is_said_and_exits_with_two(
    train: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    told = run(*arguments, "--train", train, "--out", tmp_path / "out")
    assert told.exit_code == 2 and said in told.stderr
    assert not (tmp_path / "out").exists()


def test_a_question_without_an_answer_and_both_ways_at_once_are_wrong_use(made: Made, train: Path) -> None:
    for arguments in (("--question", "Q?"), ("--question", "Q?", "--answer", "a", "--file", train), ()):
        told = run("grade", "--model", made.folder, *arguments)
        assert told.exit_code == 2 and "give --question, --reference and --answer, or --file" in told.stderr


def test_what_the_data_lack_is_said_and_exits_with_one(tmp_path: Path) -> None:
    one = {"question": "Why?", "answer": "so", "label": "correct"}
    out = tmp_path / "out"
    for rows, said in (
        ([one, one], "all 2 answers are 'correct': at least two labels are needed"),
        ([{**one, "label": None}], "a.jsonl:1: no grade"),
        ([one, {**one, "label": "wrong"}], "'no/such/encoder' is no folder"),
    ):
        file = write(tmp_path / "a.jsonl", rows)
        told = run("fit", "--train", file, "--out", out, "--base", "no/such/encoder")
        assert told.exit_code == 1 and said in told.stderr and told.stdout == ""
        assert not out.exists()


def test_a_folder_that_holds_no_grader_is_refused(tmp_path: Path, train: Path) -> None:
    for command in (("evaluate", "--test", train), ("grade", "--file", train)):
        told = run(command[0], "--model", tmp_path, *command[1:])
        assert told.exit_code == 1 and "holds no grader: it has no encoder.json" in told.stderr
