"""Opening files, compressed or not, without trusting what is in them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Generator, Iterator
from tempfile import TemporaryFile
from typing import BinaryIO, cast

import fsspec
import zstandard

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
CHUNK_BYTES = 65536
_DICTIONARY = b"\x5d\x2a\x4d\x18"
_BLOCK_BYTES = 1 << 17  # RFC 8878, section 3.1.1.2.4
_WINDOW_BYTES = 1 << 27  # what the zstd command line accepts without --long
_DICTIONARY_BYTES = 1 << 24
SPOOL_BYTES = 1 << 33


class Unreadable(Exception):  # noqa: N818  it says what the content is
    """The content cannot be read on: why, as the reason and the detail of a rejection."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


class ChunkReader(io.RawIOBase):
    """A file over pieces of bytes; an ``Unreadable`` comes only after all that stands before it was read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def open_file(path: str) -> BinaryIO:
    """Open a local file or an fsspec URL for reading."""
    if "://" not in path:
        return open(path, "rb", buffering=CHUNK_BYTES)  # noqa: PTH123  a name need not be valid UTF-8
    opened = fsspec.open(path, "rb", compression=None).open()
    # fsspec's own readline ignores a limit
    return cast(BinaryIO, io.BufferedReader(opened, 1 << 20))


def chunked(file: BinaryIO) -> Iterator[bytes]:
    """The rest of a file, in pieces."""
    return iter(lambda: file.read(CHUNK_BYTES), b"")


def buffered(chunks: Iterator[bytes]) -> BinaryIO:
    """A file over pieces of bytes, with ``readline``."""
    return cast(BinaryIO, io.BufferedReader(ChunkReader(chunks), CHUNK_BYTES))


def decompressed(file: BinaryIO) -> BinaryIO:
    """The content of a file that may be gzip or zstd, told by its first bytes and not by its name.

    Memory stays bounded whatever the file expands to. Reading raises ``Unreadable`` where the file is damaged or ends
    early, after everything before it.
    """
    head = file.read(4)
    if file.seekable():
        file.seek(-len(head), io.SEEK_CUR)
        rest = file
    else:
        rest = buffered(_joined(head, file))
    if head.startswith(GZIP):
        return buffered(_gunzip(rest))
    if head == ZSTD or is_skippable(head):
        return buffered(_unzstd(rest))
    return rest


def seekable(file: BinaryIO) -> BinaryIO:
    """The file itself, or, where it can only be read forwards, a copy that goes away by itself."""
    if file.seekable():
        return file
    copy = TemporaryFile()  # noqa: SIM115  lives as long as the reader
    for chunk in chunked(file):
        copy.write(chunk)
        if copy.tell() > SPOOL_BYTES:
            raise Unreadable("too-large", f"more than {SPOOL_BYTES} bytes inside an archive")
    copy.seek(0)
    return cast(BinaryIO, copy)


def gzip_member(file: BinaryIO, start: bytes = b"") -> Generator[bytes, None, bytes]:
    """Yield the content of the gzip member that begins with ``start`` and goes on in the file.

    Returns:
        What was read from the file beyond the member.
    """
    inflate = zlib.decompressobj(wbits=31)
    data = start
    while not inflate.eof:
        data = data or file.read(CHUNK_BYTES)
        ended = not data
        try:
            piece = inflate.decompress(data, CHUNK_BYTES)
        except zlib.error as error:
            raise Unreadable("damaged", f"gzip: {error}") from None
        if ended and not piece and not inflate.eof:
            raise Unreadable("truncated", "the gzip stream ends early")
        data = inflate.unconsumed_tail
        if piece:
            yield piece
    return inflate.unused_data


def zstd_frame(
    file: BinaryIO, dictionary: zstandard.ZstdCompressionDict | None = None, start: bytes = b""
) -> Iterator[bytes]:
    """Yield the content of the zstd frame that begins with ``start`` and goes on in the file; stop just after it.

    The frame is fed block by block, each of which holds 128 KB at most, so no frame can fill the memory.

    Source:
        RFC 8878, section 3.1.1: magic number, frame header, blocks, checksum.
    """
    start += _exactly(file, 5 - len(start))
    if is_skippable(start[:4]):
        _exactly(file, int.from_bytes(start[4:] + _exactly(file, 3), "little"))
        return
    if start[:4] != ZSTD:
        raise Unreadable("damaged", "zstd: no frame begins here")
    flags = start[4]
    single, checksum = flags >> 5 & 1, flags >> 2 & 1
    field_bytes = (single, 2, 4, 8)[flags >> 6] + (0, 1, 2, 4)[flags & 3] + (1 - single)
    try:
        inflate = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=_WINDOW_BYTES).decompressobj()
        inflate.decompress(start + _exactly(file, field_bytes))
        last = False
        while not last:
            block = _exactly(file, 3)
            about = int.from_bytes(block, "little")
            last, kind, size = bool(about & 1), about >> 1 & 3, about >> 3
            if size > _BLOCK_BYTES:  # said before 2 MB are read for each false frame
                raise Unreadable("damaged", f"zstd: a block of {size} bytes")
            if piece := inflate.decompress(block + _exactly(file, 1 if kind == 1 else size)):
                yield piece
        if checksum and (piece := inflate.decompress(_exactly(file, 4))):
            yield piece
    except zstandard.ZstdError as error:
        raise Unreadable("damaged", f"zstd: {error}") from None


def is_skippable(head: bytes) -> bool:
    """Whether a zstd frame without content begins so."""
    return len(head) >= 4 and head[0] >> 4 == 5 and head[1:4] == _DICTIONARY[1:]


def zstd_dictionary(file: BinaryIO) -> zstandard.ZstdCompressionDict | None:
    """The dictionary that a ``.warc.zst`` file may begin with; leaves the file at its start.

    Source:
        IIPC, "Use of Zstandard compression in WARC", version 1.0: a skippable frame 0x184D2A5D, itself compressed or
        not.
    """
    file.seek(0)
    head = file.read(8)
    found = None
    if head[:4] == _DICTIONARY:
        content = file.read(min(int.from_bytes(head[4:], "little"), _DICTIONARY_BYTES))
        if content.startswith(ZSTD):
            content = buffered(zstd_frame(io.BytesIO(content))).read(_DICTIONARY_BYTES)
        found = zstandard.ZstdCompressionDict(content)
    file.seek(0)
    return found


def _joined(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    if head:
        yield head
    yield from chunked(file)


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    data = file.read(CHUNK_BYTES)
    while data.strip(b"\0"):  # zeros may fill the last block of a tape
        if len(data) < len(GZIP):
            data += file.read(CHUNK_BYTES)
        if not data.startswith(GZIP):
            raise Unreadable("damaged", "something that is not gzip follows the gzip stream")
        data = (yield from gzip_member(file, data)) or file.read(CHUNK_BYTES)


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    while head := file.read(1):
        yield from zstd_frame(file, start=head)


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise Unreadable("truncated", "the zstd stream ends early")
    return content
