"""Attentive knowledge tracing: each response looks back on the last ones, the more so the nearer and the likelier.

Pandey & Karypis, "A self-attentive model for knowledge tracing" (EDM 2019); Ghosh, Heffernan & Lan, "Context-aware
attentive knowledge tracing" (KDD 2020), whose items differ from their concepts by a vector and a difficulty of their
own, as here; with a bias that grows with distance in place of positions (`_attention`). The query is a response's, not
a candidate's, so that one step serves all items. A learner's state is up to `WINDOW` keys and values (200 kB), far more
than the other models keep: it is a rung to measure against. For `MONOTONE` see `gru`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.tracing import ALONE, Context, Parameters
from student_model.tracing._attention import Heads
from student_model.tracing._neural import Neural
from student_model.tracing._practice import carried, setting
from student_model.tracing._recurrent import Bank, Weights
from student_model.tracing._sequences import Floats, Sequences
from student_model.tracing.gru import network_of

TOLERANCE = 1e-5
"""Odds of whole logs are worked out in other batches than those of one learner, in single precision."""

MONOTONE = False
"""A right answer may lower the belief in its concepts, and a grade of no confidence may move one."""


@dataclass(frozen=True, slots=True, eq=False)
class Attentive(Neural):
    """A trained attentive network."""

    heads: Heads

    @property
    def name(self) -> str:
        """The file's name."""
        return "attentive"

    def moved(
        self, hidden: Floats, kept: Floats, item: int | None, own: IntArray, sign: float, elapsed: int, lag: int
    ) -> tuple[Floats, Floats]:
        """One step; keys and values are kept."""
        x = self.network.entered(item, own, sign, self.usual, elapsed, lag)
        if not len(x):
            return hidden, kept
        kept, hidden = self.heads.step(kept, x[0])
        return hidden[None], kept

    def scored(self, rows: Sequences) -> FloatArray:
        """See `Neural`."""
        w, result = self.network.weights, np.zeros(len(rows.item))
        if not w.members:
            return result
        bank = Bank.of(self.network, np.unique(rows.item).astype(np.int32), 0)
        for first, end in pairwise(rows.offsets.tolist()):
            at = slice(first, end)
            states = self.heads.states(bank.entering(w, rows, at))
            result[at] = bank.scores(w, np.concatenate((w.start, states))[:-1], rows, at)
        return result

    def folded(self, rows: Sequences) -> list[tuple[Floats, Floats]]:
        """See `Neural`; one `moved` after the other."""
        fresh, made = self.initial(), []
        for first, end in pairwise(rows.offsets.tolist()):
            hidden, kept = fresh.hidden, fresh.kept
            for n in range(first, end):
                item = int(rows.item[n])
                spans = int(rows.elapsed[n]), int(rows.lag[n])
                own = self.vocabulary.concepts_of(item)
                hidden, kept = self.moved(hidden, kept, item, own, rows.sign.item(n), *spans)
            hidden.setflags(write=False)
            made.append((hidden, kept))
        return made

    def bind(self, vocabulary: Vocabulary) -> Attentive:
        """The same model over another vocabulary; new items have their concepts' vectors alone."""
        own = self.vocabulary
        features = carried(own.items, self.network.features.T.astype(np.float64), vocabulary.items, 0.0).T
        return replace(self, network=network_of(self.network.weights.over(own, vocabulary), vocabulary, features))

    def parameters(self) -> Parameters:
        """Everything `restore` needs."""
        arrays = {**self.network.weights.arrays(), **self.heads.arrays(), "features": self.network.features}
        return Parameters(self.name, self.vocabulary, arrays, {"base": self.base})


def untrained(vocabulary: Vocabulary, base: float) -> Attentive:
    """No network at all: everything has the logit `base`."""
    nothing = np.zeros((len(vocabulary.items), 0), dtype=np.float32)
    none = Weights.none(vocabulary, nothing)
    return Attentive(network_of(none, vocabulary, nothing), base, Heads.none(none.inputs.shape[1]))


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Attentive:
    """Train on a log (with torch; minutes on a large one). Of few learners only the share of right answers is used."""
    if not len(log):
        return untrained(log.vocabulary, 0.0)
    from student_model.tracing._attentive_fit import fitted  # serving needs none of it

    return fitted(log, seed, context)


def restore(parameters: Parameters) -> Attentive:
    """The tracer from what `Attentive.parameters` gave."""
    arrays = parameters.arrays
    network = network_of(Weights.of(arrays), parameters.vocabulary, arrays["features"])
    return Attentive(network, setting(parameters, "base"), Heads.of(arrays))
