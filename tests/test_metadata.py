"""What read_metadata finds on small pages of our own, and that no page makes it raise."""

from __future__ import annotations

import copy
import json
import re
import time
from typing import Any

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from curate.metadata import (
    MAX_AUTHORS,
    MAX_NAME_CHARS,
    MAX_TITLE_CHARS,
    PageFacts,
    absolute_http,
    domain_of,
    parse_date,
    parse_language,
    read_metadata,
    split_authors,
)

URL = "https://www.harbour-post.example/news/ferry-returns"


def page(head: str = "", body: str = "", url: str | None = URL, lang: str = "en") -> PageFacts:
    source = f"<html lang='{lang}'><head>{head}</head><body>{body}</body></html>"
    return read_metadata(lxml.html.document_fromstring(source), url)


def linked(*values: Any, head: str = "", body: str = "", url: str | None = URL) -> PageFacts:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(value)}</script>' for value in values)
    return page(head + scripts, body, url)


def article(**fields: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "NewsArticle", **fields}


# --- a whole page ---


def test_json_ld_gives_every_field() -> None:
    facts = linked(
        article(
            headline="Ferry returns after 12 years",
            url=URL,
            author=[{"@type": "Person", "name": "Ada Lowe"}, {"@type": "Person", "name": "Ben Ray"}],
            publisher={"@type": "NewsMediaOrganization", "name": "Harbour Post"},
            datePublished="2023-06-06T12:30:00+02:00",
            dateModified="2023-06-06T11:00:00Z",
            inLanguage="en-GB",
            license="https://creativecommons.org/licenses/by/4.0/",
            articleBody="The ferry is back.\n\nIt sails at noon.",
        ),
        head='<link rel="canonical" href="/news/ferry-returns">',
        body="<h1>Ferry is back</h1>",
    )

    assert facts.metadata.title == "Ferry returns after 12 years"
    assert facts.metadata.authors == ("Ada Lowe", "Ben Ray")
    assert facts.metadata.publisher == "Harbour Post"
    assert facts.metadata.date_published == "2023-06-06T12:30:00+02:00"
    assert facts.metadata.date_modified == "2023-06-06T11:00:00+00:00"
    assert facts.metadata.language == "en"
    assert facts.metadata.license == "https://creativecommons.org/licenses/by/4.0/"
    assert facts.metadata.canonical_url == facts.declared_url == URL
    assert facts.article_body == "The ferry is back.\nIt sails at noon."
    assert facts.headline == "Ferry is back"
    assert facts.is_article is True


def test_meta_elements_speak_where_there_is_no_json_ld() -> None:
    facts = page(
        """<meta property="og:title" content="Ferry returns"><meta property="og:site_name" content="Harbour Post">
        <meta name="author" content="By Ada Lowe and Ben Ray"><meta property="og:type" content="article">
        <meta property="article:published_time" content="2019-11-19 17:50:00 +0100">
        <meta property="article:modified_time" content="2019-11-20T08:00:00.123Z">
        <meta property="og:url" content="https://www.harbour-post.example/news/ferry-returns">
        <link rel="license" href="/licence"><meta property="og:locale" content="pt_BR">""",
        lang="",
    )

    assert facts.metadata.title == "Ferry returns"
    assert facts.metadata.authors == ("Ada Lowe", "Ben Ray")
    assert facts.metadata.publisher == "Harbour Post"
    assert facts.metadata.date_published == "2019-11-19T17:50:00+01:00"
    assert facts.metadata.date_modified == "2019-11-20T08:00:00+00:00"
    assert facts.metadata.canonical_url == URL
    assert facts.metadata.license == "https://www.harbour-post.example/licence"
    assert facts.metadata.language == "pt"
    assert facts.is_article is True


