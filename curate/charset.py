"""Bytes of a page to text, where the declared charset may be missing or wrong."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

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
    the XML declaration; the charset of the page's language, where its letters come out of it; another alphabet;
    detection on a sample; windows-1252.

    Args:
        html: the page, whole.
        charset: the label in the HTTP header; None where there was none.

    Returns:
        Text that can be encoded as UTF-8: what could not be decoded is U+FFFD.

    Source:
        Labels and their order: WHATWG HTML, "determining the character encoding", and the Encoding Standard.
    """
    return _decode(html, [charset, _declared_in_page(html)], _hints)


def decode_text(text: bytes) -> str:
    """Decode plain text: by its byte order mark, as UTF-16 or UTF-8, else by detection."""
    return _decode(text, [], lambda _: [])


def _declared_in_page(html: bytes) -> str | None:
    start = _COMMENT.sub(b"", html[:_META_BYTES])
    found = _XML.search(start) or _META.search(start)
    if not found:
        return None
    label = found[1].decode("ascii", "replace")
    # a page whose meta could be read byte by byte is not in UTF-16 (WHATWG)
    return "utf-8" if label.lower().startswith(("utf-16", "utf16", "unicode", "ucs-2")) else label


def _decode(data: bytes, labels: Iterable[str | None], hints: Callable[[bytes], Sequence[str]]) -> str:
    marked = next(((codec, len(bom)) for bom, codec in _BOMS if data.startswith(bom)), None)
    if marked:
        return data[marked[1] :].decode(marked[0], "replace")
    if codec := _utf16_without_mark(data):
        return data.decode(codec, "replace")
    declared = [codec for label in labels if label and (codec := _codec(label))]
    utf8 = _strict(data, "utf-8")
    if utf8 is not None and not _rather_declared(data, declared):
        return utf8
    return _declared_text(data, declared) or utf8 or _mostly(data, "utf-8") or _detected(data, hints(data))


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


# --- without a declaration that holds -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Language:
    """The charsets that pages of a language have had, the usual one first, and its letters beyond a-z, in lower case.

    For Chinese and Japanese ``letters`` are only those of every text.
    """

    codecs: Sequence[str]
    letters: frozenset[str]


_WESTERN = "cp1252"
_WESTERN_LETTERS = """
    ca:àçèéíïòóúü de:äöüß da:æøåé es:áéíñóúü fi:äöå fr:àâæçèéêëîïôœùûüÿ ga:áéíóú is:áðéíóúýþæö it:àèéìîòù
    nl:áèéêëïíóöôü pt:àáâãçéêíóôõúü sq:çë sv:äöåé
"""
# The first charset of each is the default of the language's locale in the table of WHATWG HTML, section 13.2.3.2;
# "all other locales" are windows-1252, among them those above. Romanian is one there too, but its ş and ţ are not in
# windows-1252. The other charsets are those in which pages of the language are found too. Letters: Unicode CLDR.
_OTHERS = """
    cs:cp1250,iso8859-2:áčďéěíňóřšťúůýž hr:cp1250,iso8859-2:čćđšž sk:cp1250,iso8859-2:áäčďéíĺľňóôŕšťúýž
    hu:iso8859-2,cp1250:áéíóöőúüű pl:iso8859-2,cp1250:ąćęłńóśźż sl:iso8859-2,cp1250:čšž ro:cp1250,iso8859-2:ăâîşţ
    et:cp1257,cp1252:äõöüšž lt:cp1257,iso8859-13:ąčęėįšųūž lv:cp1257,iso8859-13:āčēģīķļņšūž
    tr:cp1254:âçğıîöşüû az:cp1254:çğıöşü vi:cp1258:àáâăãđèéêìíòóôơõùúưý\u0300\u0301\u0303\u0309\u0323
    ru:cp1251,koi8-r,iso8859-5,cp866:абвгдежзийклмнопрстуфхцчшщъыьэюяё
    uk:cp1251,koi8-u,iso8859-5:абвгґдеєжзиіїйклмнопрстуфхцчшщьюя be:cp1251,iso8859-5:абвгдеёжзійклмнопрстуўфхцчшыьэюя
    bg:cp1251,iso8859-5:абвгдежзийклмнопрстуфхцчшщъьюя mk:cp1251,iso8859-5:абвгдѓежзѕијклљмнњопрстќуфхцчџш
    sr:cp1251,cp1250,iso8859-5,iso8859-2:абвгдђежзијклљмнњопрстћуфхцчџшčćđšž
    el:iso8859-7,cp1253:αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ
    ar:cp1256,iso8859-6:ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًٌٍَُِّْـ fa:cp1256:ءآأؤئابپتثجچحخدذرزژسشصضطظعغفقكگلمنهويًٌٍَُِّ
    he:cp1255,iso8859-8:אבגדהוזחטיךכלםמןנסעףפץצקרשת
"""
# Read by their hints only: bytes of any other script of two bytes a letter are letters of these as well.
_BY_HINT = """
    ja:cp932,euc_jp:のにをはがとでたしてるなれもいうくこすらりかさきよあん
    ko:cp949:이다의는을에가하고한로지를도사은기서대리인정시어자나그
    zh:gb18030,big5hkscs:的一是在不了有和人这這中大为為上个個国國我以要他时時来來们們生到作地于於出就分对對成会會可年也能下说說
    zh-hant:big5hkscs,gb18030:的一是在不了有和人這中大為上個國我以要他時來們生到作地於出就分對成會可年也能下說
    th:cp874:กขคฆงจฉชซญฎฏฐฑณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮะัาำิีึืุูเแโใไ็่้๊๋์ๆฯ
"""


