"""Ways to make the base encoder small for serving: size, how far its vectors move, milliseconds a text.

    python benchmarks/grader_quantisation.py [--model DIR] [--only NAME;…] [--texts 300] [--repeats 50] [--json]

Each way is made of the same graph in 32 bits, exported as `wayline encoder fit` exports it, and run by ONNX Runtime
with one thread. The cosine is between a text's mean vector and that of 32 bits, over answers of our own. Pruning sets
the weights of least size in all layers to zero, then quantises: a plain graph gets no smaller or quicker by that, so
the size after compression is told beside. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import copy
import json
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils import prune

from data.graded_answers import read_graded
from student_model.encoder.base import Base, load
from student_model.encoder.grader import MANIFEST
from student_model.encoder.graphs import Vectors, exported, quantised
from student_model.encoder.reader import session
from student_model.encoder.similar import mean
from student_model.encoder.tuning import blocks

GRADED = Path(__file__).resolve().parents[1] / "data/graded"
LENGTHS, BATCH = (20, 90), 16

WAYS: Mapping[str, tuple[float, dict[str, Any] | None]] = {
    "32 bits": (0.0, None),
    "a scale a matrix": (0.0, {"per_channel": False, "nodes_to_exclude": []}),
    "attention's outputs too": (0.0, {"nodes_to_exclude": []}),
    "as it serves": (0.0, {}),
    "a channel, 7 bits": (0.0, {"reduce_range": True}),
    "products alone": (0.0, {"op_types_to_quantize": ["MatMul"]}),
    "30 % pruned": (0.3, {}),
    "50 % pruned": (0.5, {}),
    "30 % pruned, 32 bits": (0.3, None),
    "50 % pruned, 32 bits": (0.5, None),
}
"""By name: the share of weights pruned, and how it is quantised other than what serves is."""


def pruned(model: nn.Module, share: float) -> nn.Module:
    """A copy without the weights of least size over all linear maps of all layers."""
    whole = copy.deepcopy(model)
    if share:
        maps = [(one, "weight") for one in blocks(whole).modules() if isinstance(one, nn.Linear)]
        prune.global_unstructured(maps, pruning_method=prune.L1Unstructured, amount=share)
        for one, name in maps:
            prune.remove(one, name)  # type: ignore[no-untyped-call]
    return whole


def vectors(path: Path, base: Base, texts: Sequence[str]) -> NDArray[np.float32]:
    """The mean vector of each text by a graph, (n, d)."""
    run = session(path)
    rows = [base.pairs.alone(text, 256) for text in texts]
    found = np.zeros((len(texts), base.width), dtype=np.float32)
    order = np.argsort([len(one.tokens) for one in rows], kind="stable")
    for start in range(0, len(order), BATCH):
        some = order[start : start + BATCH]
        together = base.pairs.together([rows[n] for n in some])
        (states,) = run.run(None, {"tokens": together.tokens, "mask": together.mask})
        for place, own, size in zip(some, np.asarray(states), together.mask.sum(axis=1), strict=True):
            found[place] = mean(own[:size])
    return found


def milliseconds(paths: Sequence[Path], length: int, repeats: int) -> list[float]:
    """The median time of one text of so many tokens by each graph, in turn, so that a busy machine slows all alike."""
    runs, tokens = [session(path) for path in paths], np.random.default_rng(length).integers(2000, 20000, (1, length))
    given = {"tokens": tokens, "mask": np.ones_like(tokens)}
    found = np.zeros((repeats + 1, len(runs)))
    for turn in range(repeats + 1):
        for place, run in enumerate(runs):
            begin = time.perf_counter()
            run.run(None, given)
            found[turn, place] = 1000.0 * (time.perf_counter() - begin)
    return [float(one) for one in np.median(found[1:], axis=0)]  # the first turn warms up


def measured(path: Path, base: Base, texts: Sequence[str], true: NDArray[np.float32]) -> dict[str, float]:
    """The figures of one graph, beside the vectors of 32 bits."""
    cosine = (vectors(path, base, texts) * true).sum(axis=1)
    raw = path.read_bytes()
    return {
        "size_mb": len(raw) / 2**20,
        "compressed_mb": len(zlib.compress(raw, 6)) / 2**20,
        "cosine": float(cosine.mean()),
        "cosine_p5": float(np.quantile(cosine, 0.05)),
    }


def ways(base: Base, names: Sequence[str], texts: Sequence[str], repeats: int) -> dict[str, dict[str, float]]:
    """The figures of each way, in a folder that is gone after."""
    found, paths = dict[str, dict[str, float]](), dict[str, Path]()
    with tempfile.TemporaryDirectory() as place:
        wholes: dict[float, Path] = {}
        for share in sorted({0.0, *(WAYS[name][0] for name in names)}):
            wholes[share] = Path(place) / f"whole-{share}.onnx"
            exported(Vectors(pruned(base.model, share)), base, wholes[share])
        true = vectors(wholes[0.0], base, texts)
        for name in names:
            share, options = WAYS[name]
            paths[name] = wholes[share]
            if options is not None:
                paths[name] = Path(place) / f"{name}.onnx"
                quantised(wholes[share], paths[name], **options)
            found[name] = measured(paths[name], base, texts, true)
        for length in LENGTHS:
            for name, time_of in zip(names, milliseconds(list(paths.values()), length, repeats), strict=True):
                found[name][f"ms_{length}"] = time_of
    return found


def base_of(model: str | None) -> str | None:
    """The base encoder that was asked for: a folder or name, or that of a fitted grader; the default if none."""
    if model in (None, "default"):
        return None
    manifest = Path(str(model)) / MANIFEST
    if not manifest.is_file():
        return model
    named = json.loads(manifest.read_bytes())["recipe"]["base"]
    return None if named is None else str(named)


def main() -> None:
    """Measure the ways that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a base encoder, or a fitted grader whose base encoder is meant")
    parser.add_argument("--only", default=";".join(WAYS), help="names, with semicolons")
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    asked = parser.parse_args()
    answers = read_graded(sorted(GRADED.glob("*.jsonl")))
    texts = [one.answer for one in answers[:: max(1, len(answers) // asked.texts)]][: asked.texts]
    found = ways(load(base_of(asked.model)), asked.only.split(";"), texts, asked.repeats)
    if not asked.json:
        keys = list(next(iter(found.values())))
        print(f"{'':>24}", *(f"{key:>14}" for key in keys))
        for name, row in found.items():
            print(f"{name:>24}", *(f"{row[key]:>14.4g}" for key in keys))
    print(json.dumps({"benchmark": "grader_quantisation", "texts": len(texts), "ways": found}))


if __name__ == "__main__":
    main()