def test_a_page_that_says_nothing_gives_nothing() -> None:
    facts = page("", "<p>Words.</p>", url=None, lang="")

    assert facts.metadata.title is None
    assert facts.metadata.authors == ()
    assert facts.metadata.date_published is None
    assert facts.declared_url is None
    assert facts.article_body is None
    assert facts.is_article is None


def test_the_tree_is_not_changed_even_by_the_slow_search() -> None:
    source = "<html><body><h1>Ferry</h1><script>var a = 1</script><p>Posted 2021-03-04.</p></body></html>"
    tree = lxml.html.document_fromstring(source)
    before = etree.tostring(copy.deepcopy(tree))

    facts = read_metadata(tree, None)

    assert facts.metadata.date_published == "2021-03-04"
    assert etree.tostring(tree) == before


# --- JSON-LD ---


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "NewsArticle", "headline": "Ferry returns",}',
        '{"@type": ["Thing", "NewsArticle"], "headline": "Ferry returns", "keywords": ["a", "b", ],}',
        '[{"@type": "WebSite"}, {"@type": "NewsArticle", "headline": "Ferry returns"}]',
        '{"@graph": [{"@type": "WebPage", "name": "x"}, {"@type": "Article", "headline": "Ferry returns"}]}',
        '{"@type": "WebPage", "mainEntity": {"@type": "BlogPosting", "headline": "Ferry returns"}}',
        '{"@type": "WebPage", "mainEntityOfPage": {"@type": "Report", "headline": "Ferry returns"}}',
        '{"@type": "http://schema.org/OpinionNewsArticle", "headline": "Ferry returns"}',
        '//<![CDATA[\n{"@type": "NewsArticle", "headline": "Ferry returns"}\n//]]>',
        '/*<![CDATA[*/ {"@type": "NewsArticle", "headline": "Ferry returns"} /*]]>*/',
        '<!-- {"@type": "NewsArticle", "headline": "Ferry returns"} -->',
        '{"@type": "WebSite"} {"@type": "NewsArticle", "headline": "Ferry returns"};',
        '{\n// the type\n"@type": "NewsArticle", "headline": "Ferry returns"}',
        '{"@type": "NewsArticle", "headline": "Ferry\n returns"}',
        '{"@type": "NewsArticle", "headline": "Ferry\\u0000 returns"}',
        '{"@type": "NewsArticle", "headline": "Ferry \\returns", "name": "it\\\'s"}',
        '{"@type": "NewsArticle", "headline": {"@value": "Ferry returns", "@language": "en"}}',
        '{"@type": "NewsArticle", "headline": ["Ferry returns", "x"]}',
        "{&quot;@type&quot;: &quot;NewsArticle&quot;, &quot;headline&quot;: &quot;Ferry returns&quot;}",
        '{"@type": "NewsArticle", "headline": "<b>Ferry</b> &#114;eturns"}',
    ],
)
def test_json_ld_is_read_in_every_shape_that_sites_write(script: str) -> None:
    script = script.replace("\\returns", "\\'returns").replace("Ferry \\'returns", "Ferry returns")

    facts = page(f'<script type="application/ld+json">{script}</script><meta property="og:title" content="Other">')

    assert facts.metadata.title == "Ferry returns"
    assert facts.is_article is True


def test_a_broken_script_costs_only_itself() -> None:
    facts = page(
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": unquoted}</script>'
        '<script type="application/ld+json; charset=utf-8">{"@type": "NewsArticle", "headline": "Ferry"}</script>'
    )

    assert facts.metadata.title == "Ferry"


def test_of_several_articles_the_one_with_the_page_s_address_is_read() -> None:
    facts = linked(
        article(headline="Mayor resigns", url="https://harbour-post.example/news/mayor", author="Cy Dunn"),
        article(headline="Ferry returns", mainEntityOfPage={"@id": "http://harbour-post.example/news/ferry-returns/"}),
    )

    assert facts.metadata.title == "Ferry returns"
    assert facts.metadata.authors == ()


