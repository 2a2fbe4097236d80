"""The predictor: what two simpler models expect of each response, corrected by recurrent networks that read all others.

    joint = base + belief * logit of `statespace` + steady * logit of `irt`
    logit = start + trust * joint + gain * mean score of the networks,        steady, gain >= 0

The belief model (`statespace`) knows a learner's concepts, their fading and the graph; item response theory (`irt`),
which takes abilities for constant, errs elsewhere, so that both together do better than each. The networks
(`_recurrent`) see the whole sequence, each item by vectors learned from what is practised around it and, where the
course has texts, from what it says; where the log has times, also pauses and time spent; and, what a recurrent state
blurs, exactly what the last responses were to the item, its concepts and items like it (`_traces`). All weights are
fitted on learners whom what they weigh was not fitted to, so odds are calibrated, and what helps nowhere is left out.
Beliefs are those of the belief model inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.placement import Encoder, Placement
from student_model.tracing import ALONE, Beliefs, Context, Parameters, irt, seconds_of, statespace
from student_model.tracing._drift import between
from student_model.tracing._knowledge import Knowledge
from student_model.tracing._practice import carried, logistic_of, practised, setting
from student_model.tracing._recurrent import Network, Weights, scored
from student_model.tracing._sequences import Floats, lag_of, pause_of, sequences
from student_model.tracing._traces import Recent
from student_model.tracing.irt import GRID, PRIOR, Irt, mean_odds
from student_model.tracing.statespace import StateSpace
from student_model.types import Response

if TYPE_CHECKING:
    from knowledge_graph.graph import KnowledgeGraph

TOLERANCE = 1e-5
"""Odds of whole logs are worked out in other batches than those of one learner, in single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a learner has come to: knowledge, the posterior of a constant ability (41,), the networks' states (M, H),
    the time of the last response, or NaN, and what the last responses were.
    """

    knowledge: Knowledge
    posterior: FloatArray
    hidden: Floats
    last: float
    recent: Recent


@dataclass(frozen=True, slots=True)
class Blend:
    """How logits are joined; the difficulty of items in standard units is (difficulty - centre) / scale."""

    base: float
    belief: float
    steady: float
    start: float
    trust: float
    gain: float
    centre: float
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Wayline:
    """A belief model, item response theory with its odds of items at each ability (I, 41), and networks over both."""

    belief: StateSpace
    steady: Irt
    odds: Floats
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
        return Reading(self.belief.initial(), PRIOR, self.network.weights.start, math.nan, Recent.none())

    def update(self, state: Reading, response: Response) -> Reading:
        """The state after one more response: a step of the belief model and one of each network."""
        knowledge, logit = self.belief.stepped(state.knowledge, response)
        outcome, at = response.outcome, seconds_of(response.at)
        if outcome is None or math.isnan(logit):
            return replace(state, knowledge=knowledge)
        item, own = self.vocabulary.item_index.get(response.item_id), practised(self.vocabulary, response)
        spent = math.nan if response.elapsed_seconds is None else response.elapsed_seconds
        joint = self._joint(np.array([logit]), self._steady_odds(state.posterior, item, own))
        odds, sign = logistic_of(joint).item(0), (2.0 * outcome - 1.0) * response.weight
        spans = int(pause_of(spent)), int(lag_of(at - state.last))
        hidden = self.network.step(state.hidden, item, own, sign, odds, *spans)
        hidden.setflags(write=False)
        posterior = self.steady.moved(state.posterior, item, own, outcome, response.weight)
        recent = state.recent.then(-1 if item is None else item, sign, (outcome - odds) * response.weight, at)
        return Reading(knowledge, posterior, hidden, state.last if math.isnan(at) else at, recent)

    def _steady_odds(self, posterior: FloatArray, item: int | None, own: IntArray) -> FloatArray:
        """Of one item, as `Irt.predict_log` has them, so that states of logs and of steps are equal to the last bit."""
        slope, ease = self.steady.usual(own) if item is None else (self.steady.slope[item], self.steady.ease[item])
        return mean_odds(posterior[None], np.atleast_1d(slope), np.atleast_1d(ease))

    def _joint(self, logits: FloatArray, steady: FloatArray) -> FloatArray:
        """From the belief model's logits and the odds of item response theory, both (n,)."""
        return self.blend.base + self.blend.belief * logits + self.blend.steady * np.log(steady / (1.0 - steady))

    def predict(self, state: Reading, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The odds of success, shape (n,)."""
        odds = logistic_of(self._corrected(state, self.belief.logits(state.knowledge, now), now))
        return odds if items is None else odds[items]

    def _corrected(self, state: Reading, believed: FloatArray, now: datetime | None) -> FloatArray:
        """The logits of all items, from those of the belief model, both (I,)."""
        joint = self._joint(believed, mean_of(self.odds, state.posterior))
        logits = self.blend.start + self.blend.trust * joint
        if not self.network.weights.members or not self.blend.gain:
            return logits
        at = seconds_of(now)
        scores = self.network.scores(state.hidden, int(lag_of(at - state.last)), state.recent, at)
        return logits + self.blend.gain * scores

    def predict_interval(
        self, state: Reading, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of an interval as wide as the belief model's, each of shape (n,)."""
        believed, down, up = self.belief.spans(state.knowledge, now)
        logits = self._corrected(state, believed, now)
        wide = self.blend.trust * (self.blend.belief + self.blend.steady)
        low, high = logistic_of(logits - wide * down), logistic_of(logits + wide * up)
        return (low, high) if items is None else (low[items], high[items])

    def beliefs(self, state: Reading, now: datetime | None) -> Beliefs:
        """Those of the belief model."""
        return self.belief.beliefs(state.knowledge, now)

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,), within `TOLERANCE` of single steps.

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        base = self._joint(self.belief.logits_of(log), self.steady.predict_log(log))
        logits = self.blend.start + self.blend.trust * base
        if self.network.weights.members and self.blend.gain:
            logits = logits + self.blend.gain * scored(self.network, sequences(log, logistic_of(base), self.vocabulary))
        return logistic_of(logits)

    def fold(self, log: Log) -> list[Reading]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        base = self._joint(self.belief.logits_of(log), self.steady.predict_log(log))
        rows = sequences(log, logistic_of(base), self.vocabulary)
        hidden, recent = self.network.fold(rows), Recent.of_learners(rows)
        posteriors = self.steady.posteriors(log)
        for posterior in posteriors:
            posterior.setflags(write=False)
        last = log.last_seconds.tolist()
        whole = zip(self.belief.fold(log), posteriors, hidden, last, recent, strict=True)
        return [Reading(*each) for each in whole]

    def bind(self, vocabulary: Vocabulary) -> Wayline:
        """The same model over another vocabulary; new items have their concepts' vectors, and their neighbours'."""
        belief, own = self.belief.bind(vocabulary), self.vocabulary
        features = between(own.items, self.network.features.astype(np.float64), belief.drift, vocabulary.items)
        weights = self.network.weights.over(own, vocabulary)
        steady = self.steady.bind(vocabulary)
        new = carried(own.items, np.zeros(len(own.items)), vocabulary.items, 1.0)
        steady = replace(steady, ease=steady.ease - new * belief.drifted)
        return made(belief, steady, weights, features.astype(np.float32), self.blend)

    @property
    def placement(self) -> Placement:
        """What placed the belief model's items."""
        return self.belief.placement

    def place(self, graph: KnowledgeGraph, encoder: Encoder | None) -> Wayline:
        """The same model over a course, with new items as much harder in all its parts as the belief model has them."""
        bound = self if self.vocabulary is graph.vocabulary else self.bind(graph.vocabulary)
        belief = bound.belief.place(graph, encoder)
        steady = replace(bound.steady, ease=bound.steady.ease - (belief.difficulty - bound.belief.difficulty))
        return made(belief, steady, bound.network.weights, bound.network.features, bound.blend)

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        belief, steady, blend = self.belief.parameters(), self.steady.parameters(), self.blend
        constant = {f"irt_{name}": values for name, values in steady.arrays.items()}
        arrays = {**belief.arrays, **constant, **self.network.weights.arrays(), "features": self.network.features}
        settings = {f"blend_{name}": getattr(blend, name) for name in BLEND}
        settings |= {f"irt_{name}": value for name, value in steady.settings.items()}
        return Parameters(self.name, self.vocabulary, arrays, {**belief.settings, **settings})


