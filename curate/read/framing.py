"""Finding the records of a WARC or ARC file, plain or compressed, also after damage.

Such a file is a row of records, each with its length in its header. Compressed, each record usually is a gzip member
or zstd frame of its own; then one frame's damage, or a length that lies, ends with the frame. Everywhere else the
next record is searched for.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from zstandard import ZstdCompressionDict

from curate.read.streams import (
    CHUNK_BYTES,
    GZIP,
    ZSTD,
    Unreadable,
    chunked,
    decompressed,
    gzip_member,
    is_skippable,
    zstd_dictionary,
    zstd_frame,
)

HEADER_BYTES = 65536
_FOLLOWING_BYTES = 32
_OVERLAP_BYTES = 16384  # longer than what a grammar's `start` matches
_PROBE_BYTES = 1 << 26  # content looked through to see whether frames hold whole records
_PROBE_FRAMES = 8
_SCAN_BYTES = 1 << 20
_FRAME_HEADER_BYTES = 8192  # a gzip member may carry a file name (a path: 4096) and a few more fields
_STORED_BYTES = 1 << 17  # a block that gzip or zstd stores as it is: 64 KB (RFC 1951), 128 KB (RFC 8878) at most
_SEEK_BYTES = 1 << 20  # less is faster read than jumped over
_NEWLINES = b"\r\n\0"  # zeros: padding


class Grammar(Protocol):
    """How records of a kind of file begin and end."""

    name: str
    start: re.Pattern[bytes]
    """Finds the beginning of a record, just after a newline."""

    def layout(self, head: bytes) -> tuple[int, int] | None:
        """Bytes of the header and of the block of the record that begins ``head``; None: no header is there."""

    def ends(self, following: bytes) -> bool:
        """Whether a record ends where ``following`` begins (empty at the end of the file)."""


@dataclass(frozen=True)
class Framed:
    """A record as it stands in its file; ``block`` is None where it is larger than the limit.

    ``key`` is None where ``offset`` alone tells the record from the others of its file.
    """

    offset: int
    head: bytes
    block: bytes | None
    length: int
    key: str | None = None


@dataclass(frozen=True)
class Broken:
    """A stretch in which no record could be read."""

    offset: int
    reason: str
    detail: str
    key: str | None = None


class Cursor:
    """Bytes read forwards, with the offset of what comes next and a look ahead.

    Damage of the stream below is an end like that of a file, kept in ``error`` until it is told.
    """

    def __init__(self, chunks: Iterator[bytes], offset: int = 0, file: BinaryIO | None = None) -> None:
        self.offset = offset
        self.error: Unreadable | None = None
        self.is_damaged = False
        self._chunks, self._file = chunks, file
        self._ahead = bytearray()
        self._ended = False

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes, or fewer at the end."""
        return self.look(0, size)

    def look(self, distance: int, size: int) -> bytes:
        """The ``size`` bytes from ``distance`` bytes on, or fewer at the end; what lies before is not copied."""
        self.ahead(distance + size)
        return bytes(memoryview(self._ahead)[distance : distance + size])

    def ahead(self, size: int) -> int:
        """How many of the next ``size`` bytes there are; they are not copied, since a length may lie."""
        while len(self._ahead) < size and self._fill():
            pass
        return min(size, len(self._ahead))

    def skip(self, size: int) -> int:
        """Go on; the number of bytes there were to go."""
        if self._file is not None and size > len(self._ahead) + _SEEK_BYTES:
            there = max(min(size, self._file.seek(0, 2) - self.offset), 0)
            self.go_to(self.offset + there)
            return there
        left = size
        while left > len(self._ahead):
            left -= len(self._ahead)
            self.offset += len(self._ahead)
            self._ahead.clear()
            if not self._fill():
                return size - left
        del self._ahead[:left]
        self.offset += left
        return size

    def skip_any(self, characters: bytes) -> None:
        """Go on to the first byte that is none of these."""
        while ahead := self.peek(CHUNK_BYTES):
            size = len(ahead) - len(ahead.lstrip(characters))
            self.skip(size)
            if size < len(ahead):
                return

    def find(self, pattern: re.Pattern[bytes]) -> bool:
        """Go on to the next match, or to the end; whether there was one."""
        while ahead := self.peek(CHUNK_BYTES + _OVERLAP_BYTES):
            if found := pattern.search(ahead):
                self.skip(found.start())
                return True
            self.skip(len(ahead) - _OVERLAP_BYTES if len(ahead) > _OVERLAP_BYTES else len(ahead))
        return False

    def go_to(self, offset: int) -> bool:
        """Go back or on to any offset, if the stream can."""
        if self._file is None:
            return False
        self._file.seek(offset)
        self.offset, self._chunks, self._ended, self.error = offset, chunked(self._file), False, None
        self._ahead.clear()
        return True

    def _fill(self) -> bool:
        if self._ended:
            return False
        try:
            chunk = next(self._chunks, b"")
        except Unreadable as error:
            self.error, self.is_damaged, chunk = error, True, b""
        self._ahead += chunk
        self._ended = not chunk
        return not self._ended


