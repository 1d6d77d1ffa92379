"""Reading columns of many Arrow files, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def batches(files: Sequence[Path], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The record batches of Arrow files, memory-mapped: only what is looked at is read."""
    for file in files:
        with pa.memory_map(str(file)) as source:
            reader = pa.ipc.open_file(source)
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number).select(columns)


def rows_of(files: Sequence[Path], ids: pa.Array, schema: pa.Schema) -> pa.Table:
    """The columns of ``schema`` of the rows whose id is one of ``ids``, by id."""
    parts = []
    for batch in batches(files, schema.names):
        places = np.flatnonzero(pc.is_in(batch["id"], value_set=ids).to_numpy(zero_copy_only=False))
        if len(places):
            parts.append(batch.take(pa.array(places)))
    return pa.Table.from_batches(parts, schema).sort_by("id")


def repeats(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Which values equal the one before them."""
    result = np.zeros(len(column), bool)
    result[1:] = pc.equal(column[1:], column[:-1]).to_numpy()
    return result


def spokes(keys: pa.ChunkedArray, ids: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """From rows sorted by key: the first id of each key, beside every later one."""
    repeated = repeats(keys)
    hubs = np.maximum.accumulate(np.where(repeated, 0, np.arange(len(keys))))
    return ids.take(pa.array(hubs[repeated])), ids.take(pa.array(np.flatnonzero(repeated)))
