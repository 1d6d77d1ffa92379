"""Files are found, named, told apart and split; what cannot be read is a rejection."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from uuid import uuid4

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from curate.errors import InputError
from curate.model import Page, Rejection
from curate.read import READERS, Input, Split, list_inputs, plan_splits, read
from curate.read.inputs import FORMATS, format_of
from curate.recipe import Read

Records = list[Page | Rejection]

HTML = b"<html><body><p>Page</p></body></html>"


def grown(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(HTML)
    return folder


def listed(raw: Path | str) -> list[str]:
    return [one.file_path for one in list_inputs(str(raw))]


def read_all(raw: Path | str, split_bytes: int = 1 << 30) -> Records:
    return [one for split in plan_splits(list_inputs(str(raw)), split_bytes) for one in read(split, Read())]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["Text"]}), buffer)
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.html", HTML)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("a.html")
        member.size = len(HTML)
        archive.addfile(member, io.BytesIO(HTML))
    return buffer.getvalue()


WARC = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 4\r\n\r\nText\r\n\r\n"
ARC_BLOCK = b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"
ARC = b"filedesc://a.arc 0.0.0.0 20081103080000 text/plain %d\n%s\n" % (len(ARC_BLOCK), ARC_BLOCK)
ARC += b"https://example.org/ 192.0.2.1 20081103080000 text/html %d\n%s\n" % (len(HTML), HTML)
CONTENTS = {
    "html": HTML,
    "jsonl": b'{"text": "Text"}\n',
    "warc": WARC,
    "arc": ARC,
    "wet": WARC,
    "parquet": parquet(),
    "text": b"Text",
    "zip": zipped(),
    "tar": tarred(),
}
"""A file of one page for every format."""


# --- folders ---


def test_files_of_a_folder_are_listed_in_the_order_of_their_paths(tmp_path: Path) -> None:
    grown(tmp_path, "b.html", "a/z.html", "a.html", "c/d/e.html", "a-b/x.html", "B.html")

    names = listed(tmp_path)

    assert names == ["B.html", "a-b/x.html", "a.html", "a/z.html", "b.html", "c/d/e.html"]


def test_a_file_by_itself_is_named_as_in_its_folder(tmp_path: Path) -> None:
    grown(tmp_path, "a.html")

    assert list_inputs(str(tmp_path / "a.html")) == list_inputs(str(tmp_path))


def test_paths_do_not_depend_on_where_the_folder_is_or_how_it_is_spelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(tmp_path / "one", "a/b.html")
    grown(tmp_path / "two" / "deeper", "a/b.html")
    monkeypatch.chdir(tmp_path)

    ids = [read_all(raw)[0].id for raw in ("one", "one/", "./one/../one", "two/deeper", tmp_path / "one")]

    assert len(set(ids)) == 1


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    grown(tmp_path, ".a.html", ".git/b.html", "x/.y/c.html", "d.html", "x/._e.html", "f..html")

    assert listed(tmp_path) == ["d.html", "f..html"]


def test_a_folder_below_a_hidden_one_may_be_read(tmp_path: Path) -> None:
    grown(tmp_path / ".cache" / "news", "a.html")

    assert listed(tmp_path / ".cache" / "news") == ["a.html"]


def test_links_are_followed_but_not_round_in_circles(tmp_path: Path) -> None:
    raw = grown(tmp_path / "raw", "a/b.html")
    grown(tmp_path / "elsewhere", "c.html")
    (raw / "a" / "loop").symlink_to(raw)
    (raw / "a" / "self").symlink_to(raw / "a")
    (raw / "out").symlink_to(tmp_path / "elsewhere")
    (raw / "d.html").symlink_to(tmp_path / "elsewhere" / "c.html")
    (raw / "dangling.html").symlink_to(tmp_path / "nowhere")
    (raw / "ring.html").symlink_to(raw / "ring.html")

    assert listed(raw) == ["a/b.html", "d.html", "out/c.html"]


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    grown(tmp_path, "a.html")
    os.mkfifo(tmp_path / "pipe.html")

    assert listed(tmp_path) == ["a.html"]


def test_names_that_are_not_utf_8_are_opened_and_written_down_as_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"F\xe4hre.html")
    try:
        grown(tmp_path, name)
    except OSError:
        pytest.skip("this file system wants UTF-8")

    (found,) = read_all(tmp_path)

    assert isinstance(found, Page)
    assert found.provenance.file_path == "F\\xe4hre.html"


def test_names_with_spaces_brackets_and_colons_are_names(tmp_path: Path) -> None:
    names = ["a [1].html", "b*c.html", "d?.html", "e: f.html", "g\nh.html", "渡船.html"]
    grown(tmp_path, *names)

    assert listed(tmp_path) == names
    assert len(read_all(tmp_path)) == len(names)
    assert listed(tmp_path / "a [1].html") == ["a [1].html"]


def test_nothing_to_read_is_an_error_that_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    for raw in (tmp_path / "empty", tmp_path / "absent", tmp_path / "*.html", f"file://{tmp_path}/absent"):
        with pytest.raises(InputError, match=str(raw).replace("*", r"\*")):
            list_inputs(str(raw))


# --- patterns ---


def test_a_pattern_names_files_below_the_folder_that_stands_before_it(tmp_path: Path) -> None:
    grown(tmp_path, "a/1.html", "a/2.txt", "a/deep/3.html", "b/4.html", "a/.5.html")

    assert listed(tmp_path / "a" / "*.html") == ["1.html"]
    assert listed(tmp_path / "*" / "*.html") == ["a/1.html", "b/4.html"]
    assert listed(f"{tmp_path}/**/*.html") == ["a/1.html", "a/deep/3.html", "b/4.html"]
    assert listed(tmp_path / "a" / "[0-9].*") == ["1.html", "2.txt"]


def test_a_pattern_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(tmp_path, "a/1.html", "2.html")
    monkeypatch.chdir(tmp_path)

    assert listed("*/*.html") == ["a/1.html"]
    assert listed("*.html") == ["2.html"]


# --- URLs and stdin ---


def test_file_urls_are_read_as_the_files_they_name(tmp_path: Path) -> None:
    grown(tmp_path, "b.html", "a/c.html", ".hidden.html")

    assert listed(f"file://{tmp_path}") == ["a/c.html", "b.html"]
    assert listed(f"file://{tmp_path}/b.html") == ["b.html"]
    assert listed(f"file://{tmp_path}/*/*.html") == ["a/c.html"]
    assert [one.id for one in read_all(f"file://{tmp_path}")] == [one.id for one in read_all(tmp_path)]


def test_files_of_another_file_system_are_listed_split_and_read() -> None:
    folder = f"/{uuid4().hex}/raw"
    system = fsspec.filesystem("memory")
    lines = b"".join(b'{"text": "%d"}\n' % number for number in range(100))
    contents = {
        "a.jsonl": lines,
        "b/c.warc.gz": gzip.compress(WARC) * 60,
        "d": HTML,
        ".e/f.html": HTML,
        "g.zip": zipped(),
    }
    for name, content in contents.items():
        system.pipe(f"{folder}/{name}", content)

    found = read_all(f"memory:/{folder}", 500)

    assert listed(f"memory:/{folder}") == ["a.jsonl", "b/c.warc.gz", "d", "g.zip"]
    assert listed(f"memory:/{folder}/*.jsonl") == ["a.jsonl"]
    assert listed(f"memory:/{folder}/b/c.warc.gz") == ["c.warc.gz"]
    assert all(isinstance(one, Page) for one in found)
    assert len({one.id for one in found}) == len(found) == 162
    assert found == read_all(f"memory:/{folder}")


def test_a_file_system_that_there_is_not_is_an_error() -> None:
    with pytest.raises(InputError, match="gopherfs"):
        list_inputs("gopherfs://news/raw")


@pytest.mark.parametrize("kind", ["html", "jsonl", "warc", "arc", "parquet", "zip", "tar"])
def test_stdin_is_read_as_what_its_content_is(kind: str) -> None:
    script = (
        "from curate.read import *; from curate.recipe import Read; import json, os\n"
        "(one,) = list_inputs('-'); (split,) = plan_splits([one], 1 << 30)\n"
        "(page,) = read(split, Read()); print(json.dumps([one.file_path, one.format, page.id, one.path]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}

    done = subprocess.run(
        [sys.executable, "-c", script], input=CONTENTS[kind], capture_output=True, check=True, env=environment
    )

    file_path, found, _, path = json.loads(done.stdout)
    assert (file_path, found) == ("stdin", kind)
    assert not Path(path).exists()


# --- formats ---


def test_every_format_of_a_suffix_has_a_reader() -> None:
    assert set(FORMATS.values()) == set(READERS) == set(CONTENTS)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_suffix_tells_the_format_whatever_its_case_and_compression(suffix: str) -> None:
    for name in ("a" + suffix, "A" + suffix.upper(), f"x.y/a.b{suffix}.gz", f"a{suffix}.ZST"):
        assert format_of(name, lambda: pytest.fail("the content is not asked for")) == FORMATS[suffix], name


@pytest.mark.parametrize("kind", sorted(set(CONTENTS) - {"text", "wet"}))
@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("name", ["article", "article.gz", "article.aspx"])
def test_without_a_known_suffix_the_content_tells_the_format(
    tmp_path: Path, kind: str, squeeze: type[bytes], name: str
) -> None:
    if kind == "zip" and name.endswith("aspx"):
        pytest.skip("docx, epub and jar are zip files too")
    written(tmp_path / name, squeeze(CONTENTS[kind]))

    (found,) = list_inputs(str(tmp_path))

    assert found.format == kind


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf\n  <!DOCTYPE html>\n<p>",
        b"<?xml version='1.0'?>\n<!DOCTYPE html>",
        b"<!-- saved from url=(0014)about:internet -->\n<html>",
        b"<HEAD><TITLE>x",
        b"<meta charset=utf-8><p>x",
    ],
)
def test_html_begins_in_many_ways(content: bytes) -> None:
    assert format_of("article", lambda: content) == "html"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain words",
        b"<rss><channel>",
        b"\xff\xd8\xff",
        b"%PDF-1.7",
        b"{\n  'a': 1\n}",
        b'{\n "text": "over several lines"\n}\n',
        b"[1]",
        b"\x1f\x8b\x08 damaged",
    ],
)
def test_a_file_that_nothing_tells_is_a_rejection(tmp_path: Path, content: bytes) -> None:
    written(tmp_path / "article.xyz", content)

    (found,) = read_all(tmp_path)

    assert isinstance(found, Rejection)
    assert (found.stage, found.reason) == ("read", "unknown-format")
    assert found.provenance.file_path == "article.xyz"


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_file_of_every_format_is_read_compressed_or_not(tmp_path: Path, kind: str, squeeze: type[bytes]) -> None:
    suffix = next(suffix for suffix, known in FORMATS.items() if known == kind)
    if kind in ("parquet", "zip") and squeeze is not bytes:
        pytest.skip("compressed inside")
    path = written(tmp_path / f"a{suffix}", squeeze(CONTENTS[kind]))

    (found,) = read_all(path)

    assert isinstance(found, Page), found
    assert found.html == HTML or (found.text or "").strip() == "Text"


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("content", [b"", b"\xff", b"garbage\n" * 50, b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd\x04\0"])
def test_a_file_that_is_not_what_it_says_never_raises(tmp_path: Path, kind: str, content: bytes) -> None:
    suffix = next(suffix for suffix, known in FORMATS.items() if known == kind)
    path = written(tmp_path / f"a{suffix}", content)

    is_page = kind in ("html", "text") and not content.startswith((b"\x1f", b"\x28"))
    assert {isinstance(one, Page) for one in read_all(path)} <= {is_page}


# --- pages of a file ---


def test_an_html_file_is_a_page_and_a_text_file_a_text(tmp_path: Path) -> None:
    written(tmp_path / "a.html", "<p>Fähre".encode("cp1252"))
    written(tmp_path / "b.txt", "Die Fähre\r\nfährt.".encode("utf-16"))

    page, text = read_all(tmp_path)

    assert isinstance(page, Page) and isinstance(text, Page)
    assert (page.html, page.charset, page.provenance.record_offset) == (b"<p>F\xe4hre", None, None)
    assert text.text == "Die Fähre\nfährt."


@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_a_file_beyond_the_limit_is_too_large(tmp_path: Path, name: str) -> None:
    written(tmp_path / name, b"<p>" + b"x" * 997)
    (split,) = plan_splits(list_inputs(str(tmp_path)), 1 << 30)

    assert [isinstance(one, Page) for one in read(split, Read(max_page_bytes=1000))] == [True]
    assert [one.reason for one in read(split, Read(max_page_bytes=999)) if isinstance(one, Rejection)] == ["too-large"]


def test_a_file_that_went_away_is_unreadable(tmp_path: Path) -> None:
    path = written(tmp_path / "a.html", HTML)
    splits = plan_splits(list_inputs(str(tmp_path)), 10)
    path.unlink()

    (found,) = read(splits[0], Read())

    assert isinstance(found, Rejection)
    assert found.reason == "unreadable"
    assert "No such file" in found.detail


def test_a_file_whose_bytes_cannot_be_read_is_unreadable() -> None:
    """What a broken disk does: opening works, reading fails."""
    broken = Path("/proc/self/mem")
    if not broken.exists():
        pytest.skip("there is no /proc")

    for kind in ("html", "jsonl", "warc", "text", "tar"):
        found = list(read(Split(Input(str(broken), "a", kind, 10)), Read()))
        assert [one.reason for one in found if isinstance(one, Rejection)] == ["unreadable"], kind


# --- splits ---


def test_splits_stand_in_the_order_of_the_inputs(tmp_path: Path) -> None:
    lines = b'{"text": "a"}\n' * 100
    for name in ("b.jsonl", "a.html", "c.jsonl"):
        written(tmp_path / name, lines)

    splits = plan_splits(list_inputs(str(tmp_path)), 300)

    assert [one.input.file_path for one in splits] == ["a.html"] + ["b.jsonl"] * 5 + ["c.jsonl"] * 5
    assert [one.first for one in splits[1:6]] == [0, 22, 44, 66, 88]
    assert [one.end for one in splits[1:6]] == [*(one.start for one in splits[2:6]), None]


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_small_file_is_one_split(tmp_path: Path, kind: str) -> None:
    suffix = next(suffix for suffix, known in FORMATS.items() if known == kind)
    written(tmp_path / f"a{suffix}", CONTENTS[kind])

    (split,) = plan_splits(list_inputs(str(tmp_path)), 1 << 20)

    assert (split.start, split.end, split.first) == (0, None, 0)


def test_how_files_are_split_changes_no_record(tmp_path: Path) -> None:
    lines = b"".join(b'{"text": "%d"}\n' % number for number in range(50))
    written(tmp_path / "a.jsonl", lines)
    written(tmp_path / "b.warc", WARC * 50)
    written(tmp_path / "c.warc.gz", gzip.compress(WARC) * 50)
    written(tmp_path / "d.wet.zst", zstandard.ZstdCompressor().compress(WARC) * 50)
    pq.write_table(pa.table({"text": ["Text"] * 50}), tmp_path / "e.parquet", row_group_size=5)
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        for number in range(50):
            archive.writestr(f"{number}.html", HTML)
    written(tmp_path / "g.html", HTML)
    whole = read_all(tmp_path)

    for split_bytes in (1, 64, 200, 999):
        assert read_all(tmp_path, split_bytes) == whole, split_bytes

    assert len({one.id for one in whole}) == len(whole) == 301
