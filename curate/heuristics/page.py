"""Lines that one page's own shape gives away: its title again, what precedes the first and follows the last prose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from curate.heuristics.model import Draft, Mark
from curate.lines import Line

MIN_TAIL_RUN = 6
"""So many lines in a row without a sentence, after the last prose, are a list of links; a short list that closes an
article is shorter (bench, November 2026)."""
MIN_MENU_RUN = 5
"""So many very short lines in a row are a menu or a share bar."""
GAP_WORDS = 10
"""Words of prose that one line without prose outweighs."""
MENU_WORDS = 4
MIN_TITLE_WORDS = 4
MIN_TITLE_SHARE = 0.75
"""Words that a title and a line share, of all words of both: a title set again with a site's name or a few words less."""
ATTRIBUTION = ("— ", "– ", "― ")
"""A line below the last prose that begins so names whom it quotes."""
LIST_MARKS = ("- ", "* ", "• ", "– ")
"""Items of a list within the article may be the same: results of a poll."""
LINKED = 0.6
"""Share of linked characters from which a line is a link: a sentence with a long link in it stays below."""


def own_title(draft: Draft) -> Iterator[Mark]:
    """The page's own title, before the prose begins: it stands in the column ``title``."""
    stop = draft.first_prose if draft.first_prose is not None else len(draft.lines) - 1
    title = set(draft.title_key.split())
    for line in draft.lines[: stop + 1]:
        if not line.key:
            continue
        if line.key == draft.title_key:
            yield Mark(line.index, "page/own-title", "The page's own title.")
        elif line.evidence is not None and _in_h1(line.evidence.path):
            yield Mark(line.index, "page/own-title", "The page's first heading, before the text.")
        elif len(title) >= MIN_TITLE_WORDS and _is_alike(title, set(line.key.split())):
            yield Mark(line.index, "page/own-title", "The page's own title in nearly the same words, before the text.")


def _in_h1(path: str) -> bool:
    return any(step == "h1" or step.startswith(("h1.", "h1#", "h1[")) for step in path.split(" > ")[-2:])


def _is_alike(title: set[str], words: set[str]) -> bool:
    return len(title & words) >= MIN_TITLE_SHARE * len(title | words)


def tail(draft: Draft) -> Iterator[Mark]:
    """What follows the last prose line, where something besides its place speaks against it.

    From the first line that a rule or the site named, from a line that stands twice in the page, or from a run of
    at least ``MIN_TAIL_RUN`` lines without a sentence; a single short line after the prose may be the article's end.
    """
    if draft.last_prose is None:
        return
    after = [line for line in draft.lines[draft.last_prose + 1 :] if line.key]
    while after and after[0].text.lstrip().startswith(ATTRIBUTION):
        after.pop(0)
    start, why = _tail_start(draft, after)
    for line in after[start:]:
        if draft.is_open(line):
            yield Mark(line.index, "page/tail", why)


def _tail_start(draft: Draft, after: Sequence[Line]) -> tuple[int, str]:
    counts = Counter(line.key for line in draft.lines if line.key)
    for number, line in enumerate(after):
        if line.index in draft.named:
            return number, "After the last prose line and a line that other filters named."
        if counts[line.key] > 1 and line.words > 1 and not line.text.lstrip().startswith(LIST_MARKS):
            return number, "After the last prose line, from a line that stands twice in the page."
        if _all_links(after[number:]):
            return number, "After the last prose line, and nothing but links."
    if len(after) >= MIN_TAIL_RUN and draft.is_dump:
        return 0, f"One of {len(after)} lines without a sentence after the last prose line."
    return len(after), ""


def _all_links(lines: Sequence[Line]) -> bool:
    return all(line.evidence is not None and line.evidence.link_share >= LINKED for line in lines)


def body(draft: Draft) -> Iterator[Mark]:
    """What lies outside the body of a plain dump: the run of lines with the most prose for the fewest other lines.

    Each prose line counts its words, each other line costs ``GAP_WORDS`` (a removed one as well: a comment thread or
    a list of teasers is prose between named lines); the run with the largest sum is the body.

    Source:
        Body text extraction by the best run of tokens against tags (Finn, Kushmerick, Smyth 2001), with lines in
        place of tags.
    """
    if not draft.is_dump:
        return
    filled = [line for line in draft.lines if line.key]
    gains = [line.words if line.prose and line.index not in draft.named else -GAP_WORDS for line in filled]
    start, end = _best_run(gains)
    for number, line in enumerate(filled):
        if draft.is_open(line) and not start <= number < end:
            yield Mark(line.index, "page/body", "Outside the body of the page.")


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


def menus(draft: Draft) -> Iterator[Mark]:
    """Runs of very short lines without a sentence, wherever they stand: menus, share bars, breadcrumbs."""
    run: list[Line] = []
    for line in draft.lines:
        if not line.key:
            continue
        if (
            line.words <= MENU_WORDS
            and not line.prose
            and not line.text.rstrip().endswith((".", "!", "?", ":", ",", '"', "”"))
        ):
            run.append(line)
            continue
        yield from _menu(draft, run)
        run = []
    yield from _menu(draft, run)


def _menu(draft: Draft, run: Sequence[Line]) -> Iterator[Mark]:
    if len(run) < MIN_MENU_RUN or not (draft.is_dump or _all_links(run)):
        return
    for line in run:
        if draft.is_open(line):
            yield Mark(line.index, "page/menu", f"One of {len(run)} very short lines in a row.")


def head(draft: Draft) -> Iterator[Mark]:
    """What precedes the first prose line, where a menu or a named line stands before the prose."""
    if draft.first_prose is None:
        return
    before = [line for line in draft.lines[: draft.first_prose] if line.key]
    if len(before) < MIN_TAIL_RUN or not (draft.is_dump or _all_links(before)):
        return
    for line in before:
        if draft.is_open(line):
            yield Mark(
                line.index, "page/head", f"One of {len(before)} lines without a sentence before the first prose line."
            )
