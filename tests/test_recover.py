"""What the extractor left behind comes back where it stands in the page, and nothing else does.

The text that the extractor found is given, so that each test says what was left behind.
"""

from __future__ import annotations

from collections import Counter

import pytest
from builds import MORE_PROSE, PROSE
from hypothesis import given, settings
from hypothesis import strategies as st
from trafilatura.utils import load_html

from curate.page_lines import line_evidence, page_blocks, squash
from curate.recover import PageText, densest, recover

TITLE = "<h1>Old ferry kept for another winter</h1>"
LINES = [*PROSE.splitlines(), *MORE_PROSE.splitlines()]
STANDFIRST = "The old boat gets one more winter while the island waits"


def page_of(body: str) -> PageText:
    return PageText(page_blocks(load_html(f"<html><head><title>Ferry</title></head><body>{body}</body></html>")))


def recovered(found: list[str], body: str, article_body: str | None = None) -> list[str]:
    """The lines after recovery, ``found`` being those of the extractor."""
    return recover("\n".join(found), page_of(body), article_body).split("\n")


def paragraphs(lines: list[str], attributes: str = "") -> str:
    return "".join(f"<p{attributes}>{line}</p>" for line in lines)


def story(inner: str) -> str:
    """An article with ``inner`` after its third paragraph."""
    return f"<article>{TITLE}{paragraphs(LINES[:3])}{inner}{paragraphs(LINES[3:])}</article>"


# ---- among the paragraphs


def test_a_paragraph_beside_those_that_were_extracted_comes_back_in_its_place() -> None:
    assert recovered([*LINES[:2], *LINES[3:6]], story("")) == LINES


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<h3>What it costs</h3>", ["What it costs"]),
        ("<p class='subhead'><b>What it costs</b></p>", ["What it costs"]),
        ("<div class='x'><strong>What it costs</strong></div>", ["What it costs"]),
        ("<p>“No.”</p><p>“Then why sail?” he asked.</p>", ["“No.”", "“Then why sail?” he asked."]),
        ("<ul><li>Six cars</li><li>Forty seats</li></ul>", ["- Six cars", "- Forty seats"]),
        ("<ul><li><p>Six cars</p></li></ul>", ["Six cars"]),
        ("<blockquote>We can wait for one more winter.</blockquote>", ["We can wait for one more winter."]),
        ("<blockquote><p>We can wait.</p></blockquote>", ["We can wait."]),
        (
            "<p>The <a href='/1'>old ferry</a> of the <a href='/2'>harbour board</a> was out for nine days.</p>",
            ["The old ferry of the harbour board was out for nine days."],
        ),
        ("<p class='note'>Two hundred people stood in the rain to hear it.</p>", None),
    ],
)
def test_text_of_every_kind_among_the_paragraphs_comes_back(inner: str, expected: list[str] | None) -> None:
    expected = expected or ["Two hundred people stood in the rain to hear it."]

    assert recovered(LINES, story(inner)) == [*LINES[:3], *expected, *LINES[3:]]


@pytest.mark.parametrize(
    "inner",
    [
        "<div class='newsletter'><p>News of the sea, sent to you every Friday morning at seven.</p></div>",
        "<div class='promo'><p>News of the sea, sent to you every Friday morning at seven.</p></div>",
        "<aside><p>News of the sea, sent to you every Friday morning at seven.</p></aside>",
        "<figure><figcaption>The old ferry at the quay in March, before the board met.</figcaption></figure>",
        "<div class='image-caption'><p>The old ferry at the quay in March, before the board met.</p></div>",
        "<p><a href='/1'>The lamp went out in the night, and nobody on the island saw it.</a></p>",
        "<ul><li><a href='/1'>The lamp that went out</a></li><li><a href='/2'>The mast that broke</a></li></ul>",
        "<h3>Most read</h3><ul><li><a href='/1'>The lamp that went out</a></li></ul>",
        "<div class='box'><div>The lamp went out in the night, and nobody on the island saw it.</div></div>",
        "<button>Share</button><script>The lamp went out in the night, and nobody saw it.</script>",
    ],
)
def test_what_is_no_article_text_stays_behind(inner: str) -> None:
    assert recovered(LINES, story(inner)) == LINES


