"""What placed the items of a course: on what the difficulty of each rests, and which models can place new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from student_model.types import PlacedBy

if TYPE_CHECKING:
    from knowledge_graph.graph import KnowledgeGraph
    from student_model.tracing import Tracer

PLACED: tuple[PlacedBy, ...] = get_args(PlacedBy)
RESPONSES, TEXT, CONCEPT, DECLARED, GRAPH, PRIOR = range(len(PLACED))

WORDS = {TEXT: "text", CONCEPT: "concepts", DECLARED: "declared difficulty", GRAPH: "graph"}
"""What is said of a course none of whose items has responses; by nothing of these it is placed by priors."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """What each of I items was placed by.

    Attributes:
        codes: positions in `PLACED`, (I,). `deep`: whether the depth of concepts counted for some.
        encoder: version of the encoder that read what items say, in service; empty where none did.
        unread: what the encoder is called that the model's fit read texts with, where that in service is another, so
            that new items are placed without what they say; `None` elsewhere.
        basis: what the course as a whole rests on, in words; empty where some item has responses.
    """

    codes: NDArray[np.int8]
    deep: bool = False
    encoder: str = ""
    unread: str | None = None
    basis: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "basis", _basis(set(np.unique(self.codes).tolist()), self.deep))

    def by(self, item: int) -> PlacedBy:
        """What the item at this position was placed by."""
        return PLACED[int(self.codes[item])]

    def named(self, model: str) -> str:
        """The name of the rung: that of the model, and what it rests on where no item of the course has responses.

        >>> Placement(np.array([1, 1, 4], dtype=np.int8)).named("wayline")
        'wayline (text and graph)'
        """
        return f"{model} ({self.basis})" if self.basis else model


def _basis(found: set[int], deep: bool) -> str:
    if RESPONSES in found or not found:
        return ""
    words = [word for code, word in WORDS.items() if code in found or (code == GRAPH and deep)]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:]))) or "priors"


class Encoder(Protocol):
    """Reads texts."""

    @property
    def version(self) -> str:
        """Name and version."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A vector of length 1 for each text, (n, d)."""


@runtime_checkable
class Placing(Protocol):
    """A tracer that says what placed each item, and places new ones by what they say and by the graph."""

    @property
    def placement(self) -> Placement:
        """What each item was placed by."""

    def place(self, graph: KnowledgeGraph, encoder: Encoder | None) -> Tracer:
        """The same model, bound to a course, with the items placed that the fit had no responses to."""


def placement_of(tracer: object) -> Placement | None:
    """What placed a tracer's items; `None` where the model does not tell."""
    return tracer.placement if isinstance(tracer, Placing) else None


def placed(tracer: Tracer, graph: KnowledgeGraph, encoder: Encoder | None = None) -> Tracer:
    """A tracer bound to a course with new items placed, where the model can."""
    return tracer.place(graph, encoder) if isinstance(tracer, Placing) else tracer
