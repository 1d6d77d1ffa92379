"""What a page says of itself: title, authors, publisher, dates, address, language, licence.

Read from the parsed tree in one walk over ``meta``, ``link``, ``script``, ``title``, ``h1`` and ``time``; JSON-LD
speaks first, then ``meta``, then what is shown. Everything here comes from strangers: no value is trusted to be of the
type, size or sense that its name promises, and no page makes these functions raise.
"""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import htmldate
from lxml import etree
from lxml.html import HtmlElement

from curate.model import Metadata
from curate.text import count_words, fold

MAX_TITLE_CHARS = 1_000
MAX_NAME_CHARS = 200
MAX_AUTHORS = 50
MAX_URL_CHARS = 2_048
MIN_YEAR, MAX_YEAR = 1995, 2100

_MAX_JSON_CHARS = 10_000_000  # of all scripts of a page; 10 MB are parsed in about 0.1 s
_MAX_JSON_NODES = 10_000
_MAX_DATE_CHARS = 100
_MAX_SLOW_ELEMENTS = 100_000  # htmldate copies the page: 0.06 s at 20,000 elements, 0.3-0.4 s at 100,000

_MAX_SAME = 50  # meta elements of one name, links, headings, time elements

_Node = Mapping[str, object]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page declares.

    ``declared_url`` is the page's address on its own site as the page gives it; it differs from
    ``metadata.canonical_url`` where that names another site, the source of a story taken over. ``headline`` is the
    first ``h1``, as readers see it, which may differ from ``metadata.title``; ``article_body`` is the JSON-LD text,
    with line breaks and without markup; ``is_article`` is None where the page does not say what it is.
    """

    metadata: Metadata
    declared_url: str | None = None
    article_body: str | None = None
    headline: str | None = None
    is_article: bool | None = None


def read_metadata(tree: HtmlElement, url: str | None) -> PageFacts:
    """Read what a page says of itself.

    Args:
        tree: the page as parsed; it is not changed.
        url: the page's address as the input gives it, if it does.

    Returns:
        The facts. Strings have no control characters, no markup and single spaces; URLs are absolute and http(s).
    """
    head = _read_head(tree, url)
    linked = _read_json_ld(head, url)
    canonical_url = _canonical_url(head, linked.articles, url)
    declared_url = _own_url(head, canonical_url, url)
    site_names = _site_names(head, linked, url or declared_url)
    metadata = Metadata(
        title=_title(head, linked.articles, site_names),
        authors=_authors(head, linked, site_names),
        publisher=_publisher(head, linked),
        canonical_url=canonical_url,
        date_published=_date_published(tree, head, linked, [url, declared_url]),
        date_modified=_best_date([*linked.values("dateModified"), *head.values(_MODIFIED_KEYS)]),
        language=_language(head, linked),
        license=_license(head, linked, url),
    )
    return PageFacts(
        metadata=metadata,
        declared_url=declared_url,
        article_body=_article_body(linked.articles),
        headline=head.headings[0] if head.headings else None,
        is_article=_is_article(head, linked),
    )


# --- the head of the page -------------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return text.split()


_PUBLISHED_KEYS = _words("""
    article:published_time og:article:published_time article:published:time article:published datepublished
    og:datepublished publication_date publicationdate published_time vr:published_time publish_date publishdate
    publisheddate published_at parsely-pub-date sailthru.date cxenseparse:recs:publishtime cxenseparse:publishtime
    citation_publication_date rnews:datepublished pubdate pub_date og:pubdate dc.date.issued dc:date.issued
    dcterms.issued dc.date.created dc:date.created dcterms.created dcterms:created dcterms.date dc.date dc:date
    citation_date article_date_original originalpublicationdate dcsext.articlefirstpublished srf.date
    date.available datecreated date.created created date
""")
_MODIFIED_KEYS = _words("""
    article:modified_time og:article:modified_time article:modified:time article:modified og:updated_time datemodified
    dc.date.modified dc:date.modified dcterms.modified cxenseparse:recs:modifiedtime date.modified date.updated
    article_date_updated revision_date lastmod last_modified last-modified
""")
_AUTHOR_KEYS = _words("""
    author article:author parsely-author sailthru.author byl dc.creator dc:creator dcterms.creator dc.author
    citation_author cxenseparse:author dcsext.author og:article:author og:author article:author_name article_author
    article:byline author.name mrf:authors vr:author