@pytest.mark.parametrize(
    "below",
    ["<ul><li>Harbour</li><li>Ferries</li></ul>", "<h3>Other stories</h3><ul><li><a href='/1'>The lamp</a></li></ul>"],
)
def test_a_list_or_a_heading_below_the_last_paragraph_stays_behind(below: str) -> None:
    assert recovered(LINES, f"<article>{TITLE}{paragraphs(LINES)}{below}</article>") == LINES


def test_a_list_item_keeps_its_mark_and_white_space_becomes_single() -> None:
    inner = "<ul><li>Six\n   cars</li><li>- Forty\u00a0seats</li></ul>"

    assert recovered(LINES, story(inner)) == [*LINES[:3], "- Six cars", "- Forty seats", *LINES[3:]]


def test_a_text_that_is_not_in_the_page_gets_nothing() -> None:
    assert recovered(["Quite another text, which has nothing to do with any of this."], story("")) == [
        "Quite another text, which has nothing to do with any of this."
    ]
    assert recovered([""], story("")) == [""]


def test_a_page_in_twice_the_same_words_for_narrow_and_wide_screens_is_there_once() -> None:
    wide = f"<div class='wide'>{paragraphs(LINES)}</div>"

    assert recovered(LINES, f"<article>{wide}{wide.replace('wide', 'narrow')}</article>") == LINES


# ---- what stands twice, or in pieces


def test_a_heading_that_the_extractor_kept_is_not_added_because_a_link_above_has_its_words() -> None:
    contents = "<ul><li><a href='#cost'>What it costs</a></li></ul>"
    found = [*LINES[:3], "What it costs", *LINES[3:]]

    assert recovered(found, contents + story("<h2 id='cost'>What it costs</h2>")) == found


@pytest.mark.parametrize(
    "paragraph",
    [
        "The boat lies at the <b>second pier</b> of it.",
        "The boat lies at the <!-- which one? --> second pier of it.",
        "The boat lies at the second <script>x</script>pier of it.",
        "The boat lies at the <img src='anchor.png' alt=''> second pier of it.",
        "The boat lies at the <x-link>second pier</x-link> of it.",
        "The boat lies at the <nobr>second pier</nobr> of it.",
        "The boat lies at <meta itemprop='name' content='x'>the second pier of it.",
    ],
)
def test_the_end_of_a_paragraph_that_the_extractor_kept_whole_is_not_added_again(paragraph: str) -> None:
    found = [*LINES[:3], "The boat lies at the second pier of it.", *LINES[3:]]

    assert recovered(found, story(f"<p>{paragraph}</p>")) == found


def test_a_short_block_that_the_extractor_made_two_lines_of_is_not_added_again() -> None:
    found = [*LINES[:3], "high water", "low water", *LINES[3:]]

    assert recovered(found, story("<pre>high water\nlow water</pre>")) == found


def test_a_paragraph_in_decomposed_letters_is_not_added_again() -> None:
    found = [*LINES[:3], "The kitchen crew of the cafe\u0301 on the quay stayed up all night.", *LINES[3:]]
    body = story(f"<p>{found[3]}</p>")

    assert len(recovered([line.replace("e\u0301", "é") for line in found], body)) == len(found)


def test_the_signature_of_an_embedded_post_does_not_come_without_the_post() -> None:
    post = "<p>The ferry is back, and so am I, after nine long years of waiting on the quay.</p>&mdash; Maud Ellery"

    lines = recovered(LINES, story(f"<blockquote class='post'>{post}</blockquote>"))

    assert ("— Maud Ellery" in lines) == (len(lines) == len(LINES) + 2)


# ---- live blogs, split pages, endless pages


