"""Items and courses without responses through the real service: what placed each, the rung's name, and what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cold_course import ELSEWHERE, GRAPH, LATER, NEW, OLD, PARTS, SUMS, asked, course, lived, truth
from courses import empty_log
from numpy.typing import NDArray
from services import Caller, client_of, geography, service_on

from api.settings import read_settings
from api.texts import READERS, Readings, reading_with
from api.wiring import Service, build, unfitted
from engine.types import Request
from knowledge_graph.formats import folder
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ConceptId, ItemId
from student_model import storage
from student_model.encoder.base import DEFAULT
from student_model.encoder.grader import Served, open_grader
from student_model.judging import WORDING
from student_model.placement import placement_of
from student_model.tracing import Context, load, statespace
from student_model.tracing._placing import DECLARED, DEPTH, FAR, declared_above, depths
from student_model.tracing._statespace_prior import NEW as USUAL
from student_model.tracing.statespace import StateSpace
from student_model.types import LearnerId


class Refitted:
    """A grader one of whose files is another now, and what it was given to read."""

    def __init__(self, served: Served, changed: str) -> None:
        self.version, self.heard, self._served = "encoder anew", list[str](), served
        self.manifest = {**served.manifest, "files": {**served.manifest["files"], changed: "0" * 64}}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.heard.extend(texts)
        return self._served.embed(texts)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was fitted before anything came later."""
    place = tmp_path_factory.mktemp("fitted") / "model"
    storage.save(statespace.fit(lived(GRAPH, truth(OLD)), context=Context(GRAPH)), place)
    return place


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'log.db'}"


def serving(graph: KnowledgeGraph, model: Path, place: Path, grader: Path | None = None) -> Service:
    """The service of this course and model, as `wayline serve` makes it."""
    folder.write(graph.curriculum, place / "course")
    told = {"WAYLINE_STATE_DIR": str(place / "state")}
    course_at, by = str(place / "course"), None if grader is None else str(grader)
    return build(read_settings(told, curriculum=course_at, model=str(model), grader=by))


def asked_for(service: Service, known: int = 0) -> Any:
    """The reply to a request for all items that came later."""
    exclude = [one.item_id for one in service.graph.items[:known]]
    return Caller(client_of(service)).recommend({"count": 3, "exclude": exclude, "policy": "syllabus"}).get_json()


def test_a_new_item_is_told_to_be_placed_by_its_text(model: Path, tiny_grader: Path, tmp_path: Path) -> None:
    service = serving(LATER, model, tmp_path, tiny_grader)
    reply = asked_for(service, known=OLD)
    assert [one["placed_by"] for one in reply["items"]] == ["text"] * 3
    assert reply["rung"] == "statespace"  # most of the course has responses
    assert [one["placed_by"] for one in asked_for(service)["items"]] == ["responses"] * 3
    kept = service.store.decisions.get(reply["decision_id"])
    assert kept is not None and [one["placed_by"] for one in kept["items"]] == ["text"] * 3
    assert kept["encoder"].startswith("encoder ")


def test_a_whole_new_course_is_named_by_the_rung(model: Path, tiny_grader: Path, tmp_path: Path) -> None:
    service = serving(ELSEWHERE, model, tmp_path, tiny_grader)
    reply = asked_for(service)
    assert reply["rung"] == "statespace (text)"
    odds = service.answer(LearnerId("new"), service.clock()).reading.odds
    assert odds[::2].min() > odds[1::2].max()
    beliefs = Caller(client_of(service)).client.get("/v1/learners/lena/beliefs").get_json()
    assert beliefs["rung"] == reply["rung"]


