"""What is replied, for the OpenAPI document and the tests; `api.replies` writes it, not these models."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.types import ReasonKind
from knowledge_graph.frontier import Standing
from knowledge_graph.types import ItemKind, Origin
from student_model.types import PlacedBy

PLACED_BY = (
    "What the item's difficulty rests on: `responses` of learners to it; else its `text`, as far as texts told of the "
    "difficulty of others; the other items of its `concept`; what its author `declared`; where its concepts stand in "
    "the `graph`; or nothing but the `prior`. Null for what is studied, and where the model does not tell."
)
RUNG = (
    "Which model answered, `syllabus` where each failed. Where the model knows of no responses to any item of the "
    "course, it says what placed them instead: `wayline (text and graph)`."
)


class Reply(BaseModel):
    """Nothing that is not named here is ever told: least of all the answer to an item."""

    model_config = ConfigDict(extra="forbid")


class EvidenceOut(Reply):
    """A part of an answer and the part of a reference answer that it matched."""

    said: str
    reference: str
    likeness: float


class GradeOut(Reply):
    """What the grader says of an answer in words. Only its score, weighted by its confidence, moves a belief."""

    label: str
    score: float
    confidence: float
    probabilities: dict[str, float] = Field(description="Of each label; empty where the grader has none.")
    evidence: list[EvidenceOut] = Field(description="The best matches, best first.")
    missing: list[str] = Field(description="What of the nearest reference answer nothing matched.")
    grader: str = Field(description="Name and version.")
    for_review: bool = Field(description="Whether the confidence is so low that a teacher is asked.")


class JudgedOut(Reply):
    """How an answer, or one of its steps, was judged."""

    correct: bool
    score: float
    confidence: float | None = Field(description="How sure the judge is; null for an exact key.")
    provisional: bool = Field(description="Whether a better judge may still change it.")
    grade: GradeOut | None = Field(description="Null where no grader was asked; of several steps, each has its own.")


class StepJudgementOut(JudgedOut):
    """How a step was judged."""

    step_id: str
    feedback: str = Field(description="For the learner; the verdict first, then one line for each hint.")
    answer: str | None = Field(description="The right answer.")


class JudgementOut(JudgedOut):
    """How an answer was judged."""

    feedback: str = Field(description="For the learner; one line a step.")
    answer: str | None = Field(description="The right answer; one line a step.")
    explanation: str
    steps: list[StepJudgementOut] = Field(description="Each step's own; empty for an item without steps.")


class StoredOut(Reply):
    """What became of one response."""

    response_id: str
    status: Literal["stored", "duplicate"]
    position: int = Field(description="Its place among all of the learner's responses, from 1.")
    judgement: JudgementOut | None = Field(description="Null for what is studied and not judged.")


class BeliefOut(Reply):
    """What the learner is thought to know about a concept now."""

    concept_id: str
    title: str
    topic: str
    probability: float
    low: float
    high: float
    evidence: int = Field(description="How many responses it rests on.")
    last_practice: datetime | None
    peak: float | None = Field(description="The probability right after the last practice.")
    in_a_week: float = Field(description="The probability in seven days without practice.")
    standing: Standing
    readiness: float = Field(description="How far the prerequisites let the learner through, 0 to 1.")


class MovedOut(BeliefOut):
    """A belief, and what it was before."""

    before: float = Field(description="The probability at this time without what was sent.")


class ResponsesOut(Reply):
    """What became of the responses, and the beliefs that they touched."""

    responses: list[StoredOut]
    beliefs: list[MovedOut]


class BeliefsOut(Reply):
    """All beliefs about one learner."""

    learner_id: str
    log_position: int
    rung: str = Field(description=RUNG)
    model_version: str
    graph_version: str
    beliefs: list[BeliefOut]


class CitedBelief(Reply):
    """A belief that a reason rests on."""

    concept_id: str
    probability: float
    low: float
    high: float
    evidence: int
    last_practice: datetime | None
    peak: float | None


class CitedEdge(Reply):
    """An edge that a reason rests on."""

    source_id: str
    target_id: str
    kind: Literal["prerequisite", "encompasses"]
    weight: float


class ReasonOut(Reply):
    """One ground for a recommendation."""

    kind: ReasonKind
    sentence: str
    beliefs: list[CitedBelief]
    edges: list[CitedEdge]
    responses: list[str]


class QuestionOut(Reply):
    """What is asked."""

    kind: ItemKind
    text: str
    choices: list[str]
    unit: str
    hints: list[str]


class StepOut(QuestionOut):
    """One question of an item of kind `steps`."""

    step_id: str


class MediaOut(Reply):
    """A picture, sound or film; `url` is relative to the root of the service."""

    url: str
    alt: str


class ItemOut(QuestionOut):
    """An item as a learner may see it."""

    item_id: str
    title: str
    passage: str = Field(description="The text that the question, or all steps, are about, if there is one.")
    steps_text: list[str]
    steps: list[StepOut]
    media: list[MediaOut]
    minutes: float


class RecommendedOut(Reply):
    """An item to do next, and why. The odds are null for what is studied and not judged."""

    item_id: str
    concept_id: str
    concept_title: str
    odds: float | None
    odds_low: float | None
    odds_high: float | None
    propensity: float
    minutes: float
    sentence: str
    reasons: list[ReasonOut]
    placed_by: PlacedBy | None = Field(description=PLACED_BY)
    item: ItemOut


class InfeasibleOut(Reply):
    """Why fewer items are recommended than were asked for."""

    sentence: str
    constraints: list[str]
    remedy: str


class RecommendationsOut(Reply):
    """What to do next."""

    decision_id: str
    learner_id: str
    items: list[RecommendedOut]
    rung: str = Field(description=RUNG)
    model_version: str
    graph_version: str
    infeasible: InfeasibleOut | None


class DecisionOut(BaseModel):
    """A recommendation with all that led to it, as it was kept."""

    decision_id: str
    at: datetime
    rung: str
    model_version: str
    graph_version: str
    log_position: int
    seed: int
    eligible: int


class ThresholdsOut(Reply):
    """Probabilities at which a belief counts."""

    known: float
    mastered: float
    review: float


class ConceptOut(Reply):
    """A concept; `items` is how many items practise it."""

    concept_id: str
    title: str
    description: str
    topic: str
    items: int


class EdgeOut(Reply):
    """An edge of the graph."""

    source_id: str
    target_id: str
    kind: Literal["prerequisite", "encompasses"]
    weight: float
    reason: str
    origin: Origin


class GraphOut(Reply):
    """The course's concepts and edges."""

    curriculum_id: str
    title: str
    language: str
    licence: str
    attribution: str
    version: str
    thresholds: ThresholdsOut
    goals: list[str]
    concepts: list[ConceptOut]
    edges: list[EdgeOut]


class HealthOut(Reply):
    """That the service runs."""

    status: Literal["ok"]


class ReadyOut(Reply):
    """That the service can serve: its parts, each `ok`, and whether answers in words are graded as they should be."""

    status: Literal["ready"]
    database: Literal["ok"]
    model: Literal["ok"]
    grader: Literal["ok", "failing"] = Field(description="`failing`: until it works, the wording is compared.")
