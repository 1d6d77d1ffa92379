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
        self.content = "\n".join([text for _, text in texts]).encode()
        self._starts: list[int] = []

    def number_at(self, offset: int) -> int:
        """The number of the line that byte ``offset`` of the content belongs to."""
        return self.texts[bisect_right(self._line_starts(), offset) - 1][0]

    def texts_with(self, encoded: bytes) -> Iterator[tuple[int, str]]:
        """The texts that hold some UTF-8, which has no line break."""
        starts = self._line_starts()
        at = self.content.find(encoded)
        while at >= 0:
            place = bisect_right(starts, at)
            yield self.texts[place - 1]
            at = self.content.find(encoded, starts[place])

    def _line_starts(self) -> list[int]:
        """Where each line starts, and where one below them would; most contents are never asked."""
        if not self._starts:
            sizes = [len(text) if text.isascii() else len(text.encode()) for _, text in self.texts]
            self._starts = [0, *accumulate(size + 1 for size in sizes)]
        return self._starts
