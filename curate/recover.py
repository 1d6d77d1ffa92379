"""What the extractor left behind: article text of the page that stands like the text it found.

trafilatura leaves out whole posts of live blogs, standfirsts, sub-headings that are no heading elements, and
paragraphs full of links. The page itself says where they belong: in the same container, in elements of the same kind
as paragraphs that were extracted. Nothing that was extracted is taken away here; what is added is cleaned like the
rest.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curate.lines import is_prose
from curate.page_lines import Block, squash
from curate.text import count_words, split_lines

CONTAINER_SHARE = 0.9
"""The article's container holds so much of the extracted prose; the rest may be strays from elsewhere. 0.9: fundus held
F1 .9433; 0.75 and 0.85 .9379; 0.95 .9433, and by-lines on two pages more of news-raw (2026-11-28)."""
MIN_MISSING_SHARE = 0.5
"""So much text of the same kind outside the container, against the text inside, is a part of the article. 0.3: the same
figures; 0.8: segments held .9531, not .9518, by one page (2026-11-28)."""
MAX_NEGATIVE_SHARE = 0.5
"""An element with more of the page's prose is the page's body: sites call it ``nav_menu-7`` or ``has-sidebar``. 0.4:
segments dev .9481, not .9490; 0.65: the same figures (2026-11-28)."""
MIN_PART_BLOCKS = 3
"""A part of the article in an element beside the rest has so many paragraphs; a box or a reader's comment fewer. 2
and 5: the same figures (2026-11-28)."""
MIN_PART_PROSE_SHARE = 0.8
"""And so much of its text is prose: lists of other stories are headlines and dates as well. 0.6 and 0.9: the same
figures (2026-11-28)."""
MAX_LINK_SHARE = 0.5
"""0.35: fundus dev loss .0147, not .0122; 0.65: the same figures (2026-11-28)."""
MAX_LIST_LINK_SHARE = 0.3
"""0.2 and 0.5: the same figures (2026-11-28)."""
MIN_SENTENCE_WORDS = 3
"""2 and 5: the same figures (2026-11-28)."""
SENTENCE_ENDS = (".", "!", "?", "…", ".”", '."', "!”", "?”", "。", "！", "？", "」")
MAX_HEADING_WORDS = 25
"""12: segments dev .9504, not .9490, by one page; 40: the same figures (2026-11-28)."""
MIN_STANDFIRST_WORDS = 5
"""3: aeb held F1 .9809, segments held .9511, not .9518; 8: aeb held .9812, not .9810 (2026-11-28)."""
MAX_LABEL_CHARS = 20
"""0 and 40: the same figures (2026-11-28)."""
MIN_INSIDE_CHARS = 40
"""A shorter block is looked for as a whole line only: its words may open a paragraph, or stand anywhere in one. 25
and 60: the same figures (2026-11-28)."""
MAX_REPEATED_KEY_CHARS = 60
"""A longer block that stands twice in a page is one paragraph set twice, for narrow and for wide screens. 40: aeb
dev F1 .9832, not .9830; 90: the same figures (2026-11-28)."""
MIN_BODY_GAIN = 1.3
"""``articleBody`` replaces the text where it is so much longer and holds nearly all of it. 1.15 and 1.6: the same
figures (2026-11-28)."""
MIN_BODY_SHARE = 0.9
"""0.8 and 0.97: the same figures (2026-11-28)."""
MIN_BODY_CHARS = 400
"""200 and 800: the same figures (2026-11-28)."""

_NEGATIVE = re.compile(
    r"(?:^|[-_ ])(?:comments?|commentary|respond|disqus|related|relacionad[ao]s?|recommend\w*|newsletters?|subscri\w+"
    r"|signup|sign-up|promos?|promotion|sidebar|footer|cookies?|consent|gdpr|shar(?:e|ing)|social|author-?(?:bio|box|info)"
    r"|bio|about-author|tags?|taglist|breadcrumbs?|nav|navigation|menu|captions?|figcaption|credits?"
    r"|most-?(?:read|popular|viewed)|trending|popular|ads?|advert\w*|sponsor\w*|outbrain|taboola|modal|popup|overlay"
    r"|paywall|regwall|piano|login|toolbar|byline|timestamp|meta|datetime|print-?only|visually-hidden|sr-only|hidden"
    r"|hide|screen-reader-text|disclaimer|copyright|more-?(?:stories|articles|news|from)|read-?(?:more|also|next)"
    r"|infobox|factbox-link|carousel|slider|gallery|playlist|player|banner|poll|quiz|correction-form|contact"
    r"|upsell|cta|jobs?|weather|stock-?ticker|notice|toc|table-of-contents|skip|reply|replies|likes?)(?:$|[-_ ])",
    re.I,
)
"""Families of class names and ids of what is no article text; general knowledge of news sites' markup."""
_PAID = re.compile(r"(?:^|[-_ ])(?:paywall|regwall|piano)(?:$|[-_ ])", re.I)
"""The wall, or the part of the story behind it: that has several paragraphs."""
_STANDFIRST = re.compile(
    r"(?:^|[-_ ])(?:standfirst|stand-first|dek|deck|subtitle|sub-title|subheadline|sub-headline|subheading|subhead"
    r"|lede?"
    r"|lead|leads|leadtext|lead-text|intro|introduction|introtext|summary|article-?description|excerpt|perex|chapo|chapeau"
    r"|vorspann|bajada|entradilla|sumario|sottotitolo|occhiello|abstract|ingress|manchet|anreisser|einleitung|resumen"
    r"|key-?points?|synopsis|stand|subline|linha-?fina|ante-?titulo|dachzeile|teaser|teaser-?text|article-?teaser)"
    r"(?:$|[-_ ])",
    re.I,
)
_TEASER = re.compile(r"(?:^|[-_ ])teasers?(?:$|[-_ ])", re.I)
"""Another story's, or between title and text the standfirst."""
_LIVE = re.compile(r"(?:^|[-_ ])(?:live|liveblog|live-?(?:blog|post|update|entry|feed)s?|ticker)(?:$|[-_ ])", re.I)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|__+|--+")
_NEGATIVE_TAGS = frozenset(
    {"nav", "footer", "aside", "form", "figure", "figcaption", "button", "noscript", "dialog", "address", "table"}
)
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6", "dt", "strong", "b"})
_DIGITS = re.compile(r"\d+")