def frame_records(
    file: BinaryIO, grammar: Grammar, limit: int, start: int = 0, end: int | None = None
) -> Iterator[Framed | Broken]:
    """Every record of a file that begins in ``start`` to ``end``, and every stretch without one.

    Args:
        file: the file as stored, seekable.
        grammar: what its records look like.
        limit: blocks with more bytes are left out (None).
        start: where a record begins, or 0.
        end: where a record begins, or None.
    """
    if not _is_compressed(file, grammar, start):
        yield from _plain(file, grammar, limit, start, end)
    elif start or end is not None or _frames_hold_records(file, grammar):
        yield from _framed(file, grammar, limit, start, end)
    else:
        file.seek(0)
        yield from _records(Cursor(chunked(decompressed(file))), grammar, limit, None)


def cuts(file: BinaryIO, grammar: Grammar, size_bytes: int, split_bytes: int) -> list[int]:
    """Offsets after 0 where a record begins, at least ``split_bytes`` apart; none where the file is one piece.

    A record that is cut before is whole. Records inside a record (an archive that was crawled) are not cut before:
    frames inside a frame stand in a stored block and end with it.
    """
    if size_bytes <= split_bytes:
        return []
    if not _is_compressed(file, grammar):
        return _plain_cuts(file, grammar, split_bytes)
    if not _frames_hold_records(file, grammar):
        return []
    dictionary = zstd_dictionary(file)
    found: list[int] = []
    target = split_bytes
    while target < size_bytes and (cut := _whole_frame(file, grammar, target, dictionary)) is not None:
        found.append(cut)
        target = cut + split_bytes
    return found


def _plain_cuts(file: BinaryIO, grammar: Grammar, split_bytes: int) -> list[int]:
    found: list[int] = []
    for one in _plain(file, grammar, 0):
        if isinstance(one, Framed) and one.offset >= (found[-1] if found else 0) + split_bytes:
            found.append(one.offset)
    return found


def _is_compressed(file: BinaryIO, grammar: Grammar, start: int = 0) -> bool:
    """Whether the file is compressed; where its beginning is damaged, what begins next in it tells."""
    file.seek(start)
    head = file.read(HEADER_BYTES)
    if _begins_frame(head) or start or grammar.layout(head.lstrip(_NEWLINES)):
        return _begins_frame(head)
    frame = _next_frame(file, grammar, 0, None)
    if frame is None:
        return False
    file.seek(0)
    cursor = Cursor(chunked(file))
    return not cursor.find(grammar.start) or frame < cursor.offset


def _begins_frame(head: bytes) -> bool:
    return head.startswith((GZIP, ZSTD)) or is_skippable(head)


def _plain(
    file: BinaryIO, grammar: Grammar, limit: int, start: int = 0, end: int | None = None
) -> Iterator[Framed | Broken]:
    file.seek(start)
    return _records(Cursor(chunked(file), start, file), grammar, limit, end)


def _records(cursor: Cursor, grammar: Grammar, limit: int, end: int | None) -> Iterator[Framed | Broken]:
    while True:
        cursor.skip_any(_NEWLINES)
        if end is not None and cursor.offset >= end:
            return
        if not cursor.peek(1):
            if cursor.error:
                yield Broken(cursor.offset, cursor.error.reason, cursor.error.detail)
            return
        yield _record(cursor, grammar, limit)


