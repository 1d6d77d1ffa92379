"""Real pages of many sites: each becomes an article, a duplicate or a rejection with its reason; none is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from builds import make_build, rows

from curate.recipe import recipe_from
from curate.verify import verify

SETS = ("aeb", "aeb-text-plain", "aeb-text-recall", "fundus", "fundus-text-plain", "fundus-text-recall")
BIG_SETS = ("segments", "news-raw")
WITHOUT_TEXT = {
    "fundus/TheTelegraph_2.html.gz",  # a list of names, and nothing that the extractor takes for prose
    "fundus-text-recall/articles.jsonl",  # the record of the same page, with the empty text that was extracted
    "news-raw/kr_HankookIlbo_2026_01_29.html.gz",  # its text is in a script
}
"""Pages from which no text is extracted (November 2026)."""


def raw_of(folder: Path, sets: tuple[str, ...], into: Path) -> dict[str, int]:
    """Links to the input of every set below ``into``, and the number of records of each."""
    found = {}
    into.mkdir()
    for name in sets:
        (raw,) = (folder / name / kind for kind in ("pages", "raw") if (folder / name / kind).is_dir())
        (into / name).symlink_to(raw)
        files = [path for path in raw.rglob("*") if path.is_file()]
        found[name] = sum(path.read_bytes().count(b"\n") if path.suffix == ".jsonl" else 1 for path in files)
    return found


@pytest.fixture(scope="session")
def bench(shared: Path) -> Path:
    folder = shared / "bench"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


@pytest.mark.parametrize("sets", [SETS, BIG_SETS])
def test_without_filters_every_page_that_has_text_is_an_article(
    bench: Path, tmp_path: Path, sets: tuple[str, ...]
) -> None:
    expected = raw_of(bench, sets, tmp_path / "raw")
    off = {"enabled": False}

    build = make_build(
        tmp_path / "raw",
        tmp_path / "out",
        recipe_from({"quality": off, "dedup": off, "language": off}),
        batch_bytes=1_000_000,
    )

    refused = rows(tmp_path / "out", "rejected")
    assert build["counts"]["records"] == sum(expected.values())
    assert {row["file_path"] for row in refused} <= WITHOUT_TEXT
    found = Counter(row["file_path"].split("/")[0] for row in refused)
    found += Counter(row["provenance"]["file_path"].split("/")[0] for row in rows(tmp_path / "out", "data"))
    assert found == expected
    assert verify(tmp_path / "out") == []


def test_with_every_stage_on_no_record_is_lost(bench: Path, tmp_path: Path) -> None:
    expected = raw_of(bench, SETS, tmp_path / "raw")

    build = make_build(tmp_path / "raw", tmp_path / "out", batch_bytes=1_000_000)

    counts = build["counts"]
    assert counts["records"] == sum(expected.values())
    assert (
        counts["articles"] + sum(counts["rejected"].values()) + sum(counts["duplicates"].values()) == counts["records"]
    )
    assert verify(tmp_path / "out") == []