class PageText:
    """The blocks of a page, with what is asked of each while text is recovered."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks
        self.words = [_words(block.text) for block in blocks]
        self.prose = [
            is_prose(block.text.strip(), words) and block.linked <= MAX_LINK_SHARE * block.chars
            for block, words in zip(blocks, self.words, strict=True)
        ]
        self._own = self._much_prose()
        self._negative: dict[Any, bool] = dict.fromkeys(self._own, False)
        self._inside: dict[Any, dict[Any, bool]] = {}

    def _much_prose(self) -> set[Any]:
        """Elements that hold so much of the page's prose that they are its body, whatever they are called."""
        weights: Counter[Any] = Counter()
        for number, block in enumerate(self.blocks):
            if self.prose[number]:
                weights.update(dict.fromkeys(block.element.iterancestors(), block.chars))
        limit = MAX_NEGATIVE_SHARE * sum(
            block.chars for block, prose in zip(self.blocks, self.prose, strict=True) if prose
        )
        return {element for element, chars in weights.items() if chars > limit}

    def is_text(self, number: int) -> bool:
        """Whether a block is prose, or a short sentence that is no link."""
        block = self.blocks[number]
        short = self.words[number] >= MIN_SENTENCE_WORDS and block.text.rstrip().endswith(SENTENCE_ENDS)
        return self.prose[number] or (short and block.linked <= MAX_LINK_SHARE * block.chars)

    def prose_chars(self) -> int:
        """Characters of the blocks that read like article text, wherever they stand."""
        return sum(
            block.chars
            for number, block in enumerate(self.blocks)
            if self.prose[number] and not self.is_negative(block.element, None)
        )

    def inside(self, container: Any) -> list[int]:
        """Numbers of the blocks inside ``container``."""
        known = self._inside.setdefault(container, {container: True, None: False})
        return [number for number, block in enumerate(self.blocks) if _known_inside(block.element, known)]

    def is_negative(self, element: Any, container: Any, teasers: bool = False) -> bool:
        """Whether an element between ``element`` and ``container`` (left out) marks what is no article text.

        With ``teasers``, what is called a teaser may be article text.
        """
        while element is not None and element is not container:
            if element not in self._negative:
                self._negative[element] = element.tag in _NEGATIVE_TAGS or _named(element, _NEGATIVE)
            if self._negative[element] or (not teasers and element not in self._own and _named(element, _TEASER)):
                return True
            element = element.getparent()
        return False


