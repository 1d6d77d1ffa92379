from __future__ import annotations

import codecs
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.charset import decode_html, decode_text

GERMAN = "<p>Die Brücke über die Spree wird für zwölf Monate gesperrt, sagte der Bürgermeister.</p>"
RUSSIAN = "<p>Мэр сообщил, что мост закроют на двенадцать месяцев для ремонта.</p>" * 3
CHINESE = "<p>市长周二表示，这座桥将关闭十二个月进行维修。</p>" * 3
JAPANESE = "<p>市長は火曜日、橋を十二か月間閉鎖すると発表した。</p>" * 3
KOREAN = "<p>시장은 화요일에 다리를 열두 달 동안 폐쇄한다고 말했다.</p>" * 3


GOLDEN = Path(__file__).parents[1] / "golden"
CHARSETS = {
    "cp1252": "de en es fr it nl pt",
    "cp1250": "pl",
    "iso8859-2": "pl",
    "cp1251": "ru",
    "koi8-r": "ru",
    "iso8859-5": "ru",
    "cp1255": "he",
    "cp1256": "ar",
    "cp932": "ja",
    "euc_jp": "ja",
    "cp949": "ko",
    "gb18030": "zh",
}
# invented, of the languages without golden cases
OTHER_LANGUAGES = {
    ("cs", "cp1250"): "Starostka řekla, že most přes říčku bude ještě rok zavřený; převozník má prý žlutý člun.",
    ("hu", "cp1250"): "A polgármester szerint a híd egy évig zárva lesz, a révész pedig új, kék esőkabátot kért.",
    ("hu", "iso8859-2"): "A polgármester szerint a híd egy évig zárva lesz, a révész új esőkabátot és fűtést kért.",
    ("hr", "cp1250"): "Načelnica kaže da će most još godinu dana biti zatvoren, a skeledžija traži žuti čamac i šešir.",
    ("ro", "cp1250"): "Primăriţa spune că podul va fi închis încă un an, iar luntraşul îşi cere barcă şi pălărie.",
    ("tr", "cp1254"): "Belediye başkanı köprünün bir yıl kapalı kalacağını, kayıkçının ise şapka istediğini söyledi.",
    (
        "lt",
        "cp1257",
    ): "Merė sakė, kad tiltas dar metus bus uždarytas, o keltininkas prašo geltonos valties ir skrybėlės.",
    ("el", "cp1253"): "Η δήμαρχος είπε ότι η γέφυρα θα μείνει κλειστή για έναν χρόνο. Άλλος δρόμος δεν υπάρχει.",
    ("el", "iso8859-7"): "Η δήμαρχος είπε ότι η γέφυρα θα μείνει κλειστή για έναν χρόνο, και ο βαρκάρης γελάει.",
    ("uk", "cp1251"): "Мер сказала, що міст іще рік буде зачинений, а човняр просить жовтого човна й капелюха.",
    ("vi", "cp1258"): "Thị trươ\u0309ng nói că\u0300ng câ\u0300u sẽ đóng cư\u0309a một năm".replace("ị", "i\u0323")
    .replace("ẽ", "e\u0303")
    .replace("ộ", "ô\u0323"),
    ("th", "cp874"): "นายกเทศมนตรีกล่าวว่าสะพานจะปิดเป็นเวลาหนึ่งปี",
    ("zh-TW", "big5"): "市長表示，這座橋將關閉一年，我們的船夫要了一頂黃色的帽子和一條大船。",
}
_HINTS = re.compile(
    r"""\s(?:xml:)?lang="[^"]*"|<meta[^>]*(?:og:locale|content-language)[^>]*>|<link[^>]*canonical[^>]*>"""
)


def golden_pages() -> list[object]:
    """Golden pages in UTF-8, each with the charsets that pages of its language have had."""
    return [
        pytest.param(path, codec, id=f"{path.parent.name}-{codec}")
        for codec, languages in CHARSETS.items()
        for language in languages.split()
        for path in sorted(GOLDEN.glob(f"{language}-*/page.html"))
        if not {"zh-traditional-night-market", "zh-wire-credits"} & {path.parent.name} and is_utf8(path.read_bytes())
    ]


