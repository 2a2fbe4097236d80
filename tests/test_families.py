"""Questions about the same are held back together, so that a grader is judged on what is new to it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from grader_families import judged
from hypothesis import given, settings
from hypothesis import strategies as st

from student_model.encoder.answers import GradedAnswer, folds
from student_model.encoder.families import FEWEST, OVER, families, held_back

WORDS = ("lamp", "path", "switch", "gap", "battery", "salt", "pan", "water", "heat", "rock")


def ask(question: str, *references: str, passage: str = "", many: int = 1) -> list[GradedAnswer]:
    return [GradedAnswer(question, references, f"answer {n}", passage=passage) for n in range(many)]


def test_half_of_the_telling_words_in_common_make_a_family_and_less_do_not() -> None:
    """Of {lamp, path, gap} and {lamp, path, salt} two of four are in both; of {lamp, path, gap} and {lamp, pan, salt}
    one of five.
    """
    found = families([*ask("1", "lamp path gap"), *ask("2", "lamp path salt"), *ask("3", "heat pan rock")])
    assert found == {"1": "1", "2": "1", "3": "3"}
    assert len(set(families([*ask("1", "lamp path gap"), *ask("2", "lamp pan salt")]).values())) == 2


def test_families_reach_over_others_and_all_references_of_a_question_count() -> None:
    chain = [*ask("1", "lamp path gap"), *ask("2", "lamp path salt"), *ask("3", "lamp pan salt")]
    assert set(families(chain).values()) == {"1"}
    assert families([*ask("1", "The lamp.", "A path."), *ask("2", "lamp and path")]) == {"1": "1", "2": "1"}


def test_without_references_questions_and_passages_are_compared_and_without_words_nothing_is() -> None:
    text = "Salt stays in the pan while the water goes away with the heat."
    about = [*ask("Why does salt stay?", passage=text), *ask("Where is the water?", passage=text)]
    assert len(set(families(about).values())) == 1
    assert len(set(families([*ask("", ""), *ask("?", "!")]).values())) == 2
    assert families([]) == {}


@settings(deadline=None)
@given(st.lists(st.sets(st.sampled_from(WORDS), max_size=4), max_size=12))
def test_families_part_all_questions_and_do_not_depend_on_their_order(told: list[set[str]]) -> None:
    answers = [one for n, own in enumerate(told) for one in ask(f"question {n}", " ".join(sorted(own)))]
    found = families(answers)
    assert set(found) == {one.group for one in answers} and set(found.values()) <= set(found)
    assert all(found[head] == head for head in found.values())
    assert families(answers[::-1]) == found


@settings(deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=20), st.floats(0.05, 0.5), st.integers(0, 4))
def test_about_the_share_is_held_back_and_no_question_is_on_both_sides(
    sizes: list[int], share: float, seed: int
) -> None:
    answers = [one for n, size in enumerate(sizes) for one in ask(f"q{n}", f"word{n} only{n}", many=size)]
    split = held_back(answers, share, seed)
    assert Counter(map(str, (*split.train, *split.held))) == Counter(map(str, answers)) and not split.known
    assert not {one.group for one in split.train} & {one.group for one in split.held}
    assert split == held_back(answers, share, seed)
    if len(sizes) < FEWEST:
        assert not split.held
    else:
        assert 0 < len(split.held) <= max(OVER * share * len(answers), min(sizes))


def test_a_family_is_never_parted_and_a_large_one_is_learned_from() -> None:
    series = [one for n in range(6) for one in ask(f"lamp {n}", "The lamp is in a path without a gap", many=10)]
    others = [one for n in range(9) for one in ask(f"other {n}", f"it is odd{n} even{n}", many=5)]
    for seed in range(8):
        split = held_back([*series, *others], 0.2, seed)
        assert {one.group for one in series} <= {one.group for one in split.train}
        assert 20 <= len(split.held) <= 25
    assert len({str(held_back([*series, *others], 0.2, seed).held) for seed in range(8)}) > 1


def test_where_all_questions_are_about_the_same_they_count_by_themselves() -> None:
    series = [one for n in range(6) for one in ask(f"lamp {n}", "The lamp is in a path", many=10)]
    assert len({one.group for one in held_back(series, 0.2, 0).held}) == 1


@pytest.mark.parametrize("share", [0.0, -1.0])
def test_nothing_is_held_back_where_nothing_is_asked_for(share: float) -> None:
    answers = [one for n in range(9) for one in ask(f"q{n}", f"word{n}")]
    assert held_back(answers, share, 0).train == answers


def test_folds_hold_families_back_together() -> None:
    answers = [one for n in range(12) for one in ask(f"q{n}", f"lamp path word{n // 3}", many=2)]
    together = {one.group: f"family {int(one.group[1:]) // 3}" for one in answers}
    for part in folds(answers, 4, 0, together):
        assert len({together[one.group] for one in part.held}) == 1 and len(part.held) == 6


def test_siblings_on_the_other_side_flatter_and_families_do_not() -> None:
    """In each series another word tells what is right, and odd and even series contradict each other."""
    answers, features = list[GradedAnswer](), list[list[float]]()
    for n in range(64):
        series, right = n // 4 % 4, bool(n % 2)
        for k in range(4):
            texts = (f"part {k} of {series}?", (f"{WORDS[2 * series]} {WORDS[2 * series + 1]}",), f"{n}")
            answers.append(GradedAnswer(*texts, "correct" if right else "incorrect"))
            features.append([float(series), float(right) if series % 2 else float(not right)])
    found, alone = families(answers), {one.group: one.group for one in answers}
    assert len(set(alone.values())) == 16
    told = [judged(answers, np.array(features, dtype=np.float32), own, 4, 0) for own in (alone, found)]
    assert len(set(found.values())) == 4 and told[0]["accuracy"] > 0.95 and told[1]["accuracy"] < 0.7
