"""How a grader is fitted: every choice in one place, each a flag of `wayline encoder fit`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Literal

METHODS = ("full", "last", "lora", "adalora", "prefix", "adapters", "frozen")
"""`full`: all weights but the vectors of words, which no method changes: they are many, and each is seen too seldom to
learn. `last`: the last `layers`. `lora` (Hu et al., ICLR 2022), `adalora` (Zhang et al., ICLR 2023),
`prefix` (Li & Liang, ACL 2021), `adapters` (Houlsby et al., ICML 2019): new ones of size `rank`. `frozen`: the head
alone."""
RATES = {
    "full": (1e-4, 20.0), "last": (1e-4, 20.0), "lora": (5e-4, 2.0), "adalora": (1e-3, 1.0), "prefix": (5e-3, 0.2),
    "adapters": (5e-4, 2.0), "frozen": (1e-2, 1.0),
}  # fmt: skip
"""The rate that each method learns well at, and how many times that its head. New weights want more than old ones."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a grader is fitted. What `LOG.md` says of each on questions not seen chose the defaults
    (`benchmarks/encoder_methods.py`).

    Attributes:
        base: folder or name of the base encoder; the packaged one where absent.
        method: which weights learn (`METHODS`); `layers` for `last`, `rank` for new ones.
        rate, head_rate: of the training, and how many times that the head has; as the method wants (`RATES`) if absent.
        epochs, batch, accumulate, warmup, schedule, decay, dropout, mixed: of the training.
        patience: epochs without a better macro F1 (of scores, error) on questions held back after which training ends,
            and the best is kept; 0 to train to the end and keep the last, at which the rate has come down.
        held: the share of answers held back, all to whole families of questions, which set the temperature and choose
            the epoch where there is patience.
            refit: whether the network is then trained once more for so many epochs, on all answers.
        members: how many networks are fitted, each with other dice and other questions held back.
        join: whether their outputs are averaged (`outputs`), which costs time at each answer, or their `weights`
            (Wortsman et al., "Model soups", ICML 2022).
        average: how much of the average of the weights each step keeps; 0 for none.
        smoothing: of labels. fgm: size of adversarial steps on embeddings (Miyato et al., ICLR 2017). rdrop: weight of
            the divergence between two passes with other dropout (Liang et al., NeurIPS 2021).
        kinds: whether the transformer is told which tokens are the answer's, where it can be.
        counted: whether what can be counted (`lexical`, `polarity`, `fluency`) speaks beside the network; `near`: and
            nearness in the base encoder. forest: whether trees over these features are grown beside a straight line.
        precedents: whether grades of other answers to the same question correct it.
        swap: share of telling words that stand for others in an epoch, the same in an answer and its references.
        reword: share of answers that are said otherwise in an epoch.
        disguise: the share of answers that are taken to be disguised, see `guard`; 0 for no guard.
        borrow: share of answers that are compared with a right answer of another pupil in place of the references.
        pretrain: epochs of contrastive training on bare answers before (Gao et al., "SimCSE", EMNLP 2021).
        pseudo: least confidence from which ungraded answers join as graded in a second round; 0 for none.
    """

    base: str | None = None
    method: str = "full"
    layers: int = 3
    rank: int = 16
    epochs: int = 6
    rate: float | None = None
    head_rate: float | None = None
    batch: int = 32
    accumulate: int = 1
    warmup: float = 0.1
    schedule: Literal["cosine", "linear", "constant"] = "linear"
    decay: float = 0.01
    dropout: float = 0.1
    mixed: bool = False
    patience: int = 0
    held: float = 0.2
    refit: bool = True
    members: int = 1
    join: Literal["weights", "outputs"] = "outputs"
    average: float = 0.0
    smoothing: float = 0.0
    fgm: float = 0.0
    rdrop: float = 0.0
    kinds: bool = False
    counted: bool = True
    near: bool = True
    forest: bool = True
    precedents: bool = True
    swap: float = 0.3
    reword: float = 0.0
    disguise: float = 0.2
    borrow: float = 0.0
    pretrain: int = 0
    pseudo: float = 0.0
    seed: int = 0
    worth: dict[str, float] = field(default_factory=dict)
    scores: Literal["ordinal", "regression"] | None = None

    def __post_init__(self) -> None:
        _require(self)

    @property
    def rates(self) -> tuple[float, float]:
        """The rate, and how many times that the head learns at.

        >>> Recipe(method="lora").rates, Recipe(method="lora", rate=1e-3).rates
        ((0.0005, 2.0), (0.001, 2.0))
        """
        usual = RATES[self.method]
        return usual[0] if self.rate is None else self.rate, usual[1] if self.head_rate is None else self.head_rate


CHOICES = {
    "method": METHODS,
    "schedule": ("linear", "cosine", "constant"),
    "join": ("outputs", "weights"),
    "scores": ("ordinal", "regression"),
}
HELP = {
    "base": "Folder or name of the base encoder; all-MiniLM-L6-v2 from its package if absent.",
    "method": "Which weights learn: all but the words' vectors, the last layers, or new ones beside them.",
    "layers": "How many layers learn with `last`.",
    "rank": "Size of what `lora`, `adalora`, `prefix` and `adapters` add.",
    "epochs": "Times that each answer is seen.",
    "rate": f"Learning rate; as the method wants if absent: {', '.join(f'{k} {v[0]:g}' for k, v in RATES.items())}.",
    "head_rate": f"How many times that the head has; else {', '.join(f'{k} {v[1]:g}' for k, v in RATES.items())}.",
    "batch": "Answers in a step.",
    "accumulate": "Batches that are added up for a step.",
    "warmup": "Share of the steps in which the rate rises.",
    "schedule": "How the rate falls after.",
    "decay": "Weight decay.",
    "dropout": "Share of what the head is given that is dropped.",
    "mixed": "Train in bfloat16 on a processor too, where it computes in that.",
    "patience": "Epochs without a better one after which training ends with the best; 0 to keep the last.",
    "held": "Share of answers held back, to whole questions, to set the confidence, and with patience the epoch.",
    "refit": "Train once more on all answers, for as many epochs.",
    "members": "Networks that are fitted and joined.",
    "join": "Whether several networks' outputs or weights are averaged.",
    "average": "How much of the average of its weights each step keeps; 0 for none.",
    "smoothing": "Smoothing of labels.",
    "fgm": "Size of adversarial steps on embeddings; 0 for none.",
    "rdrop": "Weight of R-Drop; 0 for none.",
    "kinds": "Tell the transformer which tokens are the answer's.",
    "counted": "Use what can be counted.",
    "near": "Use nearness in the base encoder.",
    "forest": "Grow trees beside the straight line over features.",
    "precedents": "Correct by grades of other answers to the same question.",
    "swap": "Share of telling words that stand for others in an epoch, in answer and references alike.",
    "reword": "Share of answers said otherwise in an epoch.",
    "disguise": "Share of answers taken to look better than they are; 0 for no guard against them.",
    "borrow": "Share of answers compared with a right answer of another pupil.",
    "pretrain": "Epochs of contrastive training on all answers before.",
    "pseudo": "Least confidence from which ungraded answers join in a second round; 0 for none.",
    "seed": "For all dice.",
    "scores": "Take scores as levels in an order, or as points on a line; chosen by their number if absent.",
}
"""What each option says; `worth` is given in another form."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `least` to `most`; where `beyond`, more than `least`, and where `below`, less than `most`."""

    least: float
    most: float | None = None
    beyond: bool = False
    below: bool = False

    def __contains__(self, value: float) -> bool:
        low = value > self.least if self.beyond else value >= self.least
        high = self.most is None or (value < self.most if self.below else value <= self.most)
        return low and high and math.isfinite(value)

    def __str__(self) -> str:
        low = f"{'above' if self.beyond else 'from'} {self.least:g}"
        return low if self.most is None else f"{low} up to {'below ' if self.below else ''}{self.most:g}"


