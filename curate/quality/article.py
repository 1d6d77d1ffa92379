"""Whether a text is an article at all, or an index, tag, search, login or error page.

No paper defines this filter. It is made to refuse no article rather than every index page: a text with a few sentences
of its own is taken whatever stands around them, and so is a list, a poem or a table of results. In November 2026 it
refused none of 695 extracted pages of news, magazines and blogs, none of 104 gold bodies, and none of 104 dumps of
whole
pages with their menus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from curate.lines import is_prose, line_key
from curate.quality.measures import Refusal, Statistics
from curate.text import count_words, fold

MIN_HEADLINE_WORDS, MAX_HEADLINE_WORDS = 4, 24
"""Fewer words are a label or a table cell; 25 are prose (``curate.lines.LONG_PROSE_WORDS``)."""
MAX_HEADLINE_NUMBERS = 2
"""Lines with more numbers are results, timetables, prices."""
MIN_QUESTION_WORDS = 20
"""A shorter question may be a headline."""
LINKED_SHARE = 0.8
"""So much of a line inside links makes it a link."""
MAX_OWN_WORDS = 40
"""Words in sentences of its own that an index page may have: a description of the section."""
MAX_TEASER_WORDS = 45
"""A longer paragraph below a headline is text, not a teaser: news sites cut teasers at 20 to 40 words."""
MAX_TEASER_LINES = 3
MIN_TEASERS, MIN_LINKED_HEADLINES, MIN_DATED_TEASERS = 5, 8, 6
MIN_TEASER_SHARE, MIN_DATED_TEASER_SHARE = 0.6, 0.9
MAX_WORDS_BESIDE_DATE = 3
MIN_LINKS, MIN_LINK_SHARE = 10, 0.7
MIN_HEADLINES, MIN_HEADLINE_SHARE = 8, 0.6
MIN_DATE_SHARE = 0.25
"""One date for every two or three other lines; fixtures and programmes have one for a whole day."""
MIN_BARE_HEADLINES, MIN_BARE_HEADLINE_SHARE, MIN_MEAN_BARE_WORDS = 10, 0.8, 9
"""Lines of a song have six or seven words, those of a poem up to eight."""
MAX_NOTICE_PAGE_WORDS = 300
MAX_NOTICE_WORDS = 25
NOTICE_LINES = 5
"""A notice stands at the top of its page."""

NOTICES = (
    *("page not found", "404 not found", "error 404", "404 error", "page does not exist", "page doesn't exist"),
    *("page you requested could not be found", "page you are looking for", "page you were looking for"),
    *("403 forbidden", "access denied", "access to this page has been denied", "500 internal server error"),
    *("502 bad gateway", "503 service unavailable", "checking your browser", "verify you are human", "are you a robot"),
    *(
        "please enable javascript",
        "javascript is disabled",
        "enable cookies",
        "unusual traffic",
        "something went wrong",
    ),
    *("log in to your account", "sign in to your account", "forgot your password", "forgotten your password"),
    *("forgot password", "create an account", "no results found", "no results for", "did not match any"),
    *("seite nicht gefunden", "seite wurde nicht gefunden", "seite existiert nicht", "zugriff verweigert"),
    *("passwort vergessen", "keine ergebnisse", "keine treffer", "bitte aktivieren sie javascript"),
    *("page introuvable", "page non trouvée", "page n'existe pas", "accès refusé", "mot de passe oublié"),
    *("aucun résultat", "página no encontrada", "no se ha encontrado la página", "página no existe", "acceso denegado"),
    *("has olvidado tu contraseña", "olvidaste tu contraseña", "no se encontraron resultados", "pagina non trovata"),
    *("pagina non esiste", "accesso negato", "password dimenticata", "nessun risultato", "página não encontrada"),
    *("página não existe", "acesso negado", "esqueceu a senha", "esqueceu sua senha", "nenhum resultado"),
    *("pagina niet gevonden", "toegang geweigerd", "wachtwoord vergeten", "geen resultaten"),
    *("strona nie została znaleziona", "nie znaleziono strony", "brak dostępu", "nie pamiętasz hasła", "brak wyników"),
    *("страница не найдена", "доступ запрещен", "забыли пароль", "ничего не найдено"),
    *("页面不存在", "找不到页面", "页面未找到", "访问被拒绝", "忘记密码", "没有找到相关"),
    *(
        "ページが見つかりません",
        "ページは存在しません",
        "アクセスが拒否されました",
        "パスワードをお忘れ",
        "検索結果はありません",
    ),
    *("الصفحة غير موجودة", "لم يتم العثور على الصفحة", "تم رفض الوصول", "نسيت كلمة المرور", "لا توجد نتائج"),
)
"""What pages say that have no article, folded; general knowledge of web sites in twelve languages."""

READ_MORE = frozenset(
    {"read more", "more", "continue reading", "full story", "read full story", "read the full story", "read article"}
    | {"weiterlesen", "mehr lesen", "mehr", "zum artikel", "lire la suite", "lire plus", "en savoir plus", "leer más"}
    | {"seguir leyendo", "sigue leyendo", "ver más", "leggi tutto", "continua a leggere", "continua", "leggi di più"}
    | {"leia mais", "saiba mais", "continue lendo", "ler mais", "lees meer", "lees verder", "meer lezen"}
    | {
        "czytaj więcej",
        "czytaj dalej",
        "więcej",
        "читать далее",
        "подробнее",
        "читать полностью",
        "阅读全文",
        "查看全文",
    }
    | {"阅读更多", "続きを読む", "もっと見る", "記事を読む", "اقرأ المزيد", "المزيد", "إقرأ المزيد", "تابع القراءة"}
)
"""A line that leads on from a teaser, as ``line_key`` has it; general knowledge of news sites."""

MAX_READ_MORE_CHARS = 40

_MONTH = (
    r"(?:jan|gen|ene|sty|янв|feb|fev|fév|févr|lut|фев|mar|mär|maa|mrt|мар|apr|abr|avr|kwi|апр|may|mai|maj|mei|mag|ма[йя]"
    r"|jun|juin|giu|cze|июн|jul|juil|lug|lip|июл|aug|ago|aoû|sie|авг|sep|set|wrz|сен|oct|okt|ott|out|paź|окт|nov|lis|ноя"
    r"|dec|dez|déc|dic|gru|дек|يناير|فبراير|مارس|[اأ]بريل|مايو|يونيو|يوليو|[اأ]غسطس|سبتمبر|[اأ]كتوبر|نوفمبر|ديسمبر)"
    r"\w{0,8}\.?"
)
_AGO = (
    r"min|hour|hr|day|week|month|stunde|tag|woche|heure|jour|hora|día|dia|semana|or[ae]|giorn|uur|dag|godz|dni|час|дн"
)
_DATE = re.compile(
    rf"(?:\w{{2,10}}\.?,?\s)?(?:\d{{4}}[-/.年]\s?\d{{1,2}}[-/.月]\s?\d{{1,2}}日?|\d{{1,2}}[-/.]\s?\d{{1,2}}[-/.]\s?\d{{2,4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.|º|er)?\s(?:de\s)?{_MONTH}(?!\w)|{_MONTH}\s\d{{1,2}}(?!\d)|\d{{1,2}}月\d{{1,2}}日"
    rf"|\d{{1,2}}\s(?:{_AGO})\w{{0,8}}\s(?:ago|fa|geleden|temu|назад|atrás)"
    r"|(?:vor|il y a|hace|há|قبل|منذ)\s\d{1,2}\s\w"
    rf"|\d{{1,2}}\s?(?:分钟|小时|天|分|時間|日)前)",
    re.IGNORECASE,
)
_FRONT = re.compile(r"/?(?:(?:index|default|home|start)\.(?:html?|php|aspx?|jsp|cms))?", re.I)
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_BULLET = re.compile(r"(?:[•‣▶◦■▪*–-]|\d{1,3}[.)])\s+")
_TRUNCATED = re.compile(r"(?:\.{3}|…)\]?$")


def article(text: Statistics) -> Refusal | None:
    """The text is an index, tag, search, login or error page.

    A site's front page is known by its address. Each other kind is refused by its own signs, all of them wanted
    together: next to no sentences of its own, and a notice at its top; or most of it links, teasers or dated
    headlines, several of them.
    """
    if _is_front_page(text.url):
        return Refusal("article", f"A site's front page, by its address: {text.url}.")
    page = _Page(text)
    if any(line.words > MAX_TEASER_WORDS and line.is_text and not line.is_linked for line in page.lines):
        return None  # the four below would all say so, after a longer look
    detail = _notice_page(page) or _link_page(page) or _teaser_page(page) or _headline_page(page)
    return Refusal("article", detail) if detail else None


def _is_front_page(url: str | None) -> bool:
    """Whether an address has no path below its host: ``https://example.org/``, with or without a file name."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    return bool(parts.hostname) and not parts.query and _FRONT.fullmatch(parts.path) is not None


