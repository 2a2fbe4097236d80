"""OATutor's problems as items: kinds, answer keys, hints and pictures."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from data.importers import ImportReport
from data.importers._latex import plain
from knowledge_graph.numbers import read_number
from knowledge_graph.types import ConceptId, Item, ItemId, ItemKind, Step

_PICTURE = re.compile(r"##\s*([^#\s]+\.\w+)\s*##")
_SOLVED = re.compile(r"([A-Za-z]) *= *([^=]+)")
"""An answer such as n = 12, for which 12 alone is right as well."""
_BARE = re.compile(r"[-−]?[\d.]+(?:[/eE][-−]?[\d.]+)?")  # no unit, no "n =": those stay as they are written
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(slots=True)
class Problem:
    """The files of one problem, parsed."""

    problem_id: str
    content: Mapping[str, Any] | None = None
    steps: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    hints: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)


def item_of(
    problem: Problem, tags: Mapping[str, list[str]], known: Collection[ConceptId], report: ImportReport
) -> Item | None:
    """The problem as an item, of kind `steps` if it has several; `None`, with a fault, if it has none."""
    name, content = problem.problem_id, problem.content
    if content is None or not problem.steps:
        report.fault("the problem has no text or no steps", name)
        return None
    steps = []
    for step_id, step in problem.steps.items():
        skills = (ConceptId(skill) for skill in tags.get(step_id, ()))
        concepts = tuple(skill for skill in skills if skill in known)
        if not concepts:
            report.fault("the step has no skill", step_id)
        steps.append(_step(step_id, step, concepts, problem.hints.get(step_id, ()), report))
    body = _text((content.get("body"),), name, report)
    item_id, title = ItemId(name), str(content.get("title", ""))
    if len(steps) > 1:
        concepts = tuple(dict.fromkeys(one for step in steps for one in step.concept_ids))
        return Item(item_id, "steps", concepts, body, title, steps=tuple(steps))
    (only,) = steps
    return Item(
        item_id,
        only.kind,
        only.concept_ids,
        "\n\n".join(part for part in (body, only.text) if part),
        title,
        choices=only.choices,
        answer=only.answer,
        accepted_answers=only.accepted_answers,
        reference_answers=only.reference_answers,
        hints=only.hints,
    )


def _step(
    name: str,
    content: Mapping[str, Any],
    concepts: tuple[ConceptId, ...],
    hints: Iterable[Mapping[str, Any]],
    report: ImportReport,
) -> Step:
    answers = [str(answer) for answer in content.get("stepAnswer", ())]
    text = _text((content.get("stepTitle"), content.get("stepBody")), name, report)
    help_ = tuple(_text((hint,), name, report) for hint in _in_order(hints))
    if content.get("problemType") == "MultipleChoice":
        given = [str(choice) for choice in content.get("choices", ())]
        choices = tuple(dict.fromkeys((*given, *answers[:1])))
        if len(set(given)) < len(given):
            report.fault("a choice is there twice (one is left)", name)
        if len(choices) > len(set(given)):
            report.fault("the answer is not among the choices (it is added)", name)
        return Step(name, "choice", text, concepts, choices, answers[0] if answers else None, hints=help_)
    if content.get("answerType") == "string":
        return Step(name, "text", text, concepts, reference_answers=tuple(answers), hints=help_)
    kind, answer, others = key_of(answers[0] if answers else "")
    if kind == "text":
        report.fault("the answer has no plain notation: kind `text`", name)
        return Step(name, kind, text, concepts, reference_answers=tuple(answers), hints=help_)
    return Step(name, kind, text, concepts, answer=answer, accepted_answers=others, hints=help_)


_MIXED = re.compile(r"(-?)\((\d+)\+(\d+/\d+)\)")


def key_of(latex: str) -> tuple[ItemKind, str, tuple[str, ...]]:
    r"""Kind, answer and further right answers for an answer in LaTeX.

    >>> key_of(r"$$\frac{-12}{7}$$"), key_of("$$n=12$$"), key_of(r"$$5\sqrt{2}$$")
    (('numeric', '-12/7', ()), ('expression', 'n=12', ('12',)), ('expression', '5sqrt(2)', ()))
    >>> key_of(r"-3\frac{5}{8}"), key_of(r"$$x=2\frac{1}{2}$$")
    (('numeric', '-3 5/8', ()), ('expression', 'x=(2+1/2)', ('(2+1/2)',)))
    """
    text = plain(latex)
    if not text:
        return "text", latex, ()
    mixed = _MIXED.fullmatch(text)
    if mixed:
        return "numeric", f"{mixed[1]}{mixed[2]} {mixed[3]}", ()
    bare = text.replace(",", "") if _GROUPED.fullmatch(text) else text.replace(" ", "")
    if _BARE.fullmatch(bare) and read_number(bare) is not None:
        return "numeric", bare, ()
    solved = _SOLVED.fullmatch(text)
    return "expression", text, (solved[2].strip(),) if solved else ()


def _text(parts: Iterable[Any], name: str, report: ImportReport) -> str:
    """The parts one below the other, pictures named, for they are not in the bank."""

    def named(match: re.Match[str]) -> str:
        report.fault("the picture is not in the source", f"{name}: {match[1]}")
        return f"[picture: {match[1]}]"

    lines = (_PICTURE.sub(named, str(part)).strip() for part in parts if part)
    return "\n\n".join(line for line in lines if line)


def _in_order(hints: Iterable[Mapping[str, Any]]) -> list[str]:
    """Hints as text, each after those it depends on, else in the order of the file."""
    waiting = list(hints)
    given: dict[str, str] = {}
    names = {str(hint.get("id")) for hint in waiting}
    while waiting:
        missing = names - given.keys()
        ready = (one for one in waiting if missing.isdisjoint(one.get("dependencies", ())))
        hint = next(ready, waiting[0])  # hints that wait for each other come as they stand
        waiting.remove(hint)
        given[str(hint.get("id"))] = _hint(hint)
    return [text for text in given.values() if text]


def _hint(hint: Mapping[str, Any]) -> str:
    """The hint's text; that of a question in between ends with its answer."""
    title, text = (str(hint.get(name) or "").strip() for name in ("title", "text"))
    lines = [text if not title or title == text else f"{title}: {text}" if text else title]
    lines += [_hint(one) for one in hint.get("subHints", ())]
    answers = hint.get("hintAnswer", ())
    if answers:
        lines.append(f"Answer: {' or '.join(map(str, answers))}")
    return "\n".join(lines)
