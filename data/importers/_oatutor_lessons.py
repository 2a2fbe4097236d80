"""OATutor's lessons: the order of skills, and the prerequisites that it suggests."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from data.importers._graphs import title_of, without_implied
from data.importers._oatutor_items import Problem
from knowledge_graph.types import ConceptId, Prerequisite

TAUGHT_BEFORE, TAUGHT_EARLIER = 0.7, 0.5
"""Weights: the lesson before has kindred words; or it is only known that it was taught earlier."""
_MOST = 2
_KINDRED = 3.0
"""Words shared must be rarer, together, than one in e^3 = 20 skills: "equations" alone makes no kin."""
_STEM = 7
_SAY_LITTLE = re.compile(
    "between|determine|find|form|from|given|identify|recognize|several|simplify|solve|that|their|using|values|"
    "whether|which|with"
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson and the skills that it is the first to teach, in order."""

    name: str
    topics: str
    skills: tuple[ConceptId, ...]

    @property
    def chapter(self) -> str:
        """The number before the point: "Lesson 1.2" is of chapter 1."""
        return self.name.split()[-1].split(".")[0]


def lessons_of(plan: Mapping[str, Any], problems: Sequence[Problem], tags: Mapping[str, Sequence[str]]) -> list[Lesson]:
    """The lessons in order. Within one, skills come as its problems do, for those follow the textbook."""
    numbers: dict[tuple[str, str], list[int]] = {}
    for problem in problems:
        found = re.search(r"(\d+)$", problem.problem_id)
        lesson = str((problem.content or {}).get("lessonId"))
        for skill in {skill for step in problem.steps for skill in tags.get(step, ())}:
            if found:
                numbers.setdefault((lesson, skill), []).append(int(found[1]))
    seen: set[str] = set()
    lessons = []
    for lesson in plan["lessons"]:
        fresh = [skill for skill in lesson["learningObjectives"] if skill not in seen]
        seen.update(fresh)
        place = {skill: _place(numbers.get((lesson["id"], skill), [])) for skill in fresh}
        skills = tuple(ConceptId(skill) for skill in sorted(fresh, key=lambda skill: place[skill]))
        lessons.append(Lesson(lesson["name"], lesson["topics"], skills))
    return lessons


def _place(numbers: Sequence[int]) -> tuple[float, float]:
    """Where a skill stands in its lesson: by its first problem, then by its middle one."""
    return (min(numbers), median(numbers)) if numbers else (math.inf, math.inf)


def prerequisites(lessons: Sequence[Lesson]) -> tuple[Prerequisite, ...]:
    """Inferred edges: few a skill, all forward in the syllabus, none that others imply.

    A skill needs kindred ones (by the words of their names) of the lesson before, with weight 0.7, or else of
    any earlier lesson, with 0.5; and the kindred one nearest to it in its own lesson. Where there is none, it
    needs the last skill of the lesson before, or in a chapter's first lesson the one on which most of the
    chapter before rests.
    """
    order = [skill for lesson in lessons for skill in lesson.skills]
    home = {skill: lesson.name for lesson in lessons for skill in lesson.skills}
    kinship = _Kinship(order)
    edges: list[Prerequisite] = []
    taught: list[ConceptId] = []
    last: Lesson | None = None
    for lesson in lessons:
        fallback = _fallback(lesson, last, lessons, edges)
        before = last.skills if last else ()
        for number, skill in enumerate(lesson.skills):
            needed = list(_kindred(skill, lesson.skills[:number], before, taught, kinship))
            if not needed and fallback:
                needed = [(fallback, TAUGHT_EARLIER)]
            for one, weight in needed:
                words = ", ".join(kinship.shared(one, skill)) or "in the order of lessons"
                where = "earlier in" if home[one] == lesson.name else f"{home[one]} comes before"
                reason = f"{where} {lesson.name} ({words})"
                edges.append(Prerequisite(one, skill, weight, reason, "inferred"))
        taught.extend(lesson.skills)
        last = lesson if lesson.skills else last
    return without_implied(order, edges)


def _fallback(
    lesson: Lesson, last: Lesson | None, lessons: Sequence[Lesson], edges: Sequence[Prerequisite]
) -> ConceptId | None:
    """What a skill without kin needs."""
    if last is None or lesson.chapter == last.chapter:
        return last.skills[-1] if last else None
    chapter = [skill for one in lessons if one.chapter == last.chapter for skill in one.skills]
    count = Counter(edge.source_id for edge in edges)
    return max(reversed(chapter), key=lambda skill: count[skill])


def _kindred(
    skill: ConceptId,
    beside: Sequence[ConceptId],
    before: Sequence[ConceptId],
    taught: Sequence[ConceptId],
    kinship: _Kinship,
) -> Iterator[tuple[ConceptId, float]]:
    """The kin of a skill: in the lesson before, else in any earlier one; and among those beside it."""
    near = kinship.nearest(skill, before)
    yield from ((one, TAUGHT_BEFORE) for one in near)
    if not near:
        yield from ((one, TAUGHT_EARLIER) for one in kinship.nearest(skill, taught))
    yield from ((one, TAUGHT_EARLIER) for one in kinship.nearest(skill, beside)[:1])


class _Kinship:
    """How much the names of two skills share, rare words counting for more."""

    def __init__(self, skills: Sequence[ConceptId]) -> None:
        self._words = {skill: self._stems(skill) for skill in skills}
        count = Counter(stem for words in self._words.values() for stem in words)
        self._rarity = {stem: math.log(len(skills) / times) for stem, times in count.items()}

    @staticmethod
    def _stems(skill: ConceptId) -> dict[str, str]:
        """Words that say something by their first letters, which "multiply" and "multiplication" share."""
        words = re.findall(r"[a-z]{4,}", title_of_skill(skill).lower())
        return {word[:_STEM]: word for word in words if not _SAY_LITTLE.fullmatch(word)}

    def shared(self, one: ConceptId, other: ConceptId) -> list[str]:
        """The words of `one` that `other` shares."""
        return [word for stem, word in self._words[one].items() if stem in self._words[other]]

    def nearest(self, skill: ConceptId, among: Sequence[ConceptId]) -> list[ConceptId]:
        """The kindred ones, nearest first, the later taught of equals; no more than `_MOST`."""
        own = self._words[skill]
        score = {one: sum(self._rarity[stem] for stem in self._words[one] if stem in own) for one in among}
        kin = [one for one in reversed(among) if score[one] >= _KINDRED]
        return sorted(kin, key=lambda one: -score[one])[:_MOST]


def title_of_skill(skill: str) -> str:
    """The skill's title; ids lost commas, hyphens and minus signs, and parts of a list stand alone.

    >>> title_of_skill("find_the_x__and_y__intercepts"), title_of_skill("and_real_numbers")
    ('Find the x- and y-intercepts', 'Real numbers')
    """
    name = skill.replace("___", " - ").replace("y__", "y-").replace("__", "- ").replace("**", "^")
    return title_of(name.removeprefix("and_"))