def posts(lines: list[str], name: str = "live-post") -> str:
    return "".join(
        f"<div class='{name}'><h3>News at noon</h3><p>{line}</p><p>Wind: force {number}.</p></div>"
        for number, line in enumerate(lines)
    )


@pytest.mark.parametrize("found", [[LINES[2]], ["News at noon", LINES[2], "Wind: force 2."], LINES[2:4]])
def test_all_posts_of_a_live_blog_come_back_for_one_of_them(found: list[str]) -> None:
    lines = recovered(found, f"<main>{TITLE}<div class='feed'>{posts(LINES)}</div></main>")

    expected = [one for number, line in enumerate(LINES) for one in ("News at noon", line, f"Wind: force {number}.")]
    assert lines == expected


def test_posts_of_a_live_blog_bring_no_boxes_between_them() -> None:
    box = "<div class='promo'><p>News of the sea, sent to you every Friday morning at seven.</p></div>"

    lines = recovered([LINES[0]], f"<main><div>{posts(LINES[:4])}{box}{posts(LINES[4:])}</div></main>")

    assert [line for line in lines if line.startswith("News of the sea")] == []
    assert set(LINES) <= set(lines)


def test_the_second_half_of_a_split_article_comes_back_and_a_box_of_the_same_paragraphs_does_not() -> None:
    halves = [f"<div class='text'>{paragraphs(half)}</div>" for half in (LINES[:2], LINES[2:])]
    advert = "<div class='ad'><p>Advertisement</p></div>"

    split = recovered(LINES[:2], f"<article>{TITLE}{advert.join(halves)}</article>")
    box = recovered(LINES[:2], f"<article>{TITLE}{halves[0]}</article><div class='promo'>{halves[1]}</div>")

    assert split == LINES
    assert box == LINES[:2]


@pytest.mark.parametrize(
    ("free", "paid", "attributes"),
    [
        ("<div>", "<div>", " class='para'"),
        ("<div class='free'>", "<div class='paid'>", " class='para'"),
        ("<div>", "<div>", ""),
        ("<div>", "<div class='story-paywall'>", ""),
        ("<div>", "<section><div>", ""),
    ],
)
def test_the_paid_half_of_an_article_comes_back_whatever_its_element_is_called(
    free: str, paid: str, attributes: str
) -> None:
    body = f"{free}{paragraphs(LINES[:2], attributes)}</div>{paid}{paragraphs(LINES[2:], attributes)}</div>"

    assert recovered(LINES[:2], f"<article>{TITLE}{body}</article>") == LINES


@pytest.mark.parametrize(
    "behind",
    [
        f"<div>{paragraphs(LINES[2:4])}</div>",
        "".join(f"<div><b>Ann Lee</b><p>{line}</p></div>" for line in LINES[2:]),
        f"<div class='comments'>{paragraphs(LINES[2:])}</div>",
        f"<div><div class='related'>{paragraphs(LINES[2:])}</div></div>",
        f"<div><h1>Barley is dear</h1>{paragraphs(LINES[2:])}</div>",
        f"<h1>Barley is dear</h1><div>{paragraphs(LINES[2:])}</div>",
        f"<article>{paragraphs(LINES[2:])}</article>",
        f"<aside>{paragraphs(LINES[2:])}</aside>",
        "".join(f"<div><p><a href='/1'>{line}</a></p></div>" for line in LINES[2:]),
        f"<div>{''.join(f'<h3>The lamp</h3><i>6 June 2026, the harbour</i><p>{one}</p>' for one in LINES[2:])}</div>",
    ],
)
def test_what_stands_behind_the_text_and_is_no_run_of_paragraphs_is_no_part_of_the_article(behind: str) -> None:
    found = LINES[:2]

    assert recovered(found, f"<article>{TITLE}<div class='text'>{paragraphs(found)}</div>{behind}</article>") == found