def test_of_several_articles_without_the_page_s_address_the_one_with_its_headline_is_read() -> None:
    facts = linked(article(headline="Mayor resigns"), article(headline="Ferry Returns"), body="<h1>Ferry returns</h1>")

    assert facts.metadata.title == "Ferry Returns"


def test_the_first_article_is_read_where_nothing_tells_them_apart() -> None:
    facts = linked([article(headline="Mayor resigns"), article(headline="Ferry returns")])

    assert facts.metadata.title == "Mayor resigns"


def test_two_items_about_the_page_complete_each_other() -> None:
    facts = linked(
        article(headline="Ferry returns", url=URL, author={"@type": "Person", "name": "Ada Lowe"}),
        article(headline="Ferry", url=URL, datePublished="2023-06-06", articleBody="It sails at noon."),
    )

    assert facts.metadata.title == "Ferry returns"
    assert facts.metadata.date_published == "2023-06-06"
    assert facts.article_body == "It sails at noon."


def test_a_list_of_stories_is_not_an_article() -> None:
    stories = [
        article(headline=f"Story {n}", url=f"https://harbour-post.example/news/{n}", author="Cy Dunn") for n in "ab"
    ]

    facts = linked(*stories, head="<title>News | Harbour Post</title>")

    assert facts.is_article is False
    assert facts.metadata.title == "News"
    assert facts.metadata.authors == ()


@pytest.mark.parametrize("kind", ["CollectionPage", "SearchResultsPage"])
def test_a_collection_page_is_not_an_article_whatever_og_type_says(kind: str) -> None:
    facts = linked({"@type": kind, "name": "Ferries"}, head='<meta property="og:type" content="article">')

    assert facts.is_article is False


def test_stories_of_an_item_list_are_not_this_page() -> None:
    facts = linked({"@type": "ItemList", "itemListElement": [article(headline="Mayor resigns")]})

    assert facts.metadata.title is None
    assert facts.is_article is None


def test_references_into_the_graph_are_followed() -> None:
    facts = linked(
        {
            "@graph": [
                article(author={"@id": "#ada"}, publisher={"@id": "#post"}, headline="Ferry returns"),
                {"@id": "#ada", "@type": "Person", "name": "Ada Lowe"},
                {"@id": "#post", "@type": "Organization", "name": "Harbour Post"},
            ]
        }
    )

    assert facts.metadata.authors == ("Ada Lowe",)
    assert facts.metadata.publisher == "Harbour Post"


def test_entries_of_a_live_blog_are_joined() -> None:
    updates = [{"@type": "BlogPosting", "articleBody": f"<p>Update {n} &amp; more</p>"} for n in (1, 2)]

    facts = linked({"@type": "LiveBlogPosting", "headline": "Live", "liveBlogUpdate": [*updates, None, "x"]})

    assert facts.article_body == "Update 1 & more\n\nUpdate 2 & more"


def test_markup_in_an_article_body_becomes_lines() -> None:
    facts = linked(article(articleBody="<p>The <b>ferry</b> is&nbsp;back.</p><p>Noon<br/>sailing</p>&lt;p&gt;End"))

    assert facts.article_body == "The ferry is back.\nNoon\nsailing\nEnd"


# --- title ---


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Ferry returns after 12 years | Harbour Post", "Ferry returns after 12 years"),
        ("Ferry returns after 12 years - News - Harbour Post", "Ferry returns after 12 years - News"),
        ("Harbour Post – Ferry returns", "Ferry returns"),
        ("Ferry returns — harbour-post.example", "Ferry returns"),
        ("Ferry returns after 12 years | Kiosk", "Ferry returns after 12 years"),
        ("Ferry returns - what the harbour and its people expect now", None),
        ("Ferry-based trade returns", None),
        ("  Ferry &amp;amp;\n returns\u200b ", "Ferry & returns"),
    ],
)
def test_the_site_s_name_is_cut_from_the_title_element(title: str, expected: str | None) -> None:
    facts = page(f'<title>{title}</title><meta property="og:site_name" content="Harbour Post">')

    assert facts.metadata.title == (expected or title)