""")
_TITLE_KEYS = ["og:title", "twitter:title", "dc.title"]
_SITE_KEYS = _words("og:site_name og:site:name application-name dc.publisher dcterms.publisher publisher")
_LICENSE_KEYS = _words("dcterms.license dcterms:license dc.license license")


@dataclass(slots=True)
class _Head:
    language: str | None
    meta: dict[str, list[str]] = field(default_factory=dict)
    canonical: list[str] = field(default_factory=list)
    licenses: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    times: list[HtmlElement] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    title: str = ""

    def values(self, keys: Iterable[str]) -> list[str]:
        """The contents of these ``meta`` elements, in the order of the keys."""
        return [value for key in keys for value in self.meta.get(key, ())]

    def first(self, keys: Iterable[str], max_chars: int) -> str | None:
        """The first content of these ``meta`` elements that is not empty."""
        return next(filter(None, (_tidy(value, max_chars) for value in self.values(keys))), None)


def _read_head(tree: HtmlElement, url: str | None) -> _Head:
    head = _Head(language=tree.get("lang") or tree.get("xml:lang"))
    headings: list[HtmlElement] = []
    base = url
    for element in tree.iter("html", "base", "meta", "link", "script", "title", "h1", "time"):
        match element.tag:
            case "html":
                head.language = head.language or element.get("lang") or element.get("xml:lang")
            case "base":
                base = absolute_http(element.get("href"), url) or base
            case "meta":
                _read_meta(element, head.meta)
            case "link":
                _read_link(element, head, base)
            case "script":
                if "ld+json" in (element.get("type") or "").lower():
                    head.scripts.append(element.text or "")
            case "title":
                if not head.title and getattr(element.getparent(), "tag", None) in ("head", "html", "body"):
                    head.title = _shown(element)
            case "h1":
                _add(element, headings)
            case "time":
                _add(element, head.times)
    head.headings = [text for text in map(_shown, headings) if 0 < len(text) < MAX_TITLE_CHARS]
    return head


def _add(value: _T, values: list[_T]) -> None:
    """Keep the first ones; more is no page that people read."""
    if len(values) < _MAX_SAME:
        values.append(value)


def _read_meta(element: HtmlElement, meta: dict[str, list[str]]) -> None:
    content = element.get("content")
    if not content:
        return
    for attribute in ("property", "name", "itemprop", "http-equiv"):
        for key in (element.get(attribute) or "").lower().split():
            _add(content, meta.setdefault(key, []))


def _read_link(element: HtmlElement, head: _Head, base: str | None) -> None:
    relations = (element.get("rel") or "").lower().split()
    if "canonical" not in relations and "license" not in relations:
        return
    if target := absolute_http(element.get("href"), base):
        _add(target, head.canonical if "canonical" in relations else head.licenses)


_text_content: Callable[[HtmlElement], str] = etree.XPath("string()", smart_strings=False)


def _shown(element: HtmlElement) -> str:
    return _tidy(_text_content(element), MAX_TITLE_CHARS)


# --- JSON-LD --------------------------------------------------------------------------------------------------------

# subtypes of schema.org/Article whose name does not end in "Article" (schema.org 29.0)
_ARTICLE_TYPES = {"blogposting", "liveblogposting", "socialmediaposting", "report"}
_PAGE_TYPES = {"webpage", "itempage", "medicalwebpage"}
_LISTING_TYPES = {"collectionpage", "searchresultspage", "profilepage", "aboutpage", "contactpage", "checkoutpage"}
_PUBLISHER_TYPES = {"newsmediaorganization", "organization", "website"}


@dataclass(frozen=True, slots=True)
class _Linked:
    """The page's JSON-LD: what describes this page, best first, and what else was there."""

    articles: Sequence[_Node] = ()
    pages: Sequence[_Node] = ()
    publishers: Sequence[_Node] = ()
    by_id: Mapping[str, _Node] = field(default_factory=dict)
    is_listing: bool = False

    def values(self, key: str) -> list[object]:
        """What the article, then the page, says under ``key``."""
        return [node[key] for node in (*self.articles, *self.pages) if key in node]

    def resolve(self, value: object) -> object:
        """The node that ``{"@id": ...}`` refers to, or the value itself."""
        if isinstance(value, Mapping) and "name" not in value and isinstance(value.get("@id"), str):
            return self.by_id.get(value["@id"], value)
        return value


def _read_json_ld(head: _Head, url: str | None) -> _Linked:
    nodes = list(_nodes(_documents(head.scripts)))
    kinds = [_types(node) for node in nodes]
    articles = [node for node, types in zip(nodes, kinds, strict=True) if any(map(_is_article_type, types))]
    chosen = _of_this_page(articles, head, url)
    return _Linked(
        articles=chosen,
        pages=[node for node, types in zip(nodes, kinds, strict=True) if types & _PAGE_TYPES],
        publishers=[node for node, types in zip(nodes, kinds, strict=True) if types & _PUBLISHER_TYPES],
        by_id={key: node for node in reversed(nodes) if len(node) > 1 and isinstance(key := node.get("@id"), str)},
        is_listing=any(types & _LISTING_TYPES for types in kinds) or bool(articles and not chosen),
    )


def _documents(scripts: Iterable[str]) -> Iterator[object]:
    left = _MAX_JSON_CHARS
    for script in scripts:
        left -= len(script)
        if left < 0:
            return
        yield from _parse_json(script)


