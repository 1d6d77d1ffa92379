"""What the page says of each extracted line."""

from __future__ import annotations

from typing import Any

import pytest
from builds import MORE_PROSE, PROSE
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from curate.model import Evidence
from curate.page_lines import MAX_PATH_STEPS, Block, element_path, line_evidence, page_blocks, squash
from curate.rules.selectors import parse_path

LINES = [*PROSE.splitlines(), *MORE_PROSE.splitlines()]


def tree_of(body: str) -> Any:
    return html.fromstring(f"<html><head><title>Ferry</title></head><body>{body}</body></html>")


def texts(body: str) -> list[str]:
    return [block.text for block in page_blocks(tree_of(body))]


def evidence_of(text: str, body: str, article_body: str | None = None) -> list[Evidence | None]:
    return line_evidence(text, page_blocks(tree_of(body)), article_body)


def path_of(line: str, body: str) -> str:
    (found,) = evidence_of(line, body)
    assert found is not None
    return found.path


# ---- blocks


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>One</p><p>Two</p>", ["One", "Two"]),
        ("<p>One <b>two</b> <a href='/'>three</a>, four</p>", ["One two three, four"]),
        ("<p>One<br>two</p>", ["One", "two"]),
        ("<div>One<p>two</p>three</div>", ["One", "two", "three"]),
        ("<p>One<!-- not this --> two</p>", ["One two"]),
        ("<p>One<?pi not this ?> two</p>", ["One two"]),
        ("<p>One<script>no</script> two<style>no</style></p><noscript>no</noscript>", ["One two"]),
        ("<select><option>no</option></select><textarea>no</textarea><svg><text>no</text></svg>", []),
        ("<p> </p><p>\n\t</p>", []),
        ("<ul><li>One</li><li>Two <i>three</i></li></ul>tail", ["One", "Two three", "tail"]),
        ("<table><tr><td>Hull</td><td>400</td></tr></table>", ["Hull", "400"]),
        ("", []),
        ("<p>One <img src='a.png'>two three</p>", ["One two three"]),
        ("<p>One <x-link>two</x-link> three</p>", ["One two three"]),
        ("<p>Cafe\u0301</p>", ["Café"]),
    ],
)
def test_text_is_cut_where_a_block_begins_or_ends(body: str, expected: list[str]) -> None:
    assert texts(body) == expected


def test_a_block_counts_its_characters_and_those_inside_links() -> None:
    (block,) = page_blocks(tree_of("<p>Read <a href='/'>the <b>whole</b> story</a> here</p>"))

    assert (block.chars, block.linked) == (len("Read the whole story here"), len("the whole story"))
    assert (block.key, block.element.tag) == ("Readthewholestoryhere", "p")


def test_the_text_behind_a_block_belongs_to_the_element_around_it() -> None:
    blocks = page_blocks(tree_of("<div><p>One</p>two</div>three"))

    assert [block.element.tag for block in blocks] == ["p", "div", "body"]


def test_a_link_around_blocks_links_all_of_them() -> None:
    blocks = page_blocks(tree_of("<a href='/'><h3>One</h3><p>two</p></a><p>three</p>"))

    assert [block.linked for block in blocks] == [3, 3, 0]


# ---- what is not seen


@pytest.mark.parametrize(
    "hidden",
    [
        "<span class='sr-only'>, opens new tab</span>",
        "<span class='visually-hidden'>, opens new tab</span>",
        "<em class='visuallyhidden'>, opens new tab</em>",
        "<span class='screen-reader-text'>, opens new tab</span>",
        "<span style='position: absolute; clip: rect(0 0 0 0)'>, opens new tab</span>",
        "<span style='clip:rect(0,0,0,0)'>, opens <b>new</b> tab</span>",
    ],
)
def test_what_is_for_screen_readers_alone_is_no_text_and_leaves_the_tree(hidden: str) -> None:
    tree = tree_of(f"<p>The board <a href='/x'>met{hidden}</a> again</p>")

    (block,) = page_blocks(tree)

    assert (block.text, block.linked) == ("The board met again", 3)
    assert "new tab" not in tree.text_content()
    assert "met again" in tree.text_content()


