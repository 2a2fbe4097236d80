"""A service takes up a new version of its model by itself, or keeps the one it has; golden learners decide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from courses import chain, empty_log, fresh_tracer
from hypothesis import given, settings
from hypothesis import strategies as st
from services import Caller, client_of

from api.reload import EVERY
from api.settings import read_settings
from api.wiring import Service, build
from student_model import golden, storage
from student_model.tracing import available, load

GRAPH = chain()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that a reloader sees; tests move it."""
    time = [1_000.0]
    monkeypatch.setattr("api.reload.monotonic", lambda: time[0])
    return time


@pytest.fixture
def served(tmp_path: Path, clock: list[float]) -> tuple[Service, Path]:
    """The embedded course, served by what is in a folder."""
    model = tmp_path / "model"
    course = build(read_settings({"WAYLINE_STATE_DIR": str(tmp_path)})).graph
    storage.save(load("bkt").fit(empty_log(course.vocabulary)), model)
    return build(read_settings({"WAYLINE_STATE_DIR": str(tmp_path)}, model=str(model))), model


def looked(service: Service, clock: list[float]) -> bool:
    """Let the time pass and look; whether something new was there."""
    assert service.reloader is not None
    clock[0] += EVERY
    thread = service.reloader.look()
    if thread is not None:
        thread.join()
    return thread is not None


def test_a_new_version_serves_without_a_restart(served: tuple[Service, Path], clock: list[float]) -> None:
    service, model = served
    lena = Caller(client_of(service))
    before = lena.recommend().get_json()
    version = storage.save(load("elo").fit(empty_log(service.graph.vocabulary)), model)
    assert looked(service, clock)
    after = lena.recommend().get_json()
    assert (before["rung"], after["rung"], after["model_version"]) == ("bkt", "elo", version)
    assert before["model_version"] != version


def test_nothing_new_is_not_loaded_again(served: tuple[Service, Path], clock: list[float]) -> None:
    service, model = served
    before = service.tracer
    assert not looked(service, clock)
    storage.save(load("bkt").fit(empty_log(service.graph.vocabulary)), model)  # the same version, written again
    assert looked(service, clock) and service.tracer is before
    assert service.reloader is not None and service.reloader.look() is None  # the last look was just now


@pytest.mark.parametrize("fault", ["damaged", "gone", "wild"])
def test_what_cannot_serve_leaves_the_old_model_in_place(
    fault: str, served: tuple[Service, Path], clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    service, model = served
    before, bkt = service.rungs.first, load("bkt").fit(empty_log(service.graph.vocabulary))
    if fault == "wild":
        assert isinstance(bkt.parameters().arrays["values"], np.ndarray)
        storage.save(upside_down(bkt), model)
    else:
        storage.save(replace(bkt, half_life_days=3.0), model)  # type: ignore[type-var]
        (model / "arrays.npz").write_bytes(b"") if fault == "damaged" else (model / "arrays.npz").unlink()
    client_of(service)
    assert looked(service, clock)
    assert service.rungs.first is before
    assert "model refused" in capsys.readouterr().err
    storage.save(load("elo").fit(empty_log(service.graph.vocabulary)), model)  # and then a good one comes
    assert looked(service, clock) and service.tracer.name == "elo"


def upside_down(bkt: Any) -> Any:
    """BKT that takes right answers for wrong ones: guessing is likelier than knowing."""
    prior, learn, guess, slip, forget = bkt.values
    return replace(bkt, values=np.stack((prior, learn, 1.0 - guess, 1.0 - slip, forget)))


@pytest.mark.parametrize("name", available())
def test_every_model_gets_through_the_golden_learners_before_any_data(name: str) -> None:
    found = golden.faults(load(name).fit(empty_log(GRAPH.vocabulary)))
    assert found == () or name in ("mean", "gru", "attentive"), found  # networks move nowhere before data


def test_a_model_that_never_moves_does_not_get_through() -> None:
    told = golden.faults(load("mean").fit(empty_log(GRAPH.vocabulary)))
    assert len(told) == 1 and "answers all right" in told[0]


@settings(max_examples=20, deadline=None)
@given(method=st.sampled_from(["predict", "predict_log"]), wrong=st.floats(1e-4, 0.3))
def test_odds_that_differ_between_steps_and_the_whole_are_found(method: str, wrong: float) -> None:
    tracer = fresh_tracer(GRAPH)

    class Off:
        def __getattr__(self, name: str) -> Any:
            found = getattr(tracer, name)
            return (lambda *given: found(*given) * (1.0 - wrong)) if name == method else found

    off: Any = Off()
    assert any("differ by up to" in told for told in golden.faults(off))
