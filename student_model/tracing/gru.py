"""Deep knowledge tracing: one recurrent network over items and the mean of their concepts.

Piech et al., "Deep knowledge tracing" (NeurIPS 2015), with a vector of each item's own beside its concepts'. No belief
model, no counts: a learner's state is what the network remembers. A belief is the odds at an item of the concept that
is like no other. Nothing keeps such a network from lowering a belief after a right answer: `MONOTONE` says so, and
`benchmarks/monotone.py` measures how often it does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from knowledge_graph.vocabulary import FloatArray, IntArray, Vocabulary
from student_model.log import Log
from student_model.tracing import ALONE, Context, Parameters
from student_model.tracing._neural import Neural
from student_model.tracing._practice import carried, setting
from student_model.tracing._recurrent import Network, Weights, scored
from student_model.tracing._sequences import Floats, Sequences

TOLERANCE = 1e-5
"""Odds of whole logs are worked out in other batches than those of one learner, in single precision."""

MONOTONE = False
"""A right answer may lower the belief in its concepts, and a grade of no confidence may move one."""


@dataclass(frozen=True, slots=True, eq=False)
class Gru(Neural):
    """A trained recurrent network."""

    @property
    def name(self) -> str:
        """The file's name."""
        return "gru"

    def moved(
        self, hidden: Floats, kept: Floats, item: int | None, own: IntArray, sign: float, elapsed: int, lag: int
    ) -> tuple[Floats, Floats]:
        """One step; nothing is kept beside the state."""
        return self.network.step(hidden, item, own, sign, self.usual, elapsed, lag), kept

    def scored(self, rows: Sequences) -> FloatArray:
        """See `Neural`."""
        return scored(self.network, rows)

    def folded(self, rows: Sequences) -> list[tuple[Floats, Floats]]:
        """See `Neural`."""
        none = np.empty((0, 2 * self.network.weights.start.shape[1]), dtype=np.float32)
        return [(hidden, none) for hidden in self.network.fold(rows)]

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


def untrained(vocabulary: Vocabulary, base: float) -> Gru:
    """No network at all: everything has the logit `base`."""
    nothing = np.zeros((len(vocabulary.items), 0), dtype=np.float32)
    return Gru(network_of(Weights.none(vocabulary, nothing), vocabulary, nothing), base)


def fit(log: Log, seed: int = 0, context: Context = ALONE) -> Gru:
    """Train on a log (with torch; minutes on a large one). Of few learners only the share of right answers is used."""
    if not len(log):
        return untrained(log.vocabulary, 0.0)
    from student_model.tracing._gru_fit import fitted  # serving needs none of it

    return fitted(log, seed, context)


def restore(parameters: Parameters) -> Gru:
    """The tracer from what `Gru.parameters` gave."""
    arrays = parameters.arrays
    network = network_of(Weights.of(arrays), parameters.vocabulary, arrays["features"])
    return Gru(network, setting(parameters, "base"))
