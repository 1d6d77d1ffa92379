"""A row of JSONL or Parquet -> a page: which of its columns hold the text, the URL, the date and so on."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from curate.model import Page, Rejection
from curate.read.place import Place, sound
from curate.recipe import Read

HTML = ("html", "raw_html", "html_content", "page_html", "content_html")
TEXT = (
    *("text", "content", "raw_content", "maintext", "article_text", "article_body", "articlebody", "body", "article"),
    *("full_text", "fulltext", "plain_text", "document"),
)
URL = ("url", "link", "uri", "source_url", "page_url", "article_url", "requested_url", "warc-target-uri")
ID = ("id", "doc_id", "docid", "document_id", "uuid", "article_id", "guid", "warc-record-id")
DOWNLOADED = ("date_download", "date_crawled", "crawl_date", "fetched_at", "download_date", "timestamp", "warc-date")
DECLARED: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "headline"),
    "authors": ("authors", "author", "byline"),
    "publisher": ("publisher", "site_name", "sitename", "source_name", "source", "outlet"),
    "date_published": (
        *("date_published", "date_publish", "published", "publish_date", "published_at", "publication_date"),
        *("pub_date", "pubdate", "date"),
    ),
    "date_modified": ("date_modified", "date_modify", "modified", "updated", "updated_at"),
    "language": ("language", "lang"),
    "license": ("license", "licence"),
}
"""Names under which columns are found, in order of preference, whatever their letter case: those of news-please,
trafilatura, Dolma, FineWeb, C4, RedPajama and of datasets of news on the hub."""

NESTED = ("metadata", "meta")
"""Columns whose own fields are looked through after the row's."""

_NESTED_VALUES = 4
"""A value is looked for in lists and objects inside each other up to here."""


def row_page(row: Mapping[str, Any], place: Place, options: Read) -> Page | Rejection:
    """One row as a page: of HTML where the row has HTML, else of text.

    Returns:
        A rejection where the row holds neither (``no-text-column``), or too much of it (``too-large``).
    """
    columns = _columns(row)
    record = _first_text(columns, _chosen(options.id_column, ID))
    url = _first_text(columns, _chosen(options.url_column, URL))
    html = _content(columns, options.html_column, () if options.text_column else HTML)
    text = _content(columns, options.text_column, () if options.html_column else TEXT)
    if text is not None and not (html and html.strip()):
        html = None
    content = text if html is None else html
    if content is None:
        detail = f"No column of text or HTML among {', '.join(map(str, row)) or 'none'}."
        return place.rejection("no-text-column", detail[:300], url=url, record=record)
    if _size_bytes(content) > options.max_page_bytes:
        return place.rejection("too-large", f"More than {options.max_page_bytes} bytes.", url=url, record=record)
    declared = {name: found for name, known in DECLARED.items() if (found := _first_text(columns, known))}
    downloaded = _first_text(columns, DOWNLOADED)
    if html is not None:
        raw = html if isinstance(html, bytes) else sound(html).encode()
        charset = None if isinstance(html, bytes) else "utf-8"
        return place.html_page(
            raw, url=url, record=record, date_download=downloaded, charset=charset, declared=declared
        )
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text or ""
    return place.text_page(words, url=url, record=record, date_download=downloaded, declared=declared)


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """Columns by their folded names; the row's own come before those nested in it."""
    found: dict[str, Any] = {}
    for table in (row, *(row[name] for name in NESTED if isinstance(row.get(name), Mapping))):
        for name, value in table.items():
            found.setdefault(str(name).casefold(), value)
    return found


def _chosen(column: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    return (column.casefold(),) if column else usual


def _content(columns: Mapping[str, Any], chosen: str, usual: Iterable[str]) -> str | bytes | None:
    names = (chosen.casefold(),) if chosen else usual
    found: list[str | bytes] = [columns[name] for name in names if isinstance(columns.get(name), str | bytes)]
    return next((one for one in found if one.strip()), found[0] if found else None)


def _size_bytes(content: str | bytes) -> int:
    return len(content) if isinstance(content, bytes) or content.isascii() else len(sound(content).encode())


def _first_text(columns: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((text for name in names if (text := _as_text(columns.get(name)))), None)


def _as_text(value: Any, depth: int = _NESTED_VALUES) -> str | None:
    if depth == 0:
        return None
    if isinstance(value, str):
        return sound(value).strip() or None
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list | tuple):
        return "; ".join(text for one in value if (text := _as_text(one, depth - 1))) or None
    if isinstance(value, Mapping):
        return _as_text(value.get("name"), depth - 1)
    return None
