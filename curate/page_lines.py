"""What the page says of each extracted line: the elements around it, its links, the JSON-LD body.

The parsed page is walked once; its text is cut where a block begins or ends, and extracted lines are found again by
their letters and digits.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from curate.model import Evidence
from curate.text import split_lines

# fmt: off
_CUTTING = frozenset([
    "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "col", "colgroup",
    "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
    "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "legend", "li", "listing", "main",
    "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul", "video", "audio",
])
# fmt: on
"""Elements before and after which text is not one line; all others, unknown ones too, stand within it (HTML standard,
section "Flow content": CSS display other than inline)."""
_SILENT = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "head",
        "select",
        "option",
        "textarea",
        "iframe",
        "object",
        "canvas",
        "math",
    ]
)
_ATTRIBUTES = ("role", "itemprop", "aria-label", "data-testid")
_FIGURES = re.compile(r"\s*[-+–−(]?\d")
_NOT_WORD = re.compile(r"[\W_]+")
_UNSAFE = re.compile(r"[\s>.#\[\]=]+")
_MAYBE_UNSEEN = frozenset({"span", "em", "i", "b", "small", "p", "div"})
_UNSEEN_CLASS = re.compile(
    r"(?:^|[\s_])(?:[a-z]+__)?(?:sr-only|sronly|visually-?hidden|visuallyhidden|screen-reader-(?:text|only)|"
    r"screenreader(?:-text)?|assistive-text|[a-z]{1,2}-visually-?hidden)(?:$|\s)",
    re.I,
)
KEY_CHARS = 60
"""Letters and digits by which a line is found again."""
MAX_PATH_STEPS = 40


class Block:
    """A run of text between two block boundaries of the page.

    ``chars`` counts its characters, ``linked`` those inside links; ``key`` is its letters and digits.
    """

    __slots__ = ("chars", "element", "key", "linked", "text")

    def __init__(self, element: Any, text: str, linked: int) -> None:
        self.element, self.text, self.linked = element, text, linked
        self.chars, self.key = len(text), squash(text)


def page_blocks(tree: Any) -> list[Block]:
    """The text blocks of a parsed page, in order; scripts and the like left out.

    What is there for screen readers alone (", opens new tab") is taken out of the tree.
    """
    body = tree.find("body")
    root = tree if body is None else body
    blocks: list[Block] = []
    pieces: list[tuple[str, bool]] = []
    unseen: list[Any] = []
    links = 0
    current = root

    def flush() -> None:
        text = "".join([piece for piece, _ in pieces])
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)  # as the extractor's text is
        if not text.isspace():
            blocks.append(Block(current, text, sum([len(piece) for piece, linked in pieces if linked])))
        pieces.clear()

    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _SILENT or (tag in _MAYBE_UNSEEN and _is_unseen(element)):
                walk.skip_subtree()
                if tag in _MAYBE_UNSEEN:
                    unseen.append(element)
            elif tag in _CUTTING or element is root:
                if pieces:
                    flush()
                current = element
                if element.text:
                    pieces.append((element.text, links > 0))
            else:
                if tag == "a":
                    links += 1
                if element.text:
                    pieces.append((element.text, links > 0))
            continue
        if event == "end" and tag not in _SILENT:
            if tag in _CUTTING or element is root:
                if pieces:
                    flush()
                parent = element.getparent()
                current = parent if parent is not None else root
            elif tag == "a":
                links -= 1
        if element.tail and element is not root:
            pieces.append((element.tail, links > 0))
    if pieces:
        flush()
    for element in unseen:
        if element.getparent() is not None:
            _drop(element)
    return blocks


def _drop(element: Any) -> None:
    """Take an element out of the tree; its tail stays. lxml's own refuses where a control character stands beside."""
    try:
        element.drop_tree()
    except ValueError:
        for one in element.iter():
            one.text = None
            if one is not element:
                one.tail = None


def _is_unseen(element: Any) -> bool:
    """Whether an element is there for screen readers alone."""
    classes, style = element.get("class"), element.get("style")
    return (classes is not None and _UNSEEN_CLASS.search(classes) is not None) or (
        style is not None and "clip:rect(0" in style.replace(" ", "")
    )


def squash(text: str) -> str:
    """Letters and digits of ``text`` alone: what survives every way of laying it out."""
    return _NOT_WORD.sub("", text)


