"""Leaky files are refused by name, clean ones are not, with and without item ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from student_model.audit import LeakyData, check, expanded, overlapping, read_columns

DATA = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing"
TAGS = ["a", "b", "a;b", "c;d", "d", "a;c;d"]


def clean(learners: int = 200, length: int = 60, seed: int = 0, first: int = 0) -> pd.DataFrame:
    """A log of items with one to three concepts; abilities differ, and items are often repeated."""
    rng = np.random.default_rng(seed)
    rows = []
    for learner in range(first, first + learners):
        ability, item = rng.normal(), 0
        for _ in range(length):
            item = item if rng.random() < 0.3 else int(rng.integers(60))
            right = rng.random() < 1.0 / (1.0 + np.exp(-ability - 0.5))
            rows.append((f"l{learner}", f"i{item}", TAGS[item % len(TAGS)], float(right)))
    return pd.DataFrame(rows, columns=["learner_id", "item_id", "concept_ids", "correct"])


def exploded(log: pd.DataFrame) -> pd.DataFrame:
    """The same log as it must not be: a row for each concept of each response."""
    split = log.assign(concept_ids=log["concept_ids"].str.split(";"))
    return split.explode("concept_ids").reset_index(drop=True)


def without_items(log: pd.DataFrame) -> pd.DataFrame:
    return log.drop(columns="item_id")


@pytest.mark.parametrize("seed", range(5))
def test_clean_logs_pass(seed: int) -> None:
    log = clean(seed=seed)
    assert expanded(log, "log") is None
    assert expanded(without_items(log), "log") is None
    single = log[~log["concept_ids"].str.contains(";")]
    assert expanded(without_items(single), "log") is None


@pytest.mark.parametrize("seed", range(3))
def test_expanded_logs_are_found(seed: int) -> None:
    log = clean(seed=seed)
    copies = len(exploded(log)) - len(log)
    with_ids = expanded(exploded(log), "log")
    assert with_ids is not None and with_ids.count == copies
    assert with_ids.share == pytest.approx(copies / len(exploded(log)))
    assert expanded(without_items(exploded(log)), "log") is not None


def test_a_few_expanded_responses_are_enough_with_item_ids() -> None:
    log = clean(learners=1, length=30)
    fault = expanded(exploded(log), "log")
    assert fault is not None
    assert "learner l0, item i" in fault.examples[0]


def test_rows_grouped_by_concept_are_found_too() -> None:
    log = exploded(clean(learners=20)).sort_values(["learner_id", "concept_ids"], kind="stable")
    assert expanded(log, "log") is not None


def test_rows_without_an_item_among_rows_with_one_are_looked_at_alone() -> None:
    log = clean()
    log.loc[log["learner_id"] < "l2", "item_id"] = ""
    assert expanded(log, "log") is None
    assert expanded(exploded(log).assign(item_id=""), "log") is not None


def test_repeats_and_changed_tags_are_no_leak() -> None:
    again = pd.DataFrame({
        "learner_id": ["l"] * 8, "item_id": ["i"] * 8, "concept_ids": ["a"] * 8, "correct": [1.0] * 8
    })  # fmt: skip
    assert expanded(again, "log") is None
    log = clean()  # items are tagged anew halfway; who meets one before and after does not do the same again
    later = np.arange(len(log)) % 60 >= 30
    log["concept_ids"] = np.where(later, log["concept_ids"] + "2", log["concept_ids"])
    assert expanded(log, "log") is None


def test_logs_without_concepts_or_rows_pass() -> None:
    assert expanded(clean().drop(columns="concept_ids"), "log") is None
    assert expanded(clean().head(0), "log") is None
    assert expanded(without_items(clean().head(1)), "log") is None


def test_overlapping_learners_are_counted_and_named() -> None:
    train, test = clean(10), clean(8, first=6)
    fault = overlapping(train, test, ("train", "test"))
    assert fault is not None
    assert (fault.count, fault.share) == (4, 0.5)
    assert fault.examples == ("learner l6", "learner l7", "learner l8", "learner l9")
    assert overlapping(train, clean(5, first=20), ("train", "test")) is None


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(LeakyData) as caught:
        check(exploded(clean(10)), exploded(clean(8, first=6)), names=("one.csv", "two.csv"))
    assert [(fault.file, fault.kind) for fault in caught.value.faults] == [
        ("one.csv", "expanded by concept"),
        ("two.csv", "expanded by concept"),
        ("two.csv", "overlapping learners"),
    ]
    text = str(caught.value)
    assert "joined by ';'" in text and "Split by learner" in text and len(text.splitlines()) == 3
    check(clean(10), clean(8, first=20))


def test_columns_are_read_as_text_and_unjudged_rows_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("learner_id,more,item_id,concept_ids,correct\n007,x,,1;2,true\n007,x,NA,1,\n007,x,3,1,0.5\n")
    log = read_columns(path)
    assert log["learner_id"].tolist() == ["007", "007"]
    assert log["item_id"].tolist() == ["", "3"]
    assert log["correct"].tolist() == [1.0, 0.5]
    assert "more" not in log


Rows = list[tuple[str, str, str, float]]


def frame(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["learner_id", "item_id", "concept_ids", "correct"])


def repeated(copies: int, new_attempts: int, tags: str = "ab") -> pd.DataFrame:
    """Learners who met one item under each tag: so many with the same outcome each time, others with another."""
    rows: Rows = [(f"l{n}", "i", tag, float(n % 2)) for n in range(copies) for tag in tags]
    rows += [(f"m{n}", "i", tag, float(tag == "a")) for n in range(new_attempts) for tag in tags]
    return frame(rows)


@pytest.mark.parametrize(("copies", "attempts", "leaks"), [
    (2, 0, False), (3, 0, True),  # from three on
    (19, 1, True), (18, 1, False), (95, 5, True), (94, 6, False),  # .95 of those who met it twice
])  # fmt: skip
def test_copies_are_copies_from_three_and_from_nineteen_in_twenty_on(copies: int, attempts: int, leaks: bool) -> None:
    fault = expanded(repeated(copies, attempts), "log")
    assert (fault is not None) == leaks
    if fault is not None:
        assert fault.count == copies and fault.share == pytest.approx(copies / (2 * (copies + attempts)))


def test_each_further_concept_and_each_further_attempt_is_a_copy_of_its_own() -> None:
    """Four learners, three tags, two attempts each: of 24 rows 4 * (3 - 1) * 2 = 16 are too many."""
    once = repeated(4, 0, tags="abc")
    twice = pd.concat([once, once.assign(correct=1.0 - once["correct"])])
    fault = expanded(twice, "log.csv")
    assert fault is not None and fault.count == 16 and fault.share == pytest.approx(2 / 3)
    assert str(fault) == (
        "log.csv: expanded by concept: 16 rows (67%) repeat a response for another concept of its item (e.g. learner "
        "l0, item i; learner l1, item i; learner l2, item i; learner l3, item i). Write one row per response, its "
        "concepts joined by ';' in concept_ids."
    )


def in_turns(pairs: int, differ: int) -> pd.DataFrame:
    """Concepts a and b in turns, half of each right; b says what a said but for the first `differ` times."""
    rows: Rows = []
    for n in range(pairs):
        right = float(n % 2)
        rows += [("l", "", "a", right), ("l", "", "b", 1.0 - right if n < differ else right)]
    return frame(rows)


@pytest.mark.parametrize(("pairs", "differ", "leaks"), [
    # Half of the pairs are expected to differ, .5 * .5 + .5 * .5: forty from eighty pairs on, and one in fifty may.
    (80, 0, True), (78, 0, False), (100, 0, True), (100, 1, True), (100, 2, False),
])  # fmt: skip
def test_twins_hardly_ever_differ_where_forty_should_worked_out_by_hand(pairs: int, differ: int, leaks: bool) -> None:
    fault = expanded(in_turns(pairs, differ), "log")
    assert (fault is not None) == leaks
    if fault is not None:
        assert fault.count == pairs and fault.examples == (
            f"concepts a, b: of {pairs} times {differ} differ, {pairs // 2} expected",
        )


def test_neighbours_of_two_learners_or_of_one_concept_are_no_twins() -> None:
    """Each learner has one row: a and b stand in turns but never belong to the same learner."""
    alone = in_turns(200, 0).assign(learner_id=[f"l{n}" for n in range(400)])
    assert expanded(alone, "log") is None
    same: Rows = [("l", "", "a", float(n // 100 % 2)) for n in range(400)]  # long runs of one concept
    assert expanded(frame(same), "log") is None


def test_twins_without_items_are_found_among_sound_rows_with_items() -> None:
    fault = expanded(pd.concat([clean(20), in_turns(100, 0)], ignore_index=True), "log")
    assert fault is not None and fault.count == 100 and fault.share == pytest.approx(100 / (20 * 60 + 200))


def test_the_worst_pairs_are_named_first_and_five_at_most() -> None:
    """Seven pairs of twins of growing numbers, each with its own learners; all of their rows are counted."""
    logs = []
    for n in range(7):
        log = in_turns(100 + 20 * n, 0)
        logs.append(log.assign(learner_id=f"l{n}", concept_ids=log["concept_ids"] + str(n)))
    fault = expanded(pd.concat(logs, ignore_index=True), "log")
    assert fault is not None and fault.count == sum(100 + 20 * n for n in range(7))
    assert [one.partition(":")[0] for one in fault.examples] == [f"concepts a{n}, b{n}" for n in (6, 5, 4, 3, 2)]


def test_outcomes_may_be_written_in_several_ways(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    written = [" TRUE ", "False", "1", "0.0", "0.25", "yes", "true", ""]
    path.write_text("correct,learner_id\n" + "".join(f"{one},l\n" for one in written), "utf-8")
    log = read_columns(path)
    assert log["correct"].tolist() == [1.0, 0.0, 1.0, 0.0, 0.25, 1.0] and list(log.columns) == ["correct", "learner_id"]


def assistments(part: str) -> pd.DataFrame:
    path = DATA / "assistments2009" / f"{part}.csv.gz"
    if not path.exists():
        pytest.skip("assistments2009 is not here")
    return read_columns(path)


def dbe() -> pd.DataFrame:
    folder = DATA / "dbe_kt22"
    if not folder.exists():
        pytest.skip("dbe_kt22 is not here")
    log = pd.read_csv(folder / "responses_train.csv.gz", dtype={"learner_id": str, "item_id": str})
    pairs = pd.read_csv(folder / "question_concepts.csv", dtype=str)
    tags = pairs.groupby("question_id")["knowledgecomponent_id"].agg(";".join)
    return log.assign(concept_ids=log["item_id"].map(tags)).dropna(subset=["item_id", "concept_ids"])


@pytest.mark.parametrize("source", ["train", "test", "dbe"])
def test_real_logs_pass_and_their_expanded_versions_do_not(source: str) -> None:
    log = dbe() if source == "dbe" else assistments(source)
    assert expanded(log, source) is None
    assert expanded(without_items(log), source) is None
    first = log.assign(concept_ids=log["concept_ids"].str.split(";").str[0])
    assert expanded(without_items(first), source) is None
    copies = len(exploded(log)) - len(log)
    found = expanded(exploded(log), source)
    assert found is not None and found.count == pytest.approx(copies, rel=0.01)
    twins = expanded(without_items(exploded(log)), source)
    assert twins is not None and twins.count > 0.8 * copies
