"""The document that this project was begun for: nine lines of a story, and what an extractor left around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builds import make_build, rows

from curate.explain import explain_row

PROSE_LINES = 9
DATE = " date 2023-06-06 "
SLUG = "bur-fz-fff-sjw/adp/gw"


@pytest.fixture(scope="module")
def sample(shared: Path) -> Path:
    return shared / "example" / "spacewar-raw.txt"


@pytest.fixture(scope="module")
def out(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("sample") / "out"
    make_build(sample, built)
    return built


@pytest.fixture(scope="module")
def article(out: Path) -> dict[str, Any]:
    (row,) = rows(out, "data")
    return row


def test_the_text_is_exactly_the_nine_lines_of_the_story(sample: Path, article: dict[str, Any]) -> None:
    story = sample.read_text("utf-8").split("\n")[:PROSE_LINES]
    assert story[0].startswith(DATE)

    assert article["text"].rstrip("\n").split("\n") == [story[0].removeprefix(DATE), *story[1:]]


def test_the_date_before_the_story_is_its_date(article: dict[str, Any]) -> None:
    assert article["date_published"] == "2023-06-06"


def test_the_desk_slug_is_the_evidence_that_the_story_is_afp_s(article: dict[str, Any]) -> None:
    assert (article["wire_agency"], article["wire_evidence"]) == ("AFP", SLUG)


def test_every_other_line_is_removed_with_a_rule_and_a_reason(sample: Path, out: Path) -> None:
    lines = sample.read_text("utf-8").removesuffix("\n").split("\n")
    removed = rows(out, "removed")

    explained = explain_row(sample.name, out)["lines"]

    gone = ["".join(piece["text"] for piece in line["pieces"]) for line in explained[PROSE_LINES:]]
    assert gone == lines[PROSE_LINES:]
    assert len(gone) == 37
    assert all(piece["rule"] and piece["why"] for line in explained[PROSE_LINES:] for piece in line["pieces"])
    assert all(row["text"] and row["rule"] and row["why"] for row in removed)
    assert removed[0]["text"] == DATE
    assert "".join(row["text"] for row in removed[1:]).strip("\n") == "\n".join(lines[PROSE_LINES:])


def test_the_english_of_the_story_is_recognised(article: dict[str, Any]) -> None:
    assert article["language"] == "en"