@dataclass(frozen=True)
class _Line:
    """One line as an index page has it; ``undecorated`` is the line without a bullet or a number before it."""

    text: str
    link_share: float | None

    @cached_property
    def words(self) -> int:
        return count_words(self.text)

    @cached_property
    def is_text(self) -> bool:
        """Whether it reads like sentences; not so a question that is short enough for a headline."""
        is_question = self.text.endswith(("?", "？", "؟")) and self.words < MIN_QUESTION_WORDS
        return is_prose(self.text, self.words) and not is_question

    @property
    def is_linked(self) -> bool:
        return self.link_share is not None and self.link_share >= LINKED_SHARE

    @cached_property
    def is_dated(self) -> bool:
        return _DATE.match(self.undecorated) is not None

    @cached_property
    def is_date(self) -> bool:
        """Whether it is a date and hardly more: a time, an author, a section."""
        return self.is_dated and count_words(_DATE.sub("", self.undecorated, count=1)) <= MAX_WORDS_BESIDE_DATE

    @cached_property
    def is_listed(self) -> bool:
        """Whether it begins with a bullet or a number; "1. März" is no list."""
        return _BULLET.match(self.text) is not None and _DATE.match(self.text) is None

    @cached_property
    def undecorated(self) -> str:
        return _BULLET.sub("", self.text, count=1) if self.is_listed else self.text

    @cached_property
    def is_headline(self) -> bool:
        title = _DATE.sub("", self.undecorated, count=1) if self.is_dated else self.undecorated
        first = next(filter(str.isalpha, title), "a")
        return (
            not self.is_text
            and not self.is_cut
            and not first.islower()
            and not title.endswith((".", ",", ";", ":", "|", "،", "、", "。", "，", "；", "："))
            and MIN_HEADLINE_WORDS <= count_words(title) <= MAX_HEADLINE_WORDS
            and len(_NUMBER.findall(title)) <= MAX_HEADLINE_NUMBERS
        )

    @cached_property
    def is_cut(self) -> bool:
        """Whether it breaks off, or only leads on to the whole text."""
        return _TRUNCATED.search(self.text) is not None or (
            len(self.text) <= MAX_READ_MORE_CHARS and line_key(self.text) in READ_MORE
        )


