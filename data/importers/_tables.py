"""CSV tables, plain or gzipped, read row by row with their lines."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, cast

from data.importers import ImportFault, ImportReport


def rows(
    path: Path, report: ImportReport, needed: Collection[str], encoding: str = "utf-8-sig"
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """First line and cells by column name of each row; rows of another length become faults.

    Args:
        path: a `.csv` or `.csv.gz` file with a header.
        report: where rows and faults are counted.
        needed: columns that must be there.
        encoding: of the file.

    Raises:
        ImportFault: the file cannot be read, is no CSV, or lacks a needed column.
    """
    try:
        with opened(path, encoding) as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            lacking = [name for name in needed if name not in header]
            if lacking:
                has = ",".join(header) or "nothing"
                raise ImportFault(f"{path}: no column {', '.join(lacking)}; the header has {has}")
            line = reader.line_num + 1
            for row in reader:
                if row:
                    report.rows_read += 1
                    if len(row) == len(header):
                        yield line, dict(zip(header, row, strict=True))
                    else:
                        report.fault("the row has more or fewer cells than the header", f"{path.name}:{line}")
                line = reader.line_num + 1
    except csv.Error as error:
        raise ImportFault(f"{path}:{reader.line_num}: not CSV: {error}; close the quotes") from error
    except UnicodeDecodeError as error:
        raise ImportFault(f"{path}: not {encoding}: {error.reason}; save it as UTF-8") from error
    except (OSError, EOFError) as error:
        raise ImportFault(f"{path}: cannot be read: {error}") from error


def opened(path: Path, encoding: str = "utf-8-sig") -> IO[str]:
    """The file as text, unpacked if its name ends in `.gz`."""
    if path.suffix == ".gz":
        return cast(IO[str], gzip.open(path, "rt", encoding=encoding, newline=""))
    return path.open(encoding=encoding, newline="")


def header_of(path: Path, encoding: str = "utf-8-sig") -> list[str]:
    """The names in the file's first row; empty if it has none.

    Raises:
        ImportFault: the file cannot be read.
    """
    try:
        with opened(path, encoding) as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ImportFault(f"{path}: cannot be read: {error}") from error
