"""Intermediate Arrow files to Parquet shards whose bytes depend on the rows alone.

A shard is a binary prefix of the 32-bit shard key, so a row's shard is decided by its id and by the size of its
neighbourhood, never by how many rows came before it: a few new articles rewrite a few files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.model import SUBSETS
from curate.write.manifest import file_entry, replacing

MAX_PREFIX_BITS = 16
"""65,536 shards at most: 16 TB of text at 256 MB a shard, counted in a table of 512 KB."""

ROW_GROUP_ROWS = 2_000
"""What a reader must hold at once: about 6 MB of news at 3,000 characters an article."""

# One setting for every shard, so that equal rows give equal bytes. Content-defined chunks keep most pages of a
# changed shard as they were, which is what the hub deduplicates by; `datasets` writes its own Parquet the same way.
_PARQUET: Mapping[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "write_statistics": True,
    "write_page_index": True,
    "use_content_defined_chunking": True,
}

_NAME = re.compile(r"part-(all|[01]{1,16})\.parquet")
_SORT = {"removed": ("id", "start")}

Histogram = npt.NDArray[np.int64]
"""Bytes of text below each 16-bit prefix of the shard key."""


def shard_name(prefix: str) -> str:
    """File name of the shard of ``prefix``, a string of 0 and 1; the empty one holds every row."""
    return f"part-{prefix or 'all'}.parquet"


def shard_prefix(name: str) -> str | None:
    """The prefix that a shard's file name stands for; None when it is not the name of a shard."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return "" if match[1] == "all" else match[1]


def measure(files: Sequence[Path]) -> Histogram:
    """Bytes in the string columns of intermediate files, by the first 16 bits of the shard key.

    Only keys and offsets are read, so the texts stay on disk. Rows of merged duplicates count too: a shard may come
    out smaller than planned.
    """
    sizes = np.zeros(1 << MAX_PREFIX_BITS, dtype=np.int64)
    for batch in _batches(files):
        keys = _keys(batch) >> (32 - MAX_PREFIX_BITS)
        sizes += np.bincount(keys, weights=_text_bytes(batch), minlength=len(sizes)).astype(np.int64)
    return sizes


def plan_shards(sizes: Histogram, max_bytes: int) -> list[str]:
    """The prefixes of the shards, in order: one for everything, or halves of halves until none exceeds ``max_bytes``.

    Args:
        sizes: what ``measure`` counted.
        max_bytes: a larger shard is split in two, down to 16 bits.

    Returns:
        Prefixes that hold every row exactly once; a half without rows has none. ``[""]`` when there are no rows.
    """
    return _split(sizes, "", max_bytes) or [""]


def _split(sizes: Histogram, prefix: str, max_bytes: int) -> list[str]:
    total = int(sizes.sum())
    if total == 0:
        return []
    if total <= max_bytes or len(sizes) == 1:
        return [prefix]
    low, high = np.split(sizes, 2)
    return _split(low, prefix + "0", max_bytes) + _split(high, prefix + "1", max_bytes)


def write_shard(
    subset: str,
    files: Sequence[Path],
    prefix: str,
    folder: Path,
    *,
    merged: Sequence[Path] = (),
    clusters: Sequence[Path] = (),
) -> dict[str, Any]:
    """Write the shard of ``prefix`` of one subset, whole or not at all.

    The bytes depend on the rows alone: not on the number or order of the files, nor on their batches. One shard is
    held in memory.

    Args:
        subset: a name of ``SUBSETS``; it decides columns and order of the rows.
        files: every intermediate file of the subset, with the column ``shard_key``.
        prefix: one of ``plan_shards``.
        folder: the subset's folder in the output.
        merged: the files of duplicates (``id``, ``shard_key``): articles with these ids, and their removals, are
            left out.
        clusters: files with ``id``, ``cluster_id``, ``cluster_size``, which articles take over; an article that
            they don't name is a cluster of its own.

    Returns:
        The shard's ``rows``, ``bytes`` and ``sha256``. A shard without rows is not written and has ``rows`` 0 and
        nothing else, but for prefix "": the one file of an empty subset, see ``write_empty``.
    """
    rows = _rows(files, SUBSETS[subset], prefix)
    if merged:
        rows = rows.filter(pc.invert(pc.is_in(rows["id"], value_set=_ids(merged, prefix))))
    if rows.num_rows == 0:
        return write_empty(subset, folder) if prefix == "" else {"rows": 0}
    if subset == "data":
        rows = _with_clusters(rows, clusters)
    order = pc.sort_indices(rows, sort_keys=[(column, "ascending") for column in _SORT.get(subset, ("id",))])
    return _write(folder / shard_name(prefix), SUBSETS[subset], rows, order)


def write_empty(subset: str, folder: Path) -> dict[str, Any]:
    """Write the one file of a subset without rows: columns, and no row group.

    ``load_dataset`` fails on an empty row group. On a file without any it streams no rows with the right features.
    """
    return _write(folder / shard_name(""), SUBSETS[subset], SUBSETS[subset].empty_table(), pa.array([], pa.uint64()))


def _write(path: Path, schema: pa.Schema, rows: pa.Table, order: pa.Array) -> dict[str, Any]:
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, **_PARQUET) as writer:
        for start in range(0, len(order), ROW_GROUP_ROWS):
            # combined, because chunk borders would move page borders
            group = rows.take(order[start : start + ROW_GROUP_ROWS]).combine_chunks()
            writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
    return file_entry(path)


def _batches(files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    for file in files:
        reader = pa.ipc.open_file(pa.memory_map(str(file)))
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)


def _keys(batch: pa.RecordBatch) -> npt.NDArray[np.uint32]:
    keys: npt.NDArray[np.uint32] = batch.column("shard_key").to_numpy()
    return keys


def _text_bytes(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    total = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        if pa.types.is_string(column.type):
            total += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return total


def _below(batch: pa.RecordBatch, prefix: str) -> pa.Array:
    """Which rows have a shard key that starts with ``prefix``."""
    if not prefix:
        return pa.array(np.ones(batch.num_rows, dtype=bool))
    return pa.array(_keys(batch) >> (32 - len(prefix)) == int(prefix, 2))


def _rows(files: Sequence[Path], schema: pa.Schema, prefix: str) -> pa.Table:
    found = (batch.select(schema.names).filter(_below(batch, prefix)) for batch in _batches(files))
    return pa.Table.from_batches([batch for batch in found if batch.num_rows], schema)


def _ids(files: Sequence[Path], prefix: str) -> pa.ChunkedArray:
    found = [batch.column("id").filter(_below(batch, prefix)) for batch in _batches(files)]
    return pa.chunked_array(found, pa.string())


def _with_clusters(rows: pa.Table, files: Sequence[Path]) -> pa.Table:
    clusters: dict[str, tuple[str, int]] = {}
    for batch in _batches(files):
        here = batch.filter(pc.is_in(batch.column("id"), value_set=rows["id"]))
        for row in here.to_pylist():
            clusters[row["id"]] = row["cluster_id"], row["cluster_size"]
    chosen = [clusters.get(name, (name, 1)) for name in rows["id"].to_pylist()]
    for column, values in (("cluster_id", [c[0] for c in chosen]), ("cluster_size", [c[1] for c in chosen])):
        index = rows.schema.get_field_index(column)
        rows = rows.set_column(index, rows.schema.field(column), pa.array(values, rows.schema.field(column).type))
    return rows
