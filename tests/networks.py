"""Networks drawn at random, whose every weight counts, and small logs that have all that a log can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.log import Log
from student_model.tracing._recurrent import Weights
from student_model.tracing._sequences import LAGS, PAUSES
from student_model.tracing._traces import WIDTH
from student_model.types import LearnerId

TAGS = {"one": "a", "two": "ab", "three": "abc", "other": "c", "bare": ""}
"""Items with one concept, with several, and with none."""


def words(tags: Mapping[str, str] = TAGS, concepts: str = "abc") -> Vocabulary:
    """One concept a letter."""
    return Vocabulary.build(
        [ConceptId(c) for c in concepts], {ItemId(item): [ConceptId(c) for c in own] for item, own in tags.items()}
    )


def wild(members: int = 2, traces: bool = False, hidden: int = 3, features: int = 4, concepts: int = 3) -> Weights:
    """Weights none of which is nought, but for those of times that are not known."""
    rng, item = np.random.default_rng(7), 2
    wide, trace = 2 * item + 2 + 2 * 2, WIDTH * traces
    shapes = {
        "concept_in": (concepts, item), "steep_in": (concepts, item), "concept_out": (concepts, hidden),
        "steep_out": (concepts, hidden), "concept_bias": (concepts,), "item_in": (features, item),
        "item_out": (features, hidden), "item_bias": (features,), "elapsed": (PAUSES, 2), "lag": (LAGS, 2),
        "pause": (LAGS, hidden), "inputs": (wide, 3 * hidden), "inner": (hidden, 3 * hidden),
        "input_bias": (3 * hidden,), "inner_bias": (3 * hidden,), "start": (hidden,), "trace": (trace,),
        "trace_state": (hidden, trace),
    }  # fmt: skip
    drawn = {name: rng.normal(0.0, 0.5, (members, *shape)).astype(np.float32) for name, shape in shapes.items()}
    for name in ("elapsed", "lag", "pause"):
        drawn[name][:, 0] = 0.0
    return Weights(*(drawn[one.name] for one in fields(Weights)))


def lived(vocabulary: Vocabulary, lengths: list[int], seed: int = 0) -> Log:
    """Learners of these lengths; some responses have no time, some none spent, some are right in part or count so."""
    rng, rows = np.random.default_rng(seed), sum(lengths)
    seconds = np.where(rng.random(rows) < 0.8, 1.7e9 + np.cumsum(rng.exponential(5_000.0, rows)).round(), np.nan)
    return Log(
        vocabulary,
        tuple(LearnerId(f"l{n}") for n in range(len(lengths))),
        np.repeat(np.arange(len(lengths), dtype=np.int32), lengths),
        rng.integers(len(vocabulary.items), size=rows).astype(np.int32),
        rng.integers(5, size=rows) / 4.0,
        seconds,
        rng.choice([1.0, 0.6], rows),
        np.where(rng.random(rows) < 0.7, rng.exponential(40.0, rows).round(), np.nan),
    )
