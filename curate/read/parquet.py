"""Parquet: one record a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


_DAMAGE = (pa.ArrowException, OSError, ValueError)


def read_parquet(source: Source, options: Read) -> Iterator[Page | Rejection]:
    """Every row of the row groups ``start`` to ``end``; one rejection for what is damaged of a group.

    Raises:
        Unreadable: the file is no Parquet.
    """
    try:
        file = pq.ParquetFile(source.file)
    except _DAMAGE as error:
        raise Unreadable("damaged", f"Parquet: {_first_line(error)}") from None
    first = source.first
    for group in range(source.start, file.num_row_groups if source.end is None else source.end):
        number = first
        first += file.metadata.row_group(group).num_rows
        try:
            for row in _rows(file, group):
                yield row_page(row, source.place(number), options)
                number += 1
        except Unreadable as error:
            yield source.place(number, f"group {group}").rejection(error.reason, error.detail)


def _rows(file: pq.ParquetFile, group: int) -> Iterator[Mapping[str, Any]]:
    try:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=[group]):
            yield from _as_python(batch)
    except _DAMAGE as error:
        raise Unreadable("damaged", f"Parquet, row group {group}: {_first_line(error)}") from None


def _as_python(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
    except (ValueError, OverflowError):
        names = batch.schema.names
        return [{name: _value(batch[name][row]) for name in names} for row in range(batch.num_rows)]
    return rows


def _value(scalar: pa.Scalar) -> Any:
    """The value; bytes where it is no valid UTF-8, None where Python has no such value (a date in the year 30000)."""
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return scalar.as_buffer().to_pybytes() if hasattr(scalar, "as_buffer") else None
    except (ValueError, OverflowError):
        return None


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
