"""Heuristics and site knowledge: what each names, and what it must leave."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from builds import MORE_PROSE, PROSE, rows
from hypothesis import given
from hypothesis import strategies as st

from curate.build import build
from curate.clean import clean
from curate.corpus.site import MAX_COPIES, PageLines, key_hash, known_to, page_lines, site_lines
from curate.heuristics import HEURISTICS, SiteLines
from curate.lines import line_key
from curate.model import Article, Evidence, Metadata, Provenance
from curate.recipe import recipe_from
from curate.rules import Matcher

NO_RULES = Matcher([])
LINES = [*PROSE.splitlines(), *MORE_PROSE.splitlines()]
TITLE = "Old ferry kept for another winter"
SITE_PROSE = "We have been the paper of the island since the first boat came, so say hello any day you like."
MENU = ["Home", "Boats", "Tides", "Harbour", "Fish", "Letters", "Notices", "Births"]
P, LI, TD = "article > p", "article > ul > li", "article > table > tr > td"


class Cleaned:
    """The lines that the heuristics keep, and the heuristics that named the others, in order and once."""

    def __init__(
        self,
        lines: Sequence[str],
        paths: Sequence[str | tuple[str, float]] = (),
        site: SiteLines | None = None,
        title: str | None = None,
        url: str | None = None,
    ) -> None:
        pairs = [(path, 0.0) if isinstance(path, str) else path for path in paths]
        article = Article(
            "x" * 32,
            Provenance("a", "html" if paths else "text"),
            "\n".join(lines),
            "none",
            Metadata(title=title),
            url=url,
            source_domain="paper.example",
            evidence=[Evidence(path, share, None) for path, share in pairs],
        )
        cleaned = clean(article, NO_RULES, site or SiteLines(), "en")
        self.kept = [article.text.split("\n")[number] for number in cleaned.kept_lines]
        self.rules = list(dict.fromkeys(removal.rule for removal in cleaned.removals))
        self.whys = [removal.why for removal in cleaned.removals]


def repeats(*lines: str, pages: int = 2) -> SiteLines:
    return SiteLines({line_key(line): pages for line in lines}, {})


# ---- site knowledge: counted


def counted(pages: Sequence[PageLines], *lines: str) -> list[int]:
    """For each line, the number of distinct articles that are said to have it."""
    repeated, titles = site_lines(pages)
    known = known_to([line_key(line) for line in lines], repeated, titles)
    return [known.repeated.get(line_key(line), 0) for line in lines]


def pages_of(*texts: Sequence[str]) -> list[PageLines]:
    return [page_lines(f"{number:03}", f"Story {number}", "\n".join(lines)) for number, lines in enumerate(texts)]


def test_one_page_says_nothing_of_its_site_and_two_pages_do() -> None:
    one, two = (LINES[:3], "Our reporters work for you"), (LINES[3:], "Our reporters work for you")
    pages = pages_of([*one[0], one[1], one[1]], [*two[0], two[1]])

    assert counted(pages[:1], "Our reporters work for you") == [0]
    assert counted(pages, "Our reporters work for you") == [2]
    assert site_lines(pages)[1] == {"story 0": 1, "story 1": 1}


def test_a_line_is_counted_by_its_words_and_once_a_page() -> None:
    pages = pages_of(
        [*LINES[:3], "» OUR reporters", "Our reporters"], [*LINES[3:], "|our  reporters|", "Ｏur reporters."]
    )

    assert counted(pages, "Our reporters") == [2]


def test_prose_needs_three_articles_as_two_may_share_a_stock_sentence() -> None:
    pages = pages_of([*LINES[:2], SITE_PROSE], [*LINES[2:4], SITE_PROSE], [*LINES[4:6], SITE_PROSE])

    assert counted(pages[:2], SITE_PROSE) == [0]
    assert counted(pages, SITE_PROSE) == [3]


def test_copies_of_an_article_count_as_one() -> None:
    pages = pages_of([*LINES, "Our reporters"], [*LINES, "Our reporters"], [*LINES[:4], "Our reporters", "Ferry"])

    assert counted(pages, *LINES, "Our reporters", "Ferry") == [0] * (len(LINES) + 2)


def test_an_article_that_a_site_has_under_many_addresses_is_no_boilerplate() -> None:
    pages = pages_of(*[[*LINES, f"Visitor {number}"] for number in range(MAX_COPIES + 1)])

    assert counted(pages, *LINES) == [0] * len(LINES)


def test_pages_that_share_only_the_words_of_the_site_are_no_reason_to_eat_their_few_own_lines() -> None:
    pages = pages_of(*[[f"The ferry sank on day {number}.", SITE_PROSE] for number in range(8)])

    assert counted(pages, *[f"The ferry sank on day {number}." for number in range(8)]) == [0] * 8


LINE_SETS = st.lists(
    st.lists(st.sampled_from([*LINES, SITE_PROSE, *MENU, "News at noon", ""]), max_size=9), min_size=1, max_size=9
)


@given(LINE_SETS, st.randoms(use_true_random=False))
def test_the_order_of_a_sites_pages_changes_nothing(texts: list[list[str]], chance: random.Random) -> None:
    pages = pages_of(*texts)
    shuffled = [*pages]
    chance.shuffle(shuffled)

    assert site_lines(shuffled) == site_lines(pages)


@given(LINE_SETS)
def test_no_line_is_said_to_be_in_more_pages_than_have_it_and_none_of_one_page(texts: list[list[str]]) -> None:
    repeated, _ = site_lines(pages_of(*texts))

    for key, count in repeated.items():
        having = sum(key in {key_hash(line_key(line)) for line in text} for text in texts)
        assert 2 <= count <= having


# ---- site knowledge: used


def test_a_repeated_line_goes_and_says_in_how_many_articles_it_stands() -> None:
    cleaned = Cleaned([*LINES, "Our reporters work for you"], site=repeats("Our reporters work for you", pages=4))

    assert cleaned.kept == LINES
    assert cleaned.rules == ["site/repeated-line"]
    assert cleaned.whys == ["The same line stands in 4 articles of paper.example."]


@pytest.mark.parametrize(("pages", "stays"), [(2, True), (3, False)])
def test_a_line_among_the_paragraphs_needs_three_articles(pages: int, stays: bool) -> None:
    lines = [*LINES[:3], "Nobody was hurt.", *LINES[3:]]

    of_page = Cleaned(lines, [P] * len(lines), repeats("Nobody was hurt.", pages=pages))
    of_text = Cleaned(lines, (), repeats("Nobody was hurt.", pages=pages))

    assert ("Nobody was hurt." in of_page.kept) is stays
    assert ("Nobody was hurt." in of_text.kept) is stays


def test_a_stock_sentence_of_a_short_article_stays_as_in_a_long_one() -> None:
    lines = [LINES[0], "Nobody was hurt."]

    assert Cleaned(lines, [P, P], repeats("Nobody was hurt.")).kept == lines


@pytest.mark.parametrize(
    "said",
    [
        "“I do not know.”",
        "Q:",
        "A: No.",
        "Q. : Is it safe?",
        "— We will see, she said, and went down to the boat again.",
    ],
)
@pytest.mark.parametrize("pages", [2, 9])
def test_what_somebody_says_in_several_articles_of_a_site_stays(said: str, pages: int) -> None:
    lines = [LINES[0], said, *LINES[1:]]
    site = SiteLines({line_key(said): pages}, {line_key(said): 1})

    assert Cleaned(lines, (), site).kept == lines
    assert Cleaned(lines, [P] * len(lines), site).kept == lines


@pytest.mark.parametrize("line", ["Ask: anything", "F: +49 30 1234", "“Our reporters", "A list"])
def test_what_only_looks_as_if_somebody_said_it_goes_where_the_site_repeats_it(line: str) -> None:
    assert Cleaned([*LINES[:3], line, *LINES[3:]], site=repeats(line)).kept == LINES


STAMP = "Published 3 March 2026, 10:15"


@pytest.mark.parametrize(("pages", "goes"), [(1, False), (2, True), (3, True)])
def test_a_stamp_with_another_time_on_each_page_goes_and_says_so(pages: int, goes: bool) -> None:
    cleaned = Cleaned([STAMP, *LINES], site=SiteLines({"published {date}, {time}": pages}))

    assert cleaned.kept == (LINES if goes else [STAMP, *LINES])
    if goes:
        why = f"The same line, but for its numbers, stands in {pages} articles of paper.example."
        assert cleaned.whys == [why]


@pytest.mark.parametrize(
    ("line", "mask"), [("Read 5 comments", "read {n} comments"), ("Born 3 March 1950", "born {date}")]
)
def test_another_line_with_other_numbers_needs_three_articles(line: str, mask: str) -> None:
    lines = [*LINES, line]

    assert Cleaned(lines, site=SiteLines({mask: 2})).kept == lines
    assert Cleaned(lines, site=SiteLines({mask: 3})).kept == LINES


def test_an_item_of_a_list_and_a_heading_with_another_number_on_each_page_stay() -> None:
    site = SiteLines({"boats of {n} owners": 9, "the day of {date}": 9})
    item = [*LINES[:3], "Boats of 5 owners", "Fish", *LINES[3:]]
    heading = [*LINES[:3], "The day of 3 March 2026", *LINES[3:]]

    assert Cleaned(item, [*[P] * 3, LI, LI, *[P] * 4], site).kept == item
    assert Cleaned(heading, [*[P] * 3, "article > h3", *[P] * 4], site).kept == heading


def test_a_line_is_counted_by_its_mask_once_for_each_distinct_article() -> None:
    pages = pages_of(
        *[[*LINES[:4], "Read 5 comments"]] * 2,
        [*LINES[4:], "Read 12 comments"],
        ["Kelp is dear.", "Read 7 comments", "» Read 1,204 comments"],
    )
    repeated, titles = site_lines(pages)

    known = known_to(["read {n} comments", "read 5 comments"], repeated, titles)

    assert known.repeated == {"read {n} comments": 2}


def test_a_mask_that_stands_in_few_of_a_sites_articles_is_none_of_the_sites() -> None:
    prose = [f"The ferry sank on day {word} and nobody was sad." for word in "abcdefghijklmnopqrstuvwxyzäöüßéèêç"]
    pages = pages_of(*[[line, f"Read {at} comments"] if at < 3 else [line] for at, line in enumerate(prose)])

    assert known_to(["read {n} comments"], *site_lines(pages[:30])).repeated == {"read {n} comments": 3}
    assert known_to(["read {n} comments"], *site_lines(pages)).repeated == {}


@pytest.mark.parametrize(
    ("heading", "stays"),
    [
        ("div.post > h3", True),
        ("div.post > h4.title > strong", True),
        (("div.post > h3", 1.0), False),
        ("div.share > span", False),
        pytest.param(
            "div.post > p",
            True,
            marks=pytest.mark.xfail(
                strict=True, reason="a heading that is only set in bold has the path of a paragraph, as <p><b> has"
            ),
        ),
    ],
)
def test_headings_that_live_blogs_repeat_stay_above_their_posts(heading: str | tuple[str, float], stays: bool) -> None:
    lines = [one for line in LINES for one in ("News at noon", line)]
    paths = [one for _ in LINES for one in (heading, "div.post > p")]

    cleaned = Cleaned(lines, paths, repeats("News at noon", pages=5))

    assert cleaned.kept == (lines if stays else LINES)


def test_a_repeated_heading_above_no_text_goes() -> None:
    lines = [*LINES, "News at noon", "The lamp that went out"]
    paths: list[str | tuple[str, float]] = [*[P] * len(LINES), "div.more > h3", ("div.more > a", 1.0)]

    assert Cleaned(lines, paths, repeats("News at noon")).kept == LINES


@pytest.mark.parametrize(
    "rows_shared",
    [
        ["| Team | Points |", "| Northsea | 12 |"],
        ["| Southbay | 9 |"],
    ],
)
def test_rows_of_a_table_that_two_match_reports_share_stay(rows_shared: list[str]) -> None:
    lines = [*LINES, "| Team | Points |", "| Northsea | 12 |", "| Southbay | 9 |"]

    assert Cleaned(lines, [*[P] * len(LINES), *[TD] * 3], repeats(*rows_shared)).kept == lines


def test_the_title_of_another_page_goes_unless_it_heads_text_here() -> None:
    lines = [*LINES[:3], "Barley is dear", *LINES[3:]]
    site = SiteLines({}, {"barley is dear": 1, "old ferry kept for another winter": 1})
    paths = [*[P] * 3, "article > h2", *[P] * 4]

    link = Cleaned(lines, [*paths[:3], ("article > a", 1.0), *paths[4:]], site)
    text = Cleaned(lines, (), site)
    heading = Cleaned(lines, paths, site)

    assert (link.kept, link.rules) == (LINES, ["site/other-title"])
    assert (text.kept, text.rules) == (LINES, ["site/other-title"])
    assert heading.kept == lines


# ---- site knowledge: in a build


class Here:
    """An engine that runs the tasks where it is."""

    def map(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        for number, task in enumerate(tasks):
            yield number, function(task)

    def close(self) -> None:
        """Nothing to end."""


def site_of(folder: Path, pages: Sequence[Sequence[str]], order: Sequence[int]) -> Path:
    """A folder of pages of one site, their files in the given order."""
    folder.mkdir(parents=True)
    for place, number in enumerate(order):
        head = f"<title>Story {number}</title><link rel='canonical' href='https://paper.example/{number}'>"
        body = "".join(line if line.startswith("<") else f"<p>{line}</p>" for line in pages[number])
        html = f"<html><head>{head}</head><body><article>{body}</article></body></html>"
        (folder / f"{place}.html").write_text(html, "utf-8")
    return folder


def texts_of(raw: Path, batch_bytes: int) -> dict[str, str]:
    """What is kept of each page of a build, by its address."""
    recipe = recipe_from({"dedup": {"enabled": False}, "quality": {"enabled": False}, "language": {"enabled": False}})
    out = raw.with_name(f"{raw.name}-out-{batch_bytes}")
    build(str(raw), out, recipe, Here(), batch_bytes=batch_bytes)
    return {row["canonical_url"]: row["text"] for row in rows(out, "data")}


SITE = [
    [*LINES, "<p class='sign'>Our reporters work for you</p>"],
    ["The mast of the <b>Berta</b> broke.", "<p class='sign'>Our reporters work for you</p>"],
    [
        *(
            one
            for number in range(4)
            for one in ("<h3>News at noon</h3>", f"Post {number} of the first day of the fair.")
        ),
        "<p class='sign'>Our reporters work for you</p>",
    ],
    [
        *(
            one
            for number in range(4)
            for one in ("<h3>News at noon</h3>", f"Post {number} of the second day of the fair.")
        )
    ],
]


def test_a_site_of_one_page_loses_nothing_and_of_several_only_what_they_repeat(tmp_path: Path) -> None:
    alone = texts_of(site_of(tmp_path / "one", SITE, [0]), 10_000)
    all_of_them = texts_of(site_of(tmp_path / "all", SITE, range(4)), 10_000)

    assert alone["https://paper.example/0"].split("\n") == [*LINES, "Our reporters work for you"]
    assert all_of_them["https://paper.example/0"].split("\n") == LINES
    assert all_of_them["https://paper.example/1"] == "The mast of the Berta broke."
    first, second = (all_of_them[f"https://paper.example/{number}"].split("\n") for number in (2, 3))
    assert [line for line in first if "first day" not in line] == ["News at noon"] * 4
    assert [line for line in second if "second day" not in line] == ["News at noon"] * 4
    assert len(first) == len(second) == 8


def test_the_order_and_the_portions_of_a_sites_pages_change_nothing(tmp_path: Path) -> None:
    expected = texts_of(site_of(tmp_path / "one", SITE, range(4)), 100_000)

    one_by_one = texts_of(site_of(tmp_path / "two", SITE, [2, 0, 3, 1]), 1)
    by_twos = texts_of(site_of(tmp_path / "three", SITE, [3, 2, 1, 0]), 1500)

    assert expected == one_by_one == by_twos
    assert len(expected) == 4


# ---- the page's own title


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (TITLE, P),
        (f"| {TITLE.upper()} |", P),
        ("Old ferry is kept for another winter", P),
        ("The boat sails on", "header > h1"),
        ("The boat sails on", "header > h1.headline > span"),
        ("Island boat sails another season despite engine", P),
    ],
)
def test_the_pages_title_above_the_text_goes(line: str, path: str) -> None:
    url = "https://paper.example/news/2026/island-boat-sails-another-season-despite-old-engine-4711"

    cleaned = Cleaned([line, *LINES], [path, *[P] * len(LINES)], title=TITLE, url=url)

    assert (cleaned.kept, cleaned.rules) == (LINES, ["page/own-title"])


@pytest.mark.parametrize("line", ["Old ferry", "The old ferry and the new road", "Winter at sea", "Boat sails"])
def test_another_heading_above_the_text_stays(line: str) -> None:
    lines = [line, *LINES]

    cleaned = Cleaned(
        lines, ["article > h2", *[P] * len(LINES)], title=TITLE, url="https://paper.example/boat-sails-on"
    )

    assert cleaned.kept == lines


def test_the_words_of_the_title_within_the_text_stay() -> None:
    lines = [*LINES[:3], TITLE, *LINES[3:]]

    assert Cleaned(lines, [*[P] * 3, "article > h2", *[P] * 4], title=TITLE).kept == lines


# ---- below the last prose


def test_what_follows_a_line_that_the_site_repeats_below_the_prose_goes() -> None:
    lines = [*LINES, "Maud Ellery", "Our reporters", "Of the day"]

    cleaned = Cleaned(lines, [*[P] * len(LINES), "div > span", "div > b", "div > b"], repeats("Our reporters"))

    assert cleaned.kept == [*LINES, "Maud Ellery"]
    assert cleaned.rules == ["site/repeated-line", "page/tail"]


@pytest.mark.parametrize(
    "end",
    [
        ["“We will see.”"],
        ["— Maud Ellery, keeper of the lighthouse"],
        ["Kelp", "Salt", "Two eggs"],
        ["- Yes, please", "- No", "- Yes, please"],
        ["The tide came in at seven,", "the ferry came at ten"],
        ["| Team | Points |", "| Northsea | 12 |"],
        ["The tide came in.", "The ferry came.", "The tide came in."],
    ],
)
def test_an_article_may_end_in_short_lines(end: list[str]) -> None:
    lines = [*LINES, *end]

    assert Cleaned(lines, [P] * len(lines)).kept == lines
    assert Cleaned(lines).kept == lines


def test_whom_the_last_quote_is_by_stays_although_a_quote_above_is_by_the_same() -> None:
    lines = [LINES[0], "— Maud Ellery", *LINES[1:], "— Maud Ellery"]

    assert Cleaned(lines, [P] * len(lines)).kept == lines


@pytest.mark.parametrize(
    ("end", "path"),
    [
        (["“We will see.”"], P),
        (["The tide came in at seven,", "the ferry came at ten"], P),
        (["| Team | Points |", "| Northsea | 12 |"], TD),
    ],
)
def test_the_end_of_an_article_stays_although_a_line_of_the_site_stands_before_it(end: list[str], path: str) -> None:
    lines = [*LINES, "Our reporters", *end]

    cleaned = Cleaned(lines, [*[P] * len(LINES), "div > b", *[path] * len(end)], repeats("Our reporters"))

    assert cleaned.kept == [*LINES, *end]


def test_rows_of_links_below_a_line_of_the_site_go() -> None:
    lines = [*LINES, "Our reporters", "| The lamp that went out | The mast |", "| The goat that flew | The lamp |"]

    cleaned = Cleaned(lines, [*[P] * len(LINES), "div > b", *[(TD, 1.0)] * 2], repeats("Our reporters"))

    assert cleaned.kept == LINES


@pytest.mark.parametrize(("share", "stays"), [(1.0, False), (0.7, False), (0.5, True), (0.0, True)])
def test_a_list_below_the_prose_goes_where_it_is_nothing_but_links(share: float, stays: bool) -> None:
    items = ["- Harbour", "- Ferries", "- Maud Ellery"]
    lines = [*LINES, *items]

    cleaned = Cleaned(lines, [*[P] * len(LINES), *[(LI, share)] * 3])

    assert cleaned.kept == (lines if stays else LINES)


def test_a_line_below_the_prose_that_stands_above_goes_with_what_follows() -> None:
    lines = ["By Ann Lee", *LINES, "By Ann Lee", "Harbour desk"]

    cleaned = Cleaned(lines, ["div > b", *[P] * len(LINES), "div > b", "div > b"])

    assert (cleaned.kept, cleaned.rules) == (lines[:-2], ["page/tail"])


# ---- menus and heads of a page


def test_a_run_of_very_short_links_is_a_menu_and_a_list_of_names_or_figures_is_none() -> None:
    def kept(run: list[str], share: float) -> list[str]:
        lines = [*LINES[:3], *run, *LINES[3:]]
        return Cleaned(lines, [*[P] * 3, *[(LI, share)] * len(run), *[P] * 4]).kept

    scores = [f"Northsea {number}" for number in range(6)]
    assert kept(MENU, 1.0) == LINES
    assert kept(MENU[:4], 1.0) == [*LINES[:3], *MENU[:4], *LINES[3:]]
    assert kept(MENU, 0.0) == [*LINES[:3], *MENU, *LINES[3:]]
    assert kept(scores, 1.0) == [*LINES[:3], *scores, *LINES[3:]]


def test_lines_of_links_above_the_first_prose_go_and_a_poem_above_it_stays() -> None:
    links = [f"The lamp that went out on day {number}" for number in range(6)]
    verses = [f"The tide came in at {word}" for word in ("one", "two", "six", "seven", "nine", "ten")]

    above = Cleaned([*links, *LINES], [*[(LI, 1.0)] * 6, *[P] * len(LINES)])

    assert (above.kept, above.rules) == (LINES, ["page/head"])
    assert Cleaned([*verses, *LINES], [P] * (6 + len(LINES))).kept == [*verses, *LINES]
    assert Cleaned([*verses, *LINES]).kept == [*verses, *LINES]


# ---- lines that stand twice


def test_a_paragraph_that_stands_again_goes_and_a_question_asked_of_two_people_stays() -> None:
    question = "What do you think of the old ferry, and would you pay more for a new one?"

    again = Cleaned([*LINES, LINES[1]], [P] * (len(LINES) + 1))
    asked = [question, LINES[0], question, LINES[1]]

    assert (again.kept, again.rules) == (LINES, ["page/repeated"])
    assert Cleaned(asked, [P] * 4).kept == asked


def test_a_refrain_of_eight_words_stays_and_goes_the_second_time_in_a_dump() -> None:
    refrain = "and nobody in heaven will see it again"
    song = [LINES[0], refrain, LINES[1], refrain, LINES[2]]

    dump = Cleaned([*MENU, TITLE, *song, *LINES[3:], *FOOT], title=TITLE)

    assert Cleaned(song, [P] * 5).kept == song
    assert Cleaned(song).kept == song
    assert dump.kept == [LINES[0], refrain, *LINES[1:]]


def test_short_lines_that_stand_again_in_a_page_stay() -> None:
    lines = [LINES[0], "“No.”", LINES[1], "“No.”", "The tide came in.", LINES[2], "The tide came in.", LINES[3]]

    assert Cleaned(lines, [P] * len(lines)).kept == lines


# ---- plain dumps of whole pages

HOURS = ["one", "two", "six", "nine", "ten"]
INGREDIENTS = [
    *["Two eggs", "A cup of flour", "Some salt", "Butter", "Milk", "A pinch of sugar"],
    *["One lemon", "Some oil", "Cream", "Rice", "Herbs", "Kelp"],
]
FOOT = ["About", "Terms", "Privacy", "Help", "Press", "Imprint", "Feeds"]
COMMENTS = [
    *["Ann Lee", "6 June 2023, 10:15", "I do not agree with the board, as the boat is old and leaks in every storm."],
    *["Ben Hill", "6 June 2023, 11:20", "The boat is fine, as I sail with it every day and never got wet feet."],
]


def test_of_a_dump_the_body_is_kept() -> None:
    cleaned = Cleaned([*MENU, TITLE, *LINES, *FOOT], title=TITLE)

    assert cleaned.kept == LINES
    assert set(cleaned.rules) <= set(HEURISTICS)


def test_of_a_dump_comments_below_the_article_go_and_one_stamp_is_none() -> None:
    cleaned = Cleaned([*MENU, TITLE, *LINES, *COMMENTS, *FOOT], title=TITLE)
    dated = Cleaned([*MENU, TITLE, *LINES[:4], "6 June 2023, 10:15", *LINES[4:], *FOOT], title=TITLE)

    assert cleaned.kept == LINES
    assert "page/comments" in cleaned.rules
    assert [line for line in dated.kept if line in LINES] == LINES


@pytest.mark.parametrize("stamp", ["6 June 2023, 1{}:15", "6. Juni 2023 um 1{}:15 Uhr"])
def test_of_a_dump_of_a_live_blog_the_posts_stay(stamp: str) -> None:
    posts = [one for number, line in enumerate(LINES[3:]) for one in (stamp.format(number), line)]

    cleaned = Cleaned([*MENU, TITLE, *LINES[:3], *posts, *FOOT], title=TITLE)

    assert [line for line in cleaned.kept if line in LINES] == LINES


@pytest.mark.parametrize(
    "links",
    [
        4,
        pytest.param(
            16,
            marks=pytest.mark.xfail(strict=True, reason="each line of the list costs ten words, and it parts the body"),
        ),
    ],
)
def test_of_a_dump_both_parts_of_an_article_around_a_list_of_other_stories_are_kept(links: int) -> None:
    stories = [f"Story of lamp {word}" for word in "abcdefghijklmnop"[:links]]
    site = repeats(*stories)

    cleaned = Cleaned([*MENU, TITLE, *LINES[:4], *stories, *LINES[4:], *FOOT], site=site, title=TITLE)

    assert cleaned.kept == LINES


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([f"Northsea {number}" for number in range(20)], id="scores"),
        pytest.param([*LINES[:3], *(f"Northsea {number}" for number in range(12))], id="scores below prose"),
        pytest.param([*LINES[:2], *INGREDIENTS, LINES[2]], id="recipe"),
        pytest.param(
            [*LINES[:2], *INGREDIENTS, *LINES[2:]],
            id="recipe with more text below its list than above",
        ),
        pytest.param([f"the {one} came in at {two}" for one in ("tide", "ferry", "fog") for two in HOURS], id="poem"),
    ],
)
def test_a_text_that_is_a_list_or_a_poem_is_kept_whole(lines: list[str]) -> None:
    assert Cleaned([TITLE, *lines], title=TITLE).kept == lines


def test_of_a_dump_of_a_recipe_the_text_above_a_long_list_stays() -> None:
    lines = [*LINES[:2], *INGREDIENTS, *LINES[2:]]

    kept = Cleaned([*MENU, TITLE, *lines, *FOOT], title=TITLE).kept

    assert [line for line in kept if line not in INGREDIENTS] == LINES


def test_of_an_extractors_output_short_lines_stay() -> None:
    lines = [*LINES, "Maud Ellery", "Keeper", "Ann Lee", "Mate"]

    assert Cleaned(lines).kept == lines


@given(st.lists(st.sampled_from([*LINES, *MENU, *FOOT, *COMMENTS, TITLE, "| Hull | 400 |", "“No.”", ""]), max_size=30))
def test_every_mark_is_of_a_known_heuristic_and_prose_that_stands_once_in_few_lines_stays(lines: list[str]) -> None:
    cleaned = Cleaned(lines, [P] * len(lines), title=TITLE)

    assert set(cleaned.rules) <= set(HEURISTICS)
    assert {line for line in lines if line in LINES} <= set(cleaned.kept)
