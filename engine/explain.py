"""Why this item: structured reasons (beliefs, edges, responses) with a plain sentence each, the main one on top."""

from __future__ import annotations

from engine import graded
from engine.candidates import PARTLY, Context
from engine.graded import percent
from engine.ladder import Reading
from engine.types import Edge, Reason, Recommendation
from knowledge_graph.frontier import BLOCKED, FADED, KNOWN, MASTERED, READY
from student_model.types import Belief, ResponseId

CITED = 3
"""How many edges or responses a reason cites at most."""


def recommendation(
    context: Context, reading: Reading, item: int, propensity: float, review_below: float = 0.0
) -> Recommendation:
    """The item at this position, with its odds and its reasons."""
    graph, grounds = context.graph, reasons(context, item, review_below)
    odds, low, high = (float(values[item]) for values in (reading.odds, reading.odds_low, reading.odds_high))
    judged = bool(graph.scored[item])
    return Recommendation(
        item_id=graph.vocabulary.items[item],
        concept_id=graph.vocabulary.concepts[graph.main_concept[item]],
        odds=odds if judged else None,
        odds_low=low if judged else None,
        odds_high=high if judged else None,
        propensity=propensity,
        minutes=float(graph.minutes[item]),
        sentence=grounds[0].sentence,
        reasons=grounds,
        placed_by=reading.placement.by(item) if judged and reading.placement is not None else None,
    )


def reasons(context: Context, item: int, review_below: float = 0.0) -> tuple[Reason, ...]:
    """The reasons for the item at this position, the main one first; see `engine.graded` for `review_below`."""
    concept = int(context.graph.main_concept[item])
    retry = _retry(context, concept, studied=not context.graph.scored[item])
    found = [_main(context, concept)]
    answered = graded.reason(context, concept, review_below, CITED)
    for further in (retry, answered, _unlocks(context, concept), _goal(context, concept)):
        if further is not None:
            found.append(further)
    if retry is not None and found[0].kind == "practice":
        found.sort(key=lambda reason: reason is not retry)
    return tuple(found)


def _main(context: Context, concept: int) -> Reason:
    standing = int(context.frontier.standing[concept])
    belief = context.beliefs.of(concept)
    if standing == FADED:
        return _review(context, concept, belief)
    if standing in (KNOWN, MASTERED):
        sentence = f"You know {_title(context, concept)} ({percent(belief.probability)}); this keeps it fresh."
        return Reason("practice", sentence, (belief,))
    if standing == BLOCKED:
        return _blocked(context, concept, belief)
    return _ready(context, concept, belief)


def _review(context: Context, concept: int, belief: Belief) -> Reason:
    since = "" if belief.last_practice is None else f" since {belief.last_practice:%-d %B}"
    peak = belief.peak if belief.peak is not None else belief.probability
    sentence = (
        f"You knew {_title(context, concept)} ({percent(peak)}), and it has faded to "
        f"{percent(belief.probability)}{since}: a short review brings it back."
    )
    return Reason("review", sentence, (belief,), (), _responses(context, concept))


def _ready(context: Context, concept: int, belief: Belief) -> Reason:
    edges = _prerequisites(context, concept)
    beliefs = (belief, *(_belief(context, edge) for edge in edges))
    title = _title(context, concept)
    if belief.evidence == 0:
        if not edges:
            ground = "nothing has to come before it"
        elif all(_belief(context, edge).probability >= context.graph.course.thresholds.known for edge in edges):
            ground = f"you know what it builds on ({_titles(context, edges)})"
        else:
            ground = f"you are far enough with what it builds on ({_titles(context, edges)})"
        return Reason("new", f"{title} is new to you, and {ground}.", beliefs, edges)
    sentence = f"You are on your way with {title} ({percent(belief.probability)} sure so far): one more step."
    return Reason("practice", sentence, beliefs, edges, _responses(context, concept))


