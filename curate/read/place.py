"""Pages and rejections of one file, with their ids and provenance."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from curate.model import Page, Provenance, Rejection, record_id

_NEWLINE = re.compile(r"\r\n?")
_SURROGATE = re.compile("[\ud800-\udfff]")


def sound(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


@dataclass(frozen=True)
class Place:
    """One record's place: its file and, where the file holds several records, what tells it from the others.

    ``offset`` is the place written down; ``key`` makes the id where several records share an offset.
    """

    file_path: str
    format: str
    offset: int | None = None
    key: str | None = None

    @property
    def id(self) -> str:
        """The record's id; it does not depend on how the file is split."""
        return record_id(self.file_path, self.offset if self.key is None else self.key)

    def html_page(
        self,
        html: bytes,
        *,
        url: str | None = None,
        record: str | None = None,
        date_download: str | None = None,
        charset: str | None = None,
        declared: Mapping[str, str] | None = None,
    ) -> Page:
        """A page of HTML, as it came."""
        provenance = self._provenance(record, hashlib.sha256(html).hexdigest())
        return Page(
            self.id,
            provenance,
            url=url and sound(url),
            date_download=date_download,
            html=html,
            charset=charset,
            declared=declared or {},
        )

    def text_page(
        self,
        text: str,
        *,
        url: str | None = None,
        record: str | None = None,
        date_download: str | None = None,
        declared: Mapping[str, str] | None = None,
    ) -> Page:
        """A page of text, its lines ended by ``\\n`` only; the digest is taken of that text."""
        text = _NEWLINE.sub("\n", sound(text))
        provenance = self._provenance(record, hashlib.sha256(text.encode()).hexdigest())
        return Page(
            self.id, provenance, url=url and sound(url), date_download=date_download, text=text, declared=declared or {}
        )

    def rejection(self, reason: str, detail: str, *, url: str | None = None, record: str | None = None) -> Rejection:
        """A record that could not be read."""
        return Rejection(self.id, self._provenance(record, None), "read", reason, sound(detail), url and sound(url))

    def _provenance(self, record: str | None, digest: str | None) -> Provenance:
        return Provenance(self.file_path, self.format, record and sound(record), self.offset, digest)
