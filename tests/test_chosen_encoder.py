"""The base encoder that `WAYLINE_ENCODER` names reads texts wherever something is fitted, and what was read with one is
not mixed with what another reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from cold_course import GRAPH, LATER, NEW, OLD, lived, truth
from graders_fitted import planted, write
from listening import Heard
from numpy.typing import NDArray

from api.cli.encoder import encoder as encoder_commands
from api.cli.tracer import tracer as tracer_commands
from api.settings import base_encoder, read_settings
from api.texts import Readings, warn_of_unread
from api.wiring import open_store
from knowledge_graph.formats import folder
from student_model import storage
from student_model.encoder.base import DEFAULT, EncoderMissing, embed
from student_model.placement import CONCEPT, RESPONSES, TEXT, Encoder
from student_model.tracing import Context, Parameters, statespace
from student_model.tracing._texts import PARTS, item_features, meanings, told_of_items
from student_model.tracing.statespace import StateSpace
from student_model.types import LearnerId, Response, ResponseId

WIDE = 24


class Reads:
    """A grader as far as it lends its encoder, which is the base that it was fitted with."""

    version = "encoder of the test"

    def __init__(self, base: str | None) -> None:
        files = {"base.onnx": "0", "tokenizer.json": "0"}
        self.base, self.manifest = base, {"files": files, "signs": {}, "recipe": {"base": base}}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return embed(texts, base=self.base)


@pytest.fixture(scope="module")
def model(small: Path) -> StateSpace:
    return statespace.fit(lived(GRAPH, truth(OLD)), context=Context(GRAPH, encoder=str(small)))


def run(command: str, *arguments: object, **environment: str) -> Result:
    given = {"encoder": encoder_commands, "tracer": tracer_commands}[command]
    return CliRunner().invoke(given, [str(one) for one in arguments], env=environment)


def test_the_setting_is_a_folder_or_a_name_and_nothing_where_it_is_empty(tmp_path: Path) -> None:
    told = {"WAYLINE_ENCODER": "some/encoder", "WAYLINE_STATE_DIR": str(tmp_path)}
    assert base_encoder(told) == read_settings(told).encoder == "some/encoder"
    assert base_encoder({"WAYLINE_ENCODER": ""}) is base_encoder({}) is read_settings({}).encoder is None


def test_features_are_as_wide_as_what_reads(small: Path) -> None:
    context = Context(GRAPH, encoder=str(small))
    known = item_features(GRAPH, GRAPH.vocabulary, context)
    assert (known.width, known.probe.shape, known.base) == (WIDE, (WIDE,), small.name)
    usual = item_features(GRAPH, GRAPH.vocabulary, Context())
    assert (usual.width, usual.base) == (384, DEFAULT)
    assert usual.values.shape[1] - known.values.shape[1] == 2 * (384 - WIDE)
    assert np.array_equal(usual.values[:, 2 * 384 :], known.values[:, 2 * WIDE :])
    parts = meanings(known, OLD)
    assert parts.shape == (OLD, min(WIDE, PARTS)) and np.isfinite(parts).all()


def test_new_items_are_read_with_the_encoder_of_the_fit_and_with_no_other(model: StateSpace, small: Path) -> None:
    assert model.cold.transfer is not None and len(model.cold.transfer.weights) == 2 * WIDE + 14
    after = model.place(LATER, Reads(str(small)))
    assert after.placement.codes.tolist() == [RESPONSES] * OLD + [TEXT] * NEW and after.placement.unread is None
    for other in (Reads(None), None):
        without = model.place(LATER, other)
        assert without.placement.codes.tolist() == [RESPONSES] * OLD + [CONCEPT] * NEW
        assert without.placement.unread == (None if other is None else small.name)
    again = model.place(LATER, Reads(None)).bind(GRAPH.vocabulary)
    assert again.placement.unread is None, "it was said of the other course"


def test_the_encoder_of_the_fit_is_remembered_on_disk(model: StateSpace, small: Path, tmp_path: Path) -> None:
    storage.save(model, tmp_path)
    opened = storage.open_tracer(tmp_path)
    assert isinstance(opened, StateSpace) and opened.cold.transfer is not None
    assert opened.cold.transfer.base == small.name
    assert str(small) not in (tmp_path / "tracer.json").read_text(), "where it lies is nobody's business"
    assert opened.place(LATER, Reads(None)).placement.unread == small.name


def before(model: StateSpace) -> StateSpace:
    """The model as it would have been saved before its base was."""
    now = model.parameters()
    settings = {name: value for name, value in now.settings.items() if name != "cold_base"}
    return statespace.restore(Parameters(now.model, now.vocabulary, now.arrays, settings))


@pytest.mark.parametrize("old", [False, True])
def test_the_log_says_once_which_two_differ_and_what_to_do(
    model: StateSpace, small: Path, old: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    own = before(model) if old else model
    reads: dict[str, Encoder | None] = {
        "own": Readings(Reads(str(small)), None), "other": Readings(Reads(None), None), "bare": Reads(None), "no": None,
    }  # fmt: skip
    said = {}
    for name, one in reads.items():
        warn_of_unread(own.place(LATER, one), one)
        said[name] = "".join(capsys.readouterr()).strip()
    assert said["own"] == said["no"] == "" and "\n" not in said["other"]
    for told in ("read texts with another base encoder", "WAYLINE_ENCODER", "wayline tracer fit", DEFAULT):
        assert told in said["other"]
    assert (small.name in said["other"]) is not old  # from before it was kept it is the default's
    assert "encoder of the test" in said["bare"]


def test_an_encoder_that_was_named_must_be_there(tmp_path: Path) -> None:
    """Where none was, a fit goes on without texts (`test_texts`)."""
    with pytest.raises(EncoderMissing, match="the base encoder 'some/encoder' is no folder"):
        told_of_items(GRAPH.vocabulary, Context(GRAPH, encoder="some/encoder"))


def test_fitting_a_grader_goes_by_the_setting_unless_a_base_is_given(tmp_path: Path) -> None:
    rows = [{"question": a.question, "answer": a.answer, "label": a.label} for a in planted(2)]
    fit = ("fit", "--train", write(tmp_path / "train.jsonl", rows), "--out", tmp_path / "grader")
    for options, named in (((), "by/setting"), (("--base", "by/option"), "by/option")):
        told = run("encoder", *fit, *options, WAYLINE_ENCODER="by/setting")
        assert told.exit_code == 1 and f"the base encoder '{named}' is no folder" in told.stderr
    assert "WAYLINE_ENCODER" in run("encoder", "fit", "--help").stdout


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course in a folder, with the log of two halves of its learners beside it."""
    folder.write(GRAPH.curriculum, tmp_path / "course")
    log = lived(GRAPH, truth(OLD))
    names, items = (log.learners[n] for n in log.learner), (log.vocabulary.items[n] for n in log.item)
    rows = [f"{who},{what},{right:g}" for who, what, right in zip(names, items, log.outcome, strict=True)]
    for name, own in (("train", rows[:1500]), ("test", rows[1500:])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["learner_id,item_id,correct", *own]) + "\n")
    return tmp_path / "course"


