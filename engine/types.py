"""What is asked of the engine and what it answers: `Request`, `Recommendation`, `Decision`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

from knowledge_graph.types import ConceptId, ItemId, ItemKind
from student_model.types import Belief, LearnerId, PlacedBy, ResponseId

DecisionId = NewType("DecisionId", str)

Source = Literal["frontier", "review", "blocked", "known"]
"""Why an item is a candidate at all: its concept is ready to be learned, has faded, is still waiting for
its prerequisites, or is known already."""

ReasonKind = Literal["ready", "new", "practice", "review", "unlocks", "goal", "blocked", "retry", "graded", "fallback"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the caller wants. Everything that is `None` or empty constrains nothing.

    Attributes:
        count: how many items, in order.
        goal: the concept to work towards; only it and what leads to it is recommended.
        exclude: items not to recommend. `kinds`: the only kinds to recommend.
        minutes: the time at hand for all items together.
        deadline: when the time at hand ends; the tighter of `minutes` and `deadline` holds.
        policy: the name of the policy that scores the candidates.
    """

    count: int = 1
    goal: ConceptId | None = None
    exclude: tuple[ItemId, ...] = ()
    minutes: float | None = None
    deadline: datetime | None = None
    kinds: tuple[ItemKind, ...] = ()
    policy: str = "gain"


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge of the graph as cited in a reason."""

    source_id: ConceptId
    target_id: ConceptId
    kind: Literal["prerequisite", "encompasses"]
    weight: float


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground for a recommendation: a plain sentence, and the beliefs, edges and responses it rests on."""

    kind: ReasonKind
    sentence: str
    beliefs: tuple[Belief, ...] = ()
    edges: tuple[Edge, ...] = ()
    responses: tuple[ResponseId, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that could have been recommended, with the policy's score.

    `odds` is the probability of success, `None` for what is not judged; `propensity` that of being drawn first.
    """

    item_id: ItemId
    concept_id: ConceptId
    source: Source
    odds: float | None
    score: float
    propensity: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An item to do next.

    `odds` is the probability of success with its 90 % interval, `None` for what is studied and not judged.
    `propensity` is the exact probability with which this item was drawn at its place in the list, given those
    before it. `sentence` says why in one plain sentence, `reasons` say it in full. `placed_by` says what the item's
    difficulty rests on, `None` for what is not judged and for models that do not tell.
    """

    item_id: ItemId
    concept_id: ConceptId
    odds: float | None
    odds_low: float | None
    odds_high: float | None
    propensity: float
    minutes: float
    sentence: str
    reasons: tuple[Reason, ...]
    placed_by: PlacedBy | None = None


@dataclass(frozen=True, slots=True)
class Infeasible:
    """Why nothing (or less than asked for) could be recommended, and what would help."""

    sentence: str
    constraints: tuple[str, ...]
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A recommendation with all that led to it: enough to replay it exactly.

    Attributes:
        rung: which step of the ladder answered: the tracer's name, or `syllabus` if every tracer failed. Where no item
            of the course has responses it says what they were placed by: `wayline (text and graph)`.
        model_version, graph_version: content hashes of what answered.
        log_position: how many of the learner's responses the state was folded from.
        seed: of the generator that drew; the same seed, state and versions draw the same items.
        review_below: the confidence below which a grade waited for a teacher.
        encoder: the version of what read the texts of new items; empty where none was placed by its text.
        eligible: how many items the constraints allowed. `candidates`: the best of them by score, best first.
    """

    decision_id: DecisionId
    learner_id: LearnerId
    at: datetime
    request: Request
    rung: str
    model_version: str
    graph_version: str
    log_position: int
    seed: int
    eligible: int
    candidates: tuple[Candidate, ...]
    items: tuple[Recommendation, ...]
    infeasible: Infeasible | None = None
    review_below: float = 0.0
    encoder: str = ""