_WRAPPER = re.compile(r"<!--|-->|(?:(?://|/\*)[ \t]{0,8})?(?:<!\[CDATA\[|\]\]>)(?:[ \t]{0,8}\*/)?")
_COMMENT_LINE = re.compile(r"^[ \t]*//[^\n]*", re.M)
_TRAILING_COMMA = re.compile(r",(?=\s*[]}])")
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrtu])|(.))', re.S)


def _parse_json(text: str) -> list[object]:
    """The JSON values of a script; broken ones are mended once, and what then still fails is left out."""
    values, complete = _decode(text)
    if complete:
        return values
    mended = html.unescape(text) if "&quot;" in text and '"' not in text else text
    mended = _COMMENT_LINE.sub("", _WRAPPER.sub("", mended))
    mended = _BAD_ESCAPE.sub(lambda found: found[0] if found[1] else found[2], _TRAILING_COMMA.sub("", mended))
    return _decode(mended)[0] or values


_decoder = json.JSONDecoder(strict=False)
_BETWEEN_VALUES = re.compile(r"[\s;,]*")


def _decode(text: str) -> tuple[list[object], bool]:
    """The values that stand one after another in ``text``, and whether that is all of it."""
    values: list[object] = []
    at = 0
    while (at := _BETWEEN_VALUES.match(text, at).end()) < len(text):  # type: ignore[union-attr]
        if len(values) == _MAX_JSON_NODES:
            return values, True
        try:
            value, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return values, False
        values.append(value)
    return values, True


def _nodes(documents: Iterable[object]) -> Iterator[_Node]:
    """Items at the top, in lists and ``@graph``, and below ``mainEntity`` and ``mainEntityOfPage``.

    Not those of ``itemListElement``, ``hasPart`` and the like: they are other pages.
    """
    stack = list(documents)[::-1]
    for _ in range(_MAX_JSON_NODES):
        if not stack:
            return
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value[::-1])
        elif isinstance(value, dict):
            yield value
            stack.extend(value[key] for key in ("mainEntityOfPage", "mainEntity", "@graph") if key in value)


def _types(node: _Node) -> set[str]:
    """``@type`` in lower case, without ``http://schema.org/`` or ``schema:``."""
    return {name.lower().rpartition("/")[2].rpartition(":")[2] for name in _strings(node.get("@type"))}


def _is_article_type(name: str) -> bool:
    return name.endswith("article") or name in _ARTICLE_TYPES


def _of_this_page(articles: Sequence[_Node], head: _Head, url: str | None) -> Sequence[_Node]:
    """The articles that are this page: by address, else by headline, else the first one.

    Several articles that all have other addresses than the page are a list of stories: none of them.
    """
    here = {_url_key(address) for address in [url, *head.canonical, *head.values(["og:url"])]} - {None}
    if same := [node for node in articles if not here.isdisjoint(map(_url_key, _addresses(node)))]:
        return same
    titles = {fold(text) for text in (*head.headings, head.title, *head.values(_TITLE_KEYS))} - {""}
    if same := [node for node in articles if fold(_headline(node)) in titles]:
        return same
    if here and len(articles) > 1 and all(any(map(_url_key, _addresses(node))) for node in articles):
        return ()
    return articles[:1]


def _addresses(node: _Node) -> list[str]:
    values: list[object] = [node.get("url"), node.get("@id"), node.get("mainEntityOfPage")]
    if isinstance(page := values[-1], Mapping):
        values += [page.get("@id"), page.get("url")]
    return [text for value in values for text in _strings(value)]


def _url_key(url: str | None) -> tuple[str, str, str] | None:
    """A form of an address to compare by; None where it names no page below the site's root."""
    if not (address := absolute_http(url, None)):
        return None
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    return (domain_of(address) or "", path, parts.query) if path or parts.query else None


def _headline(node: _Node) -> str:
    texts = (_first(node.get(key)) for key in ("headline", "name", "alternativeHeadline"))
    return next(filter(None, (_tidy(text, MAX_TITLE_CHARS) for text in texts)), "")


def _article_body(articles: Iterable[_Node]) -> str | None:
    return max((_body(node) for node in articles), key=len, default="") or None


def _body(node: _Node) -> str:
    """``articleBody``, and those of the entries of a live blog."""
    updates = node.get("liveBlogUpdate")
    updates = updates if isinstance(updates, list) else [updates]
    parts = [node, *(update for update in updates if isinstance(update, dict))]
    texts = (_plain_text(text) for part in parts for text in _strings(part.get("articleBody")))
    return "\n\n".join(filter(None, texts))


def _is_article(head: _Head, linked: _Linked) -> bool | None:
    if linked.articles:
        return True
    if linked.is_listing:
        return False
    return True if "article" in map(str.lower, head.meta.get("og:type", ())) else None


# --- text -----------------------------------------------------------------------------------------------------------

_MARKUP = re.compile(r"<[/a-zA-Z!][^<>]*>")
_BREAK = re.compile(r"<(?:/?(?:p|div|li|ul|ol|h[1-6]|blockquote|table|tr|section|article)|br)\b[^<>]*>", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,30});")
# controls but white space, soft hyphens, zero-width spaces, byte order marks, lone surrogates
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\ufeff\ud800-\udfff]")


