"""The columns by which articles are compared."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from curate.dedup.exact import url_key, words_digest
from curate.dedup.minhash import word_signatures
from curate.dedup.words import words

SIGNATURES = pa.schema(
    [
        ("url_key", pa.string()),
        ("text_digest", pa.string()),
        ("bands", pa.list_(pa.uint64())),
        ("shingles", pa.list_(pa.uint64())),
    ]
)
"""The columns :func:`signature_columns` makes; they stand beside an article's own until it is written."""

_TEXTS_AT_ONCE = 500  # the words of 500 articles take about 10 MB as Python strings


def signature_columns(texts: Sequence[str], urls: Sequence[str | None]) -> dict[str, pa.Array]:
    """The signature of each article: its page's URL key, its text's digest, band keys and shingles.

    Args:
        texts: cleaned texts.
        urls: the URL of each, None where it is unknown.

    Returns:
        The columns of :data:`SIGNATURES`, one row a text. A text without words has no digest and empty lists.
    """
    parts = [_text_columns(texts[start : start + _TEXTS_AT_ONCE]) for start in range(0, len(texts), _TEXTS_AT_ONCE)]
    keys = pa.array([url_key(url) for url in urls], pa.string())
    return {"url_key": keys, **{name: _column(parts, name) for name in SIGNATURES.names[1:]}}


def _text_columns(texts: Sequence[str]) -> dict[str, pa.Array]:
    folded = [words(text) for text in texts]
    bands, shingles = word_signatures(folded)
    return {
        "text_digest": pa.array([words_digest(text) for text in folded], pa.string()),
        "bands": bands,
        "shingles": shingles,
    }


def _column(parts: Sequence[dict[str, pa.Array]], name: str) -> pa.Array:
    return pa.concat_arrays([pa.array([], SIGNATURES.field(name).type), *(part[name] for part in parts)])
