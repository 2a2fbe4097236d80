"""What misleads learners in a course's items: answers that nobody can give, pictures that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from knowledge_graph.errors import Finding, Severity
from knowledge_graph.lint.view import View
from knowledge_graph.numbers import read_number
from knowledge_graph.types import SCORED_KINDS, Item, Step

_Fault = tuple[Severity, str, str, str]
"""Severity, code, message without the item's name, fix."""


def findings(view: View, folder: Path | None) -> Iterator[Finding]:
    """Every finding about items; `folder` is where their media should be (`None`: not looked at)."""
    for position, item in enumerate(view.curriculum.items):
        name = f"item `{item.item_id}`"
        for severity, code, message, fix in chain(_item(item), _steps(item), _media(item, folder)):
            yield Finding(severity, code, f"{name} {message}", fix, view.place("item", position))


def _item(item: Item) -> Iterator[_Fault]:
    if not item.concept_ids:
        fix = "name its concepts, else it is never chosen"
        yield "warning", "item-without-concepts", "practises no concept", fix
    if item.kind == "steps" and not item.steps:
        yield "error", "missing-answer", "is of kind `steps` but has none", "write them or change its kind"
    if item.kind != "steps" and item.steps:
        message = f"has steps, which kind `{item.kind}` ignores"
        yield "warning", "unused-steps", message, "make its kind `steps`"
    if not (item.text.strip() or item.title.strip() or item.media or item.steps):
        yield "error", "empty-item", "has no text, title or media", "write what the learner sees"
    if item.passage and not item.passage.strip():
        yield "warning", "empty-passage", "has a passage without a word", "write it, or leave it out"
    elif item.passage and not item.scored:
        message = f"has a passage, but kind `{item.kind}` asks nothing about it"
        yield "warning", "unused-passage", message, "move it into `text`, or ask a question"
    if item.difficulty is not None and not 0 <= item.difficulty <= 1:
        message = f"has difficulty {item.difficulty:g}; wanted is 0 to 1"
        yield "error", "out-of-range", message, "write the share of learners expected to get it wrong"
    if item.item_id != item.item_id.strip():
        yield "warning", "untidy-id", "has space around its id", "remove it"
    if item.kind != "steps":
        yield from _key(item, "", item.passage)


def _steps(item: Item) -> Iterator[_Fault]:
    seen: set[str] = set()
    for step in item.steps:
        name = f"in step `{step.step_id}` "
        if step.step_id in seen:
            yield "error", "duplicate-step", f"has two steps `{step.step_id}`", "give each an id of its own"
        seen.add(step.step_id)
        if step.kind == "steps":
            yield "error", "nested-steps", f"{name}has kind `steps`", "make one flat list of steps"
            continue
        yield from _key(step, name, item.passage)


def _key(part: Item | Step, where: str, passage: str) -> Iterator[_Fault]:
    """Whether a right answer can be told from a wrong one."""
    if part.tolerance is not None and not part.tolerance >= 0:
        message = f"{where}has tolerance {part.tolerance:g}; wanted is 0 or more"
        yield "error", "out-of-range", message, "correct `tolerance`"
    if part.kind == "text":
        if not (part.reference_answers or part.accepted_answers or part.answer):
            message = f"{where}wants a text but has no `reference_answers`"
            judge = "a teacher, or a grader fitted to answers without any," if passage.strip() else "a teacher"
            yield "warning", "text-without-references", message, f"write one, else only {judge} can judge"
        return
    if part.kind not in SCORED_KINDS:
        return
    if part.answer is None or not part.answer.strip():
        yield "error", "missing-answer", f"{where}has no `answer`", "write the right one"
    elif part.kind == "numeric":
        for answer in (part.answer, *part.accepted_answers):
            if read_number(answer, part.unit) is None:
                message = f"{where}has the answer “{answer}”, which is no number"
                fix = "write it like 3, -0.5 or 3/4, or make the kind `expression`"
                yield "error", "bad-numeric-answer", message, fix
    if part.kind == "choice":
        yield from _choices(part, where)


def _choices(part: Item | Step, where: str) -> Iterator[_Fault]:
    if len(part.choices) < 2:
        message = f"{where}has {len(part.choices)} choices; wanted are 2 or more"
        yield "error", "too-few-choices", message, "write the others under `choices`"
    answers = [answer for answer in (part.answer, *part.accepted_answers) if answer]
    for answer in answers:
        if part.choices and answer not in part.choices:
            message = f"{where}has the answer “{answer}”, which is not among its choices"
            yield "error", "answer-not-in-choices", message, "copy the text of the right choice exactly"
    repeated = {choice for choice in part.choices if part.choices.count(choice) > 1}
    for choice in sorted(repeated):
        severity: Severity = "error" if choice in answers else "warning"
        message = f"{where}offers “{choice}” more than once"
        yield severity, "duplicate-choices", message, "change or remove one"


def _media(item: Item, folder: Path | None) -> Iterator[_Fault]:
    for media in item.media:
        if folder is not None and not (folder / media.path).is_file():
            message = f"shows `{media.path}`, which is not in the curriculum folder"
            yield "error", "missing-media", message, "add the file or remove it from `media`"
        if not media.alt.strip():
            message = f"shows `{media.path}` without `alt`, so not everybody can do it"
            yield "warning", "media-without-alt", message, "say in words what it shows"