def is_utf8(page: bytes) -> bool:
    try:
        return not page.isascii() and bool(page.decode())
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize(("path", "codec"), golden_pages())
def test_a_page_without_a_declaration_that_holds_is_read_by_its_language(path: Path, codec: str) -> None:
    undeclared = re.sub(r"charset=[\w\"-]+", "", path.read_text(encoding="utf-8"))
    page = undeclared.encode(codec, "xmlcharrefreplace")
    without_hints = _HINTS.sub("", undeclared).encode(codec, "xmlcharrefreplace")

    assert decode_html(page, None) == page.decode(codec)
    assert decode_html(page, "utf-8") == page.decode(codec)
    assert decode_html(without_hints, None) == without_hints.decode(codec)


@pytest.mark.parametrize(("language", "codec"), OTHER_LANGUAGES)
@pytest.mark.parametrize(
    "head",
    [
        '<html lang="{}">',
        '<html><meta property="og:locale" content="{}">',
        '<html><meta content="{}" http-equiv="Content-Language">',
    ],
)
def test_the_language_that_a_page_names_chooses_its_charset(language: str, codec: str, head: str) -> None:
    page = head.format(language) + f"<p>{OTHER_LANGUAGES[language, codec]}</p>"

    assert decode_html(page.encode(codec), None) == page
    assert decode_html(page.encode(codec), "utf-8") == page


@pytest.mark.parametrize(
    ("country", "language", "codec"),
    [
        ("cz", "cs", "cp1250"),
        ("hu", "hu", "iso8859-2"),
        ("gr", "el", "cp1253"),
        ("th", "th", "cp874"),
        ("ua", "uk", "cp1251"),
    ],
)
def test_a_page_without_a_language_is_read_by_its_country(country: str, language: str, codec: str) -> None:
    page = f'<link rel="canonical" href="https://www.most.{country}/1"><p>{OTHER_LANGUAGES[language, codec]}</p>'

    assert decode_html(page.encode(codec), None) == page


@pytest.mark.parametrize(
    ("language", "codec"), [("cs", "cp1250"), ("tr", "cp1254"), ("el", "iso8859-7"), ("uk", "cp1251"), ("lt", "cp1257")]
)
def test_a_language_whose_letters_are_not_there_is_not_believed(language: str, codec: str) -> None:
    page = f'<html lang="en"><p>{OTHER_LANGUAGES[language, codec]}</p>' * 2

    assert decode_html(page.encode(codec), None) == page


@pytest.mark.parametrize(
    "text",
    [
        "São",
        "à la carte",
        "El niño",
        "“Brücke” – 5 €",
        "· · ···· · Böe",
        "Señor Åse Müller, São Tomé, “naïve” Þór, Łódź",
    ],
)
@pytest.mark.parametrize("language", ["", "en", "pt-BR", "xx"])
def test_little_text_is_windows_1252(text: str, language: str) -> None:
    page = f'<html lang="{language}"><link rel="canonical" href="https://a.jp/1"><p>{text}</p>'
    bytes_ = page.encode("cp1252", "xmlcharrefreplace")

    assert decode_html(bytes_, None) == (bytes_.decode("cp1252"))


def meta(label: str) -> str:
    return f'<html><head><meta charset="{label}"></head>'


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_byte_order_mark_beats_every_declaration(codec: str) -> None:
    bom = {
        "utf-8": codecs.BOM_UTF8,
        "utf-16-le": codecs.BOM_UTF16_LE,
        "utf-16-be": codecs.BOM_UTF16_BE,
        "utf-32-le": codecs.BOM_UTF32_LE,
    }[codec]

    assert decode_html(bom + GERMAN.encode(codec), "koi8-r") == GERMAN


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("page", [GERMAN, "<html><body>" + RUSSIAN])
def test_utf_16_without_a_mark_is_seen_by_its_nuls(page: str, codec: str) -> None:
    assert decode_html(page.encode(codec), None) == page


