"""The grader that serves: answers in words to grades, with ONNX Runtime and NumPy and without torch."""

from __future__ import annotations

import hashlib
import io
import os
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from student_model.encoder import beside, guard
from student_model.encoder.answers import GradedAnswer, Task
from student_model.encoder.judged import Said
from student_model.encoder.outcomes import Outcomes, joined, outcomes
from student_model.encoder.own_words import in_own_words
from student_model.encoder.pairs import Budget, Pairs, Signs, read_tokenizer
from student_model.encoder.passages import ENOUGH, compared
from student_model.encoder.place import steady
from student_model.encoder.precedents import Precedents, Trust, corrected
from student_model.encoder.reader import Graph, Reader, begun, spare_memory
from student_model.encoder.reading import features, how_many_features, matches
from student_model.encoder.similar import Reading
from student_model.judging.grades import Grade
from student_model.judging.labels import THREE

FORMAT = 7
MANIFEST, BASE, TOKENIZER = "encoder.json", "base.onnx", "tokenizer.json"
PRECEDENTS, LEARNED = "precedents.npz", "learned.npz"
Kept = TypeVar("Kept")
Begun = Callable[[], list[NDArray[np.float32]]]
"""Waits for what the networks make of an answer."""
REMEMBERED = 30_000_000
"""Bytes of the readings of questions and references that are kept: some 500 of usual length, 75 of the longest."""


class GraderError(RuntimeError):
    """A folder holds no grader that can be used, or cannot take one; the text says why and what to do."""