def _strings(value: object) -> list[str]:
    """The strings in a JSON-LD value: itself, its ``@value``, or those of a list."""
    values = value if isinstance(value, list) else [value]
    values = [entry.get("@value") if isinstance(entry, dict) else entry for entry in values]
    return [entry for entry in values if isinstance(entry, str)]


def _first(value: object) -> str | None:
    return next(iter(_strings(value)), None)


def _unescape(text: str) -> str:
    # entities with their semicolon only: "Q&amp=1" and "AT&T" are meant as they stand
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def _tidy(value: object, max_chars: int) -> str:
    """One line of text without entities, markup and invisible characters; empty where there is none."""
    if not isinstance(value, str):
        return ""
    text = _unescape(value[: 20 * max_chars])
    text = _MARKUP.sub(" ", text) if "<" in text else text
    return " ".join(_UNSEEN.sub("", text).split())[:max_chars].rstrip()


def _plain_text(value: str) -> str:
    """Lines of text from a string that may be HTML."""
    text = _unescape(value)
    if "<" in text:
        text = _unescape(_MARKUP.sub("", _BREAK.sub("\n", text)))
    lines = (" ".join(line.split()) for line in _UNSEEN.sub("", text).split("\n"))
    return "\n".join(filter(None, lines))


# --- title and publisher --------------------------------------------------------------------------------------------

# the last one is a Hangul letter that Korean sites use as a bar
_SEPARATOR = re.compile(r"\s*[|｜ㅣ]\s*|\s+(?:[-–—·•»]|::)\s+")


def _title(head: _Head, articles: Iterable[_Node], site_names: set[str]) -> str | None:
    shown = [text for text in (head.first(_TITLE_KEYS, MAX_TITLE_CHARS), *head.headings) if text]
    for headline in filter(None, (*map(_headline, articles), *shown)):
        if _squash(headline) not in site_names:
            return _cut_site(_as_shown(headline, shown), site_names)
    title = _cut_site(head.title, site_names)
    return (_cut_last_part(title) if title == head.title else title) or None


def _as_shown(headline: str, shown: Iterable[str]) -> str:
    """The headline whole where it was cut short (search engines ask for at most 110 characters), and without a
    last part that the page shows it without."""
    start = headline.rstrip(".… ")
    if headline.endswith(("...", "…")):
        return next((text for text in shown if text.startswith(start) and len(text) > len(headline)), headline)
    before, last = _last_part(headline)
    return before if before in shown and len(last) < len(before) else headline


def _last_part(title: str) -> tuple[str, str]:
    """The title before its last separator, and what stands behind it."""
    parts = list(_SEPARATOR.finditer(title))
    return (title[: parts[-1].start()], title[parts[-1].end() :]) if parts else (title, "")


def _cut_site(title: str, site_names: set[str]) -> str:
    """The title without the site's name before or behind it."""
    parts = list(_SEPARATOR.finditer(title))
    while parts and _squash(title[parts[-1].end() :]) in site_names:
        title = title[: parts.pop().start()]
    if parts and _squash(title[: parts[0].start()]) in site_names:
        title = title[parts[0].end() :]
    return title


def _cut_last_part(title: str) -> str:
    """The title without a last part of at most four words that is shorter than what stands before it."""
    before, last = _last_part(title)
    return before if len(last) < len(before) and count_words(last) <= 4 else title


def _site_names(head: _Head, linked: _Linked, url: str | None) -> set[str]:
    """What the site is called, squashed: its declared names, its domain, and the domain without its ending."""
    domain = domain_of(url) or ""
    names = [_publisher(head, linked) or "", *head.values(_SITE_KEYS), domain, domain.rpartition(".")[0]]
    names += (name for node in linked.publishers for name in _strings(node.get("name")))
    return {_squash(_tidy(name, MAX_NAME_CHARS)) for name in names} - {""}


def _squash(name: str) -> str:
    return "".join(filter(str.isalnum, fold(name)))


_PLATFORMS = {"blogger", "wordpress", "wordpresscom"}  # name themselves as the publisher of what they host


def _publisher(head: _Head, linked: _Linked) -> str | None:
    names = [_name(linked.resolve(value)) for value in _flat(linked.values("publisher"))]
    names += head.values(_SITE_KEYS)
    names += map(_name, linked.publishers)
    tidied = (_tidy(name, MAX_NAME_CHARS) for name in names)
    return next((name for name in tidied if name and "://" not in name and _squash(name) not in _PLATFORMS), None)


