"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from listening import Heard, listen
from postgres import temporary_postgres

if TYPE_CHECKING:
    from graders_fitted import Made
    from playwright.sync_api import Page

DATABASES = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server that lives as long as the tests."""
    with temporary_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of its own for each test: SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'wayline.db'}"
    server = sa.make_url(request.getfixturevalue("postgres_server"))
    name = f"test_{next(DATABASES)}"
    with sa.create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return server.set(database=name).render_as_string()


@pytest.fixture(scope="session")
def tiny_grader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a grader of `correct` and `incorrect`, fitted to 64 of our own answers: whole, but no good."""
    from data.graded_answers import read_graded
    from student_model.encoder.export import save
    from student_model.encoder.fit import fit
    from student_model.encoder.recipe import Recipe

    files = sorted((Path(__file__).resolve().parents[1] / "data/graded").glob("*.jsonl"))
    some = [one for file in files for one in read_graded([file])[:40:4]][:64]
    answers = [replace(one, label="correct" if one.label == "correct" else "incorrect") for one in some]
    out = tmp_path_factory.mktemp("grader") / "tiny"
    save(fit(answers, Recipe(method="frozen", epochs=1)), answers, out, datetime(2026, 1, 5, tzinfo=UTC), 1.0)
    return out


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What each fit of the item mean and of the guards was given."""
    return listen(monkeypatch)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A grader of labels, fitted once: half a minute."""
    from graders_fitted import fitted_grader

    return fitted_grader(tmp_path_factory.mktemp("grader"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an encoder so small that fitting a grader to it takes a second."""
    from graders_fitted import small_encoder

    return small_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of: console errors, exceptions, violations of the policy."""
    return []


@pytest.fixture
def page(complaints: list[str]) -> Iterator[Page]:
    """A fresh page of Chromium; a test passes only if the browser complained of nothing."""
    from browser import watched_page

    with watched_page(complaints) as page:
        yield page
        assert complaints == []