def _words(text: str) -> int:
    """Words of a block; exactly only where it may be prose."""
    return count_words(text) if len(text) > MAX_LABEL_CHARS else len(text.split())


def _named(element: Any, family: re.Pattern[str]) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('data-component') or ''}"
    return not names.isspace() and family.search(_CAMEL.sub("-", names)) is not None


def recover(text: str, page: PageText, article_body: str | None) -> str:
    """Add to extracted text what stands like it in the page.

    Args:
        text: what the extractor found, n lines; may be empty.
        page: the page's text blocks in document order.
        article_body: ``articleBody`` of the page's JSON-LD, or None.

    Returns:
        The lines of ``text`` in their order, with recovered lines where they stand in the page. Where the page's own
        ``articleBody`` is much longer and contains the text, it is the text.
    """
    found = _places(text, page.blocks)
    added = _missing(page, found) if found else []
    whole = _merged(text, page.blocks, found, added)
    return _completed(whole, article_body)


def densest(page: PageText) -> str:
    """The prose of the element that holds most of it by itself, where the extractor found next to nothing."""
    frames: Counter[Any] = Counter()
    texts: dict[Any, list[str]] = {}
    for number, block in enumerate(page.blocks):
        if page.prose[number] and not page.is_negative(block.element, None):
            frame = _frame(block.element)
            frames[frame] += block.chars
            texts.setdefault(frame, []).append(" ".join(block.text.split()))
    return "\n".join(texts[max(frames, key=lambda one: frames[one])]) if frames else ""


def _places(text: str, blocks: Sequence[Block]) -> dict[int, int]:
    """For each block that was extracted, the number of its (last) line."""
    keys = [squash(line) for line in split_lines(text)]
    joined = "".join(keys)
    ends = list(itertools.accumulate(len(key) for key in keys))
    line_ends = frozenset(ends)
    line_starts = frozenset(end - len(key) for end, key in zip(ends, keys, strict=True))
    short = [(key, number) for number, key in enumerate(keys) if len(key) < 2 * MIN_INSIDE_CHARS]
    lines: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        lines.setdefault(key, []).append(number)
    found: dict[int, int] = {}
    repeated: dict[str, list[int]] = {}
    position = 0
    for number, block in enumerate(blocks):
        key = block.key
        if not key:
            continue
        if key in lines and len(key) < MAX_REPEATED_KEY_CHARS:
            repeated.setdefault(key, []).append(number)
            continue
        start = joined.find(key, position)
        if start < 0:
            start = joined.find(key)
        is_whole = start in line_starts and start + len(key) in line_ends
        if start >= 0 and (len(key) >= MIN_INSIDE_CHARS or is_whole):
            found[number] = bisect_left(ends, start + len(key))
            position = max(position, start) if len(key) >= MIN_INSIDE_CHARS else position
        elif start >= 0:
            # a heading with its time before it is one line, and may be two blocks
            line = next((n for one, n in short if key in one and 2 * len(key) >= len(one)), None)
            if line is not None:
                found[number] = line
    return found | _paired(repeated, lines, found)


def _paired(
    repeated: Mapping[str, Sequence[int]], lines: Mapping[str, Sequence[int]], found: Mapping[int, int]
) -> dict[int, int]:
    """For each line with the words of several short blocks, the block nearest to those of the lines around it.

    Of a heading that a live blog repeats, the extractor keeps one line, and the other blocks are missing; of a heading
    that a menu links to, the link is not the line.
    """
    by_line = sorted((line, number) for number, line in found.items())
    paired: dict[int, int] = {}
    for key, numbers in repeated.items():
        left = list(numbers)
        for line in lines[key]:
            if not left:
                break
            at = bisect_left(by_line, (line, -1))
            around = [number for _, number in by_line[max(at - 1, 0) : at + 1]]
            number = min(left, key=lambda one: (sum(abs(one - other) for other in around), one))
            left.remove(number)
            paired[number] = line
    return paired


