"""What can be learned and what can be done: concepts, edges between them, items, and the course they form.

Every type is frozen and slotted. `None` means "not recorded". An arrow always points from what comes
first: the source of a `Prerequisite` is needed before its target, and practising the source of an
`Encompassing` practises its target as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

ConceptId = NewType("ConceptId", str)
ItemId = NewType("ItemId", str)

Origin = Literal["stated", "inferred"]
"""Who says so: `stated` by a person, or `inferred` by a program (from lesson order, text or data)."""

ItemKind = Literal["choice", "numeric", "expression", "text", "reading", "worked_example", "video", "steps"]
"""`choice`, `numeric`, `expression` and `steps` are judged exactly, `text` by its reference answers;
`reading`, `worked_example` and `video` are studied, not judged."""

SCORED_KINDS: frozenset[ItemKind] = frozenset({"choice", "numeric", "expression", "text", "steps"})


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that can be learned. The order of concepts in a curriculum is its syllabus."""

    concept_id: ConceptId
    title: str
    description: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """`source_id` is needed before `target_id`; `weight` in (0, 1], where 1 is indispensable."""

    source_id: ConceptId
    target_id: ConceptId
    weight: float = 1.0
    reason: str = ""
    origin: Origin = "stated"


@dataclass(frozen=True, slots=True)
class Encompassing:
    """Practising `source_id` practises `target_id` too; `weight` in (0, 1] is the share of credit that flows."""

    source_id: ConceptId
    target_id: ConceptId
    weight: float = 1.0
    reason: str = ""
    origin: Origin = "stated"


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, sound or film beside the text; `path` is relative to the curriculum folder."""

    path: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One question of an item of kind `steps`: the fields mean what they mean on `Item`."""

    step_id: str
    kind: ItemKind
    text: str
    concept_ids: tuple[ConceptId, ...] = ()
    choices: tuple[str, ...] = ()
    answer: str | None = None
    accepted_answers: tuple[str, ...] = ()
    reference_answers: tuple[str, ...] = ()
    tolerance: float | None = None
    unit: str = ""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """Anything a learner can do. `text` is plain text; mathematics may stand between `$$` as LaTeX.

    `passage` is a text that the question, or all `steps`, are about: what is right follows from it.
    `answer` is the exact text of the right choice, a number ("3/4" and "0.75" are the same number) or an
    expression; `accepted_answers` are further right ones. `difficulty` is the share of learners at that
    level expected to get it wrong, in [0, 1]. `minutes` is the time it usually takes.
    """

    item_id: ItemId
    kind: ItemKind
    concept_ids: tuple[ConceptId, ...]
    text: str
    title: str = ""
    choices: tuple[str, ...] = ()
    answer: str | None = None
    accepted_answers: tuple[str, ...] = ()
    reference_answers: tuple[str, ...] = ()
    tolerance: float | None = None
    unit: str = ""
    hints: tuple[str, ...] = ()
    explanation: str = ""
    steps_text: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    media: tuple[Media, ...] = ()
    minutes: float | None = None
    difficulty: float | None = None
    passage: str = ""

    @property
    def scored(self) -> bool:
        """Whether a response to this item can be right or wrong."""
        return self.kind in SCORED_KINDS


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities at which a belief counts.

    `known` opens what follows, `mastered` needs no more practice, and a concept once known is due for review when
    its probability falls below `review`.
    """

    known: float = 0.8
    mastered: float = 0.95
    review: float = 0.7


@dataclass(frozen=True, slots=True)
class Course:
    """What `curriculum.yaml` says: the name of the whole, its licence and its rules."""

    curriculum_id: str
    title: str
    language: str = "en"
    licence: str = ""
    attribution: str = ""
    goals: tuple[ConceptId, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    gating: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands in a file, so that a fault can be found: `line` counts from 1."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Curriculum:
    """A course as it was read, faults included. `KnowledgeGraph` accepts only a sound one.

    `places` maps ("concept" | "edge" | "item", position in its tuple) to where it stood in its file; for
    edges the positions run over prerequisites, then encompassings.
    """

    course: Course
    concepts: tuple[Concept, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    encompassings: tuple[Encompassing, ...] = ()
    items: tuple[Item, ...] = ()
    places: Mapping[tuple[str, int], Place] = field(default_factory=dict)