@pytest.mark.parametrize(
    ("label", "codec", "page"),
    [
        ("iso-8859-1", "cp1252", "<p>“Brücke” – 5 €</p>"),
        ("GB2312", "gb18030", CHINESE + "<p>镕</p>"),
        ("shift_jis", "cp932", JAPANESE + "<p>①</p>"),
        ("euc-kr", "cp949", KOREAN + "<p>똠</p>"),
        ("euc-jp", "euc_jp", JAPANESE),
        ("iso-2022-jp", "iso2022_jp", JAPANESE),
        ("big5", "big5", "<p>市長週二表示，這座橋將關閉十二個月。</p>"),
        ("windows-1251", "cp1251", RUSSIAN),
        ("koi8-r", "koi8-r", RUSSIAN),
        ("iso-8859-9", "cp1254", "<p>Köprü on iki ay kapalı kalacak, dedi İstanbul Valiliği.</p>"),
        ("utf-16", "utf-16-le", CHINESE.replace("<p>", "").replace("</p>", "")),
    ],
)
def test_labels_mean_what_they_mean_to_a_browser(label: str, codec: str, page: str) -> None:
    assert decode_html(page.encode(codec), label) == page


def test_the_charset_of_meta_counts_where_the_header_has_none() -> None:
    page = meta("windows-1251") + RUSSIAN
    http_equiv = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">' + RUSSIAN
    xml = '<?xml version="1.0" encoding="windows-1251"?>' + RUSSIAN

    assert decode_html(page.encode("cp1251"), None) == page
    assert decode_html(http_equiv.encode("cp1251"), None) == http_equiv
    assert decode_html(xml.encode("cp1251"), None) == xml


def test_the_header_beats_meta() -> None:
    page = meta("koi8-r") + RUSSIAN

    assert decode_html(page.encode("cp1251"), "windows-1251") == page


def test_a_meta_in_a_comment_declares_nothing() -> None:
    page = '<!-- <meta charset="koi8-r"> -->' + meta("windows-1251") + RUSSIAN

    assert decode_html(page.encode("cp1251"), None) == page


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1251", "koi8-r", "gb2312", "shift_jis"])
@pytest.mark.parametrize("page", [GERMAN * 8, RUSSIAN, CHINESE])
def test_valid_utf_8_is_utf_8_whatever_is_declared(page: str, label: str) -> None:
    assert decode_html(page.encode(), label) == page
    assert decode_html((meta(label) + page).encode(), None) == meta(label) + page


def test_one_bad_byte_does_not_change_the_charset() -> None:
    utf8 = GERMAN.encode() * 20 + b"\xe2\x80"
    gbk = CHINESE.encode("gb18030") * 20 + b"\xff"

    assert decode_html(utf8, None) == GERMAN * 20 + "\ufffd"
    assert decode_html(utf8, "utf-8") == GERMAN * 20 + "\ufffd"
    assert decode_html(gbk, "gbk") == CHINESE * 20 + "\ufffd"


def test_an_undefined_byte_of_windows_1252_does_not_change_the_charset() -> None:
    page = GERMAN.encode("cp1252") * 5 + b"\x81"

    assert decode_html(page, "iso-8859-1") == GERMAN * 5 + "\ufffd"


def test_a_wrong_declaration_falls_back_to_detection() -> None:
    page = meta("utf-8") + RUSSIAN * 5

    assert decode_html(page.encode("cp1251"), "utf-8") == page


@pytest.mark.parametrize("label", ["utf-7", "idna", "rot13", "hex", "unicode_escape", "klingon", "", "x" * 999, "a\0b"])
def test_labels_that_no_page_may_use_are_ignored(label: str) -> None:
    assert decode_html(GERMAN.encode(), label) == GERMAN
    assert decode_html(b"+ADw-script+AD4- \\u0041", label) == "+ADw-script+AD4- \\u0041"


def test_plain_text_is_detected_without_a_declaration() -> None:
    text = "Мэр сообщил, что мост закроют на двенадцать месяцев для ремонта.\n" * 5

    assert decode_text(text.encode("cp1251")) == text
    assert decode_text(text.encode()) == text
    assert decode_text(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == text


@given(st.binary(max_size=300), st.none() | st.sampled_from(["utf-8", "gbk", "shift_jis", "utf-16", "iso-2022-jp"]))
def test_any_bytes_become_text_that_utf_8_can_hold(data: bytes, label: str | None) -> None:
    decode_html(data, label).encode()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=200))
def test_utf_8_comes_back_as_it_was(text: str) -> None:
    assert decode_html(text.encode(), None) == text
