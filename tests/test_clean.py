from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.clean import clean, kept_text
from curate.heuristics import HEURISTICS, SiteLines
from curate.lines import line_key
from curate.model import Article, Evidence, Metadata, Provenance, Removal
from curate.rules import compile_rules, load_pack, packaged_rules

MATCHER = compile_rules([load_pack(packaged_rules())])
PROSE = "The council voted on Tuesday evening to keep the old swimming pool open until the spring."
MORE = "Residents who had filled the gallery since noon applauded when the result was read out."
CUES = [
    PROSE,
    MORE,
    "Related Links",
    "Subscribe to our newsletter",
    "|",
    "",
    "  ",
    "Share",
    "PARIS (AFP) - The minister said on Monday that nothing had been decided about the bridge.",
    " date 2023-06-06 The minister said on Monday that nothing had been decided about the bridge.",
    "bur-fz-fff-sjw/adp/gw",
    "Harbour ferry returns after long winter break",
    "Advertisement",
    "\u2028",
    "é\u0301 ｆｕｌｌ width",
]


def article(text: str, title: str | None = None, evidence: Sequence[Evidence | None] = ()) -> Article:
    return Article("x" * 32, Provenance("a.txt", "text"), text, "none", Metadata(title=title), evidence=evidence)


def restored(kept: str, text: str, removals: Sequence[Removal]) -> str:
    pieces, at, taken = [], 0, 0
    for removal in removals:
        pieces += [kept[taken : taken + removal.start - at], text[removal.start : removal.end]]
        taken += removal.start - at
        at = removal.end
    return "".join([*pieces, kept[taken:]])


@given(st.lists(st.sampled_from(CUES) | st.text(max_size=40), max_size=14).map("\n".join), st.booleans())
def test_kept_and_removed_are_the_extracted_text(text: str, keeps: bool) -> None:
    known = SiteLines({line_key(MORE): 3}, {line_key("Harbour ferry returns after long winter break"): 1})

    cleaned = clean(article(text), MATCHER, known, None, keep={"datelines", "credits"} if keeps else ())

    ends = [0, *(removal.end for removal in cleaned.removals)]
    assert all(
        end <= removal.start < removal.end <= len(text) for end, removal in zip(ends, cleaned.removals, strict=False)
    )
    assert cleaned.text == kept_text(text, cleaned.removals)
    assert restored(cleaned.text, text, cleaned.removals) == text


@given(st.lists(st.sampled_from(CUES), max_size=14).map("\n".join))
def test_every_removal_names_a_rule_that_exists(text: str) -> None:
    known = {rule.id for rule in MATCHER.rules} | set(HEURISTICS)

    cleaned = clean(article(text), MATCHER, SiteLines(), "en")

    assert {removal.rule for removal in cleaned.removals} <= known


def test_a_line_that_the_site_repeats_is_removed() -> None:
    text = f"{PROSE}\nOur reporters work for you\n{MORE}"

    cleaned = clean(article(text), MATCHER, SiteLines({line_key("Our reporters work for you"): 4}, {}), "en")

    assert cleaned.text == f"{PROSE}\n{MORE}"
    assert [removal.rule for removal in cleaned.removals] == ["site/repeated-line"]


def test_the_title_of_another_page_is_a_link_and_the_own_title_stands_in_its_column() -> None:
    text = f"Pool stays open\n{PROSE}\nFerry returns\n{MORE}"

    cleaned = clean(article(text, "Pool stays open"), MATCHER, SiteLines({}, {"ferry returns": 1}), "en")

    assert cleaned.text == f"{PROSE}\n{MORE}"
    assert [removal.rule for removal in cleaned.removals] == ["page/own-title", "site/other-title"]


def test_an_article_may_end_in_a_short_quote() -> None:
    text = f'{PROSE}\n{MORE}\n"We are relieved," she said.'

    assert clean(article(text), MATCHER, SiteLines(), "en").text == text


def test_a_list_of_links_after_the_prose_goes_and_a_list_of_the_article_stays() -> None:
    items = ["Two eggs", "A cup of flour", "Some salt"]
    text = "\n".join([PROSE, *items])

    def with_links(share: float) -> Article:
        return article(text, evidence=[Evidence("p", 0.0, None), *(Evidence("ul > li", share, None) for _ in items)])

    assert clean(with_links(1.0), MATCHER, SiteLines(), "en").text == PROSE
    assert clean(with_links(0.0), MATCHER, SiteLines(), "en").text == text


def test_a_dateline_fills_its_columns_and_is_cut_or_kept_as_the_recipe_says() -> None:
    text = f"PARIS (AFP) - {PROSE}\n{MORE}"

    cut = clean(article(text), MATCHER, SiteLines(), "en")
    kept = clean(article(text), MATCHER, SiteLines(), "en", keep={"datelines"})

    assert cut.text == f"{PROSE}\n{MORE}"
    assert kept.text == text
    assert cut.captured == kept.captured
    assert (cut.captured["wire_agency"], cut.captured["dateline"]) == ("AFP", "PARIS")


