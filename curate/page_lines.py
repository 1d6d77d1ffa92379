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
_SCREEN_READER = etree.XPath(
    "//*[self::span or self::em or self::i or self::b or self::small or self::p or self::div]"
    "[contains(@class, 'sr-only') or contains(@class, 'visually-hidden') or contains(@class, 'visuallyhidden')"
    " or contains(@class, 'screen-reader-') or contains(@class, 'assistive-text')"
    " or contains(@style, 'clip:rect(0') or contains(@style, 'clip: rect(0')]"
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
    """The text blocks of a parsed page, in order; scripts and the like left out."""
    body = tree.find("body")
    root = tree if body is None else body
    blocks: list[Block] = []
    pieces: list[tuple[str, bool]] = []
    depth_linked = 0
    current = root
    silent: Any = None

    def flush(element: Any) -> None:
        nonlocal pieces
        if pieces:
            text = "".join(piece for piece, _ in pieces)
            if text and not text.isspace():
                blocks.append(Block(element, text, sum(len(piece) for piece, linked in pieces if linked)))
            pieces = []

    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        tag = element.tag
        if event == "start":
            if silent is not None:
                continue
            if tag in _SILENT:
                silent = element
                continue
            if tag not in _INLINE:
                flush(current)
                current = element
            elif tag == "a":
                depth_linked += 1
            if element.text:
                pieces.append((element.text, depth_linked > 0))
        elif event == "end":
            if silent is not None:
                if element is not silent:
                    continue
                silent = None
            elif tag not in _INLINE:
                flush(current)
                parent = element.getparent()
                current = parent if parent is not None else root
            elif tag == "a":
                depth_linked -= 1
            if element.tail and element is not root:
                pieces.append((element.tail, depth_linked > 0))
        elif silent is None and element.tail:
            pieces.append((element.tail, depth_linked > 0))
    flush(current)
    return blocks


def drop_screen_reader_text(tree: Any) -> None:
    """Take out what is there for screen readers alone, and seen by nobody else: ", opens new tab"."""
    for element in _SCREEN_READER(tree):
        if element.getparent() is not None:
            element.drop_tree()


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
    found: list[Evidence | None] = []
    for line in split_lines(text):
        key = squash(line)
        block = _block_of(key, index) or _block_of(squash(_first_cell(line)), index)
        if block is None:
            found.append(None)
            continue
        if block.element not in paths:
            paths[block.element] = element_path(block.element)
        share = block.linked / block.chars if block.chars else 0.0
        found.append(Evidence(paths[block.element], round(share, 3), key in body if body else None))
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


def element_path(element: Any) -> str:
    """``div#id.class[role=x] > p``: the chain of elements, outermost first, below ``body``."""
    steps = [_step(one) for one in _ancestors(element)]
    return " > ".join(reversed(steps[:MAX_PATH_STEPS]))


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
