"""Page -> article: text of every kind that articles are made of, and what stands around it in the page."""

from __future__ import annotations

import json

import pytest
from builds import MORE_PROSE, PROSE
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.clean import clean
from curate.extract import EXTRACTOR, TEXT_EXTRACTOR, extract
from curate.heuristics import SiteLines
from curate.model import Article, Page, Provenance, Rejection
from curate.recipe import Extract
from curate.rules import compile_rules, load_pack, packaged_rules

MATCHER = compile_rules([load_pack(packaged_rules())])
TITLE = "Old ferry kept for another winter"
LINES = [*PROSE.splitlines(), *MORE_PROSE.splitlines()]
PAID_LINES = [
    "Maud Ellery has kept the lighthouse since her father fell ill, and counts every boat that passes below it.",
    "In the log she keeps, the ferry has missed its hour on forty days of the last year, mostly for want of parts.",
    "The parts come from a yard that closed in spring, so the mate now files them himself on a bench in the hold.",
    "He learned the trade on trawlers in the north, where nobody waits for a catalogue when a pump gives out.",
    "Children on the island go to school by boat, and miss the first lesson whenever fog lies on the sound.",
    "Their teacher has moved that lesson to the afternoon, which the parents welcomed and the pupils did not.",
    "A helicopter was tried for one summer, and frightened the sheep so much that the farmers sent a petition.",
]


def page_of(body: str, head: str = "") -> Page:
    html = f"<html><head><meta charset='utf-8'><title>{TITLE}</title>{head}</head><body>{body}</body></html>"
    return Page("x" * 32, Provenance("a.html", "html"), url="https://paper.example/old-ferry", html=html.encode())


def article_of(body: str, head: str = "") -> Article:
    found = extract(page_of(body, head), Extract())
    assert isinstance(found, Article)
    return found


def lines_of_page(body: str, head: str = "") -> list[str]:
    """The extracted lines, the page's title left out: the extractor keeps it on some pages and on others not."""
    return [line for line in article_of(body, head).text.split("\n") if line != TITLE]


def kept_lines(body: str) -> list[str]:
    """What is left of a page after extraction and cleaning."""
    return clean(article_of(body), MATCHER, SiteLines(), "en").text.split("\n")


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def story(inner: str) -> str:
    """A page with ``inner`` in the middle of its article."""
    return (
        "<nav><a href='/'>Home</a> <a href='/boats'>Boats</a></nav>"
        f"<article><h1>{TITLE}</h1>{paragraphs(LINES[:4])}{inner}{paragraphs(LINES[4:])}</article>"
        "<footer><p>All rights reserved.</p></footer>"
    )


def json_ld(body: str) -> str:
    found = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLE, "articleBody": body}
    return f"<script type='application/ld+json'>{json.dumps(found)}</script>"


