"""The document filters of MassiveText, the corpus of Gopher (Rae et al. 2021, arXiv:2112.11446, section A.1).

Where the paper leaves a measure open, datatrove's ``gopher_quality_filter.py`` and ``gopher_repetition_filter.py`` were
followed, but for what would refuse texts in other languages than English: words of scripts without spaces are counted
by characters, and stop words asked for in English alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from curate.quality.measures import Refusal, Statistics, duplicate_share

MIN_WORDS, MAX_WORDS = 50, 100_000
MIN_MEAN_WORD_CHARS, MAX_MEAN_WORD_CHARS = 3, 10
MAX_SYMBOLS_PER_WORD = 0.1
MAX_BULLET_LINE_SHARE = 0.9
MAX_ELLIPSIS_LINE_SHARE = 0.3
MIN_ALPHABETIC_SHARE = 0.8
MIN_STOP_WORDS = 2
STOP_WORDS = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})
MAX_DUPLICATE_SHARE = 0.3
MAX_DUPLICATE_CHAR_SHARE = 0.2
MAX_TOP_NGRAM_SHARE: Mapping[int, float] = {2: 0.2, 3: 0.18, 4: 0.16}
MAX_DUPLICATE_NGRAM_SHARE: Mapping[int, float] = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.1}

_BULLET = re.compile(r"[•‣▶◀◦■□▪▫–]|[-*]\s")
_ELLIPSIS = re.compile(r"\.{3,}|…")
_ENDS_IN_ELLIPSIS = re.compile(r"(?:\.{3}|…)$")
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")


def words(text: Statistics) -> Refusal | None:
    """Fewer than 50 or more than 100,000 words (arXiv:2112.11446)."""
    if MIN_WORDS <= text.word_count <= MAX_WORDS:
        return None
    return Refusal("gopher-words", f"{text.word_count} words, not {MIN_WORDS} to {MAX_WORDS}.")


def word_length(text: Statistics) -> Refusal | None:
    """A mean word length outside 3 to 10 characters (arXiv:2112.11446); scripts without spaces are not measured."""
    if text.is_unspaced or not text.words:
        return None
    mean = sum(map(len, text.words)) / len(text.words)
    if MIN_MEAN_WORD_CHARS <= mean <= MAX_MEAN_WORD_CHARS:
        return None
    return Refusal(
        "gopher-word-length", f"{mean:.1f} characters a word, not {MIN_MEAN_WORD_CHARS} to {MAX_MEAN_WORD_CHARS}."
    )


def symbols(text: Statistics) -> Refusal | None:
    """More than 0.1 hash signs, or more than 0.1 ellipses, for each word (arXiv:2112.11446)."""
    limit = MAX_SYMBOLS_PER_WORD * text.word_count
    for name, count in (("hash signs", text.text.count("#")), ("ellipses", len(_ELLIPSIS.findall(text.text)))):
        if count > limit:
            return Refusal("gopher-symbols", f"{count} {name} in {text.word_count} words, more than 0.1 a word.")
    return None


def bullets(text: Statistics) -> Refusal | None:
    """More than 0.9 of the lines begin with a bullet (arXiv:2112.11446)."""
    share = text.line_share(lambda line: _BULLET.match(line) is not None)
    if share <= MAX_BULLET_LINE_SHARE:
        return None
    return Refusal(
        "gopher-bullets", f"{share:.2f} of the lines begin with a bullet, more than {MAX_BULLET_LINE_SHARE}."
    )


def ellipsis(text: Statistics) -> Refusal | None:
    """More than 0.3 of the lines end with an ellipsis (arXiv:2112.11446)."""
    share = text.line_share(lambda line: _ENDS_IN_ELLIPSIS.search(line) is not None)
    if share <= MAX_ELLIPSIS_LINE_SHARE:
        return None
    return Refusal("gopher-ellipsis", f"{share:.2f} of the lines end with '…', more than {MAX_ELLIPSIS_LINE_SHARE}.")


def alpha(text: Statistics) -> Refusal | None:
    """Fewer than 0.8 of the words have an alphabetic character (arXiv:2112.11446)."""
    if not text.tokens:
        return None
    share = sum(any(map(str.isalpha, token)) for token in text.tokens) / len(text.tokens)
    if share >= MIN_ALPHABETIC_SHARE:
        return None
    return Refusal("gopher-alpha", f"{share:.2f} of the words have a letter, fewer than {MIN_ALPHABETIC_SHARE}.")


def stopwords(text: Statistics) -> Refusal | None:
    """Fewer than two of: the, be, to, of, and, that, have, with (arXiv:2112.11446); English texts alone."""
    if text.language != "en":
        return None
    found = STOP_WORDS.intersection(map(str.lower, text.words))
    if len(found) >= MIN_STOP_WORDS:
        return None
    return Refusal("gopher-stopwords", f"{len(found)} of the eight English stop words, fewer than {MIN_STOP_WORDS}.")


def repetition_lines(text: Statistics) -> Refusal | None:
    """More than 0.3 of the lines, or 0.2 of the characters, repeat an earlier line (arXiv:2112.11446, table A1)."""
    return _repeated("gopher-repetition-lines", "lines", text.lines)


def repetition_paragraphs(text: Statistics) -> Refusal | None:
    """More than 0.3 of the paragraphs, or 0.2 of the characters, repeat one (arXiv:2112.11446, table A1).

    A paragraph ends at a blank line.
    """
    paragraphs = [piece.strip() for piece in _PARAGRAPH_BREAK.split(text.text) if piece.strip()]
    return _repeated("gopher-repetition-paragraphs", "paragraphs", paragraphs)


def _repeated(name: str, what: str, pieces: list[str]) -> Refusal | None:
    share = duplicate_share(pieces, lambda _: 1)
    if share > MAX_DUPLICATE_SHARE:
        return Refusal(name, f"{share:.2f} of the {what} repeat an earlier one, more than {MAX_DUPLICATE_SHARE}.")
    chars = duplicate_share(pieces, len)
    if chars > MAX_DUPLICATE_CHAR_SHARE:
        return Refusal(name, f"{chars:.2f} of the characters repeat {what}, more than {MAX_DUPLICATE_CHAR_SHARE}.")
    return None


def repetition_ngrams(text: Statistics) -> Refusal | None:
    """Too much of the text is one n-gram of words, or n-grams that were there before (arXiv:2112.11446, table A1).

    The most frequent 2-, 3- and 4-gram hold at most 0.2, 0.18 and 0.16 of the letters, repeated 5- to 10-grams 0.15,
    0.14, 0.13, 0.12, 0.11 and 0.1. An n-gram that stands there once is no repetition, however short the text. In
    scripts without spaces, two characters are a word.
    """
    units, size = _units(text)
    chars = sum(map(len, units))
    for n, limit in MAX_TOP_NGRAM_SHARE.items():
        share = _top_chars(units, n * size) / chars if chars else 0.0
        if share > limit:
            return Refusal("gopher-repetition-ngrams", f"One {n}-gram is {share:.2f} of the text, more than {limit}.")
    for n, limit in MAX_DUPLICATE_NGRAM_SHARE.items():
        share = _duplicate_chars(units, n * size) / chars if chars else 0.0
        if share > limit:
            return Refusal(
                "gopher-repetition-ngrams", f"Repeated {n}-grams are {share:.2f} of the text, more than {limit}."
            )
    return None


def _units(text: Statistics) -> tuple[list[str], int]:
    """What n-grams are made of, and how many make a word."""
    return (list("".join(text.words)), 2) if text.is_unspaced else (text.words, 1)


def _top_chars(units: list[str], n: int) -> int:
    """Letters in the most frequent n-gram, all times it occurs; of equally frequent ones, the longest."""
    counts = Counter(zip(*(units[start:] for start in range(n)), strict=False))
    return max((sum(map(len, ngram)) * count for ngram, count in _most_frequent(counts)), default=0)


def _most_frequent(counts: Counter[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    most = max(counts.values(), default=0)
    return [(ngram, count) for ngram, count in counts.items() if count == most > 1]


def _duplicate_chars(units: list[str], n: int) -> int:
    """Letters in n-grams that stood there before, none counted twice."""
    seen: set[tuple[str, ...]] = set()
    repeated = start = 0
    while start + n <= len(units):
        ngram = tuple(units[start : start + n])
        if ngram in seen:
            repeated += sum(map(len, ngram))
            start += n
        else:
            seen.add(ngram)
            start += 1
    return repeated
