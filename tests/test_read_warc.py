"""WARC, WET and ARC records become pages, texts or rejections; HTTP's codings are undone."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import BOMB_BYTES, MEMORY_MB, read_apart

from curate.charset import decode_html
from curate.model import Page, Rejection
from curate.read.source import Source
from curate.read.warc import read_arc, read_warc, warc_cuts
from curate.recipe import Read

Records = list[Page | Rejection]

URL = "https://example.org/news/ferry"
HTML = (
    "<!DOCTYPE html><html><head><title>Ferry</title></head><body>"
    + "<p>Der Hafenrat hat am Dienstag für die alte Fähre gestimmt, sagte der Bürgermeister.</p>" * 12
    + "</body></html>"
).encode()


def record(kind: str = "response", block: bytes = b"", **headers: str) -> bytes:
    lines = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:6f6e6f8e-0000-4000-8000-000000000001>",
        "WARC-Date": "2026-11-03T08:00:00Z",
        "WARC-Target-URI": URL,
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"WARC/1.1\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else []), *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def response(body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    return record(block=http(body, *headers, status=status, kind=kind))


def chunked(body: bytes, size: int = 100, end: bytes = b"0\r\n\r\n") -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


def raw_deflate(body: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(body) + squeeze.flush()


def read(data: bytes, limit: int = 10_000_000) -> Records:
    return list(read_warc(Source(io.BytesIO(data), "a.warc", "warc"), Read(max_page_bytes=limit)))


def only(data: bytes, limit: int = 10_000_000) -> Page | Rejection:
    (found,) = read(data, limit)
    return found


def page(data: bytes) -> Page:
    found = only(data)
    assert isinstance(found, Page), found
    return found


def rejection(data: bytes, limit: int = 10_000_000) -> Rejection:
    found = only(data, limit)
    assert isinstance(found, Rejection), found
    return found


# --- responses ---


def test_a_response_is_a_page_with_its_url_date_and_id() -> None:
    found = page(response(HTML))

    assert found.html == HTML
    assert found.url == URL
    assert found.date_download == "2026-11-03T08:00:00Z"
    assert found.provenance.record_id == "urn:uuid:6f6e6f8e-0000-4000-8000-000000000001"
    assert found.provenance.record_offset == 0
    assert found.provenance.format == "warc"


def test_what_fastwarc_writes_is_read() -> None:
    buffer = io.BytesIO()
    for number in range(3):
        one = WarcRecord()
        one.init_headers(record_type=WarcRecordType.response)
        one.headers["WARC-Target-URI"] = f"{URL}/{number}"
        one.headers["Content-Type"] = "application/http; msgtype=response"
        one.set_bytes_content(http(HTML + str(number).encode()))
        one.write(buffer)

    found = read(buffer.getvalue())

    assert [one.url for one in found] == [f"{URL}/{number}" for number in range(3)]
    assert [one.html for one in found if isinstance(one, Page)] == [HTML + str(n).encode() for n in range(3)]
    ids = [one.record_id for one in ArchiveIterator(io.BytesIO(buffer.getvalue()))]
    assert [one.provenance.record_id for one in found] == [str(one).strip("<>") for one in ids]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(HTML)),
        ("x-gzip", gzip.compress(HTML)),
        ("GZIP", gzip.compress(HTML)),
        ("gzip", gzip.compress(HTML[:500]) + gzip.compress(HTML[500:])),
        ("br", brotli.compress(HTML)),
        ("deflate", zlib.compress(HTML)),
        ("deflate", raw_deflate(HTML)),
        ("zstd", zstandard.ZstdCompressor().compress(HTML)),
        ("gzip, utf-8", gzip.compress(HTML)),
        ("identity", HTML),
        ("utf-8", HTML),
        ("none", HTML),
    ],
)
def test_the_coding_of_the_content_is_undone(coding: str, body: bytes) -> None:
    assert page(response(body, f"Content-Encoding: {coding}")).html == HTML


@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_chunks_are_put_together(size: int) -> None:
    assert page(response(chunked(HTML, size), "Transfer-Encoding: chunked")).html == HTML


def test_chunks_of_compressed_content_are_put_together_first() -> None:
    body = chunked(gzip.compress(HTML))

    assert page(response(body, "Transfer-Encoding: chunked", "Content-Encoding: gzip")).html == HTML


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd"])
def test_content_that_only_claims_a_coding_is_read_as_it_is(coding: str) -> None:
    """Many crawlers store what they decoded under the headers as they came."""
    assert page(response(HTML, f"Content-Encoding: {coding}")).html == HTML


def test_content_that_only_claims_to_be_chunked_is_read_as_it_is() -> None:
    assert page(response(HTML, "Transfer-Encoding: chunked")).html == HTML


def test_compressed_content_that_only_claims_to_be_chunked_is_decompressed() -> None:
    body = gzip.compress(HTML)

    assert page(response(body, "Transfer-Encoding: chunked", "Content-Encoding: gzip")).html == HTML


def test_the_http_length_is_not_believed() -> None:
    assert page(response(HTML, "Content-Length: 10")).html == HTML
    assert page(response(HTML, "Content-Length: 1000000")).html == HTML


def test_chunks_that_break_off_give_what_is_there() -> None:
    body = chunked(HTML)[: len(HTML) // 2]

    found = page(response(body, "Transfer-Encoding: chunked")).html

    assert found is not None
    assert len(found) > 500
    assert HTML.startswith(found)


def test_compressed_content_that_breaks_off_gives_what_came_out() -> None:
    noise = HTML + b"".join(b"<p>%d</p>" % (n * n * 7919) for n in range(3000))
    body = gzip.compress(noise)

    found = page(response(body[: len(body) // 2], "Content-Encoding: gzip")).html

    assert found is not None
    assert len(HTML) < len(found) < len(noise)
    assert noise.startswith(found)


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd"])
def test_content_of_which_nothing_can_be_decoded_is_damaged(coding: str) -> None:
    found = rejection(response(b"\xff\xfe\xfd nothing of the kind" * 50, f"Content-Encoding: {coding}"))

    assert found.reason == "damaged"
    assert found.url == URL


def test_an_empty_body_is_damaged() -> None:
    assert rejection(response(b"")).reason == "damaged"


def test_a_response_without_http_is_damaged() -> None:
    assert rejection(record(block=b"HTTP/1.1\r\n\r\n")).reason == "damaged"


def test_content_that_unpacks_beyond_the_limit_is_too_large() -> None:
    bomb = gzip.compress(b"<html>" + b" " * 5_000_000)

    found = rejection(response(bomb, "Content-Encoding: gzip"), limit=1_000_000)

    assert found.reason == "too-large"
    assert found.url == URL


def test_content_that_unpacks_to_the_limit_is_read() -> None:
    data = response(gzip.compress(HTML), "Content-Encoding: gzip")

    assert isinstance(only(data, limit=len(HTML)), Page)
    assert rejection(data, limit=len(HTML) - 1).reason == "too-large"


def test_a_record_beyond_the_limit_keeps_its_url() -> None:
    found = rejection(response(HTML), limit=100)

    assert (found.reason, found.url) == ("too-large", URL)
    assert found.provenance.record_id


@pytest.mark.parametrize(
    ("kind", "charset"),
    [
        ("text/html; charset=ISO-8859-1", "iso-8859-1"),
        ("text/html;charset=windows-1252", "windows-1252"),
        ('text/html; charset="iso-8859-1"', "iso-8859-1"),
        ("text/html; Charset=ISO-8859-1; boundary=x", "iso-8859-1"),
    ],
)
def test_the_charset_of_the_http_header_is_kept(kind: str, charset: str) -> None:
    found = page(response(HTML.decode().encode("cp1252"), kind=kind))

    assert (found.charset or "").strip('"').lower() == charset
    assert decode_html(found.html or b"", found.charset) == HTML.decode()


def test_a_response_without_a_charset_has_none() -> None:
    assert page(response(HTML)).charset is None


@pytest.mark.parametrize("status", ["404 Not Found", "301 Moved Permanently", "304 Not Modified", "500 Oops", "403"])
def test_another_status_than_2xx_is_a_rejection(status: str) -> None:
    found = rejection(response(HTML, "Location: https://example.org/", status=status))

    assert (found.stage, found.reason) == ("read", "http-status")
    assert status[:3] in found.detail
    assert found.url == URL


@pytest.mark.parametrize("kind", ["image/jpeg", "application/pdf", "text/css", "application/json", "text/plain"])
def test_other_content_than_html_is_a_rejection(kind: str) -> None:
    found = rejection(response(HTML, kind=kind))

    assert found.reason == "not-html"
    assert kind in found.detail


@pytest.mark.parametrize("kind", ["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml", " text/html ;x"])
def test_html_has_several_names(kind: str) -> None:
    assert page(response(HTML, kind=kind)).html == HTML


def test_without_a_content_type_the_content_tells() -> None:
    assert page(response(HTML, "Server: x", kind="")).html == HTML
    assert page(response(gzip.compress(HTML), "Content-Encoding: gzip", kind="")).html == HTML
    assert rejection(response(b"\x89PNG\r\n", "Server: x", kind="")).reason == "not-html"


def test_http_2_and_lines_without_carriage_returns_are_read() -> None:
    assert page(record(block=b"HTTP/2 200\r\ncontent-type: text/html\r\n\r\n" + HTML)).html == HTML
    assert page(record(block=b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + HTML)).html == HTML


def test_headers_that_are_not_ascii_are_no_trouble() -> None:
    block = b"HTTP/1.1 200 OK\r\nX-Title: \xff\xfeF\xc3\xa4hre\r\nContent-Type: text/html; charset=\xff\r\n\r\n" + HTML
    data = record(block=block).replace(b"/news/ferry", b"/news/\xff\xe4\xed\xa0\x80")

    found = page(data)

    assert found.html == HTML
    assert found.url is not None
    found.url.encode()


def test_a_truncated_page_is_read() -> None:
    assert page(record(block=http(HTML), WARC_Truncated="length")).html == HTML


def test_a_header_too_long_to_be_read_costs_a_page_whose_url_is_told() -> None:
    found = rejection(response(HTML, "X-Long: " + "x" * 100_000))

    assert (found.reason, found.url) == ("damaged", URL)


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd"])
def test_content_is_unpacked_in_bounded_memory(tmp_path: Path, coding: str) -> None:
    squeeze: Any = {
        "gzip": zlib.compressobj(1, wbits=31),
        "deflate": zlib.compressobj(1),
        "br": brotli.Compressor(quality=1),
        "zstd": zstandard.ZstdCompressor().compressobj(),
    }[coding]
    squeezed = squeeze.process if coding == "br" else squeeze.compress
    body = b"".join(squeezed(bytes(1_000_000)) for _ in range(BOMB_BYTES // 1_000_000)) + (
        squeeze.finish() if coding == "br" else squeeze.flush()
    )
    (tmp_path / "a.warc").write_bytes(response(body, f"Content-Encoding: {coding}"))

    found, megabytes = read_apart(tmp_path / "a.warc")

    assert found == ["too-large"]
    assert megabytes < MEMORY_MB


# --- other kinds of records ---


def test_a_revisit_is_a_rejection() -> None:
    found = rejection(record("revisit", http(b""), WARC_Refers_To="<urn:uuid:1>"))

    assert (found.reason, found.url) == ("revisit", URL)


@pytest.mark.parametrize("kind", ["warcinfo", "request", "metadata", "continuation"])
def test_records_about_the_crawl_are_none_of_ours(kind: str) -> None:
    assert read(record(kind, b"GET / HTTP/1.1\r\n\r\n") + response(HTML)) == read(
        record(kind, b"GET / HTTP/1.1\r\n\r\n") + response(HTML)
    )
    assert read(record(kind, b"GET / HTTP/1.1\r\n\r\n")) == []


@pytest.mark.parametrize("kind", ["sesponse", "respons\xe9", ""])
def test_a_record_of_a_type_that_there_is_not_is_a_rejection(kind: str) -> None:
    found = rejection(record(kind, http(HTML)))

    assert (found.reason, found.url) == ("unknown-record", URL)


def test_a_damaged_byte_of_the_name_of_a_type_loses_no_record_unseen() -> None:
    data = response(HTML)
    start = data.index(b"WARC-Type")

    for at in range(start, data.index(b"\r\n", start)):
        for mask in (0x01, 0x80, 0xFF):
            assert read(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]), at


@pytest.mark.parametrize("kind", ["response", "resource"])
def test_dns_records_are_none_of_ours(kind: str) -> None:
    block = b"20261103080000\nexample.org. 300 IN A 192.0.2.1\n"

    assert read(record(kind, block, WARC_Target_URI="dns:example.org", Content_Type="text/dns")) == []


def test_a_resource_of_html_is_a_page() -> None:
    found = page(record("resource", HTML, Content_Type="text/html"))

    assert (found.html, found.url) == (HTML, URL)


def test_a_resource_without_a_type_is_told_by_its_content() -> None:
    assert page(record("resource", HTML, Content_Type="")).html == HTML
    assert rejection(record("resource", b"\x89PNG\r\n", Content_Type="")).reason == "not-html"


def test_a_resource_of_something_else_is_a_rejection() -> None:
    found = rejection(record("resource", b"\xff\xd8\xff", Content_Type="image/jpeg"))

    assert (found.reason, found.url) == ("not-html", URL)


def test_a_conversion_is_a_text() -> None:
    text = "Die Fähre\r\nfährt weiter.\n"

    found = page(record("conversion", text.encode(), Content_Type="text/plain"))

    assert found.text == "Die Fähre\nfährt weiter.\n"
    assert found.html is None
    assert (found.url, found.date_download) == (URL, "2026-11-03T08:00:00Z")


def test_the_case_of_header_names_does_not_matter() -> None:
    data = response(HTML).replace(b"WARC-Type", b"warc-type").replace(b"WARC-Target-URI", b"Warc-Target-Uri")

    assert page(data).url == URL


def test_urls_may_stand_in_angle_brackets() -> None:
    assert page(record(block=http(HTML), WARC_Target_URI=f"<{URL}>")).url == URL


@pytest.mark.parametrize("version", ["0.17", "0.18", "1.0", "1.1"])
def test_every_version_of_warc_is_read(version: str) -> None:
    assert page(response(HTML).replace(b"WARC/1.1", f"WARC/{version}".encode())).html == HTML


# --- ARC ---


def arc_record(block: bytes, url: str = URL, kind: str = "text/html", stamp: str = "20081103080000") -> bytes:
    return f"{url} 192.0.2.1 {stamp} {kind} {len(block)}\n".encode() + block + b"\n"


FILEDESC = arc_record(
    b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n",
    url="filedesc://a.arc",
    kind="text/plain",
)


def read_one_arc(data: bytes, start: int = 0, end: int | None = None) -> Records:
    return list(read_arc(Source(io.BytesIO(data), "a.arc", "arc", start, end), Read()))


def arc_pages(count: int) -> list[bytes]:
    return [arc_record(http(b"<html>%d" % n + HTML), url=f"{URL}/{n}") for n in range(count)]


@pytest.mark.parametrize("compress", [bytes, lambda one: gzip.compress(one, mtime=0)])
def test_an_arc_record_is_a_page_with_its_url_and_date(compress: type[bytes]) -> None:
    (found,) = read_one_arc(b"".join(map(compress, [FILEDESC, arc_record(http(HTML))])))

    assert isinstance(found, Page)
    assert (found.html, found.url, found.date_download) == (HTML, URL, "2008-11-03T08:00:00Z")
    assert found.provenance.record_offset == len(compress(FILEDESC))
    assert found.provenance.format == "arc"


def test_arc_of_version_2_has_more_fields() -> None:
    block = http(HTML)
    line = f"{URL} 192.0.2.1 20081103080000 text/html 200 AAAA - 1234 a.arc {len(block)}\n"

    (found,) = read_one_arc(FILEDESC + line.encode() + block + b"\n")

    assert isinstance(found, Page)
    assert found.html == HTML


def test_arc_codings_statuses_and_types_are_those_of_warc() -> None:
    data = b"".join(
        [
            FILEDESC,
            arc_record(b"20081103\nexample.org. 300 IN A 192.0.2.1\n", url="dns:example.org", kind="text/dns"),
            arc_record(http(gzip.compress(HTML), "Content-Encoding: gzip")),
            arc_record(http(HTML, status="404 Not Found")),
            arc_record(http(b"GIF89a", kind="image/gif"), kind="image/gif"),
            arc_record(b"\xff\xd8\xff", kind="image/jpeg"),
            arc_record(HTML, stamp="20081103"),
        ]
    )

    found = read_one_arc(data)

    assert [one.html if isinstance(one, Page) else one.reason for one in found] == [
        HTML,
        "http-status",
        "not-html",
        "not-html",
        HTML,
    ]
    assert isinstance(found[-1], Page)
    assert found[-1].date_download == "2008-11-03"


@pytest.mark.parametrize("compress", [bytes, lambda one: gzip.compress(one, mtime=0)])
def test_a_damaged_byte_of_an_arc_file_costs_a_few_records_at_most(compress: type[bytes]) -> None:
    data = b"".join(map(compress, [FILEDESC, *arc_pages(6)]))
    whole = read_one_arc(data)

    for at in range(0, len(data), 5 if compress is bytes else 1):
        found = read_one_arc(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        assert sum(one in whole for one in found) >= 3, at


@pytest.mark.parametrize("compress", [bytes, lambda one: gzip.compress(one, mtime=0)])
@pytest.mark.parametrize("split_bytes", [1, 500, 2000])
def test_a_split_arc_file_gives_the_records_of_the_whole(compress: type[bytes], split_bytes: int) -> None:
    data = b"".join(map(compress, [FILEDESC, *arc_pages(20)]))
    bounds = [0, *warc_cuts(io.BytesIO(data), "arc", len(data), split_bytes), None]

    split = [one for start, end in pairwise(bounds) for one in read_one_arc(data, start or 0, end)]

    assert len(bounds) > 3
    assert split == read_one_arc(data)
    assert len(split) == 20


def test_a_very_long_arc_url_is_found_after_damage_wherever_it_stands() -> None:
    long = arc_record(http(HTML), url=URL + "/" + "x" * 7000)
    for padding in range(60_000, 70_000, 500):
        data = FILEDESC + b"damage" * (padding // 6) + b"\n" + long + arc_record(http(HTML))
        assert sum(isinstance(one, Page) for one in read_one_arc(data)) == 2, padding


# --- damage inside a record ---


def kinds() -> Iterable[bytes]:
    yield response(gzip.compress(HTML), "Content-Encoding: gzip")
    yield response(chunked(brotli.compress(HTML)), "Transfer-Encoding: chunked", "Content-Encoding: br")
    yield response(zlib.compress(HTML), "Content-Encoding: deflate")
    yield response(zstandard.ZstdCompressor().compress(HTML), "Content-Encoding: zstd")
    yield response(HTML, kind="text/html; charset=iso-8859-1")
    yield record("resource", HTML[:300], Content_Type="text/html")
    yield record("conversion", b"Text " * 50, Content_Type="text/plain")
    yield record("revisit", http(b""))
    yield record("warcinfo", b"software: x\r\n", WARC_Target_URI="")


@pytest.mark.parametrize("data", list(kinds()))
def test_a_record_with_any_byte_damaged_never_raises_and_is_utf_8(data: bytes) -> None:
    for at in range(len(data)):
        for mask in (0x01, 0x80, 0xFF):
            for one in read(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]):
                assert_sound(one)


@settings(max_examples=400, deadline=None)
@given(data=st.sampled_from(list(kinds())), cuts=st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=12))))
def test_a_record_with_anything_put_in_anywhere_never_raises(data: bytes, cuts: list[tuple[int, bytes]]) -> None:
    for at, piece in cuts:
        data = data[:at] + piece + data[at + len(piece) // 2 :]

    for one in read(data):
        assert_sound(one)


def assert_sound(one: Page | Rejection) -> None:
    texts = [one.url, one.provenance.record_id]
    texts += [one.date_download, one.text, one.charset] if isinstance(one, Page) else [one.detail]
    for text in texts:
        (text or "").encode()