# ---- what article text is made of


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        pytest.param("<h2>What it costs</h2>", ["What it costs"], id="sub-heading"),
        pytest.param("<p><strong>What it costs</strong></p>", ["What it costs"], id="sub-heading in bold"),
        pytest.param(
            "<ul><li>Six cars</li><li>Forty seats, and room for a pram</li><li>No bar</li></ul>",
            ["- Six cars", "- Forty seats, and room for a pram", "- No bar"],
            id="list",
        ),
        pytest.param(
            "<ol><li>Boil the kelp.</li><li>Drain it.</li></ol>", ["- Boil the kelp.", "- Drain it."], id="ol"
        ),
        pytest.param(
            "<dl><dt>Bow</dt><dd>The front of a boat.</dd></dl>", ["- Bow", "- The front of a boat."], id="definitions"
        ),
        pytest.param(
            "<blockquote><p>We have waited.</p><p>We can wait.</p></blockquote>",
            ["We have waited.", "We can wait."],
            id="block quote",
        ),
        pytest.param(
            "<table><tr><th>Part</th><th>Cost</th></tr><tr><td>Hull</td><td>400</td></tr>"
            "<tr><td>Engine</td><td>220</td></tr></table>",
            ["| Part | Cost |", "| Hull | 400 |", "| Engine | 220 |"],
            id="table of figures",
        ),
        pytest.param(
            "<p>The tide came in at seven,<br>the ferry came at ten,<br>and nobody in heaven<br>will see it again.</p>",
            ["The tide came in at seven,", "the ferry came at ten,", "and nobody in heaven", "will see it again."],
            id="verse",
        ),
        pytest.param(
            "<p>The tide came in at seven,</p><p>the ferry came at ten</p>",
            ["The tide came in at seven,", "the ferry came at ten"],
            id="verses in paragraphs",
        ),
        pytest.param(
            "<p>“Is it safe?” he asked.</p><p>“No.”</p><p>“Then why sail?”</p><p>— Because we must.</p>",
            ["“Is it safe?” he asked.", "“No.”", "“Then why sail?”", "— Because we must."],
            id="dialogue",
        ),
        pytest.param(
            "<p><b>Does the engine last?</b></p><p>Nobody knows.</p>",
            ["Does the engine last?", "Nobody knows."],
            id="interview",
        ),
        pytest.param(
            "<p>“Read more.”</p>",
            ["“Read more.”"],
            id="dialogue in words of a button",
        ),
        pytest.param(
            "<table><tr><td>First set</td><td>Second set</td></tr><tr><td>6</td><td>4</td></tr></table>",
            ["| First set | Second set |", "| 6 | 4 |"],
            id="table of scores",
        ),
        pytest.param(
            "<pre>high water\nlow water</pre>",
            ["high water", "low water"],
            id="text as set",
        ),
    ],
)
def test_article_text_of_every_kind_is_kept_where_it_stands(inner: str, expected: list[str]) -> None:
    kept = kept_lines(story(inner))

    assert [line for line in kept if line != TITLE] == [*LINES[:4], *expected, *LINES[4:]]


def test_a_table_of_linked_names_and_their_figures_that_ends_an_article_is_kept() -> None:
    teams = ["Northsea United", "Southbay", "Hill Rovers"]
    cells = "".join(f"<tr><td><a href='/{name}'>{name}</a></td><td>12</td><td>3</td></tr>" for name in teams)

    kept = kept_lines(f"<article><h1>{TITLE}</h1>{paragraphs(LINES)}<table>{cells}</table></article>")

    assert kept == [*LINES, *(f"| {name} | 12 | 3 |" for name in teams)]


def test_a_list_in_a_cell_of_a_table_is_kept() -> None:
    fates = "<tr><td>Alma</td><td><ul><li>Sunk</li><li>Raised <a href='/1'>at low water</a></li></ul></td></tr>"

    kept = kept_lines(story(f"<table><tr><th>Ship</th><th>Fate</th></tr>{fates}</table>"))

    assert [line for line in kept if line not in LINES] == ["| Ship | Fate |", "| Alma | Sunk Raised at low water |"]


@pytest.mark.parametrize(
    "inner",
    [
        "<figure><img src='a.jpg' alt='The boat'><figcaption>The old ferry at the quay in March.</figcaption></figure>",
        "<p class='wp-caption-text'>Maud Ellery, who keeps the lighthouse, looks at the boat.</p>",
        "<aside><h3>Most read</h3><ul><li><a href='/1'>The lamp that went out</a></li></ul></aside>",
        "<div class='related'><ul><li><a href='/1'>The lamp that went out</a></li></ul></div>",
        "<div class='newsletter-box'><p>News of the sea, sent to you every Friday morning at seven.</p></div>",
        "<script>var board = 'The harbour board voted on Tuesday evening to keep the old ferry running.'</script>",
        "<form><label>Your name</label><input name='n'></form>",
    ],
)
def test_what_stands_among_the_paragraphs_and_is_no_article_text_goes(inner: str) -> None:
    kept = kept_lines(story(inner))

    assert [line for line in kept if line != TITLE] == LINES


def test_an_embedded_post_is_part_of_the_article() -> None:
    post = "The ferry is back, and so am I, after nine long years of waiting for it on the quay."
    signed = "&mdash; Maud Ellery (@maud) <a href='https://posts.example/1'>6 June</a>"

    kept = kept_lines(story(f"<blockquote class='twitter-tweet'><p>{post}</p>{signed}</blockquote>"))

    assert kept[kept.index(LINES[3]) + 1] == post


def test_a_last_short_quote_is_the_end_of_the_article() -> None:
    kept = kept_lines(f"<article><h1>{TITLE}</h1>{paragraphs(LINES)}<p>“We will see.”</p></article>")

    assert kept == [*LINES, "“We will see.”"]