def test_a_second_run_of_paragraphs_outside_the_article_is_no_part_of_it() -> None:
    article = f"<article>{TITLE}<div class='text'>{paragraphs(LINES[:2])}</div></article>"

    assert recovered(LINES[:2], f"{article}<div>{paragraphs(LINES[2:])}</div>") == LINES[:2]


def test_the_next_story_of_an_endless_page_is_not_the_article() -> None:
    first = f"<div class='story'>{TITLE}<div class='text'>{paragraphs(LINES[:3])}</div></div>"
    second = f"<div class='story'><h1>Barley is dear</h1><div class='text'>{paragraphs(LINES[3:])}</div></div>"

    assert recovered(LINES[:3], f"<main>{first}{second}</main>") == LINES[:3]


def test_comments_in_the_paragraphs_of_the_article_stay_behind() -> None:
    article = f"<article>{TITLE}{paragraphs(LINES[:3], ' class=para')}</article>"
    comments = f"<section class='comments'>{paragraphs(LINES[3:], ' class=para')}</section>"

    assert recovered(LINES[:3], f"<main>{article}{comments}</main>") == LINES[:3]


# ---- standfirsts


@pytest.mark.parametrize(
    "standfirst",
    [
        f"<p class='standfirst'>{STANDFIRST}</p>",
        f"<div class='article__subTitle'><p>{STANDFIRST}</p></div>",
        f"<p itemprop='description'>{STANDFIRST}</p>",
        f"<p class='teaser-text'>{STANDFIRST}</p>",
        f"<h2 id='lead'>{STANDFIRST}</h2>",
    ],
)
def test_a_standfirst_between_headline_and_text_comes_first(standfirst: str) -> None:
    body = f"<main><header>{TITLE}{standfirst}<p class='byline'>By Ann Lee of the harbour desk</p></header>"

    lines = recovered(LINES, f"{body}<div class='body'>{paragraphs(LINES)}</div></main>")

    assert lines == [STANDFIRST, *LINES]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("", f"<p class='kick'>{STANDFIRST}</p>"),
        ("", f"<p class='lead'><a href='/1'>{STANDFIRST}</a></p>"),
        ("", "<p class='lead'>Harbour and sea</p>"),
        ("", f"<div class='related'><p class='lead'>{STANDFIRST}</p></div>"),
        (f"<div class='teaser'><p class='lead'>{STANDFIRST}</p></div>", ""),
    ],
)
def test_what_is_no_standfirst_does_not_come(above: str, below: str) -> None:
    body = f"<main>{above}<header>{TITLE}{below}</header><div class='body'>{paragraphs(LINES)}</div></main>"

    assert recovered(LINES, body) == LINES


# ---- articleBody


def test_article_body_is_the_text_where_the_text_is_a_small_part_of_it() -> None:
    assert recovered(LINES[:3], f"<article>{paragraphs(LINES[:3])}</article>", "\n \n".join(LINES)) == LINES


@pytest.mark.parametrize(
    "article_body",
    [
        None,
        "",
        "\n".join(LINES[:2]),
        "\n".join(LINES[:6]),
        "The price of barley went up again, and the mills beyond the hills stood still for a week. " * 20,
        f"{LINES[0]} [...]",
    ],
)
def test_article_body_replaces_no_text_that_it_is_not_much_longer_than_or_does_not_hold(
    article_body: str | None,
) -> None:
    body = f"<article>{paragraphs(LINES[:5])}</article>"

    assert recovered(LINES[:5], body, article_body) == LINES[:5]


def test_article_body_does_not_take_the_place_of_paragraphs_that_it_leaves_out() -> None:
    own = [LINES[0], LINES[1], "The board's own lawyer, who sat in the last row, asked for a second vote."]
    body = f"<article>{paragraphs(own)}</article>"

    assert set(own) <= set(recovered(own, body, "\n".join(LINES)))


# ---- pages that are called what they are not, and pages where next to nothing was found


