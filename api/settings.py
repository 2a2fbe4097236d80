"""Where a service finds its course, its model and its database: from the environment, then from options."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from student_model import tracing
from student_model.encoder.place import is_there, steady

EMBEDDED_COURSE = "counting_to_linear_equations"
DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
VARIABLES = ("CURRICULUM", "DATABASE", "MODEL", "GRADER", "ENCODER", "REVIEW_BELOW", "KEY_FILE", "STATE_DIR")
"""What the environment may set, each with the prefix `WAYLINE_`."""
REVIEW_BELOW = 0.7
"""The confidence below which a grade waits for a teacher."""


class SettingsError(ValueError):
    """Settings that cannot be used; `faults` has all of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service is made of.

    Attributes:
        curriculum: the course's folder.
        database: SQLAlchemy URL of the log.
        model: name of a tracer, used with its priors, or the folder of a fitted one.
        key_file: the key under which learner ids become pseudonyms; made when it is missing. Unless it is set, it
            lies beside the SQLite file, because without it nobody can be found in there again.
        grader: the folder of a fitted grader of answers in words, else `grader` in the course's folder; without either
            the wording of answers alone is compared.
        readings: the file that keeps what new items' texts mean, so that no start reads them again; it lies beside the
            SQLite file, and may be deleted.
        review_below: an answer in words whose grade is less certain than this waits for a teacher.
        encoder: folder or name of the base encoder that reads texts where a model is fitted.
    """

    curriculum: Path
    database: str
    model: str
    key_file: Path
    grader: Path | None = None
    review_below: float = REVIEW_BELOW
    readings: Path | None = None
    encoder: str | None = None


def read_settings(
    environ: Mapping[str, str],
    *,
    curriculum: str | None = None,
    database: str | None = None,
    model: str | None = None,
    grader: str | None = None,
) -> Settings:
    """Settings from `WAYLINE_*` variables; an option that is given goes before its variable.

    Raises:
        SettingsError: something is not there or not known; the text names every fault.
    """
    given = {name: environ.get(f"WAYLINE_{name}") or None for name in VARIABLES}
    state = Path(given["STATE_DIR"] or "wayline-data").resolve()
    chosen = curriculum or given["CURRICULUM"]
    graded_by = grader or given["GRADER"]
    url = database or given["DATABASE"] or f"sqlite:///{state / 'wayline.db'}"
    course = Path(chosen).resolve() if chosen else embedded_course()
    settings = Settings(
        curriculum=course,
        database=url,
        model=model or given["MODEL"] or "wayline",
        key_file=Path(given["KEY_FILE"] or _beside(url, state) / "pseudonym.key").resolve(),
        grader=Path(graded_by).resolve() if graded_by else _own_grader(course),
        review_below=_share(given["REVIEW_BELOW"]),
        readings=_beside(url, state).resolve() / "readings.npz",
        encoder=base_encoder(environ),
    )
    faults = [fault for check in _CHECKS if (fault := check(settings))]
    if faults:
        raise SettingsError(faults)
    return settings


def base_encoder(environ: Mapping[str, str]) -> str | None:
    """Folder or name of the base encoder that fits go by where none is named; `None` for the default."""
    return environ.get("WAYLINE_ENCODER") or None


def embedded_course() -> Path:
    """The folder of the course that comes with Wayline."""
    package = importlib.util.find_spec("data")
    if package is None or package.origin is None:
        raise SettingsError(["the package `data` is not installed; give --curriculum"])
    return Path(package.origin).parent / "curricula" / EMBEDDED_COURSE


def _own_grader(course: Path) -> Path | None:
    """The grader in a course's own folder, where `wayline encoder fit --out COURSE/grader` put one."""
    own = course / "grader"
    with steady(own) as place:
        return own if (place / "encoder.json").is_file() else None


def _beside(database: str, state: Path) -> Path:
    """The folder of an SQLite file; for a database server the state folder."""
    path = database.removeprefix("sqlite:///")
    return Path(path).parent if path not in (database, "", ":memory:") else state


def _course_fault(settings: Settings) -> str | None:
    if (settings.curriculum / "curriculum.yaml").is_file():
        return None
    return f"--curriculum {settings.curriculum} is no curriculum folder: it has no curriculum.yaml"


def _database_fault(settings: Settings) -> str | None:
    if settings.database.startswith(DATABASES):
        return None
    kind = settings.database.partition(":")[0]  # the rest may hold a password
    return f"--database of kind {kind!r} is not known; it may begin with: {', '.join(DATABASES)}"


def _model_fault(settings: Settings) -> str | None:
    if settings.model in tracing.available() or Path(settings.model).is_dir():
        return None
    names = ", ".join(tracing.available())
    return f"--model {settings.model!r} is neither a model ({names}) nor the folder of a fitted one"


def _grader_fault(settings: Settings) -> str | None:
    if settings.grader is None or is_there(settings.grader):
        return None
    return f"--grader {settings.grader} is no folder of a fitted grader; fit one with `wayline encoder fit`"


def _share(told: str | None) -> float:
    """A number as it was told; NaN where it is none."""
    try:
        return REVIEW_BELOW if told is None else float(told)
    except ValueError:
        return math.nan


def _review_fault(settings: Settings) -> str | None:
    if 0.0 <= settings.review_below <= 1.0:
        return None
    return "WAYLINE_REVIEW_BELOW is a confidence: a number from 0 (no answer waits for a teacher) to 1"


_CHECKS = (_course_fault, _database_fault, _model_fault, _grader_fault, _review_fault)
