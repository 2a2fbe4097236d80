"""A folder, or a `.tar.gz` of one, as its files' contents. Nothing is unpacked to disk, nothing escapes."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from data.importers import ImportFault

MOST_FILES = 200_000
MOST_BYTES = 1 << 30
"""Bounds that no honest source comes near: a small archive may hold more than the memory."""


def contents(path: Path, suffix: str, root_file: str) -> dict[str, bytes]:
    """The files with this suffix by path, as seen from the folder that holds `root_file`; sorted.

    Raises:
        ImportFault: it cannot be read, is too large, or does not hold `root_file`.
    """
    files: dict[str, bytes] = {}
    total = 0
    try:
        for name, data in _folder(path, suffix) if path.is_dir() else _tar(path, suffix):
            files[name] = data
            total += len(data)
            if total > MOST_BYTES or len(files) > MOST_FILES:
                limit = f"{MOST_FILES} files or {MOST_BYTES} bytes"
                raise ImportFault(f"{path}: more than {limit}; import it in parts")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ImportFault(f"{path}: cannot be read as a folder or .tar.gz: {error}") from error
    roots = [name for name in files if name == root_file or name.endswith(f"/{root_file}")]
    if not roots:
        raise ImportFault(f"{path}: there is no {root_file} in it")
    prefix = min(roots, key=len).removesuffix(root_file)
    return {name.removeprefix(prefix): files[name] for name in sorted(files) if name.startswith(prefix)}


def _folder(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob(f"*{suffix}")):
        if file.is_file() and not file.is_symlink():
            yield file.relative_to(path).as_posix(), file.read_bytes()


def _tar(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path, "r:*") as archive:
        for number, member in enumerate(archive):
            if number > MOST_FILES or member.size > MOST_BYTES:
                raise ImportFault(f"{path}: too many or too large files; import it in parts")
            if member.isfile() and member.name.endswith(suffix):
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name.removeprefix("./"), file.read()