_SHARE, _ANY, _SOME = Bounds(0, 1), Bounds(0), Bounds(1)
_PART = Bounds(0, 1, below=True)
BOUNDS = {
    "layers": _SOME,
    "rank": _SOME,
    "epochs": _SOME,
    "rate": Bounds(0, 1, beyond=True),
    "head_rate": _ANY,
    "batch": _SOME,
    "accumulate": _SOME,
    "warmup": _SHARE,
    "decay": _ANY,
    "dropout": _PART,
    "patience": _ANY,
    "held": _PART,
    "members": _SOME,
    "average": _PART,
    "smoothing": _PART,
    "fgm": _ANY,
    "rdrop": _ANY,
    "swap": _SHARE,
    "reword": _SHARE,
    "disguise": _PART,
    "borrow": _SHARE,
    "pretrain": _ANY,
    "pseudo": _SHARE,
    "seed": Bounds(0, 2**31),
}
"""What each number may be. Of `seed`, with what is added for each member, also scikit-learn's dice take 32 bits."""


def _require(recipe: Recipe) -> None:
    """Refuse what no training can go by.

    Raises:
        ValueError: a number is out of its bounds or a word is none of the choices; the text names each.
    """
    faults = []
    for one in fields(recipe):
        value, default = getattr(recipe, one.name), one.default
        if value is None and default is None:
            continue
        if one.name in BOUNDS:
            kind, what = (int, "a whole number") if isinstance(default, int) else (int | float, "a number")
            if not isinstance(value, kind) or isinstance(value, bool) or value not in BOUNDS[one.name]:
                faults.append(f"{one.name} is {value!r}: {what} {BOUNDS[one.name]} is needed")
        elif one.name in CHOICES and value != default and value not in CHOICES[one.name]:
            faults.append(f"{one.name} is {value!r}: one of {', '.join(CHOICES[one.name])} is needed")
    faults += [
        f"{name!r} is worth {one!r}: a share from 0 to 1 is needed"
        for name, one in recipe.worth.items()
        if one not in _SHARE
    ]
    if faults:
        raise ValueError("; ".join(faults))
