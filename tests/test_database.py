"""The log on real SQLite and real PostgreSQL: acknowledged means kept, once, in order, and erased means gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from courses import NOON, chain, fresh_tracer, responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.columns import columns
from data.database import DatabaseError, migrate, open_database, schema_version, writing
from data.decisions import DecisionLog
from data.key_file import KeyFileError, key_of, load_or_create_key
from data.responses import ResponseConflict, ResponseLog
from data.rows import body_hash, microseconds, time_of
from data.tables import SCHEMA, metadata
from knowledge_graph.types import ConceptId, ItemId
from student_model.replay import replay, to_log
from student_model.types import LearnerId, Response, ResponseId

KEY = b"k" * 32
LENA, OMAR = LearnerId("lena"), LearnerId("omar")
GRAPH = chain()


@pytest.fixture
def log(database_url: str) -> ResponseLog:
    return ResponseLog(open_database(database_url), KEY)


def stored(log: ResponseLog) -> int:
    return sum(1 for _ in log.everything())


# Appending


def test_what_is_appended_comes_back_as_it_was(log: ResponseLog) -> None:
    full = Response(
        response_id=ResponseId("r"),
        learner_id=LENA,
        item_id=ItemId("ä-1"),
        at=NOON.replace(microsecond=123456),
        sequence=7,
        correct=False,
        score=0.1 + 0.2,
        score_confidence=1 / 3,
        choice="ja",
        answer_text="weil … \U0001f9ee",
        elapsed_seconds=12.5,
        hints=2,
        confidence=0.9,
        supersedes=ResponseId("before"),
        concept_ids=(ConceptId("a"), ConceptId("b")),
    )
    bare = Response(response_id=ResponseId("s"), learner_id=LENA, item_id=ItemId("a-1"))
    places = log.append([full, bare], NOON)
    assert [(one.position, one.status) for one in places] == [(1, "stored"), (2, "stored")]
    assert log.of_learner(LENA) == [full, bare]
    assert log.of_learner(LENA, after=1) == [bare]
    assert log.of_learner(OMAR) == []
    assert (log.position(LENA)[1], log.position(OMAR)) == (2, (0, 0))


def test_a_repeat_is_a_duplicate_and_another_content_a_conflict(log: ResponseLog) -> None:
    first, second = responses(("a-1", True), ("a-2", False))
    log.append([first], NOON)
    again = log.append([first, second, second], NOON)
    assert [(one.position, one.status) for one in again] == [
        (1, "duplicate"),
        (2, "stored"),
        (2, "duplicate"),
    ]
    changed, new = replace(first, correct=False), replace(first, response_id=ResponseId("new"))
    with pytest.raises(ResponseConflict, match="'r0'") as caught:
        log.append([new, changed], NOON)
    assert caught.value.response_ids == ("r0",)
    assert log.of_learner(LENA) == [first, second]


def test_two_learners_may_use_the_same_ids(log: ResponseLog) -> None:
    (one,) = responses(("a-1", True))
    log.append([one, replace(one, learner_id=OMAR, correct=False)], NOON)
    assert [each.correct for each in (*log.of_learner(LENA), *log.of_learner(OMAR))] == [True, False]


def test_the_platforms_id_is_stored_nowhere(log: ResponseLog, database_url: str, tmp_path: Path) -> None:
    log.append([replace(responses(("a-1", True))[0], learner_id=LearnerId("lena.moser@school"))], NOON)
    assert [one.learner_id for one in log.everything()] == [log.name_of(LearnerId("lena.moser@school"))]
    if database_url.startswith("sqlite"):
        assert all(b"lena.moser" not in file.read_bytes() for file in tmp_path.iterdir())


def test_another_tenant_and_another_key_see_nothing(log: ResponseLog) -> None:
    log.append(responses(("a-1", True)), NOON)
    elsewhere = ResponseLog(log.engine, KEY, tenant="other-school")
    assert elsewhere.of_learner(LENA) == []
    assert stored(elsewhere) == 0
    assert elsewhere.erase(LENA) == 0
    assert ResponseLog(log.engine, b"j" * 32).of_learner(LENA) == []
    assert stored(log) == 1


# Folding

Event = tuple[ItemId, int | None, int | None, bool | None, float | None, int | None, LearnerId, float | None]
events = st.lists(
    st.tuples(
        st.sampled_from(GRAPH.vocabulary.items),
        st.one_of(st.none(), st.integers(0, 5)),
        st.one_of(st.none(), st.integers(0, 2)),
        st.sampled_from([True, False, None]),
        st.one_of(st.none(), st.floats(0, 1)),
        st.one_of(st.none(), st.integers(0, 9)),
        st.sampled_from([LENA, OMAR]),
        st.sampled_from([None, 7.0, 30.5]),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=events)
def test_the_columns_are_the_log_in_the_order_of_replay(log: ResponseLog, drawn: list[Event]) -> None:
    done = [
        Response(
            response_id=ResponseId(f"r{n}"),
            learner_id=learner,
            item_id=item,
            at=None if hour is None else NOON + timedelta(hours=hour),
            sequence=sequence,
            correct=correct,
            score=score,
            score_confidence=score,
            supersedes=None if old is None else ResponseId(f"r{old}"),
            elapsed_seconds=spent,
        )
        for n, (item, hour, sequence, correct, score, old, learner, spent) in enumerate(drawn)
    ]
    own = ResponseLog(log.engine, KEY, tenant=str(uuid.uuid4()))  # each example in a log of its own
    own.append(done, NOON)
    read, wanted = columns(own, GRAPH.vocabulary), to_log(done, GRAPH.vocabulary)
    for theirs, name in enumerate(wanted.learners):
        mine = read.learners.index(own.name_of(name))
        for column in ("item", "outcome", "seconds", "weights", "elapsed_seconds"):
            ours, expected = getattr(read, column), getattr(wanted, column)
            equal_nan = "seconds" in column
            assert np.array_equal(ours[read.learner == mine], expected[wanted.learner == theirs], equal_nan=equal_nan)
    assert len(read) == len(wanted)


def test_folding_the_columns_equals_replaying_each_learner(log: ResponseLog) -> None:
    done = responses(*((f"{name}-{n}", n % 3 != 0) for n in range(1, 6) for name in "abc"))
    done += [replace(one, learner_id=OMAR, correct=not one.correct) for one in done]
    log.append(list(reversed(done)), NOON)
    tracer, read = fresh_tracer(GRAPH), columns(log, GRAPH.vocabulary)
    for name, state in zip(read.learners, tracer.fold(read), strict=True):
        own = LENA if name == log.name_of(LENA) else OMAR
        expected = replay(tracer, [one for one in done if one.learner_id == own])
        assert np.array_equal(tracer.beliefs(state, NOON).probability, tracer.beliefs(expected, NOON).probability)


# Erasing


def test_erasing_a_learner_leaves_nothing(log: ResponseLog, database_url: str, tmp_path: Path) -> None:
    secret = "quetzalcoatl"
    (one,) = responses(("a-1", True))
    log.append([replace(one, answer_text=secret), replace(one, learner_id=OMAR)], NOON)
    decisions = DecisionLog(log.engine, KEY)
    decisions.keep("d", LENA, NOON, b'{"a":1}')
    assert log.erase(LENA) == 1
    assert (log.of_learner(LENA), decisions.get("d"), stored(log)) == ([], None, 1)
    if database_url.startswith("sqlite"):
        assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_text_can_be_erased_alone(log: ResponseLog) -> None:
    old, new = responses(("a-3", True), ("b-3", True))
    log.append([replace(old, answer_text="old")], NOON)
    log.append([replace(new, answer_text="new")], NOON + timedelta(days=400))
    assert log.erase_text(before=NOON + timedelta(days=365)) == 1
    assert [one.answer_text for one in log.of_learner(LENA)] == [None, "new"]


def test_decisions_are_kept_whole(log: ResponseLog) -> None:
    decisions = DecisionLog(log.engine, KEY)
    decisions.keep("d1", LENA, NOON, b'{"items":["a-1"],"seed":5}')
    assert decisions.get("d1") == {"items": ["a-1"], "seed": 5}
    assert decisions.get("d2") is None
    assert DecisionLog(log.engine, KEY, tenant="other").get("d1") is None


def test_an_erased_learner_who_begins_anew_is_another(log: ResponseLog) -> None:
    log.append(responses(("a-1", True)), NOON)
    before, _ = log.position(LENA)
    log.erase(LENA)
    log.append(responses(("a-2", True)), NOON)
    after, count = log.position(LENA)
    assert (count, after > before) == (1, True)


def test_what_is_stored_confirms_no_guess(log: ResponseLog) -> None:
    (one,) = responses(("a-3", True))
    guess = replace(one, answer_text="my dog died")
    assert body_hash(b"j" * 32, guess) != body_hash(KEY, guess)
    moved = replace(one, at=NOON.astimezone(timezone(timedelta(hours=5))), elapsed_seconds=3)
    assert body_hash(KEY, moved) == body_hash(KEY, replace(one, elapsed_seconds=3.0))


def test_each_response_keeps_the_concepts_that_it_named(log: ResponseLog) -> None:
    bare, tagged = responses(("new", True), ("new", True))
    tagged = replace(tagged, concept_ids=(ConceptId("a"), ConceptId("b")))
    log.append([bare], NOON)
    log.append([tagged], NOON)
    assert log.of_learner(LENA) == [bare, tagged]
    read = columns(log, GRAPH.vocabulary)
    assert read.vocabulary.concepts_of(read.vocabulary.item_index[ItemId("new")]).tolist() == [0, 1]


# Crashes and crowds

WRITER = """
import sys
from datetime import UTC, datetime
from data.database import open_database
from data.responses import ResponseLog
from student_model.types import Response
log = ResponseLog(open_database(sys.argv[1]), b"k" * 32)
for n in range(int(sys.argv[3])):
    log.append([Response(response_id=f"{sys.argv[2]}-{n}", learner_id="lena", item_id="i")], datetime.now(UTC))
    print(n, flush=True)
