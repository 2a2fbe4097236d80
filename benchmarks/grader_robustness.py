"""How a fitted grader stands up to edits that keep the meaning, and to answers made to deceive.

    python benchmarks/grader_robustness.py --model DIR --test FILE… [--seed 0] [--limit 300] [--show 0] [--json]

Edits (`grader_edits.py`): of the answers that an edit changes, the share whose label flips. Attacks
(`grader_attacks.py`), made of answers that are truly not right: of those that the grader did not call right before, the
share that it calls right after, and how far the score moves. Both are in other words than what graders train on. For
scores on a line, right is half of full marks. A table, then one JSON object.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from grader_attacks import ATTACKS
from grader_edits import EDITS
from numpy.typing import NDArray

from data.graded_answers import read_graded
from student_model.encoder.answers import GradedAnswer, Task, task_of
from student_model.encoder.grader import Served, open_grader
from student_model.encoder.outcomes import Outcomes

MOST_FLIPS, MOST_GAINS = 0.10, 0.05
"""What a grader must keep to, over all edits and over all attacks."""
PASS = 0.5

Bools = NDArray[np.bool_]
Row = dict[str, float]


def dice(seed: int, name: str, place: int) -> np.random.Generator:
    """The dice of one edit or attack on one answer: the same whatever others there are."""
    return np.random.default_rng((seed, zlib.crc32(name.encode()), place))


def edited(answers: Sequence[GradedAnswer], name: str, seed: int) -> list[str | None]:
    """Each answer after an edit; `None` where the edit found nothing to do."""
    found = [EDITS[name](one.answer, dice(seed, name, n)) for n, one in enumerate(answers)]
    return [text if text != one.answer else None for text, one in zip(found, answers, strict=True)]


def attacked(answers: Sequence[GradedAnswer], name: str, seed: int) -> list[str | None]:
    """Each answer made to deceive; `None` where the attack has nothing to work with."""
    return [ATTACKS[name](one, dice(seed, name, n)) for n, one in enumerate(answers)]


def right(task: Task, said: Outcomes) -> Bools:
    """Which answers get the best label or level; on a line, which get at least half of full marks."""
    if task.kind == "regression":
        return np.asarray(said.score >= PASS)
    return np.asarray(said.place == int(np.argmax(task.worth)))


def labelled(task: Task, said: Outcomes) -> NDArray[np.int64]:
    """The label of each answer as a number."""
    return right(task, said).astype(np.int64) if task.kind == "regression" else said.place


def truly_right(answers: Sequence[GradedAnswer]) -> Bools:
    """Which answers have the best grade of all that these have."""
    task = task_of(answers)
    targets = np.array([task.target(one) for one in answers])
    return targets >= PASS if task.kind == "regression" else targets == int(np.argmax(task.worth))


def chosen(answers: Sequence[GradedAnswer], limit: int, seed: int) -> list[GradedAnswer]:
    """As many of the answers, in their order; all for a limit of 0."""
    if not limit or len(answers) <= limit:
        return list(answers)
    places = np.sort(np.random.default_rng((seed, 3)).permutation(len(answers))[:limit])
    return [answers[n] for n in places]


def variants(answers: Sequence[GradedAnswer], texts: Sequence[str | None]) -> tuple[list[int], list[GradedAnswer]]:
    """The places of the answers that have a variant, and those variants."""
    places = [n for n, text in enumerate(texts) if text is not None]
    return places, [replace(answers[n], answer=str(texts[n])) for n in places]


def edits(grader: Served, answers: Sequence[GradedAnswer], seed: int, show: int = 0) -> dict[str, Row]:
    """Of each edit, and of all: how many answers it changes, and the share of these whose label flips."""
    before = grader.outcomes(answers)
    found = {}
    for name in EDITS:
        places, changed = variants(answers, edited(answers, name, seed))
        if not changed:
            found[name] = {"made": 0, "flips": 0.0, "moved": 0.0}
            continue
        after = grader.outcomes(changed)
        flips = labelled(grader.task, after) != labelled(grader.task, before)[places]
        moved = np.abs(after.score - before.score[places])
        found[name] = {"made": len(changed), "flips": float(flips.mean()), "moved": float(moved.mean())}
        _shown(show, name, [changed[n].answer for n in np.flatnonzero(flips).tolist()])
    return found | {"all": _over(found)}


def attacks(grader: Served, answers: Sequence[GradedAnswer], seed: int, show: int = 0) -> dict[str, Row]:
    """Of each attack, and of all: how many answers could gain, the share that does, and the mean change of score."""
    said = grader.outcomes(answers)
    open_to = np.flatnonzero(~right(grader.task, said))
    could, before = [answers[n] for n in open_to.tolist()], said.score[open_to]
    found = {}
    for name in ATTACKS:
        places, made = variants(could, attacked(could, name, seed))
        if not made:
            found[name] = {"made": 0, "gains": 0.0, "change": 0.0}
            continue
        after = grader.outcomes(made)
        gains = right(grader.task, after)
        change = float((after.score - before[places]).mean())
        found[name] = {"made": len(made), "gains": float(gains.mean()), "change": change}
        _shown(show, name, [made[n].answer for n in np.flatnonzero(gains).tolist()])
    return found | {"all": _over(found)}


def _over(found: dict[str, Row]) -> Row:
    """The shares over all rows, each variant counted once."""
    made = sum(row["made"] for row in found.values())
    keys = [key for key in next(iter(found.values())) if key != "made"]
    return {"made": made} | {key: sum(r[key] * r["made"] for r in found.values()) / max(made, 1) for key in keys}


def _shown(most: int, name: str, texts: Sequence[str]) -> None:
    for text in texts[:most]:
        print(f"  {name}: {text[:200]!r}")


def measured(model: Path, files: Sequence[Path], seed: int, limit: int, show: int) -> dict[str, Any]:
    """All figures of the grader in a folder on the answers of files."""
    grader, answers = open_grader(model), read_graded(files)
    good = truly_right(answers)
    wrong = [one for one, is_good in zip(answers, good, strict=True) if not is_good]
    found_edits = edits(grader, chosen(answers, limit, seed), seed, show)
    found_attacks = attacks(grader, chosen(wrong, limit, seed), seed, show)
    flips, gains = found_edits["all"]["flips"], found_attacks["all"]["gains"]
    return {
        "benchmark": "grader_robustness", "grader": grader.version, "seed": seed, "flips": flips, "gains": gains,
        "ok": flips <= MOST_FLIPS and gains <= MOST_GAINS, "edits": found_edits, "attacks": found_attacks,
    }  # fmt: skip


def table(found: dict[str, Any]) -> None:
    """The figures for people."""
    for title, share, other in (("edits", "flips", "moved"), ("attacks", "gains", "change")):
        print(f"{title:>20} {'made':>7} {share:>8} {'score':>8}")
        for name, row in found[title].items():
            print(f"{name:>20} {row['made']:>7,} {row[share]:>8.1%} {row[other]:>+8.3f}")
    print(
        f"flips {found['flips']:.1%} (at most {MOST_FLIPS:.0%}), gains {found['gains']:.1%} (at most {MOST_GAINS:.0%})"
    )


def main() -> None:
    """Measure a grader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="what `wayline encoder fit` wrote")
    parser.add_argument("--test", type=Path, nargs="+", required=True, help="graded answers it was not fitted to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=300, help="answers to edit, and to attack; 0 for all")
    parser.add_argument("--show", type=int, default=0, help="print so many that flipped or gained, of each kind")
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    asked = parser.parse_args()
    found = measured(asked.model, asked.test, asked.seed, asked.limit, 0 if asked.json else asked.show)
    if not asked.json:
        table(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