def test_an_encoder_that_fails_stops_no_start(
    model: Path, tiny_grader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(Readings, "embed", fail)
    reply = asked_for(serving(LATER, model, tmp_path, tiny_grader), known=OLD)
    assert len(reply["items"]) == 3 and "text" not in {one["placed_by"] for one in reply["items"]}
    assert "texts cannot be read" in "".join(capsys.readouterr())


def test_where_model_and_grader_have_other_encoders_the_log_says_so_once(
    small: Path, tiny_grader: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storage.save(statespace.fit(lived(GRAPH, truth(OLD)), context=Context(GRAPH, encoder=str(small))), tmp_path / "own")
    service = serving(LATER, tmp_path / "own", tmp_path, tiny_grader)
    said = "".join(capsys.readouterr())
    assert said.count("read texts with another base encoder") == 1
    assert small.name in said and DEFAULT in said
    assert "text" not in {one["placed_by"] for one in asked_for(service, known=OLD)["items"]}


def test_without_an_encoder_the_rung_leaves_text_out(model: Path, tmp_path: Path) -> None:
    others = (PARTS, ConceptId("later"))
    graph = course(*(asked(n, "x", others[n % 2]) for n in range(6)), concepts=others, steps=True)
    reply = asked_for(serving(graph, model, tmp_path))
    assert (reply["rung"], reply["items"][0]["placed_by"]) == ("statespace (graph)", "graph")


def test_what_was_read_is_read_once_for_all_starts(model: Path, tiny_grader: Path, tmp_path: Path) -> None:
    first = serving(LATER, model, tmp_path, tiny_grader)
    kept = tmp_path / "state" / "readings.npz"
    written = kept.stat().st_mtime_ns
    again = serving(LATER, model, tmp_path, tiny_grader)
    assert kept.stat().st_mtime_ns == written
    before, after = (one.answer(LearnerId("l"), first.clock()).reading.odds for one in (first, again))
    assert np.array_equal(before, after)


def test_nothing_is_read_where_every_item_was_answered(model: Path, tiny_grader: Path, tmp_path: Path) -> None:
    serving(GRAPH, model, tmp_path, tiny_grader)
    assert not (tmp_path / "state").exists()


def test_a_model_taken_up_while_serving_places_too(model: Path, tiny_grader: Path, tmp_path: Path) -> None:
    service = serving(LATER, model, tmp_path, tiny_grader)
    assert service.reloader is not None
    tracer, _ = service.reloader._load()
    found = placement_of(tracer)
    assert found is not None and {found.by(n) for n in range(OLD, OLD + NEW)} == {"text"}


def test_readings_of_another_encoder_or_a_damaged_file_are_not_used(tiny_grader: Path, tmp_path: Path) -> None:
    path, grader = tmp_path / "readings.npz", open_grader(tiny_grader)
    own = reading_with(grader, path)
    assert own is not None
    found = own.embed(["one", "two", "one"])
    assert found.shape == (3, 384) and np.array_equal(found[0], found[2])
    for name in READERS:
        assert Readings(Refitted(grader, name), path)._kept() == {}
    path.write_bytes(b"PK damaged")
    assert np.array_equal(own.embed(["one", "two", "one"]), found)
    assert np.array_equal(Readings(grader, tmp_path / "readings.npz" / "under a file").embed(["one"])[0], found[0])
    assert reading_with(WORDING, path) is None


def test_a_grader_fitted_anew_to_the_same_base_reads_nothing_again(tiny_grader: Path, tmp_path: Path) -> None:
    """As after each night in which teachers have judged: other networks, another version, the same encoder."""
    path, grader = tmp_path / "readings.npz", open_grader(tiny_grader)
    found, anew = Readings(grader, path).embed(["one", "two"]), Refitted(grader, "net-0.onnx")
    again = Readings(anew, path)
    assert np.array_equal(again.embed(["two", "one"]), found[::-1]) and anew.heard == []
    again.embed(["one", "three"])
    assert anew.heard == ["three"] and again.version == "encoder anew"


def test_before_any_log_items_go_by_their_author_and_the_graph() -> None:
    items = [replace(asked(n, about=(SUMS, PARTS)[n // 2]), difficulty=(0.2, 0.6)[n % 2]) for n in range(4)]
    graph = course(*items, concepts=(SUMS, PARTS), steps=True)
    model = unfitted("statespace", graph)
    assert isinstance(model, StateSpace)
    gap = DECLARED * (np.log(0.6 / 0.4) - np.log(0.2 / 0.8)) / 2
    wanted = USUAL + np.array([-gap, gap, -gap, gap]) + DEPTH * np.array([-0.5, -0.5, 0.5, 0.5])
    assert model.difficulty == pytest.approx(wanted)
    assert model.difficulty.mean() == pytest.approx(USUAL)  # odds of .2 at the usual item
    assert model.concept_difficulty.tolist() == [USUAL, USUAL]
    assert model.placement.named("wayline") == "wayline (declared difficulty and graph)"


def test_the_least_and_most_that_can_be_declared_are_bounded() -> None:
    items = [replace(asked(n), item_id=ItemId(f"d{n}"), difficulty=(0.0, 1.0, None)[n]) for n in range(3)]
    above = declared_above(course(*items))
    assert above[:2] == pytest.approx([-FAR, FAR]) and np.isnan(above[2])


def test_depth_is_the_longest_way_to_a_concept() -> None:
    source, target = np.array([0, 1, 0, 3], dtype=np.int32), np.array([1, 2, 2, 2], dtype=np.int32)
    assert depths(4, source, target).tolist() == [0.0, 0.5, 1.0, 0.0]
    nothing = np.empty(0, dtype=np.int32)
    assert depths(2, nothing, nothing).tolist() == [0.0, 0.0] and depths(0, nothing, nothing).tolist() == []


def test_a_course_that_says_nothing_of_itself_rests_on_priors(url: str) -> None:
    service = service_on(url, graph=course(asked(0, texts=False), concepts=(SUMS,)), model="wayline")
    decision = service.recommend(LearnerId("lena"), Request())
    assert (decision.rung, decision.items[0].placed_by, decision.encoder) == ("wayline (priors)", "prior", "")


def test_what_is_studied_and_models_that_do_not_tell_are_null(url: str) -> None:
    studied = service_on(url, model="statespace").recommend(LearnerId("lena"), Request(kinds=("reading",)))
    assert [one.placed_by for one in studied.items] == [None]
    graph = geography()
    plain = Service(graph, load("bkt").fit(empty_log(graph.vocabulary)), service_on(url)._open_store)
    decision = plain.recommend(LearnerId("lena"), Request(kinds=("numeric",)))
    assert (decision.rung, [one.placed_by for one in decision.items]) == ("bkt", [None])


def test_the_schema_names_the_words(url: str) -> None:
    document = client_of(service_on(url)).get("/openapi.json").get_json()
    told = document["components"]["schemas"]["RecommendedOut"]["properties"]["placed_by"]
    (words,) = (one["enum"] for one in told["anyOf"] if "enum" in one)
    assert words == ["responses", "text", "concept", "declared", "graph", "prior"]
    assert "`text`" in told["description"]
