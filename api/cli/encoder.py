"""`wayline encoder`: fit a grader of answers in words, measure one, grade with it, queue what people should grade."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli._graders import MODEL, grade_of
from student_model.encoder.recipe import BOUNDS, CHOICES, HELP, Recipe

if TYPE_CHECKING:
    from knowledge_graph.types import Item
    from student_model.encoder.answers import GradedAnswer
    from student_model.encoder.choose import By
    from student_model.encoder.grader import Served

ANSWERS = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
TARGET = click.Path(file_okay=False, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
COURSE = click.option("--curriculum", type=FOLDER, help="Course whose items the question_id of rows may name.")
Command = Callable[..., None]


def _recipe_options(command: Command) -> Command:
    """One option for each field of the recipe, with its default."""
    for one in reversed(fields(Recipe)):
        if one.name not in HELP:
            continue
        default = one.default if one.default is not MISSING else None
        name = f"--{one.name.replace('_', '-')}"
        given: dict[str, Any] = {"default": default, "show_default": default is not None, "help": HELP[one.name]}
        if one.name == "base":
            given |= {"envvar": "WAYLINE_ENCODER", "show_envvar": True}
        if isinstance(default, bool):
            command = click.option(f"{name}/--no-{name[2:]}", **given)(command)
        else:
            command = click.option(name, type=_kind(one.name, default), **given)(command)
    return command


def _kind(name: str, default: object) -> click.ParamType[Any] | None:
    """What an option of the recipe takes."""
    if name in CHOICES:
        return click.Choice(CHOICES[name])
    bounds = BOUNDS.get(name)
    if bounds is None:
        return None
    if isinstance(default, int):
        return click.IntRange(int(bounds.least), None if bounds.most is None else int(bounds.most))
    return click.FloatRange(bounds.least, bounds.most, min_open=bounds.beyond, max_open=bounds.below)


@click.group()
def encoder() -> None:
    """Fit, measure and use graders of answers in words."""


@encoder.command()
@click.option("--train", type=ANSWERS, multiple=True, required=True, help="Graded answers (.jsonl, .jsonl.gz).")
@click.option("--out", type=TARGET, required=True, help="Where to write the grader.")
@click.option("--unlabelled", type=ANSWERS, multiple=True, help="Answers without grades, for --pretrain, --pseudo.")
@COURSE
@click.option("--worth", multiple=True, metavar="LABEL=SHARE", help="Share of full marks of a label.")
@click.option("--curves", type=TARGET, help="Folder for TensorBoard.")
@click.option("--checkpoint", type=TARGET, help="Folder to keep training in, and to go on from.")
@_recipe_options
@JSON
def fit(
    train: tuple[Path, ...],
    out: Path,
    unlabelled: tuple[Path, ...],
    curriculum: Path | None,
    worth: tuple[str, ...],
    curves: Path | None,
    checkpoint: Path | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Fit a grader to graded answers: question, reference answers, answer, and a label or a score.

    Some of the questions are held back: they set the confidence, and say how good the grader is on questions it has
    not seen; with patience they choose the epoch, too. Ctrl-C while epochs go by ends the training and keeps its last
    epoch, or with patience its best; before and after, it breaks all off.
    """
    from api.cli import _fitting
    from data.graded_answers import read_graded
    from student_model.encoder.export import place_for, save
    from student_model.encoder.fit import Asked
    from student_model.encoder.fit import fit as fit_grader

    try:
        recipe = Recipe(**chosen, worth=_shares(worth))
    except ValueError as error:  # what has a range and yet is no number, such as nan
        raise click.UsageError(str(error)) from None
    begin, at = time.perf_counter(), datetime.now(UTC)
    with _refusals(), _fitting.progress() as tell:
        place_for(out)  # and not after hours of training
        items = _items(curriculum)
        answers = read_graded(train, items)
        bare = read_graded(unlabelled, items, graded=False) if unlabelled else []
        tell(f"{len(answers):,} graded answers to {len({one.group for one in answers}):,} questions")
        asked = Asked(tell, tell.done, curves, checkpoint, _device())
        with _broken_off(checkpoint):
            fitted = fit_grader(answers, recipe, asked, bare)
            served = save(fitted, answers, out, at, time.perf_counter() - begin, tell)
    _fitted(served, out, as_json)