def _blocked(context: Context, concept: int, belief: Belief) -> Reason:
    known = context.graph.course.thresholds.known
    cited = _prerequisites(context, concept)
    edges = tuple(edge for edge in cited if _belief(context, edge).probability < known) or cited
    ready = (context.frontier.standing[context.graph.main_concept[context.eligible]] == READY).any()
    rest = "" if ready else "; nothing that is ready fits what was asked for"
    sentence = f"{_title(context, concept)} builds on {_titles(context, edges)}, which you do not know yet{rest}."
    return Reason("blocked", sentence, (belief, *(_belief(context, edge) for edge in edges)), edges)


def _retry(context: Context, concept: int, studied: bool) -> Reason | None:
    graph, recent = context.graph, context.history.recent
    last = next((one for one in reversed(recent) if one.outcome is not None), None)
    if last is None or last.clear_outcome is None or last.clear_outcome >= 0.5:
        return None
    if graph.main_concept_of(last.item_id) != concept:
        return None
    way = "look at this first" if studied else "try again with another question"
    told = "not right yet" if last.clear_outcome < PARTLY else "only partly right"
    sentence = f"Your last answer on {_title(context, concept)} was {told}: {way}."
    return Reason("retry", sentence, (context.beliefs.of(concept),), (), (last.response_id,))


def _unlocks(context: Context, concept: int) -> Reason | None:
    front, arrays = context.frontier, context.graph.prerequisite_arrays
    edges = context.graph.curriculum.prerequisites
    opened = [
        number
        for number in context.graph.edges_from(concept).tolist()
        if front.limiting[target := arrays.target[number]] == number
        and front.standing[target] == BLOCKED
        and front.runner_up[target] > front.readiness[target]
    ]
    if not opened:
        return None
    cited = tuple(Edge(edges[n].source_id, edges[n].target_id, "prerequisite", edges[n].weight) for n in opened[:CITED])
    titles = _listed([context.graph.concept(edge.target_id).title for edge in cited], len(opened) - len(cited))
    return Reason("unlocks", f"Knowing {_title(context, concept)} opens the way to {titles}.", (), cited)


def _goal(context: Context, concept: int) -> Reason | None:
    graph = context.graph
    goals = (context.request.goal,) if context.request.goal is not None else graph.course.goals
    towards = [goal for goal in goals if graph.leading_to(goal)[concept]]
    if not towards or graph.concepts[concept].concept_id in towards:
        return None
    titles = _listed([graph.concept(goal).title for goal in towards[:CITED]], len(towards) - CITED)
    whose = "your goal" if context.request.goal is not None else "the goal of the course"
    return Reason("goal", f"It is on the way to {whose}: {titles}.")


def _prerequisites(context: Context, concept: int) -> tuple[Edge, ...]:
    """The prerequisites of a concept, least known first, at most `CITED`."""
    arrays, edges = context.graph.prerequisite_arrays, context.graph.curriculum.prerequisites
    numbers = context.graph.edges_into(concept).tolist()
    numbers.sort(key=lambda number: (context.beliefs.probability[arrays.source[number]], number))
    return tuple(Edge(edges[n].source_id, edges[n].target_id, "prerequisite", edges[n].weight) for n in numbers[:CITED])


def _belief(context: Context, edge: Edge) -> Belief:
    return context.beliefs.of(context.graph.vocabulary.concept_index[edge.source_id])


def _responses(context: Context, concept: int) -> tuple[ResponseId, ...]:
    graph = context.graph
    about = []
    for response in reversed(context.history.recent):
        item = graph.vocabulary.item_index.get(response.item_id)
        if item is not None and concept in graph.vocabulary.concepts_of(item) and response.outcome is not None:
            about.append(response.response_id)
    return tuple(about[:CITED])


def _title(context: Context, concept: int) -> str:
    return f"“{context.graph.concepts[concept].title}”"


def _titles(context: Context, edges: tuple[Edge, ...]) -> str:
    return _listed([context.graph.concept(edge.source_id).title for edge in edges], 0)


def _listed(titles: list[str], more: int) -> str:
    """Titles in a row, quoted.

    >>> _listed(["A", "B"], 2)
    '“A”, “B” and 2 more'
    """
    quoted = [f"“{title}”" for title in titles]
    if more > 0:
        return f"{', '.join(quoted)} and {more} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