def test_a_disabled_heuristic_names_nothing() -> None:
    text = f"{PROSE}\nOur reporters work for you"
    known = SiteLines({line_key("Our reporters work for you"): 4}, {})

    assert clean(article(text), MATCHER, known, "en", disable=["site/*"]).text == text


@pytest.mark.parametrize("text", ["", "\n", "|", "\n\n\n"])
def test_texts_without_prose_break_nothing(text: str) -> None:
    cleaned = clean(article(text), MATCHER, SiteLines(), None)

    assert restored(cleaned.text, text, cleaned.removals) == text


# ---- rules against the article around them

P, LI = "article > p", "article > ul > li"
LINES = [
    PROSE,
    MORE,
    "The pool's boiler is older than most of its swimmers, and needs a part that nobody makes any more.",
    "A mill in the next valley has offered to cast one, if somebody brings it the drawings of the old one.",
    "The drawings were lost in a flood, but a retired plumber says that he remembers every line of them.",
    "He will sit down with the mill's foreman on Friday, and the council will pay for their tea and cake.",
]


def kept_of(lines: Sequence[str], paths: Sequence[str | tuple[str, float]] = (), title: str | None = None) -> list[str]:
    """The lines that are left, given the element path of each, or the path and the share of its links."""
    pairs = [(path, 0.0) if isinstance(path, str) else path for path in paths]
    evidence = [Evidence(path, share, None) for path, share in pairs]
    cleaned = clean(article("\n".join(lines), title, evidence), MATCHER, SiteLines(), "en")
    return [lines[number] for number in cleaned.kept_lines]


@pytest.mark.parametrize(("boxed", "stays"), [(1, False), (2, False), (3, True), (6, True)])
def test_an_element_with_more_than_a_third_of_the_article_is_the_articles_own_whatever_it_is_called(
    boxed: int, stays: bool
) -> None:
    paths = ["div.related > p"] * boxed + ["div.story > p"] * (6 - boxed)

    assert kept_of(LINES, paths) == (LINES if stays else LINES[boxed:])


def test_a_box_inside_an_element_that_is_called_as_it_is_goes_alone() -> None:
    paths = ["div.has-related > p"] * 5 + ["div.has-related > div.related > p"]

    assert kept_of(LINES, paths) == LINES[:5]


@pytest.mark.parametrize("line", ["Subscribe to our newsletter", "Read more", "Advertisement"])
def test_a_line_is_not_kept_by_the_element_around_it_for_what_it_says(line: str) -> None:
    lines = [*LINES, line]

    assert kept_of(lines, ["div.related > p"] * 7) == LINES


@pytest.mark.parametrize("marks", ['"{}"', "“{}”", "„{}“", "«{}»", "‘{}’", "— {}", "「{}」"])
def test_what_somebody_says_is_kept_and_what_the_site_says_in_the_same_words_goes(marks: str) -> None:
    words = "Sign up for our newsletter and you will never miss a swim."
    spoken = [LINES[0], marks.format(words), *LINES[1:]]
    unspoken = [LINES[0], words, *LINES[1:]]

    assert kept_of(spoken, [P] * 7) == spoken
    assert kept_of(spoken) == spoken
    assert kept_of(unspoken, [P, "div.box > p", *[P] * 5]) == LINES
    assert kept_of([*LINES, words], [P] * 7) == LINES


@pytest.mark.parametrize(
    "line",
    [
        "“Read more.”",
        "“No thanks.”",
        "“Sign me up!”",
        pytest.param("— Play.", marks=pytest.mark.xfail(strict=True, reason="a dash before a button is a bullet")),
    ],
)
def test_short_speech_in_the_words_of_a_button_is_kept(line: str) -> None:
    lines = [LINES[0], line, *LINES[1:]]

    assert kept_of(lines, [P] * 7) == lines


@pytest.mark.parametrize("line", ["Read more", "“Read more”", "» Read more"])
def test_a_button_goes_with_and_without_marks_around_it(line: str) -> None:
    assert kept_of([LINES[0], line, *LINES[1:]], [P, "div > a", *[P] * 5]) == LINES


def test_a_sentence_that_opens_like_boilerplate_is_kept_where_the_page_has_it_as_a_paragraph() -> None:
    long = (
        "By signing up you will receive a towel, a locker and the right to vote at the next meeting of the "
        "swimmers, says a leaflet that hangs in the hall."
    )
    short = "By signing up you will receive our news."
    lines = [LINES[0], long, *LINES[1:]]

    assert kept_of(lines, [P] * 7) == lines
    assert kept_of(lines) == lines
    assert kept_of(lines, [P, "div.form > p", *[P] * 5]) == LINES
    assert kept_of(lines, [P, (P, 0.2), *[P] * 5]) == LINES
    assert kept_of([*LINES, long], [P] * 7) == LINES
    assert kept_of([LINES[0], short, *LINES[1:]]) == LINES


# ---- blocks

LINKS = ["The lamp that went out", "The mast that broke"]
BLOCK: list[str | tuple[str, float]] = ["article > h3", (LI, 1.0), (LI, 1.0)]


