"""Published prerequisite graphs come in as they are, faults included, and in an order that can be taught."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.importers import ImportReport
from data.importers._graphs import syllabus, without_implied
from data.importers.junyi import curriculum as junyi
from data.importers.metacademy import curriculum as metacademy
from knowledge_graph.formats import folder
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.lint import lint
from knowledge_graph.types import ConceptId, Prerequisite

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "prerequisites"
HEADER = "name,live,prerequisites,h_position,v_position,topic,area,seconds_per_fast_problem,short_display_name\n"
NAMES = [ConceptId(name) for name in "abcdefg"]


def edge(source: str, target: str) -> Prerequisite:
    return Prerequisite(ConceptId(source), ConceptId(target))


def test_junyi_exercises_become_concepts_with_one_item(tmp_path: Path) -> None:
    file = tmp_path / "exercises.csv"
    times = 'times,True,"plus,plus,gone",1,2,multiplication-division,arithmetic,10,乘\n'
    file.write_text(HEADER + times + "plus,True,,1,2,,,5,\n" * 2, encoding="utf-8")
    report = ImportReport()
    course = junyi(file, report)
    assert [concept.concept_id for concept in course.concepts] == ["plus", "times"], "what is needed comes first"
    assert course.concepts[1].topic == "Arithmetic / Multiplication division"
    item = course.items[0]
    assert (item.item_id, item.kind, item.concept_ids) == ("plus", "text", ("plus",))
    assert [(one.source_id, one.target_id) for one in course.prerequisites] == [("plus", "times")]
    assert {kind: fault.places for kind, fault in report.faults.items()} == {
        "`name` is empty or there twice": ["exercises.csv:4"],
        "the prerequisite `gone` is no exercise": ["exercises.csv:2"],
        "a prerequisite is there twice in one row": ["exercises.csv:2"],
    }


def test_metacademy_keeps_reasons(tmp_path: Path) -> None:
    (tmp_path / "concepts.csv").write_text("concept_id,title,summary\nb,B,two\na,A,one\na,A,again\n")
    (tmp_path / "prerequisites.csv").write_text("prerequisite_id,concept_id,reason\na,b,because\na,b,\nz,b,\n")
    report = ImportReport()
    course = metacademy(tmp_path, report)
    assert [concept.concept_id for concept in course.concepts] == ["a", "b"]
    assert [one.reason for one in course.prerequisites] == ["because"]
    assert sum(fault.count for fault in report.faults.values()) == 3


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20))
def test_a_syllabus_puts_prerequisites_first(pairs: list[tuple[ConceptId, ConceptId]]) -> None:
    edges = [edge(*sorted(pair, reverse=True)) for pair in pairs if pair[0] != pair[1]]
    order = syllabus(NAMES, edges)
    assert sorted(order) == sorted(NAMES)
    assert all(order.index(one.source_id) < order.index(one.target_id) for one in edges)


def test_a_syllabus_leaves_circles_in() -> None:
    assert sorted(syllabus(NAMES[:3], [edge("a", "b"), edge("b", "a"), edge("c", "c")])) == ["a", "b", "c"]


def test_implied_edges_go_and_circles_are_refused() -> None:
    edges = [edge("a", "b"), edge("b", "c"), edge("a", "c")]
    assert without_implied(NAMES, edges) == tuple(edges[:2])
    with pytest.raises(ValueError, match="circle"):
        without_implied(NAMES, [*edges, edge("c", "a")])


@pytest.mark.skipif(not REAL.exists(), reason="the real graphs of shared/data are not here")
def test_the_three_circles_of_junyi_are_named(tmp_path: Path) -> None:
    folder.write(junyi(REAL / "junyi", ImportReport()), tmp_path)
    course = folder.read(tmp_path)
    errors = [finding for finding in lint(course, tmp_path) if finding.severity == "error"]
    assert [finding.code for finding in errors] == ["self-loop", "self-loop", "cycle"]
    said = " ".join(map(str, errors))
    for name in (
        "proportions_1",
        "number_sense_length_l1",
        "simplifying_radicals → adding_and_subtracting_radicals",
    ):
        assert name in said
    assert all(finding.place and finding.place.path.endswith("edges.csv") for finding in errors)


@pytest.mark.skipif(not REAL.exists(), reason="the real graphs of shared/data are not here")
def test_metacademy_is_a_sound_graph() -> None:
    course = metacademy(REAL / "metacademy", ImportReport())
    assert (len(course.concepts), len(course.prerequisites)) == (393, 967)
    KnowledgeGraph(course)


@pytest.mark.parametrize(
    ("edges", "order"),
    [
        ([], "abcdefg"),
        (["fa"], "fabcdeg"),  # what a needs stands right before it
        (["ga", "ea"], "geabcdf"),  # in the order in which the edges come
        (["gf", "fa", "eb"], "gfaebcd"),
        (["ab", "bc"], "abcdefg"),
        (["cb", "ba", "ca"], "cbadefg"),
    ],
)
def test_the_order_of_names_is_left_but_for_what_is_needed(edges: list[str], order: str) -> None:
    assert "".join(syllabus(NAMES, [edge(*pair) for pair in edges])) == order


def test_a_long_way_of_prerequisites_is_walked_without_end_of_stack() -> None:
    names = [ConceptId(f"c{n}") for n in range(5_000)]
    order = syllabus(names, [edge(b, a) for a, b in pairwise(names)])
    assert list(order) == names[::-1]


def test_of_implied_edges_the_others_keep_their_order_weights_and_reasons() -> None:
    kept = [Prerequisite(ConceptId("b"), ConceptId("c"), 0.4, "so"), Prerequisite(ConceptId("a"), ConceptId("b"), 0.3)]
    assert without_implied(NAMES, [kept[0], edge("a", "c"), kept[1]]) == tuple(kept)
    assert without_implied(NAMES, []) == ()


def test_an_exercise_without_a_name_of_its_own_is_called_by_its_id(tmp_path: Path) -> None:
    rows = "add_two,True,,1,2,,number-sense,5,\n,True,,1,2,,,5,\nsolo,True,solo,1,2,sets,,5,Solo\n"
    (tmp_path / "exercises.csv").write_text(HEADER + rows)
    report = ImportReport()
    course = junyi(tmp_path, report)
    assert [(one.title, one.description, one.topic) for one in course.concepts] == [
        ("Add two", "", "Number sense"),
        ("Solo", "Solo", "Sets"),
    ]
    assert [item.text for item in course.items] == [
        "Exercise “Add two” on Junyi Academy",
        "Exercise “Solo” on Junyi Academy",
    ]
    assert [(one.source_id, one.target_id) for one in course.prerequisites] == [("solo", "solo")], "circles are kept"
    assert (report.rows_read, report.rows_kept) == (3, 2)
