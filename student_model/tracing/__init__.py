"""Knowledge tracing: one model a file. The file's name is the model's name.

A model file defines `fit(log, seed, context) -> Tracer` and `restore(parameters) -> Tracer`. `available()` lists the
folder, `load(name)` imports that one file, and the contract tests find it by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from knowledge_graph import plugins
from knowledge_graph.types import ConceptId
from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.types import Belief, Response

if TYPE_CHECKING:
    from knowledge_graph.graph import KnowledgeGraph


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """A fitted model at rest: the vocabulary it was fitted on, named arrays, and plain settings."""

    model: str
    vocabulary: Vocabulary
    arrays: dict[str, NDArray[Any]]
    settings: dict[str, float | int | str | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """The beliefs about all C concepts at once, each array of shape (C,); the fields mean what they do on `Belief`.

    `last_seconds` is seconds since 1970 (UTC), NaN if never practised or without times.
    """

    concepts: tuple[ConceptId, ...]
    probability: FloatArray
    low: FloatArray
    high: FloatArray
    evidence: IntArray
    last_seconds: FloatArray
    peak: FloatArray

    def of(self, concept: int) -> Belief:
        """The belief about the concept at this position."""
        last = self.last_seconds[concept]
        return Belief(
            concept_id=self.concepts[concept],
            probability=float(self.probability[concept]),
            low=float(self.low[concept]),
            high=float(self.high[concept]),
            evidence=int(self.evidence[concept]),
            last_practice=None if np.isnan(last) else datetime_from(last),
            peak=float(self.peak[concept]),
        )


class Tracer(Protocol):
    """A fitted knowledge-tracing model. States are immutable values of the model's own type."""

    @property
    def name(self) -> str:
        """The model's name, that of its file."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The order of concepts and items that positions refer to."""

    def initial(self) -> Any:
        """The state of a learner of whom nothing is known."""

    def update(self, state: Any, response: Response) -> Any:
        """The state after one more response. Pure: `state` is left as it was. Unjudged responses change nothing."""

    def predict(self, state: Any, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The probability of success, in (0, 1), at the items' positions (all items for `None`); shape (n,)."""

    def predict_interval(
        self, state: Any, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The 90 % interval of `predict`, as two arrays of shape (n,) with low <= odds <= high."""

    def beliefs(self, state: Any, now: datetime | None) -> Beliefs:
        """What the learner knows now, after forgetting. Reading never changes a state."""

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it by the same learner, shape (N,)."""

    def fold(self, log: Log) -> list[Any]:
        """The state of each learner of the log after all rows; equals `update` one by one, bit for bit."""

    def bind(self, vocabulary: Vocabulary) -> Tracer:
        """The same model over another vocabulary: what it knows of shared ids moves, the rest gets its priors."""

    def parameters(self) -> Parameters:
        """Everything `restore` needs to make this tracer again."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a fit may use beside the log, and where it says how it goes. Models use what they can.

    Attributes:
        graph: the course, with its edges and the texts of concepts and items.
        tell: hears what is being done, in a few words. `done`: hears which share of it is, from 0 to 1.
        curves: folder for TensorBoard's files.
        checkpoint: folder where training keeps how far it has come, and from which it goes on.
        accumulate: batches whose gradients are added up before each step of training.
        interrupted: hears that ctrl-C ended the training of a network, which is at its best so far.
        encoder: folder or name of the base encoder that reads the course's texts; the default where absent.
    """

    graph: KnowledgeGraph | None = None
    tell: Callable[[str], None] = lambda what: None
    curves: Path | None = None
    checkpoint: Path | None = None
    accumulate: int = 1
    interrupted: Callable[[], None] = lambda: None
    done: Callable[[float], None] = lambda share: None
    encoder: str | None = None


class CheckpointError(ValueError):
    """A folder keeps another training than the one that would go on from it; the message says what to do."""


ALONE = Context()
"""The log and nothing else."""


@runtime_checkable
class Model(Protocol):
    """What a file in this folder defines."""

    def fit(self, log: Log, seed: int = 0, context: Context = ALONE) -> Tracer:
        """Fit the model to a log; an empty log gives the model's priors over the log's vocabulary."""

    def restore(self, parameters: Parameters) -> Tracer:
        """Make the tracer from what `Tracer.parameters` gave."""


def datetime_from(seconds: float) -> datetime:
    """UTC time from seconds since 1970."""
    return datetime.fromtimestamp(float(seconds), UTC)


def seconds_of(at: datetime | None) -> float:
    """Seconds since 1970 of a time, NaN for `None`."""
    return float("nan") if at is None else at.timestamp()


def available() -> tuple[str, ...]:
    """The names of all models, sorted."""
    return plugins.names(__path__)


def load(name: str) -> Model:
    """The model of this name.

    Raises:
        ValueError: there is no such model; the message lists those there are.
    """
    return cast(Model, plugins.load(__name__, name, available(), "tracer"))
