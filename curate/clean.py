"""Article -> kept text + removals."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from curate.heuristics import ANYWHERE, LAYOUT, PLACED, Draft, Heuristic, SiteLines, is_link, title_sign
from curate.lines import Line, line_key, lines_of
from curate.model import Article, Removal
from curate.rules import Hit, Matcher, Rule

MAX_OWN_HEADING_WORDS = 3
"""Longer headings that rules name say what they are: "Subscribe to unlock this article"."""
MIN_TEXT_SENTENCE_WORDS = 16
"""In text without a page nothing says where a sentence stands; prompts are shorter (F1 of plain dumps 0.943 without
this limit, 0.941 with 16 and 0.939 with 8 words; bench, November 2026)."""
_SPEECH_ENDS = (".”", ".“", "!”", "?”", "!“", "?“", '."', '!"', '?"', ".»", "!»", "?»", "。」", "！」", "？」")
_SPEECH = ("“", "„", "«", "»", "‘", '"', "— ", "– ", "「", "『")
_ASKED = re.compile(r"(?:[QAFPRDV]|[ВО]|[سج]|[問问答문답])\.?\s?[:：](?!\s*[+(\d])")
"""Letters for question and answer in the languages of the packs: Q/A, F/A (de), P/R (es, it, pt), Q/R and D/R (fr, it),
V/A (nl); no number of a phone follows."""
MAX_ELEMENT_SHARE = 1 / 3
"""An element that holds more of the article's words is the article's own, whatever it is called: sites call the whole
page ``has-related`` and the paid part of a story ``paywall``."""
MAX_BLOCK_LINES = 60
"""Lists of other stories are shorter (the longest of the bench has 45 lines); a longer one has run into something
else."""
MIN_SLUG_WORDS = 3
_SLUG_WORD = re.compile(r"[^\W\d_]{2,}")
BLOCKS = ("drop-block", "end-article")
"""Actions that take other lines with them."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is kept of an article, what was removed, and what rules read off it.

    ``kept_lines`` holds, for each line of ``text``, the number of the extracted line it was.
    """

    text: str
    removals: tuple[Removal, ...]
    captured: Mapping[str, str]
    kept_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A whole line (``end`` None) or a span of it that is to go."""

    rule: str
    stage: str
    why: str
    start: int = 0
    end: int | None = None


def clean(
    article: Article,
    matcher: Matcher,
    site: SiteLines,
    language: str | None,
    *,
    lines: Sequence[Line] | None = None,
    disable: Sequence[str] = (),
    keep: Collection[str] = (),
) -> Cleaned:
    """Remove boilerplate from one article.

    Lines are named in two rounds: first by what can be said of a line wherever it stands (rules without a position,
    site knowledge), then, now that it is known where the prose begins and ends, by place. A line is credited to the
    first filter that names it; spans are cut once, at the end.

    Args:
        article: an article before cleaning.
        matcher: the compiled rules.
        site: the repeated lines and titles of the article's site.
        language: ISO 639-1 code of the text, or None where it is not known: rules for a language then apply.
        lines: the article's lines with their evidence, where they are known already.
        disable: ids or globs of heuristics not to apply (rules are left out when they are compiled).
        keep: options (datelines, credits) whose rules fill the columns that they capture, but cut nothing.

    Returns:
        The kept text, the removals in order, and the captured columns. Kept text and removed spans, put together by
        offset, are the extracted text, character for character.

    Source:
        Marking spans and cutting them once follows Dolma's taggers and mixer (Soldaini et al. 2024, arXiv:2402.00159).
    """
    lines = lines_of(article.text, article.evidence) if lines is None else lines
    title = line_key(article.metadata.title or "")
    draft = Draft(
        lines, title, article.source_domain or "this site", site, frozenset(), None, None, slug_words(article.url)
    )
    hits = [
        [hit for hit in found if _applies(hit, line, article, language)] if found else found
        for line, found in zip(lines, matcher.hits_of(lines, language), strict=True)
    ]
    hits = _without_sentences(_without_containers(hits, lines), draft)

    cuts: dict[int, _Cut] = {}
    spans: dict[int, list[_Cut]] = {}
    captured: dict[str, str] = {}
    _name(cuts, ((index, cut) for index, cut in _marks(draft, ANYWHERE, disable) if not _is_speech(lines[index])))
    draft = _located(draft, cuts, hits)
    options = {line.index for line in lines if any(hit.rule.option for hit in hits[line.index])}
    standing = [(hit, line) for line in lines for hit in hits[line.index] if _stands(hit, line, draft, options)]
    # blocks last: a line below a heading is credited to the rule that names it by itself, if one does
    for hit, line in sorted(standing, key=lambda one: one[0].rule.action in BLOCKS):
        _apply(hit, line, draft, cuts, spans, captured, keep)
    draft = _located(draft, cuts, hits)
    credited = {line.index for hit, line in standing if hit.rule.option in keep and hit.rule.action != "strip"}
    _name(cuts, ((index, cut) for index, cut in _marks(draft, PLACED, disable) if index not in credited))
    if LAYOUT not in disable:
        _name(cuts, _gaps(lines, cuts))
    kept = tuple(line.index for line in lines if line.index not in cuts)
    removals = tuple(_removals(article.text, lines, cuts, spans, kept[0] if kept else len(lines)))
    return Cleaned(kept_text(article.text, removals), removals, captured, kept)