def _table(text: str) -> dict[str, _Language]:
    rows = (row.split(":") for row in text.split())
    return {name: _Language(charsets.split(","), frozenset(letters)) for name, charsets, letters in rows}


_ALPHABETS = _table(_WESTERN_LETTERS.replace(":", f":{_WESTERN}:")) | _table(_OTHERS)
_LANGUAGES = _ALPHABETS | _table(_BY_HINT)
_FREQUENT_LETTERS = ("ja", "ko", "zh")
_SAME = {"iw": "he", "bs": "hr", "ky": "ru", "kk": "ru", "tt": "ru", "ba": "ru", "tg": "ru", "ku": "tr"}
_TRADITIONAL = re.compile(r"zh-(?:hant|tw|hk|mo)\b")
_COUNTRIES = """
    am:ru az:az ba:hr bg:bg by:be cn:zh cz:cs ee:et eg:ar gr:el hk:zh-hant hr:hr hu:hu il:he ir:fa jo:ar jp:ja kr:ko
    kw:ar kz:ru lt:lt lv:lv md:ro mk:mk om:ar pl:pl qa:ar ro:ro rs:sr ru:ru sa:ar si:sl sk:sk su:ru sy:ar th:th tr:tr
    tw:zh-hant ua:uk vn:vi ye:ar
"""
_LANGUAGE_OF_COUNTRY = dict(pair.split(":") for pair in _COUNTRIES.split())
_HTML_LANG = re.compile(rb"<html\b[^>]{0,2000}?\s(?:xml:)?lang\s*=\s*[\"']?\s*([\w-]{2,20})", re.I)
_META_OR_LINK = re.compile(rb"<(?:meta|link)\b[^>]{0,2000}>", re.I)
_SAYS_LANGUAGE = re.compile(rb"=\s*[\"']?(?:og:locale|content-language)\b(?!:)", re.I)
_SAYS_ADDRESS = re.compile(rb"=\s*[\"']?(?:og:url|canonical)\b", re.I)
_CONTENT = re.compile(rb"\bcontent\s*=\s*[\"']?\s*([\w-]{2,20})", re.I)
_COUNTRY = re.compile(rb"https?://[^\s/\"'>:]{1,200}\.([a-z]{2})(?=[\s/\"'>:])", re.I)
_HINT_BYTES = 65536


def _hints(html: bytes) -> list[str]:
    """The languages that a page names, ``lang`` first; where it names none, that of the country in its address."""
    start = html[:_HINT_BYTES]  # with its comments, where pages keep the html tags of old browsers
    tags = _META_OR_LINK.findall(start)
    found = [_HTML_LANG.search(start), *(_CONTENT.search(tag) for tag in tags if _SAYS_LANGUAGE.search(tag))]
    languages = [_language(match[1].decode("ascii", "replace").lower()) for match in found if match]
    if languages:
        return list(dict.fromkeys(languages))
    countries = [_COUNTRY.search(tag) for tag in tags if _SAYS_ADDRESS.search(tag)]
    return [_LANGUAGE_OF_COUNTRY.get(match[1].decode().lower(), "en") for match in countries if match][:1]


def _language(tag: str) -> str:
    """The row of the table for a language tag; ``en`` stands for all that have none."""
    tag = tag.replace("_", "-")
    code = tag.partition("-")[0]
    return "zh-hant" if _TRADITIONAL.match(tag) else _SAME.get(code, code if code in _LANGUAGES else "en")


_SURE = 0.9  # of the letters beyond ASCII are the language's; a page has foreign names besides
_FREQUENT = 0.1  # of a text in Chinese, Japanese or Korean are of its most frequent letters; misread, next to none
_ENOUGH = 8  # letters that may speak against the page's own hints


