"""Where a tracer comes from: any change of a log or of the code shows, and the card tells what was measured."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model import origin as module
from student_model.evaluation import Scores
from student_model.guard import Verdict
from student_model.log import Log
from student_model.origin import Data, Origin, card
from student_model.types import LearnerId

NAN = np.nan


def words(concepts: str = "ab", **items: str) -> Vocabulary:
    """Concepts of one letter each, and for each item the letters it practises."""
    tags = items or {"p": "a", "q": "ab", "r": ""}
    return Vocabulary.build(
        map(ConceptId, concepts), {ItemId(one): list(map(ConceptId, letters)) for one, letters in tags.items()}
    )


def log(vocabulary: Vocabulary | None = None, who: str = "xxy", **columns: list[float]) -> Log:
    given = {"outcome": [1.0, 0.0, 1.0], "seconds": [5.0, NAN, 7.0], **columns}
    item = np.array(given.pop("item", [0, 1, 0]), np.int32)
    arrays = {name: np.array(values) for name, values in given.items()}
    return Log.from_unordered(vocabulary or words(), list(map(LearnerId, who)), item, **arrays)


CHANGED: list[Callable[[], Log]] = [
    lambda: log(who="xxz"),
    lambda: log(who="xyy"),
    lambda: log(item=[0, 1, 1]),
    lambda: log(item=[1, 0, 0]),
    lambda: log(outcome=[1.0, 0.5, 1.0]),
    lambda: log(outcome=[0.0, 1.0, 1.0]),
    lambda: log(seconds=[5.0, 6.0, 7.0]),
    lambda: log(weight=[1.0, 1.0, 0.9]),
    lambda: log(elapsed=[NAN, NAN, 3.0]),
    lambda: log(words(p="a", q="ab", r="b")),  # an item has a concept more
    lambda: log(words(p="a", q="ba", r="")),  # the same concepts in another order
    lambda: log(words(p="a", q="a", r="b")),  # the same row of concepts, cut elsewhere
    lambda: log(words("ba")),
    lambda: log(words("abc")),
    lambda: log(words(p="a", q="ab", s="")),
    lambda: log(words(p="a", q="ab", r="", s="")),
]


def test_any_change_of_a_log_changes_its_fingerprint() -> None:
    found = [Data.of(log()).sha256, *(Data.of(made()).sha256 for made in CHANGED)]
    assert len(set(found)) == len(found)
    assert Data.of(log()) == Data.of(
        log(weight=[1.0] * 3, elapsed=[NAN] * 3)
    )  # what is not there is what it stands for


def test_where_items_end_and_concepts_begin_is_part_of_the_fingerprint() -> None:
    """Items p and q of concept a, or item p alone of concepts that are called q and a: no row tells them apart."""
    nobody = np.zeros(0, np.int32)
    first = Log(words("a", p="", q=""), (), nobody, nobody, np.zeros(0), np.zeros(0))
    other = Vocabulary.build([ConceptId("q"), ConceptId("a")], {ItemId("p"): []})
    sizes = [Data.of(first).sha256, Data.of(replace(first, vocabulary=other)).sha256]
    assert len(set(sizes)) == 2


def test_data_tells_the_sizes_of_the_log_and_its_course() -> None:
    told = Data.of(log(words("abcd", p="a", q="ab", r="")), "v7")
    assert (told.responses, told.learners, told.concepts, told.items, told.course) == (3, 2, 4, 3, "v7")


def copied(folder: Path) -> ModuleType:
    """The module as it would be in another folder: it speaks of the sources that lie there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "origin.py").write_bytes(Path(module.__file__).read_bytes())
    spec = importlib.util.spec_from_file_location("student_model.origin", folder / "origin.py")
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("change", ["edit", "rename", "add", "delete"])
def test_the_version_of_the_code_changes_with_any_source_file(change: str, tmp_path: Path) -> None:
    own, twin = copied(tmp_path / "one"), copied(tmp_path / "two" / "deep")
    for folder in (tmp_path / "one", tmp_path / "two" / "deep"):
        (folder / "tracing").mkdir()
        (folder / "tracing" / "bkt.py").write_text("x = 1\n", "utf-8")
    before, file = own.code_version(), tmp_path / "one" / "tracing" / "bkt.py"
    assert before == twin.code_version()  # wherever it is installed
    (tmp_path / "one" / "notes.txt").write_text("no source", "utf-8")
    assert own.code_version() == before
    changes: dict[str, Callable[[], object]] = {
        "edit": lambda: file.write_text("x = 2\n", "utf-8"),
        "rename": lambda: file.rename(file.with_name("elo.py")),
        "add": lambda: file.with_name("elo.py").write_text("", "utf-8"),
        "delete": file.unlink,
    }
    changes[change]()
    number, _, digits = own.code_version().partition("+")
    assert own.code_version() != before and number == before.partition("+")[0]
    assert len(digits) == 12 and set(digits) <= set("0123456789abcdef")


