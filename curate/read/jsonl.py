"""JSONL: one record a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from curate.model import Page, Rejection
from curate.read.place import Place
from curate.read.rows import row_page
from curate.read.source import Source
from curate.read.streams import CHUNK_BYTES, GZIP, ZSTD, decompressed, is_skippable
from curate.recipe import Read

ESCAPE_BYTES = 6
"""Bytes that JSON may take for one of text (``\\u00e9``), so a line may be so much longer than a page."""
SPARE_BYTES = 1 << 16
"""For the other columns."""


def read_jsonl(source: Source, options: Read) -> Iterator[Page | Rejection]:
    """Every line that is not blank: a page, or a rejection where it is no object (``damaged``) or ``too-large``.

    Lines are cut at ``\\n`` alone; a line without end costs no memory.
    """
    if source.end is None and source.start == 0:
        file = decompressed(source.file)
    else:
        file = source.file
        file.seek(source.start)
    limit = ESCAPE_BYTES * options.max_page_bytes + SPARE_BYTES
    at, number = source.start, source.first
    while source.end is None or at < source.end:
        line = file.readline(limit)
        if not line:
            return
        at += len(line)
        place = source.place(number)
        if len(line) == limit and not line.endswith(b"\n"):
            at += _skip_line(file)
            yield place.rejection("too-large", f"A line of more than {limit} bytes.")
        elif line.strip(b" \t\r\n\0\xef\xbb\xbf"):
            yield _record(line, place, options)
        number += 1


def _skip_line(file: BinaryIO) -> int:
    skipped = 0
    while piece := file.readline(CHUNK_BYTES):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _record(line: bytes, place: Place, options: Read) -> Page | Rejection:
    try:
        row = json.loads(line.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        return place.rejection("damaged", f"Not JSON: {error}"[:300])
    if not isinstance(row, dict):
        return place.rejection("damaged", f"A JSON object is wanted, not {type(row).__name__}.")
    return row_page(row, place, options)


def line_cuts(file: BinaryIO, size_bytes: int, split_bytes: int) -> list[tuple[int, int]]:
    """Offsets after 0 where a line begins, at least ``split_bytes`` apart, each with the line's number from 0.

    A compressed file cannot be cut: none.
    """
    found: list[tuple[int, int]] = []
    head = file.read(4)
    if head.startswith((GZIP, ZSTD)) or is_skippable(head):
        return found
    file.seek(0)
    at = lines = 0
    target = split_bytes
    while at < size_bytes and (piece := file.read(CHUNK_BYTES)):
        while target < at + len(piece):
            newline = piece.find(b"\n", max(target - at - 1, 0))
            if newline < 0 or at + newline + 1 >= size_bytes:
                break
            found.append((at + newline + 1, lines + piece.count(b"\n", 0, newline + 1)))
            target = at + newline + 1 + split_bytes
        lines += piece.count(b"\n")
        at += len(piece)
    return found
