"""Parquet: one record a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from curate.model import Page, Rejection
from curate.read.rows import row_page
from curate.read.source import Source
from curate.read.streams import Unreadable
from curate.recipe import Read

BATCH_ROWS = 64
"""Rows in memory at once; a page may have 10 MB."""


def read_parquet(source: Source, options: Read) -> Iterator[Page | Rejection]:
    """Every row of the row groups ``start`` to ``end``.

    Raises:
        Unreadable: the file is no Parquet, or damaged; what stands before the damage was read.
    """
    number = source.first
    try:
        with pq.ParquetFile(source.file) as file:
            groups = range(source.start, file.num_row_groups if source.end is None else source.end)
            for group in groups:
                for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=[group]):
                    for row in batch.to_pylist():
                        yield row_page(row, source.place(number), options)
                        number += 1
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable("damaged", f"Parquet, after {number} rows: {_first_line(error)}") from None


def _first_line(error: BaseException) -> str:
    return str(error).split("\n")[0][:200]


def group_cuts(file: BinaryIO, split_bytes: int) -> list[tuple[int, int]]:
    """Numbers of row groups (from 1) at which to cut, each with the number of its first row; none if unreadable."""
    try:
        metadata: Any = pq.read_metadata(file)
    except (pa.ArrowException, OSError, ValueError):
        return []
    found: list[tuple[int, int]] = []
    size = rows = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if size and size + group.total_byte_size > split_bytes:
            found.append((number, rows))
            size = 0
        size += group.total_byte_size
        rows += group.num_rows
    return found
