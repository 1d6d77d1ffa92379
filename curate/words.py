"""What changed in a text, word by word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "gone", "new"]

MAX_LINES = 4_000
MAX_WORDS = 3_000
MAX_WORDS_OF_TEXT = 10_000
"""Of more lines, or more words in one changed place or in all places of a text, no words are compared: difflib's time
grows with the square (every other line another: 1.5 s; two words in random order: 1.2 s; November 2026)."""

CONTEXT_CHARS = 80
MAX_PIECE_CHARS = 2_000
MAX_PIECES = 300

MARKS: Mapping[Kind, tuple[str, str]] = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}
"""What stands around a piece where there are no colours."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# in scripts written without spaces each character is a word
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
_WORD = re.compile(rf"\s+|[{_UNSPACED}]|[^\s{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text that is the ``same`` in both, or ``gone`` from the first, or ``new`` in the second."""

    kind: Kind
    text: str


def changed_words(before: str, after: str) -> int:
    """How many words one text has more often than the other: a measure of a change that costs little."""
    _, middle, new_middle, _ = _cut(before, after)
    old, new = (Counter(_WORD.findall("".join(lines))) for lines in (middle, new_middle))
    return sum(count for word, count in ((old - new) + (new - old)).items() if not word.isspace())


def similarity(before: str, after: str) -> float:
    """How many of the words of both texts are in both, wherever they stand: 0-1."""
    old, new = (Counter(word for word in _WORD.findall(text) if not word.isspace()) for text in (before, after))
    return 2 * (old & new).total() / max(old.total() + new.total(), 1)


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """Both texts as one row of pieces: what is the same and gone gives ``before``, same and new gives ``after``.

    Lines are compared first, then the words of lines that changed.
    """
    head, old, new, tail = _cut(before, after)
    pieces = [Piece("same", "".join(head)), *_line_pieces(old, new), Piece("same", "".join(tail))]
    return tuple(_joined(pieces))


def _cut(before: str, after: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """Lines that both texts begin with, the lines between of each, and lines that both end with."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    head = _common(zip(old, new, strict=False))
    tail = _common(zip(reversed(old[head:]), reversed(new[head:]), strict=False))
    end = len(old) - tail
    return old[:head], old[head:end], new[head : len(new) - tail], old[end:]


def _common(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs are equal before the first that is not."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _line_pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    if max(len(old), len(new)) > MAX_LINES:
        yield from (Piece("gone", "".join(old)), Piece("new", "".join(new)))
        return
    words_left = MAX_WORDS_OF_TEXT
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
        removed, added = "".join(old[start:end]), "".join(new[new_start:new_end])
        if tag == "equal":
            yield Piece("same", removed)
            continue
        words, new_words = _WORD.findall(removed), _WORD.findall(added)
        longest = max(len(words), len(new_words))
        words_left -= longest
        if longest > MAX_WORDS or words_left < 0:
            yield from (Piece("gone", removed), Piece("new", added))
        else:
            yield from _word_pieces(words, new_words)


def _word_pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(str.isspace, old, new, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        removed, added = "".join(old[start:end]), "".join(new[new_start:new_end])
        if tag != "equal":
            yield from (Piece("gone", removed), Piece("new", added))
        elif removed.isspace() and "\n" not in removed:
            # a space between two changed words would cut a changed sentence into as many pieces as it has words
            yield from (Piece("gone", removed), Piece("new", added))
        else:
            yield Piece("same", removed)


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces without empty ones; between two that are the same one that is gone and one that is new, at most."""
    gone = new = same = ""
    for piece in (*pieces, Piece("same", "")):
        if piece.kind == "gone":
            gone += piece.text
        elif piece.kind == "new":
            new += piece.text
        elif piece.text:
            if gone or new:
                yield from _three(same, gone, new)
                same = gone = new = ""
            same += piece.text
    yield from _three(same, gone, new)


def _three(same: str, gone: str, new: str) -> Iterator[Piece]:
    kinds: tuple[Kind, Kind, Kind] = ("same", "gone", "new")
    yield from (Piece(kind, text) for kind, text in zip(kinds, (same, gone, new), strict=True) if text)


def shortened(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Pieces fit to be shown: what is the same down to its ends, what is very long or too much cut, saying so."""
    shown = []
    for number, piece in enumerate(pieces[:MAX_PIECES]):
        is_first, is_last = number == 0, number == len(pieces) - 1
        if piece.kind == "same":
            text = _ends(piece.text, 0 if is_first else CONTEXT_CHARS, 0 if is_last else CONTEXT_CHARS)
        else:
            text = _ends(piece.text, MAX_PIECE_CHARS, 0)
        shown.append(Piece(piece.kind, text))
    if rest := pieces[MAX_PIECES:]:
        shown.append(Piece("same", f" [… {len(rest):,} more pieces]"))
    return tuple(shown)


def _ends(text: str, first: int, last: int) -> str:
    """The first and last characters of a text that is clearly longer than both."""
    left_out = len(text) - first - last
    if left_out <= CONTEXT_CHARS:
        return text
    return f"{text[:first]} [… {left_out:,} characters …] {text[len(text) - last :]}"


def in_marks(pieces: Iterable[Piece]) -> str:
    """Pieces as one text, where what is gone stands in ``[- -]`` and what is new in ``{+ +}``."""
    return "".join(f"{MARKS[piece.kind][0]}{piece.text}{MARKS[piece.kind][1]}" for piece in pieces)
