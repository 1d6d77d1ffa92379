"""Lines that a site repeats with other numbers, and figures of an article, which are never among them."""

from __future__ import annotations

import pytest
from builds import PROSE
from hypothesis import given
from hypothesis import strategies as st

from curate.lines import lines_of
from curate.masks import masked, site_masks

LINES = PROSE.splitlines()


def masks_of(*lines: str) -> list[str]:
    return list(site_masks(lines_of("\n".join(lines))).values())


@pytest.mark.parametrize(
    ("line", "mask"),
    [
        ("Published 3 March 2026, 10:15", "published {date}, {time}"),
        ("Updated: March 3, 2026 at 4:02 pm", "updated: {date} at {time}"),
        ("Von Ann Lee, publiziert am 25. September 2018", "von ann lee, publiziert am {date}"),
        ("2026-03-03 10:15 GMT", "{date} {time} gmt"),
        ("Read 5 comments", "read {n} comments"),
        ("View all 1,204 pictures", "view all {n} pictures"),
        ("See all (12) pictures", "see all ({n}) pictures"),
        ("© 2026 The Paper", "{n} the paper"),
        ("The Paper © 2026. All rights reserved.", "the paper © {n}. all rights reserved"),
    ],
)
def test_stamps_counts_and_copyright_notices_have_a_mask(line: str, mask: str) -> None:
    assert masks_of(*LINES, line) == [mask]
    assert masks_of(*LINES, "By Ann Lee", line, line) == [mask] * 2


@pytest.mark.parametrize(
    "line",
    [
        "10:15",
        "10:15 Uhr",
        "3 March 2026",
        "12 34",
        "2 eggs",
        "Northsea 2",
        "Northsea 2-1 Southbay",
        "Northsea 2 Southbay 1",
        "Total 12 34",
        "Attendance: 45,000 people",
        "Release date: 3 March 2026",
        "1. Ann Lee",
        "- Bake for 20 minutes",
        "| Monday, 3 March 2026 | the pier |",
        "Day 5",
        "The G7 summit begins",
        "Nobody but 5 people came.",
        "“It was on 3 March 2026!”",
        "Northsea 2 on 3 March 2026",
        "20% of all boats",
        "Read {n} comments of 5",
        "Page 3 of 5",
        "e4 e5 2. Nf3 Nc6",
    ],
)
def test_figures_of_an_article_have_none(line: str) -> None:
    assert masks_of(*LINES, line) == []
    assert masks_of(line) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["Serves 4 people", "200 g of flour"],
        ["Serves 4 people", "Some salt", "200 g of flour"],
        ["Goals by 3 men", "Northsea 2-1 Southbay"],
        ["6 June 2026, 10:15 GMT", "The tide came in", "6 June 2026, 11:20 GMT"],
        ["Results of 5 races", LINES[0]],
    ],
)
def test_numbers_among_figures_above_prose_or_said_again_with_others_have_none(lines: list[str]) -> None:
    assert masks_of(*lines) == []


def test_a_count_beside_a_stamp_has_a_mask() -> None:
    assert masks_of("Published 3 March 2026, 10:15", "Read 5 comments", "Share") == [
        "published {date}, {time}",
        "read {n} comments",
    ]


@given(st.lists(st.sampled_from([*LINES, "Read 5 comments", "Read 12 comments", "2 eggs", "3 May 2026 at 10:15"])))
def test_a_mask_is_of_a_line_that_is_there_and_not_prose(lines: list[str]) -> None:
    found = site_masks(parsed := lines_of("\n".join(lines)))

    assert all(mask == masked(parsed[number].key)[0] and not parsed[number].prose for number, mask in found.items())