def _missing(page: PageText, found: Mapping[int, int]) -> list[int]:
    """Numbers of the blocks to add, in document order."""
    prose = [number for number in found if page.prose[number]]
    container = _container(page, prose)
    if container is None:
        return []
    container = _whole_article(page, found, prose, container)
    inside = _before_next_story(page, page.inside(container), prose)
    kinds = {_kind(page.blocks[number].element) for number in prose}
    parents = {_frame(page.blocks[number].element) for number in prose}
    frames = {kind for parent in parents if _has_class(kind := _kind(parent))}
    accepted = set(found)
    for number in inside:
        element = page.blocks[number].element
        if number in found or not page.is_text(number) or page.is_negative(element, container):
            continue
        frame = _frame(element)
        if _kind(element) in kinds or frame in parents or _kind(frame) in frames:
            accepted.add(number)
    accepted |= set(_list_items(page, inside, accepted, container))
    accepted |= set(_standfirsts(page, found, container))
    accepted |= set(_headings(page, inside, accepted, container))
    for part, blocks in _parts(page, found, prose, container):
        accepted |= _text_inside(page, part, blocks)
    return sorted(accepted - set(found))


def _parts(
    page: PageText, found: Mapping[int, int], prose: Sequence[int], container: Any
) -> Iterator[tuple[Any, list[int]]]:
    """Elements behind the container that are another part of the article, each with the numbers of its blocks.

    Sites set the paid part of a story in an element of its own inside the same ``article`` or ``main``: a run of
    paragraphs and little else, long against the text that was found. Another headline begins another story.
    """
    around = list(
        itertools.takewhile(lambda one: one.tag not in ("body", "html"), (container, *container.iterancestors()))
    )
    outer = next(
        (at for at, one in enumerate(around) if one.tag in ("article", "main") or one.get("role") == "main"), 0
    )
    beside: dict[Any, list[int]] = {}
    for number in page.inside(around[outer]) if outer else ():
        if number > max(prose):
            element = page.blocks[number].element
            while element not in around and element.getparent() not in around:
                element = element.getparent()
            if element not in around:
                beside.setdefault(element, []).append(number)
    known = sum(page.blocks[number].chars for number in prose)
    for element, numbers in beside.items():
        if any(_is_inside_tag(page.blocks[number].element, element, ("article", "h1")) for number in numbers):
            return
        if _is_part(page, element, numbers, found, known):
            yield element, numbers


def _is_inside_tag(element: Any, outer: Any, tags: tuple[str, ...]) -> bool:
    """Whether an element of one of the tags stands between ``element`` and ``outer``, or is one of both."""
    while element.tag not in tags and element is not outer:
        element = element.getparent()
    return element.tag in tags


def _is_part(page: PageText, element: Any, numbers: Sequence[int], found: Mapping[int, int], known: int) -> bool:
    """Whether an element is nearly all paragraphs, none of them extracted, and has much text against ``known``."""
    text = [n for n in numbers if page.prose[n] and not _is_boxed(page.blocks[n].element, element.getparent())]
    chars = sum(page.blocks[number].chars for number in text)
    frames = Counter(_frame(page.blocks[number].element) for number in text)
    return (
        max(frames.values(), default=0) >= MIN_PART_BLOCKS
        and not any(number in found for number in text)
        and chars >= MIN_MISSING_SHARE * known
        and chars >= MIN_PART_PROSE_SHARE * sum(page.blocks[number].chars for number in numbers)
    )


def _is_boxed(element: Any, outer: Any) -> bool:
    """Whether an element below ``outer`` is called what is no article text, however much of the page's prose it has."""
    while element is not None and element is not outer:
        if element.tag in _NEGATIVE_TAGS or (_named(element, _NEGATIVE) and not _named(element, _PAID)):
            return True
        element = element.getparent()
    return False


def _text_inside(page: PageText, part: Any, numbers: Sequence[int]) -> set[int]:
    """Those of a part's blocks that are article text."""
    own = {n for n in numbers if page.is_text(n) and not _is_boxed(page.blocks[n].element, part)}
    own |= set(_list_items(page, numbers, own, part))
    return own | set(_headings(page, numbers, own, part))


def _before_next_story(page: PageText, inside: Sequence[int], prose: Sequence[int]) -> list[int]:
    """The blocks up to the next main headline below the extracted prose: endless pages go on with another story."""
    last = max(prose)
    end = next((number for number in inside if number > last and page.blocks[number].element.tag == "h1"), None)
    return [number for number in inside if end is None or number < end]


def _container(page: PageText, prose: Sequence[int]) -> Any:
    """The deepest element that holds nearly all of the extracted prose; all posts of a live blog for one of them."""
    weights: Counter[Any] = Counter()
    total = 0
    for number in prose:
        chars = page.blocks[number].chars
        total += chars
        element = page.blocks[number].element.getparent()
        while element is not None:
            weights[element] += chars
            element = element.getparent()
    if not total:
        return None
    best = None
    for element, weight in weights.items():
        if weight >= CONTAINER_SHARE * total and (best is None or _is_inside(element, best)):
            best = element
    return _all_posts(best)