@dataclass(frozen=True)
class _Page:
    """A text's lines, and how much of it they are."""

    text: Statistics

    @cached_property
    def lines(self) -> list[_Line]:
        return [_Line(line, share) for line, share in self.text.linked_lines]

    @cached_property
    def chars(self) -> int:
        return sum(len(line.text) for line in self.lines)

    @cached_property
    def own_words(self) -> int:
        """Words in lines that read like sentences, and are no links."""
        return _text_words(line for line in self.lines if not line.is_linked)

    def share(self, lines: Iterable[_Line]) -> float:
        """The share (0-1) of the text's characters that stand in ``lines``."""
        return sum(len(line.text) for line in lines) / self.chars if self.chars else 0.0


def _text_words(lines: Iterable[_Line]) -> int:
    return sum(line.words for line in lines if line.is_text)


def _notice_page(page: _Page) -> str | None:
    """A short text that opens with "page not found", "forgot your password?", "no results"."""
    if page.text.word_count > MAX_NOTICE_PAGE_WORDS:
        return None
    notice = next((line for line in page.lines[:NOTICE_LINES] if _is_notice(line)), None)
    if notice is None or page.own_words - _text_words([notice]) >= MAX_OWN_WORDS:
        return None
    return f"An error, login or empty search page: {notice.text!r}."


