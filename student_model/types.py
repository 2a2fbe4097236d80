"""What a learner did, and what we think it shows: `Response` and `Belief`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

from knowledge_graph.types import ConceptId, ItemId

LearnerId = NewType("LearnerId", str)
ResponseId = NewType("ResponseId", str)

CLEAR = 0.5
"""From so sure a judge on, rules that ask what happened last go by what an answer was graded."""

PlacedBy = Literal["responses", "text", "concept", "declared", "graph", "prior"]
"""What an item's difficulty rests on: learners' own responses to it; what it says, so far as that told of others'
difficulty; the other items of its concepts; the difficulty that its author declared; where its concepts stand among
the prerequisites; or nothing, so that it is taken for a usual item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One learner's response to one item. It never changes; a later response may correct it.

    Attributes:
        at: when it was given, timezone-aware UTC; `None` where the log has no times.
        sequence: the platform's own order within the learner, where it has one; it decides between
            responses of the same or of no time.
        correct: right or wrong; `None` for what is not judged (a reading) or not judged yet.
        score: share of full marks in [0, 1]; `None` means that `correct` says all.
        score_confidence: how sure the grader is of `score`, in [0, 1]; `None` for an exact key.
        choice: the text of the choice taken. `answer_text`: what was written.
        elapsed_seconds: time spent on the item. `hints`: how many were opened.
        confidence: how sure the learner says to be, in [0, 1].
        supersedes: the response this one corrects; it takes that one's place in the order.
        concept_ids: the item's concepts as the log names them; empty means "as the graph says".
        label: as what a grader or a teacher graded an answer in words.
    """

    response_id: ResponseId
    learner_id: LearnerId
    item_id: ItemId
    at: datetime | None = None
    sequence: int | None = None
    correct: bool | None = None
    score: float | None = None
    score_confidence: float | None = None
    choice: str | None = None
    answer_text: str | None = None
    elapsed_seconds: float | None = None
    hints: int | None = None
    confidence: float | None = None
    supersedes: ResponseId | None = None
    concept_ids: tuple[ConceptId, ...] = ()
    label: str | None = None

    @property
    def outcome(self) -> float | None:
        """The result as one number in [0, 1]: `score` if there is one, else `correct`; `None` if not judged.

        >>> Response(response_id=ResponseId("r"), learner_id=LearnerId("l"), item_id=ItemId("i"), correct=True).outcome
        1.0
        """
        if self.score is not None:
            return self.score
        return None if self.correct is None else float(self.correct)

    @property
    def weight(self) -> float:
        """How much the outcome counts, in [0, 1]: the grader's confidence in its score, 1 for an exact key.

        Text never moves a state alone. With the weight q, the outcome y and the odds p that the model gave it
        before, the models learn from the outcome q*y + (1 - q)*p: a grader who is not sure confirms what was
        believed, and one who knows nothing (q = 0) changes no level.
        """
        sure = self.score_confidence
        return 1.0 if self.score is None or sure is None else min(max(sure, 0.0), 1.0)

    @property
    def clear_outcome(self) -> float | None:
        """`outcome` where its judge is at least `CLEAR` sure of it, else `None`: for rules that ask what happened last.
        Models learn by `weight` instead.
        """
        return self.outcome if self.weight >= CLEAR else None


@dataclass(frozen=True, slots=True)
class Belief:
    """What we think a learner knows about a concept now.

    Attributes:
        probability: that the concept is known, in [0, 1], after forgetting up to now.
        low, high: the 90 % interval of `probability`.
        evidence: how many responses it rests on.
        last_practice: when the concept was last practised; `None` if never or without times.
        peak: the probability right after the last practice, before forgetting; what has faded is `peak - probability`.
    """

    concept_id: ConceptId
    probability: float
    low: float
    high: float
    evidence: int
    last_practice: datetime | None = None
    peak: float | None = None
