"""Tables that lay out a page become blocks; tables of data stay tables."""

from __future__ import annotations

from typing import Any

import pytest
from builds import MORE_PROSE, PROSE
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from curate.layout import MIN_BLOCK_CHARS, MIN_CELL_CHARS, unwrap_layout_tables

LINES = [*PROSE.splitlines(), *MORE_PROSE.splitlines()]
FIGURES = "<table id='figures'><tr><th>Part</th><th>Cost</th></tr><tr><td>Hull</td><td>400</td></tr></table>"


def unwrapped(body: str) -> Any:
    tree = html.fromstring(f"<html><body>{body}</body></html>")
    unwrap_layout_tables(tree)
    return tree


def is_table(tree: Any) -> bool:
    """Whether the first element of the body is a table still."""
    return bool(tree.find("body")[0].tag == "table")


def table_of(cell: str) -> str:
    return f"<table><tr><td>Home</td><td>{cell}</td></tr></table>"


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


@pytest.mark.parametrize(
    ("cell", "stays"),
    [
        pytest.param(paragraphs(LINES[:3]), False, id="paragraphs"),
        pytest.param(f"<h2>What it costs</h2><ul><li>{LINES[0]}</li><li>{LINES[1]}</li></ul>", False, id="list"),
        pytest.param(f"<p>{LINES[0]} {LINES[1]} {LINES[2]}</p>", True, id="one paragraph"),
        pytest.param("<p>Hull, of oak from the hills</p><p>Deck, of pine</p>", True, id="two short paragraphs"),
        pytest.param("<p>400</p>", True, id="figure in a paragraph"),
        pytest.param("x" * MIN_CELL_CHARS, False, id="long text"),
        pytest.param("x" * (MIN_CELL_CHARS - 1), True, id="less long text"),
        pytest.param("<br>".join(["x" * 100] * 8), False, id="long text in lines"),
        pytest.param(f"<p>{'x' * MIN_BLOCK_CHARS}</p><p></p>", False, id="two blocks"),
        pytest.param(f"<p>{'x' * (MIN_BLOCK_CHARS - 1)}</p><p></p>", True, id="two shorter blocks"),
        pytest.param("<a href='/'>Hull</a> <b>400</b>", True, id="link"),
        pytest.param("", True, id="empty"),
    ],
)
def test_a_table_with_a_column_of_the_page_in_a_cell_is_unwrapped_and_a_table_of_data_stays(
    cell: str, stays: bool
) -> None:
    assert is_table(unwrapped(table_of(cell))) is stays


def test_the_parts_of_an_unwrapped_table_become_blocks_and_lose_no_text() -> None:
    parts = (
        f"<caption>Boats</caption><thead><tr><th>Old</th></tr></thead><tbody>"
        f"<tr><td>{paragraphs(LINES)}</td></tr></tbody><tfoot><tr><td>New</td></tr></tfoot>"
    )

    tree = unwrapped(f"<table class='page'>{parts}</table>")

    left = {element.tag for element in tree.find("body").iterdescendants()}
    assert left == {"div", "p"}
    assert tree.find("body")[0].get("class") == "page"
    assert [line for line in tree.text_content().split("\n") if line] == ["BoatsOld" + "".join(LINES) + "New"]


def test_a_table_of_data_inside_a_layout_table_stays() -> None:
    tree = unwrapped(table_of(paragraphs(LINES[:3]) + FIGURES + paragraphs(LINES[3:])))

    assert not is_table(tree)
    assert [table.get("id") for table in tree.iter("table")] == ["figures"]
    assert [element.tag for element in tree.get_element_by_id("figures").iterdescendants()] == [
        *["tr", "th", "th"],
        *["tr", "td", "td"],
    ]


def test_a_layout_table_inside_layout_tables_is_unwrapped() -> None:
    tree = unwrapped(table_of(table_of(table_of(paragraphs(LINES)))))

    assert list(tree.iter("table", "tr", "td")) == []
    assert [element.text for element in tree.iter("p")] == LINES


def test_a_page_without_tables_is_left_alone() -> None:
    before = f"<html><body><div>{paragraphs(LINES)}</div></body></html>"
    tree = html.fromstring(before)

    unwrap_layout_tables(tree)

    assert html.tostring(tree, encoding="unicode") == before


CELLS = st.recursive(
    st.sampled_from(["", "400", "Hull", *LINES, paragraphs(LINES[:2]), "<br>".join(LINES)]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(
        lambda cells: "<table>" + "".join(f"<tr><td>{cell}</td></tr>" for cell in cells) + "</table>"
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(CELLS)
def test_text_and_its_order_stay_the_same_and_no_table_holds_another(body: str) -> None:
    before = html.fromstring(f"<html><body><div>{body}</div></body></html>").text_content()

    tree = unwrapped(f"<div>{body}</div>")

    assert tree.text_content() == before
    assert [table for table in tree.iter("table") if table.find(".//table") is not None] == []