def _record(cursor: Cursor, grammar: Grammar, limit: int) -> Framed | Broken:
    offset = cursor.offset
    head = cursor.peek(HEADER_BYTES)
    layout = grammar.layout(head)
    if layout is None:
        cursor.skip(1)
        return _broken(cursor, grammar, offset, "damaged", f"no {grammar.name} header begins here")
    size, length = layout
    cursor.skip(size)
    is_small = length <= limit
    there = cursor.ahead(length) if is_small else cursor.skip(length)
    if there == length and _ends(cursor, grammar, length if is_small else 0):
        block = cursor.peek(length) if is_small else None
        cursor.skip(length if is_small else 0)
        return Framed(offset, head[:size], block, length)
    if not is_small and not cursor.go_to(offset + size):
        return _broken(cursor, grammar, offset, "truncated", f"the file ends before the {length} bytes of the record")
    return _wrong_length(cursor, grammar, offset, length, there)


def _ends(cursor: Cursor, grammar: Grammar, length: int) -> bool:
    """Whether a record ends ``length`` bytes on; not where the stream is damaged before anything else begins."""
    following = cursor.look(length, _FOLLOWING_BYTES)
    return grammar.ends(following) and not (cursor.error and not following.strip(_NEWLINES))


def _wrong_length(cursor: Cursor, grammar: Grammar, offset: int, length: int, there: int) -> Broken:
    """The record that begins at ``offset`` is not as long as it says: go to the next one, from its block on."""
    if there == length:
        return _broken(cursor, grammar, offset, "damaged", f"no record ends after the {length} bytes of Content-Length")
    found = cursor.find(grammar.start)
    if found:
        return Broken(offset, "damaged", f"Content-Length says {length} bytes, but another record begins before")
    return _broken(cursor, grammar, offset, "truncated", f"{there} of the {length} bytes of the record are there")


def _broken(cursor: Cursor, grammar: Grammar, offset: int, reason: str, detail: str) -> Broken:
    """Go to the next record, or to the end; damage of the stream below, if it ends there, is the better reason."""
    if not cursor.find(grammar.start) and cursor.error:
        reason, detail = cursor.error.reason, f"{detail}; {cursor.error.detail}"
        cursor.error = None
    return Broken(offset, reason, detail)


def _framed(file: BinaryIO, grammar: Grammar, limit: int, start: int, end: int | None) -> Iterator[Framed | Broken]:
    dictionary = zstd_dictionary(file)
    found: int | None = start
    while found is not None:
        offset = _after_padding(file, found)
        head = file.read(4)
        if not head or (end is not None and offset >= end):
            return
        if not _begins_frame(head):
            found = _next_frame(file, grammar, offset + 1, dictionary)
            yield Broken(offset, "damaged", "neither a gzip member nor a zstd frame begins here")
            continue
        cursor = Cursor(_frame(file, offset, dictionary))
        for one in _records(cursor, grammar, limit, None):
            yield _in_frame(one, offset)
        found = _next_frame(file, grammar, offset + 1, dictionary) if cursor.is_damaged else file.tell()


def _in_frame(one: Framed | Broken, frame: int) -> Framed | Broken:
    key = f"{frame}+{one.offset}" if one.offset else None
    if isinstance(one, Broken):
        return Broken(frame, one.reason, one.detail, key)
    return Framed(frame, one.head, one.block, one.length, key)


def _frame(file: BinaryIO, offset: int, dictionary: ZstdCompressionDict | None) -> Iterator[bytes]:
    """The content of the frame at ``offset``; when all of it was read, the file stands just after the frame."""
    file.seek(offset)
    head = file.read(3)
    if head == GZIP:
        beyond = yield from gzip_member(file, head)
        file.seek(file.tell() - len(beyond))
    else:
        yield from zstd_frame(file, dictionary, head)


def _next_frame(file: BinaryIO, grammar: Grammar, offset: int, dictionary: ZstdCompressionDict | None) -> int | None:
    """The first offset from ``offset`` on where a frame begins that begins with a record."""
    magic = re.compile(b"|".join(re.escape(one) for one in (GZIP, ZSTD)))
    while True:
        file.seek(offset)
        stretch = file.read(_SCAN_BYTES)
        for found in magic.finditer(stretch):
            if _begins_record(file, grammar, offset + found.start(), dictionary):
                return offset + found.start()
        if len(stretch) < _SCAN_BYTES:
            return None
        offset += _SCAN_BYTES - len(ZSTD) + 1


