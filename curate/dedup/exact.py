"""Copies that are found by one key: the URL, the text but for its dress, the bytes of the record."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from curate.dedup.tables import batches, spokes
from curate.dedup.words import words

_DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say how a reader came, never what is read. Source: the public tracking-query-params-registry
# (github.com/mpchadwick) and AdGuard's general URL tracking list, without names that some sites use for content
# (ref, source, campaign, cid, id, s).
_TRACKING_PREFIXES = ("utm_", "stm_", "hsa_", "mtm_", "matomo_", "pk_", "piwik_")
_TRACKING = frozenset(
    [
        "fbclid",
        "gclid",
        "gclsrc",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "yclid",
        "twclid",
        "ttclid",
        "rdt_cid",
        "srsltid",
        "igshid",
        "li_fat_id",
        "epik",
        "rb_clickid",
        "irclickid",
        "tblci",
        "dicbo",
        "_ga",
        "_gl",
        "_openstat",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "_hsenc",
        "_hsmi",
        "__hssc",
        "__hstc",
        "__hsfp",
        "hsctatracking",
        "vero_id",
        "_kx",
        "_ke",
        "_bta_tid",
        "_bta_c",
        "oly_anon_id",
        "oly_enc_id",
        "wickedid",
        "s_kwcid",
        "ef_id",
        "dm_i",
        "soc_src",
        "soc_trk",
        "fb_action_ids",
        "fb_action_types",
        "fb_ref",
        "fb_source",
        "guccounter",
        "guce_referrer",
        "guce_referrer_sig",
        "icid",
        "ftag",
        "cmpid",
    ]
)

_MAX_HOST_CHARS = 253  # RFC 1035; a longer name is left as it is
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def url_key(url: str | None) -> str | None:
    """The same string for every way to write one page's address; None where ``url`` is no web address.

    Not told apart: http and https, case of the host, ``www.``, the scheme's own port, user names, tracking
    parameters, order of parameters, a trailing slash, percent-encoding, and fragments, but for those that
    name a page (``#!story`` and ``#/story``). AMP and mobile addresses are other pages: their text may differ.
    """
    try:
        parts = urlsplit((url or "").strip())
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    place = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    if any(char.isspace() for char in parts.hostname):
        return None
    return f"{_host(parts.hostname)}{place}{_escaped(parts.path).rstrip('/')}{_query(parts.query)}{_fragment(parts)}"


def _host(name: str) -> str:
    name = name.lower().rstrip(".")
    if not name.isascii() and len(name) <= _MAX_HOST_CHARS:
        with contextlib.suppress(UnicodeError):
            name = name.encode("idna").decode("ascii")
    return name.removeprefix("www.")


def _query(query: str) -> str:
    kept = [_escaped(parameter) for parameter in query.split("&") if parameter and not _is_tracking(parameter)]
    # by name alone: the order of one name's values can matter
    kept.sort(key=lambda parameter: parameter.partition("=")[0])
    return "?" + "&".join(kept) if kept else ""


def _is_tracking(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _fragment(parts: SplitResult) -> str:
    return "#" + _escaped(parts.fragment) if parts.fragment.startswith(("!", "/")) else ""


def _escaped(part: str) -> str:
    """``part`` with every character escaped that must be, none that need not be, in capitals."""
    return _ESCAPE.sub(_escape, quote(part, safe="%!$&'()*+,;=:@/?[]~", errors="replace"))


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def text_digest(text: str | None) -> str | None:
    """32 hex characters that are equal for texts that differ in case, punctuation and white space only.

    None for a text without a letter or digit: such texts have nothing in common and are never merged.
    """
    return words_digest(words(text or ""))


def words_digest(folded: Sequence[str]) -> str | None:
    """:func:`text_digest` of a text whose words are known."""
    return hashlib.sha256("".join(folded).encode("utf-8", "surrogatepass")).hexdigest()[:32] if folded else None


def payload_copies(index_files: Sequence[Path]) -> pa.Table:
    """Records whose bytes are those of another record.

    Of the records with one digest, the one downloaded first is kept, then the one with the smallest id; an unknown
    ``date_download`` comes last. Records without a digest (they could not be read) are copies of nothing.

    Args:
        index_files: Arrow files with the string columns ``id``, ``digest`` and ``date_download``.

    Returns:
        ``id`` and ``kept_id`` of every copy, by id. No kept record is itself a copy.
    """
    parts = [batch.filter(pc.is_valid(batch["digest"])) for batch in batches(index_files, _INDEX.names)]
    records = pa.Table.from_batches(parts, _INDEX)
    counts = records.group_by("digest").aggregate([("digest", "count")])
    repeated = counts.filter(pc.greater(counts["digest_count"], 1))["digest"].combine_chunks()
    records = records.filter(pc.is_in(records["digest"], value_set=repeated))
    known = pc.if_else(pc.equal(records["date_download"], ""), None, records["date_download"])
    records = records.set_column(2, "date_download", pc.fill_null(known, "9999"))
    records = records.sort_by([("digest", "ascending"), ("date_download", "ascending"), ("id", "ascending")])
    hubs, copies = spokes(records["digest"], records["id"])
    return pa.table({"id": copies, "kept_id": hubs}).sort_by("id")


_INDEX = pa.schema([("id", pa.string()), ("digest", pa.string()), ("date_download", pa.string())])
