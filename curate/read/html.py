"""An HTML file is one page, a text file is one text."""

from __future__ import annotations

from collections.abc import Iterator

from curate.charset import decode_text
from curate.model import Page, Rejection
from curate.read.source import Source
from curate.read.streams import decompressed
from curate.recipe import Read


def read_html(source: Source, options: Read) -> Iterator[Page | Rejection]:
    """The page that the file is; a damaged or too large one is a rejection."""
    content = _whole(source, options)
    yield content if isinstance(content, Rejection) else source.place().html_page(content)


def read_text(source: Source, options: Read) -> Iterator[Page | Rejection]:
    """The text that the file is; its charset is told by its bytes."""
    content = _whole(source, options)
    yield content if isinstance(content, Rejection) else source.place().text_page(decode_text(content))


def _whole(source: Source, options: Read) -> bytes | Rejection:
    content = decompressed(source.file).read(options.max_page_bytes + 1)
    if len(content) <= options.max_page_bytes:
        return content
    return source.place().rejection("too-large", f"More than {options.max_page_bytes} bytes.")
