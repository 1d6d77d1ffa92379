"""What the page says of each extracted line: the elements around it, its links, the JSON-LD body.

The parsed page is walked once; its text is cut where a block begins or ends, and extracted lines are found again by
their letters and digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from curate.model import Evidence
from curate.text import split_lines

_INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
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
_NOT_WORD = re.compile(r"[\W_]+")
_UNSAFE = re.compile(r"[\s>.#\[\]=]+")
_MAYBE_UNSEEN = frozenset({"span", "em", "i", "b", "small", "p", "div"})
_UNSEEN_CLASS = re.compile(r"sr-only|visually-?hidden|screen-reader-|assistive-text", re.I)
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
            elif tag not in _INLINE:
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
            if tag not in _INLINE:
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
            element.drop_tree()
    return blocks


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
    index: dict[str, list[tuple[str, Block]]] = {}
    for block in blocks:
        if block.key:
            index.setdefault(block.key[:KEY_CHARS], []).append((block.key, block))
    body = squash(article_body) if article_body else ""
    paths: dict[Any, str] = {}
    steps: dict[Any, str] = {}
    found: list[Evidence | None] = []
    for line in split_lines(text):
        key = squash(line)
        place = _block_of(key, index) or _block_of(squash(_first_cell(line)), index)
        if place is None:
            found.append(None)
            continue
        if place.element not in paths:
            paths[place.element] = element_path(place.element, steps)
        share = place.linked / place.chars if place.chars else 0.0
        found.append(Evidence(paths[place.element], round(share, 3), bool(key) and key in body if body else None))
    return found


def _first_cell(line: str) -> str:
    """The first cell of a table row, which the extractor writes as ``| a | b |``; the page has a block a cell."""
    return next((cell for cell in line.split("|") if cell.strip()), "") if line.startswith("|") else ""


def _block_of(key: str, index: dict[str, list[tuple[str, Block]]]) -> Block | None:
    """The block that begins like the line; of several, the one whose length is nearest."""
    if not key:
        return None
    candidates = index.get(key[:KEY_CHARS])
    if not candidates:
        return None
    return min(candidates, key=lambda candidate: abs(len(candidate[0]) - len(key)))[1]


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