@contextmanager
def _broken_off(checkpoint: Path | None) -> Iterator[None]:
    """Ctrl-C where no training catches it: says what became of the work."""
    try:
        yield
    except KeyboardInterrupt:
        kept = "with --checkpoint DIR its training would have been kept"
        if checkpoint is not None:
            kept = f"the same command goes on with what was trained, from {checkpoint}"
        click.echo(f"broken off before the grader was whole; {kept}", err=True)
        raise


def _device() -> str:
    """A GPU where there is one; `CUDA_VISIBLE_DEVICES=` hides it."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _fitted(served: Served, out: Path, as_json: bool) -> None:
    """Say what was fitted and how good it is."""
    if served.task.kind == "labels" and not any(served.task.worth):
        labels = ", ".join(served.task.labels)
        click.echo(
            f"warning: nothing says what {labels} are worth; all scores are 0: give --worth LABEL=SHARE", err=True
        )
    names = ("version", "held", "held_known", "agreement", "trained_on", "trainable", "seconds")
    told = {key: served.manifest[key] for key in names}
    told = {**told, "labels": list(served.task.labels), "task": served.task.kind, "out": str(out)}
    if as_json:
        click.echo(json.dumps(told, allow_nan=False))
        return
    click.echo(f"{served.version}: {_task(served.task)} -> {out}, {told['seconds']:.0f} s")
    for what, key in (
        ("on questions held back", "held"),
        ("where other answers to the question are known", "held_known"),
    ):
        figures = ", ".join(f"{name} {value:.3f}" for name, value in told[key].items())
        if figures:
            click.echo(f"{what}: {figures}")
    if not told["held"]:
        click.echo("too few questions to hold any back: not judged")
    click.echo(f"in eight bits, with the base encoder too, the same label for {told['agreement']:.1%}")


@encoder.command()
@MODEL
@click.option("--test", type=ANSWERS, multiple=True, required=True, help="Graded answers it was not fitted to.")
@COURSE
@click.option("--rename", multiple=True, metavar="LABEL=LABEL", help="A label of the answers, as the grader calls it.")
@click.option("--precedents/--no-precedents", default=True, help="Whether it knows its graded answers to a question.")
@JSON
def evaluate(
    model: Path,
    test: tuple[Path, ...],
    curriculum: Path | None,
    rename: tuple[str, ...],
    precedents: bool,
    as_json: bool,
) -> None:
    """Measure a grader, as it serves, on graded answers, beside what costs nothing."""
    from api.cli import _fitting
    from data.graded_answers import read_graded
    from student_model.encoder.evaluation import evaluate as measure
    from student_model.encoder.grader import open_grader

    renamed = dict(_pair(one, "--rename") for one in rename)
    with _refusals(), _fitting.progress() as tell:
        answers, grader = read_graded(test, _items(curriculum)), open_grader(model)
        _require_unseen(grader, answers, model, test, tell)
        tell(f"grading {len(answers):,} answers")
        found = measure(grader, answers, renamed, tell.done, precedents)
    if as_json:
        click.echo(json.dumps(found, allow_nan=False))
        return
    _show(found)


def _require_unseen(
    grader: Served, answers: Sequence[GradedAnswer], model: Path, test: Sequence[Path], tell: Callable[[str], None]
) -> None:
    """Refuse to measure a grader on the answers it was fitted to, and tell of some: pupils write the same, too.

    Raises:
        LeakyData: most of them are.
    """
    from student_model.audit import Fault, LeakyData

    learned = grader.learned(answers)
    if 2 * learned > len(answers):
        what, names = f"{model} was fitted to {learned:,} of these answers", ", ".join(map(str, test))
        remedy = "Measure it on answers to other questions."
        raise LeakyData((Fault("seen before", names, what, learned, learned / len(answers), (), remedy),))
    if learned:
        tell(f"{learned:,} of {len(answers):,} answers are written just as some that it was fitted to")


@encoder.command()
@MODEL
@click.option("--question", help="The question.")
@click.option("--reference", multiple=True, help="A right answer; may be given several times.")
@click.option("--answer", help="The answer to grade.")
@click.option("--passage", default="", help="What the question is about, if about a text.")
@click.option("--file", "file", type=ANSWERS, help="Answers as JSON lines, in place of one.")
@click.option("--embedding", is_flag=True, help="Give the answer's embedding too, a vector of length 1.")
@COURSE
@JSON
def grade(
    model: Path,
    question: str | None,
    reference: tuple[str, ...],
    answer: str | None,
    passage: str,
    file: Path | None,
    embedding: bool,
    curriculum: Path | None,
    as_json: bool,
) -> None:
    """Grade one answer, or each of a file: one JSON object a line with label, score, confidence, evidence."""
    from data.graded_answers import read_graded
    from student_model.encoder.answers import GradedAnswer
    from student_model.encoder.grader import open_grader

    if (file is None) == (question is None or answer is None):
        raise click.UsageError("give --question, --reference and --answer, or --file")
    if embedding and file is None and not as_json:
        raise click.UsageError("--embedding is for programs: give --json or --file with it")
    with _refusals():
        grader = open_grader(model)
        if file is None:
            answers = [GradedAnswer(str(question), reference, str(answer), passage=passage)]
        else:
            answers = read_graded([file], _items(curriculum), graded=False)
        if not grader.reads_passages and any(one.passage and not one.reference_answers for one in answers):
            click.echo("it was fitted to no answers beside a passage alone: without a reference it guesses", err=True)
        for one in answers:
            document = grade_of(grader, one, embedding=embedding)
            if as_json or file is not None:
                click.echo(json.dumps(document, ensure_ascii=False))
            else:
                _tell(document)


@encoder.command()
@MODEL
@click.option("--unlabelled", type=ANSWERS, multiple=True, required=True, help="Answers without grades.")
@click.option("--graded", type=ANSWERS, multiple=True, help="Answers that have grades: their questions can wait.")
@click.option("--count", type=click.IntRange(1), default=20, show_default=True, help="Answers to grade next.")
@click.option(
    "--by",
    type=click.Choice(["confidence", "entropy"]),
    default="confidence",
    show_default=True,
    help="How doubt is measured.",
)
@click.option("--seed", default=0, show_default=True, help="For the order of equals.")
@COURSE
@JSON
def queue(
    model: Path,
    unlabelled: tuple[Path, ...],
    graded: tuple[Path, ...],
    count: int,
    by: By,
    seed: int,
    curriculum: Path | None,
    as_json: bool,
) -> None:
    """Say which answers a teacher should grade next, the most useful first, and why.

    They are those whose grade is in doubt, unlike each other, and to many questions; grade them, and fit anew.
    """
    import numpy as np

    from api.cli import _fitting
    from data.graded_answers import read_graded
    from student_model.encoder.choose import choose, doubts
    from student_model.encoder.grader import open_grader

    with _refusals(), _fitting.progress() as tell:
        items, grader = _items(curriculum), open_grader(model)
        done = read_graded(graded, items) if graded else []
        known = {(one.group, one.answer) for one in done}
        bare = read_graded(unlabelled, items, graded=False)
        answers = [one for one in bare if (one.group, one.answer) not in known]
        if not answers:
            raise click.ClickException("all of these answers have grades: there is none to grade next")
        tell(f"grading {len(answers):,} answers")
        said = grader.outcomes(answers, tell.done)
        vectors, groups = grader.embed([one.answer for one in answers]), [one.group for one in answers]
        rng, taken = np.random.default_rng(seed), Counter(one.group for one in done)
        places = choose(doubts(said, by), vectors, groups, count, rng, taken)
    found = [
        _next(answers[n], grader.task.named(int(said.place[n]), said.score[n]), said.confidence[n]) for n in places
    ]
    if as_json:
        click.echo(json.dumps({"of": len(answers), "by": by, "answers": found}, ensure_ascii=False))
        return
    for number, one in enumerate(found, start=1):
        click.echo(f"{number}. {one['question']}\n   “{one['answer']}”")
        click.echo(f"   would get {one['label']}, confidence {one['confidence']:.2f}")


def _next(answer: GradedAnswer, label: str, confidence: float) -> dict[str, Any]:
    """One answer of the queue, and why it is there."""
    ids = {"question_id": answer.question_id, "answer_id": answer.answer_id}
    told = {"question": answer.question, "answer": answer.answer, "label": label, "confidence": round(confidence, 4)}
    return {**{name: value for name, value in ids.items() if value}, **told}


def _tell(document: dict[str, Any]) -> None:
    click.echo(f"{document['label']}: score {document['score']:.2f}, confidence {document['confidence']:.2f}")
    for said, reference, likeness in document["evidence"]:
        click.echo(f"  “{said}” is like “{reference}” ({likeness:.2f})")
    for part in document["missing"]:
        click.echo(f"  not said: “{part}”")


def _show(found: dict[str, Any]) -> None:
    click.echo(f"{found['grader']} on {found['rows']:,} answers to {found['questions']:,} questions")
    if found["known"] is not None:
        click.echo(f"{found['known']:,} of {found['rows']:,} answers are to questions it was trained on")
    names = ("accuracy", "macro_f1", "weighted_f1", "rmse", "pearson", "qwk", "ece", "accuracy_at_80")
    for name, row in (("this grader", found), *found["baselines"].items()):
        told = "  ".join(f"{key} {row[key]:.3f}" for key in names if key in row)
        click.echo(f"{name:>20}  {told}")
    for label, row in found["labels"].items():
        told = f"precision {row['precision']:.3f}  recall {row['recall']:.3f}  f1 {row['f1']:.3f}"
        click.echo(f"{label:>20}  {told}  of {row['rows']:.0f}")
    chance = f"{found['ece_by_chance']:.3f} on average, under {found['ece_by_chance_95']:.3f} in 19 of 20"
    click.echo(f"were its confidence exactly right, ece would be {chance} such files")
    click.echo(f"{found['milliseconds_an_answer']:.1f} ms an answer")


def _task(task: Any) -> str:
    return ", ".join(task.labels) if task.kind == "labels" else f"{task.kind} scores up to {task.max_score:g}"


def _items(curriculum: Path | None) -> tuple[Item, ...]:
    if curriculum is None:
        return ()
    from knowledge_graph.formats import folder

    return tuple(folder.read(curriculum).items)


def _shares(given: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for one in given:
        label, share = _pair(one, "--worth")
        try:
            found[label] = float(share)
        except ValueError:
            raise click.BadParameter(f"{share!r} is no number", param_hint="--worth") from None
        if not 0.0 <= found[label] <= 1.0:
            raise click.BadParameter(f"{share}: a share from 0 to 1", param_hint="--worth")
    return found


def _pair(given: str, option: str) -> tuple[str, str]:
    name, sign, value = given.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise click.BadParameter(f"{given!r}: LABEL=VALUE", param_hint=option)
    return name.strip(), value.strip()


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with files, encoder or grader is said on stderr, and the exit status is 1."""
    from api.cli import _fitting
    from student_model.encoder.answers import NoTask
    from student_model.encoder.base import EncoderMissing, EncoderUnfit
    from student_model.encoder.evaluation import OtherGrades
    from student_model.encoder.grader import GraderError

    with _fitting.refusals():
        try:
            yield
        except (NoTask, EncoderMissing, EncoderUnfit, OtherGrades, GraderError) as error:
            raise click.ClickException(str(error)) from error