def test_fitting_and_measuring_a_tracer_goes_by_the_setting(course: Path, tmp_path: Path, heard: Heard) -> None:
    own = ("--train", tmp_path / "train.csv", "--curriculum", course)
    for command, model, more in (
        ("fit", "mean", ("--out", tmp_path / "m", "--force")),
        ("evaluate", "elo", ("--test", tmp_path / "test.csv")),
    ):
        told = run("tracer", command, "--model", model, *own, *more, WAYLINE_ENCODER="a/b")
        assert told.exit_code == 0 and {context.encoder for *_, context in heard} == {"a/b"}, told.output
        heard.clear()
    refused = run("tracer", "fit", "--model", "statespace", *own, "--out", tmp_path / "s", WAYLINE_ENCODER="a/b")
    assert refused.exit_code == 1 and "the base encoder 'a/b' is no folder" in refused.stderr
    assert not (tmp_path / "s").exists()


def test_so_does_fitting_one_to_the_services_own_log(course: Path, tmp_path: Path, heard: Heard) -> None:
    database = f"sqlite:///{tmp_path / 'w.db'}"
    one = Response(response_id=ResponseId("r"), learner_id=LearnerId("l"), item_id=GRAPH.items[0].item_id, correct=True)
    open_store(read_settings({}, database=database)).responses.append([one], datetime(2026, 1, 1, tzinfo=UTC))
    given = ("--curriculum", course, "--database", database, "--out", tmp_path / "m", "--force")
    told = run("tracer", "refit", "--model", "elo", *given, WAYLINE_ENCODER="a/b")
    assert told.exit_code == 0 and {context.encoder for *_, context in heard} == {"a/b"}, told.output
