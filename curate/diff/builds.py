"""The records of a finished build in the order of their ids, a few rows in memory at a time."""

from __future__ import annotations

import bisect
import heapq
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.build import read_build
from curate.errors import OutputError
from curate.model import SUBSETS, shard_key
from curate.write.shards import MAX_PREFIX_BITS, shard_name, shard_prefix

MAX_OPEN_SHARDS = 128
"""Shards of both builds that are read side by side; half of what systems with the lowest limit let a process open."""

_BATCH_ROWS = 500
_TEXT_BATCH_ROWS = 100

_NEEDED: Mapping[str, Sequence[str]] = {
    "data": ("id", "text", "original_length"),
    "removed": ("id", "start", "end", "rule"),
    "rejected": ("id", "stage", "reason"),
    "duplicates": ("id", "kind"),
}
"""Columns without which there is nothing to compare; none of them is ever null."""

_ALSO: Mapping[str, Sequence[str]] = {"rejected": ("url",), "duplicates": ("url", "kept_id")}

Row = Mapping[str, Any]
Span = tuple[int, int, str]
"""Start, end and rule of a removed span."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of a subset, which holds the ids below ``prefix``."""

    path: Path
    prefix: str


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build: its folder, its build.json, and its shards by subset."""

    folder: Path
    described: Mapping[str, Any]
    shards: Mapping[str, Sequence[Shard]]


@dataclass(frozen=True, slots=True)
class Record:
    """What a build says of one record: its row in ``data`` (without the text), ``rejected`` or ``duplicates``."""

    id: str
    subset: str
    row: Row
    spans: tuple[Span, ...]

    @property
    def is_article(self) -> bool:
        """Whether the record became an article."""
        return self.subset == "data"

    @property
    def outcome(self) -> str:
        """What became of the record, in words that can be counted."""
        if self.subset == "rejected":
            return f"rejected: {self.row['stage']}/{self.row['reason']}"
        return "article" if self.is_article else f"duplicate: {self.row['kind']}"


def open_build(out: Path) -> Build:
    """The build in a folder, its shards as build.json lists them.

    Raises:
        OutputError: it is no finished build, or a shard is missing.
    """
    described = read_build(out)
    if not isinstance(described, dict) or not isinstance(described.get("files"), dict):
        raise OutputError(f"{out}: its build.json is not that of a build: it lists no files.")
    shards = {subset: [Shard(out / name, prefix) for name, prefix in _listed(described, subset)] for subset in SUBSETS}
    for subset, found in shards.items():
        if missing := next((shard.path for shard in found if not shard.path.is_file()), None):
            raise OutputError(f"{missing} is missing.\n  See what else is wrong: curate verify {out}")
        if not found:
            raise OutputError(f"{out}: its build.json lists no shard of {subset}/.")
    return Build(out, described, shards)


def _listed(described: Mapping[str, Any], subset: str) -> Iterator[tuple[str, str]]:
    """Names and prefixes of a subset's shards; what is not the name of a shard leads nowhere."""
    for name in described["files"]:
        prefix = shard_prefix(name.removeprefix(f"{subset}/"))
        if prefix is not None and name == f"{subset}/{shard_name(prefix)}":
            yield name, prefix


def groups(builds: Sequence[Build]) -> list[str]:
    """Prefixes that hold every id once, each touching at most ``MAX_OPEN_SHARDS`` shards of the builds."""
    return _split([shard.prefix for build in builds for found in build.shards.values() for shard in found], "")


def _split(prefixes: Sequence[str], group: str) -> list[str]:
    touched = [prefix for prefix in prefixes if _overlap(prefix, group)]
    if len(touched) <= MAX_OPEN_SHARDS or len(group) == MAX_PREFIX_BITS:
        return [group]
    return _split(touched, group + "0") + _split(touched, group + "1")


def _overlap(prefix: str, other: str) -> bool:
    return prefix.startswith(other) or other.startswith(prefix)