def line_evidence(text: str, blocks: Sequence[Block], article_body: str | None) -> list[Evidence | None]:
    """One entry a line of ``text``: what the page says of it, or None where the line is not found in the page.

    Args:
        text: extracted text of n lines.
        blocks: the page's text blocks.
        article_body: ``articleBody`` of the page's JSON-LD, or None.
    """
    index: dict[str, list[tuple[str, int]]] = {}
    for number, block in enumerate(blocks):
        if block.key:
            index.setdefault(block.key[:KEY_CHARS], []).append((block.key, number))
    body = squash(article_body) if article_body else ""
    paths: dict[Any, str] = {}
    steps: dict[Any, str] = {}
    found: list[Evidence | None] = []
    lines = split_lines(text)
    keys = [squash(line) for line in lines]
    cells = [squash(_first_cell(line)) for line in lines]
    candidates = [_blocks_of(key, index) or _blocks_of(cell, index) for key, cell in zip(keys, cells, strict=True)]
    for line, key, chosen in zip(lines, keys, _nearest(candidates), strict=True):
        if chosen is None:
            found.append(None)
            continue
        place = blocks[chosen]
        if place.element not in paths:
            paths[place.element] = element_path(place.element, steps)
        share = _link_share(_cells(key, blocks[chosen:]) if _has_figures(line) else [place])
        found.append(Evidence(paths[place.element], round(share, 3), bool(key) and key in body if body else None))
    return found


def _has_figures(line: str) -> bool:
    """Whether a line is a row of a table with a cell of figures: a league table's, not a list of linked names."""
    return line.startswith("|") and any(_FIGURES.match(cell) for cell in line.split("|"))


def _cells(key: str, blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks of a row's cells: the first of ``blocks``, and those that go on with the row's words."""
    end = 0
    while key and end < len(blocks) and key.startswith(blocks[end].key):
        key = key[len(blocks[end].key) :]
        end += 1
    return blocks[: max(end, 1)]


def _link_share(cells: Sequence[Block]) -> float:
    """The share of linked characters, each cell of a row counting alike: a name with a link is longer than figures."""
    shares = [cell.linked / cell.chars for cell in cells if cell.key and cell.chars]
    return sum(shares) / len(shares) if shares else 0.0


def _nearest(candidates: Sequence[Sequence[int]]) -> list[int | None]:
    """Of the blocks that each line may be, the one nearest to those of the lines around it that can be only one.

    The words of a sub-heading may stand in a menu above the article as well.
    """
    sure = [(line, found[0]) for line, found in enumerate(candidates) if len(found) == 1]
    lines = [line for line, _ in sure]
    chosen: list[int | None] = []
    for line, found in enumerate(candidates):
        if len(found) < 2 or not sure:
            chosen.append(found[0] if found else None)
            continue
        at = bisect_left(lines, line)
        around = [number for _, number in sure[max(at - 1, 0) : at + 1]]
        chosen.append(min(found, key=lambda one: (sum(abs(one - number) for number in around), one)))
    return chosen


def _first_cell(line: str) -> str:
    """The first cell of a table row, which the extractor writes as ``| a | b |``; the page has a block a cell."""
    return next((cell for cell in line.split("|") if cell.strip()), "") if line.startswith("|") else ""


def _blocks_of(key: str, index: dict[str, list[tuple[str, int]]]) -> list[int]:
    """The numbers of the blocks that begin like the line; of several, those whose length is nearest."""
    if not key:
        return []
    candidates = index.get(key[:KEY_CHARS], [])
    nearest = min((abs(len(other) - len(key)) for other, _ in candidates), default=0)
    return [number for other, number in candidates if abs(len(other) - len(key)) == nearest]


def element_path(element: Any, known: dict[Any, str] | None = None) -> str:
    """``div#id.class[role=x] > p``: the chain of elements, outermost first, below ``body``.

    Args:
        element: the innermost one.
        known: the steps of elements that were asked for before; filled.
    """
    known = {} if known is None else known
    steps: list[str] = []
    for one in _ancestors(element):
        if one not in known:
            known[one] = _step(one)
        steps.append(known[one])
        if len(steps) == MAX_PATH_STEPS:
            break
    return " > ".join(reversed(steps))


def _ancestors(element: Any) -> Iterator[Any]:
    while element is not None and element.tag not in ("body", "html"):
        yield element
        element = element.getparent()


def _step(element: Any) -> str:
    step = str(element.tag)
    get = element.get
    if identity := get("id"):
        step += "#" + _UNSAFE.sub("-", identity.strip())[:80]
    for name in (get("class") or "").split()[:20]:
        step += "." + _UNSAFE.sub("-", name)[:80]
    for attribute in _ATTRIBUTES:
        if value := get(attribute):
            step += f"[{attribute}={_UNSAFE.sub('-', value.strip())[:80]}]"
    return step
