"""Articles and rows as Arrow, as they lie between stages.

Files are Arrow IPC files, uncompressed, so that a later stage maps them and reads only the rows it wants.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.model import Article, Evidence, Metadata, Provenance, Rejection, shard_key

INDEX = pa.schema(
    [
        ("id", pa.string()),
        ("url", pa.string()),
        ("date_download", pa.string()),
        ("file_path", pa.string()),
        ("format", pa.string()),
        ("record_id", pa.string()),
        ("record_offset", pa.int64()),
        ("digest", pa.string()),
    ]
)

EXTRACTED = pa.schema(
    [
        *INDEX,
        ("source_domain", pa.string()),
        ("text", pa.string()),
        ("extractor", pa.string()),
        ("title", pa.string()),
        ("authors", pa.list_(pa.string())),
        ("publisher", pa.string()),
        ("canonical_url", pa.string()),
        ("date_published", pa.string()),
        ("date_modified", pa.string()),
        ("language", pa.string()),
        ("license", pa.string()),
        ("paths", pa.list_(pa.string())),
        ("link_shares", pa.list_(pa.float32())),
        ("in_body", pa.list_(pa.bool_())),
        ("line_keys", pa.list_(pa.int64())),
        ("line_chars", pa.list_(pa.int32())),
        ("line_prose", pa.list_(pa.bool_())),
        ("site_key", pa.uint32()),
    ]
)


def write_table(path: Path, table: pa.Table) -> None:
    """Write an Arrow IPC file: all of it or nothing, whatever kills the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as sink:
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        sink.flush()
        os.fsync(sink.fileno())
    temporary.replace(path)


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Map an Arrow IPC file; only what is used of it is read."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    return table if columns is None else table.select(list(columns))


def rows_table(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of ``schema``; also for no rows at all."""
    return pa.Table.from_pylist(list(rows), schema=schema)


def keyed(schema: pa.Schema) -> pa.Schema:
    """``schema`` with the column by which rows find their shard."""
    return schema.append(pa.field("shard_key", pa.uint32()))


def provenance_columns(provenance: Provenance) -> dict[str, Any]:
    """A record's provenance as columns."""
    return {
        "file_path": provenance.file_path,
        "format": provenance.format,
        "record_id": provenance.record_id,
        "record_offset": provenance.record_offset,
        "digest": provenance.digest,
    }


def rejection_row(rejection: Rejection) -> dict[str, Any]:
    """A rejection as a row of ``rejected`` with its shard key."""
    return {
        "id": rejection.id,
        "url": rejection.url,
        "stage": rejection.stage,
        "reason": rejection.reason,
        "detail": rejection.detail,
        "shard_key": shard_key(rejection.id),
        **provenance_columns(rejection.provenance),
    }


def article_row(article: Article) -> dict[str, Any]:
    """An article before cleaning as a row of ``EXTRACTED``, without its line statistics."""
    metadata = article.metadata
    evidence = article.evidence
    return {
        "id": article.id,
        "url": article.url,
        "date_download": article.date_download,
        **provenance_columns(article.provenance),
        "source_domain": article.source_domain,
        "text": article.text,
        "extractor": article.extractor,
        "title": metadata.title,
        "authors": list(metadata.authors),
        "publisher": metadata.publisher,
        "canonical_url": metadata.canonical_url,
        "date_published": metadata.date_published,
        "date_modified": metadata.date_modified,
        "language": metadata.language,
        "license": metadata.license,
        "paths": [one.path if one else None for one in evidence],
        "link_shares": [one.link_share if one else None for one in evidence],
        "in_body": [one.in_body if one else None for one in evidence],
    }


def articles(table: pa.Table) -> Iterator[Article]:
    """The articles of a table of ``EXTRACTED``, in its order."""
    for batch in table.to_batches(max_chunksize=256):
        for row in batch.to_pylist():
            yield _article(row)


def _article(row: dict[str, Any]) -> Article:
    return Article(
        id=row["id"],
        provenance=Provenance(row["file_path"], row["format"], row["record_id"], row["record_offset"], row["digest"]),
        text=row["text"],
        extractor=row["extractor"],
        metadata=Metadata(
            title=row["title"],
            authors=tuple(row["authors"] or ()),
            publisher=row["publisher"],
            canonical_url=row["canonical_url"],
            date_published=row["date_published"],
            date_modified=row["date_modified"],
            language=row["language"],
            license=row["license"],
        ),
        url=row["url"],
        source_domain=row["source_domain"],
        date_download=row["date_download"],
        evidence=tuple(
            None if path is None else Evidence(path, round(share, 3), in_body)
            for path, share, in_body in zip(row["paths"], row["link_shares"], row["in_body"], strict=True)
        ),
    )
