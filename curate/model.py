"""The shapes that stages exchange, and the Arrow schemas of what is written.

A record is one thing read from the input; a page is a record that could be read; an article is a page
whose text was extracted. Offsets always count characters (Unicode code points) of the extracted text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record comes from.

    ``file_path`` is relative to the input folder, with ``/``; ``record_offset`` is the byte offset of a WARC
    record in its file as stored, or the number (from 0) of a JSONL line or a Parquet row, and null where the
    file is the record; ``digest`` is the sha256 (hex) of the record's payload: the HTML bytes or the text as UTF-8.
    """

    file_path: str
    format: str
    record_id: str | None = None
    record_offset: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One record as read: raw HTML, or text that was extracted elsewhere; never both.

    ``declared`` holds columns that came beside the text (title, authors, publisher, date_published,
    date_modified, language, license), as strings; several authors are separated by "; ".
    """

    id: str
    provenance: Provenance
    url: str | None = None
    date_download: str | None = None
    html: bytes | None = None
    text: str | None = None
    charset: str | None = None
    declared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One record that became no article, and why.

    ``stage`` is read, extract, clean, language, quality; ``reason`` is a short name that can be counted;
    ``detail`` is a sentence for a person.
    """

    id: str
    provenance: Provenance
    stage: str
    reason: str
    detail: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says of itself. Dates are ISO 8601 (a day, or a time with its offset)."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    publisher: str | None = None
    canonical_url: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    language: str | None = None
    license: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the page says of one line.

    ``path`` is the chain of elements around it, outermost first, as
    ``div#content.main > ul.related[role=navigation] > li``; ``link_share`` is the share (0-1) of its characters
    inside links (in a row of figures, each cell counts alike); ``in_body`` says whether the JSON-LD ``articleBody`` has
    the line (None: the page has no such body).
    """

    path: str
    link_share: float
    in_body: bool | None


@dataclass(frozen=True, slots=True)
class Article:
    """A page whose text was extracted, before cleaning.

    ``evidence`` has one entry a line of ``text`` (split on ``\\n`` only), None where the line was not found in the
    page; it is empty for input that was text already.
    """

    id: str
    provenance: Provenance
    text: str
    extractor: str
    metadata: Metadata
    url: str | None = None
    source_domain: str | None = None
    date_download: str | None = None
    evidence: Sequence[Evidence | None] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    """One removed span of an article's extracted text: characters ``start`` to ``end`` (exclusive)."""

    start: int
    end: int
    rule: str
    stage: str
    why: str


def record_id(file_path: str, record: str | int | None = None) -> str:
    """The id of a record: 32 hex characters, the same on every machine.

    Made of the file's path below the input folder and the record's place or name in it, so that two
    records never share an id, even when they are copies of each other.
    """
    return hashlib.sha256(
        f"{file_path}\0{'' if record is None else record}".encode("utf-8", "surrogatepass")
    ).hexdigest()[:32]


def shard_key(article_id: str) -> int:
    """32 bits that decide the shard of every row about ``article_id``."""
    return int.from_bytes(hashlib.sha256(article_id.encode()).digest()[:4], "big")


PROVENANCE = pa.struct(
    [
        ("file_path", pa.string()),
        ("format", pa.string()),
        ("record_id", pa.string()),
        ("record_offset", pa.int64()),
        ("digest", pa.string()),
        ("extractor", pa.string()),
        ("rules", pa.string()),
        ("recipe", pa.string()),
        ("removed_chars", pa.int64()),
        ("extracted_digest", pa.string()),
    ]
)

ARTICLES = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("url", pa.string()),
        ("canonical_url", pa.string()),
        ("source_domain", pa.string()),
        ("publisher", pa.string()),
        ("title", pa.string()),
        ("authors", pa.list_(pa.string())),
        ("date_published", pa.string()),
        ("date_modified", pa.string()),
        ("date_download", pa.string()),
        ("language", pa.string()),
        ("language_score", pa.float64()),
        ("license", pa.string()),
        ("wire_agency", pa.string()),
        ("wire_evidence", pa.string()),
        ("dateline", pa.string()),
        ("original_length", pa.int64()),
        ("length", pa.int64()),
        ("original_nlines", pa.int64()),
        ("nlines", pa.int64()),
        ("word_count", pa.int64()),
        ("cluster_id", pa.string()),
        ("cluster_size", pa.int64()),
        ("provenance", PROVENANCE),
    ]
)

REMOVED = pa.schema(
    [
        ("id", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("text", pa.string()),
        ("rule", pa.string()),
        ("stage", pa.string()),
        ("why", pa.string()),
    ]
)

REJECTED = pa.schema(
    [
        ("id", pa.string()),
        ("url", pa.string()),
        ("file_path", pa.string()),
        ("format", pa.string()),
        ("record_id", pa.string()),
        ("record_offset", pa.int64()),
        ("digest", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)

DUPLICATES = pa.schema(
    [
        ("id", pa.string()),
        ("kept_id", pa.string()),
        ("cluster_id", pa.string()),
        ("kind", pa.string()),
        ("similarity", pa.float64()),
        ("url", pa.string()),
        ("date", pa.string()),
        ("file_path", pa.string()),
        ("record_offset", pa.int64()),
        ("digest", pa.string()),
    ]
)

SUBSETS: Mapping[str, pa.Schema] = {
    "data": ARTICLES,
    "removed": REMOVED,
    "rejected": REJECTED,
    "duplicates": DUPLICATES,
}
"""The folders of a build and their schemas; the config of ``data`` is called ``default``."""
