"""Zip and tar: files inside a file, each read as what it is."""

from __future__ import annotations

import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from tarfile import HeaderError
from typing import BinaryIO, Self

from curate.model import Page, Rejection
from curate.read.inputs import UNKNOWN, format_of, is_hidden
from curate.read.source import Source
from curate.read.streams import SPOOL_BYTES, ChunkReader, Unreadable, chunked, decompressed, seekable
from curate.recipe import Read

_HEAD_BYTES = 65536
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
        with archive.open(member) as opened:
            return _spooled(opened)
    except _ZIP_ERRORS as error:
        raise Unreadable("damaged", f"zip: {str(error)[:200]}") from None


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
        with tarfile.open(fileobj=decompressed(source.file), mode="r|", tarinfo=_TarMember) as archive:
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


class _TarMember(tarfile.TarInfo):
    """A member's header; tarfile itself takes a damaged or absent one for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            kind = type(error).__name__
            if kind == "EOFHeaderError":
                raise
            if kind in ("EmptyHeaderError", "TruncatedHeaderError"):
                raise Unreadable("truncated", "tar: the archive ends without an end mark") from None
            raise Unreadable("damaged", f"tar: {error}") from None


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
