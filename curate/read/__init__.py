"""File -> pages: HTML, WARC, ARC, WET, JSONL, Parquet, text, zip and tar, compressed or not.

:func:`list_inputs` says what there is, :func:`plan_splits` cuts big files where records begin, :func:`read` gives the
records of one split: pages, and rejections that say where a record could not be read and why.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import BinaryIO

from curate.model import Page, Rejection
from curate.read.archive import read_tar, read_zip, zip_cuts
from curate.read.html import read_html, read_text
from curate.read.inputs import UNKNOWN, Input, Split, list_inputs
from curate.read.jsonl import line_cuts, read_jsonl
from curate.read.parquet import group_cuts, read_parquet
from curate.read.source import Reader, Source
from curate.read.streams import Unreadable, open_file
from curate.read.warc import read_arc, read_warc, read_wet, warc_cuts
from curate.recipe import Read

__all__ = ["READERS", "Input", "Split", "list_inputs", "plan_splits", "read"]


def _read_member(source: Source, options: Read) -> Iterator[Page | Rejection]:
    return _read_all(MEMBER_READERS[source.format], source, options)


MEMBER_READERS: Mapping[str, Reader] = {
    "html": read_html,
    "text": read_text,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "warc": read_warc,
    "arc": read_arc,
    "wet": read_wet,
}
"""What may also stand inside an archive."""

READERS: Mapping[str, Reader] = {
    **MEMBER_READERS,
    "zip": partial(read_zip, read_member=_read_member),
    "tar": partial(read_tar, read_member=_read_member),
}


def read(split: Split, options: Read) -> Iterator[Page | Rejection]:
    """Every record of one split, in order.

    What cannot be read is a rejection of stage ``read``: ``unknown-format``, ``unreadable`` (the file cannot be
    opened), ``damaged``, ``truncated``, ``too-large``, and what the format's reader adds. Records before and, where the
    format allows it, after the damage are read.
    """
    one = split.input
    if one.format == UNKNOWN:
        detail = "Neither the name nor the content tells what kind of file this is."
        yield Source(_nothing(), one.file_path, UNKNOWN).place().rejection("unknown-format", detail)
        return
    try:
        file = open_file(one.path)
    except OSError as error:
        detail = f"The file cannot be opened: {error.strerror or error}."
        yield Source(_nothing(), one.file_path, one.format).place().rejection("unreadable", detail)
        return
    with file:
        source = Source(file, one.file_path, one.format, split.start, split.end, split.first)
        yield from _read_all(READERS[one.format], source, options)


def _nothing() -> BinaryIO:
    return io.BytesIO()


def _read_all(reader: Reader, source: Source, options: Read) -> Iterator[Page | Rejection]:
    try:
        yield from reader(source, options)
    except Unreadable as error:
        yield source.place(key="rest").rejection(error.reason, error.detail)
    except OSError as error:
        yield source.place(key="rest").rejection("unreadable", f"Reading failed: {error.strerror or error}.")


def plan_splits(inputs: Sequence[Input], split_bytes: int) -> list[Split]:
    """Splits of every input, in order; a file with more than ``split_bytes`` is cut where that is possible.

    How files are split changes no record and no id.
    """
    return [split for one in inputs for split in _splits(one, split_bytes)]


def _splits(one: Input, split_bytes: int) -> list[Split]:
    cutter = CUTTERS.get(one.format)
    if cutter is None or one.size_bytes <= split_bytes:
        return [Split(one)]
    try:
        with open_file(one.path) as file:
            cuts = cutter(file, one, split_bytes)
    except (OSError, Unreadable):
        return [Split(one)]  # reading it will say why
    starts: list[tuple[int, int]] = [(0, 0), *cuts]
    splits = [Split(one, start, end, first) for (start, first), (end, _) in pairwise(starts)]
    return [*splits, Split(one, starts[-1][0], None, starts[-1][1])]


def _jsonl_cuts(file: BinaryIO, one: Input, split_bytes: int) -> list[tuple[int, int]]:
    return line_cuts(file, one.size_bytes, split_bytes)


def _parquet_cuts(file: BinaryIO, one: Input, split_bytes: int) -> list[tuple[int, int]]:
    return group_cuts(file, split_bytes)


def _zip_cuts(file: BinaryIO, one: Input, split_bytes: int) -> list[tuple[int, int]]:
    return [(cut, 0) for cut in zip_cuts(file, one.size_bytes, split_bytes)]


def _warc_cuts(file: BinaryIO, one: Input, split_bytes: int) -> list[tuple[int, int]]:
    return [(cut, 0) for cut in warc_cuts(file, one.format, one.size_bytes, split_bytes)]


Cutter = Callable[[BinaryIO, Input, int], list[tuple[int, int]]]
CUTTERS: Mapping[str, Cutter] = {
    "jsonl": _jsonl_cuts,
    "parquet": _parquet_cuts,
    "zip": _zip_cuts,
    "warc": _warc_cuts,
    "arc": _warc_cuts,
    "wet": _warc_cuts,
}
"""Where files of a format can be cut: (start of a split, number of its first record)."""