# ---- the same sub-headings, paragraphs elsewhere in the page


def test_a_sub_heading_stays_although_a_table_of_contents_links_to_it() -> None:
    contents = "<nav class='toc'><ul><li><a href='#cost'>What it costs</a></li></ul></nav>"

    kept = kept_lines(contents + story("<h2 id='cost'>What it costs</h2>"))

    assert "What it costs" in kept


def test_a_sub_heading_that_a_table_of_contents_links_to_is_there_once() -> None:
    contents = "<ul class='contents'><li><a href='#cost'>What it costs</a></li></ul>"

    lines = lines_of_page(f"<main>{contents}{story('<h2 id=cost>What it costs</h2>')}</main>")

    assert lines.count("What it costs") == 1


def test_a_paragraph_stays_although_a_box_above_the_article_quotes_it() -> None:
    box = f"<div class='newsletter-box'><p>{LINES[0]}</p></div>"

    assert LINES[0] in kept_lines(f"<main>{box}{story('')}</main>")


# ---- live blogs, split pages, articleBody


def posts(lines: list[str]) -> str:
    return "".join(
        f"<div class='live-post' id='post-{number}'><h3>News of the hour</h3><p>{line}</p>"
        f"<p>Wind: force {number}.</p></div>"
        for number, line in enumerate(lines)
    )


def test_all_posts_of_a_live_blog_are_kept_with_their_headings() -> None:
    lines = lines_of_page(f"<main><h1>{TITLE}</h1><div class='feed'>{posts(LINES)}</div></main>")

    expected = [
        one for number, line in enumerate(LINES) for one in ("News of the hour", line, f"Wind: force {number}.")
    ]
    assert lines == expected


@pytest.mark.parametrize(("outer", "paid"), [("article", "text"), ("article", "premium-content"), ("main", "x")])
def test_the_paid_part_of_a_story_follows_its_short_free_part(outer: str, paid: str) -> None:
    free = f"<div class='article-body'>{paragraphs(LINES[:3])}</div>"

    lines = lines_of_page(
        f"<{outer}><h1>{TITLE}</h1>{free}<div class='{paid}'>{paragraphs(PAID_LINES)}</div></{outer}>"
    )

    assert lines == [*LINES[:3], *PAID_LINES]


@pytest.mark.parametrize("paid", ["premium-content", "article-body paywall"])
def test_the_paid_part_of_a_story_follows_a_free_part_of_the_same_length(paid: str) -> None:
    free = f"<div class='article-body'>{paragraphs(LINES)}</div>"

    lines = lines_of_page(
        f"<article><h1>{TITLE}</h1>{free}<div class='{paid}'>{paragraphs(PAID_LINES)}</div></article>"
    )

    assert lines == [*LINES, *PAID_LINES]


def test_article_body_completes_a_text_that_was_cut_short() -> None:
    body = f"<article><h1>{TITLE}</h1>{paragraphs(LINES[:2])}<p>…</p></article>"

    article = article_of(body, json_ld("\n\n".join(LINES)))

    assert article.text.split("\n") == LINES
    assert [one is not None for one in article.evidence] == [True, True, *[False] * (len(LINES) - 2)]


def test_an_unrelated_article_body_replaces_nothing() -> None:
    body = f"<article><h1>{TITLE}</h1>{paragraphs(LINES[:2])}</article>"

    article = article_of(body, json_ld("\n".join(PAID_LINES)))

    assert [line for line in article.text.split("\n") if line != TITLE] == LINES[:2]
    assert {one.in_body for one in article.evidence if one} == {False}


def test_a_short_article_body_takes_nothing_away() -> None:
    lines = lines_of_page(f"<article>{paragraphs(LINES)}</article>", json_ld("\n".join(LINES[:2])))

    assert lines == LINES


# ---- pages with misleading names and elements


@pytest.mark.parametrize(
    "names",
    [
        "class='nav_menu-7'",
        "class='page has-sidebar'",
        "class='has-related'",
        "class='paywall'",
        "id='comments-wrapper'",
        "class='footer-wide'",
    ],
)
def test_a_page_keeps_its_article_whatever_the_element_around_all_of_it_is_called(names: str) -> None:
    assert kept_lines(f"<div {names}><div class='story'><h1>{TITLE}</h1>{paragraphs(LINES)}</div></div>") == LINES


