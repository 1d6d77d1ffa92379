"""The page's own title, which stands in the column ``title`` and not in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from curate.heuristics.model import Draft, Mark
from curate.lines import Line

MIN_TITLE_WORDS = 4
"""3 and 5: the same figures (2026-11-28)."""
MIN_TITLE_SHARE = 0.75
"""Words that a title and a line share, of all words of both: a title set again with a site's name or a few words
less. 0.65 and 0.85: the same figures (2026-11-28)."""
MIN_SLUG_SHARE = 0.7
"""Share of a line's words that stand in the page's address, or of the address's that stand in the line; addresses
leave out short words or break off. 0.6: aeb-text-recall dev F1 .9760, 0.7: .9758, 0.8: .9756; held 0.6 the same,
0.8 lower (2026-11-28)."""
MIN_SLUG_WORDS = 4
"""3: the same figures; 5: fundus-text-plain dev F1 .8999, not .9091, loss .0225, not .0208 (2026-11-28)."""
_WORD = re.compile(r"[^\W\d_]{2,}")


def own_title(draft: Draft) -> Iterator[Mark]:
    """The page's own title, before the prose begins: it stands in the column ``title``.

    A line is the title if it has the title's words, most of them (``MIN_TITLE_SHARE``), those of the page's address
    (``MIN_SLUG_SHARE``), or is the page's first heading.
    """
    stop = draft.first_prose if draft.first_prose is not None else len(draft.lines) - 1
    for line in draft.lines[: stop + 1]:
        if line.key and (why := title_sign(draft, line)):
            yield Mark(line.index, "page/own-title", why)


def title_sign(draft: Draft, line: Line) -> str:
    """By what a line is known as the page's title; empty: it is not."""
    if line.key == draft.title_key:
        return "The page's own title."
    if line.evidence is not None and _in_h1(line.evidence.path):
        return "The page's first heading, before the text."
    if is_alike(draft.title_key, line.key):
        return "The page's own title in nearly the same words, before the text."
    if draft.slug and not line.prose and _is_slug(draft.slug, line.key):
        return "The page's title, by the words of its address, before the text."
    return ""


def _in_h1(path: str) -> bool:
    return any(step == "h1" or step.startswith(("h1.", "h1#", "h1[")) for step in path.split(" > ")[-2:])


def is_alike(title_key: str, key: str) -> bool:
    """Whether a line says what the title says, give or take a few words."""
    title = _words_of(title_key)
    if len(title) < MIN_TITLE_WORDS or len(key) > 2 * len(title_key):
        return False
    words = set(key.split())
    return len(title & words) >= MIN_TITLE_SHARE * len(title | words)


@lru_cache(maxsize=64)
def _words_of(key: str) -> frozenset[str]:
    return frozenset(key.split())


def _is_slug(slug: frozenset[str], key: str) -> bool:
    if sum([word in key for word in slug]) < MIN_SLUG_WORDS:
        return False  # most lines, without cutting them into words
    words = set(_WORD.findall(key))
    common = len(slug & words)
    return common >= MIN_SLUG_WORDS and (
        common >= MIN_SLUG_SHARE * len(words) or (common >= MIN_SLUG_SHARE * len(slug) and len(words) <= 3 * len(slug))
    )