@pytest.mark.parametrize("names", ["class='nav_menu-7'", "class='has-sidebar'", "id='comments'", "class='promo'"])
def test_the_element_with_most_of_the_prose_is_the_body_whatever_it_is_called(names: str) -> None:
    body = (
        f"<div {names}>{paragraphs(LINES)}</div><div class='x'><p>A short word of the paper to its readers.</p></div>"
    )

    assert recovered(LINES[:2], body) == LINES
    assert densest(page_of(body)).split("\n") == LINES


def test_an_element_with_little_of_the_prose_is_what_it_is_called() -> None:
    body = f"<div class='x'>{paragraphs(LINES)}</div><div class='promo'>{paragraphs(LINES[:2])}</div>"

    assert page_of(body).prose_chars() == sum(map(len, LINES))


def test_the_densest_element_gives_its_prose_and_no_menu() -> None:
    menu = "".join(f"<li><a href='/{number}'>Boat {number}</a></li>" for number in range(50))
    teasers = "".join(f"<div><p>{line}</p></div>" for line in LINES[:3])

    text = densest(page_of(f"<ul>{menu}</ul>{teasers}<section>{paragraphs(LINES[3:])}<p>No end.</p></section>"))

    assert text.split("\n") == LINES[3:]


@pytest.mark.parametrize("body", ["", "<p>Short.</p>", "<ul><li><a href='/1'>The lamp that went out</a></li></ul>"])
def test_a_page_without_prose_has_no_densest_element(body: str) -> None:
    assert densest(page_of(body)) == ""
    assert page_of(body).prose_chars() == 0


# ---- laws

WORDS = st.sampled_from([*LINES, "What it costs", "“No.”", "Six cars", "Share", "Read more", "3", "—", "日本語。", ""])
TAGS = st.sampled_from(
    ["p", "p", "p", "div", "h2", "li", "span", "blockquote", "section", "td", "figcaption", "b", "pre"]
)
NAMES = st.sampled_from(["", "", " class='text'", " class='related'", " class='live-post'", " id='lead'"])


def _element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda tag, names, inside: f"<{tag}{names}>{inside}</{tag}>", TAGS, NAMES, inner)


BODIES = st.lists(
    _element(st.recursive(WORDS, lambda inner: st.lists(_element(inner), max_size=4).map("".join), max_leaves=6)),
    max_size=10,
).map("".join)
TEXTS = st.lists(WORDS | st.text(max_size=20), max_size=10).map("\n".join)


@settings(deadline=None, max_examples=200)
@given(TEXTS, BODIES)
def test_no_line_of_the_extractor_is_dropped_or_moved(text: str, body: str) -> None:
    lines = recover(text, page_of(body), None).split("\n")

    left = iter(lines)
    assert all(line in left for line in text.split("\n"))


@settings(deadline=None, max_examples=200)
@given(TEXTS, BODIES, st.lists(WORDS, max_size=20).map("\n".join))
def test_only_a_much_longer_article_body_takes_the_place_of_lines(text: str, body: str, article_body: str) -> None:
    without = recover(text, page_of(body), None)

    whole = recover(text, page_of(body), article_body)

    if whole != without:
        assert whole.split("\n") == [line.strip() for line in article_body.split("\n") if line.strip()]
        assert len(squash(whole)) >= 1.3 * len(squash(without))


@settings(deadline=None, max_examples=200)
@given(TEXTS, BODIES)
def test_what_is_added_stands_in_the_page(text: str, body: str) -> None:
    page = page_of(body)
    blocks = {" ".join(block.text.split()).removeprefix("- ") for block in page.blocks}

    added = Counter(recover(text, page, None).split("\n")) - Counter(text.split("\n"))

    assert {line.removeprefix("- ") for line in added} <= blocks


@settings(deadline=None, max_examples=200)
@given(TEXTS, BODIES, st.none() | TEXTS)
def test_evidence_of_a_recovered_text_has_one_entry_a_line(text: str, body: str, article_body: str | None) -> None:
    page = page_of(body)

    whole = recover(text, page, article_body)

    assert len(line_evidence(whole, page.blocks, article_body)) == len(whole.split("\n"))
