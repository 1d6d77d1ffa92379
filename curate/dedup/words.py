"""The words by which dedup compares texts."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

# soft hyphen, zero-width space and joiners, word joiner, byte order mark: invisible, and put inside words
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")

# a word where the text has no marks and no unspaced script
_PLAIN_WORD = re.compile(r"[^\W_]+")

# blocks of scripts written without spaces; what is no letter or digit in them is left out below
_UNSPACED = (
    *range(0x0E00, 0x0F00),  # Thai, Lao
    *range(0x1000, 0x10A0),  # Myanmar
    *range(0x1780, 0x1800),  # Khmer
    *range(0x3005, 0x3008),  # Han: iteration mark, zero
    *range(0x3040, 0x3100),  # Kana
    *range(0x3400, 0xA000),  # Han
    *range(0xF900, 0xFB00),
    *range(0x20000, 0x30000),
)


def words(text: str) -> list[str]:
    """The words of ``text``, folded: without case, punctuation, invisible characters and compatibility forms.

    A word is a run of letters, digits and the marks on them; in scripts written without spaces (Han, Kana, Thai,
    Lao, Myanmar, Khmer) each character with its marks is one. Empty when the text has no letter and no digit.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if folded.isascii():
        return _PLAIN_WORD.findall(folded)
    folded = _INVISIBLE.sub("", folded)
    special, any_word = _patterns()
    return (any_word if special.search(folded) else _PLAIN_WORD).findall(folded)


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What plain words are not enough for, and a word of any script.

    Python's ``\\w`` leaves marks out, so that it would cut Hindi inside its words. The plain pattern is a third of
    the cost of the other (50 and 150 microseconds on 2,600 characters, November 2026).
    """
    kinds = [unicodedata.category(chr(code))[0] for code in range(sys.maxunicode + 1)]
    marks = _ranges(code for code, kind in enumerate(kinds) if kind == "M")
    unspaced = _ranges(code for code in _UNSPACED if kinds[code] in "LN")
    plain = f"[^\\W_{unspaced}]"
    return re.compile(f"[{marks}{unspaced}]"), re.compile(f"[{unspaced}][{marks}]*|{plain}+(?:[{marks}]+{plain}*)*")


def _ranges(codes: Iterable[int]) -> str:
    """The inside of a character class with these code points."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _runs(sorted(codes)))


def _runs(codes: list[int]) -> Iterator[tuple[int, int]]:
    first = 0
    for place in range(1, len(codes) + 1):
        if place == len(codes) or codes[place] != codes[place - 1] + 1:
            yield codes[first], codes[place - 1]
            first = place
