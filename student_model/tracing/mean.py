"""The share of right answers: of the item, drawn towards its concepts', drawn towards that of all.

The floor of every comparison: its odds are the same for every learner. Its beliefs are the learner's own
share of right answers on each concept: with m responses so far, outcome y and confidence q, the share moves
from p to

    p + q (y - p) / (m + 1 + LEARNER_PULL)

from the concept's share at the start, and fades back to it (`student_model.forgetting`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.compiled import compiled
from student_model.forgetting import HALF_LIFE_DAYS, faded, half_life, retention
from student_model.log import Log
from student_model.tracing import ALONE, Beliefs, Context, Parameters, seconds_of
from student_model.tracing._practice import (
    Ledger,
    Practice,
    Rows,
    carried,
    practised,
    setting,
    tally,
    wilson,
)
from student_model.types import Response

STEPS = False
"""It is counted and not descended to: there is no curve to show."""

ITEM_PULL, CONCEPT_PULL, LEARNER_PULL = 8.0, 20.0, 2.0
"""How many responses the concepts' share is worth to an item, the share of all to a concept, the concept's
share to a learner."""


def step(share: float, outcome: float, weight: float, responses: int) -> float:
    """The share after one more response, of this weight, to those so many.

    >>> step(0.5, 1.0, 1.0, 0), step(0.5, 1.0, 0.0, 0)
    (0.6666666666666666, 0.5)
    """
    return share + weight * (outcome - share) / (responses + 1 + LEARNER_PULL)


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """Shares of right answers.

    Attributes:
        item_share: shape (I,). `concept_share`: shape (C,). `share`: of all responses.
        item_trials: how many responses an item's share rests on, `ITEM_PULL` included; shape (I,).
        half_life_days: see `student_model.forgetting`.
    """

    vocabulary: Vocabulary
    item_share: FloatArray
    item_trials: FloatArray
    concept_share: FloatArray
    share: float
    half_life_days: float = HALF_LIFE_DAYS

    @property
    def name(self) -> str:
        """The file's name."""
        return "mean"

    def initial(self) -> Practice:
        """Every concept at the share of all learners."""
        return Practice.fresh(self.concept_share)

    def update(self, state: Practice, response: Response) -> Practice:
        """The state after one more response; see the formula above."""
        concepts, at = practised(self.vocabulary, response), seconds_of(response.at)
        outcome, weight = response.outcome, response.weight
        if outcome is None:
            return state
        shares = state.levels_of(concepts, self.concept_share, at, self.half_life_days)
        counts = state.evidence[concepts].tolist()
        levels = [step(share, outcome, weight, count) for share, count in zip(shares, counts, strict=True)]
        return state.judged(concepts, levels, weight * outcome, at)

    def predict(self, state: Practice, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The items' shares, whoever asks; shape (n,)."""
        return self.item_share.copy() if items is None else self.item_share[items]

    def predict_interval(
        self, state: Practice, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """Wilson's interval of the items' shares, each end of shape (n,)."""
        chosen = slice(None) if items is None else items
        return wilson(self.item_share[chosen], self.item_trials[chosen])

    def beliefs(self, state: Practice, now: datetime | None) -> Beliefs:
        """The learner's shares, with Wilson's interval for `LEARNER_PULL` and the responses not yet faded."""
        share, kept = state.levels(self.concept_share, seconds_of(now), self.half_life_days)
        low, high = wilson(share, LEARNER_PULL + state.evidence * kept)
        words = self.vocabulary.concepts
        return Beliefs(words, share, low, high, state.evidence, state.last_seconds, peak=state.level)

    def predict_log(self, log: Log) -> FloatArray:
        """The share of each row's item, shape (N,).

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        return self.item_share[Rows.of(log, self.vocabulary).item]

    def fold(self, log: Log) -> list[Practice]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        ledger = Ledger.blank(len(log.learners), self.concept_share)
        run = compiled(fold_loop, half_life, retention, faded, step, tally)
        run(Rows.of(log, self.vocabulary), log.learner, ledger, self.concept_share, self.half_life_days)
        return ledger.practices()

    def bind(self, vocabulary: Vocabulary) -> Mean:
        """The same model over another vocabulary; new items take the mean share of their concepts."""
        own = self.vocabulary
        concept = carried(own.concepts, self.concept_share, vocabulary.concepts, self.share)
        expected = vocabulary.mean_over_concepts(concept, self.share)
        item = carried(own.items, self.item_share, vocabulary.items, expected)
        trials = carried(own.items, self.item_trials, vocabulary.items, ITEM_PULL)
        return replace(self, vocabulary=vocabulary, item_share=item, item_trials=trials, concept_share=concept)

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        arrays = {
            "item_share": self.item_share,
            "item_trials": self.item_trials,
            "concept_share": self.concept_share,
        }
        return Parameters("mean", self.vocabulary, arrays, {"share": self.share, "half_life_days": self.half_life_days})


def fold_loop(rows: Rows, learner: IntArray, ledger: Ledger, priors: FloatArray, base: float) -> None:
    """`update` over a whole log, to be compiled; the ledger has a place for each learner."""
    for n in range(len(learner)):
        r, outcome, weight, at = learner[n], rows.outcome[n], rows.weight[n], rows.seconds[n]
        begin, end = rows.item_offsets[rows.item[n]], rows.item_offsets[rows.item[n] + 1]
        for c in rows.item_concepts[begin:end]:
            kept = retention(at - ledger.last_seconds[r, c], ledger.successes[r, c], base)
            share = faded(ledger.level[r, c], priors[c], kept)
            ledger.level[r, c] = step(share, outcome, weight, ledger.evidence[r, c])
            tally(ledger, r, c, weight * outcome, at)


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Mean:
    """Count; nothing is drawn, so `seed` changes nothing. An empty log gives one half everywhere."""
    words = log.vocabulary
    items, concepts = len(words.items), len(words.concepts)
    done: FloatArray = np.asarray(np.bincount(log.item, log.weights, items), dtype=np.float64)
    right = np.bincount(log.item, log.weights * log.outcome, items)
    share = (right.sum() + 1.0) / (done.sum() + 2.0)
    concept_done = np.bincount(words.item_concepts, done[words.item_row], concepts)
    concept_right = np.bincount(words.item_concepts, right[words.item_row], concepts)
    concept_share = (concept_right + CONCEPT_PULL * share) / (concept_done + CONCEPT_PULL)
    expected = words.mean_over_concepts(concept_share, share)
    item_share = (right + ITEM_PULL * expected) / (done + ITEM_PULL)
    return Mean(words, item_share, done + ITEM_PULL, concept_share, float(share))


def restore(parameters: Parameters) -> Mean:
    """The tracer from what `Mean.parameters` gave."""
    own = parameters.arrays
    return Mean(
        parameters.vocabulary,
        item_share=own["item_share"],
        item_trials=own["item_trials"],
        concept_share=own["concept_share"],
        share=setting(parameters, "share"),
        half_life_days=setting(parameters, "half_life_days"),
    )
