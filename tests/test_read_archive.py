"""Zip and tar files are opened, and each member is read as what it is."""

from __future__ import annotations

import gzip
import io
import json
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard
from memory import BOMB_BYTES, MEMORY_MB, read_apart

from curate.model import Page, Rejection
from curate.read import list_inputs, plan_splits, read
from curate.recipe import Read

Records = list[Page | Rejection]
Members = dict[str, bytes]

PAGES: Members = {f"pages/{name}.html": b"<html><body><p>Page %s</p></body></html>" % name.encode() for name in "cab"}


def read_file(path: Path, split_bytes: int = 1 << 30) -> Records:
    splits = plan_splits(list_inputs(str(path)), split_bytes)
    return [one for split in splits for one in read(split, Read())]


def zipped(path: Path, members: Members, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tar_bytes(members: Members, kind: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def paths(records: Records) -> list[str]:
    return [one.provenance.file_path for one in records]


def outcomes(records: Records) -> list[str]:
    return ["page" if isinstance(one, Page) else one.reason for one in records]


def html(records: Records) -> list[bytes]:
    return [one.html or b"" for one in records if isinstance(one, Page)]


# --- both ---


@pytest.fixture(params=["zip", "tar", "tar.gz", "tgz", "tar.zst"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def packed(folder: Path, kind: str, members: Members) -> Path:
    path = folder / f"pages.{kind}"
    if kind == "zip":
        return zipped(path, members)
    squeeze = {"tar": bytes, "tar.gz": gzip.compress, "tgz": gzip.compress}.get(kind)
    content = tar_bytes(members)
    return written(path, squeeze(content) if squeeze else zstandard.ZstdCompressor().compress(content))


def test_members_are_read_in_the_order_of_the_archive(tmp_path: Path, kind: str) -> None:
    found = read_file(packed(tmp_path, kind, PAGES))

    assert paths(found) == [f"pages.{kind}/{name}" for name in PAGES]
    assert html(found) == list(PAGES.values())
    assert [one.provenance.record_offset for one in found] == [None] * 3


def test_every_member_is_read_as_what_it_is(tmp_path: Path, kind: str) -> None:
    warc = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 4\r\n\r\nText\r\n\r\n"
    members = {
        "a.html": b"<html>A</html>",
        "b.html.gz": gzip.compress(b"<html>B</html>"),
        "c.jsonl": b'{"text": "one"}\n{"text": "two"}\n',
        "d.txt": b"Text",
        "e.warc": warc * 2,
        "f.warc.gz": gzip.compress(warc) * 2,
        "g": b"<!doctype html><html>G</html>",
        "h.jpg": b"\xff\xd8\xff",
    }

    found = read_file(packed(tmp_path, kind, members))

    assert [name.split("/")[-1] for name in paths(found)] == [
        *("a.html", "b.html.gz", "c.jsonl", "c.jsonl", "d.txt", "e.warc", "e.warc", "f.warc.gz", "f.warc.gz"),
        *("g", "h.jpg"),
    ]
    assert outcomes(found) == ["page"] * 10 + ["unknown-format"]
    assert html(found)[:2] == [b"<html>A</html>", b"<html>B</html>"]
    assert len({one.id for one in found}) == len(found)


def test_an_archive_inside_an_archive_is_not_opened(tmp_path: Path, kind: str) -> None:
    inner = zipped(tmp_path / "inner.zip", PAGES).read_bytes()

    found = read_file(packed(tmp_path, kind, {"a.zip": inner, "b.tar": tar_bytes(PAGES), "c.html": b"<html>"}))

    assert outcomes(found) == ["nested-archive", "nested-archive", "page"]


def test_hidden_members_are_left_out(tmp_path: Path, kind: str) -> None:
    members = {".a.html": b"<html>", "x/.git/b.html": b"<html>", "__MACOSX/._c.html": b"\0", "d.html": b"<html>D"}

    assert html(read_file(packed(tmp_path, kind, members))) == [b"<html>D"]


def test_names_that_lead_out_of_the_archive_stay_in_it(tmp_path: Path, kind: str) -> None:
    members = dict.fromkeys(["../../etc/a.html", "/root/b.html", "..\\c.html", "./d/./e.html"], b"<html>")

    found = read_file(packed(tmp_path, kind, members))

    top = f"pages.{kind}"
    assert paths(found) == [f"{top}/etc/a.html", f"{top}/root/b.html", f"{top}/c.html", f"{top}/d/e.html"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_with_the_same_name_share_no_id(tmp_path: Path, kind: str) -> None:
    same = {"a.jsonl": b'{"text": "1"}\n', "./a.jsonl": b'{"text": "2"}\n', "../a.jsonl": b'{"text": "3"}\n'}

    found = read_file(packed(tmp_path, kind, {**same, "a.jsonl#2": b'{"text": "4"}\n'}))

    assert [one.text for one in found if isinstance(one, Page)] == list("1234")
    assert len({one.id for one in found}) == 4
    assert len(set(paths(found))) == 4
    assert paths(found)[0] == f"pages.{kind}/a.jsonl"


def test_names_may_be_in_any_script(tmp_path: Path, kind: str) -> None:
    found = read_file(packed(tmp_path, kind, {"Fähre/渡船.html": b"<html>"}))

    assert paths(found) == [f"pages.{kind}/Fähre/渡船.html"]


def test_an_empty_archive_holds_nothing(tmp_path: Path, kind: str) -> None:
    assert read_file(packed(tmp_path, kind, {})) == []


def test_a_member_beyond_the_limit_is_too_large(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path, kind, {"a.html": b"<html>" + b" " * 2000, "b.html": b"<html>B"})
    (split,) = plan_splits(list_inputs(str(path)), 1 << 30)

    assert outcomes(list(read(split, Read(max_page_bytes=1000)))) == ["too-large", "page"]


# --- zip ---


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_members_may_be_packed_in_several_ways(tmp_path: Path, method: int) -> None:
    assert html(read_file(zipped(tmp_path / "a.zip", PAGES, method))) == list(PAGES.values())


def test_an_encrypted_member_is_a_rejection_and_the_others_are_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", PAGES)
    content = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # of the first member
        content[content.index(mark) + flags] |= 1
    path.write_bytes(content)

    found = read_file(path)

    assert outcomes(found) == ["encrypted", "page", "page"]
    assert paths(found)[0] == "a.zip/pages/c.html"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_byte_of_a_members_content_costs_that_member(tmp_path: Path, method: int) -> None:
    content = zipped(tmp_path / "a.zip", PAGES, method).read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        offsets = [one.header_offset for one in archive.infolist()] + [content.index(b"PK\x01\x02")]

    for at in range(offsets[1], offsets[2]):
        path = written(tmp_path / "b.zip", content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        found = read_file(path)
        assert outcomes(found)[0] == outcomes(found)[2] == "page", at
        assert outcomes(found)[1] in ("page", "damaged", "encrypted"), at
        if isinstance(found[1], Page):
            assert found[1].html == PAGES["pages/a.html"], at


def test_a_zip_with_any_byte_damaged_or_cut_anywhere_never_raises(tmp_path: Path) -> None:
    content = zipped(tmp_path / "a.zip", PAGES).read_bytes()

    for at in range(len(content)):
        for damaged in (content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :], content[:at]):
            found = read_file(written(tmp_path / "b.zip", damaged))
            assert found, at
            assert len({one.id for one in found}) == len(found), at


def test_a_zip_without_its_list_of_members_is_one_rejection(tmp_path: Path) -> None:
    content = zipped(tmp_path / "a.zip", PAGES).read_bytes()

    found = read_file(written(tmp_path / "b.zip", content[:-30]))

    assert outcomes(found) == ["damaged"]
    assert paths(found) == ["b.zip"]


def test_trouble_inside_a_member_is_told_as_such(tmp_path: Path) -> None:
    members = {"a.jsonl": b'{"text": "1"}\nno json\n', "b.parquet": b"PAR1", "c.html.gz": b"\x1f\x8b\x08\0", **PAGES}

    found = read_file(zipped(tmp_path / "a.zip", members))

    assert outcomes(found) == ["page", "damaged", "damaged", "truncated", "page", "page", "page"]
    assert len({one.id for one in found}) == len(found)


@pytest.mark.parametrize("split_bytes", [1, 100, 150, 400, 100_000])
def test_a_split_zip_gives_the_records_of_the_whole(tmp_path: Path, split_bytes: int) -> None:
    members = {f"{number % 7}/{number}.html": b"<html>" + b"word %d " % number * number for number in range(40)}
    path = zipped(tmp_path / "a.zip", {**members, ".hidden": b"", "again/../1/1.html": b"<html>"})

    splits = plan_splits(list_inputs(str(path)), split_bytes)

    assert (len(splits) > 2) == (split_bytes < 400)
    assert read_file(path, split_bytes) == read_file(path)


def squeezed(squeeze: Any, head: bytes, byte: bytes) -> bytes:
    pieces = [squeeze.compress(head)]
    pieces += [squeeze.compress(byte * 1_000_000) for _ in range(BOMB_BYTES // 1_000_000)]
    return b"".join(pieces) + squeeze.flush()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_member_that_unpacks_to_very_much_does_not_fill_the_memory(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive, archive.open("a.html", "w") as member:
        for _ in range(BOMB_BYTES // 1_000_000):
            member.write(bytes(1_000_000))

    found, megabytes = read_apart(tmp_path / "a.zip")

    assert found == ["too-large"]
    assert megabytes < MEMORY_MB


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("size", [0, 1, 10, 10_000])
def test_a_zip_member_that_is_not_as_long_as_it_says_is_damaged(tmp_path: Path, method: int, size: int) -> None:
    content = bytearray(zipped(tmp_path / "a.zip", {"a.html": b"<html>" * 50}, method).read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = size.to_bytes(4, "little")

    assert outcomes(read_file(written(tmp_path / "a.zip", bytes(content)))) == ["damaged"]


# --- tar ---


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_read_from_every_kind_of_tar(tmp_path: Path, kind: int) -> None:
    name = "/".join(["folder" * 5] * 6) + "/page.html"

    found = read_file(written(tmp_path / "a.tar", tar_bytes({name: b"<html>"}, kind)))

    assert paths(found) == [f"a.tar/{name}"]


def test_links_folders_and_devices_of_a_tar_are_left_out(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, type_of in (("a", tarfile.DIRTYPE), ("b.html", tarfile.SYMTYPE), ("c.html", tarfile.CHRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = type_of, "/etc/passwd", stat.S_IRUSR
            archive.addfile(member)
        member = tarfile.TarInfo("d.html")
        member.size = 6
        archive.addfile(member, io.BytesIO(b"<html>"))

    assert paths(read_file(tmp_path / "a.tar")) == ["a.tar/d.html"]


@pytest.mark.parametrize("squeeze", [bytes, lambda content: gzip.compress(content, mtime=0)])
def test_a_tar_cut_anywhere_gives_the_members_before_and_says_so(tmp_path: Path, squeeze: type[bytes]) -> None:
    content = squeeze(tar_bytes(PAGES))
    end = 6 * 512 if squeeze is bytes else len(content)  # the end mark may be cut

    for size in range(0, end + 1 if squeeze is bytes else end, 7 if squeeze is bytes else 1):
        found = read_file(written(tmp_path / "a.tar", content[:size]))
        pages = html(found)
        assert pages == list(PAGES.values())[: len(pages)], size
        assert len(pages) == 3 != size // 1024 or outcomes(found)[len(pages) :] in (["truncated"], ["damaged"]), size
        if squeeze is bytes:
            assert len(pages) >= size // 1024, size


def test_a_damaged_header_of_a_tar_is_told(tmp_path: Path) -> None:
    content = tar_bytes(PAGES)

    found = read_file(written(tmp_path / "a.tar", content[:1024] + b"\xff" * 512 + content[1536:]))

    assert outcomes(found) == ["page", "damaged"]


def test_a_tar_with_any_byte_damaged_never_raises_and_hides_nothing(tmp_path: Path) -> None:
    content = tar_bytes(PAGES)

    for at in range(0, 6 * 512, 3):
        found = read_file(written(tmp_path / "a.tar", content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]))
        assert len(found) == 3 or "damaged" in outcomes(found) or "truncated" in outcomes(found), at


def test_garbage_is_no_tar(tmp_path: Path) -> None:
    assert outcomes(read_file(written(tmp_path / "a.tar", b"\xffgarbage" * 500))) == ["damaged"]
    assert outcomes(read_file(written(tmp_path / "b.tar.gz", b"\x1f\x8b\x08garbage" * 500))) == ["damaged"]


def test_a_tar_member_that_claims_a_terabyte_is_not_copied(tmp_path: Path) -> None:
    sparse = tarfile.TarInfo("a.html")
    sparse.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"\x80" + (1 << 40).to_bytes(11, "big")  # the size it says it has unpacked
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)

    found = read_file(written(tmp_path / "a.tar", bytes(header) + tar_bytes({"b.html": b"<html>"})))

    assert outcomes(found) == ["too-large", "page"]


def test_names_of_a_tar_that_are_not_utf_8_are_written_down_as_utf_8(tmp_path: Path) -> None:
    content = tar_bytes({"F\udce4hre.html": b"<html>"})

    found = read_file(written(tmp_path / "a.tar", content))

    assert paths(found) == ["a.tar/F\\xe4hre.html"]


def test_members_of_a_jsonl_know_their_lines(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"text": str(number)}) + "\n" for number in range(3))

    found = read_file(written(tmp_path / "a.tar", tar_bytes({"b.jsonl": lines.encode()})))

    assert [one.provenance.record_offset for one in found] == [0, 1, 2]
    assert [one.provenance.format for one in found] == ["jsonl"] * 3


def tar_header(kind: bytes, size: int, is_extended: bool = False) -> bytes:
    member = tarfile.TarInfo("a")
    member.type, member.size = kind, size
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[482] = is_extended
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def pax(*fields: str) -> bytes:
    content = b""
    for field in fields:
        size = next(n for n in range(1000) if n == len(f"{n} {field}\n"))
        content += f"{size} {field}\n".encode()
    return tar_header(tarfile.XHDTYPE, len(content)) + content.ljust(-(-len(content) // 512) * 512, b"\0")


@pytest.mark.parametrize(
    ("head", "filling"),
    [
        (tar_header(tarfile.XHDTYPE, BOMB_BYTES), b"x"),
        (tar_header(tarfile.XGLTYPE, BOMB_BYTES), b"x"),
        (tar_header(tarfile.GNUTYPE_LONGNAME, BOMB_BYTES), b"x"),
        (tar_header(tarfile.GNUTYPE_SPARSE, 0, is_extended=True), b"1"),
        (
            pax("GNU.sparse.major=1", "GNU.sparse.minor=0")
            + tar_header(tarfile.REGTYPE, BOMB_BYTES)
            + b"900000000\n".ljust(512, b"1"),
            b"\n1",
        ),
    ],
)
def test_what_stands_before_a_tar_member_does_not_fill_the_memory(tmp_path: Path, head: bytes, filling: bytes) -> None:
    content = squeezed(zlib.compressobj(1, wbits=31), tar_bytes({"b.html": b"<html>"})[:1024] + head, filling)

    found, megabytes = read_apart(written(tmp_path / "a.tar.gz", content))

    assert found == ["page", "damaged"]
    assert megabytes < MEMORY_MB


@pytest.mark.parametrize("header", [pax("comment=x"), tar_header(tarfile.GNUTYPE_LONGNAME, 2) + b"a".ljust(512, b"\0")])
def test_a_tar_of_nothing_but_headers_is_damaged(tmp_path: Path, header: bytes) -> None:
    content = tar_bytes({"b.html": b"<html>"})[:1024] + header * 3000

    assert outcomes(read_file(written(tmp_path / "a.tar", content))) == ["page", "damaged"]


def test_many_members_with_fields_of_their_own_are_read(tmp_path: Path) -> None:
    members = {f"{'long name ' * 20}{number}.html": b"<html>" for number in range(50)}

    for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert len(html(read_file(written(tmp_path / "a.tar", tar_bytes(members, kind))))) == 50
