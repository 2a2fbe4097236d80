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

WAYLINE = (sys.executable, "-c", "from api.cli.main import main; main()", "encoder")
FIGURES = ("weighted_f1", "macro_f1", "accuracy", "accuracy_at_80", "ece", "ece_by_chance", "rmse", "pearson", "qwk")
HELD = {"held": "families held back", "held_known": "answers held back"}
"""The figures on training data that a grader's manifest has."""
ASKED = "asked.json"
"""What the graders in a folder were fitted to, and with which options."""


def wayline(*given: object) -> str:
    """What a command of `wayline encoder` prints."""
    return subprocess.run([*WAYLINE, *map(str, given)], check=True, stdout=subprocess.PIPE, text=True).stdout


def fitted(train: Sequence[Path], out: Path, seed: int, options: Sequence[str]) -> Path:
    """The folder of a seed's grader, which is fitted if it is not there."""
    place = out / f"seed-{seed}"
    if not place.exists():
        files = [part for one in train for part in ("--train", one)]
        wayline("fit", *files, "--out", place, "--seed", seed, "--checkpoint", out / f"seed-{seed}-training", *options)
    return place


def told(grader: Path, tests: Sequence[Path]) -> dict[str, Mapping[str, float]]:
    """All figures of a grader, by what they were measured on."""
    manifest = json.loads((grader / "encoder.json").read_bytes())
    held = {name: manifest[key] for key, name in HELD.items() if manifest[key]}
    files = {str(one): json.loads(wayline("evaluate", "--model", grader, "--test", one, "--json")) for one in tests}
    return {**held, **files, "fit": {"agreement": manifest["agreement"], "minutes": manifest["seconds"] / 60.0}}


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
    what = {"train": [str(one.resolve()) for one in asked.train], "options": asked.options}
    kept = asked.out / ASKED
    if kept.exists() and (before := json.loads(kept.read_text())) != what:
        parser.error(f"{asked.out} holds graders of {before}, not of {what}: name another folder with --out")
    asked.out.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(what))
    graders = [fitted(asked.train, asked.out, seed, asked.options) for seed in range(asked.seeds)]
    rows = over_seeds([told(one, asked.test) for one in graders])
    for one in rows:
        each = " ".join(f"{value:.4f}" for value in one["each"])
        print(f"{one['figure']:<24}{one['mean']:.4f} ± {one['sd']:.4f}   {each}   {one['on']}")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
