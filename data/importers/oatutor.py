"""OATutor's item banks: a folder or `.tar.gz` with `coursePlans.json`, `skillModel.json` and `content-pool/`.

Skills become concepts in the order of the lessons; problems become items with their steps, hints and answer
keys. Prerequisites are not in the source: they are inferred from the lessons, and say so.

Source: github.com/CAHLR/OATutor-Content, CC BY 4.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.importers import ImportFault, ImportReport
from data.importers._archive import contents
from data.importers._oatutor_items import Problem, item_of
from data.importers._oatutor_lessons import lessons_of, prerequisites, title_of_skill
from knowledge_graph.types import Concept, ConceptId, Course, Curriculum
from knowledge_graph.vocabulary import natural

_PLANS, _SKILLS, _POOL = "coursePlans.json", "skillModel.json", "content-pool/"


def curriculum(path: Path, report: ImportReport) -> Curriculum:
    """The item bank's first course, with all problems that the bank holds.

    Raises:
        ImportFault: the source cannot be read, or lacks `coursePlans.json` or `skillModel.json`.
    """
    files = contents(path, ".json", _PLANS)
    plans, tags = (_needed(path, files, name) for name in (_PLANS, _SKILLS))
    problems = list(_problems(files, report))
    plan = plans[0]
    lessons = lessons_of(plan, problems, tags)
    known = {skill: number for number, skill in enumerate(s for lesson in lessons for s in lesson.skills)}
    _name_unknown_skills(tags, known, report)
    items = []
    for problem in problems:
        item = item_of(problem, tags, known, report)
        if item is not None:
            items.append(item)
            report.rows_kept += 1
    items.sort(key=lambda item: min((known[c] for c in item.concept_ids), default=len(known)))
    used = {concept for item in items for concept in item.concept_ids}
    for skill in known:
        if skill not in used:
            report.fault("the skill has no problems", skill)
    if len(plans) > 1:
        report.note(f"{len(plans)} courses in the source; the first gives the syllabus: {plan['courseName']}")
    for group in _inseparable(tags, known):
        report.note(f"always tagged together, perhaps one skill cut at its commas: {', '.join(group)}")
    report.note("prerequisites are inferred from the order and the words of lessons: look them through")
    return Curriculum(
        course=_course(plan),
        concepts=tuple(
            Concept(skill, title_of_skill(skill), topic=f"{lesson.name}: {lesson.topics}")
            for lesson in lessons
            for skill in lesson.skills
        ),
        prerequisites=prerequisites(lessons),
        items=tuple(items),
    )


def _course(plan: Mapping[str, Any]) -> Course:
    name = str(plan["courseName"])
    return Course(
        curriculum_id="oatutor-" + re.sub(r"\W+", "-", name.lower()).strip("-"),
        title=name,
        language=str(plan.get("language", "en")),
        licence=str(plan.get("courseLicense", "")),
        attribution=f"OATutor (github.com/CAHLR/OATutor-Content), after {plan.get('courseOER', name)}",
    )


def _needed(path: Path, files: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name])
    except (KeyError, ValueError) as error:
        raise ImportFault(f"{path}: {name} is missing or not JSON: {error}") from error


def _problems(files: Mapping[str, bytes], report: ImportReport) -> Iterator[Problem]:
    """Every problem with its steps and hints, in natural order of ids."""
    found: dict[str, Problem] = {}
    for name in files:
        parts = name.removeprefix(_POOL).split("/")
        if not name.startswith(_POOL) or len(parts) < 2:
            continue
        problem = found.setdefault(parts[0], Problem(parts[0]))
        try:
            content = json.loads(files[name])
        except ValueError as error:
            report.fault("the file is not JSON", f"{name}: {error}")
            continue
        match parts[1:]:
            case [file] if file == f"{parts[0]}.json":
                problem.content = content
            case ["steps", step, file] if file == f"{step}.json":
                problem.steps[step] = content
            case ["steps", step, "tutoring", file] if file.endswith("DefaultPathway.json"):
                problem.hints[step] = content
            case _:
                report.fault("the file is none that this importer reads", name)
    report.rows_read += len(found)
    return iter(sorted(found.values(), key=lambda problem: natural(problem.problem_id)))


def _inseparable(tags: Mapping[str, list[str]], known: Mapping[ConceptId, int]) -> list[list[ConceptId]]:
    """Groups of skills that no problem can tell apart."""
    steps: dict[ConceptId, set[str]] = {}
    for step, skills in tags.items():
        for skill in map(ConceptId, skills):
            steps.setdefault(skill, set()).add(step)
    groups: dict[frozenset[str], list[ConceptId]] = {}
    for skill in known:
        groups.setdefault(frozenset(steps.get(skill, ())), []).append(skill)
    return [group for practised, group in groups.items() if practised and len(group) > 1]


def _name_unknown_skills(tags: Mapping[str, list[str]], known: Mapping[ConceptId, int], report: ImportReport) -> None:
    for step, skills in tags.items():
        for skill in skills:
            if skill not in known:
                report.fault("the skill is in no lesson, so its tag is left out", f"{step}: {skill}")
