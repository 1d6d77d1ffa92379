"""One page, line by line: from a file as a build would treat it alone, from a build as the build treated it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from builds import EXAMPLES, MORE_PROSE, PROSE, curate, rows, write_pages

from curate.errors import InputError, OutputError
from curate.explain import explain_file, explain_row
from curate.recipe import Recipe, recipe_from
from curate.text import harmless

STORY = EXAMPLES / "story.txt"
COPY = "saltmere-post.example/2024-03-11-council-budget-2024-copy.html"


def text_of(explained: dict[str, Any], *, kept: bool) -> str:
    """The extracted text that was kept, or removed, without the newlines between lines."""
    pieces = [piece for line in explained["lines"] for piece in line["pieces"]]
    return "".join(piece["text"] for piece in pieces if (piece["rule"] is None) is kept)


def test_every_line_of_a_file_is_kept_or_says_by_which_rule_and_why_it_goes() -> None:
    explained = explain_file(str(STORY), Recipe())

    shown = ["".join(piece["text"] for piece in line["pieces"]) for line in explained["lines"]]
    assert "\n".join(shown) == STORY.read_text("utf-8").removesuffix("\n")
    assert [line["line"] for line in explained["lines"]] == list(range(1, len(shown) + 1))
    pieces = [piece for line in explained["lines"] for piece in line["pieces"]]
    assert all((piece["rule"] is None) == (piece["why"] is None) for piece in pieces)
    assert any(piece["rule"] for piece in pieces)
    assert explained["rejected"] is None


def test_a_page_of_a_build_is_found_by_id_url_and_file_path(examples_build: Path) -> None:
    row = next(row for row in rows(examples_build, "data") if row["url"] and row["provenance"]["removed_chars"])
    names = [row["id"], row["url"], row["provenance"]["file_path"]]

    by_id, by_url, by_path = (explain_row(name, examples_build) for name in names)

    assert by_id == by_url == by_path
    assert (by_id["id"], by_id["title"]) == (row["id"], row["title"])
    assert text_of(by_id, kept=True) == row["text"].replace("\n", "")
    removed = "".join(one["text"] for one in rows(examples_build, "removed") if one["id"] == row["id"])
    assert text_of(by_id, kept=False) == removed.replace("\n", "")


def test_a_rejected_page_says_why_and_a_duplicate_of_what(examples_build: Path) -> None:
    rejected = explain_row("empty.html", examples_build)
    copy = explain_row(COPY, examples_build)

    assert rejected["rejected"].startswith("extract/no-html: ")
    kept = explain_row(COPY.replace("-copy", ""), examples_build)
    assert copy["duplicate_of"].startswith(f"{kept['id']} (payload, ")
    assert (rejected["lines"], copy["lines"]) == ([], [])


def test_every_page_of_a_build_can_be_explained(examples_build: Path) -> None:
    for row in rows(examples_build, "data"):
        explained = explain_row(row["id"], examples_build)
        assert text_of(explained, kept=True) == row["text"].replace("\n", "")
    for subset in ("rejected", "duplicates"):
        for row in rows(examples_build, subset):
            explained = explain_row(row["id"], examples_build)
            assert explained["rejected"] or explained["duplicate_of"]


def test_a_file_shows_what_the_recipe_does() -> None:
    off = explain_file(str(STORY), recipe_from({"clean": {"enabled": False}}))
    strict = explain_file(str(STORY), recipe_from({"language": {"keep": ["de"]}}))

    assert text_of(off, kept=False) == ""
    assert strict["rejected"].startswith("language/other-language: ")


def test_an_unknown_page_and_a_folder_without_a_build_are_refused(examples_build: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no page with the id, URL or file name 'nowhere'"):
        explain_row("nowhere", examples_build)
    with pytest.raises(OutputError, match="no complete build"):
        explain_row("nowhere", tmp_path)
    with pytest.raises(InputError, match="no such file"):
        explain_file(str(tmp_path / "nowhere"), Recipe())


# ---- printed


def test_json_is_one_ascii_object(tmp_path: Path, examples_build: Path) -> None:
    done = curate("explain", "story.txt", "--out", examples_build, "--json", cwd=tmp_path)

    assert json.loads(done.stdout) == explain_row("story.txt", examples_build)
    assert done.stdout.isascii()
    assert done.stdout.count("\n") == 1


def test_without_a_terminal_removed_text_stands_in_marks_with_its_rule_behind_it(tmp_path: Path) -> None:
    raw = write_pages(tmp_path, ferry=f"{PROSE}Subscribe to our newsletter\n{MORE_PROSE}")

    done = curate("explain", "ferry.txt", cwd=raw, COLUMNS="40")

    lines = done.stdout.splitlines()
    assert lines[1] == f"    1 {PROSE.splitlines()[0]}"
    marked = [line for line in lines if "[-" in line]
    assert len(marked) == 1
    assert marked[0].startswith("    5 [-Subscribe to our newsletter-]  <- en/newsletter/")
    assert "\x1b" not in done.stdout


def test_rules_and_heuristics_can_be_disabled(tmp_path: Path) -> None:
    raw = write_pages(tmp_path, ferry=f"{PROSE}Subscribe to our newsletter\n{MORE_PROSE}")

    done = curate("explain", "ferry.txt", "--disable", "en/newsletter/*", cwd=raw)

    assert "[-" not in done.stdout


def test_what_a_terminal_would_obey_is_printed_harmlessly(tmp_path: Path) -> None:
    hostile = "The board\x1b[2J\x1b]0;owned\x07 voted\x9b31m on the [bold]old[/bold] ferry.\u202eright"
    raw = write_pages(tmp_path, ferry=f"{hostile}\n{PROSE}")
    head = "<head><title>Ferry \x1b[2J \x9b2J kept</title></head>"
    (raw / "title.html").write_text(f"<html>{head}<body><article><p>{PROSE}</p></article></body></html>", "utf-8")

    plain = curate("explain", "ferry.txt", cwd=raw)
    titled = curate("explain", "title.html", cwd=raw)
    coloured = curate("explain", "ferry.txt", cwd=raw, FORCE_COLOR="1", TERM="xterm")

    assert "The board\\x1b[2J\\x1b]0;owned\\x07 voted\\x9b31m on the [bold]old[/bold] ferry." in plain.stdout
    assert "title: Ferry" in titled.stdout
    assert not set(plain.stdout + titled.stdout) & set("\x1b\x07\x9b\u202e")
    assert set(re.findall("\x1b.[^m]*.", coloured.stdout)) <= {"\x1b[1m", "\x1b[0m"}  # bold on and off: our own
    assert not set(coloured.stdout) & set("\x07\x9b\u202e")


def test_a_build_whose_removed_text_does_not_fit_is_refused(own_build: Path) -> None:
    path = own_build / "removed" / "part-all.parquet"
    table = pq.read_table(path)
    row_id = table["id"][0].as_py()
    pq.write_table(table.set_column(1, table.schema.field("start"), [[10**6] * table.num_rows]), path)

    with pytest.raises(OutputError, match=rf"{row_id}: its removed spans do not fit.\n  See more: curate verify "):
        explain_row(row_id, own_build)


def test_harmless_leaves_what_people_write() -> None:
    assert harmless("Über 5 €: „Ja“ 日本語 العربية 🌧") == "Über 5 €: „Ja“ 日本語 العربية 🌧"
    assert harmless("a\tb\n\x1b\u202e") == "a\\tb\\n\\x1b\\u202e"
