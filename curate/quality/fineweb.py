"""The document filters that FineWeb added (Penedo et al. 2024, arXiv:2406.17557, section 3.6).

Blank lines are not counted. The paper's threshold for duplicate characters is 0.1; the default of datatrove's
``fineweb_quality_filter.py`` is 0.01.
"""

from __future__ import annotations

from curate.quality.measures import Refusal, Statistics, duplicate_share, ends_sentence

MAX_UNPUNCTUATED_SHARE = 0.12
MAX_SHORT_LINE_SHARE = 0.67
SHORT_LINE_CHARS = 30
SHORT_UNSPACED_LINE_CHARS = 10
"""30 letters are about five English words; five words are ten characters in scripts without spaces."""
MAX_DUPLICATE_CHAR_SHARE = 0.1


def line_punctuation(text: Statistics) -> Refusal | None:
    """At most 0.12 of the lines end with a terminal mark (arXiv:2406.17557), of any script.

    Thai and Lao texts, which have no terminal marks, are not measured.
    """
    share = text.line_share(ends_sentence)
    if not text.is_punctuated or share > MAX_UNPUNCTUATED_SHARE:
        return None
    return Refusal("fineweb-line-punctuation", f"{share:.2f} of the lines end like a sentence, at most 0.12.")


def short_lines(text: Statistics) -> Refusal | None:
    """At least 0.67 of the lines have at most 30 characters (arXiv:2406.17557); 10 in scripts without spaces."""
    limit = SHORT_UNSPACED_LINE_CHARS if text.is_unspaced else SHORT_LINE_CHARS
    share = text.line_share(lambda line: len(line) <= limit)
    if share < MAX_SHORT_LINE_SHARE:
        return None
    return Refusal("fineweb-short-lines", f"{share:.2f} of the lines have at most {limit} characters, at least 0.67.")


def duplicate_characters(text: Statistics) -> Refusal | None:
    """At least 0.1 of the characters are in lines that repeat an earlier one (arXiv:2406.17557)."""
    share = duplicate_share(text.lines, len)
    if share < MAX_DUPLICATE_CHAR_SHARE:
        return None
    return Refusal("fineweb-duplicate-characters", f"{share:.2f} of the characters repeat a line, at least 0.1.")