"""


def test_everything_acknowledged_survives_a_killed_process(database_url: str) -> None:
    command = [sys.executable, "-c", WRITER, database_url, "r", "100000"]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(40)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    kept = {one.response_id for one in ResponseLog(open_database(database_url), KEY).of_learner(LENA)}
    assert {f"r-{n}" for n in acknowledged} <= kept
    assert len(kept) <= len(acknowledged) + 1


def test_four_writers_at_once_lose_nothing_and_lock_nobody_out(database_url: str) -> None:
    commands = [[sys.executable, "-c", WRITER, database_url, str(writer), "40"] for writer in range(4)]
    writers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    log = ResponseLog(open_database(database_url), KEY)
    assert log.position(LENA)[1] == 160
    assert len({one.response_id for one in log.of_learner(LENA)}) == 160
    assert len(log.of_learner(LENA, after=100)) == 60


# Schema and key


def test_the_migrations_make_the_tables(database_url: str) -> None:
    engine = open_database(database_url)
    with engine.connect() as connection:
        assert schema_version(connection) == SCHEMA
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    with writing(engine) as connection:
        migrate(connection, "base")
        left = set(sa.inspect(connection).get_table_names())
    assert left == {"alembic_version"}


def test_a_newer_database_is_refused(database_url: str) -> None:
    with writing(open_database(database_url)) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="9999"):
        open_database(database_url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "no database URL"),
        ("mysql://host/name", "mysql is not supported"),
        ("postgresql://nobody@127.0.0.1:1/none", "cannot open"),
        ("postgresql+psycopg2://nobody@127.0.0.1:1/none", "cannot open"),
        ("postgresql://u:secret@127.0.0.1:port/none", "no database URL"),
        ("sqlite:///{folder}/letter", "not a database"),
        ("sqlite:///{folder}/letter/log.db", "cannot open"),
        ("sqlite:///{folder}", "cannot open"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
    ],
)
def test_a_bad_url_says_what_is_wrong(url: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear database. " * 100)
    with pytest.raises(DatabaseError, match=said) as caught:
        open_database(url.format(folder=tmp_path))
    assert "secret" not in str(caught.value)


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "wayline.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["wayline.key"]
    path.write_text("not a key")
    with pytest.raises(KeyFileError, match="64 hexadecimal digits"):
        load_or_create_key(path)


def test_a_lost_or_foreign_key_is_noticed_before_anybody_begins_anew(database_url: str, tmp_path: Path) -> None:
    engine, path = open_database(database_url), tmp_path / "wayline.key"
    key = key_of(engine, path)
    assert key_of(open_database(database_url), path) == key
    kept = path.rename(tmp_path / "backup.key")
    with pytest.raises(KeyFileError, match=r"wayline\.key is not there.*restore the file"):
        key_of(engine, path)
    assert not path.exists(), "a new key would hide that the old one is lost"
    path.write_text("ab" * 32)
    with pytest.raises(KeyFileError, match="is not the one this database was used with"):
        key_of(engine, path)
    kept.replace(path)
    assert key_of(engine, path) == key


def test_processes_that_open_a_new_database_at_once_hold_one_key(database_url: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: key_of(open_database(database_url), tmp_path / "wayline.key"), range(16)))
    assert len(found) == 1


def test_a_database_of_the_first_schema_is_brought_along(database_url: str, tmp_path: Path) -> None:
    engine = open_database(database_url)
    key = load_or_create_key(tmp_path / "wayline.key")
    ResponseLog(engine, key).append(responses(("a-1", True)), NOON)
    with writing(engine) as connection:
        migrate(connection, "0001")
        assert "keys" not in sa.inspect(connection).get_table_names()
    newer = open_database(database_url)
    assert key_of(newer, tmp_path / "wayline.key") == key
    assert ResponseLog(newer, key).position(LENA)[1] == 1


@given(st.integers(-(2**50), 2**51))
def test_times_keep_their_microseconds(microsecond: int) -> None:
    assert microseconds(time_of(microsecond)) == microsecond