def _is_notice(line: _Line) -> bool:
    if line.words > MAX_NOTICE_WORDS:
        return False
    folded = fold(line.text).replace("’", "'")
    return any(notice in folded for notice in NOTICES)


def _link_page(page: _Page) -> str | None:
    """Nearly all of the text is links."""
    linked = [line for line in page.lines if line.is_linked]
    share = page.share(linked)
    if len(linked) < MIN_LINKS or share < MIN_LINK_SHARE or page.own_words >= MAX_OWN_WORDS:
        return None
    return f"An index page: {len(linked)} of {len(page.lines)} lines are links, {share:.2f} of the text."


def _teaser_page(page: _Page) -> str | None:
    """Teasers of other texts, with or without their headlines: links, cut short, or each with its date below it."""
    teasers = _teasers(page.lines)
    cut = [teaser for teaser in teasers if any(line.is_cut for line in teaser)]
    linked = [teaser for teaser in teasers if teaser[0].is_linked]
    dated = [teaser for teaser in teasers if teaser[-1].is_date] if _dates_follow(page.lines) else []
    for what, found, least, share in (
        ("cut short", cut, MIN_TEASERS, MIN_TEASER_SHARE),
        ("under links", linked, MIN_LINKED_HEADLINES, MIN_TEASER_SHARE),
        ("above dates", dated, MIN_DATED_TEASERS, MIN_DATED_TEASER_SHARE),
    ):
        inside = [line for teaser in found for line in teaser]
        own_words = _text_words(page.lines) - _text_words(inside)
        if len(found) >= least and own_words < MAX_OWN_WORDS and page.share(inside) >= share:
            return f"An index page: {len(found)} teasers {what}, {own_words} words of other text."
    return None


def _teasers(lines: Sequence[_Line]) -> list[list[_Line]]:
    """What may be teasers: a headline, or a text of at most 45 words, or both, and the short lines below."""
    teasers: list[list[_Line]] = []
    is_open = has_text = False
    for line in lines:
        if line.is_text and line.words > MAX_TEASER_WORDS:
            is_open = False
        elif line.is_headline or (line.is_text and (has_text or not is_open)):
            teasers.append([line])
            is_open, has_text = True, line.is_text
        elif is_open and len(teasers[-1]) <= MAX_TEASER_LINES:
            teasers[-1].append(line)
            has_text = has_text or line.is_text
    return teasers


def _dates_follow(lines: Sequence[_Line]) -> bool:
    """Whether dates stand below what they date; in a chronicle they stand above."""
    return bool(lines) and not lines[0].is_date and lines[-1].is_date


def _headline_page(page: _Page) -> str | None:
    """Headlines and dates, or headlines alone, and no text."""
    headlines = [line for line in page.lines if line.is_headline or line.is_date]
    share = page.share(headlines)
    if page.own_words >= MAX_OWN_WORDS or len(headlines) < MIN_HEADLINES or share < MIN_HEADLINE_SHARE:
        return None
    dates = sum(line.is_dated for line in page.lines)
    if dates >= MIN_DATE_SHARE * len(page.lines):
        return f"An index page: {len(headlines)} headlines and dates, {page.own_words} words of text."
    if _are_bare_headlines([line for line in headlines if not line.is_listed], page):
        return (
            f"An index page: {len(headlines)} of {len(page.lines)} lines are headlines, {page.own_words} words of text."
        )
    return None


def _are_bare_headlines(headlines: Sequence[_Line], page: _Page) -> bool:
    """So many and so long lines without a sentence that they are neither verses nor a list.

    Where the page says which lines are links, its word counts, and not the look of the lines.
    """
    return (
        not page.text.link_shares
        and len(headlines) >= MIN_BARE_HEADLINES
        and page.share(headlines) >= MIN_BARE_HEADLINE_SHARE
        and sum(line.words for line in headlines) >= MIN_MEAN_BARE_WORDS * len(headlines)
    )
