"""What a model knows of items that no learner has answered: where its own items' places come from, and what their texts
tell of any other's.

The latter is a ridge regression of fitted difficulties on what any item anywhere has (the meaning of its text and of
its answer, and how it is made), and not on concepts or places in the course, which another course does not share.
`_cold_fit` finds it, `_placing` uses it in service.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import BoolArray, FloatArray, Vocabulary
from student_model.placement import CONCEPT, PRIOR, RESPONSES, TEXT, Encoder, Placement
from student_model.tracing import Parameters
from student_model.tracing._practice import setting

PROBE, ALIKE = "Which of these is the largest number, and why?", 0.9
"""A text, and how near (cosine) two encoders must put it to be taken for the same: eight bits put it at .97 or so, and
another encoder anywhere."""

LEAST_INFORMATION = 1e-6
"""An item about which responses tell less has not been answered."""

ARRAYS = ("weights", "centre", "form", "probe")
NUMBERS = ("level", "share", "joint", "apart", "explained")


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """What the difficulties of fitted items tell of any item by the F features that it shares with them.

    Attributes:
        weights, centre: (F,). `form`: means and spreads of how items are made, (2, K). `probe`: how the encoder of the
            fit read `PROBE`, (d,).
        level: the mean difficulty.
        share: how much what the text says counts beside the items of the concepts, in [0, 1].
        joint: how far off both together are, for items left out; squared logits. `apart`: how far off the text alone
            is, for concepts left out whole; infinite where it is no better than one difficulty for all.
        explained: the share of the spread of difficulties that texts explain, for items left out.
        base: what the encoder of the fit is called; empty for the default in models from before this was kept.
    """

    weights: FloatArray
    centre: FloatArray
    form: FloatArray
    probe: FloatArray
    level: float
    share: float
    joint: float
    apart: float
    explained: float
    base: str = ""

    def told(self, known: FloatArray) -> FloatArray:
        """The difficulties of items with these features (n, F), shape (n,)."""
        return np.asarray(self.level + (known - self.centre) @ self.weights)

    def reads_as(self, encoder: Encoder) -> bool:
        """Whether an encoder is the one that the fit had, by what both make of a text."""
        own = encoder.embed([PROBE])[0]
        return own.shape == self.probe.shape and float(own @ self.probe) > ALIKE


@dataclass(frozen=True, slots=True, eq=False)
class Cold:
    """What a model knows of where its items' places come from.

    Attributes:
        placement: what each was placed by. `taught`: the concepts whose items had responses in the fit, (C,).
        transfer: what texts tell of any item; absent where they told nothing.
    """

    placement: Placement
    taught: BoolArray
    transfer: Transfer | None = None

    @classmethod
    def of(cls, words: Vocabulary, variance: FloatArray, without: FloatArray) -> Cold:
        """After a fit, by how unsure difficulties are, and would be without items' own responses, both (I,)."""
        answered = without - variance > LEAST_INFORMATION * without * variance
        taught = np.zeros(len(words.concepts), dtype=np.bool_)
        taught[words.item_concepts[answered[words.item_row]]] = True
        codes = np.where(answered, RESPONSES, np.where(among(words, taught), CONCEPT, PRIOR))
        return cls(Placement(codes.astype(np.int8)), taught)

    def over(self, own: Vocabulary, other: Vocabulary) -> Cold:
        """The same over another vocabulary; what is new there is placed by its concepts, or by nothing."""
        before = [own.concept_index.get(one, -1) for one in other.concepts]
        taught = np.append(self.taught, False)[before]
        codes = np.where(among(other, taught), CONCEPT, PRIOR).astype(np.int8)
        source = np.array([own.item_index.get(one, -1) for one in other.items], dtype=np.int64)
        codes[source >= 0] = self.placement.codes[source[source >= 0]]
        return replace(self, taught=taught, placement=replace(self.placement, codes=codes, unread=None))

    def read(self, there: BoolArray) -> Cold:
        """With items (I,) whose texts the fit has read, so that those without responses are placed by these."""
        codes = np.where(there & (self.placement.codes != RESPONSES), TEXT, self.placement.codes)
        return replace(self, placement=replace(self.placement, codes=codes.astype(np.int8)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For `Parameters`."""
        kept: dict[str, NDArray[Any]] = {"placed": self.placement.codes, "taught": self.taught}
        return kept | ({f"cold_{name}": getattr(self.transfer, name) for name in ARRAYS} if self.transfer else {})

    def settings(self) -> dict[str, float | int | str | bool | None]:
        """For `Parameters`."""
        kept = {f"cold_{name}": getattr(self.transfer, name) for name in (*NUMBERS, "base")} if self.transfer else {}
        return {**kept, "placed_deep": self.placement.deep, "placed_with": self.placement.encoder}


def among(words: Vocabulary, taught: BoolArray) -> BoolArray:
    """Which items (I,) have one of these concepts (C,)."""
    return np.bincount(words.item_row, taught[words.item_concepts], len(words.items)) > 0.0


def restored(parameters: Parameters) -> Cold | None:
    """What a model at rest knows of places; `None` for one that was saved before any did."""
    own, told = parameters.arrays, parameters.settings
    if "placed" not in own or "taught" not in own:
        return None
    placement = Placement(own["placed"], bool(told.get("placed_deep")), str(told.get("placed_with") or ""))
    transfer = None
    if "cold_weights" in own:
        weights, centre, form, probe = (own[f"cold_{name}"] for name in ARRAYS)
        level, share, joint, apart, explained = (setting(parameters, f"cold_{name}") for name in NUMBERS)
        base = str(told.get("cold_base") or "")
        transfer = Transfer(weights, centre, form, probe, level, share, joint, apart, explained, base)
    return Cold(placement, own["taught"], transfer)
