"""The lines of an article as one text, so that one pass looks at them all."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate


class Joined:
    """Texts of some lines, one below the other.

    ``texts`` are (number of the line, its text); ``content`` is the whole in UTF-8.
    """

    __slots__ = ("_starts", "content", "texts")

    def __init__(self, texts: Sequence[tuple[int, str]]) -> None:
        self.texts = texts
        encoded = [text.encode() for _, text in texts]
        self.content = b"\n".join(encoded)
        self._starts = [0, *accumulate(len(one) + 1 for one in encoded)]

    def number_at(self, offset: int) -> int:
        """The number of the line that byte ``offset`` of the content belongs to."""
        return self.texts[bisect_right(self._starts, offset) - 1][0]

    def texts_with(self, encoded: bytes) -> Iterator[tuple[int, str]]:
        """The texts that hold some UTF-8, which has no line break."""
        at = self.content.find(encoded)
        while at >= 0:
            place = bisect_right(self._starts, at)
            yield self.texts[place - 1]
            at = self.content.find(encoded, self._starts[place])