@pytest.mark.parametrize(
    "seen",
    [
        "<span class='hidden-gem'>seen</span>",
        "<span class='reader-screen'>seen</span>",
        "<span style='clip: auto'>seen</span>",
        "<span>seen</span>",
        "<span class='not-sr-only'>seen</span>",
        "<p class='with-visually-hidden-label'>seen</p>",
    ],
)
def test_what_is_seen_stays(seen: str) -> None:
    assert "".join(texts(f"<p>Text that is {seen}</p>")) == "Text that is seen"


# ---- lines found again


def test_each_line_is_found_with_its_path_and_the_share_of_its_links() -> None:
    article = f"<article class='story'><h2>What it costs</h2><p>{LINES[0]}</p></article>"
    body = f"{article}<ul><li><a href='/'>More</a></li></ul>"

    found = evidence_of(f"What it costs\n{LINES[0]}\n- More", body)

    assert found == [
        Evidence("article.story > h2", 0.0, None),
        Evidence("article.story > p", 0.0, None),
        Evidence("ul > li", 1.0, None),
    ]


@pytest.mark.parametrize(
    ("line", "block"),
    [
        ("The board's treasurer “warned” — again.", "The board&rsquo;s   treasurer &quot;warned&quot; - again."),
        ("- Six cars", "Six cars"),
        ("| Hull | 400 |", "Hull"),
        ("| | 400 | 500 |", "400"),
        (LINES[0], f"{LINES[0]} And more of it."),
    ],
)
def test_a_line_is_found_by_its_letters_and_digits(line: str, block: str) -> None:
    assert path_of(line, f"<section><p>{block}</p></section>") == "section > p"


@pytest.mark.parametrize(
    ("row", "share"),
    [
        ("<td><a href='/1'>Northsea United</a></td><td>12</td><td>3</td>", 0.333),
        ("<td><a href='/1'>Northsea</a> United</td><td>12</td><td>—</td><td>3</td>", 0.178),
        ("<td><a href='/1'>Northsea United</a></td><td><a href='/2'>12</a></td><td><a href='/3'>3</a></td>", 1.0),
        ("<td><a href='/1'>Northsea United</a></td><td></td><td> – </td>", 1.0),
        ("<td>Northsea United</td><td><a href='/2'>12</a></td><td><a href='/3'>3</a></td>", 0.667),
        ("<td><a href='/1'>Ada Lund</a></td><td>Harbour Bank</td><td>Chairwoman</td>", 1.0),
    ],
)
def test_each_cell_of_a_row_of_figures_says_how_much_of_the_row_is_linked(row: str, share: float) -> None:
    body = (
        f"<table><tr><td>Southbay</td><td>12</td></tr><tr>{row}</tr><tr><td>Fog</td></tr></table><a href='/'>12 3</a>"
    )
    cells = [text.strip() for text in texts(f"<table><tr>{row}</tr></table>")]

    (found,) = evidence_of(f"| {' | '.join(cells)} |", body)

    assert found is not None
    assert (found.path, found.link_share) == ("table > tr > td", share)


@pytest.mark.parametrize("line", ["", "|", "---", "Words of no page", "400 |"])
def test_a_line_that_is_not_in_the_page_has_no_evidence(line: str) -> None:
    assert evidence_of(line, "<p>Hull</p><p>400 and more</p>") == [None]


def test_of_several_blocks_that_begin_like_a_line_the_one_of_its_length_is_taken() -> None:
    body = f"<div><p>{LINES[0]}</p></div><aside>{LINES[0]} {LINES[1]}</aside>"

    assert path_of(LINES[0], body) == "div > p"
    assert path_of(f"{LINES[0]} {LINES[1]}", body) == "aside"


def test_of_several_blocks_with_the_words_of_a_line_the_one_beside_the_lines_around_it_is_taken() -> None:
    menu = "<nav><a href='#cost'>What it costs</a></nav>"

    found = evidence_of(
        f"{LINES[0]}\nWhat it costs\n{LINES[1]}", f"{menu}<p>{LINES[0]}</p><h2>What it costs</h2><p>{LINES[1]}</p>"
    )

    assert [one and one.path for one in found] == ["p", "h2", "p"]


