"""Deep knowledge tracing: one recurrent network over items and the mean of their concepts.

Piech et al., "Deep knowledge tracing" (NeurIPS 2015), with a vector of each item's own beside its concepts'. No belief
model, no counts: a learner's state is what the network remembers. A belief is the odds at an item of the concept that
is like no other. Nothing keeps such a network from lowering a belief after a right answer: `MONOTONE` says so, and
`benchmarks/monotone.py` measures how often it does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.tracing import ALONE, Beliefs, Context, Parameters, seconds_of
from student_model.tracing._practice import Z90, Practice, carried, logistic_of, practised, setting, variances
from student_model.tracing._recurrent import Floats, Network, Weights, lag_of, pause_of, scored, sequences
from student_model.types import Response

TOLERANCE = 1e-5
"""Odds of whole logs are worked out in other batches than those of one learner, in single precision."""

MONOTONE = False
"""A right answer may lower the belief in its concepts, and a grade of no confidence may move one."""


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The network's state (1, H), the time of the last response or NaN, how many there were, and concepts' practice."""

    hidden: Floats
    last: float
    responses: int
    practice: Practice


@dataclass(frozen=True, slots=True, eq=False)
class Gru:
    """A trained network, whose scores are added to the logit of the share of right answers, `base`."""

    network: Network
    base: float

    @property
    def name(self) -> str:
        """The file's name."""
        return "gru"

    @property
    def vocabulary(self) -> Vocabulary:
        """That of the network."""
        return self.network.vocabulary

    def initial(self) -> Memory:
        """Nothing read."""
        none = np.zeros(len(self.vocabulary.concepts))
        return Memory(self.network.weights.start, math.nan, 0, Practice.fresh(none))

    def update(self, state: Memory, response: Response) -> Memory:
        """The state after one more response: one step of the network."""
        words, outcome, at = self.vocabulary, response.outcome, seconds_of(response.at)
        item, own = words.item_index.get(response.item_id), practised(words, response)
        if outcome is None or (item is None and not len(own)):
            return state
        spent = math.nan if response.elapsed_seconds is None else response.elapsed_seconds
        sign = (2.0 * outcome - 1.0) * response.weight
        spans = int(pause_of(spent)), int(lag_of(at - state.last))
        hidden = self.network.step(state.hidden, item, own, sign, self._usual, *spans)
        hidden.setflags(write=False)
        practice = state.practice.judged(own, [0.0] * len(own), outcome * response.weight, at)
        return Memory(hidden, state.last if math.isnan(at) else at, state.responses + 1, practice)

    @property
    def _usual(self) -> float:
        return logistic_of(np.array([self.base])).item(0)

    def predict(self, state: Memory, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The odds of success, shape (n,)."""
        odds = logistic_of(self._logits(state, now))
        return odds if items is None else odds[items]

    def _logits(self, state: Memory, now: datetime | None) -> FloatArray:
        return self.base + self.network.scores(state.hidden, int(lag_of(seconds_of(now) - state.last)))

    def predict_interval(
        self, state: Memory, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of a Gaussian interval that each response sharpens, each of shape (n,)."""
        words, logits, margins = self.vocabulary, self._logits(state, now), self._margins(state)
        margin = words.mean_over_concepts(margins, float(margins.max(initial=Z90)))
        low, high = logistic_of(logits - margin), logistic_of(logits + margin)
        return (low, high) if items is None else (low[items], high[items])

    def _margins(self, state: Memory) -> FloatArray:
        evidence = state.practice.evidence
        general, own = variances(state.responses, evidence, np.ones(len(evidence)))
        return np.asarray(Z90 * np.sqrt(general + own))

    def beliefs(self, state: Memory, now: datetime | None) -> Beliefs:
        """The odds at an item of each concept that is like no other; time changes none."""
        logits, margin = self.base + self.network.concept_scores(state.hidden), self._margins(state)
        practice = state.practice
        return Beliefs(
            self.vocabulary.concepts,
            probability=logistic_of(logits),
            low=logistic_of(logits - margin),
            high=logistic_of(logits + margin),
            evidence=practice.evidence,
            last_seconds=practice.last_seconds,
            peak=logistic_of(logits),
        )

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,), within `TOLERANCE` of single steps.

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        given = sequences(log, np.full(len(log), self._usual), self.vocabulary)
        return logistic_of(self.base + scored(self.network, given))

    def fold(self, log: Log) -> list[Memory]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        given = sequences(log, np.full(len(log), self._usual), self.vocabulary)
        hidden = self.network.fold(given)
        practices = Practice.counted(log)
        counts = np.diff(log.offsets).tolist()
        return [Memory(*each) for each in zip(hidden, log.last_seconds.tolist(), counts, practices, strict=True)]

    def bind(self, vocabulary: Vocabulary) -> Gru:
        """The same model over another vocabulary; new items have their concepts' vectors alone."""
        own = self.vocabulary
        features = carried(own.items, self.network.features.T.astype(np.float64), vocabulary.items, 0.0).T
        return replace(self, network=network_of(self.network.weights.over(own, vocabulary), vocabulary, features))

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        arrays = {**self.network.weights.arrays(), "features": self.network.features}
        return Parameters(self.name, self.vocabulary, arrays, {"base": self.base})


def network_of(weights: Weights, vocabulary: Vocabulary, features: FloatArray | Floats) -> Network:
    """A network whose items have no difficulties."""
    rows = np.ascontiguousarray(features, dtype=np.float32)
    return Network(weights, vocabulary, rows, np.zeros(len(vocabulary.items), dtype=np.float32))


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Gru:
    """Train on a log (with torch; minutes on a large one). Of few learners only the share of right answers is used."""
    if not len(log):
        nothing = np.zeros((len(log.vocabulary.items), 0), dtype=np.float32)
        return Gru(network_of(Weights.none(log.vocabulary, nothing), log.vocabulary, nothing), 0.0)
    from student_model.tracing._gru_fit import fitted  # serving needs none of it

    return fitted(log, seed, context)


def restore(parameters: Parameters) -> Gru:
    """The tracer from what `Gru.parameters` gave."""
    arrays = parameters.arrays
    network = network_of(Weights.of(arrays), parameters.vocabulary, arrays["features"])
    return Gru(network, setting(parameters, "base"))
