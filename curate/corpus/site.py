"""The lines and titles that a site repeats, counted over its pages.

A line counts once for each *distinct* article: two copies of one article share all their prose, and would otherwise
make it look like boilerplate. Articles of a site are taken as copies when they share at least half of the shorter one's
prose characters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import xxhash

from curate.heuristics import SiteLines
from curate.lines import line_key, lines_of
from curate.masks import site_masks

SHARED_PROSE = 0.5
"""Share of the shorter article's prose from which two articles of a site are copies of each other."""
MAX_COPIES = 50
"""A prose line in more articles of a site than this is boilerplate, and says nothing of copies."""
MAX_PROSE_REPEAT = 3
"""A prose line needs so many distinct articles; a short one two. Stock sentences recur in two reports of one event."""

MIN_SHARE, MIN_PROSE_SHARE = 0.02, 0.1
"""And so large a share of the site's articles: in a year of a paper, some reports say "The minister declined to
comment." A choice, not measured: the sites of the bench have five pages."""
MIN_MASKED_SHARE = 0.1
"""The same for lines whose numbers are masked: a measure of each recipe of a paper stands in few of its articles. A
choice, as above."""


@dataclass(frozen=True, slots=True)
class PageLines:
    """What one article adds to its site's statistics: its id, title key, and (key hash, characters, prose) a line.

    A line with numbers may stand there twice: by its key, and by its mask, which has no characters.
    """

    id: str
    title: str
    lines: tuple[tuple[int, int, bool], ...]


def key_hash(key: str) -> int:
    """63 bits of a line's key: what is counted in its place."""
    return xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass")) >> 1


def page_lines(article_id: str, title: str | None, text: str) -> PageLines:
    """The distinct lines of one article, and their masks."""
    own = lines_of(text)
    lines = {(hashed := key_hash(mask)): (hashed, 0, False) for mask in site_masks(own).values()}
    lines |= {(hashed := key_hash(line.key)): (hashed, line.end - line.start, line.prose) for line in own if line.key}
    return PageLines(article_id, line_key(title or ""), tuple(lines[key] for key in sorted(lines)))


def site_lines(pages: Sequence[PageLines]) -> tuple[dict[int, int], dict[str, int]]:
    """Count a site's lines.

    Args:
        pages: the articles of one site, in any order.

    Returns:
        Key hash -> number of distinct articles, for lines and masks in two or more (prose: ``MAX_PROSE_REPEAT`` or
        more) and in a share of the site's articles; and
        title key -> number of articles with that title.
    """
    pages = sorted(pages, key=lambda page: page.id)
    group = _groups_of_copies(pages)
    seen: dict[int, set[int]] = defaultdict(set)
    prose: set[int] = set()
    masks: set[int] = set()
    for number, page in enumerate(pages):
        for key, chars, is_prose in page.lines:
            seen[key].add(group[number])
            if is_prose:
                prose.add(key)
            elif not chars:
                masks.add(key)
    articles = len(set(group))
    least = max(2, MIN_SHARE * articles)
    least_prose = max(MAX_PROSE_REPEAT, MIN_PROSE_SHARE * articles)
    least_masked = max(2, MIN_MASKED_SHARE * articles)
    repeated = {
        key: len(groups)
        for key, groups in seen.items()
        if len(groups) >= (least_prose if key in prose else least_masked if key in masks else least)
    }
    titles = Counter(page.title for page in pages if page.title)
    return dict(sorted(repeated.items())), dict(sorted(titles.items()))


def _groups_of_copies(pages: Sequence[PageLines]) -> list[int]:
    """For each page, the number of the first page it is a copy of (its own, if of none)."""
    having: dict[int, list[int]] = defaultdict(list)
    chars: dict[int, int] = {}
    total = [0] * len(pages)
    for number, page in enumerate(pages):
        for key, length, is_prose in page.lines:
            if is_prose:
                having[key].append(number)
                chars[key] = length
                total[number] += length
    shared: Counter[tuple[int, int]] = Counter()
    for key, numbers in having.items():
        if 2 <= len(numbers) <= MAX_COPIES:
            for at, first in enumerate(numbers):
                for second in numbers[at + 1 :]:
                    shared[first, second] += chars[key]
    parent = list(range(len(pages)))
    same: dict[tuple[int, ...], int] = {}  # however many there are: pages with all the same prose
    for number, page in enumerate(pages):
        if prose := tuple(key for key, _, is_prose in page.lines if is_prose):
            _join(parent, same.setdefault(prose, number), number)
    for (first, second), common in sorted(shared.items()):
        if common >= SHARED_PROSE * min(total[first], total[second]):
            _join(parent, first, second)
    return [_root(parent, number) for number in range(len(pages))]


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


def _join(parent: list[int], first: int, second: int) -> None:
    low, high = sorted((_root(parent, first), _root(parent, second)))
    parent[high] = low


def known_to(pages: Iterable[str], repeated: dict[int, int], titles: dict[str, int]) -> SiteLines:
    """The statistics that matter to articles whose lines have the keys and masks ``pages``."""
    counts = {key: repeated[hashed] for key in pages if (hashed := key_hash(key)) in repeated}
    return SiteLines(counts, titles)
