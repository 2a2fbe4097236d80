"""The curriculum folder: what is written is read back; a bad file names all its faults with their lines."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_graph import formats
from knowledge_graph.errors import CurriculumError, CurriculumWarning, Finding
from knowledge_graph.formats.folder import examine, read, write
from knowledge_graph.types import (
    Concept,
    ConceptId,
    Course,
    Curriculum,
    Encompassing,
    Item,
    ItemId,
    Media,
    Place,
    Prerequisite,
    Step,
    Thresholds,
)

# Any Unicode but surrogates, which no UTF-8 file can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
WEIGHTS = st.floats(0, 1, exclude_min=True)
ORIGINS = st.sampled_from(["stated", "inferred"])
CONCEPT_IDS = st.lists(IDS.map(ConceptId), max_size=3).map(tuple)
KINDS = st.sampled_from(["choice", "numeric", "expression", "text", "reading", "video", "steps"])
PATHS = st.from_regex(r"[a-z]{1,5}(/[a-zé ]{1,5}){0,2}\.png", fullmatch=True)
QUESTION = {
    "kind": KINDS,
    "text": TEXT,
    "concept_ids": CONCEPT_IDS,
    "choices": TEXTS,
    "answer": st.none() | TEXT,
    "accepted_answers": TEXTS,
    "reference_answers": TEXTS,
    "tolerance": NUMBERS,
    "unit": TEXT,
    "hints": TEXTS,
}
STEPS = st.builds(Step, step_id=IDS, **QUESTION)
ITEMS = st.builds(
    Item,
    item_id=IDS.map(ItemId),
    title=TEXT,
    passage=TEXT,
    explanation=TEXT,
    steps_text=TEXTS,
    steps=st.lists(STEPS, max_size=2).map(tuple),
    media=st.lists(st.builds(Media, path=PATHS, alt=TEXT), max_size=2).map(tuple),
    minutes=NUMBERS,
    difficulty=NUMBERS,
    **QUESTION,
)
EDGE = {"source_id": IDS, "target_id": IDS, "weight": WEIGHTS, "reason": TEXT, "origin": ORIGINS}
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
COURSES = st.builds(
    Course,
    curriculum_id=IDS,
    title=IDS,
    language=TEXT,
    licence=TEXT,
    attribution=TEXT,
    goals=CONCEPT_IDS,
    thresholds=st.builds(Thresholds, known=NUMBER, mastered=NUMBER, review=NUMBER),
    gating=st.booleans(),
)
CURRICULA = st.builds(
    Curriculum,
    course=COURSES,
    concepts=st.lists(st.builds(Concept, IDS, TEXT, TEXT, TEXT), max_size=4).map(tuple),
    prerequisites=st.lists(st.builds(Prerequisite, **EDGE), max_size=4).map(tuple),
    encompassings=st.lists(st.builds(Encompassing, **EDGE), max_size=4).map(tuple),
    items=st.lists(ITEMS, max_size=3).map(tuple),
)

COURSE = "id: tiny\ntitle: Tiny\n"
CONCEPTS = "concept_id,title,description,topic\n"
EDGES = "source_id,target_id,kind,weight,reason\n"


def folder(path: Path, course: str = COURSE, concepts: str = CONCEPTS, edges: str = EDGES, items: str = "") -> Path:
    """A curriculum folder with these files."""
    texts = {"curriculum.yaml": course, "concepts.csv": concepts, "edges.csv": edges, "items.jsonl": items}
    for name, text in texts.items():
        (path / name).write_bytes(text.encode())
    return path


def faults(path: Path) -> list[str]:
    """What `read` complains of, paths without their folder."""
    with pytest.raises(CurriculumError) as caught:
        read(path)
    return [str(finding).removeprefix(f"{path}/") for finding in caught.value.findings]


@given(CURRICULA)
@settings(max_examples=60, deadline=None)
def test_reading_gives_what_was_written(curriculum: Curriculum) -> None:
    with TemporaryDirectory() as name:
        write(curriculum, Path(name))
        assert replace(read(Path(name)), places={}) == curriculum


@pytest.mark.parametrize("text", ["\x85", "a\u2028b", "\r", "\n\n a", "\0", "yes", "007", "# no", "a: b", "😀"])
def test_odd_texts_survive_everywhere(tmp_path: Path, text: str) -> None:
    a = ConceptId("a")
    curriculum = Curriculum(
        course=Course("c", "C", attribution=text),
        concepts=(Concept(a, "A", text, text),),
        prerequisites=(Prerequisite(a, a, reason=text),),
        items=(Item(ItemId("i"), "reading", (a,), text),),
    )
    write(curriculum, tmp_path)
    assert replace(read(tmp_path), places={}) == curriculum


def test_writing_is_stable(tmp_path: Path) -> None:
    """Writing what was read changes no byte, so that a course can be kept under version control."""
    items = '{"item_id": "i", "kind": "numeric", "concept_ids": ["a"], "text": "1+1", "answer": "2"}\n'
    first = folder(tmp_path, concepts=CONCEPTS + 'a,"A, or so",,\n', items=items)
    write(read(first), tmp_path / "second")
    write(read(tmp_path / "second"), tmp_path / "third")
    for name in ("curriculum.yaml", "concepts.csv", "edges.csv", "items.jsonl"):
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "third" / name).read_bytes()
    assert (tmp_path / "second" / "items.jsonl").read_text() == items


def test_a_passage_is_a_text_like_others_and_none_leaves_no_trace(tmp_path: Path) -> None:
    rows = ['{"item_id": "i", "kind": "text", "passage": "Fog came."}', '{"item_id": "j", "kind": "text"}']
    first, second = read(folder(tmp_path, items="\n".join(rows))).items
    assert (first.passage, second.passage) == ("Fog came.", "")
    write(replace(read(tmp_path), items=(first, second)), tmp_path / "again")
    assert (tmp_path / "again" / "items.jsonl").read_text() == "\n".join(rows) + "\n"
    items = '{"item_id": "i", "kind": "text", "passage": ["Fog", "came."]}\n'
    (said,) = faults(folder(tmp_path, items=items))
    assert said.startswith("items.jsonl:1: `passage` is a list; a text is wanted")
    step = '{"item_id": "i", "kind": "steps", "steps": [{"step_id": "a", "kind": "text", "passage": "Fog."}]}\n'
    _, (ignored,) = examine(folder(tmp_path, items=step))
    assert ignored.message == "unknown field `passage` is ignored", "steps share the passage of their item"


def test_places_point_at_rows(tmp_path: Path) -> None:
    concepts = CONCEPTS + 'a,A,"two\nlines",\n\nb,B,,\n'
    edges = EDGES + "a,b,encompasses,1,\na,b,prerequisite,1,\n"
    items = '\n{"item_id": "i", "kind": "reading"}\n'
    places = read(folder(tmp_path, concepts=concepts, edges=edges, items=items)).places
    assert places["concept", 0] == Place(str(tmp_path / "concepts.csv"), 2)
    assert places["concept", 1] == Place(str(tmp_path / "concepts.csv"), 5)
    assert places["edge", 0] == Place(str(tmp_path / "edges.csv"), 3), "prerequisites come first"
    assert places["edge", 1] == Place(str(tmp_path / "edges.csv"), 2)
    assert places["item", 0] == Place(str(tmp_path / "items.jsonl"), 2)
    assert places.get(("item", 1)) is None
    assert len(places) == len(list(places)) == 6


def test_byte_order_mark_and_crlf_are_tolerated(tmp_path: Path) -> None:
    mark = "\ufeff"
    path = folder(
        tmp_path,
        mark + "id: tiny\r\ntitle: Größe\r\n",
        mark + "concept_id,title\r\na,A\r\nb,B\r\n",
        mark + "source_id,target_id,kind\r\na,b,prerequisite\r\n",
        mark + '{"item_id": "i", "kind": "reading"}\r\n',
    )
    curriculum = read(path)
    assert curriculum.course == Course("tiny", "Größe")
    assert curriculum.concepts == (Concept(ConceptId("a"), "A"), Concept(ConceptId("b"), "B"))
    assert curriculum.prerequisites == (Prerequisite(ConceptId("a"), ConceptId("b")),)
    assert [item.item_id for item in curriculum.items] == ["i"]


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    course = "id: tiny\ntitle: [a]\ntitle: b\ngating: perhaps\nthresholds: {known: high, mastered: .inf}\n"
    concepts = CONCEPTS + ",no id,,\na,too,many,cells,here\n"
    edges = EDGES + "a,b,prerequisite,heavy,\na,,requires,0,\na,b,encompasses,nan,\na,b,prerequisite,1.5,\n"
    items = '{"item_id": 7, "kind": "essay"}\nnot json\n{"kind": "text", "minutes": NaN}\n{"a": 1, "a": 2}\n'
    found = faults(folder(tmp_path, course, concepts, edges, items))
    wanted = [
        "curriculum.yaml:2: `title` is a sequence",
        "curriculum.yaml:3: `title` stands twice",
        "curriculum.yaml:4: `gating` is `perhaps`; true or false is wanted",
        "curriculum.yaml:5: `known` is `high`; a number is wanted",
        "curriculum.yaml:5: `mastered` is `.inf`; a number is wanted",
        "concepts.csv:2: `concept_id` is empty",
        "concepts.csv:3: the row has 5 cells; the header has 4",
        "edges.csv:2: `weight` is `heavy`",
        "edges.csv:3: `target_id` is empty",
        "edges.csv:3: `kind` is `requires`",
        "edges.csv:3: `weight` is `0`",
        "edges.csv:4: `weight` is `nan`",
        "edges.csv:5: `weight` is `1.5`",
        "items.jsonl:1: `item_id` is the number 7; a text is wanted",
        "items.jsonl:1: `kind` is `essay`; wanted is one of choice,",
        "items.jsonl:2: not JSON: Expecting value at column 1",
        "items.jsonl:3: NaN is no number in JSON",
        "items.jsonl:4: the key `a` stands twice",
    ]
    assert len(found) == len(wanted), found
    for came, start in zip(found, wanted, strict=True):
        assert came.startswith(start), came
        assert "; " in came, f"no word on what to do: {came}"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("[1]", "the line is a list; an object is wanted"),
        ("null", "the line is null; an object is wanted"),
        ('{"item_id": "i"}', "`kind` is missing"),
        ('{"item_id": "", "kind": "text"}', "`item_id` is missing"),
        ('{"item_id": "i", "kind": "text", "hints": "one"}', "`hints` is a text; a list of texts is wanted"),
        ('{"item_id": "i", "kind": "text", "hints": ["a", 2]}', "`hints` is the number 2; a text is wanted"),
        ('{"item_id": "i", "kind": "text", "minutes": "2"}', "`minutes` is a text; a number is wanted"),
        (
            '{"item_id": "i", "kind": "text", "minutes": true}',
            "`minutes` is true or false; a number is wanted",
        ),
        ('{"item_id": "i", "kind": "text", "minutes": 1e999}', "`minutes` is too large a number"),
        ('{"item_id": "i", "kind": "text", "minutes": ' + "9" * 400 + "}", "`minutes` is too large a number"),
        ('{"item_id": "i", "kind": "text", "minutes": ' + "9" * 5000 + "}", "not JSON: Exceeds the limit"),
        ('{"item_id": "i", "kind": "steps", "steps": [{"step_id": "s"}]}', "`steps[0].kind` is missing"),
        ('{"item_id": "i", "kind": "steps", "steps": ["s"]}', "`steps` is a list with a text in it"),
        (
            '{"item_id": "i", "kind": "steps", "steps": {}}',
            "`steps` is an object; a list of objects is wanted",
        ),
        ('{"item_id": "i", "kind": "text", "text": "\\ud800"}', "`text` is text with half a surrogate pair"),
        ('{"item_id": "i", "kind": "text", "x": ' + "[" * 100_000 + "}", "not JSON"),
        ('{"item_id": "i", "kind": "text", "media": [{}]}', "`media[0].path` is missing"),
    ],
)
def test_a_bad_item_is_named(tmp_path: Path, item: str, message: str) -> None:
    (found,) = faults(folder(tmp_path, items=f"{item}\n"))
    assert found.startswith(f"items.jsonl:1: {message}"), found


@pytest.mark.parametrize("path", ["../x.png", "/etc/passwd", "a/../../x", "C:/x.png", "..\\\\x.png", "a\\u0000b"])
def test_media_cannot_leave_the_folder(tmp_path: Path, path: str) -> None:
    item = f'{{"item_id": "i", "kind": "text", "media": [{{"path": "{path}"}}]}}\n'
    (found,) = faults(folder(tmp_path, items=item))
    assert found.startswith("items.jsonl:1: `media[0].path` is")


@pytest.mark.parametrize(
    ("course", "message"),
    [
        ("title: [", "curriculum.yaml:1: not YAML"),
        ("id: a\ntitle: b\n\tgoals: c", "curriculum.yaml:3: not YAML"),
        ("- a\n- b", "curriculum.yaml:1: the file is no list of `name: value`"),
        ("", "curriculum.yaml:1: the file is no list of `name: value`"),
        ("id: a\ntitle: b\ngoals: c", "curriculum.yaml:3: `goals` is `c`; a list of concept ids"),
        ("id: a\ntitle: !!python/object/apply:os.system [ls]", "curriculum.yaml:2: `title` is a sequence"),
        ("id: a", "curriculum.yaml:1: `title` is missing"),
        ("id: a\ntitle: \x00", "curriculum.yaml:1: not YAML"),
    ],
)
def test_a_bad_course_is_named(tmp_path: Path, course: str, message: str) -> None:
    assert faults(folder(tmp_path, course=course))[0].startswith(message)


def test_yaml_texts_stay_as_written(tmp_path: Path) -> None:
    course = "id: 007\ntitle: 2024-13-45\nlanguage: no\nlicence: null\ngoals: [1.10, on]\n"
    read_back = read(folder(tmp_path, course=course)).course
    assert (read_back.curriculum_id, read_back.title, read_back.language) == ("007", "2024-13-45", "no")
    assert read_back.goals == ("1.10", "on")
    assert read_back.licence == ""


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "concept,title\na,A\n",
            "concepts.csv:1: there is no column `concept_id`; begin with the line concept_id,",
        ),
        ("concept_id,title,title\na,A,B\n", "concepts.csv:1: the column `title` is there twice"),
        ('concept_id,title\na,"open\nb,B\n', "concepts.csv:3: not CSV: unexpected end of data"),
        ('concept_id,title\na,"A"x\n', "concepts.csv:2: not CSV"),
        ("", "concepts.csv:1: there is no column `concept_id`"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, table: str, message: str) -> None:
    assert faults(folder(tmp_path, concepts=table))[0].startswith(message)


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "concepts.csv").write_bytes(b"concept_id,title\na,caf\xe9\n")
    (tmp_path / "edges.csv").mkdir()
    found = faults(tmp_path)
    assert [line.split("; ")[0] for line in found] == [
        "curriculum.yaml:1: there is no such file",
        "concepts.csv:2: byte 0xe9 is not UTF-8",
        "edges.csv:1: the file cannot be read: Is a directory",
        "items.jsonl:1: there is no such file",
    ]


def test_unknown_fields_are_warned_of_once(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        course=COURSE + "license: CC0\n",
        concepts="concept_id,title,colour\na,A,red\n",
        items='{"item_id": "i", "kind": "reading", "hint": []}\n' * 2,
    )
    with pytest.warns(CurriculumWarning) as caught:
        curriculum = read(path)
    messages = [str(one.message).removeprefix(f"{path}/") for one in caught]
    assert messages == [
        "curriculum.yaml:3: unknown field `license` is ignored; did you mean `licence`?",
        "concepts.csv:1: unknown column `colour` is ignored; those read are: concept_id, title, description, topic",
        "items.jsonl:1: unknown field `hint` is ignored; did you mean `hints`?",
    ]
    assert len(curriculum.items) == 2


def test_faults_of_meaning_are_left_to_lint(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        concepts=CONCEPTS + "a,A,,\na,A,,\n",
        edges=EDGES + "a,a,prerequisite,1,\nx,y,prerequisite,1,\n",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curriculum = read(path)
    assert len(curriculum.concepts) == 2
    assert len(curriculum.prerequisites) == 2


def test_examine_keeps_what_is_sound(tmp_path: Path) -> None:
    curriculum, findings = examine(folder(tmp_path, concepts=CONCEPTS + "a,A,,\n,nameless,,\nb,B,,\n"))
    assert [concept.concept_id for concept in curriculum.concepts] == ["a", "b"]
    assert curriculum.places["concept", 1].line == 4
    assert [finding.place for finding in findings] == [Place(str(tmp_path / "concepts.csv"), 3)]


def pictured(path: str) -> Curriculum:
    """A course whose one item shows this picture."""
    return Curriculum(Course("c", "C"), items=(Item(ItemId("i"), "reading", (), "see", media=(Media(path),)),))


def test_media_are_copied(tmp_path: Path) -> None:
    (tmp_path / "from" / "media").mkdir(parents=True)
    (tmp_path / "from" / "media" / "a.png").write_bytes(b"picture")
    write(pictured("media/a.png"), tmp_path / "to", media_from=tmp_path / "from")
    assert (tmp_path / "to" / "media" / "a.png").read_bytes() == b"picture"
    write(pictured("media/a.png"), tmp_path / "to", media_from=tmp_path / "to")
    assert (tmp_path / "to" / "media" / "a.png").read_bytes() == b"picture", "writing in place keeps the media"


@pytest.mark.parametrize("path", ["../secret", "gone.png", "link.png"])
def test_nothing_is_written_if_media_are_bad(tmp_path: Path, path: str) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "from" / "link.png").symlink_to(tmp_path / "secret")
    with pytest.raises(CurriculumError, match=path):
        write(pictured(path), tmp_path / "to", media_from=tmp_path / "from")
    assert not (tmp_path / "to").exists()


def test_the_error_survives_pickling_and_stays_readable() -> None:
    finding = Finding("error", "bad-file", "it is bad", "mend it", Place("a.csv", 3))
    error = CurriculumError([finding] * 300)
    again = pickle.loads(pickle.dumps(error))
    assert again.findings == error.findings
    assert str(again).splitlines()[0] == "300 faults in the curriculum:"
    assert str(again).splitlines()[-1] == "… and 100 more"


def test_formats_are_found_by_name() -> None:
    assert formats.available() == ("folder",)
    assert isinstance(formats.load("folder"), formats.Format)
    with pytest.raises(ValueError, match="no curriculum format 'xml'; there are: folder"):
        formats.load("xml")
