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
