"""Lines known from other pages of the same site."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from curate.heuristics.model import Draft, Mark, is_sentence
from curate.lines import Line
from curate.masks import is_timed

MIN_PARAGRAPH_ARTICLES = 3
"""Two articles of one author share "Here's the thing:"; with two as the limit, four of five lines removed from
paragraphs
of the bench were article text (November 2026)."""
MIN_MASKED_ARTICLES = 3
"""And so do lines with other numbers in each, but stamps of date and time: "Born 3 March 1950" stands in two
obituaries."""
_ITEM = re.compile(r"(?:^| > )li\b")


@dataclass(frozen=True)
class SiteLines:
    """What one site repeats: ``repeated`` maps a line's key, or its mask, to the number of distinct articles that have
    it; ``titles`` maps a title's key to the number of articles with that title."""

    repeated: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, int] = field(default_factory=dict)


def repeated_lines(draft: Draft) -> Iterator[Mark]:
    """The same line on another page of the site.

    A line that stands in the page as its paragraphs do may be a stock phrase of the author: it has to be in more
    articles; and so has a short sentence of a text without a page. A heading above prose, and the head of a table, are
    the article's: live blogs, columns and match reports repeat theirs. A line with other numbers on each page, "Read 5
    comments", counts as the same where it is no figure of the article: one of several, a label's value, an item of a
    list.

    Source: with four other pages of a site this names 40% of the residue an extractor leaves and 92% of a plain
    dump's, at 0.0% and 0.5% of the kept lines (bench, November 2026).
    """
    prose = {line.evidence.path for line in draft.lines if line.prose and line.evidence is not None}
    for line in draft.lines:
        pages, but = draft.site.repeated.get(line.key, 0) if line.key else 0, ""
        if pages < 2:
            pages, but = _masked_pages(draft, line), ", but for its numbers,"
        if pages < 2:
            continue
        if pages >= (MIN_PARAGRAPH_ARTICLES if _is_among_text(draft, line, prose) else 2) and not draft.heads_text(
            line
        ):
            why = f"The same line{but} stands in {pages} articles of {draft.domain}."
            yield Mark(line.index, "site/repeated-line", why)


def _is_among_text(draft: Draft, line: Line, prose: Collection[str]) -> bool:
    """Whether a line stands as paragraphs do, or is a sentence that stands as some prose does or in no page."""
    if line.evidence is None:
        return is_sentence(line)
    return draft.is_paragraph(line) or (is_sentence(line) and line.evidence.path in prose)


def _masked_pages(draft: Draft, line: Line) -> int:
    """The number of articles with a line that differs in its numbers only; 0 where that may be chance."""
    mask = draft.masks.get(line.index, "")
    pages = draft.site.repeated.get(mask, 0)
    if pages < (2 if is_timed(mask) else MIN_MASKED_ARTICLES) or draft.is_in_data(line):
        return 0
    is_item = "{n}" in mask and line.evidence is not None and _ITEM.search(line.evidence.path) is not None
    return 0 if is_item else pages


def other_titles(draft: Draft) -> Iterator[Mark]:
    """A line that is the title of another page of the site: a link to it, not prose."""
    for line in draft.lines:
        is_title = line.key and line.key != draft.title_key and line.key in draft.site.titles
        if is_title and not draft.heads_text(line):
            yield Mark(line.index, "site/other-title", f"The title of another page of {draft.domain}.")
