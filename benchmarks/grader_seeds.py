"""Graders fitted with several seeds, and how far their figures are apart: the table of the README by one command.

    python benchmarks/grader_seeds.py --train FILE [--test FILE…] --out DIR [--seeds 3] [-- OPTIONS OF encoder fit]

Each seed has other dice and other families held back. It is fitted by `wayline encoder fit` into a folder of DIR, with
its checkpoints beside it, unless it is there already; so a run that was broken off goes on. Then each test file, on
which nothing was chosen, is measured once a seed. One line for each figure: mean, standard deviation over seeds, and
each; the last line is one JSON object. An hour and more a seed on ScientsBank, on one core without bfloat16.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.graded_answers import read_graded
from student_model.encoder.evaluation import evaluate
from student_model.encoder.grader import MANIFEST, Served, open_grader

WAYLINE = (sys.executable, "-c", "from api.cli.main import main; main()", "encoder", "fit")
FIGURES = ("weighted_f1", "macro_f1", "accuracy", "accuracy_at_80", "ece", "rmse", "pearson", "qwk")
HELD = {"held": "families held back", "held_known": "answers held back"}
"""The figures on training data that a grader's manifest has."""


def fitted(train: Sequence[Path], out: Path, seed: int, options: Sequence[str]) -> Served:
    """The grader of a seed, fitted if it is not there."""
    place = out / f"seed-{seed}"
    if not (place / MANIFEST).is_file():
        files = [part for one in train for part in ("--train", str(one))]
        own = ["--out", str(place), "--seed", str(seed), "--checkpoint", str(out / f"seed-{seed}-training")]
        subprocess.run([*WAYLINE, *files, *own, *options], check=True, stdout=sys.stderr)
    return open_grader(place)


def told(grader: Served, tests: Sequence[Path]) -> dict[str, Mapping[str, float]]:
    """All figures of a grader, by what they were measured on."""
    held = {name: grader.manifest[key] for key, name in HELD.items() if grader.manifest[key]}
    files = {one.name.split(".")[0]: evaluate(grader, read_graded([one])) for one in tests}
    fit = {"agreement": grader.manifest["agreement"], "minutes": grader.manifest["seconds"] / 60.0}
    return {**held, **files, "fit": fit}


def over_seeds(found: Sequence[Mapping[str, Mapping[str, float]]]) -> list[dict[str, Any]]:
    """Mean and spread of each figure of all seeds, and by how much the surest 80 % are better than all."""
    rows = []
    for where, first in found[0].items():
        each = {
            name: [one[where][name] for one in found] for name in (*FIGURES, "agreement", "minutes") if name in first
        }
        if "accuracy_at_80" in each:
            pairs = zip(each["accuracy_at_80"], each["accuracy"], strict=True)
            each["surest 80 % above all"] = [sure - whole for sure, whole in pairs]
        for name, values in each.items():
            spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
            rows.append({"on": where, "figure": name, "mean": float(np.mean(values)), "sd": spread, "each": values})
    return rows


def main() -> None:
    """Fit what is not there, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--test", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("options", nargs="*", help="of `wayline encoder fit`, after --")
    asked = parser.parse_args()
    graders = [fitted(asked.train, asked.out, seed, asked.options) for seed in range(asked.seeds)]
    rows = over_seeds([told(one, asked.test) for one in graders])
    for one in rows:
        each = " ".join(f"{value:.4f}" for value in one["each"])
        print(f"{one['on']:<24}{one['figure']:<24}{one['mean']:.4f} ± {one['sd']:.4f}   {each}")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
