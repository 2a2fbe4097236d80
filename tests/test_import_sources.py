"""Tables and archives that importers read: what is bad in them is told by file and line, whatever it is."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from data.importers import ImportFault, ImportReport
from data.importers._archive import contents
from data.importers._graphs import title_of
from data.importers._tables import header_of, rows


def table(path: Path, content: bytes, name: str = "table.csv") -> Path:
    (path / name).write_bytes(content)
    return path / name


def test_rows_come_with_the_line_they_begin_on(tmp_path: Path) -> None:
    report = ImportReport()
    found = list(rows(table(tmp_path, b'\xef\xbb\xbfa, b\r\n1,"two\r\nlines"\r\n\r\n3,4\r\n'), report, ("a", "b")))
    assert found == [(2, {"a": "1", "b": "two\r\nlines"}), (5, {"a": "3", "b": "4"})]
    assert (report.rows_read, report.faults) == (2, {})


def test_rows_of_another_length_are_faults(tmp_path: Path) -> None:
    report = ImportReport()
    found = list(rows(table(tmp_path, b"a,b\n1\n1,2\n1,2,3\n"), report, ()))
    assert [line for line, _ in found] == [3]
    (fault,) = report.faults.values()
    assert (fault.count, fault.places) == (2, ["table.csv:2", "table.csv:4"])
    assert report.rows_read == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a\n1\n", "no column b; the header has a"),
        (b"", "no column b; the header has nothing"),
        (b'b\n"open\n', "not CSV"),
        (b"b\n\xff\n", "not utf-8-sig"),
    ],
)
def test_a_table_of_another_kind_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(ImportFault, match=words):
        list(rows(table(tmp_path, content), ImportReport(), ("b",)))


def test_gzip_is_known_by_its_name(tmp_path: Path) -> None:
    path = table(tmp_path, gzip.compress(b"a\n1\n"), "table.csv.gz")
    assert header_of(path) == ["a"]
    assert [cells for _, cells in rows(path, ImportReport(), ())] == [{"a": "1"}]
    with pytest.raises(ImportFault, match="cannot be read"):
        header_of(table(tmp_path, b"no gzip", "other.csv.gz"))


@pytest.mark.parametrize("name", ["gone.csv", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportFault, match="cannot be read"):
        list(rows(tmp_path / name, ImportReport(), ()))
    with pytest.raises(ImportFault, match="cannot be read"):
        header_of(tmp_path / name)


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return path


def test_the_folder_of_the_root_file_is_the_root(tmp_path: Path) -> None:
    files = {"x/y/root.json": b"1", "x/y/deep/root.json": b"2", "x/y/deep/b.json": b"3", "x/other.json": b"4"}
    found = contents(archive(tmp_path / "a.tar.gz", files), ".json", "root.json")
    assert found == {"deep/b.json": b"3", "deep/root.json": b"2", "root.json": b"1"}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "x" / "y" / "c.txt").write_text("of another kind")
    (tmp_path / "x" / "y" / "link.json").symlink_to(tmp_path / "x" / "other.json")
    assert contents(tmp_path, ".json", "root.json") == found, "a folder is read like its archive, without links"


def test_an_archive_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match=r"there is no root\.json in it"):
        contents(archive(tmp_path / "a.tar.gz", {"b.json": b""}), ".json", "root.json")
    broken = table(tmp_path, (tmp_path / "a.tar.gz").read_bytes()[:30], "broken.tar.gz")
    for path in (broken, tmp_path / "gone.tar.gz"):
        with pytest.raises(ImportFault, match="cannot be read as a folder"):
            contents(path, ".json", "root.json")


@pytest.mark.parametrize(
    ("name", "title"),
    [("add_integers", "Add integers"), ("_and_.", "And"), ("", ""), ("Ärger", "Ärger"), ("a__b", "A b")],
)
def test_titles_are_made_of_ids(name: str, title: str) -> None:
    assert title_of(name) == title
