"""Pairs of articles that may be copies, and how similar they really are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from curate.dedup.tables import batches, repeats, rows_of, spokes

CANDIDATES = pa.schema([("id_a", pa.string()), ("id_b", pa.string()), ("kind", pa.string())])
PAIRS = CANDIDATES.append(pa.field("similarity", pa.float64()))

# Up to this many texts of one band key are all compared with each other: 1,225 pairs. Of more, each is
# compared with its neighbours only, or 10,000 texts of one template would make 50 million pairs.
_ALL_PAIRS = 50
_NEIGHBOURS = 8
# articles of 500 words have shingles of 4 KB: two of them for each pair make 400 MB
_PAIRS_AT_ONCE = 50_000

_ENTRIES = pa.schema(
    [
        ("key", pa.uint64()),
        ("text_digest", pa.string()),
        ("id", pa.string()),
        ("next", pa.uint64()),
        ("after_next", pa.uint64()),
    ]
)


def candidates(files: Sequence[Path], partition: int, partitions: int) -> pa.Table:
    """Pairs of articles that share a URL key, a text digest or a band key.

    Only keys whose hash falls into this partition are looked at, so that memory is bounded by the partition; all
    partitions together give every pair (a near one perhaps several times). Of the n articles with one URL or one
    digest the smallest id is paired with each other one: n - 1 pairs join them. In the bucket of a band key,
    texts with one digest are represented by their smallest id. All texts of a bucket are paired; in a bucket of
    more than 50, each with the 8 before it in the order of the two following band keys, which puts similar ones
    side by side.

    Args:
        files: Arrow files of articles with the signature columns, in any order.
        partition: the number of this partition, from 0.
        partitions: how many there are.

    Returns:
        ``id_a`` < ``id_b`` and ``kind`` (url, exact, near), sorted, each once.
    """
    tables = [
        _key_pairs(files, "url_key", "url", partition, partitions),
        _key_pairs(files, "text_digest", "exact", partition, partitions),
        _band_pairs(files, partition, partitions),
    ]
    return _sorted(pa.concat_tables(tables))


def verify(
    files: Sequence[Path], pair_files: Sequence[Path], partition: int, partitions: int, similarity: float
) -> pa.Table:
    """The candidates of one partition with their similarity, without near ones that are not similar enough.

    The similarity is the Jaccard coefficient of the shingles; that of texts with one digest is 1. Pages of one URL pass
    however little their texts have in common.

    Args:
        files: Arrow files of articles with the signature columns, in any order.
        pair_files: Arrow files of what :func:`candidates` gave, of all its partitions.
        partition: the number of this partition, from 0.
        partitions: how many there are; need not be as many as candidates had.
        similarity: least similarity (0-1) of a near pair.

    Returns:
        The columns of the candidates and ``similarity``, sorted, each pair once a kind.
    """
    pairs = _part(pair_files, CANDIDATES, partition, partitions)
    pairs = _sorted(pairs.group_by(CANDIDATES.names).aggregate([]).select(CANDIDATES.names))
    measured = similarities(files, pairs["id_a"], pairs["id_b"], pc.equal(pairs["kind"], "exact"))
    pairs = pairs.append_column(PAIRS.field("similarity"), pa.array(measured))
    return pairs.filter(pc.or_(pc.not_equal(pairs["kind"], "near"), pc.greater_equal(pairs["similarity"], similarity)))


def similarities(
    files: Sequence[Path], ids_a: pa.ChunkedArray, ids_b: pa.ChunkedArray, equal: pa.ChunkedArray
) -> npt.NDArray[np.float64]:
    """The Jaccard similarity of the shingles of pairs; 1 for those that are ``equal``, and not read.

    Two texts without words share nothing: 0.
    """
    result = np.ones(len(ids_a))
    unequal = np.flatnonzero(~equal.to_numpy().astype(bool))
    for start in range(0, len(unequal), _PAIRS_AT_ONCE):
        portion = unequal[start : start + _PAIRS_AT_ONCE]
        places = pa.array(portion)
        result[portion] = list(_jaccards(files, ids_a.take(places), ids_b.take(places)))
    return result


def _jaccards(files: Sequence[Path], ids_a: pa.ChunkedArray, ids_b: pa.ChunkedArray) -> Iterator[float]:
    wanted = pa.chunked_array([*ids_a.chunks, *ids_b.chunks], pa.string()).unique()
    rows = rows_of(files, wanted, _SHINGLES)
    lists = rows["shingles"].combine_chunks()
    offsets, values = lists.offsets.to_numpy(), lists.values.to_numpy()
    places = [pc.index_in(ids, value_set=rows["id"].combine_chunks()).to_numpy() for ids in (ids_a, ids_b)]
    for a, b in zip(*places, strict=True):
        yield _jaccard(values[offsets[a] : offsets[a + 1]], values[offsets[b] : offsets[b + 1]])


_SHINGLES = pa.schema([("id", pa.string()), ("shingles", pa.list_(pa.uint64()))])


def _jaccard(a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64]) -> float:
    """The Jaccard similarity of two sets, given as sorted arrays."""
    if not len(a) or not len(b):
        return 0.0
    if len(a) > len(b):
        a, b = b, a
    common = int(np.count_nonzero(_is_among(a, b)))
    return common / (len(a) + len(b) - common)


def _is_among(values: npt.NDArray[np.uint64], known: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which values stand in ``known``, which is sorted and not empty."""
    places = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.equal(known[places], values)


