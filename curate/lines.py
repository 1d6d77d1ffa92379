"""An article's text as lines, with what rules and heuristics ask of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from curate.model import Evidence
from curate.text import count_words, fold, split_lines

MIN_PROSE_WORDS = 8
"""A shorter line may be a heading, a link or a caption, whatever closes it."""
LONG_PROSE_WORDS = 25
"""A line this long is prose even without a full stop."""

_SENTENCE_END = re.compile(r"""[.!?…。！？؟۔।:]["'”’»“„)\]」』）]*\s*$|[”»」』]\s*$""")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: characters ``start`` to ``end`` of the extracted text, without its ``\\n``.

    ``key`` is the line folded and without outer punctuation: what lines are compared by. ``prose`` says that it
    reads like sentences; ``words`` counts them.
    """

    index: int
    start: int
    end: int
    text: str
    key: str
    words: int
    prose: bool
    evidence: Evidence | None


def lines_of(text: str, evidence: Sequence[Evidence | None] = ()) -> list[Line]:
    """The lines of ``text``, each with its evidence (one entry a line, or none at all)."""
    lines, start = [], 0
    for index, line in enumerate(split_lines(text)):
        words = count_words(line)
        end = start + len(line)
        lines.append(
            Line(
                index,
                start,
                end,
                line,
                line_key(line),
                words,
                is_prose(line, words),
                evidence[index] if evidence else None,
            )
        )
        start = end + 1
    return lines


def line_key(line: str) -> str:
    """``line`` folded, without bullets, pipes and punctuation around it."""
    folded = fold(line)
    start, end = 0, len(folded)
    while start < end and not folded[start].isalnum():
        start += 1
    while start < end and not folded[end - 1].isalnum():
        end -= 1
    return folded[start:end]


def is_prose(line: str, words: int) -> bool:
    """Whether ``line`` reads like sentences: long, or middling and closed like a sentence."""
    return words >= LONG_PROSE_WORDS or (words >= MIN_PROSE_WORDS and _SENTENCE_END.search(line) is not None)