def _detected(data: bytes, hints: Sequence[str]) -> str:
    """Text in a charset that nothing declares.

    The language of the page chooses, as that of the user does in a browser, unless the letters that come of it are not
    the language's; then the alphabet that has nearly all of them; then detection, for other scripts only: it
    takes windows-1252 for windows-1250 or 1258.

    Source:
        WHATWG HTML, section 13.2.3.2 "Determining the character encoding", the last step: default by locale.
    """
    readings = _Readings(data)
    named = [name for name in hints if name in _LANGUAGES]
    for name in named:
        fit, codec = readings.best([name])
        if fit >= (_SURE if name in _ALPHABETS or name == "th" else _FREQUENT):
            return data.decode(codec, "replace")
    fit, codec = readings.best(_ALPHABETS)
    if fit >= _SURE and (codec == _WESTERN or readings.count(codec) >= _ENOUGH):
        return data.decode(codec, "replace")
    if readings.of_two_bytes_or_another_script():
        fit, codec = readings.best(_FREQUENT_LETTERS)
        if fit >= _FREQUENT:
            return data.decode(codec, "replace")
        best = charset_normalizer.from_bytes(_sample(data)).best()
        other = _codec(best.encoding) if best else None
        if other and (text := _strict(data, other)) is not None:
            return text
    if named and hints[0] == named[0]:
        fit, codec = readings.best(named[:1])
        if fit > 0 or readings.of_two_bytes_or_another_script():
            return data.decode(codec, "replace")
    return data.decode(_WESTERN, "replace")


_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
# signs that stand between two letters in proper text, as in l’eau, col·legi, São–Rio
_BETWEEN = frozenset("’‘ʼ·\xad\xa0–—‐‑…“”„«»‹›ªº•™®©/\u200c\u200d\u200e\u200f")


_TWO_BYTES = frozenset({"cp932", "euc_jp", "cp949", "gb18030", "big5hkscs"})


class _Readings:
    """What the words beyond ASCII of a page are in each charset, read once."""

    def __init__(self, data: bytes) -> None:
        self.words = b" ".join(_WORD.findall(_shown(data)))[:_SAMPLE_BYTES]
        self.sample = _sample(data)  # any byte may be half a letter: no words
        self.read: dict[str, tuple[Counter[str], int]] = {}

    def best(self, names: Iterable[str]) -> tuple[float, str]:
        """How well the best charset of these languages fits, -1 to 1, and that charset.

        Of equals windows-1252, then that with more letters, then the one of whose alphabet most is there (each Hebrew
        letter is a Russian one in windows-1251, but not the other way), then the first.
        """
        pairs = [(codec, _LANGUAGES[name].letters) for name in names for codec in _LANGUAGES[name].codecs]
        codec, letters = max(pairs, key=lambda pair: self._rank(*pair))
        return self._fit(codec, letters), codec

    def _rank(self, codec: str, letters: frozenset[str]) -> tuple[float, bool, int, float]:
        found = self._of(codec)[0]
        seen = len(letters.intersection(found)) / len(letters)
        return round(self._fit(codec, letters), 2), codec == _WESTERN, self.count(codec), seen

    def count(self, codec: str) -> int:
        return self._of(codec)[0].total()

    def of_two_bytes_or_another_script(self) -> bool:
        """Whether most bytes beyond ASCII stand beside another one, which in Latin letters is rare."""
        beyond = len(re.findall(rb"[\x80-\xff]", self.words))
        return sum(map(len, re.findall(rb"[\x80-\xff]{2,}", self.words))) > beyond / 2

    def _fit(self, codec: str, letters: frozenset[str]) -> float:
        found, wrong = self._of(codec)
        right = sum(count for letter, count in found.items() if letter in letters)
        return (right - wrong) / (found.total() + wrong) if found or wrong else 1.0

    def _of(self, codec: str) -> tuple[Counter[str], int]:
        if codec not in self.read:
            text = (self.sample if codec in _TWO_BYTES else self.words).decode(codec, "replace")
            letters = Counter(letter for letter in text.lower() if letter > "\x7f" and _is_letter(letter))
            self.read[codec] = letters, _wrong(text)
        return self.read[codec]


def _is_letter(char: str) -> bool:
    return char.isalpha() or unicodedata.category(char) == "Mn"


def _wrong(text: str) -> int:
    """Signs of a wrong charset: what fails, controls, capitals behind small letters, two scripts or signs in a word."""
    wrong = 0
    for before, char, after in zip(f" {text}", text, f"{text} "[1:], strict=False):
        if before <= "\x7f" and char <= "\x7f":
            continue
        if "\x80" <= char <= "\x9f" or "\ue000" <= char <= "\uf8ff" or char == "\ufffd":
            wrong += 1
        elif _is_letter(char):
            wrong += (before.islower() and char.isupper()) or _mixed(before, char) or _mixed(char, before)
        elif char > "\x7f" and char not in _BETWEEN:
            wrong += before.isalpha() and after.isalpha()
    return wrong


def _mixed(one: str, other: str) -> bool:
    """Whether a Latin letter stands beside a Greek, Cyrillic, Hebrew or Arabic one; numbers and Chinese do by right."""
    return one.isalpha() and one < "\u0250" and "\u0370" <= other <= "\u06ff"


def _sample(data: bytes) -> bytes:
    """A part of bounded size, without tags, that begins just before the first byte beyond ASCII."""
    text = _shown(data)
    first = re.search(rb"[\x80-\xff]", text)
    start = max(0, first.start() - 64) if first else 0
    return text[start : start + _SAMPLE_BYTES]


def _shown(data: bytes) -> bytes:
    return _TAG.sub(b" ", data[: 64 * _SAMPLE_BYTES])
