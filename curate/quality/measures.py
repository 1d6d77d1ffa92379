"""What filters ask of a text, measured once."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from curate.text import count_words, split_lines

UNPUNCTUATED_LANGUAGES = frozenset({"lo", "th"})
"""Lao and Thai end sentences with a space, so no filter may count their full stops."""

_RUN = re.compile(r"\w+")
_TERMINAL_MARKS = tuple(".!?…。！？؟۔।॥።")
_CLOSING_QUOTES = tuple("\"'”’»“」』")
_CLOSING_MARKS = "\"'”’»“」』)]）］"
_PUNCTUATION = string.punctuation + "“”„‘’‚«»‹›…–—·•、。！？，；：（）［］「」『』《》【】؟،؛।॥"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text is not taken: the filter's name, and a sentence with the figures that decided."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Statistics:
    """One text as filters see it; what is costly is measured when first asked for.

    ``link_shares`` has one entry for each line of ``text`` (blank ones too): the share (0-1) of the line inside links,
    None where it is not known; it is empty for input that was text already.
    """

    text: str
    language: str | None = None
    link_shares: Sequence[float | None] = ()
    url: str | None = None

    def __post_init__(self) -> None:
        if self.link_shares and len(self.link_shares) != len(split_lines(self.text)):
            raise ValueError(f"{len(self.link_shares)} link shares for {len(split_lines(self.text))} lines")

    @cached_property
    def linked_lines(self) -> list[tuple[str, float | None]]:
        """The lines that are not blank, without outer white space, each with its link share."""
        lines = split_lines(self.text)
        shares = self.link_shares or [None] * len(lines)
        return [(line.strip(), share) for line, share in zip(lines, shares, strict=True) if line.strip()]

    @cached_property
    def lines(self) -> list[str]:
        """The lines that are not blank, without outer white space."""
        return [line for line, _ in self.linked_lines]

    @cached_property
    def word_count(self) -> int:
        """Number of words; in scripts without spaces, two characters count as one."""
        return count_words(self.text)

    @cached_property
    def tokens(self) -> list[str]:
        """What stands between white space: words with their punctuation, and lone symbols."""
        return self.text.split()

    @cached_property
    def words(self) -> list[str]:
        """The tokens without outer punctuation; lone symbols are left out."""
        return [word for token in self.tokens if (word := token.strip(_PUNCTUATION))]

    @cached_property
    def is_unspaced(self) -> bool:
        """Whether most of the text is in a script without spaces between words."""
        return is_unspaced(self.text)

    @property
    def is_punctuated(self) -> bool:
        """Whether the text's language ends sentences with a mark."""
        return self.language not in UNPUNCTUATED_LANGUAGES

    def line_share(self, predicate: Callable[[str], bool]) -> float:
        """The share (0-1) of lines of which ``predicate`` is true; 0 for a text without lines."""
        return sum(map(predicate, self.lines)) / len(self.lines) if self.lines else 0.0


Filter = Callable[[Statistics], Refusal | None]


def is_unspaced(text: str) -> bool:
    """Whether most of ``text`` is in a script without spaces between words.

    There ``count_words`` counts pairs of characters and so finds several words in one run of letters; elsewhere it
    counts the runs.
    """
    return count_words(text) > 1.5 * len(_RUN.findall(text))


def ends_sentence(line: str) -> bool:
    """Whether ``line`` ends with a terminal mark or a closing quotation mark, of any script."""
    return line.endswith(_CLOSING_QUOTES) or line.rstrip(_CLOSING_MARKS).endswith(_TERMINAL_MARKS)


def duplicate_share(pieces: Sequence[str], size: Callable[[str], int]) -> float:
    """The share (0-1) of ``pieces``, weighed by ``size``, that repeat an earlier one."""
    seen: set[str] = set()
    repeated = 0
    for piece in pieces:
        if piece in seen:
            repeated += size(piece)
        seen.add(piece)
    return repeated / total if (total := sum(map(size, pieces))) else 0.0