@pytest.mark.parametrize("tag", ["aside", "footer", "form", "figure", "noscript"])
def test_a_page_that_is_one_odd_element_is_read_all_the_same(tag: str) -> None:
    lines = lines_of_page(f"<{tag}><h1>{TITLE}</h1>{paragraphs(LINES)}</{tag}>")

    assert lines == LINES


def test_sub_headings_and_lists_come_back_where_the_extractor_found_next_to_nothing() -> None:
    middle = "<h2>What it costs</h2>" + paragraphs(LINES[3:5]) + "<ul><li>Six cars</li><li>Forty seats</li></ul>"

    lines = lines_of_page(f"<aside>{paragraphs(LINES[:3])}{middle}{paragraphs(LINES[5:])}</aside>")

    assert lines == [*LINES[:3], "What it costs", *LINES[3:5], "- Six cars", "- Forty seats", *LINES[5:]]


def test_comments_do_not_take_the_place_of_a_short_article() -> None:
    comments = "".join(f"<div class='comment'><p>{line}</p></div>" for line in PAID_LINES)

    kept = kept_lines(
        f"<main><article><h1>{TITLE}</h1>{paragraphs(LINES[:3])}</article><div id='comments'>{comments}</div></main>"
    )

    assert kept == LINES[:3]


def test_a_menu_of_links_alone_is_no_article() -> None:
    links = "".join(f"<li><a href='/{number}'>Boat {number}</a></li>" for number in range(20))

    found = extract(page_of(f"<nav><ul>{links}</ul></nav>"), Extract())

    assert isinstance(found, Rejection)
    assert (found.stage, found.reason) == ("extract", "no-text")


# ---- layout tables


def test_a_page_laid_out_by_nested_tables_is_read_as_paragraphs_and_its_table_of_figures_as_rows() -> None:
    figures = "<table><tr><th>Part</th><th>Cost</th></tr><tr><td>Hull</td><td>400</td></tr></table>"
    column = f"<table><tr><td><font>{paragraphs(LINES[:4])}{figures}{paragraphs(LINES[4:])}</font></td></tr></table>"

    kept = kept_lines(f"<table><tr><td><a href='/'>Home</a></td><td>{column}</td></tr></table>")

    assert kept == [*LINES[:4], "| Part | Cost |", "| Hull | 400 |", *LINES[4:]]


# ---- bytes, hidden text, depth


@pytest.mark.parametrize(
    ("codec", "meta", "header"),
    [
        ("utf-8", "<meta charset='iso-8859-1'>", None),
        ("utf-8", "", "windows-1251"),
        ("windows-1252", "", None),
        ("windows-1252", "<meta charset='windows-1252'>", None),
        ("utf-16-le", "", "utf-16"),
    ],
)
def test_letters_beyond_ascii_survive_a_missing_or_wrong_charset(codec: str, meta: str, header: str | None) -> None:
    lines = [line.replace("harbour board", "Hafenbehörde „Möwe“").replace("ferry", "Fähre") for line in LINES]
    html = f"<html><head>{meta}<title>Fähre</title></head><body><article>{paragraphs(lines)}</article></body></html>"
    page = Page("x" * 32, Provenance("a.html", "html"), html=html.encode(codec), charset=header)

    found = extract(page, Extract())

    assert isinstance(found, Article)
    assert found.text.split("\n") == lines


def test_paragraphs_in_decomposed_letters_are_there_once() -> None:
    lines = [line.replace("ferry", "fe\u0301ry") for line in LINES]

    found = lines_of_page(f"<article>{paragraphs(lines)}</article>")

    assert len(found) == len(LINES)


def test_words_for_screen_readers_are_no_text() -> None:
    hidden = "<a href='/x'>met again<span class='sr-only'>, opens new tab</span></a>"

    lines = lines_of_page(story(f"<p>On Friday the board {hidden} at the inn.</p>"))

    assert lines[4] == "On Friday the board met again at the inn."


def test_a_control_character_beside_words_for_screen_readers_costs_no_article() -> None:
    lines = lines_of_page(story("<p>On Friday the board met<span class='sr-only'>, at noon</span>\x0c at the inn.</p>"))

    assert LINES[0] in lines


