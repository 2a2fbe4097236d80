"""A fitted tracer as a directory of plain files, each under its SHA-256. Nothing is pickled.

`tracer.json` has names and settings, `arrays.npz` the numbers, `MODEL_CARD.md` tells people what it is, and
`manifest.json`, written last, has the version, the origin, and the size and digest of the others.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_graph.vocabulary import Vocabulary
from student_model.origin import Origin, card
from student_model.tracing import Parameters, Tracer, available, load

FORMAT = "wayline tracer 2"
MANIFEST_FILE, SETTINGS_FILE, ARRAYS_FILE, CARD_FILE = "manifest.json", "tracer.json", "arrays.npz", "MODEL_CARD.md"


SIMPLER = "simpler"
"""Where the directory of a tracer keeps a simpler one, to be asked when it fails."""


class StorageError(ValueError):
    """A directory holds no tracer that can be opened; the message says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` says: model and version, each file's `bytes` and `sha256`, and the origin, plain."""

    model: str
    version: str
    files: Mapping[str, Mapping[str, Any]]
    origin: Mapping[str, Any] | None = None


def save(tracer: Tracer, directory: Path, origin: Origin | None = None) -> str:
    """Write a tracer, in place of one that may be there; returns its `model_version`.

    Every file is written beside the old one and then takes its place, the manifest last: whoever reads meanwhile, or
    after a save that was cut short, finds one whole tracer or is told that there is none.
    """
    parameters = tracer.parameters()
    arrays, described = _arrays(parameters), _described(parameters)
    version = _version(described, arrays)
    stored = io.BytesIO()
    np.savez(stored, allow_pickle=False, **arrays)
    content = {SETTINGS_FILE: _text(described).encode(), ARRAYS_FILE: stored.getvalue()}
    content[CARD_FILE] = card(parameters.model, version, origin, _digests(content)).encode()
    manifest = {
        "format": FORMAT,
        "model": parameters.model,
        "version": version,
        "files": _digests(content),
        "origin": None if origin is None else origin.to_json(),
    }
    content[MANIFEST_FILE] = _text(manifest, indent=1).encode()
    directory.mkdir(parents=True, exist_ok=True)
    for name, bytes_ in content.items():
        (directory / f"{name}.new").write_bytes(bytes_)
    for name in content:
        (directory / f"{name}.new").replace(directory / name)
    return version


def open_tracer(directory: Path) -> Tracer:
    """The tracer that `save` wrote there.

    Raises:
        StorageError: the directory is missing, holds something else, was changed since, or is of another version.
    """
    return opened(directory)[0]


def opened(directory: Path) -> tuple[Tracer, str]:
    """`open_tracer` with the version of just what was opened, whatever comes into the directory meanwhile."""
    manifest = read_manifest(directory)
    content = {name: _checked(directory / name, told) for name, told in manifest.files.items()}
    described = _plain(directory / SETTINGS_FILE, content[SETTINGS_FILE])
    arrays = _stored(directory / ARRAYS_FILE, content[ARRAYS_FILE])
    if manifest.version != _version(described, arrays):
        raise StorageError(f"{directory} is damaged: its content is not that of version {manifest.version}")
    concepts, items = described["concepts"], described["items"]
    bounds, flat = arrays.pop("item_offsets").tolist(), arrays.pop("item_concepts").tolist()
    tags = {item: [concepts[c] for c in flat[bounds[i] : bounds[i + 1]]] for i, item in enumerate(items)}
    parameters = Parameters(described["model"], Vocabulary.build(concepts, tags), arrays, described["settings"])
    try:
        return load(parameters.model).restore(parameters), manifest.version
    except (KeyError, ValueError) as error:
        told = f"{directory} was written by another version of {parameters.model} ({error}): fit it again"
        raise StorageError(told) from error


def read_manifest(directory: Path) -> Manifest:
    """What the directory says it holds; the files themselves are not looked at.

    Raises:
        StorageError: there is no manifest, or none that this version of Wayline understands.
    """
    path = directory / MANIFEST_FILE
    if not path.is_file():
        what = f"has no {MANIFEST_FILE}" if directory.is_dir() else "is not a directory"
        raise StorageError(f"{directory} {what}: give the directory that `wayline tracer fit --out` wrote")
    found = _plain(path, path.read_bytes())
    kind = found.get("format")
    if kind != FORMAT:
        raise StorageError(f"{path} is of format {kind!r}; this version of Wayline opens {FORMAT!r}: fit it again")
    if found.get("model") not in available():
        raise StorageError(f"{path} is of model {found.get('model')!r}; this version has: {', '.join(available())}")
    files, version = found.get("files"), found.get("version")
    if not isinstance(files, dict) or set(files) != {SETTINGS_FILE, ARRAYS_FILE, CARD_FILE} or not version:
        raise StorageError(f"{path} is damaged: it names no version, or not the files of a tracer; fit it again")
    return Manifest(str(found["model"]), str(version), files, found.get("origin"))


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


def _text(values: Mapping[str, Any], indent: int | None = None) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=False, indent=indent) + "\n"


def _digests(content: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    return {name: {"bytes": len(one), "sha256": hashlib.sha256(one).hexdigest()} for name, one in content.items()}


def _checked(path: Path, told: Mapping[str, Any]) -> bytes:
    """The file's content, if it is what the manifest tells of."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path} is missing or damaged ({error}); fit the tracer again") from error
    if not isinstance(told, dict) or _digests({path.name: content})[path.name] != dict(told):
        raise StorageError(f"{path} is damaged: it is not the file that {MANIFEST_FILE} names; fit the tracer again")
    return content


def _plain(path: Path, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content.decode("utf-8"))
    except ValueError as error:
        raise StorageError(f"{path} is damaged ({error}); fit the tracer again") from error
    if not isinstance(found, dict):
        raise StorageError(f"{path} is damaged: it holds no JSON object; fit the tracer again")
    return found


def _stored(path: Path, content: bytes) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StorageError(f"{path} is missing or damaged ({error}); fit the tracer again") from error