def _all_posts(container: Any) -> Any:
    """The list of posts around one post of a live blog; any other container as it is."""
    element = container
    while element is not None and element.tag not in ("body", "html"):
        parent = element.getparent()
        if parent is not None and _named(element, _LIVE):
            kind = _kind(element)
            if sum(_kind(sibling) == kind for sibling in parent.iterchildren(tag=element.tag)) > 2:
                return parent
        element = parent
    return container


def _frame(element: Any) -> Any:
    """The element that paragraphs stand in: the parent, but for quotes and lists within the text."""
    parent = element.getparent()
    while (
        parent is not None
        and parent.tag in ("blockquote", "ul", "ol", "li", "q", "section")
        and not parent.get("class")
    ):
        parent = parent.getparent()
    return element.getparent() if parent is None else parent


def _whole_article(page: PageText, found: Mapping[int, int], prose: Sequence[int], container: Any) -> Any:
    """The ``article`` or ``main`` around the container, where it holds much more text in elements of the same kind."""
    kinds = {kind for number in prose if _has_class(kind := _kind(page.blocks[number].element))}
    known = sum(page.blocks[number].chars for number in prose)
    outer = container.getparent()
    while outer is not None and outer.tag not in ("body", "html"):
        if outer.tag in ("article", "main") or outer.get("role") == "main" or outer.get("itemprop") == "articleBody":
            missing = sum(
                page.blocks[number].chars
                for number in page.inside(outer)
                if number not in found
                and page.prose[number]
                and _kind(page.blocks[number].element) in kinds
                and not page.is_negative(page.blocks[number].element, outer)
            )
            if missing >= MIN_MISSING_SHARE * known:
                return outer
        outer = outer.getparent()
    return container


def _has_class(kind: tuple[str, str, str]) -> bool:
    return bool(kind[1]) or " " in kind[2]


def _known_inside(element: Any, known: dict[Any, bool]) -> bool:
    chain = []
    while element not in known:
        chain.append(element)
        element = element.getparent()
    answer = known[element]
    known.update(dict.fromkeys(chain, answer))
    return answer


def _is_inside(element: Any, container: Any) -> bool:
    while element is not None:
        if element is container:
            return True
        element = element.getparent()
    return False


def _kind(element: Any) -> tuple[str, str, str]:
    """What elements of one kind share: tag and classes of the element, and those of its parent."""
    parent = element.getparent()
    return (
        element.tag,
        _DIGITS.sub("", element.get("class") or ""),
        f"{parent.tag} {_DIGITS.sub('', parent.get('class') or '')}".strip() if parent is not None else "",
    )


def _headings(page: PageText, inside: Sequence[int], accepted: set[int], container: Any) -> Iterator[int]:
    """Short blocks just before an accepted paragraph, that are headings or stand beside the paragraphs.

    Captions, share bars and the like may stand between the two.
    """
    parents = {page.blocks[number].element.getparent() for number in accepted if page.prose[number]}
    following = -1
    for number in reversed(inside):
        block = page.blocks[number]
        if page.is_negative(block.element, container):
            continue
        if following in accepted and number not in accepted and _is_short(page, number):
            if block.element.tag == "blockquote" and number and _is_left_out(page, number - 1, block.element, accepted):
                continue
            stands = block.element.tag in _HEADINGS or block.element.getparent() in parents
            if stands and block.element.tag != "h1":
                yield number
        following = number


def _is_left_out(page: PageText, number: int, element: Any, accepted: set[int]) -> bool:
    """Whether a block stands in ``element`` and is not accepted: what follows it there is its signature."""
    return number not in accepted and _is_inside(page.blocks[number].element, element)


