"""The predictor: what the belief model expects of each response, corrected by recurrent networks that read all others.

    logit = start + trust * belief logit + gain * mean score of the networks,        gain >= 0

The belief model (`statespace`) knows a learner's concepts, their fading and the graph. The networks (`_recurrent`) see
the whole sequence, each item by vectors learned from what is practised around it and, where the course has texts, from
what it says; where the log has times, also pauses and time spent. Start, trust and gain are fitted on learners whom
the networks did not train on, so odds are calibrated, and where networks find nothing they are left out. Beliefs are
those of the belief model inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.tracing import ALONE, Beliefs, Context, Parameters, seconds_of, statespace
from student_model.tracing._practice import carried, logistic_of, practised, setting
from student_model.tracing._recurrent import Floats, Network, Weights, lag_of, pause_of, scored, sequences
from student_model.tracing.statespace import Knowledge, StateSpace
from student_model.types import Response

TOLERANCE = 1e-5
"""Odds of whole logs are worked out in other batches than those of one learner, in single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a learner has come to: knowledge, the networks' states (M, H), and the time of the last response, or NaN."""

    knowledge: Knowledge
    hidden: Floats
    last: float


@dataclass(frozen=True, slots=True)
class Blend:
    """How logits are joined; the difficulty of items in standard units is (difficulty - centre) / scale."""

    start: float
    trust: float
    gain: float
    centre: float
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Wayline:
    """A belief model and the networks over it."""

    belief: StateSpace
    network: Network
    blend: Blend

    @property
    def name(self) -> str:
        """The file's name."""
        return "wayline"

    @property
    def vocabulary(self) -> Vocabulary:
        """That of the belief model."""
        return self.belief.vocabulary

    def initial(self) -> Reading:
        """Nothing known."""
        return Reading(self.belief.initial(), self.network.weights.start, math.nan)

    def update(self, state: Reading, response: Response) -> Reading:
        """The state after one more response: a step of the belief model and one of each network."""
        knowledge, logit = self.belief.stepped(state.knowledge, response)
        outcome, at = response.outcome, seconds_of(response.at)
        if outcome is None or math.isnan(logit):
            return replace(state, knowledge=knowledge)
        item, own = self.vocabulary.item_index.get(response.item_id), practised(self.vocabulary, response)
        spent = math.nan if response.elapsed_seconds is None else response.elapsed_seconds
        odds, sign = logistic_of(np.array([logit])).item(0), (2.0 * outcome - 1.0) * response.weight
        spans = int(pause_of(spent)), int(lag_of(at - state.last))
        hidden = self.network.step(state.hidden, item, own, sign, odds, *spans)
        hidden.setflags(write=False)
        return Reading(knowledge, hidden, state.last if math.isnan(at) else at)

    def predict(self, state: Reading, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The odds of success, shape (n,)."""
        odds = logistic_of(self._corrected(state, self.belief.logits(state.knowledge, now), now))
        return odds if items is None else odds[items]

    def _corrected(self, state: Reading, believed: FloatArray, now: datetime | None) -> FloatArray:
        """The logits of all items, from those of the belief model, both (I,)."""
        logits = self.blend.start + self.blend.trust * believed
        if not self.network.weights.members or not self.blend.gain:
            return logits
        return logits + self.blend.gain * self.network.scores(state.hidden, int(lag_of(seconds_of(now) - state.last)))

    def predict_interval(
        self, state: Reading, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of an interval as wide as the belief model's, each of shape (n,)."""
        believed, down, up = self.belief.spans(state.knowledge, now)
        logits = self._corrected(state, believed, now)
        low, high = logistic_of(logits - self.blend.trust * down), logistic_of(logits + self.blend.trust * up)
        return (low, high) if items is None else (low[items], high[items])

    def beliefs(self, state: Reading, now: datetime | None) -> Beliefs:
        """Those of the belief model."""
        return self.belief.beliefs(state.knowledge, now)

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,), within `TOLERANCE` of single steps.

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        base = self.belief.logits_of(log)
        logits = self.blend.start + self.blend.trust * base
        if self.network.weights.members and self.blend.gain:
            logits = logits + self.blend.gain * scored(self.network, sequences(log, logistic_of(base), self.vocabulary))
        return logistic_of(logits)

    def fold(self, log: Log) -> list[Reading]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        knowledge = self.belief.fold(log)
        given = sequences(log, logistic_of(self.belief.logits_of(log)), self.vocabulary)
        whole = zip(knowledge, self.network.fold(given), log.last_seconds.tolist(), strict=True)
        return [Reading(*each) for each in whole]

    def bind(self, vocabulary: Vocabulary) -> Wayline:
        """The same model over another vocabulary; new items have their concepts' vectors alone."""
        belief, own = self.belief.bind(vocabulary), self.vocabulary
        features = carried(own.items, self.network.features.T.astype(np.float64), vocabulary.items, 0.0).T
        weights = self.network.weights.over(own, vocabulary)
        return made(belief, weights, features.astype(np.float32), self.blend)

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        belief, blend = self.belief.parameters(), self.blend
        arrays = {**belief.arrays, **self.network.weights.arrays(), "features": self.network.features}
        settings = {f"blend_{name}": getattr(blend, name) for name in BLEND}
        return Parameters(self.name, self.vocabulary, arrays, {**belief.settings, **settings})


BLEND = ("start", "trust", "gain", "centre", "scale")


def made(belief: StateSpace, weights: Weights, features: Floats, blend: Blend) -> Wayline:
    """A model from its parts."""
    difficulty = ((belief.difficulty - blend.centre) / blend.scale).astype(np.float32)
    rows = np.ascontiguousarray(features)
    return Wayline(belief, Network(weights, belief.vocabulary, rows, difficulty), blend)


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Wayline:
    """Fit the belief model, then the networks (with torch; minutes on a large log). Of few learners only the former."""
    if not len(log):
        nothing = np.zeros((len(log.vocabulary.items), 0), dtype=np.float32)
        belief = statespace.fit(log, seed, context)
        return made(belief, Weights.none(log.vocabulary, nothing), nothing, Blend(0.0, 1.0, 0.0, 0.0, 1.0))
    from student_model.tracing._wayline_fit import fitted  # serving needs none of it

    return fitted(log, seed, context)


def restore(parameters: Parameters) -> Wayline:
    """The tracer from what `Wayline.parameters` gave."""
    belief = statespace.restore(parameters)
    blend = Blend(*(setting(parameters, f"blend_{name}") for name in BLEND))
    return made(belief, Weights.of(parameters.arrays), parameters.arrays["features"], blend)
