"""What follows the last line of prose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from curate.heuristics.model import Draft, Mark, is_sentence
from curate.lines import Line

MIN_TAIL_RUN = 6
"""So many lines in a row without a sentence, after the last prose, are a list of links; a short list that closes an
article is shorter (bench, November 2026)."""
ATTRIBUTION = ("— ", "– ", "― ")
"""A line below the last prose that begins so names whom it quotes."""
LIST_MARKS = ("- ", "* ", "• ", "– ")
"""Items of a list within the article may be the same: results of a poll."""
BELOW_NAMED = "After the last prose line and a line that other filters named."
LINKED = 0.6
"""Share of linked characters from which a line is a link: a sentence with a long link in it stays below."""


def tail(draft: Draft) -> Iterator[Mark]:
    """What follows the last prose line, where something besides its place speaks against it.

    From the first line that a rule or the site named, from a line that stands twice in the page, or from a run of
    at least ``MIN_TAIL_RUN`` lines without a sentence. A single short line after the prose may be the article's end,
    and so may a sentence that is said twice there, and what stands below a named line as the article's paragraphs do
    or as rows of a table.
    """
    if draft.last_prose is None:
        return
    after = [line for line in draft.lines[draft.last_prose + 1 :] if line.key]
    while after and after[0].text.lstrip().startswith(ATTRIBUTION):
        after.pop(0)
    start, why = _tail_start(draft, after)
    for line in after[start:]:
        if draft.is_open(line) and not (why == BELOW_NAMED and (draft.is_paragraph(line) or _is_row(draft, line))):
            yield Mark(line.index, "page/tail", why)


def _tail_start(draft: Draft, after: Sequence[Line]) -> tuple[int, str]:
    counts = Counter(line.key for line in draft.lines if line.key)
    counts_here = Counter(line.key for line in after)
    for number, line in enumerate(after):
        if line.index in draft.named:
            return number, BELOW_NAMED
        again = counts[line.key] > (counts_here[line.key] if is_sentence(line) else 1)
        if again and line.words > 1 and not line.text.lstrip().startswith(LIST_MARKS):
            return number, "After the last prose line, from a line that stands twice in the page."
        if all_links(after[number:]):
            return number, "After the last prose line, and nothing but links."
    if len(after) >= MIN_TAIL_RUN and draft.is_dump and not draft.is_data(after) and draft.has_prose:
        return 0, f"One of {len(after)} lines without a sentence after the last prose line."
    return len(after), ""


def _is_row(draft: Draft, line: Line) -> bool:
    """Whether a line is a row of a table that is no link."""
    return line.evidence is not None and line.text.startswith("|") and draft.heads_text(line) and not is_link(line)


def all_links(lines: Sequence[Line]) -> bool:
    """Whether the page shows every one of the lines as a link."""
    return all(is_link(line) for line in lines)


def is_link(line: Line) -> bool:
    """Whether the page shows a line as a link, by most of its characters."""
    return line.evidence is not None and line.evidence.link_share >= LINKED