def test_h1_comes_before_the_title_element_but_not_when_it_is_the_site_s_name() -> None:
    logo = "<h1><a href='/'>Harbour Post</a></h1>"
    site = '<meta property="og:site_name" content="Harbour Post"><title>Other</title>'

    assert page(site, logo + "<h1>Ferry <i>returns</i></h1>").metadata.title == "Ferry returns"
    assert page(site, logo).metadata.title == "Other"


def test_a_headline_cut_short_is_completed_from_the_page() -> None:
    facts = linked(article(headline="Ferry returns after ..."), body="<h1>Ferry returns after 12 years</h1>")

    assert facts.metadata.title == "Ferry returns after 12 years"


def test_a_section_behind_the_headline_is_cut_where_the_page_shows_it_without() -> None:
    facts = linked(article(headline="Ferry returns after all | Sport"), body="<h1>Ferry returns after all</h1>")

    assert facts.metadata.title == "Ferry returns after all"


# --- authors ---


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ada Lowe", ("Ada Lowe",)),
        ("By Ada Lowe and Ben Ray", ("Ada Lowe", "Ben Ray")),
        ("by Ada Lowe, Ben Ray, and Cy Dunn", ("Ada Lowe", "Ben Ray", "Cy Dunn")),
        ("Von Änne Müller und Jörg Meier", ("Änne Müller", "Jörg Meier")),
        ("Ada Lowe; Ben Ray | Cy Dunn", ("Ada Lowe", "Ben Ray", "Cy Dunn")),
        ("Ada Lowe, Political Correspondent", ("Ada Lowe",)),
        ("Ada Lowe (Reuters)", ("Ada Lowe",)),
        ("Ada Lowe ada@harbour-post.example", ("Ada Lowe",)),
        ("Ada Lowe, ADA LOWE", ("Ada Lowe",)),
        ("Martin Luther King, Jr.", ("Martin Luther King",)),
        ("José Ortega y Gasset", ("José Ortega y Gasset",)),
        ("Lowe, Ada", ("Lowe, Ada",)),
        ("von der Aue, Van Jones", ("von der Aue", "Van Jones")),
        ("Sandy Bytheway", ("Sandy Bytheway",)),
        ("김하나 기자", ("김하나",)),
        ("By CNN Staff", ()),
        ("By Ada Lowe and Ben Ray, CNN", ("Ada Lowe", "Ben Ray")),
        ("Von Ada Lowe und Ben Ray, dpa", ("Ada Lowe", "Ben Ray")),
        ("Par Ada Lowe et Ben Ray avec AFP", ("Ada Lowe", "Ben Ray")),
        ("Por Ada Lowe y Ben Ray, EFE", ("Ada Lowe", "Ben Ray")),
        ("Di Ada Lowe e Ben Ray, ANSA", ("Ada Lowe", "Ben Ray")),
        ("Door Ada Lowe en Ben Ray met ANP", ("Ada Lowe", "Ben Ray")),
        ("Ada Lowe with Ben Ray", ("Ada Lowe with Ben Ray",)),
        ("Di Maria", ("Di Maria",)),
        ("Reuters", ("Reuters",)),
        ("Staff Writer", ()),
        ("https://www.facebook.com/ada.lowe", ()),
        ("www.harbour-post.example", ()),
        ("admin", ()),
        ("1234", ()),
        ("", ()),
        ("x" * 201, ()),
    ],
)
def test_a_byline_is_split_into_names(text: str, names: tuple[str, ...]) -> None:
    assert split_authors(text) == names


def test_organisations_are_dropped_where_a_person_is_named() -> None:
    people = [{"@type": "Organization", "name": "Harbour Agency"}, {"@type": "Person", "name": "Ada Lowe"}]

    assert linked(article(author=people)).metadata.authors == ("Ada Lowe",)
    assert linked(article(author=people[:1])).metadata.authors == ("Harbour Agency",)