def _flat(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _name(value: object) -> str | None:
    """The name of a JSON-LD person or organisation, or the string that stands for one."""
    if not isinstance(value, Mapping):
        return _first(value)
    whole = _first(value.get("name")) or _first(value.get("byline"))
    return whole or " ".join(filter(None, (_first(value.get(key)) for key in ("givenName", "familyName")))) or None


# --- authors --------------------------------------------------------------------------------------------------------

# "von" and "di" begin names as well: "Von" and "Di" only with two words behind them, the first with a capital
_BY = re.compile(
    r"^(?:(?i:(?:written )?by|par|por|автор|author|autor|text)\b[\s:]+|(?:Von|Di|Door) (?=[A-ZÀ-Þ]\S* \S))"
)
_LIST_SEPARATOR = re.compile(r"[;|、，\n]|\s/\s")
_AND = re.compile(r"\s+(?:and|und|et|y|e|en|og|och|ja|i|a|и|та|ve|&|\+)\s+", re.I)
_LEADING_AND = re.compile(r"^(?:and|und|et|&)\s+", re.I)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^][]*\]")
_ROLE = re.compile(
    r"\b(?:staff|editors?|editorial|reporters?|correspondents?|writers?|journalists?|columnists?|contributors?|producers?"
    r"|photographers?|newsroom|bureau|chief|desk|redaktion\w*|redakteur\w*|korrespondent\w*|reporterin"
    r"|journalistes?|r[ée]daction|r[ée]dact(?:eur|rice)s?|redacci[óo]n|redactor[ae]?s?|periodistas?|redazione|giornalista"
    r"|corrispondente|reda[çc][ãa]o|jornalistas?|redactie|redacteur|verslaggever|redakcja|dziennikarz|redakce"
    r"|редакция|корреспондент|журналист)\b",
    re.I,
)
_CJK_ROLE = re.compile(r"^(?:记者|記者|通讯员)\s*|\s*(?:기자|특파원|記者|记者)$")
_NO_NAMES = frozenset(_words("admin administrator root user null none undefined unknown anonymous guest na"))
_AGENCIES = frozenset(
    _words("""
    afp ani ansa anp ap apa associatedpress belga bloomberg bloombergnews cnn dpa efe europapress ians keystonesda kyodo
    lusa pa pap pti reuters ritzau sda tass tt upi xinhua yonhap тасс риановости интерфакс 共同 新华社 時事
    """)
)
_WITH_AGENCY = re.compile(r"\s+(?:with|mit|avec|con|com|met|z|с)\s+(?P<agency>\S+(?: \S+)?)$", re.I)
_SUFFIXES = {"jr", "sr", "phd", "md", "ii", "iii"}


def split_authors(text: str) -> tuple[str, ...]:
    """The names in a byline: ``By Ada Lowe and Ben Ray, staff writers`` has two.

    Roles, addresses, brackets, account names and the agency beside people are left out. A name that might be one
    person's stays whole: ``Ortega y Gasset``, ``Lowe, Ada``.
    """
    byline = _tidy(text, MAX_AUTHORS * MAX_NAME_CHARS)
    parts = (_BY.sub("", part.strip()) for part in _LIST_SEPARATOR.split(byline))
    names = (name for part in parts for name in _split_commas(part))
    found = _distinct(filter(_is_name, map(_tidy_name, names)))
    return tuple(name for name in found if _squash(name) not in _AGENCIES) or found


def _split_commas(text: str) -> list[str]:
    parts = [part for part in text.split(",") if part.strip()]
    named = [part for part in parts if not _ROLE.search(part) and _squash(part) not in _SUFFIXES]
    if len(parts) == 2 and len(named) == 2 and all(len(part.split()) == 1 for part in parts):
        return [text]
    return [name for part in named for name in _split_and(_LEADING_AND.sub("", part.strip()))]


def _split_and(text: str) -> list[str]:
    parts = _AND.split(text)
    return parts if all(len(part.split()) > 1 for part in parts) else [text]


def _tidy_name(text: str) -> str:
    words = (word for word in _BRACKETS.sub(" ", text).split() if "@" not in word and "://" not in word)
    return _without_agency(_CJK_ROLE.sub("", " ".join(words).strip(" ,.:-–—*•")))


def _without_agency(name: str) -> str:
    """The name without ``with AFP`` behind it."""
    found = _WITH_AGENCY.search(name)
    return name[: found.start()] if found and _squash(found["agency"]) in _AGENCIES else name


