"""Refuses files whose figures would be too good to be true, and says what is wrong with them.

*Expanded by concept.* Some published logs repeat the response to an item of several concepts once for each. A
model then sees the answer before it is asked (on assistments2009 that lifts a GRU's AUC from .745 to .822).

*Overlapping learners.* A learner in both files has part of the test told by the training.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""So many repeated responses are needed to speak of a file that was expanded."""

SAME = 0.95
"""Share of repeats with one and the same outcome from which they are copies and not new attempts."""

EXPECTED, LEAST = 40.0, 0.02
"""Two concepts in a row with `EXPECTED` or more disagreements expected and less than the share `LEAST` of
them found are one response. The closest natural pairs of assistments2009 and DBE-KT22 have a share of .20."""

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a file: what, how much of it, a few examples, and what to do."""

    kind: str
    file: str
    what: str
    count: int
    share: float
    examples: tuple[str, ...]
    remedy: str

    def __str__(self) -> str:
        """One line for people."""
        shown = f" (e.g. {'; '.join(self.examples)})" if self.examples else ""
        return f"{self.file}: {self.kind}: {self.what}{shown}. {self.remedy}"


class LeakyData(ValueError):
    """Files that must not be used; `faults` has all that was found."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


def read_columns(path: Path) -> pd.DataFrame:
    """The columns of a log file that the audit looks at, in the file's order, without unjudged rows.

    `learner_id` and `correct` (a number), `item_id` and `concept_ids` where the file has them ("" for none).
    """
    import pandas as pd

    wanted = {"learner_id", "item_id", "concept_ids", "correct"}
    log = pd.read_csv(path, usecols=lambda name: name in wanted, dtype=str, keep_default_na=False)
    plain = log["correct"].str.strip().str.lower().replace({"true": "1", "false": "0"})
    log["correct"] = pd.to_numeric(plain, errors="coerce")
    return log.dropna(subset=["correct"])


def check(train: pd.DataFrame, test: pd.DataFrame | None = None, names: tuple[str, str] = ("train", "test")) -> None:
    """Look at the columns of one file or of both.

    Raises:
        LeakyData: they leak; the error lists every fault of both files.
    """
    found = [expanded(train, names[0])]
    if test is not None:
        found += [expanded(test, names[1]), overlapping(train, test, names)]
    faults = tuple(fault for fault in found if fault is not None)
    if faults:
        raise LeakyData(faults)


def overlapping(train: pd.DataFrame, test: pd.DataFrame, names: tuple[str, str]) -> Fault | None:
    """Learners who are in both files."""
    learners = set(test["learner_id"])
    both = sorted(learners & set(train["learner_id"]))
    if not both:
        return None
    return Fault(
        kind="overlapping learners",
        file=names[1],
        what=f"{len(both)} of {len(learners)} learners are in {names[0]} too",
        count=len(both),
        share=len(both) / len(learners),
        examples=tuple(f"learner {one}" for one in both[:EXAMPLES]),
        remedy="Split by learner: all responses of a learner belong to one file.",
    )


def expanded(log: pd.DataFrame, name: str) -> Fault | None:
    """Responses that are repeated for each of their item's concepts."""
    if "concept_ids" not in log or not len(log):
        return None
    named = log["item_id"] != "" if "item_id" in log else np.zeros(len(log), dtype=np.bool_)
    found = _copies(log[named]) if named.any() else (0, [])
    copies, examples = found if found[0] or named.all() else _twins(log[~named])
    if not copies:
        return None
    return Fault(
        kind="expanded by concept",
        file=name,
        what=f"{copies} rows ({copies / len(log):.0%}) repeat a response for another concept of its item",
        count=copies,
        share=copies / len(log),
        examples=tuple(examples[:EXAMPLES]),
        remedy="Write one row per response, its concepts joined by ';' in concept_ids.",
    )


def _copies(log: pd.DataFrame) -> tuple[int, list[str]]:
    """With item ids: a learner meets an item under several tags, and did exactly the same under each."""
    pair = ["learner_id", "item_id"]
    tags = log.groupby("item_id")["concept_ids"].nunique()
    suspects = log[log["item_id"].isin(tags.index[tags > 1])]
    runs = suspects.groupby([*pair, "concept_ids"])["correct"].agg(tuple).reset_index()
    met = runs.groupby(pair).agg(tags=("concept_ids", "nunique"), results=("correct", "nunique"))
    met = met[met["tags"] > 1]
    copied = met[met["results"] == 1]
    if len(copied) < FEWEST or len(copied) < SAME * len(met):
        return 0, []
    first = runs.drop_duplicates(pair).set_index(pair)["correct"].map(len)
    extra = int(((copied["tags"] - 1) * first.loc[copied.index]).sum())
    return extra, [f"learner {learner}, item {item}" for learner, item in copied.index[:EXAMPLES]]


def _twins(log: pd.DataFrame) -> tuple[int, list[str]]:
    """Without item ids: two concepts in a row whose outcomes never differ, though they often should."""
    import pandas as pd

    learner, concept = log["learner_id"].to_numpy(), log["concept_ids"].to_numpy()
    outcome = log["correct"].to_numpy(dtype=np.float64)
    share = log.groupby("concept_ids")["correct"].transform("mean").to_numpy(dtype=np.float64)
    expected = share[1:] * (1.0 - share[:-1]) + share[:-1] * (1.0 - share[1:])
    steps = pd.DataFrame(
        {"before": concept[:-1], "after": concept[1:], "expected": expected, "rows": 1.0,
         "differ": np.abs(np.diff(outcome))}
    )[(learner[1:] == learner[:-1]) & (concept[1:] != concept[:-1])]  # fmt: skip
    pairs = steps.groupby(["before", "after"])[["rows", "expected", "differ"]].sum()
    twins = pairs[(pairs["expected"] >= EXPECTED) & (pairs["differ"] <= LEAST * pairs["expected"])]
    worst = twins.sort_values("expected", ascending=False).head(EXAMPLES)
    return int(twins["rows"].sum()), [
        f"concepts {before}, {after}: of {rows:.0f} times {differ:.0f} differ, {expected:.0f} expected"
        for (before, after), (rows, expected, differ) in zip(worst.index, worst.to_numpy(), strict=True)
    ]
