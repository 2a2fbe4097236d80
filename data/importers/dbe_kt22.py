"""DBE-KT22, a university database course: the folder with `questions.csv`, `choices.csv`, `concepts.csv`,
`question_concepts.csv`, `concept_links.csv` and `responses_train.csv.gz`.

The links are symmetric: a map of concepts, not prerequisites. Their direction is inferred, from which
concept's questions come first in the log, and every edge says so. There are no times, only how long ago in
coarse steps: responses have an order and no `at`, for a time made up of steps would be wrong by hours.

Source: DBE-KT22 (Abdelrahman et al. 2022), by way of PICKT; CC BY-NC 4.0.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from data.importers import ImportReport
from data.importers._html import text_of
from data.importers._tables import rows
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum, Item, ItemId, Prerequisite
from student_model.types import LearnerId, Response, ResponseId

_LOG = "responses_train.csv.gz"
_TAGS = ("question_concepts.csv", "question_id", "knowledgecomponent_id")
_LINKS = ("concept_links.csv", "from_knowledgecomponent_id", "to_knowledgecomponent_id")
_STEP = re.compile(r"(\d+)s 이상(?: ~ (\d+)s 미만)?")
"""A step of time: "15s 이상 ~ 20s 미만" is 15 s or more and less than 20 s."""
_LINK_WEIGHT = 0.5


def curriculum(path: Path, report: ImportReport) -> Curriculum:
    """Concepts, choice items and inferred prerequisites, in the order in which the log meets them.

    Raises:
        ImportFault: a file is missing or lacks a needed column.
    """
    tags = _pairs(path, *_TAGS, report)
    place = _places(path, report)
    items = sorted(_items(path, tags, report), key=lambda item: place.get(item.item_id, math.inf))
    first: dict[ConceptId, int] = {}
    for number, item in enumerate(items):
        for concept in item.concept_ids:
            first.setdefault(concept, number)
    concepts = sorted(_concepts(path, report), key=lambda concept: first.get(concept.concept_id, math.inf))
    report.note("the links are symmetric; the direction of every edge is inferred from the log's order")
    return Curriculum(
        course=Course(
            "dbe-kt22",
            "Databases (DBE-KT22)",
            licence="CC BY-NC 4.0",
            attribution="Abdelrahman, Abdelfattah, Wang and Lin: DBE-KT22 (2022)",
        ),
        concepts=tuple(concepts),
        prerequisites=tuple(_edges(path, concepts, report)),
        items=tuple(items),
    )


def responses(path: Path, report: ImportReport) -> Iterator[Response]:
    """The log's responses, `sequence` being its `order`; rows that name no question are counted and left out.

    Raises:
        ImportFault: a file is missing or lacks a needed column.
    """
    file = path / _LOG if path.is_dir() else path
    tags = _pairs(file.parent, *_TAGS, ImportReport())
    for line, cells in rows(file, report, ("learner_id", "order", "item_id", "correct", "elapsed_bin")):
        place = f"{file.name}:{line}"
        if not cells["item_id"]:
            report.fault("no `item_id`: two questions could not be told apart", place)
        elif cells["correct"] not in ("0", "1") or not cells["order"].isdigit() or not cells["learner_id"]:
            report.fault("`correct` is not 0 or 1, `order` no number, or `learner_id` empty", place)
        else:
            report.rows_kept += 1
            yield _response(cells, tuple(map(ConceptId, tags.get(cells["item_id"], ()))))


def _response(cells: Mapping[str, str], concepts: tuple[ConceptId, ...]) -> Response:
    identity = "\x1f".join(cells[name] for name in ("learner_id", "order", "item_id", "correct"))
    return Response(
        response_id=ResponseId(hashlib.sha256(identity.encode()).hexdigest()[:24]),
        learner_id=LearnerId(cells["learner_id"]),
        item_id=ItemId(cells["item_id"]),
        sequence=int(cells["order"]),
        correct=cells["correct"] == "1",
        elapsed_seconds=seconds_of(cells["elapsed_bin"]),
        concept_ids=concepts,
    )


def seconds_of(step: str) -> float | None:
    """The middle of a step of time, the bound of an open one, `None` for an unknown one.

    >>> seconds_of("15s 이상 ~ 20s 미만"), seconds_of("120s 이상"), seconds_of("unk_id")
    (17.5, 120.0, None)
    """
    found = _STEP.fullmatch(step.strip())
    if found is None:
        return None
    low = float(found[1])
    return low if found[2] is None else (low + float(found[2])) / 2


def _places(path: Path, report: ImportReport) -> dict[str, float]:
    """The middle of the places that each question has in the learners' orders."""
    orders: dict[str, list[int]] = {}
    if not (path / _LOG).exists():
        report.note(f"without {_LOG} questions stand in the order of their file")
        return {}
    for _, cells in rows(path / _LOG, ImportReport(), ("order", "item_id")):
        if cells["item_id"] and cells["order"].isdigit():
            orders.setdefault(cells["item_id"], []).append(int(cells["order"]))
    return {item: median(found) for item, found in orders.items()}