FILES = {"arrays.npz": {"bytes": 12_345, "sha256": "abc"}}
VERDICT = Verdict(
    1_200, 9, {"irt": Scores(9, 0.71, 0.62, 0.23, 0.04), "elo": Scores(9, None, 0.5, 0.25, 0.0)}, ("irt loses",)
)
ORIGIN = Origin(Data("f00d", 45_678, 2_345, 34, 567), "2026-01-01", 61.6, 8, "1+2", VERDICT)


def told_of(origin: Origin | None) -> list[str]:
    return card("irt", "0123", origin, FILES).splitlines()


def test_a_card_has_a_row_for_each_model_with_the_figures_in_the_order_of_its_head() -> None:
    told = told_of(ORIGIN)
    assert told[0] == "# irt 0123"
    assert "| arrays.npz | 12,345 | `abc` |" in told
    head = told.index("| model | AUC | log loss | Brier | ECE |")
    assert told[head + 2 : head + 4] == [
        "| **irt** | 0.7100 | 0.6200 | 0.2300 | 0.0400 |",
        "| elo | - | 0.5000 | 0.2500 | 0.0000 |",
    ]
    assert "On 1,200 learners of the log, fitted to the others:" in told
    assert "45,678 responses of 2,345 learners to 567 items of 34 concepts; fingerprint `f00d`." in told
    assert "Begun 2026-01-01, done in 62 s with its trial, seed 8, Wayline 1+2." in told
    assert "## Limits" in told and told[-1] != ""


CUT = "Ctrl-C ended its training early; this is the best it had come to."
FORCED = "Registered all the same, by force."
ALL, MOST = "It was fitted to all of these.", "It was fitted to nine in ten of these learners."
FEW = "Not measured: the log has too few learners to hold some back."


@pytest.mark.parametrize(("change", "there"), [
    ({}, {ALL, "irt loses"}),
    ({"forced": True}, {ALL, FORCED, "irt loses"}),
    ({"as_judged": True}, {MOST, "irt loses"}),
    ({"interrupted": True, "as_judged": True}, {MOST, CUT, "irt loses"}),
    ({"verdict": replace(VERDICT, losses=())}, {ALL}),
    ({"verdict": None}, {ALL, FEW}),
    ({"verdict": None, "interrupted": True}, {ALL, FEW, CUT}),
])  # fmt: skip
def test_a_card_says_what_holds_and_nothing_else(change: dict[str, object], there: set[str]) -> None:
    told = set(told_of(replace(ORIGIN, **change)))  # type: ignore[arg-type]
    assert told & {CUT, FORCED, ALL, MOST, FEW, "irt loses"} == there


def test_without_an_origin_a_card_lists_files_and_says_that_nothing_is_known() -> None:
    told = told_of(None)
    assert "Nothing was written down about where it comes from." in told and "| arrays.npz | 12,345 | `abc` |" in told
    assert not {"## Data", "## Measured"} & set(told)