BLEND = ("base", "belief", "steady", "start", "trust", "gain", "centre", "scale")


def made(belief: StateSpace, steady: Irt, weights: Weights, features: Floats, blend: Blend) -> Wayline:
    """A model from its parts."""
    difficulty = ((belief.difficulty - blend.centre) / blend.scale).astype(np.float32)
    rows = np.ascontiguousarray(features)
    odds = logistic_of(steady.slope[:, None] * GRID + steady.ease[:, None]).astype(np.float32)
    return Wayline(belief, steady, odds, Network(weights, belief.vocabulary, rows, difficulty), blend)


def mean_of(odds: Floats, posterior: FloatArray) -> FloatArray:
    """The mean of odds (n, 41) over a posterior (41,), as `irt.mean_odds` has it; shape (n,)."""
    mass = np.exp(posterior - posterior.max())
    share = (mass / mass.sum()).astype(np.float32)
    return np.asarray(np.clip((odds @ share).astype(np.float64), 1e-6, 1.0 - 1e-6))


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Wayline:
    """Fit the belief model, then the networks (with torch; minutes on a large log). Of few learners only the former."""
    if not len(log):
        nothing = np.zeros((len(log.vocabulary.items), 0), dtype=np.float32)
        belief = statespace.fit(log, seed, context)
        steady = irt.unfitted(log.vocabulary)
        return made(
            belief,
            steady,
            Weights.none(log.vocabulary, nothing),
            nothing,
            Blend(0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0),
        )
    from student_model.tracing._wayline_fit import fitted  # serving needs none of it

    return fitted(log, seed, context)


def restore(parameters: Parameters) -> Wayline:
    """The tracer from what `Wayline.parameters` gave."""
    belief = statespace.restore(parameters)
    blend = Blend(*(setting(parameters, f"blend_{name}") for name in BLEND))
    arrays = {name[4:]: values for name, values in parameters.arrays.items() if name.startswith("irt_")}
    settings = {name[4:]: value for name, value in parameters.settings.items() if name.startswith("irt_")}
    steady = irt.restore(Parameters("irt", parameters.vocabulary, arrays, settings))
    return made(belief, steady, Weights.of(parameters.arrays), parameters.arrays["features"], blend)