def _key_pairs(files: Sequence[Path], column: str, kind: str, partition: int, partitions: int) -> pa.Table:
    schema = pa.schema([(column, pa.string()), ("id", pa.string())])
    rows = _part(files, schema, partition, partitions).sort_by([(column, "ascending"), ("id", "ascending")])
    ids_a, ids_b = spokes(rows[column], rows["id"])
    return _pairs(ids_a, ids_b, kind)


def _part(files: Sequence[Path], schema: pa.Schema, partition: int, partitions: int) -> pa.Table:
    """The rows of a partition, by the hash of the first column."""
    parts = []
    for batch in batches(files, schema.names):
        parts.append(batch.filter(_falls_into(batch.column(0), partition, partitions)))
    return pa.Table.from_batches(parts, schema)


def _falls_into(keys: pa.Array, partition: int, partitions: int) -> pa.Array:
    """Whether each key is there, and its hash falls into the partition."""
    if partitions == 1:
        return pc.is_valid(keys)
    hashes = (None if key is None else xxhash.xxh3_64_intdigest(key.encode()) for key in keys.to_pylist())
    return pa.array((number is not None and number % partitions == partition for number in hashes), pa.bool_())


def _band_pairs(files: Sequence[Path], partition: int, partitions: int) -> pa.Table:
    shared = _shared_band_keys(files, partition, partitions)
    parts = [_entries(batch, shared) for batch in batches(files, _COLUMNS)] if len(shared) else []
    entries = pa.Table.from_batches(parts, _ENTRIES)
    entries = _without_copies(entries)
    ids = entries["id"].combine_chunks()
    names = ids.unique().sort()
    ranks = pc.index_in(ids, value_set=names).to_numpy().astype(np.int64)
    keys, following, after = (entries[name].to_numpy() for name in ("key", "next", "after_next"))
    order = np.lexsort((ranks, after, following, keys))
    pairs = _bucket_pairs(keys[order], ranks[order], len(names))
    first, second = np.divmod(pairs, max(len(names), 1))
    return _pairs(names.take(pa.array(first)), names.take(pa.array(second)), "near")


_COLUMNS = ["id", "text_digest", "bands"]


def _shared_band_keys(files: Sequence[Path], partition: int, partitions: int) -> npt.NDArray[np.uint64]:
    """The band keys of the partition that two articles or more have, sorted."""
    parts = [np.empty(0, np.uint64)]
    for batch in batches(files, ["bands"]):
        keys, _ = _band_values(batch["bands"])
        parts.append(keys[keys % np.uint64(partitions) == np.uint64(partition)])
    keys = np.sort(np.concatenate(parts))
    return np.unique(keys[1:][keys[1:] == keys[:-1]])


def _band_values(bands: pa.ListArray) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """All band keys of a batch, and the row of each."""
    return bands.flatten().to_numpy(), pc.list_parent_indices(bands).to_numpy()


def _entries(batch: pa.RecordBatch, shared: npt.NDArray[np.uint64]) -> pa.RecordBatch:
    """One row for each band key of a batch that is shared, with the two band keys that follow it in its text."""
    keys, rows = _band_values(batch["bands"])
    places = np.flatnonzero(_is_among(keys, shared))
    starts = np.searchsorted(rows, rows[places])
    counts = np.searchsorted(rows, rows[places], side="right") - starts
    following = [keys[starts + (places - starts + step) % counts] for step in (1, 2)]
    own = pa.array(rows[places])
    columns = [keys[places], batch["text_digest"].take(own), batch["id"].take(own), *following]
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=_ENTRIES)


def _without_copies(entries: pa.Table) -> pa.Table:
    """Of the texts with one digest in one bucket, the one with the smallest id."""
    entries = entries.sort_by([("key", "ascending"), ("text_digest", "ascending"), ("id", "ascending")])
    return entries.filter(pa.array(~(repeats(entries["key"]) & repeats(entries["text_digest"]))))


def _bucket_pairs(keys: npt.NDArray[np.uint64], ranks: npt.NDArray[np.int64], names: int) -> npt.NDArray[np.int64]:
    """Pairs of ranks as ``smaller * names + larger``, each once; ``keys`` is sorted."""
    _, bucket, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    reach = np.where(sizes <= _ALL_PAIRS, sizes - 1, _NEIGHBOURS)[bucket]
    found = [np.empty(0, np.int64)]
    for step in range(1, int(reach.max(initial=0)) + 1):
        places = np.flatnonzero((keys[step:] == keys[:-step]) & (reach[step:] >= step))
        a, b = ranks[places], ranks[places + step]
        found.append(np.minimum(a, b) * names + np.maximum(a, b))
    return np.unique(np.concatenate(found))


def _pairs(ids_a: pa.Array, ids_b: pa.Array, kind: str) -> pa.Table:
    kinds = pa.array([kind], pa.string()).take(pa.array(np.zeros(len(ids_a), np.int64)))
    return pa.table({"id_a": ids_a, "id_b": ids_b, "kind": kinds}, schema=CANDIDATES)


def _sorted(pairs: pa.Table) -> pa.Table:
    return pairs.sort_by([(name, "ascending") for name in CANDIDATES.names]).combine_chunks()