@pytest.mark.parametrize(
    "around",
    [
        "<main class='no-sr-only'>{}</main>",
        "<div class='with-visually-hidden-labels'>{}</div>",
        "<div class='not-sr-only'>{}</div>",
    ],
)
def test_text_that_is_seen_is_kept_although_a_class_speaks_of_hiding(around: str) -> None:
    found = extract(page_of(around.format(f"<div><article>{paragraphs(LINES)}</article></div>")), Extract())

    assert isinstance(found, Article)
    assert found.text.split("\n") == LINES


@pytest.mark.parametrize(
    "depth",
    [
        200,
        300,
        2000,
    ],
)
def test_an_article_inside_many_elements_is_read(depth: int) -> None:
    found = extract(page_of("<div>" * depth + paragraphs(LINES) + "</div>" * depth), Extract())

    assert isinstance(found, Article)
    assert found.text.split("\n") == LINES


# ---- evidence, text input, refusals

BLOCKS = st.sampled_from(
    [
        *(f"<p>{line}</p>" for line in LINES),
        "<h2>What it costs</h2>",
        "<ul><li>Six cars</li><li><a href='/1'>Forty seats</a></li></ul>",
        "<table><tr><td>Hull</td><td>400</td></tr><tr><td>Engine</td><td>220</td></tr></table>",
        "<blockquote>We can wait.</blockquote>",
        "<p>The tide came in,<br>the tide went out</p>",
        "<div class='related'><a href='/2'>The lamp that went out</a></div>",
        "<figure><figcaption>The old ferry at the quay.</figcaption></figure>",
        "<div><span>“No.”</span></div>",
        "<pre>one\n\ntwo</pre>",
        "<p> \u2028 \x0c </p>",
    ]
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(BLOCKS, max_size=12).map("".join), st.none() | st.lists(st.sampled_from(LINES), max_size=7).map("\n".join)
)
def test_evidence_has_one_entry_a_line(body: str, article_body: str | None) -> None:
    found = extract(page_of(f"<article>{body}</article>", json_ld(article_body) if article_body else ""), Extract())

    if isinstance(found, Article):
        assert len(found.evidence) == len(found.text.split("\n"))
        assert found.extractor == EXTRACTOR
    else:
        assert found.reason == "no-text"


def test_text_input_passes_as_it_is_with_what_was_declared_beside_it() -> None:
    declared = {"title": TITLE, "authors": "Ann Lee; Ben Hill", "date_published": "2026-03-01", "language": "en-GB"}
    page = Page("x" * 32, Provenance("a.jsonl", "jsonl"), text=f"\n{PROSE}  \n| |", declared=declared)

    found = extract(page, Extract())

    assert isinstance(found, Article)
    assert found.text == f"\n{PROSE}  \n| |"
    assert (found.extractor, found.evidence) == (TEXT_EXTRACTOR, ())
    assert found.metadata.authors == ("Ann Lee", "Ben Hill")
    assert (found.metadata.title, found.metadata.date_published, found.metadata.language) == (TITLE, "2026-03-01", "en")


def test_what_the_page_says_of_itself_goes_before_what_was_declared_beside_it() -> None:
    html = page_of(story("")).html
    page = Page("x" * 32, Provenance("a.html", "html"), html=html, declared={"title": "Other", "license": "cc-by-4.0"})

    found = extract(page, Extract())

    assert isinstance(found, Article)
    assert (found.metadata.title, found.metadata.license) == (TITLE, "cc-by-4.0")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page("x" * 32, Provenance("a.html", "html"), html=b""), "no-html"),
        (Page("x" * 32, Provenance("a.html", "html"), html=b"<html><body></body></html>"), "no-text"),
        (Page("x" * 32, Provenance("a.txt", "text"), text=" \n "), "no-text"),
    ],
)
def test_a_record_without_text_is_rejected_with_its_reason(page: Page, reason: str) -> None:
    found = extract(page, Extract())

    assert isinstance(found, Rejection)
    assert (found.stage, found.reason, found.id) == ("extract", reason, page.id)
    assert found.detail.endswith(".")


def test_a_page_with_too_few_characters_is_rejected() -> None:
    page = page_of(story(""))

    assert isinstance(extract(page, Extract(min_chars=100)), Article)
    assert isinstance(extract(page, Extract(min_chars=5000)), Rejection)