def slug_words(url: str | None) -> frozenset[str]:
    """The words of the longest part of an address's path, which many sites make of the title; too few say nothing."""
    parts = [part for part in urlsplit(url or "").path.split("/") if part]
    words = _SLUG_WORD.findall(max(parts, key=len, default="").lower())
    return frozenset(words) if len(words) >= MIN_SLUG_WORDS else frozenset()


def kept_text(text: str, removals: Iterable[Removal]) -> str:
    """``text`` without the removed spans, which are in order and do not overlap."""
    pieces, at = [], 0
    for removal in removals:
        pieces.append(text[at : removal.start])
        at = removal.end
    return "".join([*pieces, text[at:]])


def _is_speech(line: Line) -> bool:
    """Whether somebody says a line, not the site: prose that opens with a quotation mark or a dialogue dash, a line
    that is quoted whole, or one of an interview ("Q:", "A: It is not.").
    """
    text = line.text.strip()
    if _ASKED.match(text):
        return True
    return text.startswith(_SPEECH) and (line.prose or (line.words > 1 and text.endswith(_SPEECH_ENDS)))


def _applies(hit: Hit, line: Line, article: Article, language: str | None) -> bool:
    where = hit.rule.where
    if where.source and (where.source == "html") is not bool(article.evidence):
        return False
    if where.languages and language and language not in where.languages:
        return False
    if hit.rule.action != "strip" and hit.rule.match.kind != "selector" and _is_speech(line):
        return False
    domain = article.source_domain or ""
    return not where.domains or any(domain == one or domain.endswith("." + one) for one in where.domains)


def _is_open(rule: Rule) -> bool:
    """Whether a rule drops lines of which it knows only a part, and so may name a sentence of the article."""
    exact = rule.match.kind in ("selector", "tokens") or (rule.match.kind == "phrase" and rule.match.at == "line")
    return rule.action != "strip" and not exact and not rule.where.sentences and not rule.capture and not rule.option


def _without_sentences(hits: list[list[Hit]], draft: Draft) -> list[list[Hit]]:
    """``hits`` without those of open rules on sentences that stand among the article's own paragraphs.

    A sentence with a cue word in it may be the article's, "The firm sold the data without the prior written consent of
    its customers." A prompt among the paragraphs has a link, or stands in an element of its own; below the last of them
    the cue is enough.
    """
    plain = [line.index for line in draft.lines if line.prose and not hits[line.index]]
    last = plain[-1] if plain else -1
    kept: list[list[Hit]] = []
    for line, found in zip(draft.lines, hits, strict=True):
        if found and line.index < last and _is_own(line, draft):
            found = [hit for hit in found if not _is_open(hit.rule)]
        elif found and line.index < last and _heads_own(line, draft, hits):
            found = [hit for hit in found if hit.rule.action == "strip" or hit.rule.match.kind == "selector"]
        kept.append(found)
    return kept


def _heads_own(line: Line, draft: Draft, hits: Sequence[Sequence[Hit]]) -> bool:
    """Whether a short sub-heading stands above a line that no rule names: "Live", "Topics" may be the article's own."""
    if line.words > MAX_OWN_HEADING_WORDS or line.text.startswith("|") or not draft.heads_text(line):
        return False
    below = next((one for one in draft.lines[line.index + 1 :] if one.key), None)
    return below is not None and not hits[below.index]


def _is_own(line: Line, draft: Draft) -> bool:
    """Whether a line is prose without a link that stands as the article's paragraphs do; without a page, long prose."""
    if line.evidence is None:
        return line.prose and not draft.has_page and line.words >= MIN_TEXT_SENTENCE_WORDS
    return line.prose and not line.evidence.link_share and draft.is_paragraph(line)


def _without_containers(hits: list[list[Hit]], lines: Sequence[Line]) -> list[list[Hit]]:
    """``hits`` without those of selectors that selected an element which holds much of the article."""
    elements = {hit.element for found in hits for hit in found if hit.element}
    if not elements:
        return hits
    inside: Counter[str] = Counter()
    for line in lines:
        inside[line.evidence.path if line.evidence else ""] += line.words
    words: Counter[str] = Counter()
    for path, count in inside.items():
        for prefix in itertools.accumulate(path.split(" > "), "{} > {}".format):
            if prefix in elements:
                words[prefix] += count
    limit = MAX_ELEMENT_SHARE * sum(line.words for line in lines)
    return [[hit for hit in found if not hit.element or words[hit.element] <= limit] for found in hits]


