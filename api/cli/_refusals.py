"""How commands end when something is refused: said on stderr, exit 1 for the data, 2 for wrong use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from api.settings import SettingsError
from data.database import DatabaseError
from data.key_file import KeyFileError
from knowledge_graph.errors import CurriculumError
from student_model.storage import StorageError


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the errors a service may raise while it is built into messages and exit codes."""
    try:
        yield
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    except (CurriculumError, StorageError, DatabaseError, KeyFileError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
