"""What there is to read: files of a folder, a pattern, a URL or stdin, each with its format."""

from __future__ import annotations

import atexit
import glob
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import fsspec

from curate.errors import InputError
from curate.read.streams import Unreadable, decompressed, open_file

UNKNOWN = "unknown"
FORMATS = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".warc": "warc",
    ".arc": "arc",
    ".wet": "wet",
    ".parquet": "parquet",
    ".txt": "text",
    ".zip": "zip",
    ".tar": "tar",
    ".tgz": "tar",
}
"""Formats by suffix; ``.gz`` or ``.zst`` may follow."""

_COMPRESSED = (".gz", ".zst")
_HEAD_BYTES = 65536
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta)\b", re.I)


@dataclass(frozen=True)
class Input:
    """One file: ``path`` opens it, ``file_path`` names it below the input folder (with ``/``)."""

    path: str
    file_path: str
    format: str
    size_bytes: int


@dataclass(frozen=True)
class Split:
    """A part of a file that is read by itself.

    ``start`` and ``end`` (exclusive; None: to the end) are bytes of a WARC, ARC or JSONL file, row groups of a Parquet
    file, members of a zip file; any other file is one split. ``first`` is the number of its first line or row.
    """

    input: Input
    start: int = 0
    end: int | None = None
    first: int = 0


def list_inputs(raw: str) -> list[Input]:
    """Every file below ``raw``, in the order of its ``file_path``.

    A file whose format neither suffix nor content tells is listed with the format ``unknown``, so that reading it says
    so. Hidden files (``.name``) are left out.

    Args:
        raw: a file, a folder, a glob pattern, an fsspec URL of one of these, or ``-`` for stdin.

    Raises:
        InputError: nothing is there, or it cannot be listed.
    """
    if raw == "-":
        return [_spooled(sys.stdin.buffer)]
    found = list(_remote(raw) if "://" in raw else _local(raw))
    if not found:
        raise InputError(f"{raw}: there is no file to read.")
    return sorted(found, key=lambda one: (one.file_path, one.path))


def format_of(name: str, head: Callable[[], bytes]) -> str:
    """The format of a file by its suffix, else by its first bytes, which are asked for only then."""
    path = PurePosixPath(name.lower())
    suffix = PurePosixPath(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix
    return FORMATS.get(suffix) or _format_by_content(head(), suffix)


def is_hidden(file_path: str) -> bool:
    """Whether a file or a folder around it is a dotfile."""
    return any(part.startswith(".") and part.strip(".") for part in file_path.split("/"))


def _format_by_content(head: bytes, suffix: str) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"WARC/"):
        return "warc"
    if head.startswith(b"filedesc://"):
        return "arc"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04") and not suffix:  # with a suffix: docx, epub, jar ...
        return "zip"
    if head[257:262] == b"ustar":
        return "tar"
    if text.startswith(b"<") and _HTML.search(text[:2048]):
        return "html"
    return "jsonl" if text.startswith(b"{") and _is_json_line(text) else UNKNOWN


def _is_json_line(text: bytes) -> bool:
    """Whether the first line is a whole object: a JSON file over several lines is not JSONL."""
    line, newline, _ = text.partition(b"\n")
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return not newline and len(text) > _HEAD_BYTES // 2


def _head(opened: Callable[[], BinaryIO]) -> Callable[[], bytes]:
    def head() -> bytes:
        try:
            with opened() as file:
                return decompressed(file).read(_HEAD_BYTES)
        except (Unreadable, OSError):
            return b""

    return head


def _listed(path: str, file_path: str, size_bytes: int) -> Input:
    # a name that is not valid UTF-8 still opens its file, but is written down as valid UTF-8
    name = file_path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return Input(path, name, format_of(file_path, _head(lambda: open_file(path))), size_bytes)


def _local(raw: str) -> Iterator[Input]:
    if os.path.lexists(raw):
        yield from _walked(Path(raw), Path(raw) if Path(raw).is_dir() else Path(raw).parent)
        return
    if not glob.has_magic(raw):
        raise InputError(f"{raw}: there is no such file or folder.")
    base = Path(*_fixed_parts(Path(raw)))
    for path in sorted(glob.glob(raw, recursive=True)):  # noqa: PTH207  a pattern may be absolute
        if not Path(path).is_dir():
            yield from _walked(Path(path), base)


def _fixed_parts(pattern: Path) -> Iterator[str]:
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            return
        yield part


def _walked(path: Path, base: Path) -> Iterator[Input]:
    files = _files_below(path, set()) if path.is_dir() else [path]
    for file in files:
        file_path = file.relative_to(base).as_posix()
        if file.is_file() and not is_hidden(file_path):  # no device, no pipe
            yield _listed(os.path.abspath(file), file_path, file.stat().st_size)  # noqa: PTH100  links stay


def _files_below(folder: Path, around: set[str]) -> Iterator[Path]:
    """Files in and below a folder; links are followed, but not round in circles."""
    real = os.path.realpath(folder)
    if real in around:
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed: {error.strerror}.") from None
    for entry in entries:
        if entry.is_dir():
            yield from _files_below(entry, around | {real})
        else:
            yield entry


def _remote(raw: str) -> Iterator[Input]:
    try:
        system, path = fsspec.core.url_to_fs(raw)
        base, found = _found(system, path)
    except ImportError as error:
        raise InputError(f"{raw}: {error}\n  For s3://: pip install 'curate[s3]'") from None
    except FileNotFoundError:
        raise InputError(f"{raw}: there is no such file or folder.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{raw}: cannot be listed: {error}") from None
    for name, about in found.items():
        file_path = name[len(base) :].lstrip("/") if name.startswith(base) else name.rsplit("/", 1)[-1]
        if about.get("type") != "directory" and not is_hidden(file_path):
            yield _listed(str(system.unstrip_protocol(name)), file_path, int(about.get("size") or 0))


def _found(system: Any, path: str) -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    """The folder that names are relative to, and each file with what is known of it."""
    if glob.has_magic(path) and not system.exists(path):
        fixed = "/".join(path.split("/")[: next(n for n, part in enumerate(path.split("/")) if glob.has_magic(part))])
        return fixed, system.glob(path, detail=True)
    if system.isfile(path):
        return path.rsplit("/", 1)[0], {path: system.info(path)}
    if not system.exists(path):
        raise FileNotFoundError(path)
    return path.rstrip("/"), system.find(path, detail=True)


def _spooled(stdin: BinaryIO) -> Input:
    """Stdin as a file that lives as long as this process."""
    with tempfile.NamedTemporaryFile(prefix="curate-stdin-", delete=False) as copy:
        atexit.register(Path(copy.name).unlink, missing_ok=True)
        while chunk := stdin.read(1 << 20):
            copy.write(chunk)
    return _listed(copy.name, "stdin", Path(copy.name).stat().st_size)
