"""What a heuristic sees and what it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from curate.lines import Line
from curate.masks import site_masks

if TYPE_CHECKING:
    from curate.heuristics.site import SiteLines


MIN_DUMP_LINES = 15
MIN_DUMP_OTHER_SHARE = 0.5
"""Lines without a sentence: in 17 of 20 dumps of whole pages more than this, in one of 20 texts of an extractor."""
MIN_DUMP_AROUND = 3
"""Lines before the first prose and after the last: a page has a menu and a foot, a recipe its ingredients between. The
least of the bench's dumps is 5; 4 leaves residue in an extractor's text (F1 .9750, not .9758; 2026-11-28)."""
MIN_DATA_LINES, MIN_DATA_SHARE = 4, 0.75
MIN_PROSE_WORDS = 60
SHORT_WORDS = 4
MIN_DUMP_SHORT_SHARE = 0.35
MIN_DUMP_NAMED_SHARE = 0.25
"""Lines of at most 4 words are 40% of a dump and more, 31% of an extractor's text and less; lines that rules or the
site
name, 25% and 17% (nine in ten texts of the bench, November 2026)."""

MIN_SENTENCE_WORDS = 3
"""2: the same figures; 4: aeb-text-plain held F1 .9306, not .9301 (2026-11-28)."""
MIN_PARAGRAPHS = 3
MAX_HEADING_LINK_SHARE = 0.5
MIN_TEXT_WORDS = 6
"""A line of names or figures below a heading: a team, a table."""
MIN_REPEATED_TEXT = 2
"""Prose in so many articles of a site is the site's, and so is the heading above it."""
_HEADING = re.compile(r"(?:^| > )h[2-6](?:[.#\[][^ ]*)?(?: > (?:span|strong|b|em|a)(?:[.#\[][^ ]*)?)*$")


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that is boilerplate: its number, the heuristic's id, and why."""

    line: int
    rule: str
    why: str


@dataclass(frozen=True)
class Draft:
    """An article on its way: all its lines, and what earlier filters have named.

    ``named`` holds the numbers of the lines that rules and site knowledge named wherever they stand; ``first_prose``
    and ``last_prose`` are the numbers of the first and last line of prose among the others (None: there is
    none). ``slug`` holds the words
    of the page's address.
    """

    lines: Sequence[Line]
    title_key: str
    domain: str
    site: SiteLines
    named: frozenset[int]
    first_prose: int | None
    last_prose: int | None
    slug: frozenset[str] = frozenset()

    @cached_property
    def is_dump(self) -> bool:
        """Whether this looks like a whole page as text, menus and all, and not like an extractor's output.

        Said only of text input: of HTML, the page itself is asked.
        """
        if self.has_page:
            return False
        filled = [line for line in self.lines if line.key]
        short = sum(line.words <= SHORT_WORDS for line in filled)
        named = sum(line.index in self.named for line in filled)
        other = sum(not line.prose for line in filled)
        prose = [number for number, line in enumerate(filled) if line.prose]
        around = len(filled) - (prose[-1] + 1 - prose[0]) if prose else len(filled)
        return (
            len(filled) >= MIN_DUMP_LINES
            and around >= MIN_DUMP_AROUND
            and other >= MIN_DUMP_OTHER_SHARE * len(filled)
            and (short >= MIN_DUMP_SHORT_SHARE * len(filled) or named >= MIN_DUMP_NAMED_SHARE * len(filled))
        )

    @cached_property
    def has_page(self) -> bool:
        """Whether the text was extracted from a page here, which says where its lines stand."""
        return any(line.evidence for line in self.lines)

    @cached_property
    def has_prose(self) -> bool:
        """Whether there are some sentences; a page without is a list, and has no tail."""
        words = sum(line.words for line in self.lines if line.prose and line.index not in self.named)
        return words >= MIN_PROSE_WORDS

    @cached_property
    def _data(self) -> frozenset[int]:
        """Lines in runs of short lines most of which hold a number: tour dates, scores, ingredients."""
        found: set[int] = set()
        run: list[Line] = []
        for line in [*(one for one in self.lines if one.key), None]:
            if line is not None and not line.prose:
                run.append(line)
                continue
            found |= {one.index for one in run} if self.is_data(run) else set()
            run = []
        return frozenset(found)

    @cached_property
    def masks(self) -> Mapping[int, str]:
        """By line number, the masks of lines that the site may repeat with other numbers; none where it repeats none"""
        return site_masks(self.lines) if self.site.repeated else {}

    @cached_property
    def paragraphs(self) -> frozenset[str]:
        """The element paths of at least ``MIN_PARAGRAPHS`` lines of prose: where the article's paragraphs stand."""
        counts = Counter(line.evidence.path for line in self.lines if line.prose and line.evidence is not None)
        return frozenset(path for path, count in counts.items() if count >= MIN_PARAGRAPHS)

    def is_paragraph(self, line: Line) -> bool:
        """Whether a line stands in the page as the article's paragraphs do, whatever it says."""
        return line.evidence is not None and line.evidence.path in self.paragraphs

    def is_data(self, run: Sequence[Line]) -> bool:
        """Whether lines without a sentence are a list of data, not of links: most of them hold a number."""
        numbered = sum(any(map(str.isdigit, line.text)) for line in run)
        return len(run) >= MIN_DATA_LINES and numbered >= MIN_DATA_SHARE * len(run)

    def is_in_data(self, line: Line) -> bool:
        """Whether ``line`` stands in a list of data."""
        return line.index in self._data

    def heads_text(self, line: Line) -> bool:
        """Whether ``line`` is a heading element, no link, directly above prose; or a row of a table above another.

        Sub-headings of an article stand so; the heading of a list of links stands above links.
        """
        if line.evidence is None:
            return False
        below = next((one for one in self.lines[line.index + 1 :] if one.key), None)
        above = next((one for one in reversed(self.lines[: line.index]) if one.key), None)
        if line.text.startswith("|") and any(one and one.text.startswith("|") for one in (above, below)):
            return True
        return (
            below is not None
            and _is_text(below)
            and line.evidence.link_share < MAX_HEADING_LINK_SHARE
            and _HEADING.search(line.evidence.path) is not None
            and self.site.repeated.get(below.key, 0) < MIN_REPEATED_TEXT
        )

    def is_open(self, line: Line) -> bool:
        """Whether ``line`` has text that no earlier filter named."""
        return bool(line.key) and line.index not in self.named


def _is_text(line: Line) -> bool:
    """Whether a line is prose, or a list of some words or an item of one that is no link."""
    linked = line.evidence.link_share if line.evidence is not None else 0.0
    is_list = line.words >= MIN_TEXT_WORDS or line.text.startswith("- ")
    return line.prose or (is_list and linked < MAX_HEADING_LINK_SHARE)


def is_sentence(line: Line) -> bool:
    """Whether a short line ends like a sentence, as menus and headlines do not."""
    text = line.text.rstrip().rstrip(' "”»')
    return line.words >= MIN_SENTENCE_WORDS and text.endswith((".", "!", "?", "。", "！", "？"))


Heuristic = Callable[[Draft], Iterable[Mark]]
