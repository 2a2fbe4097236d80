"""What the caller demands, as masks over the items; and, where nothing is left, which demand is to blame."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import numpy as np

from engine import policies
from engine.types import Infeasible, Request
from knowledge_graph.graph import KnowledgeGraph
from knowledge_graph.types import ItemKind
from knowledge_graph.vocabulary import BoolArray


def time_at_hand(request: Request, now: datetime) -> float:
    """Minutes that all items together may take: the tighter of `minutes` and the time until `deadline`, or infinity."""
    given = float("inf") if request.minutes is None else request.minutes
    until = float("inf") if request.deadline is None else (request.deadline - now).total_seconds() / 60
    return min(given, until)


def masks(graph: KnowledgeGraph, request: Request, minutes: float, gated: BoolArray) -> dict[str, BoolArray]:
    """What each demand allows, by its name in the request; each mask of shape (I,). Only demands that were made."""
    found: dict[str, BoolArray] = {}
    everything = np.ones(len(graph.items), dtype=np.bool_)
    if request.exclude:
        index = graph.vocabulary.item_index
        found["exclude"] = everything.copy()
        found["exclude"][[index[item] for item in request.exclude if item in index]] = False
    if request.kinds:
        found["kinds"] = np.fromiter((item.kind in request.kinds for item in graph.items), np.bool_, len(everything))
    if request.goal is not None:
        found["goal"] = graph.leading_to(request.goal)[graph.main_concept]
    if np.isfinite(minutes):
        limit = "deadline" if request.minutes is None or minutes < request.minutes else "minutes"
        found[limit] = graph.minutes <= minutes
    if not graph.tagged.all():
        found["tags"] = graph.tagged
    if graph.course.gating:
        held = np.zeros(len(everything), dtype=np.bool_)
        vocabulary = graph.vocabulary
        np.logical_or.at(held, vocabulary.item_row, gated[vocabulary.item_concepts])
        found["gating"] = ~held
    return found


def allowed(graph: KnowledgeGraph, demands: dict[str, BoolArray]) -> BoolArray:
    """The items that every demand allows, shape (I,)."""
    open_ = np.ones(len(graph.items), dtype=np.bool_)
    for mask in demands.values():
        open_ &= mask
    return open_


def why_nothing(graph: KnowledgeGraph, demands: dict[str, BoolArray]) -> Infeasible:
    """Which demands leave nothing to recommend: one alone, or those of which dropping any one would help.

    Where only one would help, it is told with those that it clashes with.
    """
    alone = [name for name, mask in demands.items() if not mask.any()]
    if alone:
        return _explained(graph, alone[:1])
    helpful = [
        name
        for name in demands
        if allowed(graph, {other: mask for other, mask in demands.items() if other != name}).any()
    ]
    if len(helpful) == 1:
        return _explained(graph, _clashing(graph, demands), helpful)
    return _explained(graph, helpful or list(demands))


def _clashing(graph: KnowledgeGraph, demands: dict[str, BoolArray]) -> list[str]:
    """Demands that together leave nothing, each of them needed for that."""
    kept = dict(demands)
    for name in demands:
        others = {other: mask for other, mask in kept.items() if other != name}
        if not allowed(graph, others).any():
            kept = others
    return list(kept)


_WORDS = {
    "exclude": ("the items excluded", "exclude fewer items"),
    "kinds": ("the kinds of item asked for", "allow more kinds"),
    "goal": ("the goal", "choose another goal or none"),
    "minutes": ("the minutes at hand", "allow more minutes"),
    "deadline": ("the time left until the deadline", "move the deadline"),
    "gating": (
        "the course's rule that prerequisites come first",
        "finish a prerequisite first, or turn gating off",
    ),
    "tags": ("the items without concepts", "tag the items with the concepts they practise"),
}


def _explained(graph: KnowledgeGraph, names: list[str], helpful: list[str] | None = None) -> Infeasible:
    if not graph.items:
        return Infeasible("The course has no items.", (), "Add items to the curriculum's items.jsonl.")
    said = [_WORDS[name][0] for name in names]
    together = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]} together"
    verb = "leave" if len(said) > 1 or said[0].startswith(("the items", "the kinds", "the minutes")) else "leaves"
    remedies = " or ".join(_WORDS[name][1] for name in helpful or names)
    sentence = f"{together[0].upper()}{together[1:]} {verb} none of the {len(graph.items)} items."
    return Infeasible(sentence, tuple(names), f"{remedies[0].upper()}{remedies[1:]}.")


def too_few(
    graph: KnowledgeGraph, demands: dict[str, BoolArray], request: Request, found: int, minutes: float
) -> Infeasible:
    """Why a list is shorter than asked for: the time, where more would fit without it; else what is there."""
    limit = "minutes" if "minutes" in demands else "deadline"
    if np.count_nonzero(allowed(graph, {name: mask for name, mask in demands.items() if name != limit})) > found:
        sentence = f"{found} of the {request.count} items asked for fit into {minutes:.3g} minutes."
        return Infeasible(sentence, (limit, "count"), "Allow more time or ask for fewer items.")
    sentence = f"{request.count} items were asked for, and {found} fit the demands."
    return Infeasible(sentence, ("count",), "Ask for fewer items, or loosen the other demands.")


def check(graph: KnowledgeGraph, request: Request) -> None:
    """Refuse a request that names what there is not, all faults at once."""
    faults = []
    if request.policy not in policies.available():
        faults.append(f"policy {request.policy!r} does not exist; there are: {', '.join(policies.available())}")
    if request.goal is not None and request.goal not in graph.vocabulary.concept_index:
        faults.append(f"goal {request.goal!r} is no concept of the course {graph.course.curriculum_id!r}")
    if request.count < 1:
        faults.append(f"count must be at least 1, got {request.count}")
    if request.minutes is not None and not request.minutes > 0:
        faults.append(f"minutes must be above 0, got {request.minutes}")
    unknown = [kind for kind in request.kinds if kind not in get_args(ItemKind)]
    if unknown:
        faults.append(f"kinds {unknown} do not exist; there are: {', '.join(get_args(ItemKind))}")
    if request.deadline is not None and request.deadline.tzinfo is None:
        faults.append(f"deadline {request.deadline} has no timezone")
    if faults:
        raise ValueError("; ".join(faults))
