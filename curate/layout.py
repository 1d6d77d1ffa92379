"""Tables that lay out a page, as old sites have them: extractors take them for data and write a page as one row."""

from __future__ import annotations

from typing import Any

BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "div", "blockquote", "hr", "pre"})
MIN_BLOCKS = 2
"""1 and 3: the same figures, of 2 and 1 of the bench's 96 pages with tables (2026-11-28)."""
MIN_BLOCK_CHARS = 200
"""A cell with so many blocks and so much text is a column of the page; a cell of data has one paragraph, if any.
100: 4 pages of segments dev .9565 -> 1.0; 400: the same figures, of 4 pages (2026-11-28)."""
MIN_CELL_CHARS = 800
"""So much text in one cell is no data, however it is divided. 400: the same figures, of 4 pages; 1600: one page of
segments held .6667 -> .8 (2026-11-28)."""
_TABLE = ("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "center")


def unwrap_layout_tables(tree: Any) -> None:
    """Turn the tables that lay out the page into plain blocks, in place; tables of data stay.

    Lists in the cells of those become paragraphs: the extractor leaves a cell empty that holds a list.
    """
    for table in list(tree.iter("table")):
        cells = [cell for row in _rows(table) for cell in row if cell.tag in ("td", "th")]
        if any(_is_column(cell) for cell in cells):
            for element in (table, *_own(table)):
                element.tag = "div"
        else:
            for cell in cells:
                _without_lists(cell)


def _without_lists(cell: Any) -> None:
    for element in list(cell.iter("ul", "ol", "li")):
        element.tag = "p" if element.tag == "li" else "div"


def _rows(table: Any) -> list[Any]:
    return [element for element in _own(table) if element.tag == "tr"]


def _own(table: Any) -> list[Any]:
    """The parts of a table, those of tables inside it left out."""
    found: list[Any] = []
    waiting = list(table)
    while waiting:
        element = waiting.pop()
        if element.tag in _TABLE and element.tag != "table":
            found.append(element)
            if element.tag not in ("td", "th", "caption"):
                waiting += list(element)
    return found


def _is_column(cell: Any) -> bool:
    blocks = 0
    for element in cell.iterdescendants():
        if element.tag == "table":
            return True
        blocks += element.tag in BLOCKS
    if blocks < MIN_BLOCKS and len(cell) == 0:
        return len(cell.text or "") >= MIN_CELL_CHARS
    chars = sum(len(text) for text in cell.itertext())
    return chars >= MIN_CELL_CHARS or (blocks >= MIN_BLOCKS and chars >= MIN_BLOCK_CHARS)
