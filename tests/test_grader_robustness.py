"""Edits keep what an answer means, attacks are what they say they are, and the benchmarks of graders run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import grader_attacks
import numpy as np
import pytest
from grader_attacks import ATTACKS, keywords
from grader_edits import EDITS
from grader_robustness import attacked, attacks, chosen, edited, edits, truly_right

from student_model.encoder import disguise
from student_model.encoder.answers import GradedAnswer
from student_model.encoder.grader import open_grader

ROOT = Path(__file__).resolve().parent.parent
GRADED = ROOT / "data/graded/earth.jsonl"
TEXTS = (
    "The salt does not evaporate at 3.5 degrees, it stays and 1,000 grams aren't gone.",
    "The lamp is never on and the bulb is without current, because there is no path.",
    "It can't go -5 m up because nothing pushes the whole ball, although everybody needs 2 of them.",
    "neither bulb lights, they do not get 12 V due to the gap",
    "Nobody gave 7/8 of the cake; it was not there.",
    "no", "", "42", "NOT A", "👍",
)  # fmt: skip
ANSWER = GradedAnswer(
    question="Why does ice float on water?",
    reference_answers=("Frozen water expands, therefore its density becomes smaller than that of liquid water.",),
    answer="because ice is cold",
    label="incorrect",
)
SHORT = GradedAnswer("What stops current?", ("An insulator.",), "wood stops it", "incorrect")
_DENIAL = re.compile(
    r"\b(?:no|not|never|none|nothing|neither|nor|nobody|without|cannot|\w+n['’]t|(?:do|is|are|ca|was)nt)\b",
    re.IGNORECASE,
)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("text", TEXTS)
def test_an_edit_keeps_numbers_and_denials(name: str, text: str) -> None:
    for seed in range(20):
        after = EDITS[name](text, rng(seed))
        assert sorted(re.findall(r"-?\d[\d.,/]*\d|\d", after)) == sorted(re.findall(r"-?\d[\d.,/]*\d|\d", text))
        assert len(_DENIAL.findall(after)) == len(_DENIAL.findall(text)), after
        assert after == EDITS[name](text, rng(seed))


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("misspelling", "cat sat", {"cat sat"}),
        ("case", "Ice melts", {"ice melts", "ICE MELTS", "Ice Melts", "iCE MELTS"}),
        ("punctuation", "Yes, it is.", {"Yes it is", "Yes , it is .", "Yes ,  it is .", "Yes, it is", "Yes, it is...",
                                        "Yes, it is!!", "Yes, it is .", "Yes, it is."}),
        ("contractions", "they don't", {"they dont", "they do not"}),
        ("synonyms", "the whole thing", {"the entire thing", "the whole thing"}),
        ("order of clauses", "The sun is hot and the moon is cold.", {"The moon is cold and the sun is hot."}),
        ("order of clauses", "The sun is up and then the moon is up", {"The sun is up and then the moon is up"}),
        ("order of clauses", "salt and water", {"salt and water"}),
    ],
)  # fmt: skip
def test_an_edit_does_what_it_says(name: str, text: str, allowed: set[str]) -> None:
    made = {EDITS[name](text, rng(seed)) for seed in range(40)}
    assert made <= allowed
    assert len(allowed) == 1 or made - {text}


def test_a_misspelling_changes_few_letters_and_keeps_the_first() -> None:
    for seed in range(40):
        after = EDITS["misspelling"]("it evaporates", rng(seed))
        assert after.startswith("it e") and after != "it evaporates" and abs(len(after) - 13) <= 2


def test_fillers_stand_around_the_answer_and_typography_changes_only_signs() -> None:
    for seed in range(20):
        assert "it sinks" in EDITS["fillers"]("it sinks.", rng(seed))
        after = EDITS["typography"]("it doesn't sink at all", rng(seed))
        assert after.replace("’", "'").split() == ["it", "doesn't", "sink", "at", "all"]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_the_same_for_the_same_seed(name: str) -> None:
    made = [ATTACKS[name](ANSWER, rng(seed)) for seed in range(10)]
    assert made == [ATTACKS[name](ANSWER, rng(seed)) for seed in range(10)]
    assert all(text and text != ANSWER.answer for text in made)


WITHOUT_IT = {"nonsense alone", "question alone", "question solemn", "question's words", "keywords heaped"}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_holds_the_answer_or_none_of_it(name: str) -> None:
    for seed in range(10):
        assert (ANSWER.answer in str(ATTACKS[name](ANSWER, rng(seed)))) == (name not in WITHOUT_IT)


def test_attacks_contain_what_they_say() -> None:
    made = {name: str(attack(ANSWER, rng(0))) for name, attack in ATTACKS.items()}
    assert made["question before"] == f"{ANSWER.question} {ANSWER.answer}"
    assert made["question after"] == f"{ANSWER.answer} {ANSWER.question}"
    assert made["question alone"] == "Why does ice float on water."
    assert made["question's words"] == "water on float ice does Why"
    assert json.loads(made["JSON"])["student_answer"] == ANSWER.answer
    assert made["repeated"].count(ANSWER.answer) == 6
    assert len(made["very long"].split()) > 600
    assert sum(text in made["padding"] for text in grader_attacks.NONSENSE) == 3
    for name, texts in (("orders", "PLAIN"), ("pleas", "POLITE"), ("markup", "MARKUP"), ("other languages", "FOREIGN")):
        assert any(text in made[name] for text in getattr(grader_attacks, texts))


def test_keywords_are_half_of_the_reference_and_never_the_answer() -> None:
    telling = {"frozen", "water", "expands", "therefore", "density", "becomes", "smaller", "than", "that", "liquid"}
    for seed in range(10):
        found = keywords(ANSWER, rng(seed))
        assert len(found) == 5 and set(found) <= telling and found == sorted(found)
    assert ATTACKS["keywords stuffed"](SHORT, rng(0)) is None and ATTACKS["keywords heaped"](SHORT, rng(0)) is None


def test_no_phrase_is_one_that_graders_train_on() -> None:
    """Else the benchmark would measure memory: no four words in a row are shared."""

    def runs(texts: tuple[str, ...]) -> set[tuple[str, ...]]:
        words = [re.findall(r"\w+", text.lower()) for text in texts]
        return {tuple(one[n : n + 4]) for one in words for n in range(max(1, len(one) - 3))}

    learned = runs((*disguise.COMMANDS, *disguise.PADDING))
    names = ("NONSENSE", "PLAIN", "POLITE", "MARKUP", "FOREIGN", "AUTHORITY", "APPROVAL", "HEDGES")
    for name in names:
        assert not runs(getattr(grader_attacks, name)) & learned, name


def test_what_is_truly_right_is_the_best_of_the_labels_or_scores() -> None:
    labelled = [GradedAnswer("q", (), "a", label) for label in ("partial", "correct", "incorrect")]
    assert truly_right(labelled).tolist() == [False, True, False]
    scored = [GradedAnswer("q", (), "a", score=score) for score in (1.0, 0.5, 0.0)]
    assert truly_right(scored).tolist() == [True, False, False]


def test_the_dice_of_one_answer_do_not_depend_on_the_others() -> None:
    answers = [ANSWER, SHORT, ANSWER]
    assert edited(answers, "misspelling", 1)[:2] == edited(answers[:2], "misspelling", 1)
    assert attacked(answers, "orders", 1)[:2] == attacked(answers[:2], "orders", 1)
    assert chosen(answers, 2, 0) == chosen(answers, 2, 0) and len(chosen(answers, 2, 0)) == 2


def test_shares_are_of_what_was_made(tiny_grader: Path) -> None:
    grader, answers = open_grader(tiny_grader), [ANSWER, SHORT, GradedAnswer("", (), "", "incorrect")]
    found = edits(grader, answers, 0)
    assert found["misspelling"]["made"] == 2 and found["order of clauses"] == {"made": 0, "flips": 0.0, "moved": 0.0}
    assert found["all"]["made"] == sum(row["made"] for name, row in found.items() if name != "all")
    tried = attacks(grader, answers, 0)
    assert set(tried) == {*ATTACKS, "all"} and all(0.0 <= row["gains"] <= 1.0 for row in tried.values())


def ran(name: str, *arguments: str) -> dict[str, Any]:
    """What a benchmark says in its last line."""
    command = [sys.executable, str(ROOT / "benchmarks" / name), *arguments]
    paths = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, env=paths, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_robustness_runs(tiny_grader: Path) -> None:
    found = ran("grader_robustness.py", "--model", str(tiny_grader), "--test", str(GRADED), "--limit", "4")
    assert set(found["edits"]) == {*EDITS, "all"} and found["flips"] == found["edits"]["all"]["flips"]


def test_serving_runs_and_loads_neither_torch_nor_transformers(tiny_grader: Path) -> None:
    found = ran("grader_serving.py", "--model", str(tiny_grader), "--grades", "3", "--starts", "1", "--json")
    assert found["heavy"] == [] and found["p50_ms"] > 0 and 0 < found["import_mb"] < found["memory_mb"]


def test_quantisation_runs(tiny_grader: Path) -> None:
    arguments = ("--only", "32 bits;as it serves", "--texts", "8", "--repeats", "2")
    found = ran("grader_quantisation.py", "--model", str(tiny_grader), *arguments)["ways"]
    assert found["32 bits"]["cosine"] == pytest.approx(1.0, abs=1e-5)
    assert 0.97 < found["as it serves"]["cosine"] < 1.0
    assert found["as it serves"]["size_mb"] < 0.3 * found["32 bits"]["size_mb"]
