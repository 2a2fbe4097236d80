"""The service behind the routes: made from settings, one database a process, never without an answer."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from courses import empty_log
from services import KEY, NOW, Caller, client_of, geography, service_on

from api.replies import Cards, card_of
from api.settings import embedded_course, read_settings
from api.wiring import MEMORY, SIMPLER, Service, build, capacity_for, simpler_of, unfitted
from data.key_file import KeyFileError
from engine.types import Request
from knowledge_graph.errors import CurriculumError
from knowledge_graph.formats import folder
from student_model import storage, tracing
from student_model.storage import StorageError
from student_model.types import LearnerId

LENA = LearnerId("lena")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'log.db'}"


def test_settings_make_a_service_and_write_nothing_until_it_is_used(tmp_path: Path) -> None:
    service = build(read_settings({"WAYLINE_STATE_DIR": str(tmp_path / "state")}))
    assert service.graph.course.curriculum_id == "counting-to-linear-equations"
    assert not (tmp_path / "state").exists()
    assert service.recommend(LENA, Request()).items
    assert {path.name for path in (tmp_path / "state").iterdir()} >= {"wayline.db", "pseudonym.key"}


def test_a_key_outlives_the_process(tmp_path: Path) -> None:
    settings = read_settings({"WAYLINE_STATE_DIR": str(tmp_path)})
    names = {build(settings).store.pseudonym(LENA) for _ in range(2)}
    assert len(names) == 1
    with pytest.raises(KeyFileError, match=r"other\.key is not there"):
        build(replace(settings, key_file=tmp_path / "other.key")).store.pseudonym(LENA)


def test_an_unsound_course_is_refused_with_its_faults(tmp_path: Path) -> None:
    course = folder.read(embedded_course())
    folder.write(replace(course, items=()), tmp_path)
    edges = (tmp_path / "edges.csv").read_text().splitlines()
    source, target = edges[1].split(",")[:2]
    (tmp_path / "edges.csv").write_text("\n".join([*edges, f"{target},{source},prerequisite,1,,stated", ""]))
    with pytest.raises(CurriculumError, match="counting"):
        build(read_settings({}, curriculum=str(tmp_path)))


def test_a_fitted_model_is_opened_and_bound_to_the_course(tmp_path: Path) -> None:
    graph = geography()
    version = storage.save(tracing.load("elo").fit(empty_log(graph.vocabulary)), tmp_path / "model")
    storage.save(tracing.load("logistic").fit(empty_log(graph.vocabulary)), tmp_path / "model" / storage.SIMPLER)
    folder.write(geography().curriculum, tmp_path / "course")
    told = {"WAYLINE_STATE_DIR": str(tmp_path)}
    service = build(read_settings(told, curriculum=str(tmp_path / "course"), model=str(tmp_path / "model")))
    assert (service.tracer.name, service.rungs.first.version) == ("elo", version)
    assert service.tracer.vocabulary.concepts == service.graph.vocabulary.concepts
    with pytest.raises(StorageError):
        build(read_settings(told, model=str(tmp_path)))


def test_the_simpler_model_is_the_one_that_was_fitted_beside(tmp_path: Path) -> None:
    graph = geography()
    assert simpler_of(tmp_path, graph).name == SIMPLER
    storage.save(tracing.load("logistic").fit(empty_log(graph.vocabulary)), tmp_path / storage.SIMPLER)
    assert simpler_of(tmp_path, graph).name == "logistic"
    (tmp_path / storage.SIMPLER / "arrays.npz").write_bytes(b"")
    assert simpler_of(tmp_path, graph).name == SIMPLER


@pytest.mark.parametrize("name", tracing.available())
def test_every_model_can_serve(name: str, url: str) -> None:
    graph = geography()
    service = Service(graph, unfitted(name, graph), service_on(url)._open_store, clock=lambda: NOW)
    lena = Caller(client_of(service))
    lena.respond([{"item_id": "count", "correct": True}] * 3)
    assert lena.recommend().get_json()["rung"].partition(" (")[0] == name
    assert lena.beliefs()["towns"]["evidence"] == 3


def test_a_broken_model_lowers_quality_and_not_availability(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise FloatingPointError("model")

    service = service_on(url)
    lena = Caller(client_of(service))
    lena.respond({"item_id": "count", "correct": True})
    monkeypatch.setattr(type(service.tracer), "beliefs", broken)
    document = lena.recommend().get_json()
    assert (document["rung"], len(document["items"])) == ("syllabus", 1)
    assert lena.beliefs()["towns"]["evidence"] == 1
    assert lena.client.get("/readyz").status_code == 503


def test_the_database_is_opened_once_a_process_whatever_the_threads(url: str) -> None:
    opened: list[int] = []
    inner = service_on(url)._open_store
    graph = geography()

    def open_store() -> Any:
        opened.append(os.getpid())
        return inner()

    service = Service(graph, unfitted("bkt", graph), open_store)
    with ThreadPoolExecutor(8) as pool:
        stores = set(map(id, pool.map(lambda _: service.store, range(32))))
    assert (len(stores), opened) == (1, [os.getpid()])


def test_a_forked_process_opens_its_own_database(url: str) -> None:
    service = service_on(url)
    before = service.store
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # only plain calls from here on: this is a copy of the test process
        os.write(writing, b"own" if service.store is not before else b"shared")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"own"
    assert service.store is before


def test_responses_of_many_threads_are_each_stored_once(url: str) -> None:
    service = service_on(url)
    app = client_of(service).application

    def send(number: int) -> list[tuple[str, int]]:
        body = [{"response_id": f"r{n}", "item_id": "count", "correct": True, "at": "2026-03-02T11:00:00Z"}
                for n in (number % 10, number)]  # fmt: skip
        stored = Caller(app.test_client()).respond(body[:1] if number % 2 else body[1:]).get_json()["responses"]
        return [(one["status"], one["position"]) for one in stored]

    with ThreadPoolExecutor(6) as pool:
        outcomes = [one for found in pool.map(send, range(40)) for one in found]
    positions = [position for status, position in outcomes if status == "stored"]
    assert sorted(positions) == list(range(1, len(positions) + 1))
    assert service.answer(LENA, NOW).known.position == len(positions) == service.store.responses.position(LENA)[1]


def test_the_same_state_and_seed_decide_the_same(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = service_on(url)
    monkeypatch.setattr("api.wiring.secrets.randbits", lambda _: 7)
    first, second = (service.recommend(LENA, Request(count=3)) for _ in range(2))
    assert first.decision_id != second.decision_id
    assert first == replace(second, decision_id=first.decision_id)


def test_a_decision_names_what_it_rests_on(url: str) -> None:
    service = service_on(url)
    Caller(client_of(service)).respond([{"item_id": "count", "correct": True}] * 2)
    decision = service.recommend(LENA, Request())
    assert (decision.log_position, decision.model_version) == (2, service.rungs.first.version)
    assert decision.graph_version == service.graph.version


def test_memory_is_bounded_by_the_size_of_the_course() -> None:
    graph = geography()
    assert 1_000 < capacity_for(graph) <= MEMORY // 30_000
    assert KEY  # the services of these tests share a key, so that they share their learners


def test_no_card_of_the_embedded_course_tells_its_answer() -> None:
    course = folder.read(embedded_course())
    for item in course.items:
        card = card_of(item, 1.0)
        for shown in (card, *card["steps"]):
            assert not {"answer", "accepted_answers", "reference_answers", "tolerance", "explanation"} & set(shown)
        assert item.explanation not in str({**card, "text": "", "hints": "", "steps_text": ""}) or not item.explanation


def test_a_card_is_written_once() -> None:
    cards = Cards(geography())
    assert cards.of("count") is cards.of("count")
