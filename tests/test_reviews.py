"""Answers that wait for a teacher, on real SQLite and PostgreSQL: which wait, in what order, and judged once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from courses import NOON
from hypothesis import given
from hypothesis import strategies as st

from data.database import open_database
from data.responses import ResponseLog
from data.reviews import (
    JudgedError,
    NoVerdictError,
    Reviews,
    TextErasedError,
    UnknownReviewError,
    Verdict,
    apart,
)
from data.rows import Mark
from knowledge_graph.types import ItemId
from student_model.replay import in_order
from student_model.types import LearnerId, Response, ResponseId

KEY = b"k" * 32
LENA, OMAR = LearnerId("lena"), LearnerId("omar")
KNOWN = frozenset(map(ItemId, "ij"))
BELOW = 0.7
RIGHT = Verdict(1.0, True, Mark("correct", "teacher:Ms Lee", "All of it is there."))


def says(label: str, score: float, teacher: str = "Ms Lee", reason: str | None = None) -> Verdict:
    return Verdict(score, label == "correct", Mark(label, f"teacher:{teacher}", reason))


@pytest.fixture
def log(database_url: str) -> ResponseLog:
    return ResponseLog(open_database(database_url), KEY)


@pytest.fixture
def reviews(log: ResponseLog) -> Reviews:
    return Reviews(log)


def written(number: str, sure: float | None, item: str = "i", who: LearnerId = LENA, **more: Any) -> Response:
    """An answer in words, graded with this confidence."""
    return Response(
        response_id=ResponseId(number),
        learner_id=who,
        item_id=ItemId(item),
        at=NOON,
        correct=False,
        score=0.25,
        score_confidence=sure,
        answer_text=more.pop("answer_text", f"text of {number}"),
        **more,
    )


def store(log: ResponseLog, *done: Response, days: float = 0.0) -> None:
    marks = {(one.learner_id, one.response_id): Mark("incorrect", "m-1") for one in done}
    log.append(done, NOON + timedelta(days=days), marks)


def queue(reviews: Reviews, limit: int = 20, **more: Any) -> list[str]:
    return [entry.response.response_id for entry in reviews.waiting(BELOW, KNOWN, limit, **more)[1]]


def id_of(reviews: Reviews, number: str) -> str:
    _, entries = reviews.waiting(BELOW, KNOWN, 100)
    return next(entry.review_id for entry in entries if entry.response.response_id == number)


def test_an_answer_waits_with_all_that_is_known_of_it(log: ResponseLog, reviews: Reviews) -> None:
    sent = written("a", 0.3, hints=1, elapsed_seconds=4.5)
    store(log, sent)
    count, (entry,) = reviews.waiting(BELOW, KNOWN, 20)
    assert (count, entry.mark, entry.written_at) == (1, Mark("incorrect", "m-1"), NOON)
    assert entry.response.learner_id == log.name_of(LENA)
    assert (entry.response.answer_text, entry.response.hints) == ("text of a", 1)
    assert reviews.find(entry.review_id) == entry
    assert "lena" not in entry.review_id


def test_only_doubtful_words_wait_that_are_kept_and_that_nothing_corrects(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("faded", 0.1), days=-9)
    log.erase_text(before=NOON - timedelta(days=1))
    store(log, written("waits", 0.69), written("sure", 0.7), written("exact", None))
    store(log, written("bare", 0.1, answer_text=None), written("elsewhere", 0.1, item="x"))
    store(log, written("fixed", 0.1), written("fix", 0.2, supersedes=ResponseId("fixed")))
    store(log, written("fixed", 0.5, who=OMAR))
    assert queue(reviews) == ["fix", "fixed", "waits"], "of Omar's nothing was corrected"
    assert reviews.waiting(BELOW, KNOWN, 1)[0] == 3
    assert Reviews(ResponseLog(log.engine, KEY, tenant="other")).waiting(BELOW, KNOWN, 20) == (0, [])


def test_the_least_certain_come_first_but_never_twice_in_a_row_of_one_item(log: ResponseLog, reviews: Reviews) -> None:
    for number, (name, sure, item) in enumerate(
        [("i1", 0.3, "i"), ("i2", 0.1, "i"), ("i3", 0.2, "i"), ("j1", 0.6, "j"), ("i4", 0.0, "i")]
    ):
        store(log, written(name, sure, item), days=number)
    assert queue(reviews) == ["i4", "j1", "i2", "i3", "i1"]
    assert queue(reviews, order="oldest") == ["i1", "i2", "i3", "j1", "i4"]
    assert queue(reviews, limit=2) == ["i4", "j1"]
    assert queue(reviews, limit=2, order="oldest") == ["i1", "i2"]


@given(st.lists(st.sampled_from("abc")), st.integers(0, 12))
def test_what_is_put_apart_keeps_the_order_of_each_and_repeats_only_at_the_end(names: list[str], limit: int) -> None:
    named = [(name, (name, turn)) for turn, name in enumerate(names)]
    taken = apart(named, limit)
    assert len(taken) == min(limit, len(names))
    left = [thing for _, thing in named]
    for place, thing in enumerate(taken):
        free = [one for one in left if place == 0 or one[0] != taken[place - 1][0]] or left
        assert thing == free[0], "the first that is not of the last one's name, if there is one"
        left.remove(thing)


def test_a_verdict_is_a_later_response_that_takes_the_answers_place(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("a", 0.3, hints=2))
    verdict, stored = reviews.judge(id_of(reviews, "a"), RIGHT, NOON + timedelta(days=3))
    assert (stored.status, stored.position, verdict.supersedes) == ("stored", 2, "a")
    first, second = log.of_learner(LENA)
    assert (first.score, second.score, second.score_confidence, second.correct) == (0.25, 1.0, 1.0, True)
    assert (second.answer_text, second.hints, second.at) == ("text of a", 2, NOON)
    (kept,) = in_order(log.of_learner(LENA))
    assert (kept.response_id, kept.score, kept.weight) == ("a", 1.0, 1.0)
    assert queue(reviews) == []


def test_a_verdict_is_given_once(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("a", 0.3))
    name = id_of(reviews, "a")
    reviews.judge(name, RIGHT, NOON)
    again = reviews.judge(name, RIGHT, NOON + timedelta(days=1))
    assert (again[1].status, again[1].position, log.position(LENA)[1]) == ("duplicate", 2, 2)
    for other in (says("correct", 0.9), says("correct", 1.0, "Mr Ray"), says("partial", 1.0)):
        with pytest.raises(JudgedError, match="by teacher:Ms Lee") as caught:
            reviews.judge(name, other, NOON)
        assert caught.value.by == "teacher:Ms Lee"
    assert log.position(LENA)[1] == 2


def test_a_verdict_that_names_another_replaces_it_and_the_last_one_counts(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("a", 0.3), written("b", 0.3))
    name, elsewhere = id_of(reviews, "a"), id_of(reviews, "b")
    first, _ = reviews.judge(name, RIGHT, NOON)
    second, stored = reviews.judge(name, says("incorrect", 0.0), NOON, first.response_id)
    assert (stored.status, second.supersedes) == ("stored", first.response_id)
    assert reviews.judge(name, says("incorrect", 0.0), NOON, first.response_id)[1].status == "duplicate"
    third, _ = reviews.judge(name, says("partial", 0.5, "Mr Ray"), NOON, second.response_id)
    (kept, _) = in_order(log.of_learner(LENA))
    assert (kept.response_id, kept.score, kept.correct, kept.label) == ("a", 0.5, False, "partial")
    (told,) = reviews.verdicts()
    assert (told.review_id, told.response.response_id) == (name, third.response_id)
    for said, replaces in [(RIGHT, None), (says("incorrect", 0.0), first.response_id), (RIGHT, second.response_id)]:
        with pytest.raises(JudgedError, match="by teacher:Mr Ray") as caught:  # first and second are no longer the last
            reviews.judge(name, said, NOON, replaces)
        assert caught.value.response_id == third.response_id
    other, _ = reviews.judge(elsewhere, RIGHT, NOON)
    for wrong in ("a", "nothing", other.response_id):
        with pytest.raises(NoVerdictError):
            reviews.judge(name, RIGHT, NOON, ResponseId(wrong))
    assert log.position(LENA)[1] == 6


def test_what_the_platform_corrected_after_a_verdict_is_not_changed(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("a", 0.3))
    name = id_of(reviews, "a")
    first, _ = reviews.judge(name, RIGHT, NOON)
    log.append([written("z", None, supersedes=first.response_id)], NOON)
    with pytest.raises(JudgedError, match="by the platform"):
        reviews.judge(name, says("partial", 0.5), NOON, first.response_id)
    log.erase_text(before=NOON + timedelta(days=1))
    with pytest.raises(JudgedError, match="by the platform"):
        reviews.judge(name, RIGHT, NOON)


def test_what_the_platform_corrected_meanwhile_is_not_judged(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("a", 0.3))
    name = id_of(reviews, "a")
    log.append([written("b", None, supersedes=ResponseId("a"))], NOON)
    with pytest.raises(JudgedError, match="by the platform") as caught:
        reviews.judge(name, RIGHT, NOON)
    assert caught.value.by is None


@pytest.mark.parametrize("name", ["", "1-1", "1-1-" + "0" * 24, "0-0-" + "f" * 24, "é", "f" * 16 + "-1-" + "0" * 24])
def test_ids_cannot_be_guessed(log: ResponseLog, reviews: Reviews, name: str) -> None:
    store(log, written("a", 0.3))
    with pytest.raises(UnknownReviewError):
        reviews.judge(name, RIGHT, NOON)
    theirs = id_of(reviews, "a")
    for other in (ResponseLog(log.engine, KEY, tenant="other"), ResponseLog(log.engine, b"j" * 32)):
        with pytest.raises(UnknownReviewError):
            Reviews(other).find(theirs)


def test_of_teachers_at_once_one_judges(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("a", 0.3))
    name = id_of(reviews, "a")

    def judge(number: int) -> str:
        try:
            return reviews.judge(name, says("partial", number / 8, str(number)), NOON)[1].status
        except JudgedError as error:
            return str(error.by)

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(judge, range(8)))
    assert said.count("stored") == 1
    assert {one for one in said if one != "stored"} == {f"teacher:{said.index('stored')}"}
    assert log.position(LENA)[1] == 2


def test_text_is_erased_with_its_copies_and_with_what_a_teacher_wrote(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("a", 0.3), written("b", 0.3))
    first, second = id_of(reviews, "a"), id_of(reviews, "b")
    reviews.judge(first, RIGHT, NOON + timedelta(days=100))
    assert log.erase_text(before=NOON + timedelta(days=50)) == 3, "both answers, and the copy in the verdict"
    assert [one.answer_text for one in log.of_learner(LENA)] == [None] * 3
    assert queue(reviews) == []
    with pytest.raises(TextErasedError):
        reviews.judge(second, RIGHT, NOON)
    assert log.erase_text(before=NOON + timedelta(days=150)) == 1, "what the teacher wrote is text too"
    assert log.erase_text(before=NOON + timedelta(days=150)) == 0
    assert reviews.judge(first, RIGHT, NOON)[1].status == "duplicate", "the verdict stands without its words"


def test_an_erased_learner_leaves_no_grade(
    log: ResponseLog, reviews: Reviews, database_url: str, tmp_path: Path
) -> None:
    store(log, written("a", 0.3, answer_text="quetzalcoatl"))
    name = id_of(reviews, "a")
    reviews.judge(name, says("correct", 1.0, reason="axolotl"), NOON)
    log.erase(LENA)
    with pytest.raises(UnknownReviewError):
        reviews.find(name)
    with log.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM grades").scalar() == 0
    if database_url.startswith("sqlite"):
        held = [file.read_bytes() for file in tmp_path.iterdir()]
        assert not any(word in one for one in held for word in (b"quetzalcoatl", b"axolotl"))


def test_verdicts_are_told_where_they_hold(log: ResponseLog, reviews: Reviews) -> None:
    store(log, written("a", 0.3), written("b", 0.3), written("c", 0.3), written("d", 0.3, who=OMAR))
    names = {number: id_of(reviews, number) for number in "abcd"}
    verdict, _ = reviews.judge(names["a"], says("partial", 0.5), NOON)
    reviews.judge(names["d"], RIGHT, NOON)
    overruled, _ = reviews.judge(names["b"], RIGHT, NOON)
    log.append([written("z", None, supersedes=overruled.response_id)], NOON)
    told = {entry.review_id: entry for entry in reviews.verdicts()}
    labels = {name: entry.mark.label for name, entry in told.items() if entry.mark}
    assert labels == {names["a"]: "partial", names["d"]: "correct"}
    assert told[names["a"]].response == verdict


def test_the_log_by_pseudonym_is_the_same_log(log: ResponseLog) -> None:
    store(log, written("a", 0.3))
    by_name, name = log.by_pseudonym(), log.name_of(LENA)
    assert by_name.position(name) == log.position(LENA)
    (appended,) = by_name.append([written("b", 0.3, who=name)], NOON)
    assert (appended.position, log.position(LENA)[1], log.learners()) == (2, 2, 1)
    assert by_name.position(LENA) == (0, 0)
