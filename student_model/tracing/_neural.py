"""What models have in common that are a network alone: states that only it understands, odds, intervals and beliefs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.tracing import Beliefs, seconds_of
from student_model.tracing._practice import Z90, Practice, logistic_of, practised, variances
from student_model.tracing._recurrent import Network
from student_model.tracing._sequences import Floats, Sequences, lag_of, pause_of, sequences
from student_model.types import Response


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What a learner has come to.

    Attributes:
        hidden: the network's state, shape (1, H). `kept`: what it looks back on, shape (m, 2 H), if it does.
        last: seconds since 1970 of the last response, or NaN. `responses`: how many there were.
        practice: of each concept.
    """

    hidden: Floats
    kept: Floats
    last: float
    responses: int
    practice: Practice


@dataclass(frozen=True, slots=True, eq=False)
class Neural:
    """A trained network, whose scores are added to the logit of the share of right answers, `base`.

    A model says how a state moves (`moved`), and how those of a whole log do (`scored`, `folded`).
    """

    network: Network
    base: float

    def moved(
        self, hidden: Floats, kept: Floats, item: int | None, own: IntArray, sign: float, elapsed: int, lag: int
    ) -> tuple[Floats, Floats]:
        """`hidden` and `kept` after a response."""
        raise NotImplementedError

    def scored(self, rows: Sequences) -> FloatArray:
        """The score of each row's item before its response, shape (N,)."""
        raise NotImplementedError

    def folded(self, rows: Sequences) -> list[tuple[Floats, Floats]]:
        """`hidden` and `kept` of each learner after all rows."""
        raise NotImplementedError

    @property
    def vocabulary(self) -> Vocabulary:
        """That of the network."""
        return self.network.vocabulary

    @property
    def usual(self) -> float:
        """The odds that go with `base`."""
        return logistic_of(np.array([self.base])).item(0)

    def initial(self) -> Memory:
        """Nothing read."""
        start, none = self.network.weights.start, np.zeros(len(self.vocabulary.concepts))
        kept = np.empty((0, 2 * start.shape[1]), dtype=np.float32)
        return Memory(start, kept, math.nan, 0, Practice.fresh(none))

    def update(self, state: Memory, response: Response) -> Memory:
        """The state after one more response: one step of the network."""
        words, outcome, at = self.vocabulary, response.outcome, seconds_of(response.at)
        item, own = words.item_index.get(response.item_id), practised(words, response)
        if outcome is None or (item is None and not len(own)):
            return state
        spent = math.nan if response.elapsed_seconds is None else response.elapsed_seconds
        sign = (2.0 * outcome - 1.0) * response.weight
        spans = int(pause_of(spent)), int(lag_of(at - state.last))
        hidden, kept = self.moved(state.hidden, state.kept, item, own, sign, *spans)
        hidden.setflags(write=False)
        practice = state.practice.judged(own, [0.0] * len(own), outcome * response.weight, at)
        return Memory(hidden, kept, state.last if math.isnan(at) else at, state.responses + 1, practice)

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
        return logistic_of(self.base + self.scored(self._read(log)))

    def fold(self, log: Log) -> list[Memory]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        states = self.folded(self._read(log))
        counts, practices = np.diff(log.offsets).tolist(), Practice.counted(log)
        whole = zip(states, log.last_seconds.tolist(), counts, practices, strict=True)
        return [Memory(hidden, kept, *each) for (hidden, kept), *each in whole]

    def _read(self, log: Log) -> Sequences:
        return sequences(log, np.full(len(log), self.usual), self.vocabulary)
