"""A fitted tracer as a directory: `tracer.json` (names and numbers) and `arrays.npz`. Nothing is pickled."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import Vocabulary
from student_model.tracing import Parameters, Tracer, available, load

FORMAT = "wayline tracer 1"
SETTINGS_FILE, ARRAYS_FILE = "tracer.json", "arrays.npz"


class StorageError(ValueError):
    """A directory holds no tracer that can be opened; the message says why."""


def save(tracer: Tracer, directory: Path) -> str:
    """Write a tracer, in place of one that may be there; returns its `model_version`.

    The settings, which carry the version, are written last: a save that was cut short does not open.
    """
    parameters = tracer.parameters()
    arrays, described = _arrays(parameters), _described(parameters)
    version = _version(described, arrays)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / SETTINGS_FILE).unlink(missing_ok=True)
    np.savez(directory / ARRAYS_FILE, allow_pickle=False, **arrays)
    text = json.dumps({**described, "format": FORMAT, "version": version}, sort_keys=True, ensure_ascii=False)
    (directory / SETTINGS_FILE).write_text(text + "\n", encoding="utf-8")
    return version


def open_tracer(directory: Path) -> Tracer:
    """The tracer that `save` wrote there.

    Raises:
        StorageError: the directory is missing, holds something else, or was changed since.
    """
    described, arrays = _settings_in(directory), _arrays_in(directory)
    version = described.pop("version", None)
    if version != _version(described, arrays):
        raise StorageError(f"{directory} is damaged: its content is not that of version {version}; fit it again")
    concepts, items = described["concepts"], described["items"]
    bounds, flat = arrays.pop("item_offsets").tolist(), arrays.pop("item_concepts").tolist()
    tags = {item: [concepts[c] for c in flat[bounds[i] : bounds[i + 1]]] for i, item in enumerate(items)}
    vocabulary = Vocabulary.build(concepts, tags)
    return load(described["model"]).restore(Parameters(described["model"], vocabulary, arrays, described["settings"]))


def model_version(tracer: Tracer) -> str:
    """Twelve hexadecimal digits that depend on all a tracer knows, and on nothing else."""
    parameters = tracer.parameters()
    return _version(_described(parameters), _arrays(parameters))


def _described(parameters: Parameters) -> dict[str, Any]:
    words = parameters.vocabulary
    return {
        "model": parameters.model,
        "settings": parameters.settings,
        "concepts": list(words.concepts),
        "items": list(words.items),
    }


def _arrays(parameters: Parameters) -> dict[str, NDArray[Any]]:
    words = parameters.vocabulary
    return {**parameters.arrays, "item_offsets": words.item_offsets, "item_concepts": words.item_concepts}


def _version(described: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]


def _settings_in(directory: Path) -> dict[str, Any]:
    path = directory / SETTINGS_FILE
    if not path.is_file():
        what = "has no " + SETTINGS_FILE if directory.is_dir() else "is not a directory"
        raise StorageError(f"{directory} {what}: give the directory that `wayline tracer fit --out` wrote")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StorageError(f"{path} is damaged ({error}); fit the tracer again") from error
    kind = found.pop("format", None) if isinstance(found, dict) else None
    if kind != FORMAT:
        raise StorageError(f"{path} is of format {kind!r}; this version of Wayline opens {FORMAT!r}")
    if found.get("model") not in available():
        raise StorageError(f"{path} is of model {found.get('model')!r}; this version has: {', '.join(available())}")
    return dict(found)


def _arrays_in(directory: Path) -> dict[str, NDArray[Any]]:
    path = directory / ARRAYS_FILE
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StorageError(f"{path} is missing or damaged ({error}); fit the tracer again") from error
