"""All document filters by name, and the verdict on one text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from curate.errors import RecipeError, did_you_mean
from curate.quality import c4, fineweb, gopher
from curate.quality.article import article
from curate.quality.measures import Filter, Refusal, Statistics

MIN_WORDS = 20
"""The shortest gold body of the bench has 73 words, its shortest post of a blog 25 (November 2026)."""

GOPHER = "Gopher (Rae et al. 2021, arXiv:2112.11446)"
C4 = "C4 (Raffel et al. 2020, arXiv:1910.10683)"
FINEWEB = "FineWeb (Penedo et al. 2024, arXiv:2406.17557)"
OURS = "measured on the bench of this project, November 2026"


@dataclass(frozen=True, slots=True)
class FilterEntry:
    """One filter: what it does, whether it is on where the recipe does not say, and where it comes from."""

    function: Filter
    default_on: bool
    source: str
    title: str


def min_words(text: Statistics) -> Refusal | None:
    """Fewer than 20 words: a caption or a remnant; in scripts without spaces, 40 characters."""
    if text.word_count >= MIN_WORDS:
        return None
    return Refusal("min-words", f"{text.word_count} words, fewer than {MIN_WORDS}.")


FILTERS: Mapping[str, FilterEntry] = {
    "min-words": FilterEntry(min_words, True, OURS, "At least 20 words"),
    "article": FilterEntry(article, True, OURS, "No index, tag, search, login or error page"),
    "gopher-words": FilterEntry(gopher.words, False, GOPHER, "50 to 100,000 words"),
    "gopher-word-length": FilterEntry(gopher.word_length, False, GOPHER, "3 to 10 characters a word on average"),
    "gopher-symbols": FilterEntry(gopher.symbols, False, GOPHER, "At most 0.1 hash signs or ellipses a word"),
    "gopher-bullets": FilterEntry(gopher.bullets, False, GOPHER, "At most 0.9 of the lines begin with a bullet"),
    "gopher-ellipsis": FilterEntry(gopher.ellipsis, False, GOPHER, "At most 0.3 of the lines end with an ellipsis"),
    "gopher-alpha": FilterEntry(gopher.alpha, False, GOPHER, "At least 0.8 of the words have a letter"),
    "gopher-stopwords": FilterEntry(gopher.stopwords, False, GOPHER, "At least two English stop words, in English"),
    "gopher-repetition-lines": FilterEntry(gopher.repetition_lines, False, GOPHER, "Few repeated lines"),
    "gopher-repetition-paragraphs": FilterEntry(gopher.repetition_paragraphs, False, GOPHER, "Few repeated paragraphs"),
    "gopher-repetition-ngrams": FilterEntry(gopher.repetition_ngrams, False, GOPHER, "Few repeated groups of words"),
    "c4-lorem-ipsum": FilterEntry(c4.lorem_ipsum, False, C4, "No placeholder text"),
    "c4-curly-bracket": FilterEntry(c4.curly_bracket, False, C4, "No curly bracket"),
    "c4-javascript": FilterEntry(c4.javascript, False, C4, "Not all sentences are about JavaScript"),
    "c4-sentences": FilterEntry(c4.sentences, False, C4, "At least three sentences"),
    "fineweb-line-punctuation": FilterEntry(
        fineweb.line_punctuation, False, FINEWEB, "More than 0.12 of the lines end like a sentence"
    ),
    "fineweb-short-lines": FilterEntry(fineweb.short_lines, False, FINEWEB, "Less than 0.67 of the lines are short"),
    "fineweb-duplicate-characters": FilterEntry(
        fineweb.duplicate_characters, False, FINEWEB, "Less than 0.1 of the characters are in repeated lines"
    ),
}
"""Every filter, in the order in which they are asked: the first that refuses gives the reason."""


def judge(
    text: str,
    language: str | None,
    filters: Mapping[str, bool],
    link_shares: Sequence[float | None] = (),
    url: str | None = None,
) -> Refusal | None:
    """The first refusal of ``text`` by the filters that are on, or None.

    Args:
        text: an article's kept text.
        language: its ISO 639-1 code, None where it is not known.
        filters: filters by name, on or off; one that is not named is as ``FILTERS`` has it.
        link_shares: for each line of ``text``, the share (0-1) of it inside links, or None; empty: not known.
        url: the page's address, None where it is not known.

    Raises:
        RecipeError: ``filters`` names a filter that does not exist.
        ValueError: ``link_shares`` has not as many entries as ``text`` has lines.
    """
    check_filters(filters)
    statistics = Statistics(text, language, link_shares, url)
    for name, entry in FILTERS.items():
        if filters.get(name, entry.default_on) and (refusal := entry.function(statistics)):
            return refusal
    return None


def check_filters(names: Iterable[str]) -> None:
    """Refuse a name that no filter has.

    Raises:
        RecipeError: the first unknown name, with the nearest known one.
    """
    for name in names:
        if name not in FILTERS:
            raise RecipeError(f"no quality filter is called {name!r}{did_you_mean(name, FILTERS)}")