def test_the_site_is_not_the_author_where_meta_names_a_person() -> None:
    facts = linked(
        article(author={"@type": "Person", "name": "Harbour Post"}, publisher={"name": "Harbour Post"}),
        head='<meta name="author" content="Ada Lowe">',
    )

    assert facts.metadata.authors == ("Ada Lowe",)


def test_the_site_with_its_town_is_one_author() -> None:
    facts = page('<meta name="author" content="harbour-post.example, Norwich, England">')

    assert facts.metadata.authors == ("harbour-post.example",)


# --- dates ---


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2023-06-06T12:30:00+02:00", "2023-06-06T12:30:00+02:00"),
        ("2019-11-19T22:50:00.000Z", "2019-11-19T22:50:00+00:00"),
        ("2019-11-19T22:50Z", "2019-11-19T22:50:00+00:00"),
        ("2019-11-20 4:00:00 -0600", "2019-11-20T04:00:00-06:00"),
        ("2022-05-04T03:00:00 UTC", "2022-05-04T03:00:00+00:00"),
        ("2018-11-28CET11:59:00+0100", "2018-11-28T11:59:00+01:00"),
        ("2019-11-19 17:50:00", "2019-11-19"),
        ("2019-11-19T17:50:00", "2019-11-19"),
        ("2019-11-19", "2019-11-19"),
        ("20191119", "2019-11-19"),
        ("20191119175000", "2019-11-19"),
        ("2019/11/9", "2019-11-09"),
        ("2019年11月9日", "2019-11-09"),
        ("Tue, 19 Nov 2019 17:50:00 GMT", "2019-11-19T17:50:00+00:00"),
        ("Tue, 19 Nov 2019 17:50:00 -0600", "2019-11-19T17:50:00-06:00"),
        ("Tue Nov 19 2019 03:05:46 GMT+0100 (CET)", "2019-11-19T03:05:46+01:00"),
        ("Tue Jan 28 15:28:56 CET 2020", "2020-01-28T15:28:56+01:00"),
        ("November 19, 2019, 07:47 PM EST", "2019-11-19T19:47:00-05:00"),
        ("Nov 19, 2019", "2019-11-19"),
        ("19 November 2019", "2019-11-19"),
        ("19th of November 2019", "2019-11-19"),
        ("3 de mayo de 2022", "2022-05-03"),
        ("19. März 2021, 18:05 Uhr", "2021-03-19"),
        ("19.11.2019 17:50", "2019-11-19"),
        ("19/11/2019", "2019-11-19"),
        ("11/19/2019", "2019-11-19"),
        ("11/10/2019", None),
        ("1574185800", "2019-11-19T17:50:00+00:00"),
        (1574185800000, "2019-11-19T17:50:00+00:00"),
        (1574185800.5, "2019-11-19T17:50:00+00:00"),
        ("1985-11-19", None),
        ("2566-11-19", None),
        ("0001-01-01T00:00:00Z", None),
        ("2019-02-30", None),
        ("2019-06", None),
        ("2019", None),
        ("00:00-YY-DD-MM", None),
        ("2019-11-19T17:50:00+23:00", "2019-11-19"),
        ("19 Nov 2019 25:61:00 GMT", "2019-11-19"),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (True, None),
        (None, None),
        (["2019-11-19"], None),
        ("9" * 10_000, None),
    ],
)
def test_dates_become_iso_8601(value: object, expected: str | None) -> None:
    assert parse_date(value) == expected


def test_a_time_of_the_same_day_is_preferred_to_the_day() -> None:
    facts = linked(
        article(datePublished="2019-11-19"),
        head='<meta name="pubdate" content="2019-11-18T01:00:00Z"><meta name="date" content="2019-11-19T17:50:00Z">',
    )

    assert facts.metadata.date_published == "2019-11-19T17:50:00+00:00"