def _concepts(path: Path, report: ImportReport) -> Iterator[Concept]:
    for _, cells in rows(path / "concepts.csv", report, ("id", "name", "description")):
        report.rows_kept += 1
        yield Concept(ConceptId(cells["id"]), cells["name"].strip(), cells["description"].strip())


def _items(path: Path, tags: Mapping[str, list[str]], report: ImportReport) -> Iterator[Item]:
    choices: dict[str, list[str]] = {}
    right: dict[str, list[str]] = {}
    for _, cells in rows(path / "choices.csv", report, ("question_id", "choice_text", "is_correct")):
        report.rows_kept += 1
        text = text_of(cells["choice_text"])
        choices.setdefault(cells["question_id"], []).append(text)
        if cells["is_correct"] == "True":
            right.setdefault(cells["question_id"], []).append(text)
    columns = ("id", "question_rich_text", "question_title", "explanation", "hint_text", "question_text")
    for line, cells in rows(path / "questions.csv", report, columns):
        name, hint = cells["id"], text_of(cells["hint_text"])
        answers = right.get(name, [])
        if not answers:
            report.fault("no choice of the question is right", f"questions.csv:{line}")
            continue
        report.rows_kept += 1
        yield Item(
            item_id=ItemId(name),
            kind="choice",
            concept_ids=tuple(map(ConceptId, tags.get(name, ()))),
            text=text_of(cells["question_rich_text"]) or cells["question_text"].strip(),
            title=cells["question_title"].strip(),
            choices=tuple(dict.fromkeys(choices[name])),
            answer=answers[0],
            accepted_answers=tuple(answers[1:]),
            hints=(hint,) if hint else (),
            explanation=text_of(cells["explanation"]),
        )


def _edges(path: Path, concepts: list[Concept], report: ImportReport) -> Iterator[Prerequisite]:
    """One edge a link, from the concept that comes first: so there are no circles."""
    index = {concept.concept_id: number for number, concept in enumerate(concepts)}
    links = _pairs(path, *_LINKS, report)
    ends = {frozenset((ConceptId(a), ConceptId(b))) for a, others in links.items() for b in others}
    edges = []
    for pair in ends:
        if len(pair) < 2 or not pair <= index.keys():
            report.fault("a link from a concept to itself or to none", f"concept_links.csv: {sorted(pair)}")
            continue
        source, target = sorted(pair, key=index.__getitem__)
        edges.append((index[source], index[target], source, target))
    for _, _, source, target in sorted(edges):
        reason = "linked in the concept map; the direction is that of first appearance in the course"
        yield Prerequisite(source, target, _LINK_WEIGHT, reason, "inferred")


def _pairs(path: Path, name: str, key: str, value: str, report: ImportReport) -> dict[str, list[str]]:
    """The second column's cells by the first's, each once."""
    pairs: dict[str, dict[str, None]] = {}
    for _, cells in rows(path / name, report, (key, value)):
        report.rows_kept += 1
        pairs.setdefault(cells[key], {})[cells[value]] = None
    return {one: list(others) for one, others in pairs.items()}
