"""Bytes of a page to text, where the declared charset may be missing or wrong."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

import charset_normalizer

# What browsers read under these labels (WHATWG Encoding Standard, encoding.spec.whatwg.org, section 4.2), where
# Python's codec of the same name is narrower or has another name.
_LABELS = {
    **dict.fromkeys(("ascii", "us-ascii", "ansi_x3.4-1968", "iso-ir-100", "x-cp1252"), "cp1252"),
    **dict.fromkeys(("latin1", "latin-1", "l1", "iso-8859-1", "iso8859-1", "iso88591", "iso_8859-1"), "cp1252"),
    **dict.fromkeys(("latin5", "l5", "iso-8859-9", "iso8859-9", "iso88599", "iso_8859-9"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "iso8859-11", "iso885911", "tis-620", "tis620", "dos-874"), "cp874"),
    **dict.fromkeys(("iso-8859-8-i", "logical", "visual"), "iso8859-8"),
    **dict.fromkeys(("gb2312", "gb_2312-80", "gbk", "x-gbk", "chinese", "csgb2312", "iso-ir-58"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "csbig5", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "ms932", "csshiftjis"), "cp932"),
    **dict.fromkeys(("windows-31j",), "cp932"),
    **dict.fromkeys(("euc-jp", "x-euc-jp"), "euc_jp"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601", "ksc_5601", "korean", "windows-949"), "cp949"),
    **dict.fromkeys(("macintosh", "mac", "x-mac-roman"), "mac-roman"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac-cyrillic"),
    **dict.fromkeys(("koi", "koi8"), "koi8-r"),
    **dict.fromkeys(("koi8-ru",), "koi8-u"),
    **dict.fromkeys(("utf8", "unicode-1-1-utf-8", "x-unicode20utf8"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf16", "unicode", "ucs-2"), "utf-16-le"),
}
# codecs that a page may ask for: not utf-7, idna, rot13, unicode_escape and the like
_ALLOWED = re.compile(
    r"utf-8|utf-16-[lb]e|cp\d+|iso8859-\d+|koi8-[rut]|gb18030|big5hkscs|cp932|euc_jp|mac-(?:roman|cyrillic)"
    r"|hz|iso2022_jp|johab|ptcp154|kz1048"
)
_STATEFUL = frozenset({"iso2022_jp", "hz"})  # seven bits only, so they would pass for ASCII
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(rb"<meta\b[^>]{0,1000}?\bcharset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_XML = re.compile(rb"^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})", re.I)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_TAG = re.compile(rb"<[^<>]{0,2000}>")

_META_BYTES = 4096  # the WHATWG prescan sees 1024; news pages put more before their meta
_SAMPLE_BYTES = 16384
_WRONG_SHARE = 0.01  # characters that may fail in a charset that is otherwise believed


def decode_html(html: bytes, charset: str | None) -> str:
    """Decode a page as a browser would, but distrust its declarations where the bytes say otherwise.

    In order: byte order mark; UTF-16 by its NULs; UTF-8 where the bytes are valid UTF-8 (whatever is declared, since
    text in another charset is valid UTF-8 only by accident); the charset of the HTTP header; that of ``<meta>`` or of
    the XML declaration; detection on a sample; windows-1252.

    Args:
        html: the page, whole.
        charset: the label in the HTTP header; None where there was none.

    Returns:
        Text that can be encoded as UTF-8: what could not be decoded is U+FFFD.

    Source:
        Labels and their order: WHATWG HTML, "determining the character encoding", and the Encoding Standard.
    """
    return _decode(html, [charset, _declared_in_page(html)])


def decode_text(text: bytes) -> str:
    """Decode plain text: by its byte order mark, as UTF-16 or UTF-8, else by detection."""
    return _decode(text, [])


def _declared_in_page(html: bytes) -> str | None:
    start = _COMMENT.sub(b"", html[:_META_BYTES])
    found = _XML.search(start) or _META.search(start)
    if not found:
        return None
    label = found[1].decode("ascii", "replace")
    # a page whose meta could be read byte by byte is not in UTF-16 (WHATWG)
    return "utf-8" if label.lower().startswith(("utf-16", "utf16", "unicode", "ucs-2")) else label


def _decode(data: bytes, labels: Iterable[str | None]) -> str:
    marked = next(((codec, len(bom)) for bom, codec in _BOMS if data.startswith(bom)), None)
    if marked:
        return data[marked[1] :].decode(marked[0], "replace")
    if codec := _utf16_without_mark(data):
        return data.decode(codec, "replace")
    declared = [codec for label in labels if label and (codec := _codec(label))]
    utf8 = _strict(data, "utf-8")
    if utf8 is not None and not _rather_declared(data, declared):
        return utf8
    return _declared_text(data, declared) or utf8 or _mostly(data, "utf-8") or _detected(data)


def _codec(label: str) -> str | None:
    """Python's codec for a label, or None if there is none that a page may ask for."""
    name = label.strip("\"' \t").lower()
    name = _LABELS.get(name, name)
    try:
        name = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return name if _ALLOWED.fullmatch(name) else None


def _utf16_without_mark(data: bytes) -> str | None:
    """The byte order of UTF-16, whose ASCII (letters, markup, spaces) has NULs at every other place only."""
    start = data[:_META_BYTES]
    if len(start) < 4 or b"\0" not in start:
        return None
    pairs = len(start) // 2
    even, odd = (start[place::2].count(0) / pairs for place in (0, 1))
    # spaces alone are a tenth of Cyrillic or Arabic text; other charsets have no NULs at all
    if odd > 0.1 and even < odd / 10:
        return "utf-16-le"
    return "utf-16-be" if even > 0.1 and odd < even / 10 else None


def _rather_declared(data: bytes, declared: list[str]) -> bool:
    """Whether bytes that are valid UTF-8 are in a charset of seven bits, which always is valid UTF-8."""
    return any(codec in _STATEFUL for codec in declared) and (b"\x1b" in data or b"~{" in data)


def _declared_text(data: bytes, declared: list[str]) -> str | None:
    for read in (_strict, _mostly):
        for codec in declared:
            if (text := read(data, codec)) is not None:
                return text
    return None


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _mostly(data: bytes, codec: str) -> str | None:
    """The text with U+FFFD for what fails, if that is little of what is not ASCII, or of a whole page."""
    text = data.decode(codec, "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if text.count("\ufffd") <= max(1, _WRONG_SHARE * beyond_ascii) and beyond_ascii > 1 else None


def _detected(data: bytes) -> str:
    best = charset_normalizer.from_bytes(_sample(data)).best()
    codec = _codec(best.encoding) if best else None
    return (codec and _strict(data, codec)) or data.decode("cp1252", "replace")


def _sample(data: bytes) -> bytes:
    """A part of bounded size, without tags, that begins just before the first byte beyond ASCII."""
    text = _TAG.sub(b" ", data[: 64 * _SAMPLE_BYTES])
    first = re.search(rb"[\x80-\xff]", text)
    start = max(0, first.start() - 64) if first else 0
    return text[start : start + _SAMPLE_BYTES]