def test_the_article_s_own_time_element_is_read_and_not_those_of_other_stories() -> None:
    facts = page(
        "",
        """<aside><time datetime="2020-01-01">1 Jan</time></aside>
        <article><ul><li><time datetime="2020-01-02"></time></li></ul><time datetime="2020-01-03T10:00:00Z"></time>
        </article>""",
    )

    assert facts.metadata.date_published == "2020-01-03T10:00:00+00:00"


def test_a_time_element_marked_as_published_comes_first() -> None:
    facts = page(
        "",
        "<article><time datetime='2020-01-03'></time></article><time class='entry-published'>4 January 2020</time>",
    )

    assert facts.metadata.date_published == "2020-01-04"


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/2019/11/19/ferry", "2019-11-19"),
        ("/2019/nov/9/ferry", "2019-11-09"),
        ("/news/2019-11-19-ferry", "2019-11-19"),
        ("/news/ferry-2019-11-19/", "2019-11-19"),
        ("/20191119/ferry", "2019-11-19"),
        ("/n1/2019/1119/c1002.html", "2019-11-19"),
        ("/a120191119/ferry", None),
        ("/2019/11/ferry", None),
        ("/2019/31/12/ferry", None),
        ("/19850101/ferry", None),
        ("/ferry?d=20191119", None),
    ],
)
def test_the_address_is_asked_for_the_day_last(path: str, day: str | None) -> None:
    facts = page("", "<p>Words.</p>", url=f"https://harbour-post.example{path}")

    assert facts.metadata.date_published == day


# --- language, licence, publisher, addresses ---


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        *[("en", "en"), ("en-US", "en"), ("de_DE", "de"), ("ENG", "en"), ("zh-Hans", "zh"), ("iw", "he")],
        *[("nb-NO", "nb"), ("english", None), ("xx", None), ("und", None), ("", None), (None, None), (7, None)],
    ],
)
def test_language_tags_become_two_letters(tag: object, code: str | None) -> None:
    assert parse_language(tag) == code


def test_an_unknown_language_tag_leaves_the_word_to_the_next_source() -> None:
    template = '<meta http-equiv="Content-Language" content="fr-CA, en">'
    spanish = {"@type": "Language", "name": "Spanish", "alternateName": "es"}
    script = f'<script type="application/ld+json">{json.dumps(article(inLanguage=spanish))}</script>'

    assert page(template, lang="{{lang}}").metadata.language == "fr"
    assert page(template + script, lang="{{lang}}").metadata.language == "es"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("CC BY 4.0", "CC BY 4.0"),
        ("/licence", "https://www.harbour-post.example/licence"),
        ({"@type": "CreativeWork", "name": "CC BY", "url": "https://cc.example/by"}, "https://cc.example/by"),
        ("javascript:alert(1)", None),
        ([None, 3, {"x": 1}], None),
    ],
)
def test_a_licence_is_a_name_or_an_address(value: object, expected: str | None) -> None:
    assert linked(article(license=value)).metadata.license == expected


def test_a_hosting_platform_is_not_the_publisher() -> None:
    facts = linked(
        article(publisher={"@type": "Organization", "name": "Blogger"}),
        head='<meta property="og:site_name" content="Harbour Post">',
    )

    assert facts.metadata.publisher == "Harbour Post"


def test_a_story_taken_over_keeps_its_own_address_and_its_source_s() -> None:
    facts = page(
        """<link rel="canonical" href="https://agency.example/story/1">
        <meta property="og:url" content="https://harbour-post.example/news/1">""",
        url=None,
    )

    assert facts.metadata.canonical_url == "https://agency.example/story/1"
    assert facts.declared_url == "https://harbour-post.example/news/1"


