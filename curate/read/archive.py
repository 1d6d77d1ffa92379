"""Zip and tar: files inside a file, each read as what it is."""

from __future__ import annotations

import bz2
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from copy import copy
from tarfile import HeaderError
from typing import IO, BinaryIO, NoReturn, Self

from curate.model import Page, Rejection
from curate.read.inputs import UNKNOWN, format_of, is_hidden
from curate.read.source import Source
from curate.read.streams import CHUNK_BYTES, SPOOL_BYTES, ChunkReader, Unreadable, chunked, decompressed, seekable
from curate.recipe import Read

_HEAD_BYTES = 65536
_LZMA_BYTES = 1 << 27  # a dictionary as large as zstd's largest window; what the header asks for may be 4 GB
_TAR_HEADER_BYTES = 1 << 20  # of names and other fields before a member, which tarfile reads into memory
_TAR_HEADERS = 8  # before one member; one or two long names and two sets of fields
_BEFORE_A_MEMBER = (b"L", b"K", b"x", b"g", b"X")  # long name, long link, pax fields of three kinds
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)
_TAR_ERRORS = (tarfile.TarError, zlib.error, EOFError, ValueError)

ReadMember = Callable[[Source, Read], Iterator[Page | Rejection]]


def read_zip(source: Source, options: Read, read_member: ReadMember) -> Iterator[Page | Rejection]:
    """Every file of a zip, from member ``start`` to ``end``; folders and hidden files are left out.

    Raises:
        Unreadable: the list of members, at the end of the file, cannot be read.
    """
    try:
        archive = zipfile.ZipFile(source.file)
        members = archive.infolist()
    except _ZIP_ERRORS as error:
        raise Unreadable("damaged", f"zip: {error}") from None
    seen: dict[str, int] = {}
    names = [_distinct(_inside(member.filename), seen) for member in members]
    for number in range(source.start, len(members) if source.end is None else source.end):
        member, inside = members[number], _inside(members[number].filename)
        if member.is_dir() or is_hidden(inside):
            continue
        name = f"{source.file_path}/{names[number]}"
        try:
            file = _zip_member(archive, member)
        except Unreadable as error:
            yield Source(source.file, name, UNKNOWN).place().rejection(error.reason, error.detail)
        else:
            yield from _read_file(file, name, inside, options, read_member)


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    if member.flag_bits & 1:
        raise Unreadable("encrypted", "A member of a zip that wants a password.")
    try:
        if member.compress_type in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            return seekable(_Forward(_unpacked(archive, member)))  # type: ignore[arg-type]
        with archive.open(member) as opened:
            return _spooled(opened)
    except _ZIP_ERRORS as error:
        raise Unreadable("damaged", f"zip: {str(error)[:200]}") from None


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member's content in pieces of bounded size; zipfile itself makes 600 MB at once of 575 bytes of bzip2."""
    packed = copy(member)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, member.compress_size
    del packed.CRC  # that of the content
    size = crc = 0
    with archive.open(packed) as opened:
        unpack = _lzma(opened, member) if member.compress_type == zipfile.ZIP_LZMA else bz2.BZ2Decompressor()
        while not unpack.eof and size <= member.file_size:
            data = opened.read(CHUNK_BYTES) if unpack.needs_input else b""
            if unpack.needs_input and not data:
                raise EOFError("the member ends early")
            piece = unpack.decompress(data, CHUNK_BYTES)
            size, crc = size + len(piece), zlib.crc32(piece, crc)
            yield piece
    if (size, crc) != (member.file_size, member.CRC):
        raise zipfile.BadZipFile("Bad CRC-32 or size")


def _lzma(opened: IO[bytes], member: zipfile.ZipInfo) -> lzma.LZMADecompressor:
    """Fed with the header that LZMA has outside a zip: as the only kind, it is read within a limit of memory.

    Source:
        PKWARE, APPNOTE.TXT, 5.8.8: version, size of the properties (5), properties; a flag tells of an end mark.
    """
    head = opened.read(9)
    if len(head) < 9 or head[2:4] != b"\x05\0":
        raise zipfile.BadZipFile("no LZMA header")
    size = -1 if member.flag_bits & 2 else member.file_size
    unpack = lzma.LZMADecompressor(lzma.FORMAT_ALONE, _LZMA_BYTES)
    unpack.decompress(head[4:] + size.to_bytes(8, "little", signed=True), 0)
    return unpack


