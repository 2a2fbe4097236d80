"""What the belief model is before any data: the course in the expert's strengths, taken to be new to its learners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from knowledge_graph.vocabulary import Vocabulary
from student_model.tracing._drift import NONE
from student_model.tracing._neighbours import Net
from student_model.tracing._statespace_step import Law
from student_model.tracing.statespace import LAW, StateSpace, made

if TYPE_CHECKING:
    from knowledge_graph.graph import KnowledgeGraph

NEW, FIRST_GAIN = 1.4, 1.2
"""Without any data a course is taken to be new to its learners: the difficulty of all that it teaches (odds of .2 for
the usual learner), and a gain that makes four right answers in a row enough to go on."""


def unfitted(words: Vocabulary, graph: KnowledgeGraph | None) -> StateSpace:
    """The model before any data: the course in the expert's strengths, all of it as hard as what is new."""
    law = LAW._replace(gain=FIRST_GAIN, offset_variance=0.3)
    return blank(words, law, graph, NEW)


def blank(words: Vocabulary, law: Law, graph: KnowledgeGraph | None, difficulty: float = 0.0) -> StateSpace:
    """A model in which all items and concepts are alike."""
    items, concepts = len(words.items), len(words.concepts)
    return made(
        words,
        law,
        base=difficulty,
        drift=NONE,
        net=expert(words, law, graph),
        slope=np.ones(items),
        difficulty=np.full(items, difficulty),
        difficulty_variance=np.full(items, NONE.own),
        expected_difficulty=np.full(items, difficulty),
        expected_variance=np.full(items, NONE.own),
        drifted=np.zeros(items),
        concept_slope=np.ones(concepts),
        concept_difficulty=np.full(concepts, difficulty),
    )


def expert(words: Vocabulary, law: Law, graph: KnowledgeGraph | None) -> Net:
    """The edges of the course in the strengths that it states; none without a course."""
    return Net.none() if graph is None else Net.expert(graph, law).over(graph.vocabulary, words)