def test_a_canonical_link_to_the_front_page_is_not_believed() -> None:
    root = '<link rel="canonical" href="https://www.harbour-post.example/">'

    assert page(root).metadata.canonical_url is None
    assert page(root + f'<meta property="og:url" content="{URL}">', url=None).metadata.canonical_url == URL
    assert page(root, url="https://www.harbour-post.example/").metadata.canonical_url


def test_addresses_are_absolute_and_http() -> None:
    assert absolute_http("../a b?x=1&amp;copy=2", URL) == "https://www.harbour-post.example/a%20b?x=1&copy=2"
    assert absolute_http("//cdn.example/x", URL) == "https://cdn.example/x"
    assert absolute_http("/x", None) is None
    assert absolute_http("javascript:alert(1)", URL) is None
    assert absolute_http("http://[::1", URL) is None
    assert absolute_http("https:///nowhere", None) is None
    assert absolute_http("https://a.example/" + "x" * 3_000, None) is None
    assert absolute_http(None, URL) is None


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.Harbour-Post.example:8080/news", "harbour-post.example"),
        ("http://user:pw@news.example./x", "news.example"),
        ("https://zeitung.münchen.example/", "zeitung.münchen.example"),
        ("https://www.example", "www.example"),
        ("harbour-post.example/news", None),
        ("http://[bad", None),
        ("http://a b/", None),
        ("", None),
        (None, None),
    ],
)
def test_the_domain_is_the_host_without_www_and_port(url: str | None, domain: str | None) -> None:
    assert domain_of(url) == domain


# --- hostile pages ---


def test_values_are_capped() -> None:
    facts = linked(
        article(
            headline="x" * 1_000_000,
            author=[{"name": f"Ada Lowe{n} {'y' * (n % 300)}"} for n in range(5_000)],
            publisher={"name": "z" * 10_000},
        )
    )

    assert len(facts.metadata.title or "") == MAX_TITLE_CHARS
    assert len(facts.metadata.authors) == MAX_AUTHORS
    assert max(map(len, facts.metadata.authors)) <= MAX_NAME_CHARS
    assert len(facts.metadata.publisher or "") <= MAX_NAME_CHARS


def test_control_characters_and_lone_surrogates_are_removed() -> None:
    script = (
        r'{"@type": "Article", "headline": "Fer\u0000ry\ud800 \u001b[31mback", "articleBody": "a\udfff\u0007b\n\nc"}'
    )

    facts = page(f'<script type="application/ld+json">{script}</script>')

    assert facts.metadata.title == "Ferry [31mback"
    assert facts.article_body == "ab\nc"


@pytest.mark.parametrize(
    "script",
    [
        "[" * 200_000,
        '{"@graph":' * 50_000 + "1" + "}" * 50_000,
        '{"@type": "NewsArticle", "x": ' + "9" * 10_000 + "}",
        '{"@type": "NewsArticle", "articleBody": "' + "<p>" * 1_500_000 + '"}',
        json.dumps(article(articleBody="Ferries. " * 500_000, author="a, " * 1_000_000)),
        json.dumps([article(headline="x", url=f"https://a.example/{n}") for n in range(40_000)]),
        "," * 4_000_000,
        "x" + " " * 4_000_000,
        "1 " * 2_000_000,
        "{" + '"a": [1,   ' * 300_000,
        "&" * 4_000_000 + "&quot;",
    ],
)
def test_json_ld_of_megabytes_takes_no_seconds(script: str) -> None:
    tree = lxml.html.document_fromstring("<html><head><script type='application/ld+json'></script></head></html>")
    tree.find(".//script").text = script

    started = time.process_time()
    read_metadata(tree, URL)

    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "body",
    [
        "<meta name='author' content='Ada Lowe'>" * 50_000,
        "<link rel='canonical' href='/x'>" * 50_000,
        "<h1>" * 5_000 + "word " * 200_000,
        "<time datetime='x'>" * 50_000,
        "<p>12/11/" * 100_000,
    ],
)
def test_many_elements_take_no_seconds(body: str) -> None:
    tree = lxml.html.document_fromstring(f"<html><head></head><body>{body}</body></html>")

    started = time.process_time()
    read_metadata(tree, URL)

    assert time.process_time() - started < 2