class File:
    """A file of a grader as it is now, checked against its hash. Called for its content later, it gives the same, even
    where another grader has taken the folder's place: it is held open, and read anew each time, as graphs kept in
    memory beside their sessions would take it twice.

    Raises:
        GraderError: it is not what the manifest tells of, or was written over since.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        self._path, self._sha256, self._open = path, sha256, os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._open)
        self._check(self._read(), "fit the grader again, or copy it anew")

    def __call__(self) -> bytes:
        content = self._read()
        self._check(content, "restart what serves it; `wayline encoder fit` replaces a grader as a whole")
        return content

    def _read(self) -> bytes:
        return os.pread(self._open, os.fstat(self._open).st_size, 0)

    def _check(self, content: bytes, remedy: str) -> None:
        if hashlib.sha256(content).hexdigest() != self._sha256:
            raise GraderError(f"{self._path} is changed or damaged: {remedy}")


class Served:
    """A grader from a folder. It is a `Grader`; the same answer gets the same grade in every process, whatever becomes
    of the folder.
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        spare_memory()
        self.folder, self.manifest = folder, manifest
        files = {name: File(folder / name, sha256) for name, sha256 in manifest["files"].items()}
        numbers = range(manifest["members"])
        task = manifest["task"]
        self.task = Task(task["kind"], tuple(task["labels"]), tuple(task["worth"]), task["max_score"])
        signs, budget = Signs(**manifest["signs"]), Budget(**manifest["budget"])
        self.pairs = Pairs(read_tokenizer(files[TOKENIZER]()), signs, budget)
        self._beside = [_restored(files.get(f"beside-{n}.npz"), beside.restored) for n in numbers]
        self._guards = [_restored(files.get(f"guard-{n}.npz"), guard.restored) for n in numbers]
        self._nets = [Graph(files[f"net-{n}.onnx"]) for n in numbers]
        self._trust = Trust(**manifest["trust"])
        self._precedents = _restored(files.get(PRECEDENTS), lambda kept: Precedents(**kept))
        self._learned = (_arrays(files[LEARNED]) or {})["answers"]
        self.reader = Reader(folder / BASE, self.pairs, files[BASE])
        self._readings: OrderedDict[str, Reading] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    @property
    def version(self) -> str:
        """Name and version, as a grade carries it."""
        return f"encoder {self.manifest['version']}"

    @property
    def labels(self) -> Sequence[str]:
        """From the best to the worst; empty for scores."""
        return self.task.labels if self.task.kind == "labels" else ()

    @property
    def worth(self) -> Mapping[str, float]:
        """Of its labels, as it was fitted; of those that people use where it gives scores."""
        return dict(zip(self.labels, self.task.worth, strict=True)) if self.labels else THREE

    @property
    def reads_passages(self) -> bool:
        """Whether it learned to grade answers about a passage where no reference answer is given."""
        return bool(self.manifest["trained_on"].get("passages_alone", 0) >= ENOUGH)

    def grade(self, question: str, references: Sequence[str], answer: str, passage: str = "") -> Grade:
        """The grade of one answer; see `Grader`."""
        one = in_own_words(GradedAnswer(question, tuple(references), answer, passage=passage))
        nets = self._begun(one)
        known = self._known(one)
        found = matches(self.pairs, references, one.answer, known)
        said = self._judged(one, known, nets)
        named = self.task.named(int(said.place[0]), float(said.score[0]))
        shares = zip(self.task.labels, said.probability[0].tolist(), strict=False)
        return Grade(
            named,
            float(said.score[0]),
            float(said.confidence[0]),
            {label: round(share, 4) for label, share in shares},
            found.evidence,
            found.missing,
            self.version,
            self.worth,
        )

    def outcomes(
        self,
        answers: Sequence[GradedAnswer],
        done: Callable[[float], None] = lambda share: None,
        precedents: bool = True,
    ) -> Outcomes:
        """What the grader says of many answers, without evidence; with `precedents`, as in service."""
        found = [outcomes(self.task, np.zeros((0, self.task.outputs)))]
        for number, one in enumerate(map(in_own_words, answers), start=1):  # alone, as in service: see `Reader.read`
            nets = self._begun(one)
            found.append(self._judged(one, self._known(one), nets, precedents))
            done(number / len(answers))
        return Outcomes(*(np.concatenate([getattr(one, name) for one in found]) for name in Outcomes.__slots__))

    def known(self, answers: Sequence[GradedAnswer]) -> NDArray[np.bool_] | None:
        """Which of n answers are to questions with precedents, (n,); nothing where the grader keeps none."""
        if self._precedents is None:
            return None
        return np.array([self._precedents.correction(one) is not None for one in answers], dtype=np.bool_)

    def learned(self, answers: Sequence[GradedAnswer]) -> int:
        """How many of these answers, as they are written, are among those that it was fitted to."""
        return int(np.isin(fingerprints(answers), self._learned).sum())

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A vector of length 1 for each text, (n, d), by the base encoder."""
        return self.reader.embed(texts)

    def _begun(self, one: GradedAnswer) -> Begun:
        """The networks on their way, beside the reading of the answer and all that follows from it."""
        rows = self.pairs.together([self.pairs.row(one.question, one.reference_answers, one.answer, one.passage)])
        given: dict[str, NDArray[np.generic]] = {"tokens": rows.tokens, "mask": rows.mask, "sides": rows.sides}
        return begun(lambda: [net.run(given) for net in self._nets])

    def _judged(
        self, one: GradedAnswer, known: Mapping[str, Reading], nets: Begun, precedents: bool = True
    ) -> Outcomes:
        near = known if self.manifest["near"] else None
        told = features(one.question, compared(one), one.answer, near, self.manifest["counted"])[None]
        moved = self._precedents.corrections([one]) if precedents and self._precedents is not None else None
        share = self.manifest["share"]
        if moved is not None:
            share = np.where(np.isnan(moved).any(axis=1), share, self.manifest["known_share"])[:, None]
        heads = [None if head is None else head.said(self.task, told) for head in self._beside]
        watches = [None if watch is None else watch.said(self.task, told) for watch in self._guards]
        said = [
            Said(net.astype(np.float64), head, watch).joined(self.task, share)
            for net, head, watch in zip(nets(), heads, watches, strict=True)
        ]
        found, temperature = joined(self.task, said), self.manifest["temperature"]
        if moved is not None:
            moved = guard.wary(self.task, moved, [watch[0] for watch in watches if watch is not None])
            found = corrected(found, moved, self._trust, temperature)
        return outcomes(self.task, found, temperature, self.manifest["error"])

    def _known(self, one: GradedAnswer) -> dict[str, Reading]:
        """Readings of all that the answer is compared with, remembered, and of the answer itself."""
        lasting = list(dict.fromkeys((one.question, *compared(one))))
        with self._lock:
            found = {text: self._readings[text] for text in lasting if text in self._readings}
        fresh = self.reader.read([text for text in lasting if text not in found])
        with self._lock:
            for text in lasting:
                read = found.setdefault(text, fresh.get(text) or found[text])
                self._held += 0 if text in self._readings else read.nbytes
                self._readings[text] = read
                self._readings.move_to_end(text)
            while self._held > REMEMBERED:
                self._held -= self._readings.popitem(last=False)[1].nbytes
        return found | self.reader.read([one.answer] if one.answer not in found else [])


def fingerprints(answers: Sequence[GradedAnswer]) -> NDArray[np.uint64]:
    """A hash of each of n answers with what it is compared with, whatever grade it has, (n,)."""
    told = (orjson.dumps([one.question, one.reference_answers, one.answer, one.passage]) for one in answers)
    return np.array([int.from_bytes(hashlib.sha256(one).digest()[:8], "little") for one in told], dtype=np.uint64)


def _restored(file: File | None, made: Callable[[dict[str, NDArray[Any]]], Kept]) -> Kept | None:
    kept = _arrays(file)
    return None if kept is None else made(kept)


def _arrays(file: File | None) -> dict[str, NDArray[Any]] | None:
    if file is None:
        return None
    with np.load(io.BytesIO(file()), allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def open_grader(folder: Path) -> Served:
    """The grader in a folder that `wayline encoder fit` wrote, every file checked against its hash. No other takes its
    place meanwhile, and one that a fit which broke off has set aside is put back.

    Raises:
        GraderError: there is none, it is damaged or of another version, or ONNX Runtime is not installed.
    """
    with steady(folder) as place:
        return _whole(place)


def _whole(folder: Path) -> Served:
    path = folder / MANIFEST
    if not path.is_file():
        raise GraderError(f"{folder} holds no grader: it has no {MANIFEST}; make one with `wayline encoder fit`")
    try:
        manifest = orjson.loads(path.read_bytes())
        if manifest["format"] != FORMAT:
            raise GraderError(f"{folder} has format {manifest['format']}, this program reads {FORMAT}: fit it again")
        made = how_many_features(manifest["near"], manifest["counted"])
        wanted = manifest["features"]
        if made != wanted:
            raise GraderError(f"{folder} takes {wanted} features, this program makes {made}: fit it again")
        return Served(folder, manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GraderError(f"{folder} holds no whole grader ({error!r}): fit it again, or copy it anew") from error
    except ModuleNotFoundError as error:
        raise GraderError(f"{error.name} is not installed: install it, or wayline anew") from error
