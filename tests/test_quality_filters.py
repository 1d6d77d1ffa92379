"""Each filter refuses one text and lets a near miss pass; the table below has both."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import RecipeError
from curate.quality import c4, fineweb, gopher
from curate.quality.article import article
from curate.quality.filters import FILTERS, check_filters, judge, min_words
from curate.quality.measures import Refusal, Statistics

NUMBERS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
]
WORDS = [f"{first}{second}" for first in NUMBERS for second in NUMBERS]
SENTENCE = "The ferry left the island an hour late."
OTHER = "Nobody on board was surprised by that."
THIRD = "The captain blamed the fog and the tide."
HANZI = "".join(chr(0x4E00 + 7 * number) for number in range(900))
HEADLINES = [f"Council number {word} votes for a tram" for word in NUMBERS]


def words(count: int) -> str:
    return " ".join(WORDS[:count]) if count <= len(WORDS) else " ".join(["word"] * count)


class Case(NamedTuple):
    filter: str
    refused: str
    kept: str
    language: str | None = "en"


CASES = [
    Case("min-words", words(19), words(20)),
    Case("min-words", HANZI[:38], HANZI[:39], "zh"),
    Case("article", "\n".join(f"3 May 2026\n{line}" for line in HEADLINES), "\n".join([*HEADLINES[:4], SENTENCE])),
    Case("gopher-words", words(49), words(50)),
    Case("gopher-words", words(100_001), words(100_000)),
    Case("gopher-words", HANZI[:98], HANZI[:100], "zh"),
    Case("gopher-word-length", "to be in it " * 20, "to be or not to be was once asked there " * 9),
    Case("gopher-word-length", "elevenchars " * 20, "tencharact, " * 20),
    Case("gopher-symbols", "#one #two three four " * 5, "#one two three four five six seven eight nine ten " * 5),
    Case("gopher-symbols", "well ... so … it goes " * 5, "well, so it goes and goes, on and on again … " * 5),
    Case("gopher-bullets", "- one\n" * 10, "- one\n" * 9 + SENTENCE),
    Case("gopher-bullets", "• one\n" * 10, "– one\n" * 9 + SENTENCE),
    Case(
        "gopher-ellipsis", f"It went on …\nAnd on...\n{SENTENCE}\n{OTHER}", f"It went …\n{SENTENCE}\n{OTHER}\n{THIRD}"
    ),
    Case("gopher-alpha", "one two three 4 5", "one two three four 5"),
    Case("gopher-stopwords", "The ferry left late.", "The ferry left late, and nobody laughed."),
    Case("gopher-stopwords", "The the THE the.", "The AND."),
    Case("gopher-repetition-lines", "\n".join([SENTENCE, SENTENCE, OTHER]), "\n".join([SENTENCE, OTHER, THIRD])),
    Case(
        "gopher-repetition-lines",
        "\n".join([SENTENCE * 3, SENTENCE * 3, "A", "B", "C", "D"]),
        "\n".join(["A", "A", SENTENCE * 3, OTHER, THIRD]),
    ),
    Case(
        "gopher-repetition-paragraphs",
        "\n\n".join([SENTENCE, SENTENCE, OTHER]),
        "\n".join([SENTENCE, SENTENCE, OTHER]),
    ),
    Case("gopher-repetition-ngrams", "buy this " * 4 + words(20), words(60)),
    Case("gopher-repetition-ngrams", f"{words(12)} {words(12)} {words(40)}", f"{words(3)} {words(60)}"),
    Case("gopher-repetition-ngrams", HANZI[:60] * 2 + HANZI[:200], HANZI[:8] * 2 + HANZI[:300], "zh"),
    Case("c4-lorem-ipsum", "Lorem ipsum dolor sit amet.", "Lorem was here, and ipsum too."),
    Case("c4-curly-bracket", "function f() { return 1 }", "function f() (return 1)"),
    Case(
        "c4-javascript",
        "Menu\nPlease switch JavaScript on to see this page.",
        f"Please switch JavaScript on to see this page.\n{SENTENCE}",
    ),
    Case("c4-sentences", f"{SENTENCE} {OTHER}", f"{SENTENCE} {OTHER}\n{THIRD}"),
    Case("c4-sentences", f"{SENTENCE}\n{OTHER}\nWe were late.\nThis page uses cookies.", f"{SENTENCE} {OTHER} {THIRD}"),
    Case("c4-sentences", "港口星期一关闭了。起重机要拆除。", "港口星期一关闭了。起重机要拆除。风暴快要来了。", "zh"),
    Case("fineweb-line-punctuation", "No mark\n" * 22 + "A mark.\n" * 3, "No mark\n" * 7 + "A mark."),
    Case("fineweb-line-punctuation", "没有句号\n" * 8, "没有句号\n" * 4 + "有句号。\n", "zh"),
    Case("fineweb-short-lines", "Short\n" * 67 + f"{SENTENCE}\n" * 33, "Short\n" * 66 + f"{SENTENCE}\n" * 34),
    Case("fineweb-short-lines", "短的句子\n" * 3, "港口星期一关闭了，因为起重机要拆除。\n" * 3, "zh"),
    Case(
        "fineweb-duplicate-characters",
        "\n".join([*"abcdefghi", "i"]),
        "\n".join([*"abcdefghij", "j"]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.filter)
def test_a_filter_refuses_its_text_and_lets_the_near_miss_pass(case: Case) -> None:
    function = FILTERS[case.filter].function

    refusal = function(Statistics(case.refused, case.language))

    assert refusal is not None
    assert refusal.reason == case.filter
    assert refusal.detail.endswith((".", ".'"))
    assert function(Statistics(case.kept, case.language)) is None


def test_every_filter_has_a_case() -> None:
    assert {case.filter for case in CASES} == set(FILTERS)


def test_the_table_has_every_filter_that_the_modules_define() -> None:
    published = {
        function
        for module in (gopher, c4, fineweb)
        for name, function in vars(module).items()
        if not name.startswith("_") and getattr(function, "__module__", None) == module.__name__
    }

    assert {entry.function for entry in FILTERS.values()} == published | {article, min_words}


def test_only_the_two_filters_that_refuse_no_article_are_on() -> None:
    assert [name for name, entry in FILTERS.items() if entry.default_on] == ["min-words", "article"]


@pytest.mark.parametrize("name", FILTERS)
def test_a_published_filter_names_its_paper_where_it_is_defined(name: str) -> None:
    entry = FILTERS[name]
    papers = re.findall(r"arXiv:\d{4}\.\d{5}", entry.source)

    assert entry.title and entry.source
    assert bool(papers) is name.startswith(("gopher-", "c4-", "fineweb-"))
    assert all(paper in (entry.function.__doc__ or "") for paper in papers)


def test_a_filter_is_asked_only_when_it_is_on() -> None:
    text = " ".join(WORDS[:30]) + " {"

    assert judge(text, "en", {}) is None
    refusal = judge(text, "en", {"c4-curly-bracket": True})
    assert refusal is not None and refusal.reason == "c4-curly-bracket"
    assert judge("Too short", "en", {"min-words": False}) is None


def test_the_first_filter_of_the_table_gives_the_reason() -> None:
    refusal = judge("lorem ipsum {", "en", {"c4-curly-bracket": True, "gopher-words": True, "min-words": False})

    assert refusal is not None and refusal.reason == "gopher-words"


def test_an_unknown_filter_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RecipeError, match="no quality filter is called 'gopher-word'; did you mean 'gopher-words'"):
        judge(SENTENCE, "en", {"gopher-word": True})
    with pytest.raises(RecipeError, match="'c4-bad-words'"):
        check_filters(["article", "c4-bad-words"])

    check_filters(FILTERS)


def test_stop_words_are_asked_of_english_alone() -> None:
    text = "Le bac partait toujours en retard."

    assert judge(text, "fr", {"gopher-stopwords": True, "min-words": False}) is None
    assert judge(text, None, {"gopher-stopwords": True, "min-words": False}) is None


@pytest.mark.parametrize("name", ["fineweb-line-punctuation", "c4-sentences"])
def test_full_stops_are_not_asked_of_thai(name: str) -> None:
    text = "เรือข้ามฟากออกจากเกาะช้าไปหนึ่งชั่วโมงเพราะมีหมอกหนา ผู้โดยสารรออยู่ที่ท่าเรือ\n" * 3

    assert FILTERS[name].function(Statistics(text, "th")) is None
    assert FILTERS[name].function(Statistics(text, "en")) is not None


@pytest.mark.parametrize("name", ["gopher-word-length", "gopher-repetition-ngrams", "gopher-words"])
def test_words_are_measured_by_characters_where_there_are_no_spaces(name: str) -> None:
    assert FILTERS[name].function(Statistics(HANZI[:300] + "。" + HANZI[300:600] + "。", "zh")) is None


def test_link_shares_of_another_text_are_a_bug() -> None:
    with pytest.raises(ValueError, match="1 link shares for 2 lines"):
        judge("One line\nAnother line", "en", {}, [0.0])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=12).map("\n".join))
def test_every_text_has_a_verdict_from_every_filter(text: str) -> None:
    for entry in FILTERS.values():
        verdict = entry.function(Statistics(text, "en"))
        assert verdict is None or isinstance(verdict, Refusal)


@pytest.mark.parametrize(
    "hostile", ["a" + "-" * 200_000 + "b", "." * 200_000 + "x", '."' * 100_000 + "x", "1." * 100_000]
)
def test_no_line_costs_more_than_its_length(hostile: str) -> None:
    import time

    started = time.process_time()

    judge(hostile, "en", dict.fromkeys(FILTERS, True) | {"min-words": False})

    assert time.process_time() - started < 5