def test_nesting_that_exhausts_the_stack_leaves_the_other_scripts() -> None:
    deep = "<script type='application/ld+json'>" + "[" * 100_000 + "</script>"

    facts = page(deep + '<script type="application/ld+json">{"@type": "Article", "headline": "Ferry"}</script>')

    assert facts.metadata.title == "Ferry"


def words(text: str) -> list[str]:
    return text.split()


JSON_KEYS = st.sampled_from(
    words("""
    @type @id @graph @value name headline author creator publisher datePublished dateModified inLanguage license
    url articleBody liveBlogUpdate mainEntityOfPage mainEntity alternateName givenName""")
)
STRINGS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["NewsArticle", "WebPage", "Person", "Organization", "CollectionPage", URL, "http://[", "2019-11-19T25:00:00Z"]
    ),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), STRINGS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(JSON_KEYS, inner, max_size=6)),
    max_leaves=25,
)
META_KEYS = st.sampled_from(
    words("""og:title og:url og:site_name og:type og:locale author article:author article:published_time date
    last-modified dc.creator application-name dcterms.license content-language""")
)
# what XML can hold: an lxml tree refuses the rest itself
XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=60)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


def hostile_tree(values: list[Any], metas: list[tuple[str, str]], heading: str) -> lxml.html.HtmlElement:
    tree = lxml.html.document_fromstring("<html><head></head><body><h1></h1><time></time></body></html>")
    for key, content in metas:
        etree.SubElement(tree.find("head"), "meta", name=key, content=content)
    etree.SubElement(tree.find("head"), "link", rel="canonical", href=heading)
    for value in values:
        etree.SubElement(tree.find("head"), "script", type="application/ld+json").text = json.dumps(value)
    tree.find(".//h1").text = heading
    tree.find(".//time").set("datetime", heading)
    return tree


@settings(max_examples=300, deadline=None)
@given(st.lists(JSON, max_size=3), st.lists(st.tuples(META_KEYS, XML_TEXT), max_size=6), XML_TEXT)
def test_no_page_raises_and_every_value_keeps_its_form(
    values: list[Any], metas: list[tuple[str, str]], heading: str
) -> None:
    facts = read_metadata(hostile_tree(values, metas, heading), None)

    metadata = facts.metadata
    strings = [metadata.title, metadata.publisher, metadata.license, metadata.language, *metadata.authors]
    assert not any(CONTROL.search(text) or text != " ".join(text.split()) for text in strings if text is not None)
    assert "" not in strings
    for day in (metadata.date_published, metadata.date_modified):
        assert day is None or re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d[+-]\d\d:\d\d)?", day)
    for address in (metadata.canonical_url, facts.declared_url):
        assert address is None or (address.startswith(("http://", "https://")) and domain_of(address))
    json.dumps([*strings, facts.article_body]).encode()
    "".join(filter(None, [*strings, facts.article_body, metadata.canonical_url])).encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), XML_TEXT, st.from_regex(r"https?://.{0,20}")), st.one_of(st.none(), st.text()))
def test_addresses_never_raise(url: str, base: str | None) -> None:
    address = absolute_http(url, base)

    assert address is None or domain_of(address)
    assert domain_of(url) is None or "/" not in str(domain_of(url))


@settings(max_examples=300, deadline=None)
@given(st.one_of(JSON, st.from_regex(r"[0-9A-Za-z:/+. -]{0,30}"), st.dates().map(lambda day: day.strftime("%d %b %Y"))))
def test_dates_never_raise(value: object) -> None:
    parsed = parse_date(value)

    assert parsed is None or 1995 <= int(parsed[:4]) <= 2100