def records(build: Build, group: str) -> Iterator[Record]:
    """Every record whose id falls below ``group``, by id; texts are not read.

    Raises:
        OutputError: a shard cannot be read, or its rows are not those of a build.
    """
    streams = [
        _rows(shard, subset, group)
        for subset, shards in build.shards.items()
        for shard in shards
        if _overlap(shard.prefix, group)
    ]
    last = ""
    for row_id, found in itertools.groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        rows = list(found)
        spans = tuple((row["start"], row["end"], row["rule"]) for _, subset, row in rows if subset == "removed")
        stands = [(subset, row) for _, subset, row in rows if subset != "removed"]
        if len(stands) != 1 or row_id <= last:
            raise OutputError(
                f"{build.folder}: {row_id} is out of order, or not one row.\n"
                f"  See what is wrong: curate verify {build.folder}"
            )
        last = row_id
        yield Record(row_id, *stands[0], spans)


def _rows(shard: Shard, subset: str, group: str) -> Iterator[tuple[str, str, Row]]:
    cut = len(shard.prefix) < len(group)
    with _opened(shard, subset) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=_columns(file, subset)):
            for row in batch.to_pylist():
                if None in (row[column] for column in _NEEDED[subset] if column != "text"):
                    raise OutputError(f"{shard.path}: {row['id']} lacks one of: {', '.join(_NEEDED[subset])}.")
                if not cut or _key_bits(row["id"]).startswith(group):
                    yield row["id"], subset, row


def _columns(file: pq.ParquetFile, subset: str) -> list[str]:
    """All columns of an article but its text; of the others what is compared."""
    names = file.schema_arrow.names
    if subset == "data":
        return [name for name in names if name != "text"]
    return [name for name in names if name in (*_NEEDED[subset], *_ALSO.get(subset, ()))]


@contextmanager
def _opened(shard: Shard, subset: str) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(shard.path) as file:
            schema = file.schema_arrow
            for column in _NEEDED[subset]:
                if column not in schema.names or schema.field(column).type != SUBSETS[subset].field(column).type:
                    raise OutputError(f"{shard.path}: it has no column {column!r} as a build writes it.")
            yield file
    except (pa.ArrowException, OSError, ValueError) as error:
        raise OutputError(f"{shard.path} cannot be read: {str(error).splitlines()[0]}") from None


def _key_bits(row_id: str) -> str:
    return f"{shard_key(row_id):032b}"


def texts(build: Build, wanted: Sequence[str]) -> dict[str, str]:
    """Texts of articles by id; only the row groups that hold one of them are read.

    Args:
        build: the build that has them.
        wanted: ids in order.

    Raises:
        OutputError: one of them is not in the shard where its id belongs.
    """
    bits = {row_id: _key_bits(row_id) for row_id in wanted}
    found: dict[str, str] = {}
    for shard in build.shards["data"]:
        if here := [row_id for row_id in wanted if bits[row_id].startswith(shard.prefix)]:
            found.update(_texts_of(shard, here))
    if lacking := bits.keys() - found.keys():
        raise OutputError(
            f"{build.folder}: {min(lacking)} has no text.\n  See what is wrong: curate verify {build.folder}"
        )
    return found


def _texts_of(shard: Shard, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    values = pa.array(wanted, pa.string())
    with _opened(shard, "data") as file:
        row_groups = [index for index in range(file.num_row_groups) if _may_hold(file, index, wanted)]
        for batch in file.iter_batches(_TEXT_BATCH_ROWS, row_groups=row_groups, columns=["id", "text"]):
            here = batch.filter(pc.is_in(batch.column("id"), value_set=values))
            pairs = zip(here.column("id").to_pylist(), here.column("text").to_pylist(), strict=True)
            yield from ((row_id, text) for row_id, text in pairs if text is not None)


def _may_hold(file: pq.ParquetFile, row_group: int, wanted: Sequence[str]) -> bool:
    """Whether an id of ``wanted``, in order, can stand in a row group."""
    column = file.metadata.row_group(row_group).column(file.schema_arrow.get_field_index("id"))
    statistics = column.statistics
    if statistics is None or not statistics.has_min_max:
        return True
    return bisect.bisect_left(wanted, statistics.min) < bisect.bisect_right(wanted, statistics.max)