def zip_cuts(file: BinaryIO, size_bytes: int, split_bytes: int) -> list[int]:
    """Numbers of members (from 1) at which to cut, so that about ``split_bytes`` of the file lie between two cuts."""
    try:
        members = zipfile.ZipFile(file).infolist()
    except _ZIP_ERRORS:
        return []
    found, size = [], 0
    for number, member in enumerate(members):
        if size and size + member.compress_size > split_bytes:
            found.append(number)
            size = 0
        size += member.compress_size
    return found


def read_tar(source: Source, options: Read, read_member: ReadMember) -> Iterator[Page | Rejection]:
    """Every file of a tar, compressed or not; folders, links and hidden files are left out.

    Raises:
        Unreadable: the archive is damaged or ends early; the members before were read.
    """
    seen: dict[str, int] = {}
    try:
        with _Tar.open(fileobj=decompressed(source.file), mode="r|", tarinfo=_TarMember) as archive:
            for member in archive:
                inside = _inside(member.name)
                opened = archive.extractfile(member) if member.isfile() and not is_hidden(inside) else None
                if opened is None:
                    continue
                name = f"{source.file_path}/{_distinct(inside, seen)}"
                if member.size > SPOOL_BYTES:  # or what a sparse file says of itself
                    yield Source(source.file, name, UNKNOWN).place().rejection("too-large", f"{member.size} bytes.")
                else:
                    yield from _read_file(_spooled(opened), name, inside, options, read_member)
    except _TAR_ERRORS as error:
        reason = "truncated" if "end of data" in str(error) else "damaged"
        raise Unreadable(reason, f"tar: {str(error)[:200]}") from None


class _Tar(tarfile.TarFile):
    headers = 0
    """Those being read: one, and those before it that belong to the same member."""


class _TarMember(tarfile.TarInfo):
    """A member's header; tarfile itself takes a damaged or absent one for the end of the archive.

    It also reads what stands before a member whole, and each such header within the one before: 600 KB of gzip took
    1.2 GB, and 1000 headers in a row the stack (November 2026).
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type in _BEFORE_A_MEMBER and member.size > _TAR_HEADER_BYTES:
            raise Unreadable("damaged", f"tar: a header of {member.size} bytes")
        if member.type == tarfile.GNUTYPE_SPARSE and buf[482]:
            cls._proc_gnusparse_10()
        return member

    @classmethod
    def _proc_gnusparse_10(cls, *_: object) -> NoReturn:
        """Instead of tarfile's own, which reads a map of any length into memory."""
        raise Unreadable("damaged", "tar: a sparse file in many pieces")

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        assert isinstance(tarfile, _Tar)
        if tarfile.headers == _TAR_HEADERS:
            raise Unreadable("damaged", f"tar: more than {_TAR_HEADERS} headers before one member")
        tarfile.headers += 1
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            kind = type(error).__name__
            if kind == "EOFHeaderError":
                raise
            if kind in ("EmptyHeaderError", "TruncatedHeaderError"):
                raise Unreadable("truncated", "tar: the archive ends without an end mark") from None
            raise Unreadable("damaged", f"tar: {error}") from None
        finally:
            tarfile.headers -= 1


def _spooled(opened: object) -> BinaryIO:
    """A seekable copy of a member, bounded in size."""
    return seekable(_Forward(chunked(opened)))  # type: ignore[arg-type]


class _Forward(ChunkReader):
    """A file that can only be read forwards."""

    def seekable(self) -> bool:
        return False


def _read_file(
    file: BinaryIO, name: str, inside: str, options: Read, read_member: ReadMember
) -> Iterator[Page | Rejection]:
    with file:
        kind = format_of(inside, lambda: _head(file))
        file.seek(0)
        source = Source(file, name, kind)
        if kind in ("zip", "tar"):
            yield source.place().rejection("nested-archive", "An archive inside an archive is not opened.")
        elif kind == UNKNOWN:
            detail = "Neither the name nor the content tells what kind of file this is."
            yield source.place().rejection("unknown-format", detail)
        else:
            yield from read_member(source, options)


def _head(file: BinaryIO) -> bytes:
    try:
        return decompressed(file).read(_HEAD_BYTES)
    except (Unreadable, OSError):
        return b""


def _inside(name: str) -> str:
    """A member's name as a path that leads nowhere else."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _distinct(name: str, seen: dict[str, int]) -> str:
    """The name, with a number where a member before has the same: two records never share an id."""
    distinct = name
    while distinct in seen:
        seen[name] += 1
        distinct = f"{name}#{seen[name]}"
    seen[distinct] = 1
    return distinct
