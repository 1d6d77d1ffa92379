"""What surrounds the article in a plain dump of a whole page, and menus anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from curate.heuristics.model import Draft, Mark, is_sentence
from curate.heuristics.tail import MIN_TAIL_RUN, all_links
from curate.heuristics.title import is_alike, title_sign
from curate.lines import Line
from curate.masks import masked

MIN_MENU_RUN = 5
"""So many very short lines in a row are a menu or a share bar. 4: aeb-text-plain dev residue .0548, not .0551; 6:
fundus-text-plain dev .0388, not .0386 (2026-11-28)."""
MENU_WORDS = 4
"""3: fundus-text-plain dev residue .0388, 4: .0386, 5: .0384; the same loss (2026-11-28)."""
GAP_WORDS = 10
"""Words of prose that one line without prose outweighs. 8: aeb-text-plain F1 dev .9514, held .9281; 10: .9556,
.9301; 12: .9575, .9337, and loss held .0096, not .0078 (2026-11-28)."""
MIN_BODY_GAIN = 60
"""Words of prose, less the cost of gaps, from which a run of lines is a body: three sentences. 40: fundus-text-plain
dev F1 .9329, 60: .9091, 80: .8568, all by one page; held the same (2026-11-28)."""
MAX_LINE_GAIN = 80
"""A paragraph counts no more than this: one long text elsewhere (terms of use) is not the body. 60: the same
figures; 100: aeb-text-plain held F1 .9295, not .9301 (2026-11-28)."""
MAX_BEFORE_TITLE_SHARE = 0.1
"""Share of the body's words that may stand before the title, and then are not the body. 0.05: the same figures; 0.2:
aeb-text-plain loss dev .0171, not .0099, held .0111, not .0078 (2026-11-28)."""
MIN_FIRST_PROSE = 2
"""So many lines of prose directly below the title are the article's first. 1: aeb-text-plain F1 dev .9536, held
.9287, not .9556, .9301; 3: the same as 2 (2026-11-28)."""
MIN_REPEATED_WORDS = 4
"""3: aeb-text-plain held F1 .9302, not .9301; 5: fundus-text-plain dev .9087, not .9091 (2026-11-28)."""
MIN_REPEATED_PROSE_WORDS = 12
"""Refrains are shorter. Of pages and texts, 16: aeb held F1 .9807, not .9810; 8: .9809 (2026-11-28)."""
MIN_REPEATED_DUMP_WORDS = 8
"""8: aeb-text-plain F1 dev .9611, held .9302; 12: .9556, .9301; the same loss (2026-11-28)."""
MIN_CAPTION_WORDS = 3
"""2: fundus-text-plain dev F1 .9098, 3: .9091, 4: .9090, at the same loss; sub-headings have two words (2026-11-28)."""
MIN_STAMPS = 2
"""1 and 3: the same figures (2026-11-28)."""
MAX_STAMP_WORDS = 12
"""8: aeb-text-plain held F1 .9286, not .9302; 16: the same figures (2026-11-28)."""
MAX_STAMP_LETTERS = 5
"""Letters of a stamp besides date and time: "um", "Uhr". 3 and 8: the same figures (2026-11-28)."""
MIN_BEFORE_COMMENTS_SHARE = 0.25
"""0.15: aeb-text-plain held F1 .9362, 0.25: .9301, 0.35: .9276, at the same loss; not taken, as posts of a live blog
with a name and a time each look like comments (2026-11-28)."""
_SLOT = re.compile(r"\{\w+\}")
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_DAY = re.compile(r"\b(?:19|20)\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2}\b")


def body(draft: Draft) -> Iterator[Mark]:
    """What lies outside the body of a plain dump: the run of lines with the most prose for the fewest other lines.

    Each prose line counts its words, each other line costs ``GAP_WORDS`` (a removed one as well: a comment thread or
    a list of teasers is prose between named lines); the run with the largest sum is the body. It begins below the
    page's title, where the title is known.

    Source:
        Body text extraction by the best run of tokens against tags (Finn, Kushmerick, Smyth 2001), with lines in
        place of tags.
    """
    if not draft.is_dump:
        return
    first, last = body_span(draft)
    for line in draft.lines:
        if draft.is_open(line) and not first <= line.index <= last:
            yield Mark(line.index, "page/body", "Outside the body of the page.")


def body_span(draft: Draft) -> tuple[int, int]:
    """Numbers of the first and last line of the body of a plain dump.

    Where nothing in the page is prose enough to be a body (a list of winners, a table), it is all below the title.
    """
    filled = [line for line in draft.lines if line.key]
    gains = _gains(draft, filled)
    start, end = _best_run(gains)
    if sum(gains[start:end]) < MIN_BODY_GAIN:
        titles = [line.index for line in filled if title_sign(draft, line)]
        return (titles[-1] + 1 if titles else 0), len(draft.lines)
    start = _from_title(draft, filled, max(start, _below_title(draft, filled, gains, start, end)))
    return filled[min(start, len(filled) - 1)].index, filled[end - 1].index


def has_body(draft: Draft) -> bool:
    """Whether a plain dump has a run of prose that can be the article."""
    gains = _gains(draft, [line for line in draft.lines if line.key])
    start, end = _best_run(gains)
    return sum(gains[start:end]) >= MIN_BODY_GAIN


def _gains(draft: Draft, filled: Sequence[Line]) -> list[int]:
    prose = [line for line in filled if line.prose]
    listed = 2 * sum(map(_is_indented, prose)) <= len(
        prose
    )  # most prose stands at the margin: what is indented are teasers and comments
    gains = []
    for line in filled:
        if line.index in draft.named or (listed and _is_indented(line) and not draft.is_in_data(line)):
            gains.append(-GAP_WORDS)
        elif line.prose or is_sentence(line):
            gains.append(min(line.words, MAX_LINE_GAIN))
        else:
            gains.append(1 if draft.is_in_data(line) else -GAP_WORDS)
    return gains


def _is_indented(line: Line) -> bool:
    """Whether a line is set in by two spaces or more; one is left over by extractors."""
    return line.text[:2].isspace() and len(line.text) > 1


def _below_title(draft: Draft, filled: Sequence[Line], gains: Sequence[int], start: int, end: int) -> int:
    """The first line below the last title in or before the body, unless much of the body stands above it."""
    words = [0] * start + [max(gain, 0) for gain in gains[start:end]]
    above = list(accumulate(words, initial=0))
    for number in reversed(range(end)):
        if above[number] <= MAX_BEFORE_TITLE_SHARE * above[end] and title_sign(draft, filled[number]):
            return number + 1
    return start


def _from_title(draft: Draft, filled: Sequence[Line], start: int) -> int:
    """The first line of a body that begins at ``start``: below the title above it, where prose follows that at once.

    A recipe's list of ingredients outweighs the sentences above it.
    """
    title = next((number for number in range(start - 1, -1, -1) if title_sign(draft, filled[number])), None)
    begins = title is not None and all(
        one.prose and draft.is_open(one) for one in filled[title + 1 : title + 1 + MIN_FIRST_PROSE]
    )
    return title + 1 if begins and title is not None else start


def _best_run(gains: Sequence[int]) -> tuple[int, int]:
    """Start and end (exclusive) of the run with the largest sum; the whole where nothing is positive."""
    best, found, total, start = 0, (0, len(gains)), 0, 0
    for number, gain in enumerate(gains):
        if total <= 0:
            total, start = 0, number
        total += gain
        if total > best:
            best, found = total, (start, number + 1)
    return found


def repeated(draft: Draft) -> Iterator[Mark]:
    """A line that stands in the page again.

    A long line of prose stays where it stands first; a question above an answer stays, an interview asks several people
    the same. In a plain dump, captions stand again as the pictures' descriptions, and headlines as links: there the
    last one of shorter lines stays (and all that head a paragraph), and what repeats the page's title goes.
    """
    last = {line.key: line.index for line in draft.lines}
    filled = [line for line in draft.lines if line.key]
    headings = {line.index for line, below in pairwise(filled) if below.prose and not line.prose}
    questions = {line.index for line, below in pairwise(filled) if below.prose and _is_question(line)}
    described = {line.index for line, below in pairwise(filled) if below.key.startswith(line.key)}
    seen: set[str] = set()
    least = MIN_REPEATED_DUMP_WORDS if draft.is_dump else MIN_REPEATED_PROSE_WORDS
    for line in draft.lines:
        if not line.key:
            continue
        if line.words >= least and line.key in seen and line.index not in questions:
            yield Mark(line.index, "page/repeated", "The same line stands above.")
        elif draft.is_dump and line.words >= MIN_REPEATED_WORDS:
            if not line.prose and last[line.key] != line.index and line.index not in headings:
                yield Mark(line.index, "page/repeated", "The same line stands below.")
            elif not line.prose and is_alike(draft.title_key, line.key):
                yield Mark(line.index, "page/repeated", "The page's title again.")
            elif line.index in described:
                yield Mark(
                    line.index, "page/repeated", "The line below begins with it: a picture's description and caption."
                )
        seen.add(line.key)


def _is_question(line: Line) -> bool:
    return line.text.rstrip(' "”»').endswith(("?", "？"))


def teasers(draft: Draft) -> Iterator[Mark]:
    """A picture's description above its caption, and a headline below one, in a plain dump.

    The caption or credit is a line that a rule named, with no blank line between; on the other side of the description
    or headline stands a blank line or another named one. A sub-heading stands above prose.
    """
    if not draft.is_dump:
        return
    for above, line, below in zip(draft.lines, draft.lines[1:], draft.lines[2:], strict=False):
        if not line.key or line.prose or line.words < MIN_CAPTION_WORDS:
            continue
        if _is_caption(draft, above) and _is_edge(draft, below):
            yield Mark(line.index, "page/teaser", "A headline directly below a picture's caption.")
        elif _is_caption(draft, below) and _is_edge(draft, above):
            yield Mark(line.index, "page/teaser", "A picture's description, directly above its caption.")


def _is_caption(draft: Draft, line: Line) -> bool:
    return line.index in draft.named and line.words >= MIN_CAPTION_WORDS


def _is_edge(draft: Draft, line: Line) -> bool:
    return not line.text.strip() or line.index in draft.named


def comments(draft: Draft) -> Iterator[Mark]:
    """Readers' comments below the article in a plain dump: from the name above the first of several dates with
    times."""
    if not draft.is_dump:
        return
    stamps = [line for line in draft.lines if _is_stamp(line) and not _opens_post(draft, line)]
    if len({line.key for line in stamps}) < MIN_STAMPS:
        return
    stamped = {line.index for line in stamps}
    words = sum(line.words for line in draft.lines if line.prose)
    above = 0
    for line in draft.lines:
        if line.index in stamped and above >= MIN_BEFORE_COMMENTS_SHARE * words:
            start = _name_above(draft, line)
            if sum(one.index >= start for one in stamps) >= MIN_STAMPS:
                for below in draft.lines[start:]:
                    if draft.is_open(below):
                        yield Mark(
                            below.index, "page/comments", "Below the article, from a name with a date and time on."
                        )
                return
        above += line.words if line.prose else 0


def _is_stamp(line: Line) -> bool:
    return 0 < line.words <= MAX_STAMP_WORDS and bool(_CLOCK.search(line.text)) and bool(_DAY.search(line.text))


def _opens_post(draft: Draft, line: Line) -> bool:
    """Whether a date and time stand alone directly below prose: posts of a live blog open so; comments have a name."""
    above = next((one for one in reversed(draft.lines[: line.index]) if one.key), None)
    words = _SLOT.sub("", masked(line.key)[0])
    return above is not None and above.prose and sum(map(str.isalpha, words)) <= MAX_STAMP_LETTERS


def _name_above(draft: Draft, line: Line) -> int:
    above = next((one for one in reversed(draft.lines[: line.index]) if one.key), None)
    return above.index if above is not None and not above.prose and above.words <= MENU_WORDS else line.index


def menus(draft: Draft) -> Iterator[Mark]:
    """Runs of very short lines without a sentence, wherever they stand: menus, share bars, breadcrumbs."""
    runs = [run for run in _short_runs(draft.lines) if (draft.is_dump or all_links(run)) and not draft.is_data(run)]
    if runs and draft.is_dump and not has_body(draft):
        first = body_span(draft)[0]
        runs = [run for run in runs if run[0].index < first]
    for run in runs:
        for line in run:
            if draft.is_open(line):
                yield Mark(line.index, "page/menu", f"One of {len(run)} very short lines in a row.")


def _short_runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Runs of at least ``MIN_MENU_RUN`` very short lines; blank ones are passed over."""
    run: list[Line] = []
    for line in lines:
        if not line.key:
            continue
        if (
            line.words <= MENU_WORDS
            and not line.prose
            and not line.text.rstrip().endswith((".", "!", "?", ":", ",", '"', "”"))
        ):
            run.append(line)
            continue
        if len(run) >= MIN_MENU_RUN:
            yield run
        run = []
    if len(run) >= MIN_MENU_RUN:
        yield run


def head(draft: Draft) -> Iterator[Mark]:
    """What precedes the first prose line, where a menu or a named line stands before the prose."""
    if draft.first_prose is None:
        return
    before = [line for line in draft.lines[: draft.first_prose] if line.key]
    if len(before) < MIN_TAIL_RUN or not (draft.is_dump or all_links(before)):
        return
    if draft.is_dump and not has_body(draft):
        return
    for line in before:
        if draft.is_open(line):
            yield Mark(
                line.index, "page/head", f"One of {len(before)} lines without a sentence before the first prose line."
            )