def _marks(draft: Draft, heuristics: Mapping[str, Heuristic], disable: Sequence[str]) -> Iterator[tuple[int, _Cut]]:
    for name, heuristic in heuristics.items():
        if not any(fnmatchcase(name, glob) for glob in disable):
            for mark in heuristic(draft):
                yield mark.line, _Cut(mark.rule, name.split("/")[0], mark.why)


def _name(cuts: dict[int, _Cut], marks: Iterable[tuple[int, _Cut]]) -> None:
    for line, cut in marks:
        cuts.setdefault(line, cut)


def _located(draft: Draft, cuts: Mapping[int, _Cut], hits: Sequence[Sequence[Hit]]) -> Draft:
    """``draft`` with what is named so far, and where the prose among the rest begins and ends."""
    named = frozenset(cuts)
    dropped = {
        line.index
        for line in draft.lines
        if hits[line.index] and any(hit.rule.action != "strip" and _unplaced(hit) for hit in hits[line.index])
    }
    prose = [line.index for line in draft.lines if line.prose and line.index not in named and line.index not in dropped]
    return replace(draft, named=named, first_prose=prose[0] if prose else None, last_prose=prose[-1] if prose else None)


def _unplaced(hit: Hit) -> bool:
    return hit.rule.where.position == "any" and not hit.rule.where.after


def _stands(hit: Hit, line: Line, draft: Draft, options: Collection[int]) -> bool:
    """Whether the place of ``line`` is one where the rule looks; credits, in ``options``, may stand below the prose."""
    where = hit.rule.where
    if where.position == "start" and draft.first_prose is not None and line.index > draft.first_prose:
        return False
    after_prose = draft.last_prose is None or line.index > draft.last_prose
    if (where.position == "end" or hit.rule.action == "end-article") and not after_prose:
        return False
    if where.after == "prose":
        above = next(
            (one for one in reversed(draft.lines[: line.index]) if one.key and (one.prose or one.index not in options)),
            None,
        )
        return above is not None and above.prose and above.index not in draft.named
    return True


def _apply(
    hit: Hit,
    line: Line,
    draft: Draft,
    cuts: dict[int, _Cut],
    spans: dict[int, list[_Cut]],
    captured: dict[str, str],
    keep: Collection[str],
) -> None:
    rule = hit.rule
    cut = _Cut(rule.id, "rules", rule.why)
    for key, value in hit.captured.items():
        captured.setdefault(key, value)
    if rule.option in keep:
        return
    if rule.action == "strip":
        spans.setdefault(line.index, []).append(replace(cut, start=hit.start, end=hit.end))
    elif rule.action == "drop":
        cuts.setdefault(line.index, cut)
    else:
        for index in _block(rule.action, rule.until, line, draft):
            cuts.setdefault(
                index, cut if index == line.index else replace(cut, why=f"Below a line of this rule. {cut.why}")
            )


def _block(action: str, until: str, line: Line, draft: Draft) -> Iterator[int]:
    """Numbers of ``line`` and of those that go with it."""
    yield line.index
    for number, below in enumerate(draft.lines[line.index + 1 :], 1):
        if action == "drop-block" and _ends_block(until, number, below, draft):
            return
        if below.key:
            yield below.index


def _ends_block(until: str, number: int, below: Line, draft: Draft) -> bool:
    if number > MAX_BLOCK_LINES or (below.key and title_sign(draft, below)):
        return True
    if until == "prose":
        own = below.prose and below.index not in draft.named
        return own or draft.heads_text(below) or (draft.is_paragraph(below) and not is_link(below))
    if until == "blank":
        return not below.text.strip()
    return number > int(until)


def _gaps(lines: Sequence[Line], cuts: Mapping[int, _Cut]) -> list[tuple[int, _Cut]]:
    """Blank lines below a removed one, or before everything: their breaks would open a second gap."""
    gaps: dict[int, _Cut] = {}
    for line in lines:
        above = line.index - 1
        if not line.text.strip() and (above in cuts or above in gaps or (line.index == 0 and cuts)):
            gaps[line.index] = _Cut(LAYOUT, "page", "A blank line beside removed ones.")
    return list(gaps.items())


def _removals(
    text: str, lines: Sequence[Line], cuts: Mapping[int, _Cut], spans: Mapping[int, Sequence[_Cut]], first_kept: int
) -> Iterator[Removal]:
    """Spans in order. A dropped line takes the line break before it, or after it where nothing is kept before it."""
    for line in lines:
        if cut := cuts.get(line.index):
            start = line.start - (1 if line.index > first_kept else 0)
            end = line.end + (1 if line.index < first_kept and line.end < len(text) else 0)
            if start < end:
                yield Removal(start, end, cut.rule, cut.stage, cut.why)
        else:
            yield from _span_removals(line, spans.get(line.index, ()))


def _span_removals(line: Line, cuts: Iterable[_Cut]) -> Iterator[Removal]:
    at = 0
    for cut in sorted(cuts, key=lambda one: (one.start, -(one.end or 0))):
        start, end = max(cut.start, at), cut.end or 0
        if start < end:
            yield Removal(line.start + start, line.start + end, cut.rule, cut.stage, cut.why)
            at = end
