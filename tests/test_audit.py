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
