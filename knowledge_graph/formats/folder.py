"""The public curriculum folder: `curriculum.yaml`, `concepts.csv`, `edges.csv`, `items.jsonl` and media.

Rows keep their order: that of the concepts is the syllabus. Reading names every fault of type and syntax at
once; faults of meaning (circles, unknown ids) are left to `knowledge_graph.lint`, which gets the course as it
stands.
"""

from __future__ import annotations

import shutil
import warnings
from array import array
from pathlib import Path

from knowledge_graph.errors import CurriculumError, CurriculumWarning, Finding
from knowledge_graph.formats._course import read_course, write_course
from knowledge_graph.formats._faults import Faults, Places, text_of
from knowledge_graph.formats._items import media_fault, read_items, write_items
from knowledge_graph.formats._tables import read_concepts, read_edges, write_concepts, write_edges
from knowledge_graph.types import Curriculum, Place

_FILES = {
    "course": ("curriculum.yaml", "write it with the lines `id: …` and `title: …`"),
    "concept": ("concepts.csv", "write it, beginning with the line concept_id,title,description,topic"),
    "edge": ("edges.csv", "write it, beginning with the line source_id,target_id,kind,weight,reason"),
    "item": ("items.jsonl", "write it, one item a line; it may be empty"),
}


def examine(path: Path) -> tuple[Curriculum, tuple[Finding, ...]]:
    """What can be read of a curriculum folder, and every fault of its files.

    Errors mean that the curriculum lacks something; warnings name columns and fields that were ignored.
    """
    faults = {kind: Faults(str(path / name)) for kind, (name, _) in _FILES.items()}
    text = {kind: text_of(path / name, faults[kind], fix) for kind, (name, fix) in _FILES.items()}
    concepts, concept_lines = read_concepts(text["concept"], faults["concept"])
    prerequisites, encompassings, edge_lines = read_edges(text["edge"], faults["edge"])
    items, item_lines = read_items(text["item"], faults["item"])
    lines = {"course": array("l", [1]), "concept": concept_lines, "edge": edge_lines, "item": item_lines}
    curriculum = Curriculum(
        course=read_course(text["course"], faults["course"]),
        concepts=concepts,
        prerequisites=prerequisites,
        encompassings=encompassings,
        items=items,
        places=Places({kind: (faults[kind].path, lines[kind]) for kind in _FILES}),
    )
    return curriculum, tuple(finding for one in faults.values() for finding in one.findings)


def read(path: Path) -> Curriculum:
    """The curriculum in this folder.

    Columns and fields that nothing reads are named by a `CurriculumWarning`.

    Raises:
        CurriculumError: files are missing or hold what they may not; it lists every fault with file and line.
    """
    curriculum, findings = examine(path)
    faults = [finding for finding in findings if finding.severity == "error"]
    if faults:
        raise CurriculumError(faults)
    for finding in findings:
        warnings.warn(str(finding), CurriculumWarning, stacklevel=2)
    return curriculum


def write(curriculum: Curriculum, path: Path, media_from: Path | None = None) -> None:
    """Write a curriculum folder, making it if need be; files of these names are replaced, others are left.

    Args:
        curriculum: what to write; only `places` is lost.
        path: the folder.
        media_from: the folder that the items' media paths start from; without it no media are copied.

    Raises:
        CurriculumError: a media path leads out of the folder, or its file is missing; nothing is written.
    """
    media = sorted({media.path for item in curriculum.items for media in item.media})
    _refuse_bad_media(media, path, media_from)
    texts = {
        "course": write_course(curriculum.course),
        "concept": write_concepts(curriculum.concepts),
        "edge": write_edges(curriculum),
        "item": write_items(curriculum.items),
    }
    path.mkdir(parents=True, exist_ok=True)
    for kind, text in texts.items():
        _replace(path / _FILES[kind][0], text)
    if media_from is not None and media_from.resolve() != path.resolve():
        for name in media:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(media_from / name, path / name)


def _refuse_bad_media(media: list[str], path: Path, media_from: Path | None) -> None:
    faults = {name: media_fault(name) for name in media}
    if media_from is not None:
        root = media_from.resolve()
        for name in (name for name in media if not faults[name]):
            file = (root / name).resolve()  # a link may lead out where the path does not
            if not file.is_relative_to(root):
                faults[name] = "leads out of the curriculum folder"
            elif not file.is_file():
                faults[name] = f"is not in {media_from}"
    place = Place(str(path / _FILES["item"][0]), 1)
    fix = "correct `media` of the items that show it"
    findings = [
        Finding("error", "missing-media", f"the medium `{name}` {fault}", fix, place)
        for name, fault in faults.items()
        if fault
    ]
    if findings:
        raise CurriculumError(findings)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all: a reader never sees half of it."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(text.encode())
    draft.replace(path)
