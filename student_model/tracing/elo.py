"""Elo ratings, as logits: a learner's general ability and offset for each concept, an item's difficulty.

Pelánek, "Applications of the Elo rating system in adaptive educational systems" (Computers & Education 2016),
with several concepts an item. At ability g, offsets s of the item's k concepts and difficulty d, a response
with outcome y in [0, 1] and confidence q leaves

    odds     o  = 1 / (1 + exp(-(g + mean(s) - d)))         error  e = q (y - o)
    general  g' = g + u(n) e                                offset s' = s + v(m) e / k
    steps    u(n) = .5 / (1 + .02 n),  v(m) = .3 / (1 + .02 m)

after n responses in all and m on the concept: what is known well moves less. Offsets fade towards 0, the
level that general ability alone explains (`student_model.forgetting`). A belief is the odds of success on an
item of the concept's mean difficulty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.compiled import compiled
from student_model.forgetting import HALF_LIFE_DAYS, faded, half_life, retention
from student_model.log import Log
from student_model.steps import steps
from student_model.tracing import ALONE, Beliefs, Context, Parameters, seconds_of
from student_model.tracing._practice import (
    Z90,
    Ledger,
    Practice,
    Rows,
    carried,
    clear,
    logistic_of,
    practised,
    setting,
    tally,
    variances,
)
from student_model.types import Response

GENERAL_STEP, OFFSET_STEP, STEP_DECAY = 0.5, 0.3, 0.02
"""Chosen on validation learners of assistments2009; the optimum is flat."""

ITEM_PULL, CONCEPT_PULL = 1.5, 1.0
"""Precision of the Gaussian priors that draw items to their concepts and concepts to the mean of all."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A learner's general ability, how many responses it rests on, practice with offsets as levels."""

    general: float
    responses: int
    practice: Practice


def odds_of(logit: float) -> float:
    """The logistic function of a number.

    >>> odds_of(0.0)
    0.5
    """
    return 1.0 / (1.0 + math.exp(-logit))


def move(rate: float, responses: int, error: float) -> float:
    """The step that an error leads to after so many responses."""
    return rate / (1.0 + STEP_DECAY * responses) * error


@dataclass(frozen=True, slots=True, eq=False)
class Elo:
    """A fitted Elo.

    Attributes:
        item_difficulty: logits, shape (I,). item_variance: what the fit leaves uncertain of it, squared
        logits, shape (I,). concept_difficulty: the mean of the concept's items, shape (C,); new items take
        that of their concepts. difficulty: that of an item of which nothing is known. half_life_days: see
        `student_model.forgetting`.
    """

    vocabulary: Vocabulary
    item_difficulty: FloatArray
    item_variance: FloatArray
    concept_difficulty: FloatArray
    difficulty: float
    half_life_days: float = HALF_LIFE_DAYS

    @property
    def name(self) -> str:
        """The file's name."""
        return "elo"

    def initial(self) -> Standing:
        """Average in everything."""
        return Standing(0.0, 0, Practice.fresh(np.zeros(len(self.vocabulary.concepts))))

    def update(self, state: Standing, response: Response) -> Standing:
        """The state after one more response; see the formulas above."""
        concepts = practised(self.vocabulary, response)
        item = self.vocabulary.item_index.get(response.item_id)
        if item is None and not len(concepts):
            return state
        practice, at = state.practice, seconds_of(response.at)
        outcome, weight = response.outcome, response.weight
        if outcome is None:
            return state
        offsets = practice.levels_of(concepts, self._baseline, at, self.half_life_days)
        logit = state.general + _mean(offsets) - self._difficulty_of(item, concepts)
        error = weight * (outcome - odds_of(logit))
        counts = practice.evidence[concepts].tolist()
        levels = [
            offset + move(OFFSET_STEP, count, error / len(offsets))
            for offset, count in zip(offsets, counts, strict=True)
        ]
        general = state.general + move(GENERAL_STEP, state.responses, error)
        return Standing(general, state.responses + 1, practice.judged(concepts, levels, weight * outcome, at))

    @property
    def _baseline(self) -> FloatArray:
        """The offsets of a learner who has not practised, shape (C,)."""
        return np.zeros(len(self.vocabulary.concepts))

    def _difficulty_of(self, item: int | None, concepts: IntArray) -> float:
        if item is None:
            return _mean(self.concept_difficulty[concepts].tolist())
        return self.item_difficulty.item(item)

    def _now(self, state: Standing, now: datetime | None) -> tuple[FloatArray, float, FloatArray]:
        """The offsets (C,), and what the responses leave uncertain of ability and of each offset (C,)."""
        practice = state.practice
        offsets, kept = practice.levels(self._baseline, seconds_of(now), self.half_life_days)
        return offsets, *variances(state.responses, practice.evidence, kept)

    def _logits(self, state: Standing, offsets: FloatArray) -> FloatArray:
        return state.general + self.vocabulary.mean_over_concepts(offsets) - self.item_difficulty

    def predict(self, state: Standing, items: IntArray | None, now: datetime | None) -> FloatArray:
        """The odds of success, shape (n,)."""
        offsets, _, _ = self._now(state, now)
        logits = self._logits(state, offsets)
        return logistic_of(logits if items is None else logits[items])

    def predict_interval(
        self, state: Standing, items: IntArray | None, now: datetime | None
    ) -> tuple[FloatArray, FloatArray]:
        """The odds at both ends of the logit's Gaussian interval, each of shape (n,); the variances of the
        ability, the mean offset and the item's difficulty add up.
        """
        offsets, general, offset = self._now(state, now)
        several = np.maximum(np.diff(self.vocabulary.item_offsets), 1)
        variance = general + self.vocabulary.mean_over_concepts(offset) / several + self.item_variance
        logits, margin = self._logits(state, offsets), Z90 * np.sqrt(variance)
        low, high = logistic_of(logits - margin), logistic_of(logits + margin)
        return (low, high) if items is None else (low[items], high[items])

    def beliefs(self, state: Standing, now: datetime | None) -> Beliefs:
        """The odds at each concept's difficulty, with a Gaussian interval on the logit: each response
        sharpens the variance that ability and offset have among learners (`variances`).
        """
        practice, ability = state.practice, state.general - self.concept_difficulty
        offsets, general, offset = self._now(state, now)
        logits, margin = ability + offsets, Z90 * np.sqrt(general + offset)
        return Beliefs(
            self.vocabulary.concepts,
            probability=logistic_of(logits),
            low=logistic_of(logits - margin),
            high=logistic_of(logits + margin),
            evidence=practice.evidence,
            last_seconds=practice.last_seconds,
            peak=logistic_of(ability + practice.level),
        )

    def predict_log(self, log: Log) -> FloatArray:
        """The odds of each response given those before it, shape (N,).

        Raises:
            ValueError: the log has another vocabulary; `bind` first.
        """
        return logistic_of(self._run(log, Ledger.blank(1, self._baseline), np.zeros(1)))

    def fold(self, log: Log) -> list[Standing]:
        """Each learner's state after all rows. Raises as `predict_log` does."""
        ledger, general = Ledger.blank(len(log.learners), self._baseline), np.zeros(len(log.learners))
        self._run(log, ledger, general)
        counts = np.diff(log.offsets).tolist()
        return [Standing(*one) for one in zip(general.tolist(), counts, ledger.practices(), strict=True)]

    def _run(self, log: Log, ledger: Ledger, general: FloatArray) -> FloatArray:
        logits = np.empty(len(log))
        run = compiled(fold_loop, half_life, retention, faded, odds_of, move, clear, tally)
        run(Rows.of(log, self.vocabulary), ledger, general, self.item_difficulty, self.half_life_days, logits)
        return logits

    def bind(self, vocabulary: Vocabulary) -> Elo:
        """The same model over another vocabulary; new items take the mean difficulty of their concepts."""
        own = self.vocabulary
        concept = carried(own.concepts, self.concept_difficulty, vocabulary.concepts, self.difficulty)
        expected = vocabulary.mean_over_concepts(concept, self.difficulty)
        item = carried(own.items, self.item_difficulty, vocabulary.items, expected)
        variance = carried(own.items, self.item_variance, vocabulary.items, 1.0 / ITEM_PULL)
        return replace(
            self,
            vocabulary=vocabulary,
            item_difficulty=item,
            item_variance=variance,
            concept_difficulty=concept,
        )

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        arrays = {
            "item_difficulty": self.item_difficulty,
            "item_variance": self.item_variance,
            "concept_difficulty": self.concept_difficulty,
        }
        return Parameters(
            "elo",
            self.vocabulary,
            arrays,
            {"difficulty": self.difficulty, "half_life_days": self.half_life_days},
        )