def _begins_record(file: BinaryIO, grammar: Grammar, offset: int, dictionary: ZstdCompressionDict | None) -> bool:
    file.seek(offset)
    if file.read(len(GZIP)) == GZIP and not _begins_content(GZIP + file.read(_FRAME_HEADER_BYTES)):
        return False
    return grammar.layout(Cursor(_frame(file, offset, dictionary)).peek(HEADER_BYTES)) is not None


def _begins_content(member: bytes) -> bool:
    """Whether a gzip member's content begins in its first bytes; a false one's file name may go on for megabytes."""
    try:
        return bool(zlib.decompressobj(wbits=31).decompress(member, 1))
    except zlib.error:
        return False


def _after_padding(file: BinaryIO, offset: int) -> int:
    """Go on to the first byte from ``offset`` on that is no padding, or to the end."""
    file.seek(offset)
    while stretch := file.read(CHUNK_BYTES):
        padding = len(stretch) - len(stretch.lstrip(_NEWLINES))
        offset += padding
        if padding < len(stretch):
            skipped = _skippable_bytes(file, offset)
            offset += skipped
            file.seek(offset)
            if not skipped:
                break
    return offset


def _skippable_bytes(file: BinaryIO, offset: int) -> int:
    """The size of the zstd frame without content at ``offset``; 0 where there is none, or only a part of it."""
    file.seek(offset)
    head = file.read(8)
    size = len(head) + int.from_bytes(head[4:], "little")
    return size if len(head) == 8 and is_skippable(head) and offset + size <= file.seek(0, 2) else 0


def _frames_hold_records(file: BinaryIO, grammar: Grammar) -> bool:
    """Whether each frame holds whole records: after a whole one that begins with a record comes another, or the end.

    Otherwise the frames are cut at any place (bgzip): one that is whole begins in the midst of a record.
    """
    dictionary = zstd_dictionary(file)
    offset = _next_frame(file, grammar, 0, dictionary)
    for _ in range(_PROBE_FRAMES):
        if offset is None:
            break
        end = _end_of_frame(file, offset, dictionary)
        if end is not None:
            following = _after_padding(file, end)
            if _is_end(file, following) or _begins_record(file, grammar, following, dictionary):
                return True
            if _end_of_frame(file, following, dictionary) is not None:
                return False
        offset = _next_frame(file, grammar, offset + 1, dictionary)
    return True


def _end_of_frame(file: BinaryIO, offset: int, dictionary: ZstdCompressionDict | None) -> int | None:
    """Where the frame at ``offset`` ends, or None if it is damaged or too long to tell."""
    cursor = Cursor(_frame(file, offset, dictionary))
    if cursor.skip(_PROBE_BYTES) == _PROBE_BYTES or cursor.is_damaged:
        return None
    return file.tell()


def _is_end(file: BinaryIO, offset: int) -> bool:
    file.seek(offset)
    return not file.read(1)


def _line_break_follows(file: BinaryIO, offset: int) -> bool:
    file.seek(offset)
    return file.read(1) in (b"\r", b"\n")


def _whole_frame(file: BinaryIO, grammar: Grammar, offset: int, dictionary: ZstdCompressionDict | None) -> int | None:
    """The first frame from ``offset`` on that begins with a record and is no part of a stored block.

    From it on, up to the end or for longer than such a block, there are whole frames that begin with records.
    """
    first = at = _next_frame(file, grammar, offset, dictionary)
    while first is not None and at is not None:
        end = _end_of_frame(file, at, dictionary)
        if end is None:
            first = at = _next_frame(file, grammar, at + 1, dictionary)
        elif end - first > _STORED_BYTES or _is_end(file, end):
            return first
        elif _line_break_follows(file, end):  # it ends the record around this frame
            first = at = _next_frame(file, grammar, end, dictionary)
        elif _is_end(file, following := _after_padding(file, end)):
            return first
        elif _begins_record(file, grammar, following, dictionary):
            at = following
        else:
            first = at = _next_frame(file, grammar, end, dictionary)
    return None