@pytest.mark.parametrize(
    ("heading", "stays"),
    [
        ("article > h2", True),
        ("article > h4.sub > b", True),
        (("article > h2", 1.0), False),
        (P, True),
        ((P, 1.0), False),
    ],
)
def test_a_list_of_other_stories_ends_at_a_sub_heading_of_the_article(
    heading: str | tuple[str, float], stays: bool
) -> None:
    lines = [*LINES[:3], "Related Links", *LINKS, "What the boiler needs", *LINES[3:]]

    kept = kept_of(lines, [*[P] * 3, *BLOCK, heading, *[P] * 3])

    assert kept == [*LINES[:3], *(["What the boiler needs"] if stays else []), *LINES[3:]]


def test_a_heading_of_more_links_does_not_end_a_list_of_other_stories() -> None:
    lines = [*LINES, "Related Links", *LINKS, "More of the valley", "The goat that flew"]

    assert kept_of(lines, [*[P] * 6, *BLOCK, "article > h3", (LI, 1.0)]) == LINES


def test_a_list_of_other_stories_ends_at_the_pages_title_and_at_a_table() -> None:
    above = ["Most Read", *LINKS, "Pool stays open", "Towels are free"]
    table = [*LINES[:3], "Related Links", *LINKS, "| Day | Bathers |", "| Monday | 112 |", *LINES[3:]]

    assert kept_of([*above, *LINES], title="Pool stays open") == ["Towels are free", *LINES]
    assert kept_of(table, [*[P] * 3, *BLOCK, "table > tr > th", "table > tr > td", *[P] * 3])[3] == "| Day | Bathers |"


def test_a_list_of_other_stories_is_not_endless() -> None:
    stories = [f"Story of lamp {number}" for number in range(70)]
    lines = [*LINES[:3], "Related Links", *stories, *LINES[3:]]

    cleaned = clean(article("\n".join(lines)), MATCHER, SiteLines(), "en", disable=["page/*"])

    assert cleaned.text.split("\n") == [*LINES[:3], *stories[60:], *LINES[3:]]


@pytest.mark.parametrize(
    ("own", "paths"),
    [
        (["“No.”", "“Why?” she asked."], [P, P]),
        (["The tide came in at seven,", "the ferry came at ten"], [P, P]),
        (["What you need", "- Two eggs", "- Some salt"], ["article > h2", LI, LI]),
    ],
)
def test_short_lines_of_the_article_below_a_list_of_other_stories_are_kept(own: list[str], paths: list[str]) -> None:
    lines = [*LINES[:3], "Related Links", *LINKS, *own, *LINES[3:]]

    assert kept_of(lines, [*[P] * 3, *BLOCK, *paths, *[P] * 3]) == [*LINES[:3], *own, *LINES[3:]]


# ---- credits


@pytest.mark.parametrize(
    ("credit", "agency"),
    [("(AFP)", "AFP"), ("- Reuters", "Reuters"), ("Reporting by Ann Lee; Editing by Ben Hill", None)],
)
def test_a_credit_below_the_story_fills_its_columns_and_is_cut_or_kept_as_the_recipe_says(
    credit: str, agency: str | None
) -> None:
    text = "\n".join([*LINES, credit])

    cut = clean(article(text), MATCHER, SiteLines(), "en")
    kept = clean(article(text), MATCHER, SiteLines(), "en", keep={"credits"})

    assert cut.text == "\n".join(LINES)
    assert kept.text == text
    assert cut.captured == kept.captured != {}
    assert agency in (None, cut.captured.get("wire_agency"))


def test_a_kept_credit_stays_also_below_a_line_of_the_site() -> None:
    lines = [*LINES, "Subscribe to our newsletter", "Reporting by Ann Lee; Editing by Ben Hill"]

    kept = clean(article("\n".join(lines)), MATCHER, SiteLines(), "en", keep={"credits"})

    assert kept.text.split("\n") == [*LINES, lines[-1]]


def test_a_kept_credit_keeps_nothing_that_follows_it() -> None:
    text = "\n".join([*LINES, "Reporting by Ann Lee; Editing by Ben Hill", "Related Links", *LINKS])

    kept = clean(article(text), MATCHER, SiteLines(), "en", keep={"credits"})

    assert kept.text == "\n".join([*LINES, "Reporting by Ann Lee; Editing by Ben Hill"])


@pytest.mark.parametrize("above", [[], ["Reporting by Ann Lee; Editing by Ben Hill"]])
def test_a_desk_code_goes_also_where_credits_are_kept(above: list[str]) -> None:
    text = "\n".join([*LINES, *above, "bur/adp/gw"])

    kept = clean(article(text), MATCHER, SiteLines(), "en", keep={"credits"})

    assert kept.text == "\n".join([*LINES, *above])


@pytest.mark.parametrize(
    "line", ["The AFP says it is full.", "He reads Reuters on the bus to work each morning.", "AFPs"]
)
def test_an_agency_that_is_only_spoken_of_is_no_credit(line: str) -> None:
    lines = [*LINES, line]

    assert kept_of(lines) == lines