def _mean(values: list[float]) -> float:
    total = 0.0  # not `sum`: from Python 3.12 on it compensates, which the compiled loop does not
    for value in values:
        total += value
    return total / len(values) if values else 0.0


def fold_loop(
    rows: Rows, ledger: Ledger, general: FloatArray, difficulty: FloatArray, base: float, logits: FloatArray
) -> None:
    """`update` over a whole log, to be compiled; `logits` (N,) takes the prediction before each row.

    The ledger and `general` have a place for each learner, or one that all use in turn.
    """
    places, baseline = len(general), np.zeros(ledger.level.shape[1])
    for learner in range(len(rows.offsets) - 1):
        r, first = learner % places, rows.offsets[learner]
        clear(ledger, r, baseline)
        general[r] = 0.0
        for n in range(first, rows.offsets[learner + 1]):
            i, outcome, weight, at = rows.item[n], rows.outcome[n], rows.weight[n], rows.seconds[n]
            concepts = rows.item_concepts[rows.item_offsets[i] : rows.item_offsets[i + 1]]
            total = 0.0
            for c in concepts:
                kept = retention(at - ledger.last_seconds[r, c], ledger.successes[r, c], base)
                ledger.level[r, c] = faded(ledger.level[r, c], 0.0, kept)
                total += ledger.level[r, c]
            logits[n] = general[r] + (total / len(concepts) if len(concepts) else 0.0) - difficulty[i]
            error = weight * (outcome - odds_of(logits[n]))
            for c in concepts:
                ledger.level[r, c] += move(OFFSET_STEP, ledger.evidence[r, c], error / len(concepts))
                tally(ledger, r, c, weight * outcome, at)
            general[r] += move(GENERAL_STEP, n - first, error)


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Elo:
    """Fit the difficulties. An empty log gives 0 for all; nothing is drawn, whatever the `seed`."""
    from student_model.tracing._elo_fit import fitted  # serving needs none of it

    with steps(context, "elo") as step:
        return fitted(log, step)


def restore(parameters: Parameters) -> Elo:
    """The tracer from what `Elo.parameters` gave."""
    own = parameters.arrays
    return Elo(
        parameters.vocabulary,
        item_difficulty=own["item_difficulty"],
        item_variance=own["item_variance"],
        concept_difficulty=own["concept_difficulty"],
        difficulty=setting(parameters, "difficulty"),
        half_life_days=setting(parameters, "half_life_days"),
    )