def _is_name(text: str) -> bool:
    squashed = _squash(text)
    return (
        len(text) <= MAX_NAME_CHARS
        and squashed not in _NO_NAMES
        and any(map(str.isalpha, squashed))
        and not text.startswith("www.")
        and not _ROLE.search(text)
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple({fold(name): name for name in reversed(list(names))}.values())[::-1][:MAX_AUTHORS]


def _authors(head: _Head, linked: _Linked, site_names: set[str]) -> tuple[str, ...]:
    """People of the JSON-LD, else of ``meta``; an organisation or the site itself only where nobody is named."""
    people, organisations = _json_ld_authors(linked)
    sources = [people, *(_names(head.meta[key]) for key in _AUTHOR_KEYS if key in head.meta)]
    for names in sources:
        if persons := _without_site(names, site_names):
            return persons
    return organisations or next((names[:1] for names in sources if names and _squash(names[0]) in site_names), ())


def _without_site(names: tuple[str, ...], site_names: set[str]) -> tuple[str, ...]:
    """The names that are not the site's; single words beside it are its town and country."""
    others = tuple(name for name in names if _squash(name) not in site_names)
    return others if len(others) == len(names) else tuple(name for name in others if count_words(name) > 1)


def _json_ld_authors(linked: _Linked) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The people and the organisations that the article names as its authors, or else as its creators."""
    for key in ("author", "creator"):
        authors = [linked.resolve(value) for value in _flat(node.get(key) for node in linked.articles)]
        people = _names(_name(author) for author in authors if not _is_organisation(author))
        organisations = _names(_name(author) for author in authors if _is_organisation(author))
        if people or organisations:
            return people, organisations
    return (), ()


def _is_organisation(author: object) -> bool:
    types = _types(author) if isinstance(author, Mapping) else set()
    return "person" not in types and any("organization" in name for name in types)


def _names(values: Iterable[str | None]) -> tuple[str, ...]:
    some = itertools.islice(filter(None, values), 2 * MAX_AUTHORS)
    return _distinct(name for value in some for name in split_authors(value))


# --- dates ----------------------------------------------------------------------------------------------------------

_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar jänner enero ene janvier janv gennaio gen janeiro januari stycznia января",
            "february feb februar febrero février févr febbraio fevereiro fev februari lutego февраля",
            "march mar märz mrz marzo mars março maart marca марта",
            "april apr abril abr avril avr aprile kwietnia апреля",
            "may mai mayo maggio mag maio mei maja мая",
            "june jun juni junio juin giugno giu junho czerwca июня",
            "july jul juli julio juillet juil luglio lug julho lipca июля",
            "august aug agosto ago août augustus sierpnia августа",
            "september sep sept septiembre septembre settembre set setembro września сентября",
            "october oct oktober okt octubre octobre ottobre ott outubro out października октября",
            "november nov noviembre nov novembre novembro listopada ноября",
            "december dec dezember dez diciembre dic décembre déc dicembre dezembro grudnia декабря",
        ),
        start=1,
    )
    for name in names.split()
}
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([-/.年]\s?)(\d{1,2})(?:[-/.月]\s?)(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)([01]\d)([0-3]\d)(?=\D|\d{4}(?:\d\d)?\b|$)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2((?:19|20)\d\d)(?!\d)")
_DAY_MONTH = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|[.º])?[\s-]*(?:de\s|of\s)?([^\W\d_]{3,})")
_MONTH_DAY = re.compile(r"([^\W\d_]{3,})\.?\s*(\d{1,2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d|:)")
_TIME = re.compile(
    r"(?<!\d)(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d+)?\s*([ap])?\.?(?:m\b)?\.?\s*"
    r"(?:(?:gmt|utc)?\s?([+-])(\d\d):?(\d\d)?(?!\d)|([a-z]+))?",
    re.I,
)
# the zones of RFC 822 and those of central Europe, in hours; other names are ambiguous
_ZONES = {
    "z": 0, "utc": 0, "ut": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
    "pdt": -7, "cet": 1, "mez": 1, "cest": 2, "mesz": 2,
}  # fmt: skip
_MAX_OFFSET = timedelta(hours=14)


def parse_date(value: object) -> str | None:
    """A date as ISO 8601: to the second with its offset where it has both, else the day.

    Understands ISO 8601 and what comes near it, RFC 822, epoch seconds and milliseconds, and dates with a month's name.
    A time without offset is nowhere in particular: only its day is kept. Years outside 1995-2100 are not believed.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_epoch(value)
    text = _tidy(value, _MAX_DATE_CHARS + 1)
    if not text or len(text) > _MAX_DATE_CHARS:
        return None
    if text.isascii() and text.isdigit() and len(text) in (10, 13):
        return _from_epoch(int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _from_words(text)
    return _iso(moment.date(), moment)


def _from_epoch(number: float) -> str | None:
    try:
        seconds = number / 1000 if abs(number) >= 1e11 else number
        moment = datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return _iso(moment.date(), moment)


def _iso(day: date, moment: datetime | None) -> str | None:
    if not MIN_YEAR <= day.year <= MAX_YEAR:
        return None
    offset = moment.utcoffset() if moment else None
    if moment is None or offset is None or abs(offset) > _MAX_OFFSET:
        return day.isoformat()
    return moment.isoformat(timespec="seconds")


def _from_words(text: str) -> str | None:
    found = next(filter(None, (find(text) for find in (_year_first, _with_month_name, _day_first))), None)
    if not found:
        return None
    try:
        day = date(*found)
    except ValueError:
        return None
    return _iso(day, _moment(day, text))


def _year_first(text: str) -> tuple[int, int, int] | None:
    if found := _YEAR_FIRST.search(text):
        return int(found[1]), int(found[3]), int(found[4])
    if found := _COMPACT.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    return None


def _with_month_name(text: str) -> tuple[int, int, int] | None:
    year = _YEAR.search(text)
    lowered = text.lower()
    days = [(name, day) for day, name in _DAY_MONTH.findall(lowered)] + _MONTH_DAY.findall(lowered)
    return next(((int(year[1]), _MONTHS[name], int(day)) for name, day in days if year and name in _MONTHS), None)


def _day_first(text: str) -> tuple[int, int, int] | None:
    """``19.11.2019``; with slashes only where one number can be no month, since countries differ."""
    if not (found := _DAY_FIRST.search(text)):
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "." or first > 12 or first == second:
        return year, second, first
    return (year, first, second) if second > 12 else None


def _moment(day: date, text: str) -> datetime | None:
    """The time of day in ``text``, if its offset is known."""
    if not (found := _TIME.search(text)) or not (zone := _zone(found)):
        return None
    hour = int(found[1])
    if found[4]:
        hour = hour % 12 + (12 if found[4] in "pP" else 0)
    try:
        return datetime(day.year, day.month, day.day, hour, int(found[2]), int(found[3] or 0), tzinfo=zone)
    except ValueError:
        return None


def _zone(found: re.Match[str]) -> timezone | None:
    if found[5]:
        offset = timedelta(hours=int(found[6]), minutes=int(found[7] or 0))
        return timezone(-offset if found[5] == "-" else offset) if offset <= _MAX_OFFSET else None
    hours = _ZONES.get((found[8] or "").lower())
    return None if hours is None else timezone(timedelta(hours=hours))


def _best_date(values: Iterable[object]) -> str | None:
    """The first date that can be read, to the second if another value of the same day is."""
    dates = [parsed for value in _flat(values) if (parsed := parse_date(value))]
    return (
        next((other for other in dates if len(other) > 10 and other[:10] == dates[0][:10]), dates[0]) if dates else None
    )


def _date_published(tree: HtmlElement, head: _Head, linked: _Linked, urls: Iterable[str | None]) -> str | None:
    declared = [*linked.values("datePublished"), *head.values(_PUBLISHED_KEYS), *linked.values("dateCreated")]
    return (
        _best_date(declared)
        or _date_of_time_elements(head.times)
        or next(filter(None, map(_date_in_url, urls)), None)
        or _slow_date(tree)
    )


_PUBLISHED_MARK = re.compile(r"publish|pubdate|created|posted|entry-date", re.I)
_ASIDE = {"aside", "nav", "footer", "li"}


def _date_of_time_elements(times: Sequence[HtmlElement]) -> str | None:
    """The ``time`` marked as date of publication, else the first one that belongs to the article."""
    marked = [element for element in times if _is_marked_published(element)]
    own = (element for element in times if _stands_in_article(element))
    dates = (parse_date(element.get("datetime") or _shown(element)) for element in (*marked, *own))
    return next(filter(None, dates), None)


def _is_marked_published(element: HtmlElement) -> bool:
    marks = " ".join(element.get(name, "") for name in ("itemprop", "class", "property", "pubdate"))
    return element.get("pubdate") is not None or bool(_PUBLISHED_MARK.search(marks))


def _stands_in_article(element: HtmlElement) -> bool:
    around = {parent.tag for parent in element.iterancestors()}
    return not around.isdisjoint({"article", "main"}) and around.isdisjoint(_ASIDE)


_URL_MONTHS = _words("jan feb mar apr may jun jul aug sep oct nov dec")
_URL_DATE = re.compile(
    rf"(?<!\d)(199\d|20\d\d)(?:[-/_.](0?[1-9]|1[0-2]|{'|'.join(_URL_MONTHS)})[-/_.](0?[1-9]|[12]\d|3[01])"
    r"|[-/]?(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))(?!\d)",
    re.I,
)


def _date_in_url(url: str | None) -> str | None:
    """The day in an address: ``/2019/11/19/``, ``/2019/nov/19/``, ``-2019-11-19``, ``/20191119/``, ``/2019/1119/``."""
    path = urlsplit(url).path[:MAX_URL_CHARS] if domain_of(url) and url else ""
    for found in _URL_DATE.finditer(path):
        month, day = (found[2] or found[4]).lower(), int(found[3] or found[5])
        number = _URL_MONTHS.index(month) + 1 if month in _URL_MONTHS else int(month)
        try:
            return _iso(date(int(found[1]), number, day), None)
        except ValueError:
            continue
    return None


_count_elements: Callable[[HtmlElement], float] = etree.XPath("count(//*)")


def _slow_date(tree: HtmlElement) -> str | None:
    """The day that htmldate finds in the page's text, which it copies and searches.

    Its latest date is fixed: by default it depends on the day of the build.
    """
    if _count_elements(tree) > _MAX_SLOW_ELEMENTS:
        return None
    try:
        found = htmldate.find_date(
            tree,
            extensive_search=False,
            original_date=True,
            min_date=f"{MIN_YEAR}-01-01",
            max_date=f"{MAX_YEAR}-12-31",
        )
    except Exception:
        # any error of a searcher on a hostile page: a page without a date is better than none
        return None
    return parse_date(found)


# --- language, licence, addresses -----------------------------------------------------------------------------------

_ISO_639_1 = frozenset(
    _words("""
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
    es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg
    ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta
    te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """)
)
# retired codes, and the three-letter codes of ISO 639-2 that news sites use
_OTHER_CODES = dict(
    pair.split(":")
    for pair in _words("""
    iw:he in:id ji:yi eng:en deu:de ger:de fra:fr fre:fr spa:es ita:it por:pt nld:nl dut:nl pol:pl rus:ru zho:zh
    chi:zh cmn:zh jpn:ja ara:ar kor:ko tur:tr swe:sv nor:no nob:nb nno:nn dan:da fin:fi ces:cs cze:cs slk:sk hun:hu
    ron:ro rum:ro bul:bg ell:el gre:el ukr:uk hrv:hr srp:sr slv:sl heb:he fas:fa per:fa hin:hi ben:bn urd:ur tam:ta
    tel:te vie:vi tha:th ind:id msa:ms cat:ca eus:eu glg:gl lit:lt lav:lv est:et isl:is gle:ga cym:cy afr:af zul:zu
    xho:xh swa:sw fil:tl
    """)
)
_LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?:[-_@.,;\s]|$)")


def parse_language(value: object) -> str | None:
    """The ISO 639-1 code of a language tag: ``en-US``, ``de_DE`` and ``eng`` become ``en``, ``de``, ``en``."""
    found = _LANGUAGE.match(_tidy(value, MAX_NAME_CHARS))
    code = found[1].lower() if found else ""
    code = _OTHER_CODES.get(code, code)
    return code if code in _ISO_639_1 else None


def _language(head: _Head, linked: _Linked) -> str | None:
    values: list[object] = [head.language]
    for value in _flat(linked.values("inLanguage")):
        values += [value.get("alternateName"), value.get("name")] if isinstance(value, dict) else [value]
    values += head.values(["og:locale", "og:language", "content-language", "inlanguage", "dc.language", "language"])
    return next(filter(None, map(parse_language, values)), None)


_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S")


def _license(head: _Head, linked: _Linked, base: str | None) -> str | None:
    values: list[object] = []
    for value in _flat(linked.values("license")):
        values += [value.get("url"), value.get("@id"), value.get("name")] if isinstance(value, dict) else [value]
    values += [*head.licenses, *head.values(_LICENSE_KEYS)]
    return next(filter(None, (_license_name(value, base) for value in values)), None)


def _license_name(value: object, base: str | None) -> str | None:
    """An absolute URL, or a name such as ``CC BY 4.0``."""
    text = _tidy(value, MAX_URL_CHARS)
    if _SCHEME.match(text) or text.startswith(("/", "#")):
        return absolute_http(text, base)
    return text[:MAX_NAME_CHARS].rstrip() or None


def _canonical_url(head: _Head, articles: Iterable[_Node], url: str | None) -> str | None:
    """The address that the page calls canonical: by ``link``, ``og:url`` or JSON-LD.

    One that names the site's root is passed over for one that names a page: sites that send every page's canonical link
    to their front page would otherwise look like one page.
    """
    candidates = [*head.canonical, *head.values(["og:url"]), *(text for node in articles for text in _addresses(node))]
    addresses = [address for candidate in candidates if (address := absolute_http(candidate, url))]
    below_root = next(filter(_url_key, addresses), None)
    return below_root or (None if _url_key(url) else next(iter(addresses), None))


def _own_url(head: _Head, canonical_url: str | None, url: str | None) -> str | None:
    """The canonical address, or ``og:url`` where that is on another site: the one that shows the page."""
    shared = (absolute_http(address, url) for address in head.values(["og:url"]))
    own = next(filter(_url_key, shared), canonical_url)
    return own if domain_of(own) != domain_of(canonical_url) else canonical_url


def absolute_http(url: object, base: str | None) -> str | None:
    """``url`` made absolute by ``base``, if that gives an http(s) address with a host; else None. Never raises."""
    text = url.strip().replace("&amp;", "&") if isinstance(url, str) else ""
    if not text:
        return None
    try:
        absolute = "%20".join(_UNSEEN.sub("", urljoin(base or "", text)).split())
        scheme = urlsplit(absolute).scheme
    except ValueError:
        return None
    if scheme not in ("http", "https") or len(absolute) > MAX_URL_CHARS or not domain_of(absolute):
        return None
    return scheme + absolute[len(scheme) :]


_HOST = re.compile(r"[^\s/\\@<>\"'%]+")


def domain_of(url: str | None) -> str | None:
    """The host of ``url`` in lower case, without ``www.`` and port; None where there is none. Never raises."""
    if not isinstance(url, str):
        return None
    try:
        host = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return None
    host = _UNSEEN.sub("", host).rstrip(".").lower()
    if host.startswith("www.") and "." in host[4:]:
        host = host[4:]
    return host if _HOST.fullmatch(host) else None
