"""WARC, ARC and WET: the records of web archives.

:mod:`curate.read.framing` finds the records, also after damage; fastwarc reads the headers and undoes what HTTP did to
the body (chunks, gzip, deflate, brotli, zstd), at 13 microseconds a record (November 2026).
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord

from curate.charset import decode_text
from curate.model import Page, Rejection
from curate.read.framing import Broken, Framed, Grammar, cuts, frame_records
from curate.read.place import Place
from curate.read.source import Source
from curate.recipe import Read

_PIECE_BYTES = 1 << 16
_LAST_PIECE_BYTES = 64
"""A piece in which the coding is damaged is lost."""
_MIN_PARTIAL_BYTES = 512
"""Of a body whose coding is damaged, so much must have come out to be read as a page."""
_MARKUP = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|!--|\?xml)", re.I)
_ABOUT_THE_CRAWL = frozenset({"warcinfo", "request", "metadata", "continuation"})
_OURS = frozenset({"response", "resource", "conversion", "revisit"})
_HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xhtml")
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,15})[ \t]*\r?$", re.I | re.M)
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_END_OF_WARC_HEADER = re.compile(rb"\r?\n(?:\r?\n|(WARC/\d))")
"""Or another record, where the rest of the header is not there."""
_CODING = re.compile(rb"(?<=\n)(Content-Encoding|Transfer-Encoding)([ \t]*:[ \t]*)([^\r\n]*)", re.I)
_CODINGS = frozenset({b"gzip", b"deflate", b"br", b"zstd", b"chunked"})
_ARC_LINE = re.compile(
    rb"([a-z][a-z0-9+.-]{1,20}:\S{0,8000}) (\S{0,60}) (\d{8,14}) (\S{0,200})(?: \S{0,400}){0,5}? (\d{1,15})\r?\n", re.I
)


class _Warc:
    """A header of lines up to an empty one, a block of ``Content-Length`` bytes, two line breaks."""

    name = "WARC"
    start = re.compile(rb"(?<=\n)WARC/\d")

    def layout(self, head: bytes) -> tuple[int, int] | None:
        if not head.startswith(b"WARC/"):
            return None
        end = _END_OF_WARC_HEADER.search(head)
        if end is None or end[1]:
            return None
        length = _LENGTH.search(head, 0, end.end())
        return (end.end(), int(length[1])) if length else None

    def ends(self, following: bytes) -> bool:
        rest = following.lstrip(b"\r\n\0")
        return not rest or (b"WARC/".startswith(rest[:5]) and following[:1] in (b"\r", b"\n"))


class _Arc:
    """A line of URL, address, date, type and length, the block, a line break."""

    name = "ARC"
    start = re.compile(rb"(?<=\n)(?:https?|dns|ftp|filedesc)://?\S{1,8000} \S{1,60} \d{8,14} \S{1,200} ", re.I)

    def layout(self, head: bytes) -> tuple[int, int] | None:
        line = _ARC_LINE.match(head)
        return (line.end(), int(line[5])) if line else None

    def ends(self, following: bytes) -> bool:
        rest = following.lstrip(b"\r\n\0")
        return not rest or re.match(rb"(?:https?|dns|ftp|filedesc):", rest, re.I) is not None


_GRAMMARS: dict[str, Grammar] = {"warc": _Warc(), "wet": _Warc(), "arc": _Arc()}


def warc_cuts(file: BinaryIO, kind: str, size_bytes: int, split_bytes: int) -> list[int]:
    """Offsets after 0 where a file can be cut; see :func:`curate.read.framing.cuts`."""
    return cuts(file, _GRAMMARS[kind], size_bytes, split_bytes)


def read_warc(source: Source, options: Read) -> Iterator[Page | Rejection]:
    """Every record that could be a page.

    Responses and resources of HTML are pages, conversions are texts. Responses with another status than 2xx
    (``http-status``), other content than HTML (``not-html``), revisits (``revisit``) and records of a type that there
    is not (``unknown-record``: damage to the name of a type loses no page unseen) are rejections. Records about the
    crawl (warcinfo, request, metadata) and continuations are none of ours.
    """
    return _read(source, options, _warc_record)


read_wet = read_warc
"""A WET file is a WARC file of conversions."""


def read_arc(source: Source, options: Read) -> Iterator[Page | Rejection]:
    """Every record that could be a page; as :func:`read_warc`."""
    return _read(source, options, _arc_record)


_Parser = Callable[[Framed, Place], "Page | Rejection | _Response | None"]


@dataclass(frozen=True)
class _Response:
    """A record that holds an HTTP response."""

    raw: bytes
    url: str | None
    name: str | None
    date: str | None


def _read(source: Source, options: Read, parse: _Parser) -> Iterator[Page | Rejection]:
    grammar = _GRAMMARS[source.format]
    for one in frame_records(source.file, grammar, options.max_page_bytes, source.start, source.end):
        place = source.place(one.offset, one.key)
        if isinstance(one, Broken):
            yield place.rejection(one.reason, one.detail)
            continue
        found = None
        try:
            found = parse(one, place)
            record = _page(found, place, options.max_page_bytes) if isinstance(found, _Response) else found
        except (OSError, ValueError, UnicodeError) as error:
            url, name = (found.url, found.name) if isinstance(found, _Response) else (None, None)
            detail = f"The record cannot be parsed: {str(error)[:200]}"
            record = place.rejection("damaged", detail, url=url, record=name)
        if record is not None:
            yield record


def _warc_record(one: Framed, place: Place) -> Page | Rejection | _Response | None:
    record = _parsed(one.head + (one.block or b""))
    kind = (record.headers.get("WARC-Type") or "").lower()
    if kind in _ABOUT_THE_CRAWL:
        return None
    url = (record.headers.get("WARC-Target-URI") or "").strip("<> ") or None
    name = (record.headers.get("WARC-Record-ID") or "").strip("<> ") or None
    date = record.headers.get("WARC-Date")
    if kind not in _OURS:
        return place.rejection("unknown-record", f"WARC-Type: {kind[:100] or 'none'}.", url=url, record=name)
    if one.block is None:
        return place.rejection("too-large", f"{one.length} bytes.", url=url, record=name)
    if kind == "revisit":
        return place.rejection("revisit", "The page was seen before; its content is elsewhere.", url=url, record=name)
    if kind == "conversion":
        return place.text_page(decode_text(one.block), url=url, record=name, date_download=date)
    if (url or "").lower().startswith(("dns:", "whois:", "ftp:") if kind == "response" else ("dns:", "whois:")):
        return None
    if kind == "response" and one.block[:5].upper() == b"HTTP/":
        return _Response(one.block, url, name, date)
    if _is_html(record.headers.get("Content-Type"), one.block):
        return place.html_page(one.block, url=url, record=name, date_download=date)
    return _not_html(place, record.headers.get("Content-Type"), url, name)


def _arc_record(one: Framed, place: Place) -> Page | Rejection | _Response | None:
    line = _ARC_LINE.match(one.head)
    assert line is not None  # the grammar has matched it
    url, stamp = line[1].decode("utf-8", "replace"), line[3].decode()
    if url.lower().startswith(("filedesc:", "dns:", "warcinfo:")):
        return None
    date = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
    if len(stamp) == 14:
        date += f"T{stamp[8:10]}:{stamp[10:12]}:{stamp[12:14]}Z"
    if one.block is None:
        return place.rejection("too-large", f"{one.length} bytes.", url=url)
    if one.block[:5].upper() != b"HTTP/":
        if _is_html(line[4].decode("latin-1"), one.block):
            return place.html_page(one.block, url=url, date_download=date)
        return _not_html(place, line[4].decode("latin-1"), url, None)
    return _Response(one.block, url, None, date)


def _parsed(record: bytes) -> WarcRecord:
    for parsed in ArchiveIterator(io.BytesIO(record), parse_http=False, quirks_mode=True):
        return parsed
    raise ValueError("no record is there")


def _with_http(raw: bytes) -> WarcRecord:
    head = f"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: {len(raw)}\r\n\r\n"
    record = _parsed(head.encode() + raw)
    record.parse_http(auto_decode="all", quirks_mode=True)
    return record


def _known_codings(raw: bytes) -> bytes:
    """The response without codings that there are not (``utf-8``, ``none``), at which fastwarc stops."""
    end = _END_OF_HEADER.search(raw)
    size = end.end() if end else 0

    def known(line: re.Match[bytes]) -> bytes:
        names = (one.strip().lower().removeprefix(b"x-") for one in line[3].split(b","))
        return line[1] + line[2] + b", ".join(name for name in names if name in _CODINGS)

    return _CODING.sub(known, raw[:size]) + raw[size:]


def _page(response: _Response, place: Place, limit: int) -> Page | Rejection:
    """The page that a response carries, or why it carries none."""
    url, name, raw = response.url, response.name, _known_codings(response.raw)
    record = _with_http(raw)
    status, kind, charset = _status(record), record.http_content_type, record.http_charset
    if status is None:
        return place.rejection("damaged", "The record holds no HTTP response.", url=url, record=name)
    if not 200 <= status < 300:
        return place.rejection("http-status", f"HTTP status {status}.", url=url, record=name)
    if kind and not _is_html(kind, b""):
        return _not_html(place, kind, url, name)
    body, trouble = _body(record, limit + 1, _PIECE_BYTES)
    if trouble:
        body = _body(_with_http(raw), limit + 1, _LAST_PIECE_BYTES)[0]
    if trouble and len(body) < _MIN_PARTIAL_BYTES:
        body = _undecoded(response, limit + 1) or body
    if len(body) > limit:
        return place.rejection("too-large", f"More than {limit} bytes.", url=url, record=name)
    if trouble and len(body) < _MIN_PARTIAL_BYTES and not _MARKUP.match(body):
        return place.rejection("damaged", f"The HTTP body cannot be decoded: {trouble}", url=url, record=name)
    if not kind and not _is_html(None, body):
        return _not_html(place, "none", url, name)
    return place.html_page(body, url=url, record=name, date_download=response.date, charset=charset)


def _status(record: WarcRecord) -> int | None:
    return record.http_headers.status_code if record.http_headers else None


def _body(record: WarcRecord, limit: int, piece_bytes: int) -> tuple[bytes, str]:
    """Up to ``limit`` bytes of the decoded body, and why there are no more, if that is an error."""
    pieces, size = [], 0
    try:
        while size < limit and (piece := record.reader.read(min(piece_bytes, limit - size))):
            pieces.append(piece)
            size += len(piece)
    except OSError as error:
        return b"".join(pieces), str(error)[:200]
    return b"".join(pieces), "" if pieces else "it is empty"


def _undecoded(response: _Response, limit: int) -> bytes | None:
    """The body as it stands: many crawlers store it decoded under the headers as they came, or without its chunks."""
    end = _END_OF_HEADER.search(response.raw)
    raw = response.raw[end.end() :] if end else b""
    if _MARKUP.match(raw):
        return raw
    for container in (47, -15):  # gzip or zlib; raw deflate
        with suppress(zlib.error):
            if body := zlib.decompressobj(wbits=container).decompress(raw, limit):
                return body
    return None


def _is_html(kind: str | None, content: bytes) -> bool:
    named = (kind or "").split(";")[0].strip().lower()
    return named in _HTML_TYPES or (
        named in ("", "application/octet-stream", "unk") and _MARKUP.match(content) is not None
    )


def _not_html(place: Place, kind: str | None, url: str | None, name: str | None) -> Rejection:
    return place.rejection("not-html", f"Content type: {(kind or 'none')[:100]}.", url=url, record=name)