def _list_items(page: PageText, inside: Sequence[int], accepted: set[int], container: Any) -> Iterator[int]:
    """All items of a list that stands among the accepted paragraphs and is no list of links."""
    frames = {_frame(page.blocks[number].element) for number in accepted if page.prose[number]}
    lists: dict[Any, list[int]] = {}
    for number in inside:
        element = page.blocks[number].element
        item = element if element.tag == "li" else element.getparent()
        if item is not None and item.tag == "li" and item.getparent() is not None:
            lists.setdefault(item.getparent(), []).append(number)
    last = max((number for number in accepted if page.prose[number]), default=-1)
    for whole, numbers in lists.items():
        linked = sum(page.blocks[number].linked for number in numbers)
        chars = sum(page.blocks[number].chars for number in numbers)
        if (
            numbers[-1] < last
            and whole.getparent() in frames
            and linked <= MAX_LIST_LINK_SHARE * chars
            and not page.is_negative(whole, container)
        ):
            yield from numbers


def _is_short(page: PageText, number: int) -> bool:
    block = page.blocks[number]
    return (
        not page.prose[number]
        and 0 < page.words[number] <= MAX_HEADING_WORDS
        and block.linked <= MAX_LINK_SHARE * block.chars
    )


def _standfirsts(page: PageText, found: Mapping[int, int], container: Any) -> Iterator[int]:
    """Blocks before the article's first paragraph that the page marks as its standfirst or summary."""
    first = min((number for number in found if page.prose[number]), default=0)
    title = max((n for n, block in enumerate(page.blocks[:first]) if _is_headline(block.element)), default=None)
    if title is None:
        return
    above = set(page.blocks[title].element.iterancestors())
    around = next((one for one in page.blocks[title].element.iterancestors() if _is_inside(container, one)), None)
    for number in range(title + 1, first):
        block = page.blocks[number]
        if number in found or page.words[number] < MIN_STANDFIRST_WORDS or block.linked > MAX_LINK_SHARE * block.chars:
            continue
        beside = next((one for one in block.element.iterancestors() if one in above), around)
        if _is_standfirst(block.element, around) and not page.is_negative(block.element, beside, True):
            yield number


def _is_headline(element: Any) -> bool:
    return bool(element.tag == "h1" or element.get("itemprop") == "headline")


def _is_standfirst(element: Any, around: Any) -> bool:
    while element is not None and element is not around:
        if _named(element, _STANDFIRST) or element.get("itemprop") in (
            "description",
            "alternativeHeadline",
            "abstract",
        ):
            return True
        element = element.getparent()
    return False


def _merged(text: str, blocks: Sequence[Block], found: Mapping[int, int], added: Sequence[int]) -> str:
    """The lines of ``text`` with the added blocks after the line of the extracted block before each."""
    if not added:
        return text
    lines = split_lines(text)
    after: dict[int, list[str]] = {}
    line = -1
    wanted = iter([*added, len(blocks)])
    next_added = next(wanted)
    first = min(found.values())
    in_order = _in_order(found)
    for number in range(len(blocks)):
        if number in found:
            line = max(line, found[number]) if number in in_order else line
        elif number == next_added:
            after.setdefault(line if line >= 0 else first - 1, []).append(_line_of(blocks[number]))
            next_added = next(wanted)
    merged = list(after.get(-1, ()))
    for number, own in enumerate(lines):
        merged.append(own)
        merged += after.get(number, ())
    return "\n".join(merged)


def _line_of(block: Block) -> str:
    text = " ".join(block.text.split())
    return f"- {text}" if block.element.tag == "li" and not text.startswith("- ") else text


def _in_order(found: Mapping[int, int]) -> set[int]:
    """The most blocks whose lines stand in the order of the blocks.

    A block may be found in a wrong place: the site's name above the article, in the notice below it.
    """
    tails: list[int] = []  # for each length, the least line that a chain of so many blocks ends with
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for number in sorted(found):
        length = bisect_right(tails, found[number])
        before[number] = ends[length - 1] if length else None
        tails[length : length + 1] = [found[number]]
        ends[length : length + 1] = [number]
    chain: set[int] = set()
    at: int | None = ends[-1] if ends else None
    while at is not None:
        chain.add(at)
        at = before[at]
    return chain


def _completed(text: str, article_body: str | None) -> str:
    """The page's own ``articleBody`` where the text is a small part of it."""
    if not article_body or len(article_body) < MIN_BODY_CHARS:
        return text
    body, own = squash(article_body), squash(text)
    if len(body) < MIN_BODY_GAIN * len(own):
        return text
    prose = [squash(line) for line in split_lines(text) if is_prose(line, count_words(line))]
    known = sum(len(line) for line in prose if line in body)
    if known < MIN_BODY_SHARE * sum(map(len, prose)):
        return text
    return "\n".join(line.strip() for line in split_lines(article_body) if line.strip())