def test_the_article_body_is_a_witness_for_each_line_that_is_found() -> None:
    body = f"<p>{LINES[0]}</p><p>{LINES[1]}</p>"

    found = evidence_of(f"{LINES[0]}\n{LINES[1]}\nNot in the page", body, f"Before. {LINES[0]} After.")
    without = evidence_of(LINES[0], body, "")

    assert [one and one.in_body for one in found] == [True, False, None]
    assert [one and one.in_body for one in without] == [None]


# ---- paths


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("<p>x</p>", "p"),
        ("<div id='content' class='main  wide'><p>x</p></div>", "div#content.main.wide > p"),
        ("<ul role='list' aria-label='Other  boats'><li>x</li></ul>", "ul[role=list][aria-label=Other-boats] > li"),
        ("<p itemprop='caption' data-testid='cap'>x</p>", "p[itemprop=caption][data-testid=cap]"),
        ("<p class='md:w-1/2 a.b c#d [e=f] g>h'>x</p>", "p.md:w-1/2.a-b.c-d.-e-f-.g-h"),
        ("<p id='' class='' data-other='y'>x</p>", "p"),
    ],
)
def test_a_path_names_elements_with_their_ids_classes_and_some_attributes(body: str, path: str) -> None:
    assert path_of("x", body) == path


def test_a_path_is_bounded_and_ends_with_the_innermost_element() -> None:
    body = "<div>" * 100 + f"<p class='{'c' * 500} {' '.join(f'n{number}' for number in range(50))}'>x</p>"

    steps = path_of("x", body).split(" > ")

    assert len(steps) == MAX_PATH_STEPS
    assert steps[-1].startswith("p.ccc")
    assert (len(steps[-1].split(".")[1]), steps[-1].count(".")) == (80, 20)


@settings(deadline=None)
@given(st.text(max_size=20), st.lists(st.text(max_size=12), max_size=4), st.text(max_size=20))
def test_a_path_can_be_read_back_whatever_the_names_are(identity: str, classes: list[str], role: str) -> None:
    outer, inner = html.Element("div"), html.Element("p")
    outer.append(inner)
    attributes = {"id": identity, "class": " ".join(classes), "role": role}
    for name, value in attributes.items():
        inner.set(name, "".join(one for one in value if one.isprintable()))

    path = element_path(inner)

    assert [step.tag for step in parse_path(path)] == ["div", "p"]
    assert element_path(inner, {}) == path


# ---- laws

# no control characters: a tree with them cannot be changed, and the extractor's parser leaves them out
TEXT = st.text(alphabet=st.sampled_from("ab 1|-—é日\u2028.\t"), max_size=12)
BODY = st.recursive(
    st.sampled_from(LINES) | TEXT,
    lambda inner: st.tuples(
        st.sampled_from(["p", "div", "a", "span", "li", "br", "td", "b class='sr-only'", "script"]),
        st.lists(inner, max_size=4).map("".join),
    ).map(lambda one: f"<{one[0]}>{one[1]}</{one[0].split()[0]}>"),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(LINES) | TEXT, max_size=8).map("\n".join), BODY, st.none() | TEXT)
def test_evidence_has_one_entry_a_line(text: str, body: str, article_body: str | None) -> None:
    found = evidence_of(text, body, article_body)

    assert len(found) == len(text.split("\n"))
    assert all(one is None or 0 <= one.link_share <= 1 for one in found)


@settings(deadline=None, max_examples=200)
@given(BODY)
def test_blocks_have_all_text_of_the_page_that_is_seen_in_its_order(body: str) -> None:
    tree = tree_of(f"<div>{body}</div>")

    blocks = page_blocks(tree)

    for script in list(tree.iter("script")):
        script.drop_tree()
    assert "".join(block.key for block in blocks) == squash(tree.find("body").text_content())
    assert all(0 <= block.linked <= block.chars == len(block.text) for block in blocks)


@given(st.text(), st.sampled_from([" ", "\n", "—", "“", "_", "\u00ad", "|", "\u200b"]), st.text())
def test_letters_and_digits_of_a_text_do_not_depend_on_what_stands_between_them(
    one: str, mark: str, other: str
) -> None:
    assert squash(one + mark + other) == squash(one) + squash(other)


def test_a_block_without_letters_has_no_key() -> None:
    assert Block(html.Element("p"), "— | …", 0).key == ""
